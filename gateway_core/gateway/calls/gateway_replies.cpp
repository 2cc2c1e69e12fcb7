// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using telemetry::Outcome;

void Gateway::recordHop(ActiveCall& call, upstream::CallToken token, const upstream::Reply& reply)
{
    telemetry::CallRecord& record = call.record;
    const std::int64_t startNs = call.incoming.startNs;
    const upstream::CallTimings& times = reply.timings;
    record.stages[static_cast<std::size_t>(telemetry::Stage::Forward)] = {call.forwardedNs - startNs,
                                                                          times.doneNs - call.forwardedNs};
    if (times.queued) {
        const std::int64_t end = times.sentNs != 0 ? times.sentNs : times.doneNs;
        record.stages[static_cast<std::size_t>(telemetry::Stage::Queue)] = {times.acceptedNs - startNs, end - times.acceptedNs};
    }
    const SpanId spanId = record.hops.isEmpty() ? SpanId::generate(m_context.random) : record.hops.last().spanId;
    call.dropOpenHop();
    record.hops.append(makeHop(spanId, call.connection->context(), record.routedTarget, startNs, token, reply));
    record.hops.last().attempt = call.attempt;
}

void Gateway::onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply)
{
    if (TaskRelay::isErrand(cookie)) {
        m_tasks.takeErrand(cookie, reply);
        return;
    }
    if (!m_heldCalls.isEmpty()) {
        if (HeldCall* held = m_heldCalls.findByCookie(cookie)) {
            held->answer = std::move(reply); // the server did not wait for the client
            return;
        }
    }
    std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
    if (call == nullptr)
        return;
    m_admission.noteReply(*call, reply);
    if (reply.kind == upstream::Reply::Kind::Response && m_rounds.ask(call, reply.message))
        return;
    recordHop(*call, token, reply);
    if (m_tasks.takeReply(call, reply) ||
        (reply.message.errorCode == mcp::error_code::UrlElicitationRequired && m_heldInput.takeUrlRequired(*call, reply.message)))
        return;
    telemetry::CallRecord& record = call->record;
    if (reply.kind != upstream::Reply::Kind::Response && m_dispatch.retryLater(call, reply))
        return;
    if (!call->elicitationIds.isEmpty())
        m_pages.tellDone(*call);
    if (reply.kind == upstream::Reply::Kind::Response) {
        m_resources.noteAnswer(*call, reply.message);
        recordAnswer(record, reply.message, reply.message.raw);
        call->limits.addTokens(telemetry::estimateTokens(record.response.length));
        mcp::Rewrite rewrite(reply.message);
        rewrite.setId(call->clientId);
        if (mcp::isModern(call->incoming.session->revision)) {
            rewrite.completeResult(mcp::method(call->incoming.message.methodId).cacheable);
            if (record.overHttp && reply.message.kind == mcp::Message::Kind::Error)
                record.httpStatus = mcp::modernHttpStatus(reply.message.errorCode);
            if (reply.message.errorCode == mcp::error_code::ResourceNotFoundLegacy)
                rewrite.setRaw(mcp::Field::ErrorCode, "-32602"); // the old code must not be emitted
        }
        QByteArray questions;
        if (call->incoming.session->server.isEmpty() && reply.message.has(mcp::Field::ResultInputRequests)) {
            questions = namedInputRequests(reply.message, call->connection->name());
            rewrite.setRaw(mcp::Field::ResultInputRequests, questions);
        }
        const QByteArray frame = rewrite.apply();
        m_answers.sendFrame(call->incoming, record, frame,
                            reply.message.kind == mcp::Message::Kind::Error ? telemetry::WireKind::Error
                                                                            : telemetry::WireKind::Response);
        return;
    }
    m_resources.abandon(*call);
    const bool timedOut = reply.kind == upstream::Reply::Kind::Timeout;
    const Outcome outcome = timedOut                                          ? Outcome::Timeout
                            : reply.kind == upstream::Reply::Kind::Overloaded ? Outcome::Rejected
                            : reply.kind == upstream::Reply::Kind::Cancelled  ? Outcome::Cancelled
                                                                              : Outcome::Unavailable;
    m_answers.sendError(call->incoming, record, outcome, record.hops.last().errorType,
                        timedOut ? mcp::error_code::RequestTimeout : mcp::error_code::ServerError,
                        reply.error.toString().toUtf8());
}

void Gateway::onProgress(upstream::CallToken /*token*/, quint64 cookie, const mcp::Message& message)
{
    ActiveCall* call = m_calls.find(cookie);
    if (call == nullptr || !call->progressToken.isValid() || call->incoming.reply == nullptr)
        return;
    const QByteArray frame = mcp::Rewrite(message).setRaw(mcp::Field::ParamsProgressToken, call->progressToken.toJson()).apply();
    if (call->record.events.size() < 128)
        call->record.events.push_back({now() - call->incoming.startNs, QByteArrayLiteral("mcp.progress"), {}});
    call->incoming.reply->notify(frame);
    m_wire.recordNotification(*call->incoming.session, message, frame, &call->record, call->incoming.reply.get());
}

void Gateway::onTimeoutWarning(upstream::CallToken /*token*/, quint64 cookie)
{
    if (ActiveCall* call = m_calls.find(cookie))
        call->record.events.push_back({now() - call->incoming.startNs, QByteArrayLiteral("timeout.warning"), {}});
}

void Gateway::onPaused(upstream::CallToken /*token*/, quint64 cookie, std::chrono::milliseconds retry)
{
    ActiveCall* call = m_calls.find(cookie);
    if (call == nullptr || call->incoming.reply == nullptr)
        return;
    if (call->record.events.size() < 128)
        call->record.events.push_back({now() - call->incoming.startNs, QByteArrayLiteral("mcp.stream_paused"), {}});
    call->incoming.reply->pause(retry);
}

/// The call that a client's notifications/cancelled is about.
const telemetry::CallRecord* Gateway::recordOfCancelled(const downstream::Incoming& incoming) const
{
    if (incoming.message.methodId != mcp::MethodId::NotificationCancelled)
        return nullptr;
    const auto id = mcp::RequestId::fromJson(incoming.message.rawOf(mcp::Field::ParamsRequestId));
    const telemetry::CallRecord* record = nullptr;
    m_calls.forEach([&](quint64, const ActiveCall& call) {
        if (call.incoming.session == incoming.session && call.clientId == id)
            record = &call.record;
    });
    return record;
}

} // namespace oriel::gateway
