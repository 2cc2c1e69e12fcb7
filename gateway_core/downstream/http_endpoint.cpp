// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/http_endpoint.h"

#include "base/decimal.h"
#include "base/ids.h"
#include "downstream/http_session.h"
#include "http/loopback_guard.h"
#include "mcp/errors.h"
#include "mcp/headers.h"

namespace oriel::downstream {

namespace {

constexpr QByteArrayView kSessionHeader = "Mcp-Session-Id";

bool isSaneRequestId(QByteArrayView id)
{
    return !id.isEmpty() && id.size() <= 128 &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

http::Response rpcError(int status, int code, QByteArrayView message)
{
    return http::Response::json(status, mcp::makeErrorResponse({}, code, message));
}

/// Method and path as labels: only words that we know, so that nobody can make series without end.
QByteArray methodLabel(const QByteArray& method)
{
    static const QSet<QByteArray> known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    return known.contains(method) ? method : QByteArrayLiteral("other");
}

QByteArray routeLabel(QByteArrayView path)
{
    static const QSet<QByteArray> known{"traces", "logs", "audit", "metrics", "status", "export"};
    if (path == QByteArrayView("/mcp") || path == QByteArrayView("/metrics") || path == QByteArrayView("/healthz"))
        return path.toByteArray();
    if (path.startsWith("/mcp/"))
        return QByteArrayLiteral("/mcp/:server");
    if (path.startsWith("/api/v1/")) {
        const QByteArray rest = path.sliced(8).toByteArray();
        const QByteArray resource = rest.left(rest.indexOf('/') < 0 ? rest.size() : rest.indexOf('/'));
        return "/api/v1/" + (known.contains(resource) ? resource : QByteArrayLiteral(":other"));
    }
    return QByteArrayLiteral("other");
}

/// The B3 context of the headers in its single form.
QByteArray b3Of(const http::Headers& headers)
{
    if (const QByteArrayView single = headers.value("b3"); !single.isEmpty())
        return single.toByteArray();
    const QByteArrayView traceId = headers.value("x-b3-traceid");
    const QByteArrayView sampled = headers.value("x-b3-sampled");
    const bool debug = headers.value("x-b3-flags") == QByteArrayView("1");
    const bool denied = sampled == QByteArrayView("0") || sampled == QByteArrayView("false");
    if (traceId.isEmpty())
        return denied ? QByteArrayLiteral("0") : QByteArray();
    return traceId.toByteArray() + '-' + headers.value("x-b3-spanid").toByteArray() + (debug ? "-d" : denied ? "-0" : "-1");
}

bool wantsAnswer(const mcp::MessageResult& message)
{
    return message ? message->isRequest() : message.error().answerable;
}

} // namespace

HttpEndpoint::HttpEndpoint(Dependencies dependencies, Options options)
    : m_deps(dependencies),
      m_options(std::move(options)),
      m_stateless(dependencies.clock, dependencies.handler),
      m_server(
          [this] {
              http::ServerLimits limits;
              limits.maxBodyBytes = m_options.maxBodyBytes;
              return limits;
          }(),
          dependencies.clock),
      m_slow(dependencies.clock, m_server)
{
    m_server.setHeadCheck([this](const http::Request& head) {
        auto refusal = refuse(head, nullptr);
        if (refusal) {
            countRequest(head, refusal->status);
            refusal->headers.set("X-Request-ID", requestIdOf(head));
        }
        return refusal;
    });
    m_server.setOnRefusal([this](const http::Request& head, http::Response& refusal) {
        countRequest(head, refusal.status);
        refusal.headers.set("X-Request-ID", requestIdOf(head));
    });
    m_server.setHandler(
        [this](http::Request&& request, http::Exchange exchange) { handle(std::move(request), std::move(exchange)); });
}

HttpEndpoint::~HttpEndpoint() = default;

Result<quint16> HttpEndpoint::listen(const QHostAddress& address, quint16 port)
{
    return m_server.listen(address, port);
}

quint16 HttpEndpoint::port() const
{
    return m_server.port();
}

void HttpEndpoint::setOptions(Options options)
{
    m_options = std::move(options);
    m_server.setMaxBodyBytes(m_options.maxBodyBytes);
}

void HttpEndpoint::stop(std::chrono::milliseconds grace, std::function<void()> stopped)
{
    for (const auto& session : std::as_const(m_sessions))
        session->endStreams();
    QObject::connect(&m_server, &http::Server::stopped, &m_server, std::move(stopped), Qt::SingleShotConnection);
    m_server.stop(grace);
}

QList<std::shared_ptr<Session>> HttpEndpoint::sessions() const
{
    QList<std::shared_ptr<Session>> sessions;
    for (const auto& session : m_sessions)
        sessions.append(session);
    return sessions + m_stateless.sessions();
}

Holdings HttpEndpoint::holdings() const
{
    Holdings held;
    held.add("sessions", m_sessions.size()).add("stateless clients", m_stateless.sessions().size());
    for (const auto& session : m_sessions)
        held.add("open streams", session->openStreams());
    return held;
}

void HttpEndpoint::closeSessionsOf(const QByteArray& tokenName)
{
    const QList<std::shared_ptr<HttpSession>> all = m_sessions.values();
    for (const auto& session : all) {
        if (session->client->tokenName == tokenName)
            closeSession(session->id);
    }
    m_stateless.forget(tokenName);
}

std::optional<http::Response> HttpEndpoint::refuse(const http::Request& head, Caller* caller)
{
    if (!http::isHostAllowed(head.headers, m_server.port()))
        return rpcError(
            403, mcp::error_code::InvalidRequest,
            "Forbidden: the Host header does not name this endpoint. Use 127.0.0.1, localhost or [::1] with its port.");
    if (!http::isOriginAllowed(head.headers, m_options.allowedOrigins))
        return rpcError(403, mcp::error_code::InvalidRequest,
                        "Forbidden: this Origin may not use the gateway. Add it to gateway.allowedOrigins if it should.");
    const QByteArrayView path = head.path();
    if (path == QByteArrayView("/healthz"))
        return std::nullopt;
    if (path == QByteArrayView("/mcp") || path.startsWith("/mcp/"))
        return refuseToken(head, Scope::Mcp, caller);
    if (path == QByteArrayView("/metrics") || path.startsWith("/api/v1/"))
        return refuseToken(head, Scope::Api, caller);
    return http::Response::text(404, "Not found. The gateway serves /mcp, /mcp/<server>, /metrics, /api/v1/... and /healthz.\n");
}

std::optional<http::Response> HttpEndpoint::refuseToken(const http::Request& head, Scope scope, Caller* caller)
{
    if (!m_options.auth)
        return std::nullopt;
    const auto presented = http::bearerToken(head.headers);
    const Token* token = presented ? m_deps.tokens.verify(*presented, scope) : nullptr;
    if (token != nullptr) {
        if (caller != nullptr)
            caller->token = token;
        return std::nullopt;
    }
    const bool wrongScope = presented && m_deps.tokens.isKnown(*presented);
    const char* reason = !presented ? "missing_token" : wrongScope ? "wrong_scope" : "unknown_token";
    m_deps.recorder.recordMetric(telemetry::MetricId::AuthFailure, {QByteArrayLiteral("token"), QByteArray(reason)}, 1);
    http::Response response =
        wrongScope
            ? rpcError(403, mcp::error_code::InvalidRequest, "Forbidden: this token has not the scope that the route needs.")
            : rpcError(
                  401, mcp::error_code::InvalidRequest,
                  "Unauthorized: send a gateway token as 'Authorization: Bearer ...'. Make one with 'oriel token add NAME'.");
    if (!wrongScope)
        response.headers.add("WWW-Authenticate", presented ? "Bearer error=\"invalid_token\"" : "Bearer");
    return response;
}

QByteArray HttpEndpoint::requestIdOf(const http::Request& request)
{
    const QByteArrayView given = request.headers.value("X-Request-ID");
    return isSaneRequestId(given) ? given.toByteArray() : makeUlid(m_deps.clock.unixNs(), m_deps.random);
}

void HttpEndpoint::countRequest(const http::Request& request, int status)
{
    m_deps.recorder.recordMetric(telemetry::MetricId::HttpRequests,
                                 {methodLabel(request.method), routeLabel(request.path()), decimal(status)}, 1);
    m_deps.recorder.recordMetric(telemetry::MetricId::HttpRequestDuration,
                                 {methodLabel(request.method), routeLabel(request.path())},
                                 static_cast<double>(m_deps.clock.monotonicNs() - request.receivedNs) / 1e9);
}

void HttpEndpoint::answer(const http::Request& request, http::Exchange& exchange, http::Response response,
                          const QByteArray& requestId)
{
    countRequest(request, response.status);
    response.headers.set("X-Request-ID", requestId);
    exchange.respond(response);
}

void HttpEndpoint::handle(http::Request&& request, http::Exchange exchange)
{
    const QByteArray requestId = requestIdOf(request);
    Caller caller;
    const std::int64_t before = m_deps.clock.monotonicNs();
    if (auto refusal = refuse(request, &caller)) {
        answer(request, exchange, std::move(*refusal), requestId);
        return;
    }
    caller.authenticate = {before - request.receivedNs, m_deps.clock.monotonicNs() - before};
    const QByteArrayView path = request.path();
    if (path == QByteArrayView("/mcp") || path.startsWith("/mcp/")) {
        handleMcp(std::move(request), exchange, caller, requestId);
    } else if (m_api) {
        http::Request named;
        named.method = request.method;
        named.target = request.target;
        m_api(std::move(request), [this, named, exchange, requestId](http::Response response) mutable {
            answer(named, exchange, std::move(response), requestId);
        });
    } else {
        answer(request, exchange, http::Response::text(503, "The gateway is starting.\n"), requestId);
    }
}

void HttpEndpoint::handleMcp(http::Request&& request, http::Exchange& exchange, const Caller& caller, const QByteArray& requestId)
{
    const QByteArray server =
        request.path().size() > 5 ? QByteArray::fromPercentEncoding(request.path().sliced(5).toByteArray()) : QByteArray();
    if (!server.isEmpty() && !m_deps.handler.servesAlone(server)) {
        answer(request, exchange, rpcError(404, mcp::error_code::InvalidRequest, "Not found: no enabled server has this name."),
               requestId);
        return;
    }
    const auto revision = mcp::revisionFromText(request.headers.value(mcp::header::ProtocolVersion));
    const bool isStateless = revision && mcp::isModern(*revision);
    if (request.method == "POST") {
        Post post{request, exchange, caller, requestId, server};
        handlePost(post);
    } else if (request.method == "GET" && !isStateless) {
        handleGet(request, exchange, caller, requestId);
    } else if (request.method == "DELETE" && !isStateless) {
        handleDelete(request, exchange, caller, requestId);
    } else {
        http::Response response =
            rpcError(405, mcp::error_code::InvalidRequest,
                     isStateless ? "Method not allowed: use POST." : "Method not allowed: use POST, GET or DELETE.");
        response.headers.add("Allow", isStateless ? "POST" : "POST, GET, DELETE");
        answer(request, exchange, std::move(response), requestId);
    }
}

void HttpEndpoint::handlePost(Post& post)
{
    Acceptance accept;
    if (const auto refused = refuseForm(post.request, &accept)) {
        answer(post.request, post.exchange, http::Response::json(refused->httpStatus, refused->answer), post.requestId);
        return;
    }
    post.prefersEventStream = accept.prefersEventStream;
    mcp::ReadOptions options;
    options.allowBatch = true;
    options.maxBytes = static_cast<std::uint32_t>(std::min<qsizetype>(m_options.maxBodyBytes, 512 * 1024 * 1024));
    auto frame = mcp::readFrame(post.request.body, m_document, options);
    const mcp::FrameError* broken =
        !frame ? &frame.error() : (!frame->isBatch && !frame->messages.front() ? &frame->messages.front().error() : nullptr);
    if (broken != nullptr)
        refuseMessage(post, {}, refuseBroken(post.request, *broken));
    else if (!frame->isBatch && isStateless(post.request, *frame->messages.front()))
        handleStateless(post, std::move(*frame->messages.front()));
    else
        handleLegacy(post, std::move(*frame));
}

void HttpEndpoint::handleLegacy(Post& post, mcp::Frame&& frame)
{
    static const mcp::Message none;
    const mcp::Message& single = frame.isBatch ? none : *frame.messages.front();
    if (const auto refused = refuseVersion(post.request, single, frame.isBatch)) {
        refuseMessage(post, single, *refused);
        return;
    }
    const bool isInitialize = single.methodId == mcp::MethodId::Initialize && single.isRequest();
    const FoundSession found = isInitialize ? makeRoom(single) : sessionFor(post.request, post.caller, single);
    if (!found) {
        refuseMessage(post, single, found.error());
        return;
    }
    std::shared_ptr<HttpSession> session = *found;
    if (isInitialize) {
        session = openSession(post.request, post.caller, post.server);
        m_deps.handler.sessionOpened(session);
    }
    if (frame.isBatch && !mcp::allowsBatches(session->revision)) {
        refuseMessage(post, none, refuseBatch(), session);
        return;
    }
    Incoming prototype = incomingOf(post.request, session, post.caller, post.requestId);
    if (isInitialize)
        std::swap(prototype.sessionInit, prototype.sessionGet);
    auto reply =
        std::make_shared<HttpReply>(session, post.exchange, post.requestId, isInitialize,
                                    post.prefersEventStream ? HttpReply::Prefers::EventStream : HttpReply::Prefers::Json);
    const bool isAnswered = std::any_of(frame.messages.cbegin(), frame.messages.cend(), wantsAnswer);
    if (!isAnswered) {
        http::Response accepted;
        accepted.status = 202;
        answer(post.request, post.exchange, std::move(accepted), post.requestId);
    }
    dispatch(std::move(prototype), std::move(frame), reply);
    if (isAnswered && reply->mayBecomeStream())
        m_slow.watch(*reply);
}

Incoming HttpEndpoint::incomingOf(const http::Request& request, std::shared_ptr<Session> session, const Caller& caller,
                                  const QByteArray& requestId) const
{
    Incoming incoming;
    incoming.session = std::move(session);
    incoming.requestId = requestId;
    // Nobody can tell which of several is the parent.
    if (request.headers.count("traceparent") == 1)
        incoming.traceparent = request.headers.value("traceparent").toByteArray();
    incoming.tracestate = request.headers.joined("tracestate");
    incoming.baggage = request.headers.joined("baggage");
    incoming.b3 = b3Of(request.headers);
    incoming.startNs = request.receivedNs;
    const std::int64_t now = m_deps.clock.monotonicNs();
    incoming.startUnixNs = m_deps.clock.unixNs() - (now - request.receivedNs);
    incoming.authenticate = caller.authenticate;
    const std::int64_t found = caller.authenticate.offsetNs + caller.authenticate.durationNs;
    incoming.sessionGet = {found, now - request.receivedNs - found};
    return incoming;
}

void HttpEndpoint::dispatch(Incoming&& prototype, mcp::Frame&& frame, const std::shared_ptr<Reply>& reply)
{
    const auto requests = std::count_if(frame.messages.cbegin(), frame.messages.cend(), wantsAnswer);
    const auto batch = frame.isBatch && requests > 0 ? std::make_shared<BatchReply>(reply, static_cast<int>(requests)) : nullptr;
    for (mcp::MessageResult& message : frame.messages) {
        if (!message) {
            if (batch && message.error().answerable)
                batch->add(message.error().toResponse());
            m_deps.handler.messageRefused(prototype, {200, message.error().code, message.error().message, {}});
            continue;
        }
        Incoming incoming = prototype;
        incoming.message = std::move(*message);
        if (incoming.message.isRequest())
            incoming.reply = batch ? batch->part() : reply;
        m_deps.handler.handleMessage(std::move(incoming));
    }
}

HttpEndpoint::FoundSession HttpEndpoint::makeRoom(const mcp::Message& message)
{
    expireSessions();
    if (m_sessions.size() < m_options.maxSessions)
        return nullptr;
    return tl::unexpected(
        Refusal::of(503, mcp::error_code::ServerError, "Too many sessions are open; end one with DELETE.", message.id()));
}

HttpEndpoint::FoundSession HttpEndpoint::sessionFor(const http::Request& request, const Caller& caller,
                                                    const mcp::Message& message)
{
    const QByteArray named = request.headers.value(kSessionHeader).toByteArray();
    if (named.isEmpty())
        return tl::unexpected(Refusal::of(400, mcp::error_code::ServerError,
                                          "Bad Request: no Mcp-Session-Id; call initialize first.", message.id()));
    if (const auto known = m_sessions.value(named); known != nullptr && isExpired(*known))
        closeSession(named);
    const auto it = m_sessions.constFind(named);
    const bool isOwners =
        it != m_sessions.constEnd() && (caller.token == nullptr || (*it)->client->tokenName == caller.token->name);
    if (!isOwners)
        return tl::unexpected(Refusal::of(404, mcp::error_code::RequestTimeout,
                                          "Session not found: it ended or was never opened; call initialize again.",
                                          message.id()));
    (*it)->lastSeenUnixNs = m_deps.clock.unixNs();
    return *it;
}

std::shared_ptr<telemetry::ClientContext> HttpEndpoint::clientOf(const http::Request& request, const Caller& caller) const
{
    auto client = std::make_shared<telemetry::ClientContext>();
    if (caller.token != nullptr) {
        client->tokenName = caller.token->name;
        client->clientName = caller.token->name;
        client->userId = caller.token->user;
        client->tenantId = caller.token->tenant;
    }
    client->projectId = caller.token != nullptr ? caller.token->project : QByteArrayLiteral("default");
    client->address = request.remoteAddress.toString().toLatin1();
    client->port = request.remotePort;
    return client;
}

void HttpEndpoint::countAuthentication(const Caller& caller, const Session& session)
{
    m_deps.recorder.recordMetric(
        telemetry::MetricId::AuthSuccess,
        {caller.token != nullptr ? QByteArrayLiteral("token") : QByteArrayLiteral("none"), session.client->projectId}, 1);
}

std::shared_ptr<HttpSession> HttpEndpoint::openSession(const http::Request& request, const Caller& caller, QByteArrayView server)
{
    auto session = std::make_shared<HttpSession>([this](const QByteArray& id) { closeSession(id); });
    session->id = m_deps.random.secureBytes(24).toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    session->server = server.toByteArray();
    auto client = clientOf(request, caller);
    client->sessionId = session->id;
    session->client = std::move(client);
    session->openedUnixNs = session->lastSeenUnixNs = m_deps.clock.unixNs();
    m_sessions.insert(session->id, session);
    countAuthentication(caller, *session);
    return session;
}

bool HttpEndpoint::isExpired(const HttpSession& session) const
{
    return !session.isReachable() && m_deps.clock.unixNs() - session.lastSeenUnixNs > m_options.sessionIdleNs;
}

void HttpEndpoint::expireSessions()
{
    QList<QByteArray> expired;
    const HttpSession* oldest = nullptr;
    for (const auto& session : std::as_const(m_sessions)) {
        if (isExpired(*session))
            expired.append(session->id);
        else if (!session->isReachable() && (oldest == nullptr || session->lastSeenUnixNs < oldest->lastSeenUnixNs))
            oldest = session.get();
    }
    if (expired.isEmpty() && oldest != nullptr && m_sessions.size() >= m_options.maxSessions)
        expired.append(oldest->id);
    for (const QByteArray& id : expired)
        closeSession(id);
}

void HttpEndpoint::closeSession(const QByteArray& id)
{
    const std::shared_ptr<HttpSession> session = m_sessions.take(id);
    if (session == nullptr)
        return;
    m_deps.handler.sessionClosed(session); // its last answers leave before the streams end
    session->endStreams();
}

void HttpEndpoint::handleGet(const http::Request& request, http::Exchange& exchange, const Caller& caller,
                             const QByteArray& requestId)
{
    const QByteArrayView accept = request.headers.value("Accept");
    if (!http::listHas(accept, "text/event-stream") && !http::listHas(accept, "*/*")) {
        answer(request, exchange,
               rpcError(406, mcp::error_code::InvalidRequest, "Not acceptable: Accept must list text/event-stream."), requestId);
        return;
    }
    const FoundSession session = sessionFor(request, caller, {});
    if (!session) {
        answer(request, exchange, http::Response::json(session.error().httpStatus, session.error().answer), requestId);
        return;
    }
    if ((*session)->attach(exchange, request.headers.value("Last-Event-ID"), eventStreamHeaders(requestId)))
        countRequest(request, 200);
    else
        answer(request, exchange, rpcError(400, mcp::error_code::InvalidRequest, "Last-Event-ID is none of this session's."),
               requestId);
}

void HttpEndpoint::handleDelete(const http::Request& request, http::Exchange& exchange, const Caller& caller,
                                const QByteArray& requestId)
{
    const FoundSession session = sessionFor(request, caller, {});
    if (!session) {
        answer(request, exchange, http::Response::json(session.error().httpStatus, session.error().answer), requestId);
        return;
    }
    closeSession((*session)->id);
    answer(request, exchange, http::Response(), requestId);
}

} // namespace oriel::downstream
