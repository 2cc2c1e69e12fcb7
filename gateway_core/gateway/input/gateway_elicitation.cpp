// SPDX-License-Identifier: GPL-3.0-or-later
// Elicitation of both modes: who asks is named, and pages that users are sent to cross the eras (2025-11-25 client/elicitation).
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using telemetry::Outcome;

/// The request as the session is to see it: clients of all servers are told in the text who asks.
mcp::Message Gateway::questionFor(const downstream::Session& session, const upstream::ServerConnection& connection,
                                  const mcp::Message& request)
{
    if (!session.server.isEmpty() || request.methodId != MethodId::ElicitationCreate || !request.has(Field::Params))
        return request;
    const QByteArray params = namedQuestion(request.rawOf(Field::Params), connection.name());
    json::Splicer splicer(request.raw);
    splicer.replace(request.span(Field::Params), params);
    json::Document document;
    auto named = mcp::readMessage(splicer.apply(), document);
    return named ? std::move(*named) : request;
}

/// In 2025-11-25 a request that sends the user to a page has an id; in 2026-07-28 there is none.
mcp::Message Gateway::withPageId(const mcp::Message& request, ActiveCall& call)
{
    if (!asksByUrl(request))
        return request;
    json::Document document;
    (void)mcp::parsedAgain(request.raw, document);
    const json::Value params = document.root().find("params");
    if (params.find("elicitationId").exists())
        return request;
    const QByteArray id = m_context.random.secureBytes(16).toHex();
    const QByteArray quoted = json::quote(QByteArrayView(id));
    json::Splicer splicer(request.raw);
    splicer.insertMember(params, "\"elicitationId\"", quoted);
    json::Document scratch;
    auto with = mcp::readMessage(splicer.apply(), scratch);
    if (!with)
        return request;
    call.elicitationIds.append(id);
    return std::move(*with);
}

/// The server went on, so the user has been there.
void Gateway::tellPagesDone(ActiveCall& call)
{
    for (const QByteArray& id : std::exchange(call.elicitationIds, {})) {
        json::Writer params;
        params.beginObject().member("elicitationId", id).endObject();
        const QByteArray frame = mcp::makeNotification(mcp::methodName(MethodId::NotificationElicitationComplete), params.view());
        if (call.incoming.reply == nullptr)
            continue;
        call.incoming.reply->notify(frame);
        m_wire.recordSent(*call.incoming.session, frame, wireCallOf(call.record), call.incoming.reply.get());
    }
}

void Gateway::rememberPage(const upstream::ServerConnection& connection, const mcp::Message& request,
                           const std::shared_ptr<downstream::Session>& session)
{
    if (!asksByUrl(request))
        return;
    json::Document document;
    (void)mcp::parsedAgain(request.rawOf(Field::Params), document);
    const QByteArray id = document.root().find("elicitationId").asUtf8();
    if (!id.isEmpty())
        m_urlElicitations.remember(connection, id, session, now());
}

void Gateway::relayElicitationComplete(upstream::ServerConnection& connection, const mcp::Message& message)
{
    json::Document document;
    (void)mcp::parsedAgain(message.rawOf(Field::Params), document);
    const auto session = m_urlElicitations.take(connection, document.root().find("elicitationId").asUtf8());
    if (session == nullptr)
        return;
    session->send(message.raw);
    m_wire.record(*session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Notification, &message, message.raw,
                  nullptr);
}

/// A server of 2025-11-25 refuses until the user has been to a page (-32042). False: the error goes to the client as it is.
bool Gateway::takeUrlRequired(ActiveCall& call, const mcp::Message& answer)
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
        for (const json::Value& elicitation : elicitations.elements()) {
            const QByteArray id = elicitation.find("elicitationId").asUtf8();
            if (!id.isEmpty())
                m_urlElicitations.remember(*call.connection, id, session, now());
        }
        if (!session->server.isEmpty())
            return false;
        m_answers.sendError(call.incoming, call.record, Outcome::RpcError, QByteArray::number(answer.errorCode), answer.errorCode,
                            answer.text(Field::ErrorMessage), data);
        return true;
    }
    HeldCall held;
    held.owner = heldOwner(*session);
    held.method = call.record.method;
    held.target = call.record.target;
    held.deadlineNs = now() + m_context.heldForNs;
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
    const auto state = held.questions.empty() ? std::nullopt : m_heldCalls.hold(std::move(held));
    if (!state) {
        m_answers.sendError(
            call.incoming, call.record, Outcome::RpcError, QByteArray::number(answer.errorCode), mcp::error_code::InternalError,
            shown.questions.empty() ? QByteArrayLiteral("The server wants the user to open a page and does not say which.")
                                    : QByteArrayLiteral("Too many calls wait for input."));
        return true;
    }
    m_answers.sendResult(call.incoming, call.record, inputRequiredResult(shown, *state));
    if (!m_heldDeadline.isActive())
        m_heldDeadline.start(static_cast<int>(m_context.heldForNs / 1'000'000));
    return true;
}

/// The client is back from the pages: the call goes to the server again, as a new one.
bool Gateway::resumeRefused(downstream::Incoming& incoming, telemetry::CallRecord& record, const HeldCall& known)
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
    (void)m_heldCalls.take(state);
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
    if (auto again = mcp::readMessage(splicer.apply(), m_document))
        incoming.message = std::move(*again);
    forward(std::move(incoming), std::move(record));
    return true;
}

} // namespace oriel::gateway
