// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/json_request.h"

namespace oriel::otlp::json_encoding {

namespace {

using namespace telemetry;
using json::Value;

std::vector<QByteArray> readTexts(const Value& array)
{
    std::vector<QByteArray> texts;
    for (const Value& text : array.elements())
        texts.push_back(text.asUtf8());
    return texts;
}

void readItem(ValueReader& read, const Value& item, SpanData& span)
{
    span.traceId = read.traceId(item.find("traceId"));
    span.spanId = read.spanId(item.find("spanId"));
    span.parentSpanId = read.spanId(item.find("parentSpanId"));
    span.traceState = item.find("traceState").asUtf8();
    span.flags = read.count(item.find("flags"));
    span.name = item.find("name").asUtf8();
    span.kind = read.enumeration<SpanKind>(item.find("kind"), spanKindNames());
    span.startUnixNs = read.integer(item.find("startTimeUnixNano"));
    span.endUnixNs = read.integer(item.find("endTimeUnixNano"));
    span.attributes = read.attributes(item.find("attributes"));
    span.droppedAttributes = read.count(item.find("droppedAttributesCount"));
    for (const Value& event : item.find("events").elements()) {
        span.events.push_back({read.integer(event.find("timeUnixNano")), event.find("name").asUtf8(),
                               read.attributes(event.find("attributes")), read.count(event.find("droppedAttributesCount"))});
    }
    span.droppedEvents = read.count(item.find("droppedEventsCount"));
    for (const Value& link : item.find("links").elements()) {
        span.links.push_back({read.traceId(link.find("traceId")), read.spanId(link.find("spanId")),
                              link.find("traceState").asUtf8(), read.attributes(link.find("attributes")),
                              read.count(link.find("flags")), read.count(link.find("droppedAttributesCount"))});
    }
    span.droppedLinks = read.count(item.find("droppedLinksCount"));
    span.statusMessage = item.find("status").find("message").asUtf8();
    span.status = read.enumeration<StatusCode>(item.find("status").find("code"), statusCodeNames());
}

void readItem(ValueReader& read, const Value& item, LogRecord& log)
{
    log.timeUnixNs = read.integer(item.find("timeUnixNano"));
    log.observedUnixNs = read.integer(item.find("observedTimeUnixNano"));
    log.severity = read.enumeration<Severity>(item.find("severityNumber"), severityNames());
    log.severityText = item.find("severityText").asUtf8();
    log.body = read.anyValue(item.find("body"));
    log.attributes = read.attributes(item.find("attributes"));
    log.droppedAttributes = read.count(item.find("droppedAttributesCount"));
    log.flags = read.count(item.find("flags"));
    log.traceId = read.traceId(item.find("traceId"));
    log.spanId = read.spanId(item.find("spanId"));
    log.eventName = item.find("eventName").asUtf8();
}

} // namespace

std::vector<EntityRef> readEntityRefs(const Value& array)
{
    std::vector<EntityRef> refs;
    for (const Value& item : array.elements())
        refs.push_back({item.find("schemaUrl").asUtf8(), item.find("type").asUtf8(), readTexts(item.find("idKeys")),
                        readTexts(item.find("descriptionKeys"))});
    return refs;
}

Result<DecodedSpans> decodeTraces(QByteArrayView message)
{
    return walkRequest<DecodedSpans>(
        message, {"resourceSpans", "scopeSpans", "spans"},
        [](ValueReader& read, const Value& item, DecodedSpans& out, const SharedResource& resource, const SharedScope& scope) {
            SpanData span;
            readItem(read, item, span);
            span.resource = resource;
            span.scope = scope;
            if (span.traceId.isValid() && span.spanId.isValid())
                out.spans.push_back(std::move(span));
            else
                ++out.rejected;
        });
}

Result<DecodedLogs> decodeLogs(QByteArrayView message)
{
    return walkRequest<DecodedLogs>(
        message, {"resourceLogs", "scopeLogs", "logRecords"},
        [](ValueReader& read, const Value& item, DecodedLogs& out, const SharedResource& resource, const SharedScope& scope) {
            LogRecord& log = out.logs.emplace_back();
            readItem(read, item, log);
            if (isEmpty(log)) {
                out.logs.pop_back();
                ++out.rejected;
                return;
            }
            log.resource = resource;
            log.scope = scope;
        });
}

} // namespace oriel::otlp::json_encoding
