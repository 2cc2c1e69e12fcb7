// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/destination_queue.h"

#include "base/clock.h"
#include "base/random.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "telemetry/semconv.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

using std::chrono::milliseconds;

void removePayloads(std::vector<telemetry::SpanData>& spans)
{
    const QByteArray arguments = telemetry::attributeName(telemetry::Attr::GenAiToolCallArguments);
    const QByteArray result = telemetry::attributeName(telemetry::Attr::GenAiToolCallResult);
    for (telemetry::SpanData& span : spans) {
        std::erase_if(span.attributes, [&](const telemetry::Attribute& attribute) {
            return attribute.key == arguments || attribute.key == result;
        });
    }
}

/// The same request in another encoding, and without payloads where they are no longer wanted.
QByteArray transcoded(Signal signal, const Batch& batch, Encoding encoding, bool keepPayloads)
{
    switch (signal) {
    case Signal::Traces:
        if (auto decoded = decodeTraces(batch.request, batch.encoding)) {
            if (!keepPayloads)
                removePayloads(decoded->spans);
            return encodeTraces(decoded->spans, encoding);
        }
        break;
    case Signal::Metrics:
        if (const auto decoded = decodeMetrics(batch.request, batch.encoding))
            return encodeMetrics(decoded->metrics, encoding);
        break;
    case Signal::Logs:
        if (const auto decoded = decodeLogs(batch.request, batch.encoding))
            return encodeLogs(decoded->logs, encoding);
        break;
    }
    return {};
}

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

/// `error.type` of an export: low in cardinality.
QByteArray errorTypeOf(const ExportOutcome& outcome)
{
    switch (outcome.kind) {
    case ExportOutcome::Kind::Success:
        return {};
    case ExportOutcome::Kind::PartialSuccess:
        return outcome.rejected > 0 ? QByteArrayLiteral("rejected") : QByteArray();
    case ExportOutcome::Kind::Retryable:
    case ExportOutcome::Kind::Permanent:
    case ExportOutcome::Kind::Unauthenticated:
        break;
    }
    return outcome.code != 0 ? QByteArray::number(outcome.code) : QByteArrayLiteral("unavailable");
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
    case Kind::Permanent:
    case Kind::Success:
        break;
    }
    return fail(ErrorCode::InvalidArgument, outcome.message, destination);
}

} // namespace

DestinationQueue::DestinationQueue(const PipelineOptions& options, std::function<void()> changed)
    : m_options(options),
      m_changed(std::move(changed)),
      m_spools{MemorySpool(options.queue), MemorySpool(options.queue), MemorySpool(options.queue)}
{
    m_retryTimer.setSingleShot(true);
    QObject::connect(&m_retryTimer, &QTimer::timeout, &m_home, [this] { pump(); });
}

DestinationQueue::~DestinationQueue() = default;

void DestinationQueue::configure(const config::Destination& destination, bool exportDisabled)
{
    const bool fresh = !m_exporter && m_refusal.isEmpty();
    const bool own = isOwnReceiver(destination, m_options.receiverPorts);
    const bool unchanged = !fresh && own == m_isOwnReceiver && sameButForTheName(m_config, destination);
    m_config = destination;
    m_isOwnReceiver = own;
    m_exportDisabled = exportDisabled;
    m_counts.identify(destination);
    m_temporality.configure(preferenceOf(destination.temporality), formOf(destination.histograms));
    if (!unchanged) {
        releaseLater(std::move(m_exporter));
        makeExporter();
        m_paused = false;
        m_retryTimer.stop();
        m_failures = 0;
    }
    pump();
    m_changed();
}

void DestinationQueue::makeExporter()
{
    m_refusal.clear();
    if (m_isOwnReceiver) {
        m_refusal = QStringLiteral("this is Oriel's own receiver: what it sends there would come back for ever");
        noteError(m_refusal);
        return;
    }
    auto exporter = otlp::makeExporter(m_config, {m_options.clock, m_options.secrets});
    if (exporter) {
        m_exporter = std::move(*exporter);
    } else {
        m_refusal = exporter.error().toString();
        noteError(m_refusal);
    }
}

void DestinationQueue::releaseLater(std::shared_ptr<Exporter> exporter)
{
    // An exporter must not end inside its own call-back.
    QMetaObject::invokeMethod(
        &m_home, [keep = std::move(exporter)] {}, Qt::QueuedConnection);
}

bool DestinationQueue::isSending() const
{
    return std::any_of(m_inFlight.begin(), m_inFlight.end(), [](const auto& carrier) { return carrier != nullptr; });
}

void DestinationQueue::setProcessor(std::shared_ptr<TraceProcessor> processor)
{
    m_processor = std::move(processor);
    m_unprocessable.clear();
}

void DestinationQueue::refuse(const QString& why)
{
    m_processor.reset();
    m_unprocessable = why;
    noteError(why);
}

ExporterCounts DestinationQueue::takeCounts()
{
    ExporterCounts counts = m_counts;
    m_counts.operations.clear();
    return counts;
}

bool DestinationQueue::takes(Signal signal) const
{
    if (!m_config.enabled || m_exportDisabled || !m_refusal.isEmpty() || m_processor == nullptr || m_stopped)
        return false;
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

void DestinationQueue::enqueue(Signal signal, Batch batch)
{
    const std::uint64_t lost = m_spools[static_cast<std::size_t>(signal)].push(std::move(batch));
    m_dropped += lost;
    m_counts.add(signal, lost, QByteArrayLiteral("queue_full"));
    pump();
    m_changed();
}

void DestinationQueue::resume()
{
    m_paused = false;
    m_retryTimer.stop();
    pump();
    m_changed();
}

void DestinationQueue::stop()
{
    m_stopped = true;
}

QByteArray DestinationQueue::requestFor(Signal signal, const Batch& batch) const
{
    const bool payloadsUnwanted = batch.payloads && !m_config.includePayloads;
    if (batch.encoding == m_exporter->encoding() && !payloadsUnwanted)
        return batch.request;
    return transcoded(signal, batch, m_exporter->encoding(), !payloadsUnwanted);
}

void DestinationQueue::pump()
{
    if (!isActive() || m_retryTimer.isActive())
        return;
    for (const Signal signal : kSignals) {
        const auto index = static_cast<std::size_t>(signal);
        MemorySpool& spool = m_spools[index];
        if (m_inFlight[index] || spool.front() == nullptr)
            continue;
        const QByteArray request = requestFor(signal, *spool.front());
        m_inFlight[index] = m_exporter;
        m_sentNs[index] = m_options.clock.monotonicNs();
        m_counts.inflight[index] = spool.front()->items;
        spool.setFrontInFlight(true);
        m_exporter->exportBatch(signal, request, [this, signal](const ExportOutcome& outcome) { finished(signal, outcome); });
    }
}

void DestinationQueue::finished(Signal signal, const ExportOutcome& outcome)
{
    const auto index = static_cast<std::size_t>(signal);
    releaseLater(std::move(m_inFlight[index]));
    m_inFlight[index].reset();
    m_spools[index].setFrontInFlight(false);
    m_counts.inflight[index] = 0;
    m_counts.addOperation(signal, static_cast<double>(m_options.clock.monotonicNs() - m_sentNs[index]) * 1e-9,
                          errorTypeOf(outcome));
    switch (outcome.kind) {
    case ExportOutcome::Kind::Success:
    case ExportOutcome::Kind::PartialSuccess:
        accepted(signal, outcome);
        break;
    case ExportOutcome::Kind::Retryable:
        noteError(outcome.message);
        scheduleRetry(outcome);
        break;
    case ExportOutcome::Kind::Unauthenticated:
        noteError(outcome.message);
        m_paused = true;
        break;
    case ExportOutcome::Kind::Permanent:
        noteError(outcome.message);
        m_counts.add(signal, m_spools[index].front() != nullptr ? m_spools[index].front()->items : 0, errorTypeOf(outcome));
        drop(signal);
        break;
    }
    pump();
    m_changed();
}

void DestinationQueue::accepted(Signal signal, const ExportOutcome& outcome)
{
    MemorySpool& spool = m_spools[static_cast<std::size_t>(signal)];
    const std::uint64_t items = spool.front() != nullptr ? spool.front()->items : 0;
    const std::uint64_t rejected = std::min(items, static_cast<std::uint64_t>(std::max<std::int64_t>(outcome.rejected, 0)));
    spool.pop();
    m_sent += items - rejected;
    m_dropped += rejected;
    m_counts.add(signal, items - rejected, {});
    m_counts.add(signal, rejected, QByteArrayLiteral("rejected"));
    m_failures = 0;
    m_lastSuccessUnixNs = m_options.clock.unixNs();
    if (outcome.kind == ExportOutcome::Kind::PartialSuccess)
        noteError(outcome.message);
    else
        m_lastError.clear();
}

void DestinationQueue::drop(Signal signal)
{
    MemorySpool& spool = m_spools[static_cast<std::size_t>(signal)];
    m_dropped += spool.front() != nullptr ? spool.front()->items : 0;
    spool.pop();
}

void DestinationQueue::scheduleRetry(const ExportOutcome& outcome)
{
    if (m_retryTimer.isActive())
        return;
    const RetryPolicy& policy = m_options.retry;
    constexpr int kMaxDoublings = 20;
    const std::int64_t ceiling =
        std::min(policy.maximum.count(), policy.initial.count() << static_cast<unsigned>(std::min(m_failures, kMaxDoublings)));
    ++m_failures;
    // Full jitter: any moment up to the ceiling, so that many clients of one backend do not come back together.
    milliseconds wait(1 + static_cast<std::int64_t>(m_options.random.next64() %
                                                    static_cast<std::uint64_t>(std::max<std::int64_t>(ceiling, 1))));
    if (outcome.retryAfter)
        wait = std::max(*outcome.retryAfter, milliseconds(1));
    m_nextTryUnixNs = m_options.clock.unixNs() + wait.count() * 1'000'000;
    m_retryTimer.start(wait);
}

void DestinationQueue::noteError(const QString& message)
{
    m_lastError = message;
    m_lastErrorUnixNs = m_options.clock.unixNs();
}

void DestinationQueue::sendTest(const QByteArray& request, std::function<void(Result<QString>)> done)
{
    if (!m_refusal.isEmpty())
        return done(fail(ErrorCode::InvalidArgument, m_refusal, m_config.name));
    if (!m_config.traces)
        return done(fail(ErrorCode::Unsupported, QStringLiteral("the destination does not take traces"), m_config.name));
    const Batch batch{request, Encoding::Protobuf, 1, false};
    const int test = m_nextTest++;
    m_tests[test] = m_exporter;
    m_exporter->exportBatch(Signal::Traces, requestFor(Signal::Traces, batch),
                            [this, test, done = std::move(done)](const ExportOutcome& outcome) {
                                releaseLater(std::move(m_tests[test]));
                                m_tests.erase(test);
                                done(testAnswer(outcome, m_config.name));
                                if (isAccepted(outcome))
                                    resume();
                            });
}

bool DestinationQueue::isBusy() const
{
    const bool waiting =
        std::any_of(m_spools.begin(), m_spools.end(), [](const MemorySpool& spool) { return spool.batches() != 0; });
    return isSending() || (waiting && isActive() && !m_retryTimer.isActive());
}

DestinationStatus DestinationQueue::status() const
{
    DestinationStatus status;
    status.name = m_config.name;
    for (const MemorySpool& spool : m_spools) {
        status.queued += spool.items();
        status.queuedBytes += spool.bytes();
    }
    status.sent = m_sent;
    status.dropped = m_dropped;
    status.lastError = m_lastError;
    status.lastErrorUnixNs = m_lastErrorUnixNs;
    status.lastSuccessUnixNs = m_lastSuccessUnixNs;
    if (!m_config.enabled || m_exportDisabled) {
        status.state = DestinationState::Disabled;
    } else if (!m_refusal.isEmpty() || !m_unprocessable.isEmpty()) {
        status.state = DestinationState::Refused;
    } else if (m_paused) {
        status.state = DestinationState::Paused;
    } else if (m_retryTimer.isActive()) {
        status.state = DestinationState::Retrying;
        status.nextTryUnixNs = m_nextTryUnixNs;
    } else if (isSending()) {
        status.state = DestinationState::Sending;
    }
    return status;
}

} // namespace oriel::otlp
