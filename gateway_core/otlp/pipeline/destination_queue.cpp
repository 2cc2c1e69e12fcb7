// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/destination_queue.h"

#include "base/clock.h"
#include "otlp/presets/presets.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace oriel::otlp {

namespace {

bool sameButForTheName(config::Destination a, const config::Destination& b)
{
    a.name = b.name;
    return a == b;
}

telemetry::TemporalityPreference preferenceOf(config::MetricTemporality temporality)
{
    switch (temporality) {
    case config::MetricTemporality::Delta:
        return telemetry::TemporalityPreference::Delta;
    case config::MetricTemporality::LowMemory:
        return telemetry::TemporalityPreference::LowMemory;
    case config::MetricTemporality::Default:
    case config::MetricTemporality::Cumulative:
        break;
    }
    return telemetry::TemporalityPreference::Cumulative;
}

telemetry::HistogramForm formOf(config::HistogramKind kind)
{
    return kind == config::HistogramKind::Exponential ? telemetry::HistogramForm::Exponential
                                                      : telemetry::HistogramForm::Explicit;
}

/// Does what carries it read no files and fetch no tokens?
bool isLocal(config::ExportProtocol protocol)
{
    return protocol == config::ExportProtocol::Console || protocol == config::ExportProtocol::File ||
           protocol == config::ExportProtocol::None;
}

bool isAccepted(const ExportOutcome& outcome)
{
    // A partial success that refuses nothing is a warning.
    return outcome.kind == ExportOutcome::Kind::Success ||
           (outcome.kind == ExportOutcome::Kind::PartialSuccess && outcome.rejected == 0);
}

Result<QString> testAnswer(const ExportOutcome& outcome, const QString& destination)
{
    using Kind = ExportOutcome::Kind;
    if (isAccepted(outcome))
        return QStringLiteral("accepted (%1)").arg(outcome.message);
    switch (outcome.kind) {
    case Kind::Unauthenticated:
        return fail(ErrorCode::Unauthenticated, outcome.message, destination,
                    QStringLiteral("Check the headers that carry its key."));
    case Kind::Retryable:
        return fail(ErrorCode::Unavailable, outcome.message, destination);
    case Kind::PartialSuccess:
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("the backend took the request but not the span: %1").arg(outcome.message), destination);
    case Kind::Misaddressed:
        return fail(ErrorCode::NotFound, outcome.message, destination,
                    QStringLiteral("Correct the endpoint or the protocol. What waits is kept."));
    case Kind::Permanent:
    case Kind::Success:
        break;
    }
    return fail(ErrorCode::InvalidArgument, outcome.message, destination);
}

} // namespace

DestinationQueue::DestinationQueue(const PipelineOptions& options, ExportSpool& spool, std::function<void()> changed)
    : m_options(options),
      m_spool(spool),
      m_changed(std::move(changed))
{
    for (const Signal signal : kSignals)
        m_lanes[static_cast<std::size_t>(signal)] =
            std::make_unique<DeliveryLane>(signal, static_cast<LaneHome&>(*this), options.retry, options.clock, options.random);
}

DestinationQueue::~DestinationQueue()
{
    for (const auto& [number, test] : m_tests)
        test.done(
            fail(ErrorCode::Unavailable, QStringLiteral("the destination ended before its backend answered"), m_config.name));
    if (m_handle != 0)
        m_spool.remove(m_handle);
}

void DestinationQueue::configure(const config::Destination& destination, bool exportDisabled)
{
    const bool fresh = !m_exporter;
    const bool own = isOwnReceiver(destination, m_options.receiverPorts);
    const bool unchanged = !fresh && own == m_isOwnReceiver && sameButForTheName(m_config, destination);
    const bool renamed = m_handle != 0 && m_config.name != destination.name;
    m_config = destination;
    m_isOwnReceiver = own;
    m_exportDisabled = exportDisabled;
    m_counts.identify(destination);
    m_temporality.configure(preferenceOf(destination.temporality), formOf(destination.histograms));
    if (m_handle == 0)
        m_handle = m_spool.add(destination.name, *this);
    else if (renamed)
        m_spool.rename(m_handle, destination.name);
    if (!unchanged)
        m_spool.setMaxAge(m_handle, std::chrono::hours(destination.maxAgeHours));
    if (!unchanged) {
        releaseLater(std::move(m_exporter));
        makeExporter();
        m_paused = false;
        for (const auto& lane : m_lanes)
            lane->retryNow();
    }
    pumpAll();
    m_changed();
}

void DestinationQueue::makeExporter()
{
    if (m_ownError.message == m_refusal)
        m_ownError.message.clear();
    m_refusal.clear();
    if (m_isOwnReceiver) {
        m_refusal = QStringLiteral("this is Oriel's own receiver: what it sends there would come back for ever");
        m_ownError = noteOf(m_refusal);
        return;
    }
    auto exporter = otlp::makeExporter(m_config, {m_options.clock, m_options.secrets});
    if (exporter)
        return releaseLater(std::exchange(m_exporter, std::move(*exporter)));
    m_ownError = noteOf(exporter.error().toString());
    // A certificate file that is away just now does not stop what works.
    if (!m_exporter)
        m_refusal = m_ownError.message;
}

void DestinationQueue::releaseLater(std::shared_ptr<Exporter> exporter)
{
    // An exporter must not end inside its own call-back.
    QMetaObject::invokeMethod(
        &m_home, [keep = std::move(exporter)] {}, Qt::QueuedConnection);
}

void DestinationQueue::setProcessor(std::shared_ptr<TraceProcessor> processor)
{
    m_processor = std::move(processor);
    if (m_ownError.message == m_unprocessable)
        m_ownError.message.clear();
    m_unprocessable.clear();
}

void DestinationQueue::refuse(const QString& why)
{
    m_processor.reset();
    m_unprocessable = why;
    m_ownError = noteOf(why);
}

ExporterCounts DestinationQueue::takeCounts()
{
    ExporterCounts counts = m_counts;
    m_counts.operations.clear();
    return counts;
}

config::RequestLimits DestinationQueue::limits(Signal signal) const
{
    config::RequestLimits limits = requestLimits(m_config, signal);
    if (m_config.maxRequestBytes == 0)
        limits.rawBytes = std::min<qint64>(limits.rawBytes, m_options.maxRequestBytes);
    return limits;
}

RequestForm DestinationQueue::form(Signal signal) const
{
    return requestForm(m_config, signal, m_exporter->encoding());
}

bool DestinationQueue::takes(Signal signal) const
{
    return m_config.enabled && !m_exportDisabled && refusal().isEmpty() && m_processor != nullptr && !m_stopped && wants(signal);
}

bool DestinationQueue::wants(Signal signal) const
{
    switch (signal) {
    case Signal::Traces:
        return m_config.traces;
    case Signal::Metrics:
        return m_config.metrics;
    case Signal::Logs:
        return m_config.logs;
    }
    return false;
}

void DestinationQueue::noteSpooled(Signal signal)
{
    DeliveryLane& lane = *m_lanes[static_cast<std::size_t>(signal)];
    lane.noteWaiting();
    lane.pump();
    m_changed();
}

void DestinationQueue::resume()
{
    // Two that write on this machine would write into each other's lines.
    if (!m_exporter || !isLocal(m_config.protocol))
        makeExporter();
    retryNow();
}

void DestinationQueue::retryNow()
{
    m_paused = false;
    for (const auto& lane : m_lanes)
        lane->retryNow();
    m_changed();
}

void DestinationQueue::clear()
{
    m_spool.clear(m_handle);
}

void DestinationQueue::stop()
{
    m_stopped = true;
}

void DestinationQueue::pumpAll()
{
    for (const auto& lane : m_lanes)
        lane->pump();
}

void DestinationQueue::fetched(Signal signal, std::optional<Batch> batch)
{
    m_lanes[static_cast<std::size_t>(signal)]->fetched(std::move(batch));
}

void DestinationQueue::backlogChanged(const Backlog& backlog)
{
    m_backlog = backlog;
    for (const Signal signal : kSignals) {
        if (backlog.lanes[static_cast<std::size_t>(signal)].items == 0)
            continue;
        DeliveryLane& lane = *m_lanes[static_cast<std::size_t>(signal)];
        lane.noteWaiting();
        lane.pump();
    }
    m_changed();
}

void DestinationQueue::lost(Signal signal, Loss loss, std::int64_t items)
{
    m_counts.addLoss(signal, loss, items);
    m_changed();
}

void DestinationQueue::requestBegan(Signal signal, std::uint32_t items)
{
    const auto index = static_cast<std::size_t>(signal);
    m_sentNs[index] = m_options.clock.monotonicNs();
    m_counts.inflight[index] = items;
}

void DestinationQueue::requestEnded(Signal signal, const ExportOutcome& outcome)
{
    const auto index = static_cast<std::size_t>(signal);
    m_counts.inflight[index] = 0;
    m_counts.addOperation(signal, static_cast<double>(m_options.clock.monotonicNs() - m_sentNs[index]) * 1e-9,
                          errorTypeOf(outcome));
}

void DestinationQueue::itemsEnded(Signal signal, std::uint64_t items, const QByteArray& errorType)
{
    m_counts.add(signal, items, errorType);
}

void DestinationQueue::refusedBySpool(const QString& why)
{
    if (why.isEmpty() && m_ownError.message == m_spoolRefusal)
        m_ownError.message.clear();
    m_spoolRefusal = why;
    if (!why.isEmpty())
        m_ownError = noteOf(why);
    m_changed();
}

void DestinationQueue::keepDeadLetter(const Batch& batch, const QString& reason)
{
    m_spool.keepDeadLetter({m_config.name, reason, m_options.clock.unixNs(), batch});
}

DestinationQueue::ErrorNote DestinationQueue::noteOf(const QString& message) const
{
    return {message, m_options.clock.unixNs()};
}

void DestinationQueue::noteSuccess(Signal signal)
{
    m_lastSuccessUnixNs = m_options.clock.unixNs();
    m_ownError.message.clear();
    m_errors[static_cast<std::size_t>(signal)].message.clear();
}

void DestinationQueue::sendTest(const QByteArray& request, std::function<void(Result<QString>)> done)
{
    if (!refusal().isEmpty())
        return done(fail(ErrorCode::InvalidArgument, refusal(), m_config.name));
    if (!m_config.traces)
        return done(fail(ErrorCode::Unsupported, QStringLiteral("the destination does not take traces"), m_config.name));
    const auto derived = deriveRequest({Signal::Traces, request, 1, false, 0}, form(Signal::Traces));
    if (!derived)
        return done(fail(derived.error()));
    const int test = m_nextTest++;
    m_tests[test] = {m_exporter, std::move(done)};
    m_exporter->exportBatch(Signal::Traces, *derived, [this, test](const ExportOutcome& outcome) {
        Test ended = std::move(m_tests[test]);
        m_tests.erase(test);
        releaseLater(std::move(ended.exporter));
        ended.done(testAnswer(outcome, m_config.name));
        if (isAccepted(outcome))
            retryNow();
    });
}

bool DestinationQueue::isBusy() const
{
    return std::any_of(m_lanes.begin(), m_lanes.end(), [](const auto& lane) { return lane->isBusy(); });
}

DestinationState DestinationQueue::state() const
{
    const auto any = [this](const auto& is) { return std::any_of(m_lanes.begin(), m_lanes.end(), is); };
    if (!m_config.enabled || m_exportDisabled)
        return DestinationState::Disabled;
    if (!refusal().isEmpty())
        return DestinationState::Refused;
    if (m_paused || m_config.paused)
        return DestinationState::Paused;
    if (any([](const auto& lane) { return lane->isMisaddressed(); }))
        return DestinationState::Misaddressed;
    if (any([](const auto& lane) { return lane->isWaitingToRetry(); }))
        return DestinationState::Retrying;
    return any([](const auto& lane) { return lane->isSending(); }) ? DestinationState::Sending : DestinationState::Idle;
}

DestinationStatus DestinationQueue::status() const
{
    DestinationStatus status;
    status.name = m_config.name;
    status.state = state();
    for (std::size_t i = 0; i < kSignalCount; ++i) {
        const Backlog::Lane& waiting = m_backlog.lanes[i];
        status.queued += waiting.items;
        status.queuedBytes += waiting.bytes;
        if (waiting.oldestUnixNs != 0 && (status.oldestUnixNs == 0 || waiting.oldestUnixNs < status.oldestUnixNs))
            status.oldestUnixNs = waiting.oldestUnixNs;
        status.sent += waiting.cursor.sent;
        status.lost[i] = waiting.cursor.lost;
        status.dropped = std::accumulate(waiting.cursor.lost.begin(), waiting.cursor.lost.end(), status.dropped);
        const DeliveryLane& lane = *m_lanes[i];
        status.circuitOpen = status.circuitOpen || lane.isCircuitOpen();
        if (lane.isWaitingToRetry() && (status.nextTryUnixNs == 0 || lane.nextTryUnixNs() < status.nextTryUnixNs))
            status.nextTryUnixNs = lane.nextTryUnixNs();
    }
    if (status.state != DestinationState::Retrying)
        status.nextTryUnixNs = 0;
    const auto take = [&status](const ErrorNote& note) {
        status.lastErrorUnixNs = std::max(status.lastErrorUnixNs, note.unixNs);
        if (!note.message.isEmpty() && (status.lastError.isEmpty() || note.unixNs == status.lastErrorUnixNs))
            status.lastError = note.message;
    };
    take(m_ownError);
    for (std::size_t i = 0; i < kSignalCount; ++i) {
        take(m_errors[i]);
        status.signalErrors[i] = m_errors[i].message;
        status.misaddressed[i] = m_lanes[i]->isMisaddressed();
    }
    status.lastSuccessUnixNs = m_lastSuccessUnixNs;
    status.spoolError = m_spool.state().diskError;
    status.unreadReason = m_spool.state().unreadReason;
    return status;
}

} // namespace oriel::otlp
