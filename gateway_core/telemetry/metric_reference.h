// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace oriel::telemetry {

/// docs/reference/metrics.md, made from the metric table: each metric's name over OTLP and in Prometheus, its labels and bounds.
QByteArray metricReference();

} // namespace oriel::telemetry
