// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/log_record.h"
#include "telemetry/span_data.h"

namespace oriel::telemetry {

/// The limits of OTEL_*_LIMIT. A negative number means no limit. Lengths count characters of text and bytes of byte values, at
/// any depth.
struct SpanLimits {
    int attributeCount = 128;
    int attributeLength = -1;
    int eventCount = 128;
    int linkCount = 128;
    int eventAttributeCount = 128;
    int linkAttributeCount = 128;
    int attributeDepth = 64; ///< deeper arrays and maps become empty values
    int attributeBytes = -1; ///< of text, cut between characters; counts beside attributeLength
    bool operator==(const SpanLimits&) const = default;
};

/// Drops what is beyond the limits (the newest of it) and adds to the dropped counts. Resource and scope are exempt.
void applyLimits(SpanData& span, const SpanLimits& limits);
/// The body is exempt.
void applyLimits(LogRecord& log, const SpanLimits& limits);

} // namespace oriel::telemetry
