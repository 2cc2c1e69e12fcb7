// SPDX-License-Identifier: GPL-3.0-or-later
#include "local_link.h"

#include "base/json_writer.h"
#include "service/control/local_control.h"
#include "terminal.h"

#include <QCoreApplication>
#include <QProcess>

#include <algorithm>
#include <utility>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

namespace oriel::app {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kFirstWaitNs = 15 * kSecondNs;
/// A restart brings its own process; one more would only fight for the lock.
constexpr std::int64_t kRestartNs = 3 * kSecondNs;
constexpr std::int64_t kStartAgainNs = 20 * kSecondNs;
constexpr int kFirstRetryMs = 100;
constexpr int kMaxRetryMs = 2'000;

qint64 clientPid()
{
#ifdef Q_OS_UNIX
    return getppid();
#else
    return 0;
#endif
}

} // namespace

LocalLink::LocalLink(const Options& options, const Clock& clock, QObject* parent)
    : BridgeLink(parent),
      m_options(options),
      m_clock(clock)
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &LocalLink::connectToOwner);
    connect(&m_socket, &QLocalSocket::connected, this, &LocalLink::greet);
    connect(&m_socket, &QLocalSocket::readyRead, this, &LocalLink::readFrames);
    connect(&m_socket, &QLocalSocket::disconnected, this, &LocalLink::lost);
    connect(&m_socket, &QLocalSocket::errorOccurred, this, [this] {
        if (!m_isUp)
            retryLater();
    });
}

void LocalLink::open()
{
    m_awayNs = m_mayStartNs = m_clock.monotonicNs();
    connectToOwner();
}

void LocalLink::connectToOwner()
{
    if (m_closing || m_isUp)
        return;
    if (const auto runtime = service::readRuntime(m_options.dataDir)) {
        m_socket.abort();
        m_socket.connectToServer(runtime->socketName);
        return;
    }
    retryLater();
}

void LocalLink::startOwner()
{
    m_mayStartNs = m_clock.monotonicNs() + kStartAgainNs;
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

void LocalLink::retryLater()
{
    if (m_closing || m_retry.isActive())
        return;
    const std::int64_t now = m_clock.monotonicNs();
    if (!m_wasUp && now - m_awayNs > kFirstWaitNs) {
        Q_EMIT gaveUp(
            QStringLiteral("no Oriel answers for %1. Start it with 'oriel' and look at what it says.").arg(m_options.dataDir));
        return;
    }
    // A process that was killed leaves its runtime.json behind, so nothing but an answer tells that there is one.
    if (now >= m_mayStartNs)
        startOwner();
    m_retry.start(std::min(kFirstRetryMs << std::min(m_tries++, 6), kMaxRetryMs));
}

void LocalLink::greet()
{
    m_isUp = m_wasUp = true;
    m_tries = 0;
    json::Writer greeting;
    greeting.beginObject().member("role", "bridge").member("server", m_options.server).member("pid", clientPid()).endObject();
    m_socket.write(greeting.take() + '\n');
    Q_EMIT up();
}

void LocalLink::send(const QByteArray& frame)
{
    m_socket.write(frame);
    m_socket.write("\n", 1);
}

void LocalLink::readFrames()
{
    m_buffer += m_socket.readAll();
    qsizetype begin = 0;
    for (qsizetype end = m_buffer.indexOf('\n', m_scanned); end >= 0; end = m_buffer.indexOf('\n', begin)) {
        Q_EMIT received(m_buffer.mid(begin, end - begin));
        begin = end + 1;
    }
    m_buffer.remove(0, begin);
    m_scanned = m_buffer.size();
}

void LocalLink::lost()
{
    if (!std::exchange(m_isUp, false))
        return;
    readFrames();
    m_buffer.clear(); // half a frame is none
    m_scanned = 0;
    if (m_closing) {
        Q_EMIT closed();
        return;
    }
    m_awayNs = m_clock.monotonicNs();
    m_mayStartNs = m_awayNs + kRestartNs;
    Q_EMIT down();
    retryLater();
}

void LocalLink::close()
{
    m_closing = true;
    m_retry.stop();
    if (m_isUp)
        m_socket.disconnectFromServer();
    else
        Q_EMIT closed();
}

} // namespace oriel::app
