// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/time_series.h"

#include <QRectF>
#include <QWidget>

#include <memory>

namespace oriel::ui {

/// Draws the stretches of a TimeSeriesChart and nothing else; axes, legend and crosshair are the chart's. Two implementations,
/// chosen when the program is built: Qt Charts and QPainter. GUI thread.
class SeriesPlot {
public:
    virtual ~SeriesPlot() = default;
    /// The widget that draws; owned by the parent given to makeSeriesPlot(), transparent for the mouse.
    [[nodiscard]] virtual QWidget* widget() const = 0;
    /// Replaces everything. x runs from 0 to `xHighest`, y from `yLowest` to `yHighest`, both linear; `area` is in the widget's
    /// coordinates.
    virtual void setStretches(const QList<PlotStretch>& stretches, double xHighest, double yLowest, double yHighest,
                              const QRectF& area) = 0;
};

[[nodiscard]] std::unique_ptr<SeriesPlot> makeSeriesPlot(QWidget* parent);
/// "Qt Charts" or "QPainter".
[[nodiscard]] QString seriesPlotName();

} // namespace oriel::ui
