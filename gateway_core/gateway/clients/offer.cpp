// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/clients/offer.h"

#include "gateway/tasks/task_offers.h"

namespace oriel::gateway {

mcp::ServerCapabilities capabilitiesFor(const ConnectionPool& pool, const downstream::Session& session)
{
    const int view = pool.viewOf(session);
    mcp::ServerCapabilities all;
    bool complete = true;
    for (std::size_t i = 0; i < pool.shared().size(); ++i) {
        if (!ConnectionPool::isInView(view, i))
            continue;
        const mcp::InitializeResult& answer = pool.shared()[i]->initializeResult();
        complete = complete && !answer.protocolVersion.isEmpty();
        all.merge(answer.capabilities);
    }
    // A server that has not answered yet may bring anything, and a client never asks again: better to offer what turns out to be
    // empty.
    all.tools = all.tools || !complete || pool.shared().empty();
    all.prompts = all.prompts || !complete;
    all.resources = all.resources || !complete;
    all.resourcesSubscribe = all.resourcesSubscribe || !complete;
    all.completions = all.completions || !complete;
    all.logging = true;
    all.toolsListChanged = all.tools;
    all.promptsListChanged = all.prompts;
    all.resourcesListChanged = all.resources;
    offerTasks(pool, session, all);
    return all;
}

QByteArray instructionsFor(const ConnectionPool& pool, const downstream::Session& session)
{
    const int view = pool.viewOf(session);
    if (view >= 0)
        return pool.shared(view).initializeResult().instructions;
    QByteArray merged;
    if (view == Catalogue::kNoServer)
        return merged;
    for (const auto& connection : pool.shared()) {
        const QByteArray& text = connection->initializeResult().instructions;
        if (!text.isEmpty())
            merged += (merged.isEmpty() ? "" : "\n\n") + QByteArray("# ") + connection->name() + "\n" + text;
    }
    return merged;
}

} // namespace oriel::gateway
