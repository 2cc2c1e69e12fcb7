// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/call_dispatch.h"

#include "gateway/clients/extensions.h"
#include "gateway/connections/federation.h"
#include "telemetry/metrics.h"
#include "telemetry/semconv.h"

#include <QTimer>

#include <algorithm>

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Attr;
using telemetry::attributeName;
using UpstreamReply = upstream::Reply;

namespace {

constexpr std::int64_t kMs = 1'000'000;
/// A client waits meanwhile.
constexpr std::int64_t kLongestRetryDelayNs = 5'000 * kMs;

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

/// The status tells that the request may be welcome a moment later.
bool isPassing(int httpStatus)
{
    return httpStatus == 0 || httpStatus == 502 || httpStatus == 503 || httpStatus == 504;
}

} // namespace

CallDispatch::CallDispatch(const GatewayContext& context, OpenCalls& calls, Admission& admission, upstream::ReplyHandler& replies,
                           QObject* parent)
    : QObject(parent),
      m_context(context),
      m_calls(calls),
      m_admission(admission),
      m_replies(replies)
{}

upstream::CallOptions CallDispatch::optionsFor(const ActiveCall& call) const
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
    options.parentSampled = call.record.parentSampled;
    options.client = client.tokenName.isEmpty() ? client.clientName : client.tokenName;
    options.propagators = m_context.policy.propagators;
    if (m_context.policy.passBaggage)
        options.baggage = telemetry::passableBaggage(
            incoming.message.has(mcp::Field::MetaBaggage) ? incoming.message.text(mcp::Field::MetaBaggage) : incoming.baggage);
    if (incoming.message.has(mcp::Field::MetaOrielVia) || !call.connection->initializeResult().orielInstance.isEmpty())
        options.via = federation::extended(incoming.message.text(mcp::Field::MetaOrielVia), m_context.instance);
    if (hearsOfClient(*call.connection)) {
        options.clientCapabilities =
            call.taskStep == TaskStep::Relay ? declaredWithTasks(*incoming.session) : declaredUpstream(*incoming.session);
        if (incoming.session->logLevel)
            options.logLevel = logLevelName(*incoming.session->logLevel).toByteArray();
    }
    if (call.attempt > 0)
        options.timeout = std::chrono::milliseconds(std::max<std::int64_t>(1, (call.deadlineNs - m_context.now()) / kMs));
    return options;
}

void CallDispatch::send(ActiveCall& call, quint64 cookie)
{
    const upstream::CallOptions options = optionsFor(call);
    if (hearsOfClient(*call.connection))
        call.options = options;
    telemetry::Hop hop;
    hop.spanId = options.spanId;
    hop.attempt = call.attempt;
    hop.offsetNs = m_context.now() - call.incoming.startNs;
    call.record.hops.append(std::move(hop));
    call.token = call.connection->call(call.incoming.message, options, m_replies, cookie);
}

/// Only what its server reads, or says that it may be asked twice.
bool CallDispatch::isSafeToRepeat(const ActiveCall& call) const
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

bool CallDispatch::mayRetry(const ActiveCall& call, const UpstreamReply& reply) const
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
    if (!m_admission.isCircuitClosed(call.connection->name()))
        return false;
    return reply.unprocessed || isSafeToRepeat(call);
}

bool CallDispatch::retryLater(std::unique_ptr<ActiveCall>& call, const UpstreamReply& reply)
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
    if (m_context.now() + delay >= call->deadlineNs)
        return false;
    ++call->attempt;
    call->waitsForRetry = true;
    const QByteArray& failure = call->record.hops.last().errorType;
    call->record.events.push_back({m_context.now() - call->incoming.startNs,
                                   QByteArrayLiteral("retry"),
                                   {{attributeName(Attr::GatewayAttempt), static_cast<std::int64_t>(call->attempt)},
                                    {attributeName(Attr::GatewayRetryDelay), static_cast<double>(delay) * 1e-9},
                                    {attributeName(Attr::ErrorType), failure}}});
    m_context.recorder.recordMetric(telemetry::MetricId::Retries, {call->connection->name(), failure}, 1);
    const quint64 cookie = m_calls.add(std::move(call));
    QTimer::singleShot(std::chrono::milliseconds(delay / kMs), this, [this, cookie] { sendAgain(cookie); });
    return true;
}

void CallDispatch::sendAgain(quint64 cookie)
{
    ActiveCall* call = m_calls.find(cookie);
    if (call == nullptr)
        return; // cancelled meanwhile
    if (!m_admission.passCircuit(call->incoming, call->record, call->connection->name(), *call)) {
        m_calls.end(cookie);
        return;
    }
    call->waitsForRetry = false;
    send(*call, cookie);
}

} // namespace oriel::gateway
