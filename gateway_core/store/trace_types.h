// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "store/filter.h"
#include "telemetry/call_record.h"
#include "telemetry/span_data.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace oriel::store {

inline constexpr std::int64_t kBeginningOfTime = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();

/// One line of the trace list.
struct TraceSummary {
    TraceId traceId;
    QByteArray rootName; ///< of the root span, or of the earliest while the root is missing
    QByteArray rootService;
    std::vector<QByteArray> services; ///< every service with a span in the trace; `oriel` for the gateway's own
    QByteArray server;                ///< the configured MCP server called; of the first call
    QByteArray tool;                  ///< tool, prompt or URI
    QByteArray method;
    QByteArray client;
    std::int64_t startUnixNs = 0;
    std::int64_t durationNs = 0; ///< from the first start to the last end
    std::uint32_t spanCount = 0;
    std::uint32_t errorCount = 0;
    QByteArray firstError;                               ///< the error's words, or its type where there are none
    telemetry::Outcome outcome = telemetry::Outcome::Ok; ///< of the call, where there is one
    bool isCall = false;                                 ///< a call went through this gateway
    bool live = false;                                   ///< a span of it still runs
    bool rootMissing = false;                            ///< no span without a parent, and the parent of the earliest is not here
    bool fromDisk = false;                               ///< read back from a segment file
    std::uint64_t revision = 0;                          ///< id of the last record that changed it; grows
};

enum class TraceOrder : quint8 { Start, Duration, SpanCount };

/// Where a page ended; opaque to callers.
struct TraceCursor {
    std::int64_t key = 0;
    TraceId traceId;
    bool operator==(const TraceCursor&) const = default;
};

struct TraceQuery {
    std::int64_t fromUnixNs = kBeginningOfTime; ///< traces that start in [from, to)
    std::int64_t toUnixNs = kEndOfTime;
    /// Conditions joined by AND (and OR) must hold on one and the same span; NOT excludes the whole trace in which what follows
    /// holds.
    Filter filter = {};
    TraceOrder order = TraceOrder::Start;
    bool newestFirst = true; ///< descending
    int limit = 200;
    std::optional<TraceCursor> after = {}; ///< the `next` of the page before
    std::uint64_t sinceRevision = 0;       ///< only traces that changed after this revision
};

struct TracePage {
    std::vector<TraceSummary> rows;
    std::uint64_t totalMatched = 0;
    std::optional<TraceCursor> next;      ///< nothing: this was the last page
    std::uint64_t revision = 0;           ///< the store's when the query began
    std::int64_t droppedBeforeUnixNs = 0; ///< traces that ended before this were evicted from memory; 0: none were
    bool cancelled = false;
};

/// What is known of one trace id.
struct TraceLookup {
    enum class State : quint8 { Found, NotFound, Evicted };
    State state = State::NotFound;
    std::vector<telemetry::SpanData> spans; ///< by start, then by end descending, parents before children of the same start
    std::int64_t evictedAtUnixNs = 0;       ///< when it left memory (and is on no disk)
};

/// One dot of the latency scatter.
struct LatencyPoint {
    std::int64_t startUnixNs = 0;
    std::int64_t durationNs = 0;
    TraceId traceId;
    telemetry::Outcome outcome = telemetry::Outcome::Ok;
    bool error = false;
};

enum class GroupBy : quint8 { None, Server, Tool, Client, Method };

struct AggregateQuery {
    std::int64_t fromUnixNs = 0;
    std::int64_t toUnixNs = 0;
    std::int64_t stepNs = 0; ///< bucket width; 0: one bucket
    GroupBy groupBy = GroupBy::None;
    bool toolCallsOnly = false; ///< only tools/call; else every call through the gateway
    Filter filter = {};
};

struct AggregateBucket {
    std::int64_t startUnixNs = 0;
    std::uint64_t calls = 0;
    std::uint64_t errors = 0;
    double p50Ns = 0; ///< within 3 % of the exact value; 0 without calls
    double p95Ns = 0;
    double p99Ns = 0;
    double maxNs = 0;
};

struct AggregateGroup {
    QByteArray key;    ///< empty for GroupBy::None; `server__tool` never split: see `server`
    QByteArray server; ///< of a tool
    std::vector<AggregateBucket> buckets;
    AggregateBucket total;
    std::int64_t lastCallUnixNs = 0;
    QByteArray lastError;
};

struct AggregateResult {
    std::vector<AggregateGroup> groups; ///< most calls first
    bool cancelled = false;
};

struct TraceStoreStats {
    std::uint64_t spans = 0; ///< in memory now
    std::uint64_t traces = 0;
    std::uint64_t calls = 0;
    std::uint64_t appended = 0; ///< records since the start of the process
    std::uint64_t evictedSpans = 0;
    std::uint64_t lostRecords = 0;      ///< found torn or corrupt on disk
    std::uint64_t unwrittenRecords = 0; ///< could not be written to disk (full, read-only) and live in memory only
    std::int64_t memoryBytes = 0;
    std::int64_t budgetBytes = 0;
    std::int64_t diskBytes = 0;
    std::int64_t oldestUnixNs = 0;
    std::int64_t newestUnixNs = 0;
    QString diskError; ///< the last one while it lasts
};

} // namespace oriel::store
