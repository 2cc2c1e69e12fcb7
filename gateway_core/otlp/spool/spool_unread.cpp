// SPDX-License-Identifier: GPL-3.0-or-later
// SpoolLog: what cannot be read just now.
#include "base/clock.h"
#include "otlp/spool/spool_index.h"
#include "otlp/spool/spool_log.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

constexpr int kMaxDoublings = 16;

} // namespace

bool SpoolLog::hasUnread() const
{
    return std::any_of(m_segments.begin(), m_segments.end(), [](const auto& entry) { return entry.second.unread.has_value(); });
}

QString SpoolLog::unreadReason() const
{
    const auto isUnread = [](const auto& entry) { return entry.second.unread.has_value(); };
    const auto count = std::count_if(m_segments.begin(), m_segments.end(), isUnread);
    if (count == 0)
        return {};
    const auto first = std::find_if(m_segments.begin(), m_segments.end(), isUnread);
    const QString more = count > 1 ? QStringLiteral(" So it is with %1 more files.").arg(count - 1) : QString();
    return first->second.unread->why + more +
           QStringLiteral(" What waits there is tried again and is lost when it is too old; the rest goes on.");
}

void SpoolLog::markUnread(Segment& segment, const Error& why)
{
    const int doublings = std::min(segment.failures++, kMaxDoublings);
    const std::chrono::milliseconds grown = m_bounds.readRetry * (std::int64_t(1) << static_cast<unsigned>(doublings));
    const std::chrono::milliseconds wait = std::min(grown, m_bounds.maximumReadRetry);
    segment.unread = Unread{why.toString(), m_clock.bootTimeNs() + std::chrono::nanoseconds(wait).count()};
}

void SpoolLog::noteUnread(std::uint64_t number, const Error& why)
{
    if (why.code == ErrorCode::DataLoss)
        return giveUp(number, Loss::Damaged);
    Segment& segment = m_segments.at(number);
    markUnread(segment, why);
    // What is new must not wait with it; but without free descriptors there would be no other segment.
    if (isActive(number) && why.code != ErrorCode::ResourceExhausted) {
        (void)m_writer.sync();
        m_writer.close();
    }
    if (segment.failures >= kPartialFailures && SegmentReader().open(m_directory, number)) {
        segment.isPartial = true;
        segment.unread.reset();
    }
}

std::optional<std::chrono::milliseconds> SpoolLog::untilRetry() const
{
    std::optional<std::int64_t> next;
    for (const auto& [number, segment] : m_segments) {
        if (segment.unread && (!next || segment.unread->nextTryBootNs < *next))
            next = segment.unread->nextTryBootNs;
    }
    if (!next)
        return std::nullopt;
    return std::chrono::milliseconds(std::max<std::int64_t>(0, *next - m_clock.bootTimeNs()) / 1'000'000 + 1);
}

bool SpoolLog::retryUnread()
{
    std::vector<std::uint64_t> due;
    for (const auto& [number, segment] : m_segments) {
        if (segment.unread && segment.unread->nextTryBootNs <= m_clock.bootTimeNs())
            due.push_back(number);
    }
    bool isReadable = false;
    for (const std::uint64_t number : due) {
        const auto found = m_segments.find(number);
        if (found == m_segments.end())
            continue;
        const bool isOld = nowUnixNs() - found->second.newestUnixNs > std::chrono::nanoseconds(m_bounds.age).count();
        if (tryToRead(number))
            isReadable = true;
        else if (isOld)
            giveUp(number, Loss::Expired);
    }
    return isReadable;
}

bool SpoolLog::tryToRead(std::uint64_t number)
{
    if (isSegmentGone(m_directory, number)) {
        giveUp(number, Loss::Damaged);
        return true;
    }
    if (!m_segments.at(number).isKnown) {
        SpoolRecovery recovery;
        recoverSegment(number, recovery, false);
        const auto read = m_segments.find(number);
        if (read != m_segments.end() && read->second.unread)
            return false;
    } else if (const Status read = forEachHead(number, [](const RecordHead&) {}); !read) {
        noteUnread(number, read.error());
        const auto segment = m_segments.find(number);
        return segment == m_segments.end() || !segment->second.unread;
    }
    if (const auto read = m_segments.find(number); read != m_segments.end())
        read->second.unread.reset();
    recount(Loss::Damaged);
    return true;
}

void SpoolLog::giveUp(std::uint64_t number, Loss loss)
{
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        for (const Signal signal : kSignals) {
            Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
            if (!lane.held || lane.held->segment != number || lane.held->lostAs)
                continue;
            count(slot, signal, loss, lane.held->items);
            lane.items -= std::min<std::uint64_t>(lane.items, lane.held->items);
            lane.held->lostAs = loss;
        }
    }
    if (isActive(number))
        m_writer.close();
    m_segments.erase(number);
    recount(loss);
    writeCursors();
    discardFile(number, loss == Loss::Damaged);
}

void SpoolLog::recount(std::optional<Loss> loss)
{
    struct Sum {
        std::uint64_t items = 0;
        qint64 bytes = 0;
        std::int64_t oldestUnixNs = 0;
    };
    std::array<std::array<Sum, kSignalCount>, kMaxDestinations> found{};
    const auto add = [&](const RecordHead& head, std::uint64_t segment) {
        std::uint64_t waiting = 0;
        for (int slot = 0; slot < kMaxDestinations; ++slot) {
            if (!concerns(head, slot, segment))
                continue;
            Sum& sum = found[indexOf(slot)][indexOf(head.signal)];
            sum.items += head.items;
            sum.bytes += head.bytes;
            sum.oldestUnixNs = sum.oldestUnixNs == 0 ? head.unixNs : sum.oldestUnixNs;
            ++waiting;
        }
        return waiting;
    };
    for (auto& entry : m_segments) {
        const std::uint64_t number = entry.first;
        Segment& segment = entry.second;
        if (segment.unread)
            continue;
        std::uint64_t waiting = 0;
        const Status read = forEachHead(number, [&](const RecordHead& head) { waiting += add(head, number); });
        if (!read && !segment.isPartial)
            markUnread(segment, read.error());
        segment.waiting = waiting;
    }
    for (const MemoryRecord& record : m_memory)
        (void)add(record.head, kInMemory);
    const bool isComplete = !hasUnread();
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        for (const Signal signal : kSignals) {
            Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(signal)];
            const Sum& sum = found[indexOf(slot)][indexOf(signal)];
            if (isComplete && loss && lane.items > sum.items)
                count(slot, signal, *loss, static_cast<std::int64_t>(lane.items - sum.items));
            lane.items = isComplete ? sum.items : std::max(lane.items, sum.items);
            lane.bytes = isComplete ? sum.bytes : std::max(lane.bytes, sum.bytes);
            if (sum.oldestUnixNs != 0 && (lane.oldestUnixNs == 0 || sum.oldestUnixNs < lane.oldestUnixNs))
                lane.oldestUnixNs = sum.oldestUnixNs;
        }
    }
    std::vector<std::uint64_t> done;
    for (const auto& [number, segment] : m_segments) {
        if (segment.isDone() && !isActive(number))
            done.push_back(number);
    }
    for (const std::uint64_t number : done)
        removeSegment(number);
}

} // namespace oriel::otlp
