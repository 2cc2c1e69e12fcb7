// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_data.h"

#include <QByteArray>
#include <QByteArrayView>

#include <span>

namespace oriel::telemetry {

enum class ExpositionFormat : std::uint8_t {
    Text004,        ///< text/plain; version=0.0.4
    OpenMetrics100, ///< application/openmetrics-text; version=1.0.0, with exemplars
};

/// The format that an Accept header asks for most; Text004 when it names none that we have.
ExpositionFormat negotiateExposition(QByteArrayView accept);
/// The Content-Type of an exposition.
QByteArray expositionContentType(ExpositionFormat format);

/// All metrics as one exposition. `resource` (may be null) becomes `target_info`. An alias of a metric is shown beside it,
/// untyped and with the same values. Two rules clash there: OpenMetrics gives a counter's name without `_total` to the counter
/// itself, so in that format an aliased counter is of type unknown; and promtool refuses any name with a type in it, so the alias
/// `…_error_counter` is in OpenMetrics only. Delta points cannot be exposed and are left out.
QByteArray writeExposition(std::span<const MetricData> metrics, ExpositionFormat format, const Resource* resource = nullptr);

/// The name of a metric in Prometheus: illegal characters become `_`, the unit is appended as a word unless the name holds it
/// already, then
/// `_total` for a counter (Prometheus and OpenMetrics compatibility specification).
QByteArray prometheusName(QByteArrayView name, QByteArrayView unit, bool counter);
/// The name of a label.
QByteArray prometheusLabel(QByteArrayView key);
/// A value as a sample: shortest text that reads back equal, `+Inf`, `-Inf`, `NaN`.
QByteArray prometheusNumber(double value);

} // namespace oriel::telemetry
