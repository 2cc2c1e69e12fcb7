// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/temporality.h"

#include "telemetry/exponential_histogram.h"

#include <algorithm>

namespace oriel::telemetry {

namespace {

QByteArray seriesKey(const QByteArray& metric, const Attributes& attributes)
{
    // 0xFF is in no UTF-8 text, so that joined texts never run into each other.
    QByteArray key = metric;
    for (const Attribute& attribute : attributes) {
        key += '\xff';
        key += attribute.key;
        key += '\xff';
        key += attribute.value.text() != nullptr ? *attribute.value.text() : toJson(attribute.value);
    }
    return key;
}

/// Zero buckets at both ends say nothing.
void trim(ExponentialBuckets& buckets)
{
    auto& counts = buckets.counts;
    while (!counts.empty() && counts.back() == 0)
        counts.pop_back();
    const auto first = std::find_if(counts.begin(), counts.end(), [](std::uint64_t count) { return count != 0; });
    buckets.offset = counts.empty() ? 0 : buckets.offset + static_cast<std::int32_t>(first - counts.begin());
    counts.erase(counts.begin(), first);
}

/// `now` minus `before`, both at the same scale; buckets never lose counts.
ExponentialBuckets difference(const ExponentialBuckets& now, const ExponentialBuckets& before)
{
    ExponentialBuckets result = now;
    for (std::size_t i = 0; i < before.counts.size(); ++i) {
        const auto at = static_cast<std::int64_t>(before.offset) + static_cast<std::int64_t>(i) - now.offset;
        if (at >= 0 && at < static_cast<std::int64_t>(result.counts.size()))
            result.counts[static_cast<std::size_t>(at)] -=
                std::min(result.counts[static_cast<std::size_t>(at)], before.counts[i]);
    }
    trim(result);
    return result;
}

/// Cumulative extremes tell those of the interval only when it was the first, or moved them.
template <class Point> void takeExtremes(Point& point, bool first, double& min, double& max)
{
    const double newMin = point.min.value_or(0);
    const double newMax = point.max.value_or(0);
    if (!first && point.min && !(newMin < min))
        point.min.reset();
    if (!first && point.max && !(newMax > max))
        point.max.reset();
    min = newMin;
    max = newMax;
}

} // namespace

void TemporalityConverter::configure(TemporalityPreference preference, HistogramForm form)
{
    if (preference == m_preference && form == m_form)
        return;
    m_preference = preference;
    m_form = form;
    m_told.clear();
    m_previousUnixNs = 0;
}

bool TemporalityConverter::isDelta(const MetricData& metric) const
{
    if (m_preference == TemporalityPreference::Cumulative || metric.temporality != Temporality::Cumulative)
        return false;
    const bool additive =
        (metric.kind == InstrumentKind::Counter && metric.monotonic) || metric.kind == InstrumentKind::Histogram;
    return additive && (m_preference == TemporalityPreference::Delta || !metric.observed);
}

void TemporalityConverter::pick(MetricData& metric) const
{
    if (metric.kind != InstrumentKind::Histogram)
        return;
    if (m_form == HistogramForm::Exponential && !metric.exponentials.empty())
        metric.histograms.clear();
    else if (!metric.histograms.empty())
        metric.exponentials.clear();
}

TemporalityConverter::Told& TemporalityConverter::toldOf(const MetricData& metric, const Attributes& attributes,
                                                         std::int64_t startUnixNs, double count)
{
    Told& told = m_told[seriesKey(metric.name, attributes)];
    const double before = metric.kind == InstrumentKind::Histogram ? static_cast<double>(told.count) : told.value;
    if (told.startUnixNs != startUnixNs || count < before)
        told = {};
    told.startUnixNs = startUnixNs;
    told.round = m_round;
    return told;
}

template <class Point> void TemporalityConverter::finishPoint(Point& point) const
{
    if (m_previousUnixNs != 0)
        point.startUnixNs = std::min(m_previousUnixNs, point.timeUnixNs);
    std::erase_if(point.exemplars, [this](const Exemplar& exemplar) { return exemplar.timeUnixNs <= m_previousUnixNs; });
}

bool TemporalityConverter::subtract(NumberPoint& point, Told& told) const
{
    const double total = point.value;
    point.value -= told.value;
    told.value = total;
    return point.value != 0;
}

bool TemporalityConverter::subtract(HistogramPoint& point, Told& told) const
{
    const bool first = told.count == 0;
    const std::uint64_t count = point.count;
    const double sum = point.sum;
    std::vector<std::uint64_t> counts = point.bucketCounts;
    point.count -= told.count;
    point.sum -= told.value;
    for (std::size_t i = 0; i < std::min(counts.size(), told.bucketCounts.size()); ++i)
        point.bucketCounts[i] -= told.bucketCounts[i];
    takeExtremes(point, first, told.min, told.max);
    told.count = count;
    told.value = sum;
    told.bucketCounts = std::move(counts);
    return point.count != 0;
}

bool TemporalityConverter::subtract(ExponentialHistogramPoint& point, Told& told) const
{
    const bool first = told.count == 0;
    const ExponentialHistogramPoint total = point;
    if (!first) {
        lowerScale(told.positive, told.scale - point.scale);
        lowerScale(told.negative, told.scale - point.scale);
    }
    point.count -= told.count;
    point.sum -= told.value;
    point.zeroCount -= told.zeroCount;
    point.positive = difference(point.positive, told.positive);
    point.negative = difference(point.negative, told.negative);
    takeExtremes(point, first, told.min, told.max);
    told.count = total.count;
    told.value = total.sum;
    told.zeroCount = total.zeroCount;
    told.scale = total.scale;
    told.positive = total.positive;
    told.negative = total.negative;
    return point.count != 0;
}

void TemporalityConverter::makeDelta(MetricData& metric)
{
    metric.temporality = Temporality::Delta;
    const auto convertAll = [&](auto& points, const auto& amount) {
        std::erase_if(points, [&](auto& point) {
            Told& told = toldOf(metric, point.attributes, point.startUnixNs, amount(point));
            const bool changed = subtract(point, told);
            finishPoint(point);
            return !changed;
        });
    };
    const auto countOf = [](const auto& point) { return static_cast<double>(point.count); };
    convertAll(metric.numbers, [](const NumberPoint& point) { return point.value; });
    convertAll(metric.histograms, countOf);
    convertAll(metric.exponentials, countOf);
}

std::vector<MetricData> TemporalityConverter::convert(std::span<const MetricData> collected)
{
    ++m_round;
    std::int64_t now = m_previousUnixNs;
    std::vector<MetricData> out;
    out.reserve(collected.size());
    for (const MetricData& metric : collected) {
        MetricData& copy = out.emplace_back(metric);
        pick(copy);
        for (const NumberPoint& point : copy.numbers)
            now = std::max(now, point.timeUnixNs);
        for (const HistogramPoint& point : copy.histograms)
            now = std::max(now, point.timeUnixNs);
        for (const ExponentialHistogramPoint& point : copy.exponentials)
            now = std::max(now, point.timeUnixNs);
        if (isDelta(copy))
            makeDelta(copy);
        if (copy.numbers.empty() && copy.histograms.empty() && copy.exponentials.empty())
            out.pop_back();
    }
    m_previousUnixNs = now;
    std::erase_if(m_told, [this](const auto& entry) { return entry.second.round != m_round; });
    return out;
}

} // namespace oriel::telemetry
