// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_store.h"

#include "store/disk_thread.h"
#include "store/series_files.h"
#include "telemetry/prometheus_names.h"

#include <algorithm>
#include <mutex>

namespace oriel::store {

using telemetry::MetricData;

namespace {

const QString kPrefix = QStringLiteral("metrics");
constexpr std::size_t kMaxPendingScrapes = 2'000;
constexpr std::size_t kMaxExemplars = 5'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

Labels labelsOf(const telemetry::Attributes& attributes)
{
    Labels labels;
    labels.reserve(attributes.size() + 1);
    for (const telemetry::Attribute& attribute : attributes) {
        QByteArray value = attribute.value.text() != nullptr ? *attribute.value.text() : telemetry::toJson(attribute.value);
        if (!value.isEmpty()) // a label without a value is the same as none
            labels.push_back({telemetry::prometheusLabel(attribute.key), std::move(value)});
    }
    std::sort(labels.begin(), labels.end());
    return labels;
}

Labels withBound(Labels labels, const QByteArray& bound)
{
    Label label{QByteArrayLiteral("le"), bound};
    labels.insert(std::upper_bound(labels.begin(), labels.end(), label), std::move(label));
    return labels;
}

bool matchesAll(const Labels& labels, const std::vector<LabelMatcher>& matchers)
{
    return std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
        const auto label = std::find_if(labels.begin(), labels.end(), [&](const Label& one) { return one.name == matcher.name; });
        return matcher.matches(label == labels.end() ? QByteArrayView() : QByteArrayView(label->value));
    });
}

} // namespace

class SeriesStore::Private {
public:
    Private(SeriesStoreOptions storeOptions, const Clock& storeClock)
        : options(std::move(storeOptions)),
          clock(storeClock),
          disk(options.syncIntervalNs, [this] { return writePending(); })
    {}

    void add(Scrape& scrape, const QByteArray& metric, const Labels& labels, double value, bool isDelta);
    void addHistogram(Scrape& scrape, const QByteArray& base, const telemetry::HistogramPoint& point, bool isDelta);
    void keepExemplars(const QByteArray& metric, const telemetry::HistogramPoint& point, const Labels& labels);
    [[nodiscard]] std::vector<std::uint32_t> matching(QByteArrayView metric, const std::vector<LabelMatcher>& matchers) const;
    Status writePending();
    Status writeScrape(const Scrape& scrape);
    void loadFiles(std::vector<StoredFile> files);
    void measureDisk();
    [[nodiscard]] Result<RetentionPreview> retention(const RetentionLimits& limits, bool apply, const std::stop_token& stop);

    struct HeldExemplar {
        QByteArray metric;
        Labels labels;
        SeriesExemplar exemplar;
    };

    const SeriesStoreOptions options;
    const Clock& clock;
    mutable std::mutex mutex;
    SeriesTable table;
    QHash<QByteArray, QByteArray> aliases;
    std::deque<HeldExemplar> exemplars;
    std::deque<Scrape> pending;
    SeriesStoreStats counts;
    std::uint64_t revision = 0;

    FrameFileWriter file; ///< the disk thread's alone, as what follows
    ScrapeEncoder encoder;
    FrameFileSummary summary;
    std::uint64_t nextSequence = 1;
    std::atomic<bool> persistent{false};
    std::atomic<std::uint64_t> openSequence{0};
    std::stop_source stopLoading;
    std::function<void()> loaded;
    DiskThread disk;
};

SeriesStore::SeriesStore(SeriesStoreOptions options, const Clock& clock) : d(std::make_unique<Private>(std::move(options), clock))
{}

SeriesStore::~SeriesStore()
{
    close();
}

Status SeriesStore::open(std::function<void()> loaded)
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

void SeriesStore::close()
{
    if (!d->persistent)
        return;
    d->stopLoading.request_stop();
    d->disk.stop();
    d->persistent = false;
    if (d->file.isOpen())
        (void)d->file.finish(d->summary);
}

Status SeriesStore::flush()
{
    return d->persistent ? d->disk.flush() : Status();
}

void SeriesStore::Private::add(Scrape& scrape, const QByteArray& metric, const Labels& labels, double value, bool isDelta)
{
    const std::uint32_t series = table.find(metric, labels, options.maxSeries, scrape.timeMs);
    if (series == SeriesTable::kNone) {
        ++counts.refusedSeries;
        return;
    }
    if (isDelta)
        value = table.addDelta(series, value);
    const bool startsChunk = table.at(series)->open.isFull();
    if (!table.append(series, {scrape.timeMs, value}))
        return;
    if (startsChunk)
        table.thin(series, scrape.timeMs - options.fullResolutionMs);
    scrape.values.emplace_back(series, value);
}

void SeriesStore::Private::keepExemplars(const QByteArray& metric, const telemetry::HistogramPoint& point, const Labels& labels)
{
    for (const telemetry::Exemplar& exemplar : point.exemplars) {
        if (!exemplar.traceId.isValid())
            continue;
        const SeriesExemplar one{exemplar.timeUnixNs / kNsPerMs, exemplar.value, exemplar.traceId.toHex()};
        // Collections repeat an exemplar until a newer one takes its place.
        const auto recent = exemplars.size() > 200 ? exemplars.end() - 200 : exemplars.begin();
        const bool isKnown = std::any_of(recent, exemplars.end(), [&](const HeldExemplar& held) {
            return held.exemplar.traceIdHex == one.traceIdHex && held.exemplar.timeMs == one.timeMs && held.metric == metric;
        });
        if (!isKnown)
            exemplars.push_back({metric, labels, one});
    }
    while (exemplars.size() > kMaxExemplars)
        exemplars.pop_front();
}

void SeriesStore::Private::addHistogram(Scrape& scrape, const QByteArray& base, const telemetry::HistogramPoint& point,
                                        bool isDelta)
{
    const Labels labels = labelsOf(point.attributes);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < point.bucketCounts.size(); ++i) {
        cumulative += point.bucketCounts[i];
        const QByteArray bound =
            i < point.bounds.size() ? telemetry::prometheusNumber(point.bounds[i]) : QByteArrayLiteral("+Inf");
        add(scrape, base + "_bucket", withBound(labels, bound), static_cast<double>(cumulative), isDelta);
    }
    if (point.bucketCounts.empty())
        add(scrape, base + "_bucket", withBound(labels, QByteArrayLiteral("+Inf")), static_cast<double>(point.count), isDelta);
    if (point.hasSum)
        add(scrape, base + "_sum", labels, point.sum, isDelta);
    add(scrape, base + "_count", labels, static_cast<double>(point.count), isDelta);
    keepExemplars(base, point, labels);
}

void SeriesStore::append(std::int64_t timeUnixNs, std::span<const MetricData> metrics)
{
    Scrape scrape;
    scrape.timeMs = timeUnixNs / kNsPerMs;
    {
        const std::lock_guard lock(d->mutex);
        for (const MetricData& metric : metrics) {
            const bool isDelta = metric.temporality == telemetry::Temporality::Delta;
            const QByteArray name = telemetry::prometheusName(metric);
            if (!metric.alias.isEmpty())
                d->aliases.insert(telemetry::prometheusName(metric.alias, {}, false), name);
            for (const telemetry::NumberPoint& point : metric.numbers)
                d->add(scrape, name, labelsOf(point.attributes), point.value,
                       isDelta && metric.kind != telemetry::InstrumentKind::Gauge);
            for (const telemetry::HistogramPoint& point : metric.histograms)
                d->addHistogram(scrape, name, point, isDelta);
        }
        d->table.dropToBudget(d->options.budgetBytes);
        ++d->revision;
        if (d->persistent) {
            d->pending.push_back(std::move(scrape));
            if (d->pending.size() > kMaxPendingScrapes) {
                d->pending.pop_front();
                ++d->counts.unwrittenRecords;
            }
        }
    }
    if (d->persistent)
        d->disk.markDirty();
}

std::vector<std::uint32_t> SeriesStore::Private::matching(QByteArrayView metric, const std::vector<LabelMatcher>& matchers) const
{
    std::vector<std::uint32_t> out;
    const auto take = [&](const std::vector<std::uint32_t>& numbers) {
        for (const std::uint32_t number : numbers)
            if (matchesAll(table.at(number)->labels, matchers))
                out.push_back(number);
    };
    if (metric.isEmpty()) {
        for (const auto& numbers : table.byMetric())
            take(numbers);
        return out;
    }
    auto found = table.byMetric().constFind(metric.toByteArray());
    if (found == table.byMetric().constEnd())
        found = table.byMetric().constFind(aliases.value(metric.toByteArray()));
    if (found != table.byMetric().constEnd())
        take(*found);
    return out;
}

std::vector<SeriesData> SeriesStore::select(QByteArrayView metric, const std::vector<LabelMatcher>& matchers, std::int64_t fromMs,
                                            std::int64_t toMs, std::stop_token stop) const
{
    // Finished chunks are shared; they are unpacked after the lock, which the telemetry thread waits for.
    struct Held {
        SeriesData data;
        std::vector<std::shared_ptr<const SeriesChunk>> chunks;
        SeriesChunk open;
    };
    std::vector<Held> held;
    {
        const std::lock_guard lock(d->mutex);
        for (const std::uint32_t number : d->matching(metric, matchers)) {
            const SeriesTable::Series& series = *d->table.at(number);
            Held one{{metric.isEmpty() ? series.metric : metric.toByteArray(), series.labels, {}}, {}, series.open};
            for (const auto& chunk : series.chunks)
                if (chunk->lastMs() >= fromMs && chunk->firstMs() <= toMs)
                    one.chunks.push_back(chunk);
            held.push_back(std::move(one));
        }
    }
    std::vector<SeriesData> out;
    for (Held& one : held) {
        if (stop.stop_requested())
            return {};
        for (const auto& chunk : one.chunks)
            chunk->read(fromMs, toMs, one.data.samples);
        one.open.read(fromMs, toMs, one.data.samples);
        if (!one.data.samples.empty())
            out.push_back(std::move(one.data));
    }
    return out;
}

std::vector<QByteArray> SeriesStore::metricNames() const
{
    const std::lock_guard lock(d->mutex);
    QByteArrayList names = d->table.byMetric().keys();
    names += d->aliases.keys();
    std::sort(names.begin(), names.end());
    return {names.begin(), std::unique(names.begin(), names.end())};
}

std::vector<QByteArray> SeriesStore::labelValues(QByteArrayView metric, QByteArrayView label) const
{
    std::vector<QByteArray> values;
    const std::lock_guard lock(d->mutex);
    for (const std::uint32_t number : d->matching(metric, {}))
        for (const Label& one : d->table.at(number)->labels)
            if (one.name == label)
                values.push_back(one.value);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

std::vector<SeriesExemplar> SeriesStore::exemplars(QByteArrayView metric, const std::vector<LabelMatcher>& matchers,
                                                   std::int64_t fromMs, std::int64_t toMs) const
{
    std::vector<SeriesExemplar> out;
    const std::lock_guard lock(d->mutex);
    for (const Private::HeldExemplar& held : d->exemplars)
        if (held.metric == metric && held.exemplar.timeMs >= fromMs && held.exemplar.timeMs <= toMs &&
            matchesAll(held.labels, matchers))
            out.push_back(held.exemplar);
    return out;
}

std::uint64_t SeriesStore::revision() const
{
    const std::lock_guard lock(d->mutex);
    return d->revision;
}

SeriesStoreStats SeriesStore::stats() const
{
    SeriesStoreStats stats;
    {
        const std::lock_guard lock(d->mutex);
        stats = d->counts;
        stats.series = d->table.count();
        stats.samples = d->table.samples();
        stats.memoryBytes = d->table.memoryBytes();
    }
    stats.diskError = d->disk.lastError();
    return stats;
}

Status SeriesStore::Private::writeScrape(const Scrape& scrape)
{
    if (!file.isOpen()) {
        const std::uint64_t sequence = nextSequence++;
        openSequence = sequence;
        summary = {};
        encoder = {};
        if (const Status made = file.create(storedFilePath(options.directory, kPrefix, sequence), FrameFileKind::Series); !made)
            return made;
    }
    const auto describe = [this](std::uint32_t number, QByteArray& metric, Labels& labels) {
        const std::lock_guard lock(mutex);
        const SeriesTable::Series* series = table.at(number);
        if (series == nullptr)
            return false;
        metric = series->metric;
        labels = series->labels;
        return true;
    };
    ScrapeEncoder attempt = encoder;
    for (const auto& [type, payload] : attempt.encode(scrape, describe))
        if (const Status written = file.append(type, payload); !written)
            return written;
    encoder = std::move(attempt);
    const std::int64_t timeNs = scrape.timeMs * kNsPerMs;
    summary.oldestUnixNs = summary.rows == 0 ? timeNs : std::min(summary.oldestUnixNs, timeNs);
    summary.newestUnixNs = std::max(summary.newestUnixNs, timeNs);
    ++summary.rows;
    return {};
}

Status SeriesStore::Private::writePending()
{
    for (;;) {
        Scrape scrape;
        {
            const std::lock_guard lock(mutex);
            if (pending.empty())
                break;
            scrape = pending.front();
        }
        if (const Status written = writeScrape(scrape); !written)
            return written;
        {
            const std::lock_guard lock(mutex);
            if (!pending.empty() && pending.front().timeMs == scrape.timeMs)
                pending.pop_front();
        }
        if (file.size() >= options.fileBytes) {
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

void SeriesStore::Private::measureDisk()
{
    std::int64_t total = 0;
    for (const StoredFile& stored : listStoredFiles(options.directory, kPrefix))
        total += stored.bytes;
    const std::lock_guard lock(mutex);
    counts.diskBytes = total;
}

void SeriesStore::Private::loadFiles(std::vector<StoredFile> files)
{
    const std::stop_token stop = stopLoading.get_token();
    SeriesTable older;
    std::uint64_t lost = 0;
    const std::int64_t fullFromMs = clock.unixNs() / kNsPerMs - options.fullResolutionMs;
    for (const StoredFile& stored : files) {
        ScrapeDecoder decoder(older, fullFromMs, options.maxSeries);
        const Result<FrameReadResult> read =
            readFrames(stored.path, FrameFileKind::Series, [&](std::uint8_t type, QByteArrayView payload) {
                decoder.frame(type, payload);
                return !stop.stop_requested();
            });
        decoder.finish();
        lost += decoder.damaged + (read ? read->damagedFrames : 1);
        if (read && read->tornTail)
            QFile::resize(stored.path, read->goodBytes);
        older.dropToBudget(options.budgetBytes);
        if (stop.stop_requested())
            return;
    }
    {
        const std::lock_guard lock(mutex);
        table.prepend(std::move(older), options.maxSeries);
        table.dropToBudget(options.budgetBytes);
        counts.lostRecords += lost;
        ++revision;
    }
    measureDisk();
    if (loaded)
        loaded();
}

Result<RetentionPreview> SeriesStore::Private::retention(const RetentionLimits& limits, bool apply, const std::stop_token& stop)
{
    RetentionPreview preview;
    preview.store = QStringLiteral("metrics");
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
            return fail(ErrorCode::Io, QStringLiteral("A file of metrics could not be deleted"), stored.path);
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
    if (limits.keepAfterUnixNs > 0) {
        const std::lock_guard lock(mutex);
        table.dropBefore(limits.keepAfterUnixNs / kNsPerMs);
    }
    measureDisk();
    return preview;
}

QString SeriesStore::retentionName() const
{
    return QStringLiteral("metrics");
}

Result<RetentionPreview> SeriesStore::previewRetention(const RetentionLimits& limits) const
{
    return d->retention(limits, false, {});
}

Result<RetentionPreview> SeriesStore::applyRetention(const RetentionLimits& limits, std::stop_token stop)
{
    return d->retention(limits, true, stop);
}

} // namespace oriel::store
