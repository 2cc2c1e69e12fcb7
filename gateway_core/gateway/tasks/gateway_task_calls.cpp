// SPDX-License-Identifier: GPL-3.0-or-later
// Calls that become tasks: who takes them in which form, and who waits where client or server has none.
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/clients/extensions.h"
#include "gateway/gateway.h"
#include "gateway/tasks/task_listing.h"
#include "gateway/tasks/task_offers.h"
#include "mcp/errors.h"

#include <QDateTime>

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using mcp::TaskForm;
using telemetry::Outcome;
using Support = TaskTools::Support;

namespace {

/// How long the result of a call that ended at once is kept, as its client asked for a task.
constexpr std::int64_t kFinishedTtlMs = 5 * 60 * 1000;
constexpr qsizetype kMaxFinishedBytes = 64 * 1024 * 1024;

bool declaresTasks(const downstream::Session& session)
{
    return session.capabilities.extensions.contains(mcp::TasksExtension.toByteArray());
}

bool needsTasks(const mcp::Message& refusal)
{
    json::Document document;
    return refusal.errorCode == mcp::error_code::MissingClientCapability &&
           mcp::parsedAgain(refusal.rawOf(Field::ErrorData), document).exists() &&
           document.root().find("requiredCapabilities").find("extensions").find(mcp::TasksExtension).exists();
}

QByteArray timestamp(const Clock& clock)
{
    return QDateTime::fromMSecsSinceEpoch(clock.unixNs() / 1'000'000, Qt::UTC).toString(Qt::ISODateWithMs).toLatin1();
}

} // namespace

/// Settles how a tools/call goes to its server where tasks come into it. False when it was answered with a refusal.
bool Gateway::planTask(downstream::Incoming& incoming, telemetry::CallRecord& record, upstream::ServerConnection& connection,
                       ActiveCall& call)
{
    const bool asked = incoming.message.has(Field::ParamsTask);
    // What a client's own connection has not told yet, Oriel's own has.
    const int server = m_pool.catalogue().serverIndex(connection.name());
    const bool isFresh = server >= 0 && !connection.isListed(mcp::ListKind::Tools);
    const upstream::ServerConnection& told = isFresh ? m_pool.shared(server) : connection;
    if (!asked && !TaskTools::takesTasks(told))
        return true;
    const downstream::Session& session = *incoming.session;
    const Support support = m_pool.taskTools().of(told, record.routedTarget);
    const auto refuse = [&](int code, QByteArray message, QByteArrayView data = {}) {
        m_answers.sendError(incoming, record, Outcome::Rejected, code, std::move(message), data);
        return false;
    };
    bool sendsTask = false;
    if (mcp::isModern(session.revision)) {
        if (declaresTasks(session) && support != Support::Forbidden) {
            call.taskStep = TaskStep::Relay;
            sendsTask = !told.isModern();
        } else if (support == Support::Required) {
            return refuse(mcp::error_code::MissingClientCapability,
                          QByteArrayLiteral("Missing required client capability: this tool runs as a task only."),
                          tasksRequired());
        }
    } else if (session.revision == mcp::Revision::V2025_11_25) {
        const bool isKnown = !connection.initializeResult().protocolVersion.isEmpty();
        if (asked && isKnown && support == Support::Forbidden && offeredTasks(m_pool, session).any)
            return refuse(mcp::error_code::MethodNotFound, QByteArrayLiteral("This tool does not run as a task."));
        if (!asked && support == Support::Required)
            return refuse(mcp::error_code::MethodNotFound,
                          QByteArrayLiteral("This tool runs as a task only: call it with params.task."));
        if (asked && (support != Support::Forbidden || !isKnown))
            call.taskStep = TaskStep::Relay;
        sendsTask = asked && !connection.isModern();
    } else if (support == Support::Required) {
        call.taskStep = TaskStep::Await;
        sendsTask = true;
    }
    if (call.taskStep != TaskStep::None && !m_tasks.hasRoomFor(taskOwner(session)))
        return refuse(mcp::error_code::ServerError,
                      QByteArrayLiteral("Too many tasks are kept for this client; it may call again "
                                        "when some of them have ended."));
    if (asked != sendsTask || (asked && mcp::isModern(session.revision)))
        setTaskParam(incoming.message, sendsTask);
    return true;
}

/// `params.task` as the server is to see it: an empty wish, or none.
void Gateway::setTaskParam(mcp::Message& message, bool wanted)
{
    (void)mcp::parsedAgain(message.raw, m_document);
    const json::Value params = m_document.root().find("params");
    json::Splicer splicer(message.raw);
    for (const json::Member& member : params.members()) {
        if (member.key.equals("task"))
            splicer.removeMember(params, member);
    }
    if (wanted)
        splicer.insertMember(params, "\"task\"", "{}");
    if (auto changed = mcp::readMessage(splicer.apply(), m_document))
        message = std::move(*changed);
}

/// True when the answer was all about a task and has been dealt with.
bool Gateway::takeTaskReply(std::unique_ptr<ActiveCall>& call, upstream::Reply& reply)
{
    const bool isAnswer = reply.kind == upstream::Reply::Kind::Response;
    switch (call->taskStep) {
    case TaskStep::None:
        return isAnswer && call->incoming.message.methodId == MethodId::ToolsCall && call->connection->isModern() &&
               (reply.message.kind == mcp::Message::Kind::Error ? retryAsTask(call, reply.message)
                                                                : takeCreatedTask(call, reply.message));
    case TaskStep::Relay:
    case TaskStep::Await:
        return isAnswer && takeCreatedTask(call, reply.message);
    case TaskStep::Awaiting:
        if (Task* task = m_tasks.find(call->task)) {
            if (!isAnswer)
                cancelTask(*task);
            m_tasks.drop(task->serial);
        }
        return false;
    case TaskStep::Get:
        return isAnswer && takeTaskState(call, reply.message);
    case TaskStep::Fetch:
    case TaskStep::Result:
        return isAnswer && takeTaskResult(*call, reply.message);
    case TaskStep::Cancel:
        return isAnswer && takeTaskCancelled(*call, reply.message);
    case TaskStep::ResultByPolling:
        break;
    }
    return false;
}

/// A server of 2026-07-28 refuses what it can only do as a task; a client of the revisions before cannot be told so.
bool Gateway::retryAsTask(std::unique_ptr<ActiveCall>& call, const mcp::Message& refusal)
{
    if (mcp::isModern(call->incoming.session->revision) || !needsTasks(refusal))
        return false;
    call->taskStep = TaskStep::Await;
    call->options.clientCapabilities = declaredWithTasks(*call->incoming.session);
    ActiveCall& kept = *call;
    const quint64 cookie = m_calls.add(std::move(call));
    kept.token = kept.connection->call(kept.incoming.message, kept.options, *this, cookie);
    return true;
}

Task* Gateway::keepTask(const ActiveCall& call, mcp::TaskState&& state, bool awaited)
{
    auto task = std::make_unique<Task>();
    task->state = std::move(state);
    task->connection = call.connection;
    task->owner = taskOwner(*call.incoming.session);
    task->session = call.incoming.session;
    task->clientIsModern = mcp::isModern(call.incoming.session->revision);
    task->isAwaited = awaited;
    if (!task->clientIsModern) {
        task->callId = call.token.id;
        task->progressToken = call.progressToken;
    }
    return m_tasks.add(std::move(task), now());
}

bool Gateway::takeCreatedTask(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
{
    const bool serverIsModern = call->connection->isModern();
    if (serverIsModern && call->taskStep == TaskStep::None && answer.rawOf(Field::ResultType) != "\"task\"")
        return false;
    const bool clientIsModern = mcp::isModern(call->incoming.session->revision);
    json::Document document;
    (void)mcp::parsedAgain(answer.raw, document);
    auto state = mcp::createdTask(answer, document, serverIsModern ? TaskForm::Extension : TaskForm::Core);
    if (!state) {
        const bool isOwed =
            call->taskStep == TaskStep::Relay && !clientIsModern && serverIsModern && answer.kind == mcp::Message::Kind::Response;
        if (isOwed)
            keepFinishedTask(*call, answer);
        return isOwed;
    }
    const bool isClients = call->taskStep == TaskStep::Relay ||
                           (call->taskStep == TaskStep::None && clientIsModern && declaresTasks(*call->incoming.session));
    if (!isClients) {
        awaitTask(std::move(call), std::move(*state));
        return true;
    }
    Task* task = keepTask(*call, std::move(*state), false);
    if (task == nullptr) {
        m_answers.sendError(call->incoming, call->record, Outcome::Rejected, QByteArrayLiteral("too_many_tasks"),
                            mcp::error_code::ServerError, QByteArrayLiteral("Too many tasks are kept for this client."));
        return true;
    }
    call->record.events.push_back({now() - call->incoming.startNs, QByteArrayLiteral("mcp.task_created"), {}});
    const QByteArray result = answer.rawOf(Field::Result).toByteArray();
    json::Writer shown;
    if (clientIsModern == serverIsModern) {
        (void)mcp::parsedAgain(result, document);
        shown.raw(mcp::withTaskId(result, serverIsModern ? document.root() : document.root().find("task"), task->id));
    } else {
        mcp::TaskState renamed = task->state;
        renamed.id = task->id;
        shown.beginObject();
        if (clientIsModern) {
            shown.member("resultType", "task");
            renamed.write(shown, TaskForm::Extension);
        } else {
            shown.key("task").beginObject();
            renamed.write(shown, TaskForm::Core);
            shown.endObject();
        }
        shown.endObject();
    }
    m_answers.sendWhole(call->incoming, call->record, shown.view());
    scheduleTasks();
    return true;
}

/// A server of 2026-07-28 decided against a task; a client of 2025-11-25 that asked for one has to get one.
void Gateway::keepFinishedTask(ActiveCall& call, const mcp::Message& answer)
{
    qsizetype held = 0;
    (void)m_tasks.select([&](const Task& other) {
        held += other.result.size();
        return false;
    });
    mcp::TaskState state;
    state.status = answer.resultIsError ? mcp::TaskStatus::Failed : mcp::TaskStatus::Completed;
    state.createdAt = state.lastUpdatedAt = timestamp(m_context.clock);
    state.ttlMs = kFinishedTtlMs;
    const QByteArrayView result = answer.rawOf(Field::Result);
    Task* task = held + result.size() > kMaxFinishedBytes ? nullptr : keepTask(call, std::move(state), false);
    if (task == nullptr) {
        m_answers.sendError(call.incoming, call.record, Outcome::Rejected, QByteArrayLiteral("too_many_tasks"),
                            mcp::error_code::ServerError,
                            QByteArrayLiteral("Too many results of tasks are kept; fetch some of them."));
        return;
    }
    task->isSettled = true;
    task->callId = 0;
    task->result = result.toByteArray();
    json::Writer shown;
    shown.beginObject().key("task").beginObject();
    mcp::TaskState renamed = task->state;
    renamed.id = task->id;
    renamed.write(shown, TaskForm::Core);
    shown.endObject().endObject();
    m_answers.sendResult(call.incoming, call.record, shown.view());
    scheduleTasks();
}

/// The call goes on waiting, now for its task.
void Gateway::awaitTask(std::unique_ptr<ActiveCall> call, mcp::TaskState&& state)
{
    Task* task = keepTask(*call, std::move(state), true);
    if (task == nullptr) {
        m_answers.sendError(call->incoming, call->record, Outcome::Rejected, QByteArrayLiteral("too_many_tasks"),
                            mcp::error_code::ServerError, QByteArrayLiteral("Too many tasks are kept for this client."));
        return;
    }
    ActiveCall& kept = *call;
    kept.taskStep = TaskStep::Awaiting;
    kept.task = task->serial;
    const quint64 cookie = m_calls.add(std::move(call));
    task->waiters.push_back(cookie);
    if (!kept.connection->isModern()) {
        kept.token = callForTask(*task, MethodId::TasksResult, cookie);
        return;
    }
    kept.token = {};
    const std::chrono::nanoseconds longest =
        kept.connection->server().timeouts.toolCall.value_or(m_context.config.gateway.timeouts.toolCall);
    task->deadlineNs = std::min(task->deadlineNs, now() + longest.count());
    task->nextPollNs = now() + task->pollNs();
    scheduleTasks();
}

/// A request of the gateway's own about a task, under the server's id.
upstream::CallToken Gateway::callForTask(const Task& task, MethodId method, quint64 cookie, QByteArrayView inputResponses)
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
    if (method == MethodId::TasksResult) {
        // The server blocks until the task has ended.
        options.operation = upstream::OperationType::ToolCall;
        if (!task.isAwaited)
            options.timeout = std::chrono::milliseconds(std::max<std::int64_t>((task.deadlineNs - now()) / 1'000'000, 1));
    }
    options.clientCapabilities = capabilities;
    return task.connection->call(*message, options, *this, cookie);
}

void Gateway::cancelTask(Task& task)
{
    if (task.isSettled || task.state.isTerminal() || task.connection->state() != upstream::ServerState::Ready)
        return;
    callForTask(task, MethodId::TasksCancel, 0);
}

void Gateway::leaveTask(const ActiveCall& call)
{
    Task* task = call.task != 0 ? m_tasks.find(call.task) : nullptr;
    if (task == nullptr)
        return;
    if (call.taskStep == TaskStep::Awaiting) {
        cancelTask(*task);
        m_tasks.drop(task->serial);
    } else if (call.taskStep == TaskStep::ResultByPolling) {
        std::erase_if(task->waiters, [&](quint64 cookie) { return m_calls.find(cookie) == nullptr; });
    }
}

/// What was begun for a client or by a server that is gone.
void Gateway::dropTasks(const std::function<bool(const Task&)>& matches)
{
    for (const quint64 serial : m_tasks.select(matches)) {
        Task* task = m_tasks.find(serial);
        cancelTask(*task);
        task->connection->cancel(task->poll);
        task->connection->cancel(task->resultCall);
        m_tasks.drop(serial);
    }
    answerTaskListings();
    scheduleTasks();
}

} // namespace oriel::gateway
