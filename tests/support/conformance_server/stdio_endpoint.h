// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "server.h"

#include <QObject>

#include <thread>

namespace oriel::conformance {

/// MCP over stdin and stdout: one message a line. Both eras may be spoken on the one pipe.
class StdioEndpoint : public QObject {
    Q_OBJECT
public:
    explicit StdioEndpoint(Server& server, QObject* parent = nullptr);
    ~StdioEndpoint() override;
    void start();

Q_SIGNALS:
    /// stdin has ended and everything was told to end.
    void ended();

private:
    void takeLine(const QByteArray& line);
    void takeMessage(const QJsonValue& message, const std::shared_ptr<Channel>& channel);
    void takeBatch(const QJsonArray& messages);
    void serve(const QJsonObject& request, const std::shared_ptr<Channel>& channel);
    void takeEnd();

    Server& m_server;
    std::shared_ptr<Session> m_session;
    std::thread m_reader;
};

} // namespace oriel::conformance
