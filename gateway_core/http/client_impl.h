// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "http/client_connection.h"
#include "http/sweep_timer.h"

#include <deque>
#include <unordered_map>
#include <vector>

namespace oriel::http {

/// The pool behind Client.
struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
    struct Origin {
        std::vector<std::shared_ptr<ClientConnection>> idle; ///< the latest used last
        std::vector<std::shared_ptr<ClientConnection>> busy;
        std::deque<std::shared_ptr<ClientTask>> waiting;
        std::optional<QNetworkProxy> proxy;
        std::int64_t proxyKnownNs = 0;
        qsizetype resolvingProxy = 0; ///< tasks that will open a connection once the proxy is known
    };

    Impl(Client& owner, ClientSettings clientSettings, const Clock& clientClock);

    void start(const std::shared_ptr<ClientTask>& task);
    void open(const std::shared_ptr<ClientTask>& task);
    void openThrough(const std::shared_ptr<ClientTask>& task, const QNetworkProxy& proxy);
    /// Runs `task` again on a new connection.
    void retry(const std::shared_ptr<ClientTask>& task);
    void cancel(const std::shared_ptr<ClientTask>& task);
    void fail(const std::shared_ptr<ClientTask>& task, ClientError error);
    /// The connection has finished a response and can serve again.
    void keep(const std::shared_ptr<ClientConnection>& connection);
    void forget(ClientConnection* connection);
    void serveWaiting(const QString& originKey);
    void sweepDeadlines();
    void shutDown();
    /// Runs `work` from the event loop, unless the client is gone by then.
    void later(std::function<void()> work);

    Client* client;
    const ClientSettings settings;
    const Clock& clock;
    SweepTimer sweep;
    QByteArray scratch;
    std::unordered_map<QString, Origin> origins; ///< by Endpoint::origin(); never shrinks: a gateway has few upstreams
};

} // namespace oriel::http
