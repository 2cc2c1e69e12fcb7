// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_notices.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/input/questions.h"
#include "mcp/headers.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;

void TaskNotices::tell(Task& task, const QByteArray& detailed)
{
    task.told = task.shape();
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

void TaskNotices::relayStatus(const upstream::ServerConnection& connection, const mcp::Message& message)
{
    Task* task = m_lifecycle.tasks().findByServer(connection, message.text(Field::ParamsTaskId));
    if (task == nullptr || task->isAwaited || task->isSettled)
        return;
    json::Document document;
    if (mcp::parsedAgain(message.rawOf(Field::Params), document).exists()) {
        if (auto state = task->heard(document.root()))
            m_lifecycle.tasks().update(*task, std::move(*state), m_context.now());
    }
    if (task->clientIsModern) {
        task->nextPollNs = m_context.now();
    } else if (const auto session = task->session.lock()) {
        const QByteArray frame = mcp::Rewrite(message).setTarget(task->id).removeMeta(Field::MetaRelatedTask).apply();
        session->send(frame);
        m_wire.recordNotification(*session, message, frame);
    }
    m_lifecycle.schedule();
}

void TaskNotices::relayProgress(const upstream::ServerConnection& connection, const mcp::Message& message)
{
    const auto token = mcp::RequestId::fromJson(message.rawOf(Field::ParamsProgressToken));
    const Task* task = token.isInteger() ? m_lifecycle.tasks().findByCall(connection, token.number()) : nullptr;
    if (task == nullptr || !task->progressToken.isValid())
        return;
    ActiveCall* waiting = m_lifecycle.callBlockedBy(*task);
    const std::shared_ptr<downstream::Session> session = task->session.lock();
    const mcp::Message renamed = shown(connection, message);
    const QByteArray tokenText = task->progressToken.toJson();
    mcp::Rewrite rewrite(renamed);
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

mcp::Message TaskNotices::shown(const upstream::ServerConnection& connection, const mcp::Message& message) const
{
    const Task* task = m_lifecycle.tasks().findByServer(connection, mcp::relatedTaskOf(message));
    mcp::Rewrite rewrite(message);
    const QByteArray related = task != nullptr ? mcp::relatedTask(task->id) : QByteArray();
    if (task != nullptr && !task->isAwaited)
        rewrite.setMetaRaw(Field::MetaRelatedTask, related);
    else
        rewrite.removeMeta(Field::MetaRelatedTask);
    json::Document document;
    auto renamed = mcp::readMessage(rewrite.apply(), document);
    return renamed ? std::move(*renamed) : message;
}

} // namespace oriel::gateway
