// SPDX-License-Identifier: GPL-3.0-or-later
// SpoolLog: finding records, giving them up, and reading what an earlier run left.
#include "base/clock.h"
#include "otlp/spool/spool_log.h"

#include <QDir>

#include <algorithm>
#include <bit>

namespace oriel::otlp {

namespace {

constexpr std::uint64_t bitOf(int slot)
{
    return std::uint64_t(1) << static_cast<unsigned>(slot);
}
constexpr std::size_t indexOf(int slot)
{
    return static_cast<std::size_t>(slot);
}
constexpr std::size_t indexOf(Signal signal)
{
    return static_cast<std::size_t>(signal);
}

/// What the name of a segment gets that Oriel leaves to people.
const QLatin1StringView kSetAside(".unreadable");
/// More than there are records in segments.
constexpr std::uint64_t kUnreadSequences = std::uint64_t(1) << 32;

} // namespace

template <class Visit> bool SpoolLog::forEachHead(std::uint64_t number, Visit visit) const
{
    SegmentReader reader;
    if (!reader.open(m_directory, number))
        return !QFile::exists(segmentPath(m_directory, number));
    std::int64_t at = kSegmentHeaderBytes;
    while (const auto found = reader.find(at)) {
        visit(found->head);
        at = found->end;
    }
    return true;
}

std::optional<SpoolLog::Located> SpoolLog::locate(int slot, Signal signal)
{
    if (!recoverUnread())
        return std::nullopt;
    Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
    std::optional<Located> located;
    bool readable = true;
    if (lane.items != 0)
        located = locateOnDisk(slot, signal, readable);
    if (!readable)
        return std::nullopt;
    if (!located && lane.items != 0)
        located = locateInMemory(slot, signal);
    if (located) {
        lane.oldestUnixNs = located->head.unixNs;
        return located;
    }
    if (lane.items != 0)
        writeOffInvisible(slot, signal);
    // Everything so far is answered for: reading goes on where the next record will be.
    m_slots[indexOf(slot)].cursor.lanes[indexOf(signal)].next = m_nextSequence;
    lane.segment = m_activeNumber;
    lane.offset = m_writer.isOpen() ? m_writer.size() : 0;
    return std::nullopt;
}

std::optional<SpoolLog::Located> SpoolLog::locateOnDisk(int slot, Signal signal, bool& readable)
{
    Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
    // settle() and leave() may remove the segment that is being read, so the next one is looked up afresh each time.
    for (auto segment = m_segments.lower_bound(lane.segment); segment != m_segments.end();
         segment = m_segments.upper_bound(lane.segment)) {
        if (segment->first != lane.segment) {
            lane.segment = segment->first;
            lane.offset = kSegmentHeaderBytes;
        }
        const std::uint64_t number = segment->first;
        SegmentReader reader;
        if (const Status opened = reader.open(m_directory, number); !opened) {
            if (!QFile::exists(segmentPath(m_directory, number)))
                continue; // somebody removed it
            // Too many open files, say: what is there must not be taken for gone.
            m_diskError = opened.error().toString();
            readable = false;
            return std::nullopt;
        }
        while (const auto found = reader.find(std::max<std::int64_t>(lane.offset, kSegmentHeaderBytes))) {
            const bool mine = found->head.signal == signal && concerns(found->head, slot);
            std::optional<QByteArray> request;
            if (mine && !isExpired(found->head, slot)) {
                request = reader.request(*found);
                if (request)
                    return Located{found->head, std::move(*request), number};
            }
            lane.offset = found->end;
            if (mine) {
                settle(slot, found->head, isExpired(found->head, slot) ? Loss::Expired : Loss::Damaged);
                leave(number, found->head.sequence, slot);
            }
        }
    }
    return std::nullopt;
}

std::optional<SpoolLog::Located> SpoolLog::locateInMemory(int slot, Signal signal)
{
    for (std::size_t i = 0; i < m_memory.size();) {
        const RecordHead head = m_memory[i].head;
        if (head.signal != signal || !concerns(head, slot)) {
            ++i;
            continue;
        }
        if (!isExpired(head, slot))
            return Located{head, m_memory[i].request, kInMemory};
        const std::size_t before = m_memory.size();
        settle(slot, head, Loss::Expired);
        leave(kInMemory, head.sequence, slot);
        i += m_memory.size() == before ? 1 : 0;
    }
    return std::nullopt;
}

void SpoolLog::writeOffInvisible(int slot, Signal signal)
{
    // Head and copy are destroyed, or the file went away: nothing but the sum tells of it.
    RecordHead all;
    all.signal = signal;
    all.sequence = m_nextSequence - 1;
    Slot& one = m_slots[indexOf(slot)];
    Lane& lane = one.lanes[indexOf(signal)];
    const std::uint64_t items = std::exchange(lane.items, 0);
    lane.bytes = 0;
    one.cursor.lanes[indexOf(signal)].lost[static_cast<std::size_t>(Loss::Damaged)] += items;
    settle(slot, all, std::nullopt);
    std::vector<std::uint64_t> done;
    for (auto& [number, segment] : m_segments) {
        std::uint64_t waiting = 0;
        const bool counted = forEachHead(number, [&](const RecordHead& head) {
            for (int other = 0; other < kMaxDestinations; ++other)
                waiting += concerns(head, other) ? 1 : 0;
        });
        segment.waiting = counted ? waiting : segment.waiting;
        if (segment.waiting == 0 && !isActive(number))
            done.push_back(number);
    }
    for (const std::uint64_t number : done)
        removeSegment(number);
}

void SpoolLog::forgetAll(int slot)
{
    std::vector<std::uint64_t> done;
    for (auto& [number, segment] : m_segments) {
        (void)forEachHead(number, [this, slot, &waiting = segment.waiting](const RecordHead& head) {
            waiting -= concerns(head, slot) ? std::min<std::uint64_t>(waiting, 1) : 0;
        });
        if (segment.waiting == 0 && !isActive(number))
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
    }
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
        one.cursor.lanes[indexOf(signal)].lost[static_cast<std::size_t>(Loss::Cleared)] += lane.items;
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
    (void)forEachHead(number, [this](const RecordHead& head) {
        for (int slot = 0; slot < kMaxDestinations; ++slot) {
            if (concerns(head, slot))
                settle(slot, head, Loss::Full);
        }
    });
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
        if (concerns(head, slot))
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
    const bool isUnreadable = segment != m_segments.end() && segment->second.isUnreadable;
    m_segments.erase(number);
    const QString path = segmentPath(m_directory, number);
    if (isUnreadable)
        QFile::rename(path, path + kSetAside);
    else
        QFile::remove(path);
}

bool SpoolLog::makeDirectory()
{
    if (!QDir().mkpath(m_directory)) {
        m_diskError =
            QStringLiteral("%1 cannot be made: check its path, its permissions and what else has its name").arg(m_directory);
        return false;
    }
    QFile::setPermissions(m_directory, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    return true;
}

bool SpoolLog::isReady()
{
    if (!makeDirectory())
        return false;
    // What an earlier run left must not be mixed with what was begun without it.
    if (!m_isRead &&
        !QDir(m_directory).entryList({QStringLiteral("spool-*.seg"), QStringLiteral("cursor-*.bin")}, QDir::Files).isEmpty()) {
        m_diskError = QStringLiteral("%1 was not there at the start: start Oriel again, so that it is read").arg(m_directory);
        return false;
    }
    m_isRead = true;
    return true;
}

SpoolRecovery SpoolLog::open()
{
    SpoolRecovery recovery;
    if (!isPersistent())
        return recovery;
    if (!makeDirectory())
        return recovery;
    m_isRead = true;
    recoverCursors(recovery);
    for (const std::uint64_t number : listSegments(m_directory))
        recoverSegment(number, recovery);
    // The numbers of records in what is not read yet are not known: new ones have to be behind them.
    if (!m_unread.empty())
        m_nextSequence += kUnreadSequences;
    return recovery;
}

bool SpoolLog::recoverUnread()
{
    SpoolRecovery recovery;
    for (const std::uint64_t number : std::exchange(m_unread, {}))
        recoverSegment(number, recovery);
    return m_unread.empty();
}

void SpoolLog::recoverCursors(SpoolRecovery& recovery)
{
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        if (!QFile::exists(CursorFile::path(m_directory, slot)))
            continue;
        Slot& one = m_slots[indexOf(slot)];
        auto file = std::make_unique<CursorFile>();
        const auto opened = file->open(m_directory, slot);
        one.used = true;
        if (opened)
            one.file = std::move(file);
        if (opened && *opened)
            one.cursor = **opened;
        else if (opened)
            ++recovery.damagedCursors;
        else
            m_diskError = opened.error().toString();
        one.isUnread = !opened;
        for (const LaneCursor& lane : one.cursor.lanes)
            m_nextSequence = std::max(m_nextSequence, lane.next);
    }
}

void SpoolLog::recoverSegment(std::uint64_t number, SpoolRecovery& recovery)
{
    m_nextNumber = std::max(m_nextNumber, number + 1);
    const QString path = segmentPath(m_directory, number);
    SegmentReader reader;
    if (const Status opened = reader.open(m_directory, number); !opened) {
        if (opened.error().code == ErrorCode::Io) {
            if (QFile::exists(path)) {
                m_diskError = opened.error().toString();
                m_unread.insert(number);
            }
        } else if (QFile(path).size() < kSegmentHeaderBytes) {
            QFile::remove(path); // made, but nothing was written to it any more
        } else if (opened.error().code == ErrorCode::DataLoss) {
            ++recovery.unreadableSegments;
            QFile::rename(path, path + kSetAside);
        }
        return;
    }
    Segment segment;
    std::int64_t at = kSegmentHeaderBytes;
    std::optional<std::uint64_t> last;
    while (const auto found = reader.find(at)) {
        if (found->torn)
            break;
        if (found->skipped) {
            ++recovery.damagedGaps;
            recovery.missingRecords += last ? found->head.sequence - *last - 1 : 0;
        }
        last = found->head.sequence;
        ++recovery.records;
        noteRecovered(number, segment, *found, at);
        at = found->end;
    }
    const std::int64_t size = reader.size();
    segment.isUnreadable = reader.failed();
    if (segment.isUnreadable) {
        ++recovery.unreadableSegments;
    } else if (at < size) {
        ++recovery.tornEnds;
        QFile::resize(path, at);
    }
    segment.bytes = at;
    m_segments.emplace(number, segment);
    if (segment.waiting == 0)
        removeSegment(number);
}

void SpoolLog::noteRecovered(std::uint64_t number, Segment& segment, const FoundRecord& found, std::int64_t at)
{
    m_nextSequence = std::max(m_nextSequence, found.head.sequence + 1);
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        if (!concerns(found.head, slot))
            continue;
        Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(found.head.signal)];
        if (lane.items == 0 || number < lane.segment) {
            lane.segment = number;
            lane.offset = at;
            lane.oldestUnixNs = found.head.unixNs;
        }
        lane.items += found.head.items;
        lane.bytes += found.head.bytes;
        ++segment.waiting;
    }
}

} // namespace oriel::otlp
