// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"

#include <QByteArray>

namespace oriel::telemetry {

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

/// One frame of one connection, for the wire log. Held in memory only, bounded; masked when it is read.
struct WireFrame {
    std::int64_t timeUnixNs = 0;
    WireDirection direction = WireDirection::ClientToGateway;
    WireKind kind = WireKind::Request;
    QByteArray server;  ///< the configured server's name on the upstream side
    QByteArray client;  ///< the client's name on the downstream side
    QByteArray method;  ///< empty for a response
    QByteArray rpcId;   ///< JSON text of the id
    QByteArray payload; ///< the whole frame, shared with the connection
    TraceId traceId;
    SpanId spanId;
};

} // namespace oriel::telemetry
