// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/decoders.h"
#include "otlp/codec/protobuf_values.h"

namespace oriel::otlp::protobuf {

namespace {

using namespace telemetry;

// Growing step by step costs more than all the rest of a span.
constexpr std::size_t kUsualAttributes = 8;
constexpr qsizetype kUsualSpanBytes = 160;
constexpr qsizetype kUsualSpans = 4'096;

SpanEvent readEvent(Reader reader)
{
    namespace f = fields::event;
    SpanEvent event;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kTime):
            event.timeUnixNs = timeOf(reader);
            break;
        case bytes(f::kName):
            event.name = textOf(reader);
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), event.attributes, 0);
            break;
        case varint(f::kDroppedAttributes):
            event.droppedAttributes = reader.get_uint32();
            break;
        default:
            reader.skip();
        }
    }
    return event;
}

SpanLink readLink(Reader reader)
{
    namespace f = fields::link;
    SpanLink link;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kTraceId):
            link.traceId = traceIdOf(reader);
            break;
        case bytes(f::kSpanId):
            link.spanId = spanIdOf(reader);
            break;
        case bytes(f::kTraceState):
            link.traceState = textOf(reader);
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), link.attributes, 0);
            break;
        case varint(f::kDroppedAttributes):
            link.droppedAttributes = reader.get_uint32();
            break;
        case fixed32(f::kFlags):
            link.flags = reader.get_fixed32();
            break;
        default:
            reader.skip();
        }
    }
    return link;
}

void readStatus(Reader reader, SpanData& span)
{
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::status::kMessage):
            span.statusMessage = textOf(reader);
            break;
        case varint(fields::status::kCode): {
            const std::uint64_t code = reader.get_uint64();
            span.status = code <= 2 ? static_cast<StatusCode>(code) : StatusCode::Unset;
            break;
        }
        default:
            reader.skip();
        }
    }
}

void readItem(Reader reader, SpanData& span)
{
    namespace f = fields::span;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kTraceId):
            span.traceId = traceIdOf(reader);
            break;
        case bytes(f::kSpanId):
            span.spanId = spanIdOf(reader);
            break;
        case bytes(f::kTraceState):
            span.traceState = textOf(reader);
            break;
        case bytes(f::kParentSpanId):
            span.parentSpanId = spanIdOf(reader);
            break;
        case bytes(f::kName):
            span.name = textOf(reader);
            break;
        case varint(f::kKind): {
            const std::uint64_t kind = reader.get_uint64();
            span.kind = kind <= 5 ? static_cast<SpanKind>(kind) : SpanKind::Unspecified;
            break;
        }
        case fixed64(f::kStart):
            span.startUnixNs = timeOf(reader);
            break;
        case fixed64(f::kEnd):
            span.endUnixNs = timeOf(reader);
            break;
        case bytes(f::kAttributes):
            if (span.attributes.empty())
                span.attributes.reserve(kUsualAttributes);
            readAttribute(reader.get_message(), span.attributes, 0);
            break;
        case varint(f::kDroppedAttributes):
            span.droppedAttributes = reader.get_uint32();
            break;
        case bytes(f::kEvents):
            span.events.push_back(readEvent(reader.get_message()));
            break;
        case varint(f::kDroppedEvents):
            span.droppedEvents = reader.get_uint32();
            break;
        case bytes(f::kLinks):
            span.links.push_back(readLink(reader.get_message()));
            break;
        case varint(f::kDroppedLinks):
            span.droppedLinks = reader.get_uint32();
            break;
        case bytes(f::kStatus):
            readStatus(reader.get_message(), span);
            break;
        case fixed32(f::kFlags):
            span.flags = reader.get_fixed32();
            break;
        default:
            reader.skip();
        }
    }
}

void readItem(Reader reader, LogRecord& log)
{
    namespace f = fields::log;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kTime):
            log.timeUnixNs = timeOf(reader);
            break;
        case varint(f::kSeverityNumber): {
            const std::uint64_t number = reader.get_uint64();
            log.severity = number <= 24 ? static_cast<Severity>(number) : Severity::Unspecified;
            break;
        }
        case bytes(f::kSeverityText):
            log.severityText = textOf(reader);
            break;
        case bytes(f::kBody):
            log.body = readValue(reader.get_message(), 0);
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), log.attributes, 0);
            break;
        case varint(f::kDroppedAttributes):
            log.droppedAttributes = reader.get_uint32();
            break;
        case fixed32(f::kFlags):
            log.flags = reader.get_fixed32();
            break;
        case bytes(f::kTraceId):
            log.traceId = traceIdOf(reader);
            break;
        case bytes(f::kSpanId):
            log.spanId = spanIdOf(reader);
            break;
        case fixed64(f::kObservedTime):
            log.observedUnixNs = timeOf(reader);
            break;
        case bytes(f::kEventName):
            log.eventName = textOf(reader);
            break;
        default:
            reader.skip();
        }
    }
}

} // namespace

Result<DecodedSpans> decodeTraces(QByteArrayView message)
{
    return guarded<DecodedSpans>(message, [&message](Reader request, DecodedSpans& out) {
        out.spans.reserve(static_cast<std::size_t>(std::min(message.size() / kUsualSpanBytes, kUsualSpans)));
        walkRequest(request, [&out](const Reader& reader, const SharedResource& resource, const SharedScope& scope) {
            SpanData& span = out.spans.emplace_back();
            span.kind = SpanKind::Unspecified;
            readItem(reader, span);
            span.resource = resource;
            span.scope = scope;
            if (!span.traceId.isValid() || !span.spanId.isValid()) {
                out.spans.pop_back();
                ++out.rejected;
            }
        });
    });
}

Result<DecodedLogs> decodeLogs(QByteArrayView message)
{
    return guarded<DecodedLogs>(message, [](Reader request, DecodedLogs& out) {
        walkRequest(request, [&out](const Reader& reader, const SharedResource& resource, const SharedScope& scope) {
            LogRecord& log = out.logs.emplace_back();
            readItem(reader, log);
            if (isEmpty(log)) {
                out.logs.pop_back();
                ++out.rejected;
                return;
            }
            log.resource = resource;
            log.scope = scope;
        });
    });
}

} // namespace oriel::otlp::protobuf
