// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "downstream/message_handler.h"

#include <QHash>
#include <QIODevice>
#include <QObject>

#include <memory>

class QLocalSocket;

namespace oriel::downstream {

class LineSession;

/// The endpoint of `oriel bridge`: each local socket is one client that speaks MCP's stdio framing, one JSON-RPC message a line.
/// The sockets come from the service, which has checked the peer and read its greeting. Gateway thread only.
class LineEndpoint final : public QObject {
    Q_OBJECT
public:
    static constexpr qsizetype kMaxLineBytes = 64 * 1024 * 1024;
    static constexpr qint64 kMaxQueuedBytes = 128 * 1024 * 1024; ///< of a client that does not read; its connection is closed

    struct Dependencies {
        const Clock& clock;
        Random& random;
        MessageHandler& handler;
    };
    /// What the bridge told when it connected.
    struct Greeting {
        QByteArray server; ///< `--server NAME`: only this one; empty: all
        qint64 pid = 0;    ///< of the client that started the bridge, where the system tells
    };

    explicit LineEndpoint(Dependencies dependencies, qint64 maxQueuedBytes = kMaxQueuedBytes, QObject* parent = nullptr);
    ~LineEndpoint() override;

    /// Takes over a connected socket that lives on this thread.
    void serve(QLocalSocket* socket, const Greeting& greeting);
    /// Closes every connection.
    void stop();
    [[nodiscard]] QList<std::shared_ptr<Session>> sessions() const;

private:
    friend class LineSession;
    void readLines(QLocalSocket* socket);
    [[nodiscard]] static std::optional<Refusal> describe(LineSession& session, const mcp::Message& message);
    void refuse(const std::shared_ptr<LineSession>& session, const mcp::Message& message, const Refusal& refusal,
                const std::shared_ptr<BatchReply>& batch = nullptr);
    [[nodiscard]] Incoming incomingOf(std::shared_ptr<LineSession> session, mcp::Message message) const;
    void handleLine(const std::shared_ptr<LineSession>& session, const QByteArray& line);
    void drop(QLocalSocket* socket);

    Dependencies m_deps;
    qint64 m_maxQueuedBytes;
    json::Document m_document;
    QHash<QLocalSocket*, std::shared_ptr<LineSession>> m_sessions;
};

} // namespace oriel::downstream
