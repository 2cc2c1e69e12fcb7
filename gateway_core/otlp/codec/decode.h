// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/codec/encode.h"

#include <QByteArrayView>

namespace oriel::otlp {

/// Reads Export*ServiceRequest messages of either encoding by the rules for receivers: unknown fields skipped, packed and
/// unpacked repeated numbers, the last of repeated scalars wins, JSON numbers as strings or numbers, hex ids in any case, values
/// nested deeper than 64 become empty. A message that breaks its grammar is ErrorCode::Parse with the byte offset where known,
/// one of more parts than memory is given for ErrorCode::TooLarge. Left out and counted are spans with an invalid trace or span
/// id and log records in which nothing is set; attributes without a key and metrics without points are left out. Pure; any
/// thread.
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
