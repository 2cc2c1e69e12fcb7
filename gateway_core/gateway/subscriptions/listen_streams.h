// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/client_wire.h"
#include "gateway/connections/connection_pool.h"
#include "gateway/subscriptions/listeners.h"

namespace oriel::gateway {

/// The open `subscriptions/listen` streams of clients of 2026-07-28, and what is told on them. A stream hears nothing before its
/// acknowledgement; what comes earlier is kept and follows. Gateway thread only.
class ListenStreams {
public:
    ListenStreams(const GatewayContext& context, ClientWire& wire, const ConnectionPool& pool)
        : m_context(context),
          m_wire(wire),
          m_pool(pool)
    {}

    Listener& add(std::unique_ptr<Listener> listener) { return m_listeners.add(std::move(listener)); }
    /// Those for which `matches` is true, taken out.
    template <class Predicate> std::vector<std::unique_ptr<Listener>> takeIf(Predicate&& matches)
    {
        return m_listeners.takeIf(std::forward<Predicate>(matches));
    }
    [[nodiscard]] const std::vector<std::unique_ptr<Listener>>& all() const { return m_listeners.all(); }

    /// The first thing that a stream hears: what of its wishes is honoured.
    void acknowledge(Listener& listener);
    void tell(Listener& listener, const QByteArray& frame);
    /// A list has changed, of this connection alone or (null) of all.
    void tellList(mcp::ListKind kind, QByteArrayView method, const upstream::ServerConnection* of);
    /// notifications/resources/updated for the listener that subscribed as `subscriber`; others are passed over.
    void tellUpdated(const void* subscriber, const mcp::Message& updated);
    [[nodiscard]] bool hearsOfTask(const QByteArray& id) const; ///< some listener asked for this task

private:
    const GatewayContext& m_context;
    ClientWire& m_wire;
    const ConnectionPool& m_pool;
    Listeners m_listeners;
};

} // namespace oriel::gateway
