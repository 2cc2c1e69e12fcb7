// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "reserved_port.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QObject>
#include <QPointer>
#include <QTcpServer>
#include <QTcpSocket>

#include <functional>
#include <utility>

/// One HTTP request as the backend got it.
struct ReceivedRequest {
    QByteArray method;
    QByteArray path;
    QHash<QByteArray, QByteArray> headers; ///< names in lower case
    QByteArray body;
};

/// A tiny HTTP/1.1 backend on loopback that answers every request with what its script says, byte for byte.
class ScriptedBackend : public QObject {
    Q_OBJECT
public:
    /// What to write for request number `index` (from 0). An empty answer writes nothing and leaves the connection open.
    using Script = std::function<QByteArray(int index, const ReceivedRequest& request)>;

    explicit ScriptedBackend(Script script, QObject* parent = nullptr) : QObject(parent), m_script(std::move(script))
    {
        m_listening = m_place.listen(m_server);
        connect(&m_server, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket* socket = m_server.nextPendingConnection())
                serve(socket);
        });
    }

    [[nodiscard]] bool isListening() const { return m_listening; }
    [[nodiscard]] quint16 port() const { return m_place.port(); }
    [[nodiscard]] QString url() const { return QStringLiteral("http://127.0.0.1:%1").arg(port()); }
    [[nodiscard]] const QList<ReceivedRequest>& requests() const { return m_requests; }
    [[nodiscard]] int closedByClient() const { return m_closedByClient; }

    static QByteArray answer(const QByteArray& status, const QByteArray& body = {}, const QByteArray& moreHeaders = {},
                             const QByteArray& contentType = "application/x-protobuf")
    {
        return "HTTP/1.1 " + status + "\r\nContent-Type: " + contentType +
               "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n" + moreHeaders + "\r\n" + body;
    }
    /// Answers every request that the script left open.
    void answerOpen(const QByteArray& bytes)
    {
        for (const QPointer<QTcpSocket>& socket : std::exchange(m_open, {})) {
            if (socket)
                socket->write(bytes);
        }
    }
    /// Refuses connections, and drops those that are open, until comeBack().
    void goDown()
    {
        m_server.close();
        for (QTcpSocket* socket : m_server.findChildren<QTcpSocket*>())
            socket->abort();
        m_open.clear();
    }
    bool comeBack() { return m_server.isListening() || m_place.listen(m_server); }
    /// Written instead of an answer: the connection is closed after these bytes.
    static QByteArray thenClose(const QByteArray& bytes) { return QByteArray("\0close", 6) + bytes; }

Q_SIGNALS:
    void received();

private:
    void serve(QTcpSocket* socket)
    {
        connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
            if (!socket->property("closing").toBool())
                ++m_closedByClient;
            socket->deleteLater();
        });
        auto buffer = std::make_shared<QByteArray>();
        connect(socket, &QTcpSocket::readyRead, this, [this, socket, buffer] {
            buffer->append(socket->readAll());
            while (takeRequest(socket, *buffer)) {
            }
        });
    }

    bool takeRequest(QTcpSocket* socket, QByteArray& buffer)
    {
        const qsizetype end = buffer.indexOf("\r\n\r\n");
        if (end < 0)
            return false;
        ReceivedRequest request;
        const QList<QByteArray> lines = buffer.first(end).split('\n');
        const QList<QByteArray> start = lines.first().trimmed().split(' ');
        request.method = start.value(0);
        request.path = start.value(1);
        for (const QByteArray& line : lines.mid(1)) {
            const qsizetype colon = line.indexOf(':');
            request.headers.insert(line.first(colon).trimmed().toLower(), line.mid(colon + 1).trimmed());
        }
        const qsizetype length = request.headers.value("content-length").toLongLong();
        if (buffer.size() < end + 4 + length)
            return false;
        request.body = buffer.mid(end + 4, length);
        buffer.remove(0, end + 4 + length);
        m_requests.append(request);
        const QByteArray reply = m_script(static_cast<int>(m_requests.size()) - 1, request);
        const QByteArray closeMark("\0close", 6);
        if (reply.startsWith(closeMark)) {
            socket->setProperty("closing", true);
            socket->write(reply.mid(closeMark.size()));
            socket->disconnectFromHost();
        } else if (!reply.isEmpty()) {
            socket->write(reply);
        } else {
            m_open.append(socket);
        }
        Q_EMIT received();
        return true;
    }

    Script m_script;
    ReservedPort m_place;
    QTcpServer m_server;
    QList<ReceivedRequest> m_requests;
    QList<QPointer<QTcpSocket>> m_open;
    bool m_listening = false;
    int m_closedByClient = 0;
};
