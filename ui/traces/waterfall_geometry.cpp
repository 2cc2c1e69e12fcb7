// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/waterfall_geometry.h"

#include "ui/widgets/format.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace oriel::ui {
namespace {

constexpr std::int64_t shortestWindow = 100;
constexpr std::int64_t shortestTrace = 1'000;

} // namespace

TimeWindow wholeWindow(std::int64_t traceDurationNs)
{
    return {0, std::max(traceDurationNs, shortestTrace)};
}

TimeWindow clampedTo(const TimeWindow& window, const TimeWindow& whole)
{
    const std::int64_t span = std::clamp(window.span(), std::min(shortestWindow, whole.span()), whole.span());
    const std::int64_t from = std::clamp(window.fromNs, whole.fromNs, whole.toNs - span);
    return {from, from + span};
}

TimeWindow zoomed(const TimeWindow& window, const TimeWindow& whole, std::int64_t anchorNs, double factor)
{
    const double wanted = static_cast<double>(window.span()) * factor;
    const double lowest = static_cast<double>(std::min(shortestWindow, whole.span()));
    const auto span = static_cast<std::int64_t>(std::llround(std::clamp(wanted, lowest, static_cast<double>(whole.span()))));
    const std::int64_t anchor = std::clamp(anchorNs, window.fromNs, window.toNs);
    const double share =
        static_cast<double>(anchor - window.fromNs) / static_cast<double>(std::max<std::int64_t>(1, window.span()));
    const std::int64_t from = anchor - static_cast<std::int64_t>(std::llround(share * static_cast<double>(span)));
    return clampedTo({from, from + span}, whole);
}

TimeWindow panned(const TimeWindow& window, const TimeWindow& whole, std::int64_t byNs)
{
    return clampedTo({window.fromNs + byNs, window.toNs + byNs}, whole);
}

TimeWindow windowAround(std::int64_t fromNs, std::int64_t toNs, const TimeWindow& whole)
{
    const std::int64_t air = std::max<std::int64_t>((toNs - fromNs) / 10, shortestWindow / 2);
    const std::int64_t from = std::max(whole.fromNs, fromNs - air);
    return clampedTo({from, std::max(from + shortestWindow, std::min(whole.toNs, toNs + air))}, whole);
}

double WaterfallLayout::xOf(std::int64_t ns) const
{
    return timeLeft() +
           static_cast<double>(ns - window.fromNs) / static_cast<double>(std::max<std::int64_t>(1, window.span())) * timeWidth();
}

std::int64_t WaterfallLayout::nsOf(double x) const
{
    return window.fromNs +
           static_cast<std::int64_t>(std::llround((x - timeLeft()) / timeWidth() * static_cast<double>(window.span())));
}

int WaterfallLayout::positionAt(double y) const
{
    if (y < rulerHeight)
        return -1;
    return firstPosition + static_cast<int>((y - rulerHeight) / rowHeight);
}

QRectF WaterfallLayout::barOf(std::int64_t startNs, std::int64_t durationNs, int position) const
{
    const std::int64_t endNs = startNs + durationNs;
    if (endNs < window.fromNs || startNs > window.toNs)
        return {};
    const double right = timeLeft() + timeWidth();
    double from = std::max(timeLeft(), xOf(std::max(startNs, window.fromNs)));
    const double to = std::min(right, xOf(std::min(endNs, window.toNs)));
    const double length = std::max(smallestBar, to - from);
    from = std::min(from, right - length);
    return {from, topOf(position) + (rowHeight - barHeight) / 2.0, length, static_cast<double>(barHeight)};
}

int WaterfallLayout::nameLeft(std::uint32_t depth) const
{
    const int most = std::max(leftMargin, nameWidth * 2 / 3);
    const auto wanted = static_cast<std::int64_t>(leftMargin) + static_cast<std::int64_t>(depth) * indent;
    return static_cast<int>(std::min<std::int64_t>(wanted, most));
}

LabelSide labelSide(const QRectF& bar, double labelWidth, const WaterfallLayout& layout)
{
    const double need = labelWidth + WaterfallLayout::labelGap;
    if (bar.right() + need <= layout.width - 4)
        return LabelSide::Right;
    return bar.left() - need >= layout.timeLeft() ? LabelSide::Left : LabelSide::NameColumn;
}

std::vector<std::int64_t> rulerTicks(const WaterfallLayout& layout, int pixelsPerTick)
{
    const double most = std::max(1.0, layout.timeWidth() / pixelsPerTick);
    const double rough = std::max(1.0, static_cast<double>(layout.window.span()) / most);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = power * 10;
    for (const double candidate : {1.0, 2.0, 5.0}) {
        if (candidate * power >= rough * 0.999999) {
            step = candidate * power;
            break;
        }
    }
    const auto stepNs = std::max<std::int64_t>(1, std::llround(step));
    std::vector<std::int64_t> ticks;
    const std::int64_t first = (layout.window.fromNs + stepNs - 1) / stepNs * stepNs;
    for (std::int64_t at = first; at <= layout.window.toNs; at += stepNs)
        ticks.push_back(at);
    return ticks;
}

QString rulerLabel(std::int64_t ns, std::int64_t stepNs)
{
    if (ns == 0)
        return QStringLiteral("0");
    // Ticks that differ by less than three digits can tell need all of theirs.
    if (stepNs * 500 < ns) {
        struct Unit {
            std::int64_t ns;
            const char16_t* name;
        };
        for (const Unit& unit : {Unit{1'000'000'000, u"s"}, Unit{1'000'000, u"ms"}, Unit{1'000, u"µs"}}) {
            if (ns < unit.ns)
                continue;
            int digits = 0;
            for (std::int64_t rest = stepNs; rest < unit.ns && digits < 9; rest *= 10)
                ++digits;
            return QStringLiteral("%1 %2").arg(
                QString::number(static_cast<double>(ns) / static_cast<double>(unit.ns), 'f', digits),
                QString::fromUtf16(unit.name));
        }
        return QStringLiteral("%1 ns").arg(ns);
    }
    return formatDurationTick(ns);
}

MinimapRaster minimapRaster(const TraceIndex& index, int width, int lanes)
{
    MinimapRaster raster;
    const std::uint32_t rows = index.size();
    if (rows == 0 || width <= 0 || lanes <= 0)
        return raster;
    raster.width = width;
    raster.lanes = static_cast<int>(std::min<std::int64_t>(lanes, rows));
    raster.cells.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(raster.lanes), 0);
    const double whole = static_cast<double>(std::max<std::int64_t>(1, index.traceDurationNs()));
    const auto fill = [&](std::uint32_t row, std::uint8_t value) {
        const auto lane =
            static_cast<std::size_t>(static_cast<std::uint64_t>(row) * static_cast<std::uint64_t>(raster.lanes) / rows);
        const int from = std::clamp(static_cast<int>(static_cast<double>(index.start(row)) / whole * width), 0, width - 1);
        const int to =
            std::clamp(static_cast<int>(std::ceil(static_cast<double>(index.end(row)) / whole * width)), from + 1, width);
        std::memset(&raster.cells[lane * static_cast<std::size_t>(width) + static_cast<std::size_t>(from)], value,
                    static_cast<std::size_t>(to - from));
    };
    for (std::uint32_t row = 0; row < rows; ++row)
        fill(row, static_cast<std::uint8_t>(1 + index.service(row) % 254));
    if (index.errorCount() > 0) {
        for (std::uint32_t row = 0; row < rows; ++row) {
            if (index.has(row, TraceIndex::OwnError))
                fill(row, 255);
        }
    }
    return raster;
}

} // namespace oriel::ui
