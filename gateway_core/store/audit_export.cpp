// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "store/audit_log.h"
#include "telemetry/call_spans.h"

#include <QDateTime>

namespace oriel::store {

namespace {

constexpr int kExportPage = 500;

QByteArray isoTime(std::int64_t unixNs)
{
    std::int64_t seconds = unixNs / 1'000'000'000;
    std::int64_t nanos = unixNs % 1'000'000'000;
    if (nanos < 0) {
        nanos += 1'000'000'000;
        --seconds;
    }
    return QDateTime::fromSecsSinceEpoch(seconds, Qt::UTC).toString(QStringLiteral("yyyy-MM-ddTHH:mm:ss")).toLatin1() + '.' +
           QByteArray::number(static_cast<qlonglong>(nanos)).rightJustified(9, '0') + 'Z';
}

/// A whole payload as the JSON that it is; a cut or broken one as text.
void payload(json::Writer& out, QByteArrayView name, const QByteArray& text)
{
    if (text.isEmpty())
        return;
    json::Document document;
    if (document.parse(text))
        out.rawMember(name, text);
    else
        out.member(name, text);
}

void appendCell(QByteArray& line, const QByteArray& text)
{
    if (!line.isEmpty())
        line += ',';
    const bool isFormula = !text.isEmpty() && QByteArrayView("=+-@\t\r").contains(text.front());
    const bool needsQuotes = isFormula || text.contains(',') || text.contains('"') || text.contains('\n') || text.contains('\r');
    if (!needsQuotes) {
        line += text;
        return;
    }
    line += '"';
    if (isFormula)
        line += '\'';
    for (const char c : text) {
        if (c == '"')
            line += '"';
        line += c;
    }
    line += '"';
}

} // namespace

QByteArray toJsonLine(const AuditRow& row)
{
    json::Writer out(1024);
    out.beginObject();
    out.member("sequence", row.sequence)
        .member("id", row.id)
        .member("kind", auditKindName(row.kind))
        .member("time", isoTime(row.timeUnixNs));
    out.member("timeUnixNs", row.timeUnixNs);
    const auto text = [&out](QByteArrayView name, const QByteArray& value) {
        if (!value.isEmpty())
            out.member(name, value);
    };
    text("client", row.client);
    text("user", row.user);
    text("project", row.project);
    text("server", row.server);
    text("tool", row.tool);
    text("method", row.method);
    payload(out, "arguments", row.arguments);
    payload(out, "response", row.response);
    out.member("argumentsBytes", row.argumentsBytes).member("responseBytes", row.responseBytes);
    out.member("latencyNs", row.latencyNs).member("outcome", telemetry::outcomeName(row.outcome));
    text("errorType", row.errorType);
    text("errorMessage", row.errorMessage);
    if (row.traceId.isValid())
        out.member("traceId", row.traceId.toHex());
    if (row.spanId.isValid())
        out.member("spanId", row.spanId.toHex());
    text("requestId", row.requestId);
    payload(out, "guardrails", row.guardrails);
    if (row.replay)
        out.member("replay", true);
    if (row.synthetic)
        out.member("synthetic", true);
    out.endObject();
    return out.take();
}

QByteArray csvHeader()
{
    return QByteArrayLiteral(
        "sequence,id,kind,time,client,user,project,server,tool,method,latency_ms,outcome,error_type,error_message,trace_id,"
        "request_id,arguments_bytes,response_bytes,replay,arguments,response,guardrails");
}

QByteArray toCsvLine(const AuditRow& row)
{
    QByteArray line = QByteArray::number(static_cast<qlonglong>(row.sequence));
    for (const QByteArray& cell : {row.id,
                                   auditKindName(row.kind).toByteArray(),
                                   isoTime(row.timeUnixNs),
                                   row.client,
                                   row.user,
                                   row.project,
                                   row.server,
                                   row.tool,
                                   row.method,
                                   QByteArray::number(static_cast<double>(row.latencyNs) / 1e6, 'f', 3),
                                   telemetry::outcomeName(row.outcome).toByteArray(),
                                   row.errorType,
                                   row.errorMessage,
                                   row.traceId.isValid() ? row.traceId.toHex() : QByteArray(),
                                   row.requestId,
                                   QByteArray::number(static_cast<qlonglong>(row.argumentsBytes)),
                                   QByteArray::number(static_cast<qlonglong>(row.responseBytes)),
                                   QByteArray(row.replay ? "true" : "false"),
                                   row.arguments,
                                   row.response,
                                   row.guardrails})
        appendCell(line, cell);
    return line;
}

Result<std::uint64_t> exportAudit(const AuditReader& reader, AuditQuery query, AuditFormat format, const ExportSink& sink,
                                  std::stop_token stop)
{
    query.newestFirst = false;
    query.withPayloads = true;
    query.limit = kExportPage;
    query.afterSequence = 0;
    std::uint64_t rows = 0;
    const Status stopped = fail(ErrorCode::Cancelled, QStringLiteral("The export was stopped"));
    if (format == AuditFormat::Csv && !sink(csvHeader() + "\r\n"))
        return tl::unexpected(stopped.error());
    for (;;) {
        const Result<AuditPage> page = reader.page(query, stop);
        if (!page)
            return tl::unexpected(page.error());
        QByteArray chunk;
        for (const AuditRow& row : page->rows)
            chunk += format == AuditFormat::Csv ? toCsvLine(row) + "\r\n" : toJsonLine(row) + '\n';
        if (page->cancelled || stop.stop_requested() || (!chunk.isEmpty() && !sink(chunk)))
            return tl::unexpected(stopped.error());
        rows += page->rows.size();
        if (page->next == 0)
            return rows;
        query.afterSequence = page->next;
    }
}

} // namespace oriel::store
