// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/trace_segment.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace oriel::store {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::uint64_t mixed(const TraceId& id)
{
    std::uint64_t word = id.low ^ (id.high * 0x9e3779b97f4a7c15ULL);
    word = (word ^ (word >> 32U)) * 0xd6e8feb86659fd93ULL;
    return word ^ (word >> 32U);
}

/// Only the writer changes these: load and store need no read-modify-write.
template <class T> void raise(std::atomic<T>& value, T by)
{
    value.store(static_cast<T>(value.load(kRelaxed) + by), kRelaxed);
}

} // namespace

TraceSegment::TraceSegment(std::uint64_t sequence, std::uint64_t firstRowId, bool fromDisk)
    : m_sequence(sequence),
      m_firstRowId(firstRowId),
      m_fromDisk(fromDisk)
{}

bool TraceSegment::hasRoomFor(std::size_t bodyBytes) const
{
    const std::size_t blocks = bodyBytes / kBodyBlock + 1;
    return m_rows.load(kRelaxed) < kMaxRows && m_bodyBlocks + blocks < kMaxBodyBlocks &&
           m_strings.size() < StringTable::kMaxStrings / 2;
}

std::uint16_t TraceSegment::facetFor(Facet facet, std::uint32_t string)
{
    if (string == 0 || string == StringTable::kFull)
        return 0;
    FacetColumn& column = m_facets[static_cast<std::size_t>(facet)];
    if (string >= column.byString.size()) {
        const std::size_t size = std::max<std::size_t>(string + 1, column.byString.size() * 2);
        raise<std::int64_t>(m_bytes, static_cast<std::int64_t>((size - column.byString.size()) * sizeof(std::uint16_t)));
        column.byString.resize(size);
    }
    std::uint16_t& known = column.byString[string];
    if (known == 0) {
        const std::uint32_t index = column.count.load(kRelaxed);
        std::unique_ptr<std::uint32_t[]>& block = column.blocks[index / 1024];
        if (!block) {
            block = std::make_unique<std::uint32_t[]>(1024);
            raise<std::int64_t>(m_bytes, 4096);
        }
        block[index % 1024] = string;
        known = static_cast<std::uint16_t>(index + 1); // at most one new value a row, and rows fit
        column.count.store(index + 1, std::memory_order_release);
    }
    return known;
}

std::uint32_t TraceSegment::facetValues(Facet facet) const
{
    return m_facets[static_cast<std::size_t>(facet)].count.load(std::memory_order_acquire);
}

std::uint32_t TraceSegment::facetString(Facet facet, std::uint16_t value) const
{
    const FacetColumn& column = m_facets[static_cast<std::size_t>(facet)];
    if (value == 0 || value > column.count.load(std::memory_order_acquire))
        return 0;
    return column.blocks[(value - 1U) / 1024][(value - 1U) % 1024];
}

QByteArrayView TraceSegment::facetText(Facet facet, std::uint16_t value) const
{
    return m_strings.at(facetString(facet, value));
}

std::optional<std::uint16_t> TraceSegment::lookUp(const TraceId& id) const
{
    if (m_index.empty())
        return std::nullopt;
    const std::uint64_t hash = mixed(id);
    const auto tag = static_cast<std::uint32_t>(hash >> 48U) << 16U;
    const std::size_t mask = m_index.size() - 1;
    for (std::size_t slot = hash & mask; m_index[slot] != 0; slot = (slot + 1) & mask) {
        if ((m_index[slot] & 0xFFFF0000U) != tag)
            continue;
        const auto index = static_cast<std::uint16_t>((m_index[slot] & 0xFFFFU) - 1U);
        if (trace(index).id == id)
            return index;
    }
    return std::nullopt;
}

std::optional<std::uint16_t> TraceSegment::findTrace(const TraceId& id) const
{
    if (m_sealed.load(std::memory_order_acquire))
        return lookUp(id);
    const std::lock_guard lock(m_indexMutex);
    const auto known = lookUp(id);
    return known && *known < traces() ? known : std::nullopt; // its first record may still be on its way in
}

void TraceSegment::insertTrace(const TraceId& id, std::uint16_t index)
{
    const std::lock_guard lock(m_indexMutex);
    const auto place = [this](const TraceId& key, std::uint32_t entry) {
        const std::uint64_t hash = mixed(key);
        const std::size_t mask = m_index.size() - 1;
        std::size_t slot = hash & mask;
        while (m_index[slot] != 0)
            slot = (slot + 1) & mask;
        m_index[slot] = static_cast<std::uint32_t>(hash >> 48U) << 16U | (entry + 1U);
    };
    if ((index + 1U) * 4U > m_index.size() * 3U) {
        const std::size_t size = std::max<std::size_t>(256, m_index.size() * 2);
        raise<std::int64_t>(m_bytes, static_cast<std::int64_t>((size - m_index.size()) * sizeof(std::uint32_t)));
        m_index.assign(size, 0);
        for (std::uint32_t i = 0; i < index; ++i)
            place(trace(i).id, i);
    }
    place(id, index);
}

std::uint16_t TraceSegment::traceFor(const SegmentRow& row)
{
    if (const auto known = lookUp(row.traceId)) // the writer is the only one that changes the index
        return *known;
    const std::uint32_t index = m_traceCount.load(kRelaxed);
    std::unique_ptr<TraceEntry[]>& block = m_traces[index / kTraceBlock];
    if (!block) {
        block = std::make_unique<TraceEntry[]>(kTraceBlock);
        raise<std::int64_t>(m_bytes, static_cast<std::int64_t>(sizeof(TraceEntry) * kTraceBlock));
    }
    TraceEntry& entry = block[index % kTraceBlock];
    entry.id = row.traceId;
    entry.start.store(row.startNs, kRelaxed);
    entry.end.store(row.startNs, kRelaxed);
    insertTrace(row.traceId, static_cast<std::uint16_t>(index));
    return static_cast<std::uint16_t>(index);
}

void TraceSegment::updateTrace(TraceEntry& entry, const SegmentRow& row, const std::array<std::uint16_t, kFacetCount>& facets,
                               bool isNew)
{
    const auto set = [&entry, &facets](Facet facet) {
        entry.facets[static_cast<std::size_t>(facet)].store(facets[static_cast<std::size_t>(facet)], kRelaxed);
    };
    const auto isUnset = [&entry](Facet facet) { return entry.facets[static_cast<std::size_t>(facet)].load(kRelaxed) == 0; };
    const std::uint8_t flags = entry.flags.load(kRelaxed);
    if (row.startNs < entry.start.load(kRelaxed))
        entry.start.store(row.startNs, kRelaxed);
    if (row.startNs + row.durationNs > entry.end.load(kRelaxed))
        entry.end.store(row.startNs + row.durationNs, kRelaxed);
    // The root names the trace; while there is none, the earliest span does.
    const bool isRoot = (row.flags & flag::kRoot) != 0;
    const bool hadRoot = (flags & flag::kRoot) != 0;
    if (isNew || (isRoot && !hadRoot) || (isRoot == hadRoot && row.startNs < entry.nameStart)) {
        set(Facet::Name);
        set(Facet::Service);
        entry.nameStart = row.startNs;
    }
    const bool isFirstCall = (row.flags & flag::kCall) != 0 && (flags & flag::kCall) == 0;
    for (const Facet facet : {Facet::Server, Facet::Tool, Facet::Client, Facet::Method})
        if (isFirstCall || isUnset(facet))
            set(facet);
    if (isFirstCall)
        entry.outcome.store(static_cast<std::uint8_t>(row.outcome), kRelaxed);
    if ((row.flags & flag::kError) != 0) {
        raise<std::uint32_t>(entry.errors, 1);
        if (isUnset(Facet::Error) || isFirstCall)
            set(Facet::Error);
    }
    if (const std::uint16_t service = facets[static_cast<std::size_t>(Facet::Service)]; service != 0)
        entry.services.store(entry.services.load(kRelaxed) | 1ULL << std::min(service - 1U, 63U), kRelaxed);
    raise(entry.spans, row.spans);
    constexpr std::uint8_t kKept = flag::kCall | flag::kError | flag::kRoot | flag::kToolCall;
    entry.flags.fetch_or(row.flags & kKept, kRelaxed); // kShared is set by the loader's thread as well
    entry.lastRow.store(m_rows.load(kRelaxed), kRelaxed);
}

std::uint32_t TraceSegment::storeBody(QByteArrayView body)
{
    const auto size = static_cast<std::size_t>(body.size());
    const std::size_t need = size + sizeof(std::uint32_t);
    if (m_bodyUsed + need > kBodyBlock) {
        const std::size_t block = std::max<std::size_t>(need, kBodyBlock);
        m_bodies[m_bodyBlocks] = std::unique_ptr<char[]>(new char[block]);
        raise<std::int64_t>(m_bytes, static_cast<std::int64_t>(block));
        ++m_bodyBlocks;
        m_bodyUsed = 0;
    }
    const std::uint32_t offset = (m_bodyBlocks - 1U) << 16U | m_bodyUsed;
    char* at = m_bodies[m_bodyBlocks - 1U].get() + m_bodyUsed;
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(at, &length, sizeof length);
    if (size != 0)
        std::memcpy(at + sizeof length, body.data(), size);
    m_bodyUsed = need > kBodyBlock ? kBodyBlock : m_bodyUsed + static_cast<std::uint32_t>(need);
    return offset;
}

QByteArrayView TraceSegment::body(std::uint32_t row) const
{
    const std::uint32_t offset = chunk(row).body[row % kChunk];
    const char* at = m_bodies[offset >> 16U].get() + (offset & 0xFFFFU);
    std::uint32_t length = 0;
    std::memcpy(&length, at, sizeof length);
    return {at + sizeof length, static_cast<qsizetype>(length)};
}

std::uint16_t TraceSegment::append(const SegmentRow& row)
{
    const std::uint32_t index = m_rows.load(kRelaxed);
    std::unique_ptr<Chunk>& block = m_chunks[index / kChunk];
    if (!block) {
        block = std::unique_ptr<Chunk>(new Chunk);
        raise<std::int64_t>(m_bytes, static_cast<std::int64_t>(sizeof(Chunk)));
    }
    std::array<std::uint16_t, kFacetCount> facets{};
    for (std::size_t i = 0; i < kFacetCount; ++i)
        facets[i] = facetFor(static_cast<Facet>(i), row.facets[i]);
    const std::uint32_t before = m_traceCount.load(kRelaxed);
    const std::uint16_t trace = traceFor(row);
    const bool isNew = trace == before;
    TraceEntry& entry = this->trace(trace);
    updateTrace(entry, row, facets, isNew);
    if (isNew)
        m_traceCount.store(before + 1, std::memory_order_release);

    const std::uint32_t at = index % kChunk;
    block->start[at] = row.startNs;
    block->duration[at] = row.durationNs;
    block->body[at] = storeBody(row.body);
    block->trace[at] = trace;
    for (std::size_t i = 0; i < kFacetCount; ++i)
        block->facets[i][at] = facets[i];
    block->outcome[at] = static_cast<std::uint8_t>(row.outcome);
    block->flags[at] = row.flags;

    if (index == 0 || row.startNs < m_oldest.load(kRelaxed))
        m_oldest.store(row.startNs, kRelaxed);
    if (index == 0 || row.startNs > m_newest.load(kRelaxed))
        m_newest.store(row.startNs, kRelaxed);
    raise<std::uint64_t>(m_spans, row.spans);
    if ((row.flags & flag::kCall) != 0)
        raise<std::uint64_t>(m_calls, 1);
    m_rows.store(index + 1, std::memory_order_release);
    return trace;
}

SegmentRow TraceSegment::row(std::uint32_t row) const
{
    const Chunk& c = chunk(row);
    const std::uint32_t at = row % kChunk;
    SegmentRow out;
    out.traceId = trace(c.trace[at]).id;
    out.startNs = c.start[at];
    out.durationNs = c.duration[at];
    for (std::size_t i = 0; i < kFacetCount; ++i)
        out.facets[i] = facetString(static_cast<Facet>(i), c.facets[i][at]);
    out.outcome = static_cast<telemetry::Outcome>(c.outcome[at]);
    out.flags = c.flags[at];
    out.body = body(row);
    return out;
}

void TraceSegment::seal()
{
    m_strings.seal();
    for (FacetColumn& column : m_facets) {
        m_bytes.fetch_sub(static_cast<std::int64_t>(column.byString.size() * sizeof(std::uint16_t)), kRelaxed);
        column.byString = {};
    }
    m_sealed.store(true, std::memory_order_release);
}

std::int64_t TraceSegment::memoryBytes() const
{
    return static_cast<std::int64_t>(sizeof(TraceSegment)) + m_bytes.load(kRelaxed) + m_strings.memoryBytes();
}

} // namespace oriel::store
