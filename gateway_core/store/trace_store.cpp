// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/trace_store_p.h"
#include "telemetry/call_spans.h"

#include <algorithm>

namespace oriel::store {

using telemetry::CallRecord;
using telemetry::SpanData;

namespace {

constexpr std::size_t kMaxRunning = 65'536;
constexpr std::size_t kMaxTombstoneIds = 256 * 1024;
constexpr std::int64_t kLargestSegment = 32LL * 1024 * 1024;
constexpr std::int64_t kSmallestSegment = 1024LL * 1024; ///< below, the blocks of its columns would stand half empty

} // namespace

TraceStore::Private::Private(TraceStoreOptions storeOptions, const Clock& storeClock)
    : options(std::move(storeOptions)),
      clock(storeClock),
      budget(options.budgetBytes),
      disk(options.syncIntervalNs, [this] { return writePending(); })
{
    // Whole segments are evicted: the budget must hold several.
    segmentBytes = std::clamp(std::min(options.segmentBytes, options.budgetBytes / 8), kSmallestSegment, kLargestSegment);
}

std::shared_ptr<const SegmentList> TraceStore::Private::snapshot() const
{
    const std::lock_guard lock(mutex);
    return segments;
}

void TraceStore::Private::replaceSegments(const std::function<void(SegmentList&)>& change)
{
    std::shared_ptr<const SegmentList> previous; // freed after the lock
    const std::lock_guard lock(mutex);
    auto next = std::make_shared<SegmentList>(*segments);
    change(*next);
    previous = std::exchange(segments, std::move(next));
}

std::int64_t TraceStore::Private::memoryOf(const SegmentList& list) const
{
    std::int64_t bytes = 0;
    for (const auto& segment : list)
        bytes += segment->memoryBytes();
    return bytes;
}

void TraceStore::Private::startSegment()
{
    open = std::make_shared<TraceSegment>(nextSequence++, lastId.load(std::memory_order_relaxed) + 1, false);
    encoder = std::make_unique<TraceEncoder>(open->strings());
    replaceSegments([this](SegmentList& list) { list.push_back(open); });
    if (persistent.load(std::memory_order_acquire)) {
        const std::lock_guard lock(mutex);
        newSegments.push_back(open);
    }
}

void TraceStore::Private::sealOpen()
{
    if (!open)
        return;
    open->seal();
    encoder.reset();
    open.reset();
    if (persistent.load(std::memory_order_acquire))
        disk.markDirty();
}

void TraceStore::Private::prepare(std::size_t bodyBytes)
{
    if (open && (!open->hasRoomFor(bodyBytes) || open->memoryBytes() >= segmentBytes)) {
        sealOpen();
        enforceBudget();
    }
    if (!open)
        startSegment();
}

void TraceStore::Private::evict(SegmentList& list, std::size_t index)
{
    const std::shared_ptr<TraceSegment> gone = list[index];
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
    evictedSpans.fetch_add(gone->spans(), std::memory_order_relaxed);
    droppedBefore.store(std::max(droppedBefore.load(), gone->newestNs()), std::memory_order_relaxed);
    Tombstone stone{gone->sequence(), clock.unixNs(), {}};
    const std::uint32_t count = gone->traces();
    stone.ids.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i)
        stone.ids.push_back(static_cast<std::uint32_t>(gone->trace(i).id.low));
    std::sort(stone.ids.begin(), stone.ids.end());
    tombstoneIds += count;
    tombstones.push_back(std::move(stone));
    while (tombstoneIds > kMaxTombstoneIds && tombstones.size() > 1) {
        tombstoneIds -= tombstones.front().ids.size();
        tombstones.erase(tombstones.begin());
    }
}

void TraceStore::Private::enforceBudget()
{
    const std::int64_t limit = budget.load(std::memory_order_relaxed);
    if (memoryOf(*snapshot()) <= limit)
        return;
    replaceSegments([&](SegmentList& list) {
        std::int64_t bytes = memoryOf(list);
        while (bytes > limit && !list.empty() && list.front()->isSealed()) {
            bytes -= list.front()->memoryBytes();
            evict(list, 0);
        }
    });
}

void TraceStore::Private::markShared(const TraceId& id, std::uint16_t index)
{
    const std::shared_ptr<const SegmentList> list = snapshot();
    for (const auto& other : *list) {
        if (other == open)
            continue;
        if (const auto known = other->findTrace(id)) {
            other->trace(*known).flags.fetch_or(flag::kShared, std::memory_order_relaxed);
            open->trace(index).flags.fetch_or(flag::kShared, std::memory_order_relaxed);
        }
    }
}

void TraceStore::Private::publish(SegmentRow row, SpanId spanId, bool isRunning)
{
    if (isRunning) {
        if (running.contains(spanId)) // news of a span that runs already
            row.spans = 0;
    } else if (!running.empty()) {
        if (const auto started = running.find(spanId); started != running.end()) {
            auto& count = started->second.segment->trace(started->second.trace).running;
            count.store(static_cast<std::uint16_t>(count.load(std::memory_order_relaxed) - 1U), std::memory_order_relaxed);
            row.spans -= 1;
            running.erase(started);
        }
    }
    const std::uint32_t before = open->traces();
    const std::uint16_t trace = open->append(row);
    if (open->traces() > before)
        markShared(row.traceId, trace);
    if (isRunning && row.spans > 0 && running.size() < kMaxRunning) {
        running.emplace(spanId, RunningSpan{open, trace});
        auto& count = open->trace(trace).running;
        count.store(static_cast<std::uint16_t>(count.load(std::memory_order_relaxed) + 1U), std::memory_order_relaxed);
    }
    appended.fetch_add(1, std::memory_order_relaxed);
    lastId.fetch_add(1, std::memory_order_release);
    if (persistent.load(std::memory_order_relaxed))
        disk.markDirty();
}

TraceStore::TraceStore(TraceStoreOptions options, const Clock& clock) : d(std::make_unique<Private>(std::move(options), clock)) {}

TraceStore::~TraceStore()
{
    close();
}

Status TraceStore::open(std::function<void()> loaded)
{
    if (d->options.directory.isEmpty()) {
        if (loaded)
            loaded();
        return {};
    }
    if (const Status made = makeStoreDirectory(d->options.directory); !made)
        return made;
    std::vector<StoredFile> files = listStoredFiles(d->options.directory, traceFilePrefix());
    if (!files.empty())
        d->nextSequence = std::max(d->nextSequence, files.back().sequence + 1);
    d->loaded = std::move(loaded);
    d->persistent.store(true, std::memory_order_release);
    d->disk.start();
    d->disk.post([this, files = std::move(files)]() mutable { d->loadFiles(std::move(files)); });
    return {};
}

void TraceStore::close()
{
    if (!d->persistent.load(std::memory_order_acquire))
        return;
    d->stopLoading.request_stop();
    d->sealOpen();
    d->disk.stop();
    d->persistent.store(false, std::memory_order_release);
}

Status TraceStore::flush()
{
    if (!d->persistent.load(std::memory_order_acquire))
        return {};
    return d->disk.flush();
}

void TraceStore::append(CallRecord&& call)
{
    d->prepare(0);
    const SegmentRow row = d->encoder->encode(call, d->service);
    if (!d->open->hasRoomFor(static_cast<std::size_t>(row.body.size()))) {
        d->sealOpen();
        d->enforceBudget();
        d->startSegment();
        d->publish(d->encoder->encode(call, d->service), call.spanId, false);
        return;
    }
    d->publish(row, call.spanId, false);
}

void TraceStore::append(SpanData&& span)
{
    d->prepare(0);
    const SegmentRow row = d->encoder->encode(span);
    if (!d->open->hasRoomFor(static_cast<std::size_t>(row.body.size()))) {
        d->sealOpen();
        d->enforceBudget();
        d->startSegment();
        d->publish(d->encoder->encode(span), span.spanId, span.endUnixNs == 0);
        return;
    }
    d->publish(row, span.spanId, span.endUnixNs == 0);
}

void TraceStore::append(std::span<SpanData> spans)
{
    for (SpanData& span : spans)
        append(std::move(span));
}

void TraceStore::setBudget(std::int64_t bytes)
{
    d->budget.store(bytes, std::memory_order_relaxed);
    d->segmentBytes = std::clamp(std::min(d->options.segmentBytes, bytes / 8), kSmallestSegment, kLargestSegment);
    d->enforceBudget();
}

void TraceStore::setCallResource(std::shared_ptr<const telemetry::Resource> resource,
                                 std::shared_ptr<const telemetry::Scope> scope)
{
    static const QByteArray kServiceName = QByteArrayLiteral("service.name");
    const telemetry::AnyValue* name = resource ? telemetry::findAttribute(resource->attributes, kServiceName) : nullptr;
    d->service = name != nullptr && name->text() != nullptr ? *name->text() : QByteArrayLiteral("oriel");
    const std::lock_guard lock(d->mutex);
    d->callResource = std::move(resource);
    d->callScope = std::move(scope);
}

std::uint64_t TraceStore::lastId() const
{
    return d->lastId.load(std::memory_order_acquire);
}

TraceStoreStats TraceStore::stats() const
{
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    TraceStoreStats stats;
    for (const auto& segment : *segments) {
        if (segment->rows() == 0)
            continue;
        stats.spans += segment->spans();
        stats.traces += segment->traces();
        stats.calls += segment->calls();
        stats.oldestUnixNs = stats.oldestUnixNs == 0 ? segment->oldestNs() : std::min(stats.oldestUnixNs, segment->oldestNs());
        stats.newestUnixNs = std::max(stats.newestUnixNs, segment->newestNs());
    }
    stats.appended = d->appended.load(std::memory_order_relaxed);
    stats.evictedSpans = d->evictedSpans.load(std::memory_order_relaxed);
    stats.lostRecords = d->lostRecords.load(std::memory_order_relaxed);
    stats.unwrittenRecords = d->unwrittenRecords.load(std::memory_order_relaxed);
    stats.memoryBytes = d->memoryOf(*segments);
    stats.budgetBytes = d->budget.load(std::memory_order_relaxed);
    stats.diskBytes = d->diskBytes.load(std::memory_order_relaxed);
    stats.diskError = d->disk.lastError();
    return stats;
}

} // namespace oriel::store
