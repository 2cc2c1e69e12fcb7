// SPDX-License-Identifier: GPL-3.0-or-later
// What clients send: each request takes the way that the table of methods gives it.
#include "gateway/answers/refused_messages.h"
#include "gateway/gateway.h"
#include "gateway/method_handling.h"
#include "mcp/errors.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;

void Gateway::handleMessage(downstream::Incoming&& incoming)
{
    switch (incoming.message.kind) {
    case mcp::Message::Kind::Request:
        handleRequest(std::move(incoming));
        break;
    case mcp::Message::Kind::Notification:
        m_wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway, telemetry::WireKind::Notification,
                      &incoming.message, incoming.message.raw, m_cancellation.recordOf(incoming));
        if (incoming.message.methodId != MethodId::NotificationProgress)
            recordNotification(m_context, incoming, m_cancellation.recordOf(incoming));
        handleNotification(incoming);
        break;
    case mcp::Message::Kind::Response:
    case mcp::Message::Kind::Error:
        m_wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway,
                      incoming.message.kind == mcp::Message::Kind::Error ? telemetry::WireKind::Error
                                                                         : telemetry::WireKind::Response,
                      &incoming.message, incoming.message.raw, m_calls.requests().callOf(*incoming.session, incoming.message));
        if (!m_calls.requests().answer(*incoming.session, incoming.message))
            m_context.recorder.recordMetric(telemetry::MetricId::Errors, {QByteArrayLiteral("unexpected_answer")}, 1);
        break;
    case mcp::Message::Kind::Invalid:
        break;
    }
}

void Gateway::handleRequest(downstream::Incoming&& incoming)
{
    telemetry::CallRecord record = beginRecord(incoming, m_context.policy, m_context.random);
    m_wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway, telemetry::WireKind::Request, &incoming.message,
                  incoming.message.raw, &record);
    const MethodId method = incoming.message.methodId;
    if (m_context.isShuttingDown) {
        m_answers.sendError(incoming, record, Outcome::Unavailable, QByteArrayLiteral("shutting_down"),
                            mcp::error_code::ServerError, "Oriel is shutting down.");
        return;
    }
    if (!mcp::method(method).clientMaySend(incoming.session->revision)) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::MethodNotFound,
                            "Method not found: " + record.method);
        return;
    }
    if (!incoming.session->isInitialized && method != MethodId::Initialize && method != MethodId::Ping) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidRequest, "Call initialize first.");
        return;
    }
    switch (handlingOf(method)) {
    case Handling::Listed:
        m_lists.serve(std::move(incoming), std::move(record), *mcp::listKindOf(method));
        break;
    case Handling::Routed:
        forward(std::move(incoming), std::move(record));
        break;
    case Handling::Task:
        m_tasks.serve(std::move(incoming), std::move(record));
        break;
    case Handling::Own:
        answerOwn(std::move(incoming), std::move(record));
        break;
    case Handling::Refused:
        break; // clientMaySend() has refused it
    }
}

void Gateway::answerOwn(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    switch (incoming.message.methodId) {
    case MethodId::Initialize:
        if (m_handshake.initialize(incoming, record))
            Q_EMIT sessionsChanged();
        break;
    case MethodId::ServerDiscover:
        m_handshake.discover(incoming, record);
        break;
    case MethodId::SubscriptionsListen:
        m_listening.serve(std::move(incoming), std::move(record));
        break;
    case MethodId::LoggingSetLevel:
        m_logs.setLevel(incoming, record);
        break;
    default:
        m_answers.sendResult(incoming, record, "{}"); // ping
        break;
    }
}

/// The path of a call, as far as its server.
void Gateway::forward(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    if (!m_router.checkHeaders(incoming, record))
        return;
    if (incoming.message.has(mcp::Field::ParamsRequestState) && m_heldInput.resume(incoming, record))
        return;
    const auto way = m_router.route(incoming, record);
    if (!way || m_heldInput.refuseForeign(incoming, record, way->connection) || !m_answers.mayCallTools(incoming, record) ||
        m_resources.serve(incoming, record, way->connection, way->found.local) ||
        m_router.completeEmpty(incoming, record, way->connection))
        return;
    auto call = std::make_unique<ActiveCall>();
    if (incoming.message.methodId == MethodId::ToolsCall && !m_tasks.plan(incoming, record, way->connection, *call))
        return;
    if (!m_admission.admit(incoming, record, way->found, *call))
        return;
    call->clientId = incoming.message.id();
    call->progressToken = mcp::RequestId::fromJson(incoming.message.rawOf(mcp::Field::MetaProgressToken));
    call->connection = &way->connection;
    call->forwardedNs = m_context.now();
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    ActiveCall& kept = *call;
    m_dispatch.send(kept, m_calls.add(std::move(call)));
}

void Gateway::handleNotification(const downstream::Incoming& incoming)
{
    switch (incoming.message.methodId) {
    case MethodId::NotificationCancelled:
        if (!m_cancellation.cancel(incoming))
            m_listening.cancel(incoming);
        break;
    case MethodId::NotificationProgress:
        m_calls.requests().progress(*incoming.session, incoming.message);
        break;
    case MethodId::NotificationRootsListChanged:
        m_requests.relayRootsChange(incoming);
        break;
    default:
        break;
    }
}

void Gateway::messageRefused(const downstream::Incoming& incoming, const downstream::Refusal& refusal)
{
    recordRefused(m_context, m_wire, incoming, refusal);
}

bool Gateway::servesAlone(QByteArrayView server) const
{
    return m_pool.catalogue().serverIndex(server) >= 0;
}

void Gateway::sessionOpened(const std::shared_ptr<downstream::Session>& session)
{
    m_sessions.open(session);
    if (session->logLevel)
        m_logs.tellServersOf(*session);
    Q_EMIT sessionsChanged();
}

void Gateway::sessionClosed(const std::shared_ptr<downstream::Session>& session)
{
    if (!m_sessions.close(session))
        return;
    m_cancellation.endSession(*session);
    m_lists.endSession(*session);
    m_tasks.endSession(*session);
    m_pages.forget(*session);
    m_calls.requests().sessionClosed(*session);
    m_listening.endSession(*session);
    m_resources.removeSubscriber(session.get());
    m_pool.endClient(*session);
    Q_EMIT sessionsChanged();
}

void Gateway::replyAbandoned(const downstream::Reply& reply)
{
    m_listening.abandon(reply);
    m_lists.drop(reply);
    m_cancellation.abandon(reply);
}

bool Gateway::isBusy(const downstream::Session& session) const
{
    const bool listens = std::any_of(m_streams.all().cbegin(), m_streams.all().cend(),
                                     [&](const auto& listener) { return listener->incoming.session.get() == &session; });
    return listens || m_calls.cookieIf([&](const ActiveCall& call) { return call.incoming.session.get() == &session; }) != 0;
}

} // namespace oriel::gateway
