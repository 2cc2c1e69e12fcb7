// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_words.h"

#include "base/json.h"
#include "telemetry/call_spans.h"
#include "ui/widgets/format.h"

#include <QDateTime>
#include <QLocale>

namespace oriel::ui {

using telemetry::Outcome;

namespace {

KeyValue line(const QString& key, const QByteArray& value, const QString& filterKey = {}, bool mono = true)
{
    KeyValue row;
    row.key = key;
    row.value = QString::fromUtf8(value);
    row.filterKey = filterKey;
    row.mono = mono;
    return row;
}

void addGuardrails(QList<KeyValue>& rows, const QByteArray& guardrails)
{
    json::Document document;
    if (guardrails.isEmpty() || !document.parse(guardrails))
        return;
    for (const json::Value& verdict : document.root().elements()) {
        const QString check = QString::fromUtf8(verdict.find("check").asUtf8());
        const QString side = QString::fromUtf8(verdict.find("on").asUtf8());
        const bool isViolation = verdict.find("violation").asBool().value_or(false);
        const QString action = QString::fromUtf8(verdict.find("action").asUtf8());
        KeyValue row;
        row.key = QStringLiteral("guardrail ") + check;
        row.value = !isViolation ? QStringLiteral("passed") : action.isEmpty() ? QStringLiteral("violation") : action;
        row.tone = !isViolation ? Tone::Good : Tone::Warning;
        row.note = side;
        row.mono = false;
        rows.append(row);
    }
}

KeyValue sizeLine(const QString& key, const QByteArray& kept, std::int64_t whole)
{
    KeyValue row;
    row.key = key;
    row.value = formatBytes(static_cast<std::uint64_t>(whole));
    if (whole > kept.size()) {
        row.note = kept.isEmpty() ? QStringLiteral("not kept")
                                  : QStringLiteral("%1 kept").arg(formatBytes(static_cast<std::uint64_t>(kept.size())));
        row.tone = Tone::Warning;
    }
    return row;
}

} // namespace

QString outcomeWord(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Ok:
        return QStringLiteral("ok");
    case Outcome::ToolError:
        return QStringLiteral("tool error");
    case Outcome::RpcError:
        return QStringLiteral("server error");
    case Outcome::Timeout:
        return QStringLiteral("timed out");
    case Outcome::Cancelled:
        return QStringLiteral("cancelled");
    case Outcome::Blocked:
        return QStringLiteral("blocked");
    case Outcome::Rejected:
        return QStringLiteral("rejected");
    case Outcome::Unavailable:
        return QStringLiteral("server not there");
    }
    return {};
}

QString auditSubject(const store::AuditRow& row)
{
    if (!row.tool.isEmpty())
        return QString::fromUtf8(row.tool);
    if (!row.method.isEmpty())
        return QString::fromUtf8(row.method);
    return QString::fromLatin1(store::auditKindName(row.kind).toByteArray());
}

QString auditError(const store::AuditRow& row)
{
    if (row.outcome == Outcome::Ok)
        return {};
    const QString words = QString::fromUtf8(row.errorMessage).simplified();
    const QString type = QString::fromUtf8(row.errorType);
    const bool isPlain = type.isEmpty() || type.toUtf8() == telemetry::outcomeName(row.outcome); // says no more than the outcome
    if (!words.isEmpty())
        return isPlain || words.contains(type, Qt::CaseInsensitive) ? words : type + QLatin1Char(' ') + words;
    const QString word = outcomeWord(row.outcome);
    return isPlain ? word : QStringLiteral("%1 · %2").arg(word, type);
}

QString auditTime(std::int64_t unixNs, std::int64_t nowUnixNs)
{
    const QDateTime at = QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000);
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(nowUnixNs / 1'000'000);
    if (at.date() == now.date())
        return formatTime(unixNs);
    if (at.date().year() == now.date().year())
        return QLocale::c().toString(at, QStringLiteral("MMM d HH:mm:ss"));
    return at.toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

QList<KeyValue> auditSummary(const store::AuditRow& row)
{
    QList<KeyValue> rows;
    const auto add = [&rows](const QString& key, const QByteArray& value, const QString& filterKey = {}) {
        if (!value.isEmpty())
            rows.append(line(key, value, filterKey));
    };
    rows.append(line(QStringLiteral("time"), formatDateTime(row.timeUnixNs).toUtf8()));
    if (row.kind == store::AuditKind::Call) {
        KeyValue outcome = line(QStringLiteral("outcome"), outcomeWord(row.outcome).toUtf8(), {}, false);
        outcome.tone = row.outcome == Outcome::Ok ? Tone::Good : Tone::Error;
        rows.append(outcome);
    } else {
        add(QStringLiteral("kind"), store::auditKindName(row.kind).toByteArray());
    }
    add(QStringLiteral("error type"), row.errorType);
    if (!row.errorMessage.isEmpty()) {
        KeyValue error = line(QStringLiteral("error"), row.errorMessage, {}, false);
        error.tone = Tone::Error;
        rows.append(error);
    }
    add(QStringLiteral("client"), row.client, QStringLiteral("client"));
    add(QStringLiteral("user"), row.user, QStringLiteral("attr.user.id"));
    add(QStringLiteral("project"), row.project, QStringLiteral("attr.project.id"));
    add(QStringLiteral("server"), row.server, QStringLiteral("server"));
    add(QStringLiteral("tool"), row.tool, QStringLiteral("tool"));
    add(QStringLiteral("method"), row.method);
    if (row.kind == store::AuditKind::Call) {
        rows.append(line(QStringLiteral("latency"), formatDuration(row.latencyNs).toUtf8()));
        rows.append(sizeLine(QStringLiteral("arguments"), row.arguments, row.argumentsBytes));
        rows.append(sizeLine(QStringLiteral("response"), row.response, row.responseBytes));
    }
    addGuardrails(rows, row.guardrails);
    if (row.replay)
        rows.append(line(QStringLiteral("sent by"), "a person, from the console", {}, false));
    if (row.synthetic)
        rows.append(line(QStringLiteral("sent by"), "the demonstration", {}, false));
    add(QStringLiteral("trace"), row.traceId.isValid() ? row.traceId.toHex() : QByteArray(), QStringLiteral("trace"));
    add(QStringLiteral("span"), row.spanId.isValid() ? row.spanId.toHex() : QByteArray());
    add(QStringLiteral("request id"), row.requestId, QStringLiteral("request.id"));
    add(QStringLiteral("row"), row.id);
    rows.append(line(QStringLiteral("sequence"), QByteArray::number(static_cast<qlonglong>(row.sequence))));
    return rows;
}

QString cutNote(const QByteArray& kept, std::int64_t wholeBytes)
{
    if (wholeBytes <= kept.size())
        return {};
    const QString whole = formatBytes(static_cast<std::uint64_t>(wholeBytes));
    if (kept.isEmpty())
        return QStringLiteral("%1 went through; nothing of it is kept.").arg(whole);
    return QStringLiteral("The first %1 of %2 are kept.").arg(formatBytes(static_cast<std::uint64_t>(kept.size())), whole);
}

} // namespace oriel::ui
