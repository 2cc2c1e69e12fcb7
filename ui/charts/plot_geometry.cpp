// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plot_geometry.h"

#include <QDateTime>

#include <algorithm>
#include <array>
#include <cmath>

namespace oriel::ui {
namespace {

constexpr std::int64_t secondNs = 1'000'000'000;

/// 1, 2 or 5 × 10ⁿ at or above `rough`.
double niceStep(double rough)
{
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double share = rough / power;
    for (const double step : {1.0, 2.0, 5.0}) {
        if (share <= step * 1.0000001)
            return step * power;
    }
    return 10 * power;
}

double usable(double value, double fallback)
{
    return std::isfinite(value) ? value : fallback;
}

} // namespace

double AxisScale::toPixel(double value) const
{
    double share = 0;
    if (kind == ScaleKind::Log) {
        const double low = std::log10(std::max(lowest, 1e-300));
        const double high = std::log10(std::max(highest, 1e-300));
        share = value <= 0 || high <= low ? 0 : (std::log10(value) - low) / (high - low);
    } else {
        share = highest > lowest ? (value - lowest) / (highest - lowest) : 0;
    }
    return pixelFrom + share * (pixelTo - pixelFrom);
}

double AxisScale::toValue(double pixel) const
{
    if (pixelTo == pixelFrom)
        return lowest;
    const double share = (pixel - pixelFrom) / (pixelTo - pixelFrom);
    if (kind == ScaleKind::Log) {
        const double low = std::log10(std::max(lowest, 1e-300));
        const double high = std::log10(std::max(highest, 1e-300));
        return std::pow(10, low + share * (high - low));
    }
    return lowest + share * (highest - lowest);
}

QList<double> niceTicks(double lowest, double highest, int maximum, ScaleKind kind)
{
    QList<double> ticks;
    if (!std::isfinite(lowest) || !std::isfinite(highest) || highest <= lowest || maximum < 1)
        return ticks;
    if (kind == ScaleKind::Log) {
        if (lowest <= 0)
            return ticks;
        const int from = static_cast<int>(std::ceil(std::log10(lowest) - 1e-9));
        const int to = static_cast<int>(std::floor(std::log10(highest) + 1e-9));
        const int stride = std::max(1, (to - from + maximum) / maximum);
        for (int power = from; power <= to; power += stride)
            ticks.append(std::pow(10, power));
        if (ticks.size() >= 2 || maximum < 2)
            return ticks;
        // Less than two decades in sight: 1, 2 and 5 of each.
        ticks.clear();
        for (int power = from - 1; power <= to + 1; ++power) {
            for (const double step : {1.0, 2.0, 5.0}) {
                const double value = step * std::pow(10, power);
                if (value >= lowest * (1 - 1e-9) && value <= highest * (1 + 1e-9))
                    ticks.append(value);
            }
        }
        while (ticks.size() > maximum)
            ticks.removeLast();
        return ticks;
    }
    const double step = niceStep((highest - lowest) / maximum);
    const double first = std::ceil(lowest / step - 1e-9);
    const double last = std::floor(highest / step + 1e-9);
    for (double index = first; index <= last && ticks.size() <= maximum; ++index)
        ticks.append(index * step);
    return ticks;
}

QList<std::int64_t> timeTicks(std::int64_t fromNs, std::int64_t toNs, int pixels, int pixelsPerLabel)
{
    QList<std::int64_t> ticks;
    if (toNs <= fromNs || pixels <= 0)
        return ticks;
    static constexpr auto steps = std::to_array<std::int64_t>(
        {1,   2,    5,    10,       15,       30,       60,        120,   180,       300,       600,
         900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 30 * 86400});
    const std::int64_t wanted = std::max<std::int64_t>(1, pixels / std::max(1, pixelsPerLabel));
    std::int64_t step = steps.back() * secondNs;
    for (const std::int64_t seconds : steps) {
        if ((toNs - fromNs) / (seconds * secondNs) <= wanted) {
            step = seconds * secondNs;
            break;
        }
    }
    const std::int64_t offset = QDateTime::fromMSecsSinceEpoch(fromNs / 1'000'000).offsetFromUtc() * secondNs;
    const std::int64_t local = fromNs + offset;
    std::int64_t at = local - local % step;
    if (at < local)
        at += step;
    for (; at - offset <= toNs && ticks.size() < 500; at += step)
        ticks.append(at - offset);
    return ticks;
}

QString timeTickLabel(std::int64_t atNs, std::int64_t rangeNs)
{
    const QDateTime at = QDateTime::fromMSecsSinceEpoch(atNs / 1'000'000);
    if (rangeNs > 2 * 86400 * secondNs)
        return at.toString(QStringLiteral("MMM d"));
    return at.toString(rangeNs < 120 * secondNs ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
}

std::pair<double, double> niceBounds(double lowest, double highest, ScaleKind kind)
{
    lowest = usable(lowest, 0);
    highest = usable(highest, 1);
    if (kind == ScaleKind::Log) {
        if (highest <= 0)
            return {0.001, 1};
        if (lowest <= 0)
            lowest = highest / 1000;
        double low = std::pow(10, std::floor(std::log10(lowest) + 1e-9));
        double high = std::pow(10, std::ceil(std::log10(highest) - 1e-9));
        // Whole decades would leave too much air.
        for (const double share : {0.2, 0.5}) {
            if (high * share >= highest) {
                high *= share;
                break;
            }
        }
        for (const double share : {5.0, 2.0}) {
            if (low * share <= lowest) {
                low *= share;
                break;
            }
        }
        return {low, high > low ? high : low * 10};
    }
    if (lowest == 0 && highest == 0)
        return {0, 1};
    if (lowest > 0)
        lowest = 0;
    if (highest < 0)
        highest = 0;
    const double step = niceStep((highest - lowest) / 4);
    return {std::floor(lowest / step + 1e-9) * step, std::ceil(highest / step - 1e-9) * step};
}

qsizetype nearestByX(std::span<const QPointF> points, double x)
{
    if (points.empty())
        return -1;
    const auto at =
        std::lower_bound(points.begin(), points.end(), x, [](const QPointF& point, double value) { return point.x() < value; });
    if (at == points.begin())
        return 0;
    if (at == points.end())
        return static_cast<qsizetype>(points.size()) - 1;
    const auto index = at - points.begin();
    return x - (at - 1)->x() <= at->x() - x ? index - 1 : index;
}

} // namespace oriel::ui
