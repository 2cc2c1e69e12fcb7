// SPDX-License-Identifier: GPL-3.0-or-later
// Servers that refuse a call until the user has been to a page (2025-11-25 client/elicitation, -32042).
#include "base/json_splice.h"
#include "gateway/input/held_input.h"
#include "gateway/input/questions.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using telemetry::Outcome;

bool HeldInput::takeUrlRequired(ActiveCall& call, const mcp::Message& answer)
{
    const std::shared_ptr<downstream::Session>& session = call.incoming.session;
    const bool isModern = mcp::isModern(session->revision);
    if (!session->capabilities.elicitationUrl || (!isModern && session->revision != mcp::Revision::V2025_11_25)) {
        const int code = isModern ? mcp::error_code::MissingClientCapability : mcp::error_code::ServerError;
        m_answers.sendError(
            call.incoming, call.record, Outcome::RpcError, QByteArray::number(mcp::error_code::UrlElicitationRequired), code,
            call.connection->name() +
                ": the server wants the user to open a page first, and this client has not declared elicitation by URL.",
            isModern ? QByteArrayView("{\"requiredCapabilities\":{\"elicitation\":{\"url\":{}}}}") : QByteArrayView());
        return true;
    }
    const QByteArray data = session->server.isEmpty()
                                ? withNamedElicitations(answer.rawOf(Field::ErrorData).toByteArray(), call.connection->name())
                                : answer.rawOf(Field::ErrorData).toByteArray();
    json::Document document;
    (void)mcp::parsedAgain(data, document);
    const json::Value elicitations = document.root().find("elicitations");
    if (!isModern) {
        for (const json::Value& elicitation : elicitations.elements())
            m_pages.remember(*call.connection, elicitation, session);
        if (!session->server.isEmpty())
            return false;
        m_answers.sendError(call.incoming, call.record, Outcome::RpcError, QByteArray::number(answer.errorCode), answer.errorCode,
                            answer.text(Field::ErrorMessage), data);
        return true;
    }
    return holdRefused(call, answer, elicitations);
}

/// The call waits for its client to come back from the pages.
bool HeldInput::holdRefused(ActiveCall& call, const mcp::Message& answer, const json::Value& elicitations)
{
    HeldCall held;
    held.owner = heldOwner(*call.incoming.session);
    held.method = call.record.method;
    held.target = call.record.target;
    held.deadlineNs = m_context.now() + m_context.heldForNs;
    held.wasRefused = true;
    for (const json::Value& elicitation : elicitations.elements()) {
        const auto request = mcp::readMessage(
            mcp::makeRequest(mcp::RequestId(1), mcp::methodName(MethodId::ElicitationCreate), elicitation.raw()), m_document);
        if (request)
            held.questions.push_back({"url" + QByteArray::number(held.questions.size() + 1),
                                      {},
                                      request->text(Field::Method),
                                      questionParams(*request)});
    }
    const HeldCall shown = held;
    const auto state = held.questions.empty() ? std::nullopt : m_held.hold(std::move(held));
    if (!state) {
        m_answers.sendError(
            call.incoming, call.record, Outcome::RpcError, QByteArray::number(answer.errorCode), mcp::error_code::InternalError,
            shown.questions.empty() ? QByteArrayLiteral("The server wants the user to open a page and does not say which.")
                                    : QByteArrayLiteral("Too many calls wait for input."));
        return true;
    }
    m_answers.sendResult(call.incoming, call.record, inputRequiredResult(shown, *state));
    watch();
    return true;
}

/// The client is back from the pages: the call goes to the server again, as a new one.
bool HeldInput::resumeRefused(downstream::Incoming& incoming, telemetry::CallRecord& record, const HeldCall& known)
{
    const QByteArray state = incoming.message.text(Field::ParamsRequestState);
    json::Document document;
    (void)mcp::parsedAgain(incoming.message.raw, document);
    const json::Value params = document.root().find("params");
    const json::Value responses = params.find("inputResponses");
    bool isComplete = true;
    bool isAccepted = true;
    for (const HeldQuestion& question : known.questions) {
        isComplete = isComplete && responses.find(question.key).isObject();
        isAccepted = isAccepted && responses.find(question.key).find("action").equals("accept");
    }
    if (!isComplete) {
        m_answers.sendResult(incoming, record, inputRequiredResult(known, state));
        return true;
    }
    (void)m_held.take(state);
    if (!isAccepted) {
        if (incoming.message.methodId == MethodId::ToolsCall) {
            record.outcome = Outcome::ToolError;
            record.errorType = QByteArrayLiteral("tool_error");
            m_answers.sendResult(incoming, record,
                                 "{\"content\":[{\"type\":\"text\",\"text\":\"The user did not open the page that the server "
                                 "needs.\"}],\"isError\":true}");
        } else {
            m_answers.sendError(incoming, record, Outcome::RpcError, mcp::error_code::InvalidRequest,
                                QByteArrayLiteral("The user did not open the page that the server needs."));
        }
        return true;
    }
    json::Splicer splicer(incoming.message.raw);
    for (const json::Member& member : params.members()) {
        if (member.key.equals("inputResponses") || member.key.equals("requestState"))
            splicer.removeMember(params, member);
    }
    auto again = mcp::readMessage(splicer.apply(), m_document);
    if (!again)
        return refuseState(incoming, record);
    incoming.message = std::move(*again);
    return false;
}

} // namespace oriel::gateway
