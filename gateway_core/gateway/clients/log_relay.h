// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/active_calls.h"
#include "gateway/clients/client_sessions.h"
#include "gateway/connections/connection_pool.h"

namespace oriel::gateway {

/// Servers' log messages (G5, L1): each is a log record, and goes to the clients that it concerns, from the level that they asked
/// for; servers are told the lowest of those. Gateway thread only.
class LogRelay {
public:
    /// `ignored` gets the answers of servers, which change nothing.
    LogRelay(const GatewayContext& context, ClientWire& wire, Answers& answers, ConnectionPool& pool,
             const ClientSessions& sessions, const ActiveCalls& calls, upstream::ReplyHandler& ignored)
        : m_context(context),
          m_wire(wire),
          m_answers(answers),
          m_pool(pool),
          m_sessions(sessions),
          m_calls(calls),
          m_ignored(ignored)
    {}

    /// `logging/setLevel` of a client.
    void setLevel(downstream::Incoming& incoming, telemetry::CallRecord& record);
    /// Tells the servers that the client uses; does nothing where they know.
    void tellServersOf(const downstream::Session& session);
    /// Tells a server that has become ready.
    void tellServer(upstream::ServerConnection& connection);
    /// A server that starts anew does not know its level any more.
    void forget(const upstream::ServerConnection& connection) { m_levels.remove(&connection); }

    /// `notifications/message`. `related`: the call that it belongs to, if known.
    void relay(const upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related);

private:
    void recordLog(const upstream::ServerConnection& connection, const json::Value& params, const ActiveCall* call);

    const GatewayContext& m_context;
    ClientWire& m_wire;
    Answers& m_answers;
    ConnectionPool& m_pool;
    const ClientSessions& m_sessions;
    const ActiveCalls& m_calls;
    upstream::ReplyHandler& m_ignored;
    QHash<const upstream::ServerConnection*, downstream::LogLevel> m_levels; ///< that servers were told
    json::Document m_document;
};

} // namespace oriel::gateway
