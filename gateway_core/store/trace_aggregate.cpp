// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/filter_eval.h"
#include "store/trace_store_p.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace oriel::store {

namespace {

constexpr std::uint32_t kChunk = TraceSegment::kChunk;
constexpr std::uint32_t kMaxBuckets = 20'000;

/// Calls `visit(chunk, index in the chunk, row)` for the records of [from, to) that have one of `flags` and pass the filter.
template <class Visit>
bool visitRows(const TraceSegment& segment, std::int64_t from, std::int64_t to, std::uint8_t flags, const Filter& filter,
               const std::stop_token& stop, const Visit& visit)
{
    const std::uint32_t rows = segment.rows();
    if (rows == 0 || segment.newestNs() < from || segment.oldestNs() >= to)
        return true;
    RowFilter rowFilter(segment, filter.root());
    if (rowFilter.passesNothing())
        return true;
    std::array<std::uint8_t, kChunk> mask;
    for (std::uint32_t first = 0; first < rows; first += kChunk) {
        if (stop.stop_requested())
            return false;
        const std::uint32_t count = std::min(kChunk, rows - first);
        const TraceSegment::Chunk& chunk = segment.chunk(first);
        for (std::uint32_t i = 0; i < count; ++i)
            mask[i] = (chunk.flags[i] & flags) != 0 && chunk.start[i] >= from && chunk.start[i] < to ? 1 : 0;
        if (!filter.isEmpty())
            rowFilter.apply(first / kChunk, count, mask.data());
        for (std::uint32_t i = 0; i < count; ++i)
            if (mask[i] != 0)
                visit(chunk, i, first + i);
    }
    return true;
}

/// Puts `durations` in another order.
void fillQuantiles(AggregateBucket& bucket, std::span<std::int64_t> durations)
{
    if (durations.empty())
        return;
    // Each is looked for above the one before; sorting all would be several times the work.
    auto from = durations.begin();
    const auto quantile = [&](double q) {
        const auto rank = static_cast<std::ptrdiff_t>(std::ceil(q * static_cast<double>(durations.size())));
        const auto at = durations.begin() + std::max<std::ptrdiff_t>(rank - 1, 0);
        std::nth_element(from, at, durations.end());
        from = at;
        return static_cast<double>(*at);
    };
    bucket.p50Ns = quantile(0.50);
    bucket.p95Ns = quantile(0.95);
    bucket.p99Ns = quantile(0.99);
    bucket.maxNs = static_cast<double>(*std::max_element(from, durations.end()));
}

/// Groups by the values of one or two columns, over segments with different numbers for the same text.
class Grouping {
public:
    struct Group {
        QByteArray key;
        QByteArray server;
        std::vector<std::pair<std::uint32_t, std::int64_t>> durations; ///< bucket, ns
        std::vector<std::uint64_t> errors;                             ///< by bucket
        std::uint64_t errorCount = 0;
        std::int64_t lastCall = kBeginningOfTime;
        std::int64_t lastErrorAt = kBeginningOfTime;
        QByteArray lastError;
    };
    explicit Grouping(GroupBy by) : m_by(by) {}

    void enter(const TraceSegment& segment)
    {
        m_segment = &segment;
        m_local.clear();
    }
    Group& groupOf(const TraceSegment::Chunk& chunk, std::uint32_t at)
    {
        const auto value = [&](Facet facet) { return chunk.facets[static_cast<std::size_t>(facet)][at]; };
        Facet first = Facet::Server;
        std::uint32_t local = 0;
        switch (m_by) {
        case GroupBy::None:
            break;
        case GroupBy::Server:
            local = value(Facet::Server);
            break;
        case GroupBy::Client:
            local = value(first = Facet::Client);
            break;
        case GroupBy::Method:
            local = value(first = Facet::Method);
            break;
        case GroupBy::Tool:
            local = static_cast<std::uint32_t>(value(Facet::Server)) << 16U | value(first = Facet::Tool);
            break;
        }
        const auto known = m_local.find(local);
        if (known != m_local.end())
            return m_groups[known->second];
        QByteArray key =
            m_by == GroupBy::None ? QByteArray() : m_segment->facetText(first, static_cast<std::uint16_t>(local)).toByteArray();
        QByteArray server = m_by == GroupBy::Tool
                                ? m_segment->facetText(Facet::Server, static_cast<std::uint16_t>(local >> 16U)).toByteArray()
                                : QByteArray();
        const auto [index, isNew] = m_byText.try_emplace(std::pair(server, key), m_groups.size());
        if (isNew)
            m_groups.push_back({std::move(key), std::move(server), {}, {}, 0, kBeginningOfTime, kBeginningOfTime, {}});
        m_local.emplace(local, index->second);
        return m_groups[index->second];
    }
    std::vector<Group>& groups() { return m_groups; }

private:
    const GroupBy m_by;
    const TraceSegment* m_segment = nullptr;
    std::unordered_map<std::uint32_t, std::size_t> m_local;
    std::map<std::pair<QByteArray, QByteArray>, std::size_t> m_byText;
    std::vector<Group> m_groups;
};

AggregateGroup finished(Grouping::Group& group, const AggregateQuery& query, std::int64_t step, std::uint32_t buckets)
{
    AggregateGroup out;
    out.key = std::move(group.key);
    out.server = std::move(group.server);
    out.lastCallUnixNs = group.lastCall;
    out.lastError = std::move(group.lastError);
    out.total.startUnixNs = query.fromUnixNs;
    out.total.calls = group.durations.size();
    out.total.errors = group.errorCount;
    out.buckets.resize(buckets);
    for (std::uint32_t i = 0; i < buckets; ++i) {
        out.buckets[i].startUnixNs = query.fromUnixNs + static_cast<std::int64_t>(i) * step;
        out.buckets[i].errors = i < group.errors.size() ? group.errors[i] : 0;
    }
    std::vector<std::size_t> ends(buckets);
    for (const auto& [bucket, duration] : group.durations)
        ++ends[bucket];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<std::size_t> free(buckets);
    std::copy(ends.begin(), ends.end() - 1, free.begin() + 1);
    std::vector<std::int64_t> durations(group.durations.size());
    for (const auto& [bucket, duration] : group.durations)
        durations[free[bucket]++] = duration;
    for (std::uint32_t i = 0; i < buckets; ++i) {
        const std::size_t begin = i == 0 ? 0 : ends[i - 1];
        out.buckets[i].calls = ends[i] - begin;
        fillQuantiles(out.buckets[i], std::span(durations).subspan(begin, ends[i] - begin));
    }
    fillQuantiles(out.total, durations);
    return out;
}

} // namespace

AggregateResult TraceStore::aggregate(const AggregateQuery& query, std::stop_token stop) const
{
    AggregateResult result;
    if (query.toUnixNs <= query.fromUnixNs)
        return result;
    const auto width = static_cast<std::uint64_t>(query.toUnixNs) - static_cast<std::uint64_t>(query.fromUnixNs);
    std::uint64_t step = query.stepNs > 0 ? static_cast<std::uint64_t>(query.stepNs) : width;
    if ((width + step - 1) / step > kMaxBuckets)
        step = width / kMaxBuckets + 1;
    const auto buckets = static_cast<std::uint32_t>((width + step - 1) / step);

    Grouping grouping(query.groupBy);
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    for (const auto& segment : *segments) {
        grouping.enter(*segment);
        const auto visit = [&](const TraceSegment::Chunk& chunk, std::uint32_t at, std::uint32_t) {
            if (query.toolCallsOnly && (chunk.flags[at] & flag::kToolCall) == 0)
                return;
            Grouping::Group& group = grouping.groupOf(chunk, at);
            const auto bucket = static_cast<std::uint32_t>(
                (static_cast<std::uint64_t>(chunk.start[at]) - static_cast<std::uint64_t>(query.fromUnixNs)) / step);
            group.durations.emplace_back(bucket, chunk.duration[at]);
            group.lastCall = std::max(group.lastCall, chunk.start[at]);
            if ((chunk.flags[at] & flag::kError) == 0)
                return;
            if (group.errors.size() <= bucket)
                group.errors.resize(bucket + 1U);
            ++group.errors[bucket];
            ++group.errorCount;
            if (chunk.start[at] >= group.lastErrorAt) {
                group.lastErrorAt = chunk.start[at];
                group.lastError =
                    segment->facetText(Facet::Error, chunk.facets[static_cast<std::size_t>(Facet::Error)][at]).toByteArray();
            }
        };
        if (!visitRows(*segment, query.fromUnixNs, query.toUnixNs, flag::kCall, query.filter, stop, visit)) {
            result.cancelled = true;
            return result;
        }
    }
    for (Grouping::Group& group : grouping.groups())
        result.groups.push_back(finished(group, query, static_cast<std::int64_t>(step), buckets));
    std::stable_sort(result.groups.begin(), result.groups.end(),
                     [](const AggregateGroup& a, const AggregateGroup& b) { return a.total.calls > b.total.calls; });
    return result;
}

std::vector<LatencyPoint> TraceStore::latencyPoints(std::int64_t fromUnixNs, std::int64_t toUnixNs, std::size_t max,
                                                    const Filter& filter, std::stop_token stop) const
{
    std::vector<LatencyPoint> points;
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    const auto collect = [&](std::uint8_t flags) {
        for (const auto& segment : *segments) {
            const bool done = visitRows(
                *segment, fromUnixNs, toUnixNs, flags, filter, stop,
                [&](const TraceSegment::Chunk& chunk, std::uint32_t at, std::uint32_t) {
                    if ((chunk.flags[at] & flag::kRunning) != 0)
                        return;
                    points.push_back({chunk.start[at], chunk.duration[at], segment->trace(chunk.trace[at]).id,
                                      static_cast<telemetry::Outcome>(chunk.outcome[at]), (chunk.flags[at] & flag::kError) != 0});
                });
            if (!done)
                return;
        }
    };
    collect(flag::kCall);
    if (points.empty())
        collect(flag::kRoot);
    std::sort(points.begin(), points.end(),
              [](const LatencyPoint& a, const LatencyPoint& b) { return a.startUnixNs < b.startUnixNs; });
    if (points.size() <= max || max < 2)
        return max < 2 ? std::vector<LatencyPoint>(points.begin(),
                                                   points.begin() + static_cast<std::ptrdiff_t>(std::min(max, points.size())))
                       : points;
    // Runs of equal length; of each the slowest, and an error or else the one in the middle.
    std::vector<LatencyPoint> chosen;
    chosen.reserve(max);
    const std::size_t runs = max / 2;
    for (std::size_t run = 0; run < runs; ++run) {
        const auto begin = points.begin() + static_cast<std::ptrdiff_t>(run * points.size() / runs);
        const auto end = points.begin() + static_cast<std::ptrdiff_t>((run + 1) * points.size() / runs);
        const auto slowest =
            std::max_element(begin, end, [](const auto& a, const auto& b) { return a.durationNs < b.durationNs; });
        auto other = std::find_if(begin, end, [&](const LatencyPoint& point) { return point.error && &point != &*slowest; });
        if (other == end)
            other = begin + (end - begin) / 2;
        chosen.push_back(other < slowest ? *other : *slowest);
        if (other != slowest)
            chosen.push_back(other < slowest ? *slowest : *other);
    }
    return chosen;
}

} // namespace oriel::store
