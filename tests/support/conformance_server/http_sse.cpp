// SPDX-License-Identifier: GPL-3.0-or-later
// The HTTP+SSE transport of 2024-11-05: a GET opens the session and carries every message of the server's, POSTs the client's.
#include "http/sse.h"
#include "http_endpoint.h"

namespace oriel::conformance {

namespace {

/// Answers leave on the one stream of the session.
class SseAnswer final : public Channel {
public:
    explicit SseAnswer(std::weak_ptr<Session> session) : m_session(std::move(session)) {}
    void send(const QJsonObject& message) override
    {
        if (const std::shared_ptr<Session> session = m_session.lock(); session && session->sendUnrelated) {
            session->sendUnrelated(message);
        }
    }
    void finish(const QJsonObject& response, int) override { send(response); }
    void abandon() override {}

private:
    std::weak_ptr<Session> m_session;
};

} // namespace

void HttpEndpoint::getSse(Post& post)
{
    const QByteArray id = m_random.secureBytes(16).toHex();
    const std::shared_ptr<Session> session = m_server.openSession(id);
    m_sessions.insert(id, std::make_shared<HttpSession>(session));
    post.exchange.onClosed([this, id] {
        if (const std::shared_ptr<HttpSession> gone = m_sessions.take(id)) {
            m_server.closeSession(gone->session());
        }
    });
    post.exchange.startStream(200, eventStreamHeaders());
    post.exchange.write(http::sseEvent("/mcp/messages?sessionId=" + id, {}, "endpoint"));
    session->sendUnrelated = [stream = post.exchange](const QJsonObject& message) mutable {
        stream.write(http::sseEvent(compact(message), {}, "message"));
    };
}

void HttpEndpoint::postSse(Post& post, const QJsonValue& message)
{
    const std::optional<QByteArray> id = http::queryValue(post.request.query(), "sessionId");
    const std::shared_ptr<HttpSession> found = m_sessions.value(id.value_or(QByteArray()));
    if (!found) {
        refuse(post, 404, {error_code::ServerError, u"Session not found"_s});
        return;
    }
    const std::shared_ptr<Session> session = found->session();
    const MessageKind kind = kindOf(message);
    if (kind == MessageKind::Invalid) {
        refuse(post, 400, {error_code::InvalidRequest, u"Invalid request"_s});
        return;
    }
    post.exchange.respond(http::Response::text(202, "Accepted"));
    if (kind == MessageKind::Notification) {
        m_server.takeNotification(session, message.toObject());
    } else if (kind == MessageKind::Response) {
        session->takeResponse(message.toObject());
    } else {
        m_server.serveLegacy(session, message.toObject(), std::make_shared<SseAnswer>(session));
    }
}

} // namespace oriel::conformance
