// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QPointF>

#include <span>

namespace oriel::ui {

/// Points sorted by x, cut down to the lowest and highest of each of `columns` equal stretches between fromX and toX, in the
/// order in which they came; every spike stays. The last point before and the first after the range are kept, so that lines run
/// on to the edges. Fewer points than that come back as they are.
[[nodiscard]] QList<QPointF> reducePerPixel(std::span<const QPointF> points, double fromX, double toX, int columns);

} // namespace oriel::ui
