// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/span_attributes.h"

namespace oriel::telemetry {

Attr targetAttribute(TargetKind kind)
{
    switch (kind) {
    case TargetKind::Prompt:
        return Attr::GenAiPromptName;
    case TargetKind::Resource:
        return Attr::McpResourceUri;
    case TargetKind::Tool:
    case TargetKind::None:
        break;
    }
    return Attr::GenAiToolName;
}

void setTransport(AttributeList& attributes, Transport transport)
{
    if (transport == Transport::Stdio) {
        attributes.literal(Attr::NetworkTransport, "pipe");
        return;
    }
    attributes.literal(Attr::NetworkTransport, "tcp");
    attributes.literal(Attr::NetworkProtocolName, "http");
    attributes.literal(Attr::NetworkProtocolVersion, "1.1");
}

void setStatus(SpanData& span, AttributeList& attributes, const QByteArray& errorType, int rpcCode, const QByteArray& message)
{
    if (rpcCode != 0)
        attributes.set(Attr::RpcResponseStatusCode, QByteArray::number(rpcCode));
    if (errorType.isEmpty())
        return;
    attributes.set(Attr::ErrorType, errorType);
    span.status = StatusCode::Error;
    span.statusMessage = message;
}

void setClient(AttributeList& attributes, const ClientContext& client)
{
    attributes.text(Attr::McpProtocolVersion, client.protocolVersion);
    attributes.text(Attr::McpSessionId, client.sessionId);
    attributes.text(Attr::ClientAddress, client.address);
    if (!client.address.isEmpty() && client.port != 0)
        attributes.set(Attr::ClientPort, static_cast<std::int64_t>(client.port));
    attributes.text(Attr::GatewayClientName, client.clientName.isEmpty() ? client.tokenName : client.clientName);
    attributes.text(Attr::GatewayClientVersion, client.clientVersion);
    attributes.text(Attr::TenantId, client.tenantId);
    attributes.text(Attr::UserId, client.userId);
    attributes.text(Attr::GatewayProjectId, client.projectId);
}

void setServer(AttributeList& attributes, const ServerContext& server)
{
    attributes.text(Attr::McpProtocolVersion, server.protocolVersion);
    attributes.text(Attr::McpSessionId, server.sessionId);
    setTransport(attributes, server.transport);
    attributes.text(Attr::ServerAddress, server.address);
    if (!server.address.isEmpty() && server.port != 0)
        attributes.set(Attr::ServerPort, static_cast<std::int64_t>(server.port));
    attributes.text(Attr::GatewayServerName, server.name);
    attributes.text(Attr::GatewayServerVersion, server.serverVersion);
    attributes.text(Attr::PeerService, server.name);
}

bool blamesTheCaller(int rpcCode)
{
    return rpcCode == -32700 || rpcCode == -32600 || rpcCode == -32601 || rpcCode == -32602 || rpcCode == -32002;
}

} // namespace oriel::telemetry
