// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/server.h"
#include "http/sse.h"
#include "upstream_fixture.h"

namespace oriel::upstream::test {

/// A server whose answers a test writes down; initialize, tools/list and notifications are answered unless it says otherwise.
/// With `modern` it speaks 2026-07-28 instead: server/discover, no session, and subscriptions/listen, whose stream stays open.
class ScriptedServer {
public:
    ScriptedServer() : m_server({}, systemClock())
    {
        m_server.setHandler(
            [this](http::Request&& request, http::Exchange exchange) { handle(std::move(request), std::move(exchange)); });
        const auto port = m_server.listen(QHostAddress(QHostAddress::LocalHost), 0);
        Q_ASSERT(port);
    }

    [[nodiscard]] QString url() const { return QStringLiteral("http://127.0.0.1:%1/mcp").arg(m_server.port()); }
    void stop() { m_server.stop(std::chrono::milliseconds(0)); }

    struct Seen {
        QByteArray method;
        QByteArray target;
        http::Headers headers;
        QByteArray body;
    };
    /// True when the test has answered.
    using Script = std::function<bool(const http::Request& request, const mcp::Message& message, http::Exchange& exchange)>;

    Script script;
    QByteArray session = "session-1";
    bool modern = false;
    QByteArray capabilities = "{\"tools\":{\"listChanged\":true},\"resources\":{\"subscribe\":true}}"; ///< modern
    QByteArray toolList = "[{\"name\":\"one\",\"inputSchema\":{}}]";
    std::vector<Seen> seen;
    http::Exchange stream; ///< of the last GET or subscriptions/listen
    QByteArray listenId;

    /// As a modern server sends it on the stream of the last subscriptions/listen.
    [[nodiscard]] QByteArray listenNotification(QByteArrayView method, const QByteArray& members = {}, QByteArray id = {}) const
    {
        return mcp::makeNotification(method,
                                     "{\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":" + (id.isEmpty() ? listenId : id) +
                                         '}' + (members.isEmpty() ? QByteArray() : ',' + members) + '}');
    }

    [[nodiscard]] QList<QByteArray> seenMethods() const
    {
        QList<QByteArray> methods;
        for (const Seen& one : seen) {
            json::Document document;
            const auto message = mcp::readMessage(one.body, document);
            methods.append(message ? message->text(mcp::Field::Method) : one.method);
        }
        return methods;
    }

    static void answer(const mcp::Message& message, http::Exchange& exchange, QByteArrayView result)
    {
        exchange.respond(http::Response::json(200, mcp::makeResult(message.id(), result)));
    }

private:
    void handle(http::Request&& request, http::Exchange exchange)
    {
        seen.push_back({request.method, request.target, request.headers, request.body});
        mcp::Message message;
        json::Document document;
        if (auto read = mcp::readMessage(request.body, document)) {
            message = std::move(*read);
        }
        if (script && script(request, message, exchange)) {
            return;
        }
        if (request.method == "GET") {
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            stream = exchange;
        } else if (request.method != "POST") {
            exchange.respond(http::Response::text(200, {}));
        } else if (modern) {
            handleModern(message, exchange);
        } else if (message.methodId == mcp::MethodId::Initialize) {
            http::Response response = http::Response::json(
                200, mcp::makeResult(message.id(), "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},"
                                                   "\"serverInfo\":{\"name\":\"h\",\"version\":\"3\"}}"));
            if (!session.isEmpty()) {
                response.headers.set("Mcp-Session-Id", session);
            }
            exchange.respond(response);
        } else if (!message.isRequest()) {
            exchange.respond(http::Response::text(202, {}));
        } else if (message.methodId == mcp::MethodId::ToolsList) {
            answer(message, exchange, "{\"tools\":" + toolList + '}');
        } else {
            answer(message, exchange, "{\"content\":[]}");
        }
    }

    void handleModern(const mcp::Message& message, http::Exchange& exchange)
    {
        using mcp::MethodId;
        const QByteArray complete = "{\"resultType\":\"complete\",";
        switch (message.methodId) {
        case MethodId::ServerDiscover:
            answer(message, exchange,
                   complete + "\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\"],\"capabilities\":" + capabilities +
                       ",\"instructions\":\"be kind\",\"ttlMs\":0,\"cacheScope\":\"public\",\"_meta\":"
                       "{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"m\",\"version\":\"5\"}}}");
            return;
        case MethodId::SubscriptionsListen:
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            listenId = message.rawOf(mcp::Field::Id).toByteArray();
            stream = exchange;
            stream.write(http::sseEvent(
                listenNotification("notifications/subscriptions/acknowledged",
                                   "\"notifications\":" + message.rawOf(mcp::Field::ParamsNotifications).toByteArray())));
            return;
        case MethodId::ToolsList:
            answer(message, exchange, complete + "\"ttlMs\":1000,\"cacheScope\":\"private\",\"tools\":" + toolList + '}');
            return;
        case MethodId::ResourcesList:
        case MethodId::ResourcesTemplatesList:
            answer(message, exchange,
                   complete + "\"ttlMs\":0,\"cacheScope\":\"private\",\"resources\":[],\"resourceTemplates\":[]}");
            return;
        case MethodId::ToolsCall:
            answer(message, exchange, complete + "\"content\":[]}");
            return;
        default:
            exchange.respond(http::Response::json(404, mcp::makeErrorResponse(message.id(), -32601, "no such method")));
        }
    }

    http::Server m_server;
};

} // namespace oriel::upstream::test
