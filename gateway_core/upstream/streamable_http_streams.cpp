// SPDX-License-Identifier: GPL-3.0-or-later
// Event streams: answers that come as one, the server's own stream, and what becomes of those that end too early.
#include "mcp/headers.h"
#include "upstream/streamable_http_transport.h"

#include <algorithm>

namespace oriel::upstream {

namespace {

/// A stream that ends so often without a single event is given up.
constexpr int kFruitlessResumptions = 5;
/// A stream that was open so long was worth opening even if nothing came.
constexpr std::int64_t kLastingNs = 5'000'000'000;
/// How long a stream may stay open once its request is over, at least; twice as long at most.
constexpr int kLingerMs = 2'000;

} // namespace

void StreamableHttpTransport::get(Exchange& exchange)
{
    exchange.session = m_session;
    exchange.usedToken = m_token.value();
    exchange.stream = false;
    exchange.sawEvent = false;
    http::ClientRequest request;
    request.method = QByteArrayLiteral("GET");
    request.endpoint = m_endpoint;
    request.headers = requestHeaders(exchange);
    request.headers.set("Accept", "text/event-stream");
    if (!exchange.lastEventId.isEmpty()) {
        request.headers.set(mcp::header::LastEventId, exchange.lastEventId);
    }
    request.idempotent = true;
    request.timeouts.connect = m_settings.connectTimeout;
    request.maxBodyBytes = m_settings.maxMessageBytes;
    exchange.handle = m_client.send(std::move(request), responseHandler(exchange.key));
}

void StreamableHttpTransport::onData(std::uint64_t key, QByteArrayView bytes)
{
    Exchange* exchange = find(key);
    if (exchange == nullptr || !exchange->parser) {
        return;
    }
    const std::int64_t readNs = m_clock.monotonicNs();
    if (const Status fed = exchange->parser->feed(bytes); !fed) {
        exchange->handle.cancel();
        const bool ownStream = exchange->ownStream;
        SendFailure failure;
        failure.error = fed.error();
        failure.maybeProcessed = true;
        failRequest(*exchange, failure);
        if (ownStream) {
            openOwnStream();
        }
        return;
    }
    while (std::optional<http::SseEvent> event = exchange->parser->next()) {
        exchange->sawEvent = true;
        exchange->fruitless = 0;
        if (event->hasId) {
            exchange->lastEventId = event->id;
        }
        const bool isMessage = event->event.isEmpty() || event->event == "message";
        if (!isMessage || event->data.trimmed().isEmpty()) {
            continue;
        }
        m_facts.sawFrame = true;
        m_handler.onFrame(std::move(event->data),
                          FrameOrigin{exchange->requestId, exchange->firstByteNs != 0 ? exchange->firstByteNs : readNs, true,
                                      event->hasId ? event->id : QByteArray(), exchange->session != m_session});
        exchange = find(key);
        if (exchange == nullptr || !exchange->parser) {
            return;
        }
    }
    exchange->lastEventId = exchange->parser->lastEventId();
    exchange->retry = exchange->parser->retry();
}

void StreamableHttpTransport::streamEnded(Exchange& exchange, StreamEnd how)
{
    exchange.parser.reset();
    const bool awaited = exchange.ownStream || (exchange.requestId != 0 && m_handler.isAwaited(exchange.requestId));
    if (!awaited) {
        remove(exchange.key);
        return;
    }
    const bool lasted = m_clock.monotonicNs() - exchange.openedNs > kLastingNs;
    exchange.fruitless = exchange.sawEvent || lasted ? 0 : exchange.fruitless + 1;
    if (exchange.ownStream ||
        (!exchange.modern && !exchange.lastEventId.isEmpty() && exchange.fruitless <= kFruitlessResumptions)) {
        const std::int64_t requestId = exchange.ownStream ? 0 : exchange.requestId;
        const auto retry = exchange.retry;
        resumeLater(exchange);
        if (requestId != 0 && retry && how == StreamEnd::Closed) {
            m_handler.onStreamPaused(requestId, *retry);
        }
        return;
    }
    if (exchange.decidesStart()) {
        m_facts.httpBody = QByteArrayLiteral("the event stream ended without an answer");
    }
    SendFailure failure;
    failure.httpStatus = exchange.status;
    failure.maybeProcessed = true;
    failure.error = {
        ErrorCode::Unavailable, QStringLiteral("The server ended the stream before it answered."), m_settings.server, {}};
    failRequest(exchange, failure);
}

void StreamableHttpTransport::resumeLater(Exchange& exchange)
{
    const int shift = std::clamp(exchange.fruitless, 0, 10);
    const std::chrono::milliseconds delay = exchange.retry ? std::min(*exchange.retry, m_settings.maxRetry * 10)
                                                           : std::min(m_settings.firstRetry * (1 << shift), m_settings.maxRetry);
    exchange.wait = std::make_unique<QTimer>();
    exchange.wait->setSingleShot(true);
    exchange.wait->setTimerType(Qt::PreciseTimer); // a coarse one fires early, and the server's delay is a minimum
    QObject::connect(exchange.wait.get(), &QTimer::timeout, exchange.wait.get(), [this, key = exchange.key] {
        if (Exchange* waiting = find(key)) {
            waiting->wait.release()->deleteLater(); // it is the caller, and the exchange may end here
            resume(*waiting);
        }
    });
    exchange.wait->start(delay);
}

/// Event ids mean something in their own session only: in another they may name the stream of another request.
void StreamableHttpTransport::resume(Exchange& exchange)
{
    if (!exchange.ownStream && !m_handler.isAwaited(exchange.requestId)) {
        remove(exchange.key);
        return;
    }
    if (exchange.session.isEmpty() || exchange.session == m_session) {
        get(exchange);
        return;
    }
    SendFailure failure;
    failure.maybeProcessed = true;
    failure.error = {
        ErrorCode::Unavailable, QStringLiteral("The session ended before the server answered."), m_settings.server, {}};
    failRequest(exchange, failure);
}

void StreamableHttpTransport::answered(std::int64_t requestId)
{
    const auto it = m_byRequest.constFind(requestId);
    const Exchange* exchange = it != m_byRequest.constEnd() ? find(*it) : nullptr;
    if (exchange == nullptr || !exchange->stream) {
        return;
    }
    m_lingering.append(*it);
    if (!m_linger.isActive()) {
        m_linger.start(kLingerMs);
    }
}

void StreamableHttpTransport::dropLingering()
{
    for (const std::uint64_t key : std::exchange(m_lingered, std::exchange(m_lingering, {}))) {
        if (Exchange* exchange = find(key)) {
            exchange->handle.cancel();
            remove(key);
        }
    }
    if (!m_lingered.isEmpty()) {
        m_linger.start(kLingerMs);
    }
}

void StreamableHttpTransport::openOwnStream()
{
    if (m_ownStreamKey != 0 || !m_running) {
        return;
    }
    Exchange& exchange = addExchange();
    exchange.ownStream = true;
    m_ownStreamKey = exchange.key;
    get(exchange);
}

} // namespace oriel::upstream
