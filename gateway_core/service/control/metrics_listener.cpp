// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/metrics_listener.h"

#include "http/loopback_guard.h"
#include "http/loopback_ports.h"

namespace oriel::service {

namespace {

http::ServerLimits limits()
{
    http::ServerLimits limits;
    limits.maxBodyBytes = 1024;
    limits.maxConnections = 16;
    return limits;
}

} // namespace

MetricsListener::MetricsListener(HttpApi& api, const Clock& clock, QObject* parent)
    : QObject(parent),
      m_api(api),
      m_server(limits(), clock)
{
    m_server.setHandler([this](http::Request&& request, http::Exchange exchange) { answer(request, std::move(exchange)); });
}

Result<quint16> MetricsListener::listen(const QString& host, quint16 port)
{
    const auto address = http::parseListenAddress(host);
    if (!address)
        return fail(address.error());
    const auto places = http::loopbackPorts(*address, port);
    if (!places)
        return fail(places.error());
    auto listening = m_server.listen(*address, places->port);
    if (listening && places->hasBoth())
        (void)m_server.listenAlso(*places->other);
    return listening;
}

void MetricsListener::close()
{
    m_server.stop(std::chrono::milliseconds(0));
}

void MetricsListener::answer(const http::Request& request, http::Exchange exchange)
{
    if (!http::isHostAllowed(request.headers, m_server.port()) || !http::isOriginAllowed(request.headers))
        return exchange.respond(http::Response::text(403, "This port serves programs of this machine only.\n"));
    if (request.path() != QByteArrayView("/metrics"))
        return exchange.respond(http::Response::text(404, "This port serves /metrics only.\n"));
    if (request.method != "GET" && request.method != "HEAD")
        return exchange.respond(http::Response::text(405, "Use GET.\n"));
    m_api.handle(request, [exchange](const http::Response& response) mutable { exchange.respond(response); });
}

} // namespace oriel::service
