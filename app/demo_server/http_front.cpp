// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_front.h"

#include "http/sse.h"

#include <QJsonDocument>

namespace oriel::demo {

namespace {

constexpr std::size_t kMaxClients = 64;

QByteArray toJson(const QJsonObject& message)
{
    return QJsonDocument(message).toJson(QJsonDocument::Compact);
}

/// Answers with plain JSON unless something has to be said before: then with an event stream.
class ExchangeChannel final : public Channel {
public:
    ExchangeChannel(http::Exchange exchange, QByteArray session) : m_exchange(std::move(exchange)), m_session(std::move(session))
    {}

    void send(const QJsonObject& message) override
    {
        if (!m_streaming) {
            http::Headers headers{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}};
            m_exchange.startStream(200, headers);
            m_streaming = true;
        }
        m_exchange.write(http::sseEvent(toJson(message)));
    }
    void finish(const QJsonObject& response) override
    {
        if (m_streaming) {
            m_exchange.write(http::sseEvent(toJson(response)));
            m_exchange.end();
            return;
        }
        http::Response answer = http::Response::json(200, toJson(response));
        if (!m_session.isEmpty()) {
            answer.headers.set("Mcp-Session-Id", m_session);
        }
        m_exchange.respond(answer);
    }

private:
    http::Exchange m_exchange;
    QByteArray m_session; ///< set for the answer to initialize
    bool m_streaming = false;
};

} // namespace

HttpFront::HttpFront(std::shared_ptr<Shared> shared) : m_shared(std::move(shared)), m_server({}, m_clock)
{
    m_server.setHandler(
        [this](http::Request&& request, http::Exchange exchange) { handle(std::move(request), std::move(exchange)); });
}

Result<quint16> HttpFront::listen(quint16 port)
{
    return m_server.listen(QHostAddress(QHostAddress::LocalHost), port);
}

QByteArray HttpFront::newClient()
{
    if (m_clients.size() >= kMaxClients) {
        m_clients.erase(m_clients.begin());
    }
    QByteArray id = m_random.secureBytes(16).toHex();
    Client& client = m_clients[id];
    client.session = std::make_unique<Session>(m_shared, [this, id](const QJsonObject& message) {
        const auto it = m_clients.find(id);
        if (it != m_clients.end() && it->second.stream.isOpen()) {
            it->second.stream.write(http::sseEvent(toJson(message)));
        }
    });
    return id;
}

void HttpFront::handle(http::Request&& request, http::Exchange exchange)
{
    if (request.path() != "/mcp") {
        exchange.respond(http::Response::text(404, QByteArrayLiteral("The endpoint is /mcp.\n")));
        return;
    }
    if (!request.headers.value("Origin").isEmpty()) {
        exchange.respond(http::Response::text(403, QByteArrayLiteral("Browsers have no business here.\n")));
        return;
    }
    if (request.method == "POST") {
        post(request, std::move(exchange));
        return;
    }
    const auto it = m_clients.find(request.headers.value("Mcp-Session-Id").toByteArray());
    if (it == m_clients.end()) {
        exchange.respond(http::Response::text(request.headers.contains("Mcp-Session-Id") ? 404 : 400,
                                              QByteArrayLiteral("There is no such session.\n")));
    } else if (request.method == "DELETE") {
        m_clients.erase(it);
        exchange.respond(http::Response::text(200, {}));
    } else if (request.method == "GET") {
        exchange.startStream(200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}});
        exchange.write(http::sseComment("listening"));
        it->second.stream = std::move(exchange);
    } else {
        exchange.respond(http::Response::text(405, {}));
    }
}

void HttpFront::post(const http::Request& request, http::Exchange exchange)
{
    QJsonParseError error{};
    const QJsonDocument document = QJsonDocument::fromJson(request.body, &error);
    if (!document.isObject()) {
        exchange.respond(http::Response::json(400, toJson(errorResponse(QJsonValue::Null, -32700, error.errorString()))));
        return;
    }
    const QJsonObject message = document.object();
    const bool isRequest = message.contains(QStringLiteral("method")) && message.contains(QStringLiteral("id"));
    const bool initialize = message.value(QStringLiteral("method")).toString() == QStringLiteral("initialize");
    QByteArray id = initialize ? newClient() : request.headers.value("Mcp-Session-Id").toByteArray();
    const auto it = m_clients.find(id);
    if (it == m_clients.end()) {
        exchange.respond(http::Response::text(id.isEmpty() ? 400 : 404, QByteArrayLiteral("There is no such session.\n")));
        return;
    }
    if (!isRequest) {
        it->second.session->handle(message, nullptr);
        exchange.respond(http::Response::text(202, {}));
        return;
    }
    it->second.session->handle(message, std::make_shared<ExchangeChannel>(std::move(exchange), initialize ? id : QByteArray()));
}

} // namespace oriel::demo
