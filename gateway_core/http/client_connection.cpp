// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client_connection.h"

#include "http/client_impl.h"
#include "http/head_writer.h"

#include <QSslSocket>

#include <algorithm>
#include <utility>

namespace oriel::http {

namespace {

/// Of unread TLS plain text: beyond it the peer has to wait.
constexpr qint64 tlsReadBufferBytes = 256 * 1024;
constexpr qsizetype writeAtOnce = 256 * 1024;
constexpr qsizetype directBodyAbove = 32 * 1024;
constexpr qsizetype bodyStep = 1024 * 1024;
constexpr qint64 readBudget = 1024 * 1024; ///< of one turn of the event loop
constexpr qsizetype reservedAtOnce = 16 * 1024 * 1024;
/// A connection younger than this is not probed before it is used again.
constexpr std::int64_t probeAfterNs = 50'000'000;

/// The peer's `Keep-Alive: timeout=5`, less a second for the way there.
std::optional<std::chrono::milliseconds> peerKeepsFor(const Headers& headers)
{
    const QByteArrayView value = headers.value("Keep-Alive");
    const qsizetype at = value.indexOf("timeout=");
    if (at < 0)
        return std::nullopt;
    QByteArrayView digits = value.sliced(at + 8);
    qsizetype count = 0;
    while (count < std::min<qsizetype>(digits.size(), 6) && digits[count] >= '0' && digits[count] <= '9')
        ++count;
    return std::chrono::milliseconds(std::max(digits.first(count).toInt() * 1000 - 1000, 0));
}

} // namespace

ClientConnection::ClientConnection(Client::Impl& client, QString origin)
    : m_client(&client),
      m_origin(std::move(origin)),
      m_parser(MessageParser::Kind::Response, {client.settings.maxHeaderBytes, client.settings.maxHeaderCount, 0, -1}),
      m_deadlineNs(SweepTimer::never)
{}

ClientConnection::~ClientConnection()
{
    close();
}

void ClientConnection::close()
{
    m_phase = Phase::Closed;
    m_deadlineNs = SweepTimer::never;
    m_task.reset();
    if (m_socket) {
        m_socket->disconnect();
        m_socket->abort();
        std::exchange(m_socket, nullptr)->deleteLater();
    }
}

void ClientConnection::open(const std::shared_ptr<ClientTask>& task, const QNetworkProxy& proxy)
{
    const Endpoint& endpoint = task->request.endpoint;
    m_task = task;
    m_task->connection = weak_from_this();
    m_task->timings.connectNs = m_client->clock.monotonicNs();
    m_tls = endpoint.tls;
    m_unbuffered = !m_tls && proxy.type() == QNetworkProxy::NoProxy;
    m_inSend = true;
    if (m_tls) {
        auto* socket = new QSslSocket;
        m_socket = socket;
        QSslConfiguration configuration = m_client->settings.tls;
        configuration.setAllowedNextProtocols({QByteArrayLiteral("http/1.1")});
        socket->setSslConfiguration(configuration);
        socket->setReadBufferSize(tlsReadBufferBytes);
        QObject::connect(socket, &QSslSocket::encrypted, socket, [this] { onReady(); });
        QObject::connect(socket, &QSslSocket::sslErrors, socket, [this](const QList<QSslError>& errors) {
            QStringList texts;
            for (const QSslError& error : errors)
                texts.append(error.errorString());
            m_tlsErrors = texts.join(QStringLiteral("; "));
        });
    } else {
        m_socket = new QTcpSocket;
    }
    m_socket->setProxy(proxy);
    watch();
    setDeadline(task->request.timeouts.connect);
    if (m_tls)
        static_cast<QSslSocket*>(m_socket)->connectToHostEncrypted(endpoint.host, endpoint.port);
    else
        m_socket->connectToHost(endpoint.host, endpoint.port,
                                m_unbuffered ? QIODevice::ReadWrite | QIODevice::Unbuffered : QIODevice::ReadWrite);
    m_inSend = false;
}

void ClientConnection::watch()
{
    QTcpSocket* socket = m_socket;
    QObject::connect(socket, &QTcpSocket::hostFound, socket, [this] {
        m_resolved = true;
        if (m_task)
            m_task->timings.resolvedNs = m_client->clock.monotonicNs();
    });
    QObject::connect(socket, &QTcpSocket::connected, socket, [this] { onConnected(); });
    QObject::connect(socket, &QTcpSocket::readyRead, socket, [this] { onReadable(); });
    QObject::connect(socket, &QTcpSocket::bytesWritten, socket, [this] { flush(); });
    QObject::connect(socket, &QTcpSocket::disconnected, socket, [this] { onGone(); });
    QObject::connect(socket, &QTcpSocket::errorOccurred, socket, [this](QAbstractSocket::SocketError error) {
        // The end of the stream may complete a response: the disconnect that follows tells.
        if (error != QAbstractSocket::RemoteHostClosedError || m_phase == Phase::Connecting || m_phase == Phase::Securing)
            onGone();
    });
}

void ClientConnection::onConnected()
{
    if (!m_task)
        return;
    m_task->timings.connectedNs = m_client->clock.monotonicNs();
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    const bool direct = m_socket->proxy().type() == QNetworkProxy::NoProxy;
    if (direct && m_client->settings.allowPeer && !m_client->settings.allowPeer(m_socket->peerAddress()))
        return failWith(ErrorCode::PermissionDenied,
                        QStringLiteral("Connections to %1 are not allowed").arg(m_socket->peerAddress().toString()));
    if (m_tls)
        m_phase = Phase::Securing;
    else
        onReady();
}

void ClientConnection::onReady()
{
    if (!m_task)
        return;
    if (m_tls)
        m_task->timings.securedNs = m_client->clock.monotonicNs();
    serve(m_task);
}

void ClientConnection::serve(const std::shared_ptr<ClientTask>& task)
{
    const ClientRequest& request = task->request;
    task->timings.reused = m_phase == Phase::Idle;
    task->connection = weak_from_this();
    m_task = task;
    m_phase = Phase::Sending;
    m_wrote = m_responseBegan = m_goneUnread = false;
    m_body = {};
    m_parser.reset(request.method == "HEAD");
    appendRequestHead(m_out.gather(), request.method, request.endpoint.target, request.endpoint.hostHeader, request.headers,
                      request.body.size());
    m_out.gathered();
    m_out.append(request.body);
    setDeadline(request.timeouts.head);
    m_inSend = true;
    flush();
    m_inSend = false;
}

bool ClientConnection::isStillGood(std::int64_t nowNs)
{
    if (m_phase != Phase::Idle || m_socket->state() != QAbstractSocket::ConnectedState)
        return false;
    if (!m_unbuffered || nowNs - m_idleSinceNs < probeAfterNs)
        return true;
    // Asks the kernel, which may know of the end of the stream before the event loop does.
    char byte = 0;
    return m_socket->read(&byte, 1) == 0;
}

void ClientConnection::flush()
{
    if (!m_socket || m_out.isEmpty())
        return;
    while (!m_out.isEmpty() && m_socket->bytesToWrite() == 0) {
        const QByteArrayView piece = m_out.front();
        const qint64 written = m_socket->write(piece.data(), std::min(piece.size(), writeAtOnce));
        if (written < 0)
            return failWith(ErrorCode::Unavailable,
                            QStringLiteral("The request could not be sent: %1").arg(m_socket->errorString()));
        m_wrote = m_wrote || written > 0;
        m_out.consume(written);
    }
    if (!m_unbuffered)
        m_socket->flush();
    if (m_out.isEmpty() && m_task && m_phase == Phase::Sending) {
        m_task->timings.sentNs = m_client->clock.monotonicNs();
        setDeadline(m_task->request.timeouts.head);
    }
}

bool ClientConnection::isCurrent(const std::shared_ptr<ClientTask>& task) const
{
    return task && m_task == task && !task->finished && m_phase != Phase::Closed;
}

void ClientConnection::onReadable()
{
    const auto self = shared_from_this();
    const auto impl = m_client->shared_from_this();
    if (m_phase == Phase::Idle) {
        // Nothing was asked: the end of the stream, or a peer that cannot count.
        impl->forget(this);
        return close();
    }
    const auto task = m_task;
    qint64 done = 0;
    while (isCurrent(task) && !task->paused && m_phase != Phase::Connecting && m_phase != Phase::Securing) {
        if (done >= readBudget) {
            // Of what the kernel still holds the socket tells again; of what is in its own buffer it has told already.
            if (!m_unbuffered || m_goneUnread)
                resumeReading();
            return;
        }
        if (m_phase == Phase::Body && m_mode == BodyMode::Collect && m_in.isEmpty() &&
            m_parser.bodyRemaining() > directBodyAbove) {
            const qint64 count = readBodyDirectly();
            if (count <= 0)
                return;
            done += count;
            continue;
        }
        QByteArray& scratch = impl->scratch;
        const qint64 count = m_socket->read(scratch.data(), scratch.size());
        if (count < 0)
            return onGone();
        if (count == 0)
            return;
        done += count;
        if (!std::exchange(m_responseBegan, true))
            task->timings.firstByteNs = impl->clock.monotonicNs();
        consume(QByteArrayView(scratch.constData(), count));
        if (m_unbuffered && count < scratch.size())
            return;
    }
}

qint64 ClientConnection::readBodyDirectly()
{
    const qsizetype have = m_body.size();
    const auto want = static_cast<qsizetype>(std::min<qint64>(m_parser.bodyRemaining(), bodyStep));
    // A declared length buys address space only, and up to a bound; memory comes with what arrives.
    if (m_body.capacity() < have + want)
        m_body.reserve(static_cast<qsizetype>(
            std::min<qint64>(m_parser.contentLength(), std::max({have + want, have * 2, reservedAtOnce}))));
    m_body.resize(have + want);
    const qint64 count = m_socket->read(m_body.data() + have, want);
    m_body.resize(have + std::max<qint64>(count, 0));
    if (count < 0)
        onGone();
    if (count <= 0)
        return count;
    m_parser.skipBody(count);
    setDeadline(m_task->request.timeouts.idle);
    if (m_parser.bodyRemaining() == 0)
        consume({});
    return count;
}

void ClientConnection::consume(QByteArrayView input)
{
    const auto task = m_task;
    QByteArray lent;
    if (!m_in.isEmpty()) {
        lent = std::exchange(m_in, {});
        lent.append(input);
        input = lent;
    }
    while (isCurrent(task)) {
        if (task->paused)
            break;
        qsizetype consumed = 0;
        const MessageParser::Step step = m_parser.next(input, &consumed);
        input = input.sliced(consumed);
        switch (step) {
        case MessageParser::Step::NeedMore:
            m_in = input.toByteArray();
            return;
        case MessageParser::Step::Head:
            if (!takeHead())
                return;
            break;
        case MessageParser::Step::Body:
            takeBody(m_parser.body());
            break;
        case MessageParser::Step::Done:
            if (const int status = m_parser.status(); status >= 100 && status < 200) {
                m_parser.reset(task->request.method == "HEAD");
                break;
            }
            m_in = input.toByteArray();
            return complete();
        case MessageParser::Step::Failed:
            return failWith(
                ErrorCode::Parse,
                QStringLiteral("The server's response is not valid HTTP: %1").arg(QString::fromLatin1(m_parser.errorMessage())));
        }
    }
    if (isCurrent(task))
        m_in = input.toByteArray();
}

bool ClientConnection::takeHead()
{
    const auto task = m_task;
    const int status = m_parser.status();
    if (status == 101) {
        failWith(ErrorCode::Unsupported, QStringLiteral("The server switched to another protocol unasked"));
        return false;
    }
    if (status < 200)
        return true;
    m_phase = Phase::Body;
    ResponseHead head;
    head.status = status;
    head.reason = m_parser.reason();
    head.headers = std::move(m_parser.headers());
    head.peer = m_socket->peerAddress();
    head.timings = task->timings;
    m_keepFor = std::min(m_client->settings.keepIdle, peerKeepsFor(head.headers).value_or(m_client->settings.keepIdle));
    m_mode = BodyMode::Collect;
    setDeadline(task->request.timeouts.idle);
    if (task->handler.onHead)
        m_mode = task->handler.onHead(head);
    if (!isCurrent(task))
        return false;
    const qsizetype limit = task->request.maxBodyBytes;
    if (m_mode == BodyMode::Collect && limit > 0 && m_parser.contentLength() > limit) {
        failWith(
            ErrorCode::TooLarge,
            QStringLiteral("The response of %1 bytes is larger than the limit of %2").arg(m_parser.contentLength()).arg(limit));
        return false;
    }
    return true;
}

void ClientConnection::takeBody(QByteArrayView piece)
{
    const auto task = m_task;
    setDeadline(task->request.timeouts.idle);
    if (m_mode == BodyMode::Stream) {
        if (task->handler.onData)
            task->handler.onData(piece);
        return;
    }
    const qsizetype limit = task->request.maxBodyBytes;
    if (limit > 0 && m_body.size() + piece.size() > limit)
        return failWith(ErrorCode::TooLarge, QStringLiteral("The response is larger than the limit of %1 bytes").arg(limit));
    m_body.append(piece);
}

void ClientConnection::complete()
{
    const auto self = shared_from_this();
    const auto impl = m_client->shared_from_this();
    const auto task = std::exchange(m_task, nullptr);
    task->finished = true;
    ResponseEnd end{std::exchange(m_body, {}), task->timings};
    // Bytes behind the response, or a request that was not read to its end, leave the stream in no known place.
    const bool reusable = m_parser.keepAlive() && m_in.isEmpty() && m_out.isEmpty() && m_keepFor.count() > 0 &&
                          m_socket->state() == QAbstractSocket::ConnectedState;
    if (reusable) {
        m_phase = Phase::Idle;
        m_idleSinceNs = impl->clock.monotonicNs();
        setDeadline(m_keepFor);
        impl->keep(self);
    } else {
        impl->forget(this);
        close();
    }
    const ResponseHandler handler = std::exchange(task->handler, {});
    if (handler.onEnd)
        handler.onEnd(std::move(end));
}

void ClientConnection::onGone()
{
    const auto self = shared_from_this();
    const auto impl = m_client->shared_from_this();
    const auto task = m_task;
    if (m_phase == Phase::Closed)
        return;
    if (!task) {
        impl->forget(this);
        return close();
    }
    if (task->paused && (m_responseBegan || !m_in.isEmpty())) {
        m_goneUnread = true;
        return;
    }
    if (!m_unbuffered && m_socket->bytesAvailable() > 0) {
        onReadable();
        if (!isCurrent(task))
            return;
        if (task->paused || m_resuming) {
            m_goneUnread = true;
            return;
        }
    }
    if (m_phase == Phase::Body && m_parser.finish() == MessageParser::Step::Done)
        return complete();
    const QString detail = m_socket->errorString();
    switch (m_phase) {
    case Phase::Connecting:
        return failWith(ErrorCode::Unavailable, m_resolved ? QStringLiteral("Connecting failed: %1").arg(detail)
                                                           : QStringLiteral("The host could not be reached: %1").arg(detail));
    case Phase::Securing:
        return failWith(ErrorCode::Unavailable,
                        QStringLiteral("TLS failed: %1").arg(m_tlsErrors.isEmpty() ? detail : m_tlsErrors),
                        QStringLiteral("Check the server's certificate and its name."));
    case Phase::Body:
        return failWith(ErrorCode::Unavailable, QStringLiteral("The server closed the connection in the middle of its response"));
    default:
        return failWith(ErrorCode::Unavailable,
                        m_responseBegan ? QStringLiteral("The server closed the connection in the middle of its response")
                                        : QStringLiteral("The server closed the connection without a response"));
    }
}

ClientError::Phase ClientConnection::errorPhase() const
{
    switch (m_phase) {
    case Phase::Connecting:
        return m_resolved ? ClientError::Phase::Connect : ClientError::Phase::Resolve;
    case Phase::Securing:
        return ClientError::Phase::Tls;
    case Phase::Body:
        return ClientError::Phase::Body;
    default:
        return m_out.isEmpty() ? ClientError::Phase::Head : ClientError::Phase::Send;
    }
}

void ClientConnection::failWith(ErrorCode code, const QString& message, const QString& remedy)
{
    const auto self = shared_from_this();
    ClientError error{Error{code, message, m_origin, remedy}, errorPhase(), m_wrote, m_task->timings};
    if (!m_inSend)
        return finishFailure(std::move(error));
    m_client->later([self, error = std::move(error)] {
        if (self->m_task)
            self->finishFailure(error);
    });
}

void ClientConnection::finishFailure(ClientError error)
{
    const auto self = shared_from_this();
    const auto impl = m_client->shared_from_this();
    const auto task = m_task;
    const bool mayRepeat = task->timings.reused && !task->timings.retried && !m_responseBegan &&
                           error.error.code == ErrorCode::Unavailable && (task->request.idempotent || !m_wrote);
    impl->forget(this);
    close();
    if (mayRepeat && !task->finished)
        impl->retry(task);
    else
        impl->fail(task, std::move(error));
}

void ClientConnection::resumeReading()
{
    if (std::exchange(m_resuming, true))
        return;
    // Through the event loop: a handler that resumes is not called back from within.
    m_client->later([self = shared_from_this()] {
        self->m_resuming = false;
        const auto task = self->m_task;
        if (!self->isCurrent(task) || task->paused)
            return;
        if (!self->m_in.isEmpty())
            self->consume({});
        if (self->isCurrent(task) && !task->paused)
            self->onReadable();
        if (self->m_goneUnread && self->isCurrent(task) && !task->paused && !self->m_resuming)
            self->onGone();
    });
}

void ClientConnection::setDeadline(std::chrono::milliseconds timeout)
{
    m_deadlineNs =
        timeout.count() <= 0 ? SweepTimer::never : m_client->clock.monotonicNs() + std::chrono::nanoseconds(timeout).count();
    m_client->sweep.arm(m_deadlineNs);
}

void ClientConnection::expire()
{
    if (!m_task) {
        m_client->forget(this);
        return close();
    }
    if (m_task->paused)
        return setDeadline(m_task->request.timeouts.idle);
    failWith(ErrorCode::Timeout, timeoutMessage());
}

QString ClientConnection::timeoutMessage() const
{
    const ClientTimeouts& timeouts = m_task->request.timeouts;
    switch (m_phase) {
    case Phase::Connecting:
    case Phase::Securing:
        return QStringLiteral("No connection within %1 ms").arg(timeouts.connect.count());
    case Phase::Body:
        return QStringLiteral("No further byte of the response within %1 ms").arg(timeouts.idle.count());
    default:
        return QStringLiteral("No response within %1 ms").arg(timeouts.head.count());
    }
}

} // namespace oriel::http
