// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/lists.h"
#include "mcp/task_messages.h"
#include "upstream/server_connection.h"

#include <QHash>

namespace oriel::gateway {

/// Which tools run as tasks (2025-11-25 `execution.taskSupport`), so that a call finds it without looking through a list.
/// Gateway thread only.
class TaskTools {
public:
    using Support = mcp::ListEntry::TaskSupport;

    /// True for a server that takes calls as tasks, in either form; false while it has not said.
    [[nodiscard]] static bool takesTasks(const upstream::ServerConnection& connection)
    {
        static const QByteArray extension = mcp::TasksExtension.toByteArray();
        const mcp::ServerCapabilities& offered = connection.initializeResult().capabilities;
        return connection.isModern() ? offered.extensions.contains(extension) : offered.tasksToolsCall;
    }
    /// True for one that decides by itself which of its calls are tasks (2026-07-28).
    [[nodiscard]] static bool decidesItself(const upstream::ServerConnection& connection)
    {
        return connection.isModern() && takesTasks(connection);
    }
    void update(const upstream::ServerConnection& connection)
    {
        QHash<QByteArray, Support> supports;
        for (const mcp::ListEntry& tool : connection.items(mcp::ListKind::Tools)) {
            if (tool.taskSupport != Support::Forbidden)
                supports.insert(tool.identity, tool.taskSupport);
        }
        if (supports.isEmpty())
            m_supports.remove(&connection);
        else
            m_supports.insert(&connection, std::move(supports));
    }
    void forget(const upstream::ServerConnection& connection) { m_supports.remove(&connection); }
    /// A server of 2026-07-28 decides by itself, so any of its tools may run as a task.
    [[nodiscard]] Support of(const upstream::ServerConnection& connection, const QByteArray& tool) const
    {
        if (!takesTasks(connection))
            return Support::Forbidden;
        return connection.isModern() ? Support::Optional : m_supports.value(&connection).value(tool, Support::Forbidden);
    }

private:
    QHash<const upstream::ServerConnection*, QHash<QByteArray, Support>> m_supports;
};

} // namespace oriel::gateway
