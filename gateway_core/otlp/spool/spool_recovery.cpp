// SPDX-License-Identifier: GPL-3.0-or-later
// SpoolLog: reading what an earlier run left.
#include "base/clock.h"
#include "otlp/spool/spool_index.h"
#include "otlp/spool/spool_log.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace oriel::otlp {

namespace {

/// More than there are records in segments.
constexpr std::uint64_t kUnreadSequences = std::uint64_t(1) << 32;

std::int64_t fileUnixNs(const QString& path)
{
    return QFileInfo(path).lastModified().toMSecsSinceEpoch() * 1'000'000;
}

} // namespace

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
        recoverSegment(number, recovery, true);
    for (Slot& one : m_slots)
        std::erase_if(one.cursor.passed, [this](const auto& passed) { return m_segments.count(passed.first) == 0; });
    // The numbers of records in what is not read yet are not known: new ones have to be behind them.
    if (hasUnread())
        m_nextSequence += kUnreadSequences;
    if (recovery.unreadableSegments != 0) {
        // What waited when the cursors were written and is not found is in there.
        for (Slot& one : m_slots) {
            for (std::size_t i = 0; i < kSignalCount; ++i)
                one.lanes[i].items = std::max(one.lanes[i].items, one.cursor.waiting[i]);
        }
        if (!hasUnread())
            recount(Loss::Damaged);
    }
    return recovery;
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

void SpoolLog::recoverSegment(std::uint64_t number, SpoolRecovery& recovery, bool isStart)
{
    m_nextNumber = std::max(m_nextNumber, number + 1);
    const QString path = segmentPath(m_directory, number);
    const auto before = m_segments.find(number);
    Segment segment = before != m_segments.end() ? before->second : Segment();
    segment.isKnown = false;
    segment.bytes = QFileInfo(path).size();
    segment.newestUnixNs = fileUnixNs(path);
    const auto keepUnread = [&](const Error& why) {
        ++recovery.unreadableSegments;
        markUnread(segment, why);
        m_segments.insert_or_assign(number, segment);
    };
    SegmentReader reader;
    if (const Status opened = reader.open(m_directory, number); !opened) {
        const bool isIo = opened.error().code == ErrorCode::Io || opened.error().code == ErrorCode::ResourceExhausted;
        if (isIo && !isSegmentGone(m_directory, number))
            return keepUnread(opened.error());
        m_segments.erase(number);
        if (!isIo && QFile(path).size() < kSegmentHeaderBytes) {
            QFile::remove(path); // made, but nothing was written to it any more
        } else if (opened.error().code == ErrorCode::DataLoss) {
            ++recovery.unreadableSegments;
            discardFile(number, true);
        }
        return;
    }
    struct Record {
        RecordHead head;
        std::int64_t at = 0;
    };
    std::vector<Record> records;
    SpoolRecovery here;
    std::int64_t at = kSegmentHeaderBytes;
    while (const auto found = reader.find(at)) {
        if (found->skipped) {
            ++here.damagedGaps;
            here.missingRecords += records.empty() ? 0 : found->head.sequence - records.back().head.sequence - 1;
        }
        records.push_back({found->head, at});
        at = found->end;
    }
    if (const Status read = reader.status(); !read) {
        segment.isPartial = segment.failures >= kPartialFailures;
        if (!segment.isPartial)
            return keepUnread(read.error());
    } else if (at < reader.size()) {
        ++recovery.tornEnds;
        QFile::resize(path, at);
    }
    recovery.records += records.size();
    recovery.damagedGaps += here.damagedGaps;
    recovery.missingRecords += here.missingRecords;
    segment.isKnown = true;
    segment.unread.reset();
    segment.bytes = at;
    for (const Record& record : records) {
        m_nextSequence = std::max(m_nextSequence, record.head.sequence + 1);
        segment.newestUnixNs = record.head.unixNs;
        if (isStart)
            noteRecovered(number, segment, record.head, record.at);
    }
    m_segments.insert_or_assign(number, segment);
    if (isStart) {
        if (segment.isDone())
            removeSegment(number);
        return;
    }
    for (Slot& one : m_slots) {
        if (one.cursor.passed.count(number) != 0)
            continue;
        for (Lane& lane : one.lanes) {
            if (number < lane.segment) {
                lane.segment = number;
                lane.offset = kSegmentHeaderBytes;
            }
        }
    }
}

void SpoolLog::noteRecovered(std::uint64_t number, Segment& segment, const RecordHead& head, std::int64_t at)
{
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        if (!concerns(head, slot, number))
            continue;
        Lane& lane = m_slots[indexOf(slot)].lanes[indexOf(head.signal)];
        if (lane.items == 0) {
            lane.segment = number;
            lane.offset = at;
            lane.oldestUnixNs = head.unixNs;
        }
        lane.items += head.items;
        lane.bytes += head.bytes;
        ++segment.waiting;
    }
}

} // namespace oriel::otlp
