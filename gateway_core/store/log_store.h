// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "store/retention.h"
#include "store/trace_types.h"
#include "telemetry/log_record.h"

#include <functional>
#include <memory>
#include <span>
#include <stop_token>

namespace oriel::store {

struct LogStoreOptions {
    std::int64_t budgetBytes = 16LL * 1024 * 1024; ///< of memory
    QString directory;                             ///< empty: memory only
    std::int64_t segmentBytes = 8LL * 1024 * 1024; ///< of one file
    std::int64_t syncIntervalNs = 1'000'000'000;
};

struct LogQuery {
    std::int64_t fromUnixNs = kBeginningOfTime;
    std::int64_t toUnixNs = kEndOfTime;
    telemetry::Severity minSeverity = telemetry::Severity::Unspecified;
    QByteArray source; ///< empty: all
    QByteArray text;   ///< substring of body, attributes or event name, whatever the case
    std::optional<TraceId> traceId;
    std::uint64_t sinceId = 0;  ///< only records with a greater id
    std::uint64_t beforeId = 0; ///< only records with a smaller id; 0: no bound
    bool newestFirst = false;
    int limit = 1000;
};

struct LogEntry {
    std::uint64_t id = 0; ///< grows in order of arrival
    std::shared_ptr<const telemetry::LogRecord> record;
};

struct LogPage {
    std::vector<LogEntry> rows;
    std::uint64_t lastId = 0;  ///< of the store when the query began: pass it as `sinceId` next time
    std::uint64_t firstId = 0; ///< the oldest still in memory; a gap between sinceId and it means records were evicted
    bool more = false;         ///< the limit cut the page
    bool cancelled = false;
};

struct LogStoreStats {
    std::uint64_t records = 0;
    std::uint64_t appended = 0;
    std::uint64_t evicted = 0;
    std::uint64_t lostRecords = 0;
    std::uint64_t unwrittenRecords = 0; ///< evicted before they were on disk, or too large for a file's frame
    std::int64_t memoryBytes = 0;
    std::int64_t diskBytes = 0;
    QString diskError;
};

/// Recent log records in memory, bounded by bytes, and on disk by retention (L1). Records must be masked before they come here.
/// append() belongs to the telemetry thread; const functions to any thread. A query holds the lock only while it copies pointers.
class LogStore final : public RetentionTarget {
public:
    LogStore(LogStoreOptions options, const Clock& clock);
    ~LogStore() override;

    /// Reads back what earlier runs wrote, newest first within the budget, on the store's own thread.
    Status open(std::function<void()> loaded = {});
    void close();
    Status flush();

    void append(telemetry::LogRecord&& record);
    [[nodiscard]] std::uint64_t lastId() const;
    [[nodiscard]] LogPage query(const LogQuery& query, std::stop_token stop = {}) const;
    [[nodiscard]] std::vector<QByteArray> sources() const;
    [[nodiscard]] LogStoreStats stats() const;

    [[nodiscard]] QString retentionName() const override;
    [[nodiscard]] Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const override;
    Result<RetentionPreview> applyRetention(const RetentionLimits& limits, std::stop_token stop = {}) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace oriel::store
