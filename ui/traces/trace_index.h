// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace oriel::ui {

/// What the index needs to know of a span. Times in nanoseconds since the epoch.
struct IndexInput {
    SpanId id;
    SpanId parent; ///< invalid: a root
    std::int64_t startNs = 0;
    std::int64_t endNs = 0;    ///< not after startNs: still running (see `running`), or an instant
    std::uint32_t name = 0;    ///< an interned string, the caller's
    std::uint32_t service = 0; ///< likewise
    bool error = false;
    bool running = false;
    bool gatewayServer = false; ///< the SERVER span of a call through a gateway
    bool gatewayHop = false;    ///< a CLIENT span of a gateway towards a server
};

/// The spans of one trace as a tree laid out flat: row 0 is the first root, every span stands before its descendants, siblings by
/// start.
///
/// Immutable after build(); any thread. Everything is iterative, so that a chain of a hundred thousand spans is no deeper than
/// one. A span whose parent is not there, and the earliest span of a circle of parents, become roots and carry a flag that says
/// so. Of two spans with the same id both are shown; children belong to the first.
class TraceIndex {
public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    enum Flag : std::uint8_t {
        OwnError = 1,
        DescendantError = 2, ///< some span below failed; may stand beside OwnError
        Orphan = 4,          ///< its parent is not in the trace
        Cycle = 8,           ///< its parents lead back to itself
        Running = 16,
        GatewayServer = 32,
        GatewayHop = 64,
    };

    TraceIndex() = default;
    [[nodiscard]] static TraceIndex build(std::span<const IndexInput> spans);

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(m_start.size()); }
    [[nodiscard]] bool isEmpty() const { return m_start.empty(); }

    /// Relative to traceStartNs().
    [[nodiscard]] std::int64_t start(std::uint32_t row) const { return m_start[row]; }
    [[nodiscard]] std::int64_t duration(std::uint32_t row) const { return m_duration[row]; }
    [[nodiscard]] std::int64_t end(std::uint32_t row) const { return m_start[row] + m_duration[row]; }
    /// The part of the duration in which no child ran.
    [[nodiscard]] std::int64_t selfTime(std::uint32_t row) const { return m_self[row]; }
    [[nodiscard]] std::uint32_t parent(std::uint32_t row) const { return m_parent[row]; } ///< `none` for roots
    [[nodiscard]] std::uint32_t depth(std::uint32_t row) const { return m_depth[row]; }
    [[nodiscard]] std::uint32_t subtree(std::uint32_t row) const
    {
        return m_subtree[row];
    } ///< rows of the subtree, itself included
    [[nodiscard]] bool hasChildren(std::uint32_t row) const { return m_subtree[row] > 1; }
    [[nodiscard]] std::uint8_t flags(std::uint32_t row) const { return m_flags[row]; }
    [[nodiscard]] bool has(std::uint32_t row, Flag flag) const { return (m_flags[row] & flag) != 0; }
    [[nodiscard]] std::uint32_t name(std::uint32_t row) const { return m_name[row]; }
    [[nodiscard]] std::uint32_t service(std::uint32_t row) const { return m_service[row]; }
    [[nodiscard]] std::uint32_t source(std::uint32_t row) const { return m_source[row]; } ///< position in what build() was given
    [[nodiscard]] std::uint32_t rowOfSource(std::uint32_t source) const { return m_rowOfSource[source]; }
    /// The first row of that id, or `none`.
    [[nodiscard]] std::uint32_t rowOf(SpanId id) const;

    [[nodiscard]] std::int64_t traceStartNs() const { return m_traceStart; }
    [[nodiscard]] std::int64_t traceDurationNs() const { return m_traceDuration; }
    [[nodiscard]] std::uint32_t errorCount() const { return m_errors; }
    [[nodiscard]] std::uint32_t runningCount() const { return m_running; }
    [[nodiscard]] std::uint32_t promotedCount() const { return m_promoted; } ///< orphans and cut circles
    [[nodiscard]] std::uint32_t maxDepth() const { return m_maxDepth; }
    /// The root that lasts longest; `none` when empty.
    [[nodiscard]] std::uint32_t mainRoot() const;
    /// The next row with an error of its own after `row` (before it when `backwards`), wrapping round; `none` when there is none.
    [[nodiscard]] std::uint32_t nextError(std::uint32_t row, bool backwards = false) const;
    /// The sibling after (before) `row`; `none` at the ends.
    [[nodiscard]] std::uint32_t sibling(std::uint32_t row, bool backwards = false) const;

private:
    struct Tree;
    void layOut(std::span<const IndexInput> spans, const Tree& tree);
    void measure();

    std::vector<std::int64_t> m_start;
    std::vector<std::int64_t> m_duration;
    std::vector<std::int64_t> m_self;
    std::vector<std::uint32_t> m_parent;
    std::vector<std::uint32_t> m_depth;
    std::vector<std::uint32_t> m_subtree;
    std::vector<std::uint32_t> m_name;
    std::vector<std::uint32_t> m_service;
    std::vector<std::uint32_t> m_source;
    std::vector<std::uint32_t> m_rowOfSource;
    std::vector<std::uint8_t> m_flags;
    std::vector<std::uint64_t> m_slotIds; ///< open addressing, a power of two; 0 is free
    std::vector<std::uint32_t> m_slotRows;
    std::int64_t m_traceStart = 0;
    std::int64_t m_traceDuration = 0;
    std::uint32_t m_errors = 0;
    std::uint32_t m_running = 0;
    std::uint32_t m_promoted = 0;
    std::uint32_t m_maxDepth = 0;
};

/// A stretch of the critical path: in [fromNs, toNs) the trace waited for `row` itself, not for one of its children.
struct CriticalSegment {
    std::uint32_t row = 0;
    std::int64_t fromNs = 0; ///< relative to the trace
    std::int64_t toNs = 0;

    bool operator==(const CriticalSegment&) const = default;
};

/// What the duration of a root is made of: going back from its end, always the child that ended last. Children reach no farther
/// than their parents. The segments of a path cover the root without gap or overlap.
struct CriticalPath {
    std::vector<CriticalSegment> segments; ///< by row, then by time
    /// For every row on the path, sorted: the whole stretch in which the path was in it or below it; what a folded row shows.
    std::vector<CriticalSegment> covers;

    [[nodiscard]] std::span<const CriticalSegment> segmentsOf(std::uint32_t row) const;
    [[nodiscard]] const CriticalSegment* coverOf(std::uint32_t row) const;
};
[[nodiscard]] CriticalPath criticalPath(const TraceIndex& index, std::uint32_t root);

/// How the time of the calls in a trace divides between the gateway and the servers behind it.
struct GatewaySplit {
    std::int64_t totalNs = 0;    ///< of the outermost calls; 0: no call went through a gateway
    std::int64_t upstreamNs = 0; ///< the union of their hops, cut to the call
    [[nodiscard]] bool isValid() const { return totalNs > 0; }
    [[nodiscard]] std::int64_t gatewayNs() const { return totalNs - upstreamNs; }
    [[nodiscard]] double upstreamShare() const
    {
        return totalNs > 0 ? static_cast<double>(upstreamNs) / static_cast<double>(totalNs) : 0.0;
    }
};
[[nodiscard]] GatewaySplit gatewaySplit(const TraceIndex& index);

} // namespace oriel::ui
