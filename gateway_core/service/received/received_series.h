// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/encode.h"

#include <vector>

namespace oriel::service {

/// Received metrics as the series store takes them, with the labels `job` (service.namespace/service.name) and `instance`
/// (service.instance.id) that tell whose they are, as Prometheus labels what comes over OTLP. An exponential histogram becomes a
/// histogram whose bounds are powers of two, which is exact; negative values count into its lowest bucket. A summary becomes its
/// quantiles, a sum and a count. Pure; any thread.
[[nodiscard]] std::vector<telemetry::MetricData> seriesOf(const otlp::ScopedMetrics& received);

} // namespace oriel::service
