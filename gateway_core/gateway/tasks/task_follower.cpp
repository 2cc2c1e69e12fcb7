// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_follower.h"

#include "gateway/tasks/task_forms.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::TaskStatus;
using telemetry::Outcome;

namespace {

constexpr int kMaxFailedPolls = 5;

} // namespace

void TaskFollower::take(quint64 cookie, upstream::Reply& reply)
{
    const quint64 serial = Tasks::serialOf(cookie);
    if (m_lifecycle.tasks().find(serial) == nullptr)
        return;
    if (Tasks::errandOf(cookie) == Tasks::Errand::Result)
        takeResult(serial, reply);
    else
        takePoll(serial, reply);
    m_lifecycle.listings().answerReady();
    m_lifecycle.schedule();
}

void TaskFollower::takePoll(quint64 serial, upstream::Reply& reply)
{
    Task& task = *m_lifecycle.tasks().find(serial);
    task.poll = {};
    if (reply.kind != upstream::Reply::Kind::Response) {
        if (++task.failedPolls >= kMaxFailedPolls)
            m_lifecycle.end(serial, Outcome::Unavailable, mcp::error_code::ServerError, reply.error.toString().toUtf8());
        return;
    }
    if (reply.message.kind == mcp::Message::Kind::Error) {
        m_lifecycle.end(serial, Outcome::RpcError, reply.message.errorCode, reply.message.text(Field::ErrorMessage));
        return;
    }
    task.failedPolls = 0;
    const QByteArray result = reply.message.rawOf(Field::Result).toByteArray();
    json::Document document;
    (void)mcp::parsedAgain(result, document);
    auto state = task.heard(document.root());
    if (!state || task.isSettled)
        return;
    m_lifecycle.tasks().update(task, std::move(*state), m_context.now());
    task.nextPollNs = m_context.now() + task.pollNs();
    const bool serverIsModern = task.connection->isModern();
    tellOfPoll(task, result);
    if (!serverIsModern || task.waiters.empty())
        return;
    if (task.state.isTerminal())
        finishWaiters(task, document.root());
    else if (task.state.status == TaskStatus::InputRequired)
        m_questions.ask(serial, document.root().find("inputRequests"));
}

/// Listeners hear what is new; of an older server, the outcome and the questions have to be fetched first.
void TaskFollower::tellOfPoll(Task& task, const QByteArray& result)
{
    if (!m_lifecycle.isListenedTo(task) || task.isTold())
        return;
    const bool isOver = task.state.isTerminal() && task.state.status != TaskStatus::Cancelled;
    if (task.connection->isModern())
        m_notices.tell(task, result);
    else if (isOver || task.state.status == TaskStatus::InputRequired)
        m_lifecycle.openResult(task); // which brings the outcome, or the questions
    else
        m_notices.tell(task, detailedTask(task));
}

void TaskFollower::takeResult(quint64 serial, upstream::Reply& reply)
{
    Task& task = *m_lifecycle.tasks().find(serial);
    task.resultCall = {};
    task.questions.clear();
    if (reply.kind != upstream::Reply::Kind::Response || !m_lifecycle.isListenedTo(task))
        return;
    if (!task.state.isTerminal()) {
        task.nextPollNs = m_context.now();
        return;
    }
    const bool isError = reply.message.kind == mcp::Message::Kind::Error;
    const QByteArray outcome =
        isError ? reply.message.rawOf(Field::Error).toByteArray() : mcp::withRelatedTask(reply.message.rawOf(Field::Result), {});
    m_notices.tell(task, detailedTask(task, isError ? "error" : "result", outcome));
}

/// A task of a server of 2026-07-28 has ended; `detailed` is what its tasks/get says.
void TaskFollower::finishWaiters(Task& task, const json::Value& detailed)
{
    const QByteArray result = detailed.find("result").raw().toByteArray();
    const json::Value error = detailed.find("error");
    const bool isCancelled = task.state.status == TaskStatus::Cancelled;
    const int code = isCancelled ? mcp::error_code::InvalidRequest
                                 : static_cast<int>(error.find("code").asInt64().value_or(mcp::error_code::InternalError));
    const QByteArray message = isCancelled                        ? QByteArrayLiteral("The task was cancelled.")
                               : error.find("message").isString() ? error.find("message").asUtf8()
                                                                  : QByteArrayLiteral("The task failed.");
    const QByteArray data = error.find("data").raw().toByteArray();
    const bool isToolError = detailed.find("result").find("isError").asBool().value_or(false);
    const bool isAwaited = task.isAwaited;
    const QByteArray id = task.id;
    const std::vector<quint64> waiters = std::exchange(task.waiters, {});
    if (isAwaited)
        m_lifecycle.tasks().drop(task.serial);
    for (const quint64 cookie : waiters) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        if (call == nullptr)
            continue;
        m_pages.tellDone(*call);
        if (result.isEmpty()) {
            m_answers.sendError(call->incoming, call->record, Outcome::RpcError, code, message, data);
            continue;
        }
        if (isToolError) {
            call->record.outcome = Outcome::ToolError;
            call->record.errorType = QByteArrayLiteral("tool_error");
        }
        const QByteArray shown = isAwaited ? result : mcp::withRelatedTask(result, id);
        if (shown.contains("\"resultType\""))
            m_answers.sendWhole(call->incoming, call->record, shown);
        else
            m_answers.sendResult(call->incoming, call->record, shown);
    }
}

} // namespace oriel::gateway
