// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a call may go to its server, how that went, and whether it goes there again (G13).
#include "base/json_writer.h"
#include "gateway/clients/extensions.h"
#include "gateway/connections/federation.h"
#include "gateway/gateway.h"
#include "mcp/errors.h"
#include "telemetry/metrics.h"
#include "telemetry/semconv.h"

#include <QDateTime>

#include <algorithm>

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
/// A client waits meanwhile.
constexpr std::int64_t kLongestRetryDelayNs = 5'000 * kMs;

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

/// Subscriptions are kept by the gateway and renewed with each start of a server.
bool isCall(MethodId method)
{
    return method == MethodId::ToolsCall || method == MethodId::PromptsGet || method == MethodId::ResourcesRead ||
           method == MethodId::CompletionComplete;
}

/// True before the answer of a server that may have become a task.
bool isFirstStep(TaskStep step)
{
    return step == TaskStep::None || step == TaskStep::Relay || step == TaskStep::Await;
}

/// A modern server is told with each call what the client can do; one that has not answered yet may turn out to be modern.
bool hearsOfClient(const upstream::ServerConnection& connection)
{
    return connection.isModern() || connection.initializeResult().protocolVersion.isEmpty();
}

/// 401 and 403 are no lack of a server, and neither is any other status that blames the request.
bool blamesRequest(const UpstreamReply& reply)
{
    return (reply.httpStatus >= 300 && reply.httpStatus < 500) || reply.error.code == ErrorCode::Unauthenticated;
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

/// The status tells that the request may be welcome a moment later.
bool isPassing(int httpStatus)
{
    return httpStatus == 0 || httpStatus == 502 || httpStatus == 503 || httpStatus == 504;
}

} // namespace

bool Gateway::admit(downstream::Incoming& incoming, telemetry::CallRecord& record, const Catalogue::Route& found,
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
    if (!m_limitsTimer.isActive())
        m_limitsTimer.start();
    if (!refusal)
        return true;
    record.extraAttributes.push_back({attributeName(Attr::GatewayLimit), literal(refusal->limit)});
    record.extraAttributes.push_back({attributeName(Attr::GatewayLimitScope), literal(limitScopeName(refusal->scope))});
    record.extraAttributes.push_back({attributeName(Attr::GatewayLimitName), refusal->name});
    const QByteArray reason = refusal->isQuota ? QByteArrayLiteral("quota_exceeded") : QByteArrayLiteral("rate_limited");
    json::Writer data;
    data.beginObject()
        .member("reason", reason)
        .member("scope", limitScopeName(refusal->scope))
        .member("name", refusal->name)
        .member("limit", refusal->limit)
        .member("allowed", refusal->allowed)
        .member("retryAfterMs", milliseconds(refusal->retryAfterNs));
    if (refusal->isQuota)
        data.member("resetsAt", utc(refusal->resetsUnixNs));
    data.endObject();
    m_answers.sendError(incoming, record, Outcome::Blocked, reason, mcp::error_code::ServerError, limitMessage(*refusal),
                        data.view());
    return false;
}

bool Gateway::passCircuit(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& server,
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
        record.events.push_back({now() - incoming.startNs, QByteArrayLiteral("circuit.half_open"), {}});
        call.circuit = CircuitPass(breaker, true);
        circuitChanged(server, *breaker);
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

void Gateway::circuitChanged(const QByteArray& server, const CircuitBreaker& breaker)
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
    log.attributes.push_back({attributeName(Attr::McpServerName), server});
    m_context.recorder.recordLog(std::move(log));
    QMetaObject::invokeMethod(this, &Gateway::serversChanged, Qt::QueuedConnection);
}

void Gateway::followServer(const upstream::ServerConnection& connection)
{
    const upstream::ServerState state = connection.state();
    const bool isStopped = state == upstream::ServerState::Stopping || state == upstream::ServerState::Stopped;
    if (state == upstream::ServerState::Ready) {
        if (const auto breaker = m_circuits.of(connection.name()))
            breaker->tryNow();
    } else if (isStopped && indexOf(connection) >= 0) {
        closeCircuit(connection.name());
    }
}

void Gateway::closeCircuit(const QByteArray& server)
{
    const auto breaker = m_circuits.of(server);
    if (breaker == nullptr)
        return;
    const bool wasClosed = breaker->state() == CircuitState::Closed;
    breaker->close();
    if (!wasClosed)
        circuitChanged(server, *breaker);
}

void Gateway::noteReply(ActiveCall& call, const UpstreamReply& reply)
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
        {now() - call.incoming.startNs, "circuit." + upstream::circuitStateName(breaker->state()).toByteArray(), {}});
    circuitChanged(server, *breaker);
}

upstream::CallOptions Gateway::optionsFor(const ActiveCall& call) const
{
    const downstream::Incoming& incoming = call.incoming;
    const telemetry::ClientContext& client = *incoming.session->client;
    upstream::CallOptions options;
    options.target = call.record.routedTarget;
    options.wantsProgress = call.progressToken.isValid();
    options.traceId = call.record.traceId;
    options.spanId = SpanId::generate(m_context.random);
    options.callSpanId = call.record.spanId;
    options.traceFlags = call.record.traceFlags;
    options.traceState = call.record.traceState;
    options.client = client.tokenName.isEmpty() ? client.clientName : client.tokenName;
    if (m_context.policy.passBaggage)
        options.baggage =
            incoming.message.has(mcp::Field::MetaBaggage) ? incoming.message.text(mcp::Field::MetaBaggage) : incoming.baggage;
    if (incoming.message.has(mcp::Field::MetaOrielVia) || !call.connection->initializeResult().orielInstance.isEmpty())
        options.via = federation::extended(incoming.message.text(mcp::Field::MetaOrielVia), m_context.instance);
    if (hearsOfClient(*call.connection)) {
        options.clientCapabilities =
            call.taskStep == TaskStep::Relay ? declaredWithTasks(*incoming.session) : declaredUpstream(*incoming.session);
        if (incoming.session->logLevel)
            options.logLevel = logLevelName(*incoming.session->logLevel).toByteArray();
    }
    if (call.attempt > 0)
        options.timeout = std::chrono::milliseconds(std::max<std::int64_t>(1, (call.deadlineNs - now()) / kMs));
    return options;
}

void Gateway::dispatch(ActiveCall& call, quint64 cookie)
{
    const upstream::CallOptions options = optionsFor(call);
    if (hearsOfClient(*call.connection))
        call.options = options;
    telemetry::Hop hop;
    hop.spanId = options.spanId;
    hop.attempt = call.attempt;
    hop.offsetNs = now() - call.incoming.startNs;
    call.record.hops.append(std::move(hop));
    call.token = call.connection->call(call.incoming.message, options, *this, cookie);
}

/// Only what its server reads, or says that it may be asked twice.
bool Gateway::isSafeToRepeat(const ActiveCall& call) const
{
    switch (call.incoming.message.methodId) {
    case MethodId::ResourcesRead:
    case MethodId::PromptsGet:
    case MethodId::CompletionComplete:
        return true;
    case MethodId::ToolsCall:
        break;
    default:
        return false;
    }
    const config::Server* server = config::findServer(m_context.config, QString::fromUtf8(call.connection->name()));
    if (server == nullptr || server->retries.tools != config::ToolRetries::Annotated)
        return false;
    const auto& tools = call.connection->items(mcp::ListKind::Tools);
    return std::any_of(tools.cbegin(), tools.cend(), [&](const mcp::ListEntry& tool) {
        return tool.identity == call.record.routedTarget && (tool.readOnlyHint || tool.idempotentHint);
    });
}

bool Gateway::mayRetry(const ActiveCall& call, const UpstreamReply& reply) const
{
    const config::Server* server = config::findServer(m_context.config, QString::fromUtf8(call.connection->name()));
    if (m_context.isShuttingDown || server == nullptr || reply.kind != UpstreamReply::Kind::Unavailable ||
        call.attempt >= server->retries.max.value_or(m_context.config.gateway.retries.max))
        return false;
    if (!isPassing(reply.httpStatus) || blamesRequest(reply) || call.inputRounds > 0 || call.incoming.reply == nullptr ||
        !isCall(call.incoming.message.methodId) || !isFirstStep(call.taskStep) || !call.connection->isWorthWaiting())
        return false;
    // Once the client has seen something of the server's work, a second try would show it twice.
    const auto& events = call.record.events;
    if (std::any_of(events.cbegin(), events.cend(), [](const auto& event) { return event.name.startsWith("mcp."); }))
        return false;
    const auto breaker = m_circuits.of(call.connection->name());
    if (breaker != nullptr && breaker->state() != CircuitState::Closed)
        return false;
    return reply.unprocessed || isSafeToRepeat(call);
}

bool Gateway::retryLater(std::unique_ptr<ActiveCall>& call, const UpstreamReply& reply)
{
    if (!mayRetry(*call, reply))
        return false;
    if (call->attempt == 0) {
        const auto own = call->connection->server().timeouts.toolCall;
        call->deadlineNs =
            call->forwardedNs + std::chrono::nanoseconds(own.value_or(m_context.config.gateway.timeouts.toolCall)).count();
    }
    const std::int64_t longest =
        std::min(std::chrono::nanoseconds(m_context.config.gateway.retries.delay).count() << call->attempt, kLongestRetryDelayNs);
    const auto delay = static_cast<std::int64_t>(m_context.random.next64() % static_cast<std::uint64_t>(longest + 1));
    if (now() + delay >= call->deadlineNs)
        return false;
    ++call->attempt;
    call->waitsForRetry = true;
    const QByteArray& failure = call->record.hops.last().errorType;
    call->record.events.push_back({now() - call->incoming.startNs,
                                   QByteArrayLiteral("retry"),
                                   {{attributeName(Attr::GatewayAttempt), static_cast<std::int64_t>(call->attempt)},
                                    {attributeName(Attr::GatewayRetryDelay), static_cast<double>(delay) * 1e-9},
                                    {attributeName(Attr::ErrorType), failure}}});
    m_context.recorder.recordMetric(telemetry::MetricId::Retries, {call->connection->name(), failure}, 1);
    const quint64 cookie = m_calls.add(std::move(call));
    QTimer::singleShot(std::chrono::milliseconds(delay / kMs), this, [this, cookie] { sendAgain(cookie); });
    return true;
}

void Gateway::sendAgain(quint64 cookie)
{
    ActiveCall* call = m_calls.find(cookie);
    if (call == nullptr)
        return; // cancelled meanwhile
    if (!passCircuit(call->incoming, call->record, call->connection->name(), *call)) {
        takeCall(cookie);
        return;
    }
    call->waitsForRetry = false;
    dispatch(*call, cookie);
}

void Gateway::reportLimits()
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
        m_limitsTimer.start();
    Q_EMIT limitsChanged();
}

} // namespace oriel::gateway
