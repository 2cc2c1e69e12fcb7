// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/traces/trace_fold.h"

#include <QPointF>
#include <QRectF>
#include <QString>

#include <vector>

namespace oriel::ui {

/// The stretch of a trace that a waterfall shows, in nanoseconds after the trace's start. A value; 64-bit whole numbers
/// throughout, so that nothing is lost at any zoom.
struct TimeWindow {
    std::int64_t fromNs = 0;
    std::int64_t toNs = 1;
    [[nodiscard]] std::int64_t span() const { return toNs - fromNs; }
    bool operator==(const TimeWindow&) const = default;
};

/// The whole trace; never shorter than one microsecond, so that a trace without length has an axis.
[[nodiscard]] TimeWindow wholeWindow(std::int64_t traceDurationNs);
/// `factor` below one comes nearer. The moment under `anchorNs` stays where it is. Kept inside `whole`, and not under 100 ns.
[[nodiscard]] TimeWindow zoomed(const TimeWindow& window, const TimeWindow& whole, std::int64_t anchorNs, double factor);
[[nodiscard]] TimeWindow panned(const TimeWindow& window, const TimeWindow& whole, std::int64_t byNs);
/// The smallest window around [fromNs, toNs) with some air at both sides.
[[nodiscard]] TimeWindow windowAround(std::int64_t fromNs, std::int64_t toNs, const TimeWindow& whole);
[[nodiscard]] TimeWindow clampedTo(const TimeWindow& window, const TimeWindow& whole);

/// Where a waterfall's parts stand, in pixels of its viewport.
struct WaterfallLayout {
    static constexpr int rowHeight = 24;
    static constexpr int rulerHeight = 26;
    static constexpr int barHeight = 12;
    static constexpr int indent = 16;
    static constexpr int leftMargin = 12;
    static constexpr double smallestBar = 3;
    static constexpr int labelGap = 6;
    static constexpr int rightMargin = 12;

    int width = 0;
    int height = 0;
    int nameWidth = 0;     ///< of the column at the left
    int firstPosition = 0; ///< the row at the top
    TimeWindow window;

    [[nodiscard]] double timeLeft() const { return nameWidth; }
    [[nodiscard]] double timeWidth() const { return width - nameWidth - rightMargin > 1 ? width - nameWidth - rightMargin : 1; }
    [[nodiscard]] int rowsInView() const { return height > rulerHeight ? (height - rulerHeight) / rowHeight : 0; }
    [[nodiscard]] double xOf(std::int64_t ns) const;
    [[nodiscard]] std::int64_t nsOf(double x) const;
    [[nodiscard]] int topOf(int position) const { return rulerHeight + (position - firstPosition) * rowHeight; }
    /// Position among the visible rows, or −1 above the first row.
    [[nodiscard]] int positionAt(double y) const;
    /// The bar of a span, cut to the time area; never narrower than `smallestBar` while any of it is in the window. Null when it
    /// is not.
    [[nodiscard]] QRectF barOf(std::int64_t startNs, std::int64_t durationNs, int position) const;
    /// Left edge of what stands in the name column at this depth. Deep chains stop moving right when less than a third is left.
    [[nodiscard]] int nameLeft(std::uint32_t depth) const;
};

/// The side of a bar on which its label stands.
enum class LabelSide { Right, Left, NameColumn };
[[nodiscard]] LabelSide labelSide(const QRectF& bar, double labelWidth, const WaterfallLayout& layout);

/// Moments for the ruler: 0, and 1, 2 or 5 × 10ⁿ steps, relative to the trace; no more than one per `pixelsPerTick`.
[[nodiscard]] std::vector<std::int64_t> rulerTicks(const WaterfallLayout& layout, int pixelsPerTick = 96);
/// How a tick is written: in the unit that its neighbours share, "600 ms" beside "1.2 s".
[[nodiscard]] QString rulerLabel(std::int64_t ns, std::int64_t stepNs);

/// The minimap as a raster: for every pixel 0 (nothing), 255 (a failed span) or service + 1. Rows share lanes when there are more
/// of them than lanes; a failed span is never hidden by another.
struct MinimapRaster {
    int width = 0;
    int lanes = 0;
    std::vector<std::uint8_t> cells; ///< lane by lane
    [[nodiscard]] std::uint8_t at(int x, int lane) const
    {
        return cells[static_cast<std::size_t>(lane) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
    }
};
[[nodiscard]] MinimapRaster minimapRaster(const TraceIndex& index, int width, int lanes);

} // namespace oriel::ui
