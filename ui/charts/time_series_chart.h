// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/time_series.h"

#include <QList>
#include <QWidget>

#include <functional>
#include <memory>
#include <optional>

namespace oriel::ui {

/// A chart of aggregates over time. Everything is replaced at once, nothing is animated, and a series is cut down to twice the
/// pixels before it is drawn. Crosshair and values under the pointer; a dragged stretch asks for that time range; dots can be
/// clicked; the legend hides and shows series. Drawn by Qt Charts when the build has ORIEL_CHARTS, by QPainter otherwise. GUI
/// thread.
class TimeSeriesChart : public QWidget {
    Q_OBJECT
public:
    using ValueFormat = std::function<QString(double)>;

    explicit TimeSeriesChart(QWidget* parent = nullptr);
    ~TimeSeriesChart() override;

    void setSeries(const QList<TimeSeries>& series);
    [[nodiscard]] const QList<TimeSeries>& series() const;
    void setExemplars(const QList<Exemplar>& exemplars);
    /// A quiet area behind the series on a scale of its own (nothing to its highest value, over the lower third), such as the
    /// number of calls behind their latency; told under the pointer in `format`. No samples: none.
    void setBackdrop(const TimeSeries& backdrop, ValueFormat format = {});
    /// Ends of the time axis; without them the samples' own ends.
    void setTimeWindow(std::int64_t fromNs, std::int64_t toNs);
    void setScale(ScaleKind kind);
    /// Lays the series on one another.
    void setStacked(bool stacked);
    /// Fixed ends of the value axis, such as 0 … 1 for a share.
    void setValueBounds(std::optional<double> lowest, std::optional<double> highest);
    /// How values are written on the axis and under the pointer.
    void setValueFormat(ValueFormat axis, ValueFormat hover = {});
    void setLegendVisible(bool visible);
    /// Words in the middle while there is nothing to draw.
    void setEmptyText(const QString& text);
    /// Where every chart of a page shows its crosshair; no value hides it.
    void setCrosshair(std::optional<std::int64_t> atNs);

    [[nodiscard]] bool isEmpty() const;
    /// The plot's inside in widget coordinates.
    [[nodiscard]] QRectF plotArea() const;
    [[nodiscard]] QPointF positionOf(std::int64_t atNs, double value) const;
    [[nodiscard]] bool isSeriesVisible(qsizetype index) const;
    void setSeriesVisible(qsizetype index, bool visible);
    [[nodiscard]] QSize sizeHint() const override { return {420, 220}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {180, 110}; }

Q_SIGNALS:
    void exemplarClicked(const QString& target);
    void rangeSelected(qint64 fromNs, qint64 toNs);
    /// The pointer moved along time, or left (hovering false): for the neighbours' crosshairs.
    void crosshairMoved(bool hovering, qint64 atNs);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace oriel::ui
