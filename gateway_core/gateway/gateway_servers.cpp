// SPDX-License-Identifier: GPL-3.0-or-later
// What servers send: answers to calls, notifications, requests, and news of their own state.
#include "gateway/connections/federation.h"
#include "gateway/gateway.h"
#include "mcp/errors.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using mcp::MethodId;

/// The way of a call back to its client.
void Gateway::onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply)
{
    if (TaskRelay::isErrand(cookie)) {
        m_tasks.takeErrand(cookie, reply);
        return;
    }
    if (m_heldInput.keepReply(cookie, reply))
        return;
    std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
    if (call == nullptr)
        return;
    const bool isResponse = reply.kind == upstream::Reply::Kind::Response;
    m_admission.noteReply(*call, reply);
    m_replies.recordHop(*call, token, reply);
    if (isResponse && m_rounds.ask(call, reply.message))
        return;
    if (m_tasks.takeReply(call, reply) ||
        (reply.message.errorCode == mcp::error_code::UrlElicitationRequired && m_heldInput.takeUrlRequired(*call, reply.message)))
        return;
    if (!isResponse && m_dispatch.retryLater(call, reply))
        return;
    if (!call->elicitationIds.isEmpty())
        m_pages.tellDone(*call);
    if (isResponse) {
        m_resources.noteAnswer(*call, reply.message);
        m_replies.relay(*call, reply);
    } else {
        m_resources.abandon(*call);
        m_replies.fail(*call, reply);
    }
}

void Gateway::onProgress(upstream::CallToken /*token*/, quint64 cookie, const mcp::Message& message)
{
    if (ActiveCall* call = m_calls.find(cookie))
        m_replies.relayProgress(*call, message);
}

void Gateway::onTimeoutWarning(upstream::CallToken /*token*/, quint64 cookie)
{
    if (ActiveCall* call = m_calls.find(cookie))
        m_replies.noteTimeoutWarning(*call);
}

void Gateway::onPaused(upstream::CallToken /*token*/, quint64 cookie, std::chrono::milliseconds retry)
{
    if (ActiveCall* call = m_calls.find(cookie))
        m_replies.pause(*call, retry);
}

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
        m_calls.requests().cancelledByServer(connection, message);
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
    case MethodId::NotificationResourcesUpdated:
        relayUpdate(connection, message);
        break;
    default:
        broadcast(connection, message);
        break;
    }
}

void Gateway::relayUpdate(const upstream::ServerConnection& connection, const mcp::Message& message)
{
    for (const void* subscriber : m_resources.subscribersOf(connection, message.text(mcp::Field::ParamsUri))) {
        m_streams.tellUpdated(subscriber, message);
        if (const auto session = m_sessions.find(subscriber))
            m_wire.passOn(*session, message);
    }
}

void Gateway::broadcast(const upstream::ServerConnection& connection, const mcp::Message& message)
{
    for (const auto& session : m_sessions.all()) {
        if (hearsBroadcasts(*session) && m_pool.sees(*session, connection))
            m_wire.passOn(*session, message);
    }
}

void Gateway::onStateChanged(upstream::ServerConnection& connection)
{
    const upstream::ServerState state = connection.state();
    const bool isReady = state == upstream::ServerState::Ready;
    m_pool.noteState(connection);
    m_admission.followServer(connection, m_pool.isShared(connection));
    if (!isReady)
        m_logs.forget(connection);
    if (isReady) {
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
