// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/encoders.h"
#include "otlp/codec/fields.h"
#include "otlp/codec/grouping.h"
#include "otlp/codec/protobuf_writer.h"

namespace oriel::otlp::protobuf {

namespace {

using namespace telemetry;
using Writer = ProtobufWriter;

void writeText(Writer& writer, fields::Tag tag, const QByteArray& text)
{
    if (!text.isEmpty())
        writer.add_string(tag, text.constData(), static_cast<std::size_t>(text.size()));
}

void writeCount(Writer& writer, fields::Tag tag, std::uint32_t count)
{
    if (count != 0)
        writer.add_uint32(tag, count);
}

void writeTime(Writer& writer, fields::Tag tag, std::int64_t unixNs)
{
    if (unixNs != 0)
        writer.add_fixed64(tag, static_cast<std::uint64_t>(unixNs));
}

void writeId(Writer& writer, fields::Tag tag, TraceId id)
{
    if (!id.isValid())
        return;
    const auto bytes = id.bytes();
    writer.add_bytes(tag, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void writeId(Writer& writer, fields::Tag tag, SpanId id)
{
    if (!id.isValid())
        return;
    const auto bytes = id.bytes();
    writer.add_bytes(tag, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void writeAttributes(Writer& writer, fields::Tag tag, const Attributes& attributes);
void writeValue(Writer& writer, fields::Tag tag, const AnyValue& value);

/// protozero leaves out a nested message that nothing was written to; where an empty one means something it is written like this.
void writeEmptyMessage(Writer& writer, fields::Tag tag)
{
    writer.add_message(tag, "", 0);
}

/// The content of an AnyValue message: one member of its oneof, written even when it is zero.
struct ValueVisitor {
    Writer& writer;

    void operator()(std::monostate) const {}
    void operator()(const QByteArray& text) const
    {
        writer.add_string(fields::any_value::kString, text.constData(), static_cast<std::size_t>(text.size()));
    }
    void operator()(bool flag) const { writer.add_bool(fields::any_value::kBool, flag); }
    void operator()(std::int64_t number) const { writer.add_int64(fields::any_value::kInt, number); }
    void operator()(double number) const { writer.add_double(fields::any_value::kDouble, number); }
    void operator()(const BytesValue& bytes) const
    {
        writer.add_bytes(fields::any_value::kBytes, bytes.bytes.constData(), static_cast<std::size_t>(bytes.bytes.size()));
    }
    void operator()(const std::shared_ptr<const ArrayValue>& array) const
    {
        if (array->values.empty())
            return writeEmptyMessage(writer, fields::any_value::kArray);
        Writer list(writer, fields::any_value::kArray);
        for (const AnyValue& element : array->values)
            writeValue(list, fields::list::kValues, element);
    }
    void operator()(const std::shared_ptr<const KeyValueList>& entries) const
    {
        if (entries->values.empty())
            return writeEmptyMessage(writer, fields::any_value::kList);
        Writer list(writer, fields::any_value::kList);
        writeAttributes(list, fields::list::kValues, entries->values);
    }
};

void writeValue(Writer& writer, fields::Tag tag, const AnyValue& value)
{
    if (value.isEmpty())
        return writeEmptyMessage(writer, tag);
    Writer message(writer, tag);
    std::visit(ValueVisitor{message}, value.value);
}

void writeAttributes(Writer& writer, fields::Tag tag, const Attributes& attributes)
{
    for (const Attribute& attribute : attributes) {
        Writer entry(writer, tag);
        writeText(entry, fields::key_value::kKey, attribute.key);
        writeValue(entry, fields::key_value::kValue, attribute.value);
    }
}

void writeResource(Writer& group, const Resource* resource)
{
    if (resource == nullptr)
        return;
    Writer message(group, fields::resource_group::kResource);
    writeAttributes(message, fields::resource::kAttributes, resource->attributes);
    writeCount(message, fields::resource::kDroppedAttributes, resource->droppedAttributes);
    for (const EntityRef& ref : resource->entityRefs) {
        namespace f = fields::entity_ref;
        Writer entity(message, fields::resource::kEntityRefs);
        writeText(entity, f::kSchemaUrl, ref.schemaUrl);
        writeText(entity, f::kType, ref.type);
        for (const QByteArray& key : ref.idKeys)
            entity.add_string(f::kIdKeys, key.constData(), static_cast<std::size_t>(key.size()));
        for (const QByteArray& key : ref.descriptionKeys)
            entity.add_string(f::kDescriptionKeys, key.constData(), static_cast<std::size_t>(key.size()));
    }
}

void writeScope(Writer& group, const Scope* scope)
{
    if (scope == nullptr)
        return;
    Writer message(group, fields::scope_group::kScope);
    writeText(message, fields::scope::kName, scope->name);
    writeText(message, fields::scope::kVersion, scope->version);
    writeAttributes(message, fields::scope::kAttributes, scope->attributes);
    writeCount(message, fields::scope::kDroppedAttributes, scope->droppedAttributes);
}

void writeItem(Writer& message, const SpanData& span)
{
    namespace f = fields::span;
    writeId(message, f::kTraceId, span.traceId);
    writeId(message, f::kSpanId, span.spanId);
    writeText(message, f::kTraceState, span.traceState);
    writeId(message, f::kParentSpanId, span.parentSpanId);
    writeText(message, f::kName, span.name);
    writeCount(message, f::kKind, static_cast<std::uint32_t>(span.kind));
    writeTime(message, f::kStart, span.startUnixNs);
    writeTime(message, f::kEnd, span.endUnixNs);
    writeAttributes(message, f::kAttributes, span.attributes);
    writeCount(message, f::kDroppedAttributes, span.droppedAttributes);
    for (const SpanEvent& event : span.events) {
        Writer nested(message, f::kEvents);
        writeTime(nested, fields::event::kTime, event.timeUnixNs);
        writeText(nested, fields::event::kName, event.name);
        writeAttributes(nested, fields::event::kAttributes, event.attributes);
        writeCount(nested, fields::event::kDroppedAttributes, event.droppedAttributes);
    }
    writeCount(message, f::kDroppedEvents, span.droppedEvents);
    for (const SpanLink& link : span.links) {
        Writer nested(message, f::kLinks);
        writeId(nested, fields::link::kTraceId, link.traceId);
        writeId(nested, fields::link::kSpanId, link.spanId);
        writeText(nested, fields::link::kTraceState, link.traceState);
        writeAttributes(nested, fields::link::kAttributes, link.attributes);
        writeCount(nested, fields::link::kDroppedAttributes, link.droppedAttributes);
        if (link.flags != 0)
            nested.add_fixed32(fields::link::kFlags, link.flags);
    }
    writeCount(message, f::kDroppedLinks, span.droppedLinks);
    if (span.status != StatusCode::Unset || !span.statusMessage.isEmpty()) {
        Writer status(message, f::kStatus);
        writeText(status, fields::status::kMessage, span.statusMessage);
        writeCount(status, fields::status::kCode, static_cast<std::uint32_t>(span.status));
    }
    if (span.flags != 0)
        message.add_fixed32(f::kFlags, span.flags);
}

void writeItem(Writer& message, const LogRecord& log)
{
    namespace f = fields::log;
    writeTime(message, f::kTime, log.timeUnixNs);
    writeCount(message, f::kSeverityNumber, static_cast<std::uint32_t>(log.severity));
    writeText(message, f::kSeverityText, log.severityText);
    if (!log.body.isEmpty())
        writeValue(message, f::kBody, log.body);
    writeAttributes(message, f::kAttributes, log.attributes);
    writeCount(message, f::kDroppedAttributes, log.droppedAttributes);
    if (log.flags != 0)
        message.add_fixed32(f::kFlags, log.flags);
    writeId(message, f::kTraceId, log.traceId);
    writeId(message, f::kSpanId, log.spanId);
    writeTime(message, f::kObservedTime, log.observedUnixNs);
    writeText(message, f::kEventName, log.eventName);
}

void writeExemplars(Writer& point, fields::Tag tag, const std::vector<Exemplar>& exemplars)
{
    for (const Exemplar& exemplar : exemplars) {
        Writer message(point, tag);
        writeTime(message, fields::exemplar::kTime, exemplar.timeUnixNs);
        if (exemplar.isInteger)
            message.add_sfixed64(fields::exemplar::kInt, integerOf(exemplar));
        else
            message.add_double(fields::exemplar::kDouble, exemplar.value);
        writeId(message, fields::exemplar::kSpanId, exemplar.spanId);
        writeId(message, fields::exemplar::kTraceId, exemplar.traceId);
        writeAttributes(message, fields::exemplar::kFilteredAttributes, exemplar.filteredAttributes);
    }
}

void writePoint(Writer& parent, const NumberPoint& point)
{
    namespace f = fields::number_point;
    Writer message(parent, fields::points::kPoints);
    writeTime(message, f::kStart, point.startUnixNs);
    writeTime(message, f::kTime, point.timeUnixNs);
    if (point.isInteger)
        message.add_sfixed64(f::kInt, integerOf(point));
    else if (hasNumber(point))
        message.add_double(f::kDouble, point.value);
    writeExemplars(message, f::kExemplars, point.exemplars);
    writeAttributes(message, f::kAttributes, point.attributes);
    writeCount(message, f::kFlags, point.flags);
}

void writePoint(Writer& parent, const SummaryPoint& point)
{
    namespace f = fields::summary_point;
    Writer message(parent, fields::points::kPoints);
    writeTime(message, f::kStart, point.startUnixNs);
    writeTime(message, f::kTime, point.timeUnixNs);
    message.add_fixed64(f::kCount, point.count);
    message.add_double(f::kSum, point.sum);
    for (const auto& [quantile, value] : point.quantiles) {
        Writer pair(message, f::kQuantiles);
        pair.add_double(f::kQuantile, quantile);
        pair.add_double(f::kValue, value);
    }
    writeAttributes(message, f::kAttributes, point.attributes);
    writeCount(message, f::kFlags, point.flags);
}

void writePoint(Writer& parent, const HistogramPoint& point)
{
    namespace f = fields::histogram_point;
    Writer message(parent, fields::points::kPoints);
    writeTime(message, f::kStart, point.startUnixNs);
    writeTime(message, f::kTime, point.timeUnixNs);
    message.add_fixed64(f::kCount, point.count);
    if (point.hasSum)
        message.add_double(f::kSum, point.sum);
    message.add_packed_fixed64(f::kBucketCounts, point.bucketCounts.begin(), point.bucketCounts.end());
    message.add_packed_double(f::kBounds, point.bounds.begin(), point.bounds.end());
    writeExemplars(message, f::kExemplars, point.exemplars);
    writeAttributes(message, f::kAttributes, point.attributes);
    writeCount(message, f::kFlags, point.flags);
    if (point.min)
        message.add_double(f::kMin, *point.min);
    if (point.max)
        message.add_double(f::kMax, *point.max);
}

void writeBuckets(Writer& point, fields::Tag tag, const ExponentialBuckets& buckets)
{
    if (buckets == ExponentialBuckets())
        return;
    namespace f = fields::exponential_point;
    Writer message(point, tag);
    if (buckets.offset != 0)
        message.add_sint32(f::kOffset, buckets.offset);
    message.add_packed_uint64(f::kBucketCounts, buckets.counts.begin(), buckets.counts.end());
}

void writePoint(Writer& parent, const ExponentialHistogramPoint& point)
{
    namespace f = fields::exponential_point;
    Writer message(parent, fields::points::kPoints);
    writeAttributes(message, f::kAttributes, point.attributes);
    writeTime(message, f::kStart, point.startUnixNs);
    writeTime(message, f::kTime, point.timeUnixNs);
    message.add_fixed64(f::kCount, point.count);
    if (point.hasSum)
        message.add_double(f::kSum, point.sum);
    if (point.scale != 0)
        message.add_sint32(f::kScale, point.scale);
    if (point.zeroCount != 0)
        message.add_fixed64(f::kZeroCount, point.zeroCount);
    writeBuckets(message, f::kPositive, point.positive);
    writeBuckets(message, f::kNegative, point.negative);
    writeCount(message, f::kFlags, point.flags);
    writeExemplars(message, f::kExemplars, point.exemplars);
    if (point.min)
        message.add_double(f::kMin, *point.min);
    if (point.max)
        message.add_double(f::kMax, *point.max);
    if (point.zeroThreshold != 0)
        message.add_double(f::kZeroThreshold, point.zeroThreshold);
}

void writeMetric(Writer& message, const MetricData& metric)
{
    namespace f = fields::metric;
    writeText(message, f::kName, metric.name);
    writeText(message, f::kDescription, metric.description);
    writeText(message, f::kUnit, metric.unit);
    writeAttributes(message, f::kMetadata, metric.metadata);
    const auto temporality = static_cast<std::uint32_t>(metric.temporality);
    if (!metric.summaries.empty()) {
        Writer summary(message, f::kSummary);
        for (const SummaryPoint& point : metric.summaries)
            writePoint(summary, point);
    } else if (metric.kind == InstrumentKind::Gauge) {
        Writer gauge(message, f::kGauge);
        for (const NumberPoint& point : metric.numbers)
            writePoint(gauge, point);
    } else if (metric.kind == InstrumentKind::Histogram && metric.histograms.empty() && !metric.exponentials.empty()) {
        Writer histogram(message, f::kExponentialHistogram);
        for (const ExponentialHistogramPoint& point : metric.exponentials)
            writePoint(histogram, point);
        writeCount(histogram, fields::points::kTemporality, temporality);
    } else if (metric.kind == InstrumentKind::Histogram) {
        Writer histogram(message, f::kHistogram);
        for (const HistogramPoint& point : metric.histograms)
            writePoint(histogram, point);
        writeCount(histogram, fields::points::kTemporality, temporality);
    } else {
        Writer sum(message, f::kSum);
        for (const NumberPoint& point : metric.numbers)
            writePoint(sum, point);
        writeCount(sum, fields::points::kTemporality, temporality);
        if (metric.monotonic)
            sum.add_bool(fields::points::kMonotonic, true);
    }
}

template <class Item> QByteArray encodeGrouped(std::span<const Item> items, qsizetype bytesAnItem)
{
    QByteArray out;
    out.reserve(static_cast<qsizetype>(items.size()) * bytesAnItem);
    Writer writer(out);
    for (const ResourceGroup<Item>& group : groupByOrigin(items)) {
        Writer resourceGroup(writer, fields::request::kResourceGroup);
        writeResource(resourceGroup, group.resource);
        for (const ScopeGroup<Item>& scope : group.scopes) {
            Writer scopeGroup(resourceGroup, fields::resource_group::kScopeGroup);
            writeScope(scopeGroup, scope.scope);
            for (const Item* item : scope.items) {
                Writer message(scopeGroup, fields::scope_group::kItem);
                writeItem(message, *item);
            }
            if (scope.scope != nullptr)
                writeText(scopeGroup, fields::scope_group::kSchemaUrl, scope.scope->schemaUrl);
        }
        if (group.resource != nullptr)
            writeText(resourceGroup, fields::resource_group::kSchemaUrl, group.resource->schemaUrl);
    }
    return out;
}

} // namespace

QByteArray encode(std::span<const SpanData> spans)
{
    return encodeGrouped(spans, 512);
}

QByteArray encode(std::span<const LogRecord> logs)
{
    return encodeGrouped(logs, 256);
}

QByteArray encode(std::span<const ScopedMetrics> metrics)
{
    QByteArray out;
    Writer writer(out);
    for (const std::span<const ScopedMetrics> scopes : byResource(metrics)) {
        const telemetry::Resource* resource = scopes.front().resource.get();
        Writer resourceGroup(writer, fields::request::kResourceGroup);
        writeResource(resourceGroup, resource);
        for (const ScopedMetrics& group : scopes) {
            if (group.metrics.empty())
                continue;
            Writer scopeGroup(resourceGroup, fields::resource_group::kScopeGroup);
            writeScope(scopeGroup, group.scope.get());
            for (const MetricData& metric : group.metrics) {
                Writer message(scopeGroup, fields::scope_group::kItem);
                writeMetric(message, metric);
            }
            if (group.scope)
                writeText(scopeGroup, fields::scope_group::kSchemaUrl, group.scope->schemaUrl);
        }
        if (resource != nullptr)
            writeText(resourceGroup, fields::resource_group::kSchemaUrl, resource->schemaUrl);
    }
    return out;
}

} // namespace oriel::otlp::protobuf
