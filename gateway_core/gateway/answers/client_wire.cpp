// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/answers/client_wire.h"

namespace oriel::gateway {

using telemetry::WireCarrier;
using telemetry::WireDirection;

namespace {

QByteArray methodOf(const mcp::Message& message)
{
    if (message.methodId == mcp::MethodId::Unknown)
        return message.text(mcp::Field::Method).left(64);
    const QByteArrayView name = mcp::methodName(message.methodId);
    return QByteArray::fromRawData(name.data(), name.size());
}

telemetry::WireFrame clientFrame(const downstream::Session& session, WireDirection direction, telemetry::WireKind kind,
                                 const QByteArray& frame, const downstream::Reply* over)
{
    telemetry::WireFrame wire;
    wire.direction = direction;
    wire.kind = kind;
    wire.era = mcp::isModern(session.revision) ? telemetry::WireEra::Modern : telemetry::WireEra::Legacy;
    wire.client = session.client->clientName;
    wire.clientContext = session.client;
    wire.payload = frame;
    if (direction != WireDirection::GatewayToClient)
        return wire;
    if (over != nullptr && over->isStream()) {
        wire.carrier = WireCarrier::AnswerEvent;
        wire.eventId = over->lastEventId();
    } else if (over == nullptr && session.client->transport == telemetry::Transport::Http) {
        wire.carrier = WireCarrier::OwnEvent;
        wire.eventId = session.lastEventId();
    }
    return wire;
}

} // namespace

telemetry::WireCall wireCallOf(const telemetry::CallRecord& record)
{
    return {record.traceId, record.spanId, record.spanId};
}

void ClientWire::record(const downstream::Session& session, WireDirection direction, telemetry::WireKind kind,
                        const mcp::Message* message, const QByteArray& frame, const telemetry::CallRecord* call,
                        const downstream::Reply* over)
{
    telemetry::WireFrame wire = clientFrame(session, direction, kind, frame, over);
    wire.timeUnixNs = m_clock.unixNs();
    if (call != nullptr) {
        wire.traceId = call->traceId;
        wire.spanId = wire.callSpanId = call->spanId;
    }
    const bool isCallItself = call != nullptr && (message == nullptr || kind == telemetry::WireKind::Request) &&
                              (message == nullptr || direction == WireDirection::ClientToGateway);
    if (isCallItself) {
        wire.method = call->method;
        wire.rpcId = call->jsonrpcId;
    } else if (message != nullptr) {
        wire.method = methodOf(*message);
        wire.rpcId = message->id().toText();
    }
    m_recorder.recordWire(std::move(wire));
}

void ClientWire::record(const downstream::Session& session, WireDirection direction, telemetry::WireKind kind,
                        const mcp::Message* message, const QByteArray& frame, const telemetry::WireCall& call,
                        const downstream::Reply* over)
{
    telemetry::WireFrame wire = clientFrame(session, direction, kind, frame, over);
    wire.timeUnixNs = m_clock.unixNs();
    wire.traceId = call.traceId;
    wire.spanId = call.spanId;
    wire.callSpanId = call.callSpanId;
    if (message != nullptr) {
        wire.method = methodOf(*message);
        wire.rpcId = message->id().toText();
    }
    m_recorder.recordWire(std::move(wire));
}

void ClientWire::recordSent(const downstream::Session& session, const QByteArray& frame, const telemetry::WireCall& call,
                            const downstream::Reply* over)
{
    json::Document document;
    const auto message = mcp::readMessage(frame, document);
    const bool isRequest = message && message->isRequest();
    record(session, WireDirection::GatewayToClient, isRequest ? telemetry::WireKind::Request : telemetry::WireKind::Notification,
           message ? &*message : nullptr, frame, call, over);
}

void ClientWire::recordNotification(const downstream::Session& session, const mcp::Message& message, const QByteArray& frame,
                                    const telemetry::CallRecord* call, const downstream::Reply* over)
{
    record(session, WireDirection::GatewayToClient, telemetry::WireKind::Notification, &message, frame, call, over);
}

void ClientWire::passOn(downstream::Session& session, const mcp::Message& message)
{
    session.send(message.raw);
    recordNotification(session, message, message.raw);
}

} // namespace oriel::gateway
