// SPDX-License-Identifier: GPL-3.0-or-later
#include "bridge.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "http/client.h"
#include "mcp/errors.h"
#include "mcp/message.h"
#include "mcp/rewrite.h"
#include "service/local_control.h"
#include "terminal.h"
#include "upstream/http_transport.h"
#include "upstream/transport.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QLocalSocket>
#include <QProcess>
#include <QSet>
#include <QThread>
#include <QTimer>

#include <cstdio>
#include <iostream>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

namespace oriel::app {

namespace {

constexpr int kStartWaitMs = 15'000;
constexpr int kReconnectMs = 250;
constexpr qsizetype kMaxLineBytes = 64 * 1024 * 1024;

/// Reads stdin on a thread of its own: a blocking read is the one way that works for pipes on every platform.
class InputReader final : public QThread {
    Q_OBJECT
public:
    using QThread::QThread;

Q_SIGNALS:
    void line(const QByteArray& text);
    void closed();

protected:
    void run() override
    {
        std::string text;
        while (std::getline(std::cin, text)) {
            if (static_cast<qsizetype>(text.size()) > kMaxLineBytes)
                break;
            if (!text.empty() && text.back() == '\r')
                text.pop_back();
            if (!text.empty())
                Q_EMIT line(QByteArray(text.data(), static_cast<qsizetype>(text.size())));
        }
        Q_EMIT closed();
    }
};

void writeLine(const QByteArray& frame)
{
    writeOut(frame);
    writeOut("\n");
    (void)std::fflush(stdout);
}

/// The bridge to this user's Oriel. A lost connection is made again; requests that were under way get an error, and the new
/// connection gets the client's own initialize once more, whose answer the client has already had.
class LocalBridge final : public QObject {
    Q_OBJECT
public:
    explicit LocalBridge(const Options& options) : m_options(options)
    {
        connect(&m_socket, &QLocalSocket::connected, this, &LocalBridge::greet);
        connect(&m_socket, &QLocalSocket::readyRead, this, &LocalBridge::relayAnswers);
        connect(&m_socket, &QLocalSocket::disconnected, this, &LocalBridge::lost);
        connect(&m_socket, &QLocalSocket::errorOccurred, this, [this] {
            if (m_socket.state() != QLocalSocket::ConnectedState)
                retryLater();
        });
        connect(&m_input, &InputReader::line, this, &LocalBridge::relayRequest);
        connect(&m_input, &InputReader::closed, this, [this] {
            m_closing = true;
            m_socket.disconnectFromServer();
            QCoreApplication::quit();
        });
        m_waited.start();
        m_input.start();
        connectToOwner();
    }
    ~LocalBridge() override
    {
        m_input.terminate();
        m_input.wait();
    }

private:
    void connectToOwner()
    {
        const auto runtime = service::readRuntime(m_options.dataDir);
        if (runtime) {
            m_socket.connectToServer(runtime->socketName);
            return;
        }
        if (!std::exchange(m_started, true))
            startOwner();
        retryLater();
    }

    void startOwner()
    {
        QStringList arguments{QStringLiteral("--headless"), QStringLiteral("--data-dir"), m_options.dataDir,
                              QStringLiteral("--config"), m_options.configPath};
        if (m_options.port)
            arguments << QStringLiteral("--port") << QString::number(*m_options.port);
        QProcess process;
        process.setProgram(QCoreApplication::applicationFilePath());
        process.setArguments(arguments);
        process.setStandardInputFile(QProcess::nullDevice());
        process.setStandardOutputFile(QProcess::nullDevice());
        process.setStandardErrorFile(QProcess::nullDevice());
        if (!process.startDetached())
            printError(QStringLiteral("oriel bridge: Oriel could not be started: %1").arg(process.errorString()));
    }

    void retryLater()
    {
        if (m_closing || m_retryPending)
            return;
        if (m_waited.elapsed() > kStartWaitMs) {
            printError(QStringLiteral("oriel bridge: no Oriel answers for %1. Start it with 'oriel' and look at what it says.")
                           .arg(m_options.dataDir));
            QCoreApplication::exit(Failure);
            return;
        }
        m_retryPending = true;
        QTimer::singleShot(kReconnectMs, this, [this] {
            m_retryPending = false;
            connectToOwner();
        });
    }

    void greet()
    {
        json::Writer greeting;
        greeting.beginObject().member("role", "bridge").member("server", m_options.server).member("pid", clientPid()).endObject();
        m_socket.write(greeting.take() + '\n');
        m_waited.restart();
        m_started = false;
        if (!m_initialize.isEmpty()) {
            // The client has its answer from the first time; this one is for the new Oriel.
            m_swallow = m_initializeId;
            m_socket.write(m_initialize + '\n');
            m_socket.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
        }
        for (const QByteArray& line : std::as_const(m_waiting))
            m_socket.write(line + '\n');
        m_waiting.clear();
    }

    void relayRequest(const QByteArray& line)
    {
        if (const auto message = mcp::readMessage(line, m_document)) {
            if (message->isRequest()) {
                m_pending.insert(message->id());
                if (message->methodId == mcp::MethodId::Initialize) {
                    m_initialize = line;
                    m_initializeId = message->id();
                }
            }
        }
        if (m_socket.state() == QLocalSocket::ConnectedState)
            m_socket.write(line + '\n');
        else if (m_waiting.size() < 1024)
            m_waiting.append(line);
    }

    void relayAnswers()
    {
        m_buffer += m_socket.readAll();
        qsizetype begin = 0;
        for (qsizetype end = m_buffer.indexOf('\n', m_scanned); end >= 0; end = m_buffer.indexOf('\n', begin)) {
            relayAnswer(m_buffer.mid(begin, end - begin));
            begin = end + 1;
        }
        m_buffer.remove(0, begin);
        m_scanned = m_buffer.size();
    }

    void relayAnswer(const QByteArray& line)
    {
        if (const auto message = mcp::readMessage(line, m_document); message && message->isAnswer()) {
            if (m_swallow.isValid() && message->id() == m_swallow) {
                m_swallow = {};
                m_pending.remove(message->id());
                return;
            }
            m_pending.remove(message->id());
        }
        writeLine(line);
    }

    void lost()
    {
        if (m_closing)
            return;
        m_buffer.clear();
        m_scanned = 0;
        for (const mcp::RequestId& id : std::as_const(m_pending))
            writeLine(mcp::makeErrorResponse(id, mcp::error_code::ServerError,
                                             "Oriel was restarted while it worked on this request; send it again."));
        m_pending.clear();
        m_waited.restart();
        m_started = true; // A restart brings its own process; one more would only fight for the lock.
        QTimer::singleShot(3'000, this, [this] { m_started = false; });
        retryLater();
    }

    static qint64 clientPid()
    {
#ifdef Q_OS_UNIX
        return getppid();
#else
        return 0;
#endif
    }

    const Options& m_options;
    QLocalSocket m_socket;
    InputReader m_input;
    json::Document m_document;
    QElapsedTimer m_waited;
    QByteArrayList m_waiting;
    QByteArray m_buffer;
    qsizetype m_scanned = 0;
    QByteArray m_initialize;
    mcp::RequestId m_initializeId;
    mcp::RequestId m_swallow;
    QSet<mcp::RequestId> m_pending;
    bool m_started = false;
    bool m_retryPending = false;
    bool m_closing = false;
};

/// The bridge to an endpoint anywhere: our Streamable HTTP transport with stdin and stdout behind it.
class HttpBridge final : public QObject, public upstream::TransportHandler {
    Q_OBJECT
public:
    HttpBridge(const Options& options, const Clock& clock) : m_client({}, clock)
    {
        upstream::HttpSettings http;
        http.server = QStringLiteral("endpoint");
        http.url = options.url;
        if (const QByteArray token = qgetenv("ORIEL_TOKEN"); !token.isEmpty())
            http.headers.append({QByteArrayLiteral("Authorization"), "Bearer " + token});
        m_transport = upstream::makeHttpTransport(std::move(http), m_client, clock, *this);
        connect(&m_input, &InputReader::line, this, &HttpBridge::relayRequest);
        connect(&m_input, &InputReader::closed, this, [this] { m_transport->close(); });
        m_transport->start();
    }
    ~HttpBridge() override
    {
        m_input.terminate();
        m_input.wait();
    }

    void onStarted() override { m_input.start(); }
    void onFrame(QByteArray frame, const upstream::FrameOrigin& /*origin*/) override
    {
        if (const auto message = mcp::readMessage(frame, m_document); message && message->isAnswer()) {
            m_requests.removeIf([&](const auto& entry) { return entry.value() == message->id(); });
            if (message->id() == m_initializeId && message->kind == mcp::Message::Kind::Response)
                m_transport->setProtocolVersion(m_document.root().find("result").find("protocolVersion").asUtf8());
        }
        writeLine(frame);
    }
    void onSendFailed(std::int64_t requestId, const upstream::SendFailure& failure) override
    {
        const mcp::RequestId id = m_requests.take(requestId);
        if (id.isValid())
            writeLine(mcp::makeErrorResponse(id, mcp::error_code::ServerError, failure.error.toString().toUtf8()));
    }
    void onStrayOutput(QByteArray /*line*/, std::int64_t /*suppressed*/) override {}
    void onOversizedFrame(QByteArray /*head*/, QByteArray /*tail*/, qint64 bytes) override
    {
        printError(QStringLiteral("oriel bridge: a message of %1 bytes was dropped: the limit is 64 MiB").arg(bytes));
    }
    [[nodiscard]] bool isAwaited(std::int64_t requestId) override { return m_requests.contains(requestId); }
    void onStderr(QByteArray /*line*/, std::int64_t /*suppressed*/) override {}
    void onClosed(const upstream::CloseReason& reason) override
    {
        const bool asked = reason.kind == upstream::CloseReason::Kind::Requested;
        if (!asked)
            reportError(reason.error);
        QCoreApplication::exit(asked ? Success : Failure);
    }

private:
    void relayRequest(const QByteArray& line)
    {
        const auto message = mcp::readMessage(line, m_document);
        if (!message) {
            if (message.error().answerable)
                writeLine(message.error().toResponse());
            return;
        }
        upstream::SendOptions send;
        if (message->isRequest()) {
            send.requestId = ++m_lastRequest;
            send.initialize = message->methodId == mcp::MethodId::Initialize;
            if (send.initialize)
                m_initializeId = message->id();
            m_requests.insert(send.requestId, message->id());
        }
        if (const Status sent = m_transport->send(line, send); !sent && message->isRequest())
            onSendFailed(send.requestId, {sent.error(), 0, false, false, {}});
    }

    http::Client m_client;
    std::unique_ptr<upstream::Transport> m_transport;
    InputReader m_input;
    json::Document m_document;
    QHash<std::int64_t, mcp::RequestId> m_requests;
    std::int64_t m_lastRequest = 0;
    mcp::RequestId m_initializeId;
};

} // namespace

int runBridge(const Options& options)
{
    if (!options.url.isEmpty()) {
        SystemClock clock;
        HttpBridge bridge(options, clock);
        return QCoreApplication::exec();
    }
    LocalBridge bridge(options);
    return QCoreApplication::exec();
}

} // namespace oriel::app

#include "bridge.moc"
