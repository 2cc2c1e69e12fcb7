// SPDX-License-Identifier: GPL-3.0-or-later
// Messages that never reach a handler: answered here, and recorded so that they can be seen.
#include "downstream/http_endpoint.h"
#include "mcp/headers.h"

namespace oriel::downstream {

namespace {

/// Of what is no message, so much is shown.
constexpr qsizetype kShownBytes = 64 * 1024;

} // namespace

std::optional<Refusal> HttpEndpoint::refuseForm(const http::Request& request, Acceptance* accept)
{
    if (!http::listHas(request.headers.value("Content-Type"), "application/json"))
        return Refusal::of(415, mcp::error_code::InvalidRequest, "Unsupported media type: send application/json.");
    *accept = readAccept(request.headers.value("Accept"));
    if (!accept->json || !accept->eventStream)
        return Refusal::of(406, mcp::error_code::InvalidRequest,
                           "Not acceptable: Accept must list both application/json and text/event-stream.");
    return std::nullopt;
}

/// A method that 2026-07-28 has not is that first of all, whatever its parameters are.
Refusal HttpEndpoint::refuseBroken(const http::Request& request, const mcp::FrameError& broken)
{
    const auto named = mcp::revisionFromText(request.headers.value(mcp::header::ProtocolVersion));
    const QByteArrayView method = request.headers.value(mcp::header::Method);
    if (broken.code == mcp::error_code::InvalidParams && named && mcp::isModern(*named) && !method.isEmpty() &&
        !mcp::method(mcp::methodFromName(method)).clientMaySend(*named))
        return Refusal::of(404, mcp::error_code::MethodNotFound, "Method not found: " + method.toByteArray(), broken.id);
    return Refusal::of(400, broken.code, broken.message, broken.id);
}

Refusal HttpEndpoint::refuseBatch()
{
    return Refusal::of(400, mcp::error_code::InvalidRequest, "Batches exist in revision 2025-03-26 only.");
}

std::optional<Refusal> HttpEndpoint::refuseVersion(const http::Request& request, const mcp::Message& message, bool isBatch)
{
    const QByteArrayView version = request.headers.value(mcp::header::ProtocolVersion);
    if (version.isEmpty())
        return std::nullopt;
    const auto named = mcp::revisionFromText(version);
    if (!named)
        return Refusal::of(400, mcp::error_code::ServerError,
                           "Bad Request: unsupported MCP-Protocol-Version (supported: 2026-07-28, 2025-11-25, 2025-06-18, "
                           "2025-03-26, 2024-11-05)",
                           message.id());
    return isBatch && !mcp::allowsBatches(*named) ? std::optional(refuseBatch()) : std::nullopt;
}

void HttpEndpoint::refuseMessage(Post& post, const mcp::Message& message, const Refusal& refusal,
                                 const std::shared_ptr<Session>& session)
{
    post.exchange.respond(
        {refusal.httpStatus, {{"Content-Type", "application/json"}, {"X-Request-ID", post.requestId}}, refusal.answer});
    auto of = session;
    if (of == nullptr) {
        of = std::make_shared<StatelessSession>();
        auto client = clientOf(post.request, post.caller);
        client->protocolVersion = post.request.headers.value(mcp::header::ProtocolVersion).toByteArray().left(32);
        of->client = std::move(client);
    }
    Incoming incoming = incomingOf(post.request, std::move(of), post.caller, post.requestId);
    incoming.message = message;
    if (incoming.message.kind == mcp::Message::Kind::Invalid)
        incoming.message.raw = post.request.body.left(kShownBytes);
    m_deps.handler.messageRefused(incoming, refusal);
}

} // namespace oriel::downstream
