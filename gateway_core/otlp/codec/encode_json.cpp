// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "otlp/codec/encoders.h"
#include "otlp/codec/grouping.h"

#include <cmath>

namespace oriel::otlp::json_encoding {

namespace {

using namespace telemetry;
using json::Writer;

void writeText(Writer& writer, const char* key, const QByteArray& text)
{
    if (!text.isEmpty())
        writer.member(key, text);
}

void writeTexts(Writer& writer, const char* key, const std::vector<QByteArray>& texts)
{
    if (texts.empty())
        return;
    writer.key(key).beginArray();
    for (const QByteArray& text : texts)
        writer.value(text);
    writer.endArray();
}

void writeCount(Writer& writer, const char* key, std::uint32_t count)
{
    if (count != 0)
        writer.member(key, count);
}

/// 64-bit integers are decimal strings in proto3 JSON.
template <class Integer> void writeWide(Writer& writer, const char* key, Integer number)
{
    if constexpr (std::is_signed_v<Integer>)
        writer.member(key, QByteArray::number(static_cast<qlonglong>(number)));
    else
        writer.member(key, QByteArray::number(static_cast<qulonglong>(number)));
}

void writeTime(Writer& writer, const char* key, std::int64_t unixNs)
{
    if (unixNs != 0)
        writeWide(writer, key, static_cast<std::uint64_t>(unixNs));
}

template <class Id> void writeId(Writer& writer, const char* key, Id id)
{
    if (id.isValid())
        writer.member(key, id.toHex());
}

void writeDouble(Writer& writer, double number)
{
    if (std::isnan(number))
        writer.value("NaN");
    else if (std::isinf(number))
        writer.value(number > 0 ? "Infinity" : "-Infinity");
    else
        writer.value(number);
}

void writeValue(Writer& writer, const AnyValue& value);

void writeEntries(Writer& writer, const char* key, const Attributes& attributes)
{
    if (attributes.empty())
        return;
    writer.key(key).beginArray();
    for (const Attribute& attribute : attributes) {
        writer.beginObject();
        writer.member("key", attribute.key);
        writer.key("value");
        writeValue(writer, attribute.value);
        writer.endObject();
    }
    writer.endArray();
}

struct ValueVisitor {
    Writer& writer;

    void operator()(std::monostate) const {}
    void operator()(const QByteArray& text) const { writer.member("stringValue", text); }
    void operator()(bool flag) const { writer.member("boolValue", flag); }
    void operator()(std::int64_t number) const { writeWide(writer, "intValue", number); }
    void operator()(double number) const
    {
        writer.key("doubleValue");
        writeDouble(writer, number);
    }
    void operator()(const BytesValue& bytes) const { writer.member("bytesValue", bytes.bytes.toBase64()); }
    void operator()(const std::shared_ptr<const ArrayValue>& array) const
    {
        writer.key("arrayValue").beginObject();
        writer.key("values").beginArray();
        for (const AnyValue& element : array->values)
            writeValue(writer, element);
        writer.endArray().endObject();
    }
    void operator()(const std::shared_ptr<const KeyValueList>& list) const
    {
        writer.key("kvlistValue").beginObject();
        writeEntries(writer, "values", list->values);
        writer.endObject();
    }
};

void writeValue(Writer& writer, const AnyValue& value)
{
    writer.beginObject();
    std::visit(ValueVisitor{writer}, value.value);
    writer.endObject();
}

void writeResource(Writer& writer, const Resource* resource)
{
    if (resource == nullptr)
        return;
    writer.key("resource").beginObject();
    writeEntries(writer, "attributes", resource->attributes);
    writeCount(writer, "droppedAttributesCount", resource->droppedAttributes);
    if (!resource->entityRefs.empty()) {
        writer.key("entityRefs").beginArray();
        for (const EntityRef& ref : resource->entityRefs) {
            writer.beginObject();
            writeText(writer, "schemaUrl", ref.schemaUrl);
            writeText(writer, "type", ref.type);
            writeTexts(writer, "idKeys", ref.idKeys);
            writeTexts(writer, "descriptionKeys", ref.descriptionKeys);
            writer.endObject();
        }
        writer.endArray();
    }
    writer.endObject();
}

void writeScope(Writer& writer, const Scope* scope)
{
    if (scope == nullptr)
        return;
    writer.key("scope").beginObject();
    writeText(writer, "name", scope->name);
    writeText(writer, "version", scope->version);
    writeEntries(writer, "attributes", scope->attributes);
    writeCount(writer, "droppedAttributesCount", scope->droppedAttributes);
    writer.endObject();
}

void writeItem(Writer& writer, const SpanData& span)
{
    writeId(writer, "traceId", span.traceId);
    writeId(writer, "spanId", span.spanId);
    writeText(writer, "traceState", span.traceState);
    writeId(writer, "parentSpanId", span.parentSpanId);
    writeCount(writer, "flags", span.flags);
    writeText(writer, "name", span.name);
    writeCount(writer, "kind", static_cast<std::uint32_t>(span.kind));
    writeTime(writer, "startTimeUnixNano", span.startUnixNs);
    writeTime(writer, "endTimeUnixNano", span.endUnixNs);
    writeEntries(writer, "attributes", span.attributes);
    writeCount(writer, "droppedAttributesCount", span.droppedAttributes);
    if (!span.events.empty()) {
        writer.key("events").beginArray();
        for (const SpanEvent& event : span.events) {
            writer.beginObject();
            writeTime(writer, "timeUnixNano", event.timeUnixNs);
            writeText(writer, "name", event.name);
            writeEntries(writer, "attributes", event.attributes);
            writeCount(writer, "droppedAttributesCount", event.droppedAttributes);
            writer.endObject();
        }
        writer.endArray();
    }
    writeCount(writer, "droppedEventsCount", span.droppedEvents);
    if (!span.links.empty()) {
        writer.key("links").beginArray();
        for (const SpanLink& link : span.links) {
            writer.beginObject();
            writeId(writer, "traceId", link.traceId);
            writeId(writer, "spanId", link.spanId);
            writeText(writer, "traceState", link.traceState);
            writeEntries(writer, "attributes", link.attributes);
            writeCount(writer, "droppedAttributesCount", link.droppedAttributes);
            writeCount(writer, "flags", link.flags);
            writer.endObject();
        }
        writer.endArray();
    }
    writeCount(writer, "droppedLinksCount", span.droppedLinks);
    if (span.status != StatusCode::Unset || !span.statusMessage.isEmpty()) {
        writer.key("status").beginObject();
        writeText(writer, "message", span.statusMessage);
        writeCount(writer, "code", static_cast<std::uint32_t>(span.status));
        writer.endObject();
    }
}

void writeItem(Writer& writer, const LogRecord& log)
{
    writeTime(writer, "timeUnixNano", log.timeUnixNs);
    writeTime(writer, "observedTimeUnixNano", log.observedUnixNs);
    writeCount(writer, "severityNumber", static_cast<std::uint32_t>(log.severity));
    writeText(writer, "severityText", log.severityText);
    if (!log.body.isEmpty()) {
        writer.key("body");
        writeValue(writer, log.body);
    }
    writeEntries(writer, "attributes", log.attributes);
    writeCount(writer, "droppedAttributesCount", log.droppedAttributes);
    writeCount(writer, "flags", log.flags);
    writeId(writer, "traceId", log.traceId);
    writeId(writer, "spanId", log.spanId);
    writeText(writer, "eventName", log.eventName);
}

/// asInt or asDouble.
template <class Number> void writeNumber(Writer& writer, const Number& number)
{
    if (number.isInteger) {
        writeWide(writer, "asInt", integerOf(number));
    } else {
        writer.key("asDouble");
        writeDouble(writer, number.value);
    }
}

template <class Point> void writeSum(Writer& writer, const Point& point)
{
    if (!point.hasSum)
        return;
    writer.key("sum");
    writeDouble(writer, point.sum);
}

void writeExemplars(Writer& writer, const std::vector<Exemplar>& exemplars)
{
    if (exemplars.empty())
        return;
    writer.key("exemplars").beginArray();
    for (const Exemplar& exemplar : exemplars) {
        writer.beginObject();
        writeTime(writer, "timeUnixNano", exemplar.timeUnixNs);
        writeNumber(writer, exemplar);
        writeId(writer, "spanId", exemplar.spanId);
        writeId(writer, "traceId", exemplar.traceId);
        writeEntries(writer, "filteredAttributes", exemplar.filteredAttributes);
        writer.endObject();
    }
    writer.endArray();
}

void writePoint(Writer& writer, const NumberPoint& point)
{
    writer.beginObject();
    writeTime(writer, "startTimeUnixNano", point.startUnixNs);
    writeTime(writer, "timeUnixNano", point.timeUnixNs);
    writeCount(writer, "flags", point.flags);
    if (hasNumber(point))
        writeNumber(writer, point);
    writeExemplars(writer, point.exemplars);
    writeEntries(writer, "attributes", point.attributes);
    writer.endObject();
}

void writePoint(Writer& writer, const SummaryPoint& point)
{
    writer.beginObject();
    writeTime(writer, "startTimeUnixNano", point.startUnixNs);
    writeTime(writer, "timeUnixNano", point.timeUnixNs);
    writeCount(writer, "flags", point.flags);
    writeWide(writer, "count", point.count);
    writer.key("sum");
    writeDouble(writer, point.sum);
    writer.key("quantileValues").beginArray();
    for (const auto& [quantile, value] : point.quantiles) {
        writer.beginObject().key("quantile");
        writeDouble(writer, quantile);
        writer.key("value");
        writeDouble(writer, value);
        writer.endObject();
    }
    writer.endArray();
    writeEntries(writer, "attributes", point.attributes);
    writer.endObject();
}

void writePoint(Writer& writer, const HistogramPoint& point)
{
    writer.beginObject();
    writeTime(writer, "startTimeUnixNano", point.startUnixNs);
    writeTime(writer, "timeUnixNano", point.timeUnixNs);
    writeCount(writer, "flags", point.flags);
    writeWide(writer, "count", point.count);
    writeSum(writer, point);
    writer.key("bucketCounts").beginArray();
    for (const std::uint64_t count : point.bucketCounts)
        writer.value(QByteArray::number(static_cast<qulonglong>(count)));
    writer.endArray();
    writer.key("explicitBounds").beginArray();
    for (const double bound : point.bounds)
        writeDouble(writer, bound);
    writer.endArray();
    writeExemplars(writer, point.exemplars);
    writeEntries(writer, "attributes", point.attributes);
    if (point.min) {
        writer.key("min");
        writeDouble(writer, *point.min);
    }
    if (point.max) {
        writer.key("max");
        writeDouble(writer, *point.max);
    }
    writer.endObject();
}

void writeBuckets(Writer& writer, const char* name, const ExponentialBuckets& buckets)
{
    if (buckets == ExponentialBuckets())
        return;
    writer.key(name).beginObject();
    writer.member("offset", static_cast<std::int64_t>(buckets.offset));
    writer.key("bucketCounts").beginArray();
    for (const std::uint64_t count : buckets.counts)
        writer.value(QByteArray::number(static_cast<qulonglong>(count)));
    writer.endArray().endObject();
}

void writePoint(Writer& writer, const ExponentialHistogramPoint& point)
{
    const auto number = [&writer](const char* name, double value) {
        writer.key(name);
        writeDouble(writer, value);
    };
    writer.beginObject();
    writeEntries(writer, "attributes", point.attributes);
    writeTime(writer, "startTimeUnixNano", point.startUnixNs);
    writeTime(writer, "timeUnixNano", point.timeUnixNs);
    writeCount(writer, "flags", point.flags);
    writeWide(writer, "count", point.count);
    writeSum(writer, point);
    if (point.scale != 0)
        writer.member("scale", static_cast<std::int64_t>(point.scale));
    if (point.zeroCount != 0)
        writeWide(writer, "zeroCount", point.zeroCount);
    writeBuckets(writer, "positive", point.positive);
    writeBuckets(writer, "negative", point.negative);
    writeExemplars(writer, point.exemplars);
    if (point.min)
        number("min", *point.min);
    if (point.max)
        number("max", *point.max);
    if (point.zeroThreshold != 0)
        number("zeroThreshold", point.zeroThreshold);
    writer.endObject();
}

template <class Points> void writePoints(Writer& writer, const Points& points)
{
    writer.key("dataPoints").beginArray();
    for (const auto& point : points)
        writePoint(writer, point);
    writer.endArray();
}

void writeMetric(Writer& writer, const MetricData& metric)
{
    writer.beginObject();
    writeText(writer, "name", metric.name);
    writeText(writer, "description", metric.description);
    writeText(writer, "unit", metric.unit);
    writeEntries(writer, "metadata", metric.metadata);
    const auto temporality = static_cast<std::uint32_t>(metric.temporality);
    if (!metric.summaries.empty()) {
        writer.key("summary").beginObject();
        writePoints(writer, metric.summaries);
    } else if (metric.kind == InstrumentKind::Gauge) {
        writer.key("gauge").beginObject();
        writePoints(writer, metric.numbers);
    } else if (metric.kind == InstrumentKind::Histogram && metric.histograms.empty() && !metric.exponentials.empty()) {
        writer.key("exponentialHistogram").beginObject();
        writePoints(writer, metric.exponentials);
        writeCount(writer, "aggregationTemporality", temporality);
    } else if (metric.kind == InstrumentKind::Histogram) {
        writer.key("histogram").beginObject();
        writePoints(writer, metric.histograms);
        writeCount(writer, "aggregationTemporality", temporality);
    } else {
        writer.key("sum").beginObject();
        writePoints(writer, metric.numbers);
        writeCount(writer, "aggregationTemporality", temporality);
        if (metric.monotonic)
            writer.member("isMonotonic", true);
    }
    writer.endObject();
    writer.endObject();
}

struct GroupNames {
    const char* resources;
    const char* scopes;
    const char* items;
};

template <class Item> QByteArray encodeGrouped(std::span<const Item> items, const GroupNames& names)
{
    Writer writer(static_cast<qsizetype>(items.size()) * 1024);
    writer.beginObject();
    if (!items.empty()) {
        writer.key(names.resources).beginArray();
        for (const ResourceGroup<Item>& group : groupByOrigin(items)) {
            writer.beginObject();
            writeResource(writer, group.resource);
            writer.key(names.scopes).beginArray();
            for (const ScopeGroup<Item>& scope : group.scopes) {
                writer.beginObject();
                writeScope(writer, scope.scope);
                writer.key(names.items).beginArray();
                for (const Item* item : scope.items) {
                    writer.beginObject();
                    writeItem(writer, *item);
                    writer.endObject();
                }
                writer.endArray();
                if (scope.scope != nullptr)
                    writeText(writer, "schemaUrl", scope.scope->schemaUrl);
                writer.endObject();
            }
            writer.endArray();
            if (group.resource != nullptr)
                writeText(writer, "schemaUrl", group.resource->schemaUrl);
            writer.endObject();
        }
        writer.endArray();
    }
    writer.endObject();
    return writer.take();
}

void writeScopedMetrics(Writer& writer, const ScopedMetrics& group)
{
    writer.beginObject();
    writeScope(writer, group.scope.get());
    writer.key("metrics").beginArray();
    for (const MetricData& metric : group.metrics)
        writeMetric(writer, metric);
    writer.endArray();
    if (group.scope)
        writeText(writer, "schemaUrl", group.scope->schemaUrl);
    writer.endObject();
}

} // namespace

QByteArray encode(std::span<const SpanData> spans)
{
    return encodeGrouped(spans, {"resourceSpans", "scopeSpans", "spans"});
}

QByteArray encode(std::span<const LogRecord> logs)
{
    return encodeGrouped(logs, {"resourceLogs", "scopeLogs", "logRecords"});
}

QByteArray encode(std::span<const ScopedMetrics> metrics)
{
    Writer writer;
    writer.beginObject();
    const auto groups = byResource(metrics);
    if (!groups.empty())
        writer.key("resourceMetrics").beginArray();
    for (const std::span<const ScopedMetrics> scopes : groups) {
        const Resource* resource = scopes.front().resource.get();
        writer.beginObject();
        writeResource(writer, resource);
        writer.key("scopeMetrics").beginArray();
        for (const ScopedMetrics& group : scopes) {
            if (!group.metrics.empty())
                writeScopedMetrics(writer, group);
        }
        writer.endArray();
        if (resource != nullptr)
            writeText(writer, "schemaUrl", resource->schemaUrl);
        writer.endObject();
    }
    if (!groups.empty())
        writer.endArray();
    writer.endObject();
    return writer.take();
}

} // namespace oriel::otlp::json_encoding
