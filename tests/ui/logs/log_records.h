// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/log_store.h"

namespace oriel::test {

inline telemetry::LogRecord logRecord(QByteArray source, telemetry::Severity severity, QByteArray body,
                                      std::int64_t unixNs = 1'700'000'000'000'000'000)
{
    telemetry::LogRecord record;
    record.timeUnixNs = record.observedUnixNs = unixNs;
    record.severity = severity;
    record.body = telemetry::AnyValue(std::move(body));
    record.source = std::move(source);
    return record;
}

inline store::LogEntry logEntry(std::uint64_t id, telemetry::LogRecord record)
{
    return {id, std::make_shared<const telemetry::LogRecord>(std::move(record))};
}

/// `count` entries with ids from `firstId`, one a second from `unixNs`.
inline std::vector<store::LogEntry> logEntries(std::uint64_t firstId, int count, std::int64_t unixNs = 1'700'000'000'000'000'000)
{
    std::vector<store::LogEntry> entries;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t id = firstId + static_cast<std::uint64_t>(i);
        entries.push_back(
            logEntry(id, logRecord("fs", telemetry::Severity::Info, "line " + QByteArray::number(static_cast<qulonglong>(id)),
                                   unixNs + i * 1'000'000'000LL)));
    }
    return entries;
}

} // namespace oriel::test
