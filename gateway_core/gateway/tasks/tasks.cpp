// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/tasks.h"

#include <algorithm>

namespace oriel::gateway {

namespace {

constexpr QByteArrayView kCursorPrefix = "task-";

} // namespace

QByteArray taskOwner(const downstream::Session& session)
{
    if (mcp::isModern(session.revision))
        return session.client->tokenName + '\n' + session.server;
    return "session " + QByteArray::number(reinterpret_cast<quintptr>(&session));
}

void Tasks::setDeadline(Task& task, std::int64_t nowNs)
{
    const std::int64_t wished =
        task.state.ttlMs ? std::min<std::int64_t>(*task.state.ttlMs, kLongestNs / 1'000'000) * 1'000'000 : kLongestNs;
    task.deadlineNs = nowNs + std::max<std::int64_t>(wished, 0);
}

bool Tasks::hasRoomFor(const QByteArray& owner) const
{
    return m_tasks.size() < kMaxTasks && m_ofOwner.value(owner) < kMaxOfOwner;
}

Task* Tasks::add(std::unique_ptr<Task> task, std::int64_t nowNs)
{
    if (!hasRoomFor(task->owner))
        return nullptr;
    Task& kept = *task;
    kept.serial = ++m_lastSerial;
    kept.id = m_random.secureBytes(18).toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    setDeadline(kept, nowNs);
    m_byId.insert(kept.id, kept.serial);
    if (!kept.state.id.isEmpty())
        m_byServer.insert({kept.connection, kept.state.id}, kept.serial);
    ++m_ofOwner[kept.owner];
    m_tasks.emplace(kept.serial, std::move(task));
    return &kept;
}

Task* Tasks::find(quint64 serial) const
{
    const auto it = m_tasks.find(serial);
    return it != m_tasks.end() ? it->second.get() : nullptr;
}

Task* Tasks::find(QByteArrayView id, QByteArrayView owner) const
{
    Task* task = find(m_byId.value(id.toByteArray()));
    return task != nullptr && task->owner == owner && !task->isAwaited ? task : nullptr;
}

Task* Tasks::findByServer(const upstream::ServerConnection& connection, QByteArrayView serverId) const
{
    return find(m_byServer.value({&connection, serverId.toByteArray()}));
}

Task* Tasks::findByCall(const upstream::ServerConnection& connection, std::int64_t callId) const
{
    for (const auto& [serial, task] : m_tasks) {
        if (task->connection == &connection && task->callId == callId)
            return task.get();
    }
    return nullptr;
}

void Tasks::update(Task& task, mcp::TaskState&& state, std::int64_t nowNs)
{
    const bool sameTtl = task.state.ttlMs == state.ttlMs;
    state.id = task.state.id;
    task.state = std::move(state);
    if (!sameTtl && !task.isAwaited)
        setDeadline(task, nowNs);
}

void Tasks::drop(quint64 serial)
{
    const auto it = m_tasks.find(serial);
    if (it == m_tasks.end())
        return;
    const Task& task = *it->second;
    m_byId.remove(task.id);
    const ServerKey key{task.connection, task.state.id};
    if (m_byServer.value(key) == serial)
        m_byServer.remove(key);
    if (--m_ofOwner[task.owner] == 0)
        m_ofOwner.remove(task.owner);
    m_tasks.erase(it);
}

Result<Tasks::Page> Tasks::page(QByteArrayView owner, const std::optional<QByteArray>& cursor) const
{
    quint64 after = 0;
    if (cursor) {
        const auto decoded = QByteArray::fromBase64Encoding(
            *cursor, QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals | QByteArray::AbortOnBase64DecodingErrors);
        bool isNumber = false;
        if (decoded && (*decoded).startsWith(kCursorPrefix))
            after = (*decoded).mid(kCursorPrefix.size()).toULongLong(&isNumber);
        if (!isNumber || after == 0 || after > m_lastSerial)
            return fail(ErrorCode::InvalidArgument, QStringLiteral("this cursor is not one of tasks/list"));
    }
    Page page;
    for (auto it = m_tasks.upper_bound(after); it != m_tasks.end(); ++it) {
        if (it->second->owner != owner || it->second->isAwaited)
            continue;
        if (page.serials.size() == kPageSize) {
            page.nextCursor = (kCursorPrefix.toByteArray() + QByteArray::number(page.serials.back()))
                                  .toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
            break;
        }
        page.serials.push_back(it->first);
    }
    return page;
}

} // namespace oriel::gateway
