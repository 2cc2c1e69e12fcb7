// SPDX-License-Identifier: GPL-3.0-or-later
// The legacy side of the HTTP endpoint: sessions of 2025-03-26 to 2025-11-25.
#include "batch.h"
#include "http_answer.h"
#include "http_endpoint.h"

#include <QJsonDocument>

#include <algorithm>

namespace oriel::conformance {

namespace {

RpcError badRequest(const QString& message)
{
    return {error_code::ServerError, u"Bad Request: "_s + message};
}

} // namespace

std::shared_ptr<HttpSession> HttpEndpoint::sessionOf(Post& post)
{
    const http::Headers& headers = post.request.headers;
    if (!headers.contains("Mcp-Session-Id")) {
        refuse(post, 400, badRequest(u"Mcp-Session-Id is required"_s));
        return nullptr;
    }
    const std::shared_ptr<HttpSession> session = m_sessions.value(headers.value("Mcp-Session-Id").toByteArray());
    if (!session) {
        refuse(post, 404, {error_code::ServerError, u"Session not found"_s});
        return nullptr;
    }
    // The header SHOULD be the session's revision, and a client may err: the suite of 0.1.16 sends 2025-03-26 in a session of
    // 2025-11-25. Only what is no legacy revision of this transport is invalid.
    const std::optional<Revision> version = mcp::revisionFromText(headers.value("MCP-Protocol-Version"));
    const bool isKnown = version && mcp::isLegacy(*version) && *version >= Revision::V2025_03_26;
    if (headers.contains("MCP-Protocol-Version") && !isKnown) {
        refuse(post, 400,
               badRequest(u"Unsupported MCP-Protocol-Version; the session's is "_s +
                          versionText(session->session()->handshake->revision)));
        return nullptr;
    }
    return session;
}

void HttpEndpoint::postLegacy(Post& post, const QJsonValue& message)
{
    if (kindOf(message) == MessageKind::Request && message["method"_L1] == "initialize"_L1 &&
        !post.request.headers.contains("Mcp-Session-Id")) {
        openSession(post, message.toObject());
    } else if (const std::shared_ptr<HttpSession> session = sessionOf(post)) {
        postToSession(session, post, message);
    }
}

void HttpEndpoint::openSession(Post& post, const QJsonObject& initialize)
{
    const QByteArray id = m_random.secureBytes(16).toHex();
    const std::shared_ptr<Session> session = m_server.openSession(id);
    const auto answer = std::make_shared<HttpAnswer>(post.exchange, http::Headers{{"Mcp-Session-Id", id}});
    m_server.serveLegacy(session, initialize, answer);
    if (session->handshake) {
        m_sessions.insert(id, std::make_shared<HttpSession>(session));
    }
}

void HttpEndpoint::postToSession(const std::shared_ptr<HttpSession>& session, Post& post, const QJsonValue& message)
{
    const Revision revision = session->session()->handshake->revision;
    if (message.isArray() && mcp::allowsBatches(revision) && !message.toArray().isEmpty()) {
        postBatch(session, post, message.toArray());
        return;
    }
    switch (kindOf(message)) {
    case MessageKind::Request:
        m_server.serveLegacy(session->session(), message.toObject(), session->openStream(post.exchange));
        break;
    case MessageKind::Notification:
        m_server.takeNotification(session->session(), message.toObject());
        post.exchange.respond({202, {}, {}});
        break;
    case MessageKind::Response:
        session->session()->takeResponse(message.toObject());
        post.exchange.respond({202, {}, {}});
        break;
    case MessageKind::Invalid:
        refuse(post, 400, {error_code::InvalidRequest, u"Invalid request"_s});
        break;
    }
}

void HttpEndpoint::postBatch(const std::shared_ptr<HttpSession>& session, Post& post, const QJsonArray& messages)
{
    const auto kindIs = [](MessageKind kind) { return [kind](const QJsonValue& each) { return kindOf(each) == kind; }; };
    if (std::any_of(messages.begin(), messages.end(), kindIs(MessageKind::Invalid))) {
        refuse(post, 400, {error_code::InvalidRequest, u"Invalid request"_s});
        return;
    }
    const auto requests = std::count_if(messages.begin(), messages.end(), kindIs(MessageKind::Request));
    std::shared_ptr<EventStream> stream;
    std::shared_ptr<Batch> batch;
    if (requests == 0) {
        post.exchange.respond({202, {}, {}});
    } else {
        stream = session->openStream(post.exchange);
        batch = std::make_shared<Batch>(stream, static_cast<int>(requests), [stream](const QJsonArray& responses) {
            if (responses.isEmpty()) {
                stream->abandon();
            } else {
                stream->finishWith(QJsonDocument(responses).toJson(QJsonDocument::Compact));
            }
        });
    }
    for (const QJsonValue& each : messages) {
        switch (kindOf(each)) {
        case MessageKind::Request:
            m_server.serveLegacy(session->session(), each.toObject(), batch->part());
            break;
        case MessageKind::Notification:
            m_server.takeNotification(session->session(), each.toObject());
            break;
        default:
            session->session()->takeResponse(each.toObject());
            break;
        }
    }
}

void HttpEndpoint::getLegacy(Post& post)
{
    const http::Headers& headers = post.request.headers;
    if (!http::listHas(headers.value("Accept"), "text/event-stream")) {
        refuse(post, 406, {error_code::InvalidRequest, u"Accept must list text/event-stream"_s});
        return;
    }
    const std::shared_ptr<HttpSession> session = sessionOf(post);
    if (!session) {
        return;
    }
    const QByteArrayView lastEventId = headers.value("Last-Event-ID");
    if (lastEventId.isNull()) {
        session->openUnrelated(post.exchange);
    } else if (!session->resume(lastEventId, post.exchange)) {
        refuse(post, 400, badRequest(u"Last-Event-ID is of no known stream"_s));
    }
}

void HttpEndpoint::deleteLegacy(Post& post)
{
    if (const std::shared_ptr<HttpSession> session = sessionOf(post)) {
        m_sessions.remove(session->session()->id());
        m_server.closeSession(session->session());
        session->close();
        post.exchange.respond({200, {}, {}});
    }
}

} // namespace oriel::conformance
