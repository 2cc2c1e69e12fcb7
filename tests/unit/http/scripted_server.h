// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSslConfiguration>
#include <QSslServer>
#include <QTcpSocket>

#include <functional>
#include <memory>

/// A server that is told byte by byte what to say: `onData(connection number, socket, everything received on it)` runs for each
/// arrival.
class ScriptedServer {
public:
    using Script = std::function<void(int, QTcpSocket&, QByteArray&)>;

    explicit ScriptedServer(Script script, const QSslConfiguration& tls = {}) : m_script(std::move(script))
    {
        if (tls.localCertificate().isNull()) {
            m_server = std::make_unique<QTcpServer>();
        } else {
            auto server = std::make_unique<QSslServer>();
            server->setSslConfiguration(tls);
            m_server = std::move(server);
        }
        QObject::connect(m_server.get(), &QTcpServer::pendingConnectionAvailable, m_server.get(), [this] {
            while (QTcpSocket* socket = m_server->nextPendingConnection())
                serve(socket);
        });
        m_server->listen(QHostAddress(QHostAddress::LocalHost), 0);
    }
    [[nodiscard]] quint16 port() const { return m_server->serverPort(); }

    int accepted = 0;
    int closed = 0;

private:
    void serve(QTcpSocket* socket)
    {
        const int number = accepted++;
        const auto received = std::make_shared<QByteArray>();
        QObject::connect(socket, &QTcpSocket::readyRead, socket, [this, number, socket, received] {
            *received += socket->readAll();
            m_script(number, *socket, *received);
        });
        QObject::connect(socket, &QTcpSocket::disconnected, socket, [this, socket] {
            ++closed;
            socket->deleteLater();
        });
        if (socket->bytesAvailable() > 0)
            Q_EMIT socket->readyRead();
    }

    Script m_script;
    std::unique_ptr<QTcpServer> m_server;
};
