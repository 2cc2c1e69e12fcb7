// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/telemetry_pipeline.h"

#include "base/json_writer.h"
#include "gateway/calls/context_policy.h"
#include "service/pipeline/masking.h"
#include "service/pipeline/metric_views.h"
#include "telemetry/call_spans.h"
#include "telemetry/prompt_attributes.h"

#include <QThread>

namespace oriel::service {

namespace {

using telemetry::CallRecord;

bool isToolCall(const CallRecord& call)
{
    return call.targetKind == telemetry::TargetKind::Tool;
}

QByteArray guardrailJson(const CallRecord& call)
{
    if (call.guardrails.empty())
        return {};
    json::Writer writer;
    writer.beginArray();
    for (const telemetry::GuardrailVerdict& verdict : call.guardrails) {
        writer.beginObject()
            .member("check", verdict.check)
            .member("on", verdict.onOutput ? "output" : "input")
            .member("violation", verdict.violation)
            .member("action", verdict.action)
            .member("count", verdict.count)
            .endObject();
    }
    return writer.endArray().take();
}

/// More than the kept part is masked, so that a secret at the cut is seen whole.
constexpr qsizetype kCutMargin = 4096;

/// The part that is kept, masked. A huge payload costs little more than the limit.
QByteArray maskedPart(const telemetry::Payload& payload, qsizetype limit, const privacy::Masker& masker)
{
    if (payload.isEmpty() || limit <= 0)
        return {};
    const QByteArrayView view = payload.view();
    const QByteArray part = QByteArray::fromRawData(view.data(), std::min(view.size(), limit + kCutMargin));
    const qsizetype beyond = std::max<qsizetype>(0, part.size() - limit);
    privacy::MaskResult masked = masker.maskJson(part);
    // The part is a view into the frame, and what is kept must not hold the frame.
    if (!masked.changed())
        return QByteArray(part.constData(), part.size() - beyond);
    if (beyond > 0)
        masked.bytes.truncate(std::clamp<qsizetype>(masked.bytes.size() - beyond, 0, limit));
    return masked.bytes;
}

bool wantsExponential(const config::Telemetry& settings)
{
    return std::any_of(settings.destinations.begin(), settings.destinations.end(), [](const config::Destination& destination) {
        return destination.enabled && destination.metrics && destination.histograms == config::HistogramKind::Exponential;
    });
}

telemetry::ExemplarFilter exemplarFilterOf(const QString& name)
{
    return name == QLatin1String("always_on")    ? telemetry::ExemplarFilter::AlwaysOn
           : name == QLatin1String("always_off") ? telemetry::ExemplarFilter::AlwaysOff
                                                 : telemetry::ExemplarFilter::TraceBased;
}

} // namespace

TelemetryPipeline::TelemetryPipeline(Dependencies dependencies, const config::Config& configuration)
    : m_deps(dependencies),
      m_registry(dependencies.clock, configuration.metrics.nameSpace.toUtf8()),
      m_instruments(m_registry),
      m_auditPayloadLimit(configuration.audit.payloadLimit)
{
    m_drainTimer.setParent(this);
    m_drainTimer.setSingleShot(true);
    m_drainTimer.setInterval(kDrainDelayMs);
    connect(&m_drainTimer, &QTimer::timeout, this, &TelemetryPipeline::drain);
    m_sampleTimer.setParent(this);
    m_sampleTimer.setSingleShot(true);
    m_sampleTimer.setInterval(kSampleIntervalMs);
    connect(&m_sampleTimer, &QTimer::timeout, this, &TelemetryPipeline::sampleSeries);
    m_quietTimer.setParent(this);
    m_quietTimer.setSingleShot(true);
    m_quietTimer.setInterval(kQuietMs);
    connect(&m_quietTimer, &QTimer::timeout, this, [this] {
        m_callsSinceRelease = 0;
        m_batch = {};
        m_deps.buffer.releaseMemory();
        m_deps.stores.audit.releaseMemory();
    });
}

void TelemetryPipeline::start()
{
    m_deps.buffer.setWakeUp([this](TelemetryBuffer::Urgency urgency) {
        if (urgency == TelemetryBuffer::Urgency::Now)
            QMetaObject::invokeMethod(this, &TelemetryPipeline::drain, Qt::QueuedConnection);
        else
            QMetaObject::invokeMethod(&m_drainTimer, qOverload<>(&QTimer::start), Qt::QueuedConnection);
    });
    connect(&m_deps.exports, &otlp::ExportPipeline::metricsDue, this, &TelemetryPipeline::exportMetrics);
}

void TelemetryPipeline::exportMetrics()
{
    if (m_deps.exports.wants(otlp::Signal::Metrics))
        m_deps.exports.submitMetrics(collectNow(true));
}

void TelemetryPipeline::setMasker(std::shared_ptr<const privacy::Masker> masker)
{
    const std::scoped_lock lock(m_maskerMutex);
    m_masker = std::move(masker);
}

std::shared_ptr<const privacy::Masker> TelemetryPipeline::masker() const
{
    const std::scoped_lock lock(m_maskerMutex);
    return m_masker;
}

void TelemetryPipeline::configure(const config::Config& configuration, std::shared_ptr<const telemetry::Resource> resource,
                                  std::shared_ptr<const telemetry::Scope> scope)
{
    QMetaObject::invokeMethod(
        this, [this, limit = configuration.audit.payloadLimit, mode = configuration.audit.mode,
               nameSpace = configuration.metrics.nameSpace.toUtf8(), budget = configuration.retention.spanBudgetBytes,
               exponential = wantsExponential(configuration.telemetry),
               exemplars = exemplarFilterOf(configuration.metrics.exemplarFilter),
               sampling = gateway::contextPolicyOf(configuration).sampling, views = metricViews(configuration.telemetry.views),
               resource = std::move(resource), scope = std::move(scope)] {
            m_auditPayloadLimit = limit;
            m_registry.setNameSpace(nameSpace);
            m_registry.setExponentialHistograms(exponential);
            m_registry.setExemplarFilter(exemplars);
            m_registry.setViews(views);
            m_sampling = sampling;
            m_deps.stores.audit.setMode(mode);
            m_deps.stores.traces.setBudget(budget);
            m_deps.stores.traces.setCallResource(resource, scope);
            m_resource = resource;
            m_scope = scope;
        });
}

void TelemetryPipeline::setProcesses(std::vector<telemetry::WatchedProcess> processes)
{
    QMetaObject::invokeMethod(this, [this, processes = std::move(processes)]() mutable { m_processes = std::move(processes); });
}

std::vector<telemetry::MetricData> TelemetryPipeline::collect()
{
    std::vector<telemetry::MetricData> metrics;
    if (QThread::currentThread() == thread())
        return collectNow();
    QMetaObject::invokeMethod(
        this,
        [this, &metrics] {
            drain();
            metrics = collectNow();
        },
        Qt::BlockingQueuedConnection);
    return metrics;
}

std::vector<telemetry::MetricData> TelemetryPipeline::collectNow(bool forExport)
{
    telemetry::observeProcesses(m_registry, m_processes);
    const std::vector<otlp::ExporterCounts> exporters = m_deps.exports.takeExporterCounts();
    if (!exporters.empty())
        otlp::observeExports(m_registry, exporters, m_deps.exports.inboxCounts());
    observeLosses();
    return m_registry.collect(forExport);
}

QByteArray TelemetryPipeline::samplingResult(bool mayLeave) const
{
    return mayLeave && m_deps.exports.wants(otlp::Signal::Traces) ? QByteArrayLiteral("RECORD_AND_SAMPLE")
                                                                  : QByteArrayLiteral("RECORD_ONLY");
}

void TelemetryPipeline::countSpans(const CallRecord& call)
{
    const QByteArray result = samplingResult(call.mayLeave);
    m_registry.record(telemetry::MetricId::SdkSpansStarted,
                      {call.parentSpanId.isValid() ? QByteArrayLiteral("remote") : QByteArrayLiteral("none"), result}, 1);
    if (const std::size_t children = telemetry::callSpanCount(call) - 1; children > 0)
        m_registry.record(telemetry::MetricId::SdkSpansStarted, {QByteArrayLiteral("local"), result},
                          static_cast<double>(children));
}

void TelemetryPipeline::countSpan(const telemetry::SpanData& span)
{
    const std::optional<bool> parent = span.parentSampled ? std::nullopt : std::optional(false);
    m_registry.record(telemetry::MetricId::SdkSpansStarted,
                      {!span.parentSpanId.isValid()               ? QByteArrayLiteral("none")
                       : (span.flags & telemetry::kIsRemote) != 0 ? QByteArrayLiteral("remote")
                                                                  : QByteArrayLiteral("local"),
                       samplingResult(m_sampling.decide(span.traceId, span.traceState, parent).mayLeave)},
                      1);
}

void TelemetryPipeline::observeLosses()
{
    for (const otlp::DestinationStatus& status : m_deps.exports.status()) {
        for (const otlp::Signal signal : otlp::kSignals) {
            const otlp::LossCounts& lost = status.lost[static_cast<std::size_t>(signal)];
            for (std::size_t loss = 0; loss < lost.size(); ++loss) {
                if (lost[loss] > 0)
                    m_registry.set(
                        telemetry::MetricId::ExportLost,
                        {status.name.toUtf8(), otlp::signalName(signal), otlp::lossName(static_cast<otlp::Loss>(loss))},
                        static_cast<double>(lost[loss]));
            }
        }
    }
}

void TelemetryPipeline::drain()
{
    m_batch.clear();
    m_deps.buffer.drain(m_batch);
    if (m_batch.isEmpty())
        return;
    for (const TelemetryBatch::Measurement& measurement : m_batch.measurements)
        m_registry.record(measurement.metric, measurement.labels, measurement.value);
    if (m_batch.dropped > 0)
        m_registry.record(telemetry::MetricId::TelemetryDropped, {QByteArrayLiteral("all"), QByteArrayLiteral("buffer_full")},
                          static_cast<double>(m_batch.dropped));
    m_callsSinceRelease += m_batch.calls.size();
    takeCalls(m_batch.calls, m_batch.durables);
    if (m_callsSinceRelease >= kReleaseAfterCalls)
        m_quietTimer.start();
    takeSpans(m_batch.spans);
    takeLogs(m_batch.logs);
    if (!m_batch.frames.empty()) {
        for (telemetry::WireFrame& frame : m_batch.frames)
            m_deps.stores.wire.append(std::move(frame));
        Q_EMIT wireAdvanced(m_deps.stores.wire.lastId());
    }
    if (m_deps.exports.wants(otlp::Signal::Metrics))
        m_deps.exports.noteMetricsChanged();
    if (!m_sampleTimer.isActive())
        m_sampleTimer.start();
}

void TelemetryPipeline::maskCall(CallRecord& call, const privacy::Masker& masker) const
{
    const auto mask = [&masker](QByteArray& text) {
        if (!text.isEmpty())
            text = masker.maskText(text).bytes;
    };
    mask(call.errorMessage);
    if (call.targetKind == telemetry::TargetKind::Resource) {
        call.target = masker.maskUrl(call.target).bytes;
        call.routedTarget = masker.maskUrl(call.routedTarget).bytes;
    }
    for (telemetry::Hop& hop : call.hops) {
        mask(hop.errorMessage);
        if (call.targetKind == telemetry::TargetKind::Resource)
            hop.target = masker.maskUrl(hop.target).bytes;
    }
}

store::AuditRow TelemetryPipeline::auditRow(const CallRecord& call, const QByteArray& arguments, const QByteArray& response) const
{
    const telemetry::CallTarget target = telemetry::callTarget(call);
    store::AuditRow row;
    row.timeUnixNs = call.startUnixNs;
    if (call.client != nullptr) {
        row.client = call.client->clientName;
        row.user = call.client->userId;
        row.project = call.client->projectId;
    }
    row.server = call.routedServer != nullptr ? call.routedServer->name : QByteArray();
    row.tool = call.routedTarget.isEmpty() ? call.target : target.target;
    row.method = call.method;
    row.arguments = arguments;
    row.response = response;
    row.argumentsBytes = call.arguments.length;
    row.responseBytes = call.response.length;
    row.latencyNs = call.durationNs;
    row.outcome = call.outcome;
    row.errorType = call.errorType;
    row.errorMessage = call.errorMessage;
    row.traceId = call.traceId;
    row.spanId = call.spanId;
    row.requestId = call.requestId;
    row.guardrails = guardrailJson(call);
    row.replay = call.replay;
    return row;
}

void TelemetryPipeline::recordHttp(const CallRecord& call)
{
    static const QByteArray kPost = QByteArrayLiteral("POST");
    static const QByteArray kRoute = QByteArrayLiteral("/mcp");
    m_registry.record(telemetry::MetricId::HttpRequests, {kPost, kRoute, QByteArray::number(call.httpStatus)}, 1);
    m_registry.record(telemetry::MetricId::HttpRequestDuration, {kPost, kRoute}, static_cast<double>(call.durationNs) / 1e9);
}

void TelemetryPipeline::takeCalls(std::vector<CallRecord>& calls, TelemetryBatch::Durables& durables)
{
    if (calls.empty())
        return;
    const std::shared_ptr<const privacy::Masker> masks = masker();
    const bool exported = m_deps.exports.wants(otlp::Signal::Traces);
    const bool payloads = exported && m_deps.exports.wantsPayloads();
    std::vector<otlp::ExportCall> exports;
    auto waiting = durables.begin();
    for (std::size_t i = 0; i < calls.size(); ++i) {
        CallRecord& call = calls[i];
        telemetry::Durable durable;
        if (waiting != durables.end() && waiting->first == i)
            durable = std::move((waiting++)->second);
        maskCall(call, *masks);
        m_instruments.record(call);
        countSpans(call);
        if (call.overHttp)
            recordHttp(call);
        for (telemetry::Attribute& attribute : telemetry::promptAttributes(call))
            call.extraAttributes.push_back(std::move(attribute));
        QByteArray arguments;
        QByteArray response;
        if (isToolCall(call) || (payloads && call.targetKind != telemetry::TargetKind::None)) {
            arguments = maskedPart(call.arguments, m_auditPayloadLimit, *masks);
            response = maskedPart(call.response, m_auditPayloadLimit, *masks);
        }
        if (isToolCall(call))
            m_deps.stores.audit.append(auditRow(call, arguments, response), std::move(durable));
        else if (durable)
            durable({}); // has no row
        // From here on nobody may see what is not masked, and a kept record must not hold a 10 MB frame.
        call.arguments = {};
        call.response = {};
        if (exported) {
            exports.push_back({std::make_shared<const CallRecord>(call), {}, {}});
            if (payloads) {
                exports.back().arguments = std::move(arguments);
                exports.back().result = std::move(response);
            }
        }
        m_deps.stores.traces.append(std::move(call));
    }
    if (!exports.empty())
        m_deps.exports.submitCalls(std::move(exports));
    Q_EMIT tracesAdvanced(m_deps.stores.traces.lastId());
}

void TelemetryPipeline::takeSpans(std::vector<telemetry::SpanData>& spans)
{
    if (spans.empty())
        return;
    const std::shared_ptr<const privacy::Masker> masks = masker();
    for (telemetry::SpanData& span : spans) {
        if (span.resource == nullptr)
            countSpan(span);
        span.statusMessage = masks->maskText(span.statusMessage).bytes;
        maskAttributes(span.attributes, *masks);
        for (telemetry::SpanEvent& event : span.events)
            maskAttributes(event.attributes, *masks);
        if (span.resource == nullptr) {
            span.resource = m_resource;
            span.scope = m_scope;
        }
    }
    if (m_deps.exports.wants(otlp::Signal::Traces))
        m_deps.exports.submitSpans(spans);
    m_deps.stores.traces.append(std::span(spans));
    Q_EMIT tracesAdvanced(m_deps.stores.traces.lastId());
}

void TelemetryPipeline::takeLogs(std::vector<telemetry::LogRecord>& logs)
{
    if (logs.empty())
        return;
    m_registry.record(telemetry::MetricId::SdkLogsCreated, {}, static_cast<double>(logs.size()));
    const std::shared_ptr<const privacy::Masker> masks = masker();
    for (telemetry::LogRecord& log : logs) {
        maskValue(log.body, *masks);
        maskAttributes(log.attributes, *masks);
        if (log.resource == nullptr) {
            log.resource = m_resource;
            log.scope = m_scope;
        }
    }
    if (m_deps.exports.wants(otlp::Signal::Logs))
        m_deps.exports.submitLogs(logs);
    for (telemetry::LogRecord& log : logs)
        m_deps.stores.logs.append(std::move(log));
    Q_EMIT logsAdvanced(m_deps.stores.logs.lastId());
}

void TelemetryPipeline::sampleSeries()
{
    if (m_registry.revision() == m_sampledRevision)
        return;
    const std::vector<telemetry::MetricData> metrics = collectNow();
    m_sampledRevision = m_registry.revision();
    m_deps.stores.series.append(m_deps.clock.unixNs(), metrics);
    Q_EMIT metricsSampled();
}

} // namespace oriel::service
