// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/connections/connection_pool.h"

namespace oriel::gateway {

/// How a client gets to know the gateway: `initialize` of the handshake revisions, `server/discover` of 2026-07-28. Gateway
/// thread only.
class Handshake {
public:
    Handshake(const GatewayContext& context, Answers& answers, ConnectionPool& pool)
        : m_context(context),
          m_answers(answers),
          m_pool(pool)
    {}

    /// Settles revision, capabilities and name of the session. False: refused, and the session closed.
    bool initialize(downstream::Incoming& incoming, telemetry::CallRecord& record);
    void discover(downstream::Incoming& incoming, telemetry::CallRecord& record);
    /// There is a new configuration: the next answer is no cache hit.
    void configure() { m_isFresh = true; }

private:
    [[nodiscard]] mcp::Implementation ownInfo() const;
    void countAnswer();

    const GatewayContext& m_context;
    Answers& m_answers;
    ConnectionPool& m_pool;
    json::Document m_document;
    bool m_isFresh = true;
};

} // namespace oriel::gateway
