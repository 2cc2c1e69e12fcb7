// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/semconv.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace oriel::telemetry {

namespace {

constexpr std::array<AttributeRow, static_cast<std::size_t>(Attr::Count)> kAttributes{{
    {Attr::McpMethodName, "mcp.method.name", "string", "The MCP method of the request or notification."},
    {Attr::McpProtocolVersion, "mcp.protocol.version", "string",
     "The MCP revision that this side of the gateway speaks with its peer."},
    {Attr::McpSessionId, "mcp.session.id", "string", "The MCP session; revisions before 2026-07-28 only."},
    {Attr::McpResourceUri, "mcp.resource.uri", "string", "The resource that a resource request is about."},
    {Attr::GatewayClientName, "gateway.client.name", "string", "clientInfo.name of the caller, or the name of its token."},
    {Attr::GatewayClientVersion, "gateway.client.version", "string", "clientInfo.version of the caller."},
    {Attr::GatewayServerName, "gateway.server.name", "string", "The configured name of the server that was called."},
    {Attr::GatewayServerVersion, "gateway.server.version", "string", "serverInfo.version of the server that was called."},
    {Attr::GenAiOperationName, "gen_ai.operation.name", "string", "execute_tool, on tools/call only."},
    {Attr::GenAiToolName, "gen_ai.tool.name", "string",
     "The tool: with its prefix on the SERVER span, as its server calls it on the CLIENT span."},
    {Attr::GenAiPromptName, "gen_ai.prompt.name", "string", "The prompt, likewise."},
    {Attr::GenAiToolCallArguments, "gen_ai.tool.call.arguments", "any",
     "Masked arguments; JSON text where they were cut. Only for destinations that ask for payloads."},
    {Attr::GenAiToolCallResult, "gen_ai.tool.call.result", "any",
     "Masked result; JSON text where it was cut. Only for destinations that ask for payloads."},
    {Attr::JsonrpcRequestId, "jsonrpc.request.id", "string", "The JSON-RPC id in its string form; not on notifications."},
    {Attr::RpcResponseStatusCode, "rpc.response.status_code", "string", "The JSON-RPC error code that was answered."},
    {Attr::ErrorType, "error.type", "string", "What failed: a JSON-RPC code, tool_error, timeout … Absent on success."},
    {Attr::NetworkTransport, "network.transport", "string", "pipe for stdio, tcp for HTTP."},
    {Attr::NetworkProtocolName, "network.protocol.name", "string", "http, when it is HTTP."},
    {Attr::NetworkProtocolVersion, "network.protocol.version", "string", "1.1, when it is HTTP."},
    {Attr::ServerAddress, "server.address", "string", "Host of an HTTP server."},
    {Attr::ServerPort, "server.port", "int", "Port of an HTTP server."},
    {Attr::ClientAddress, "client.address", "string", "Address of an HTTP client."},
    {Attr::ClientPort, "client.port", "int", "Port of an HTTP client."},
    {Attr::PeerService, "peer.service", "string", "The configured name of the server, for service maps."},
    {Attr::TenantId, "tenant.id", "string", "The tenant of the client's token."},
    {Attr::UserId, "user.id", "string", "The user of the client's token."},
    {Attr::GatewayProjectId, "gateway.project.id", "string", "The project of the client's token; default without one."},
    {Attr::GatewayRequestId, "gateway.request.id", "string",
     "X-Request-ID of the HTTP request; the same in logs and the audit row."},
    {Attr::GatewayOverhead, "gateway.overhead", "double", "Seconds of the call in which no server was working on it."},
    {Attr::GatewayAttempt, "gateway.attempt", "int", "Number of the retry; absent on the first try."},
    {Attr::HttpRequestResendCount, "http.request.resend_count", "int", "The same for a server that is called over HTTP."},
    {Attr::GatewayRetryDelay, "gateway.retry.delay", "double", "Seconds before the call is tried again; on the retry event."},
    {Attr::GatewayCircuitState, "gateway.circuit.state", "string",
     "State of the server's circuit breaker when the call came: open or half_open; absent while closed."},
    {Attr::GatewayLimit, "gateway.limit", "string",
     "The setting that refused the call: callsPerSecond, concurrency, callsPerDay …"},
    {Attr::GatewayLimitScope, "gateway.limit.scope", "string", "client, project, tenant, server or tool."},
    {Attr::GatewayLimitName, "gateway.limit.name", "string", "Whose limit it was."},
    {Attr::GatewayReplay, "gateway.replay", "bool", "True when a person sent the call from the console."},
    {Attr::GatewayOutcome, "gateway.outcome", "string",
     "ok, tool_error, rpc_error, timeout, cancelled, blocked, rejected or unavailable."},
    {Attr::GatewaySpanAlias, "gateway.span.alias", "string", "The name that an alias set gives to this span."},
    {Attr::GuardrailCheck, "guardrail.check", "string", "The check that ran."},
    {Attr::GuardrailAction, "guardrail.action", "string", "observe, redact or block."},
    {Attr::GuardrailViolation, "guardrail.violation", "string", "The kind of violation that was found."},
    {Attr::GuardrailFindings, "guardrail.findings", "int", "How many were found."},
    {Attr::GuardrailDirection, "guardrail.direction", "string", "input or output."},
    {Attr::LogSource, "log.source", "string", "Where a log record came from: a server's name or oriel."},
    {Attr::LogIostream, "log.iostream", "string", "stderr or stdout of a server."},
    {Attr::GenAiPromptVariable, "gen_ai.prompt.variable", "string",
     "With a dot and its name behind it: a masked argument of prompts/get; only for destinations that ask for payloads."},
    {Attr::GatewayPromptArguments, "gateway.prompt.arguments", "string[]", "Names of the arguments of prompts/get."},
    {Attr::GatewayPromptMessages, "gateway.prompt.messages", "int", "Messages in the prompt that was answered."},
    {Attr::GatewayPromptTokens, "gateway.prompt.tokens", "int",
     "Tokens that they come to, estimated as a quarter of their bytes."},
}};

constexpr std::array kEnkryptNames{"server_name", "tool_name",   "user_id", "project_id",
                                   "custom_id",   "duration_ms", "success", "error_type"};
constexpr std::array kKuadrantNames{"mcp.server", "mcp.route",       "error_source",    "http.method",
                                    "http.path",  "http.request_id", "http.status_code"};
constexpr std::array kDecoratorNames{"mcp.server", "mcp.tool", "mcp.status"};
constexpr std::array kContextForgeNames{"tool.name", "http.method", "http.url", "http.status_code"};

constexpr std::array kFormerNames{
    FormerName{Attr::GatewayClientName, "mcp.client.name"},
    FormerName{Attr::GatewayClientVersion, "mcp.client.version"},
    FormerName{Attr::GatewayServerName, "mcp.server.name"},
    FormerName{Attr::GatewayServerVersion, "mcp.server.version"},
    FormerName{Attr::GatewayProjectId, "project.id"},
    FormerName{Attr::GatewayRequestId, "request.id"},
    FormerName{Attr::GatewayPromptArguments, "mcp.prompt.arguments"},
    FormerName{Attr::GatewayPromptMessages, "mcp.prompt.messages"},
    FormerName{Attr::GatewayPromptTokens, "mcp.prompt.tokens"},
};
constexpr std::array<const char*, kFormerNames.size()> kOrielNames = [] {
    std::array<const char*, kFormerNames.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i)
        names[i] = kFormerNames[i].name;
    return names;
}();

const std::array<AliasSetRow, 5> kAliasSets{{
    {AliasSet::Enkrypt, "enkrypt", kEnkryptNames},
    {AliasSet::Kuadrant, "kuadrant", kKuadrantNames},
    {AliasSet::Decorator, "decorator", kDecoratorNames},
    {AliasSet::ContextForge, "contextforge", kContextForgeNames},
    {AliasSet::Oriel, "oriel", kOrielNames},
}};

struct StageAliasRow {
    Stage stage;
    AliasSet set;
    const char* name;
};
constexpr std::array kStageAliases{
    StageAliasRow{Stage::Count, AliasSet::Enkrypt, "tool_execution"},
    StageAliasRow{Stage::Authenticate, AliasSet::Enkrypt, "authenticate"},
    StageAliasRow{Stage::CacheGet, AliasSet::Enkrypt, "cache_lookup"},
    StageAliasRow{Stage::GuardrailsInput, AliasSet::Enkrypt, "input_guardrails"},
    StageAliasRow{Stage::Forward, AliasSet::Enkrypt, "forward_to_server"},
    StageAliasRow{Stage::Discover, AliasSet::Enkrypt, "discover_tools"},
    StageAliasRow{Stage::GuardrailsOutput, AliasSet::Enkrypt, "output_guardrails"},
    StageAliasRow{Stage::Count, AliasSet::Kuadrant, "mcp-router.process"},
    StageAliasRow{Stage::Route, AliasSet::Kuadrant, "mcp-router.route-decision"},
    StageAliasRow{Stage::Forward, AliasSet::Kuadrant, "mcp-router.tool-call"},
    StageAliasRow{Stage::Discover, AliasSet::Kuadrant, "mcp-router.broker.get-server-info"},
    StageAliasRow{Stage::SessionGet, AliasSet::Kuadrant, "mcp-router.session-cache.get"},
    StageAliasRow{Stage::SessionInit, AliasSet::Kuadrant, "mcp-router.session-init"},
    StageAliasRow{Stage::SessionStore, AliasSet::Kuadrant, "mcp-router.session-cache.store"},
    StageAliasRow{Stage::Count, AliasSet::ContextForge, "gateway.request"},
    StageAliasRow{Stage::Forward, AliasSet::ContextForge, "tool.invoke"},
};

constexpr std::array kMethods{
    "completion/complete",
    "elicitation/create",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/elicitation/complete",
    "notifications/initialized",
    "notifications/message",
    "notifications/progress",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/roots/list_changed",
    "notifications/subscriptions/acknowledged",
    "notifications/tasks/status",
    "notifications/tools/list_changed",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "roots/list",
    "sampling/createMessage",
    "server/discover",
    "subscriptions/listen",
    "tasks/cancel",
    "tasks/get",
    "tasks/list",
    "tasks/result",
    "tasks/update",
    "tools/call",
    "tools/list",
};

constexpr std::array kProtocolVersions{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};

} // namespace

std::span<const AttributeRow> attributeTable()
{
    return kAttributes;
}

QByteArray attributeName(Attr attribute)
{
    const char* name = kAttributes[static_cast<std::size_t>(attribute)].name;
    return QByteArray::fromRawData(name, static_cast<qsizetype>(std::strlen(name)));
}

std::span<const AliasSetRow> aliasSetTable()
{
    return kAliasSets;
}

std::span<const FormerName> formerNames()
{
    return kFormerNames;
}

AliasSets aliasSetByName(QStringView name)
{
    for (const AliasSetRow& row : kAliasSets) {
        if (name.compare(QLatin1StringView(row.name), Qt::CaseInsensitive) == 0)
            return static_cast<AliasSets>(row.set);
    }
    return 0;
}

QByteArrayView stageAlias(Stage stage, AliasSet set)
{
    for (const StageAliasRow& row : kStageAliases) {
        if (row.stage == stage && row.set == set)
            return row.name;
    }
    return {};
}

QByteArrayView boundedMethod(QByteArrayView method)
{
    const auto found = std::lower_bound(kMethods.begin(), kMethods.end(), method,
                                        [](const char* row, QByteArrayView wanted) { return QByteArrayView(row) < wanted; });
    return found != kMethods.end() && QByteArrayView(*found) == method ? QByteArrayView(*found) : QByteArrayView("_OTHER");
}

QByteArrayView boundedProtocolVersion(QByteArrayView version)
{
    if (version.isEmpty())
        return {};
    const auto found = std::find_if(kProtocolVersions.begin(), kProtocolVersions.end(),
                                    [version](const char* row) { return QByteArrayView(row) == version; });
    return found != kProtocolVersions.end() ? QByteArrayView(*found) : QByteArrayView("_OTHER");
}

} // namespace oriel::telemetry
