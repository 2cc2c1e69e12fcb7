// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/tasks/task_creation.h"
#include "gateway/tasks/task_follower.h"
#include "gateway/tasks/task_requests.h"

namespace oriel::gateway {

/// Tasks of either form between clients and servers of either era: the one door to them for the rest of the gateway. Ids that
/// clients see are ours. Gateway thread only.
class TaskRelay {
public:
    /// `replies` hears of the answers to all requests made here, and hands those back to takeReply() and takeErrand().
    TaskRelay(const GatewayContext& context, ClientWire& wire, Answers& answers, const ConnectionPool& pool, OpenCalls& calls,
              ElicitationPages& pages, ListenStreams& streams, upstream::ReplyHandler& replies);

    // --- what clients do
    /// A tools/call that may become a task. False when it was answered with a refusal.
    bool plan(downstream::Incoming& incoming, telemetry::CallRecord& record, const upstream::ServerConnection& connection,
              ActiveCall& call)
    {
        return m_creation.plan(incoming, record, connection, call);
    }
    void serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record) ///< tasks/…
    {
        m_requests.serve(std::move(incoming), std::move(record));
    }
    void leave(const ActiveCall& call) { m_lifecycle.leave(call); } ///< its client no longer waits
    /// Those of `ids` that are the session's; each new listener begins with how its tasks are. listensAnew() follows.
    [[nodiscard]] QSet<QByteArray> heardBy(const downstream::Session& session, const json::Value& ids);
    void listensAnew() { m_lifecycle.schedule(); }

    // --- what servers do
    /// True when the answer was all about a task and has been dealt with; `call` may be null then.
    bool takeReply(std::unique_ptr<ActiveCall>& call, upstream::Reply& reply);
    /// A reply with a cookie for which isErrand() is true.
    void takeErrand(quint64 cookie, upstream::Reply& reply) { m_follower.take(cookie, reply); }
    [[nodiscard]] static bool isErrand(quint64 cookie) { return Tasks::isCookie(cookie); }
    /// A request of a server. False when it belongs to no task.
    bool takeQuestion(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
    {
        return m_questions.take(connection, message, related);
    }
    void withdrawQuestion(const upstream::ServerConnection& connection, const mcp::Message& cancelled)
    {
        m_questions.withdraw(connection, cancelled);
    }
    void relayStatus(const upstream::ServerConnection& connection, const mcp::Message& message)
    {
        m_notices.relayStatus(connection, message);
    }
    void relayProgress(const upstream::ServerConnection& connection, const mcp::Message& message)
    {
        m_notices.relayProgress(connection, message);
    }
    /// The message with its task under the id that clients know.
    [[nodiscard]] mcp::Message shown(const upstream::ServerConnection& connection, const mcp::Message& message) const
    {
        return m_notices.shown(connection, message);
    }

    // --- ends
    void endSession(const downstream::Session& session);
    void endConnection(const upstream::ServerConnection& connection);
    void endAll();
    /// True while a task of this connection has not ended.
    [[nodiscard]] bool isWorking(const upstream::ServerConnection& connection) const;
    void addHoldings(Holdings& held) const;

private:
    const GatewayContext& m_context;
    TaskLifecycle m_lifecycle;
    TaskNotices m_notices;
    TaskQuestions m_questions;
    TaskFollower m_follower;
    TaskCreation m_creation;
    TaskRequests m_requests;
};

} // namespace oriel::gateway
