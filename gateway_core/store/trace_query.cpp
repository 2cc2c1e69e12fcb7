// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/filter_eval.h"
#include "store/trace_store_p.h"
#include "telemetry/call_spans.h"

#include <algorithm>
#include <bit>

namespace oriel::store {

using telemetry::CallRecord;
using telemetry::SpanData;

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint32_t kChunk = TraceSegment::kChunk;

struct Match {
    std::int64_t key = 0;
    TraceId id;
    std::uint32_t segment = 0;
    std::uint16_t trace = 0;
};

bool hasFlag(const TraceEntry& entry, std::uint8_t which)
{
    return (entry.flags.load(kRelaxed) & which) != 0;
}

/// A trace that has records in several segments, while the segments are gone through.
struct Straddler {
    std::uint64_t groups = 0;
    std::int64_t start = kEndOfTime;
    std::int64_t end = kBeginningOfTime;
    std::uint64_t spans = 0;
    std::uint64_t revision = 0;
    std::uint32_t segment = 0;
    std::uint16_t trace = 0;
};

std::uint64_t revisionOf(const TraceSegment& segment, const TraceEntry& entry)
{
    return segment.isFromDisk() ? 0 : segment.firstRowId() + entry.lastRow.load(kRelaxed);
}

std::int64_t keyOf(TraceOrder order, std::int64_t start, std::int64_t end, std::uint64_t spans)
{
    switch (order) {
    case TraceOrder::Duration:
        return end - start;
    case TraceOrder::SpanCount:
        return static_cast<std::int64_t>(spans);
    case TraceOrder::Start:
        break;
    }
    return start;
}

/// Collects the traces that a query wants, segment by segment.
class Collector {
public:
    Collector(const TraceQuery& query, const std::stop_token& stop) : m_query(query), m_plan(query.filter), m_stop(stop) {}

    /// False: stopped.
    bool collect(const SegmentList& segments)
    {
        for (std::size_t i = 0; i < segments.size(); ++i)
            if (!collect(*segments[i], static_cast<std::uint32_t>(i)))
                return false;
        for (const auto& [id, one] : m_straddlers)
            offer(id, one.start, one.end, one.spans, one.revision, one.groups, one.segment, one.trace);
        return true;
    }
    std::vector<Match> matches;

private:
    bool collect(const TraceSegment& segment, std::uint32_t index)
    {
        if (m_stop.stop_requested())
            return false;
        const std::uint32_t rows = segment.rows();
        const std::uint32_t traces = segment.traces();
        if (rows == 0 || segment.newestNs() < m_query.fromUnixNs)
            return true;
        std::vector<std::uint64_t> bits;
        if (m_plan.groupCount() > 0) {
            bits = matchTraces(segment, rows, traces, m_plan, m_stop);
            if (m_stop.stop_requested())
                return false;
        }
        const bool acceptsNothing = m_plan.acceptsNothing();
        for (std::uint32_t t = 0; t < traces; ++t) {
            const std::uint64_t groups = bits.empty() ? 0 : bits[t];
            const TraceEntry& entry = segment.trace(t);
            const bool isShared = hasFlag(entry, flag::kShared);
            if (groups == 0 && !acceptsNothing && !isShared)
                continue;
            const std::int64_t start = entry.start.load(kRelaxed);
            const std::int64_t end = entry.end.load(kRelaxed);
            const std::uint32_t spans = entry.spans.load(kRelaxed);
            const std::uint64_t revision = revisionOf(segment, entry);
            if (!isShared) {
                offer(entry.id, start, end, spans, revision, groups, index, static_cast<std::uint16_t>(t));
                continue;
            }
            Straddler& one = m_straddlers[entry.id];
            one.groups |= groups;
            one.start = std::min(one.start, start);
            one.end = std::max(one.end, end);
            one.spans += spans;
            one.revision = std::max(one.revision, revision);
            one.segment = index;
            one.trace = static_cast<std::uint16_t>(t);
        }
        return true;
    }
    void offer(const TraceId& id, std::int64_t start, std::int64_t end, std::uint64_t spans, std::uint64_t revision,
               std::uint64_t groups, std::uint32_t segment, std::uint16_t trace)
    {
        if (start < m_query.fromUnixNs || start >= m_query.toUnixNs || !m_plan.accepts(groups) ||
            (m_query.sinceRevision != 0 && revision <= m_query.sinceRevision))
            return;
        matches.push_back({keyOf(m_query.order, start, end, spans), id, segment, trace});
    }

    const TraceQuery& m_query;
    TraceFilterPlan m_plan;
    const std::stop_token& m_stop;
    std::unordered_map<TraceId, Straddler> m_straddlers;
};

/// Parents before children among spans of the same start and end, without recursion.
void orderTies(std::vector<SpanData>& spans, std::size_t first, std::size_t last)
{
    std::unordered_map<SpanId, std::size_t> byId;
    for (std::size_t i = first; i < last; ++i)
        byId.emplace(spans[i].spanId, i);
    std::vector<std::vector<std::size_t>> children(last - first);
    std::vector<std::size_t> pending;
    for (std::size_t i = last; i-- > first;) {
        const auto parent = byId.find(spans[i].parentSpanId);
        if (parent == byId.end() || parent->second == i)
            pending.push_back(i);
        else
            children[parent->second - first].push_back(i);
    }
    std::vector<SpanData> ordered;
    ordered.reserve(last - first);
    std::vector<bool> taken(last - first);
    const auto drain = [&] {
        while (!pending.empty()) {
            const std::size_t at = pending.back();
            pending.pop_back();
            if (taken[at - first])
                continue;
            taken[at - first] = true;
            ordered.push_back(std::move(spans[at]));
            for (const std::size_t child : children[at - first])
                pending.push_back(child);
        }
    };
    drain();
    for (std::size_t i = first; i < last; ++i) { // cycles of parents have no beginning
        if (!taken[i - first]) {
            pending.push_back(i);
            drain();
        }
    }
    std::move(ordered.begin(), ordered.end(), spans.begin() + static_cast<std::ptrdiff_t>(first));
}

void sortSpans(std::vector<SpanData>& spans)
{
    const auto before = [](const SpanData& a, const SpanData& b) {
        return a.startUnixNs != b.startUnixNs ? a.startUnixNs < b.startUnixNs : a.endUnixNs > b.endUnixNs;
    };
    if (!std::is_sorted(spans.begin(), spans.end(), before)) {
        // Spans are large: numbers are sorted, and every span moves once.
        std::vector<std::uint32_t> order(spans.size());
        for (std::size_t i = 0; i < order.size(); ++i)
            order[i] = static_cast<std::uint32_t>(i);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return before(spans[a], spans[b]); });
        std::vector<SpanData> sorted;
        sorted.reserve(spans.size());
        for (const std::uint32_t at : order)
            sorted.push_back(std::move(spans[at]));
        spans = std::move(sorted);
    }
    for (std::size_t i = 0; i < spans.size();) {
        std::size_t j = i + 1;
        while (j < spans.size() && spans[j].startUnixNs == spans[i].startUnixNs && spans[j].endUnixNs == spans[i].endUnixNs)
            ++j;
        if (j - i > 1)
            orderTies(spans, i, j);
        i = j;
    }
}

/// A span that came twice stays once: the finished one before the running one, the later before the earlier. Client and server
/// may share an id.
void dropDuplicates(std::vector<SpanData>& spans)
{
    if (spans.size() < 2)
        return;
    // Open addressing by span id: a hash map with a node for each span costs more than reading the trace.
    const std::size_t size = std::bit_ceil(spans.size() * 2);
    std::vector<std::uint32_t> slots(size); // number of the span + 1
    std::vector<bool> drop(spans.size());
    bool any = false;
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const std::uint64_t word = spans[i].spanId.value * 0x9e3779b97f4a7c15ULL;
        std::size_t slot = (word ^ word >> 32U) & (size - 1);
        const auto isSame = [&](const SpanData& other) { return other.spanId == spans[i].spanId && other.kind == spans[i].kind; };
        while (slots[slot] != 0 && !isSame(spans[slots[slot] - 1]))
            slot = (slot + 1) & (size - 1);
        if (slots[slot] == 0) {
            slots[slot] = static_cast<std::uint32_t>(i) + 1;
            continue;
        }
        any = true;
        const std::size_t known = slots[slot] - 1;
        const bool keepsOld = spans[known].endUnixNs != 0 && spans[i].endUnixNs == 0;
        drop[keepsOld ? i : known] = true;
        if (!keepsOld)
            slots[slot] = static_cast<std::uint32_t>(i) + 1;
    }
    if (!any)
        return;
    std::size_t out = 0;
    for (std::size_t i = 0; i < spans.size(); ++i)
        if (!drop[i]) {
            if (out != i)
                spans[out] = std::move(spans[i]);
            ++out;
        }
    spans.resize(out);
}

} // namespace

void TraceStore::Private::mergeSummary(TraceSummary& summary, const TraceSegment& segment, std::uint16_t trace, std::int64_t& end,
                                       std::int64_t& nameStart) const
{
    const TraceEntry& entry = segment.trace(trace);
    const auto text = [&](Facet facet) {
        return segment.facetText(facet, entry.facets[static_cast<std::size_t>(facet)].load(kRelaxed)).toByteArray();
    };
    const std::int64_t start = entry.start.load(kRelaxed);
    const std::uint8_t flags = entry.flags.load(kRelaxed);
    const bool isFirst = summary.spanCount == 0 && summary.rootName.isEmpty();
    summary.startUnixNs = isFirst ? start : std::min(summary.startUnixNs, start);
    end = isFirst ? entry.end.load(kRelaxed) : std::max(end, entry.end.load(kRelaxed));
    summary.durationNs = end - summary.startUnixNs;
    summary.spanCount += entry.spans.load(kRelaxed);
    summary.errorCount += entry.errors.load(kRelaxed);
    const bool hasRoot = (flags & flag::kRoot) != 0;
    if (isFirst || (hasRoot && summary.rootMissing) || (hasRoot == !summary.rootMissing && start < nameStart)) {
        summary.rootName = text(Facet::Name);
        summary.rootService = text(Facet::Service);
        nameStart = start;
    }
    summary.rootMissing = isFirst ? !hasRoot : summary.rootMissing && !hasRoot;
    const bool isCall = (flags & flag::kCall) != 0;
    const auto take = [&](QByteArray& into, Facet facet) {
        if (into.isEmpty() || (isCall && !summary.isCall))
            into = text(facet);
    };
    take(summary.server, Facet::Server);
    take(summary.tool, Facet::Tool);
    take(summary.client, Facet::Client);
    take(summary.method, Facet::Method);
    if (summary.firstError.isEmpty())
        summary.firstError = text(Facet::Error);
    if (isCall && !summary.isCall)
        summary.outcome = static_cast<telemetry::Outcome>(entry.outcome.load(kRelaxed));
    summary.isCall = summary.isCall || isCall;
    summary.live = summary.live || (!segment.isFromDisk() && entry.running.load(kRelaxed) > 0);
    summary.fromDisk = summary.fromDisk || segment.isFromDisk();
    summary.revision = std::max(summary.revision, revisionOf(segment, entry));
    const std::uint64_t services = entry.services.load(kRelaxed);
    for (unsigned bit = 0; bit < 64U; ++bit) {
        if ((services >> bit & 1U) == 0)
            continue;
        QByteArray name = segment.facetText(Facet::Service, static_cast<std::uint16_t>(bit + 1U)).toByteArray();
        if (std::find(summary.services.begin(), summary.services.end(), name) == summary.services.end())
            summary.services.push_back(std::move(name));
    }
}

TraceSummary TraceStore::Private::summarize(const SegmentList& list, const TraceSegment& segment, std::uint16_t trace) const
{
    TraceSummary summary;
    summary.traceId = segment.trace(trace).id;
    std::int64_t end = 0;
    std::int64_t nameStart = 0;
    if (!hasFlag(segment.trace(trace), flag::kShared)) {
        mergeSummary(summary, segment, trace, end, nameStart);
        return summary;
    }
    for (const auto& one : list)
        if (const auto index = one->findTrace(summary.traceId))
            mergeSummary(summary, *one, *index, end, nameStart);
    return summary;
}

TracePage TraceStore::query(const TraceQuery& query, std::stop_token stop) const
{
    TracePage page;
    page.revision = lastId();
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    page.droppedBeforeUnixNs = d->droppedBefore.load(kRelaxed);
    Collector collector(query, stop);
    if (!collector.collect(*segments)) {
        page.cancelled = true;
        return page;
    }
    std::vector<Match>& matches = collector.matches;
    page.totalMatched = matches.size();
    const auto before = [&](const Match& a, const Match& b) {
        const auto left = std::tie(a.key, a.id);
        const auto right = std::tie(b.key, b.id);
        return query.newestFirst ? right < left : left < right;
    };
    if (query.after) {
        const Match cursor{query.after->key, query.after->traceId, 0, 0};
        std::erase_if(matches, [&](const Match& match) { return !before(cursor, match); });
    }
    const auto limit = static_cast<std::size_t>(std::max(0, query.limit));
    if (matches.size() > limit) {
        std::nth_element(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(limit), matches.end(), before);
        matches.resize(limit);
        std::sort(matches.begin(), matches.end(), before);
        if (!matches.empty())
            page.next = TraceCursor{matches.back().key, matches.back().id};
    } else {
        std::sort(matches.begin(), matches.end(), before);
    }
    page.rows.reserve(matches.size());
    for (const Match& match : matches)
        page.rows.push_back(d->summarize(*segments, *(*segments)[match.segment], match.trace));
    return page;
}

TracePage TraceStore::since(std::uint64_t id, int limit) const
{
    TracePage page;
    const std::uint64_t last = lastId();
    page.revision = last;
    page.droppedBeforeUnixNs = d->droppedBefore.load(kRelaxed);
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    std::unordered_set<TraceId> seen;
    for (const auto& segment : *segments) {
        if (segment->isFromDisk())
            continue;
        const std::uint64_t firstId = segment->firstRowId();
        const std::uint32_t rows = segment->rows();
        for (std::uint64_t row = id >= firstId ? id - firstId + 1 : 0; row < rows; ++row) {
            if (firstId + row > last)
                break;
            const std::uint16_t trace = segment->chunk(static_cast<std::uint32_t>(row)).trace[row % kChunk];
            if (!seen.insert(segment->trace(trace).id).second)
                continue;
            if (page.rows.size() >= static_cast<std::size_t>(std::max(1, limit))) {
                page.revision = firstId + row - 1;
                page.totalMatched = page.rows.size();
                return page;
            }
            page.rows.push_back(d->summarize(*segments, *segment, trace));
        }
    }
    page.totalMatched = page.rows.size();
    return page;
}

std::optional<TraceSummary> TraceStore::summary(const TraceId& id) const
{
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    for (auto segment = segments->rbegin(); segment != segments->rend(); ++segment)
        if (const auto trace = (*segment)->findTrace(id))
            return d->summarize(*segments, **segment, *trace);
    return std::nullopt;
}

void TraceStore::Private::collectSpans(const TraceSegment& segment, const TraceId& id, std::vector<SpanData>& out,
                                       const std::stop_token& stop) const
{
    const auto trace = segment.findTrace(id);
    if (!trace)
        return;
    telemetry::CallSpanOptions spanOptions;
    {
        const std::lock_guard lock(mutex);
        spanOptions.resource = callResource;
        spanOptions.scope = callScope;
    }
    TraceDecoder decoder(segment);
    const std::uint32_t count = segment.trace(*trace).spans.load(kRelaxed);
    if (count > 512)
        decoder.expectManyRows();
    if (out.capacity() < out.size() + count)
        out.reserve(std::max(out.size() + count, out.size() * 2));
    const std::uint32_t rows = segment.rows();
    for (std::uint32_t first = 0; first < rows && !stop.stop_requested(); first += kChunk) {
        const TraceSegment::Chunk& chunk = segment.chunk(first);
        const std::uint32_t end = std::min(kChunk, rows - first);
        for (std::uint32_t i = 0; i < end; ++i) {
            if (chunk.trace[i] != *trace)
                continue;
            if ((chunk.flags[i] & flag::kCall) != 0)
                telemetry::appendCallSpans(decoder.call(first + i), spanOptions, out);
            else
                out.push_back(decoder.span(first + i));
        }
    }
}

TraceLookup TraceStore::trace(const TraceId& id, std::stop_token stop) const
{
    TraceLookup lookup;
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    if (const auto known = summary(id))
        lookup.spans.reserve(known->spanCount);
    for (const auto& segment : *segments)
        d->collectSpans(*segment, id, lookup.spans, stop);
    if (lookup.spans.empty()) {
        if (const std::shared_ptr<TraceSegment> onDisk = d->findOnDisk(id, *segments, stop))
            d->collectSpans(*onDisk, id, lookup.spans, stop);
    }
    if (!lookup.spans.empty()) {
        dropDuplicates(lookup.spans);
        sortSpans(lookup.spans);
        lookup.state = TraceLookup::State::Found;
        return lookup;
    }
    const std::lock_guard lock(d->mutex);
    for (const Private::Tombstone& stone : d->tombstones) {
        if (std::binary_search(stone.ids.begin(), stone.ids.end(), static_cast<std::uint32_t>(id.low))) {
            lookup.state = TraceLookup::State::Evicted;
            lookup.evictedAtUnixNs = stone.evictedAtUnixNs;
        }
    }
    return lookup;
}

namespace {

/// Calls `visit` for each call record of the trace in the segment; true from it ends the walk.
void visitCalls(const TraceSegment& segment, const TraceId& id,
                const std::function<bool(TraceDecoder&, std::uint32_t row)>& visit)
{
    const auto trace = segment.findTrace(id);
    if (!trace || !hasFlag(segment.trace(*trace), flag::kCall))
        return;
    TraceDecoder decoder(segment);
    const std::uint32_t rows = segment.rows();
    for (std::uint32_t row = 0; row < rows; ++row) {
        const TraceSegment::Chunk& chunk = segment.chunk(row);
        const std::uint32_t at = row % kChunk;
        if (chunk.trace[at] == *trace && (chunk.flags[at] & flag::kCall) != 0 && visit(decoder, row))
            return;
    }
}

} // namespace

std::vector<CallRecord> TraceStore::calls(const TraceId& id) const
{
    std::vector<CallRecord> out;
    const auto take = [&](TraceDecoder& decoder, std::uint32_t row) {
        out.push_back(decoder.call(row));
        return false;
    };
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    for (const auto& segment : *segments)
        visitCalls(*segment, id, take);
    if (out.empty()) {
        if (const std::shared_ptr<TraceSegment> onDisk = d->findOnDisk(id, *segments, {}))
            visitCalls(*onDisk, id, take);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const CallRecord& a, const CallRecord& b) { return a.startUnixNs < b.startUnixNs; });
    return out;
}

std::optional<CallRecord> TraceStore::callForTrace(const TraceId& id, SpanId span) const
{
    std::vector<CallRecord> all = calls(id);
    const auto found = std::find_if(all.begin(), all.end(), [&](const CallRecord& call) {
        return !span.isValid() || call.spanId == span ||
               std::any_of(call.hops.begin(), call.hops.end(), [&](const telemetry::Hop& hop) { return hop.spanId == span; });
    });
    return found == all.end() ? std::nullopt : std::optional(std::move(*found));
}

std::optional<TraceId> TraceStore::traceForRequest(QByteArrayView requestId, std::stop_token stop) const
{
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    for (auto segment = segments->rbegin(); segment != segments->rend(); ++segment) {
        const TraceDecoder decoder(**segment);
        for (std::uint32_t row = (*segment)->rows(); row-- > 0;) {
            if (row % kChunk == 0 && stop.stop_requested())
                return std::nullopt;
            if (!requestId.isEmpty() && decoder.requestId(row) == requestId)
                return (*segment)->trace((*segment)->chunk(row).trace[row % kChunk]).id;
        }
    }
    return std::nullopt;
}

} // namespace oriel::store
