// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/call_router.h"

#include "gateway/connections/federation.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;

bool CallRouter::checkHeaders(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    if (m_pool.toolHeaders().isEmpty() || record.targetKind != telemetry::TargetKind::Tool || !incoming.reply->isHttp() ||
        mcp::isLegacy(incoming.session->revision))
        return true;
    const auto found = find(incoming, record);
    if (!found)
        return true;
    const auto mismatch = m_pool.toolHeaders().mismatch(found->server, found->local, incoming.paramHeaders,
                                                        incoming.message.rawOf(mcp::Field::ParamsArguments), m_document);
    if (!mismatch)
        return true;
    m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::HeaderMismatch, *mismatch);
    return false;
}

std::optional<CallRouter::Way> CallRouter::route(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const std::int64_t before = m_context.now();
    auto found = find(incoming, record);
    record.stages[static_cast<std::size_t>(telemetry::Stage::Route)] = {before - incoming.startNs, m_context.now() - before};
    if (!found) {
        refuseUnknown(incoming, record);
        return std::nullopt;
    }
    if (incoming.message.has(mcp::Field::MetaOrielVia) && isLoop(incoming, record))
        return std::nullopt;
    const auto used = m_pool.use(incoming.session, found->server);
    if (!used) {
        m_answers.sendError(incoming, record, Outcome::Rejected, QByteArrayLiteral("connection_limit"),
                            mcp::error_code::ServerError, used.error().toString().toUtf8());
        return std::nullopt;
    }
    upstream::ServerConnection& connection = **used;
    record.routedServer = connection.context();
    record.routedTarget = found->local;
    return Way{std::move(*found), connection};
}

std::optional<Catalogue::Route> CallRouter::find(const downstream::Incoming& incoming, const telemetry::CallRecord& record) const
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
        return record.targetKind == telemetry::TargetKind::Prompt ? catalogue.find(mcp::ListKind::Prompts, record.target, view)
                                                                  : catalogue.findResource(record.target, view);
    default:
        return catalogue.findResource(record.target, view);
    }
}

void CallRouter::refuseUnknown(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const bool isReference = incoming.message.methodId == MethodId::CompletionComplete;
    const bool isResource = !isReference && record.targetKind == telemetry::TargetKind::Resource;
    const int code = isResource && mcp::isLegacy(incoming.session->revision) ? mcp::error_code::ResourceNotFoundLegacy
                                                                             : mcp::error_code::InvalidParams;
    const QByteArray kind = isReference                                          ? "Unknown reference: "
                            : record.targetKind == telemetry::TargetKind::Tool   ? "Unknown tool: "
                            : record.targetKind == telemetry::TargetKind::Prompt ? "Unknown prompt: "
                                                                                 : "Resource not found: ";
    m_answers.sendError(incoming, record, Outcome::Rejected, code, kind + record.target.left(256));
}

bool CallRouter::isLoop(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const QByteArray refusal = federation::refusal(incoming.message.text(mcp::Field::MetaOrielVia), m_context.instance);
    if (refusal.isEmpty())
        return false;
    m_answers.sendError(incoming, record, Outcome::Rejected, QByteArrayLiteral("federation_loop"), mcp::error_code::ServerError,
                        refusal);
    return true;
}

bool CallRouter::completeEmpty(downstream::Incoming& incoming, telemetry::CallRecord& record,
                               const upstream::ServerConnection& connection)
{
    const mcp::InitializeResult& said = connection.initializeResult();
    if (incoming.message.methodId != MethodId::CompletionComplete || said.protocolVersion.isEmpty() ||
        said.capabilities.completions)
        return false;
    m_answers.sendResult(incoming, record, "{\"completion\":{\"values\":[],\"total\":0,\"hasMore\":false}}");
    return true;
}

} // namespace oriel::gateway
