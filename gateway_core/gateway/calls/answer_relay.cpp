// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/answer_relay.h"

#include "gateway/input/questions.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using telemetry::Outcome;

void AnswerRelay::recordHop(ActiveCall& call, upstream::CallToken token, const upstream::Reply& reply) const
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

void AnswerRelay::relay(ActiveCall& call, upstream::Reply& reply)
{
    telemetry::CallRecord& record = call.record;
    const bool isError = reply.message.kind == mcp::Message::Kind::Error;
    recordAnswer(record, reply.message, reply.message.raw);
    call.limits.addTokens(telemetry::estimateTokens(record.response.length));
    mcp::Rewrite rewrite(reply.message);
    rewrite.setId(call.clientId);
    if (mcp::isModern(call.incoming.session->revision)) {
        rewrite.completeResult(mcp::method(call.incoming.message.methodId).cacheable);
        if (record.overHttp && isError)
            record.httpStatus = mcp::modernHttpStatus(reply.message.errorCode);
        if (reply.message.errorCode == mcp::error_code::ResourceNotFoundLegacy)
            rewrite.setRaw(mcp::Field::ErrorCode, "-32602"); // the old code must not be emitted
    }
    QByteArray questions;
    if (call.incoming.session->server.isEmpty() && reply.message.has(mcp::Field::ResultInputRequests)) {
        questions = namedInputRequests(reply.message, call.connection->name());
        rewrite.setRaw(mcp::Field::ResultInputRequests, questions);
    }
    const QByteArray frame = rewrite.apply();
    m_answers.sendFrame(call.incoming, record, frame, isError ? telemetry::WireKind::Error : telemetry::WireKind::Response);
}

void AnswerRelay::fail(ActiveCall& call, const upstream::Reply& reply)
{
    telemetry::CallRecord& record = call.record;
    const bool timedOut = reply.kind == upstream::Reply::Kind::Timeout;
    const Outcome outcome = timedOut                                          ? Outcome::Timeout
                            : reply.kind == upstream::Reply::Kind::Overloaded ? Outcome::Rejected
                            : reply.kind == upstream::Reply::Kind::Cancelled  ? Outcome::Cancelled
                                                                              : Outcome::Unavailable;
    m_answers.sendError(call.incoming, record, outcome, record.hops.last().errorType,
                        timedOut ? mcp::error_code::RequestTimeout : mcp::error_code::ServerError,
                        reply.error.toString().toUtf8());
}

void AnswerRelay::relayProgress(ActiveCall& call, const mcp::Message& progress)
{
    if (!call.progressToken.isValid() || call.incoming.reply == nullptr)
        return;
    const QByteArray frame = mcp::Rewrite(progress).setRaw(mcp::Field::ParamsProgressToken, call.progressToken.toJson()).apply();
    addEvent(call, QByteArrayLiteral("mcp.progress"));
    call.incoming.reply->notify(frame);
    m_wire.recordNotification(*call.incoming.session, progress, frame, &call.record, call.incoming.reply.get());
}

void AnswerRelay::noteTimeoutWarning(ActiveCall& call) const
{
    call.record.events.push_back({m_context.now() - call.incoming.startNs, QByteArrayLiteral("timeout.warning"), {}});
}

void AnswerRelay::pause(ActiveCall& call, std::chrono::milliseconds retry) const
{
    if (call.incoming.reply == nullptr)
        return;
    addEvent(call, QByteArrayLiteral("mcp.stream_paused"));
    call.incoming.reply->pause(retry);
}

void AnswerRelay::addEvent(ActiveCall& call, QByteArray name) const
{
    if (call.record.events.size() < kMaxEvents)
        call.record.events.push_back({m_context.now() - call.incoming.startNs, std::move(name), {}});
}

} // namespace oriel::gateway
