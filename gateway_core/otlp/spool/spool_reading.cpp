// SPDX-License-Identifier: GPL-3.0-or-later
// SpoolLog: finding the next record of a lane.
#include "otlp/spool/spool_index.h"
#include "otlp/spool/spool_log.h"

#include <algorithm>

namespace oriel::otlp {

bool SpoolLog::concerns(const RecordHead& head, int slot, std::uint64_t segment) const
{
    const Slot& one = m_slots[indexOf(slot)];
    if (!one.used || (head.audience & bitOf(slot)) == 0)
        return false;
    const auto passed = one.cursor.passed.find(segment);
    const std::uint64_t next =
        passed != one.cursor.passed.end() ? passed->second[indexOf(head.signal)] : one.cursor.lanes[indexOf(head.signal)].next;
    return head.sequence >= next;
}

bool SpoolLog::pass(int slot, std::uint64_t segment)
{
    Slot& one = m_slots[indexOf(slot)];
    if (one.cursor.passed.count(segment) != 0)
        return true;
    if (one.cursor.passed.size() >= CursorFile::kMaxPassed)
        return false;
    LaneSequences& next = one.cursor.passed[segment];
    for (const Signal signal : kSignals)
        next[indexOf(signal)] = one.cursor.lanes[indexOf(signal)].next;
    one.dirty = m_dirty = true;
    return true;
}

std::optional<SpoolLog::Located> SpoolLog::locate(int slot, Signal signal)
{
    bool isBlocked = false;
    for (const auto& [number, segment] : m_segments)
        isBlocked = isBlocked || (segment.unread && !pass(slot, number));
    Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
    std::optional<Located> located;
    if (lane.items != 0)
        located = locateInPassed(slot, signal);
    if (!located && lane.items != 0)
        located = locateOnDisk(slot, signal);
    if (!located && isBlocked)
        return std::nullopt;
    if (!located && lane.items != 0)
        located = locateInMemory(slot, signal);
    if (located) {
        lane.oldestUnixNs = located->head.unixNs;
        return located;
    }
    // Head and copy are destroyed, or the file went away: nothing but the sum tells of it.
    if (lane.items != 0 && !hasUnread())
        recount(Loss::Damaged);
    if (lane.items != 0 && !hasUnread())
        return std::nullopt;
    for (const auto& [number, segment] : m_segments) {
        if (segment.unread && !pass(slot, number))
            return std::nullopt;
    }
    // All that can be read is answered for: reading goes on where the next record will be.
    m_slots[indexOf(slot)].cursor.lanes[indexOf(signal)].next = m_nextSequence;
    lane.segment = m_activeNumber;
    lane.offset = m_writer.isOpen() ? m_writer.size() : 0;
    return std::nullopt;
}

std::optional<SpoolLog::Located> SpoolLog::locateOnDisk(int slot, Signal signal)
{
    const Slot& one = m_slots[indexOf(slot)];
    Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
    // settle() and leave() may remove the segment that is being read, so the next one is looked up afresh each time.
    for (auto segment = m_segments.lower_bound(lane.segment); segment != m_segments.end();
         segment = m_segments.upper_bound(lane.segment)) {
        const std::uint64_t number = segment->first;
        if (number != lane.segment) {
            lane.segment = number;
            lane.offset = kSegmentHeaderBytes;
        }
        if (one.cursor.passed.count(number) != 0)
            continue;
        if (segment->second.unread)
            return std::nullopt;
        if (auto located = locateInSegment(slot, signal, number, lane.offset))
            return located;
        const auto read = m_segments.find(number);
        if (read != m_segments.end() && read->second.unread && !pass(slot, number))
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<SpoolLog::Located> SpoolLog::locateInPassed(int slot, Signal signal)
{
    Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
    std::vector<std::uint64_t> readable;
    for (const auto& [number, next] : m_slots[indexOf(slot)].cursor.passed) {
        const auto segment = m_segments.find(number);
        if (segment != m_segments.end() && !segment->second.unread)
            readable.push_back(number);
    }
    for (const std::uint64_t number : readable) {
        if (m_segments.count(number) == 0)
            continue;
        const auto known = lane.passedOffsets.find(number);
        std::int64_t offset = known != lane.passedOffsets.end() ? known->second : 0;
        auto located = locateInSegment(slot, signal, number, offset);
        if (m_segments.count(number) != 0)
            lane.passedOffsets[number] = offset;
        if (located)
            return located;
    }
    return std::nullopt;
}

std::optional<SpoolLog::Located> SpoolLog::locateInSegment(int slot, Signal signal, std::uint64_t number, std::int64_t& offset)
{
    const bool isPartial = m_segments.at(number).isPartial;
    SegmentReader reader;
    if (const Status opened = reader.open(m_directory, number); !opened) {
        if (!isSegmentGone(m_directory, number))
            noteUnread(number, opened.error());
        return std::nullopt;
    }
    while (const auto found = reader.find(std::max<std::int64_t>(offset, kSegmentHeaderBytes))) {
        const bool mine = found->head.signal == signal && concerns(found->head, slot, number);
        const bool expired = mine && isExpired(found->head, slot);
        std::optional<QByteArray> request;
        if (mine && !expired && (!reader.failed() || isPartial))
            request = reader.request(*found);
        if (reader.failed() && !isPartial)
            break;
        if (request) {
            m_segments.at(number).failures = 0;
            return Located{found->head, std::move(*request), number};
        }
        offset = found->end;
        if (mine) {
            settle(slot, found->head, number, expired ? Loss::Expired : Loss::Damaged);
            leave(number, found->head.sequence, slot);
        }
    }
    if (const Status read = reader.status(); !read && !isPartial && m_segments.count(number) != 0)
        noteUnread(number, read.error());
    return std::nullopt;
}

std::optional<SpoolLog::Located> SpoolLog::locateInMemory(int slot, Signal signal)
{
    for (std::size_t i = 0; i < m_memory.size();) {
        const RecordHead head = m_memory[i].head;
        if (head.signal != signal || !concerns(head, slot, kInMemory)) {
            ++i;
            continue;
        }
        if (!isExpired(head, slot))
            return Located{head, m_memory[i].request, kInMemory};
        const std::size_t before = m_memory.size();
        settle(slot, head, kInMemory, Loss::Expired);
        leave(kInMemory, head.sequence, slot);
        i += m_memory.size() == before ? 1 : 0;
    }
    return std::nullopt;
}

} // namespace oriel::otlp
