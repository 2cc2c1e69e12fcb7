// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/plot_geometry.h"
#include "ui/theme/theme.h"

#include <QList>
#include <QString>

namespace oriel::ui {

/// One sample; a NaN value breaks the line.
struct TimeValue {
    std::int64_t atNs = 0; ///< Unix time
    double value = 0;

    bool operator==(const TimeValue&) const = default;
};

/// A named line, area or layer of a stack. Samples are sorted by time.
struct TimeSeries {
    enum class Look { Line, Area };
    QString name;
    QList<TimeValue> samples;
    Look look = Look::Line;
    int colorSlot = -1;        ///< service slot of the theme; -1: the accent for the first series, then the slots in order
    Tone tone = Tone::Neutral; ///< other than Neutral wins over the slot
    double width = 1.6;

    bool operator==(const TimeSeries&) const = default;
};

/// A dot that opens a trace.
struct Exemplar {
    std::int64_t atNs = 0;
    double value = 0;
    QString target; ///< handed back by exemplarClicked(), usually a trace id
    bool error = false;
    QString tip;

    bool operator==(const Exemplar&) const = default;
};

/// An unbroken stretch ready to draw: x in seconds after the chart's origin, y as the scale is linear in it (log10 of the value
/// on a log scale). Sorted by x.
struct PlotStretch {
    QList<QPointF> upper;
    QList<QPointF> lower; ///< the area's foot, empty for a plain line
    QColor color;
    double width = 1.6;
    double fillAlpha = 0; ///< 0: no fill

    bool operator==(const PlotStretch&) const = default;
};

[[nodiscard]] QColor seriesColor(const Theme& theme, const TimeSeries& series, qsizetype index);
/// Each series laid on the ones before it, over the union of their times; a missing value counts as nothing.
[[nodiscard]] QList<TimeSeries> stacked(const QList<TimeSeries>& series);
/// Lowest and highest finite value between two times; {0, 0} when there is none.
[[nodiscard]] std::pair<double, double> valueBounds(const QList<TimeSeries>& series, std::int64_t fromNs, std::int64_t toNs);
/// The stretches of one series between two times, cut down to what `pixels` can show. `foot`, when not null, is the series below
/// it in a stack.
[[nodiscard]] QList<PlotStretch> plotStretches(const TimeSeries& series, const TimeSeries* foot, std::int64_t fromNs,
                                               std::int64_t toNs, int pixels, const AxisScale& values);
/// The sample nearest to a time, or null when there is none or it is farther than `reachNs`.
[[nodiscard]] const TimeValue* sampleNear(const TimeSeries& series, std::int64_t atNs, std::int64_t reachNs);

} // namespace oriel::ui
