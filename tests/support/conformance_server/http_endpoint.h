// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/server.h"
#include "http_session.h"
#include "server.h"

#include <QHash>

namespace oriel::conformance {

/// MCP over HTTP on a loopback port: `/mcp` of 2026-07-28 and of the sessions of 2025-03-26 to 2025-11-25, told apart by how the
/// client opens. A server of 2024-11-05 alone serves that revision's HTTP+SSE instead.
class HttpEndpoint {
public:
    HttpEndpoint(Server& server, const Clock& clock, Random& random);

    Result<quint16> listen(quint16 port);
    /// Ends what listens for changes with a result, then closes everything; `stopped` follows.
    void stop(std::function<void()> stopped);

private:
    struct Post {
        http::Request request;
        http::Exchange exchange;
    };
    void take(http::Request&& request, http::Exchange exchange);
    void takePost(Post& post);
    [[nodiscard]] bool isModern(const http::Request& request, const QJsonValue& message) const;

    void postModern(Post& post, const QJsonValue& message);
    [[nodiscard]] std::optional<RpcError> problemOf(const http::Request& request, const QJsonObject& message) const;

    void postLegacy(Post& post, const QJsonValue& message);
    void openSession(Post& post, const QJsonObject& initialize);
    void postToSession(const std::shared_ptr<HttpSession>& session, Post& post, const QJsonValue& message);
    void postBatch(const std::shared_ptr<HttpSession>& session, Post& post, const QJsonArray& messages);
    void getLegacy(Post& post);
    void deleteLegacy(Post& post);
    /// The session that the request names; otherwise it has been answered.
    [[nodiscard]] std::shared_ptr<HttpSession> sessionOf(Post& post);
    void refuse(Post& post, int status, const RpcError& error) const;

    void getSse(Post& post);
    void postSse(Post& post, const QJsonValue& message);

    Server& m_server;
    Random& m_random;
    http::Server m_http;
    QHash<QByteArray, std::shared_ptr<HttpSession>> m_sessions;
    bool m_isHttpSse;
};

} // namespace oriel::conformance
