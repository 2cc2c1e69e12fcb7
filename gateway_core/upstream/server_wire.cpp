// SPDX-License-Identifier: GPL-3.0-or-later
// What the wire log hears of a connection.
#include "upstream/server_connection_p.h"

namespace oriel::upstream {

using telemetry::WireDirection;
using telemetry::WireEra;
using telemetry::WireKind;

/// The era that frames are written for; during a handshake the one that is being tried.
WireEra ServerConnection::Private::wireEra() const
{
    const bool modern = state == ServerState::Handshaking ? discovering : isModern();
    return modern ? WireEra::Modern : WireEra::Legacy;
}

/// The call that a message of the server is about, as far as it says so.
telemetry::WireCall ServerConnection::Private::wireCallOf(const mcp::Message& message, CallToken related)
{
    if (const PendingCall* call = related.isValid() ? calls.find(related.id) : nullptr) {
        return call->wireCall();
    }
    if (message.methodId == mcp::MethodId::NotificationProgress) {
        const mcp::RequestId token = mcp::RequestId::fromJson(message.rawOf(mcp::Field::ParamsProgressToken));
        const PendingCall* call = token.isInteger() ? calls.find(token.number()) : nullptr;
        return call != nullptr ? call->wireCall() : telemetry::WireCall();
    }
    return message.isRequest() && !isModern() ? handler.callOf(q, message, related) : telemetry::WireCall();
}

void ServerConnection::Private::recordWire(WireDirection direction, WireKind kind, QByteArray method, QByteArray rpcId,
                                           QByteArray payload, const telemetry::WireCall& call, const FrameOrigin* origin,
                                           const WireHeaders& headers)
{
    telemetry::WireFrame frame;
    frame.timeUnixNs = context.clock->unixNs();
    frame.direction = direction;
    frame.kind = kind;
    frame.server = name;
    frame.method = std::move(method);
    frame.rpcId = std::move(rpcId);
    frame.payload = std::move(payload);
    frame.traceId = call.traceId;
    frame.spanId = call.spanId;
    frame.callSpanId = call.callSpanId;
    if (kind <= WireKind::Notification) {
        frame.era = wireEra();
        frame.headers = headers;
    }
    if (origin != nullptr && origin->isEvent) {
        frame.carrier = origin->requestId != 0 ? telemetry::WireCarrier::AnswerEvent : telemetry::WireCarrier::OwnEvent;
        frame.eventId = origin->eventId;
    }
    frame.serverContext = serverContext;
    context.recorder->recordWire(std::move(frame));
}

/// Of the short-lived process that is asked for its era: both frames are of 2026-07-28, whatever this connection speaks.
void ServerConnection::Private::recordProbe(bool sent, const QByteArray& payload)
{
    telemetry::WireFrame frame;
    frame.timeUnixNs = context.clock->unixNs();
    frame.direction = sent ? WireDirection::GatewayToServer : WireDirection::ServerToGateway;
    frame.kind = sent ? WireKind::Request : WireKind::Response;
    frame.era = WireEra::Modern;
    frame.server = name;
    frame.method = sent ? QByteArrayLiteral("server/discover") : QByteArray();
    frame.payload = payload;
    frame.traceId = lifecycleTraceId;
    frame.serverContext = serverContext;
    context.recorder->recordWire(std::move(frame));
}

void ServerConnection::Private::recordLifecycle(const QString& text)
{
    telemetry::WireCall start;
    if (link) {
        start.traceId = link->trace.traceId();
        start.spanId = link->trace.rootSpanId();
    }
    recordWire(WireDirection::ServerToGateway, WireKind::Lifecycle, {}, {}, text.toUtf8(), start);
}

} // namespace oriel::upstream
