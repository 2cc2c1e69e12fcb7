// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QHostAddress>
#include <QSocketNotifier>

#include <functional>
#include <memory>

namespace oriel::http {

/// An accepted TCP connection without buffers of its own, on Qt's event loop. QTcpSocket reads and writes an accepted descriptor
/// through two ring buffers and wakes the event loop for each answer, ten system calls a request; this takes three. Owns the
/// descriptor. Only on the thread it was made on.
class StreamSocket {
public:
    enum class ReadState : quint8 { Bytes, WouldBlock, End, Failed };

    explicit StreamSocket(qintptr descriptor);
    ~StreamSocket();
    StreamSocket(const StreamSocket&) = delete;
    StreamSocket& operator=(const StreamSocket&) = delete;

    /// Makes it non-blocking, turns Nagle's algorithm off and starts watching for input. False when the system refuses.
    bool start(std::function<void()> readable, std::function<void()> writable);

    [[nodiscard]] QHostAddress peerAddress() const { return m_peer; }
    [[nodiscard]] quint16 peerPort() const { return m_peerPort; }

    /// Reads what is there, at most `size` bytes. `count` is set for Bytes.
    ReadState read(char* data, qsizetype size, qsizetype* count);
    /// Gives how many bytes the kernel took; 0 when it is full (writable is then called once there is room), -1 when the peer has
    /// gone.
    qsizetype write(QByteArrayView bytes);

    void setReading(bool on);
    /// Ends our side of the stream: the peer reads what was sent, then the end. Closing both sides while input waits unread would
    /// make the kernel send a reset that can overtake the last answer.
    void shutdownSending();
    /// Closes at once. Safe within a callback.
    void close();
    [[nodiscard]] bool isOpen() const { return m_descriptor != -1; }

private:
    qintptr m_descriptor;
    QHostAddress m_peer;
    quint16 m_peerPort = 0;
    std::function<void()> m_writable;
    QSocketNotifier* m_readNotifier = nullptr;
    QSocketNotifier* m_writeNotifier = nullptr;
};

} // namespace oriel::http
