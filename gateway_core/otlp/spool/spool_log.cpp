// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/spool_log.h"

#include "base/clock.h"
#include "base/random.h"

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

/// Ages are looked at this often when records come.
constexpr std::int64_t kExpiryIntervalNs = 60'000'000'000;

} // namespace

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

std::uint64_t SpoolLog::slotBits() const
{
    std::uint64_t bits = 0;
    for (int slot = 0; slot < kMaxDestinations; ++slot)
        bits |= m_slots[indexOf(slot)].used ? bitOf(slot) : 0;
    return bits;
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

bool SpoolLog::openCursor(int slot)
{
    Slot& one = m_slots[indexOf(slot)];
    if (one.file || one.isUnread || !isPersistent())
        return one.file != nullptr;
    if (!m_isRead && !isReady())
        return false;
    auto file = std::make_unique<CursorFile>();
    const auto opened = file->open(m_directory, slot);
    if (opened)
        one.file = std::move(file);
    else
        m_diskError = opened.error().toString();
    return one.file != nullptr;
}

Result<int> SpoolLog::attach(const QString& name)
{
    int chosen = -1;
    const auto choose = [&](const auto& fits) {
        for (int slot = 0; slot < kMaxDestinations && chosen < 0; ++slot)
            chosen = fits(m_slots[indexOf(slot)]) ? slot : chosen;
        return chosen >= 0;
    };
    // Its own; one whose cursor was damaged, so that nobody knows whose it is; a free one; one that nobody asks for any more.
    const bool known =
        choose([&](const Slot& one) { return one.used && !one.attached && one.cursor.name == name; }) ||
        choose([](const Slot& one) { return one.used && !one.attached && !one.isUnread && one.cursor.name.isEmpty(); });
    if (!known && !choose([](const Slot& one) { return !one.used; })) {
        if (!choose([](const Slot& one) { return !one.attached && !one.isUnread; }))
            return fail(ErrorCode::ResourceExhausted,
                        QStringLiteral("there can be %1 destinations at most").arg(kMaxDestinations), name,
                        QStringLiteral("Remove one that is no longer used."));
        detach(chosen);
    }
    Slot& one = m_slots[indexOf(chosen)];
    if (!known) {
        one = Slot();
        for (LaneCursor& lane : one.cursor.lanes)
            lane.next = m_nextSequence;
    }
    one.used = true;
    one.attached = true;
    one.cursor.name = name;
    one.dirty = true;
    (void)openCursor(chosen);
    writeCursors();
    m_dirty = true;
    return chosen;
}

void SpoolLog::rename(int slot, const QString& name)
{
    Slot& one = m_slots[indexOf(slot)];
    if (one.cursor.name == name)
        return;
    one.cursor.name = name;
    one.dirty = true;
    writeCursors();
    m_dirty = true;
}

void SpoolLog::setMaxAge(int slot, std::chrono::milliseconds age)
{
    m_slots[indexOf(slot)].maxAge = age;
    m_nextExpiryNs = 0;
}

void SpoolLog::detach(int slot)
{
    forgetAll(slot);
    Slot& one = m_slots[indexOf(slot)];
    if (one.file)
        one.file->remove();
    one = Slot();
}

bool SpoolLog::concerns(const RecordHead& head, int slot) const
{
    const Slot& one = m_slots[indexOf(slot)];
    return one.used && (head.audience & bitOf(slot)) != 0 && head.sequence >= one.cursor.lanes[indexOf(head.signal)].next;
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
        if (!concerns(head, slot))
            continue;
        Slot& one = m_slots[indexOf(slot)];
        if (tooLarge) {
            one.cursor.lanes[indexOf(head.signal)].lost[static_cast<std::size_t>(Loss::Refused)] += head.items;
            one.dirty = m_dirty = true;
            continue;
        }
        Lane& lane = one.lanes[indexOf(head.signal)];
        if (lane.items == 0)
            lane.oldestUnixNs = head.unixNs;
        lane.items += head.items;
        lane.bytes += head.bytes;
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
        if (const auto full = m_segments.find(m_activeNumber); full != m_segments.end() && full->second.waiting == 0)
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

bool SpoolLog::isExpired(const RecordHead& head, int slot) const
{
    const std::chrono::milliseconds own = m_slots[indexOf(slot)].maxAge;
    const std::chrono::milliseconds age = own.count() > 0 ? std::min(own, m_bounds.age) : m_bounds.age;
    return nowUnixNs() - head.unixNs > std::chrono::nanoseconds(age).count();
}

void SpoolLog::settle(int slot, const RecordHead& head, std::optional<Loss> loss)
{
    takeOff(slot, head, loss);
    m_slots[indexOf(slot)].cursor.lanes[indexOf(head.signal)].next = head.sequence + 1;
}

void SpoolLog::takeOff(int slot, const RecordHead& head, std::optional<Loss> loss)
{
    Slot& one = m_slots[indexOf(slot)];
    Lane& lane = one.lanes[indexOf(head.signal)];
    LaneCursor& cursor = one.cursor.lanes[indexOf(head.signal)];
    lane.items -= std::min<std::uint64_t>(lane.items, head.items);
    lane.bytes -= std::min<qint64>(lane.bytes, head.bytes);
    if (loss) {
        cursor.lost[static_cast<std::size_t>(*loss)] += head.items;
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
        if (found->second.waiting == 0 && !isActive(segment))
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
        cursor.lost[static_cast<std::size_t>(*held.lostAs)] -= held.items;
        return;
    }
    RecordHead head;
    head.signal = signal;
    head.sequence = held.sequence;
    head.items = held.items;
    head.bytes = held.bytes;
    settle(slot, head, std::nullopt);
    leave(held.segment, held.sequence, slot);
}

void SpoolLog::release(int slot, Signal signal)
{
    m_slots[indexOf(slot)].lanes[indexOf(signal)].held.reset();
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
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        Slot& one = m_slots[indexOf(slot)];
        if (!one.used || !one.dirty || !openCursor(slot))
            continue;
        if (const Status written = one.file->write(one.cursor))
            one.dirty = false;
        else
            m_diskError = written.error().toString();
    }
}

} // namespace oriel::otlp
