// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/received/received_series.h"

#include "telemetry/prometheus_text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace oriel::service {

namespace {

using telemetry::AnyValue;
using telemetry::Attributes;

QByteArray textOf(const Attributes& attributes, const char* key)
{
    const AnyValue* value = telemetry::findAttribute(attributes, key);
    const QByteArray* text = value != nullptr ? value->text() : nullptr;
    return text != nullptr ? *text : QByteArray();
}

Attributes originOf(const telemetry::Resource* resource)
{
    Attributes origin;
    if (resource == nullptr)
        return origin;
    const QByteArray space = textOf(resource->attributes, "service.namespace");
    const QByteArray name = textOf(resource->attributes, "service.name");
    if (!name.isEmpty())
        origin.push_back({QByteArrayLiteral("job"), AnyValue(space.isEmpty() ? name : space + '/' + name)});
    if (const QByteArray instance = textOf(resource->attributes, "service.instance.id"); !instance.isEmpty())
        origin.push_back({QByteArrayLiteral("instance"), AnyValue(instance)});
    return origin;
}

template <class Point> void addOrigin(std::vector<Point>& points, const Attributes& origin)
{
    for (Point& point : points) {
        for (const telemetry::Attribute& label : origin) {
            if (telemetry::findAttribute(point.attributes, label.key) == nullptr)
                point.attributes.push_back(label);
        }
    }
}

using telemetry::InstrumentKind;
using telemetry::MetricData;

/// Powers of two within which bounds are made; what lies outside counts into the first bucket or the last.
constexpr int kLowestPower = -40;
constexpr int kHighestPower = 40;

/// The power p of the bound 2^p at which a bucket ends, or the one in which it lies. A bucket never lies across a power of two.
int powerOf(std::int64_t index, std::int32_t scale)
{
    if (scale >= 0) {
        const int shift = std::min(scale, 62);
        return static_cast<int>(std::clamp<std::int64_t>((index >> shift) + 1, kLowestPower, kHighestPower + 1));
    }
    const int shift = std::min(-scale, 20);
    const std::int64_t limit = std::int64_t{1} << 40;
    return static_cast<int>(std::clamp<std::int64_t>((std::clamp(index, -limit, limit) + 1) * (std::int64_t{1} << shift),
                                                     kLowestPower, kHighestPower + 1));
}

telemetry::HistogramPoint classicOf(const telemetry::ExponentialHistogramPoint& from)
{
    telemetry::HistogramPoint point{
        from.attributes, from.startUnixNs, from.timeUnixNs, from.count, from.sum, from.min, from.max, {}, {},
        from.exemplars,  from.flags,       from.hasSum};
    std::map<int, std::uint64_t> counts;
    for (std::size_t i = 0; i < from.positive.counts.size(); ++i) {
        if (from.positive.counts[i] != 0)
            counts[powerOf(std::int64_t{from.positive.offset} + static_cast<std::int64_t>(i), from.scale)] +=
                from.positive.counts[i];
    }
    std::uint64_t low = from.zeroCount;
    for (const std::uint64_t count : from.negative.counts)
        low += count;
    point.bounds.push_back(0);
    point.bucketCounts.push_back(low);
    std::uint64_t beyond = 0;
    for (const auto& [power, count] : counts) {
        if (power > kHighestPower) {
            beyond += count;
            continue;
        }
        point.bounds.push_back(std::ldexp(1.0, power));
        point.bucketCounts.push_back(count);
    }
    point.bucketCounts.push_back(beyond);
    return point;
}

/// Points that say that there is no value make no sample.
template <class Point> void dropWithoutValue(std::vector<Point>& points)
{
    std::erase_if(points, [](const Point& point) { return (point.flags & telemetry::kNoRecordedValue) != 0; });
}

/// A series for each quantile, with `quantile` as its label, and the sum and count of what they are of.
void addSummary(const MetricData& summary, std::vector<MetricData>& out)
{
    MetricData quantiles = summary;
    quantiles.name = telemetry::prometheusName(summary.name, summary.unit, false);
    quantiles.unit.clear();
    quantiles.kind = InstrumentKind::Gauge;
    quantiles.monotonic = false;
    quantiles.summaries.clear();
    MetricData sum = quantiles;
    sum.name += "_sum";
    sum.kind = InstrumentKind::UpDownCounter;
    MetricData count = sum;
    count.name = quantiles.name + "_count";
    for (const telemetry::SummaryPoint& point : summary.summaries) {
        if ((point.flags & telemetry::kNoRecordedValue) != 0)
            continue;
        for (const auto& [quantile, value] : point.quantiles) {
            telemetry::NumberPoint& one = quantiles.numbers.emplace_back();
            one.attributes = point.attributes;
            one.attributes.push_back({QByteArrayLiteral("quantile"), AnyValue(telemetry::prometheusNumber(quantile))});
            one.value = value;
        }
        sum.numbers.push_back({point.attributes, point.startUnixNs, point.timeUnixNs, point.sum, false, {}});
        count.numbers.push_back(
            {point.attributes, point.startUnixNs, point.timeUnixNs, static_cast<double>(point.count), true, {}});
    }
    for (MetricData* made : {&quantiles, &sum, &count})
        out.push_back(std::move(*made));
}

} // namespace

std::vector<telemetry::MetricData> seriesOf(const otlp::ScopedMetrics& received)
{
    const Attributes origin = originOf(received.resource.get());
    std::vector<telemetry::MetricData> metrics;
    for (const MetricData& metric : received.metrics) {
        if (!metric.summaries.empty()) {
            addSummary(metric, metrics);
            continue;
        }
        MetricData& copy = metrics.emplace_back(metric);
        for (const telemetry::ExponentialHistogramPoint& point : metric.exponentials)
            copy.histograms.push_back(classicOf(point));
        copy.exponentials.clear();
    }
    for (telemetry::MetricData& metric : metrics) {
        dropWithoutValue(metric.numbers);
        dropWithoutValue(metric.histograms);
        addOrigin(metric.numbers, origin);
        addOrigin(metric.histograms, origin);
    }
    return metrics;
}

} // namespace oriel::service
