// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/disk_thread.h"
#include "store/framed_file.h"
#include "store/trace_codec.h"
#include "store/trace_segment.h"
#include "store/trace_store.h"

#include <list>
#include <unordered_set>

namespace oriel::store {

using SegmentList = std::vector<std::shared_ptr<TraceSegment>>; ///< by sequence

/// Encodes the records [firstRow, endRow) and strings [firstString, endString) of a segment as frames of its file.
Status writeSegmentFrames(FrameFileWriter& file, const TraceSegment& segment, std::uint32_t firstString, std::uint32_t endString,
                          std::uint32_t firstRow, std::uint32_t endRow);

struct LoadedSegment {
    std::shared_ptr<TraceSegment> segment;
    std::uint64_t lostRecords = 0;
};
/// Reads a segment file back; sealed. Damage is skipped and counted.
Result<LoadedSegment> loadSegmentFile(const StoredFile& file);

inline const QString& traceFilePrefix()
{
    static const QString kPrefix = QStringLiteral("traces");
    return kPrefix;
}

/// Private to the trace_*.cpp files.
class TraceStore::Private {
public:
    Private(TraceStoreOptions storeOptions, const Clock& storeClock);

    // --- the writer ---
    void prepare(std::size_t bodyBytes);
    void publish(SegmentRow row, SpanId spanId, bool isRunning);
    void markShared(const TraceId& id, std::uint16_t index);
    void startSegment();
    void sealOpen();
    void enforceBudget();

    // --- any thread ---
    [[nodiscard]] std::shared_ptr<const SegmentList> snapshot() const;
    void replaceSegments(const std::function<void(SegmentList&)>& change);
    [[nodiscard]] TraceSummary summarize(const SegmentList& segments, const TraceSegment& segment, std::uint16_t trace) const;
    void mergeSummary(TraceSummary& summary, const TraceSegment& segment, std::uint16_t trace, std::int64_t& end,
                      std::int64_t& nameStart) const;
    void collectSpans(const TraceSegment& segment, const TraceId& id, std::vector<telemetry::SpanData>& out,
                      const std::stop_token& stop) const;
    [[nodiscard]] std::optional<telemetry::CallRecord> findCall(const TraceSegment& segment, const TraceId& id,
                                                                SpanId span) const;
    [[nodiscard]] std::shared_ptr<TraceSegment> findOnDisk(const TraceId& id, const SegmentList& inMemory,
                                                           const std::stop_token& stop) const;
    void evict(SegmentList& segments, std::size_t index);
    [[nodiscard]] std::int64_t memoryOf(const SegmentList& segments) const;

    // --- the disk thread ---
    Status writePending();
    void loadFiles(std::vector<StoredFile> files);
    void measureDisk();
    Result<RetentionPreview> retention(const RetentionLimits& limits, bool apply, const std::stop_token& stop);

    struct RunningSpan {
        std::shared_ptr<TraceSegment> segment;
        std::uint16_t trace = 0;
    };
    /// A segment whose file is not finished.
    struct Unfinished {
        std::shared_ptr<TraceSegment> segment;
        FrameFileWriter file;
        std::uint32_t rows = 0;
        std::uint32_t strings = 1; ///< number 0 is everywhere the empty string
        bool abandoned = false;
    };
    struct Tombstone {
        std::uint64_t sequence = 0;
        std::int64_t evictedAtUnixNs = 0;
        std::vector<std::uint32_t> ids; ///< low words of the trace ids, sorted
    };

    const TraceStoreOptions options;
    const Clock& clock;

    std::shared_ptr<TraceSegment> open;
    std::unique_ptr<TraceEncoder> encoder;
    std::unordered_map<SpanId, RunningSpan> running;
    QByteArray service = QByteArrayLiteral("oriel");
    std::uint64_t nextSequence = 1;
    std::int64_t segmentBytes = 0;

    std::atomic<std::uint64_t> lastId{0};
    std::atomic<std::int64_t> budget;
    std::atomic<std::uint64_t> appended{0};
    std::atomic<std::uint64_t> evictedSpans{0};
    std::atomic<std::uint64_t> lostRecords{0};
    std::atomic<std::uint64_t> unwrittenRecords{0};
    std::atomic<std::int64_t> diskBytes{0};
    std::atomic<std::int64_t> droppedBefore{0};

    mutable std::mutex mutex; ///< guards what follows; held for pointer copies only
    std::shared_ptr<const SegmentList> segments = std::make_shared<SegmentList>();
    std::vector<Tombstone> tombstones;
    std::size_t tombstoneIds = 0;
    std::shared_ptr<const telemetry::Resource> callResource;
    std::shared_ptr<const telemetry::Scope> callScope;
    std::vector<std::shared_ptr<TraceSegment>> newSegments; ///< not yet known to the disk thread

    std::list<Unfinished> unfinished; ///< the disk thread's alone
    std::atomic<bool> persistent{false};
    std::stop_source stopLoading;
    std::function<void()> loaded;
    DiskThread disk;
};

} // namespace oriel::store
