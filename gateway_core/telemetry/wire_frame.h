// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"

#include <QByteArray>
#include <QList>

#include <memory>
#include <utility>

namespace oriel::telemetry {

struct ClientContext;
struct ServerContext;

enum class WireDirection : quint8 { ClientToGateway, GatewayToClient, GatewayToServer, ServerToGateway };

enum class WireKind : quint8 {
    Request,
    Response,
    Error,
    Notification, ///< JSON-RPC frames
    StrayOutput,  ///< a line on a server's stdout that is not JSON-RPC
    Stderr,
    Lifecycle, ///< spawn, handshake, exit: text in `payload`
};

/// What carried a frame, where the direction and the peer's transport do not say it already.
enum class WireCarrier : quint8 {
    Plain,       ///< the body of a POST, of its answer, or a line
    AnswerEvent, ///< an event on the stream that answers a POST
    OwnEvent,    ///< an event on a stream that belongs to no request (GET, HTTP+SSE)
};

/// The half of the specification that a frame is written for. Unknown: no JSON-RPC, or nobody has found it out yet.
enum class WireEra : quint8 { Unknown, Legacy, Modern };

/// Which call a frame belongs to, on either side of the gateway.
struct WireCall {
    TraceId traceId;
    SpanId spanId;     ///< the span that shows it: SERVER at the client's side, CLIENT at the server's
    SpanId callSpanId; ///< the SERVER span of the client's request, the same on both sides
};

/// One frame of one connection, for the wire log. Held in memory only, bounded; masked when it is read.
struct WireFrame {
    std::int64_t timeUnixNs = 0;
    WireDirection direction = WireDirection::ClientToGateway;
    WireKind kind = WireKind::Request;
    WireCarrier carrier = WireCarrier::Plain;
    WireEra era = WireEra::Unknown;
    QByteArray server;  ///< the configured server's name on the upstream side
    QByteArray client;  ///< the client's name on the downstream side
    QByteArray method;  ///< empty for a response
    QByteArray rpcId;   ///< JSON text of the id
    QByteArray payload; ///< the whole frame, shared with the connection
    TraceId traceId;
    SpanId spanId;
    SpanId callSpanId;                                  ///< of WireCall; invalid: of no client's call
    QByteArray eventId;                                 ///< of an event that has one
    QList<std::pair<QByteArray, QByteArray>> headers;   ///< HTTP fields about MCP that were written for this frame alone
    std::shared_ptr<const ClientContext> clientContext; ///< who is at the other end, as of this frame; one of both
    std::shared_ptr<const ServerContext> serverContext;
};

} // namespace oriel::telemetry
