// SPDX-License-Identifier: GPL-3.0-or-later
// What clients ask of their tasks: 2025-11-25 basic/utilities/tasks, and the extension io.modelcontextprotocol/tasks.
#include "base/json_writer.h"
#include "gateway/clients/extensions.h"
#include "gateway/gateway.h"
#include "gateway/input/questions.h"
#include "gateway/tasks/task_listing.h"
#include "gateway/tasks/task_offers.h"
#include "mcp/errors.h"

#include <QDateTime>

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using mcp::TaskForm;
using mcp::TaskStatus;
using telemetry::Outcome;

namespace {

QByteArray coreTask(const Task& task)
{
    mcp::TaskState shown = task.state;
    shown.id = task.id;
    json::Writer writer;
    writer.beginObject();
    shown.write(writer, TaskForm::Core);
    writer.endObject();
    return writer.take();
}

} // namespace

/// Questions make a working task one that needs input, whatever its server calls it. `outcome`: further members.
QByteArray detailedTask(const Task& task, QByteArrayView outcomeKey, QByteArrayView outcome)
{
    mcp::TaskState shown = task.state;
    shown.id = task.id;
    if (!shown.isTerminal())
        shown.status = task.questions.empty() ? TaskStatus::Working : TaskStatus::InputRequired;
    else if (shown.status != TaskStatus::Cancelled)
        shown.status = outcomeKey == QByteArrayView("error") ? TaskStatus::Failed : TaskStatus::Completed;
    json::Writer writer;
    writer.beginObject().member("resultType", "complete");
    shown.write(writer, TaskForm::Extension);
    if (shown.status == TaskStatus::InputRequired) {
        writer.key("inputRequests").beginObject();
        for (const HeldQuestion& question : task.questions) {
            writer.key(QByteArrayView(question.key)).beginObject().member("method", question.method);
            if (!question.params.isEmpty())
                writer.rawMember("params", question.params);
            writer.endObject();
        }
        writer.endObject();
    } else if (!outcomeKey.isEmpty()) {
        writer.rawMember(outcomeKey, outcome);
    }
    writer.endObject();
    return writer.take();
}

bool Gateway::mayUseTasks(downstream::Incoming& incoming, telemetry::CallRecord& record)
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

void Gateway::serveTask(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    if (!mayUseTasks(incoming, record))
        return;
    if (incoming.message.methodId == MethodId::TasksList) {
        listTasks(std::move(incoming), std::move(record));
        return;
    }
    Task* task = m_tasks.find(incoming.message.text(Field::ParamsTaskId), taskOwner(*incoming.session));
    if (task == nullptr) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            QByteArrayLiteral("Invalid params: taskId names no task of this client, or one that has expired."));
        return;
    }
    record.routedServer = task->connection->context();
    if (task->clientIsModern)
        task->session = incoming.session;
    if (!answerTaskHere(incoming, record, *task))
        forwardForTask(std::move(incoming), std::move(record), *task);
}

/// True when the server is not needed, or not at once.
bool Gateway::answerTaskHere(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task)
{
    const MethodId method = incoming.message.methodId;
    if (task.clientIsModern) {
        if (method != MethodId::TasksUpdate || task.connection->isModern())
            return false;
        updateTask(incoming, record, task);
        return true;
    }
    const bool hasEnded = task.isSettled || (task.connection->isModern() && task.state.isTerminal());
    if (method == MethodId::TasksCancel && hasEnded) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: the task has ended, its status is " + mcp::toText(task.state.status).toByteArray() +
                                '.');
        return true;
    }
    if (task.isSettled && method == MethodId::TasksGet) {
        m_answers.sendResult(incoming, record, coreTask(task));
        return true;
    }
    if (task.isSettled && task.state.status == TaskStatus::Cancelled) {
        m_answers.sendError(incoming, record, Outcome::RpcError, mcp::error_code::InvalidRequest,
                            QByteArrayLiteral("The task was cancelled."));
        return true;
    }
    if (task.isSettled) {
        m_answers.sendResult(incoming, record, mcp::withRelatedTask(task.result, task.id));
        return true;
    }
    if (method != MethodId::TasksResult || !task.connection->isModern())
        return false;
    auto call = std::make_unique<ActiveCall>();
    call->clientId = incoming.message.id();
    call->connection = task.connection;
    call->forwardedNs = now();
    call->taskStep = TaskStep::ResultByPolling;
    call->task = task.serial;
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    task.waiters.push_back(m_calls.add(std::move(call)));
    task.nextPollNs = now();
    scheduleTasks();
    return true;
}

/// Answers to questions that a server of 2025-11-25 asked. What is not asked (any more) is passed over.
void Gateway::updateTask(downstream::Incoming& incoming, telemetry::CallRecord& record, Task& task)
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
        task.connection->reply(mcp::makeResult(question.serverId, mcp::withRelatedTask(response.raw(), task.state.id)));
        return true;
    });
    m_answers.sendResult(incoming, record, "{}");
}

void Gateway::forwardForTask(downstream::Incoming&& incoming, telemetry::CallRecord&& record, Task& task)
{
    auto call = std::make_unique<ActiveCall>();
    const MethodId method = incoming.message.methodId;
    call->clientId = incoming.message.id();
    call->progressToken = mcp::RequestId::fromJson(incoming.message.rawOf(Field::MetaProgressToken));
    call->connection = task.connection;
    call->forwardedNs = now();
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
    options.clientCapabilities = declaredWithTasks(*incoming.session);
    if (method == MethodId::TasksResult)
        options.timeout = std::chrono::milliseconds(std::max<std::int64_t>((task.deadlineNs - now()) / 1'000'000, 1));
    call->options = options;
    telemetry::Hop hop;
    hop.spanId = options.spanId;
    record.hops.append(std::move(hop));
    call->record = std::move(record);
    call->incoming = std::move(incoming);
    ActiveCall& kept = *call;
    const quint64 cookie = m_calls.add(std::move(call));
    kept.token = kept.connection->call(kept.incoming.message, options, *this, cookie);
}

/// The answer to a client's tasks/get.
bool Gateway::takeTaskState(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer)
{
    Task* task = m_tasks.find(call->task);
    if (task == nullptr)
        return false;
    if (answer.kind == mcp::Message::Kind::Error) {
        if (answer.errorCode == mcp::error_code::InvalidParams)
            m_tasks.drop(task->serial); // the server has forgotten it
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
    m_tasks.update(*task, std::move(*state), now());
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
        kept.token = callForTask(*task, MethodId::TasksResult, cookie);
    } else {
        if (task->state.status == TaskStatus::InputRequired)
            openResult(*task);
        m_answers.sendResult(call->incoming, call->record, detailedTask(*task, {}, {}));
    }
    return true;
}

/// The answer to a tasks/result: the client's own, or the one that completes a tasks/get of 2026-07-28.
bool Gateway::takeTaskResult(ActiveCall& call, const mcp::Message& answer)
{
    const Task* task = m_tasks.find(call.task);
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

bool Gateway::takeTaskCancelled(ActiveCall& call, const mcp::Message& answer)
{
    Task* task = m_tasks.find(call.task);
    if (task == nullptr)
        return false;
    const bool isError = answer.kind == mcp::Message::Kind::Error;
    const bool serverIsModern = task->connection->isModern();
    if (task->clientIsModern) {
        // 2026-07-28 acknowledges in any case; 2025-11-25 refuses what has ended.
        if (serverIsModern || (isError && answer.errorCode != mcp::error_code::InvalidParams))
            return false;
        for (const HeldQuestion& question : std::exchange(task->questions, {}))
            task->connection->reply(
                mcp::makeErrorResponse(question.serverId, mcp::error_code::InternalError, "The client cancelled the task."));
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
            m_tasks.update(*task, std::move(*state), now());
        m_answers.sendResult(call.incoming, call.record, mcp::withTaskId(result, document.root(), task->id));
        return true;
    }
    task->isSettled = true;
    task->state.status = TaskStatus::Cancelled;
    task->state.lastUpdatedAt =
        QDateTime::fromMSecsSinceEpoch(m_context.clock.unixNs() / 1'000'000, Qt::UTC).toString(Qt::ISODateWithMs).toLatin1();
    m_answers.sendResult(call.incoming, call.record, coreTask(*task));
    const std::vector<quint64> waiters = std::exchange(task->waiters, {});
    for (const quint64 cookie : waiters) {
        if (const std::unique_ptr<ActiveCall> waiting = m_calls.end(cookie))
            m_answers.sendError(waiting->incoming, waiting->record, Outcome::RpcError, mcp::error_code::InvalidRequest,
                                QByteArrayLiteral("The task was cancelled."));
    }
    return true;
}

// --- tasks/list: the gateway knows whose tasks are whose, the servers how they are
// ------------------------------------------------

void Gateway::listTasks(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    std::optional<QByteArray> cursor;
    if (incoming.message.has(Field::ParamsCursor))
        cursor = incoming.message.text(Field::ParamsCursor);
    auto page = m_tasks.page(taskOwner(*incoming.session), cursor);
    if (!page) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: " + page.error().message.toUtf8());
        return;
    }
    for (const quint64 serial : page->serials) {
        Task* task = m_tasks.find(serial);
        const bool mayHaveChanged = !task->isSettled && !task->state.isTerminal() && !task->poll.isValid() &&
                                    task->connection->state() == upstream::ServerState::Ready;
        if (mayHaveChanged)
            task->poll = callForTask(*task, MethodId::TasksGet, Tasks::cookie(*task, Tasks::Errand::Poll));
    }
    auto listing = std::make_unique<TaskListing>();
    listing->incoming = std::move(incoming);
    listing->record = std::move(record);
    listing->page = std::move(*page);
    m_taskListings.push_back(std::move(listing));
    answerTaskListings();
}

void Gateway::answerTaskListings()
{
    std::vector<std::unique_ptr<TaskListing>> ready;
    std::erase_if(m_taskListings, [&](std::unique_ptr<TaskListing>& listing) {
        const auto& serials = listing->page.serials;
        const bool waits = std::any_of(serials.cbegin(), serials.cend(), [this](quint64 serial) {
            const Task* task = m_tasks.find(serial);
            return task != nullptr && task->poll.isValid();
        });
        if (!waits)
            ready.push_back(std::move(listing));
        return !waits;
    });
    for (const auto& listing : ready) {
        json::Writer result;
        result.beginObject().key("tasks").beginArray();
        for (const quint64 serial : listing->page.serials) {
            if (const Task* task = m_tasks.find(serial))
                result.raw(coreTask(*task));
        }
        result.endArray();
        if (!listing->page.nextCursor.isEmpty())
            result.member("nextCursor", listing->page.nextCursor);
        result.endObject();
        m_answers.sendResult(listing->incoming, listing->record, result.view());
    }
}

} // namespace oriel::gateway
