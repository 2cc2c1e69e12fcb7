// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_offers.h"

#include "gateway/clients/extensions.h"

namespace oriel::gateway {

OfferedTasks offeredTasks(const ConnectionPool& pool, const downstream::Session& session)
{
    OfferedTasks offered;
    for (const auto& connection : pool.shared()) {
        if ((!session.server.isEmpty() && session.server != connection->name()) || !TaskTools::takesTasks(*connection))
            continue;
        offered.any = true;
        offered.cancel = offered.cancel || connection->isModern() || connection->initializeResult().capabilities.tasksCancel;
    }
    return offered;
}

void offerTasks(const ConnectionPool& pool, const downstream::Session& session, mcp::ServerCapabilities& all)
{
    const OfferedTasks offered = offeredTasks(pool, session);
    const bool inCore = offered.any && session.revision == mcp::Revision::V2025_11_25;
    all.tasks = all.tasksList = all.tasksToolsCall = inCore;
    all.tasksCancel = inCore && offered.cancel;
    offerExtensions(all, session.revision, offered.any);
}

} // namespace oriel::gateway
