// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_data.h"

#include <QByteArray>
#include <QByteArrayView>

namespace oriel::telemetry {

// How names, units, labels and numbers of OpenTelemetry are written in Prometheus: the strategy UnderscoreEscapingWithSuffixes of
// the "Prometheus and OpenMetrics compatibility" specification, with the decisions of the Collector's translator where the
// specification is silent, so that a metric has one name on every way to a Prometheus. Pure functions, any thread.

/// The name of a metric: illegal characters become `_`, runs of `_` one; the unit is appended as a word unless the name holds it
/// already; then `_total` for a counter.
QByteArray prometheusName(QByteArrayView name, QByteArrayView unit, bool counter);
/// The same by the metric's kind. A gauge of the unit `1` ends in `_ratio`; an up-down counter does not.
QByteArray prometheusName(const MetricData& metric);
/// True for a monotonic sum: what Prometheus calls a counter.
bool isPrometheusCounter(const MetricData& metric);
/// The word of a unit: "s" → "seconds", "By/s" → "bytes_per_second", "{call}" and "1" → empty.
QByteArray prometheusUnit(QByteArrayView unit);
/// The name of a label: `[a-zA-Z_][a-zA-Z0-9_]*`; a leading digit gets `key_` before it.
QByteArray prometheusLabel(QByteArrayView key);
/// A value as a sample: shortest text that reads back equal, `+Inf`, `-Inf`, `NaN`.
QByteArray prometheusNumber(double value);
/// A bound of `le` in OpenMetrics ("Considerations: Canonical Numbers"): `1.0`, `0.0001`, `1e-05`, `1e+06`, `+Inf`.
QByteArray canonicalNumber(double value);

/// What a scraper asks for with `escaping=` for names outside the classic alphabet.
enum class NameEscaping : std::uint8_t { Underscores, Dots, Values, AllowUtf8 };
/// `name` escaped. Oriel's names are in the classic alphabet already, which leaves work for `dots` alone: it doubles underscores.
QByteArray escapedName(const QByteArray& name, NameEscaping escaping);
/// The word of the parameter.
QByteArrayView escapingName(NameEscaping escaping);

} // namespace oriel::telemetry
