// SPDX-License-Identifier: GPL-3.0-or-later
// Questions of servers across the eras: a legacy server asks while it works, a modern one answers that it needs input.
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "gateway/input/request_routing.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using telemetry::Outcome;

// --- a legacy server, a client of 2026-07-28 ---------------------------------------------------------------------------------

void Gateway::holdForInput(upstream::ServerConnection& connection, const mcp::Message& request, ActiveCall& call, quint64 cookie)
{
    HeldQuestion question{QByteArray(), request.id(), request.text(Field::Method),
                          questionParams(questionFor(*call.incoming.session, connection, request))};
    if (HeldCall* held = m_heldCalls.findByCookie(cookie)) {
        // Asked next, when the client is back with what it was asked first.
        held->questions.push_back(std::move(question));
        return;
    }
    const auto begun =
        std::find_if(m_gathering.begin(), m_gathering.end(), [cookie](const HeldCall& one) { return one.cookie == cookie; });
    if (begun != m_gathering.end()) {
        begun->questions.push_back(std::move(question));
        return;
    }
    HeldCall held;
    held.cookie = cookie;
    held.owner = heldOwner(*call.incoming.session);
    held.method = call.record.method;
    held.target = call.record.target;
    held.questions.push_back(std::move(question));
    m_gathering.push_back(std::move(held));
    // A server may ask several things at once; the client shall get them in one answer.
    if (!m_gather.isActive())
        m_gather.start(kGatherMs);
}

void Gateway::askGathered()
{
    const std::vector<RefusedQuestion> refusals = std::exchange(m_refusals, {});
    for (const RefusedQuestion& refused : refusals) {
        if (const ActiveCall* call = m_calls.find(refused.cookie))
            call->connection->reply(refused.refusal);
    }
    for (HeldCall& held : std::exchange(m_gathering, {})) {
        ActiveCall* call = m_calls.find(held.cookie);
        if (call == nullptr)
            continue; // answered or cancelled meanwhile
        held.deadlineNs = now() + m_context.heldForNs;
        upstream::ServerConnection& connection = *call->connection;
        const std::vector<HeldQuestion> questions = held.questions;
        if (askForInput(*call, std::move(held)))
            continue;
        for (const HeldQuestion& question : questions)
            connection.reply(
                mcp::makeErrorResponse(question.serverId, mcp::error_code::InternalError, "Too many calls wait for input."));
    }
    for (const RefusedQuestion& refused : refusals)
        endRefused(refused);
}

/// The server needs what the client of 2026-07-28 behind its call has not declared: that ends the call, unless it asks at the
/// same time for what the client can give. False: it is not known whose call it is, and `refusal` is to be sent at once.
bool Gateway::refuseForCapability(upstream::ServerConnection& connection, const mcp::Message& request,
                                  upstream::CallToken related, const QByteArray& refusal)
{
    quint64 cookie = 0;
    int candidates = 0;
    m_calls.forEach([&](quint64 candidate, const ActiveCall& call) {
        if (call.connection != &connection || (related.isValid() && !(call.token == related)))
            return;
        ++candidates;
        cookie = candidate;
    });
    const ActiveCall* known = candidates == 1 ? m_calls.find(cookie) : nullptr;
    if (known == nullptr || known->incoming.reply == nullptr || mcp::isLegacy(known->incoming.session->revision))
        return false;
    QByteArray missing = missingCapability(known->incoming.session->capabilities, request);
    if (missing.isEmpty())
        return false;
    m_refusals.push_back({cookie, refusal, std::move(missing)});
    if (!m_gather.isActive())
        m_gather.start(kGatherMs);
    return true;
}

void Gateway::endRefused(const RefusedQuestion& refused)
{
    const ActiveCall* known = m_calls.find(refused.cookie);
    if (known == nullptr || known->incoming.reply == nullptr)
        return; // over, or its client was asked for something else
    const std::unique_ptr<ActiveCall> call = m_calls.end(refused.cookie);
    call->connection->cancel(call->token, "the client cannot give the input that is needed");
    call->dropOpenHop();
    m_answers.sendError(call->incoming, call->record, Outcome::RpcError, mcp::error_code::MissingClientCapability,
                        QByteArrayLiteral("Missing required client capability"),
                        "{\"requiredCapabilities\":" + refused.missing + '}');
}

void Gateway::forgetQuestions(const upstream::ServerConnection& connection)
{
    m_serverRequests.connectionLost(connection);
    askGathered(); // they are to be forgotten like those that were asked before
    if (m_heldCalls.isEmpty())
        return;
    m_calls.forEach([&](quint64 cookie, const ActiveCall& call) {
        if (call.connection == &connection)
            m_heldCalls.forgetQuestions(cookie);
    });
}

bool Gateway::askForInput(ActiveCall& call, HeldCall&& held)
{
    int number = 0;
    for (HeldQuestion& question : held.questions)
        question.key = "input" + QByteArray::number(++number);
    const HeldCall shown = held;
    const auto state = m_heldCalls.hold(std::move(held));
    if (!state)
        return false;
    telemetry::CallEvent event;
    event.offsetNs = now() - call.incoming.startNs;
    event.name = QByteArrayLiteral("mcp.input_required");
    event.attributes.push_back({QByteArrayLiteral("mcp.method.name"), shown.questions.front().method});
    call.record.events.push_back(std::move(event));
    call.dropOpenHop();
    telemetry::CallRecord answered = std::move(call.record);
    downstream::Incoming incoming = std::move(call.incoming);
    // What is needed while nobody waits: who asked, and what for.
    call.incoming.session = incoming.session;
    call.incoming.startNs = incoming.startNs;
    call.record = telemetry::CallRecord();
    call.record.traceId = answered.traceId;
    call.record.spanId = answered.spanId;
    call.record.method = answered.method;
    call.record.target = answered.target;
    call.record.targetKind = answered.targetKind;
    call.record.routedServer = answered.routedServer;
    call.record.routedTarget = answered.routedTarget;
    call.record.client = answered.client;
    m_answers.sendResult(incoming, answered, inputRequiredResult(shown, *state));
    if (!m_heldDeadline.isActive())
        m_heldDeadline.start(static_cast<int>(m_context.heldForNs / 1'000'000));
    return true;
}

bool Gateway::resumeHeld(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const QByteArray state = incoming.message.text(Field::ParamsRequestState);
    if (mcp::isLegacy(incoming.session->revision) || !HeldCalls::isOurs(state))
        return false;
    const HeldCall* known = m_heldCalls.find(state, heldOwner(*incoming.session), record.method, record.target);
    if (known != nullptr && known->wasRefused)
        return resumeRefused(incoming, record, *known);
    ActiveCall* call = known != nullptr ? m_calls.find(known->cookie) : nullptr;
    if (call == nullptr) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: requestState is not one of this request's, was used already, or has expired.");
        return true;
    }
    (void)mcp::parsedAgain(incoming.message.raw, m_document);
    const json::Value responses = m_document.root().find("params").find("inputResponses");
    const bool isComplete = std::all_of(known->questions.cbegin(), known->questions.cend(), [&](const HeldQuestion& question) {
        return question.key.isEmpty() || responses.find(question.key).isObject();
    });
    if (!isComplete) {
        m_answers.sendResult(incoming, record, inputRequiredResult(*known, state));
        return true;
    }
    HeldCall held = m_heldCalls.take(state);
    record.routedServer = call->record.routedServer;
    record.routedTarget = call->record.routedTarget;
    telemetry::Hop hop;
    hop.spanId = SpanId::generate(m_context.random);
    const telemetry::WireCall wireCall{record.traceId, hop.spanId, record.spanId};
    call->connection->continueCall(call->token, wireCall);
    record.hops.append(std::move(hop));
    call->clientId = incoming.message.id();
    call->progressToken = mcp::RequestId::fromJson(incoming.message.rawOf(Field::MetaProgressToken));
    call->forwardedNs = now();
    std::vector<HeldQuestion> open;
    for (HeldQuestion& question : held.questions) {
        if (question.key.isEmpty())
            open.push_back(std::move(question));
        else if (question.serverId.isValid())
            call->connection->reply(mcp::makeResult(question.serverId, responses.find(question.key).raw()), wireCall);
    }
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    if (held.answer) {
        onReply(call->token, held.cookie, *held.answer);
    } else if (!open.empty()) {
        held.questions = std::move(open);
        held.deadlineNs = now() + m_context.heldForNs;
        (void)askForInput(*call, std::move(held));
    }
    return true;
}

void Gateway::expireHeld()
{
    for (const HeldCall& held : m_heldCalls.takeExpired(now())) {
        if (std::unique_ptr<ActiveCall> call = m_calls.end(held.cookie))
            call->connection->cancel(call->token, "the client did not come back with its input");
    }
    if (!m_heldCalls.isEmpty())
        m_heldDeadline.start(static_cast<int>(m_context.heldForNs / 1'000'000));
}

// --- a modern server, a client of the handshake revisions
// -----------------------------------------------------------------------

bool Gateway::askClient(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
{
    if (mcp::isModern(call->incoming.session->revision) || answer.kind != mcp::Message::Kind::Response ||
        answer.text(Field::ResultType) != "input_required")
        return false;
    if (++call->inputRounds > kMaxInputRounds) {
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
    const std::weak_ptr<downstream::Session> asked = kept.incoming.session;
    for (const json::Member& member : requests.members()) {
        const json::Value params = member.value.find("params");
        json::Document scratch;
        const auto request = mcp::readMessage(mcp::makeRequest(mcp::RequestId(1), member.value.find("method").asUtf8(),
                                                               params.isObject() ? params.raw() : QByteArrayView()),
                                              scratch);
        if (!request) {
            takeInput(cookie, member.key.asUtf8(), nullptr);
            return true;
        }
        const mcp::Message shown = questionFor(*kept.incoming.session, *kept.connection, withPageId(*request, kept));
        const QByteArray frame = m_serverRequests.ask(
            kept.incoming.session, shown.text(Field::Method), shown.rawOf(Field::Params),
            [this, cookie, key = member.key.asUtf8()](const mcp::Message* given) { takeInput(cookie, key, given); });
        m_serverRequests.bindNewest(cookie);
        m_serverRequests.noteCall(wireCallOf(kept.record));
        kept.incoming.reply->notify(frame);
        m_wire.recordSent(*kept.incoming.session, frame, wireCallOf(kept.record), kept.incoming.reply.get());
    }
    if (kept.openQuestions == 0)
        retryWithInput(cookie);
    return true;
}

void Gateway::takeInput(quint64 cookie, const QByteArray& key, const mcp::Message* given)
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
        retryWithInput(cookie);
}

void Gateway::retryWithInput(quint64 cookie)
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
    kept.token = kept.connection->call(*retry, kept.options, *this, again);
}

} // namespace oriel::gateway
