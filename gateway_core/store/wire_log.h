// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/trace_types.h"
#include "telemetry/call_record.h"
#include "telemetry/wire_frame.h"

#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>

namespace oriel::store {

struct WireQuery {
    QByteArray server; ///< empty: all
    QByteArray client;
    std::optional<telemetry::WireDirection> direction;
    std::vector<telemetry::WireKind> kinds; ///< empty: all
    QByteArray method;
    QByteArray rpcId; ///< JSON text of the id
    QByteArray text;  ///< substring of the masked payload, whatever the case
    std::optional<telemetry::WireEra> era;
    std::optional<TraceId> traceId;
    std::optional<SpanId> callSpanId; ///< only frames of that call, on both sides
    std::uint64_t sinceId = 0;
    std::uint64_t beforeId = 0; ///< 0: no bound
    bool newestFirst = false;
    int limit = 500;
};

struct WireEntry {
    std::uint64_t id = 0;
    telemetry::WireFrame frame; ///< payload and headers are masked, and cut to `previewLimit` by query(); without contexts
    telemetry::Transport transport = telemetry::Transport::Stdio; ///< of the peer
    QByteArray revision;        ///< that the peer and Oriel had agreed on; empty before the handshake
    QByteArray session;         ///< the beginning of its Mcp-Session-Id, which is as good as a password for a while
    qsizetype payloadBytes = 0; ///< of the whole unmasked frame
    bool cut = false;
};

struct WirePage {
    std::vector<WireEntry> rows;
    std::uint64_t lastId = 0;  ///< of the log when the query began
    std::uint64_t firstId = 0; ///< oldest frame still held
    bool more = false;
    bool cancelled = false;
};

/// The wire log (G6b): every frame of every connection in order, in memory only, bounded by bytes and count; the oldest go first.
/// Payloads share memory with the connection and are masked when they are read, so an append costs no copy. All functions are
/// thread-safe.
class WireLog {
public:
    using Masker = std::function<QByteArray(const QByteArray&)>; ///< called on the reading thread, without the lock

    WireLog(std::int64_t budgetBytes, std::size_t maxFrames, Masker masker);

    void append(telemetry::WireFrame&& frame);
    void setBudget(std::int64_t bytes);
    void clear();
    [[nodiscard]] std::uint64_t lastId() const;
    [[nodiscard]] std::uint64_t evicted() const;
    [[nodiscard]] std::int64_t memoryBytes() const;
    /// Frames that match, payloads cut to `previewLimit` bytes of masked text (0: whole).
    [[nodiscard]] WirePage query(const WireQuery& query, qsizetype previewLimit = 4096, std::stop_token stop = {}) const;
    /// One whole frame, masked; nothing when it was evicted.
    [[nodiscard]] std::optional<WireEntry> frame(std::uint64_t id) const;

private:
    void finishEntry(WireEntry& entry) const;
    [[nodiscard]] static std::int64_t costOf(const telemetry::WireFrame& frame);
    void evictLocked();

    mutable std::mutex m_mutex;
    std::deque<telemetry::WireFrame> m_frames; ///< ids m_firstId …
    std::uint64_t m_firstId = 1;
    std::uint64_t m_evicted = 0;
    std::int64_t m_bytes = 0;
    std::int64_t m_budget;
    std::size_t m_maxFrames;
    Masker m_masker;
};

} // namespace oriel::store
