// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/imports/yaml_section.h"
#include "config/metric_view.h"

namespace oriel::config {

/// `views` of a declarative configuration's `meter_provider`. Mistakes and what has no effect go to the section's report.
/// Internal to config/.
QList<MetricView> readViews(YamlSection& meterProvider);

} // namespace oriel::config
