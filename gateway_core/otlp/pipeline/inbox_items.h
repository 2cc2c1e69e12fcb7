// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/encode.h"
#include "otlp/pipeline/export_call.h"
#include "telemetry/log_record.h"
#include "telemetry/metric_data.h"
#include "telemetry/span_data.h"

#include <cstdint>
#include <span>
#include <vector>

namespace oriel::otlp {

/// Metrics of one request that the receiver took; they wait and are dropped together.
using ReceivedMetrics = std::vector<ScopedMetrics>;

/// About how much memory an item holds while it waits, without what it shares with others (resource, scope, server, client).
qsizetype heldBytes(const ExportCall& call);
qsizetype heldBytes(const telemetry::SpanData& span);
qsizetype heldBytes(const telemetry::LogRecord& log);
qsizetype heldBytes(const ReceivedMetrics& metrics);

std::uint32_t pointCount(std::span<const telemetry::MetricData> metrics);
std::uint32_t pointCount(const ReceivedMetrics& metrics);

/// As how many an item counts when it is dropped: metrics by their points.
template <class Item> std::uint64_t itemCount(const Item&)
{
    return 1;
}
inline std::uint64_t itemCount(const ReceivedMetrics& metrics)
{
    return pointCount(metrics);
}

} // namespace oriel::otlp
