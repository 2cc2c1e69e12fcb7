// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_actions.h"

#include "otlp/codec/encode.h"
#include "ui/widgets/async.h"
#include "ui/widgets/format.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QThreadPool>
#include <QWidget>

namespace oriel::ui {
namespace {

struct FoundRequest {
    std::optional<QByteArray> text;
    QString reason;
};

FoundRequest requestOf(const store::TraceLookup& lookup, const Result<std::optional<store::AuditRow>>& row)
{
    if (!row)
        return {std::nullopt, QStringLiteral("The audit log cannot be read: %1").arg(row.error().message)};
    if (!*row)
        return {std::nullopt, QStringLiteral("There is no audit row of this call, so its request is not known")};
    for (const telemetry::SpanData& span : lookup.spans) {
        if (span.spanId != (*row)->spanId)
            continue;
        const std::optional<QByteArray> request = jsonRpcRequest(**row, span);
        return {request, request ? QString() : QStringLiteral("The request was too large to be kept whole")};
    }
    return {std::nullopt, QStringLiteral("The span of this call is gone")};
}

} // namespace

TraceActions::TraceActions(service::GatewayService& service, QWidget* page) : QObject(page), m_service(service), m_page(page) {}

void TraceActions::copy(const QString& text, const QString& what)
{
    QApplication::clipboard()->setText(text);
    Q_EMIT notice(QStringLiteral("%1 copied").arg(what));
}

void TraceActions::copyTraceId(const TraceId& id)
{
    copy(QString::fromLatin1(id.toHex()), QStringLiteral("Trace id"));
}

void TraceActions::copyOtlp(const TraceId& id)
{
    const auto encoded = m_service.trace(id).then(QThreadPool::globalInstance(), [](QFuture<store::TraceLookup> found) {
        if (found.resultCount() == 0)
            return QString();
        const store::TraceLookup lookup = found.result(); // not takeResult(): the promise still looks at the state when it goes
        return lookup.spans.empty() ? QString() : QString::fromUtf8(otlp::encodeTraces(lookup.spans, otlp::Encoding::Json));
    });
    whenDone(encoded, this, [this](const QString& json) {
        if (json.isEmpty())
            Q_EMIT notice(QStringLiteral("This trace is not here any more"));
        else
            copy(json, QStringLiteral("OTLP JSON"));
    });
}

void TraceActions::copyRequest(const TraceTarget& target)
{
    whenDone(m_service.auditRowOfTrace(target.trace, target.span), this,
             [this, target](const Result<std::optional<store::AuditRow>>& row) {
                 whenDone(m_service.trace(target.trace), this, [this, row](const store::TraceLookup& lookup) {
                     const FoundRequest found = requestOf(lookup, row);
                     if (found.text)
                         copy(QString::fromUtf8(*found.text), QStringLiteral("JSON-RPC request"));
                     else
                         Q_EMIT notice(found.reason);
                 });
             });
}

void TraceActions::exportTrace(const TraceId& id)
{
    auto* dialog = new QFileDialog(m_page, QStringLiteral("Export trace"),
                                   QStringLiteral("trace-%1.jsonl").arg(shortId(QString::fromLatin1(id.toHex()), 16)),
                                   QStringLiteral("OTLP JSON lines (*.jsonl *.json);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("jsonl"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, id](const QString& path) { exportTo(id, path); });
    dialog->open();
}

void TraceActions::exportTo(const TraceId& id, const QString& path)
{
    store::TraceQuery query;
    const auto filter = store::Filter::parse("trace=" + id.toHex());
    if (!filter)
        return;
    query.filter = *filter;
    whenDone(m_service.exportTraces(query, path), this, [this, path](const Result<quint64>& written) {
        if (!written)
            Q_EMIT notice(QStringLiteral("Not exported: %1").arg(written.error().message));
        else if (*written == 0)
            Q_EMIT notice(QStringLiteral("Nothing was exported: this trace is not here any more"));
        else
            Q_EMIT notice(QStringLiteral("Exported to %1").arg(QFileInfo(path).fileName()));
    });
}

} // namespace oriel::ui
