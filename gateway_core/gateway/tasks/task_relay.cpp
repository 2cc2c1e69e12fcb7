// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_relay.h"

namespace oriel::gateway {

TaskRelay::TaskRelay(const GatewayContext& context, ClientWire& wire, Answers& answers, const ConnectionPool& pool,
                     OpenCalls& calls, ElicitationPages& pages, ListenStreams& streams, upstream::ReplyHandler& replies)
    : m_context(context),
      m_lifecycle(context, answers, calls, streams, replies),
      m_notices(context, wire, streams, m_lifecycle),
      m_questions(context, wire, calls, pages, m_lifecycle, m_notices),
      m_follower(context, answers, calls, pages, m_lifecycle, m_notices, m_questions),
      m_creation(context, answers, pool, calls, m_lifecycle, replies),
      m_requests(context, answers, pool, calls, m_lifecycle, replies)
{}

bool TaskRelay::takeReply(std::unique_ptr<ActiveCall>& call, upstream::Reply& reply)
{
    const bool isAnswer = reply.kind == upstream::Reply::Kind::Response;
    switch (call->taskStep) {
    case TaskStep::None:
        return isAnswer && call->incoming.message.methodId == mcp::MethodId::ToolsCall && call->connection->isModern() &&
               m_creation.take(call, reply.message);
    case TaskStep::Relay:
    case TaskStep::Await:
        return isAnswer && m_creation.take(call, reply.message);
    case TaskStep::Awaiting:
        if (const Task* task = m_lifecycle.tasks().find(call->task)) {
            if (!isAnswer)
                m_lifecycle.cancel(*task);
            m_lifecycle.tasks().drop(task->serial);
        }
        return false;
    case TaskStep::Get:
        return isAnswer && m_requests.takeState(call, reply.message);
    case TaskStep::Fetch:
    case TaskStep::Result:
        return isAnswer && m_requests.takeResult(*call, reply.message);
    case TaskStep::Cancel:
        return isAnswer && m_requests.takeCancelled(*call, reply.message);
    case TaskStep::ResultByPolling:
        break;
    }
    return false;
}

QSet<QByteArray> TaskRelay::heardBy(const downstream::Session& session, const json::Value& ids)
{
    QSet<QByteArray> heard;
    const QByteArray owner = taskOwner(session);
    for (const json::Value& id : ids.elements()) {
        Task* task = m_lifecycle.tasks().find(id.asUtf8(), owner);
        if (task == nullptr)
            continue;
        task->told.clear();
        task->nextPollNs = m_context.now();
        heard.insert(task->id);
    }
    return heard;
}

void TaskRelay::endSession(const downstream::Session& session)
{
    m_lifecycle.listings().endSession(session);
    if (mcp::isLegacy(session.revision))
        m_lifecycle.dropIf([owner = taskOwner(session)](const Task& task) { return task.owner == owner; });
}

void TaskRelay::endConnection(const upstream::ServerConnection& connection)
{
    m_lifecycle.dropIf([&](const Task& task) { return task.connection == &connection; });
}

void TaskRelay::endAll()
{
    m_lifecycle.dropIf([](const Task&) { return true; });
}

bool TaskRelay::isWorking(const upstream::ServerConnection& connection) const
{
    return !m_lifecycle.tasks()
                .select([&](const Task& task) { return task.connection == &connection && !task.state.isTerminal(); })
                .empty();
}

void TaskRelay::addHoldings(Holdings& held) const
{
    held.add("tasks", static_cast<qsizetype>(m_lifecycle.tasks().count())).add("task listings", m_lifecycle.listings().count());
}

} // namespace oriel::gateway
