// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/time_series.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace oriel::ui {
namespace {

double inSeconds(std::int64_t atNs, std::int64_t originNs)
{
    return static_cast<double>(atNs - originNs) / 1e9;
}

double linearised(double value, const AxisScale& values)
{
    if (values.kind == ScaleKind::Linear)
        return value;
    return std::log10(std::max(value, values.lowest));
}

auto sampleBefore()
{
    return [](const TimeValue& sample, std::int64_t atNs) { return sample.atNs < atNs; };
}

} // namespace

QColor seriesColor(const Theme& theme, const TimeSeries& series, qsizetype index)
{
    if (series.tone != Tone::Neutral)
        return theme.toneColor(series.tone);
    constexpr auto slots = static_cast<qsizetype>(Theme::serviceColorCount);
    if (series.colorSlot >= 0)
        return theme.services[static_cast<std::size_t>(series.colorSlot % slots)];
    if (index == 0)
        return theme.accent;
    return theme.services[static_cast<std::size_t>(index % slots)];
}

QList<TimeSeries> stacked(const QList<TimeSeries>& series)
{
    std::set<std::int64_t> times;
    for (const TimeSeries& one : series) {
        for (const TimeValue& sample : one.samples)
            times.insert(sample.atNs);
    }
    QList<TimeSeries> result;
    QList<TimeValue> sum;
    sum.reserve(static_cast<qsizetype>(times.size()));
    for (const std::int64_t at : times)
        sum.append({at, 0});
    for (const TimeSeries& one : series) {
        qsizetype at = 0;
        for (TimeValue& total : sum) {
            while (at < one.samples.size() && one.samples[at].atNs < total.atNs)
                ++at;
            if (at < one.samples.size() && one.samples[at].atNs == total.atNs && std::isfinite(one.samples[at].value))
                total.value += one.samples[at].value;
        }
        TimeSeries layer = one;
        layer.look = TimeSeries::Look::Area;
        layer.samples = sum;
        result.append(layer);
    }
    return result;
}

std::pair<double, double> valueBounds(const QList<TimeSeries>& series, std::int64_t fromNs, std::int64_t toNs)
{
    double lowest = INFINITY;
    double highest = -INFINITY;
    for (const TimeSeries& one : series) {
        for (const TimeValue& sample : one.samples) {
            if (sample.atNs < fromNs || sample.atNs > toNs || !std::isfinite(sample.value))
                continue;
            lowest = std::min(lowest, sample.value);
            highest = std::max(highest, sample.value);
        }
    }
    return lowest > highest ? std::pair{0.0, 0.0} : std::pair{lowest, highest};
}

QList<PlotStretch> plotStretches(const TimeSeries& series, const TimeSeries* foot, std::int64_t fromNs, std::int64_t toNs,
                                 int pixels, const AxisScale& values)
{
    QList<PlotStretch> stretches;
    const double width = inSeconds(toNs, fromNs);
    const auto finish = [&](QList<QPointF>& points, QList<QPointF>& below) {
        if (points.isEmpty())
            return;
        PlotStretch stretch;
        stretch.width = series.width;
        if (points.size() == 1) // a lone sample must be seen too
            points.append(points[0] + QPointF(width / std::max(1, pixels) * 2, 0));
        stretch.upper = reducePerPixel({points.constData(), static_cast<std::size_t>(points.size())}, 0, width, pixels);
        if (series.look == TimeSeries::Look::Area) {
            stretch.fillAlpha = foot ? 0.34 : 0.16;
            if (below.size() == 1)
                below.append(below[0] + QPointF(width / std::max(1, pixels) * 2, 0));
            stretch.lower = reducePerPixel({below.constData(), static_cast<std::size_t>(below.size())}, 0, width, pixels);
        }
        stretches.append(stretch);
        points.clear();
        below.clear();
    };
    QList<QPointF> points;
    QList<QPointF> below;
    const double ground = linearised(values.kind == ScaleKind::Log ? values.lowest : std::max(0.0, values.lowest), values);
    for (qsizetype i = 0; i < series.samples.size(); ++i) {
        const TimeValue& sample = series.samples[i];
        if (!std::isfinite(sample.value)) {
            finish(points, below);
            continue;
        }
        const double x = inSeconds(sample.atNs, fromNs);
        points.append({x, linearised(sample.value, values)});
        const bool standing = foot && i < foot->samples.size();
        below.append({x, standing ? linearised(foot->samples[i].value, values) : ground});
    }
    finish(points, below);
    return stretches;
}

const TimeValue* sampleNear(const TimeSeries& series, std::int64_t atNs, std::int64_t reachNs)
{
    const auto next = std::lower_bound(series.samples.cbegin(), series.samples.cend(), atNs, sampleBefore());
    const TimeValue* best = nullptr;
    const auto consider = [&](QList<TimeValue>::const_iterator it) {
        const std::int64_t distance = std::abs(it->atNs - atNs);
        if (std::isfinite(it->value) && distance <= reachNs && (!best || distance < std::abs(best->atNs - atNs)))
            best = &*it;
    };
    if (next != series.samples.cend())
        consider(next);
    if (next != series.samples.cbegin())
        consider(next - 1);
    return best;
}

} // namespace oriel::ui
