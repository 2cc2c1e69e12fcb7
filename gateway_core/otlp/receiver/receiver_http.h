// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/loopback_ports.h"
#include "http/server.h"
#include "otlp/receiver/receiver_service.h"

namespace oriel::otlp {

/// OTLP/HTTP (opentelemetry-proto docs/specification.md): POST /v1/traces, /v1/metrics and /v1/logs, protobuf or JSON by
/// Content-Type, plain or gzip. Errors are google.rpc.Status in the request's encoding. Only requests whose Host names the
/// endpoint are served, and no web page of another origin. As many connections are kept alive as http::ServerLimits allows; who
/// comes beyond them is told to come again, and counted as busy. Lives on one thread with an event loop; requests are decoded
/// there.
class HttpReceiver final {
public:
    HttpReceiver(ReceiverService& service, const Clock& clock);

    /// A loopback address, and the other of 127.0.0.1 and ::1 where that is free; port 0 picks a free one. Errors as
    /// http::loopbackPorts.
    Status listen(const QHostAddress& address, quint16 port);
    [[nodiscard]] const http::LoopbackPorts& places() const { return m_places; }
    [[nodiscard]] quint16 port() const { return m_server.isListening() ? m_server.port() : quint16{0}; }

private:
    [[nodiscard]] std::optional<http::Response> refuse(const http::Request& head);
    [[nodiscard]] http::Response answer(const http::Request& request);

    ReceiverService& m_service;
    http::Server m_server;
    http::LoopbackPorts m_places;
};

} // namespace oriel::otlp
