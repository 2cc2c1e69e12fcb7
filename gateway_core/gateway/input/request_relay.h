// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/calls/open_calls.h"
#include "gateway/clients/client_sessions.h"
#include "gateway/connections/connection_pool.h"
#include "gateway/input/elicitation_pages.h"
#include "gateway/input/held_input.h"

namespace oriel::gateway {

/// Requests of servers (sampling, elicitation, roots) on their way to the client whose they are (request_routing.h), in the form
/// of its era; and the clients' roots, which servers know of one client each. Gateway thread only.
class RequestRelay {
public:
    RequestRelay(const GatewayContext& context, ClientWire& wire, const ConnectionPool& pool, const ClientSessions& sessions,
                 OpenCalls& calls, ElicitationPages& pages, HeldInput& held)
        : m_context(context),
          m_wire(wire),
          m_pool(pool),
          m_sessions(sessions),
          m_calls(calls),
          m_pages(pages),
          m_held(held)
    {}

    /// Passes a request on, or refuses it where no client can be asked.
    void relay(upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related);
    /// The client's call that a request is a part of, for the wire log; its span is that of the hop.
    [[nodiscard]] telemetry::WireCall callOf(const upstream::ServerConnection& connection, const mcp::Message& request,
                                             upstream::CallToken related) const;
    /// notifications/roots/list_changed of a client.
    void relayRootsChange(const downstream::Incoming& incoming);
    /// A server that is gone, or begins a new session, waits for nothing any more.
    void forgetQuestions(const upstream::ServerConnection& connection);

private:
    struct Asked {
        std::shared_ptr<downstream::Session> session; ///< null: nobody can be asked
        quint64 cookie = 0;                           ///< of its call, if that is known
        QByteArray refusal;                           ///< for the server when nobody can
    };
    [[nodiscard]] Asked choose(const upstream::ServerConnection& connection, const mcp::Message& request,
                               upstream::CallToken related) const;
    [[nodiscard]] telemetry::WireCall wireCallOf(const Asked& asked) const;
    void refuse(upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related,
                const QByteArray& refusal);

    const GatewayContext& m_context;
    ClientWire& m_wire;
    const ConnectionPool& m_pool;
    const ClientSessions& m_sessions;
    OpenCalls& m_calls;
    ElicitationPages& m_pages;
    HeldInput& m_held;
};

} // namespace oriel::gateway
