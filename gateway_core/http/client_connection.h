// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "http/message_parser.h"
#include "http/write_queue.h"

#include <QPointer>
#include <QTcpSocket>

class QSslError;

namespace oriel::http {

class ClientConnection;

/// One request on its way: made by Client::send, held by the queue or by the connection that serves it.
class ClientTask {
public:
    ClientRequest request;
    ResponseHandler handler;
    ClientTimings timings;
    std::weak_ptr<Client::Impl> client;
    std::weak_ptr<ClientConnection> connection;
    bool finished = false;  ///< no callback may follow
    bool freshOnly = false; ///< a kept connection has failed it
    bool paused = false;
};

/// One connection to one origin; serves one request after another. Owned by Client::Impl, on its thread.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
public:
    ClientConnection(Client::Impl& client, QString origin);
    ~ClientConnection();
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    [[nodiscard]] const QString& origin() const { return m_origin; }
    [[nodiscard]] const std::shared_ptr<ClientTask>& task() const { return m_task; }

    /// Begins to connect for `task`, which is sent when the connection stands.
    void open(const std::shared_ptr<ClientTask>& task, const QNetworkProxy& proxy);
    /// Takes a further task. Only on a kept connection.
    void serve(const std::shared_ptr<ClientTask>& task);
    /// False if the peer has closed this kept connection or sent something nobody asked for.
    [[nodiscard]] bool isStillGood(std::int64_t nowNs);
    /// Drops everything without a callback.
    void close();
    void resumeReading();

    [[nodiscard]] std::int64_t deadlineNs() const { return m_deadlineNs; }
    void expire();

private:
    enum class Phase : quint8 { Connecting, Securing, Idle, Sending, Body, Closed };

    void watch();
    void onConnected();
    void onReady();
    void onReadable();
    void onGone();
    void flush();
    void consume(QByteArrayView input);
    bool takeHead();
    void takeBody(QByteArrayView piece);
    /// Gives what the socket's read() gave.
    qint64 readBodyDirectly();
    void complete();
    /// Ends the connection and its request; through the event loop while the caller is still inside send().
    void failWith(ErrorCode code, const QString& message, const QString& remedy = {});
    void finishFailure(ClientError error);
    void setDeadline(std::chrono::milliseconds timeout);
    [[nodiscard]] ClientError::Phase errorPhase() const;
    [[nodiscard]] bool isCurrent(const std::shared_ptr<ClientTask>& task) const;
    [[nodiscard]] QString timeoutMessage() const;

    Client::Impl* m_client;
    const QString m_origin;
    QTcpSocket* m_socket = nullptr;
    MessageParser m_parser;
    WriteQueue m_out;
    QByteArray m_in; ///< received and not parsed yet
    QByteArray m_body;
    std::shared_ptr<ClientTask> m_task;
    QString m_tlsErrors;
    std::int64_t m_deadlineNs;
    std::int64_t m_idleSinceNs = 0;
    std::chrono::milliseconds m_keepFor{0};
    Phase m_phase = Phase::Connecting;
    BodyMode m_mode = BodyMode::Collect;
    bool m_resolved = false;
    bool m_tls = false;
    bool m_unbuffered = false;
    bool m_wrote = false; ///< of the current request
    bool m_responseBegan = false;
    bool m_inSend = false;
    bool m_resuming = false;   ///< resumeReading() is on its way through the event loop
    bool m_goneUnread = false; ///< the peer, before all of its response was taken from the socket
};

} // namespace oriel::http
