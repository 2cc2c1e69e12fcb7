// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/line_endpoint.h"

#include "base/ids.h"
#include "downstream/stateless_session.h"
#include "mcp/errors.h"
#include "mcp/initialize.h"

#include <QLocalSocket>
#include <QPointer>

namespace oriel::downstream {

/// The socket tells of its end at once, and that ends the session and its calls, which whoever sends or closes goes on using: so
/// nothing here ends the socket before the event loop's next turn.
class LineSession final : public Session {
public:
    LineSession(QLocalSocket* socket, qint64 maxQueuedBytes) : m_socket(socket), m_maxQueuedBytes(maxQueuedBytes) {}

    void send(const QByteArray& frame) override
    {
        if (!isReachable())
            return;
        if (m_socket->bytesToWrite() > m_maxQueuedBytes) {
            m_isClosing = true;
            QMetaObject::invokeMethod(m_socket.data(), &QLocalSocket::abort, Qt::QueuedConnection);
            return;
        }
        m_socket->write(frame);
        m_socket->write("\n", 1);
    }
    [[nodiscard]] bool isReachable() const override
    {
        return !m_isClosing && m_socket != nullptr && m_socket->state() == QLocalSocket::ConnectedState;
    }
    void close() override
    {
        m_isClosing = true;
        if (m_socket != nullptr)
            QMetaObject::invokeMethod(m_socket.data(), &QLocalSocket::disconnectFromServer, Qt::QueuedConnection);
    }
    /// What still comes is not read, and nothing more is sent.
    [[nodiscard]] bool isClosing() const { return m_isClosing; }

    QByteArray buffer; ///< bytes of an unfinished line
    qsizetype scanned = 0;

private:
    QPointer<QLocalSocket> m_socket;
    qint64 m_maxQueuedBytes;
    bool m_isClosing = false;
};

namespace {

class LineReply final : public Reply {
public:
    explicit LineReply(std::shared_ptr<LineSession> session) : m_session(std::move(session)) {}
    void notify(const QByteArray& frame) override { m_session->send(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override { m_session->send(frame); }
    [[nodiscard]] bool isOpen() const override { return m_session->isReachable(); }
    [[nodiscard]] bool isHttp() const override { return false; }

private:
    std::shared_ptr<LineSession> m_session;
};

} // namespace

LineEndpoint::LineEndpoint(Dependencies dependencies, qint64 maxQueuedBytes, QObject* parent)
    : QObject(parent),
      m_deps(dependencies),
      m_maxQueuedBytes(maxQueuedBytes)
{}

LineEndpoint::~LineEndpoint() = default;

void LineEndpoint::serve(QLocalSocket* socket, const Greeting& greeting)
{
    socket->setParent(this);
    auto session = std::make_shared<LineSession>(socket, m_maxQueuedBytes);
    session->id = m_deps.random.secureBytes(18).toBase64(QByteArray::Base64UrlEncoding);
    session->server = greeting.server;
    auto client = std::make_shared<telemetry::ClientContext>();
    client->clientName = QByteArrayLiteral("bridge");
    client->projectId = QByteArrayLiteral("default");
    client->transport = telemetry::Transport::Stdio;
    client->pid = greeting.pid;
    session->client = std::move(client);
    session->openedUnixNs = session->lastSeenUnixNs = m_deps.clock.unixNs();
    m_sessions.insert(socket, session);
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] { readLines(socket); });
    connect(socket, &QLocalSocket::disconnected, this, [this, socket] { drop(socket); });
    m_deps.handler.sessionOpened(session);
    if (socket->state() != QLocalSocket::ConnectedState)
        drop(socket);
    else if (socket->bytesAvailable() > 0)
        readLines(socket);
}

void LineEndpoint::stop()
{
    const auto sockets = m_sessions.keys();
    for (QLocalSocket* socket : sockets)
        socket->disconnectFromServer();
}

QList<std::shared_ptr<Session>> LineEndpoint::sessions() const
{
    QList<std::shared_ptr<Session>> sessions;
    for (const auto& session : m_sessions)
        sessions.append(session);
    return sessions;
}

void LineEndpoint::drop(QLocalSocket* socket)
{
    const std::shared_ptr<LineSession> session = m_sessions.take(socket);
    if (session == nullptr)
        return;
    m_deps.handler.sessionClosed(session);
    socket->deleteLater();
}

void LineEndpoint::readLines(QLocalSocket* socket)
{
    const std::shared_ptr<LineSession> session = m_sessions.value(socket);
    if (session == nullptr)
        return;
    session->buffer += socket->readAll();
    qsizetype begin = 0;
    while (!session->isClosing() && m_sessions.contains(socket)) {
        const qsizetype end = session->buffer.indexOf('\n', std::max(begin, session->scanned));
        if (end < 0)
            break;
        const QByteArray line = session->buffer.mid(begin, end - begin);
        begin = end + 1;
        session->scanned = begin;
        if (!line.trimmed().isEmpty())
            handleLine(session, line);
    }
    session->buffer.remove(0, session->isClosing() ? session->buffer.size() : begin);
    session->scanned = session->buffer.size();
    if (session->buffer.size() > kMaxLineBytes) {
        session->send(mcp::makeErrorResponse({}, mcp::error_code::InvalidRequest,
                                             "A message is longer than 64 MiB; the connection is closed."));
        session->close();
    }
}

/// A client says its era with each message: requests of 2026-07-28 carry it, all others belong to the handshake revisions.
std::optional<Refusal> LineEndpoint::describe(LineSession& session, const mcp::Message& message)
{
    if (!message.isRequest())
        return std::nullopt;
    if (!message.isModern()) {
        if (mcp::isModern(session.revision)) {
            session.revision = mcp::NewestLegacy;
            session.isInitialized = false;
        }
        return std::nullopt;
    }
    const QByteArray asked = message.text(mcp::Field::MetaProtocolVersion);
    const auto revision = mcp::revisionFromText(asked);
    if (!revision || mcp::isLegacy(*revision))
        return Refusal::of(0, mcp::error_code::UnsupportedProtocolVersion, "Unsupported protocol version: " + asked, message.id(),
                           mcp::unsupportedVersionData(asked));
    if (const Status described = describeFromMeta(session, message); !described)
        return Refusal::of(0, mcp::error_code::InvalidParams, described.error().message.toUtf8(), message.id());
    return std::nullopt;
}

Incoming LineEndpoint::incomingOf(std::shared_ptr<LineSession> session, mcp::Message message) const
{
    Incoming incoming;
    incoming.session = std::move(session);
    incoming.message = std::move(message);
    incoming.startNs = m_deps.clock.monotonicNs();
    incoming.startUnixNs = m_deps.clock.unixNs();
    return incoming;
}

void LineEndpoint::refuse(const std::shared_ptr<LineSession>& session, const mcp::Message& message, const Refusal& refusal,
                          const std::shared_ptr<BatchReply>& batch)
{
    if (batch != nullptr)
        batch->add(refusal.answer);
    else if (!refusal.answer.isEmpty())
        session->send(refusal.answer);
    Incoming incoming = incomingOf(session, message);
    incoming.requestId = makeUlid(incoming.startUnixNs, m_deps.random);
    m_deps.handler.messageRefused(incoming, refusal);
}

void LineEndpoint::handleLine(const std::shared_ptr<LineSession>& session, const QByteArray& line)
{
    constexpr qsizetype kShownBytes = 64 * 1024;
    const auto refusalOf = [](const mcp::FrameError& broken) {
        return Refusal{0, broken.code, broken.message, broken.answerable ? broken.toResponse() : QByteArray()};
    };
    mcp::Message unread;
    unread.raw = line.left(kShownBytes);
    mcp::ReadOptions options;
    options.allowBatch = session->revision == mcp::Revision::V2025_03_26;
    auto frame = mcp::readFrame(line, m_document, options);
    if (!frame) {
        refuse(session, unread, refusalOf(frame.error()));
        return;
    }
    const auto wantsAnswer = [](const mcp::MessageResult& message) {
        return message ? message->isRequest() : message.error().answerable;
    };
    const auto requests = std::count_if(frame->messages.cbegin(), frame->messages.cend(), wantsAnswer);
    const auto reply = std::make_shared<LineReply>(session);
    const auto batch = frame->isBatch && requests > 0 ? std::make_shared<BatchReply>(reply, static_cast<int>(requests)) : nullptr;
    for (mcp::MessageResult& message : frame->messages) {
        if (!message) {
            refuse(session, unread, refusalOf(message.error()), message.error().answerable ? batch : nullptr);
            continue;
        }
        if (const auto refused = describe(*session, *message)) {
            refuse(session, *message, *refused, batch);
            continue;
        }
        Incoming incoming = incomingOf(session, std::move(*message));
        if (incoming.message.isRequest()) {
            incoming.requestId = makeUlid(incoming.startUnixNs, m_deps.random);
            incoming.reply = batch ? batch->part() : std::shared_ptr<Reply>(reply);
        }
        m_deps.handler.handleMessage(std::move(incoming));
    }
}

} // namespace oriel::downstream
