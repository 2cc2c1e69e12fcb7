// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/byte_io.h"
#include "telemetry/log_record.h"

#include <memory>
#include <vector>

namespace oriel::store {

using LogPointer = std::shared_ptr<const telemetry::LogRecord>;

/// One frame of a log file: resources and scopes that its records share, then the records,
/// then the entities of the resources if one has any.
void encodeLogFrame(ByteWriter& out, const std::vector<LogPointer>& records);
/// Appends what could be read. Returns how many records the frame should have held and did not.
std::uint64_t decodeLogFrame(QByteArrayView payload, std::vector<LogPointer>& out);

/// Bytes that a record takes in memory by itself, roughly: without its resource and its scope, which others may hold too.
std::int64_t costOfLog(const telemetry::LogRecord& record);
/// Bytes of its resource and its scope, each only if `before` (may be null) does not hold the same.
std::int64_t costOfShared(const telemetry::LogRecord& record, const telemetry::LogRecord* before);

} // namespace oriel::store
