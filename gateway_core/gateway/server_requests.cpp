// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/server_requests.h"

#include "base/json_writer.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

namespace {

QByteArray cancelledFrame(std::int64_t id, QByteArrayView reason)
{
    json::Writer params;
    params.beginObject().member("requestId", id).member("reason", reason).endObject();
    return mcp::makeNotification(mcp::methodName(mcp::MethodId::NotificationCancelled), params.take());
}

} // namespace

QByteArray ServerRequests::forward(upstream::ServerConnection& connection, const mcp::Message& request,
                                   const std::shared_ptr<downstream::Session>& session, const telemetry::WireCall& call)
{
    const std::int64_t id = ++m_lastId;
    m_pending.insert(id, {&connection,
                          request.id(),
                          mcp::RequestId::fromJson(request.rawOf(mcp::Field::MetaProgressToken)),
                          session,
                          request.methodId,
                          {},
                          call});
    return mcp::Rewrite(request).setId(mcp::RequestId(id)).apply();
}

QByteArray ServerRequests::ask(const std::shared_ptr<downstream::Session>& session, QByteArrayView method, QByteArrayView params,
                               std::function<void(const mcp::Message*)> taken, const telemetry::WireCall& call)
{
    const std::int64_t id = ++m_lastId;
    m_pending.insert(id, {nullptr, {}, {}, session, mcp::methodFromName(method), std::move(taken), call});
    return mcp::makeRequest(mcp::RequestId(id), method, params);
}

bool ServerRequests::answer(const downstream::Session& session, const mcp::Message& answer)
{
    const mcp::RequestId id = answer.id();
    const auto it = id.isInteger() ? m_pending.find(id.number()) : m_pending.end();
    if (it == m_pending.end() || it->session.lock().get() != &session)
        return false;
    const Pending pending = *it;
    m_pending.erase(it);
    if (pending.taken)
        pending.taken(&answer);
    else
        pending.connection->reply(mcp::Rewrite(answer).setId(pending.serverId).apply(), pending.call);
    return true;
}

telemetry::WireCall ServerRequests::callOf(const downstream::Session& session, const mcp::Message& answer) const
{
    const mcp::RequestId id = answer.id();
    const auto it = id.isInteger() ? m_pending.constFind(id.number()) : m_pending.cend();
    if (it == m_pending.cend() || it->session.lock().get() != &session)
        return {};
    return {it->call.traceId, it->call.callSpanId, it->call.callSpanId};
}

bool ServerRequests::cancelledByServer(const upstream::ServerConnection& connection, const mcp::Message& notification)
{
    const auto cancelled = mcp::RequestId::fromJson(notification.rawOf(mcp::Field::ParamsRequestId));
    for (auto it = m_pending.begin(); it != m_pending.end(); ++it) {
        if (it->connection != &connection || !(it->serverId == cancelled))
            continue;
        if (const auto session = it->session.lock())
            session->send(
                mcp::Rewrite(notification).setRaw(mcp::Field::ParamsRequestId, QByteArray::number(qint64(it.key()))).apply());
        m_pending.erase(it);
        return true;
    }
    return false;
}

bool ServerRequests::progress(const downstream::Session& session, const mcp::Message& notification)
{
    const auto token = mcp::RequestId::fromJson(notification.rawOf(mcp::Field::ParamsProgressToken));
    for (const Pending& pending : std::as_const(m_pending)) {
        if (pending.connection != nullptr && pending.session.lock().get() == &session && pending.progressToken.isValid() &&
            pending.progressToken == token) {
            pending.connection->notify(notification.raw);
            return true;
        }
    }
    return false;
}

void ServerRequests::sessionClosed(const downstream::Session& session)
{
    QList<std::function<void(const mcp::Message*)>> untaken;
    m_pending.removeIf([&](const auto& entry) {
        const auto owner = entry.value().session.lock();
        if (owner != nullptr && owner.get() != &session)
            return false;
        if (entry.value().taken) {
            untaken.append(entry.value().taken);
            return true;
        }
        entry.value().connection->reply(mcp::makeErrorResponse(entry.value().serverId, mcp::error_code::InternalError,
                                                               "The client disconnected before it answered."));
        return true;
    });
    for (const auto& taken : std::as_const(untaken))
        taken(nullptr);
}

void ServerRequests::connectionLost(const upstream::ServerConnection& connection)
{
    m_pending.removeIf([&](const auto& entry) {
        if (entry.value().connection != &connection)
            return false;
        if (const auto session = entry.value().session.lock())
            session->send(cancelledFrame(entry.key(), "The server that asked is gone."));
        return true;
    });
}

} // namespace oriel::gateway
