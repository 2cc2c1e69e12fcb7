// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/call_cancellation.h"

#include "mcp/errors.h"

#include <algorithm>

namespace oriel::gateway {

using telemetry::Outcome;

quint64 CallCancellation::cookieOf(const downstream::Incoming& notification) const
{
    const auto id = mcp::RequestId::fromJson(notification.message.rawOf(mcp::Field::ParamsRequestId));
    return m_calls.cookieIf(
        [&](const ActiveCall& call) { return call.incoming.session == notification.session && call.clientId == id; });
}

bool CallCancellation::cancel(const downstream::Incoming& notification)
{
    std::unique_ptr<ActiveCall> call = m_calls.end(cookieOf(notification));
    if (call == nullptr)
        return false;
    (void)mcp::parsedAgain(notification.message.raw, m_document);
    const QByteArray reason = m_document.root().find("params").find("reason").asUtf8().left(256);
    end(std::move(call), "cancelled by the client" + (reason.isEmpty() ? QByteArray() : ": " + reason));
    return true;
}

const telemetry::CallRecord* CallCancellation::recordOf(const downstream::Incoming& notification) const
{
    if (notification.message.methodId != mcp::MethodId::NotificationCancelled)
        return nullptr;
    const ActiveCall* call = m_calls.find(cookieOf(notification));
    return call != nullptr ? &call->record : nullptr;
}

void CallCancellation::abandon(const downstream::Reply& reply)
{
    const quint64 cookie = m_calls.cookieIf([&](const ActiveCall& call) { return call.incoming.reply.get() == &reply; });
    if (std::unique_ptr<ActiveCall> call = m_calls.end(cookie))
        end(std::move(call), "the client closed the stream");
}

void CallCancellation::end(std::unique_ptr<ActiveCall> call, const QByteArray& reason)
{
    call->connection->cancel(call->token, reason);
    m_resources.abandon(*call);
    m_tasks.leave(*call);
    telemetry::CallRecord& record = call->record;
    const std::int64_t forwarded = call->forwardedNs - call->incoming.startNs;
    record.stages[static_cast<std::size_t>(telemetry::Stage::Forward)] = {forwarded, m_context.now() - call->forwardedNs};
    if (!call->waitsForRetry) {
        if (record.hops.isEmpty())
            record.hops.append(telemetry::Hop());
        telemetry::Hop& hop = record.hops.last();
        hop.server = call->connection->context();
        hop.target = record.routedTarget;
        hop.jsonrpcId = QByteArray::number(qint64(call->token.id));
        hop.offsetNs = std::max(hop.offsetNs, forwarded);
        hop.durationNs = m_context.now() - hop.offsetNs - call->incoming.startNs;
        hop.errorType = QByteArrayLiteral("cancelled");
    }
    recordError(record, Outcome::Cancelled, QByteArrayLiteral("cancelled"), 0, reason);
    Answers::endUnanswered(call->incoming, "Request cancelled");
    m_answers.endRecord(record, call->incoming);
}

void CallCancellation::endSession(const downstream::Session& session)
{
    for (const quint64 cookie : m_calls.select([&](const ActiveCall& call) { return call.incoming.session.get() == &session; })) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        call->connection->cancel(call->token, "the client disconnected");
        m_tasks.leave(*call);
        if (call->incoming.reply == nullptr)
            continue;
        call->dropOpenHop();
        recordError(call->record, Outcome::Cancelled, QByteArrayLiteral("cancelled"), 0, "the client disconnected");
        Answers::endUnanswered(call->incoming, "The session was ended.");
        m_answers.endRecord(call->record, call->incoming);
    }
}

void CallCancellation::endConnection(upstream::ServerConnection& connection)
{
    for (const quint64 cookie : m_calls.select([&](const ActiveCall& call) { return call.connection == &connection; })) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        connection.cancel(call->token, "the server was removed or changed");
        if (call->incoming.reply == nullptr)
            continue; // its client was asked for input and was answered with that
        m_resources.abandon(*call);
        call->dropOpenHop();
        m_answers.sendError(
            call->incoming, call->record, Outcome::Unavailable, QByteArrayLiteral("unavailable"), mcp::error_code::ServerError,
            connection.name() + ": the server was removed or its configuration changed while it worked on this request.");
    }
}

void CallCancellation::endAll()
{
    for (const quint64 cookie : m_calls.select([](const ActiveCall&) { return true; })) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        call->connection->cancel(call->token, "Oriel is shutting down");
        if (call->incoming.reply == nullptr)
            continue;
        call->dropOpenHop();
        m_answers.sendError(call->incoming, call->record, Outcome::Cancelled, QByteArrayLiteral("shutting_down"),
                            mcp::error_code::ServerError, "Oriel is shutting down.");
    }
}

} // namespace oriel::gateway
