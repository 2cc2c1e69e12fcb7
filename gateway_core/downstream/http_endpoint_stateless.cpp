// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/http_endpoint.h"
#include "mcp/errors.h"
#include "mcp/headers.h"
#include "mcp/initialize.h"

namespace oriel::downstream {

namespace {

using mcp::Field;

http::Response refusal(int status, const mcp::Message& message, int code, QByteArrayView text, QByteArrayView data = {})
{
    return http::Response::json(status, mcp::makeErrorResponse(message.id(), code, text, data));
}

} // namespace

bool HttpEndpoint::isStateless(const http::Request& request, const mcp::Message& message)
{
    const auto named = mcp::revisionFromText(request.headers.value(mcp::header::ProtocolVersion));
    return (named && mcp::isModern(*named)) || message.isModern();
}

/// A method that 2026-07-28 has not is that first of all, whatever its parameters are.
http::Response HttpEndpoint::refuseBroken(const http::Request& request, const mcp::FrameError& broken)
{
    const auto named = mcp::revisionFromText(request.headers.value(mcp::header::ProtocolVersion));
    const QByteArrayView method = request.headers.value(mcp::header::Method);
    if (broken.code == mcp::error_code::InvalidParams && named && mcp::isModern(*named) && !method.isEmpty() &&
        !mcp::method(mcp::methodFromName(method)).clientMaySend(*named))
        return http::Response::json(
            404, mcp::makeErrorResponse(broken.id, mcp::error_code::MethodNotFound, "Method not found: " + method.toByteArray()));
    return http::Response::json(400, broken.toResponse());
}

/// In the order in which 2026-07-28 lets a client find out what is wrong: headers, `_meta`, version, method.
std::optional<http::Response> HttpEndpoint::refuseStateless(const http::Request& request, const mcp::Message& message) const
{
    const QByteArrayView version = request.headers.value(mcp::header::ProtocolVersion);
    if (!message.has(Field::MetaProtocolVersion) || !message.has(Field::MetaClientCapabilities)) {
        if (message.isRequest())
            return refusal(400, message, mcp::error_code::InvalidParams,
                           "Invalid params: every request of 2026-07-28 carries io.modelcontextprotocol/protocolVersion and "
                           "io.modelcontextprotocol/clientCapabilities in params._meta.");
        return std::nullopt;
    }
    if (const Status same = mcp::checkModernHeaders(message, version, request.headers.value(mcp::header::Method),
                                                    request.headers.value(mcp::header::Name));
        !same)
        return refusal(400, message, mcp::error_code::HeaderMismatch, same.error().message.toUtf8());
    const QByteArray asked = message.text(Field::MetaProtocolVersion);
    const auto revision = mcp::revisionFromText(asked);
    if (!revision || mcp::isLegacy(*revision))
        return refusal(400, message, mcp::error_code::UnsupportedProtocolVersion, "Unsupported protocol version: " + asked,
                       mcp::unsupportedVersionData(asked));
    if (message.isRequest() && !mcp::method(message.methodId).clientMaySend(*revision))
        return refusal(404, message, mcp::error_code::MethodNotFound, "Method not found: " + message.text(Field::Method));
    return std::nullopt;
}

void HttpEndpoint::handleStateless(const http::Request& request, mcp::Message&& message, http::Exchange& exchange,
                                   const Caller& caller, const QByteArray& requestId, QByteArrayView server)
{
    if (!message.isRequest() && !message.isNotification()) {
        answer(request, exchange,
               refusal(400, message, mcp::error_code::InvalidRequest, "Bad Request: a client of 2026-07-28 sends requests only."),
               requestId);
        return;
    }
    if (auto refused = refuseStateless(request, message)) {
        m_deps.recorder.recordMetric(telemetry::MetricId::Errors, {QByteArrayLiteral("bad_request")}, 1);
        answer(request, exchange, std::move(*refused), requestId);
        return;
    }
    if (message.isNotification()) {
        http::Response accepted;
        accepted.status = 202;
        answer(request, exchange, std::move(accepted), requestId);
        return;
    }
    const QByteArray view = server.toByteArray();
    const QByteArray identity = (caller.token != nullptr ? caller.token->name : QByteArray()) + '\n' + view;
    const auto session = m_stateless.of(
        message, identity,
        [&] {
            auto client = clientOf(request, caller);
            return std::shared_ptr<const telemetry::ClientContext>(std::move(client));
        },
        view);
    if (!session) {
        const bool isFull = session.error().code == ErrorCode::ResourceExhausted;
        answer(request, exchange,
               refusal(isFull ? 503 : 400, message, isFull ? mcp::error_code::ServerError : mcp::error_code::InvalidParams,
                       session.error().message.toUtf8()),
               requestId);
        return;
    }
    Incoming incoming = incomingOf(request, *session, caller, requestId);
    const auto reply = std::make_shared<StatelessReply>(exchange, requestId);
    exchange.onClosed([this, waiting = std::weak_ptr<StatelessReply>(reply)] {
        if (const auto abandoned = waiting.lock())
            m_deps.handler.replyAbandoned(*abandoned);
    });
    incoming.reply = reply;
    incoming.message = std::move(message);
    m_deps.handler.handleMessage(std::move(incoming));
}

} // namespace oriel::downstream
