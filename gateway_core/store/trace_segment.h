// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "store/string_table.h"
#include "telemetry/call_record.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace oriel::store {

/// The columns whose few different values are numbered within a segment, so that a condition is evaluated once per value, not per
/// record.
enum class Facet : std::uint8_t { Name, Service, Server, Tool, Client, Method, Error, Count };
inline constexpr std::size_t kFacetCount = static_cast<std::size_t>(Facet::Count);

/// Flags of a record and, joined, of a trace.
namespace flag {
inline constexpr std::uint8_t kCall = 1; ///< a CallRecord; else a span
inline constexpr std::uint8_t kError = 2;
inline constexpr std::uint8_t kRunning = 4;
inline constexpr std::uint8_t kRoot = 8; ///< has no parent
inline constexpr std::uint8_t kToolCall = 16;
inline constexpr std::uint8_t kShared = 64;  ///< trace only: it has records in another segment too
inline constexpr std::uint8_t kServer = 128; ///< a SERVER span
} // namespace flag

/// One record as it goes into a segment.
struct SegmentRow {
    TraceId traceId;
    std::int64_t startNs = 0;
    std::int64_t durationNs = 0;
    std::array<std::uint32_t, kFacetCount> facets{}; ///< string numbers; 0: none
    telemetry::Outcome outcome = telemetry::Outcome::Ok;
    std::uint8_t flags = 0;
    std::uint32_t spans = 1; ///< that it adds to its trace: those it expands to, less what a running span counted before
    QByteArrayView body;
};

/// What a segment knows of a trace. Written by the writer, read by anyone; fields are consistent one by one.
struct TraceEntry {
    TraceId id;
    std::atomic<std::int64_t> start{0};
    std::atomic<std::int64_t> end{0};
    std::atomic<std::uint64_t> services{0}; ///< bit n: service facet n + 1; those beyond 64 share the last
    std::atomic<std::uint32_t> spans{0};
    std::atomic<std::uint32_t> errors{0};
    std::atomic<std::uint32_t> lastRow{0};
    std::array<std::atomic<std::uint16_t>, kFacetCount>
        facets{}; ///< Name and Service: of the root or the earliest; the rest: of the first
    std::atomic<std::uint16_t> running{0};
    std::atomic<std::uint8_t> flags{0};
    std::atomic<std::uint8_t> outcome{0};
    std::int64_t nameStart = 0; ///< the writer's alone: start of the span that gave the name
};

/// At most 65,535 records of the trace store as columns, with the strings and bodies they need: it stands alone, in memory and on
/// disk. One thread appends; any thread reads records below rows() and traces below traces() without a lock.
class TraceSegment {
public:
    static constexpr std::uint32_t kMaxRows = 65'535;
    static constexpr std::uint32_t kChunk = 4096;
    struct Chunk {
        std::array<std::int64_t, kChunk> start;
        std::array<std::int64_t, kChunk> duration;
        std::array<std::uint32_t, kChunk> body;
        std::array<std::uint16_t, kChunk> trace;
        std::array<std::array<std::uint16_t, kChunk>, kFacetCount> facets;
        std::array<std::uint8_t, kChunk> outcome;
        std::array<std::uint8_t, kChunk> flags;
    };

    TraceSegment(std::uint64_t sequence, std::uint64_t firstRowId, bool fromDisk);
    TraceSegment(const TraceSegment&) = delete;
    TraceSegment& operator=(const TraceSegment&) = delete;

    // --- the writer ---
    StringTable& strings() { return m_strings; }
    /// False when the segment must be sealed before the record.
    [[nodiscard]] bool hasRoomFor(std::size_t bodyBytes) const;
    /// Returns the number of the record's trace.
    std::uint16_t append(const SegmentRow& row);
    void seal();

    // --- any thread ---
    [[nodiscard]] std::uint64_t sequence() const { return m_sequence; }
    [[nodiscard]] std::uint64_t firstRowId() const { return m_firstRowId; }
    [[nodiscard]] bool isFromDisk() const { return m_fromDisk; }
    [[nodiscard]] bool isSealed() const { return m_sealed.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint32_t rows() const { return m_rows.load(std::memory_order_acquire); }
    [[nodiscard]] const Chunk& chunk(std::uint32_t row) const { return *m_chunks[row / kChunk]; }
    [[nodiscard]] const StringTable& strings() const { return m_strings; }
    [[nodiscard]] std::uint32_t traces() const { return m_traceCount.load(std::memory_order_acquire); }
    [[nodiscard]] const TraceEntry& trace(std::uint32_t index) const
    {
        return m_traces[index / kTraceBlock][index % kTraceBlock];
    }
    [[nodiscard]] TraceEntry& trace(std::uint32_t index) { return m_traces[index / kTraceBlock][index % kTraceBlock]; }
    [[nodiscard]] std::optional<std::uint16_t> findTrace(const TraceId& id) const;

    /// Numbers of a facet's values run from 1 to facetValues(); 0 is "none".
    [[nodiscard]] std::uint32_t facetValues(Facet facet) const;
    [[nodiscard]] QByteArrayView facetText(Facet facet, std::uint16_t value) const;
    [[nodiscard]] std::uint32_t facetString(Facet facet, std::uint16_t value) const;

    [[nodiscard]] QByteArrayView body(std::uint32_t row) const;
    [[nodiscard]] SegmentRow row(std::uint32_t row) const; ///< facets as string numbers; `spans` is not kept and stays 1
    [[nodiscard]] std::int64_t memoryBytes() const;
    [[nodiscard]] std::uint64_t spans() const { return m_spans.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t calls() const { return m_calls.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t oldestNs() const { return m_oldest.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t newestNs() const { return m_newest.load(std::memory_order_relaxed); }

private:
    static constexpr std::uint32_t kTraceBlock = 1024;
    static constexpr std::uint32_t kBodyBlock = 64 * 1024;
    static constexpr std::uint32_t kMaxBodyBlocks = 1024;
    struct FacetColumn {
        std::array<std::unique_ptr<std::uint32_t[]>, 64> blocks; ///< of 1024 string numbers
        std::atomic<std::uint32_t> count{0};
        std::vector<std::uint16_t> byString; ///< the writer's alone
    };
    std::uint16_t facetFor(Facet facet, std::uint32_t string);
    std::uint16_t traceFor(const SegmentRow& row);
    void updateTrace(TraceEntry& entry, const SegmentRow& row, const std::array<std::uint16_t, kFacetCount>& facets, bool isNew);
    std::uint32_t storeBody(QByteArrayView body);
    void insertTrace(const TraceId& id, std::uint16_t index);
    [[nodiscard]] std::optional<std::uint16_t> lookUp(const TraceId& id) const;

    const std::uint64_t m_sequence;
    const std::uint64_t m_firstRowId;
    const bool m_fromDisk;
    std::atomic<bool> m_sealed{false};
    StringTable m_strings;
    std::array<std::unique_ptr<Chunk>, 16> m_chunks;
    std::atomic<std::uint32_t> m_rows{0};
    std::array<FacetColumn, kFacetCount> m_facets;
    std::array<std::unique_ptr<TraceEntry[]>, 64> m_traces;
    std::atomic<std::uint32_t> m_traceCount{0};
    std::array<std::unique_ptr<char[]>, kMaxBodyBlocks> m_bodies;
    std::uint32_t m_bodyBlocks = 0;
    std::uint32_t m_bodyUsed = kBodyBlock;
    std::atomic<std::int64_t> m_bytes{0};
    std::atomic<std::uint64_t> m_spans{0};
    std::atomic<std::uint64_t> m_calls{0};
    std::atomic<std::int64_t> m_oldest{0};
    std::atomic<std::int64_t> m_newest{0};
    mutable std::mutex m_indexMutex;    ///< guards m_index against the writer's inserts, for readers
    std::vector<std::uint32_t> m_index; ///< open addressing: 0 empty, else tag of the id in the high half, trace + 1 in the low
};

} // namespace oriel::store
