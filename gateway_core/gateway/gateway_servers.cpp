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

void Gateway::onRequest(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    if (!m_tasks.takeQuestion(connection, message, related))
        m_requests.relay(connection, message, related);
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
            m_logs.relay(connection, m_tasks.shown(connection, message), related);
        else
            m_logs.relay(connection, message, related);
        break;
    case MethodId::NotificationCancelled:
        m_serverRequests.cancelledByServer(connection, message);
        m_tasks.withdrawQuestion(connection, message);
        break;
    case MethodId::NotificationProgress:
        m_tasks.relayProgress(connection, message);
        break;
    case MethodId::NotificationTasksStatus:
        m_tasks.relayStatus(connection, message);
        break;
    case MethodId::NotificationTasks:
        break; // never asked for: tasks that are listened to are polled
    case MethodId::NotificationElicitationComplete:
        m_pages.relayComplete(connection, message);
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
        m_requests.forgetQuestions(connection);
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
