// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/server_requests.h"

#include "base/json_writer.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"
#include "mcp/task_messages.h"

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
                                   const std::shared_ptr<downstream::Session>& session, const CallParent& call,
                                   const QByteArray& serverTask)
{
    const std::int64_t id = ++m_lastId;
    auto trace = std::make_shared<RequestTrace>(m_context);
    trace->received(request, connection.context(), call);
    trace->asked(*session, request.text(mcp::Field::Method), QByteArray::number(qint64(id)), call);
    const QByteArray frame = trace->withContext(mcp::Rewrite(request).setId(mcp::RequestId(id)).apply());
    m_pending.insert(id, {&connection,
                          request.id(),
                          mcp::RequestId::fromJson(request.rawOf(mcp::Field::MetaProgressToken)),
                          session,
                          request.methodId,
                          {},
                          serverTask,
                          0,
                          {},
                          std::move(trace)});
    return frame;
}

QByteArray ServerRequests::ask(const std::shared_ptr<downstream::Session>& session, QByteArrayView method, QByteArrayView params,
                               const CallParent& call, std::function<void(const mcp::Message*)> taken)
{
    const std::int64_t id = ++m_lastId;
    auto trace = std::make_shared<RequestTrace>(m_context);
    trace->asked(*session, method.toByteArray(), QByteArray::number(qint64(id)), call);
    const QByteArray frame = trace->withContext(mcp::makeRequest(mcp::RequestId(id), method, params));
    m_pending.insert(id, {nullptr, {}, {}, session, mcp::methodFromName(method), std::move(taken), {}, 0, {}, std::move(trace)});
    return frame;
}

void ServerRequests::bindNewest(quint64 call)
{
    if (const auto it = m_pending.find(m_lastId); it != m_pending.end())
        it->call = call;
}

void ServerRequests::withdraw(quint64 call)
{
    if (m_pending.isEmpty())
        return;
    m_pending.removeIf([call](const auto& entry) {
        const Pending& pending = entry.value();
        if (pending.call != call)
            return false;
        if (const auto session = pending.session.lock())
            session->send(pending.trace->cancelSent(cancelledFrame(entry.key(), "The request that it was asked for is over.")));
        pending.trace->failed(mcp::error_code::InternalError, "The request that it was asked for is over.");
        if (pending.connection != nullptr)
            pending.connection->reply(mcp::makeErrorResponse(pending.serverId, mcp::error_code::InternalError,
                                                             "The request that it was asked for is over."));
        return true;
    });
}

bool ServerRequests::answer(const downstream::Session& session, const mcp::Message& answer)
{
    const mcp::RequestId id = answer.id();
    const auto it = id.isInteger() ? m_pending.find(id.number()) : m_pending.end();
    if (it == m_pending.end() || it->session.lock().get() != &session)
        return false;
    const Pending pending = *it;
    m_pending.erase(it);
    pending.trace->answered(answer);
    if (pending.method == mcp::MethodId::RootsList && pending.connection != nullptr &&
        answer.kind == mcp::Message::Kind::Response)
        m_roots.insert(pending.connection, pending.session);
    if (pending.taken)
        pending.taken(&answer);
    else if (!pending.serverTask.isEmpty() && answer.kind == mcp::Message::Kind::Response)
        pending.connection->reply(
            mcp::makeResult(pending.serverId, mcp::withRelatedTask(answer.rawOf(mcp::Field::Result), pending.serverTask)),
            pending.wireCall);
    else
        pending.connection->reply(mcp::Rewrite(answer).setId(pending.serverId).apply(), pending.wireCall);
    return true;
}

telemetry::WireCall ServerRequests::callOf(const downstream::Session& session, const mcp::Message& answer) const
{
    const mcp::RequestId id = answer.id();
    const auto it = id.isInteger() ? m_pending.constFind(id.number()) : m_pending.cend();
    if (it == m_pending.cend() || it->session.lock().get() != &session)
        return {};
    return {it->wireCall.traceId, it->wireCall.callSpanId, it->wireCall.callSpanId};
}

void ServerRequests::noteCall(const telemetry::WireCall& call)
{
    if (const auto newest = m_pending.find(m_lastId); newest != m_pending.end())
        newest->wireCall = call;
}

bool ServerRequests::cancelledByServer(const upstream::ServerConnection& connection, const mcp::Message& notification)
{
    const auto cancelled = mcp::RequestId::fromJson(notification.rawOf(mcp::Field::ParamsRequestId));
    for (auto it = m_pending.begin(); it != m_pending.end(); ++it) {
        if (it->connection != &connection || !(it->serverId == cancelled))
            continue;
        it->trace->cancelReceived(notification);
        if (const auto session = it->session.lock())
            session->send(it->trace->cancelSent(
                mcp::Rewrite(notification).setRaw(mcp::Field::ParamsRequestId, QByteArray::number(qint64(it.key()))).apply()));
        it->trace->cancelled();
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
    const auto isGone = [&session](const std::weak_ptr<downstream::Session>& owner) {
        const auto kept = owner.lock();
        return kept == nullptr || kept.get() == &session;
    };
    m_roots.removeIf([&](const auto& entry) { return isGone(entry.value()); });
    QList<std::function<void(const mcp::Message*)>> untaken;
    m_pending.removeIf([&](const auto& entry) {
        const auto owner = entry.value().session.lock();
        if (owner != nullptr && owner.get() != &session)
            return false;
        if (entry.value().taken) {
            untaken.append(entry.value().taken);
            return true;
        }
        entry.value().trace->failed(mcp::error_code::InternalError, "The client disconnected before it answered.",
                                    QByteArrayLiteral("connection_closed"));
        entry.value().connection->reply(mcp::makeErrorResponse(entry.value().serverId, mcp::error_code::InternalError,
                                                               "The client disconnected before it answered."));
        return true;
    });
    for (const auto& taken : std::as_const(untaken))
        taken(nullptr);
}

void ServerRequests::connectionLost(const upstream::ServerConnection& connection)
{
    m_roots.remove(&connection);
    m_pending.removeIf([&](const auto& entry) {
        if (entry.value().connection != &connection)
            return false;
        if (const auto session = entry.value().session.lock())
            session->send(entry.value().trace->cancelSent(cancelledFrame(entry.key(), "The server that asked is gone.")));
        return true;
    });
}

std::shared_ptr<downstream::Session> ServerRequests::rootsOwner(const upstream::ServerConnection& connection) const
{
    return m_roots.value(&connection).lock();
}

void ServerRequests::setRootsOwner(const upstream::ServerConnection& connection,
                                   const std::shared_ptr<downstream::Session>& session)
{
    m_roots.insert(&connection, session);
}

} // namespace oriel::gateway
