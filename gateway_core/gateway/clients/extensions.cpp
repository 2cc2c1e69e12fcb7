// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/clients/extensions.h"

#include "mcp/task_messages.h"

#include <array>

namespace oriel::gateway {

namespace {

constexpr std::array<QByteArrayView, 2> kEndAtGateway{"io.modelcontextprotocol/oauth-client-credentials",
                                                      "io.modelcontextprotocol/enterprise-managed-authorization"};

bool removeEnding(mcp::RawMembers& extensions)
{
    qsizetype removed = 0;
    for (const QByteArrayView id : kEndAtGateway)
        removed += extensions.remove(id.toByteArray());
    return removed > 0;
}

} // namespace

void offerExtensions(mcp::ServerCapabilities& capabilities, mcp::Revision revision, bool tasks)
{
    removeEnding(capabilities.extensions);
    const QByteArray id = mcp::TasksExtension.toByteArray();
    if (!tasks || mcp::isLegacy(revision))
        capabilities.extensions.remove(id);
    else if (!capabilities.extensions.contains(id))
        capabilities.extensions.insert(id, QByteArrayLiteral("{}"));
}

void declareExtensions(mcp::ClientCapabilities& capabilities)
{
    capabilities.extensions.insert(kUiExtension.toByteArray(),
                                   QByteArrayLiteral("{\"mimeTypes\":[\"text/html;profile=mcp-app\"]}"));
}

QByteArray declaredUpstream(const downstream::Session& session)
{
    if (session.capabilities.extensions.isEmpty())
        return session.capabilitiesJson;
    mcp::ClientCapabilities declared = session.capabilities;
    return removeEnding(declared.extensions) ? declared.toJson() : session.capabilitiesJson;
}

QByteArray declaredWithTasks(const downstream::Session& session)
{
    mcp::ClientCapabilities declared = session.capabilities;
    removeEnding(declared.extensions);
    declared.extensions.insert(mcp::TasksExtension.toByteArray(), QByteArrayLiteral("{}"));
    return declared.toJson();
}

QByteArray tasksRequired()
{
    return "{\"requiredCapabilities\":{\"extensions\":{\"" + mcp::TasksExtension.toByteArray() + "\":{}}}}";
}

} // namespace oriel::gateway
