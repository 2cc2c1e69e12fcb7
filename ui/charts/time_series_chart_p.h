// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/series_plot.h"
#include "ui/charts/time_series_chart.h"

class QPainter;

namespace oriel::ui {

/// The state of a TimeSeriesChart, shared by the chart (events, axes) and its overlay (legend, dots, crosshair).
struct TimeSeriesChart::Private {
    static constexpr int dragThreshold = 5; ///< pixels before a press becomes a brush

    /// Legend, dots, crosshair and brush, over whatever draws the series.
    class Overlay final : public QWidget {
    public:
        explicit Overlay(TimeSeriesChart* chart);

    protected:
        void paintEvent(QPaintEvent* event) override;

    private:
        TimeSeriesChart* m_chart;
    };

    /// A line of the box beside the crosshair.
    struct HoverRow {
        QColor color;
        QString name;
        QString value;
    };

    QList<TimeSeries> series;
    QList<TimeSeries> shown; ///< what is drawn: visible ones, summed up when stacked
    QList<qsizetype> shownIndex;
    QList<bool> hidden;
    QList<Exemplar> exemplars;
    TimeSeries backdrop;
    ValueFormat backdropFormat;
    std::int64_t fixedFrom = 0;
    std::int64_t fixedTo = 0;
    std::int64_t fromNs = 0;
    std::int64_t toNs = 0;
    ScaleKind kind = ScaleKind::Linear;
    bool isStacked = false;
    bool legend = true;
    std::optional<double> lowest;
    std::optional<double> highest;
    ValueFormat axisFormat;
    ValueFormat hoverFormat;
    QString emptyText = QStringLiteral("Nothing in this time range");
    std::unique_ptr<SeriesPlot> plot;
    Overlay* overlay = nullptr;
    AxisScale x;
    AxisScale y;
    std::optional<std::int64_t> cross;
    std::optional<QPointF> pointer;
    std::optional<QPointF> dragFrom;
    qsizetype overDot = -1;

    void rebuild(TimeSeriesChart& chart);
    [[nodiscard]] QList<PlotStretch> backdropStretches(const Theme& theme, int pixels) const;
    void paintOverlay(QPainter& painter, const TimeSeriesChart& chart) const;
    void paintDots(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const;
    void paintCrosshair(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const;
    void paintValues(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme, const QList<HoverRow>& rows) const;
    void paintLegend(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const;
    [[nodiscard]] QList<QRect> legendRects(const TimeSeriesChart& chart) const;
    [[nodiscard]] static QString valueText(const ValueFormat& format, double value);
    [[nodiscard]] qsizetype dotAt(const QPointF& position) const;
    [[nodiscard]] std::int64_t timeAt(double pixel) const;
    [[nodiscard]] double pixelOf(std::int64_t atNs) const { return x.toPixel(static_cast<double>(atNs - fromNs) / 1e9); }
};

} // namespace oriel::ui
