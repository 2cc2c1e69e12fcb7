// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/request_trace.h"

#include "telemetry/span_attributes.h"
#include "upstream/trace_context.h"

namespace oriel::gateway {

using telemetry::McpOperation;
using telemetry::OperationEnd;
using telemetry::SpanKind;

namespace {

telemetry::SpanLink linkTo(const telemetry::TraceContext& context, bool isRemote)
{
    const std::uint32_t known = telemetry::kHasIsRemote | (isRemote ? telemetry::kIsRemote : 0U);
    return {
        context.traceId, context.spanId, {}, {}, known | (context.flags & (telemetry::kFlagSampled | telemetry::kFlagRandom)), 0};
}

QByteArray nameOf(const mcp::Message& message)
{
    const QByteArrayView known = mcp::methodName(message.methodId);
    return known.isEmpty() ? message.text(mcp::Field::Method).left(64) : telemetry::literal(known);
}

QByteArray rewritten(const QByteArray& frame, const McpOperation& operation, const telemetry::ContextPolicy& policy)
{
    json::Document document;
    const auto message = mcp::readMessage(frame, document);
    if (!message)
        return frame;
    mcp::Rewrite rewrite(*message);
    upstream::writeTraceContext(rewrite, operation.context(), operation.traceState, policy.propagators);
    if (!policy.passBaggage)
        rewrite.removeMeta(mcp::Field::MetaBaggage);
    return rewrite.apply();
}

void adopt(McpOperation& operation, const telemetry::TraceContext& parent, const CallParent& call)
{
    operation.traceId = parent.traceId;
    operation.parentSpanId = parent.spanId;
    operation.traceFlags = parent.flags;
    operation.traceState = call.traceState;
    operation.parentSampled = call.parentSampled;
}

} // namespace

CallParent parentOf(const telemetry::CallRecord& record)
{
    return {{record.traceId, record.spanId, record.traceFlags},
            record.hops.isEmpty() ? record.spanId : record.hops.last().spanId,
            record.traceState,
            record.parentSampled};
}

McpOperation beginOperation(const GatewayContext& context, SpanKind kind, QByteArray method, const mcp::Message* message,
                            const telemetry::TraceContext& ambient, const CallParent& call)
{
    const telemetry::ContextPolicy& policy = context.policy;
    McpOperation operation;
    operation.kind = kind;
    operation.method = std::move(method);
    operation.spanId = SpanId::generate(context.random);
    operation.startNs = context.now();
    operation.startUnixNs = context.clock.unixNs();
    const auto told = message != nullptr ? upstream::readTraceContext(*message, policy.propagators) : std::nullopt;
    const bool isTold = told && told->context.isValid();
    if (isTold && !policy.foreignContextAsLink) {
        operation.traceId = told->context.traceId;
        operation.parentSpanId = told->context.spanId;
        operation.isParentRemote = true;
        operation.parentSampled = told->context.isSampled();
        operation.traceState = told->traceState;
        operation.traceFlags = policy.flagsOf(
            told->context.flags, policy.sampling.decide(operation.traceId, operation.traceState, operation.parentSampled));
        if (ambient.isValid() && ambient.spanId != told->context.spanId)
            operation.link = linkTo(ambient, false);
        return operation;
    }
    if (ambient.isValid()) {
        adopt(operation, ambient, call);
    } else {
        operation.traceId = TraceId::generate(context.random);
        operation.traceFlags = policy.rootFlags(operation.traceId);
    }
    if (isTold)
        operation.link = linkTo(told->context, true);
    return operation;
}

RequestTrace::~RequestTrace()
{
    cancelled();
}

void RequestTrace::received(const mcp::Message& request, const std::shared_ptr<const telemetry::ServerContext>& server,
                            const CallParent& call)
{
    const telemetry::TraceContext hop{call.call.traceId, call.hopSpanId, call.call.flags};
    m_received = beginOperation(m_context, SpanKind::Server, nameOf(request), &request, hop, call);
    m_received->jsonrpcId = request.id().toText();
    m_received->server = server;
}

CallParent RequestTrace::self() const
{
    return {m_received->context(), {}, m_received->traceState, m_received->parentSampled};
}

void RequestTrace::asked(const downstream::Session& session, QByteArray method, QByteArray id, const CallParent& call)
{
    const CallParent parent = m_received ? self() : call;
    m_asked = beginOperation(m_context, SpanKind::Client, std::move(method), nullptr, parent.call, parent);
    m_asked->jsonrpcId = std::move(id);
    m_asked->client = session.client;
    m_asked->isClientOverHttp = session.client == nullptr || session.client->transport != telemetry::Transport::Stdio;
}

QByteArray RequestTrace::withContext(const QByteArray& frame) const
{
    return m_asked ? rewritten(frame, *m_asked, m_context.policy) : frame;
}

void RequestTrace::end(const OperationEnd& received, const OperationEnd& asked)
{
    if (std::exchange(m_ended, true))
        return;
    if (m_asked)
        telemetry::recordOperation(m_context.recorder, *m_asked, asked);
    if (m_received)
        telemetry::recordOperation(m_context.recorder, *m_received, received);
}

void RequestTrace::answered()
{
    const OperationEnd how{m_context.now(), {}, 0, {}};
    end(how, how);
}

void RequestTrace::answered(const mcp::Message& answer)
{
    OperationEnd how;
    how.ns = m_context.now();
    if (answer.kind == mcp::Message::Kind::Error) {
        how.rpcErrorCode = answer.errorCode;
        how.errorMessage = answer.text(mcp::Field::ErrorMessage).left(1024);
    }
    end(how, how);
}

void RequestTrace::failed(int rpcCode, const QByteArray& message, QByteArray clientErrorType)
{
    end({m_context.now(), {}, rpcCode, message}, {m_context.now(), std::move(clientErrorType), 0, message});
}

void RequestTrace::cancelled()
{
    const OperationEnd how{m_context.now(), QByteArrayLiteral("cancelled"), 0, {}};
    end(how, how);
}

void RequestTrace::cancelReceived(const mcp::Message& notification)
{
    if (!m_received)
        return;
    McpOperation operation =
        beginOperation(m_context, SpanKind::Server, nameOf(notification), &notification, m_received->context(), self());
    operation.server = m_received->server;
    telemetry::recordOperation(m_context.recorder, operation, {m_context.now(), {}, 0, {}});
}

QByteArray RequestTrace::cancelSent(const QByteArray& frame)
{
    if (!m_asked)
        return frame;
    const CallParent parent{m_asked->context(), {}, m_asked->traceState, m_asked->parentSampled};
    McpOperation operation =
        beginOperation(m_context, SpanKind::Client, QByteArrayLiteral("notifications/cancelled"), nullptr, parent.call, parent);
    operation.parentSpanId = m_asked->parentSpanId; // beside the request, as the spans of a cancelled call
    operation.client = m_asked->client;
    operation.isClientOverHttp = m_asked->isClientOverHttp;
    const QByteArray sent = rewritten(frame, operation, m_context.policy);
    telemetry::recordOperation(m_context.recorder, operation, {m_context.now(), {}, 0, {}});
    return sent;
}

void recordNotification(const GatewayContext& context, const downstream::Incoming& incoming, const telemetry::CallRecord* about)
{
    const telemetry::ContextPolicy& policy = context.policy;
    const CallParent call = about != nullptr ? parentOf(*about) : CallParent();
    telemetry::TraceContext ambient = call.call;
    CallParent origin = call;
    const auto header = telemetry::extractContext({incoming.traceparent, incoming.tracestate, incoming.b3}, policy.propagators);
    const bool isFromHeader = !ambient.isValid() && header && header->context.isValid() && !policy.foreignContextAsLink;
    if (isFromHeader) {
        const bool isSampled = header->context.isSampled();
        ambient = header->context;
        ambient.flags = policy.flagsOf(ambient.flags, policy.sampling.decide(ambient.traceId, header->traceState, isSampled));
        origin.traceState = header->traceState;
        origin.parentSampled = isSampled;
    }
    McpOperation operation =
        beginOperation(context, SpanKind::Server, nameOf(incoming.message), &incoming.message, ambient, origin);
    operation.isParentRemote = operation.isParentRemote || isFromHeader;
    operation.client = incoming.session->client;
    operation.isClientOverHttp = operation.client == nullptr || operation.client->transport != telemetry::Transport::Stdio;
    if (incoming.startNs != 0) {
        operation.startNs = incoming.startNs;
        operation.startUnixNs = incoming.startUnixNs;
    }
    telemetry::recordOperation(context.recorder, operation, {context.now(), {}, 0, {}});
}

} // namespace oriel::gateway
