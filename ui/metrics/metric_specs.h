// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/charts/chart_window.h"
#include "ui/charts/plot_geometry.h"

#include <QList>
#include <QString>

#include <optional>

namespace oriel::ui {

/// How a chart's values are counted and written.
enum class MetricUnit { PerSecond, PerMinute, Share, Seconds, Count, Cores, Mebibytes };

/// How the answers to a card's queries become lines.
enum class MetricShape {
    Lines,   ///< each line of each answer
    HitShare ///< first answer / (first + second), for each value of the label
};

/// Where the lines' colours come from.
enum class MetricColors { Ordered, Services, Quantiles, Failures };

/// One question to the time series (M4).
struct MetricQuery {
    service::ChartQuery::Kind kind = service::ChartQuery::Kind::Rate;
    QByteArray metric;
    bool namespaced = true;      ///< the configured namespace stands before `metric` and `denominator`
    QByteArray denominator = {}; ///< Ratio
    double quantile = 0;         ///< Quantile
    QByteArray by = {};          ///< the label that keeps lines apart
    QString name = {};           ///< of the only line, or before the label's value
    QByteArray serverLabel = {}; ///< by which the shared filter's `server=` narrows it; empty: it cannot
};

/// One card of the Metrics section.
struct MetricSpec {
    QString id; ///< kept in saved state
    QString title;
    QList<MetricQuery> queries;
    MetricUnit unit = MetricUnit::PerSecond;
    MetricShape shape = MetricShape::Lines;
    MetricColors colors = MetricColors::Ordered;
    ScaleKind scale = ScaleKind::Linear;
    bool stacked = false;
    std::optional<double> lowest = std::nullopt;
    std::optional<double> highest = std::nullopt;
    bool exemplars = false; ///< dots of single calls
    QString hint = {};      ///< at the right of the title
    QString emptyText = {};
};

[[nodiscard]] QList<MetricSpec> metricSpecs();

/// The query as the service takes it. `nameSpace` without the underscore; `servers` narrows it where it can.
[[nodiscard]] service::ChartQuery chartQuery(const MetricQuery& query, const QByteArray& nameSpace, const ChartWindow& window,
                                             const QList<QByteArray>& servers);

/// What of a filter applies to metrics: the servers it names. Everything else is `left`.
struct MetricFilter {
    QList<QByteArray> servers;
    bool leftOver = false;
    bool operator==(const MetricFilter&) const = default;
};
[[nodiscard]] MetricFilter metricFilter(const store::Filter& filter);

/// As in the header of a table or a file: "1/min", "s".
[[nodiscard]] QString unitText(MetricUnit unit);
[[nodiscard]] QString formatMetric(MetricUnit unit, double value);
[[nodiscard]] QString formatMetricTick(MetricUnit unit, double value);

} // namespace oriel::ui
