// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/trace_store_p.h"

#include <QFile>

#include <algorithm>

namespace oriel::store {

namespace {

constexpr std::uint8_t kStringsFrame = 1;
constexpr std::uint8_t kRowsFrame = 2;
constexpr std::size_t kFrameBytes = 1024 * 1024;

void putRow(ByteWriter& out, const SegmentRow& row)
{
    out.fixed64(row.traceId.high);
    out.fixed64(row.traceId.low);
    out.zigzag(row.startNs);
    out.zigzag(row.durationNs);
    for (const std::uint32_t string : row.facets)
        out.varint(string);
    out.byte(static_cast<std::uint8_t>(row.outcome));
    out.byte(row.flags);
    out.text(row.body);
}

SegmentRow getRow(ByteReader& in)
{
    SegmentRow row;
    row.traceId.high = in.fixed64();
    row.traceId.low = in.fixed64();
    row.startNs = in.zigzag();
    row.durationNs = in.zigzag();
    for (std::uint32_t& string : row.facets)
        string = static_cast<std::uint32_t>(in.varint());
    row.outcome =
        static_cast<telemetry::Outcome>(std::min<unsigned>(in.byte(), static_cast<unsigned>(telemetry::Outcome::Unavailable)));
    row.flags = in.byte();
    row.body = in.text();
    row.spans = spansOfBody(row.flags, row.body);
    return row;
}

SpanId ownSpan(const SegmentRow& row)
{
    ByteReader in(row.body);
    if ((row.flags & flag::kCall) != 0)
        in.varint();
    return {in.fixed64()};
}

/// Builds a segment from the frames of its file.
class Loader {
public:
    explicit Loader(std::uint64_t sequence) : m_segment(std::make_shared<TraceSegment>(sequence, 0, true)) {}

    bool frame(std::uint8_t type, QByteArrayView payload)
    {
        ByteReader in(payload);
        if (type == kStringsFrame)
            strings(in);
        else if (type == kRowsFrame)
            rows(in);
        return true;
    }
    std::shared_ptr<TraceSegment> take()
    {
        m_segment->seal();
        return m_segment;
    }
    [[nodiscard]] std::uint64_t rowsRead() const { return m_next; }
    std::uint64_t lost = 0;

private:
    void strings(ByteReader& in)
    {
        const std::uint64_t first = in.varint();
        const std::size_t count = in.count();
        if (first > StringTable::kMaxStrings)
            return;
        while (m_segment->strings().size() < first) // of a lost frame
            m_segment->strings().add({});
        for (std::size_t i = 0; i < count && !in.failed(); ++i)
            if (first + i >= m_segment->strings().size())
                m_segment->strings().add(in.text());
    }
    void rows(ByteReader& in)
    {
        const std::uint64_t first = in.varint();
        const std::size_t count = in.count(20);
        if (first > TraceSegment::kMaxRows)
            return;
        if (first > m_next)
            lost += first - m_next;
        m_next = std::max(m_next, first);
        for (std::size_t i = 0; i < count; ++i) {
            SegmentRow row = getRow(in);
            if (first + i < m_next && !in.failed())
                continue; // written twice: the first try failed between two frames
            ++m_next;
            if (in.failed() || !row.traceId.isValid() || !m_segment->hasRoomFor(static_cast<std::size_t>(row.body.size()))) {
                lost += count - i;
                m_next += count - i - 1;
                return;
            }
            for (std::uint32_t& string : row.facets)
                if (string >= m_segment->strings().size())
                    string = 0;
            const SpanId id = ownSpan(row);
            if ((row.flags & flag::kRunning) != 0) {
                row.spans = m_running.insert(id).second ? 1 : 0;
            } else if (!m_running.empty() && m_running.erase(id) > 0) {
                row.spans -= 1;
            }
            m_segment->append(row);
        }
    }
    std::shared_ptr<TraceSegment> m_segment;
    std::unordered_set<SpanId> m_running;
    std::uint64_t m_next = 0;
};

} // namespace

Status writeSegmentFrames(FrameFileWriter& file, const TraceSegment& segment, std::uint32_t firstString, std::uint32_t endString,
                          std::uint32_t firstRow, std::uint32_t endRow)
{
    ByteWriter items;
    const auto flush = [&](std::uint8_t type, std::uint64_t first, std::uint64_t count) -> Status {
        ByteWriter payload;
        payload.varint(first);
        payload.varint(count);
        payload.raw(items.view());
        items.clear();
        return file.append(type, payload.view());
    };
    std::uint32_t first = firstString;
    for (std::uint32_t i = firstString; i < endString; ++i) {
        items.text(segment.strings().at(i));
        if (items.size() >= kFrameBytes || i + 1 == endString) {
            if (const Status written = flush(kStringsFrame, first, i + 1 - first); !written)
                return written;
            first = i + 1;
        }
    }
    first = firstRow;
    for (std::uint32_t i = firstRow; i < endRow; ++i) {
        putRow(items, segment.row(i));
        if (items.size() >= kFrameBytes || i + 1 == endRow) {
            if (const Status written = flush(kRowsFrame, first, i + 1 - first); !written)
                return written;
            first = i + 1;
        }
    }
    return {};
}

Result<LoadedSegment> loadSegmentFile(const StoredFile& file)
{
    Loader loader(file.sequence);
    const Result<FrameReadResult> read = readFrames(
        file.path, FrameFileKind::Traces, [&](std::uint8_t type, QByteArrayView payload) { return loader.frame(type, payload); });
    if (!read)
        return tl::unexpected(read.error());
    LoadedSegment out;
    out.lostRecords = loader.lost;
    if (read->summary && read->summary->rows > loader.rowsRead())
        out.lostRecords += read->summary->rows - loader.rowsRead();
    else if (read->damagedFrames > 0 && loader.lost == 0)
        out.lostRecords += read->damagedFrames; // a torn end does not tell how many records it held
    out.segment = loader.take();
    if (read->tornTail) {
        // Cut, so that the loss is counted once.
        QFile torn(file.path);
        if (torn.open(QIODevice::ReadWrite))
            torn.resize(read->goodBytes);
    }
    return out;
}

Status TraceStore::Private::writePending()
{
    {
        const std::lock_guard lock(mutex);
        for (auto& segment : newSegments) {
            unfinished.emplace_back();
            unfinished.back().segment = std::move(segment);
        }
        newSegments.clear();
    }
    Status result;
    for (auto one = unfinished.begin(); one != unfinished.end();) {
        const TraceSegment& segment = *one->segment;
        const bool sealed = segment.isSealed();
        // Rows first: the strings that they need are there before them.
        const std::uint32_t rows = segment.rows();
        const std::uint32_t strings = segment.strings().size();
        Status status;
        if (!one->file.isOpen() && rows > 0)
            status =
                one->file.create(storedFilePath(options.directory, traceFilePrefix(), segment.sequence()), FrameFileKind::Traces);
        if (status && rows > one->rows) {
            status = writeSegmentFrames(one->file, segment, one->strings, strings, one->rows, rows);
            if (status)
                status = one->file.sync();
            if (status) {
                one->rows = rows;
                one->strings = strings;
            }
        }
        if (status && sealed && one->file.isOpen())
            status = one->file.finish({rows, segment.oldestNs(), segment.newestNs()});
        if (!status)
            result = status;
        // Segments that left memory unwritten are given up: the disk fails and the budget is spent.
        const bool given = !status && sealed && unfinished.size() > 4 && one == unfinished.begin();
        if (given) {
            unwrittenRecords.fetch_add(rows - one->rows, std::memory_order_relaxed);
            one->file.close();
        }
        one = (status && sealed) || given ? unfinished.erase(one) : std::next(one);
    }
    measureDisk();
    return result;
}

void TraceStore::Private::measureDisk()
{
    std::int64_t bytes = 0;
    for (const StoredFile& file : listStoredFiles(options.directory, traceFilePrefix()))
        bytes += file.bytes;
    diskBytes.store(bytes, std::memory_order_relaxed);
}

void TraceStore::Private::loadFiles(std::vector<StoredFile> files)
{
    const std::stop_token stop = stopLoading.get_token();
    for (auto file = files.rbegin(); file != files.rend() && !stop.stop_requested(); ++file) {
        const std::int64_t limit = budget.load(std::memory_order_relaxed);
        if (memoryOf(*snapshot()) + file->bytes > limit - segmentBytes)
            break;
        Result<LoadedSegment> read = loadSegmentFile(*file);
        if (!read) {
            lostRecords.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        lostRecords.fetch_add(read->lostRecords, std::memory_order_relaxed);
        const std::shared_ptr<TraceSegment> segment = read->segment;
        if (segment->rows() == 0)
            continue;
        replaceSegments([&](SegmentList& list) {
            const auto at = std::lower_bound(list.begin(), list.end(), segment->sequence(),
                                             [](const auto& one, std::uint64_t sequence) { return one->sequence() < sequence; });
            list.insert(at, segment);
        });
        // After it is in the list, so that no trace that begins just now is missed by both sides.
        const std::shared_ptr<const SegmentList> list = snapshot();
        const std::uint32_t traces = segment->traces();
        for (const auto& other : *list) {
            if (other == segment)
                continue;
            for (std::uint32_t i = 0; i < traces; ++i) {
                if (const auto known = other->findTrace(segment->trace(i).id)) {
                    other->trace(*known).flags.fetch_or(flag::kShared, std::memory_order_relaxed);
                    segment->trace(i).flags.fetch_or(flag::kShared, std::memory_order_relaxed);
                }
            }
        }
    }
    measureDisk();
    if (loaded)
        loaded();
}

std::shared_ptr<TraceSegment> TraceStore::Private::findOnDisk(const TraceId& id, const SegmentList& inMemory,
                                                              const std::stop_token& stop) const
{
    if (options.directory.isEmpty() || !id.isValid())
        return {};
    ByteWriter needle;
    needle.fixed64(id.high);
    needle.fixed64(id.low);
    const std::vector<StoredFile> files = listStoredFiles(options.directory, traceFilePrefix());
    for (auto file = files.rbegin(); file != files.rend() && !stop.stop_requested(); ++file) {
        if (std::any_of(inMemory.begin(), inMemory.end(),
                        [&](const auto& segment) { return segment->sequence() == file->sequence; }))
            continue;
        QFile content(file->path);
        if (!content.open(QIODevice::ReadOnly) || QByteArrayView(content.readAll()).indexOf(needle.view()) < 0)
            continue;
        Result<LoadedSegment> read = loadSegmentFile(*file);
        if (read && read->segment->findTrace(id))
            return read->segment;
    }
    return {};
}

Result<RetentionPreview> TraceStore::Private::retention(const RetentionLimits& limits, bool apply, const std::stop_token& stop)
{
    RetentionPreview preview;
    preview.store = QStringLiteral("traces");
    std::vector<StoredFile> files = listStoredFiles(options.directory, traceFilePrefix());
    std::int64_t total = 0;
    for (const StoredFile& file : files)
        total += file.bytes;
    preview.remainingBytes = total;
    const std::shared_ptr<const SegmentList> list = snapshot();
    for (const StoredFile& file : files) {
        const auto inMemory =
            std::find_if(list->begin(), list->end(), [&](const auto& one) { return one->sequence() == file.sequence; });
        FrameFileSummary summary{0, 0, file.modifiedUnixNs};
        if (inMemory != list->end())
            summary = {(*inMemory)->rows(), (*inMemory)->oldestNs(), (*inMemory)->newestNs()};
        else if (const auto stored = readFrameSummary(file.path))
            summary = *stored;
        const bool isWritten = inMemory != list->end() && !(*inMemory)->isSealed();
        const bool tooOld = limits.keepAfterUnixNs > 0 && summary.newestUnixNs < limits.keepAfterUnixNs;
        const bool tooMuch = limits.maxBytes > 0 && preview.remainingBytes > limits.maxBytes;
        if (isWritten || stop.stop_requested() || (!tooOld && !tooMuch)) {
            preview.remainingRows += summary.rows;
            continue;
        }
        if (apply) {
            if (!QFile::remove(file.path))
                return fail(ErrorCode::Io, QStringLiteral("A trace file could not be deleted"), file.path);
            replaceSegments([&](SegmentList& segmentsNow) {
                for (std::size_t i = 0; i < segmentsNow.size(); ++i)
                    if (segmentsNow[i]->sequence() == file.sequence && segmentsNow[i]->isSealed()) {
                        evict(segmentsNow, i);
                        break;
                    }
            });
        }
        preview.rows += summary.rows;
        preview.bytes += file.bytes;
        preview.remainingBytes -= file.bytes;
        if (summary.oldestUnixNs != 0)
            preview.oldestUnixNs =
                preview.oldestUnixNs == 0 ? summary.oldestUnixNs : std::min(preview.oldestUnixNs, summary.oldestUnixNs);
        preview.newestUnixNs = std::max(preview.newestUnixNs, summary.newestUnixNs);
    }
    if (apply)
        measureDisk();
    return preview;
}

QString TraceStore::retentionName() const
{
    return QStringLiteral("traces");
}

Result<RetentionPreview> TraceStore::previewRetention(const RetentionLimits& limits) const
{
    return d->retention(limits, false, {});
}

Result<RetentionPreview> TraceStore::applyRetention(const RetentionLimits& limits, std::stop_token stop)
{
    return d->retention(limits, true, stop);
}

} // namespace oriel::store
