// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "store/series_store.h"
#include "store/trace_types.h"
#include "ui/charts/bar_list.h"
#include "ui/charts/chart_window.h"
#include "ui/charts/time_series.h"

#include <QList>
#include <QString>

#include <optional>
#include <vector>

namespace oriel::ui {

/// The share of calls that should succeed, as the figure "Success" tells it.
inline constexpr double kSuccessGoal = 0.999;

/// Everything that one refresh of the Overview fetched, of one moment.
struct OverviewData {
    ChartWindow window;
    std::int64_t nowNs = 0;
    service::GatewayStatus status;
    store::AggregateResult calls;    ///< tool calls in buckets, one group
    store::AggregateResult byServer; ///< tool calls in buckets by server
    std::vector<store::LatencyPoint> failures;
    std::vector<store::TraceSummary> latestFailures;
    std::vector<store::ChartLine> overhead; ///< p50 in seconds
    std::optional<double> overheadP50;      ///< over the whole window, in seconds
    std::vector<store::ChartLine> sessionCount;
};

/// The words and the course of one key figure.
struct FigureText {
    QString value;
    QString note;
    QList<double> course;
    bool operator==(const FigureText&) const = default;
};

// Pure functions from a refresh to what is shown.

[[nodiscard]] FigureText callsFigure(const OverviewData& data, bool rangeEndsNow);
[[nodiscard]] FigureText successFigure(const OverviewData& data);
[[nodiscard]] FigureText latencyFigure(const OverviewData& data);
[[nodiscard]] FigureText overheadFigure(const OverviewData& data);
[[nodiscard]] FigureText clientsFigure(const OverviewData& data);

/// Tool calls in the window.
[[nodiscard]] std::uint64_t callCount(const OverviewData& data);

/// Calls per second of each bucket; the last one, which is still filling, by the part of it that has passed.
[[nodiscard]] QList<double> callRates(const store::AggregateGroup& group, const ChartWindow& window);
/// p50, p95 and p99 in seconds at the middle of each bucket that had calls. A gap of more than six buckets breaks the line.
[[nodiscard]] QList<TimeSeries> latencySeries(const store::AggregateGroup& group, const ChartWindow& window);
[[nodiscard]] TimeSeries callRateSeries(const store::AggregateGroup& group, const ChartWindow& window);
/// The slowest failed call of each sixtieth of the window, as dots that open their traces.
[[nodiscard]] QList<Exemplar> failureDots(const std::vector<store::LatencyPoint>& failures, const ChartWindow& window);
/// Lowest and highest value of lines and dots together, widened to round ends; nothing when there is none.
[[nodiscard]] std::optional<std::pair<double, double>> latencyBounds(const QList<TimeSeries>& series,
                                                                     const QList<Exemplar>& dots);
/// Failed calls by what became of them, most first. A row's target is the filter that finds them.
[[nodiscard]] QList<BarListRow> errorRows(const std::vector<store::LatencyPoint>& failures);

/// "upstream timeout", "tool error" …
[[nodiscard]] QString outcomeWords(telemetry::Outcome outcome);
/// What failed, as clients name it with `separator` between server and tool, and why; for "Latest failures".
[[nodiscard]] QString failureName(const store::TraceSummary& trace, const QString& separator);
[[nodiscard]] QString failureSentence(const store::TraceSummary& trace);

} // namespace oriel::ui
