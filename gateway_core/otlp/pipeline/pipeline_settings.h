// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/span_data.h"

#include <chrono>
#include <memory>

namespace oriel::otlp {

/// What ExportPipeline::configure() puts in force for all destinations. Exporter thread.
struct PipelineSettings {
    std::shared_ptr<const telemetry::Resource> resource;
    std::shared_ptr<const telemetry::Scope> scope;
    std::chrono::milliseconds spanInterval{1'000};
    std::chrono::milliseconds metricInterval{5'000};
};

} // namespace oriel::otlp
