// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/filter.h"
#include "store/trace_codec.h"
#include "store/trace_segment.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

namespace oriel::store {

/// A filter's node made ready for one segment: every condition has become a table over the few values of its column. One thread.
class RowFilter {
public:
    /// `node` null: every record passes. It must outlive the filter.
    RowFilter(const TraceSegment& segment, const FilterNode* node);
    ~RowFilter();
    RowFilter(const RowFilter&) = delete;
    RowFilter& operator=(const RowFilter&) = delete;

    /// No record of the segment can pass.
    [[nodiscard]] bool passesNothing() const;
    /// Clears mask[i] for the records of chunk `chunk` (records chunk × 4096 + i, i < count) that do not pass; others stay as
    /// they are.
    void apply(std::uint32_t chunk, std::uint32_t count, std::uint8_t* mask);

private:
    struct Step;
    std::unique_ptr<Step> prepare(const FilterNode& node);
    void prepareCondition(Step& step, const FilterCondition& condition);
    void prepareTrace(Step& step, const FilterCondition& condition);
    void prepareAttribute(Step& step, const FilterCondition& condition, QByteArrayView key);
    void run(Step& step, const TraceSegment::Chunk& chunk, std::uint32_t first, std::uint32_t count, std::uint8_t* mask);
    void runSlow(Step& step, const TraceSegment::Chunk& chunk, std::uint32_t first, std::uint32_t count, std::uint8_t* mask);
    bool callPasses(Step& step, std::uint32_t row);
    [[nodiscard]] bool dependsOnOneCall(QByteArrayView key) const;

    const TraceSegment& m_segment;
    TraceDecoder m_decoder;
    std::unique_ptr<Step> m_root;
};

/// How a filter over traces is answered from filters over records: its NOT-free parts ("groups") must each hold for one record of
/// the trace, and a truth over groups decides. Keeps the filter alive.
class TraceFilterPlan {
public:
    explicit TraceFilterPlan(const Filter& filter);
    ~TraceFilterPlan();

    [[nodiscard]] std::size_t groupCount() const { return m_groups.size(); }
    [[nodiscard]] const FilterNode& group(std::size_t index) const { return *m_groups[index]; }
    /// Bit n of `groups`: a record of the trace passed group n.
    [[nodiscard]] bool accepts(std::uint64_t groups) const;
    /// True when a trace of which no record passed any group is accepted.
    [[nodiscard]] bool acceptsNothing() const { return accepts(0); }

private:
    struct Truth;
    std::unique_ptr<Truth> lift(const FilterNode& node);
    std::unique_ptr<Truth> groupOf(FilterNode node);
    [[nodiscard]] static bool holds(const Truth& truth, std::uint64_t groups);

    Filter m_filter;
    std::vector<std::unique_ptr<FilterNode>> m_groups;
    std::unique_ptr<Truth> m_truth;
};

/// The bits of the plan's groups for every trace of a segment; empty when the stop token asked to stop.
std::vector<std::uint64_t> matchTraces(const TraceSegment& segment, std::uint32_t rows, std::uint32_t traces,
                                       const TraceFilterPlan& plan, const std::stop_token& stop);

} // namespace oriel::store
