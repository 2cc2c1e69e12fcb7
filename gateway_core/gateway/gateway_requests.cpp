// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "gateway/clients/extensions.h"
#include "gateway/connections/federation.h"
#include "gateway/gateway.h"
#include "gateway/method_handling.h"
#include "mcp/errors.h"
#include "mcp/initialize.h"

#include <algorithm>

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;
using telemetry::Stage;

namespace {

constexpr std::size_t slotOf(Stage stage)
{
    return static_cast<std::size_t>(stage);
}

} // namespace

void Gateway::handleMessage(downstream::Incoming&& incoming)
{
    switch (incoming.message.kind) {
    case mcp::Message::Kind::Request:
        handleRequest(std::move(incoming));
        break;
    case mcp::Message::Kind::Notification:
        m_wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway, telemetry::WireKind::Notification,
                      &incoming.message, incoming.message.raw, recordOfCancelled(incoming));
        handleNotification(incoming);
        break;
    case mcp::Message::Kind::Response:
    case mcp::Message::Kind::Error:
        m_wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway,
                      incoming.message.kind == mcp::Message::Kind::Error ? telemetry::WireKind::Error
                                                                         : telemetry::WireKind::Response,
                      &incoming.message, incoming.message.raw, m_serverRequests.callOf(*incoming.session, incoming.message));
        if (!m_serverRequests.answer(*incoming.session, incoming.message))
            m_context.recorder.recordMetric(telemetry::MetricId::Errors, {QByteArrayLiteral("unexpected_answer")}, 1);
        break;
    case mcp::Message::Kind::Invalid:
        break;
    }
}

void Gateway::handleRequest(downstream::Incoming&& incoming)
{
    telemetry::CallRecord record = beginRecord(incoming, m_context.policy, m_context.random);
    m_wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway, telemetry::WireKind::Request, &incoming.message,
                  incoming.message.raw, &record);
    const MethodId method = incoming.message.methodId;
    if (m_context.isShuttingDown) {
        m_answers.sendError(incoming, record, Outcome::Unavailable, QByteArrayLiteral("shutting_down"),
                            mcp::error_code::ServerError, "Oriel is shutting down.");
        return;
    }
    if (!mcp::method(method).clientMaySend(incoming.session->revision)) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::MethodNotFound,
                            "Method not found: " + record.method);
        return;
    }
    if (!incoming.session->isInitialized && method != MethodId::Initialize && method != MethodId::Ping) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidRequest, "Call initialize first.");
        return;
    }
    switch (handlingOf(method)) {
    case Handling::Listed:
        m_lists.serve(std::move(incoming), std::move(record), *mcp::listKindOf(method));
        break;
    case Handling::Routed:
        forward(std::move(incoming), std::move(record));
        break;
    case Handling::Task:
        m_tasks.serve(std::move(incoming), std::move(record));
        break;
    case Handling::Own:
        answerOwn(std::move(incoming), std::move(record));
        break;
    case Handling::Refused:
        break; // clientMaySend() has refused it
    }
}

void Gateway::answerOwn(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    switch (incoming.message.methodId) {
    case MethodId::Initialize:
        if (m_handshake.initialize(incoming, record))
            Q_EMIT sessionsChanged();
        break;
    case MethodId::ServerDiscover:
        m_handshake.discover(incoming, record);
        break;
    case MethodId::SubscriptionsListen:
        listen(std::move(incoming), std::move(record));
        break;
    case MethodId::LoggingSetLevel:
        m_logs.setLevel(incoming, record);
        break;
    default:
        m_answers.sendResult(incoming, record, "{}"); // ping
        break;
    }
}

std::optional<Catalogue::Route> Gateway::route(const downstream::Incoming& incoming, telemetry::CallRecord& record) const
{
    const mcp::Message& message = incoming.message;
    const int view = m_pool.viewOf(*incoming.session);
    const Catalogue& catalogue = m_pool.catalogueOf(*incoming.session);
    switch (message.methodId) {
    case MethodId::ToolsCall:
        return catalogue.find(mcp::ListKind::Tools, record.target, view);
    case MethodId::PromptsGet:
        return catalogue.find(mcp::ListKind::Prompts, record.target, view);
    case MethodId::CompletionComplete:
        record.target.clear();
        if (message.has(mcp::Field::RefName))
            return catalogue.find(mcp::ListKind::Prompts, message.text(mcp::Field::RefName), view);
        return catalogue.findResource(message.text(mcp::Field::RefUri), view);
    default:
        return catalogue.findResource(record.target, view);
    }
}

void Gateway::forward(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    if (refuseToolHeaders(incoming, record))
        return;
    if (incoming.message.has(mcp::Field::ParamsRequestState) && m_heldInput.resume(incoming, record))
        return;
    const std::int64_t before = now();
    const auto found = route(incoming, record);
    record.stages[slotOf(Stage::Route)] = {before - incoming.startNs, now() - before};
    if (!found) {
        const bool isResource = record.targetKind == telemetry::TargetKind::Resource;
        const int code = isResource && mcp::isLegacy(incoming.session->revision) ? mcp::error_code::ResourceNotFoundLegacy
                                                                                 : mcp::error_code::InvalidParams;
        const QByteArray kind = record.targetKind == telemetry::TargetKind::Tool     ? "Unknown tool: "
                                : record.targetKind == telemetry::TargetKind::Prompt ? "Unknown prompt: "
                                : isResource                                         ? "Resource not found: "
                                                                                     : "Unknown reference";
        m_answers.sendError(incoming, record, Outcome::Rejected, code, kind + record.target.left(256));
        return;
    }
    if (incoming.message.has(mcp::Field::MetaOrielVia)) {
        const QByteArray refusal = federation::refusal(incoming.message.text(mcp::Field::MetaOrielVia), m_context.instance);
        if (!refusal.isEmpty()) {
            m_answers.sendError(incoming, record, Outcome::Rejected, QByteArrayLiteral("federation_loop"),
                                mcp::error_code::ServerError, refusal);
            return;
        }
    }
    const auto used = m_pool.use(incoming.session, found->server);
    if (!used) {
        m_answers.sendError(incoming, record, Outcome::Rejected, QByteArrayLiteral("connection_limit"),
                            mcp::error_code::ServerError, used.error().toString().toUtf8());
        return;
    }
    upstream::ServerConnection& connection = **used;
    record.routedServer = connection.context();
    record.routedTarget = found->local;
    if (!m_answers.mayCallTools(incoming, record))
        return;
    if (m_resources.serve(incoming, record, connection, found->local))
        return;
    if (incoming.message.methodId == MethodId::CompletionComplete && !connection.initializeResult().protocolVersion.isEmpty() &&
        !connection.initializeResult().capabilities.completions) {
        m_answers.sendResult(incoming, record, R"({"completion":{"values":[],"total":0,"hasMore":false}})");
        return;
    }
    auto call = std::make_unique<ActiveCall>();
    if (incoming.message.methodId == MethodId::ToolsCall && !m_tasks.plan(incoming, record, connection, *call))
        return;
    if (!m_admission.admit(incoming, record, *found, *call))
        return;
    call->clientId = incoming.message.id();
    call->progressToken = mcp::RequestId::fromJson(incoming.message.rawOf(mcp::Field::MetaProgressToken));
    call->connection = &connection;
    call->forwardedNs = now();
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    ActiveCall& kept = *call;
    m_dispatch.send(kept, m_calls.add(std::move(call)));
}

void Gateway::handleNotification(const downstream::Incoming& incoming)
{
    switch (incoming.message.methodId) {
    case MethodId::NotificationCancelled:
        cancelByClient(incoming);
        break;
    case MethodId::NotificationProgress:
        m_serverRequests.progress(*incoming.session, incoming.message);
        break;
    case MethodId::NotificationRootsListChanged:
        m_requests.relayRootsChange(incoming);
        break;
    default:
        break;
    }
}

void Gateway::cancelByClient(const downstream::Incoming& incoming)
{
    const auto id = mcp::RequestId::fromJson(incoming.message.rawOf(mcp::Field::ParamsRequestId));
    quint64 cookie = 0;
    m_calls.forEach([&](quint64 candidate, const ActiveCall& call) {
        if (call.incoming.session == incoming.session && call.clientId == id)
            cookie = candidate;
    });
    std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
    if (call == nullptr) {
        for (auto& listener : m_streams.takeIf([&](const Listener& one) {
                 return one.incoming.session == incoming.session && one.incoming.message.id() == id;
             }))
            endListener(std::move(listener), Outcome::Cancelled, "cancelled by the client");
        return;
    }
    (void)mcp::parsedAgain(incoming.message.raw, m_document);
    const QByteArray reason = m_document.root().find("params").find("reason").asUtf8().left(256);
    cancelCall(std::move(call), "cancelled by the client" + (reason.isEmpty() ? QByteArray() : ": " + reason));
}

void Gateway::cancelCall(std::unique_ptr<ActiveCall> call, const QByteArray& reason)
{
    call->connection->cancel(call->token, reason);
    m_resources.abandon(*call);
    m_tasks.leave(*call);
    telemetry::CallRecord& record = call->record;
    const std::int64_t forwarded = call->forwardedNs - call->incoming.startNs;
    record.stages[slotOf(Stage::Forward)] = {forwarded, now() - call->forwardedNs};
    if (!call->waitsForRetry) {
        if (record.hops.isEmpty())
            record.hops.append(telemetry::Hop());
        telemetry::Hop& hop = record.hops.last();
        hop.server = call->connection->context();
        hop.target = record.routedTarget;
        hop.jsonrpcId = QByteArray::number(qint64(call->token.id));
        hop.offsetNs = std::max(hop.offsetNs, forwarded);
        hop.durationNs = now() - hop.offsetNs - call->incoming.startNs;
        hop.errorType = QByteArrayLiteral("cancelled");
    }
    recordError(record, Outcome::Cancelled, QByteArrayLiteral("cancelled"), 0, reason);
    Answers::endUnanswered(call->incoming, "Request cancelled");
    m_answers.endRecord(record, call->incoming);
}

} // namespace oriel::gateway
