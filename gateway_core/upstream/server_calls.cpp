// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/decimal.h"
#include "base/json_writer.h"
#include "telemetry/propagation.h"
#include "upstream/server_connection_p.h"

#include <algorithm>

namespace oriel::upstream {

namespace {

/// A call may wait this long for the next try of a server that failed; longer ones are told at once.
constexpr std::int64_t kWorthWaitingNs = 2'000'000'000;

PendingCall pendingCall(std::int64_t id, const CallOptions& options, std::int64_t nowNs, std::chrono::nanoseconds timeout)
{
    PendingCall call;
    call.operation = options.operation;
    call.timings.acceptedNs = nowNs;
    call.deadlineNs = nowNs + timeout.count();
    call.warnNs = nowNs + timeout.count() / 5 * 4;
    call.traceId = options.traceId;
    call.spanId = options.spanId;
    call.callSpanId = options.callSpanId;
    call.traceFlags = options.traceFlags;
    call.traceState = options.traceState;
    call.parentSampled = options.parentSampled;
    call.sendOptions.requestId = id;
    call.clientCapabilities = options.clientCapabilities;
    call.logLevel = options.logLevel;
    return call;
}

} // namespace

void ServerConnection::Private::addTraceContext(SendOptions& to, const telemetry::TraceContext& context,
                                                const QByteArray& traceState, telemetry::Propagators propagators)
{
    if (telemetry::has(propagators, telemetry::Propagator::TraceContext)) {
        to.traceParent = telemetry::formatTraceparent(context).toByteArray();
        to.traceState = traceState;
    }
    to.b3 = telemetry::b3Headers(context, propagators);
}

std::chrono::milliseconds ServerConnection::Private::timeoutOf(OperationType type) const
{
    const config::ServerTimeouts& own = server.timeouts;
    const config::Timeouts& common = context.timeouts;
    switch (type) {
    case OperationType::Connectivity:
        return own.connectivity.value_or(common.connectivity);
    case OperationType::Discovery:
        return own.discovery.value_or(common.discovery);
    case OperationType::ToolCall:
        return own.toolCall.value_or(common.toolCall);
    case OperationType::Guardrail:
        return own.guardrail.value_or(common.guardrail);
    case OperationType::Auth:
        return own.auth.value_or(common.auth);
    }
    Q_UNREACHABLE();
}

CallToken ServerConnection::Private::callInternal(QByteArrayView method, QByteArrayView params, OperationType operation,
                                                  ReplyHandler& replyHandler)
{
    const std::int64_t id = ++lastId;
    CallOptions options;
    options.operation = operation;
    return accept(mcp::makeRequest(mcp::RequestId(id), method, params), method.toByteArray(), id, options, replyHandler, 0, true);
}

CallToken ServerConnection::Private::accept(QByteArray frame, QByteArray method, std::int64_t id, const CallOptions& options,
                                            ReplyHandler& replyHandler, quint64 cookie, bool internal, const mcp::Message* source)
{
    if (!options.traceId.isValid()) {
        return acceptOwn(std::move(frame), std::move(method), id, options, replyHandler, cookie, internal, source);
    }
    const std::int64_t now = context.clock->monotonicNs();
    const std::chrono::nanoseconds timeout = options.timeout.count() > 0 ? options.timeout : timeoutOf(options.operation);
    PendingCall call = pendingCall(id, options, now, timeout);
    call.handler = &replyHandler;
    call.cookie = cookie;
    call.internal = internal;
    call.method = std::move(method);
    call.frame = std::move(frame);
    if (internal && options.operation == OperationType::Connectivity) {
        call.sendOptions.initialize = call.method == "initialize";
        if (!call.sendOptions.initialize) {
            call.sendOptions.discover = true;
            addDiscoverHeaders(call.sendOptions);
        }
    }
    if (source != nullptr && isModern()) {
        call.modern = true;
        addModernHeaders(call.sendOptions, *source, options.target);
    }
    if (server.transport != config::ServerTransport::Stdio) {
        addTraceContext(call.sendOptions, {options.traceId, options.spanId, options.traceFlags}, options.traceState,
                        options.propagators);
        call.sendOptions.baggage = options.baggage;
    }
    metrics.begin(options.operation);
    PendingCall& stored = calls.insert(id, std::move(call));
    if (!tick.isActive()) {
        tick.start();
    }
    if (internal || (mayCallNow() && queue.isEmpty())) {
        sendCall(id, stored);
        return {id};
    }
    stored.timings.queued = true;
    if (const qsizetype waiting = queue.size(); waiting >= context.maxQueued) {
        const std::optional<std::int64_t> other = queue.makeRoom(options.client);
        rejectWith(other.value_or(id), Reply::Kind::Overloaded,
                   {ErrorCode::ResourceExhausted,
                    QStringLiteral("%1 calls wait for this server already.").arg(waiting),
                    server.name,
                    {}});
        if (!other) {
            return {id};
        }
    }
    if (state == ServerState::Stopped || state == ServerState::Stopping ||
        (state == ServerState::Failed && now - failedNs >= std::chrono::nanoseconds(context.maxBackoff).count())) {
        queue.push(options.client, id);
        if (server.enabled) {
            start();
        } else {
            rejectWith(id, Reply::Kind::Unavailable,
                       {ErrorCode::Unavailable, QStringLiteral("The server is switched off."), server.name,
                        QStringLiteral("Enable it first.")});
        }
        return {id};
    }
    if (!isWorthWaiting()) {
        rejectWith(id, Reply::Kind::Unavailable, diagnosis.toError(server.name));
        return {id};
    }
    queue.push(options.client, id);
    return {id};
}

bool ServerConnection::Private::isWorthWaiting() const
{
    const bool longWait = state == ServerState::Backoff && nextStartUnixNs - context.clock->unixNs() > kWorthWaitingNs;
    return state != ServerState::Failed && !longWait;
}

void ServerConnection::Private::rejectWith(std::int64_t id, Reply::Kind kind, Error error)
{
    Reply reply;
    reply.kind = kind;
    reply.error = std::move(error);
    endLater(id, std::move(reply));
}

void ServerConnection::Private::sendCall(std::int64_t id, PendingCall& call)
{
    call.queued = false;
    call.timings.sentNs = context.clock->monotonicNs();
    if (!call.internal) {
        ++inFlight;
    }
    if (call.modern != isModern() && !call.sendOptions.initialize && !call.sendOptions.discover) {
        reframe(call);
    }
    const QByteArray frame = server.transport == config::ServerTransport::Stdio ? std::exchange(call.frame, {}) : call.frame;
    recordWire(telemetry::WireDirection::GatewayToServer, telemetry::WireKind::Request, call.method, decimal(id), frame,
               call.wireCall(), nullptr, call.sendOptions.headers);
    const Status sent =
        link && link->transport
            ? link->transport->send(frame, call.sendOptions)
            : Status(oriel::fail(ErrorCode::Unavailable, QStringLiteral("The server is not connected."), server.name));
    // A child that no longer reads is about to end; its end fails the call with a better reason than this one.
    const bool endFollows = server.transport == config::ServerTransport::Stdio && link && link->transport;
    call.unwritten = !sent && sent.error().code == ErrorCode::Unavailable;
    if (!sent && !(endFollows && call.unwritten)) {
        rejectWith(id, sent.error().code == ErrorCode::ResourceExhausted ? Reply::Kind::Overloaded : Reply::Kind::Unavailable,
                   sent.error());
    }
}

void ServerConnection::Private::sendQueued()
{
    while (!queue.isEmpty() && mayCallNow()) {
        const std::int64_t id = queue.pop();
        if (PendingCall* call = calls.find(id)) {
            sendCall(id, *call);
        }
    }
}

void ServerConnection::Private::endLater(std::int64_t id, Reply&& reply)
{
    ended.emplace_back(id, std::move(reply));
    endedTimer.start(0);
}

void ServerConnection::Private::endCall(std::int64_t id, Reply&& reply, OperationMetrics::End how)
{
    std::optional<PendingCall> call = calls.take(id);
    if (!call) {
        return;
    }
    if (call->queued) {
        queue.remove(id);
    } else if (!call->internal) {
        --inFlight;
    }
    if (link && link->transport) {
        link->transport->answered(id);
    }
    reply.unprocessed = reply.unprocessed || call->queued || call->unwritten;
    reply.timings.queued = call->timings.queued;
    reply.timings.acceptedNs = call->timings.acceptedNs;
    reply.timings.sentNs = call->timings.sentNs;
    reply.timings.doneNs = context.clock->monotonicNs();
    metrics.end(call->operation, how, reply.timings.doneNs - call->timings.acceptedNs);
    const CallTimings timings = reply.timings;
    const telemetry::OperationEnd end = call->own ? operationEndOf(reply) : telemetry::OperationEnd();
    if (call->handler != nullptr) {
        call->handler->onReply({id}, call->cookie, reply);
    }
    if (call->own && timings.sentNs != 0) {
        recordOwn(*call->own, end, timings);
    }
    if (!queue.isEmpty()) {
        sendQueued();
    }
}

void ServerConnection::Private::failCalls(const Error& error, bool alsoInternal)
{
    for (const std::int64_t id : calls.ids()) {
        const PendingCall* call = calls.find(id);
        if (call == nullptr || (call->internal && !alsoInternal)) {
            continue;
        }
        Reply reply;
        reply.kind = Reply::Kind::Unavailable;
        reply.error = error;
        endLater(id, std::move(reply));
    }
}

bool ServerConnection::Private::cancelCall(std::int64_t id, QByteArrayView reason, bool tellServer)
{
    std::optional<PendingCall> call = calls.take(id);
    if (!call) {
        return false;
    }
    const std::int64_t now = context.clock->monotonicNs();
    metrics.end(call->operation, OperationMetrics::End::Cancelled, now - call->timings.acceptedNs);
    if (call->queued) {
        queue.remove(id);
        return true;
    }
    if (!call->internal) {
        --inFlight;
    }
    if (tellServer && canSend() && !(isModern() && isHttp())) { // there, closing the stream says it
        json::Writer params;
        params.beginObject().member("requestId", id);
        if (!reason.isEmpty()) {
            params.member("reason", reason);
        }
        params.endObject();
        sendCancelled(*call, params.view());
    }
    if (call->own) {
        recordOwn(*call->own, {0, QByteArrayLiteral("cancelled"), 0, {}}, call->timings);
    }
    if (link && link->transport) {
        link->transport->forget(id);
    }
    sendQueued();
    return true;
}

void ServerConnection::Private::checkDeadlines()
{
    if (calls.isEmpty()) {
        tick.stop();
        return;
    }
    const CallTable::Due due = calls.due(context.clock->monotonicNs());
    for (const std::int64_t id : due.warn) {
        if (const PendingCall* call = calls.find(id)) {
            metrics.warn(call->operation);
            if (call->handler != nullptr) {
                call->handler->onTimeoutWarning({id}, call->cookie);
            }
        }
    }
    for (const std::int64_t id : due.expired) {
        const PendingCall* call = calls.find(id);
        if (call == nullptr) {
            continue;
        }
        const bool sent = !call->queued;
        const bool isInitialize = initializeToken.id == id;
        const auto waited = std::chrono::nanoseconds(call->deadlineNs - call->timings.acceptedNs);
        if (sent && !isInitialize && canSend() && !(isModern() && isHttp())) {
            sendCancelled(*call, "{\"requestId\":" + QByteArray::number(id) + ",\"reason\":\"timeout\"}");
        }
        if (link && link->transport) {
            link->transport->forget(id);
        }
        Reply reply;
        reply.kind = Reply::Kind::Timeout;
        const QString limit = QString::number(static_cast<double>(waited.count()) / 1e9, 'g', 4);
        reply.error = {ErrorCode::Timeout,
                       sent ? QStringLiteral("The server did not answer within %1 s.").arg(limit)
                            : QStringLiteral("The call waited %1 s for the server and was never sent.").arg(limit),
                       server.name, QStringLiteral("Look at the server's log, or raise its timeout.")};
        endCall(id, std::move(reply), OperationMetrics::End::TimedOut);
    }
}

} // namespace oriel::upstream
