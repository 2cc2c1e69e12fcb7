// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/local_control.h"

#include "base/json.h"
#include "base/json_writer.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QLocalSocket>
#include <QLockFile>
#include <QPointer>
#include <QSaveFile>

#ifdef Q_OS_LINUX
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace oriel::service {

namespace {

/// The socket file is the owner's alone; where the system tells who is at the other end, that is checked as well.
bool isOwnUser([[maybe_unused]] const QLocalSocket& socket)
{
#ifdef Q_OS_LINUX
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(static_cast<int>(socket.socketDescriptor()), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return false;
    return credentials.uid == geteuid();
#else
    return true;
#endif
}

QByteArray answerLine(const Result<QByteArray>& answer)
{
    json::Writer writer;
    writer.beginObject().member("ok", answer.has_value());
    if (answer) {
        writer.rawMember("value", answer->isEmpty() ? QByteArrayView("null") : QByteArrayView(*answer));
    } else {
        writer.member("code", static_cast<int>(answer.error().code))
            .member("error", answer.error().message)
            .member("context", answer.error().context)
            .member("remedy", answer.error().remedy);
    }
    return writer.endObject().take() + '\n';
}

std::unique_ptr<QLockFile> lockOf(const QString& dataDir)
{
    auto lock = std::make_unique<QLockFile>(dataDir + QStringLiteral("/lock"));
    lock->setStaleLockTime(0); // as long as its process lives
    return lock;
}

QString runtimeFile(const QString& dataDir)
{
    return dataDir + QStringLiteral("/runtime.json");
}

/// Clears away what a process left behind that did not end in order.
bool isAbandoned(const QString& dataDir)
{
    const auto lock = lockOf(dataDir);
    if (!lock->tryLock(0))
        return false;
    QFile::remove(runtimeFile(dataDir));
    return true;
}

} // namespace

DataDirectoryLock::DataDirectoryLock() = default;

DataDirectoryLock::~DataDirectoryLock()
{
    release();
}

Status DataDirectoryLock::acquire(const QString& dataDir)
{
    m_dataDir = dataDir;
    const bool existed = QDir(dataDir).exists();
    if (!QDir().mkpath(dataDir))
        return fail(ErrorCode::Io, QStringLiteral("the data directory cannot be made"), dataDir,
                    QStringLiteral("Choose another one with --data-dir."));
    if (!existed)
        QFile::setPermissions(dataDir, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    constexpr int kLongerThanALook = 200; // readRuntime() holds the lock for a moment when it finds no owner
    auto lock = lockOf(dataDir);
    if (lock->tryLock(kLongerThanALook)) {
        m_lock = std::move(lock);
        return {};
    }
    qint64 pid = 0;
    QString host;
    QString application;
    if (lock->error() == QLockFile::LockFailedError && lock->getLockInfo(&pid, &host, &application))
        return fail(ErrorCode::AlreadyExists, QStringLiteral("another Oriel (process %1) uses this data directory").arg(pid),
                    dataDir, QStringLiteral("Stop it, or give this one its own with --data-dir."));
    return fail(ErrorCode::Io, QStringLiteral("the data directory cannot be locked"), dataDir,
                QStringLiteral("Check that it is writable, or choose another one with --data-dir."));
}

Status DataDirectoryLock::writeRuntime(const RuntimePorts& ports, const QString& socketName) const
{
    json::Writer writer;
    writer.beginObject()
        .member("pid", QCoreApplication::applicationPid())
        .member("port", ports.gateway)
        .member("endpoint", QStringLiteral("http://127.0.0.1:%1/mcp").arg(ports.gateway))
        .member("otlpGrpcPort", ports.otlpGrpc)
        .member("otlpHttpPort", ports.otlpHttp)
        .member("socket", socketName)
        .endObject();
    QSaveFile file(runtimeFile(m_dataDir));
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) ||
        file.write(writer.take() + '\n') < 0 || !file.commit())
        return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), file.fileName());
    return {};
}

void DataDirectoryLock::release()
{
    if (m_lock == nullptr)
        return;
    QFile::remove(runtimeFile(m_dataDir));
    m_lock->unlock();
    m_lock.reset();
}

Result<RuntimeInfo> readRuntime(const QString& dataDir)
{
    QFile file(runtimeFile(dataDir));
    if (!file.open(QIODevice::ReadOnly) || isAbandoned(dataDir))
        return fail(ErrorCode::NotFound, QStringLiteral("no Oriel is running with this data directory"), dataDir);
    const QByteArray text = file.read(64 * 1024);
    json::Document document;
    if (const Status parsed = document.parseOrError(text, {}, file.fileName()); !parsed)
        return fail(parsed.error());
    const json::Value root = document.root();
    RuntimeInfo info;
    info.pid = root.find("pid").asInt64().value_or(0);
    info.port = static_cast<quint16>(root.find("port").asInt64().value_or(0));
    info.socketName = root.find("socket").asString();
    return info;
}

LocalControl::LocalControl(Handlers handlers, QObject* parent) : QObject(parent), m_handlers(std::move(handlers))
{
    m_server.setParent(this);
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket* socket = m_server.nextPendingConnection())
            greet(socket);
    });
}

QString LocalControl::socketNameFor(const QString& dataDir)
{
    const QByteArray digest =
        QCryptographicHash::hash(QDir(dataDir).absolutePath().toUtf8(), QCryptographicHash::Sha256).toHex().left(16);
    return QStringLiteral("oriel-") + QString::fromLatin1(digest);
}

Result<QString> LocalControl::listen(const QString& dataDir)
{
    const QString name = socketNameFor(dataDir);
    // The directory's lock is ours, so a socket of this name is left over from a process that is gone.
    QLocalServer::removeServer(name);
    if (!m_server.listen(name))
        return fail(ErrorCode::Io, QStringLiteral("the local socket cannot be opened: %1").arg(m_server.errorString()), name);
    return m_server.fullServerName();
}

void LocalControl::close()
{
    m_server.close();
}

void LocalControl::greet(QLocalSocket* socket)
{
    if (!isOwnUser(*socket)) {
        socket->abort();
        socket->deleteLater();
        return;
    }
    connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
    const auto read = [this, socket] {
        if (!socket->canReadLine()) {
            if (socket->bytesAvailable() > kMaxGreetingBytes)
                socket->abort();
            return;
        }
        QObject::disconnect(socket, nullptr, this, nullptr);
        handleGreeting(socket, socket->readLine(kMaxGreetingBytes));
    };
    connect(socket, &QLocalSocket::readyRead, this, read);
    if (socket->bytesAvailable() > 0)
        read();
}

void LocalControl::handleGreeting(QLocalSocket* socket, const QByteArray& line)
{
    json::Document document;
    if (!document.parse(line)) {
        socket->write(answerLine(fail(ErrorCode::Parse, QStringLiteral("the greeting is not a line of JSON"))));
        socket->disconnectFromServer();
        return;
    }
    const json::Value root = document.root();
    if (root.find("role").equals("bridge")) {
        QObject::disconnect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        m_handlers.bridge(socket, root.find("server").asUtf8(), root.find("pid").asInt64().value_or(0));
        return;
    }
    const json::Value arguments = root.find("arguments");
    m_handlers.command(root.find("command").asUtf8(),
                       arguments.isObject() ? arguments.raw().toByteArray() : QByteArrayLiteral("{}"),
                       [this, guarded = QPointer<QLocalSocket>(socket)](const Result<QByteArray>& answer) {
                           QMetaObject::invokeMethod(this, [guarded, reply = answerLine(answer)] {
                               if (guarded == nullptr)
                                   return;
                               guarded->write(reply);
                               guarded->disconnectFromServer();
                           });
                       });
}

Result<QByteArray> sendCommand(const QString& dataDir, const QByteArray& command, const QByteArray& arguments, int timeoutMs)
{
    const auto runtime = readRuntime(dataDir);
    if (!runtime)
        return fail(ErrorCode::Unavailable, runtime.error().message, dataDir);
    QLocalSocket socket;
    socket.connectToServer(runtime->socketName);
    if (!socket.waitForConnected(timeoutMs))
        return fail(ErrorCode::Unavailable, QStringLiteral("the running Oriel does not answer: %1").arg(socket.errorString()),
                    dataDir);
    json::Writer writer;
    writer.beginObject()
        .member("role", "command")
        .member("command", command)
        .rawMember("arguments", arguments.isEmpty() ? QByteArrayView("{}") : QByteArrayView(arguments))
        .endObject();
    socket.write(writer.take() + '\n');
    QByteArray line;
    while (!line.endsWith('\n')) {
        if (socket.bytesAvailable() == 0 && !socket.waitForReadyRead(timeoutMs))
            return fail(ErrorCode::Timeout, QStringLiteral("the running Oriel did not answer in time"), dataDir);
        line += socket.readAll();
    }
    json::Document document;
    if (const Status parsed = document.parseOrError(line); !parsed)
        return fail(parsed.error());
    const json::Value root = document.root();
    if (root.find("ok").asBool().value_or(false))
        return root.find("value").raw().toByteArray();
    return fail(static_cast<ErrorCode>(root.find("code").asInt64().value_or(static_cast<int>(ErrorCode::Internal))),
                root.find("error").asString(), root.find("context").asString(), root.find("remedy").asString());
}

} // namespace oriel::service
