// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_index.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace oriel::ui {
namespace {

std::size_t slotOf(std::uint64_t id, std::size_t mask)
{
    // Fibonacci hashing: ids made by counters spread as well as random ones.
    return static_cast<std::size_t>((id * 0x9E3779B97F4A7C15ULL) >> 20U) & mask;
}

std::size_t tableSize(std::size_t spans)
{
    return std::bit_ceil(std::max<std::size_t>(16, spans * 2));
}

/// Positions of the spans by start, longer ones first, then as given.
std::vector<std::uint32_t> sortedPositions(std::span<const IndexInput> spans)
{
    std::vector<std::uint32_t> order(spans.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto before = [spans](std::uint32_t a, std::uint32_t b) {
        if (spans[a].startNs != spans[b].startNs)
            return spans[a].startNs < spans[b].startNs;
        if (spans[a].endNs != spans[b].endNs)
            return spans[a].endNs > spans[b].endNs;
        return a < b;
    };
    if (!std::is_sorted(order.begin(), order.end(), before))
        std::sort(order.begin(), order.end(), before);
    return order;
}

} // namespace

/// Parents as positions in the input, with circles cut.
struct TraceIndex::Tree {
    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> parent;
    std::vector<std::uint8_t> promoted; ///< Orphan or Cycle, else 0

    explicit Tree(std::span<const IndexInput> spans)
        : order(sortedPositions(spans)),
          parent(spans.size(), none),
          promoted(spans.size(), 0)
    {
        findParents(spans);
        cutCircles(spans);
    }

private:
    void findParents(std::span<const IndexInput> spans)
    {
        const std::size_t size = tableSize(spans.size());
        const std::size_t mask = size - 1;
        std::vector<std::uint32_t> slots(size, none);
        for (std::uint32_t i = 0; i < spans.size(); ++i) {
            std::size_t slot = slotOf(spans[i].id.value, mask);
            while (slots[slot] != none && spans[slots[slot]].id != spans[i].id)
                slot = (slot + 1) & mask;
            if (slots[slot] == none)
                slots[slot] = i;
        }
        for (std::uint32_t i = 0; i < spans.size(); ++i) {
            if (!spans[i].parent.isValid())
                continue;
            std::size_t slot = slotOf(spans[i].parent.value, mask);
            while (slots[slot] != none && spans[slots[slot]].id != spans[i].parent)
                slot = (slot + 1) & mask;
            parent[i] = slots[slot];
            if (parent[i] == none)
                promoted[i] = Orphan;
        }
    }

    void cutCircles(std::span<const IndexInput> spans)
    {
        std::vector<std::uint8_t> state(spans.size(), 0); // 1: on the way up just now, 2: known to reach a root
        std::vector<std::uint32_t> way;
        for (std::uint32_t i = 0; i < spans.size(); ++i) {
            way.clear();
            std::uint32_t at = i;
            while (at != none && state[at] == 0) {
                state[at] = 1;
                way.push_back(at);
                at = parent[at];
            }
            if (at != none && state[at] == 1) {
                std::uint32_t earliest = at;
                for (std::uint32_t step = parent[at]; step != at; step = parent[step]) {
                    if (spans[step].startNs < spans[earliest].startNs)
                        earliest = step;
                }
                parent[earliest] = none;
                promoted[earliest] = Cycle;
            }
            for (const std::uint32_t step : way)
                state[step] = 2;
        }
    }
};

TraceIndex TraceIndex::build(std::span<const IndexInput> spans)
{
    TraceIndex index;
    if (spans.empty() || spans.size() >= none)
        return index;
    index.layOut(spans, Tree(spans));
    index.measure();
    return index;
}

void TraceIndex::layOut(std::span<const IndexInput> spans, const Tree& tree)
{
    const std::size_t count = spans.size();
    // Children of every span in one array, in order of start; the last bucket holds the roots.
    std::vector<std::uint32_t> begin(count + 2, 0);
    const auto bucket = [&](std::uint32_t i) { return tree.parent[i] == none ? count : tree.parent[i]; };
    for (std::uint32_t i = 0; i < count; ++i)
        ++begin[bucket(i) + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::uint32_t> children(count);
    std::vector<std::uint32_t> fill(begin.begin(), begin.end() - 1);
    for (const std::uint32_t i : tree.order)
        children[fill[bucket(i)]++] = i;

    m_traceStart = spans[tree.order.front()].startNs;
    m_start.resize(count);
    m_duration.resize(count);
    m_parent.resize(count);
    m_depth.resize(count);
    m_name.resize(count);
    m_service.resize(count);
    m_source.resize(count);
    m_rowOfSource.resize(count);
    m_flags.resize(count);
    std::vector<std::uint32_t> stack;
    const auto push = [&](std::size_t of) {
        for (std::uint32_t k = begin[of + 1]; k > begin[of]; --k)
            stack.push_back(children[k - 1]);
    };
    push(count);
    std::uint32_t row = 0;
    while (!stack.empty()) {
        const std::uint32_t i = stack.back();
        stack.pop_back();
        const IndexInput& span = spans[i];
        m_rowOfSource[i] = row;
        m_source[row] = i;
        m_parent[row] = tree.parent[i] == none ? none : m_rowOfSource[tree.parent[i]];
        m_depth[row] = m_parent[row] == none ? 0 : m_depth[m_parent[row]] + 1;
        m_start[row] = span.startNs - m_traceStart;
        m_duration[row] = std::max<std::int64_t>(0, span.endNs - span.startNs);
        m_name[row] = span.name;
        m_service[row] = span.service;
        m_flags[row] = static_cast<std::uint8_t>((span.error ? OwnError : 0) | (span.running ? Running : 0) |
                                                 (span.gatewayServer ? GatewayServer : 0) | (span.gatewayHop ? GatewayHop : 0) |
                                                 tree.promoted[i]);
        ++row;
        push(i);
    }
    const std::size_t size = tableSize(count);
    m_slotIds.assign(size, 0);
    m_slotRows.assign(size, none);
    for (std::uint32_t i = 0; i < count; ++i) { // in the order given, so that the first of two equal ids is found
        const std::uint64_t id = spans[i].id.value;
        if (id == 0)
            continue;
        std::size_t slot = slotOf(id, size - 1);
        while (m_slotIds[slot] != 0 && m_slotIds[slot] != id)
            slot = (slot + 1) & (size - 1);
        if (m_slotIds[slot] == 0) {
            m_slotIds[slot] = id;
            m_slotRows[slot] = m_rowOfSource[i];
        }
    }
}

void TraceIndex::measure()
{
    const std::uint32_t count = size();
    m_subtree.assign(count, 1);
    m_self = m_duration;
    std::vector<std::int64_t> reached = m_start;
    for (std::uint32_t row = 0; row < count; ++row) {
        m_traceDuration = std::max(m_traceDuration, end(row));
        m_maxDepth = std::max(m_maxDepth, m_depth[row]);
        m_errors += has(row, OwnError) ? 1 : 0;
        m_running += has(row, Running) ? 1 : 0;
        m_promoted += (m_flags[row] & (Orphan | Cycle)) != 0 ? 1 : 0;
        const std::uint32_t above = m_parent[row];
        if (above == none)
            continue;
        const std::int64_t from = std::max(m_start[row], reached[above]);
        const std::int64_t to = std::min(end(row), end(above));
        if (to > from) {
            m_self[above] -= to - from;
            reached[above] = to;
        }
    }
    for (std::uint32_t row = count; row-- > 0;) {
        const std::uint32_t above = m_parent[row];
        if (above == none)
            continue;
        m_subtree[above] += m_subtree[row];
        if ((m_flags[row] & (OwnError | DescendantError)) != 0)
            m_flags[above] |= DescendantError;
    }
}

std::uint32_t TraceIndex::rowOf(SpanId id) const
{
    if (m_slotIds.empty() || !id.isValid())
        return none;
    const std::size_t mask = m_slotIds.size() - 1;
    for (std::size_t slot = slotOf(id.value, mask); m_slotIds[slot] != 0; slot = (slot + 1) & mask) {
        if (m_slotIds[slot] == id.value)
            return m_slotRows[slot];
    }
    return none;
}

std::uint32_t TraceIndex::mainRoot() const
{
    std::uint32_t best = none;
    for (std::uint32_t row = 0; row < size(); row += m_subtree[row]) {
        if (best == none || m_duration[row] > m_duration[best])
            best = row;
    }
    return best;
}

std::uint32_t TraceIndex::nextError(std::uint32_t row, bool backwards) const
{
    const std::uint32_t count = size();
    if (m_errors == 0)
        return none;
    std::uint32_t at = row < count ? row : (backwards ? 0 : count - 1);
    for (std::uint32_t step = 0; step < count; ++step) {
        at = backwards ? (at == 0 ? count - 1 : at - 1) : (at + 1 == count ? 0 : at + 1);
        if (has(at, OwnError))
            return at;
    }
    return none;
}

std::uint32_t TraceIndex::sibling(std::uint32_t row, bool backwards) const
{
    const std::uint32_t above = m_parent[row];
    if (!backwards) {
        const std::uint32_t next = row + m_subtree[row];
        return next < size() && m_parent[next] == above ? next : none;
    }
    std::uint32_t before = none;
    for (std::uint32_t at = above == none ? 0 : above + 1; at < row; at += m_subtree[at])
        before = at;
    return before;
}

// --- critical path ---------------------------------------------------------

namespace {

/// Walks one path. Child lists are made and sorted only for spans that lie on it.
class PathWalk {
public:
    explicit PathWalk(const TraceIndex& index) : m_index(index) {}

    CriticalPath run(std::uint32_t root)
    {
        enter(root, m_index.start(root), m_index.end(root));
        while (!m_frames.empty())
            step();
        const auto byRow = [](const CriticalSegment& a, const CriticalSegment& b) {
            return a.row != b.row ? a.row < b.row : a.fromNs < b.fromNs;
        };
        std::sort(m_path.segments.begin(), m_path.segments.end(), byRow);
        std::sort(m_path.covers.begin(), m_path.covers.end(), byRow);
        return std::move(m_path);
    }

private:
    struct Child {
        std::uint32_t row = 0;
        std::int64_t from = 0; ///< cut to the parent
        std::int64_t to = 0;
    };
    struct Frame {
        std::uint32_t row = 0;
        std::int64_t from = 0;
        std::int64_t right = 0; ///< what is before this is still to be explained
        std::size_t firstChild = 0;
        std::size_t nextChild = 0;
    };

    void enter(std::uint32_t row, std::int64_t from, std::int64_t to)
    {
        m_path.covers.push_back({row, from, to});
        const std::size_t first = m_children.size();
        for (std::uint32_t at = row + 1; at < row + m_index.subtree(row); at += m_index.subtree(at)) {
            const Child child{at, std::max(m_index.start(at), from), std::min(m_index.end(at), to)};
            if (child.to > child.from)
                m_children.push_back(child);
        }
        // The one that ends last is taken first, from the back.
        std::sort(m_children.begin() + static_cast<std::ptrdiff_t>(first), m_children.end(), [](const Child& a, const Child& b) {
            return a.to != b.to ? a.to < b.to : (a.from != b.from ? a.from > b.from : a.row > b.row);
        });
        m_frames.push_back({row, from, to, first, m_children.size()});
    }

    void step()
    {
        Frame& frame = m_frames.back();
        while (frame.nextChild > frame.firstChild && m_children[frame.nextChild - 1].to > frame.right)
            --frame.nextChild;
        if (frame.nextChild == frame.firstChild) {
            emitSegment(frame.row, frame.from, frame.right);
            m_children.resize(frame.firstChild);
            m_frames.pop_back();
            return;
        }
        const Child child = m_children[--frame.nextChild];
        emitSegment(frame.row, child.to, frame.right);
        frame.right = child.from;
        m_children.resize(frame.nextChild); // those behind were skipped or taken
        enter(child.row, child.from, child.to);
    }

    void emitSegment(std::uint32_t row, std::int64_t from, std::int64_t to)
    {
        if (to > from)
            m_path.segments.push_back({row, from, to});
    }

    const TraceIndex& m_index;
    CriticalPath m_path;
    std::vector<Frame> m_frames;
    std::vector<Child> m_children;
};

} // namespace

CriticalPath criticalPath(const TraceIndex& index, std::uint32_t root)
{
    if (root >= index.size())
        return {};
    return PathWalk(index).run(root);
}

std::span<const CriticalSegment> CriticalPath::segmentsOf(std::uint32_t row) const
{
    const auto first = std::lower_bound(segments.begin(), segments.end(), row,
                                        [](const CriticalSegment& s, std::uint32_t r) { return s.row < r; });
    const auto last =
        std::upper_bound(first, segments.end(), row, [](std::uint32_t r, const CriticalSegment& s) { return r < s.row; });
    return {first, last};
}

const CriticalSegment* CriticalPath::coverOf(std::uint32_t row) const
{
    const auto found =
        std::lower_bound(covers.begin(), covers.end(), row, [](const CriticalSegment& s, std::uint32_t r) { return s.row < r; });
    return found != covers.end() && found->row == row ? &*found : nullptr;
}

// --- gateway and servers ---------------------------------------------------

GatewaySplit gatewaySplit(const TraceIndex& index)
{
    GatewaySplit split;
    std::uint32_t row = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> busy;
    while (row < index.size()) {
        if (!index.has(row, TraceIndex::GatewayServer)) {
            ++row;
            continue;
        }
        const std::int64_t from = index.start(row);
        const std::int64_t to = index.end(row);
        split.totalNs += to - from;
        busy.clear();
        const std::uint32_t last = row + index.subtree(row);
        for (std::uint32_t at = row + 1; at < last;) {
            if (!index.has(at, TraceIndex::GatewayHop)) {
                ++at;
                continue;
            }
            busy.emplace_back(std::max(index.start(at), from), std::min(index.end(at), to));
            at += index.subtree(at); // what a server does with another gateway is the server's time
        }
        std::sort(busy.begin(), busy.end());
        std::int64_t reached = from;
        for (const auto& [begin, end] : busy) {
            split.upstreamNs += std::max<std::int64_t>(0, end - std::max(begin, reached));
            reached = std::max(reached, end);
        }
        row = last;
    }
    return split;
}

} // namespace oriel::ui
