// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_creation.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/clients/extensions.h"
#include "gateway/tasks/task_forms.h"
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

bool TaskCreation::plan(downstream::Incoming& incoming, telemetry::CallRecord& record,
                        const upstream::ServerConnection& connection, ActiveCall& call)
{
    const bool asked = incoming.message.has(Field::ParamsTask);
    // What a client's own connection has not told yet, Oriel's own has.
    const int server = m_pool.catalogue().serverIndex(connection.name());
    const bool isFresh = server >= 0 && !connection.isListed(mcp::ListKind::Tools);
    const upstream::ServerConnection& told = isFresh ? m_pool.shared(server) : connection;
    if (!asked && !TaskTools::takesTasks(told))
        return true;
    const downstream::Session& session = *incoming.session;
    const bool clientIsModern = mcp::isModern(session.revision);
    const Support support = m_pool.taskTools().of(told, record.routedTarget);
    Plan plan;
    if (clientIsModern)
        plan = planModern(session, told, support);
    else if (session.revision == mcp::Revision::V2025_11_25)
        plan = planCore(session, connection, support, asked);
    else if (support == Support::Required)
        plan = {TaskStep::Await, true};
    if (plan.refusalCode == 0 && plan.step != TaskStep::None && !m_lifecycle.tasks().hasRoomFor(taskOwner(session)))
        plan = refusal(mcp::error_code::ServerError, "Too many tasks are kept for this client; it may call again when some of "
                                                     "them have ended.");
    if (plan.refusalCode != 0) {
        m_answers.sendError(incoming, record, Outcome::Rejected, plan.refusalCode, plan.refusal,
                            plan.refusalCode == mcp::error_code::MissingClientCapability ? tasksRequired() : QByteArray());
        return false;
    }
    call.taskStep = plan.step;
    if (asked != plan.sendsTask || (asked && clientIsModern))
        setParam(incoming.message, plan.sendsTask);
    return true;
}

/// The extension: the server decides, and needs to know that the client can.
TaskCreation::Plan TaskCreation::planModern(const downstream::Session& session, const upstream::ServerConnection& told,
                                            TaskTools::Support support)
{
    if (declaresTasks(session) && support != Support::Forbidden)
        return {TaskStep::Relay, !told.isModern()};
    if (support == Support::Required)
        return refusal(mcp::error_code::MissingClientCapability,
                       "Missing required client capability: this tool runs as a task only.");
    return {};
}

/// 2025-11-25: the client decides, where the tool lets it.
TaskCreation::Plan TaskCreation::planCore(const downstream::Session& session, const upstream::ServerConnection& connection,
                                          TaskTools::Support support, bool asked) const
{
    const bool isKnown = !connection.initializeResult().protocolVersion.isEmpty();
    if (asked && isKnown && support == Support::Forbidden && offeredTasks(m_pool, session).any)
        return refusal(mcp::error_code::MethodNotFound, "This tool does not run as a task.");
    if (!asked && support == Support::Required)
        return refusal(mcp::error_code::MethodNotFound, "This tool runs as a task only: call it with params.task.");
    const bool isRelayed = asked && (support != Support::Forbidden || !isKnown);
    return {isRelayed ? TaskStep::Relay : TaskStep::None, asked && !connection.isModern()};
}

TaskCreation::Plan TaskCreation::refusal(int code, const char* why)
{
    return {TaskStep::None, false, code, QByteArray(why)};
}

/// `params.task` as the server is to see it: an empty wish, or none.
void TaskCreation::setParam(mcp::Message& message, bool wanted)
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

bool TaskCreation::take(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
{
    const bool isPlainError = call->taskStep == TaskStep::None && answer.kind == mcp::Message::Kind::Error;
    return isPlainError ? retryAsTask(call, answer) : takeCreated(call, answer);
}

/// A server of 2026-07-28 refuses what it can only do as a task; a client of the revisions before cannot be told so.
bool TaskCreation::retryAsTask(std::unique_ptr<ActiveCall>& call, const mcp::Message& refusal)
{
    if (mcp::isModern(call->incoming.session->revision) || !needsTasks(refusal))
        return false;
    call->taskStep = TaskStep::Await;
    call->options.clientCapabilities = declaredWithTasks(*call->incoming.session);
    ActiveCall& kept = *call;
    const quint64 cookie = m_calls.add(std::move(call));
    kept.token = kept.connection->call(kept.incoming.message, kept.options, m_replies, cookie);
    return true;
}

bool TaskCreation::takeCreated(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
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
            keepFinished(*call, answer);
        return isOwed;
    }
    const bool isClients = call->taskStep == TaskStep::Relay ||
                           (call->taskStep == TaskStep::None && clientIsModern && declaresTasks(*call->incoming.session));
    if (isClients)
        giveToClient(*call, std::move(*state), answer);
    else
        await(std::move(call), std::move(*state));
    return true;
}

/// The client gets the task in place of a result, under an id of ours and in the form of its revision.
void TaskCreation::giveToClient(ActiveCall& call, mcp::TaskState&& state, const mcp::Message& answer)
{
    const Task* task = keep(call, std::move(state), false);
    if (task == nullptr) {
        refuseTooMany(call, "Too many tasks are kept for this client.");
        return;
    }
    call.record.events.push_back({m_context.now() - call.incoming.startNs, QByteArrayLiteral("mcp.task_created"), {}});
    const bool serverIsModern = call.connection->isModern();
    QByteArray shown;
    if (task->clientIsModern == serverIsModern) {
        const QByteArray result = answer.rawOf(Field::Result).toByteArray();
        json::Document document;
        (void)mcp::parsedAgain(result, document);
        shown = mcp::withTaskId(result, serverIsModern ? document.root() : document.root().find("task"), task->id);
    } else {
        shown = createdTaskResult(*task);
    }
    m_answers.sendWhole(call.incoming, call.record, shown);
    m_lifecycle.schedule();
}

void TaskCreation::refuseTooMany(ActiveCall& call, const char* why)
{
    m_answers.sendError(call.incoming, call.record, Outcome::Rejected, QByteArrayLiteral("too_many_tasks"),
                        mcp::error_code::ServerError, QByteArray(why));
}

/// A server of 2026-07-28 decided against a task; a client of 2025-11-25 that asked for one has to get one.
void TaskCreation::keepFinished(ActiveCall& call, const mcp::Message& answer)
{
    qsizetype held = 0;
    (void)m_lifecycle.tasks().select([&](const Task& other) {
        held += other.result.size();
        return false;
    });
    mcp::TaskState state;
    state.status = answer.resultIsError ? mcp::TaskStatus::Failed : mcp::TaskStatus::Completed;
    state.createdAt = state.lastUpdatedAt = timestamp(m_context.clock);
    state.ttlMs = kFinishedTtlMs;
    const QByteArrayView result = answer.rawOf(Field::Result);
    Task* task = held + result.size() > kMaxFinishedBytes ? nullptr : keep(call, std::move(state), false);
    if (task == nullptr) {
        refuseTooMany(call, "Too many results of tasks are kept; fetch some of them.");
        return;
    }
    task->isSettled = true;
    task->callId = 0;
    task->result = result.toByteArray();
    m_answers.sendResult(call.incoming, call.record, createdTaskResult(*task));
    m_lifecycle.schedule();
}

/// The call goes on waiting, now for its task.
void TaskCreation::await(std::unique_ptr<ActiveCall> call, mcp::TaskState&& state)
{
    Task* task = keep(*call, std::move(state), true);
    if (task == nullptr) {
        refuseTooMany(*call, "Too many tasks are kept for this client.");
        return;
    }
    ActiveCall& kept = *call;
    kept.taskStep = TaskStep::Awaiting;
    kept.task = task->serial;
    const quint64 cookie = m_calls.add(std::move(call));
    task->waiters.push_back(cookie);
    if (!kept.connection->isModern()) {
        kept.token = m_lifecycle.call(*task, MethodId::TasksResult, cookie);
        return;
    }
    kept.token = {};
    const std::chrono::nanoseconds longest =
        kept.connection->server().timeouts.toolCall.value_or(m_context.config.gateway.timeouts.toolCall);
    task->deadlineNs = std::min(task->deadlineNs, m_context.now() + longest.count());
    task->nextPollNs = m_context.now() + task->pollNs();
    m_lifecycle.schedule();
}

Task* TaskCreation::keep(const ActiveCall& call, mcp::TaskState&& state, bool awaited)
{
    auto task = std::make_unique<Task>();
    task->state = std::move(state);
    task->connection = call.connection;
    task->owner = taskOwner(*call.incoming.session);
    task->session = call.incoming.session;
    task->clientIsModern = mcp::isModern(call.incoming.session->revision);
    task->isAwaited = awaited;
    task->cause = {call.record.traceId, call.record.spanId, call.record.traceFlags};
    if (!task->clientIsModern) {
        task->callId = call.token.id;
        task->progressToken = call.progressToken;
    }
    return m_lifecycle.tasks().add(std::move(task), m_context.now());
}

} // namespace oriel::gateway
