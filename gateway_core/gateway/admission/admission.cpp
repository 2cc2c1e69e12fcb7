// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/admission/admission.h"

#include "base/json_writer.h"
#include "mcp/errors.h"
#include "telemetry/metrics.h"
#include "telemetry/semconv.h"

#include <QDateTime>

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Attr;
using telemetry::attributeName;
using telemetry::Outcome;
using upstream::CircuitBreaker;
using upstream::CircuitState;
using UpstreamReply = upstream::Reply;

namespace {

constexpr std::int64_t kMs = 1'000'000;

QByteArray literal(QByteArrayView text)
{
    return QByteArray::fromRawData(text.data(), text.size());
}

QByteArray utc(std::int64_t unixNs)
{
    return QDateTime::fromMSecsSinceEpoch(unixNs / kMs).toUTC().toString(Qt::ISODate).toLatin1();
}

QByteArray secondsText(std::int64_t ns)
{
    return QByteArray::number(static_cast<double>((ns + 99 * kMs) / (100 * kMs)) / 10, 'f', 1) + " s";
}

QByteArray asSentence(QByteArray text)
{
    text = text.trimmed();
    return text.isEmpty() || text.endsWith('.') ? text : text + '.';
}

std::int64_t milliseconds(std::int64_t ns)
{
    return (ns + kMs - 1) / kMs;
}

QByteArray circuitMessage(const QByteArray& server, const upstream::CircuitStatus& status, std::int64_t retryAfterNs)
{
    QByteArray message = "The server " + server + " was not called: its circuit breaker has been open since " +
                         utc(status.sinceUnixNs) + ", because its calls fail. ";
    if (!status.cause.isEmpty())
        message += "The last failure: " + status.cause + ' ';
    return message + (status.state == CircuitState::HalfOpen ? QByteArrayLiteral("One call is trying it now.")
                                                             : "It is tried again in " + secondsText(retryAfterNs) + '.');
}

QByteArray limitMessage(const LimitRefusal& refusal)
{
    const QByteArray who = limitScopeName(refusal.scope).toByteArray() + ' ' +
                           (refusal.name.isEmpty() ? QByteArrayLiteral("(unnamed)") : refusal.name);
    const QByteArray limit = QByteArray(refusal.limit) + " = " + QByteArray::number(refusal.allowed, 'g', 15);
    if (refusal.isQuota)
        return "The quota of " + who + " is used up (" + limit + "). It begins anew at " + utc(refusal.resetsUnixNs) + '.';
    return "The limit of " + who + " is reached (" + limit + "). Try again in " + secondsText(refusal.retryAfterNs) + '.';
}

bool isAvailabilityFailure(const UpstreamReply& reply, upstream::ServerState state)
{
    switch (reply.kind) {
    case UpstreamReply::Kind::Timeout:
        // One that waited for other calls all the time says nothing of the server.
        return reply.timings.sentNs != 0 || state != upstream::ServerState::Ready;
    case UpstreamReply::Kind::Unavailable:
        return !blamesRequest(reply);
    default:
        return false;
    }
}

bool hasAnswered(const UpstreamReply& reply)
{
    return reply.kind == UpstreamReply::Kind::Response || reply.kind == UpstreamReply::Kind::Rejected ||
           (reply.kind == UpstreamReply::Kind::Unavailable && blamesRequest(reply));
}

} // namespace

bool isCall(MethodId method)
{
    return method == MethodId::ToolsCall || method == MethodId::PromptsGet || method == MethodId::ResourcesRead ||
           method == MethodId::CompletionComplete;
}

bool blamesRequest(const UpstreamReply& reply)
{
    return (reply.httpStatus >= 300 && reply.httpStatus < 500) || reply.error.code == ErrorCode::Unauthenticated;
}

Admission::Admission(const GatewayContext& context, Answers& answers, const Catalogue& catalogue, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_answers(answers),
      m_catalogue(catalogue),
      m_circuits(context.clock),
      m_limits(context.clock)
{
    m_report.setSingleShot(true);
    m_report.setInterval(1'000);
    m_report.callOnTimeout(this, &Admission::reportLimits);
}

void Admission::configure()
{
    m_circuits.configure(m_context.config);
    m_limits.configure(m_context.config.limits);
    m_report.start();
}

bool Admission::admit(downstream::Incoming& incoming, telemetry::CallRecord& record, const Catalogue::Route& found,
                      ActiveCall& call)
{
    const QByteArray& server = record.routedServer->name;
    if (!isCall(incoming.message.methodId))
        return true;
    if (!passCircuit(incoming, record, server, call))
        return false;
    if (m_limits.isEmpty())
        return true;
    const bool isTool = m_limits.countsTools() && record.targetKind == telemetry::TargetKind::Tool;
    const LimitSubject subject{*incoming.session->client, server,
                               isTool ? m_catalogue.exposedName(found.server, found.local) : QByteArray()};
    const auto refusal = m_limits.admit(subject, telemetry::estimateTokens(record.arguments.length), call.limits);
    if (!m_report.isActive())
        m_report.start();
    if (!refusal)
        return true;
    refuse(incoming, record, *refusal);
    return false;
}

void Admission::refuse(downstream::Incoming& incoming, telemetry::CallRecord& record, const LimitRefusal& refusal)
{
    record.extraAttributes.push_back({attributeName(Attr::GatewayLimit), literal(refusal.limit)});
    record.extraAttributes.push_back({attributeName(Attr::GatewayLimitScope), literal(limitScopeName(refusal.scope))});
    record.extraAttributes.push_back({attributeName(Attr::GatewayLimitName), refusal.name});
    const QByteArray reason = refusal.isQuota ? QByteArrayLiteral("quota_exceeded") : QByteArrayLiteral("rate_limited");
    json::Writer data;
    data.beginObject()
        .member("reason", reason)
        .member("scope", limitScopeName(refusal.scope))
        .member("name", refusal.name)
        .member("limit", refusal.limit)
        .member("allowed", refusal.allowed)
        .member("retryAfterMs", milliseconds(refusal.retryAfterNs));
    if (refusal.isQuota)
        data.member("resetsAt", utc(refusal.resetsUnixNs));
    data.endObject();
    m_answers.sendError(incoming, record, Outcome::Blocked, reason, mcp::error_code::ServerError, limitMessage(refusal),
                        data.view());
}

bool Admission::passCircuit(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& server,
                            ActiveCall& call)
{
    auto breaker = m_circuits.of(server);
    if (breaker == nullptr)
        return true;
    const CircuitBreaker::Verdict verdict = breaker->ask();
    if (verdict == CircuitBreaker::Verdict::Allowed) {
        call.circuit = CircuitPass(std::move(breaker), false);
        return true;
    }
    record.extraAttributes.push_back(
        {attributeName(Attr::GatewayCircuitState), literal(upstream::circuitStateName(breaker->state()))});
    if (verdict == CircuitBreaker::Verdict::Probe) {
        record.events.push_back({m_context.now() - incoming.startNs, QByteArrayLiteral("circuit.half_open"), {}});
        call.circuit = CircuitPass(breaker, true);
        tellCircuit(server, *breaker);
        return true;
    }
    const upstream::CircuitStatus status = breaker->status();
    json::Writer data;
    data.beginObject()
        .member("reason", "circuit_open")
        .member("server", server)
        .member("state", upstream::circuitStateName(status.state))
        .member("since", utc(status.sinceUnixNs))
        .member("failures", status.failures)
        .member("cause", status.cause)
        .member("retryAfterMs", milliseconds(breaker->retryAfterNs()))
        .endObject();
    m_answers.sendError(incoming, record, Outcome::Blocked, QByteArrayLiteral("circuit_open"), mcp::error_code::ServerError,
                        circuitMessage(server, status, breaker->retryAfterNs()), data.view());
    return false;
}

void Admission::tellCircuit(const QByteArray& server, const CircuitBreaker& breaker)
{
    const upstream::CircuitStatus status = breaker.status();
    const bool isOpen = status.state == CircuitState::Open;
    m_context.recorder.recordMetric(telemetry::MetricId::CircuitState, {server},
                                    isOpen                                   ? 2
                                    : status.state == CircuitState::HalfOpen ? 1
                                                                             : 0);
    telemetry::LogRecord log;
    log.timeUnixNs = log.observedUnixNs = m_context.clock.unixNs();
    log.severity = isOpen ? telemetry::Severity::Warn : telemetry::Severity::Info;
    log.source = server;
    log.body = telemetry::AnyValue(
        isOpen ? "Circuit breaker open after " + QByteArray::number(status.failures) + " failures in a row; tried again in " +
                     secondsText(breaker.retryAfterNs()) + ". " + status.cause
               : "Circuit breaker " + upstream::circuitStateName(status.state).toByteArray().replace('_', '-') + '.');
    log.attributes.push_back({attributeName(Attr::GatewayServerName), server});
    m_context.recorder.recordLog(std::move(log));
    Q_EMIT circuitChanged();
}

void Admission::followServer(const upstream::ServerConnection& connection, bool isShared)
{
    const upstream::ServerState state = connection.state();
    const bool isStopped = state == upstream::ServerState::Stopping || state == upstream::ServerState::Stopped;
    if (state == upstream::ServerState::Ready) {
        if (const auto breaker = m_circuits.of(connection.name()))
            breaker->tryNow();
    } else if (isStopped && isShared) {
        closeCircuit(connection.name());
    }
}

void Admission::closeCircuit(const QByteArray& server)
{
    const auto breaker = m_circuits.of(server);
    if (breaker == nullptr)
        return;
    const bool wasClosed = breaker->state() == CircuitState::Closed;
    breaker->close();
    if (!wasClosed)
        tellCircuit(server, *breaker);
}

bool Admission::isCircuitClosed(const QByteArray& server) const
{
    const auto breaker = m_circuits.of(server);
    return breaker == nullptr || breaker->state() == CircuitState::Closed;
}

std::optional<upstream::CircuitStatus> Admission::circuitOf(const QByteArray& server) const
{
    const auto breaker = m_circuits.of(server);
    return breaker != nullptr ? std::optional(breaker->status()) : std::nullopt;
}

void Admission::noteReply(ActiveCall& call, const UpstreamReply& reply)
{
    const QByteArray& server = call.connection->name();
    bool changed = false;
    if (hasAnswered(reply))
        changed = call.circuit.succeeded();
    else if (isAvailabilityFailure(reply, call.connection->state()))
        changed = call.circuit.failed(asSentence(reply.error.message.toUtf8().left(1024)));
    else
        call.circuit = CircuitPass();
    if (!changed)
        return;
    const auto breaker = m_circuits.of(server);
    if (breaker == nullptr)
        return;
    call.record.events.push_back(
        {m_context.now() - call.incoming.startNs, "circuit." + upstream::circuitStateName(breaker->state()).toByteArray(), {}});
    tellCircuit(server, *breaker);
}

void Admission::reportLimits()
{
    bool isMoving = false;
    for (const LimitUse& use : m_limits.use()) {
        // Calls in flight end and buckets fill without a call that would tell.
        isMoving = isMoving || (use.resetsUnixNs == 0 && use.used > 0);
        m_context.recorder.recordMetric(telemetry::MetricId::LimitUtilization,
                                        {literal(limitScopeName(use.scope)), use.name, literal(use.limit)},
                                        use.allowed > 0 ? use.used / use.allowed : 0);
    }
    if (isMoving && !m_context.isShuttingDown)
        m_report.start();
    Q_EMIT limitsChanged();
}

} // namespace oriel::gateway
