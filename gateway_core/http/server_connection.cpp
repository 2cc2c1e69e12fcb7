// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/server_connection.h"

#include "http/head_writer.h"
#include "http/server_impl.h"

#include <algorithm>
#include <utility>

namespace oriel::http {

namespace {

constexpr std::int64_t never = SweepTimer::never;
constexpr std::int64_t lingerNs = 2'000'000'000;
constexpr qint64 maxLingeredBytes = 16 * 1024 * 1024;
constexpr qsizetype directBodyAbove = 32 * 1024;
constexpr qsizetype bodyStep = 1024 * 1024;
constexpr qsizetype readBudget = 1024 * 1024; ///< of one turn of the event loop; the socket tells of the rest again

std::int64_t toNs(std::chrono::milliseconds duration)
{
    return std::chrono::nanoseconds(duration).count();
}

bool statusHasNoBody(int status)
{
    return status == 204 || status == 304 || (status >= 100 && status < 200);
}

MessageParser::Limits parserLimits(const ServerLimits& limits)
{
    return {limits.maxHeaderBytes, limits.maxHeaderCount, limits.maxTargetBytes, limits.maxBodyBytes};
}

} // namespace

ServerConnection::ServerConnection(Server::Impl& server, std::uint64_t id)
    : m_server(&server),
      m_id(id),
      m_parser(MessageParser::Kind::Request, parserLimits(server.limits)),
      m_deadlineNs(never)
{}

ServerConnection::~ServerConnection() = default;

bool ServerConnection::open(qintptr descriptor)
{
    m_socket = std::make_unique<StreamSocket>(descriptor);
    if (!m_socket->start([this] { onReadable(); }, [this] { onWritable(); }))
        return false;
    m_nowNs = m_server->clock.monotonicNs();
    setDeadline();
    return true;
}

void ServerConnection::refuse(int status, const QByteArray& message)
{
    reject(status, message);
    flush();
    setDeadline();
}

void ServerConnection::onReadable()
{
    if (m_phase == Phase::Closed || m_paused)
        return;
    const std::shared_ptr<ServerConnection> self = shared_from_this();
    m_nowNs = m_server->clock.monotonicNs();
    m_corked = true;
    qsizetype done = 0;
    while (m_server && !m_broken && !m_peerEnded && m_phase != Phase::Closed && done < readBudget) {
        qsizetype count = 0;
        if (m_phase == Phase::Reading && m_in.isEmpty() && m_parser.bodyRemaining() > directBodyAbove) {
            if (!readBody(&count))
                break;
            done += count;
            continue;
        }
        QByteArray& scratch = m_server->scratch;
        const qsizetype room = scratch.size();
        if (!received(m_socket->read(scratch.data(), room, &count)))
            break;
        done += count;
        if (m_phase == Phase::Lingering) {
            m_lingered += count;
            m_broken = m_lingered > maxLingeredBytes;
        } else if (m_phase != Phase::Flushing) {
            consume(QByteArrayView(scratch.constData(), count));
        }
        if (count < room || m_paused)
            break;
    }
    m_corked = false;
    if (!m_server)
        return;
    flush();
    if (m_peerEnded)
        endAfterPeer();
    else if (m_broken)
        schedule();
    setDeadline();
}

void ServerConnection::endAfterPeer()
{
    // A peer that has only closed its sending side still reads answers that are complete on our side; it gets no further ones.
    m_socket->setReading(false);
    if (m_phase == Phase::Reading)
        m_phase = Phase::Flushing;
    if (m_phase != Phase::Flushing || m_out.isEmpty())
        breakOff();
}

bool ServerConnection::received(StreamSocket::ReadState state)
{
    m_peerEnded = m_peerEnded || state == StreamSocket::ReadState::End;
    m_broken = m_broken || state == StreamSocket::ReadState::Failed;
    return state == StreamSocket::ReadState::Bytes;
}

bool ServerConnection::readBody(qsizetype* count)
{
    QByteArray& body = m_request.body;
    const qsizetype have = body.size();
    const auto want = static_cast<qsizetype>(std::min<qint64>(m_parser.bodyRemaining(), bodyStep));
    // Grows with what really arrives: a declared length alone buys no memory.
    if (body.capacity() < have + want)
        body.reserve(static_cast<qsizetype>(std::min<qint64>(m_parser.contentLength(), std::max(have + want, have * 2))));
    body.resize(have + want);
    const bool more = received(m_socket->read(body.data() + have, want, count));
    body.resize(have + *count);
    m_parser.skipBody(*count);
    if (!countBody())
        return false;
    if (more && m_parser.bodyRemaining() == 0)
        consume({});
    return more && *count == want;
}

void ServerConnection::consume(QByteArrayView input)
{
    if (m_in.isEmpty()) {
        parse(input);
        if (m_server && !input.isEmpty())
            m_in.append(input);
    } else {
        m_in.append(input);
        // The handler may end up here again through nothing but the event loop, so the buffer can be lent out.
        QByteArray lent = std::exchange(m_in, {});
        QByteArrayView rest(lent);
        parse(rest);
        m_in = rest.size() == lent.size() ? std::move(lent) : rest.toByteArray();
    }
    const bool mustWait = m_phase != Phase::Reading || m_backedUp;
    const bool tooFarAhead = m_server && mustWait && m_in.size() > m_server->limits.maxPipelinedBytes;
    if (m_paused != tooFarAhead)
        m_socket->setReading(!tooFarAhead);
    m_paused = tooFarAhead;
}

bool ServerConnection::isBackedUp()
{
    if (bytesQueued() > m_server->limits.highWater)
        flush();
    return bytesQueued() > m_server->limits.highWater;
}

void ServerConnection::parse(QByteArrayView& input)
{
    m_backedUp = false;
    while (m_server && m_phase == Phase::Reading && !m_broken) {
        if (!m_parser.isMidMessage()) {
            m_backedUp = !input.isEmpty() && isBackedUp();
            if (m_backedUp || m_broken)
                return;
            m_headBeganNs = m_nowNs;
            m_parser.setMaxBodyBytes(m_server->limits.maxBodyBytes);
        }
        qsizetype consumed = 0;
        const MessageParser::Step step = m_parser.next(input, &consumed);
        input = input.sliced(consumed);
        switch (step) {
        case MessageParser::Step::NeedMore:
            return;
        case MessageParser::Step::Head:
            if (!takeHead())
                return;
            if (input.isEmpty() && m_http11 && m_parser.isMidMessage() && !m_request.headers.value("Expect").isNull())
                m_out.append(QByteArrayView("HTTP/1.1 100 Continue\r\n\r\n"));
            break;
        case MessageParser::Step::Body:
            m_request.body.append(m_parser.body());
            if (!countBody())
                return;
            break;
        case MessageParser::Step::Done:
            dispatch();
            break;
        case MessageParser::Step::Failed:
            return reject(m_parser.errorStatus(), m_parser.errorMessage());
        }
    }
}

bool ServerConnection::takeHead()
{
    m_http11 = m_parser.http11();
    m_keepAlive = m_http11 && m_parser.keepAlive();
    m_request.method = m_parser.method();
    m_request.target = m_parser.target();
    m_request.headers = std::move(m_parser.headers());
    m_request.http11 = m_http11;
    m_request.remoteAddress = m_socket->peerAddress();
    m_request.remotePort = m_socket->peerPort();
    m_request.connectionId = m_id;
    m_request.receivedNs = m_headBeganNs;
    m_headRequest = m_request.method == "HEAD";

    const auto refused = [this](int status, const char* message) {
        reject(status, message);
        return false;
    };
    if (const qsizetype hosts = m_request.headers.count("Host"); hosts > 1 || (hosts == 0 && m_http11))
        return refused(400, "A request needs exactly one Host field");
    const MessageParser::Framing framing = m_parser.framing();
    if (framing == MessageParser::Framing::None && !m_request.headers.contains("Content-Length") &&
        (m_request.method == "POST" || m_request.method == "PUT" || m_request.method == "PATCH"))
        return refused(411, "The request needs a Content-Length");
    if (const QByteArrayView expect = m_request.headers.value("Expect");
        !expect.isNull() && !equalsIgnoringCase(expect, "100-continue"))
        return refused(417, "The only expectation understood is 100-continue");
    if (m_server->headCheck) {
        if (std::optional<Response> refusal = m_server->headCheck(m_request)) {
            if (framing == MessageParser::Framing::None) {
                // Nothing is left unread, so the connection can live on.
                m_phase = Phase::Handling;
                ++m_serial;
                ++m_server->counters.rejected;
                respond(*refusal);
            } else {
                rejectWith(std::move(*refusal));
            }
            m_request = {};
            return m_phase == Phase::Reading;
        }
    }
    return true;
}

bool ServerConnection::countBody()
{
    const qsizetype grown = m_request.body.size() - m_bodyCounted;
    m_bodyCounted += grown;
    m_server->partialBodyBytes += grown;
    if (m_server->partialBodyBytes <= m_server->limits.maxPartialBodyBytes)
        return true;
    reject(503, "Too many bytes of unfinished requests; send it again");
    return false;
}

void ServerConnection::uncountBody()
{
    m_server->partialBodyBytes -= std::exchange(m_bodyCounted, 0);
}

void ServerConnection::dispatch()
{
    uncountBody();
    m_request.completeNs = m_nowNs;
    m_phase = Phase::Handling;
    ++m_serial;
    ++m_server->counters.requests;
    Request request = std::exchange(m_request, {});
    m_server->handler(std::move(request), Exchange(weak_from_this(), m_serial));
}

void ServerConnection::reject(int status, const QByteArray& message)
{
    Response response = Response::text(status, message + '\n');
    if (m_server->onRefusal) {
        if (m_request.method.isEmpty()) {
            m_request.method = m_parser.method();
            m_request.target = m_parser.target();
            m_request.headers = m_parser.headers();
        }
        m_server->onRefusal(m_request, response);
    }
    rejectWith(std::move(response));
}

void ServerConnection::rejectWith(Response response)
{
    uncountBody();
    m_request.body = {};
    ++m_server->counters.rejected;
    m_phase = Phase::Handling;
    ++m_serial;
    m_closing = true;
    m_bodyDropped = false;
    respond(response);
}

bool ServerConnection::isCurrent(std::uint64_t serial) const
{
    return m_server && serial == m_serial && !m_broken && (m_phase == Phase::Handling || m_phase == Phase::Streaming);
}

bool ServerConnection::mustClose() const
{
    return m_closing || !m_keepAlive || m_server->stopping;
}

void ServerConnection::writeHead(int status, const Headers& headers, const ResponseFraming& framing)
{
    appendResponseHead(m_out.gather(), status, headers, framing, m_server->date());
    m_out.gathered();
}

void ServerConnection::respond(const Response& response)
{
    if (m_phase != Phase::Handling)
        return;
    ResponseFraming framing;
    framing.kind = statusHasNoBody(response.status) ? ResponseFraming::Kind::None : ResponseFraming::Kind::Length;
    framing.length = response.body.size();
    framing.close = mustClose();
    writeHead(response.status, response.headers, framing);
    if (framing.kind == ResponseFraming::Kind::Length && !m_headRequest)
        m_out.append(response.body);
    finishExchange(!framing.close);
}

void ServerConnection::startStream(int status, const Headers& headers)
{
    if (m_phase != Phase::Handling)
        return;
    const QByteArrayView length = headers.value("Content-Length");
    ResponseFraming framing;
    m_streamLeft = -1;
    m_chunked = false;
    m_bodyDropped = m_headRequest || statusHasNoBody(status);
    if (statusHasNoBody(status)) {
        framing.kind = ResponseFraming::Kind::None;
    } else if (!length.isNull()) {
        framing.kind = ResponseFraming::Kind::AsGiven;
        m_streamLeft = length.toLongLong();
    } else if (m_http11) {
        framing.kind = ResponseFraming::Kind::Chunked;
        m_chunked = true;
    } else {
        framing.kind = ResponseFraming::Kind::UntilClose;
        m_closing = true;
    }
    framing.close = mustClose();
    m_closing = framing.close;
    m_phase = Phase::Streaming;
    writeHead(status, headers, framing);
    schedule();
}

bool ServerConnection::write(const QByteArray& chunk)
{
    if (m_phase != Phase::Streaming)
        return false;
    if (chunk.isEmpty() || m_bodyDropped)
        return true;
    if (m_streamLeft >= 0) {
        if (chunk.size() > m_streamLeft) {
            breakOff();
            return false;
        }
        m_streamLeft -= chunk.size();
    }
    if (m_out.isEmpty())
        m_writeProgressNs = m_nowNs = m_server->clock.monotonicNs();
    if (m_chunked) {
        appendChunkHead(m_out.gather(), chunk.size());
        m_out.gathered();
    }
    m_out.append(chunk);
    if (m_chunked)
        m_out.append(QByteArrayView("\r\n"));
    const qint64 queued = bytesQueued();
    if (queued > m_server->limits.maxQueuedBytes) {
        breakOff();
        return false;
    }
    m_wasHigh = m_wasHigh || queued > m_server->limits.highWater;
    schedule();
    return true;
}

void ServerConnection::endStream()
{
    if (m_phase != Phase::Streaming)
        return;
    if (m_streamLeft > 0 && !m_bodyDropped)
        return breakOff();
    if (m_chunked && !m_bodyDropped)
        m_out.append(QByteArrayView("0\r\n\r\n"));
    finishExchange(!m_closing);
}

void ServerConnection::abort()
{
    // The owner has asked for it: it is not told.
    const std::function<void()> closed = std::exchange(m_closed, nullptr);
    breakOff();
}

void ServerConnection::breakOff()
{
    m_broken = true;
    schedule();
}

qint64 ServerConnection::bytesQueued() const
{
    return m_out.size();
}

void ServerConnection::finishExchange(bool keepAlive)
{
    ++m_serial;
    m_wasHigh = false;
    m_headRequest = false;
    // Their destructors may run code of the owner: only after this state is whole.
    const std::function<void()> drained = std::exchange(m_drained, nullptr);
    const std::function<void()> closed = std::exchange(m_closed, nullptr);
    if (keepAlive) {
        m_phase = Phase::Reading;
        m_parser.reset();
    } else {
        m_phase = Phase::Flushing;
    }
    if (m_corked)
        return;
    m_nowNs = m_server->clock.monotonicNs();
    flush();
    if (!m_in.isEmpty() || m_paused || m_broken)
        schedule();
    setDeadline();
}

void ServerConnection::flush()
{
    if (m_broken || m_phase == Phase::Closed)
        return;
    while (!m_out.isEmpty() && !m_blocked) {
        const QByteArrayView piece = m_out.front();
        const qsizetype sent = m_socket->write(piece);
        if (sent < 0)
            return breakOff();
        m_blocked = sent == 0;
        if (sent > 0) {
            m_out.consume(sent);
            m_writeProgressNs = m_nowNs;
        }
    }
    if (m_phase == Phase::Flushing && m_out.isEmpty())
        beginLinger();
}

void ServerConnection::beginLinger()
{
    if (m_peerEnded)
        return breakOff();
    m_phase = Phase::Lingering;
    m_in = {};
    if (std::exchange(m_paused, false))
        m_socket->setReading(true);
    m_deadlineNs = m_nowNs + lingerNs;
    m_server->sweep.arm(m_deadlineNs);
    m_socket->shutdownSending();
}

void ServerConnection::onWritable()
{
    if (!m_server || m_phase == Phase::Closed)
        return;
    const std::shared_ptr<ServerConnection> self = shared_from_this();
    m_blocked = false;
    m_nowNs = m_server->clock.monotonicNs();
    flush();
    if (m_backedUp && bytesQueued() <= m_server->limits.highWater)
        schedule();
    setDeadline();
    if (m_phase == Phase::Streaming && m_wasHigh && bytesQueued() < m_server->limits.highWater / 4) {
        m_wasHigh = false;
        // A copy: the callback may replace itself or end the exchange.
        if (const std::function<void()> drained = m_drained)
            drained();
    }
}

void ServerConnection::schedule()
{
    if (m_scheduled || !m_server)
        return;
    m_scheduled = true;
    m_server->schedule(shared_from_this());
}

void ServerConnection::wake()
{
    m_scheduled = false;
    if (!m_server || m_phase == Phase::Closed)
        return;
    m_nowNs = m_server->clock.monotonicNs();
    flush();
    if (m_broken)
        return closeNow(false);
    if (m_phase == Phase::Reading && !m_in.isEmpty()) {
        m_corked = true;
        consume({});
        m_corked = false;
        if (!m_server)
            return;
        flush();
    }
    setDeadline();
}

void ServerConnection::closeWhenIdle()
{
    m_closing = true;
    if (m_phase == Phase::Reading && !m_parser.isMidMessage() && m_in.isEmpty()) {
        m_phase = Phase::Flushing;
        m_nowNs = m_server->clock.monotonicNs();
        flush();
        setDeadline();
    }
}

void ServerConnection::closeNow(bool silent)
{
    if (m_phase == Phase::Closed)
        return;
    const std::shared_ptr<ServerConnection> self = shared_from_this();
    m_phase = Phase::Closed;
    ++m_serial;
    m_deadlineNs = never;
    m_out.clear();
    m_in = {};
    m_drained = nullptr;
    const std::function<void()> closed = std::exchange(m_closed, nullptr);
    m_socket->close();
    uncountBody();
    std::exchange(m_server, nullptr)->forget(m_id);
    if (closed && !silent)
        closed();
}

void ServerConnection::setDeadline()
{
    if (!m_server || m_phase == Phase::Closed || m_phase == Phase::Lingering)
        return;
    const ServerLimits& limits = m_server->limits;
    std::int64_t deadline = never;
    if (m_phase == Phase::Reading) {
        if (!m_parser.isMidMessage())
            deadline = m_nowNs + toNs(limits.idleTimeout);
        else if (m_request.method.isEmpty())
            deadline = m_headBeganNs + toNs(limits.headTimeout);
        else
            deadline = std::min(m_nowNs + toNs(limits.bodyTimeout), m_headBeganNs + toNs(limits.requestTimeout));
    }
    if (bytesQueued() > 0)
        deadline = std::min(deadline, m_writeProgressNs + toNs(limits.writeTimeout));
    m_deadlineNs = deadline;
    m_server->sweep.arm(deadline);
}

void ServerConnection::expire(std::int64_t nowNs)
{
    m_nowNs = nowNs;
    const bool isMidRequest = m_phase == Phase::Reading && m_parser.isMidMessage();
    if (!isMidRequest || bytesQueued() > 0)
        return closeNow(false);
    reject(408, "The request did not arrive in time");
    setDeadline();
}

} // namespace oriel::http
