// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QLocalServer>
#include <QObject>
#include <QString>

#include <functional>
#include <memory>

class QLocalSocket;
class QLockFile;

namespace oriel::service {

/// Where a running Oriel listens; 0: it does not.
struct RuntimePorts {
    quint16 gateway = 0;
    quint16 otlpGrpc = 0;
    quint16 otlpHttp = 0;
};

/// One data directory has one owner. Holds the lock file for the life of the process and writes `runtime.json` (mode 0600: pid,
/// ports, socket), by which other Oriel processes of the user find it.
class DataDirectoryLock {
public:
    DataDirectoryLock();
    ~DataDirectoryLock();
    /// Makes the directory (0700) if needed. AlreadyExists: another Oriel owns it; the context tells its pid.
    Status acquire(const QString& dataDir);
    Status writeRuntime(const RuntimePorts& ports, const QString& socketName) const;
    void release();

private:
    QString m_dataDir;
    std::unique_ptr<QLockFile> m_lock;
};

/// What `runtime.json` tells of a running Oriel.
struct RuntimeInfo {
    qint64 pid = 0;
    quint16 port = 0;
    QString socketName;
    [[nodiscard]] QString endpoint() const { return QStringLiteral("http://127.0.0.1:%1/mcp").arg(port); }
};
/// NotFound when no Oriel owns the directory; what one left there that was killed is cleared away.
Result<RuntimeInfo> readRuntime(const QString& dataDir);

/// The local socket of a data directory's owner. A peer of the same user sends one line of JSON first:
/// {"role":"bridge","server":"…","pid":n} and then MCP lines, or {"role":"command","command":"…","arguments":{…}} and gets one
/// line back, {"ok":true,"value":…} or {"ok":false,"error":…}. Lives on the gateway thread, where the bridges' sockets stay.
class LocalControl final : public QObject {
    Q_OBJECT
public:
    static constexpr qint64 kMaxGreetingBytes = 1024 * 1024;

    /// Answers a command: JSON text of the value, or an error.
    using Respond = std::function<void(Result<QByteArray>)>;
    struct Handlers {
        std::function<void(QLocalSocket*, const QByteArray& server, qint64 pid)> bridge;
        std::function<void(const QByteArray& command, const QByteArray& arguments, Respond)>
            command; ///< may answer later, from any thread
    };

    explicit LocalControl(Handlers handlers, QObject* parent = nullptr);
    /// Gives the socket's name.
    Result<QString> listen(const QString& dataDir);
    void close();

    /// The name for a data directory: short enough for every platform's limit.
    static QString socketNameFor(const QString& dataDir);

private:
    void greet(QLocalSocket* socket);
    void handleGreeting(QLocalSocket* socket, const QByteArray& line);

    Handlers m_handlers;
    QLocalServer m_server;
};

/// Sends one command to the Oriel that owns the directory and waits for its answer, at most `timeoutMs`. Unavailable when none
/// runs. Blocks: for the command line only.
Result<QByteArray> sendCommand(const QString& dataDir, const QByteArray& command, const QByteArray& arguments,
                               int timeoutMs = 10'000);

} // namespace oriel::service
