// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/legacy_sse_transport.h"

#include "upstream/http_exchange.h"
#include "upstream/streamable_http_transport.h"

#include <algorithm>

namespace oriel::upstream {

namespace {

/// How long a POST may stay open once its request is over, at least; twice as long at most.
constexpr int kLingerMs = 2'000;

} // namespace

LegacySseTransport::LegacySseTransport(HttpSettings settings, http::Client& client, const Clock& clock, TransportHandler& handler)
    : m_settings(std::move(settings)),
      m_client(client),
      m_clock(clock),
      m_handler(handler),
      m_token(m_settings.tokens)
{
    m_facts.server = m_settings.server;
    m_facts.transport = config::ServerTransport::LegacySse;
    m_facts.url = m_settings.url;
    m_facts.waited = m_settings.connectTimeout;
    m_later.setSingleShot(true);
    QObject::connect(&m_later, &QTimer::timeout, &m_later, [this] { m_handler.onClosed(m_closeReason); });
    m_linger.setSingleShot(true);
    QObject::connect(&m_linger, &QTimer::timeout, &m_linger, [this] { dropLingering(); });
}

LegacySseTransport::~LegacySseTransport()
{
    m_streamHandle.cancel();
    for (auto& [key, sent] : m_posts) {
        sent.handle.cancel();
    }
}

void LegacySseTransport::start()
{
    Result<http::Endpoint> endpoint = http::Endpoint::fromUrl(QUrl(m_settings.url, QUrl::StrictMode));
    if (!endpoint) {
        end(CloseReason::Kind::StartFailed, endpoint.error());
        return;
    }
    m_stream = std::move(*endpoint);
    for (const auto& [name, value] : m_settings.headers) {
        (void)m_fixedHeaders.add(name, value);
    }
    m_facts.stage = StartStage::FirstByte;
    m_token.hasSource() ? m_token.fetch([this] { openStream(); }) : openStream();
}

void LegacySseTransport::openStream()
{
    if (m_over) {
        return;
    }
    m_streamRequest.usedToken = m_token.value();
    http::ClientRequest request;
    request.method = QByteArrayLiteral("GET");
    request.endpoint = m_stream;
    request.headers = m_fixedHeaders;
    m_token.addTo(request.headers);
    request.headers.set("Accept", "text/event-stream");
    request.timeouts.connect = m_settings.connectTimeout;
    request.timeouts.head = m_settings.connectTimeout;
    http::ResponseHandler handler;
    handler.onHead = [this](const http::ResponseHead& head) { return onHead(head); };
    handler.onData = [this](QByteArrayView bytes) { onData(bytes); };
    handler.onEnd = [this](http::ResponseEnd&& ended) {
        m_facts.httpBody = ended.body.left(kBodySampleBytes);
        if (!m_parser && askForStreamToken()) {
            return;
        }
        end(m_running ? CloseReason::Kind::Connection : CloseReason::Kind::StartFailed,
            {ErrorCode::Unavailable, QStringLiteral("The server ended its event stream."), m_settings.server, {}});
    };
    handler.onError = [this](const http::ClientError& error) {
        m_facts.network = networkOf(error);
        m_facts.networkMessage = error.error.message;
        end(m_running ? CloseReason::Kind::Connection : CloseReason::Kind::StartFailed, error.error);
    };
    m_streamHandle = m_client.send(std::move(request), std::move(handler));
}

bool LegacySseTransport::askForStreamToken()
{
    if (!m_token.mayAsk(m_facts.httpStatus, m_facts.authenticate, m_streamRequest.questions)) {
        return false;
    }
    ++m_streamRequest.questions;
    m_token.ask({m_facts.httpStatus, m_facts.authenticate, m_streamRequest.usedToken, m_streamRequest.peer},
                [this](const Status& got) {
                    if (got) {
                        openStream();
                        return;
                    }
                    m_facts.tokenError = got.error();
                    end(CloseReason::Kind::StartFailed, got.error());
                });
    return true;
}

http::BodyMode LegacySseTransport::onHead(const http::ResponseHead& head)
{
    noteHead(m_facts, head);
    m_streamRequest.peer = head.peer;
    if (head.status == 200) {
        m_token.accepted(m_streamRequest.usedToken);
        m_streamRequest.questions = 0;
    }
    if (head.status != 200 || !isEventStream(head.headers)) {
        return http::BodyMode::Collect;
    }
    http::SseParser::Limits limits;
    limits.maxEventBytes = m_settings.maxMessageBytes;
    m_parser = std::make_unique<http::SseParser>(limits);
    return http::BodyMode::Stream;
}

void LegacySseTransport::onData(QByteArrayView bytes)
{
    if (!m_parser || m_over) {
        return;
    }
    const std::int64_t readNs = m_clock.monotonicNs();
    if (const Status fed = m_parser->feed(bytes); !fed) {
        m_streamHandle.cancel();
        end(CloseReason::Kind::Connection, fed.error());
        return;
    }
    while (std::optional<http::SseEvent> event = m_parser->next()) {
        if (event->event == "endpoint") {
            takeEndpoint(event->data.trimmed());
        } else if ((event->event.isEmpty() || event->event == "message") && !event->data.trimmed().isEmpty()) {
            m_facts.sawFrame = true;
            m_handler.onFrame(std::move(event->data), FrameOrigin{0, readNs, true, event->hasId ? event->id : QByteArray()});
        }
        if (m_over) {
            return;
        }
    }
}

void LegacySseTransport::takeEndpoint(const QByteArray& text)
{
    const QUrl url = QUrl(m_settings.url).resolved(QUrl::fromEncoded(text, QUrl::StrictMode));
    const Result<http::Endpoint> endpoint = http::Endpoint::fromUrl(url);
    if (!endpoint || endpoint->origin() != m_stream.origin()) {
        m_streamHandle.cancel();
        m_facts.rpcErrorCode = -32600;
        m_facts.rpcErrorMessage = "the endpoint event names an address of another origin: " + text.left(200);
        end(CloseReason::Kind::StartFailed, {ErrorCode::PermissionDenied,
                                             QStringLiteral("The server names an address of another origin for messages."),
                                             m_settings.server,
                                             {}});
        return;
    }
    m_messages = *endpoint;
    if (!std::exchange(m_running, true)) {
        m_handler.onStarted();
    }
}

Status LegacySseTransport::send(const QByteArray& frame, const SendOptions& options)
{
    if (!m_running || m_over) {
        return fail(ErrorCode::Unavailable, QStringLiteral("The connection to the server has ended."), m_settings.server);
    }
    const std::uint64_t key = ++m_lastKey;
    Post& fresh = m_posts[key];
    fresh.frame = frame;
    fresh.options = options;
    post(key);
    return {};
}

void LegacySseTransport::post(std::uint64_t key)
{
    Post& sent = m_posts.at(key);
    sent.usedToken = m_token.value();
    http::ClientRequest request;
    request.method = QByteArrayLiteral("POST");
    request.endpoint = m_messages;
    request.headers = m_fixedHeaders;
    m_token.addTo(request.headers);
    request.headers.set("Content-Type", "application/json");
    sent.options.addContextTo(request.headers);
    request.body = sent.frame;
    request.timeouts.connect = m_settings.connectTimeout;
    if (sent.options.requestId == 0) {
        request.timeouts.head = m_settings.connectTimeout;
        request.timeouts.idle = m_settings.connectTimeout;
    }
    http::ResponseHandler handler;
    handler.onHead = [this, key](const http::ResponseHead& head) {
        if (const auto it = m_posts.find(key); it != m_posts.end()) {
            it->second.status = head.status;
            it->second.authenticate = head.headers.value("WWW-Authenticate").toByteArray();
            it->second.peer = head.peer;
        }
        return http::BodyMode::Collect;
    };
    handler.onEnd = [this, key](http::ResponseEnd&& ended) { posted(key, ended.body); };
    handler.onError = [this, key](const http::ClientError& error) {
        SendFailure failure;
        failure.error = error.error;
        failure.maybeProcessed = error.maybeProcessed;
        postFailed(key, failure);
    };
    sent.handle = m_client.send(std::move(request), std::move(handler));
}

void LegacySseTransport::posted(std::uint64_t key, const QByteArray& body)
{
    const auto it = m_posts.find(key);
    if (it == m_posts.end()) {
        return;
    }
    Post& sent = it->second;
    if (sent.status / 100 == 2) {
        m_posts.erase(it);
        return;
    }
    SendFailure failure;
    failure.httpStatus = sent.status;
    failure.authenticate = sent.authenticate;
    if (m_token.mayAsk(sent.status, sent.authenticate, sent.questions)) {
        ++sent.questions;
        sent.ticket = m_token.ask({sent.status, sent.authenticate, sent.usedToken, sent.peer},
                                  [this, key, failure](const Status& got) mutable {
                                      if (m_posts.find(key) == m_posts.end()) {
                                          return;
                                      }
                                      if (got) {
                                          post(key);
                                          return;
                                      }
                                      failure.noToken = true;
                                      failure.error = got.error();
                                      postFailed(key, failure);
                                  });
        return;
    }
    failure.error = errorOfStatus(sent.status, body, m_settings.server);
    postFailed(key, failure);
}

void LegacySseTransport::postFailed(std::uint64_t key, const SendFailure& failure)
{
    const auto it = m_posts.find(key);
    if (it == m_posts.end()) {
        return;
    }
    const std::int64_t requestId = it->second.options.requestId;
    m_posts.erase(it);
    if (requestId != 0) {
        m_handler.onSendFailed(requestId, failure);
    }
}

LegacySseTransport::Posts::iterator LegacySseTransport::postOf(std::int64_t requestId)
{
    return std::find_if(m_posts.begin(), m_posts.end(),
                        [requestId](const auto& entry) { return entry.second.options.requestId == requestId; });
}

void LegacySseTransport::drop(Posts::iterator it)
{
    it->second.handle.cancel();
    m_token.cancel(it->second.ticket);
    m_posts.erase(it);
}

void LegacySseTransport::forget(std::int64_t requestId)
{
    if (const auto it = postOf(requestId); it != m_posts.end()) {
        drop(it);
    }
}

/// The answer may overtake the response to its POST, so that has a little time left.
void LegacySseTransport::answered(std::int64_t requestId)
{
    const auto it = postOf(requestId);
    if (it == m_posts.end()) {
        return;
    }
    m_lingering.append(it->first);
    if (!m_linger.isActive()) {
        m_linger.start(kLingerMs);
    }
}

void LegacySseTransport::dropLingering()
{
    for (const std::uint64_t key : std::exchange(m_lingered, std::exchange(m_lingering, {}))) {
        if (const auto it = m_posts.find(key); it != m_posts.end()) {
            drop(it);
        }
    }
    if (!m_lingered.isEmpty()) {
        m_linger.start(kLingerMs);
    }
}

void LegacySseTransport::close()
{
    m_streamHandle.cancel();
    m_token.drop();
    end(CloseReason::Kind::Requested, {});
}

void LegacySseTransport::end(CloseReason::Kind kind, Error error)
{
    if (std::exchange(m_over, true)) {
        return;
    }
    m_running = false;
    m_closeReason = {kind, std::move(error)};
    m_later.start(0);
}

std::unique_ptr<Transport> makeHttpTransport(HttpSettings settings, http::Client& client, const Clock& clock,
                                             TransportHandler& handler)
{
    if (settings.legacySse) {
        return std::make_unique<LegacySseTransport>(std::move(settings), client, clock, handler);
    }
    return std::make_unique<StreamableHttpTransport>(std::move(settings), client, clock, handler);
}

} // namespace oriel::upstream
