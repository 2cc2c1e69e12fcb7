// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/stateless_session.h"

#include "downstream/http_session.h"
#include "http/sse.h"
#include "mcp/initialize.h"

namespace oriel::downstream {

namespace {

Status missing(QByteArrayView member)
{
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("Invalid params: _meta has no valid \"%1\"").arg(QString::fromLatin1(member)));
}

} // namespace

Status describeFromMeta(Session& session, const mcp::Message& message)
{
    const auto revision = mcp::revisionFromText(message.text(mcp::Field::MetaProtocolVersion));
    if (!revision || mcp::isLegacy(*revision))
        return missing("io.modelcontextprotocol/protocolVersion");
    if (message.kindOf(mcp::Field::MetaClientCapabilities) != json::Kind::Object)
        return missing("io.modelcontextprotocol/clientCapabilities");
    session.revision = *revision;
    json::Document document;
    if (mcp::parsedAgain(message.rawOf(mcp::Field::MetaClientCapabilities), document).exists())
        session.capabilities = mcp::ClientCapabilities::parse(document.root());
    session.capabilitiesJson = message.rawOf(mcp::Field::MetaClientCapabilities).toByteArray();
    session.logLevel = logLevelFromText(message.text(mcp::Field::MetaLogLevel));
    auto client = std::make_shared<telemetry::ClientContext>(*session.client);
    if (message.has(mcp::Field::MetaClientInfo) &&
        mcp::parsedAgain(message.rawOf(mcp::Field::MetaClientInfo), document).exists()) {
        const auto info = mcp::Implementation::parse(document.root());
        if (!info.name.isEmpty())
            client->clientName = info.name.left(128);
        client->clientVersion = info.version.left(64);
    }
    client->protocolVersion = mcp::toText(*revision).toByteArray();
    session.client = std::move(client);
    session.isInitialized = true;
    return {};
}

StatelessSessions::StatelessSessions(const Clock& clock, MessageHandler& handler) : m_clock(clock), m_handler(handler)
{
    m_idle.setSingleShot(true);
    connect(&m_idle, &QTimer::timeout, this, [this] { forgetIdle(qint64(kIdleMs) * 1'000'000); });
}

Result<std::shared_ptr<Session>>
StatelessSessions::of(const mcp::Message& message, QByteArrayView identity,
                      const std::function<std::shared_ptr<const telemetry::ClientContext>()>& client, const QByteArray& server)
{
    QByteArray key;
    const std::array<QByteArrayView, 4> own{
        message.rawOf(mcp::Field::MetaProtocolVersion), message.rawOf(mcp::Field::MetaClientInfo),
        message.rawOf(mcp::Field::MetaClientCapabilities), message.rawOf(mcp::Field::MetaLogLevel)};
    key.reserve(identity.size() + own[0].size() + own[1].size() + own[2].size() + own[3].size() + 8);
    key += identity;
    for (const QByteArrayView part : own) {
        key += '\n';
        key += part;
    }
    if (const auto known = m_sessions.constFind(key); known != m_sessions.constEnd()) {
        (*known)->lastSeenUnixNs = m_clock.unixNs();
        return *known;
    }
    if (m_sessions.size() >= kMaxSessions)
        forgetIdle(0);
    if (m_sessions.size() >= kMaxSessions)
        return fail(ErrorCode::ResourceExhausted, QStringLiteral("Too many clients are at work; try again later."));
    auto session = std::make_shared<StatelessSession>();
    session->server = server;
    session->client = client();
    if (Status described = describeFromMeta(*session, message); !described)
        return fail(described.error());
    session->openedUnixNs = session->lastSeenUnixNs = m_clock.unixNs();
    m_sessions.insert(key, session);
    m_handler.sessionOpened(session);
    if (!m_idle.isActive())
        m_idle.start(kIdleMs);
    return std::shared_ptr<Session>(session);
}

void StatelessSessions::forgetIdle(std::int64_t idleNs)
{
    const std::int64_t now = m_clock.unixNs();
    QList<QByteArray> idle;
    for (auto it = m_sessions.cbegin(); it != m_sessions.cend(); ++it) {
        if (now - it.value()->lastSeenUnixNs >= idleNs && !m_handler.isBusy(*it.value()))
            idle.append(it.key());
    }
    for (const QByteArray& key : std::as_const(idle))
        m_handler.sessionClosed(m_sessions.take(key));
    if (!m_sessions.isEmpty())
        m_idle.start(kIdleMs);
}

void StatelessSessions::forget(const QByteArray& token)
{
    QList<QByteArray> gone;
    for (auto it = m_sessions.cbegin(); it != m_sessions.cend(); ++it) {
        if (token.isEmpty() || it.value()->client->tokenName == token)
            gone.append(it.key());
    }
    for (const QByteArray& key : std::as_const(gone))
        m_handler.sessionClosed(m_sessions.take(key));
}

void StatelessReply::notify(const QByteArray& frame)
{
    if (!std::exchange(m_streams, true))
        m_exchange.startStream(200, eventStreamHeaders(m_requestId));
    m_exchange.write(http::sseEvent(frame, {}, "message"));
}

void StatelessReply::finish(const QByteArray& frame, int httpStatus)
{
    if (m_streams || (m_prefersEventStream && httpStatus == 200)) {
        notify(frame);
        m_exchange.end();
        return;
    }
    m_exchange.respond({httpStatus, {{"Content-Type", "application/json"}, {"X-Request-ID", m_requestId}}, frame});
}

} // namespace oriel::downstream
