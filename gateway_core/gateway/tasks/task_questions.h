// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/input/elicitation_pages.h"
#include "gateway/tasks/task_notices.h"

namespace oriel::gateway {

/// What servers ask while they work on a task, on its way to the task's client in the form of its era. Gateway thread only.
class TaskQuestions {
public:
    TaskQuestions(const GatewayContext& context, ClientWire& wire, OpenCalls& calls, ElicitationPages& pages,
                  TaskLifecycle& lifecycle, TaskNotices& notices)
        : m_context(context),
          m_wire(wire),
          m_calls(calls),
          m_pages(pages),
          m_lifecycle(lifecycle),
          m_notices(notices)
    {}

    /// A server of 2026-07-28 needs input for a task that a client of the revisions before waits for.
    void ask(quint64 serial, const json::Value& inputRequests);
    /// A request of a server of 2025-11-25 that belongs to a task. False when it does not.
    bool take(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related);
    /// The server no longer waits for an answer.
    void withdraw(const upstream::ServerConnection& connection, const mcp::Message& cancelled);

private:
    void askOne(Task& task, ActiveCall& waiter, const QByteArray& key, const json::Value& question);
    void bindToWaiter(const Task& task);
    void takeInput(quint64 serial, const QByteArray& key, bool isElicitation, const mcp::Message* given);
    [[nodiscard]] Task* taskOf(const upstream::ServerConnection& connection, const mcp::Message& message,
                               upstream::CallToken related);
    void giveUp(Task& task, const QByteArray& why);

    const GatewayContext& m_context;
    ClientWire& m_wire;
    OpenCalls& m_calls;
    ElicitationPages& m_pages;
    TaskLifecycle& m_lifecycle;
    TaskNotices& m_notices;
};

} // namespace oriel::gateway
