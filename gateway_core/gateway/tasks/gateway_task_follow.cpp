// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks that somebody waits for: polled at the pace their server wishes, asked for as their server asks, and told of.
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "gateway/input/request_routing.h"
#include "gateway/tasks/task_listing.h"
#include "mcp/errors.h"
#include "mcp/headers.h"
#include "mcp/rewrite.h"

#include <limits>

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using mcp::TaskStatus;
using telemetry::Outcome;

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr int kMaxFailedPolls = 5;
constexpr int kMaxQuestions = 64;

/// What is new to a listener since it was told last.
QByteArray shape(const Task& task)
{
    return mcp::toText(task.state.status).toByteArray() + ' ' + task.state.lastUpdatedAt + ' ' +
           QByteArray::number(task.questionsAsked) + ' ' + QByteArray::number(qsizetype(task.questions.size()));
}

} // namespace

// --- time
// ---------------------------------------------------------------------------------------------------------------------------

void Gateway::scheduleTasks()
{
    if (m_tasks.isEmpty()) {
        m_taskTimer.stop();
        return;
    }
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    (void)m_tasks.select([&](const Task& task) {
        next = std::min(next, task.deadlineNs);
        const bool isPolled = (task.connection->isModern() && !task.waiters.empty()) || m_streams.hearsOfTask(task.id);
        if (isPolled && !task.poll.isValid() && !(task.state.isTerminal() && task.told == shape(task)))
            next = std::min(next, task.nextPollNs);
        return false;
    });
    const std::int64_t delayMs = (next - now() + kMs - 1) / kMs;
    m_taskTimer.start(static_cast<int>(std::clamp<std::int64_t>(delayMs, 0, 24LL * 3600 * 1000)));
}

void Gateway::onTaskTimer()
{
    const std::int64_t at = now();
    for (const quint64 serial : m_tasks.select([&](const Task& task) { return task.deadlineNs <= at; })) {
        Task& task = *m_tasks.find(serial);
        if (task.isAwaited)
            cancelTask(task);
        const int code = task.isAwaited ? mcp::error_code::RequestTimeout : mcp::error_code::InvalidParams;
        endTask(serial, Outcome::Timeout, code,
                task.isAwaited ? QByteArrayLiteral("The task takes longer than a call may; it was cancelled.")
                               : QByteArrayLiteral("The task's ttl is over."));
    }
    const auto isDue = [&](const Task& task) {
        const bool isPolled = (task.connection->isModern() && !task.waiters.empty()) || m_streams.hearsOfTask(task.id);
        return isPolled && !task.poll.isValid() && task.nextPollNs <= at &&
               !(task.state.isTerminal() && task.told == shape(task));
    };
    for (const quint64 serial : m_tasks.select(isDue)) {
        Task& task = *m_tasks.find(serial);
        task.nextPollNs = at + task.pollNs();
        task.poll = callForTask(task, MethodId::TasksGet, Tasks::cookie(task, Tasks::Errand::Poll));
    }
    scheduleTasks();
}

/// Nothing more is to be heard of the task: whoever waits gets the error.
void Gateway::endTask(quint64 serial, Outcome outcome, int code, const QByteArray& message)
{
    Task* task = m_tasks.find(serial);
    if (task == nullptr)
        return;
    const std::vector<quint64> waiters = std::exchange(task->waiters, {});
    task->connection->cancel(task->poll);
    task->connection->cancel(task->resultCall);
    for (const HeldQuestion& question : task->questions)
        task->connection->reply(mcp::makeErrorResponse(question.serverId, mcp::error_code::InternalError, message));
    m_tasks.drop(serial);
    for (const quint64 cookie : waiters) {
        if (const std::unique_ptr<ActiveCall> call = m_calls.end(cookie)) {
            call->connection->cancel(call->token, message);
            m_answers.sendError(call->incoming, call->record, outcome, code, message);
        }
    }
    answerTaskListings();
}

// --- the gateway's own requests about tasks
// -------------------------------------------------------------------------------------

void Gateway::takeErrand(quint64 cookie, upstream::Reply& reply)
{
    const quint64 serial = Tasks::serialOf(cookie);
    if (m_tasks.find(serial) == nullptr)
        return;
    if (Tasks::errandOf(cookie) == Tasks::Errand::Result)
        takeOwnResult(serial, reply);
    else
        takePoll(serial, reply);
    answerTaskListings();
    scheduleTasks();
}

void Gateway::takePoll(quint64 serial, upstream::Reply& reply)
{
    Task& task = *m_tasks.find(serial);
    task.poll = {};
    if (reply.kind != upstream::Reply::Kind::Response) {
        if (++task.failedPolls >= kMaxFailedPolls)
            endTask(serial, Outcome::Unavailable, mcp::error_code::ServerError, reply.error.toString().toUtf8());
        return;
    }
    if (reply.message.kind == mcp::Message::Kind::Error) {
        endTask(serial, Outcome::RpcError, reply.message.errorCode, reply.message.text(Field::ErrorMessage));
        return;
    }
    task.failedPolls = 0;
    const QByteArray result = reply.message.rawOf(Field::Result).toByteArray();
    json::Document document;
    (void)mcp::parsedAgain(result, document);
    auto state = task.heard(document.root());
    if (!state || task.isSettled)
        return;
    m_tasks.update(task, std::move(*state), now());
    task.nextPollNs = now() + task.pollNs();
    const bool serverIsModern = task.connection->isModern();
    if (m_streams.hearsOfTask(task.id) && task.told != shape(task)) {
        const bool isOver = task.state.isTerminal() && task.state.status != TaskStatus::Cancelled;
        if (serverIsModern)
            tellTask(task, result);
        else if (isOver || task.state.status == TaskStatus::InputRequired)
            openResult(task); // which brings the outcome, or the questions
        else
            tellTask(task, detailedTask(task, {}, {}));
    }
    if (!serverIsModern || task.waiters.empty())
        return;
    if (task.state.isTerminal())
        finishWaiters(task, document.root());
    else if (task.state.status == TaskStatus::InputRequired)
        askForTask(serial, document.root().find("inputRequests"));
}

void Gateway::openResult(Task& task)
{
    if (!task.resultCall.isValid())
        task.resultCall = callForTask(task, MethodId::TasksResult, Tasks::cookie(task, Tasks::Errand::Result));
}

/// The end of our own tasks/result: what listeners hear last.
void Gateway::takeOwnResult(quint64 serial, upstream::Reply& reply)
{
    Task& task = *m_tasks.find(serial);
    task.resultCall = {};
    task.questions.clear();
    if (reply.kind != upstream::Reply::Kind::Response || !m_streams.hearsOfTask(task.id))
        return;
    if (!task.state.isTerminal()) {
        task.nextPollNs = now();
        return;
    }
    const bool isError = reply.message.kind == mcp::Message::Kind::Error;
    const QByteArray outcome =
        isError ? reply.message.rawOf(Field::Error).toByteArray() : mcp::withRelatedTask(reply.message.rawOf(Field::Result), {});
    tellTask(task, detailedTask(task, isError ? "error" : "result", outcome));
}

/// A task of a server of 2026-07-28 has ended; `detailed` is what its tasks/get says.
void Gateway::finishWaiters(Task& task, const json::Value& detailed)
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
        m_tasks.drop(task.serial);
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

// --- questions
// -------------------------------------------------------------------------------------------------------------------

/// A server of 2026-07-28 needs input for a task that a client of the revisions before waits for.
void Gateway::askForTask(quint64 serial, const json::Value& inputRequests)
{
    Task& task = *m_tasks.find(serial);
    ActiveCall* waiter = nullptr;
    for (const quint64 cookie : task.waiters)
        waiter = waiter != nullptr ? waiter : m_calls.find(cookie);
    if (waiter == nullptr)
        return;
    const std::shared_ptr<downstream::Session> session = waiter->incoming.session;
    if (mcp::isModern(session->revision)) {
        cancelTask(task);
        endTask(serial, Outcome::RpcError, mcp::error_code::InternalError,
                QByteArrayLiteral("The server needs input for a task that the client knows nothing of."));
        return;
    }
    for (const json::Member& member : inputRequests.members()) {
        const QByteArray key = member.key.asUtf8();
        if (task.askedKeys.contains(key) || task.askedKeys.size() >= kMaxQuestions)
            continue;
        task.askedKeys.insert(key);
        const json::Value params = member.value.find("params");
        const auto request = mcp::readMessage(mcp::makeRequest(mcp::RequestId(1), member.value.find("method").asUtf8(),
                                                               params.isObject() ? params.raw() : QByteArrayView("{}")),
                                              m_document);
        if (!request)
            continue;
        const bool isElicitation = request->methodId == MethodId::ElicitationCreate;
        mcp::Message shown = questionFor(*session, *task.connection, m_pages.withId(*request, *waiter));
        if (!task.isAwaited) {
            const QByteArray related = mcp::relatedTask(task.id);
            if (auto tagged =
                    mcp::readMessage(mcp::Rewrite(shown).setMetaRaw(Field::MetaRelatedTask, related).apply(), m_document))
                shown = std::move(*tagged);
        }
        const QByteArray frame = m_serverRequests.ask(
            session, shown.text(Field::Method), shown.rawOf(Field::Params),
            [this, serial, key, isElicitation](const mcp::Message* given) { takeTaskInput(serial, key, isElicitation, given); });
        m_serverRequests.noteCall(wireCallOf(waiter->record));
        waiter->incoming.reply->notify(frame);
        m_wire.recordSent(*session, frame, wireCallOf(waiter->record), waiter->incoming.reply.get());
    }
}

void Gateway::takeTaskInput(quint64 serial, const QByteArray& key, bool isElicitation, const mcp::Message* given)
{
    Task* task = m_tasks.find(serial);
    if (task == nullptr)
        return;
    QByteArray response;
    if (given != nullptr && given->kind == mcp::Message::Kind::Response)
        response = mcp::withRelatedTask(given->rawOf(Field::Result), {});
    else if (isElicitation)
        response = QByteArrayLiteral("{\"action\":\"cancel\"}");
    if (response.isEmpty()) {
        // There is no way to tell the server that the client cannot: the task is given up.
        cancelTask(*task);
        endTask(serial, Outcome::RpcError, mcp::error_code::InternalError,
                QByteArrayLiteral("The client did not give the input that the server needs."));
        return;
    }
    json::Writer responses;
    responses.beginObject().rawMember(key, response).endObject();
    callForTask(*task, MethodId::TasksUpdate, 0, responses.view());
    task->nextPollNs = now();
    scheduleTasks();
}

/// A client's call that the server answers when the task has ended; null: none.
ActiveCall* Gateway::callBlockedBy(const Task& task) const
{
    ActiveCall* blocked = nullptr;
    m_calls.forEach([&](quint64, ActiveCall& call) {
        if (call.task == task.serial && (call.taskStep == TaskStep::Result || call.taskStep == TaskStep::Awaiting))
            blocked = &call;
    });
    return blocked;
}

/// A request of a server of 2025-11-25 that belongs to a task. False when it does not.
bool Gateway::takeTaskQuestion(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    if (m_tasks.isEmpty())
        return false;
    Task* task = m_tasks.findByServer(connection, mcp::relatedTaskOf(message));
    if (task == nullptr && related.isValid()) {
        const auto own =
            m_tasks.select([&](const Task& one) { return one.connection == &connection && one.resultCall == related; });
        task = own.empty() ? nullptr : m_tasks.find(own.front());
    }
    if (task == nullptr)
        return false;
    ActiveCall* waiting = callBlockedBy(*task);
    const std::shared_ptr<downstream::Session> session = waiting != nullptr ? waiting->incoming.session : task->session.lock();
    if (session == nullptr || !missingCapability(session->capabilities, message).isEmpty() ||
        task->questions.size() >= kMaxQuestions) {
        connection.reply(mcp::makeErrorResponse(message.id(), mcp::error_code::MethodNotFound,
                                                "The client of this task cannot answer " + message.text(Field::Method) + "."));
        return true;
    }
    if (task->clientIsModern && !task->isAwaited) {
        HeldQuestion question;
        question.key = "input" + QByteArray::number(++task->questionsAsked);
        question.serverId = message.id();
        question.method = message.text(Field::Method);
        question.params = questionParams(questionFor(*session, connection, message));
        task->questions.push_back(std::move(question));
        if (m_streams.hearsOfTask(task->id))
            tellTask(*task, detailedTask(*task, {}, {}));
        return true;
    }
    m_pages.remember(connection, message, session);
    const mcp::Message named = questionFor(*session, connection, message);
    const mcp::Message shown = withTaskShown(connection, named);
    const QByteArray frame = m_serverRequests.forward(connection, shown, session, task->state.id);
    if (waiting != nullptr)
        waiting->incoming.reply->notify(frame);
    else
        session->send(frame);
    const telemetry::WireCall wireCall = waiting != nullptr ? wireCallOf(waiting->record) : telemetry::WireCall();
    m_serverRequests.noteCall(wireCall);
    m_wire.recordSent(*session, frame, wireCall, waiting != nullptr ? waiting->incoming.reply.get() : nullptr);
    return true;
}

/// The server no longer waits for an answer.
void Gateway::withdrawTaskQuestion(const upstream::ServerConnection& connection, const mcp::Message& cancelled)
{
    const auto id = mcp::RequestId::fromJson(cancelled.rawOf(Field::ParamsRequestId));
    for (const quint64 serial : m_tasks.select([&](const Task& task) { return task.connection == &connection; }))
        std::erase_if(m_tasks.find(serial)->questions, [&](const HeldQuestion& question) { return question.serverId == id; });
}

// --- what servers tell
// -----------------------------------------------------------------------------------------------------------

/// notifications/tasks/status of a server of 2025-11-25: its owner's business alone.
void Gateway::relayTaskStatus(upstream::ServerConnection& connection, const mcp::Message& message)
{
    Task* task = m_tasks.findByServer(connection, message.text(Field::ParamsTaskId));
    if (task == nullptr || task->isAwaited || task->isSettled)
        return;
    json::Document document;
    if (mcp::parsedAgain(message.rawOf(Field::Params), document).exists()) {
        if (auto state = task->heard(document.root()))
            m_tasks.update(*task, std::move(*state), now());
    }
    if (task->clientIsModern) {
        task->nextPollNs = now();
    } else if (const auto session = task->session.lock()) {
        const QByteArray frame = mcp::Rewrite(message).setTarget(task->id).removeMeta(Field::MetaRelatedTask).apply();
        session->send(frame);
        m_wire.recordNotification(*session, message, frame);
    }
    scheduleTasks();
}

/// Progress of a call that has become a task: its token stays good until the task's end.
void Gateway::relayTaskProgress(upstream::ServerConnection& connection, const mcp::Message& message)
{
    const auto token = mcp::RequestId::fromJson(message.rawOf(Field::ParamsProgressToken));
    const Task* task = token.isInteger() ? m_tasks.findByCall(connection, token.number()) : nullptr;
    if (task == nullptr || !task->progressToken.isValid())
        return;
    ActiveCall* waiting = callBlockedBy(*task);
    const std::shared_ptr<downstream::Session> session = task->session.lock();
    const mcp::Message shown = withTaskShown(connection, message);
    const QByteArray tokenText = task->progressToken.toJson();
    mcp::Rewrite rewrite(shown);
    rewrite.setRaw(Field::ParamsProgressToken, tokenText);
    const QByteArray frame = rewrite.apply();
    const bool onReply = waiting != nullptr && waiting->incoming.reply != nullptr;
    if (onReply)
        waiting->incoming.reply->notify(frame);
    else if (session != nullptr)
        session->send(frame);
    if (session != nullptr)
        m_wire.recordNotification(*session, message, frame, onReply ? &waiting->record : nullptr,
                                  onReply ? waiting->incoming.reply.get() : nullptr);
}

/// The message with the task that it belongs to under the id that clients know; without it where none knows it.
mcp::Message Gateway::withTaskShown(const upstream::ServerConnection& connection, const mcp::Message& message) const
{
    const Task* task = m_tasks.findByServer(connection, mcp::relatedTaskOf(message));
    mcp::Rewrite rewrite(message);
    const QByteArray related = task != nullptr ? mcp::relatedTask(task->id) : QByteArray();
    if (task != nullptr && !task->isAwaited)
        rewrite.setMetaRaw(Field::MetaRelatedTask, related);
    else
        rewrite.removeMeta(Field::MetaRelatedTask);
    json::Document document;
    auto shown = mcp::readMessage(rewrite.apply(), document);
    return shown ? std::move(*shown) : message;
}

/// `detailed`: a result of tasks/get. Each listener that asked for the task hears of it once.
void Gateway::tellTask(Task& task, const QByteArray& detailed)
{
    task.told = shape(task);
    json::Document document;
    if (!mcp::parsedAgain(detailed, document).exists())
        return;
    const QByteArray id = json::quote(QByteArrayView(task.id));
    const json::Value root = document.root();
    for (const auto& listener : m_streams.all()) {
        if (!listener->tasks.contains(task.id))
            continue;
        json::Writer meta;
        meta.beginObject().rawMember(mcp::meta_key::SubscriptionId, listener->incoming.message.rawOf(Field::Id)).endObject();
        json::Splicer splicer(detailed);
        for (const json::Member& member : root.members()) {
            if (member.key.equals("resultType") || member.key.equals("_meta"))
                splicer.removeMember(root, member);
        }
        splicer.setMember(root, "taskId", id);
        splicer.insertMember(root, "\"_meta\"", meta.view());
        const QByteArray params = splicer.apply();
        // Questions of older servers were named when they came.
        const bool isNamed = task.connection->isModern() && listener->incoming.session->server.isEmpty();
        m_streams.tell(*listener, mcp::makeNotification(mcp::methodName(MethodId::NotificationTasks),
                                                        isNamed ? withNamedQuestions(params, task.connection->name()) : params));
    }
}

} // namespace oriel::gateway
