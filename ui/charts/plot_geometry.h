// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/point_reduction.h"

#include <QList>
#include <QPointF>
#include <QRectF>
#include <QString>

#include <cstdint>
#include <span>
#include <utility>

namespace oriel::ui {

/// Pure geometry of charts: axes, ticks and reduction; tested without a window.

enum class ScaleKind { Linear, Log };

/// Maps values to pixels of one axis. Log scales put values at or below zero on the lower end.
struct AxisScale {
    ScaleKind kind = ScaleKind::Linear;
    double lowest = 0;
    double highest = 1;
    double pixelFrom = 0; ///< pixel of `lowest`
    double pixelTo = 1;   ///< pixel of `highest`

    [[nodiscard]] double toPixel(double value) const;
    [[nodiscard]] double toValue(double pixel) const;
};

/// Round values from lowest to highest, at most `maximum` of them: 1, 2, 5 × 10ⁿ; powers of ten on a log scale.
[[nodiscard]] QList<double> niceTicks(double lowest, double highest, int maximum, ScaleKind kind = ScaleKind::Linear);
/// Round times (Unix ns, local wall clock) for an axis that is `pixels` wide: whole seconds, minutes, hours or days.
[[nodiscard]] QList<std::int64_t> timeTicks(std::int64_t fromNs, std::int64_t toNs, int pixels, int pixelsPerLabel = 100);
/// "10:27", with seconds for ranges under two minutes and the date for more than two days.
[[nodiscard]] QString timeTickLabel(std::int64_t atNs, std::int64_t rangeNs);
/// Lowest and highest value of a series widened to round ends; {0, 1} when there is nothing.
[[nodiscard]] std::pair<double, double> niceBounds(double lowest, double highest, ScaleKind kind);

/// Index of the point nearest to x in points sorted by x; -1 when empty.
[[nodiscard]] qsizetype nearestByX(std::span<const QPointF> points, double x);

} // namespace oriel::ui
