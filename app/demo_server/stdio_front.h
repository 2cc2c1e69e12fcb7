// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "demo_session.h"

#include <thread>

namespace oriel::demo {

/// The demo server on stdin and stdout, one message a line. A thread of its own waits for input, so it works alike on every
/// system.
class StdioFront final : public QObject {
    Q_OBJECT
public:
    explicit StdioFront(std::shared_ptr<Shared> shared);
    ~StdioFront() override;
    void start();

Q_SIGNALS:
    void ended();

private:
    void takeLine(const QByteArray& line);

    std::shared_ptr<Shared> m_shared;
    Session m_session;
    std::shared_ptr<Channel> m_channel;
    std::thread m_reader;
};

} // namespace oriel::demo
