// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/signal.h"
#include "telemetry/log_record.h"
#include "telemetry/metric_data.h"
#include "telemetry/span_data.h"

#include <QByteArray>

#include <memory>
#include <span>
#include <vector>

namespace oriel::otlp {

/// Metrics with what produced them.
struct ScopedMetrics {
    std::shared_ptr<const telemetry::Resource> resource;
    std::shared_ptr<const telemetry::Scope> scope;
    std::vector<telemetry::MetricData> metrics;
};

/// Export*ServiceRequest messages (opentelemetry-proto v1.11), grouped by resource, then scope. Nothing to send gives an empty
/// message. Pure; any thread.
QByteArray encodeTraces(std::span<const telemetry::SpanData> spans, Encoding encoding);
QByteArray encodeMetrics(std::span<const ScopedMetrics> metrics, Encoding encoding);
QByteArray encodeLogs(std::span<const telemetry::LogRecord> logs, Encoding encoding);

} // namespace oriel::otlp
