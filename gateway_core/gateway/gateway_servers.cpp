// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/connections/federation.h"
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "gateway/input/request_routing.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::MethodId;

namespace {} // namespace

std::shared_ptr<downstream::Session> Gateway::sessionForRequest(const upstream::ServerConnection& connection,
                                                                const mcp::Message& message, upstream::CallToken related,
                                                                quint64* cookie, QByteArray* refusal) const
{
    std::vector<RequestCandidate> candidates;
    bool isOfACall = !related.isValid(); // what comes on the stream of a request of ours is no call's
    m_calls.forEach([&](quint64, const ActiveCall& call) {
        isOfACall = isOfACall || (call.connection == &connection && call.token == related);
    });
    m_calls.forEach([&](quint64 candidate, const ActiveCall& call) {
        if (isOfACall && call.connection == &connection)
            candidates.push_back({call.incoming.session.get(), candidate, related.isValid() && call.token == related, false,
                                  canAnswer(call.incoming.session->capabilities, message), call.forwardedNs});
    });
    const auto rootsOwner = m_serverRequests.rootsOwner(connection);
    for (const auto& session : m_sessions.all()) {
        if (mcp::isLegacy(session->revision) && session->isInitialized && m_pool.sees(*session, connection))
            candidates.push_back({session.get(), 0, false, session == rootsOwner,
                                  session->isReachable() && canAnswer(session->capabilities, message), 0});
    }
    const RequestChoice choice = chooseClient(candidates);
    if (choice.chosen == nullptr) {
        *refusal = QByteArray(choice.refusal.toByteArray()).replace("%1", message.text(mcp::Field::Method));
        return nullptr;
    }
    *cookie = choice.chosen->cookie;
    return m_sessions.find(choice.chosen->session);
}

void Gateway::onRequest(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    if (takeTaskQuestion(connection, message, related))
        return;
    quint64 cookie = 0;
    QByteArray refusal;
    const auto session = sessionForRequest(connection, message, related, &cookie, &refusal);
    ActiveCall* call = m_calls.find(cookie);
    if (session == nullptr) {
        const bool isMode = asksByUrl(message); // the method is there, this way of asking is not
        const QByteArray frame =
            mcp::makeErrorResponse(message.id(), isMode ? mcp::error_code::InvalidParams : mcp::error_code::MethodNotFound,
                                   refusal + (isMode ? QByteArray(" Elicitation by URL was not declared.") : QByteArray()));
        if (!refuseForCapability(connection, message, related, frame))
            connection.reply(frame);
        return;
    }
    // A client on a line may have changed its era while its call is held.
    if (call != nullptr && (mcp::isModern(session->revision) || call->incoming.reply == nullptr)) {
        holdForInput(connection, message, *call, cookie);
        return;
    }
    rememberPage(connection, message, session);
    const telemetry::WireCall wireCall = callOf(connection, message, related);
    const QByteArray frame = m_serverRequests.forward(connection, questionFor(*session, connection, message), session);
    if (related.isValid())
        m_serverRequests.bindNewest(cookie);
    m_serverRequests.noteCall(wireCall);
    if (call != nullptr) {
        telemetry::CallEvent event;
        event.offsetNs = now() - call->incoming.startNs;
        event.name = QByteArrayLiteral("mcp.server_request");
        event.attributes.push_back({QByteArrayLiteral("mcp.method.name"), message.text(mcp::Field::Method)});
        call->record.events.push_back(std::move(event));
        call->incoming.reply->notify(frame);
    } else {
        session->send(frame);
    }
    m_wire.recordSent(*session, frame, {wireCall.traceId, wireCall.callSpanId, wireCall.callSpanId},
                      call != nullptr ? call->incoming.reply.get() : nullptr);
}

void Gateway::onNotification(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    const QByteArray& peer = connection.initializeResult().orielInstance;
    if (peer.isEmpty() && !message.has(mcp::Field::MetaOrielVia)) {
        relayNotification(connection, message, related);
        return;
    }
    if (const auto marked = federation::passedOn(message, peer, m_context.instance))
        relayNotification(connection, *marked, related);
}

void Gateway::relayNotification(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    switch (message.methodId) {
    case MethodId::NotificationMessage:
        if (message.has(mcp::Field::MetaRelatedTask))
            m_logs.relay(connection, withTaskShown(connection, message), related);
        else
            m_logs.relay(connection, message, related);
        break;
    case MethodId::NotificationCancelled:
        m_serverRequests.cancelledByServer(connection, message);
        withdrawTaskQuestion(connection, message);
        break;
    case MethodId::NotificationProgress:
        relayTaskProgress(connection, message);
        break;
    case MethodId::NotificationTasksStatus:
        relayTaskStatus(connection, message);
        break;
    case MethodId::NotificationTasks:
        break; // never asked for: tasks that are listened to are polled
    case MethodId::NotificationElicitationComplete:
        relayElicitationComplete(connection, message);
        break;
    case MethodId::NotificationResourcesUpdated: {
        const auto subscribers = m_resources.subscribersOf(connection, message.text(mcp::Field::ParamsUri));
        for (const void* subscriber : subscribers) {
            m_streams.tellUpdated(subscriber, message);
            if (const auto session = m_sessions.find(subscriber)) {
                session->send(message.raw);
                m_wire.recordNotification(*session, message, message.raw);
            }
        }
        break;
    }
    default:
        for (const auto& session : m_sessions.all()) {
            if (session->isInitialized && mcp::isLegacy(session->revision) && m_pool.sees(*session, connection)) {
                session->send(message.raw);
                m_wire.recordNotification(*session, message, message.raw);
            }
        }
        break;
    }
}

/// A server knows one client's roots: that another's have changed does not concern it.
void Gateway::relayRootsChange(const downstream::Incoming& incoming)
{
    for (std::size_t i = 0; incoming.session->capabilities.roots && i < m_pool.shared().size(); ++i) {
        upstream::ServerConnection* connection = m_pool.connectionOf(*incoming.session, static_cast<int>(i));
        if (connection == nullptr || !m_pool.sees(*incoming.session, *connection) ||
            connection->state() != upstream::ServerState::Ready)
            continue;
        const auto owner = m_serverRequests.rootsOwner(*connection);
        if (owner != nullptr && owner != incoming.session)
            continue;
        m_serverRequests.setRootsOwner(*connection, incoming.session);
        connection->notify(incoming.message.raw);
    }
}

void Gateway::onStateChanged(upstream::ServerConnection& connection)
{
    const upstream::ServerState state = connection.state();
    const bool isReady = state == upstream::ServerState::Ready;
    const bool wasReady = m_ready.contains(&connection);
    // What one client's own connection does says nothing of the server.
    if (m_pool.isShared(connection))
        m_context.recorder.recordMetric(telemetry::MetricId::ServerStatus, {connection.name()}, isReady ? 1 : 0);
    if (isReady != wasReady) {
        m_context.recorder.recordMetric(telemetry::MetricId::ActiveConnections, {connection.name()}, isReady ? 1 : -1);
        if (isReady)
            m_ready.insert(&connection);
        else
            m_ready.remove(&connection);
    }
    m_admission.followServer(connection, m_pool.isShared(connection));
    if (!isReady)
        m_logs.forget(connection);
    if (state == upstream::ServerState::Ready) {
        m_logs.tellServer(connection);
        m_resources.renew(connection);
    } else if (state != upstream::ServerState::Listing) {
        forgetQuestions(connection);
        if (state != upstream::ServerState::Handshaking)
            m_resources.settle(connection);
    }
    // The connection may be the caller: what it leads to happens after it has returned.
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_pool.sweep();
            m_lists.answerReady();
            Q_EMIT serversChanged();
            reportStopped();
        },
        Qt::QueuedConnection);
}

void Gateway::onListChanged(upstream::ServerConnection& connection, mcp::ListKind kind)
{
    const bool isShared = m_pool.isShared(connection);
    if (!isShared && !m_pool.isOfClient(connection))
        return;
    const bool isNew = m_pool.takeList(connection, kind);
    if (kind == mcp::ListKind::Tools && isShared)
        m_context.recorder.recordMetric(telemetry::MetricId::ServersDiscovered, {connection.name()}, 1);
    // Two Oriels in a circle would tell each other for ever of what has not changed; every other server is believed.
    if (isNew || connection.initializeResult().orielInstance.isEmpty())
        m_listChanges.announce(kind, &connection);
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_lists.answerReady();
            Q_EMIT serversChanged();
        },
        Qt::QueuedConnection);
}

} // namespace oriel::gateway
