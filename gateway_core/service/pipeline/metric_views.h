// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/metric_view.h"
#include "telemetry/metric_view.h"

namespace oriel::service {

/// The configuration's views as the metric registry takes them. Pure; any thread.
std::vector<telemetry::MetricView> metricViews(const QList<config::MetricView>& views);

} // namespace oriel::service
