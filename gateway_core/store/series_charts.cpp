// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace oriel::store {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

struct Window {
    std::int64_t fromMs;
    std::int64_t toMs;
    std::int64_t stepMs;
    std::int64_t windowMs;
    [[nodiscard]] std::size_t points() const { return static_cast<std::size_t>((toMs - fromMs) / stepMs + 1); }
};

Result<Window> windowOf(const ChartRange& range)
{
    if (range.stepMs <= 0 || range.toMs < range.fromMs)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("A chart needs a positive step and an end after its start"));
    if ((range.toMs - range.fromMs) / range.stepMs + 1 > kMaxChartPoints)
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("A chart of more than %1 points was asked for").arg(kMaxChartPoints));
    const std::int64_t window = range.windowMs > 0 ? range.windowMs : std::max<std::int64_t>(4 * range.stepMs, 60'000);
    return Window{range.fromMs, range.toMs, range.stepMs, window};
}

Labels grouped(const Labels& labels, const std::vector<QByteArray>& by)
{
    Labels out;
    for (const Label& label : labels)
        if (std::find(by.begin(), by.end(), label.name) != by.end())
            out.push_back(label);
    return out;
}

/// The per-second increase of a counter over the window before each point, NaN where fewer than two samples are there.
std::vector<double> ratesOf(const std::vector<Sample>& samples, const Window& window)
{
    // The increase up to each sample, so that every point costs the same.
    std::vector<double> increase(samples.size());
    for (std::size_t i = 1; i < samples.size(); ++i) {
        const double step = samples[i].value - samples[i - 1].value;
        increase[i] = increase[i - 1] + (step >= 0 ? step : samples[i].value);
    }
    std::vector<double> out(window.points(), kNothing);
    std::size_t begin = 0;
    std::size_t end = 0;
    for (std::size_t point = 0; point < out.size(); ++point) {
        const std::int64_t at = window.fromMs + static_cast<std::int64_t>(point) * window.stepMs;
        while (end < samples.size() && samples[end].timeMs <= at)
            ++end;
        while (begin < end && samples[begin].timeMs <= at - window.windowMs)
            ++begin;
        if (end - begin < 2)
            continue;
        const auto seconds = static_cast<double>(samples[end - 1].timeMs - samples[begin].timeMs) / 1000.0;
        out[point] = seconds > 0 ? (increase[end - 1] - increase[begin]) / seconds : kNothing;
    }
    return out;
}

std::vector<double> latestOf(const std::vector<Sample>& samples, const Window& window)
{
    std::vector<double> out(window.points(), kNothing);
    std::size_t end = 0;
    for (std::size_t point = 0; point < out.size(); ++point) {
        const std::int64_t at = window.fromMs + static_cast<std::int64_t>(point) * window.stepMs;
        while (end < samples.size() && samples[end].timeMs <= at)
            ++end;
        if (end > 0 && samples[end - 1].timeMs > at - window.windowMs)
            out[point] = samples[end - 1].value;
    }
    return out;
}

using Values = std::map<Labels, std::vector<double>>;

void addTo(std::vector<double>& sum, const std::vector<double>& values)
{
    if (sum.empty())
        sum.assign(values.size(), kNothing);
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isnan(values[i]))
            sum[i] = std::isnan(sum[i]) ? values[i] : sum[i] + values[i];
}

template <class Evaluate>
Values summed(const SeriesSource& source, QByteArrayView metric, const std::vector<LabelMatcher>& matchers, const Window& window,
              const std::vector<QByteArray>& by, const std::stop_token& stop, const Evaluate& evaluate)
{
    Values out;
    for (const SeriesData& series : source.select(metric, matchers, window.fromMs - window.windowMs, window.toMs, stop))
        addTo(out[grouped(series.labels, by)], evaluate(series.samples, window));
    return out;
}

std::vector<ChartLine> linesOf(const Values& values, const Window& window)
{
    std::vector<ChartLine> lines;
    for (const auto& [labels, numbers] : values) {
        ChartLine line{labels, {}};
        line.points.reserve(numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i)
            line.points.push_back({window.fromMs + static_cast<std::int64_t>(i) * window.stepMs, numbers[i]});
        lines.push_back(std::move(line));
    }
    return lines;
}

/// histogram_quantile: linear within the bucket that holds the rank; the last finite bound where that is the bucket without end.
double quantileOf(double q, const std::vector<std::pair<double, double>>& buckets)
{
    if (buckets.size() < 2 || !std::isinf(buckets.back().first))
        return kNothing;
    const double total = buckets.back().second;
    if (!(total > 0))
        return kNothing;
    if (q < 0)
        return -std::numeric_limits<double>::infinity();
    if (q > 1)
        return std::numeric_limits<double>::infinity();
    const double rank = q * total;
    std::size_t at = 0;
    while (at + 1 < buckets.size() && buckets[at].second < rank)
        ++at;
    if (at + 1 == buckets.size())
        return buckets[at - 1].first;
    if (at == 0 && buckets[0].first <= 0)
        return buckets[0].first;
    const double low = at == 0 ? 0 : buckets[at - 1].first;
    const double below = at == 0 ? 0 : buckets[at - 1].second;
    const double inside = buckets[at].second - below;
    return inside > 0 ? low + (buckets[at].first - low) * (rank - below) / inside : buckets[at].first;
}

} // namespace

Result<std::vector<ChartLine>> chartRate(const SeriesSource& source, QByteArrayView metric,
                                         const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                         const std::vector<QByteArray>& by, std::stop_token stop)
{
    const Result<Window> window = windowOf(range);
    if (!window)
        return tl::unexpected(window.error());
    return linesOf(summed(source, metric, matchers, *window, by, stop, ratesOf), *window);
}

Result<std::vector<ChartLine>> chartValue(const SeriesSource& source, QByteArrayView metric,
                                          const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                          const std::vector<QByteArray>& by, std::stop_token stop)
{
    const Result<Window> window = windowOf(range);
    if (!window)
        return tl::unexpected(window.error());
    return linesOf(summed(source, metric, matchers, *window, by, stop, latestOf), *window);
}

Result<std::vector<ChartLine>> chartQuantile(const SeriesSource& source, QByteArrayView histogram, double q,
                                             const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                             const std::vector<QByteArray>& by, std::stop_token stop)
{
    const Result<Window> window = windowOf(range);
    if (!window)
        return tl::unexpected(window.error());
    std::vector<QByteArray> withBound = by;
    withBound.push_back(QByteArrayLiteral("le"));
    const Values rates = summed(source, histogram.toByteArray() + "_bucket", matchers, *window, withBound, stop, ratesOf);
    std::map<Labels, std::map<double, std::vector<double>>> byBound;
    for (const auto& [labels, values] : rates) {
        Labels rest;
        double bound = kNothing;
        for (const Label& label : labels) {
            if (label.name != QByteArrayView("le"))
                rest.push_back(label);
            else
                bound = label.value == QByteArrayView("+Inf") ? std::numeric_limits<double>::infinity() : label.value.toDouble();
        }
        if (!std::isnan(bound))
            byBound[rest][bound] = values;
    }
    Values out;
    for (const auto& [labels, bounds] : byBound) {
        std::vector<double>& line = out[labels];
        line.assign(window->points(), kNothing);
        std::vector<std::pair<double, double>> buckets;
        for (std::size_t i = 0; i < line.size(); ++i) {
            buckets.clear();
            double highest = 0;
            for (const auto& [bound, values] : bounds) {
                if (std::isnan(values[i]))
                    continue;
                highest = std::max(highest, values[i]); // buckets of series that began at different times may not grow
                buckets.emplace_back(bound, highest);
            }
            line[i] = quantileOf(q, buckets);
        }
    }
    return linesOf(out, *window);
}

Result<std::vector<ChartLine>> chartRatio(const SeriesSource& source, QByteArrayView numerator, QByteArrayView denominator,
                                          const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                          const std::vector<QByteArray>& by, std::stop_token stop)
{
    const Result<Window> window = windowOf(range);
    if (!window)
        return tl::unexpected(window.error());
    const Values above = summed(source, numerator, matchers, *window, by, stop, ratesOf);
    Values out = summed(source, denominator, matchers, *window, by, stop, ratesOf);
    for (auto& [labels, values] : out) {
        const auto part = above.find(labels);
        for (std::size_t i = 0; i < values.size(); ++i) {
            // A numerator that does not exist yet counts as zero: no success and no failure was recorded.
            const double top = part == above.end() || std::isnan(part->second[i]) ? 0 : part->second[i];
            values[i] = values[i] > 0 ? top / values[i] : kNothing;
        }
    }
    return linesOf(out, *window);
}

} // namespace oriel::store
