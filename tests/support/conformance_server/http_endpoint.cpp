// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_endpoint.h"

#include "header_checks.h"
#include "http/loopback_guard.h"
#include "http_answer.h"

#include <QHostAddress>
#include <QJsonDocument>

namespace oriel::conformance {

using namespace std::chrono_literals;

HttpEndpoint::HttpEndpoint(Server& server, const Clock& clock, Random& random)
    : m_server(server),
      m_random(random),
      m_http({}, clock),
      m_isHttpSse(server.eras().newest() == Revision::V2024_11_05)
{
    m_http.setHandler(
        [this](http::Request&& request, http::Exchange exchange) { take(std::move(request), std::move(exchange)); });
}

Result<quint16> HttpEndpoint::listen(quint16 port)
{
    return m_http.listen(QHostAddress(QHostAddress::LocalHost), port);
}

void HttpEndpoint::stop(std::function<void()> stopped)
{
    QObject::connect(&m_http, &http::Server::stopped, &m_http, std::move(stopped));
    m_server.changes().endAll();
    m_http.stop(100ms);
}

void HttpEndpoint::refuse(Post& post, int status, const RpcError& error) const
{
    const QJsonValue id = unknownId(m_server.eras().newest());
    post.exchange.respond(http::Response::json(status, compact(errorMessage(id, error))));
}

void HttpEndpoint::take(http::Request&& request, http::Exchange exchange)
{
    Post post{std::move(request), std::move(exchange)};
    const http::Headers& headers = post.request.headers;
    if (!http::isHostAllowed(headers, m_http.port()) || !http::isOriginAllowed(headers)) {
        post.exchange.respond(http::Response::json(
            403, compact(errorMessage(QJsonValue::Undefined, {error_code::InvalidRequest, u"Forbidden Host or Origin"_s}))));
        return;
    }
    const QByteArray path = post.request.path().toByteArray();
    if (path != "/mcp" && !(m_isHttpSse && path == "/mcp/messages")) {
        post.exchange.respond(http::Response::text(404, "There is nothing here; the MCP endpoint is /mcp\n"));
        return;
    }
    const QByteArray& method = post.request.method;
    if (method == "POST") {
        takePost(post);
    } else if (method == "GET" && m_isHttpSse) {
        getSse(post);
    } else if (method == "GET" && m_server.eras().hasLegacy()) {
        getLegacy(post);
    } else if (method == "DELETE" && m_server.eras().hasLegacy() && !m_isHttpSse) {
        deleteLegacy(post);
    } else {
        http::Response answer = http::Response::text(405, "Method not allowed\n");
        answer.headers.add("Allow", m_isHttpSse ? "GET, POST" : m_server.eras().hasLegacy() ? "GET, POST, DELETE" : "POST");
        post.exchange.respond(answer);
    }
}

void HttpEndpoint::takePost(Post& post)
{
    const http::Headers& headers = post.request.headers;
    const QByteArrayView accept = headers.value("Accept");
    const bool isHttpSse = m_isHttpSse;
    if (isHttpSse && post.request.path() != QByteArrayView("/mcp/messages")) {
        http::Response answer = http::Response::text(405, "POST goes to the address of the endpoint event\n");
        answer.headers.add("Allow", "GET");
        post.exchange.respond(answer);
        return;
    }
    if (!http::listHas(headers.value("Content-Type"), "application/json")) {
        refuse(post, 415, {error_code::InvalidRequest, u"Content-Type must be application/json"_s});
        return;
    }
    if (!isHttpSse && !(http::listHas(accept, "application/json") && http::listHas(accept, "text/event-stream"))) {
        refuse(post, 406, {error_code::InvalidRequest, u"Accept must list application/json and text/event-stream"_s});
        return;
    }
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(post.request.body, &error);
    if (error.error != QJsonParseError::NoError) {
        refuse(post, 400, {error_code::ParseError, u"Parse error: "_s + error.errorString()});
        return;
    }
    const QJsonValue message = document.isArray() ? QJsonValue(document.array()) : QJsonValue(document.object());
    if (isHttpSse) {
        postSse(post, message);
    } else if (isModern(post.request, message)) {
        postModern(post, message);
    } else {
        postLegacy(post, message);
    }
}

bool HttpEndpoint::isModern(const http::Request& request, const QJsonValue& message) const
{
    const Eras& eras = m_server.eras();
    if (!eras.hasModern() || !eras.hasLegacy()) {
        return eras.hasModern();
    }
    const QJsonObject metadata = message["params"_L1].toObject().value("_meta"_L1).toObject();
    if (metadata.contains(meta::ProtocolVersion) || message["method"_L1] == "server/discover"_L1) {
        return true;
    }
    if (request.headers.contains("Mcp-Session-Id")) {
        return false;
    }
    const std::optional<Revision> version = mcp::revisionFromText(request.headers.value("MCP-Protocol-Version"));
    return version ? mcp::isModern(*version) : request.headers.contains("Mcp-Method");
}

std::optional<RpcError> HttpEndpoint::problemOf(const http::Request& request, const QJsonObject& message) const
{
    if (std::optional<RpcError> problem = versionHeaderProblem(request.headers, message)) {
        // A legacy client has nothing but this error to show its user, so it names the versions.
        problem->data = QJsonObject{{u"supported"_s, QJsonArray::fromStringList(m_server.eras().versions())}};
        return problem;
    }
    if (std::optional<RpcError> problem = m_server.modernProblem(message)) {
        return problem;
    }
    if (std::optional<RpcError> problem = routingHeaderProblem(request.headers, message)) {
        return problem;
    }
    if (message.value("method"_L1) != "tools/call"_L1) {
        return std::nullopt;
    }
    const QJsonObject params = message.value("params"_L1).toObject();
    const QJsonObject tool = m_server.tools().definition(params.value("name"_L1).toString());
    return paramHeaderProblem(request.headers, tool.value("inputSchema"_L1).toObject(), params.value("arguments"_L1).toObject());
}

void HttpEndpoint::postModern(Post& post, const QJsonValue& message)
{
    switch (kindOf(message)) {
    case MessageKind::Notification:
        // The revision defines none for HTTP: accepted, and without effect.
        post.exchange.respond({202, {}, {}});
        return;
    case MessageKind::Response:
    case MessageKind::Invalid:
        refuse(post, 400, {error_code::InvalidRequest, u"The body must be one JSON-RPC request or notification"_s});
        return;
    case MessageKind::Request:
        break;
    }
    const auto answer = std::make_shared<HttpAnswer>(post.exchange);
    if (const std::optional<RpcError> problem = problemOf(post.request, message.toObject())) {
        answer->finish(errorMessage(message["id"_L1], *problem), problem->httpStatus);
        return;
    }
    // Ids need to be unique on one pipe only, so each POST has a place of its own.
    m_server.serveModern(std::make_shared<Session>(), message.toObject(), answer);
}

} // namespace oriel::conformance
