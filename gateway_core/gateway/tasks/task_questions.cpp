// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_questions.h"

#include "base/json_writer.h"
#include "gateway/input/questions.h"
#include "gateway/input/request_routing.h"
#include "gateway/input/request_trace.h"
#include "gateway/tasks/task_forms.h"
#include "mcp/errors.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;
using telemetry::Outcome;

namespace {

constexpr int kMaxQuestions = 64; ///< of one task

} // namespace

void TaskQuestions::ask(quint64 serial, const json::Value& inputRequests)
{
    Task& task = *m_lifecycle.tasks().find(serial);
    ActiveCall* waiter = nullptr;
    for (const quint64 cookie : task.waiters)
        waiter = waiter != nullptr ? waiter : m_calls.find(cookie);
    if (waiter == nullptr)
        return;
    if (mcp::isModern(waiter->incoming.session->revision)) {
        giveUp(task, QByteArrayLiteral("The server needs input for a task that the client knows nothing of."));
        return;
    }
    for (const json::Member& member : inputRequests.members()) {
        const QByteArray key = member.key.asUtf8();
        if (task.askedKeys.contains(key) || task.askedKeys.size() >= kMaxQuestions)
            continue;
        task.askedKeys.insert(key);
        askOne(task, *waiter, key, member.value);
    }
}

void TaskQuestions::askOne(Task& task, ActiveCall& waiter, const QByteArray& key, const json::Value& question)
{
    const std::shared_ptr<downstream::Session> session = waiter.incoming.session;
    const json::Value params = question.find("params");
    json::Document document;
    const auto request = mcp::readMessage(mcp::makeRequest(mcp::RequestId(1), question.find("method").asUtf8(),
                                                           params.isObject() ? params.raw() : QByteArrayView("{}")),
                                          document);
    if (!request)
        return;
    const bool isElicitation = request->methodId == MethodId::ElicitationCreate;
    mcp::Message shown = questionFor(*session, *task.connection, m_pages.withId(*request, waiter));
    if (!task.isAwaited) {
        const QByteArray related = mcp::relatedTask(task.id);
        if (auto tagged = mcp::readMessage(mcp::Rewrite(shown).setMetaRaw(Field::MetaRelatedTask, related).apply(), document))
            shown = std::move(*tagged);
    }
    const QByteArray frame =
        m_calls.requests().ask(session, shown.text(Field::Method), shown.rawOf(Field::Params), parentOf(waiter.record),
                               [this, serial = task.serial, key, isElicitation](const mcp::Message* given) {
                                   takeInput(serial, key, isElicitation, given);
                               });
    bindToWaiter(task);
    m_calls.requests().noteCall(wireCallOf(waiter.record));
    waiter.incoming.reply->notify(frame);
    m_wire.recordSent(*session, frame, wireCallOf(waiter.record), waiter.incoming.reply.get());
}

/// The newest question of a task that its client does not know ends with the call that waits for the task. Of any other, the call
/// may end and the task go on.
void TaskQuestions::bindToWaiter(const Task& task)
{
    if (task.isAwaited && !task.waiters.empty())
        m_calls.requests().bindNewest(task.waiters.front());
}

void TaskQuestions::takeInput(quint64 serial, const QByteArray& key, bool isElicitation, const mcp::Message* given)
{
    Task* task = m_lifecycle.tasks().find(serial);
    if (task == nullptr)
        return;
    QByteArray response;
    if (given != nullptr && given->kind == mcp::Message::Kind::Response)
        response = mcp::withRelatedTask(given->rawOf(Field::Result), {});
    else if (isElicitation)
        response = QByteArrayLiteral("{\"action\":\"cancel\"}");
    if (response.isEmpty()) {
        // There is no way to tell the server that the client cannot: the task is given up.
        giveUp(*task, QByteArrayLiteral("The client did not give the input that the server needs."));
        return;
    }
    json::Writer responses;
    responses.beginObject().rawMember(key, response).endObject();
    m_lifecycle.call(*task, MethodId::TasksUpdate, 0, responses.view());
    task->nextPollNs = m_context.now();
    m_lifecycle.schedule();
}

void TaskQuestions::giveUp(Task& task, const QByteArray& why)
{
    m_lifecycle.cancel(task);
    m_lifecycle.end(task.serial, Outcome::RpcError, mcp::error_code::InternalError, why);
}

/// The task that a request of a server of 2025-11-25 belongs to; null: none.
Task* TaskQuestions::taskOf(const upstream::ServerConnection& connection, const mcp::Message& message,
                            upstream::CallToken related)
{
    if (m_lifecycle.tasks().isEmpty())
        return nullptr;
    Task* task = m_lifecycle.tasks().findByServer(connection, mcp::relatedTaskOf(message));
    if (task == nullptr && related.isValid()) {
        const auto own = m_lifecycle.tasks().select(
            [&](const Task& one) { return one.connection == &connection && one.resultCall == related; });
        task = own.empty() ? nullptr : m_lifecycle.tasks().find(own.front());
    }
    return task;
}

bool TaskQuestions::take(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    Task* task = taskOf(connection, message, related);
    if (task == nullptr)
        return false;
    ActiveCall* waiting = m_lifecycle.callBlockedBy(*task);
    const std::shared_ptr<downstream::Session> session = waiting != nullptr ? waiting->incoming.session : task->session.lock();
    const CallParent asked = waiting != nullptr ? parentOf(waiting->record) : CallParent{task->cause, task->cause.spanId};
    if (session == nullptr || !missingCapability(session->capabilities, message).isEmpty() ||
        task->questions.size() >= kMaxQuestions) {
        const QByteArray refusal = "The client of this task cannot answer " + message.text(Field::Method) + ".";
        RequestTrace trace(m_context);
        trace.received(message, connection.context(), asked);
        trace.failed(mcp::error_code::MethodNotFound, refusal);
        connection.reply(mcp::makeErrorResponse(message.id(), mcp::error_code::MethodNotFound, refusal));
        return true;
    }
    if (task->clientIsModern && !task->isAwaited) {
        HeldQuestion question;
        question.key = "input" + QByteArray::number(++task->questionsAsked);
        question.serverId = message.id();
        question.method = message.text(Field::Method);
        question.params = questionParams(questionFor(*session, connection, message));
        question.trace = std::make_shared<RequestTrace>(m_context);
        question.trace->received(message, connection.context(), asked);
        task->questions.push_back(std::move(question));
        if (m_lifecycle.isListenedTo(*task))
            m_notices.tell(*task, detailedTask(*task));
        return true;
    }
    m_pages.remember(connection, message, session);
    const mcp::Message named = questionFor(*session, connection, message);
    const mcp::Message shown = m_notices.shown(connection, named);
    const QByteArray frame = m_calls.requests().forward(connection, shown, session, asked, task->state.id);
    bindToWaiter(*task);
    if (waiting != nullptr)
        waiting->incoming.reply->notify(frame);
    else
        session->send(frame);
    const telemetry::WireCall wireCall = waiting != nullptr ? wireCallOf(waiting->record) : telemetry::WireCall();
    m_calls.requests().noteCall(wireCall);
    m_wire.recordSent(*session, frame, wireCall, waiting != nullptr ? waiting->incoming.reply.get() : nullptr);
    return true;
}

void TaskQuestions::withdraw(const upstream::ServerConnection& connection, const mcp::Message& cancelled)
{
    const auto id = mcp::RequestId::fromJson(cancelled.rawOf(Field::ParamsRequestId));
    for (const quint64 serial : m_lifecycle.tasks().select([&](const Task& task) { return task.connection == &connection; }))
        std::erase_if(m_lifecycle.tasks().find(serial)->questions, [&](const HeldQuestion& question) {
            if (!(question.serverId == id))
                return false;
            question.trace->cancelReceived(cancelled);
            return true;
        });
}

} // namespace oriel::gateway
