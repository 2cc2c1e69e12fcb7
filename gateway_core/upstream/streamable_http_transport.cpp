// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/streamable_http_transport.h"

#include "mcp/headers.h"
#include "upstream/http_exchange.h"

#include <algorithm>

namespace oriel::upstream {

StreamableHttpTransport::StreamableHttpTransport(HttpSettings settings, http::Client& client, const Clock& clock,
                                                 TransportHandler& handler)
    : m_settings(std::move(settings)),
      m_client(client),
      m_clock(clock),
      m_handler(handler),
      m_token(m_settings.tokens)
{
    m_facts.server = m_settings.server;
    m_facts.transport = config::ServerTransport::StreamableHttp;
    m_facts.url = m_settings.url;
    m_facts.waited = m_settings.connectTimeout;
    m_later.setSingleShot(true);
    m_linger.setSingleShot(true);
    QObject::connect(&m_linger, &QTimer::timeout, &m_linger, [this] { dropLingering(); });
    QObject::connect(&m_later, &QTimer::timeout, &m_later, [this] {
        if (m_running) {
            m_handler.onStarted();
        } else {
            finish(m_closeReason);
        }
    });
}

StreamableHttpTransport::~StreamableHttpTransport()
{
    for (auto& [key, exchange] : m_exchanges) {
        exchange->handle.cancel();
    }
    m_delete.cancel();
}

void StreamableHttpTransport::start()
{
    Result<http::Endpoint> endpoint = http::Endpoint::fromUrl(QUrl(m_settings.url, QUrl::StrictMode));
    if (!endpoint) {
        m_closeReason = {CloseReason::Kind::StartFailed, endpoint.error()};
        m_later.start(0);
        return;
    }
    m_endpoint = std::move(*endpoint);
    for (const auto& [name, value] : m_settings.headers) {
        if (!m_fixedHeaders.add(name, value)) {
            m_facts.stage = StartStage::Spawn;
            m_facts.network = StartFacts::Network::Other;
            m_facts.networkMessage =
                QStringLiteral("the header %1 holds characters that cannot be sent").arg(QString::fromUtf8(name));
            m_closeReason = {CloseReason::Kind::StartFailed,
                             {ErrorCode::InvalidArgument, m_facts.networkMessage, m_settings.server, {}}};
            m_later.start(0);
            return;
        }
    }
    m_facts.stage = StartStage::FirstByte;
    const auto begin = [this] {
        m_running = true;
        m_later.start(0);
    };
    m_token.hasSource() ? m_token.fetch(begin) : begin();
}

StreamableHttpTransport::Exchange& StreamableHttpTransport::addExchange()
{
    auto exchange = std::make_unique<Exchange>();
    exchange->key = ++m_lastKey;
    Exchange& added = *exchange;
    m_exchanges.emplace(added.key, std::move(exchange));
    return added;
}

StreamableHttpTransport::Exchange* StreamableHttpTransport::find(std::uint64_t key)
{
    const auto it = m_exchanges.find(key);
    return it == m_exchanges.end() ? nullptr : it->second.get();
}

void StreamableHttpTransport::remove(std::uint64_t key)
{
    const auto it = m_exchanges.find(key);
    if (it == m_exchanges.end()) {
        return;
    }
    if (it->second->requestId != 0) {
        m_byRequest.remove(it->second->requestId);
    }
    if (m_ownStreamKey == key) {
        m_ownStreamKey = 0;
    }
    m_exchanges.erase(it);
}

Status StreamableHttpTransport::send(const QByteArray& frame, const SendOptions& options)
{
    if (!m_running) {
        return fail(ErrorCode::Unavailable, QStringLiteral("The connection to the server has ended."), m_settings.server);
    }
    if (options.initialize || options.discover) {
        m_session.clear();
        m_version.clear();
        m_facts.httpStatus = 0;
        m_facts.httpBody.clear();
        m_facts.tokenError.reset();
        if (Exchange* own = find(m_ownStreamKey)) {
            own->handle.cancel();
            remove(own->key);
        }
    }
    Exchange& exchange = addExchange();
    exchange.requestId = options.requestId;
    exchange.initialize = options.initialize;
    exchange.initialized = options.initialized;
    exchange.discover = options.discover;
    exchange.modern = options.modern;
    if (options.requestId != 0) {
        m_byRequest.insert(options.requestId, exchange.key);
    }
    if (m_token.hasSource()) {
        exchange.posted = Exchange::Posted{frame, options};
    }
    post(exchange, frame, options);
    return {};
}

http::Headers StreamableHttpTransport::requestHeaders(const Exchange& exchange) const
{
    http::Headers headers = m_fixedHeaders;
    if (!exchange.session.isEmpty()) {
        headers.set(mcp::header::SessionId, exchange.session);
    }
    if (!m_version.isEmpty()) {
        headers.set(mcp::header::ProtocolVersion, m_version);
    }
    m_token.addTo(headers);
    return headers;
}

void StreamableHttpTransport::post(Exchange& exchange, const QByteArray& frame, const SendOptions& options)
{
    exchange.session = m_session;
    exchange.usedToken = m_token.value();
    http::ClientRequest request;
    request.method = QByteArrayLiteral("POST");
    request.endpoint = m_endpoint;
    request.headers = requestHeaders(exchange);
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Accept", "application/json, text/event-stream");
    options.addContextTo(request.headers);
    for (const auto& [name, value] : options.headers) {
        request.headers.set(name, value);
    }
    request.body = frame;
    request.timeouts.connect = m_settings.connectTimeout;
    if (options.requestId == 0) {
        request.timeouts.head = m_settings.connectTimeout;
    }
    request.maxBodyBytes = m_settings.maxMessageBytes;
    exchange.handle = m_client.send(std::move(request), responseHandler(exchange.key));
}

http::ResponseHandler StreamableHttpTransport::responseHandler(std::uint64_t key)
{
    http::ResponseHandler handler;
    handler.onHead = [this, key](const http::ResponseHead& head) {
        Exchange* exchange = find(key);
        return exchange == nullptr ? http::BodyMode::Collect : onHead(*exchange, head);
    };
    handler.onData = [this, key](QByteArrayView bytes) { onData(key, bytes); };
    handler.onEnd = [this, key](http::ResponseEnd&& end) { onEnd(key, end.body); };
    handler.onError = [this, key](const http::ClientError& error) { onError(key, error); };
    return handler;
}

http::BodyMode StreamableHttpTransport::onHead(Exchange& exchange, const http::ResponseHead& head)
{
    exchange.status = head.status;
    exchange.json = isJson(head.headers);
    exchange.firstByteNs = head.timings.firstByteNs;
    exchange.authenticate = head.headers.value("WWW-Authenticate").toByteArray();
    exchange.peer = head.peer;
    if (head.status / 100 == 2) {
        m_token.accepted(exchange.usedToken);
        exchange.posted.reset();
        exchange.questions = 0;
    }
    if (exchange.decidesStart()) {
        noteHead(m_facts, head);
    }
    if (exchange.initialize) {
        const QByteArrayView session = head.headers.value(mcp::header::SessionId);
        if (head.status / 100 == 2 && mcp::isValidSessionId(session)) {
            m_session = session.toByteArray();
            exchange.session = m_session;
        }
    }
    if (head.status != 200 || !isEventStream(head.headers)) {
        return http::BodyMode::Collect;
    }
    exchange.stream = true;
    exchange.openedNs = m_clock.monotonicNs();
    http::SseParser::Limits limits;
    limits.maxEventBytes = m_settings.maxMessageBytes;
    exchange.parser = std::make_unique<http::SseParser>(limits);
    return http::BodyMode::Stream;
}

void StreamableHttpTransport::onEnd(std::uint64_t key, const QByteArray& body)
{
    Exchange* exchange = find(key);
    if (exchange == nullptr) {
        return;
    }
    if (exchange->stream) {
        streamEnded(*exchange, StreamEnd::Closed);
        return;
    }
    if (exchange->status / 100 != 2) {
        refused(*exchange, body);
        return;
    }
    if (exchange->ownStream) {
        remove(key); // a success that is no stream: the server has none
        return;
    }
    const bool openStream = exchange->initialized;
    if (exchange->requestId == 0) {
        remove(key);
        if (openStream) {
            openOwnStream();
        }
        return;
    }
    answerBody(key, body);
}

void StreamableHttpTransport::answerBody(std::uint64_t key, const QByteArray& body)
{
    Exchange* exchange = find(key);
    if (exchange->json && !QByteArrayView(body).trimmed().isEmpty()) {
        const FrameOrigin origin{exchange->requestId, exchange->firstByteNs, false, {}, exchange->session != m_session};
        m_facts.sawFrame = true;
        m_handler.onFrame(body, origin);
        exchange = find(key);
        if (exchange == nullptr) {
            return;
        }
        if (!m_handler.isAwaited(exchange->requestId)) {
            remove(key);
            return;
        }
    }
    if (exchange->decidesStart()) {
        m_facts.httpBody = body.left(kBodySampleBytes);
    }
    SendFailure failure;
    failure.httpStatus = exchange->status;
    failure.maybeProcessed = true;
    failure.error = {ErrorCode::Parse,
                     QStringLiteral("The server's HTTP answer (status %1) holds no answer to the request.").arg(exchange->status),
                     m_settings.server,
                     {}};
    failRequest(*exchange, failure);
}

bool StreamableHttpTransport::askForToken(Exchange& exchange)
{
    if (!m_token.mayAsk(exchange.status, exchange.authenticate, exchange.questions)) {
        return false;
    }
    ++exchange.questions;
    exchange.ticket = m_token.ask({exchange.status, exchange.authenticate, exchange.usedToken, exchange.peer},
                                  [this, key = exchange.key](const Status& got) { tokenAnswered(key, got); });
    return true;
}

void StreamableHttpTransport::tokenAnswered(std::uint64_t key, const Status& got)
{
    Exchange* exchange = find(key);
    if (exchange == nullptr) {
        return;
    }
    exchange->ticket = 0;
    if (got) {
        if (exchange->posted) {
            post(*exchange, exchange->posted->frame, exchange->posted->options);
        } else {
            get(*exchange);
        }
        return;
    }
    if (exchange->decidesStart()) {
        m_facts.tokenError = got.error();
    }
    SendFailure failure;
    failure.httpStatus = exchange->status;
    failure.authenticate = exchange->authenticate;
    failure.noToken = true;
    failure.maybeProcessed = exchange->openedNs != 0;
    failure.error = got.error();
    failRequest(*exchange, failure);
}

void StreamableHttpTransport::refused(Exchange& exchange, const QByteArray& body)
{
    if (exchange.decidesStart()) {
        m_facts.httpBody = body.left(kBodySampleBytes);
    }
    if (askForToken(exchange)) {
        return;
    }
    const bool hadSession = !exchange.session.isEmpty();
    // The specification asks for 404; widely used servers answer 400 and say so in words.
    const bool sessionGone =
        hadSession && (exchange.status == 404 || (exchange.status == 400 && body.toLower().contains("session")));
    if (exchange.ownStream && !sessionGone) {
        remove(exchange.key); // 405 and the like: there is no such stream
        return;
    }
    if (exchange.requestId != 0 && exchange.json && !sessionGone) {
        // A JSON-RPC error of its own for this request says more than the status.
        json::Document document;
        const auto message = mcp::readMessage(body, document);
        if (message && message->isAnswer() && message->id() == mcp::RequestId(exchange.requestId)) {
            answerBody(exchange.key, body);
            return;
        }
        // A refusal of headers may have been written before the id was read; it is about this request all the same.
        if (message && message->kind == mcp::Message::Kind::Error && !message->id().isValid() &&
            mcp::isModernError(message->errorCode)) {
            answerBody(exchange.key,
                       mcp::makeErrorResponse(mcp::RequestId(exchange.requestId), message->errorCode,
                                              message->text(mcp::Field::ErrorMessage), message->rawOf(mcp::Field::ErrorData)));
            return;
        }
    }
    SendFailure failure;
    failure.httpStatus = exchange.status;
    failure.sessionLost = sessionGone;
    failure.isOfEndedSession = sessionGone && m_session != exchange.session;
    failure.maybeProcessed = exchange.openedNs != 0; // what was refused is the resumption of an answer that had begun
    failure.authenticate = exchange.authenticate;
    failure.error = errorOfStatus(exchange.status, body, m_settings.server);
    if (sessionGone && m_session == exchange.session) {
        m_session.clear();
    }
    failRequest(exchange, failure);
}

void StreamableHttpTransport::onError(std::uint64_t key, const http::ClientError& error)
{
    Exchange* exchange = find(key);
    if (exchange == nullptr) {
        return;
    }
    using Phase = http::ClientError::Phase;
    const bool unreachable = error.phase == Phase::Resolve || error.phase == Phase::Connect || error.phase == Phase::Tls;
    if (exchange->decidesStart() || unreachable) {
        m_facts.network = networkOf(error);
        m_facts.networkMessage = error.error.message;
    }
    if (!unreachable && exchange->stream) {
        streamEnded(*exchange, StreamEnd::Broken);
        return;
    }
    if (!unreachable && exchange->ownStream) {
        ++exchange->fruitless;
        resumeLater(*exchange);
        return;
    }
    const bool decidedStart = exchange->decidesStart();
    SendFailure failure;
    failure.error = error.error;
    failure.maybeProcessed = error.maybeProcessed;
    failRequest(*exchange, failure);
    if (unreachable && !decidedStart) {
        lost(error.error);
    }
}

void StreamableHttpTransport::failRequest(Exchange& exchange, const SendFailure& failure)
{
    const std::int64_t requestId = exchange.requestId;
    remove(exchange.key);
    if (requestId != 0 || failure.sessionLost) {
        m_handler.onSendFailed(requestId, failure);
    }
}

void StreamableHttpTransport::forget(std::int64_t requestId)
{
    const auto it = m_byRequest.constFind(requestId);
    if (it == m_byRequest.constEnd()) {
        return;
    }
    const std::uint64_t key = *it;
    if (Exchange* exchange = find(key)) {
        exchange->handle.cancel();
        m_token.cancel(exchange->ticket);
        remove(key);
    }
}

void StreamableHttpTransport::setProtocolVersion(const QByteArray& version)
{
    // The header exists since 2025-06-18; older servers ignore it.
    m_version = version;
    m_facts.stage = StartStage::List;
}

void StreamableHttpTransport::lost(Error error)
{
    if (!m_running) {
        return;
    }
    m_running = false;
    m_closeReason = {CloseReason::Kind::Connection, std::move(error)};
    m_later.start(0);
}

void StreamableHttpTransport::close()
{
    if (m_over || std::exchange(m_closing, true)) {
        return;
    }
    m_running = false;
    for (auto& [key, exchange] : m_exchanges) {
        exchange->handle.cancel();
    }
    m_token.drop();
    m_exchanges.clear();
    m_byRequest.clear();
    m_ownStreamKey = 0;
    m_closeReason = {CloseReason::Kind::Requested, {}};
    if (m_session.isEmpty()) {
        m_later.start(0);
        return;
    }
    Exchange ending;
    ending.session = m_session;
    http::ClientRequest request;
    request.method = QByteArrayLiteral("DELETE");
    request.endpoint = m_endpoint;
    request.headers = requestHeaders(ending);
    request.timeouts = {m_settings.closeTimeout, m_settings.closeTimeout, m_settings.closeTimeout};
    http::ResponseHandler handler;
    handler.onEnd = [this](http::ResponseEnd&&) { finish(m_closeReason); };
    handler.onError = [this](const http::ClientError&) { finish(m_closeReason); };
    m_delete = m_client.send(std::move(request), std::move(handler));
}

void StreamableHttpTransport::finish(const CloseReason& reason)
{
    if (std::exchange(m_over, true)) {
        return;
    }
    m_running = false;
    m_handler.onClosed(reason);
}

} // namespace oriel::upstream
