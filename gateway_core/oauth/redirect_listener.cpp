// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/redirect_listener.h"

#include "http/loopback_guard.h"
#include "oauth/authorization_request.h"

#include <QUrl>

namespace oriel::oauth {

namespace {

using namespace std::chrono_literals;

http::ServerLimits listenerLimits()
{
    http::ServerLimits limits;
    limits.maxTargetBytes = 16 * 1024;
    limits.maxBodyBytes = 1024;
    limits.maxConnections = 16;
    limits.idleTimeout = 5s;
    limits.writeTimeout = 5s;
    return limits;
}

http::Response page(int status, const char* title, const char* text)
{
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "text/html; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("Referrer-Policy", "no-referrer");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    response.body = QByteArray("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Oriel</title>"
                               "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;"
                               "color-scheme:light dark}</style></head><body><h1>") +
                    title + "</h1><p>" + text + "</p></body></html>\n";
    return response;
}

} // namespace

struct RedirectListener::Waiting {
    quint16 port = 0;
    QByteArray state;
    Done done;
};

RedirectListener::RedirectListener(const Clock& clock, QObject* owner)
    : m_waiting(std::make_shared<Waiting>()),
      m_server(new http::Server(listenerLimits(), clock, owner))
{
    m_server->setHandler([waiting = m_waiting](const http::Request& request, http::Exchange exchange) {
        answer(waiting, request, std::move(exchange));
    });
}

RedirectListener::~RedirectListener()
{
    m_waiting->done = {};
    QObject::connect(m_server, &http::Server::stopped, m_server, &QObject::deleteLater);
    m_server->stop(2s);
}

Status RedirectListener::listen(quint16 preferred)
{
    Result<quint16> port = m_server->listen(QHostAddress(QHostAddress::LocalHost), preferred);
    if (!port && preferred != 0)
        port = m_server->listen(QHostAddress(QHostAddress::LocalHost), 0);
    if (!port)
        return fail(port.error().code,
                    QStringLiteral("the address for the browser's way back cannot be opened: %1").arg(port.error().message),
                    QStringLiteral("127.0.0.1"));
    m_waiting->port = *port;
    return {};
}

QByteArray RedirectListener::redirectUri() const
{
    return "http://127.0.0.1:" + QByteArray::number(m_waiting->port) + kPath;
}

void RedirectListener::expect(const QByteArray& state, Done done)
{
    m_waiting->state = state;
    m_waiting->done = std::move(done);
}

void RedirectListener::answer(const std::shared_ptr<Waiting>& waiting, const http::Request& request, http::Exchange exchange)
{
    if (!http::isHostAllowed(request.headers, waiting->port) || request.path() != QByteArrayView(kPath))
        return exchange.respond(page(404, "Nothing here", "This address only ends a sign-in of Oriel."));
    if (request.method != "GET")
        return exchange.respond(page(405, "Nothing here", "This address only ends a sign-in of Oriel."));
    if (!waiting->done || !answersState(request.query(), waiting->state)) {
        return exchange.respond(
            page(400, "This sign-in is not awaited",
                 "Oriel is not waiting for this answer; it may be an old page. Start the sign-in again in Oriel."));
    }
    const bool granted = http::queryValue(request.query(), "code").has_value();
    exchange.respond(granted
                         ? page(200, "Back to Oriel", "Oriel has the answer. You can close this page.")
                         : page(200, "No access given", "Oriel was told that access was not given. You can close this page."));
    const Done done = std::exchange(waiting->done, {});
    waiting->state.clear(); // an answer counts once
    done(request.query().toByteArray());
}

quint16 redirectPort(const QByteArray& redirectUri)
{
    return static_cast<quint16>(std::max(0, QUrl(QString::fromLatin1(redirectUri)).port(0)));
}

} // namespace oriel::oauth
