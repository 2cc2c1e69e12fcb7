// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using telemetry::Outcome;

namespace {

/// The results that the gateway makes itself, with the member that 2026-07-28 requires of each.
QByteArray completeResult(QByteArrayView result)
{
    static constexpr QByteArrayView kComplete = "{\"resultType\":\"complete\"";
    if (result.startsWith("{\"resultType\""))
        return result.toByteArray();
    QByteArray out;
    out.reserve(kComplete.size() + result.size() + 1);
    out += kComplete;
    if (result.size() > 2)
        out += ',';
    return out += result.sliced(1);
}

} // namespace

void Gateway::finish(telemetry::CallRecord& record, const downstream::Incoming& incoming, telemetry::Durable durable)
{
    record.durationNs = now() - incoming.startNs;
    ++incoming.session->calls;
    incoming.session->lastSeenUnixNs = record.startUnixNs + record.durationNs;
    if (durable)
        m_deps.recorder.recordCallDurably(std::move(record), std::move(durable));
    else
        m_deps.recorder.recordCall(std::move(record));
}

void Gateway::endUnanswered(const downstream::Incoming& incoming, QByteArrayView why)
{
    if (incoming.reply != nullptr && incoming.reply->isHttp() && incoming.reply->isOpen())
        incoming.reply->finish(mcp::makeErrorResponse(incoming.message.id(), mcp::error_code::ServerError, why));
}

void Gateway::deliver(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& frame,
                      telemetry::WireKind kind)
{
    const auto recordFrame = [&] {
        recordClientFrame(*incoming.session, telemetry::WireDirection::GatewayToClient, kind, nullptr, frame, &record,
                          incoming.reply.get());
    };
    if (incoming.reply != nullptr && m_config.audit.mode == config::AuditMode::Strict &&
        record.targetKind == telemetry::TargetKind::Tool) {
        const auto otherwise =
            record.errorType == kAuditUnavailable ? HeldAnswers::Otherwise::SameFrame : HeldAnswers::Otherwise::Error;
        recordFrame();
        finish(record, incoming, m_held.hold(incoming.reply, frame, incoming.message.id(), otherwise));
        return;
    }
    if (incoming.reply != nullptr)
        incoming.reply->finish(frame, record.httpStatus > 0 ? record.httpStatus : 200);
    recordFrame();
    finish(record, incoming);
}

void Gateway::answerResult(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result)
{
    answerWhole(incoming, record, mcp::isModern(incoming.session->revision) ? completeResult(result) : result.toByteArray());
}

void Gateway::answerWhole(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result)
{
    const QByteArray frame = mcp::makeResult(incoming.message.id(), result);
    record.responseBytes = frame.size();
    const qsizetype begin = frame.indexOf("\"result\":");
    record.response = {frame, begin + 9, frame.size() - begin - 10};
    deliver(incoming, record, frame, telemetry::WireKind::Response);
}

void Gateway::answerError(downstream::Incoming& incoming, telemetry::CallRecord& record, Outcome outcome, QByteArray errorType,
                          int code, QByteArray message, QByteArrayView data)
{
    const QByteArray frame = mcp::makeErrorResponse(incoming.message.id(), code, message, data);
    record.responseBytes = frame.size();
    const qsizetype error = frame.indexOf("{\"code\"");
    if (error >= 0)
        record.response = {frame, error, frame.size() - error - 1};
    recordError(record, outcome, std::move(errorType), code, std::move(message));
    if (record.overHttp && mcp::isModern(incoming.session->revision))
        record.httpStatus = mcp::modernHttpStatus(code);
    deliver(incoming, record, frame, telemetry::WireKind::Error);
}

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
    const SpanId spanId = record.hops.isEmpty() ? SpanId::generate(m_deps.random) : record.hops.last().spanId;
    call.dropOpenHop();
    record.hops.append(makeHop(spanId, call.connection->context(), record.routedTarget, startNs, token, reply));
    record.hops.last().attempt = call.attempt;
}

void Gateway::onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply)
{
    if (Tasks::isCookie(cookie)) {
        takeErrand(cookie, reply);
        return;
    }
    if (!m_heldCalls.isEmpty()) {
        if (HeldCall* held = m_heldCalls.findByCookie(cookie)) {
            held->answer = std::move(reply); // the server did not wait for the client
            return;
        }
    }
    std::unique_ptr<ActiveCall> call = takeCall(cookie);
    if (call == nullptr)
        return;
    noteReply(*call, reply);
    if (reply.kind == upstream::Reply::Kind::Response && askClient(call, reply.message))
        return;
    recordHop(*call, token, reply);
    if (takeTaskReply(call, reply) ||
        (reply.message.errorCode == mcp::error_code::UrlElicitationRequired && takeUrlRequired(*call, reply.message)))
        return;
    telemetry::CallRecord& record = call->record;
    if (reply.kind != upstream::Reply::Kind::Response && retryLater(call, reply))
        return;
    if (!call->elicitationIds.isEmpty())
        tellPagesDone(*call);
    if (reply.kind == upstream::Reply::Kind::Response) {
        if (call->incoming.message.methodId == mcp::MethodId::ResourcesSubscribe) {
            if (reply.message.kind == mcp::Message::Kind::Error)
                m_subscriptions.remove(keyOf(*call->connection), record.routedTarget, call->incoming.session.get());
            else
                m_subscriptions.accept(keyOf(*call->connection), record.routedTarget);
        }
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
        deliver(call->incoming, record, frame,
                reply.message.kind == mcp::Message::Kind::Error ? telemetry::WireKind::Error : telemetry::WireKind::Response);
        return;
    }
    abandonSubscription(*call);
    const bool timedOut = reply.kind == upstream::Reply::Kind::Timeout;
    const Outcome outcome = timedOut                                          ? Outcome::Timeout
                            : reply.kind == upstream::Reply::Kind::Overloaded ? Outcome::Rejected
                            : reply.kind == upstream::Reply::Kind::Cancelled  ? Outcome::Cancelled
                                                                              : Outcome::Unavailable;
    answerError(call->incoming, record, outcome, record.hops.last().errorType,
                timedOut ? mcp::error_code::RequestTimeout : mcp::error_code::ServerError, reply.error.toString().toUtf8());
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
    recordClientFrame(*call->incoming.session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Notification,
                      &message, frame, &call->record, call->incoming.reply.get());
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

} // namespace oriel::gateway
