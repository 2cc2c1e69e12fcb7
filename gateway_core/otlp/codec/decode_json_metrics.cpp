// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/json_request.h"

namespace oriel::otlp::json_encoding {

namespace {

using namespace telemetry;
using json::Value;

/// asInt or asDouble.
template <class Number> void readNumber(ValueReader& read, const Value& item, Number& out)
{
    if (const Value integer = item.find("asInt"); integer.exists() && !integer.isNull())
        setInteger(out, read.integer(integer));
    else
        out.value = read.real(item.find("asDouble"));
}

std::vector<Exemplar> readExemplars(ValueReader& read, const Value& array)
{
    std::vector<Exemplar> exemplars;
    for (const Value& item : array.elements()) {
        Exemplar& exemplar = exemplars.emplace_back();
        exemplar.timeUnixNs = read.integer(item.find("timeUnixNano"));
        readNumber(read, item, exemplar);
        exemplar.traceId = read.traceId(item.find("traceId"));
        exemplar.spanId = read.spanId(item.find("spanId"));
        exemplar.filteredAttributes = read.attributes(item.find("filteredAttributes"));
    }
    return exemplars;
}

/// What all kinds of points have.
template <class Point> void readShared(ValueReader& read, const Value& item, Point& point)
{
    point.attributes = read.attributes(item.find("attributes"));
    point.startUnixNs = read.integer(item.find("startTimeUnixNano"));
    point.timeUnixNs = read.integer(item.find("timeUnixNano"));
    point.flags = read.count(item.find("flags"));
}

/// What histograms of both kinds have.
template <class Point> void readDistribution(ValueReader& read, const Value& item, Point& point)
{
    point.count = static_cast<std::uint64_t>(read.integer(item.find("count")));
    const Value sum = item.find("sum");
    point.hasSum = sum.exists() && !sum.isNull();
    point.sum = read.real(sum);
    point.exemplars = readExemplars(read, item.find("exemplars"));
    if (const Value min = item.find("min"); min.exists() && !min.isNull())
        point.min = read.real(min);
    if (const Value max = item.find("max"); max.exists() && !max.isNull())
        point.max = read.real(max);
}

void readPoint(ValueReader& read, const Value& item, std::vector<NumberPoint>& out)
{
    NumberPoint& point = out.emplace_back();
    readShared(read, item, point);
    readNumber(read, item, point);
    point.exemplars = readExemplars(read, item.find("exemplars"));
}

void readPoint(ValueReader& read, const Value& item, std::vector<HistogramPoint>& out)
{
    HistogramPoint& point = out.emplace_back();
    readShared(read, item, point);
    readDistribution(read, item, point);
    for (const Value& count : item.find("bucketCounts").elements())
        point.bucketCounts.push_back(static_cast<std::uint64_t>(read.integer(count)));
    for (const Value& bound : item.find("explicitBounds").elements())
        point.bounds.push_back(read.real(bound));
}

ExponentialBuckets readBuckets(ValueReader& read, const Value& content)
{
    ExponentialBuckets buckets;
    buckets.offset = read.smallInteger(content.find("offset"));
    for (const Value& count : content.find("bucketCounts").elements())
        buckets.counts.push_back(static_cast<std::uint64_t>(read.integer(count)));
    return buckets;
}

void readPoint(ValueReader& read, const Value& item, std::vector<ExponentialHistogramPoint>& out)
{
    ExponentialHistogramPoint& point = out.emplace_back();
    readShared(read, item, point);
    readDistribution(read, item, point);
    point.scale = read.smallInteger(item.find("scale"));
    point.zeroCount = static_cast<std::uint64_t>(read.integer(item.find("zeroCount")));
    point.zeroThreshold = read.real(item.find("zeroThreshold"));
    point.positive = readBuckets(read, item.find("positive"));
    point.negative = readBuckets(read, item.find("negative"));
}

void readPoint(ValueReader& read, const Value& item, std::vector<SummaryPoint>& out)
{
    SummaryPoint& point = out.emplace_back();
    readShared(read, item, point);
    point.count = static_cast<std::uint64_t>(read.integer(item.find("count")));
    point.sum = read.real(item.find("sum"));
    for (const Value& quantile : item.find("quantileValues").elements())
        point.quantiles.emplace_back(read.real(quantile.find("quantile")), read.real(quantile.find("value")));
}

template <class Point> void readPoints(ValueReader& read, const Value& content, MetricData& metric, std::vector<Point>& out)
{
    metric.temporality = metric.kind == InstrumentKind::Gauge
                             ? Temporality::Cumulative
                             : read.enumeration<Temporality>(content.find("aggregationTemporality"), temporalityNames());
    metric.monotonic = content.find("isMonotonic").asBool().value_or(false);
    if (metric.kind == InstrumentKind::Counter && !metric.monotonic)
        metric.kind = InstrumentKind::UpDownCounter;
    for (const Value& point : content.find("dataPoints").elements())
        readPoint(read, point, out);
}

void readMetric(ValueReader& read, const Value& item, ScopedMetrics& out)
{
    MetricData metric;
    metric.name = item.find("name").asUtf8();
    metric.description = item.find("description").asUtf8();
    metric.unit = item.find("unit").asUtf8();
    metric.metadata = read.attributes(item.find("metadata"));
    if (const Value gauge = item.find("gauge"); gauge.isObject()) {
        metric.kind = InstrumentKind::Gauge;
        readPoints(read, gauge, metric, metric.numbers);
    } else if (const Value sum = item.find("sum"); sum.isObject()) {
        metric.kind = InstrumentKind::Counter;
        readPoints(read, sum, metric, metric.numbers);
    } else if (const Value histogram = item.find("histogram"); histogram.isObject()) {
        metric.kind = InstrumentKind::Histogram;
        readPoints(read, histogram, metric, metric.histograms);
    } else if (const Value exponential = item.find("exponentialHistogram"); exponential.isObject()) {
        metric.kind = InstrumentKind::Histogram;
        readPoints(read, exponential, metric, metric.exponentials);
    } else if (const Value summary = item.find("summary"); summary.isObject()) {
        metric.kind = InstrumentKind::Histogram;
        readPoints(read, summary, metric, metric.summaries);
    }
    if (hasPoints(metric))
        out.metrics.push_back(std::move(metric));
}

} // namespace

Result<DecodedMetrics> decodeMetrics(QByteArrayView message)
{
    return walkRequest<DecodedMetrics>(
        message, {"resourceMetrics", "scopeMetrics", "metrics"},
        [](ValueReader& read, const Value& item, DecodedMetrics& out, const SharedResource& resource, const SharedScope& scope) {
            if (out.metrics.empty() || out.metrics.back().scope != scope)
                out.metrics.push_back({resource, scope, {}});
            readMetric(read, item, out.metrics.back());
        });
}

} // namespace oriel::otlp::json_encoding
