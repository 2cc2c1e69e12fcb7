// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/held_input.h"

#include "gateway/input/questions.h"
#include "gateway/input/request_routing.h"
#include "gateway/input/request_trace.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using telemetry::Outcome;

namespace {

constexpr int kGatherMs = 10; ///< for what a server asks at the same time

/// True for an Oriel that gives states, or passes on those of the ones behind it.
bool isOrielWithStates(const upstream::ServerConnection& connection)
{
    return connection.isModern() && !connection.initializeResult().orielInstance.isEmpty();
}

} // namespace

HeldInput::HeldInput(const GatewayContext& context, Answers& answers, OpenCalls& calls, ElicitationPages& pages,
                     upstream::ReplyHandler& replies)
    : m_context(context),
      m_answers(answers),
      m_calls(calls),
      m_held(calls.held()),
      m_pages(pages),
      m_replies(replies)
{
    m_gather.setSingleShot(true);
    m_gather.callOnTimeout([this] { askGathered(); });
    m_deadline.setSingleShot(true);
    m_deadline.setTimerType(Qt::PreciseTimer); // never before the deadline
    m_deadline.callOnTimeout([this] { expire(); });
}

void HeldInput::hold(const upstream::ServerConnection& connection, const mcp::Message& request, const ActiveCall& call,
                     quint64 cookie)
{
    HeldQuestion question{QByteArray(), request.id(), request.text(Field::Method),
                          questionParams(questionFor(*call.incoming.session, connection, request)),
                          std::make_shared<RequestTrace>(m_context)};
    question.trace->received(request, connection.context(), parentOf(call.record));
    if (HeldCall* held = m_held.findByCookie(cookie)) {
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
    gather();
}

void HeldInput::gather()
{
    if (!m_gather.isActive())
        m_gather.start(kGatherMs);
}

void HeldInput::askGathered()
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
        held.deadlineNs = m_context.now() + m_context.heldForNs;
        upstream::ServerConnection& connection = *call->connection;
        const std::vector<HeldQuestion> questions = held.questions;
        if (ask(*call, std::move(held)))
            continue;
        for (const HeldQuestion& question : questions) {
            question.trace->failed(mcp::error_code::InternalError, "Too many calls wait for input.");
            connection.reply(
                mcp::makeErrorResponse(question.serverId, mcp::error_code::InternalError, "Too many calls wait for input."));
        }
    }
    for (const RefusedQuestion& refused : refusals)
        endRefused(refused);
}

bool HeldInput::refuse(const upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related,
                       const QByteArray& refusal)
{
    const quint64 cookie = m_calls.causeOf(connection, related);
    const ActiveCall* known = m_calls.find(cookie);
    if (known == nullptr || known->incoming.reply == nullptr || mcp::isLegacy(known->incoming.session->revision))
        return false;
    QByteArray missing = missingCapability(known->incoming.session->capabilities, request);
    if (missing.isEmpty())
        return false;
    m_refusals.push_back({cookie, refusal, std::move(missing)});
    gather();
    return true;
}

void HeldInput::endRefused(const RefusedQuestion& refused)
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

void HeldInput::forgetQuestions(const upstream::ServerConnection& connection)
{
    askGathered(); // they are to be forgotten like those that were asked before
    if (m_held.isEmpty())
        return;
    m_calls.forEach([&](quint64 cookie, const ActiveCall& call) {
        if (call.connection == &connection)
            m_held.forgetQuestions(cookie);
    });
}

bool HeldInput::ask(ActiveCall& call, HeldCall&& held)
{
    int number = 0;
    for (HeldQuestion& question : held.questions)
        question.key = "input" + QByteArray::number(++number);
    const HeldCall shown = held;
    const auto state = m_held.hold(std::move(held));
    if (!state)
        return false;
    telemetry::CallEvent event;
    event.offsetNs = m_context.now() - call.incoming.startNs;
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
    watch();
    return true;
}

/// Deadlines come in the order in which calls are held, so a timer that runs is for an earlier one.
void HeldInput::watch()
{
    const std::optional<std::int64_t> next = m_deadline.isActive() ? std::nullopt : m_held.nextDeadlineNs();
    if (next)
        m_deadline.start(m_context.timeUntil(*next));
}

void HeldInput::expire()
{
    for (const HeldCall& held : m_held.takeExpired(m_context.now())) {
        if (std::unique_ptr<ActiveCall> call = m_calls.end(held.cookie))
            call->connection->cancel(call->token, "the client did not come back with its input");
    }
    watch();
}

bool HeldInput::resume(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const QByteArray state = incoming.message.text(Field::ParamsRequestState);
    if (mcp::isLegacy(incoming.session->revision) || !m_held.isOurs(state))
        return false;
    const HeldCall* known = m_held.find(state, heldOwner(*incoming.session), record.method, record.target);
    if (known != nullptr && known->wasRefused)
        return resumeRefused(incoming, record, *known);
    ActiveCall* call = known != nullptr ? m_calls.find(known->cookie) : nullptr;
    if (call == nullptr)
        return refuseState(incoming, record);
    (void)mcp::parsedAgain(incoming.message.raw, m_document);
    const json::Value responses = m_document.root().find("params").find("inputResponses");
    const bool isComplete = std::all_of(known->questions.cbegin(), known->questions.cend(), [&](const HeldQuestion& question) {
        return question.key.isEmpty() || responses.find(question.key).isObject();
    });
    if (!isComplete) {
        m_answers.sendResult(incoming, record, inputRequiredResult(*known, state));
        return true;
    }
    goOn(incoming, record, *call, m_held.take(state), responses);
    return true;
}

bool HeldInput::refuseForeign(downstream::Incoming& incoming, telemetry::CallRecord& record,
                              const upstream::ServerConnection& connection)
{
    if (mcp::isLegacy(incoming.session->revision) || !incoming.message.has(Field::ParamsRequestState) ||
        !HeldCalls::isOfAnOriel(incoming.message.text(Field::ParamsRequestState)) || isOrielWithStates(connection))
        return false;
    return refuseState(incoming, record);
}

bool HeldInput::refuseState(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                        "Invalid params: requestState is not one of this request's, was used already, or has expired.");
    return true;
}

/// The call of the request that was held, now with what its client says.
void HeldInput::goOn(downstream::Incoming& incoming, telemetry::CallRecord& record, ActiveCall& call, HeldCall&& held,
                     const json::Value& responses)
{
    record.routedServer = call.record.routedServer;
    record.routedTarget = call.record.routedTarget;
    telemetry::Hop hop;
    hop.spanId = SpanId::generate(m_context.random);
    const telemetry::WireCall wireCall{record.traceId, hop.spanId, record.spanId};
    call.connection->continueCall(call.token, wireCall);
    record.hops.append(std::move(hop));
    call.clientId = incoming.message.id();
    call.progressToken = mcp::RequestId::fromJson(incoming.message.rawOf(Field::MetaProgressToken));
    call.forwardedNs = m_context.now();
    std::vector<HeldQuestion> open;
    for (HeldQuestion& question : held.questions) {
        if (question.key.isEmpty())
            open.push_back(std::move(question));
        else if (question.serverId.isValid()) {
            question.trace->answered();
            call.connection->reply(mcp::makeResult(question.serverId, responses.find(question.key).raw()), wireCall);
        }
    }
    call.record = std::move(record);
    call.incoming = std::move(incoming);
    if (held.answer) {
        m_replies.onReply(call.token, held.cookie, *held.answer);
    } else if (!open.empty()) {
        held.questions = std::move(open);
        held.deadlineNs = m_context.now() + m_context.heldForNs;
        (void)ask(call, std::move(held));
    }
}

void HeldInput::addHoldings(Holdings& held) const
{
    held.add("held calls", m_held.count()).add("gathering calls", static_cast<qsizetype>(m_gathering.size() + m_refusals.size()));
}

} // namespace oriel::gateway
