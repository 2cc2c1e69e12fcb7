// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/holdings.h"
#include "base/json.h"
#include "base/random.h"
#include "downstream/accept.h"
#include "downstream/event_stream.h"
#include "downstream/message_handler.h"
#include "downstream/slow_replies.h"
#include "downstream/stateless_session.h"
#include "downstream/token_store.h"
#include "http/server.h"
#include "telemetry/recorder.h"

#include <QHash>

#include <functional>
#include <memory>

namespace oriel::downstream {

class HttpSession;

/// The gateway's port: checks Host, Origin and token of every request, serves Streamable HTTP (2024-11-05 to 2025-11-25 with
/// sessions, 2026-07-28 without, chosen by how a request opens) at `/mcp` and `/mcp/<server>`, and hands the other routes to the
/// API. Gateway thread only.
class HttpEndpoint {
public:
    struct Options {
        bool auth = true;
        QList<QByteArray> allowedOrigins;
        qsizetype maxBodyBytes = 64 * 1024 * 1024;
        int maxSessions = 1024; ///< the one unused for longest makes room; 503 when all are listening
        std::int64_t sessionIdleNs = 24LL * 3600 * 1'000'000'000;
    };
    struct Dependencies {
        const Clock& clock;
        Random& random;
        TokenStore& tokens;
        telemetry::Recorder& recorder;
        MessageHandler& handler;
    };
    /// Answers one request, once, now or later: counts the answer and gives it the request's id. Gateway thread only.
    using ApiAnswer = std::function<void(http::Response)>;
    /// Serves `/metrics`, `/healthz` and `/api/v1/…`; the token's scope has been checked.
    using ApiHandler = std::function<void(http::Request&&, ApiAnswer)>;

    HttpEndpoint(Dependencies dependencies, Options options);
    ~HttpEndpoint();

    Result<quint16> listen(const QHostAddress& address, quint16 port);
    [[nodiscard]] quint16 port() const;
    void setApiHandler(ApiHandler handler) { m_api = std::move(handler); }
    void setOptions(Options options);
    /// Two-stage stop of the server; `stopped` is called when no connection is left.
    void stop(std::chrono::milliseconds grace, std::function<void()> stopped);
    /// Ends every session of a token that was revoked.
    void closeSessionsOf(const QByteArray& tokenName);
    [[nodiscard]] QList<std::shared_ptr<Session>> sessions() const;
    /// What is kept for clients: empty when no session is open.
    [[nodiscard]] Holdings holdings() const;

private:
    friend class HttpSession;
    struct Caller {
        const Token* token = nullptr; ///< null with authentication off
        telemetry::StageTiming authenticate;
    };
    void handle(http::Request&& request, http::Exchange exchange);
    /// One POST while it is looked at.
    struct Post {
        const http::Request& request;
        http::Exchange& exchange;
        const Caller& caller;
        const QByteArray& requestId;
        QByteArrayView server;
        bool prefersEventStream = false;
    };
    std::optional<http::Response> refuse(const http::Request& head, Caller* caller);
    std::optional<http::Response> refuseToken(const http::Request& head, Scope scope, Caller* caller);
    void handleMcp(http::Request&& request, http::Exchange& exchange, const Caller& caller, const QByteArray& requestId);
    void handlePost(Post& post);
    void handleLegacy(Post& post, mcp::Frame&& frame);
    // http_endpoint_refusals.cpp: messages that are answered here and recorded as refused
    [[nodiscard]] static std::optional<Refusal> refuseForm(const http::Request& request, Acceptance* accept);
    [[nodiscard]] static Refusal refuseBroken(const http::Request& request, const mcp::FrameError& broken);
    [[nodiscard]] static std::optional<Refusal> refuseVersion(const http::Request& request, const mcp::Message& message,
                                                              bool isBatch);
    [[nodiscard]] static Refusal refuseBatch();
    void refuseMessage(Post& post, const mcp::Message& message, const Refusal& refusal,
                       const std::shared_ptr<Session>& session = nullptr);
    // http_endpoint_stateless.cpp: 2026-07-28
    [[nodiscard]] static bool isStateless(const http::Request& request, const mcp::Message& message);
    void handleStateless(Post& post, mcp::Message&& message);
    [[nodiscard]] static std::optional<Refusal> refuseStateless(const http::Request& request, const mcp::Message& message);
    void handleGet(const http::Request& request, http::Exchange& exchange, const Caller& caller, const QByteArray& requestId);
    void handleDelete(const http::Request& request, http::Exchange& exchange, const Caller& caller, const QByteArray& requestId);
    [[nodiscard]] Incoming incomingOf(const http::Request& request, std::shared_ptr<Session> session, const Caller& caller,
                                      const QByteArray& requestId) const;
    [[nodiscard]] std::shared_ptr<telemetry::ClientContext> clientOf(const http::Request& request, const Caller& caller) const;
    void countAuthentication(const Caller& caller, const Session& session);
    void dispatch(Incoming&& prototype, mcp::Frame&& frame, const std::shared_ptr<Reply>& reply);
    using FoundSession = tl::expected<std::shared_ptr<HttpSession>, Refusal>;
    /// The session that a request names, if it is its caller's.
    FoundSession sessionFor(const http::Request& request, const Caller& caller, const mcp::Message& message);
    FoundSession makeRoom(const mcp::Message& message); ///< for one more; gives none
    std::shared_ptr<HttpSession> openSession(const http::Request& request, const Caller& caller, QByteArrayView server);
    void closeSession(const QByteArray& id);
    void expireSessions();
    [[nodiscard]] QByteArray requestIdOf(const http::Request& request);
    [[nodiscard]] bool isExpired(const HttpSession& session) const;
    void countRequest(const http::Request& request, int status);
    /// An answer of our own, counted; the answers to calls are counted with their records.
    void answer(const http::Request& request, http::Exchange& exchange, http::Response response, const QByteArray& requestId);

    Dependencies m_deps;
    Options m_options;
    StatelessSessions m_stateless;
    http::Server m_server;
    SlowReplies m_slow;
    ApiHandler m_api;
    json::Document m_document;
    QHash<QByteArray, std::shared_ptr<HttpSession>> m_sessions;
};

} // namespace oriel::downstream
