// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/lifecycle_trace.h"

#include "telemetry/propagation.h"
#include "telemetry/semconv.h"
#include "telemetry/span_attributes.h"

namespace oriel::upstream {

namespace {

using telemetry::Attr;
using telemetry::attributeName;

QByteArray stepName(LifecycleTrace::Step step)
{
    switch (step) {
    case LifecycleTrace::Step::Spawn:
        return QByteArrayLiteral("server.spawn");
    case LifecycleTrace::Step::FirstByte:
        return QByteArrayLiteral("server.first_byte");
    case LifecycleTrace::Step::Handshake:
        return QByteArrayLiteral("server.handshake");
    case LifecycleTrace::Step::List:
        return QByteArrayLiteral("server.list");
    case LifecycleTrace::Step::Count:
        break;
    }
    Q_UNREACHABLE();
}

} // namespace

LifecycleTrace::LifecycleTrace(const Clock& clock, Random& random, telemetry::Recorder& recorder, QByteArray server,
                               const telemetry::ContextPolicy& policy)
    : m_clock(clock),
      m_recorder(recorder),
      m_server(std::move(server)),
      m_traceId(TraceId::generate(random)),
      m_flags(policy.rootFlags(m_traceId)),
      m_rootId(SpanId::generate(random)),
      m_exitId(SpanId::generate(random)),
      m_startUnixNs(clock.unixNs())
{
    for (StepSpan& step : m_steps) {
        step.id = SpanId::generate(random);
    }
}

void LifecycleTrace::begin(Step step)
{
    StepSpan& span = m_steps[static_cast<std::size_t>(step)];
    if (!m_finished && span.startUnixNs == 0) {
        span.startUnixNs = m_clock.unixNs();
        span.running = true;
    }
}

void LifecycleTrace::end(Step step, const QByteArray& errorType, telemetry::Attributes attributes)
{
    StepSpan& span = m_steps[static_cast<std::size_t>(step)];
    if (std::exchange(span.running, false)) {
        record(span.id, m_rootId, stepName(step), span.startUnixNs, errorType, std::move(attributes));
    }
}

void LifecycleTrace::finish(const Diagnosis& diagnosis, telemetry::Attributes attributes)
{
    if (std::exchange(m_finished, true)) {
        return;
    }
    const QByteArray errorType = diagnosis.isEmpty() ? QByteArray() : diagnosisName(diagnosis.code).toByteArray();
    for (std::size_t i = 0; i < m_steps.size(); ++i) {
        end(static_cast<Step>(i), errorType);
    }
    record(m_rootId, {}, QByteArrayLiteral("server.start"), m_startUnixNs, errorType, std::move(attributes),
           diagnosis.cause.toUtf8());
}

void LifecycleTrace::exit(const StartFacts& facts, std::int64_t beganUnixNs, bool requested)
{
    telemetry::Attributes attributes;
    QByteArray errorType;
    if (facts.pid != 0) {
        attributes.push_back({QByteArrayLiteral("process.pid"), static_cast<std::int64_t>(facts.pid)});
    }
    if (facts.exited && facts.exitSignal != 0) {
        attributes.push_back({QByteArrayLiteral("process.exit.signal"), static_cast<std::int64_t>(facts.exitSignal)});
        errorType = QByteArrayLiteral("signal");
    } else if (facts.exited) {
        attributes.push_back({QByteArrayLiteral("process.exit.code"), static_cast<std::int64_t>(facts.exitCode)});
        errorType = facts.exitCode == 0 ? QByteArray() : QByteArrayLiteral("exit_code");
    }
    if (requested) {
        errorType.clear();
    } else if (errorType.isEmpty()) {
        errorType = QByteArrayLiteral("unexpected_end");
    }
    attributes.push_back({QByteArrayLiteral("server.exit.requested"), requested});
    record(m_exitId, m_rootId, QByteArrayLiteral("server.exit"), beganUnixNs, errorType, std::move(attributes));
}

QByteArray LifecycleTrace::traceparent() const
{
    return telemetry::formatTraceparent({m_traceId, stepSpanId(Step::Spawn), m_flags}).toByteArray();
}

void LifecycleTrace::record(SpanId id, SpanId parent, QByteArray name, std::int64_t startUnixNs, const QByteArray& errorType,
                            telemetry::Attributes attributes, QByteArray message)
{
    telemetry::SpanData span;
    span.traceId = m_traceId;
    span.spanId = id;
    span.parentSpanId = parent;
    span.flags = m_flags | (parent.isValid() ? telemetry::kHasIsRemote : 0U);
    span.name = std::move(name);
    span.kind = telemetry::SpanKind::Internal;
    span.startUnixNs = startUnixNs;
    span.endUnixNs = std::max(m_clock.unixNs(), startUnixNs);
    span.attributes = std::move(attributes);
    span.attributes.insert(span.attributes.begin(), {attributeName(Attr::GatewayServerName), m_server});
    if (!errorType.isEmpty()) {
        span.status = telemetry::StatusCode::Error;
        span.statusMessage = std::move(message);
        span.attributes.push_back({attributeName(Attr::ErrorType), errorType});
    }
    m_recorder.recordSpan(std::move(span));
}

} // namespace oriel::upstream
