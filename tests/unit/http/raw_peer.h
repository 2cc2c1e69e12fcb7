// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QTcpSocket>
#include <QTimer>

/// Runs the event loop until `condition` holds; false after ten seconds. Unlike QTRY_VERIFY it looks after every event.
template <class Condition> bool spinUntil(Condition condition)
{
    const QDeadlineTimer deadline(10'000);
    QTimer wake;
    wake.start(200);
    while (!condition()) {
        if (deadline.hasExpired())
            return false;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return true;
}

/// A client that sends exactly the bytes it is told to and keeps what comes back.
class RawPeer {
public:
    explicit RawPeer(quint16 port)
    {
        QObject::connect(&m_socket, &QTcpSocket::readyRead, &m_socket, [this] { received += m_socket.readAll(); });
        m_socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
        spinUntil([this] { return m_socket.state() == QAbstractSocket::ConnectedState || isClosed(); });
        m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    }
    void send(const QByteArray& bytes)
    {
        m_socket.write(bytes);
        m_socket.flush();
    }
    [[nodiscard]] bool isClosed() const { return m_socket.state() == QAbstractSocket::UnconnectedState; }
    void close() { m_socket.abort(); }
    QTcpSocket& socket() { return m_socket; }

    /// The status of the answer number `index` (each beginning with "HTTP/1.1 "), 0 if it has not come.
    [[nodiscard]] int status(int index = 0) const
    {
        qsizetype at = -1;
        for (int i = 0; i <= index; ++i) {
            at = received.indexOf("HTTP/1.1 ", at + 1);
            if (at < 0)
                return 0;
        }
        return received.mid(at + 9, 3).toInt();
    }
    [[nodiscard]] qsizetype answers() const { return received.count("HTTP/1.1 "); }

    QByteArray received;

private:
    QTcpSocket m_socket;
};
