// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"

#include <QByteArray>
#include <QStringView>

#include <cstdint>
#include <span>

namespace oriel::telemetry {

/// Every attribute that Oriel writes on spans, logs and metrics; its name is in attributeTable() and nowhere else.
enum class Attr : std::uint8_t {
    McpMethodName,
    McpProtocolVersion,
    McpSessionId,
    McpResourceUri,
    GatewayClientName,
    GatewayClientVersion,
    GatewayServerName,
    GatewayServerVersion,
    GenAiOperationName,
    GenAiToolName,
    GenAiPromptName,
    GenAiToolCallArguments,
    GenAiToolCallResult,
    JsonrpcRequestId,
    RpcResponseStatusCode,
    ErrorType,
    NetworkTransport,
    NetworkProtocolName,
    NetworkProtocolVersion,
    ServerAddress,
    ServerPort,
    ClientAddress,
    ClientPort,
    PeerService,
    TenantId,
    UserId,
    GatewayProjectId,
    GatewayRequestId,
    GatewayOverhead,
    GatewayAttempt,
    HttpRequestResendCount,
    GatewayRetryDelay,
    GatewayCircuitState,
    GatewayLimit,
    GatewayLimitScope,
    GatewayLimitName,
    GatewayReplay,
    GatewayOutcome,
    GatewaySpanAlias,
    GuardrailCheck,
    GuardrailAction,
    GuardrailViolation,
    GuardrailFindings,
    GuardrailDirection,
    LogSource,
    LogIostream,
    GenAiPromptVariable,
    GatewayPromptArguments,
    GatewayPromptMessages,
    GatewayPromptTokens,
    Count
};

struct AttributeRow {
    Attr id;
    const char* name;
    const char* type; ///< "string", "string[]", "int", "double", "bool", "any"
    const char* description;
};

std::span<const AttributeRow> attributeTable();

/// The name without a copy: the bytes are static, so making and copying it allocates nothing.
QByteArray attributeName(Attr attribute);

/// Sets of other names that a destination can ask for beside today's (T6).
enum class AliasSet : std::uint8_t {
    Enkrypt = 1,      ///< server_name, tool_name, user_id, project_id, custom_id, duration_ms, success, error_type
    Kuadrant = 2,     ///< mcp.server, mcp.route, error_source, http.method, http.path, http.request_id, http.status_code
    Decorator = 4,    ///< mcp.server, mcp.tool, mcp.status
    ContextForge = 8, ///< tool.name, http.method, http.url, http.status_code
    Oriel = 16,       ///< what Oriel's own attributes were called while they stood in the conventions' namespaces: formerNames()
};
using AliasSets = std::uint8_t; ///< AliasSet values or-ed together

struct AliasSetRow {
    AliasSet set;
    const char* name; ///< as the configuration spells it
    std::span<const char* const> attributes;
};
std::span<const AliasSetRow> aliasSetTable();

struct FormerName {
    Attr attribute;
    const char* name;
};
std::span<const FormerName> formerNames();

/// The set that the configuration calls `name`; 0 when there is none of that name.
AliasSets aliasSetByName(QStringView name);

/// The names that a set gives to the SERVER span (Count), or to a stage; empty: none.
QByteArrayView stageAlias(Stage stage, AliasSet set);

/// The method as a metric label: itself when a revision of MCP defines it, else `_OTHER`, so that a client cannot make new
/// series.
QByteArrayView boundedMethod(QByteArrayView method);
/// The same for protocol revisions.
QByteArrayView boundedProtocolVersion(QByteArrayView version);

} // namespace oriel::telemetry
