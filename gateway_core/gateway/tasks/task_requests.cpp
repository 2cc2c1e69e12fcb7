// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_requests.h"

#include "gateway/clients/extensions.h"
#include "gateway/input/questions.h"
#include "gateway/input/request_trace.h"
#include "gateway/tasks/task_forms.h"
#include "gateway/tasks/task_offers.h"
#include "mcp/errors.h"

#include <QDateTime>

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using mcp::TaskForm;
using mcp::TaskStatus;
using telemetry::Outcome;

void TaskRequests::serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    if (!mayUse(incoming, record))
        return;
    if (incoming.message.methodId == MethodId::TasksList) {
        list(std::move(incoming), std::move(record));
        return;
    }
    Task* task = m_lifecycle.tasks().find(incoming.message.text(Field::ParamsTaskId), taskOwner(*incoming.session));
    if (task == nullptr) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            QByteArrayLiteral("Invalid params: taskId names no task of this client, or one that has expired."));
        return;
    }
    record.routedServer = task->connection->context();
    if (task->clientIsModern)
        task->session = incoming.session;
    if (!answerHere(incoming, record, *task))
        forward(std::move(incoming), std::move(record), *task);
}

bool TaskRequests::mayUse(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const downstream::Session& session = *incoming.session;
    if (!offeredTasks(m_pool, session).any) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::MethodNotFound,
                            "Method not found: " + record.method);
        return false;
    }
    if (mcp::isModern(session.revision) && !session.capabilities.extensions.contains(mcp::TasksExtension.toByteArray())) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::MissingClientCapability,
                            QByteArrayLiteral("Missing required client capability"), tasksRequired());
        return false;
    }
    return true;
}

bool TaskRequests::answerHere(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task)
{
    const MethodId method = incoming.message.methodId;
    if (task.clientIsModern) {
        if (method != MethodId::TasksUpdate || task.connection->isModern())
            return false;
        update(incoming, record, task);
        return true;
    }
    const bool hasEnded = task.isSettled || (task.connection->isModern() && task.state.isTerminal());
    if (method == MethodId::TasksCancel && hasEnded) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: the task has ended, its status is " + mcp::toText(task.state.status).toByteArray() +
                                '.');
        return true;
    }
    if (task.isSettled)
        return answerSettled(incoming, record, task);
    if (method != MethodId::TasksResult || !task.connection->isModern())
        return false;
    waitForEnd(incoming, record, task);
    return true;
}

/// What the client was told stands, whatever the server says.
bool TaskRequests::answerSettled(downstream::Incoming& incoming, telemetry::CallRecord& record, const Task& task)
{
    if (incoming.message.methodId == MethodId::TasksGet)
        m_answers.sendResult(incoming, record, coreTask(task));
    else if (task.state.status == TaskStatus::Cancelled)
        m_answers.sendError(incoming, record, Outcome::RpcError, mcp::error_code::InvalidRequest,
                            QByteArrayLiteral("The task was cancelled."));
    else
        m_answers.sendResult(incoming, record, mcp::withRelatedTask(task.result, task.id));
    return true;
}

/// tasks/result at a server that has no such method: the task is polled.
void TaskRequests::waitForEnd(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task)
{
    auto call = std::make_unique<ActiveCall>();
    call->clientId = incoming.message.id();
    call->connection = task.connection;
    call->forwardedNs = m_context.now();
    call->taskStep = TaskStep::ResultByPolling;
    call->task = task.serial;
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    task.waiters.push_back(m_calls.add(std::move(call)));
    task.nextPollNs = m_context.now();
    m_lifecycle.schedule();
}

/// Answers to questions that a server of 2025-11-25 asked. What is not asked (any more) is passed over.
void TaskRequests::update(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task)
{
    if (incoming.message.kindOf(Field::ParamsInputResponses) != json::Kind::Object) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            QByteArrayLiteral("Invalid params: inputResponses must be an object."));
        return;
    }
    json::Document document;
    (void)mcp::parsedAgain(incoming.message.rawOf(Field::ParamsInputResponses), document);
    std::erase_if(task.questions, [&](const HeldQuestion& question) {
        const json::Value response = document.root().find(question.key);
        if (!response.isObject())
            return false;
        question.trace->answered();
        task.connection->reply(mcp::makeResult(question.serverId, mcp::withRelatedTask(response.raw(), task.state.id)));
        return true;
    });
    m_answers.sendResult(incoming, record, "{}");
}

void TaskRequests::forward(downstream::Incoming&& incoming, telemetry::CallRecord&& record, Task& task)
{
    auto call = std::make_unique<ActiveCall>();
    const MethodId method = incoming.message.methodId;
    call->clientId = incoming.message.id();
    call->progressToken = mcp::RequestId::fromJson(incoming.message.rawOf(Field::MetaProgressToken));
    call->connection = task.connection;
    call->forwardedNs = m_context.now();
    call->task = task.serial;
    call->taskStep = method == MethodId::TasksGet      ? TaskStep::Get
                     : method == MethodId::TasksResult ? TaskStep::Result
                     : method == MethodId::TasksCancel ? TaskStep::Cancel
                                                       : TaskStep::None;
    upstream::CallOptions options;
    options.target = task.state.id;
    options.wantsProgress = call->progressToken.isValid();
    options.traceId = record.traceId;
    options.spanId = SpanId::generate(m_context.random);
    options.callSpanId = record.spanId;
    options.traceFlags = record.traceFlags;
    options.traceState = record.traceState;
    options.propagators = m_context.policy.propagators;
    options.clientCapabilities = declaredWithTasks(*incoming.session);
    if (method == MethodId::TasksResult)
        options.timeout = std::chrono::milliseconds(std::max<std::int64_t>((task.deadlineNs - m_context.now()) / 1'000'000, 1));
    call->options = options;
    telemetry::Hop hop;
    hop.spanId = options.spanId;
    record.hops.append(std::move(hop));
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    ActiveCall& kept = *call;
    const quint64 cookie = m_calls.add(std::move(call));
    kept.token = kept.connection->call(kept.incoming.message, options, m_replies, cookie);
}

void TaskRequests::list(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    std::optional<QByteArray> cursor;
    if (incoming.message.has(Field::ParamsCursor))
        cursor = incoming.message.text(Field::ParamsCursor);
    auto page = m_lifecycle.tasks().page(taskOwner(*incoming.session), cursor);
    if (!page) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: " + page.error().message.toUtf8());
        return;
    }
    for (const quint64 serial : page->serials) {
        Task* task = m_lifecycle.tasks().find(serial);
        const bool mayHaveChanged = !task->isSettled && !task->state.isTerminal() && !task->poll.isValid() &&
                                    task->connection->state() == upstream::ServerState::Ready;
        if (mayHaveChanged)
            m_lifecycle.poll(*task);
    }
    m_lifecycle.listings().add(std::move(incoming), std::move(record), std::move(*page));
}

/// The answer to a client's tasks/get.
bool TaskRequests::takeState(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
{
    Task* task = m_lifecycle.tasks().find(call->task);
    if (task == nullptr)
        return false;
    if (answer.kind == mcp::Message::Kind::Error) {
        if (answer.errorCode == mcp::error_code::InvalidParams)
            m_lifecycle.tasks().drop(task->serial); // the server has forgotten it
        return false;
    }
    const QByteArray result = answer.rawOf(Field::Result).toByteArray();
    json::Document document;
    (void)mcp::parsedAgain(result, document);
    auto state = task->heard(document.root());
    if (!state) {
        m_answers.sendError(call->incoming, call->record, Outcome::RpcError, mcp::error_code::InternalError,
                            QByteArrayLiteral("The server's answer holds no task."));
        return true;
    }
    m_lifecycle.tasks().update(*task, std::move(*state), m_context.now());
    const bool serverIsModern = task->connection->isModern();
    if (task->clientIsModern == serverIsModern) {
        const QByteArray renamed = mcp::withTaskId(result, document.root(), task->id);
        const bool isNamed = serverIsModern && call->incoming.session->server.isEmpty();
        m_answers.sendWhole(call->incoming, call->record,
                            isNamed ? withNamedQuestions(renamed, task->connection->name()) : renamed);
    } else if (serverIsModern) {
        m_answers.sendResult(call->incoming, call->record, coreTask(*task));
    } else if (task->state.isTerminal() && task->state.status != TaskStatus::Cancelled) {
        ActiveCall& kept = *call;
        kept.taskStep = TaskStep::Fetch;
        const quint64 cookie = m_calls.add(std::move(call));
        kept.token = m_lifecycle.call(*task, MethodId::TasksResult, cookie);
    } else {
        if (task->state.status == TaskStatus::InputRequired)
            m_lifecycle.openResult(*task);
        m_answers.sendResult(call->incoming, call->record, detailedTask(*task));
    }
    return true;
}

bool TaskRequests::takeResult(ActiveCall& call, const mcp::Message& answer)
{
    const Task* task = m_lifecycle.tasks().find(call.task);
    if (task == nullptr)
        return false;
    const bool isError = answer.kind == mcp::Message::Kind::Error;
    if (call.taskStep == TaskStep::Fetch) {
        const QByteArray outcome =
            isError ? answer.rawOf(Field::Error).toByteArray() : mcp::withRelatedTask(answer.rawOf(Field::Result), {});
        m_answers.sendResult(call.incoming, call.record, detailedTask(*task, isError ? "error" : "result", outcome));
        return true;
    }
    if (isError)
        return false;
    if (answer.resultIsError) {
        call.record.outcome = Outcome::ToolError;
        call.record.errorType = QByteArrayLiteral("tool_error");
    }
    m_answers.sendResult(call.incoming, call.record, mcp::withRelatedTask(answer.rawOf(Field::Result), task->id));
    return true;
}

bool TaskRequests::takeCancelled(ActiveCall& call, const mcp::Message& answer)
{
    Task* task = m_lifecycle.tasks().find(call.task);
    if (task == nullptr)
        return false;
    const bool isError = answer.kind == mcp::Message::Kind::Error;
    const bool serverIsModern = task->connection->isModern();
    if (task->clientIsModern) {
        // 2026-07-28 acknowledges in any case; 2025-11-25 refuses what has ended.
        if (serverIsModern || (isError && answer.errorCode != mcp::error_code::InvalidParams))
            return false;
        for (const HeldQuestion& question : std::exchange(task->questions, {})) {
            question.trace->failed(mcp::error_code::InternalError, "The client cancelled the task.");
            task->connection->reply(
                mcp::makeErrorResponse(question.serverId, mcp::error_code::InternalError, "The client cancelled the task."));
        }
        m_answers.sendResult(call.incoming, call.record, "{}");
        return true;
    }
    if (isError)
        return false;
    if (!serverIsModern) {
        const QByteArray result = answer.rawOf(Field::Result).toByteArray();
        json::Document document;
        (void)mcp::parsedAgain(result, document);
        if (auto state = mcp::TaskState::parse(document.root(), TaskForm::Core))
            m_lifecycle.tasks().update(*task, std::move(*state), m_context.now());
        m_answers.sendResult(call.incoming, call.record, mcp::withTaskId(result, document.root(), task->id));
        return true;
    }
    settleCancelled(call, *task);
    return true;
}

/// A server of 2026-07-28 has taken the wish; a client of 2025-11-25 has to see the task cancelled.
void TaskRequests::settleCancelled(ActiveCall& call, Task& task)
{
    task.isSettled = true;
    task.state.status = TaskStatus::Cancelled;
    task.state.lastUpdatedAt =
        QDateTime::fromMSecsSinceEpoch(m_context.clock.unixNs() / 1'000'000, Qt::UTC).toString(Qt::ISODateWithMs).toLatin1();
    m_answers.sendResult(call.incoming, call.record, coreTask(task));
    const std::vector<quint64> waiters = std::exchange(task.waiters, {});
    for (const quint64 cookie : waiters) {
        if (const std::unique_ptr<ActiveCall> waiting = m_calls.end(cookie))
            m_answers.sendError(waiting->incoming, waiting->record, Outcome::RpcError, mcp::error_code::InvalidRequest,
                                QByteArrayLiteral("The task was cancelled."));
    }
}

} // namespace oriel::gateway
