// SPDX-License-Identifier: GPL-3.0-or-later
// Spans and measurements of what the gateway and its server say to each other for no client's call, or about one.
#include "telemetry/mcp_operation.h"
#include "telemetry/span_attributes.h"
#include "upstream/server_connection_p.h"
#include "upstream/trace_context.h"

namespace oriel::upstream {

using telemetry::McpOperation;
using telemetry::OperationEnd;
using telemetry::SpanKind;
using Step = LifecycleTrace::Step;

QByteArray Reply::errorType() const
{
    switch (kind) {
    case Kind::Response:
        if (message.kind == mcp::Message::Kind::Error) {
            return QByteArray::number(message.errorCode);
        }
        return message.resultIsError ? QByteArrayLiteral("tool_error") : QByteArray();
    case Kind::Timeout:
        return QByteArrayLiteral("timeout");
    case Kind::Cancelled:
        return QByteArrayLiteral("cancelled");
    default:
        break;
    }
    return httpStatus != 0            ? QByteArray::number(httpStatus)
           : kind == Kind::Overloaded ? QByteArrayLiteral("overloaded")
                                      : QByteArrayLiteral("unavailable");
}

const telemetry::ContextPolicy& ServerConnection::Private::policy() const
{
    static const telemetry::ContextPolicy kDefault;
    return context.contextPolicy != nullptr ? *context.contextPolicy : kDefault;
}

McpOperation ServerConnection::Private::newOperation(SpanKind kind, QByteArray method, QByteArray rpcId) const
{
    McpOperation operation;
    operation.kind = kind;
    operation.spanId = SpanId::generate(*context.random);
    operation.method = std::move(method);
    operation.jsonrpcId = std::move(rpcId);
    operation.startNs = context.clock->monotonicNs();
    operation.startUnixNs = context.clock->unixNs();
    operation.server = serverContext;
    return operation;
}

/// A part of the start while the server starts; later a trace of its own, linked to that of the start.
void ServerConnection::Private::placeOwn(McpOperation& operation) const
{
    if (link && (state == ServerState::Handshaking || state == ServerState::Listing)) {
        operation.traceId = link->trace.traceId();
        operation.parentSpanId = link->trace.stepSpanId(state == ServerState::Handshaking ? Step::Handshake : Step::List);
        operation.traceFlags = link->trace.traceFlags();
        return;
    }
    operation.traceId = TraceId::generate(*context.random);
    operation.traceFlags = policy().rootFlags(operation.traceId);
    if (link) {
        operation.link = telemetry::SpanLink{
            link->trace.traceId(), link->trace.rootSpanId(), {}, {}, telemetry::kHasIsRemote | link->trace.traceFlags(), 0};
    }
}

/// A request that no client's call stands behind.
CallToken ServerConnection::Private::acceptOwn(QByteArray frame, QByteArray method, std::int64_t id, const CallOptions& options,
                                               ReplyHandler& replyHandler, quint64 cookie, bool internal,
                                               const mcp::Message* source)
{
    auto operation = std::make_shared<McpOperation>(newOperation(SpanKind::Client, method, QByteArray::number(id)));
    if (options.cause.isValid()) {
        operation->traceId = options.cause.traceId;
        operation->parentSpanId = options.cause.spanId;
        operation->traceFlags = options.cause.flags;
    } else {
        placeOwn(*operation);
    }
    CallOptions traced = options;
    traced.traceId = operation->traceId;
    traced.spanId = operation->spanId;
    traced.traceFlags = operation->traceFlags;
    traced.propagators = policy().propagators;
    if (const auto message = mcp::readMessage(frame, document)) {
        mcp::Rewrite rewrite(*message);
        writeTraceContext(rewrite, operation->context(), {}, traced.propagators);
        frame = rewrite.apply();
    }
    const CallToken token = accept(std::move(frame), std::move(method), id, traced, replyHandler, cookie, internal, source);
    if (PendingCall* call = calls.find(token.id)) {
        call->own = std::move(operation);
    }
    return token;
}

OperationEnd ServerConnection::Private::operationEndOf(const Reply& reply)
{
    OperationEnd end;
    end.errorType = reply.errorType();
    if (reply.kind != Reply::Kind::Response) {
        end.errorMessage = reply.error.message.toUtf8();
    } else if (reply.message.kind == mcp::Message::Kind::Error) {
        end.rpcErrorCode = reply.message.errorCode;
        end.errorMessage = reply.message.text(mcp::Field::ErrorMessage).left(1024);
    }
    return end;
}

void ServerConnection::Private::recordOwn(McpOperation operation, OperationEnd end, const CallTimings& timings)
{
    const std::int64_t begin = timings.sentNs != 0 ? timings.sentNs : timings.acceptedNs;
    operation.startUnixNs += begin - operation.startNs;
    operation.startNs = begin;
    operation.server = serverContext; // of initialize only its answer tells the revision
    end.ns = timings.doneNs != 0 ? timings.doneNs : context.clock->monotonicNs();
    telemetry::recordOperation(*context.recorder, operation, end);
}

/// Sends a notification of the gateway's own: of the start, or about a call.
Status ServerConnection::Private::sendNotification(McpOperation operation, QByteArrayView params, SendOptions options,
                                                   const telemetry::WireCall& of)
{
    QByteArray frame = mcp::makeNotification(operation.method, params);
    if (const auto message = mcp::readMessage(frame, document)) {
        mcp::Rewrite rewrite(*message);
        writeTraceContext(rewrite, operation.context(), operation.traceState, policy().propagators);
        frame = rewrite.apply();
    }
    if (isHttp()) {
        addTraceContext(options, operation.context(), operation.traceState, policy().propagators);
    }
    const Status sent = sendRaw(frame, options, of);
    telemetry::recordOperation(*context.recorder, operation,
                               {context.clock->monotonicNs(), sent ? QByteArray() : QByteArrayLiteral("unavailable"), 0,
                                sent ? QByteArray() : sent.error().message.toUtf8()});
    return sent;
}

Status ServerConnection::Private::sendInitialized()
{
    McpOperation operation = newOperation(SpanKind::Client, QByteArrayLiteral("notifications/initialized"), {});
    placeOwn(operation);
    operation.parentSpanId = link->trace.rootSpanId(); // the handshake is over
    SendOptions options;
    options.initialized = true;
    return sendNotification(std::move(operation), {}, std::move(options), {});
}

void ServerConnection::Private::sendCancelled(const PendingCall& call, QByteArrayView params)
{
    McpOperation operation = newOperation(SpanKind::Client, QByteArrayLiteral("notifications/cancelled"), {});
    if (call.traceId.isValid()) {
        operation.traceId = call.traceId;
        operation.parentSpanId = call.own ? call.own->parentSpanId : call.callSpanId;
        operation.traceFlags = call.traceFlags;
        operation.traceState = call.traceState;
        operation.parentSampled = call.parentSampled;
    } else {
        placeOwn(operation);
    }
    (void)sendNotification(std::move(operation), params, {}, call.wireCall());
}

void ServerConnection::Private::answerPing(const mcp::Message& message, CallToken related)
{
    McpOperation operation = newOperation(SpanKind::Server, QByteArrayLiteral("ping"), message.id().toText());
    const auto told = readTraceContext(message, policy().propagators);
    if (told && told->context.isValid() && !policy().foreignContextAsLink) {
        operation.traceId = told->context.traceId;
        operation.parentSpanId = told->context.spanId;
        operation.isParentRemote = true;
        operation.parentSampled = told->context.isSampled();
        operation.traceFlags = policy().flagsOf(
            told->context.flags, policy().sampling.decide(told->context.traceId, told->traceState, told->context.isSampled()));
        operation.traceState = told->traceState;
    } else if (const PendingCall* call = related.isValid() ? calls.find(related.id) : nullptr; call && call->traceId.isValid()) {
        operation.traceId = call->traceId;
        operation.parentSpanId = call->spanId;
        operation.traceFlags = call->traceFlags;
        operation.parentSampled = call->parentSampled;
    } else {
        placeOwn(operation);
    }
    const Status sent = sendRaw(mcp::makeResult(message.id(), "{}"), {});
    telemetry::recordOperation(*context.recorder, operation,
                               {context.clock->monotonicNs(), sent ? QByteArray() : QByteArrayLiteral("unavailable"), 0, {}});
}

} // namespace oriel::upstream
