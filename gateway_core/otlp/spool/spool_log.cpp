// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/spool_log.h"

#include "base/clock.h"
#include "base/random.h"
#include "otlp/spool/spool_index.h"

#include <algorithm>
#include <bit>

namespace oriel::otlp {

SpoolLog::SpoolLog(QString directory, const SpoolBounds& bounds, const Clock& clock, Random& random)
    : m_directory(std::move(directory)),
      m_clock(clock),
      m_random(random),
      m_openUnixNs(clock.unixNs()),
      m_openBootNs(clock.bootTimeNs())
{
    setBounds(bounds);
}

SpoolLog::~SpoolLog() = default;

void SpoolLog::setBounds(const SpoolBounds& bounds)
{
    m_bounds = bounds;
    // The segment that is being written is never pushed out.
    m_bounds.segmentBytes = std::max<qint64>(1, std::min(bounds.segmentBytes, bounds.bytes / 4));
}

std::int64_t SpoolLog::nowUnixNs() const
{
    return m_openUnixNs + (m_clock.bootTimeNs() - m_openBootNs);
}

qint64 SpoolLog::diskBytes() const
{
    qint64 bytes = 0;
    for (const auto& [number, segment] : m_segments)
        bytes += segment.bytes;
    return bytes;
}

Backlog SpoolLog::backlog(int slot) const
{
    Backlog backlog;
    const Slot& one = m_slots[indexOf(slot)];
    for (std::size_t i = 0; i < kSignalCount; ++i)
        backlog.lanes[i] = {one.lanes[i].items, one.lanes[i].bytes, one.cursor.lanes[i],
                            one.lanes[i].items != 0 ? one.lanes[i].oldestUnixNs : 0};
    return backlog;
}

bool SpoolLog::append(const Batch& batch, std::uint64_t audience)
{
    RecordHead head;
    head.audience = audience & slotBits();
    if (head.audience == 0)
        return true;
    head.sequence = m_nextSequence++;
    head.unixNs = nowUnixNs();
    head.bytes = static_cast<std::uint32_t>(batch.request.size());
    head.items = batch.items;
    head.signal = batch.signal;
    head.payloads = batch.payloads;
    head.aliases = batch.aliases;
    const bool tooLarge = batch.request.size() > static_cast<qsizetype>(kMaxSpooledRequestBytes);
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        if (!concerns(head, slot, kInMemory))
            continue;
        Slot& one = m_slots[indexOf(slot)];
        if (tooLarge) {
            count(slot, head.signal, Loss::Refused, head.items);
            continue;
        }
        Lane& lane = one.lanes[indexOf(head.signal)];
        if (lane.items == 0)
            lane.oldestUnixNs = head.unixNs;
        lane.items += head.items;
        lane.bytes += head.bytes;
        one.dirty = true;
    }
    if (tooLarge)
        return false;
    const bool written = writeMemory() && writeRecord(head, batch.request);
    if (!written) {
        m_memory.push_back({head, batch.request});
        m_memoryBytes += batch.request.size();
        trimMemory();
    }
    expire();
    trimDisk();
    return written;
}

bool SpoolLog::openSegment()
{
    // Somebody may have removed it: what is written to a file without a name is gone with the process.
    const bool there = m_writer.isOpen() && QFile::exists(segmentPath(m_directory, m_activeNumber));
    if (there && m_writer.size() < m_bounds.segmentBytes)
        return true;
    if (m_writer.isOpen()) {
        (void)m_writer.sync();
        m_writer.close();
        if (const auto full = m_segments.find(m_activeNumber); full != m_segments.end() && full->second.isDone())
            removeSegment(m_activeNumber);
    }
    if (!isReady())
        return false;
    const SegmentHeader header{m_nextNumber, static_cast<std::uint32_t>(m_random.next64()), kSpoolVersion};
    if (const Status created = m_writer.create(m_directory, header); !created) {
        m_diskError = created.error().toString();
        return false;
    }
    m_activeNumber = m_nextNumber++;
    m_segments[m_activeNumber].bytes = m_writer.size();
    return true;
}

bool SpoolLog::writeRecord(const RecordHead& head, QByteArrayView request)
{
    if (!isPersistent() || !openSegment())
        return false;
    const auto at = m_writer.append(head, request);
    Segment& segment = m_segments[m_activeNumber];
    if (!at) {
        m_diskError = at.error().toString();
        return false;
    }
    m_diskError.clear();
    m_unsyncedBytes += m_writer.size() - segment.bytes;
    segment.bytes = m_writer.size();
    segment.newestUnixNs = head.unixNs;
    segment.waiting += static_cast<std::uint64_t>(std::popcount(head.audience));
    m_dirty = true;
    return true;
}

bool SpoolLog::writeMemory()
{
    while (!m_memory.empty()) {
        const MemoryRecord& oldest = m_memory.front();
        if (!writeRecord(oldest.head, oldest.request))
            return false;
        for (int slot = 0; slot < kMaxDestinations; ++slot) {
            auto& held = m_slots[indexOf(slot)].lanes[indexOf(oldest.head.signal)].held;
            if (held && held->sequence == oldest.head.sequence)
                held->segment = m_activeNumber;
        }
        m_memoryBytes -= oldest.request.size();
        m_memory.pop_front();
    }
    return true;
}

std::optional<Batch> SpoolLog::fetch(int slot, Signal signal)
{
    Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
    if (lane.held)
        return std::nullopt;
    auto located = locate(slot, signal);
    if (!located)
        return std::nullopt;
    const RecordHead& head = located->head;
    lane.held = Held{head.sequence, located->segment, head.items, head.bytes, std::nullopt};
    return Batch{head.signal, std::move(located->request), head.items, head.payloads, head.aliases};
}

void SpoolLog::answer(int slot, Signal signal, const RecordAnswer& answer)
{
    Slot& one = m_slots[indexOf(slot)];
    Lane& lane = one.lanes[indexOf(signal)];
    if (!lane.held)
        return;
    const Held held = *std::exchange(lane.held, std::nullopt);
    LaneCursor& cursor = one.cursor.lanes[indexOf(signal)];
    cursor.sent += answer.sent;
    cursor.lost[static_cast<std::size_t>(Loss::Rejected)] += answer.rejected;
    cursor.lost[static_cast<std::size_t>(Loss::Refused)] += answer.refused;
    one.dirty = true;
    m_dirty = true;
    if (held.lostAs) {
        // Counted as lost, it arrived after all.
        count(slot, signal, *held.lostAs, -static_cast<std::int64_t>(held.items));
        return;
    }
    RecordHead head;
    head.signal = signal;
    head.sequence = held.sequence;
    head.items = held.items;
    head.bytes = held.bytes;
    settle(slot, head, held.segment, std::nullopt);
    leave(held.segment, held.sequence, slot);
}

void SpoolLog::release(int slot, Signal signal)
{
    m_slots[indexOf(slot)].lanes[indexOf(signal)].held.reset();
}

Status SpoolLog::sync()
{
    writeCursors();
    m_dirty = false;
    m_unsyncedBytes = 0;
    Status synced = m_writer.sync();
    for (Slot& one : m_slots) {
        if (one.file) {
            if (const Status cursor = one.file->sync(); !cursor && synced)
                synced = cursor;
        }
    }
    return synced;
}

void SpoolLog::writeCursors()
{
    std::array<std::array<std::uint64_t, kSignalCount>, kMaxDestinations> inMemory{};
    for (const MemoryRecord& record : m_memory) {
        for (int slot = 0; slot < kMaxDestinations; ++slot) {
            if (concerns(record.head, slot, kInMemory))
                inMemory[indexOf(slot)][indexOf(record.head.signal)] += record.head.items;
        }
    }
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        Slot& one = m_slots[indexOf(slot)];
        if (!one.used || !one.dirty || !openCursor(slot))
            continue;
        for (std::size_t i = 0; i < kSignalCount; ++i)
            one.cursor.waiting[i] = one.lanes[i].items - std::min(one.lanes[i].items, inMemory[indexOf(slot)][i]);
        if (const Status written = one.file->write(one.cursor))
            one.dirty = false;
        else
            m_diskError = written.error().toString();
    }
}

} // namespace oriel::otlp
