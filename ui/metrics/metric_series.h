// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/trace_types.h"
#include "ui/charts/time_series.h"
#include "ui/metrics/metric_specs.h"

#include <functional>
#include <vector>

namespace oriel::ui {

using MetricAnswer = std::vector<store::ChartLine>;

/// The slot of a service's colour.
using ServiceSlot = std::function<int(const QString&)>;

// Pure functions from what the store answers to what a chart shows.

/// Lines of a card in its unit; at most eight, the smaller ones added up as "other".
[[nodiscard]] QList<TimeSeries> metricSeries(const MetricSpec& spec, const std::vector<MetricAnswer>& answers,
                                             const ServiceSlot& slotOf);
/// hits / (hits + misses) for each value of the label that either has; NaN where there was no look-up.
[[nodiscard]] QList<TimeSeries> hitShares(const MetricAnswer& hits, const MetricAnswer& misses);
/// The `most` greatest, in their order, and the sum of the others as one line named "other".
[[nodiscard]] QList<TimeSeries> greatestSeries(const QList<TimeSeries>& series, int most);
/// The earliest sample with a value; 0 when there is none.
[[nodiscard]] std::int64_t firstValueNs(const QList<TimeSeries>& series);
/// Where the axis of a page begins: at the window's start, or, when values begin in its last three quarters, a little before
/// them, so that they fill the chart. At least twenty seconds are shown.
[[nodiscard]] std::int64_t fittedBeginNs(const ChartWindow& window, std::int64_t firstNs);
/// Slow and failed calls worth a click: the slowest of each thirtieth of the window, and each stretch's slowest failure.
[[nodiscard]] QList<Exemplar> callDots(const std::vector<store::LatencyPoint>& points, const ChartWindow& window);

/// One line of a table of values: a time and the value of every series, NaN where it has none.
struct SeriesRow {
    std::int64_t atNs = 0;
    QList<double> values;
};
/// Newest first.
[[nodiscard]] QList<SeriesRow> seriesRows(const QList<TimeSeries>& series);
/// RFC 4180 with a header that names each line and the unit; times in ISO 8601 UTC, oldest first, full precision, nothing where
/// there is no value.
[[nodiscard]] QString seriesCsv(const QList<TimeSeries>& series, const QString& unit = {});

} // namespace oriel::ui
