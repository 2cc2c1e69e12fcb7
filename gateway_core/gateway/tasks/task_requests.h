// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/connections/connection_pool.h"
#include "gateway/tasks/task_lifecycle.h"

namespace oriel::gateway {

/// What clients ask of their tasks: 2025-11-25 basic/utilities/tasks, and the extension io.modelcontextprotocol/tasks of
/// 2026-07-28. Gateway thread only.
class TaskRequests {
public:
    TaskRequests(const GatewayContext& context, Answers& answers, const ConnectionPool& pool, OpenCalls& calls,
                 TaskLifecycle& lifecycle, upstream::ReplyHandler& replies)
        : m_context(context),
          m_answers(answers),
          m_pool(pool),
          m_calls(calls),
          m_lifecycle(lifecycle),
          m_replies(replies)
    {}

    void serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record);

    // Answers of servers; true when the client's request was dealt with, in its own form.
    bool takeState(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer);
    /// To a tasks/result: the client's own, or the one that completes a tasks/get of 2026-07-28.
    bool takeResult(ActiveCall& call, const mcp::Message& answer);
    bool takeCancelled(ActiveCall& call, const mcp::Message& answer);

private:
    bool mayUse(downstream::Incoming& incoming, telemetry::CallRecord& record);
    bool answerHere(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task);
    bool answerSettled(downstream::Incoming& incoming, telemetry::CallRecord& record, const Task& task);
    void waitForEnd(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task);
    void update(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task);
    void forward(downstream::Incoming&& incoming, telemetry::CallRecord&& record, Task& task);
    void settleCancelled(ActiveCall& call, Task& task);
    void list(downstream::Incoming&& incoming, telemetry::CallRecord&& record);

    const GatewayContext& m_context;
    Answers& m_answers;
    const ConnectionPool& m_pool;
    OpenCalls& m_calls;
    TaskLifecycle& m_lifecycle;
    upstream::ReplyHandler& m_replies;
};

} // namespace oriel::gateway
