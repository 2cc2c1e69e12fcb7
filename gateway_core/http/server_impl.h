// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/server.h"
#include "http/server_connection.h"
#include "http/sweep_timer.h"

#include <QTcpServer>

#include <memory>
#include <unordered_map>
#include <vector>

namespace oriel::http {

/// Hands accepted descriptors on without making sockets of them.
class Listener final : public QTcpServer {
public:
    explicit Listener(std::function<void(qintptr)> accept) : m_accept(std::move(accept)) {}

protected:
    void incomingConnection(qintptr descriptor) override { m_accept(descriptor); }

private:
    std::function<void(qintptr)> m_accept;
};

/// What the server's connections share.
struct Server::Impl {
    Impl(Server& owner, ServerLimits serverLimits, const Clock& serverClock);
    ~Impl();

    void accept(qintptr descriptor);
    void forget(std::uint64_t id);
    /// Lets `connection` be woken once, after the running event.
    void schedule(std::shared_ptr<ServerConnection> connection);
    void wakeScheduled();
    void sweepDeadlines();
    QByteArrayView date();

    Server& server;
    ServerLimits limits;
    const Clock& clock;
    Handler handler;
    HeadCheck headCheck;
    OnRefusal onRefusal;
    Counters counters;
    Listener listener;
    std::vector<std::unique_ptr<Listener>> further; ///< at other addresses, on the same port
    QByteArray scratch;
    qsizetype partialBodyBytes = 0; ///< of all connections
    std::unordered_map<std::uint64_t, std::shared_ptr<ServerConnection>> connections;
    std::vector<std::shared_ptr<ServerConnection>> scheduled;
    SweepTimer sweep;
    std::int64_t stopDueNs = 0;
    std::uint64_t nextId = 1;
    std::int64_t dateSecond = -1;
    QByteArray dateText;
    bool wakePosted = false;
    bool stopping = false;
};

} // namespace oriel::http
