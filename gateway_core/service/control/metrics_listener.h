// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/server.h"
#include "service/control/http_api.h"

namespace oriel::service {

/// `/metrics` on a loopback port of its own, without a token, and nothing else: what OTEL_EXPORTER_PROMETHEUS_* ask for. Whoever
/// can reach the port on this machine can read it. Owned by the host, on the gateway thread.
class MetricsListener final : public QObject {
    Q_OBJECT
public:
    /// `api` outlives it.
    MetricsListener(HttpApi& api, const Clock& clock, QObject* parent = nullptr);

    /// `host`: as http::parseListenAddress; of 127.0.0.1 and ::1 the other one too, where it is free. Errors as
    /// http::loopbackPorts.
    Result<quint16> listen(const QString& host, quint16 port);
    /// Ends every connection and serves no more.
    void close();

private:
    void answer(const http::Request& request, http::Exchange exchange);

    HttpApi& m_api;
    http::Server m_server;
};

} // namespace oriel::service
