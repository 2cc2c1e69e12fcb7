// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_lifecycle.h"

#include "base/json_writer.h"
#include "gateway/input/request_trace.h"
#include "mcp/errors.h"

#include <limits>

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;

namespace {

constexpr std::int64_t kMs = 1'000'000;

} // namespace

TaskLifecycle::TaskLifecycle(const GatewayContext& context, Answers& answers, OpenCalls& calls, const ListenStreams& streams,
                             upstream::ReplyHandler& replies)
    : m_context(context),
      m_answers(answers),
      m_calls(calls),
      m_streams(streams),
      m_replies(replies),
      m_tasks(context.random),
      m_listings(answers, m_tasks)
{
    m_timer.setSingleShot(true);
    m_timer.callOnTimeout([this] { onTimer(); });
}

upstream::CallToken TaskLifecycle::call(const Task& task, MethodId method, quint64 cookie, QByteArrayView inputResponses)
{
    static const QByteArray capabilities = "{\"extensions\":{\"" + mcp::TasksExtension.toByteArray() + "\":{}}}";
    json::Writer params;
    params.beginObject().member("taskId", task.state.id);
    if (!inputResponses.isEmpty())
        params.rawMember("inputResponses", inputResponses);
    params.endObject();
    json::Document document;
    const auto message = mcp::readMessage(mcp::makeRequest(mcp::RequestId(1), mcp::methodName(method), params.view()), document);
    if (!message)
        return {};
    upstream::CallOptions options;
    options.operation = upstream::OperationType::Connectivity;
    options.cause = task.cause;
    if (method == MethodId::TasksResult) {
        // The server blocks until the task has ended.
        options.operation = upstream::OperationType::ToolCall;
        if (!task.isAwaited)
            options.timeout =
                std::chrono::milliseconds(std::max<std::int64_t>((task.deadlineNs - m_context.now()) / 1'000'000, 1));
    }
    options.clientCapabilities = capabilities;
    return task.connection->call(*message, options, m_replies, cookie);
}

void TaskLifecycle::poll(Task& task)
{
    task.poll = call(task, MethodId::TasksGet, Tasks::cookie(task, Tasks::Errand::Poll));
}

void TaskLifecycle::openResult(Task& task)
{
    if (!task.resultCall.isValid())
        task.resultCall = call(task, MethodId::TasksResult, Tasks::cookie(task, Tasks::Errand::Result));
}

/// Somebody waits for news of it that the server does not send, and no request is under way.
bool TaskLifecycle::isPolled(const Task& task) const
{
    const bool isWanted = (task.connection->isModern() && !task.waiters.empty()) || isListenedTo(task);
    return isWanted && !task.poll.isValid() && !(task.state.isTerminal() && task.isTold());
}

void TaskLifecycle::schedule()
{
    if (m_tasks.isEmpty()) {
        m_timer.stop();
        return;
    }
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    (void)m_tasks.select([&](const Task& task) {
        next = std::min(next, task.deadlineNs);
        if (isPolled(task))
            next = std::min(next, task.nextPollNs);
        return false;
    });
    const std::int64_t delayMs = (next - m_context.now() + kMs - 1) / kMs;
    m_timer.start(static_cast<int>(std::clamp<std::int64_t>(delayMs, 0, 24LL * 3600 * 1000)));
}

void TaskLifecycle::onTimer()
{
    const std::int64_t at = m_context.now();
    endOverdue(at);
    for (const quint64 serial : m_tasks.select([&](const Task& task) { return isPolled(task) && task.nextPollNs <= at; })) {
        Task& task = *m_tasks.find(serial);
        task.nextPollNs = at + task.pollNs();
        poll(task);
    }
    schedule();
}

void TaskLifecycle::endOverdue(std::int64_t nowNs)
{
    for (const quint64 serial : m_tasks.select([&](const Task& task) { return task.deadlineNs <= nowNs; })) {
        Task& task = *m_tasks.find(serial);
        if (task.isAwaited)
            cancel(task);
        const int code = task.isAwaited ? mcp::error_code::RequestTimeout : mcp::error_code::InvalidParams;
        end(serial, Outcome::Timeout, code,
            task.isAwaited ? QByteArrayLiteral("The task takes longer than a call may; it was cancelled.")
                           : QByteArrayLiteral("The task's ttl is over."));
    }
}

void TaskLifecycle::cancel(const Task& task)
{
    if (task.isSettled || task.state.isTerminal() || task.connection->state() != upstream::ServerState::Ready)
        return;
    call(task, MethodId::TasksCancel, 0);
}

void TaskLifecycle::end(quint64 serial, Outcome outcome, int code, const QByteArray& message)
{
    Task* task = m_tasks.find(serial);
    if (task == nullptr)
        return;
    const std::vector<quint64> waiters = std::exchange(task->waiters, {});
    task->connection->cancel(task->poll);
    task->connection->cancel(task->resultCall);
    for (const HeldQuestion& question : task->questions) {
        question.trace->failed(mcp::error_code::InternalError, message);
        task->connection->reply(mcp::makeErrorResponse(question.serverId, mcp::error_code::InternalError, message));
    }
    m_tasks.drop(serial);
    for (const quint64 cookie : waiters) {
        if (const std::unique_ptr<ActiveCall> call = m_calls.end(cookie)) {
            call->connection->cancel(call->token, message);
            m_answers.sendError(call->incoming, call->record, outcome, code, message);
        }
    }
    m_listings.answerReady();
}

void TaskLifecycle::leave(const ActiveCall& left)
{
    Task* task = left.task != 0 ? m_tasks.find(left.task) : nullptr;
    if (task == nullptr)
        return;
    if (left.taskStep == TaskStep::Awaiting) {
        cancel(*task);
        m_tasks.drop(task->serial);
    } else if (left.taskStep == TaskStep::ResultByPolling) {
        std::erase_if(task->waiters, [&](quint64 cookie) { return m_calls.find(cookie) == nullptr; });
    }
}

void TaskLifecycle::dropIf(const std::function<bool(const Task&)>& matches)
{
    for (const quint64 serial : m_tasks.select(matches)) {
        Task* task = m_tasks.find(serial);
        cancel(*task);
        task->connection->cancel(task->poll);
        task->connection->cancel(task->resultCall);
        m_tasks.drop(serial);
    }
    m_listings.answerReady();
    schedule();
}

ActiveCall* TaskLifecycle::callBlockedBy(const Task& task) const
{
    ActiveCall* blocked = nullptr;
    m_calls.forEach([&](quint64, ActiveCall& call) {
        if (call.task == task.serial && (call.taskStep == TaskStep::Result || call.taskStep == TaskStep::Awaiting))
            blocked = &call;
    });
    return blocked;
}

} // namespace oriel::gateway
