// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_window.h"

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr std::int64_t secondNs = 1'000'000'000;
constexpr std::int64_t minuteNs = 60 * secondNs;
constexpr std::int64_t hourNs = 60 * minuteNs;
constexpr std::int64_t dayNs = 24 * hourNs;

std::int64_t roundedUp(std::int64_t value, std::int64_t step)
{
    return (value + step - 1) / step * step;
}

} // namespace

std::int64_t bucketStep(std::int64_t lengthNs, int points, std::int64_t shortestNs)
{
    const std::int64_t rough = std::max(shortestNs, (std::max<std::int64_t>(lengthNs, 1) + points - 1) / std::max(points, 1));
    for (const std::int64_t unit : {secondNs, minuteNs}) {
        for (const std::int64_t count : {1, 2, 5, 10, 15, 30}) {
            if (rough <= count * unit)
                return count * unit;
        }
    }
    for (const std::int64_t count : {1, 2, 3, 6, 12}) {
        if (rough <= count * hourNs)
            return count * hourNs;
    }
    return roundedUp(rough, dayNs);
}

ChartWindow chartWindow(const TimeRange& range, std::int64_t nowNs, std::int64_t oldestNs, int points,
                        std::int64_t shortestStepNs)
{
    constexpr std::int64_t shortest = 10 * secondNs;
    constexpr std::int64_t without = 15 * minuteNs;
    std::int64_t end = range.endNs(nowNs);
    std::int64_t begin = range.beginNs(nowNs);
    if (range.kind == TimeRange::Kind::All)
        begin = oldestNs > 0 ? std::min(oldestNs, end - shortest) : end - without;
    else if (range.kind == TimeRange::Kind::Last && oldestNs > begin)
        begin = std::max(begin, std::min(oldestNs, end - shortest));
    if (end <= begin)
        end = begin + secondNs;
    ChartWindow window;
    window.stepNs = bucketStep(end - begin, points, shortestStepNs);
    window.fromNs = std::max<std::int64_t>(0, begin) / window.stepNs * window.stepNs;
    window.toNs = roundedUp(end, window.stepNs);
    window.endNs = end;
    return window;
}

} // namespace oriel::ui
