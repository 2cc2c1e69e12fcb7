// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/connections/connection_pool.h"
#include "gateway/tasks/task_lifecycle.h"

namespace oriel::gateway {

/// Calls that become tasks: who takes them in which form, and who waits where client or server has none. Gateway thread only.
class TaskCreation {
public:
    TaskCreation(const GatewayContext& context, Answers& answers, const ConnectionPool& pool, OpenCalls& calls,
                 TaskLifecycle& lifecycle, upstream::ReplyHandler& replies)
        : m_context(context),
          m_answers(answers),
          m_pool(pool),
          m_calls(calls),
          m_lifecycle(lifecycle),
          m_replies(replies)
    {}

    /// Settles how a tools/call goes to its server where tasks come into it. False when it was answered with a refusal.
    bool plan(downstream::Incoming& incoming, telemetry::CallRecord& record, const upstream::ServerConnection& connection,
              ActiveCall& call);
    /// True when the server's answer to a tools/call created a task, or the call goes to it again as one.
    bool take(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer);

private:
    /// How a call goes to its server, or why not.
    struct Plan {
        TaskStep step = TaskStep::None;
        bool sendsTask = false; ///< with `params.task`
        int refusalCode = 0;    ///< 0: it goes
        QByteArray refusal{};
    };
    [[nodiscard]] static Plan planModern(const downstream::Session& session, const upstream::ServerConnection& told,
                                         TaskTools::Support support);
    [[nodiscard]] Plan planCore(const downstream::Session& session, const upstream::ServerConnection& connection,
                                TaskTools::Support support, bool asked) const;
    [[nodiscard]] static Plan refusal(int code, const char* why);
    void setParam(mcp::Message& message, bool wanted);
    bool retryAsTask(std::unique_ptr<ActiveCall>& call, const mcp::Message& refusal);
    bool takeCreated(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer);
    void giveToClient(ActiveCall& call, mcp::TaskState&& state, const mcp::Message& answer);
    void await(std::unique_ptr<ActiveCall> call, mcp::TaskState&& state);
    void keepFinished(ActiveCall& call, const mcp::Message& answer);
    Task* keep(const ActiveCall& call, mcp::TaskState&& state, bool awaited);
    void refuseTooMany(ActiveCall& call, const char* why);

    const GatewayContext& m_context;
    Answers& m_answers;
    const ConnectionPool& m_pool;
    OpenCalls& m_calls;
    TaskLifecycle& m_lifecycle;
    upstream::ReplyHandler& m_replies;
    json::Document m_document;
};

} // namespace oriel::gateway
