// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "store/retention.h"
#include "store/trace_types.h"

#include <functional>
#include <memory>
#include <span>
#include <stop_token>

namespace oriel::store {

struct TraceStoreOptions {
    std::int64_t budgetBytes = 64LL * 1024 * 1024; ///< of memory, all columns, bodies and strings
    QString directory;                             ///< of the segment files; empty: memory only
    std::int64_t segmentBytes =
        4LL * 1024 * 1024;                       ///< a segment is sealed when it holds this much (1 to 32 MB), or 65,535 records
    std::int64_t syncIntervalNs = 1'000'000'000; ///< records reach the disk (fsync) at most this long after they came
};

/// All spans of recent time, in memory as columns, and on disk as segment files so that they survive a restart (T8, T9).
///
/// Threads: append() and evict() belong to one writer thread at a time (the telemetry thread). Every const function may be called
/// from any thread at any time: it works on a snapshot of immutable segments and of the published part of the open one, and takes
/// the writer's lock only for the moment of copying segment pointers. Writing to disk happens on a thread of the store's own,
/// which sleeps when nothing comes.
///
/// A call through the gateway is kept as one record and expanded into its spans when it is read; a span received over OTLP is one
/// record. A span with endUnixNs == 0 is running; the finished span (or the call) with the same id takes its place.
class TraceStore final : public FilterVocabulary, public RetentionTarget {
public:
    /// Does not touch the disk; open() does, and comes before the first append() where there is a directory.
    TraceStore(TraceStoreOptions options, const Clock& clock);
    ~TraceStore() override;
    TraceStore(const TraceStore&) = delete;
    TraceStore& operator=(const TraceStore&) = delete;

    /// Makes the directory and starts reading the segment files of earlier runs on the store's own thread, newest first, within
    /// the budget. `loaded` is called once on that thread when all that fits is there. The store works before that.
    Status open(std::function<void()> loaded = {});
    /// Writes and syncs what is pending and stops the disk thread. The store answers queries on; append() stays in memory.
    void close();
    /// Returns when everything appended before is on disk, or says why it is not.
    Status flush();

    // --- the writer thread ---
    void append(telemetry::CallRecord&& call);
    void append(telemetry::SpanData&& span);
    void append(std::span<telemetry::SpanData> spans);
    void setBudget(std::int64_t bytes);
    /// The resource and scope that the spans of calls get when they are read; `service.name` of it is what `service=` finds.
    void setCallResource(std::shared_ptr<const telemetry::Resource> resource, std::shared_ptr<const telemetry::Scope> scope);

    // --- any thread ---
    /// Grows with every record; 0 before the first.
    [[nodiscard]] std::uint64_t lastId() const;
    [[nodiscard]] TracePage query(const TraceQuery& query, std::stop_token stop = {}) const;
    /// Traces changed after revision `id`, oldest change first, at most `limit`. `TracePage::revision` is what to pass next time:
    /// lower than lastId() when the limit cut the page.
    [[nodiscard]] TracePage since(std::uint64_t id, int limit = 1000) const;
    [[nodiscard]] std::optional<TraceSummary> summary(const TraceId& id) const;
    /// The spans of a trace, expanded; reads a segment file when the trace is on disk only.
    [[nodiscard]] TraceLookup trace(const TraceId& id, std::stop_token stop = {}) const;
    /// The calls of a trace (without payloads), in order of start: one per SERVER span of the gateway.
    [[nodiscard]] std::vector<telemetry::CallRecord> calls(const TraceId& id) const;
    /// The call whose SERVER span, or one of whose hops, has this id.
    [[nodiscard]] std::optional<telemetry::CallRecord> callForTrace(const TraceId& id, SpanId span = {}) const;
    /// The trace of the call with this X-Request-ID.
    [[nodiscard]] std::optional<TraceId> traceForRequest(QByteArrayView requestId, std::stop_token stop = {}) const;

    /// At most `max` calls (root spans where there are no calls) of [from, to): all of them, or an even choice in time that keeps
    /// errors and the slowest.
    [[nodiscard]] std::vector<LatencyPoint> latencyPoints(std::int64_t fromUnixNs, std::int64_t toUnixNs, std::size_t max,
                                                          const Filter& filter = {}, std::stop_token stop = {}) const;
    /// Calls, errors and latency by time and by server, tool, client or method. A tool's group is one (server, tool) pair.
    [[nodiscard]] AggregateResult aggregate(const AggregateQuery& query, std::stop_token stop = {}) const;

    [[nodiscard]] std::vector<QByteArray> attributeKeys(QByteArrayView prefix, int limit) const override;
    [[nodiscard]] std::vector<QByteArray> fieldValues(FilterField field, QByteArrayView key, QByteArrayView prefix,
                                                      int limit) const override;
    [[nodiscard]] TraceStoreStats stats() const;

    // --- retention (T9): whole files of sealed segments; any thread ---
    [[nodiscard]] QString retentionName() const override;
    [[nodiscard]] Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const override;
    Result<RetentionPreview> applyRetention(const RetentionLimits& limits, std::stop_token stop = {}) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace oriel::store
