// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/lists/list_changes.h"

namespace oriel::gateway {

using mcp::MethodId;

namespace {

QByteArrayView listChangedMethod(mcp::ListKind kind)
{
    switch (kind) {
    case mcp::ListKind::Tools:
        return mcp::methodName(MethodId::NotificationToolsListChanged);
    case mcp::ListKind::Prompts:
        return mcp::methodName(MethodId::NotificationPromptsListChanged);
    case mcp::ListKind::Resources:
    case mcp::ListKind::ResourceTemplates:
        break;
    }
    return mcp::methodName(MethodId::NotificationResourcesListChanged);
}

} // namespace

void ListChanges::announce(mcp::ListKind kind, const upstream::ServerConnection* of)
{
    const QByteArray frame = mcp::makeNotification(listChangedMethod(kind));
    m_streams.tellList(kind, listChangedMethod(kind), of);
    for (const auto& session : m_sessions.all()) {
        if (!hearsBroadcasts(*session) || (of != nullptr && !m_pool.sees(*session, *of)))
            continue;
        session->send(frame);
        m_wire.recordSent(*session, frame, {});
    }
}

} // namespace oriel::gateway
