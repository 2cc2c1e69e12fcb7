// SPDX-License-Identifier: GPL-3.0-or-later
#include "crowd_wire.h"

#include "mcp/headers.h"
#include "mcp/revision.h"

#include <QUrl>

namespace oriel::gateway::test {

HttpWire::HttpWire(quint16 port, QByteArray token, QByteArray path, QByteArray version, Ears ears)
    : m_token(std::move(token)),
      m_version(std::move(version)),
      m_isModern(m_version == mcp::toText(mcp::NewestModern)),
      m_endpoint(http::Endpoint::fromUrl(QUrl(QStringLiteral("http://127.0.0.1:%1%2").arg(port).arg(QString::fromLatin1(path))))
                     .value_or(http::Endpoint())),
      m_ears(std::move(ears)),
      m_client({}, m_clock)
{}

http::Headers HttpWire::headers() const
{
    http::Headers headers{{"Accept", "application/json, text/event-stream"}, {"Authorization", "Bearer " + m_token}};
    if (m_isModern || !m_session.isEmpty())
        headers.add("MCP-Protocol-Version", m_version);
    if (!m_session.isEmpty())
        headers.add("Mcp-Session-Id", m_session);
    return headers;
}

void HttpWire::send(const QByteArray& frame, const QByteArray& key, const Names& names)
{
    http::Headers fields = headers();
    fields.add("Content-Type", "application/json");
    if (m_isModern) {
        fields.add("Mcp-Method", names.method);
        if (!names.name.isEmpty())
            fields.add("Mcp-Name", mcp::encodeHeaderValue(names.name));
    }
    begin("POST", frame, key, std::move(fields));
}

void HttpWire::trespass(const QByteArray& method, const QByteArray& session, const QByteArray& frame, const QByteArray& key)
{
    http::Headers fields{
        {"Accept", "application/json, text/event-stream"}, {"Authorization", "Bearer " + m_token}, {"Mcp-Session-Id", session}};
    if (!frame.isEmpty())
        fields.add("Content-Type", "application/json");
    begin(method, frame, key, std::move(fields));
}

void HttpWire::begin(const QByteArray& method, const QByteArray& frame, const QByteArray& key, http::Headers headers)
{
    http::ClientRequest request;
    request.method = method;
    request.endpoint = m_endpoint;
    request.headers = std::move(headers);
    request.body = frame;
    const auto open = std::make_shared<Open>();
    http::ResponseHandler handler;
    handler.onHead = [this, open](const http::ResponseHead& head) {
        open->status = head.status;
        if (head.headers.contains("Mcp-Session-Id"))
            m_session = head.headers.value("Mcp-Session-Id").toByteArray();
        if (!head.headers.value("Content-Type").startsWith("text/event-stream"))
            return http::BodyMode::Collect;
        open->events = std::make_unique<http::SseParser>();
        return http::BodyMode::Stream;
    };
    handler.onData = [this, key](QByteArrayView bytes) { feed(key, bytes); };
    handler.onEnd = [this, key, open](http::ResponseEnd&& end) {
        m_open.remove(key);
        if (!end.body.isEmpty())
            m_ears.heard(end.body, key);
        m_ears.ended(key, open->status);
    };
    handler.onError = [this, key](const http::ClientError&) {
        m_open.remove(key);
        m_ears.ended(key, 0);
    };
    m_open.insert(key, open);
    open->handle = m_client.send(std::move(request), std::move(handler));
}

void HttpWire::feed(const QByteArray& key, QByteArrayView bytes)
{
    const std::shared_ptr<Open> open = m_open.value(key);
    if (!open || !open->events || !open->events->feed(bytes))
        return;
    while (const auto event = open->events->next()) {
        if (!event->data.isEmpty())
            m_ears.heard(event->data, key == "listen" ? QByteArray() : key);
    }
}

void HttpWire::hangUp(const QByteArray& key)
{
    if (const std::shared_ptr<Open> open = m_open.take(key))
        open->handle.cancel();
}

void HttpWire::listen()
{
    if (!m_isModern && !m_open.contains("listen"))
        begin("GET", {}, "listen", headers());
}

void HttpWire::leave()
{
    if (!m_isModern && !m_session.isEmpty()) {
        begin("DELETE", {}, "leave", headers());
        return;
    }
    const auto keys = m_open.keys();
    for (const QByteArray& key : keys)
        hangUp(key);
}

LineWire::LineWire(const QString& socket, Ears ears) : m_ears(std::move(ears))
{
    QObject::connect(&m_socket, &QLocalSocket::readyRead, &m_socket, [this] {
        m_pending += m_socket.readAll();
        for (qsizetype end = m_pending.indexOf('\n'); end >= 0; end = m_pending.indexOf('\n')) {
            const QByteArray line = m_pending.first(end);
            m_pending.remove(0, end + 1);
            m_ears.heard(line, {});
        }
    });
    m_socket.connectToServer(socket);
}

void LineWire::send(const QByteArray& frame, const QByteArray& /*key*/, const Names& /*names*/)
{
    m_socket.write(frame + '\n');
}

} // namespace oriel::gateway::test
