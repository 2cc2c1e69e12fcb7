// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/http_api.h"

#include "base/json_writer.h"
#include "otlp/codec/encode.h"
#include "otlp/codec/gzip.h"
#include "telemetry/call_spans.h"
#include "telemetry/prometheus_text.h"
#include "telemetry/resource.h"

#include <QThread>

#include <limits>

namespace oriel::service {

namespace {

constexpr int kMaxRows = 1000;

http::Response problem(int status, QByteArrayView message)
{
    json::Writer writer;
    writer.beginObject().member("error", message).endObject();
    return http::Response::json(status, writer.take());
}

/// A parameter that is a whole number of at least `least`; `fallback` when it is not there, nothing when it is something else.
std::optional<std::int64_t> numberOf(QByteArrayView query, const char* name, std::int64_t fallback, std::int64_t least)
{
    const auto given = http::queryValue(query, name);
    if (!given)
        return fallback;
    bool ok = false;
    const std::int64_t number = given->toLongLong(&ok);
    return ok && number >= least ? std::optional(number) : std::nullopt;
}

/// False when the query asks for something that is no number of rows.
bool readLimit(QByteArrayView query, int* limit)
{
    const auto given = numberOf(query, "limit", 100, 1);
    if (given)
        *limit = static_cast<int>(std::min<std::int64_t>(*given, kMaxRows));
    return given.has_value();
}

http::Response badLimit()
{
    return problem(400, "limit is a whole number from 1 to 1000");
}

void writeSummary(json::Writer& writer, const store::TraceSummary& trace)
{
    writer.beginObject()
        .member("traceId", trace.traceId.toHex())
        .member("name", trace.rootName)
        .member("server", trace.server)
        .member("tool", trace.tool)
        .member("client", trace.client)
        .member("startTimeUnixNano", QByteArray::number(qint64(trace.startUnixNs)))
        .member("durationNano", QByteArray::number(qint64(trace.durationNs)))
        .member("spans", trace.spanCount)
        .member("errors", trace.errorCount)
        .member("error", trace.firstError)
        .member("outcome", telemetry::outcomeName(trace.outcome))
        .endObject();
}

http::Response listTraces(const store::TraceStore& traces, QByteArrayView query)
{
    store::TraceQuery wanted;
    if (!readLimit(query, &wanted.limit))
        return badLimit();
    if (const auto text = http::queryValue(query, "filter")) {
        const auto filter = store::Filter::parse(*text);
        if (!filter)
            return problem(400, filter.error().toError().toString().toUtf8());
        wanted.filter = *filter;
    }
    const store::TracePage page = traces.query(wanted);
    json::Writer writer;
    writer.beginObject().member("matched", page.totalMatched).key("traces").beginArray();
    for (const store::TraceSummary& trace : page.rows)
        writeSummary(writer, trace);
    writer.endArray().endObject();
    return http::Response::json(200, writer.take());
}

http::Response oneTrace(const store::TraceStore& traces, QByteArrayView hex)
{
    const auto id = TraceId::fromHex(hex);
    if (!id)
        return problem(400, "a trace id has 32 lower-case hexadecimal digits");
    const store::TraceLookup found = traces.trace(*id);
    if (found.state != store::TraceLookup::State::Found)
        return problem(404, found.state == store::TraceLookup::State::Evicted ? "this trace was evicted" : "no such trace");
    return http::Response::json(200, otlp::encodeTraces(found.spans, otlp::Encoding::Json));
}

http::Response listLogs(const store::LogStore& logs, QByteArrayView query)
{
    store::LogQuery wanted;
    if (!readLimit(query, &wanted.limit))
        return badLimit();
    wanted.newestFirst = true;
    wanted.source = http::queryValue(query, "source").value_or(QByteArray());
    wanted.text = http::queryValue(query, "text").value_or(QByteArray());
    if (const auto trace = http::queryValue(query, "trace")) {
        wanted.traceId = TraceId::fromHex(*trace);
        if (!wanted.traceId)
            return problem(400, "trace is a trace id: 32 lower-case hexadecimal digits");
    }
    json::Writer writer;
    writer.beginObject().key("logs").beginArray();
    for (const store::LogEntry& entry : logs.query(wanted).rows) {
        writer.beginObject()
            .member("timeUnixNano", QByteArray::number(qint64(entry.record->timeUnixNs)))
            .member("severityNumber", static_cast<int>(entry.record->severity))
            .member("severityText", entry.record->severityText)
            .member("source", entry.record->source)
            .rawMember("body", telemetry::toJson(entry.record->body))
            .member("traceId", entry.record->traceId.isValid() ? entry.record->traceId.toHex() : QByteArray())
            .member("spanId", entry.record->spanId.isValid() ? entry.record->spanId.toHex() : QByteArray())
            .endObject();
    }
    writer.endArray().endObject();
    return http::Response::json(200, writer.take());
}

/// The newest value of each series of a metric, by its name as in Prometheus.
http::Response listSeries(const store::SeriesStore& series, QByteArrayView query)
{
    const auto metric = http::queryValue(query, "metric");
    if (!metric || metric->isEmpty())
        return problem(400, "metric is the name of a metric, as /metrics writes it");
    constexpr std::size_t kMaxSeries = 1000;
    std::size_t left = kMaxSeries;
    json::Writer writer;
    writer.beginObject().key("series").beginArray();
    for (const store::SeriesData& one : series.select(*metric, {}, 0, std::numeric_limits<std::int64_t>::max())) {
        if (one.samples.empty() || left-- == 0)
            break;
        writer.beginObject().member("metric", one.metric).key("labels").beginObject();
        for (const store::Label& label : one.labels)
            writer.member(label.name, label.value);
        writer.endObject()
            .member("timeUnixMilli", QByteArray::number(qint64(one.samples.back().timeMs)))
            .member("value", telemetry::prometheusNumber(one.samples.back().value))
            .endObject();
    }
    writer.endArray().endObject();
    return http::Response::json(200, writer.take());
}

http::Response listAudit(const Stores& stores, QByteArrayView query)
{
    store::AuditQuery wanted;
    if (!readLimit(query, &wanted.limit))
        return badLimit();
    const auto after = numberOf(query, "after", 0, 0);
    if (!after)
        return problem(400, "after is the 'next' of the page before");
    wanted.afterSequence = *after;
    const auto reader = stores.readAudit();
    if (!reader)
        return problem(503, reader.error().toString().toUtf8());
    if (!*reader)
        return http::Response::json(200, R"({"rows":[],"next":0})");
    wanted.withPayloads = http::queryValue(query, "payloads") == QByteArrayLiteral("true");
    wanted.text = http::queryValue(query, "text").value_or(QByteArray());
    wanted.requestId = http::queryValue(query, "request_id").value_or(QByteArray());
    if (const auto server = http::queryValue(query, "server"))
        wanted.servers.push_back(*server);
    if (const auto tool = http::queryValue(query, "tool"))
        wanted.tools.push_back(*tool);
    const auto page = (*reader)->page(wanted);
    if (!page)
        return problem(503, page.error().toString().toUtf8());
    QByteArray rows;
    for (const store::AuditRow& row : page->rows)
        rows += (rows.isEmpty() ? "" : ",") + store::toJsonLine(row);
    return http::Response::json(200, "{\"rows\":[" + rows + "],\"next\":" + QByteArray::number(qint64(page->next)) + "}");
}

} // namespace

HttpApi::HttpApi(Dependencies dependencies, QObject* parent) : QObject(parent), m_deps(std::move(dependencies)) {}

void HttpApi::answerLater(Answer answer, std::function<http::Response()> work)
{
    m_deps.readers.start([this, answer = std::move(answer), work = std::move(work)] {
        QMetaObject::invokeMethod(this, [answer, response = work()] { answer(response); });
    });
}

void HttpApi::metrics(const http::Request& request, Answer answer)
{
    const telemetry::ExpositionChoice choice = telemetry::negotiateExposition(request.headers.value("Accept"));
    const bool compressed = telemetry::acceptsGzip(request.headers.value("Accept-Encoding"));
    answerLater(std::move(answer), [this, choice, compressed] {
        const std::vector<telemetry::MetricData> metrics = m_deps.pipeline.collect();
        http::Response response;
        response.headers.set("Content-Type", telemetry::expositionContentType(choice));
        response.headers.set("Vary", "Accept, Accept-Encoding");
        response.body = telemetry::writeExposition(metrics, {choice, m_deps.resource.get(), telemetry::orielScope().get()});
        if (compressed) {
            response.headers.set("Content-Encoding", "gzip");
            response.body = otlp::gzip(response.body);
        }
        return response;
    });
}

void HttpApi::exports(const http::Request& request, Answer answer)
{
    ExportRequest wanted;
    const QList<QByteArray> parts = request.path().toByteArray().split('/').mid(4); // behind /api/v1/export
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (reads != parts.isEmpty() || (!reads && request.method != "POST") || (!reads && parts.size() != 2))
        return answer(problem(parts.isEmpty() || parts.size() == 2 ? 405 : 404,
                              "GET /api/v1/export, or POST /api/v1/export/<destination>/<action>"));
    if (!reads) {
        wanted.destination = QString::fromUtf8(QByteArray::fromPercentEncoding(parts[0]));
        wanted.action = parts[1];
    }
    m_deps.exports(wanted, [this, answer = std::move(answer)](int status, const QByteArray& json) {
        QMetaObject::invokeMethod(this, [answer, status, json] { answer(http::Response::json(status, json)); });
    });
}

void HttpApi::handle(const http::Request& request, Answer answer)
{
    const QByteArray path = request.path().toByteArray();
    if (m_deps.exports && (path == "/api/v1/export" || path.startsWith("/api/v1/export/")))
        return exports(request, std::move(answer));
    if (request.method != "GET" && request.method != "HEAD") {
        http::Response response = problem(405, "use GET");
        response.headers.set("Allow", "GET, HEAD");
        answer(std::move(response));
        return;
    }
    const QByteArray query = request.query().toByteArray();
    if (path == "/healthz")
        answerLater(std::move(answer), [] { return http::Response::json(200, "{\"status\":\"ok\"}"); });
    else if (path == "/metrics" || path == "/api/v1/metrics")
        metrics(request, std::move(answer));
    else if (path == "/api/v1/status")
        m_deps.status([this, answer = std::move(answer)](const QByteArray& json) {
            QMetaObject::invokeMethod(this, [answer, json] { answer(http::Response::json(200, json)); });
        });
    else if (path == "/api/v1/traces")
        answerLater(std::move(answer), [this, query] { return listTraces(m_deps.stores.traces, query); });
    else if (path.startsWith("/api/v1/traces/"))
        answerLater(std::move(answer), [this, id = path.mid(15)] { return oneTrace(m_deps.stores.traces, id); });
    else if (path == "/api/v1/logs")
        answerLater(std::move(answer), [this, query] { return listLogs(m_deps.stores.logs, query); });
    else if (path == "/api/v1/series")
        answerLater(std::move(answer), [this, query] { return listSeries(m_deps.stores.series, query); });
    else if (path == "/api/v1/audit")
        answerLater(std::move(answer), [this, query] { return listAudit(m_deps.stores, query); });
    else
        answerLater(std::move(answer), [] { return problem(404, "no such route below /api/v1"); });
}

} // namespace oriel::service
