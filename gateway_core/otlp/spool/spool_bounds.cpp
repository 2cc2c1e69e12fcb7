// SPDX-License-Identifier: GPL-3.0-or-later
// SpoolLog: what becomes of records when they are answered for, given up, too old or too many.
#include "base/clock.h"
#include "otlp/spool/spool_index.h"
#include "otlp/spool/spool_log.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

/// What the name of a segment gets that Oriel leaves to people.
const QLatin1StringView kSetAside(".unreadable");
/// Ages are looked at this often when records come.
constexpr std::int64_t kExpiryIntervalNs = 60'000'000'000;

} // namespace

bool SpoolLog::isExpired(const RecordHead& head, int slot) const
{
    return nowUnixNs() - head.unixNs > maxAgeNs(slot);
}

std::int64_t SpoolLog::maxAgeNs(int slot) const
{
    const std::chrono::milliseconds own = m_slots[indexOf(slot)].maxAge;
    return std::chrono::nanoseconds(own.count() > 0 ? std::min(own, m_bounds.age) : m_bounds.age).count();
}

void SpoolLog::expire()
{
    if (m_clock.bootTimeNs() < m_nextExpiryNs)
        return;
    m_nextExpiryNs = m_clock.bootTimeNs() + kExpiryIntervalNs;
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        for (const Signal signal : kSignals) {
            const Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
            RecordHead oldest;
            oldest.unixNs = lane.oldestUnixNs;
            if (lane.items != 0 && !lane.held && !m_slots[indexOf(slot)].isUnread && isExpired(oldest, slot))
                (void)locate(slot, signal);
        }
    }
}

std::optional<std::chrono::milliseconds> SpoolLog::untilExpiry() const
{
    std::optional<std::int64_t> next;
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        for (const Lane& lane : m_slots[indexOf(slot)].lanes) {
            const std::int64_t due = lane.oldestUnixNs + maxAgeNs(slot);
            if (lane.items != 0 && lane.oldestUnixNs != 0 && (!next || due < *next))
                next = due;
        }
    }
    if (!next)
        return std::nullopt;
    const std::int64_t wait = std::max(*next - nowUnixNs(), m_nextExpiryNs - m_clock.bootTimeNs());
    return std::chrono::milliseconds(std::max<std::int64_t>(wait, 0) / 1'000'000 + 1);
}

void SpoolLog::count(int slot, Signal signal, Loss loss, std::int64_t items)
{
    if (items == 0)
        return;
    Slot& one = m_slots[indexOf(slot)];
    one.cursor.lanes[indexOf(signal)].lost[static_cast<std::size_t>(loss)] += static_cast<std::uint64_t>(items);
    one.dirty = m_dirty = true;
    const auto same = std::find_if(m_losses.begin(), m_losses.end(), [&](const SpoolLoss& known) {
        return known.slot == slot && known.signal == signal && known.loss == loss && known.name == one.cursor.name;
    });
    if (same != m_losses.end())
        same->items += items;
    else
        m_losses.push_back({slot, one.cursor.name, signal, loss, items});
}

void SpoolLog::settle(int slot, const RecordHead& head, std::uint64_t segment, std::optional<Loss> loss)
{
    takeOff(slot, head, loss);
    DestinationCursor& cursor = m_slots[indexOf(slot)].cursor;
    const auto passed = cursor.passed.find(segment);
    if (passed != cursor.passed.end())
        passed->second[indexOf(head.signal)] = head.sequence + 1;
    else
        cursor.lanes[indexOf(head.signal)].next = head.sequence + 1;
}

void SpoolLog::takeOff(int slot, const RecordHead& head, std::optional<Loss> loss)
{
    Slot& one = m_slots[indexOf(slot)];
    Lane& lane = one.lanes[indexOf(head.signal)];
    lane.items -= std::min<std::uint64_t>(lane.items, head.items);
    lane.bytes -= std::min<qint64>(lane.bytes, head.bytes);
    if (loss) {
        count(slot, head.signal, *loss, head.items);
        if (lane.held && lane.held->sequence == head.sequence)
            lane.held->lostAs = loss;
    }
    one.dirty = true;
    m_dirty = true;
}

void SpoolLog::leave(std::uint64_t segment, std::uint64_t sequence, int slot)
{
    if (segment != kInMemory) {
        const auto found = m_segments.find(segment);
        if (found == m_segments.end())
            return;
        found->second.waiting -= std::min<std::uint64_t>(found->second.waiting, 1);
        if (found->second.isDone() && !isActive(segment))
            removeSegment(segment);
        return;
    }
    const auto found = std::lower_bound(m_memory.begin(), m_memory.end(), sequence,
                                        [](const MemoryRecord& one, std::uint64_t wanted) { return one.head.sequence < wanted; });
    if (found == m_memory.end() || found->head.sequence != sequence)
        return;
    found->head.audience &= ~bitOf(slot);
    if (found->head.audience == 0) {
        m_memoryBytes -= found->request.size();
        m_memory.erase(found);
    }
}

void SpoolLog::forgetAll(int slot)
{
    std::vector<std::uint64_t> done;
    for (auto& entry : m_segments) {
        const std::uint64_t number = entry.first;
        std::uint64_t& waiting = entry.second.waiting;
        (void)forEachHead(number, [this, slot, number, &waiting](const RecordHead& head) {
            waiting -= concerns(head, slot, number) ? std::min<std::uint64_t>(waiting, 1) : 0;
        });
        if (entry.second.isDone() && !isActive(number))
            done.push_back(number);
    }
    for (MemoryRecord& record : m_memory)
        record.head.audience &= ~bitOf(slot);
    std::erase_if(m_memory, [this](const MemoryRecord& record) {
        m_memoryBytes -= record.head.audience == 0 ? record.request.size() : 0;
        return record.head.audience == 0;
    });
    Slot& one = m_slots[indexOf(slot)];
    for (const Signal signal : kSignals) {
        Lane& lane = one.lanes[indexOf(signal)];
        lane.items = 0;
        lane.bytes = 0;
        one.cursor.lanes[indexOf(signal)].next = m_nextSequence;
        lane.passedOffsets.clear();
    }
    one.cursor.passed.clear();
    one.dirty = true;
    m_dirty = true;
    for (const std::uint64_t number : done)
        removeSegment(number);
}

void SpoolLog::clear(int slot)
{
    Slot& one = m_slots[indexOf(slot)];
    for (const Signal signal : kSignals) {
        Lane& lane = one.lanes[indexOf(signal)];
        count(slot, signal, Loss::Cleared, static_cast<std::int64_t>(lane.items));
        if (lane.held && !lane.held->lostAs)
            lane.held->lostAs = Loss::Cleared;
    }
    forgetAll(slot);
    writeCursors();
}

void SpoolLog::trimDisk()
{
    while (diskBytes() > m_bounds.bytes && !m_segments.empty() && !isActive(m_segments.begin()->first))
        evictSegment(m_segments.begin()->first);
}

void SpoolLog::evictSegment(std::uint64_t number)
{
    const Status read = forEachHead(number, [this, number](const RecordHead& head) {
        for (int slot = 0; slot < kMaxDestinations; ++slot) {
            if (concerns(head, slot, number))
                settle(slot, head, number, Loss::Full);
        }
    });
    if (!read || !m_segments.at(number).isKnown)
        return giveUp(number, Loss::Full);
    removeSegment(number);
}

void SpoolLog::trimMemory()
{
    while (m_memoryBytes > m_bounds.memoryBytes || m_memory.size() > m_bounds.memoryBatches)
        loseOldestInMemory();
}

void SpoolLog::loseMemory()
{
    while (!m_memory.empty())
        loseOldestInMemory();
}

void SpoolLog::loseOldestInMemory()
{
    const RecordHead head = m_memory.front().head;
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        if (concerns(head, slot, kInMemory))
            takeOff(slot, head, Loss::Full); // older ones may wait on the disk
    }
    m_memoryBytes -= m_memory.front().request.size();
    m_memory.pop_front();
}

void SpoolLog::removeSegment(std::uint64_t number)
{
    // What its records came to must outlive them.
    writeCursors();
    const auto segment = m_segments.find(number);
    const bool isPartial = segment != m_segments.end() && segment->second.isPartial;
    m_segments.erase(number);
    discardFile(number, isPartial);
}

void SpoolLog::discardFile(std::uint64_t number, bool setAside)
{
    const QString path = segmentPath(m_directory, number);
    if (setAside)
        QFile::rename(path, path + kSetAside);
    else
        QFile::remove(path);
    for (Slot& one : m_slots) {
        // Its cursor tells of the segment until it is written the next time; a segment that is not there means nothing.
        one.cursor.passed.erase(number);
        for (Lane& lane : one.lanes)
            lane.passedOffsets.erase(number);
    }
}

} // namespace oriel::otlp
