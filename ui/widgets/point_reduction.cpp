// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/point_reduction.h"

#include <algorithm>

namespace oriel::ui {

QList<QPointF> reducePerPixel(std::span<const QPointF> points, double fromX, double toX, int columns)
{
    const auto before = [](const QPointF& point, double x) { return point.x() < x; };
    auto first = std::lower_bound(points.begin(), points.end(), fromX, before);
    auto last = std::lower_bound(first, points.end(), toX, before);
    while (last != points.end() && last->x() == toX)
        ++last;
    QList<QPointF> kept;
    if (first != points.begin())
        kept.append(*(first - 1));
    const auto inside = last - first;
    if (columns <= 0 || toX <= fromX || inside <= std::ptrdiff_t(columns) * 2) {
        kept.append(QList<QPointF>(first, last));
    } else {
        auto at = first;
        for (int column = 0; column < columns && at != last; ++column) {
            const double end = fromX + (toX - fromX) * (column + 1) / columns;
            auto next = column == columns - 1 ? last : std::lower_bound(at, last, end, before);
            if (next == at)
                continue;
            const auto [lowest, highest] =
                std::minmax_element(at, next, [](const QPointF& a, const QPointF& b) { return a.y() < b.y(); });
            kept.append(*std::min(lowest, highest));
            if (lowest != highest)
                kept.append(*std::max(lowest, highest));
            at = next;
        }
    }
    if (last != points.end())
        kept.append(*last);
    return kept;
}

} // namespace oriel::ui
