// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/export_pipeline.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "otlp/destination_queue.h"
#include "otlp/encode.h"
#include "telemetry/call_spans.h"
#include "telemetry/limits.h"
#include "telemetry/sampler.h"

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
    std::shared_ptr<const telemetry::Sampler> sampler;
    telemetry::SpanLimits limits;
    milliseconds spanInterval{1'000};
    milliseconds metricInterval{5'000};
};

namespace {

constexpr std::size_t kMaxRequestItems = 2'048;
/// So many waiting items are encoded at once, without waiting for the interval.
constexpr std::size_t kEagerItems = 4'096;
constexpr milliseconds kStatusInterval{200};
/// While the disk is this far behind, finished telemetry waits in the inbox, which is bounded.
constexpr qint64 kMaxOutstandingBytes = 64LL * 1024 * 1024;

/// Destinations that share the records of a signal, and what these carry so that each can be given what it wants.
struct Takers {
    std::vector<DestinationQueue*> destinations;
    telemetry::AliasSets aliases = 0;
    bool payloads = false;
};

std::vector<Takers> takersOf(const std::vector<std::unique_ptr<DestinationQueue>>& destinations, Signal signal)
{
    Takers all;
    for (const auto& destination : destinations) {
        if (!destination->takes(signal))
            continue;
        all.destinations.push_back(destination.get());
        if (signal != Signal::Traces)
            continue;
        for (const QString& name : destination->config().aliases)
            all.aliases |= telemetry::aliasSetByName(name);
        all.payloads = all.payloads || destination->config().includePayloads;
    }
    return all.destinations.empty() ? std::vector<Takers>() : std::vector<Takers>{std::move(all)};
}

void spool(ExportSpool& spool, Batch batch, const Takers& takers)
{
    const Signal signal = batch.signal;
    std::vector<int> handles;
    for (const DestinationQueue* destination : takers.destinations)
        handles.push_back(destination->handle());
    spool.append(std::move(batch), std::move(handles));
    for (DestinationQueue* destination : takers.destinations)
        destination->noteSpooled(signal);
}

/// Encodes `items` into as few records as their sizes allow and gives each to `keep`.
template <class Item, class Encode, class Keep>
void encodeAll(std::span<const Item> items, qsizetype maxBytes, Encode encode, const Keep& keep)
{
    if (items.empty())
        return;
    const bool tooMany = items.size() > kMaxRequestItems;
    QByteArray request = tooMany ? QByteArray() : encode(items, Encoding::Protobuf);
    if (items.size() > 1 && (tooMany || request.size() > maxBytes)) {
        const std::size_t first = tooMany ? kMaxRequestItems : items.size() / 2;
        encodeAll(items.first(first), maxBytes, encode, keep);
        return encodeAll(items.subspan(first), maxBytes, encode, keep);
    }
    keep(std::move(request), static_cast<std::uint32_t>(items.size()));
}

bool isSampled(const telemetry::Sampler& sampler, const telemetry::CallRecord& call)
{
    return sampler.isExported({call.traceId, call.parentSpanId.isValid() || call.linkSpanId.isValid(), true, call.parentSampled});
}

std::uint32_t pointCount(const std::vector<telemetry::MetricData>& metrics)
{
    std::size_t count = 0;
    for (const telemetry::MetricData& metric : metrics)
        count += metric.numbers.size() + metric.histograms.size();
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
      m_spool(std::make_unique<ExportSpool>(
          ExportSpoolOptions{m_options.spoolDirectory, m_options.queue, 16LL * 1024 * 1024, m_options.spooled}, m_options.clock,
          m_options.random, this)),
      m_spanTimer(makeTimer(this)),
      m_metricTimer(makeTimer(this)),
      m_statusTimer(makeTimer(this)),
      m_deadlineTimer(makeTimer(this))
{
    m_settings->sampler = *telemetry::makeSampler(u"parentbased_always_on");
    connect(m_spanTimer, &QTimer::timeout, this, [this] { wake(true); });
    connect(m_metricTimer, &QTimer::timeout, this, [this] {
        m_metricsNoted = false;
        Q_EMIT metricsDue();
    });
    connect(m_statusTimer, &QTimer::timeout, this, &ExportPipeline::statusChanged);
    connect(m_deadlineTimer, &QTimer::timeout, this, [this] { finishWhenDrained(); });
    connect(m_spool.get(), &ExportSpool::stateChanged, this, [this] { destinationChanged(); });
}

ExportPipeline::~ExportPipeline()
{
    m_destinations.clear();
    m_spool.reset();
}

void ExportPipeline::configure(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                               std::shared_ptr<const telemetry::Scope> scope)
{
    QMetaObject::invokeMethod(
        this,
        [this, telemetry, resource = std::move(resource), scope = std::move(scope)]() mutable {
            apply(telemetry, std::move(resource), std::move(scope));
        },
        Qt::QueuedConnection);
}

void ExportPipeline::apply(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                           std::shared_ptr<const telemetry::Scope> scope)
{
    // What was recorded under the old settings goes out under them.
    flushInbox();
    m_settings->resource = std::move(resource);
    m_settings->scope = std::move(scope);
    if (auto sampler = telemetry::makeSampler(telemetry.sampler, telemetry.samplerArg))
        m_settings->sampler = std::move(*sampler);
    m_settings->limits = {telemetry.attributeCountLimit, telemetry.attributeLengthLimit, telemetry.eventCountLimit,
                          telemetry.linkCountLimit};
    m_settings->spanInterval = telemetry.spanInterval;
    m_settings->metricInterval = telemetry.metricInterval;
    SpoolBounds bounds = m_options.queue;
    bounds.bytes = telemetry.spool.maxBytes;
    bounds.age = telemetry.spool.maxAge;
    m_spool->setBounds(bounds);

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
            queue = std::make_unique<DestinationQueue>(m_options, *m_spool, [this] { destinationChanged(); });
        queue->configure(wanted, telemetry.exportDisabled);
        m_destinations.push_back(std::move(queue));
    }
    for (const auto& removed : old) {
        if (removed)
            removed->forget();
    }
    old.clear();

    unsigned wanted = 0;
    for (const Signal signal : kSignals) {
        const bool any = std::any_of(m_destinations.begin(), m_destinations.end(),
                                     [signal](const auto& queue) { return queue->takes(signal); });
        wanted |= any ? 1U << static_cast<unsigned>(signal) : 0U;
    }
    m_wanted = m_shuttingDown ? 0 : wanted;
    m_applying = false;
    destinationChanged();
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
        this, [this, metrics = std::move(metrics)]() mutable { encodeMetrics(std::move(metrics)); }, Qt::QueuedConnection);
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
    std::size_t waiting = 0;
    {
        const std::lock_guard lock(m_mutex);
        waiting = m_inbox.size();
    }
    if (waiting == 0)
        return;
    const bool diskKeepsUp = m_spool->outstandingBytes() <= kMaxOutstandingBytes;
    if (diskKeepsUp && (waiting >= kEagerItems || isDue))
        flushInbox();
    else
        arm(*m_spanTimer, m_settings->spanInterval);
}

void ExportPipeline::flushInbox()
{
    m_spanTimer->stop();
    Inbox inbox;
    {
        const std::lock_guard lock(m_mutex);
        std::swap(inbox, m_inbox);
        m_wakePending = false;
    }
    if (!inbox.calls.empty() || !inbox.spans.empty())
        encodeTraces(inbox);
    if (!inbox.logs.empty())
        encodeLogs(std::move(inbox.logs));
}

void ExportPipeline::encodeTraces(const Inbox& inbox)
{
    const auto encode = [](std::span<const telemetry::SpanData> items, Encoding encoding) {
        return otlp::encodeTraces(items, encoding);
    };
    for (const Takers& takers : takersOf(m_destinations, Signal::Traces)) {
        std::vector<telemetry::SpanData> own;
        telemetry::CallSpanOptions options{m_settings->resource, m_settings->scope, takers.aliases, takers.payloads, {}, {}};
        for (const ExportCall& item : inbox.calls) {
            if (!isSampled(*m_settings->sampler, *item.call))
                continue;
            options.arguments = item.arguments;
            options.result = item.result;
            telemetry::appendCallSpans(*item.call, options, own);
        }
        std::vector<telemetry::SpanData> received;
        for (const telemetry::SpanData& span : inbox.spans) {
            // By the trace alone, so that all spans of a trace share one fate wherever they come from.
            if (!m_settings->sampler->isExported({span.traceId, false, false, true}))
                continue;
            telemetry::SpanData& copy = received.emplace_back(span);
            if (!copy.resource)
                copy.resource = m_settings->resource;
            if (!copy.scope)
                copy.scope = m_settings->scope;
        }
        for (auto* spans : {&own, &received}) {
            for (telemetry::SpanData& span : *spans)
                telemetry::applyLimits(span, m_settings->limits);
        }
        // Records of their own: what is taken out of Oriel's spans for a destination must stay in others'.
        encodeAll(std::span<const telemetry::SpanData>(own), m_options.maxRequestBytes, encode,
                  [&](QByteArray request, std::uint32_t items) {
                      spool(*m_spool, {Signal::Traces, std::move(request), items, takers.payloads, takers.aliases}, takers);
                  });
        encodeAll(std::span<const telemetry::SpanData>(received), m_options.maxRequestBytes, encode,
                  [&](QByteArray request, std::uint32_t items) {
                      spool(*m_spool, {Signal::Traces, std::move(request), items, false, 0}, takers);
                  });
    }
}

void ExportPipeline::encodeLogs(std::vector<telemetry::LogRecord> logs)
{
    for (telemetry::LogRecord& log : logs) {
        if (!log.resource)
            log.resource = m_settings->resource;
        if (!log.scope)
            log.scope = m_settings->scope;
        telemetry::applyLimits(log, m_settings->limits);
    }
    for (const Takers& takers : takersOf(m_destinations, Signal::Logs)) {
        encodeAll(
            std::span<const telemetry::LogRecord>(logs), m_options.maxRequestBytes,
            [](std::span<const telemetry::LogRecord> items, Encoding encoding) { return otlp::encodeLogs(items, encoding); },
            [&](QByteArray request, std::uint32_t items) {
                spool(*m_spool, {Signal::Logs, std::move(request), items, false, 0}, takers);
            });
    }
}

void ExportPipeline::encodeMetrics(std::vector<telemetry::MetricData> metrics)
{
    const std::uint32_t points = pointCount(metrics);
    const ScopedMetrics scoped{m_settings->resource, m_settings->scope, std::move(metrics)};
    for (const Takers& takers : takersOf(m_destinations, Signal::Metrics)) {
        const QByteArray request = otlp::encodeMetrics({&scoped, 1}, Encoding::Protobuf);
        spool(*m_spool, {Signal::Metrics, request, points, false, 0}, takers);
    }
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
    for (const auto& queue : m_destinations)
        status.append(queue->status());
    bool differs = false;
    {
        const std::lock_guard lock(m_mutex);
        differs = status != m_status;
        m_status = std::move(status);
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
    flushInbox();
    m_metricTimer->stop();
    m_wanted = 0;
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
