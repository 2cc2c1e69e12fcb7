// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/log_record.h"
#include "telemetry/metric_data.h"
#include "telemetry/span_data.h"

namespace oriel::telemetry {

/// The limits of OTEL_*_LIMIT, and such as backends have besides. A negative number means no limit. Lengths count characters of
/// text and bytes of byte values, at any depth.
struct SpanLimits {
    int attributeCount = 128;
    int attributeLength = -1;
    int eventCount = 128;
    int linkCount = 128;
    int eventAttributeCount = 128;
    int linkAttributeCount = 128;
    int attributeDepth = 64; ///< deeper arrays and maps become empty values
    int attributeBytes = -1; ///< of text, cut between characters, and of byte values; counts beside attributeLength
    int keyBytes = -1;       ///< of keys, at any depth, cut between characters; of those that become equal the first stays
    int arrayElements = -1;  ///< at any depth
    int nameBytes = -1;      ///< of a span's name, cut between characters
    bool operator==(const SpanLimits&) const = default;
};

/// Drops what is beyond the limits (the newest of it) and adds to the dropped counts. Resource and scope are exempt.
void applyLimits(SpanData& span, const SpanLimits& limits);
/// The body is exempt.
void applyLimits(LogRecord& log, const SpanLimits& limits);
/// Lengths of keys and values of points and exemplars; they have no dropped counts, and no attribute of them is left out but for
/// a key that became equal to another.
void applyLimits(MetricData& metric, const SpanLimits& limits);
/// Of attributes that stand elsewhere; at most `count` of them.
void applyLimits(Attributes& attributes, int count, std::uint32_t& dropped, const SpanLimits& limits);
/// Of a value that is no attribute's.
void applyLimits(AnyValue& value, const SpanLimits& limits);
/// `text` with so many bytes at most, cut between characters.
QByteArray cutToBytes(const QByteArray& text, qsizetype bytes);

} // namespace oriel::telemetry
