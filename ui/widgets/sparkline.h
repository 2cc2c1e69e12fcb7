// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QList>
#include <QPolygonF>
#include <QStyledItemDelegate>

#include <span>

class QPainter;

namespace oriel::ui {

/// The points of a sparkline inside `rect`, oldest at the left; a flat series lies in the middle, not-a-numbers are skipped, more
/// values than pixels are reduced to the lowest and highest of each pixel. Empty for fewer than two values.
[[nodiscard]] QPolygonF sparklinePoints(std::span<const double> values, const QRectF& rect);
/// A 1.5 px line, and a faint area under it when `fill`.
void paintSparkline(QPainter& painter, const QRectF& rect, std::span<const double> values, const QColor& color,
                    bool fill = false);

/// Draws a sparkline in a table cell from a QList<double> in `SeriesRole`; the colour may come as a QColor in Qt::ForegroundRole.
class SparklineDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int SeriesRole = Qt::UserRole + 120;
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace oriel::ui
