// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/wire_log.h"

#include <algorithm>

namespace oriel::store {

using telemetry::WireFrame;

namespace {

constexpr std::size_t kSlice = 512;

bool passes(const WireFrame& frame, const WireQuery& query)
{
    return (query.server.isEmpty() || frame.server == query.server) && (query.client.isEmpty() || frame.client == query.client) &&
           (!query.direction || frame.direction == *query.direction) &&
           (query.kinds.empty() || std::find(query.kinds.begin(), query.kinds.end(), frame.kind) != query.kinds.end()) &&
           (query.method.isEmpty() || frame.method == query.method) && (query.rpcId.isEmpty() || frame.rpcId == query.rpcId) &&
           (!query.traceId || frame.traceId == *query.traceId) && (!query.callSpanId || frame.callSpanId == *query.callSpanId) &&
           (!query.era || frame.era == *query.era);
}

constexpr qsizetype kShownOfSession = 8;

WireEntry entryOf(std::uint64_t id, const WireFrame& frame)
{
    WireEntry entry;
    entry.id = id;
    entry.frame = frame;
    entry.payloadBytes = frame.payload.size();
    return entry;
}

QByteArray shortened(const QByteArray& session)
{
    if (session.size() <= kShownOfSession)
        return QByteArray(session.size(), '*');
    QByteArray shown = session.left(kShownOfSession);
    shown += "…";
    return shown;
}

} // namespace

WireLog::WireLog(std::int64_t budgetBytes, std::size_t maxFrames, Masker masker)
    : m_budget(budgetBytes),
      m_maxFrames(std::max<std::size_t>(1, maxFrames)),
      m_masker(std::move(masker))
{}

std::int64_t WireLog::costOf(const WireFrame& frame)
{
    return static_cast<std::int64_t>(sizeof(WireFrame)) + frame.payload.size() + frame.rpcId.size();
}

void WireLog::evictLocked()
{
    while (!m_frames.empty() && (m_bytes > m_budget || m_frames.size() > m_maxFrames)) {
        m_bytes -= costOf(m_frames.front());
        m_frames.pop_front();
        ++m_firstId;
        ++m_evicted;
    }
}

/// Masks, and puts into words what the frame's context says; the context itself, with its whole session id, stays behind.
void WireLog::finishEntry(WireEntry& entry) const
{
    WireFrame& frame = entry.frame;
    if (m_masker) {
        frame.payload = m_masker(frame.payload);
        for (auto& [name, value] : frame.headers)
            value = m_masker(value);
    }
    if (frame.clientContext != nullptr) {
        entry.transport = frame.clientContext->transport;
        entry.revision = frame.clientContext->protocolVersion;
        entry.session = shortened(frame.clientContext->sessionId);
    } else if (frame.serverContext != nullptr) {
        entry.transport = frame.serverContext->transport;
        entry.revision = frame.serverContext->protocolVersion;
        entry.session = shortened(frame.serverContext->sessionId);
    }
    frame.clientContext.reset();
    frame.serverContext.reset();
}

void WireLog::append(WireFrame&& frame)
{
    const std::lock_guard lock(m_mutex);
    m_bytes += costOf(frame);
    m_frames.push_back(std::move(frame));
    evictLocked();
}

void WireLog::setBudget(std::int64_t bytes)
{
    const std::lock_guard lock(m_mutex);
    m_budget = bytes;
    evictLocked();
}

void WireLog::clear()
{
    const std::lock_guard lock(m_mutex);
    m_firstId += m_frames.size();
    m_frames.clear();
    m_bytes = 0;
}

std::uint64_t WireLog::lastId() const
{
    const std::lock_guard lock(m_mutex);
    return m_firstId + m_frames.size() - 1;
}

std::uint64_t WireLog::evicted() const
{
    const std::lock_guard lock(m_mutex);
    return m_evicted;
}

std::int64_t WireLog::memoryBytes() const
{
    const std::lock_guard lock(m_mutex);
    return m_bytes;
}

WirePage WireLog::query(const WireQuery& query, qsizetype previewLimit, std::stop_token stop) const
{
    WirePage page;
    const auto limit = static_cast<std::size_t>(std::max(1, query.limit));
    const QByteArray needle = query.text.toLower();
    std::uint64_t low = 0;
    std::uint64_t high = 0; // ids of [low, high)
    {
        const std::lock_guard lock(m_mutex);
        page.firstId = m_firstId;
        page.lastId = m_firstId + m_frames.size() - 1;
        low = std::max(m_firstId, query.sinceId + 1);
        high = query.beforeId != 0 ? std::min(page.lastId + 1, query.beforeId) : page.lastId + 1;
    }
    std::vector<WireEntry> candidates;
    while (low < high) {
        if (stop.stop_requested()) {
            page.cancelled = true;
            return page;
        }
        // A slice is copied under the lock (payloads are shared), and masked and searched without it.
        candidates.clear();
        const std::uint64_t from = query.newestFirst ? std::max(low, high - std::min<std::uint64_t>(high, kSlice)) : low;
        const std::uint64_t to = query.newestFirst ? high : std::min<std::uint64_t>(high, low + kSlice);
        {
            const std::lock_guard lock(m_mutex);
            for (std::uint64_t id = std::max(from, m_firstId); id < to && id < m_firstId + m_frames.size(); ++id)
                if (const WireFrame& frame = m_frames[id - m_firstId]; passes(frame, query))
                    candidates.push_back(entryOf(id, frame));
        }
        if (query.newestFirst)
            std::reverse(candidates.begin(), candidates.end());
        for (WireEntry& entry : candidates) {
            if (page.rows.size() >= limit) {
                page.more = true;
                return page;
            }
            finishEntry(entry);
            if (!needle.isEmpty() && !entry.frame.payload.toLower().contains(needle))
                continue;
            if (previewLimit > 0 && entry.frame.payload.size() > previewLimit) {
                entry.frame.payload.truncate(previewLimit);
                entry.cut = true;
            }
            page.rows.push_back(std::move(entry));
        }
        (query.newestFirst ? high : low) = query.newestFirst ? from : to;
    }
    return page;
}

std::optional<WireEntry> WireLog::frame(std::uint64_t id) const
{
    WireEntry entry;
    {
        const std::lock_guard lock(m_mutex);
        if (id < m_firstId || id >= m_firstId + m_frames.size())
            return std::nullopt;
        entry.id = id;
        entry.frame = m_frames[id - m_firstId];
    }
    entry.payloadBytes = entry.frame.payload.size();
    finishEntry(entry);
    return entry;
}

} // namespace oriel::store
