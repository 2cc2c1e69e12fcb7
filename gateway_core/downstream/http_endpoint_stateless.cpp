// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/http_endpoint.h"
#include "mcp/errors.h"
#include "mcp/headers.h"
#include "mcp/initialize.h"

namespace oriel::downstream {

using mcp::Field;

namespace {

std::vector<std::pair<QByteArray, QByteArray>> paramHeadersOf(const http::Headers& headers)
{
    std::vector<std::pair<QByteArray, QByteArray>> found;
    for (qsizetype i = 0; i < headers.size(); ++i) {
        const http::Headers::Field field = headers.at(i);
        if (field.name.size() > mcp::header::ParamPrefix.size() &&
            http::equalsIgnoringCase(field.name.first(mcp::header::ParamPrefix.size()), mcp::header::ParamPrefix))
            found.emplace_back(field.name.toByteArray(), field.value.toByteArray());
    }
    return found;
}

} // namespace

bool HttpEndpoint::isStateless(const http::Request& request, const mcp::Message& message)
{
    const auto named = mcp::revisionFromText(request.headers.value(mcp::header::ProtocolVersion));
    return (named && mcp::isModern(*named)) || message.isModern();
}

/// In the order in which 2026-07-28 lets a client find out what is wrong: headers, `_meta`, version, method.
std::optional<Refusal> HttpEndpoint::refuseStateless(const http::Request& request, const mcp::Message& message)
{
    if (!message.isRequest() && !message.isNotification())
        return Refusal::of(400, mcp::error_code::InvalidRequest, "Bad Request: a client of 2026-07-28 sends requests only.",
                           message.id());
    const QByteArrayView version = request.headers.value(mcp::header::ProtocolVersion);
    if (!message.has(Field::MetaProtocolVersion) || !message.has(Field::MetaClientCapabilities)) {
        if (message.isRequest())
            return Refusal::of(400, mcp::error_code::InvalidParams,
                               "Invalid params: every request of 2026-07-28 carries io.modelcontextprotocol/protocolVersion and "
                               "io.modelcontextprotocol/clientCapabilities in params._meta.",
                               message.id());
        return std::nullopt;
    }
    if (const Status same = mcp::checkModernHeaders(message, version, request.headers.value(mcp::header::Method),
                                                    request.headers.value(mcp::header::Name));
        !same)
        return Refusal::of(400, mcp::error_code::HeaderMismatch, same.error().message.toUtf8(), message.id());
    const QByteArray asked = message.text(Field::MetaProtocolVersion);
    const auto revision = mcp::revisionFromText(asked);
    if (!revision || mcp::isLegacy(*revision))
        return Refusal::of(400, mcp::error_code::UnsupportedProtocolVersion, "Unsupported protocol version: " + asked,
                           message.id(), mcp::unsupportedVersionData(asked));
    if (message.isRequest() && !mcp::method(message.methodId).clientMaySend(*revision))
        return Refusal::of(404, mcp::error_code::MethodNotFound, "Method not found: " + message.text(Field::Method),
                           message.id());
    return std::nullopt;
}

void HttpEndpoint::handleStateless(Post& post, mcp::Message&& message)
{
    if (const auto refused = refuseStateless(post.request, message)) {
        refuseMessage(post, message, *refused);
        return;
    }
    if (message.isNotification()) {
        http::Response accepted;
        accepted.status = 202;
        answer(post.request, post.exchange, std::move(accepted), post.requestId);
        return;
    }
    const QByteArray view = post.server.toByteArray();
    const QByteArray identity = (post.caller.token != nullptr ? post.caller.token->name : QByteArray()) + '\n' + view;
    const auto session = m_stateless.of(
        message, identity,
        [&] {
            auto client = clientOf(post.request, post.caller);
            return std::shared_ptr<const telemetry::ClientContext>(std::move(client));
        },
        view);
    if (!session) {
        const bool isFull = session.error().code == ErrorCode::ResourceExhausted;
        refuseMessage(post, message,
                      Refusal::of(isFull ? 503 : 400, isFull ? mcp::error_code::ServerError : mcp::error_code::InvalidParams,
                                  session.error().message.toUtf8(), message.id()));
        return;
    }
    Incoming incoming = incomingOf(post.request, *session, post.caller, post.requestId);
    if (message.methodId == mcp::MethodId::ToolsCall)
        incoming.paramHeaders = paramHeadersOf(post.request.headers);
    const auto reply = std::make_shared<StatelessReply>(post.exchange, post.requestId, post.prefersEventStream);
    post.exchange.onClosed([this, waiting = std::weak_ptr<StatelessReply>(reply)] {
        if (const auto abandoned = waiting.lock())
            m_deps.handler.replyAbandoned(*abandoned);
    });
    incoming.reply = reply;
    incoming.message = std::move(message);
    m_deps.handler.handleMessage(std::move(incoming));
}

} // namespace oriel::downstream
