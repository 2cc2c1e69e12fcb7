// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/sparkline.h"

#include "ui/theme/theme.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/point_reduction.h"

#include <QPainter>
#include <QPainterPath>

#include <cmath>

namespace oriel::ui {

QPolygonF sparklinePoints(std::span<const double> values, const QRectF& rect)
{
    double lowest = INFINITY;
    double highest = -INFINITY;
    std::size_t finite = 0;
    for (const double value : values) {
        if (!std::isfinite(value))
            continue;
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
        ++finite;
    }
    if (finite < 2 || rect.width() <= 0)
        return {};
    QList<QPointF> points;
    points.reserve(static_cast<qsizetype>(finite));
    const double range = highest - lowest;
    const double step = rect.width() / static_cast<double>(values.size() - 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i]))
            continue;
        const double share = range > 0 ? (values[i] - lowest) / range : 0.5;
        points.append({rect.left() + step * static_cast<double>(i), rect.bottom() - share * rect.height()});
    }
    return QPolygonF(
        reducePerPixel({points.constData(), finite}, rect.left(), rect.right(), std::max(1, static_cast<int>(rect.width()))));
}

void paintSparkline(QPainter& painter, const QRectF& rect, std::span<const double> values, const QColor& color, bool fill)
{
    const QPolygonF points = sparklinePoints(values, rect.adjusted(1, 1, -1, -1));
    if (points.isEmpty())
        return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    if (fill) {
        QPainterPath area;
        area.addPolygon(points);
        area.lineTo(points.last().x(), rect.bottom());
        area.lineTo(points.first().x(), rect.bottom());
        area.closeSubpath();
        QLinearGradient fade(rect.topLeft(), rect.bottomLeft());
        QColor top = color;
        top.setAlphaF(0.20F);
        QColor bottom = color;
        bottom.setAlphaF(0.0F);
        fade.setColorAt(0, top);
        fade.setColorAt(1, bottom);
        painter.fillPath(area, fade);
    }
    painter.setPen(QPen(color, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(points);
    painter.restore();
}

void SparklineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    paintCellBackground(*painter, item);
    const auto values = index.data(SeriesRole).value<QList<double>>();
    QColor color = index.data(Qt::ForegroundRole).value<QColor>();
    if (!color.isValid())
        color = themeOf(option.widget).accent;
    paintSparkline(*painter, QRectF(option.rect).adjusted(6, 5, -10, -5),
                   {values.constData(), static_cast<std::size_t>(values.size())}, color);
}

} // namespace oriel::ui
