// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/export_pipeline.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "otlp/pipeline/destination_queue.h"
#include "otlp/pipeline/pipeline_settings.h"
#include "otlp/pipeline/trace_processor.h"

#include <QPromise>
#include <QTimer>

#include <algorithm>

namespace oriel::otlp {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// So many waiting items, or such a part of the bytes that may wait, are encoded at once, without waiting for the interval.
constexpr std::size_t kEagerItems = 4'096;
constexpr qsizetype kEagerPart = 8;
constexpr milliseconds kStatusInterval{200};
/// While the disk is this far behind, finished telemetry waits in the inbox, which is bounded.
constexpr qint64 kMaxOutstandingBytes = 64LL * 1024 * 1024;

QTimer* makeTimer(QObject* parent)
{
    auto* timer = new QTimer(parent);
    timer->setSingleShot(true);
    return timer;
}

} // namespace

ExportPipeline::ExportPipeline(PipelineOptions options, QObject* parent)
    : QObject(parent),
      m_options(std::move(options)),
      m_settings(std::make_unique<PipelineSettings>()),
      m_spool(std::make_unique<ExportSpool>(
          ExportSpoolOptions{m_options.spoolDirectory, m_options.queue, 16LL * 1024 * 1024, m_options.spooled}, m_options.clock,
          m_options.random, this)),
      m_spanTimer(makeTimer(this)),
      m_metricTimer(makeTimer(this)),
      m_metricRepeatTimer(makeTimer(this)),
      m_statusTimer(makeTimer(this)),
      m_deadlineTimer(makeTimer(this))
{
    connect(m_spanTimer, &QTimer::timeout, this, [this] { wake(true); });
    connect(m_metricTimer, &QTimer::timeout, this, [this] {
        m_metricsNoted = false;
        m_metricRepeatTimer->start(m_options.metricRepeat);
        Q_EMIT metricsDue();
    });
    connect(m_metricRepeatTimer, &QTimer::timeout, this, &ExportPipeline::noteMetricsChanged);
    connect(m_statusTimer, &QTimer::timeout, this, &ExportPipeline::statusChanged);
    connect(m_deadlineTimer, &QTimer::timeout, this, [this] { finishWhenDrained(); });
    connect(m_spool.get(), &ExportSpool::stateChanged, this, [this] { destinationChanged(); });
    connect(m_spool.get(), &ExportSpool::unclaimedLost, this, &ExportPipeline::countUnclaimedLoss);
    connect(m_spool.get(), &ExportSpool::recovered, this, [this] {
        {
            const std::lock_guard lock(m_mutex);
            m_recovery = m_spool->recovery();
        }
        Q_EMIT spoolRead();
    });
}

ExportPipeline::~ExportPipeline()
{
    m_destinations.clear();
    m_spool.reset();
}

void ExportPipeline::arm(QTimer& timer, milliseconds interval)
{
    if (!timer.isActive())
        timer.start(interval);
}

template <class Item> void ExportPipeline::submit(std::vector<Item>& box, std::vector<Item>&& items, Signal signal)
{
    if (items.empty())
        return;
    if (!wants(signal)) {
        if ((m_turnedAway.load(std::memory_order_relaxed) & (1U << static_cast<unsigned>(signal))) != 0)
            countDropped(signal, items.size());
        return;
    }
    bool wakeNow = false;
    {
        const std::lock_guard lock(m_mutex);
        const bool wasMuch = isMuch(m_inbox);
        std::size_t taken = 0;
        while (taken < items.size() && m_inbox.size() < m_options.inboxItems && m_inbox.bytes < m_options.inboxBytes) {
            m_inbox.bytes += heldBytes(items[taken]);
            box.push_back(std::move(items[taken++]));
        }
        for (; taken < items.size(); ++taken)
            countDropped(signal, itemCount(items[taken]));
        wakeNow = !m_wakePending || (!wasMuch && isMuch(m_inbox));
        m_wakePending = true;
    }
    if (wakeNow)
        QMetaObject::invokeMethod(
            this, [this] { wake(false); }, Qt::QueuedConnection);
}

void ExportPipeline::submitCalls(std::vector<ExportCall> calls)
{
    submit(m_inbox.calls, std::move(calls), Signal::Traces);
}
void ExportPipeline::submitSpans(std::vector<telemetry::SpanData> spans)
{
    submit(m_inbox.spans, std::move(spans), Signal::Traces);
}
void ExportPipeline::submitLogs(std::vector<telemetry::LogRecord> logs)
{
    submit(m_inbox.logs, std::move(logs), Signal::Logs);
}

void ExportPipeline::submitMetrics(std::vector<telemetry::MetricData> metrics)
{
    if (metrics.empty() || !wants(Signal::Metrics))
        return;
    QMetaObject::invokeMethod(
        this, [this, metrics = std::move(metrics)] { encodeMetrics(metrics); }, Qt::QueuedConnection);
}

void ExportPipeline::submitReceivedMetrics(ReceivedMetrics metrics)
{
    if (metrics.empty() || !wantsReceived(Signal::Metrics))
        return;
    std::vector<ReceivedMetrics> request;
    request.push_back(std::move(metrics));
    submit(m_inbox.metrics, std::move(request), Signal::Metrics);
}

void ExportPipeline::noteMetricsChanged()
{
    if (!wants(Signal::Metrics) || m_metricsNoted.exchange(true))
        return;
    QMetaObject::invokeMethod(
        this, [this] { arm(*m_metricTimer, m_settings->metricInterval); }, Qt::QueuedConnection);
}

void ExportPipeline::wake(bool isDue)
{
    if (!m_isConfigured)
        return;
    bool isEmpty = false;
    bool isEager = false;
    {
        const std::lock_guard lock(m_mutex);
        isEmpty = m_inbox.size() == 0;
        isEager = isMuch(m_inbox);
    }
    if (isEmpty && !isHolding())
        return;
    const bool diskKeepsUp = m_spool->outstandingBytes() <= kMaxOutstandingBytes;
    if (diskKeepsUp && (isEager || isDue))
        flushInbox();
    else
        arm(*m_spanTimer, m_settings->spanInterval);
}

void ExportPipeline::flushInbox(bool decideAll)
{
    m_spanTimer->stop();
    Inbox inbox;
    {
        const std::lock_guard lock(m_mutex);
        std::swap(inbox, m_inbox);
        m_wakePending = false;
        m_inboxProcessed[static_cast<std::size_t>(Signal::Traces)] += inbox.calls.size() + inbox.spans.size();
        m_inboxProcessed[static_cast<std::size_t>(Signal::Logs)] += inbox.logs.size();
        m_inboxProcessed[static_cast<std::size_t>(Signal::Metrics)] += inbox.metrics.size();
    }
    encodeTraces(inbox, decideAll);
    if (!inbox.logs.empty())
        encodeLogs(std::move(inbox.logs));
    for (const ReceivedMetrics& metrics : inbox.metrics)
        encodeReceivedMetrics(metrics);
}

bool ExportPipeline::isMuch(const Inbox& inbox) const
{
    return inbox.size() >= kEagerItems || inbox.bytes >= m_options.inboxBytes / kEagerPart;
}

bool ExportPipeline::isHolding() const
{
    return std::any_of(m_processors.begin(), m_processors.end(), [](const auto& processor) { return processor->isHolding(); });
}

std::vector<ExporterCounts> ExportPipeline::takeExporterCounts()
{
    const std::lock_guard lock(m_mutex);
    std::vector<ExporterCounts> counts = m_counts;
    for (ExporterCounts& kept : m_counts)
        kept.operations.clear();
    return counts;
}

void ExportPipeline::countDropped(Signal signal, std::uint64_t items)
{
    m_inboxDropped[static_cast<std::size_t>(signal)].fetch_add(items, std::memory_order_relaxed);
}

std::uint64_t ExportPipeline::inboxDropped() const
{
    std::uint64_t all = 0;
    for (const std::atomic<std::uint64_t>& dropped : m_inboxDropped)
        all += dropped.load(std::memory_order_relaxed);
    return all;
}

InboxCounts ExportPipeline::inboxCounts() const
{
    const std::lock_guard lock(m_mutex);
    const std::array sizes{m_inbox.calls.size() + m_inbox.spans.size(), m_inbox.metrics.size(), m_inbox.logs.size()};
    InboxCounts counts;
    counts.capacity = m_options.inboxItems;
    for (std::size_t signal = 0; signal < kSignalCount; ++signal)
        counts.items[signal] = {sizes[signal], m_inboxProcessed[signal], m_inboxDropped[signal].load(std::memory_order_relaxed)};
    return counts;
}

DestinationQueue* ExportPipeline::find(const QString& name) const
{
    const auto found = std::find_if(m_destinations.begin(), m_destinations.end(),
                                    [&](const auto& queue) { return queue->config().name == name; });
    return found != m_destinations.end() ? found->get() : nullptr;
}

QList<DestinationStatus> ExportPipeline::status() const
{
    const std::lock_guard lock(m_mutex);
    return m_status;
}

QList<UnclaimedStatus> ExportPipeline::unclaimed() const
{
    const std::lock_guard lock(m_mutex);
    return m_unclaimed;
}

void ExportPipeline::countUnclaimedLoss(const QString& name, Signal signal, Loss loss, qint64 items)
{
    // It may have come back since the spool said so.
    if (DestinationQueue* queue = find(name))
        return queue->countLoss(signal, loss, items);
    ExporterCounts& counts = m_departed[name];
    if (counts.name.isEmpty()) {
        counts.name = name.toUtf8();
        counts.family = QByteArrayLiteral("oriel");
    }
    counts.addLoss(signal, loss, items);
    destinationChanged();
}

SpoolRecovery ExportPipeline::spoolRecovery() const
{
    const std::lock_guard lock(m_mutex);
    return m_recovery;
}

void ExportPipeline::destinationChanged()
{
    if (m_applying)
        return;
    noteWanted();
    QList<UnclaimedStatus> unclaimed;
    for (const UnclaimedBacklog& one : m_spool->state().unclaimed) {
        UnclaimedStatus& status = unclaimed.emplaceBack();
        status.name = one.name;
        for (const Backlog::Lane& lane : one.backlog.lanes) {
            status.queued += lane.items;
            status.queuedBytes += lane.bytes;
            if (lane.oldestUnixNs != 0 && (status.oldestUnixNs == 0 || lane.oldestUnixNs < status.oldestUnixNs))
                status.oldestUnixNs = lane.oldestUnixNs;
        }
    }
    QList<DestinationStatus> status;
    std::vector<ExporterCounts> counts;
    for (const auto& queue : m_destinations) {
        status.append(queue->status());
        counts.push_back(queue->takeCounts());
    }
    for (auto& departed : m_departed) {
        counts.push_back(departed.second);
        departed.second.operations.clear();
    }
    bool differs = false;
    {
        const std::lock_guard lock(m_mutex);
        differs = status != m_status || unclaimed != m_unclaimed;
        m_status = std::move(status);
        m_unclaimed = std::move(unclaimed);
        // Operations that nobody has asked for yet stay with their exporter.
        for (ExporterCounts& fresh : counts) {
            for (const ExporterCounts& known : m_counts) {
                if (known.name == fresh.name)
                    fresh.operations.insert(fresh.operations.begin(), known.operations.begin(), known.operations.end());
            }
            if (fresh.operations.size() > ExporterCounts::kMaxOperations)
                fresh.operations.resize(ExporterCounts::kMaxOperations);
        }
        m_counts = std::move(counts);
    }
    if (differs)
        arm(*m_statusTimer, kStatusInterval);
    if (m_shuttingDown && !isBusy())
        flushSpool();
}

bool ExportPipeline::isBusy() const
{
    return std::any_of(m_destinations.begin(), m_destinations.end(), [](const auto& queue) { return queue->isBusy(); });
}

void ExportPipeline::flushSpool()
{
    if (m_flushing || m_drained)
        return;
    m_flushing = true;
    m_spool->flush([this] {
        m_flushing = false;
        // An answer of the spool may have brought something about meanwhile.
        if (!isBusy())
            finishWhenDrained();
    });
}

QFuture<Result<QString>> ExportPipeline::sendTestSpan(const QString& destination)
{
    auto promise = std::make_shared<QPromise<Result<QString>>>();
    promise->start();
    QFuture<Result<QString>> future = promise->future();
    const auto answer = [promise](Result<QString> result) {
        promise->addResult(std::move(result));
        promise->finish();
    };
    QMetaObject::invokeMethod(
        this,
        [this, destination, answer] {
            DestinationQueue* queue = find(destination);
            if (queue == nullptr)
                return answer(fail(ErrorCode::NotFound, QStringLiteral("there is no destination \"%1\"").arg(destination)));
            telemetry::SpanData span;
            span.traceId = TraceId::generate(m_options.random);
            span.spanId = SpanId::generate(m_options.random);
            span.name = "oriel.test";
            span.flags = 1;
            span.endUnixNs = m_options.clock.unixNs();
            span.startUnixNs = span.endUnixNs - 1'000'000;
            span.resource = m_settings->resource;
            span.scope = m_settings->scope;
            span.attributes = {{"oriel.test", true}, {"oriel.destination", destination.toUtf8()}};
            queue->sendTest(otlp::encodeTraces({&span, 1}, Encoding::Protobuf), answer);
        },
        Qt::QueuedConnection);
    return future;
}

void ExportPipeline::resume(const QString& destination)
{
    QMetaObject::invokeMethod(
        this,
        [this, destination] {
            if (DestinationQueue* queue = find(destination))
                queue->resume();
        },
        Qt::QueuedConnection);
}

void ExportPipeline::clear(const QString& destination)
{
    QMetaObject::invokeMethod(
        this,
        [this, destination] {
            if (DestinationQueue* queue = find(destination))
                queue->clear();
            else
                m_spool->clearUnclaimed(destination);
        },
        Qt::QueuedConnection);
}

void ExportPipeline::shutdown(milliseconds deadline)
{
    QMetaObject::invokeMethod(
        this, [this, deadline] { beginShutdown(deadline); }, Qt::QueuedConnection);
}

void ExportPipeline::beginShutdown(milliseconds deadline)
{
    if (m_shuttingDown)
        return;
    m_turnedAway = m_wanted.exchange(0);
    m_wantedReceived = 0;
    flushInbox(true);
    m_metricTimer->stop();
    m_metricRepeatTimer->stop();
    m_shuttingDown = true;
    m_deadlineTimer->start(deadline);
    // One last try for those that wait to try again.
    for (const auto& queue : m_destinations) {
        if (queue->status().state == DestinationState::Retrying)
            queue->retryNow();
    }
    destinationChanged();
}

void ExportPipeline::finishWhenDrained()
{
    if (m_drained)
        return;
    m_drained = true;
    m_deadlineTimer->stop();
    m_statusTimer->stop();
    for (const auto& queue : m_destinations)
        queue->stop();
    Q_EMIT drained();
}

} // namespace oriel::otlp
