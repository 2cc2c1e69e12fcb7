// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/clients/client_sessions.h"
#include "gateway/subscriptions/listen_streams.h"

namespace oriel::gateway {

/// Tells clients that a list has changed: each session of the handshake revisions, and the streams that asked for it. Gateway
/// thread only.
class ListChanges {
public:
    ListChanges(ClientWire& wire, const ConnectionPool& pool, const ClientSessions& sessions, ListenStreams& streams)
        : m_wire(wire),
          m_pool(pool),
          m_sessions(sessions),
          m_streams(streams)
    {}

    /// To those that use the connection `of`; null: to all.
    void announce(mcp::ListKind kind, const upstream::ServerConnection* of = nullptr);

private:
    ClientWire& m_wire;
    const ConnectionPool& m_pool;
    const ClientSessions& m_sessions;
    ListenStreams& m_streams;
};

} // namespace oriel::gateway
