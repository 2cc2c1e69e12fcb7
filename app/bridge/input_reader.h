// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QThread>

namespace oriel::app {

/// Reads stdin on a thread of its own: a blocking read is the one way that works for pipes on every platform.
class InputReader final : public QThread {
    Q_OBJECT
public:
    static constexpr qsizetype kMaxLineBytes = 64 * 1024 * 1024;

    using QThread::QThread;
    ~InputReader() override;

Q_SIGNALS:
    void line(const QByteArray& text);
    /// A line beyond the limit was dropped.
    void oversized(qint64 bytes);
    void closed();

protected:
    void run() override;
};

} // namespace oriel::app
