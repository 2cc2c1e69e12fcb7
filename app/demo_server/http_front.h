// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "demo_session.h"
#include "http/server.h"

#include <map>

namespace oriel::demo {

/// The demo server on Streamable HTTP at /mcp, revisions up to 2025-11-25, on the loopback address.
class HttpFront final : public QObject {
    Q_OBJECT
public:
    explicit HttpFront(std::shared_ptr<Shared> shared);
    Result<quint16> listen(quint16 port);

private:
    struct Client {
        std::unique_ptr<Session> session;
        http::Exchange stream; ///< of the GET
    };
    void handle(http::Request&& request, http::Exchange exchange);
    void post(const http::Request& request, http::Exchange exchange);
    [[nodiscard]] QByteArray newClient();

    std::shared_ptr<Shared> m_shared;
    SystemClock m_clock;
    SystemRandom m_random;
    std::map<QByteArray, Client> m_clients;
    http::Server m_server;
};

} // namespace oriel::demo
