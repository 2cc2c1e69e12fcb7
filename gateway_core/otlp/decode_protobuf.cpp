// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/decoders.h"
#include "otlp/fields.h"
#include "otlp/protobuf_reader.h"

namespace oriel::otlp::protobuf {

namespace {

using namespace telemetry;

AnyValue readValue(Reader reader, int depth);

void readAttribute(Reader reader, Attributes& out, int depth)
{
    Attribute& attribute = out.emplace_back();
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::key_value::kKey):
            attribute.key = textOf(reader);
            break;
        case bytes(fields::key_value::kValue):
            attribute.value = readValue(reader.get_message(), depth);
            break;
        default:
            reader.skip();
        }
    }
}

AnyValue readArray(Reader reader, int depth)
{
    auto array = std::make_shared<ArrayValue>();
    while (reader.next()) {
        if (reader.tag_and_type() == bytes(fields::list::kValues))
            array->values.push_back(readValue(reader.get_message(), depth));
        else
            reader.skip();
    }
    return std::shared_ptr<const ArrayValue>(std::move(array));
}

AnyValue readList(Reader reader, int depth)
{
    auto list = std::make_shared<KeyValueList>();
    while (reader.next()) {
        if (reader.tag_and_type() == bytes(fields::list::kValues))
            readAttribute(reader.get_message(), list->values, depth);
        else
            reader.skip();
    }
    return std::shared_ptr<const KeyValueList>(std::move(list));
}

AnyValue readValue(Reader reader, int depth)
{
    namespace f = fields::any_value;
    AnyValue value;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kString):
            value = textOf(reader);
            break;
        case varint(f::kBool):
            value = reader.get_uint64() != 0;
            break;
        case varint(f::kInt):
            value = reader.get_int64();
            break;
        case fixed64(f::kDouble):
            value = reader.get_double();
            break;
        case bytes(f::kArray):
            if (depth < kMaxValueDepth)
                value = readArray(reader.get_message(), depth + 1);
            else
                reader.skip();
            break;
        case bytes(f::kList):
            if (depth < kMaxValueDepth)
                value = readList(reader.get_message(), depth + 1);
            else
                reader.skip();
            break;
        case bytes(f::kBytes): {
            const protozero::data_view view = reader.get_view();
            value = BytesValue{QByteArray(view.data(), static_cast<qsizetype>(view.size()))};
            break;
        }
        default:
            reader.skip();
        }
    }
    return value;
}

void readResource(Reader reader, Resource& resource)
{
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::resource::kAttributes):
            readAttribute(reader.get_message(), resource.attributes, 0);
            break;
        case varint(fields::resource::kDroppedAttributes):
            resource.droppedAttributes = reader.get_uint32();
            break;
        default:
            reader.skip();
        }
    }
}

void readScope(Reader reader, Scope& scope)
{
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::scope::kName):
            scope.name = textOf(reader);
            break;
        case bytes(fields::scope::kVersion):
            scope.version = textOf(reader);
            break;
        case bytes(fields::scope::kAttributes):
            readAttribute(reader.get_message(), scope.attributes, 0);
            break;
        case varint(fields::scope::kDroppedAttributes):
            scope.droppedAttributes = reader.get_uint32();
            break;
        default:
            reader.skip();
        }
    }
}

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

Exemplar readExemplar(Reader reader)
{
    namespace f = fields::exemplar;
    Exemplar exemplar;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kTime):
            exemplar.timeUnixNs = timeOf(reader);
            break;
        case fixed64(f::kDouble):
            exemplar.value = reader.get_double();
            break;
        case fixed64(f::kInt):
            exemplar.value = static_cast<double>(reader.get_sfixed64());
            break;
        case bytes(f::kSpanId):
            exemplar.spanId = spanIdOf(reader);
            break;
        case bytes(f::kTraceId):
            exemplar.traceId = traceIdOf(reader);
            break;
        case bytes(f::kFilteredAttributes):
            readAttribute(reader.get_message(), exemplar.filteredAttributes, 0);
            break;
        default:
            reader.skip();
        }
    }
    return exemplar;
}

void readPoint(Reader reader, std::vector<NumberPoint>& out)
{
    namespace f = fields::number_point;
    NumberPoint& point = out.emplace_back();
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kStart):
            point.startUnixNs = timeOf(reader);
            break;
        case fixed64(f::kTime):
            point.timeUnixNs = timeOf(reader);
            break;
        case fixed64(f::kDouble):
            point.value = reader.get_double();
            point.isInteger = false;
            break;
        case fixed64(f::kInt):
            point.value = static_cast<double>(reader.get_sfixed64());
            point.isInteger = true;
            break;
        case bytes(f::kExemplars):
            point.exemplars.push_back(readExemplar(reader.get_message()));
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), point.attributes, 0);
            break;
        default:
            reader.skip();
        }
    }
}

void readPoint(Reader reader, std::vector<HistogramPoint>& out)
{
    namespace f = fields::histogram_point;
    HistogramPoint& point = out.emplace_back();
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kStart):
            point.startUnixNs = timeOf(reader);
            break;
        case fixed64(f::kTime):
            point.timeUnixNs = timeOf(reader);
            break;
        case fixed64(f::kCount):
            point.count = reader.get_fixed64();
            break;
        case fixed64(f::kSum):
            point.sum = reader.get_double();
            break;
        case bytes(f::kBucketCounts):
            for (const std::uint64_t count : reader.get_packed_fixed64())
                point.bucketCounts.push_back(count);
            break;
        case fixed64(f::kBucketCounts):
            point.bucketCounts.push_back(reader.get_fixed64());
            break;
        case bytes(f::kBounds):
            for (const double bound : reader.get_packed_double())
                point.bounds.push_back(bound);
            break;
        case fixed64(f::kBounds):
            point.bounds.push_back(reader.get_double());
            break;
        case bytes(f::kExemplars):
            point.exemplars.push_back(readExemplar(reader.get_message()));
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), point.attributes, 0);
            break;
        case fixed64(f::kMin):
            point.min = reader.get_double();
            break;
        case fixed64(f::kMax):
            point.max = reader.get_double();
            break;
        default:
            reader.skip();
        }
    }
}

template <class Point> void readPoints(Reader reader, MetricData& metric, std::vector<Point>& out)
{
    metric.temporality = metric.kind == InstrumentKind::Gauge ? Temporality::Cumulative : Temporality::Unspecified;
    metric.monotonic = false;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::points::kPoints):
            readPoint(reader.get_message(), out);
            break;
        case varint(fields::points::kTemporality): {
            const std::uint64_t temporality = reader.get_uint64();
            metric.temporality = temporality <= 2 ? static_cast<Temporality>(temporality) : Temporality::Unspecified;
            break;
        }
        case varint(fields::points::kMonotonic):
            metric.monotonic = reader.get_uint64() != 0;
            break;
        default:
            reader.skip();
        }
    }
    if (metric.kind == InstrumentKind::Counter && !metric.monotonic)
        metric.kind = InstrumentKind::UpDownCounter;
}

std::uint64_t countPoints(Reader reader)
{
    std::uint64_t count = 0;
    while (reader.next()) {
        count += reader.tag_and_type() == bytes(fields::points::kPoints);
        reader.skip();
    }
    return count;
}

void readMetric(Reader reader, ScopedMetrics& out, std::uint64_t& skippedPoints)
{
    namespace f = fields::metric;
    MetricData metric;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kName):
            metric.name = textOf(reader);
            break;
        case bytes(f::kDescription):
            metric.description = textOf(reader);
            break;
        case bytes(f::kUnit):
            metric.unit = textOf(reader);
            break;
        case bytes(f::kGauge):
            metric.kind = InstrumentKind::Gauge;
            readPoints(reader.get_message(), metric, metric.numbers);
            break;
        case bytes(f::kSum):
            metric.kind = InstrumentKind::Counter;
            readPoints(reader.get_message(), metric, metric.numbers);
            break;
        case bytes(f::kHistogram):
            metric.kind = InstrumentKind::Histogram;
            readPoints(reader.get_message(), metric, metric.histograms);
            break;
        case bytes(f::kExponentialHistogram):
        case bytes(f::kSummary):
            skippedPoints += countPoints(reader.get_message());
            break;
        default:
            reader.skip();
        }
    }
    if (!metric.numbers.empty() || !metric.histograms.empty())
        out.metrics.push_back(std::move(metric));
}

/// Walks resource groups and scope groups; `item(reader, resource, scope)` reads one span, record or metric. The schema URLs come
/// after the items on the wire, so resource and scope are made first and completed before anybody reads them.
template <class ItemReader> void walkRequest(Reader request, ItemReader readOne)
{
    while (request.next()) {
        if (request.tag_and_type() != bytes(fields::request::kResourceGroup)) {
            request.skip();
            continue;
        }
        const Reader group = request.get_message();
        auto resource = std::make_shared<Resource>();
        for (Reader pass = group; pass.next();) {
            switch (pass.tag_and_type()) {
            case bytes(fields::resource_group::kResource):
                readResource(pass.get_message(), *resource);
                break;
            case bytes(fields::resource_group::kSchemaUrl):
                resource->schemaUrl = textOf(pass);
                break;
            default:
                pass.skip();
            }
        }
        for (Reader pass = group; pass.next();) {
            if (pass.tag_and_type() != bytes(fields::resource_group::kScopeGroup)) {
                pass.skip();
                continue;
            }
            const Reader scopeGroup = pass.get_message();
            auto scope = std::make_shared<Scope>();
            for (Reader metadata = scopeGroup; metadata.next();) {
                switch (metadata.tag_and_type()) {
                case bytes(fields::scope_group::kScope):
                    readScope(metadata.get_message(), *scope);
                    break;
                case bytes(fields::scope_group::kSchemaUrl):
                    scope->schemaUrl = textOf(metadata);
                    break;
                default:
                    metadata.skip();
                }
            }
            for (Reader items = scopeGroup; items.next();) {
                if (items.tag_and_type() == bytes(fields::scope_group::kItem))
                    readOne(items.get_message(), resource, scope);
                else
                    items.skip();
            }
        }
    }
}

using SharedResource = std::shared_ptr<const Resource>;
using SharedScope = std::shared_ptr<const Scope>;

} // namespace

Result<DecodedSpans> decodeTraces(QByteArrayView message)
{
    return guarded<DecodedSpans>(message, [](Reader request, DecodedSpans& out) {
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
            log.resource = resource;
            log.scope = scope;
        });
    });
}

Result<DecodedMetrics> decodeMetrics(QByteArrayView message)
{
    return guarded<DecodedMetrics>(message, [](Reader request, DecodedMetrics& out) {
        walkRequest(request, [&out](const Reader& reader, const SharedResource& resource, const SharedScope& scope) {
            if (out.metrics.empty() || out.metrics.back().scope != scope)
                out.metrics.push_back({resource, scope, {}});
            readMetric(reader, out.metrics.back(), out.skippedPoints);
        });
    });
}

} // namespace oriel::otlp::protobuf
