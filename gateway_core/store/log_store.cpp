// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/log_store.h"

#include "store/disk_thread.h"
#include "store/framed_file.h"
#include "store/log_codec.h"

#include <algorithm>
#include <deque>
#include <set>

namespace oriel::store {

using telemetry::LogRecord;

namespace {

constexpr std::uint8_t kRecordsFrame = 1;
constexpr std::size_t kFrameRecords = 1000;
/// Of records as they are in memory, where they take more than in a frame. Only a single larger record makes a larger frame.
constexpr std::int64_t kFrameBytes = 1024 * 1024;
/// Ids of this run begin here; those read back from disk count down from it.
constexpr std::uint64_t kFirstLiveId = 1ULL << 32U;
const QString kPrefix = QStringLiteral("logs");

struct Held {
    LogPointer record;
    std::int64_t cost = 0; ///< with those of the resource and the scope that the record before it does not hold
};

/// Bytes of the resource and the scope that both hold.
std::int64_t costOfCommon(const LogRecord& before, const LogRecord& record)
{
    return costOfShared(record, nullptr) - costOfShared(record, &before);
}

bool contains(const LogRecord& record, const QByteArray& lowered)
{
    const auto has = [&lowered](const QByteArray& text) { return text.toLower().contains(lowered); };
    const QByteArray* body = record.body.text();
    if (has(body != nullptr ? *body : telemetry::toJson(record.body)) || has(record.eventName))
        return true;
    return std::any_of(record.attributes.begin(), record.attributes.end(), [&](const telemetry::Attribute& attribute) {
        return attribute.value.text() != nullptr ? has(*attribute.value.text()) : has(telemetry::toJson(attribute.value));
    });
}

} // namespace

class LogStore::Private {
public:
    Private(LogStoreOptions storeOptions)
        : options(std::move(storeOptions)),
          disk(options.syncIntervalNs, [this] { return writePending(); })
    {}

    Status writePending();
    Status writeSome(const std::vector<LogPointer>& records);
    void loadFiles(std::vector<StoredFile> files);
    void evictLocked();
    void forgetOldestLocked();
    void measureDisk();
    [[nodiscard]] Result<RetentionPreview> retention(const RetentionLimits& limits, bool apply, const std::stop_token& stop);

    const LogStoreOptions options;
    mutable std::mutex mutex;
    std::deque<Held> records; ///< ids firstId …
    std::uint64_t firstId = kFirstLiveId;
    std::int64_t bytes = 0;
    std::set<QByteArray> sources;
    std::uint64_t writtenId = kFirstLiveId - 1; ///< on disk up to here
    LogStoreStats counts;

    FrameFileWriter file; ///< the disk thread's alone
    FrameFileSummary summary;
    std::uint64_t nextSequence = 1;
    std::atomic<bool> persistent{false};
    std::atomic<std::uint64_t> openSequence{0};
    std::stop_source stopLoading;
    std::function<void()> loaded;
    DiskThread disk;
};

LogStore::LogStore(LogStoreOptions options, const Clock&) : d(std::make_unique<Private>(std::move(options))) {}

LogStore::~LogStore()
{
    close();
}

Status LogStore::open(std::function<void()> loaded)
{
    if (d->options.directory.isEmpty()) {
        if (loaded)
            loaded();
        return {};
    }
    if (const Status made = makeStoreDirectory(d->options.directory); !made)
        return made;
    std::vector<StoredFile> files = listStoredFiles(d->options.directory, kPrefix);
    d->nextSequence = files.empty() ? 1 : files.back().sequence + 1;
    d->loaded = std::move(loaded);
    d->persistent = true;
    d->disk.start();
    d->disk.post([this, files = std::move(files)]() mutable { d->loadFiles(std::move(files)); });
    return {};
}

void LogStore::close()
{
    if (!d->persistent)
        return;
    d->stopLoading.request_stop();
    d->disk.stop();
    d->persistent = false;
    if (d->file.isOpen())
        (void)d->file.finish(d->summary);
}

Status LogStore::flush()
{
    return d->persistent ? d->disk.flush() : Status();
}

void LogStore::Private::evictLocked()
{
    while (bytes > options.budgetBytes && records.size() > 1) {
        if (persistent && firstId > writtenId) {
            ++counts.unwrittenRecords;
            writtenId = firstId;
        }
        forgetOldestLocked();
    }
}

void LogStore::Private::forgetOldestLocked()
{
    const Held gone = std::move(records.front());
    records.pop_front();
    bytes -= gone.cost;
    if (!records.empty()) {
        // What both held is not freed: the next one answers for it now.
        Held& next = records.front();
        const std::int64_t common = costOfCommon(*gone.record, *next.record);
        next.cost += common;
        bytes += common;
    }
    ++firstId;
    ++counts.evicted;
}

void LogStore::append(LogRecord&& record)
{
    auto shared = std::make_shared<const LogRecord>(std::move(record));
    const std::int64_t own = costOfLog(*shared);
    {
        const std::lock_guard lock(d->mutex);
        if (!d->sources.contains(shared->source))
            d->sources.insert(shared->source);
        const std::int64_t cost = own + costOfShared(*shared, d->records.empty() ? nullptr : d->records.back().record.get());
        d->records.push_back({std::move(shared), cost});
        d->bytes += cost;
        ++d->counts.appended;
        d->evictLocked();
    }
    if (d->persistent.load(std::memory_order_relaxed))
        d->disk.markDirty();
}

std::uint64_t LogStore::lastId() const
{
    const std::lock_guard lock(d->mutex);
    return d->firstId + d->records.size() - 1;
}

LogPage LogStore::query(const LogQuery& query, std::stop_token stop) const
{
    LogPage page;
    std::vector<LogEntry> candidates;
    {
        const std::lock_guard lock(d->mutex);
        page.firstId = d->firstId;
        page.lastId = d->firstId + d->records.size() - 1;
        const std::uint64_t low = std::max(d->firstId, query.sinceId + 1);
        const std::uint64_t high = query.beforeId != 0 ? std::min(page.lastId + 1, query.beforeId) : page.lastId + 1;
        if (low < high)
            candidates.reserve(high - low);
        for (std::uint64_t id = low; id < high; ++id)
            candidates.push_back({id, d->records[id - d->firstId].record});
    }
    const QByteArray needle = query.text.toLower();
    const auto limit = static_cast<std::size_t>(std::max(1, query.limit));
    const auto passes = [&](const LogRecord& record) {
        return record.timeUnixNs >= query.fromUnixNs && record.timeUnixNs < query.toUnixNs &&
               record.severity >= query.minSeverity && (query.source.isEmpty() || record.source == query.source) &&
               (!query.traceId || record.traceId == *query.traceId) && (needle.isEmpty() || contains(record, needle));
    };
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (i % 1024 == 0 && stop.stop_requested()) {
            page.cancelled = true;
            return page;
        }
        LogEntry& entry = candidates[query.newestFirst ? candidates.size() - 1 - i : i];
        if (!passes(*entry.record))
            continue;
        if (page.rows.size() == limit) {
            page.more = true;
            break;
        }
        page.rows.push_back(std::move(entry));
    }
    return page;
}

std::vector<QByteArray> LogStore::sources() const
{
    const std::lock_guard lock(d->mutex);
    return {d->sources.begin(), d->sources.end()};
}

LogStoreStats LogStore::stats() const
{
    LogStoreStats stats;
    {
        const std::lock_guard lock(d->mutex);
        stats = d->counts;
        stats.records = d->records.size();
        stats.memoryBytes = d->bytes;
    }
    stats.diskError = d->disk.lastError();
    return stats;
}

Status LogStore::Private::writeSome(const std::vector<LogPointer>& some)
{
    if (!file.isOpen()) {
        const std::uint64_t sequence = nextSequence++;
        openSequence = sequence;
        summary = {};
        if (const Status made = file.create(storedFilePath(options.directory, kPrefix, sequence), FrameFileKind::Logs); !made)
            return made;
    }
    ByteWriter payload;
    encodeLogFrame(payload, some);
    if (const Status written = file.append(kRecordsFrame, payload.view()); !written)
        return written;
    for (const LogPointer& record : some) {
        summary.oldestUnixNs = summary.rows == 0 ? record->timeUnixNs : std::min(summary.oldestUnixNs, record->timeUnixNs);
        summary.newestUnixNs = summary.rows == 0 ? record->timeUnixNs : std::max(summary.newestUnixNs, record->timeUnixNs);
        ++summary.rows;
    }
    return {};
}

Status LogStore::Private::writePending()
{
    for (;;) {
        std::vector<LogPointer> some;
        std::uint64_t last = 0;
        {
            const std::lock_guard lock(mutex);
            const std::uint64_t end = firstId + records.size();
            std::int64_t size = 0;
            for (std::uint64_t id = std::max(writtenId + 1, firstId); id < end && some.size() < kFrameRecords; ++id) {
                const Held& held = records[id - firstId];
                size += some.empty() ? costOfLog(*held.record) + costOfShared(*held.record, nullptr) : held.cost;
                if (!some.empty() && size > kFrameBytes)
                    break;
                some.push_back(held.record);
                last = id;
            }
        }
        if (some.empty())
            break;
        const Status written = writeSome(some);
        // What no frame can hold never will be written: it must not keep back those that came after it.
        if (!written && written.error().code != ErrorCode::TooLarge)
            return written;
        {
            const std::lock_guard lock(mutex);
            if (!written && writtenId < last)
                counts.unwrittenRecords += last - std::max(writtenId, last - some.size());
            writtenId = std::max(writtenId, last);
        }
        if (file.size() >= options.segmentBytes) {
            const Status finished = file.finish(summary);
            openSequence = 0;
            if (!finished)
                return finished;
        }
    }
    const Status synced = file.sync();
    measureDisk();
    return synced;
}

void LogStore::Private::measureDisk()
{
    std::int64_t total = 0;
    for (const StoredFile& stored : listStoredFiles(options.directory, kPrefix))
        total += stored.bytes;
    const std::lock_guard lock(mutex);
    counts.diskBytes = total;
}

void LogStore::Private::loadFiles(std::vector<StoredFile> files)
{
    const std::stop_token stop = stopLoading.get_token();
    bool isFull = false;
    for (auto stored = files.rbegin(); stored != files.rend() && !isFull && !stop.stop_requested(); ++stored) {
        std::vector<LogPointer> read;
        std::uint64_t lost = 0;
        const Result<FrameReadResult> result =
            readFrames(stored->path, FrameFileKind::Logs, [&](std::uint8_t, QByteArrayView payload) {
                lost += decodeLogFrame(payload, read);
                return true;
            });
        if (result && result->summary && result->summary->rows > read.size())
            lost = result->summary->rows - read.size();
        else
            lost += result ? result->damagedFrames : 1;
        if (result && result->tornTail)
            QFile::resize(stored->path, result->goodBytes);
        const std::lock_guard lock(mutex);
        counts.lostRecords += lost;
        for (auto record = read.rbegin(); record != read.rend(); ++record) {
            const std::int64_t cost = costOfLog(**record) + costOfShared(**record, nullptr);
            const std::int64_t common = records.empty() ? 0 : costOfCommon(**record, *records.front().record);
            if (bytes + cost - common > options.budgetBytes) {
                isFull = true;
                break;
            }
            if (!records.empty())
                records.front().cost -= common;
            bytes += cost - common;
            sources.insert((*record)->source);
            records.push_front({std::move(*record), cost});
            --firstId;
        }
    }
    measureDisk();
    if (loaded)
        loaded();
}

Result<RetentionPreview> LogStore::Private::retention(const RetentionLimits& limits, bool apply, const std::stop_token& stop)
{
    RetentionPreview preview;
    preview.store = QStringLiteral("logs");
    const std::vector<StoredFile> files = listStoredFiles(options.directory, kPrefix);
    for (const StoredFile& stored : files)
        preview.remainingBytes += stored.bytes;
    for (const StoredFile& stored : files) {
        const FrameFileSummary range = readFrameSummary(stored.path).value_or(FrameFileSummary{0, 0, stored.modifiedUnixNs});
        const bool tooOld = limits.keepAfterUnixNs > 0 && range.newestUnixNs < limits.keepAfterUnixNs;
        const bool tooMuch = limits.maxBytes > 0 && preview.remainingBytes > limits.maxBytes;
        if (stored.sequence == openSequence.load() || stop.stop_requested() || (!tooOld && !tooMuch)) {
            preview.remainingRows += range.rows;
            continue;
        }
        if (apply && !QFile::remove(stored.path))
            return fail(ErrorCode::Io, QStringLiteral("A log file could not be deleted"), stored.path);
        preview.rows += range.rows;
        preview.bytes += stored.bytes;
        preview.remainingBytes -= stored.bytes;
        if (range.oldestUnixNs != 0)
            preview.oldestUnixNs =
                preview.oldestUnixNs == 0 ? range.oldestUnixNs : std::min(preview.oldestUnixNs, range.oldestUnixNs);
        preview.newestUnixNs = std::max(preview.newestUnixNs, range.newestUnixNs);
    }
    if (!apply)
        return preview;
    {
        // Memory forgets what is too old as well, oldest arrivals first.
        const std::lock_guard lock(mutex);
        while (limits.keepAfterUnixNs > 0 && !records.empty() && records.front().record->timeUnixNs < limits.keepAfterUnixNs)
            forgetOldestLocked();
        writtenId = std::max(writtenId, firstId - 1);
    }
    measureDisk();
    return preview;
}

QString LogStore::retentionName() const
{
    return QStringLiteral("logs");
}

Result<RetentionPreview> LogStore::previewRetention(const RetentionLimits& limits) const
{
    return d->retention(limits, false, {});
}

Result<RetentionPreview> LogStore::applyRetention(const RetentionLimits& limits, std::stop_token stop)
{
    return d->retention(limits, true, stop);
}

} // namespace oriel::store
