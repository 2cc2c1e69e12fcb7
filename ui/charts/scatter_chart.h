// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/plot_geometry.h"

#include <QList>
#include <QPixmap>
#include <QWidget>

#include <optional>

namespace oriel::ui {

/// One trace as a dot.
struct ScatterPoint {
    std::int64_t atNs = 0;
    std::int64_t durationNs = 0;
    std::uint64_t id = 0; ///< handed back by pointClicked()
    bool error = false;

    bool operator==(const ScatterPoint&) const = default;
};

/// What a brush chose: a box in time and duration.
struct ScatterBrush {
    std::int64_t fromNs = 0;
    std::int64_t toNs = 0;
    std::int64_t shortestNs = 0;
    std::int64_t longestNs = 0;

    bool operator==(const ScatterBrush&) const = default;
};

/// Latency over time as dots, on a log scale. A dot for each pixel at most (errors win), so that a hundred thousand points cost
/// no more than the pixels; painted once into a pixmap and again only when data, size or theme change. Drag selects a box, click
/// a point, Escape or double click clears the brush. GUI thread.
class ScatterChart : public QWidget {
    Q_OBJECT
public:
    explicit ScatterChart(QWidget* parent = nullptr);

    void setPoints(const QList<ScatterPoint>& points);
    [[nodiscard]] const QList<ScatterPoint>& points() const { return m_points; }
    void setTimeWindow(std::int64_t fromNs, std::int64_t toNs);
    void setBrush(const std::optional<ScatterBrush>& brush);
    [[nodiscard]] const std::optional<ScatterBrush>& brush() const { return m_brush; }
    /// Rings the dot with this id.
    void setHighlighted(std::optional<std::uint64_t> id);
    [[nodiscard]] QRectF plotArea() const;
    [[nodiscard]] QPointF positionOf(const ScatterPoint& point) const;
    [[nodiscard]] QSize sizeHint() const override { return {380, 180}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {140, 90}; }

Q_SIGNALS:
    void brushChanged(const oriel::ui::ScatterBrush& brush);
    void brushCleared();
    void pointClicked(quint64 id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void updateScales();
    void renderDots();
    [[nodiscard]] int pointAt(const QPointF& position) const;
    [[nodiscard]] QRectF brushRect(const ScatterBrush& brush) const;
    void clearBrush();

    QList<ScatterPoint> m_points;
    std::int64_t m_fromNs = 0;
    std::int64_t m_toNs = 0;
    bool m_fixedWindow = false;
    AxisScale m_x;
    AxisScale m_y;
    QPixmap m_dots;
    std::optional<ScatterBrush> m_brush;
    std::optional<std::uint64_t> m_highlighted;
    std::optional<QPointF> m_dragFrom;
    QPointF m_dragTo;
    int m_hovered = -1;
};

} // namespace oriel::ui
