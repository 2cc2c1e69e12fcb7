// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/request_relay.h"

#include "gateway/input/questions.h"
#include "gateway/input/request_routing.h"
#include "mcp/errors.h"

namespace oriel::gateway {

RequestRelay::Asked RequestRelay::choose(const upstream::ServerConnection& connection, const mcp::Message& request,
                                         upstream::CallToken related) const
{
    std::vector<RequestCandidate> candidates;
    bool isOfACall = !related.isValid(); // what comes on the stream of a request of ours is no call's
    m_calls.forEach([&](quint64, const ActiveCall& call) {
        isOfACall = isOfACall || (call.connection == &connection && call.token == related);
    });
    m_calls.forEach([&](quint64 candidate, const ActiveCall& call) {
        if (isOfACall && call.connection == &connection)
            candidates.push_back({call.incoming.session.get(), candidate, related.isValid() && call.token == related, false,
                                  canAnswer(call.incoming.session->capabilities, request), call.forwardedNs});
    });
    const auto rootsOwner = m_calls.requests().rootsOwner(connection);
    for (const auto& session : m_sessions.all()) {
        if (hearsBroadcasts(*session) && m_pool.sees(*session, connection))
            candidates.push_back({session.get(), 0, false, session == rootsOwner,
                                  session->isReachable() && canAnswer(session->capabilities, request), 0});
    }
    const RequestChoice choice = chooseClient(candidates);
    if (choice.chosen == nullptr)
        return {nullptr, 0, QByteArray(choice.refusal.toByteArray()).replace("%1", request.text(mcp::Field::Method))};
    return {m_sessions.find(choice.chosen->session), choice.chosen->cookie, {}};
}

void RequestRelay::relay(upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related)
{
    const Asked asked = choose(connection, request, related);
    const std::shared_ptr<downstream::Session>& session = asked.session;
    if (session == nullptr) {
        refuse(connection, request, related, asked.refusal);
        return;
    }
    ActiveCall* call = m_calls.find(asked.cookie);
    // A client on a line may have changed its era while its call is held.
    if (call != nullptr && (mcp::isModern(session->revision) || call->incoming.reply == nullptr)) {
        m_held.hold(connection, request, *call, asked.cookie);
        return;
    }
    m_pages.remember(connection, request, session);
    const telemetry::WireCall wireCall = wireCallOf(asked);
    const QByteArray frame = m_calls.requests().forward(connection, questionFor(*session, connection, request), session,
                                                        call != nullptr ? parentOf(call->record) : CallParent());
    if (related.isValid())
        m_calls.requests().bindNewest(asked.cookie);
    m_calls.requests().noteCall(wireCall);
    if (call != nullptr) {
        telemetry::CallEvent event;
        event.offsetNs = m_context.now() - call->incoming.startNs;
        event.name = QByteArrayLiteral("mcp.server_request");
        event.attributes.push_back({QByteArrayLiteral("mcp.method.name"), request.text(mcp::Field::Method)});
        call->record.events.push_back(std::move(event));
        call->incoming.reply->notify(frame);
    } else {
        session->send(frame);
    }
    m_wire.recordSent(*session, frame, {wireCall.traceId, wireCall.callSpanId, wireCall.callSpanId},
                      call != nullptr ? call->incoming.reply.get() : nullptr);
}

void RequestRelay::refuse(upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related,
                          const QByteArray& refusal)
{
    const ActiveCall* call = m_calls.find(m_calls.causeOf(connection, related));
    const bool isMode = asksByUrl(request); // the method is there, this way of asking is not
    const QByteArray frame =
        mcp::makeErrorResponse(request.id(), isMode ? mcp::error_code::InvalidParams : mcp::error_code::MethodNotFound,
                               refusal + (isMode ? QByteArray(" Elicitation by URL was not declared.") : QByteArray()));
    RequestTrace trace(m_context);
    trace.received(request, connection.context(), call != nullptr ? parentOf(call->record) : CallParent());
    trace.failed(isMode ? mcp::error_code::InvalidParams : mcp::error_code::MethodNotFound, refusal);
    if (!m_held.refuse(connection, request, related, frame))
        connection.reply(frame);
}

telemetry::WireCall RequestRelay::callOf(const upstream::ServerConnection& connection, const mcp::Message& request,
                                         upstream::CallToken related) const
{
    return wireCallOf(choose(connection, request, related));
}

telemetry::WireCall RequestRelay::wireCallOf(const Asked& asked) const
{
    const ActiveCall* call = asked.session != nullptr ? m_calls.find(asked.cookie) : nullptr;
    if (call == nullptr)
        return {};
    const telemetry::CallRecord& record = call->record;
    return {record.traceId, record.hops.isEmpty() ? record.spanId : record.hops.last().spanId, record.spanId};
}

/// A server knows one client's roots: that another's have changed does not concern it.
void RequestRelay::relayRootsChange(const downstream::Incoming& incoming)
{
    for (std::size_t i = 0; incoming.session->capabilities.roots && i < m_pool.shared().size(); ++i) {
        upstream::ServerConnection* connection = m_pool.connectionOf(*incoming.session, static_cast<int>(i));
        if (connection == nullptr || !m_pool.sees(*incoming.session, *connection) ||
            connection->state() != upstream::ServerState::Ready)
            continue;
        const auto owner = m_calls.requests().rootsOwner(*connection);
        if (owner != nullptr && owner != incoming.session)
            continue;
        m_calls.requests().setRootsOwner(*connection, incoming.session);
        connection->notify(incoming.message.raw);
    }
}

void RequestRelay::forgetQuestions(const upstream::ServerConnection& connection)
{
    m_calls.requests().connectionLost(connection);
    m_held.forgetQuestions(connection);
}

} // namespace oriel::gateway
