// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/input_rounds.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/input/questions.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::Field;
using telemetry::Outcome;

InputRounds::InputRounds(const GatewayContext& context, ClientWire& wire, Answers& answers, OpenCalls& calls,
                         ElicitationPages& pages, upstream::ReplyHandler& replies)
    : m_context(context),
      m_wire(wire),
      m_answers(answers),
      m_calls(calls),
      m_pages(pages),
      m_replies(replies)
{
    m_deadline.setSingleShot(true);
    m_deadline.setTimerType(Qt::PreciseTimer); // never before the deadline
    m_deadline.callOnTimeout([this] { expire(); });
}

bool InputRounds::ask(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
{
    if (mcp::isModern(call->incoming.session->revision) || answer.kind != mcp::Message::Kind::Response ||
        answer.text(Field::ResultType) != "input_required")
        return false;
    if (++call->inputRounds > kMaxRounds) {
        m_answers.sendError(call->incoming, call->record, Outcome::RpcError, mcp::error_code::InternalError,
                            "The server asked for input again and again; Oriel gave up.");
        return true;
    }
    (void)mcp::parsedAgain(answer.raw, m_document);
    const json::Value requests = m_document.root().find("result").find("inputRequests");
    call->requestState = answer.rawOf(Field::ResultRequestState).toByteArray();
    call->inputResponses.clear();
    ActiveCall& kept = *call;
    const quint64 cookie = m_calls.add(std::move(call));
    kept.openQuestions = static_cast<int>(requests.size());
    kept.inputDeadlineNs = m_context.now() + m_context.heldForNs;
    for (const json::Member& member : requests.members()) {
        const json::Value params = member.value.find("params");
        json::Document scratch;
        const auto request = mcp::readMessage(mcp::makeRequest(mcp::RequestId(1), member.value.find("method").asUtf8(),
                                                               params.isObject() ? params.raw() : QByteArrayView()),
                                              scratch);
        if (!request) {
            take(cookie, member.key.asUtf8(), nullptr);
            return true;
        }
        const mcp::Message shown = questionFor(*kept.incoming.session, *kept.connection, m_pages.withId(*request, kept));
        const QByteArray frame = m_calls.requests().ask(
            kept.incoming.session, shown.text(Field::Method), shown.rawOf(Field::Params), parentOf(kept.record),
            [this, cookie, key = member.key.asUtf8()](const mcp::Message* given) { take(cookie, key, given); });
        m_calls.requests().bindNewest(cookie);
        m_calls.requests().noteCall(wireCallOf(kept.record));
        kept.incoming.reply->notify(frame);
        m_wire.recordSent(*kept.incoming.session, frame, wireCallOf(kept.record), kept.incoming.reply.get());
    }
    if (kept.openQuestions == 0)
        sendAgain(cookie);
    else if (!m_deadline.isActive())
        watch();
    return true;
}

void InputRounds::watch()
{
    std::optional<std::int64_t> next;
    m_calls.forEach([&next](quint64, const ActiveCall& call) {
        if (call.openQuestions > 0 && (!next || call.inputDeadlineNs < *next))
            next = call.inputDeadlineNs;
    });
    if (next)
        m_deadline.start(m_context.timeUntil(*next));
}

void InputRounds::expire()
{
    const std::int64_t at = m_context.now();
    for (const quint64 cookie :
         m_calls.select([at](const ActiveCall& call) { return call.openQuestions > 0 && call.inputDeadlineNs <= at; })) {
        if (const std::unique_ptr<ActiveCall> ended = m_calls.end(cookie))
            m_answers.sendError(ended->incoming, ended->record, Outcome::Timeout, QByteArrayLiteral("timeout"),
                                mcp::error_code::RequestTimeout,
                                QByteArrayLiteral("The client did not give the input that the server needs in time."));
    }
    watch();
}

void InputRounds::take(quint64 cookie, const QByteArray& key, const mcp::Message* given)
{
    ActiveCall* call = m_calls.find(cookie);
    if (call == nullptr)
        return;
    if (given == nullptr || given->kind != mcp::Message::Kind::Response) {
        const std::unique_ptr<ActiveCall> ended = m_calls.end(cookie);
        m_answers.sendError(ended->incoming, ended->record, Outcome::RpcError, mcp::error_code::InternalError,
                            "The client did not give the input that the server needs" +
                                (given != nullptr ? ": " + given->text(Field::ErrorMessage) : QByteArray(".")));
        return;
    }
    call->inputResponses.append({key, given->rawOf(Field::Result).toByteArray()});
    if (--call->openQuestions == 0)
        sendAgain(cookie);
}

void InputRounds::sendAgain(quint64 cookie)
{
    std::unique_ptr<ActiveCall> call = m_calls.take(cookie);
    json::Writer responses;
    responses.beginObject();
    for (const auto& [key, result] : std::as_const(call->inputResponses))
        responses.rawMember(key, result);
    responses.endObject();
    const mcp::Message& original = call->incoming.message;
    json::Splicer splicer(original.raw);
    if (!call->inputResponses.isEmpty())
        splicer.insertMember(original.span(Field::Params), "\"inputResponses\"", responses.view());
    if (!call->requestState.isEmpty())
        splicer.insertMember(original.span(Field::Params), "\"requestState\"", call->requestState);
    const auto retry = mcp::readMessage(splicer.apply(), m_document);
    if (!retry) {
        m_answers.sendError(call->incoming, call->record, Outcome::RpcError, mcp::error_code::InternalError,
                            "The server's requestState cannot be sent back: " + retry.error().message);
        return;
    }
    ActiveCall& kept = *call;
    const quint64 again = m_calls.add(std::move(call));
    kept.token = kept.connection->call(*retry, kept.options, m_replies, again);
}

} // namespace oriel::gateway
