// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/export_pipeline.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "otlp/destination_queue.h"
#include "otlp/encode.h"
#include "otlp/presets.h"
#include "otlp/trace_processor.h"
#include "telemetry/call_spans.h"

#include <QPromise>
#include <QTimer>

#include <algorithm>

namespace oriel::otlp {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// What configure() puts in force.
struct PipelineSettings {
    std::shared_ptr<const telemetry::Resource> resource;
    std::shared_ptr<const telemetry::Scope> scope;
    milliseconds spanInterval{1'000};
    milliseconds metricInterval{5'000};
};

namespace {

constexpr qsizetype kMaxRequestBytes = 4LL * 1024 * 1024;
constexpr std::size_t kMaxRequestItems = 2'048;
/// So many waiting items are encoded at once, without waiting for the interval.
constexpr std::size_t kEagerItems = 4'096;
constexpr milliseconds kStatusInterval{200};

/// Destinations that want exactly the same bytes share one encoding.
struct Flavour {
    Encoding encoding = Encoding::Protobuf;
    telemetry::AliasSets aliases = 0;
    bool payloads = false;
    bool received = false; ///< takes what Oriel's receiver took
    TraceProcessor* processor = nullptr;
    bool operator==(const Flavour&) const = default;
};

Flavour flavourOf(const DestinationQueue& queue, Signal signal)
{
    const config::Destination& destination = queue.config();
    Flavour flavour{encodingOf(destination.protocol), 0, false, destination.received, queue.processor()};
    if (signal != Signal::Traces)
        return flavour;
    for (const QString& name : destination.aliases)
        flavour.aliases |= telemetry::aliasSetByName(name);
    flavour.payloads = destination.includePayloads;
    return flavour;
}

struct Takers {
    Flavour flavour;
    std::vector<DestinationQueue*> destinations;
};

std::vector<Takers> takersOf(const std::vector<std::unique_ptr<DestinationQueue>>& destinations, Signal signal)
{
    std::vector<Takers> all;
    for (const auto& destination : destinations) {
        if (!destination->takes(signal))
            continue;
        const Flavour flavour = flavourOf(*destination, signal);
        auto known = std::find_if(all.begin(), all.end(), [&](const Takers& takers) { return takers.flavour == flavour; });
        if (known == all.end())
            known = all.insert(all.end(), Takers{flavour, {}});
        known->destinations.push_back(destination.get());
    }
    return all;
}

/// Encodes `items` into as few requests as their sizes allow and queues each.
template <class Item, class Encode>
void enqueueAll(std::span<const Item> items, const Takers& takers, Signal signal, Encode encode)
{
    if (items.empty())
        return;
    if (items.size() > kMaxRequestItems) {
        enqueueAll(items.first(kMaxRequestItems), takers, signal, encode);
        return enqueueAll(items.subspan(kMaxRequestItems), takers, signal, encode);
    }
    const QByteArray request = encode(items, takers.flavour.encoding);
    if (request.size() > kMaxRequestBytes && items.size() > 1) {
        enqueueAll(items.first(items.size() / 2), takers, signal, encode);
        return enqueueAll(items.subspan(items.size() / 2), takers, signal, encode);
    }
    for (DestinationQueue* destination : takers.destinations)
        destination->enqueue(
            signal, {request, takers.flavour.encoding, static_cast<std::uint32_t>(items.size()), takers.flavour.payloads});
}

std::uint32_t pointCount(std::span<const telemetry::MetricData> metrics)
{
    std::size_t count = 0;
    for (const telemetry::MetricData& metric : metrics)
        count += metric.numbers.size() + metric.histograms.size() + metric.exponentials.size() + metric.summaries.size();
    return static_cast<std::uint32_t>(count);
}

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
      m_spanTimer(makeTimer(this)),
      m_metricTimer(makeTimer(this)),
      m_statusTimer(makeTimer(this)),
      m_deadlineTimer(makeTimer(this))
{
    connect(m_spanTimer, &QTimer::timeout, this, [this] { flushInbox(); });
    connect(m_metricTimer, &QTimer::timeout, this, [this] {
        m_metricsNoted = false;
        Q_EMIT metricsDue();
    });
    connect(m_statusTimer, &QTimer::timeout, this, &ExportPipeline::statusChanged);
    connect(m_deadlineTimer, &QTimer::timeout, this, [this] { finishWhenDrained(); });
}

ExportPipeline::~ExportPipeline() = default;

void ExportPipeline::configure(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                               std::shared_ptr<const telemetry::Scope> scope)
{
    QMetaObject::invokeMethod(
        this,
        [this, telemetry = withEffectiveDestinations(telemetry), resource = std::move(resource),
         scope = std::move(scope)]() mutable { apply(telemetry, std::move(resource), std::move(scope)); },
        Qt::QueuedConnection);
}

void ExportPipeline::apply(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                           std::shared_ptr<const telemetry::Scope> scope)
{
    // What was recorded under the old settings goes out under them.
    flushInbox(true);
    m_settings->resource = std::move(resource);
    m_settings->scope = std::move(scope);
    m_settings->spanInterval = telemetry.spanInterval;
    m_settings->metricInterval = telemetry.metricInterval;

    m_applying = true;
    std::vector<std::unique_ptr<DestinationQueue>> old = std::move(m_destinations);
    m_destinations.clear();
    const auto take = [&old](const auto& matches) {
        const auto found =
            std::find_if(old.begin(), old.end(), [&](const auto& queue) { return queue && matches(queue->config()); });
        return found != old.end() ? std::move(*found) : nullptr;
    };
    for (const config::Destination& wanted : telemetry.destinations) {
        auto queue = take([&](const config::Destination& known) { return known.name == wanted.name; });
        if (!queue) {
            const bool renamed =
                std::none_of(telemetry.destinations.begin(), telemetry.destinations.end(), [&](const config::Destination& other) {
                    return std::any_of(old.begin(), old.end(), [&](const auto& left) {
                        return left && left->config().name == other.name && left->config().endpoint == wanted.endpoint;
                    });
                });
            if (renamed) {
                queue = take([&](config::Destination known) {
                    known.name = wanted.name;
                    return known == wanted;
                });
            }
        }
        if (!queue)
            queue = std::make_unique<DestinationQueue>(m_options, [this] { destinationChanged(); });
        queue->configure(wanted, telemetry.exportDisabled);
        giveProcessor(*queue, telemetry);
        m_destinations.push_back(std::move(queue));
    }
    old.clear();
    std::erase_if(m_processors, [](const auto& processor) { return processor.use_count() == 1; });

    unsigned wanted = 0;
    unsigned received = 0;
    for (const Signal signal : kSignals) {
        for (const auto& queue : m_destinations) {
            const unsigned bit = queue->takes(signal) ? 1U << static_cast<unsigned>(signal) : 0U;
            wanted |= bit;
            received |= queue->config().received ? bit : 0U;
        }
    }
    m_wanted = m_shuttingDown ? 0 : wanted;
    m_wantedReceived = m_shuttingDown ? 0 : received;
    m_applying = false;
    destinationChanged();
}

void ExportPipeline::giveProcessor(DestinationQueue& queue, const config::Telemetry& telemetry)
{
    TraceProcessor::Settings settings = TraceProcessor::settingsOf(queue.config(), telemetry);
    const auto known = std::find_if(m_processors.begin(), m_processors.end(),
                                    [&](const auto& processor) { return processor->settings() == settings; });
    if (known != m_processors.end())
        return queue.setProcessor(*known);
    auto made = TraceProcessor::make(std::move(settings), m_options.clock);
    if (!made)
        // Sending what a rule that is not understood should have removed would be worse than sending nothing.
        return queue.refuse(made.error().toString());
    m_processors.push_back(*made);
    queue.setProcessor(std::move(*made));
}

void ExportPipeline::arm(QTimer& timer, milliseconds interval)
{
    if (!timer.isActive())
        timer.start(interval);
}

template <class Item> void ExportPipeline::submit(std::vector<Item>& box, std::vector<Item>&& items, Signal signal)
{
    if (items.empty() || !wants(signal))
        return;
    bool wakeNow = false;
    {
        const std::lock_guard lock(m_mutex);
        const std::size_t before = m_inbox.size();
        const std::size_t room = m_options.inboxItems - std::min(m_options.inboxItems, before);
        const std::size_t taken = std::min(room, items.size());
        m_inboxDropped += items.size() - taken;
        box.insert(box.end(), std::make_move_iterator(items.begin()),
                   std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(taken)));
        wakeNow = !m_wakePending || (before < kEagerItems && before + taken >= kEagerItems);
        m_wakePending = true;
    }
    if (wakeNow)
        QMetaObject::invokeMethod(
            this, [this] { wake(); }, Qt::QueuedConnection);
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
        this, [this, metrics = std::move(metrics)]() mutable { encodeMetrics(std::move(metrics)); }, Qt::QueuedConnection);
}

void ExportPipeline::submitReceivedMetrics(std::vector<ScopedMetrics> metrics)
{
    if (metrics.empty() || !wantsReceived(Signal::Metrics))
        return;
    QMetaObject::invokeMethod(
        this, [this, metrics = std::move(metrics)] { encodeReceivedMetrics(metrics); }, Qt::QueuedConnection);
}

void ExportPipeline::setReceiverPorts(std::vector<quint16> ports)
{
    QMetaObject::invokeMethod(
        this, [this, ports = std::move(ports)]() mutable { m_options.receiverPorts = std::move(ports); }, Qt::QueuedConnection);
}

void ExportPipeline::noteMetricsChanged()
{
    if (!wants(Signal::Metrics) || m_metricsNoted.exchange(true))
        return;
    QMetaObject::invokeMethod(
        this, [this] { arm(*m_metricTimer, m_settings->metricInterval); }, Qt::QueuedConnection);
}

void ExportPipeline::wake()
{
    std::size_t waiting = 0;
    {
        const std::lock_guard lock(m_mutex);
        waiting = m_inbox.size();
    }
    if (waiting >= kEagerItems)
        flushInbox();
    else if (waiting > 0)
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
        m_inboxProcessed += inbox.calls.size() + inbox.spans.size();
    }
    encodeTraces(inbox, decideAll);
    if (!inbox.logs.empty())
        encodeLogs(std::move(inbox.logs));
}

void ExportPipeline::encodeTraces(const Inbox& inbox, bool decideAll)
{
    const std::vector<Takers> all = takersOf(m_destinations, Signal::Traces);
    for (const std::shared_ptr<TraceProcessor>& processor : m_processors) {
        const bool wanted = std::any_of(all.begin(), all.end(),
                                        [&](const Takers& takers) { return takers.flavour.processor == processor.get(); });
        if (!wanted || (inbox.calls.empty() && inbox.spans.empty() && !processor->isHolding()))
            continue;
        // Asked once for all that share it: some samplers count.
        const auto selection = processor->select(inbox.calls, inbox.spans, decideAll);
        if (processor->isHolding())
            arm(*m_spanTimer, m_settings->spanInterval);
        for (const Takers& takers : all) {
            if (takers.flavour.processor != processor.get())
                continue;
            std::vector<telemetry::SpanData> spans = processor->expand(
                selection, {m_settings->resource, m_settings->scope, takers.flavour.aliases, takers.flavour.payloads, {}, {}});
            if (!takers.flavour.received)
                std::erase_if(spans, [](const telemetry::SpanData& span) { return span.received; });
            enqueueAll(std::span<const telemetry::SpanData>(spans), takers, Signal::Traces,
                       [](std::span<const telemetry::SpanData> items, Encoding encoding) {
                           return otlp::encodeTraces(items, encoding);
                       });
        }
    }
}

void ExportPipeline::encodeLogs(std::vector<telemetry::LogRecord> logs)
{
    for (telemetry::LogRecord& log : logs) {
        if (!log.resource)
            log.resource = m_settings->resource;
        if (!log.scope)
            log.scope = m_settings->scope;
    }
    // What the receiver took goes last, so that those who do not want it take the front alone.
    const auto received =
        std::stable_partition(logs.begin(), logs.end(), [](const telemetry::LogRecord& log) { return !log.received; });
    for (const Takers& takers : takersOf(m_destinations, Signal::Logs)) {
        const std::span<const telemetry::LogRecord> taken(logs.begin(), takers.flavour.received ? logs.end() : received);
        const std::vector<telemetry::LogRecord> processed = takers.flavour.processor->process(taken);
        enqueueAll(
            std::span<const telemetry::LogRecord>(processed), takers, Signal::Logs,
            [](std::span<const telemetry::LogRecord> items, Encoding encoding) { return otlp::encodeLogs(items, encoding); });
    }
}

void ExportPipeline::encodeMetrics(std::vector<telemetry::MetricData> metrics)
{
    using telemetry::TemporalityPreference;
    struct Shared {
        Encoding encoding;
        telemetry::HistogramForm form;
        QByteArray request;
        std::uint32_t points;
    };
    std::vector<Shared> shared;
    for (const auto& destination : m_destinations) {
        if (!destination->takes(Signal::Metrics))
            continue;
        telemetry::TemporalityConverter& converter = destination->temporality();
        const Encoding encoding = encodingOf(destination->config().protocol);
        // What is cumulative is the same for all; a difference is everybody's own.
        const bool common = converter.preference() == TemporalityPreference::Cumulative;
        auto known = std::find_if(shared.begin(), shared.end(), [&](const Shared& one) {
            return common && one.encoding == encoding && one.form == converter.form();
        });
        if (known == shared.end()) {
            const ScopedMetrics scoped{m_settings->resource, m_settings->scope, converter.convert(metrics)};
            Shared made{encoding, converter.form(), otlp::encodeMetrics({&scoped, 1}, encoding), pointCount(scoped.metrics)};
            if (!common) {
                if (made.points > 0)
                    destination->enqueue(Signal::Metrics, {made.request, encoding, made.points, false});
                continue;
            }
            known = shared.insert(shared.end(), std::move(made));
        }
        destination->enqueue(Signal::Metrics, {known->request, encoding, known->points, false});
    }
}

void ExportPipeline::encodeReceivedMetrics(const std::vector<ScopedMetrics>& metrics)
{
    std::uint32_t points = 0;
    for (const ScopedMetrics& scoped : metrics)
        points += pointCount(scoped.metrics);
    for (const Takers& takers : takersOf(m_destinations, Signal::Metrics)) {
        if (!takers.flavour.received)
            continue;
        const QByteArray request = otlp::encodeMetrics(metrics, takers.flavour.encoding);
        for (DestinationQueue* destination : takers.destinations)
            destination->enqueue(Signal::Metrics, {request, takers.flavour.encoding, points, false});
    }
}

std::vector<ExporterCounts> ExportPipeline::takeExporterCounts()
{
    const std::lock_guard lock(m_mutex);
    std::vector<ExporterCounts> counts = m_counts;
    for (ExporterCounts& kept : m_counts)
        kept.operations.clear();
    return counts;
}

InboxCounts ExportPipeline::inboxCounts() const
{
    const std::lock_guard lock(m_mutex);
    return {m_inbox.calls.size() + m_inbox.spans.size(), m_options.inboxItems, m_inboxProcessed, inboxDropped()};
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

void ExportPipeline::destinationChanged()
{
    if (m_applying)
        return;
    QList<DestinationStatus> status;
    std::vector<ExporterCounts> counts;
    for (const auto& queue : m_destinations) {
        status.append(queue->status());
        counts.push_back(queue->takeCounts());
    }
    bool differs = false;
    {
        const std::lock_guard lock(m_mutex);
        differs = status != m_status;
        m_status = std::move(status);
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
    if (m_shuttingDown &&
        std::none_of(m_destinations.begin(), m_destinations.end(), [](const auto& queue) { return queue->isBusy(); }))
        finishWhenDrained();
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

void ExportPipeline::shutdown(milliseconds deadline)
{
    QMetaObject::invokeMethod(
        this, [this, deadline] { beginShutdown(deadline); }, Qt::QueuedConnection);
}

void ExportPipeline::beginShutdown(milliseconds deadline)
{
    if (m_shuttingDown)
        return;
    flushInbox(true);
    m_metricTimer->stop();
    m_wanted = 0;
    m_wantedReceived = 0;
    m_shuttingDown = true;
    m_deadlineTimer->start(deadline);
    // One last try for those that wait to try again.
    for (const auto& queue : m_destinations) {
        if (queue->status().state == DestinationState::Retrying)
            queue->resume();
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
