// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/open_calls.h"
#include "gateway/subscriptions/resource_subscriptions.h"
#include "gateway/tasks/task_relay.h"

namespace oriel::gateway {

/// Calls that end before their server has answered: their client or their server goes, the client takes them back, or Oriel ends.
/// The server is told, and what was kept for the call goes. Gateway thread only.
class CallCancellation {
public:
    CallCancellation(const GatewayContext& context, Answers& answers, OpenCalls& calls, ResourceSubscriptions& resources,
                     TaskRelay& tasks)
        : m_context(context),
          m_answers(answers),
          m_calls(calls),
          m_resources(resources),
          m_tasks(tasks)
    {}

    /// `notifications/cancelled` of a client. False: it names no call of this client.
    bool cancel(const downstream::Incoming& notification);
    /// The record of the call that it names; null: none.
    [[nodiscard]] const telemetry::CallRecord* recordOf(const downstream::Incoming& notification) const;
    /// The client has hung up, which cancels in 2026-07-28.
    void abandon(const downstream::Reply& reply);
    void endSession(const downstream::Session& session);
    /// The connection is removed; its calls' clients are told.
    void endConnection(upstream::ServerConnection& connection);
    void endAll(); ///< Oriel is shutting down

private:
    [[nodiscard]] quint64 cookieOf(const downstream::Incoming& notification) const;
    void end(std::unique_ptr<ActiveCall> call, const QByteArray& reason);

    const GatewayContext& m_context;
    Answers& m_answers;
    OpenCalls& m_calls;
    ResourceSubscriptions& m_resources;
    TaskRelay& m_tasks;
    json::Document m_document;
};

} // namespace oriel::gateway
