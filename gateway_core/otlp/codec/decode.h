// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/codec/encode.h"

#include <QByteArrayView>

namespace oriel::otlp {

/// Reads Export*ServiceRequest messages of either encoding by the rules for receivers: unknown fields skipped, packed and
/// unpacked repeated numbers, the last of repeated scalars wins, JSON as json_values.h has it, values nested deeper than 64
/// become empty. A message that breaks its grammar is ErrorCode::Parse with the byte offset where known; a value of JSON that
/// cannot be read as its field's type is that too, with its path as context. One of more parts than memory is given for is
/// ErrorCode::TooLarge. Left out and counted are spans with an invalid trace or span id and log records in which nothing is set;
/// metrics without points are left out. Attributes without a key are kept. Pure; any thread.
struct DecodedSpans {
    std::vector<telemetry::SpanData> spans;
    std::uint64_t rejected = 0;
};
struct DecodedLogs {
    std::vector<telemetry::LogRecord> logs;
    std::uint64_t rejected = 0;
};
struct DecodedMetrics {
    std::vector<ScopedMetrics> metrics;
};
Result<DecodedSpans> decodeTraces(QByteArrayView message, Encoding encoding);
Result<DecodedMetrics> decodeMetrics(QByteArrayView message, Encoding encoding);
Result<DecodedLogs> decodeLogs(QByteArrayView message, Encoding encoding);

} // namespace oriel::otlp
