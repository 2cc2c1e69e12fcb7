// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/answers/answers.h"

#include "mcp/errors.h"

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

void Answers::sendResult(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result)
{
    sendWhole(incoming, record, mcp::isModern(incoming.session->revision) ? completeResult(result) : result.toByteArray());
}

void Answers::sendWhole(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result)
{
    const QByteArray frame = mcp::makeResult(incoming.message.id(), result);
    record.responseBytes = frame.size();
    const qsizetype begin = frame.indexOf("\"result\":");
    record.response = {frame, begin + 9, frame.size() - begin - 10};
    sendFrame(incoming, record, frame, telemetry::WireKind::Response);
}

void Answers::sendError(downstream::Incoming& incoming, telemetry::CallRecord& record, Outcome outcome, QByteArray errorType,
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
    sendFrame(incoming, record, frame, telemetry::WireKind::Error);
}

void Answers::sendError(downstream::Incoming& incoming, telemetry::CallRecord& record, Outcome outcome, int code,
                        QByteArray message, QByteArrayView data)
{
    sendError(incoming, record, outcome, QByteArray::number(code), code, std::move(message), data);
}

void Answers::sendFrame(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& frame,
                        telemetry::WireKind kind)
{
    const auto recordFrame = [&] {
        m_wire.record(*incoming.session, telemetry::WireDirection::GatewayToClient, kind, nullptr, frame, &record,
                      incoming.reply.get());
    };
    const int httpStatus = record.httpStatus > 0 ? record.httpStatus : 200;
    if (incoming.reply != nullptr && isHeld(record)) {
        const auto otherwise =
            record.errorType == kAuditUnavailable ? HeldAnswers::Otherwise::SameFrame : HeldAnswers::Otherwise::Error;
        recordFrame();
        finish(record, incoming, m_held.hold(incoming.reply, frame, httpStatus, incoming.message.id(), otherwise));
        return;
    }
    if (incoming.reply != nullptr)
        incoming.reply->finish(frame, httpStatus);
    recordFrame();
    finish(record, incoming);
}

void Answers::endRecord(telemetry::CallRecord& record, const downstream::Incoming& incoming)
{
    finish(record, incoming);
}

void Answers::endUnanswered(const downstream::Incoming& incoming, QByteArrayView why)
{
    if (incoming.reply != nullptr && incoming.reply->isHttp() && incoming.reply->isOpen())
        incoming.reply->finish(mcp::makeErrorResponse(incoming.message.id(), mcp::error_code::ServerError, why));
}

bool Answers::mayCallTools(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    if (!isHeld(record) || !m_held.refusal())
        return true;
    // Its own row is what finds out whether writing works again.
    sendError(incoming, record, Outcome::Rejected, kAuditUnavailable, mcp::error_code::InternalError,
              "The tool was not called because audit rows cannot be written: " + m_held.refusal()->toString().toUtf8());
    return false;
}

bool Answers::isHeld(const telemetry::CallRecord& record) const
{
    return m_context.config.audit.mode == config::AuditMode::Strict && record.targetKind == telemetry::TargetKind::Tool;
}

void Answers::finish(telemetry::CallRecord& record, const downstream::Incoming& incoming, telemetry::Durable durable)
{
    record.durationNs = m_context.now() - incoming.startNs;
    ++incoming.session->calls;
    incoming.session->lastSeenUnixNs = record.startUnixNs + record.durationNs;
    if (durable)
        m_context.recorder.recordCallDurably(std::move(record), std::move(durable));
    else
        m_context.recorder.recordCall(std::move(record));
}

} // namespace oriel::gateway
