// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_data.h"
#include "telemetry/prometheus_negotiation.h"

#include <QByteArray>

#include <span>

namespace oriel::telemetry {

/// How and with what an exposition is written.
struct ExpositionOptions {
    ExpositionChoice choice;
    const Resource* resource = nullptr; ///< becomes `target_info`
    /// Becomes the labels `otel_scope_name`, `otel_scope_version`, `otel_scope_schema_url` and `otel_scope_…` of every sample.
    /// Left out where all metrics have one scope, as Oriel's own do: the labels are then those that the metric table names, as
    /// queries of the seed systems have them, and the version of Oriel is in `target_info`.
    const Scope* scope = nullptr;
};

/// All metrics as one exposition ("Prometheus and OpenMetrics compatibility" of OpenTelemetry; OpenMetrics 1.0). Metrics that
/// come to one name are one family: the first one's type holds, and a metric of another type is left out; help texts or units
/// that differ are left out. Delta points cannot be exposed and are left out too.
///
/// An alias of a metric is shown beside it, untyped and with the same values. Two rules clash there: OpenMetrics gives a
/// counter's name without `_total` to the counter itself, so in that format a counter whose short name is another family's is of
/// type unknown, without `_created` and exemplars; and promtool refuses any name with a type in it, so the alias
/// `…_error_counter` is in OpenMetrics only.
QByteArray writeExposition(std::span<const MetricData> metrics, const ExpositionOptions& options = {});

} // namespace oriel::telemetry
