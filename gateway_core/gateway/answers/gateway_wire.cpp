// SPDX-License-Identifier: GPL-3.0-or-later
// What the wire log hears of the clients' side. Byte arrays are shared with the message, never copied.
#include "gateway/gateway.h"

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

void Gateway::recordClientFrame(const downstream::Session& session, WireDirection direction, telemetry::WireKind kind,
                                const mcp::Message* message, const QByteArray& frame, const telemetry::CallRecord* record,
                                const downstream::Reply* over)
{
    telemetry::WireFrame wire = clientFrame(session, direction, kind, frame, over);
    wire.timeUnixNs = m_deps.clock.unixNs();
    if (record != nullptr) {
        wire.traceId = record->traceId;
        wire.spanId = wire.callSpanId = record->spanId;
    }
    const bool isCallItself = record != nullptr && (message == nullptr || kind == telemetry::WireKind::Request) &&
                              (message == nullptr || direction == WireDirection::ClientToGateway);
    if (isCallItself) {
        wire.method = record->method;
        wire.rpcId = record->jsonrpcId;
    } else if (message != nullptr) {
        wire.method = methodOf(*message);
        wire.rpcId = message->id().toText();
    }
    m_deps.recorder.recordWire(std::move(wire));
}

void Gateway::recordClientFrame(const downstream::Session& session, WireDirection direction, telemetry::WireKind kind,
                                const mcp::Message* message, const QByteArray& frame, const telemetry::WireCall& call,
                                const downstream::Reply* over)
{
    telemetry::WireFrame wire = clientFrame(session, direction, kind, frame, over);
    wire.timeUnixNs = m_deps.clock.unixNs();
    wire.traceId = call.traceId;
    wire.spanId = call.spanId;
    wire.callSpanId = call.callSpanId;
    if (message != nullptr) {
        wire.method = methodOf(*message);
        wire.rpcId = message->id().toText();
    }
    m_deps.recorder.recordWire(std::move(wire));
}

void Gateway::recordSent(const downstream::Session& session, const QByteArray& frame, const telemetry::WireCall& call,
                         const downstream::Reply* over)
{
    json::Document document;
    const auto message = mcp::readMessage(frame, document);
    const bool isRequest = message && message->isRequest();
    recordClientFrame(session, WireDirection::GatewayToClient,
                      isRequest ? telemetry::WireKind::Request : telemetry::WireKind::Notification, message ? &*message : nullptr,
                      frame, call, over);
}

telemetry::WireCall Gateway::callOf(const upstream::ServerConnection& connection, const mcp::Message& message,
                                    upstream::CallToken related) const
{
    quint64 cookie = 0;
    QByteArray refusal;
    const auto session = sessionForRequest(connection, message, related, &cookie, &refusal);
    const ActiveCall* call = session != nullptr ? m_calls.find(cookie) : nullptr;
    if (call == nullptr)
        return {};
    const telemetry::CallRecord& record = call->record;
    return {record.traceId, record.hops.isEmpty() ? record.spanId : record.hops.last().spanId, record.spanId};
}

/// The call that a client's notifications/cancelled is about.
const telemetry::CallRecord* Gateway::recordOfCancelled(const downstream::Incoming& incoming) const
{
    if (incoming.message.methodId != mcp::MethodId::NotificationCancelled)
        return nullptr;
    const auto id = mcp::RequestId::fromJson(incoming.message.rawOf(mcp::Field::ParamsRequestId));
    const telemetry::CallRecord* record = nullptr;
    m_calls.forEach([&](quint64, const ActiveCall& call) {
        if (call.incoming.session == incoming.session && call.clientId == id)
            record = &call.record;
    });
    return record;
}

} // namespace oriel::gateway
