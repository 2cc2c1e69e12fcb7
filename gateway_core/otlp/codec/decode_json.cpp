// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "otlp/codec/decoders.h"

#include <cmath>
#include <limits>

namespace oriel::otlp::json_encoding {

namespace {

using namespace telemetry;
using json::Value;

/// 64-bit integers come as decimal strings or as numbers.
std::int64_t toInteger(const Value& value)
{
    if (const auto number = value.asInt64())
        return *number;
    if (value.isString()) {
        const QByteArray text = value.asUtf8();
        bool ok = false;
        const qlonglong number = text.toLongLong(&ok);
        // Counts and times are unsigned on the wire and may use the 64th bit.
        return ok ? number : static_cast<std::int64_t>(text.toULongLong());
    }
    const auto real = value.asDouble();
    constexpr double kLimit = 9.2e18;
    return real && std::abs(*real) < kLimit ? static_cast<std::int64_t>(*real) : 0;
}

double toDouble(const Value& value)
{
    if (const auto number = value.asDouble())
        return *number;
    if (!value.isString())
        return 0;
    const QByteArray text = value.asUtf8();
    if (text == "NaN")
        return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity")
        return std::numeric_limits<double>::infinity();
    if (text == "-Infinity")
        return -std::numeric_limits<double>::infinity();
    return text.toDouble();
}

std::uint32_t toCount(const Value& value)
{
    const std::int64_t number = toInteger(value);
    return number > 0 && number <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(number) : 0;
}

std::int32_t toInt32(const Value& value)
{
    const std::int64_t number = toInteger(value);
    return number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max()
               ? static_cast<std::int32_t>(number)
               : 0;
}

template <class Enum> Enum toEnum(const Value& value, std::int64_t last)
{
    const std::int64_t number = toInteger(value);
    return number >= 0 && number <= last ? static_cast<Enum>(number) : static_cast<Enum>(0);
}

TraceId toTraceId(const Value& value)
{
    return TraceId::fromHex(value.asUtf8().toLower()).value_or(TraceId{});
}
SpanId toSpanId(const Value& value)
{
    return SpanId::fromHex(value.asUtf8().toLower()).value_or(SpanId{});
}

AnyValue readValue(const Value& value, int depth);

Attributes readAttributes(const Value& array, int depth = 0)
{
    Attributes attributes;
    attributes.reserve(array.size());
    for (const Value& entry : array.elements()) {
        QByteArray key = entry.find("key").asUtf8();
        if (!key.isEmpty())
            attributes.push_back({std::move(key), readValue(entry.find("value"), depth)});
    }
    return attributes;
}

AnyValue readArray(const Value& content, int depth)
{
    auto array = std::make_shared<ArrayValue>();
    for (const Value& element : content.find("values").elements())
        array->values.push_back(readValue(element, depth));
    return std::shared_ptr<const ArrayValue>(std::move(array));
}

AnyValue readList(const Value& content, int depth)
{
    auto list = std::make_shared<KeyValueList>();
    list->values = readAttributes(content.find("values"), depth);
    return std::shared_ptr<const KeyValueList>(std::move(list));
}

AnyValue readValue(const Value& value, int depth)
{
    for (const json::Member& member : value.members()) {
        const Value& content = member.value;
        if (content.isNull())
            continue;
        if (member.key.equals("stringValue"))
            return content.asUtf8();
        if (member.key.equals("boolValue"))
            return content.asBool().value_or(false);
        if (member.key.equals("intValue"))
            return toInteger(content);
        if (member.key.equals("doubleValue"))
            return toDouble(content);
        if (member.key.equals("bytesValue"))
            return BytesValue{QByteArray::fromBase64(content.asUtf8())};
        if (member.key.equals("arrayValue"))
            return depth < kMaxValueDepth ? readArray(content, depth + 1) : AnyValue();
        if (member.key.equals("kvlistValue"))
            return depth < kMaxValueDepth ? readList(content, depth + 1) : AnyValue();
    }
    return {};
}

void readItem(const Value& item, SpanData& span)
{
    span.traceId = toTraceId(item.find("traceId"));
    span.spanId = toSpanId(item.find("spanId"));
    span.parentSpanId = toSpanId(item.find("parentSpanId"));
    span.traceState = item.find("traceState").asUtf8();
    span.flags = toCount(item.find("flags"));
    span.name = item.find("name").asUtf8();
    span.kind = toEnum<SpanKind>(item.find("kind"), 5);
    span.startUnixNs = toInteger(item.find("startTimeUnixNano"));
    span.endUnixNs = toInteger(item.find("endTimeUnixNano"));
    span.attributes = readAttributes(item.find("attributes"));
    span.droppedAttributes = toCount(item.find("droppedAttributesCount"));
    for (const Value& event : item.find("events").elements()) {
        span.events.push_back({toInteger(event.find("timeUnixNano")), event.find("name").asUtf8(),
                               readAttributes(event.find("attributes")), toCount(event.find("droppedAttributesCount"))});
    }
    span.droppedEvents = toCount(item.find("droppedEventsCount"));
    for (const Value& link : item.find("links").elements()) {
        span.links.push_back({toTraceId(link.find("traceId")), toSpanId(link.find("spanId")), link.find("traceState").asUtf8(),
                              readAttributes(link.find("attributes")), toCount(link.find("flags")),
                              toCount(link.find("droppedAttributesCount"))});
    }
    span.droppedLinks = toCount(item.find("droppedLinksCount"));
    span.statusMessage = item.find("status").find("message").asUtf8();
    span.status = toEnum<StatusCode>(item.find("status").find("code"), 2);
}

void readItem(const Value& item, LogRecord& log)
{
    log.timeUnixNs = toInteger(item.find("timeUnixNano"));
    log.observedUnixNs = toInteger(item.find("observedTimeUnixNano"));
    log.severity = toEnum<Severity>(item.find("severityNumber"), 24);
    log.severityText = item.find("severityText").asUtf8();
    log.body = readValue(item.find("body"), 0);
    log.attributes = readAttributes(item.find("attributes"));
    log.droppedAttributes = toCount(item.find("droppedAttributesCount"));
    log.flags = toCount(item.find("flags"));
    log.traceId = toTraceId(item.find("traceId"));
    log.spanId = toSpanId(item.find("spanId"));
    log.eventName = item.find("eventName").asUtf8();
}

/// asInt or asDouble.
template <class Number> void readNumber(const Value& item, Number& out)
{
    if (const Value integer = item.find("asInt"); integer.exists() && !integer.isNull())
        setInteger(out, toInteger(integer));
    else
        out.value = toDouble(item.find("asDouble"));
}

std::vector<Exemplar> readExemplars(const Value& array)
{
    std::vector<Exemplar> exemplars;
    for (const Value& item : array.elements()) {
        Exemplar& exemplar = exemplars.emplace_back();
        exemplar.timeUnixNs = toInteger(item.find("timeUnixNano"));
        readNumber(item, exemplar);
        exemplar.traceId = toTraceId(item.find("traceId"));
        exemplar.spanId = toSpanId(item.find("spanId"));
        exemplar.filteredAttributes = readAttributes(item.find("filteredAttributes"));
    }
    return exemplars;
}

/// What all kinds of points have.
template <class Point> void readShared(const Value& item, Point& point)
{
    point.attributes = readAttributes(item.find("attributes"));
    point.startUnixNs = toInteger(item.find("startTimeUnixNano"));
    point.timeUnixNs = toInteger(item.find("timeUnixNano"));
    point.flags = toCount(item.find("flags"));
}

/// What histograms of both kinds have.
template <class Point> void readDistribution(const Value& item, Point& point)
{
    point.count = static_cast<std::uint64_t>(toInteger(item.find("count")));
    const Value sum = item.find("sum");
    point.hasSum = sum.exists() && !sum.isNull();
    point.sum = toDouble(sum);
    point.exemplars = readExemplars(item.find("exemplars"));
    if (const Value min = item.find("min"); min.exists() && !min.isNull())
        point.min = toDouble(min);
    if (const Value max = item.find("max"); max.exists() && !max.isNull())
        point.max = toDouble(max);
}

void readPoint(const Value& item, std::vector<NumberPoint>& out)
{
    NumberPoint& point = out.emplace_back();
    readShared(item, point);
    readNumber(item, point);
    point.exemplars = readExemplars(item.find("exemplars"));
}

void readPoint(const Value& item, std::vector<HistogramPoint>& out)
{
    HistogramPoint& point = out.emplace_back();
    readShared(item, point);
    readDistribution(item, point);
    for (const Value& count : item.find("bucketCounts").elements())
        point.bucketCounts.push_back(static_cast<std::uint64_t>(toInteger(count)));
    for (const Value& bound : item.find("explicitBounds").elements())
        point.bounds.push_back(toDouble(bound));
}

ExponentialBuckets readBuckets(const Value& content)
{
    ExponentialBuckets buckets;
    buckets.offset = toInt32(content.find("offset"));
    for (const Value& count : content.find("bucketCounts").elements())
        buckets.counts.push_back(static_cast<std::uint64_t>(toInteger(count)));
    return buckets;
}

void readPoint(const Value& item, std::vector<ExponentialHistogramPoint>& out)
{
    ExponentialHistogramPoint& point = out.emplace_back();
    readShared(item, point);
    readDistribution(item, point);
    point.scale = toInt32(item.find("scale"));
    point.zeroCount = static_cast<std::uint64_t>(toInteger(item.find("zeroCount")));
    point.zeroThreshold = toDouble(item.find("zeroThreshold"));
    point.positive = readBuckets(item.find("positive"));
    point.negative = readBuckets(item.find("negative"));
}

void readPoint(const Value& item, std::vector<SummaryPoint>& out)
{
    SummaryPoint& point = out.emplace_back();
    readShared(item, point);
    point.count = static_cast<std::uint64_t>(toInteger(item.find("count")));
    point.sum = toDouble(item.find("sum"));
    for (const Value& quantile : item.find("quantileValues").elements())
        point.quantiles.emplace_back(toDouble(quantile.find("quantile")), toDouble(quantile.find("value")));
}

template <class Point> void readPoints(const Value& content, MetricData& metric, std::vector<Point>& out)
{
    metric.temporality = metric.kind == InstrumentKind::Gauge ? Temporality::Cumulative
                                                              : toEnum<Temporality>(content.find("aggregationTemporality"), 2);
    metric.monotonic = content.find("isMonotonic").asBool().value_or(false);
    if (metric.kind == InstrumentKind::Counter && !metric.monotonic)
        metric.kind = InstrumentKind::UpDownCounter;
    for (const Value& point : content.find("dataPoints").elements())
        readPoint(point, out);
}

void readMetric(const Value& item, ScopedMetrics& out)
{
    MetricData metric;
    metric.name = item.find("name").asUtf8();
    metric.description = item.find("description").asUtf8();
    metric.unit = item.find("unit").asUtf8();
    metric.metadata = readAttributes(item.find("metadata"));
    if (const Value gauge = item.find("gauge"); gauge.isObject()) {
        metric.kind = InstrumentKind::Gauge;
        readPoints(gauge, metric, metric.numbers);
    } else if (const Value sum = item.find("sum"); sum.isObject()) {
        metric.kind = InstrumentKind::Counter;
        readPoints(sum, metric, metric.numbers);
    } else if (const Value histogram = item.find("histogram"); histogram.isObject()) {
        metric.kind = InstrumentKind::Histogram;
        readPoints(histogram, metric, metric.histograms);
    } else if (const Value exponential = item.find("exponentialHistogram"); exponential.isObject()) {
        metric.kind = InstrumentKind::Histogram;
        readPoints(exponential, metric, metric.exponentials);
    } else if (const Value summary = item.find("summary"); summary.isObject()) {
        metric.kind = InstrumentKind::Histogram;
        readPoints(summary, metric, metric.summaries);
    }
    if (hasPoints(metric))
        out.metrics.push_back(std::move(metric));
}

std::vector<QByteArray> readTexts(const Value& array)
{
    std::vector<QByteArray> texts;
    for (const Value& text : array.elements())
        texts.push_back(text.asUtf8());
    return texts;
}

std::vector<EntityRef> readEntityRefs(const Value& array)
{
    std::vector<EntityRef> refs;
    for (const Value& item : array.elements())
        refs.push_back({item.find("schemaUrl").asUtf8(), item.find("type").asUtf8(), readTexts(item.find("idKeys")),
                        readTexts(item.find("descriptionKeys"))});
    return refs;
}

struct GroupNames {
    const char* resources;
    const char* scopes;
    const char* items;
};

template <class T, class ReadOne> Result<T> walkRequest(QByteArrayView message, const GroupNames& names, ReadOne readOne)
{
    json::ParseOptions options;
    options.maxDepth = 4 * kMaxValueDepth;
    options.allowLoneSurrogates = true;
    options.maxValues = kMaxParts;
    json::Document document;
    if (const Status parsed = document.parseOrError(message, options); !parsed)
        return fail(parsed.error());
    if (!document.root().isObject())
        return fail(ErrorCode::Parse, QStringLiteral("an OTLP JSON message is an object"));
    T out;
    for (const Value& group : document.root().find(names.resources).elements()) {
        auto resource = std::make_shared<Resource>();
        resource->attributes = readAttributes(group.find("resource").find("attributes"));
        resource->droppedAttributes = toCount(group.find("resource").find("droppedAttributesCount"));
        resource->entityRefs = readEntityRefs(group.find("resource").find("entityRefs"));
        resource->schemaUrl = group.find("schemaUrl").asUtf8();
        for (const Value& scopeGroup : group.find(names.scopes).elements()) {
            const Value named = scopeGroup.find("scope");
            auto scope = std::make_shared<Scope>();
            scope->name = named.find("name").asUtf8();
            scope->version = named.find("version").asUtf8();
            scope->attributes = readAttributes(named.find("attributes"));
            scope->droppedAttributes = toCount(named.find("droppedAttributesCount"));
            scope->schemaUrl = scopeGroup.find("schemaUrl").asUtf8();
            for (const Value& item : scopeGroup.find(names.items).elements())
                readOne(item, out, std::shared_ptr<const Resource>(resource), std::shared_ptr<const Scope>(scope));
        }
    }
    return out;
}

using SharedResource = std::shared_ptr<const Resource>;
using SharedScope = std::shared_ptr<const Scope>;

} // namespace

Result<DecodedSpans> decodeTraces(QByteArrayView message)
{
    return walkRequest<DecodedSpans>(
        message, {"resourceSpans", "scopeSpans", "spans"},
        [](const Value& item, DecodedSpans& out, const SharedResource& resource, const SharedScope& scope) {
            SpanData span;
            readItem(item, span);
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
        [](const Value& item, DecodedLogs& out, const SharedResource& resource, const SharedScope& scope) {
            LogRecord& log = out.logs.emplace_back();
            readItem(item, log);
            if (isEmpty(log)) {
                out.logs.pop_back();
                ++out.rejected;
                return;
            }
            log.resource = resource;
            log.scope = scope;
        });
}

Result<DecodedMetrics> decodeMetrics(QByteArrayView message)
{
    return walkRequest<DecodedMetrics>(
        message, {"resourceMetrics", "scopeMetrics", "metrics"},
        [](const Value& item, DecodedMetrics& out, const SharedResource& resource, const SharedScope& scope) {
            if (out.metrics.empty() || out.metrics.back().scope != scope)
                out.metrics.push_back({resource, scope, {}});
            readMetric(item, out.metrics.back());
        });
}

} // namespace oriel::otlp::json_encoding
