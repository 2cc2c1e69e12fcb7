// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <deque>

namespace oriel::http {

/// What waits to be sent on one socket. Small pieces are gathered into one, so that they leave with one system call; large ones
/// are kept by reference. Not thread-safe.
class WriteQueue {
public:
    /// The piece that further small text is to be appended to; call gathered() afterwards.
    QByteArray& gather();
    void gathered();

    void append(QByteArrayView small);
    void append(const QByteArray& bytes);

    [[nodiscard]] bool isEmpty() const { return m_bytes == 0; }
    [[nodiscard]] qint64 size() const { return m_bytes; }

    /// The bytes to send next; empty when there are none.
    [[nodiscard]] QByteArrayView front() const;
    /// `count` bytes of front() are gone.
    void consume(qsizetype count);
    void clear();

private:
    std::deque<QByteArray> m_segments;
    qsizetype m_sent = 0;        ///< of the first segment
    qsizetype m_gatherStart = 0; ///< size of the gathering segment when it was lent
    qint64 m_bytes = 0;
    bool m_lastGathers = false; ///< the last segment is ours to append to
};

} // namespace oriel::http
