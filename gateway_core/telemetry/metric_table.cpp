// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metric_table.h"

#include <algorithm>

namespace oriel::telemetry {

namespace {

using enum InstrumentKind;

constexpr std::array kNone = std::array<const char*, 0>{};
constexpr std::array kServerToolProject{"server_name", "tool_name", "project_id"};
constexpr std::array kServerTool{"server_name", "tool_name"};
constexpr std::array kServerToolError{"server_name", "tool_name", "error_type"};
constexpr std::array kServerError{"server_name", "error_type"};
constexpr std::array kServerToolReason{"server_name", "tool_name", "reason"};
constexpr std::array kProject{"project_id"};
constexpr std::array kConfigId{"mcp_config_id"};
constexpr std::array kCacheType{"cache_type"};
constexpr std::array kViolationServerDetector{"violation_type", "server_name", "detector"};
constexpr std::array kViolationServer{"violation_type", "server_name"};
constexpr std::array kServerPii{"server_name", "pii_type"};
constexpr std::array kEndpointStatus{"endpoint", "status_code"};
constexpr std::array kEndpoint{"endpoint"};
constexpr std::array kAuthProject{"auth_provider", "project_id"};
constexpr std::array kAuthReason{"auth_provider", "failure_reason"};
constexpr std::array kOperation{"operation_type"};
constexpr std::array kHttpRequest{"method", "endpoint", "status"};
constexpr std::array kHttpDuration{"method", "endpoint"};
constexpr std::array kToolLatency{"server", "tool"};
constexpr std::array kServer{"server"};
constexpr std::array kTokens{"direction", "server", "tool"};
constexpr std::array kCategory{"category"};
constexpr std::array kMethod{"mcp.method.name"};
constexpr std::array kServerErrorType{"server", "error_type"};
constexpr std::array kLimit{"scope", "name", "limit"};
constexpr std::array kExportLoss{"destination", "signal", "reason"};
constexpr std::array kSignalReason{"signal", "reason"};
constexpr std::array kParentAndResult{"otel.span.parent.origin", "otel.span.sampling_result"};
constexpr std::array kSamplingResult{"otel.span.sampling_result"};
constexpr std::array kComponent{"otel.component.name", "otel.component.type"};
constexpr std::array kComponentError{"otel.component.name", "otel.component.type", "error.type"};
constexpr std::array kExporter{"otel.component.name", "otel.component.type", "server.address", "server.port"};
constexpr std::array kExporterError{"otel.component.name", "otel.component.type", "server.address", "server.port", "error.type"};
constexpr std::array kServerOperation{"mcp.method.name",          "error.type",
                                      "gen_ai.tool.name",         "gen_ai.prompt.name",
                                      "rpc.response.status_code", "gen_ai.operation.name",
                                      "mcp.protocol.version",     "network.protocol.name",
                                      "network.protocol.version", "network.transport"};
constexpr std::array kClientOperation{"mcp.method.name",          "error.type",
                                      "gen_ai.tool.name",         "gen_ai.prompt.name",
                                      "rpc.response.status_code", "gen_ai.operation.name",
                                      "mcp.protocol.version",     "network.protocol.name",
                                      "network.protocol.version", "network.transport",
                                      "server.address",           "server.port"};
constexpr std::array kServerSession{"error.type", "mcp.protocol.version", "network.protocol.name", "network.protocol.version",
                                    "network.transport"};
constexpr std::array kClientSession{
    "error.type",     "mcp.protocol.version", "network.protocol.name", "network.protocol.version", "network.transport",
    "server.address", "server.port"};

constexpr std::array kFine{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 30.0, 60.0};
constexpr std::array kMcp{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0};
constexpr std::array kHttp{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};
constexpr std::array kOverhead{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1.0};
constexpr std::span<const double> kNoBounds{};

const std::array<MetricRow, kMetricCount> kRows{{
    {MetricId::ToolCalls, "tool_calls_total", true, nullptr, Counter, "{call}", kServerToolProject, kNoBounds,
     "Tool calls that clients made, whatever came of them."},
    {MetricId::ToolCallSuccess, "tool_call_success_total", true, nullptr, Counter, "{call}", kServerTool, kNoBounds,
     "Tool calls that were answered without an error."},
    {MetricId::ToolCallFailure, "tool_call_failure_total", true, nullptr, Counter, "{call}", kServerToolError, kNoBounds,
     "Tool calls that failed, blocked ones aside."},
    {MetricId::ToolCallErrors, "tool_call_errors_total", true, "tool_call_error_counter", Counter, "{call}", kServerError,
     kNoBounds, "Tool calls that broke rather than answered: JSON-RPC errors, time-outs, servers that were not there."},
    {MetricId::ToolCallBlocked, "tool_call_blocked_total", true, nullptr, Counter, "{call}", kServerToolReason, kNoBounds,
     "Tool calls that a guardrail, a policy, a limit or an open circuit breaker blocked."},
    {MetricId::ToolCallDuration, "tool_call_duration_seconds", true, nullptr, Histogram, "s", kServerTool, kFine,
     "Time from a tool call's arrival to its answer, for calls that reached a server."},
    {MetricId::ListAllServersCalls, "list_all_servers_calls_total", true, "list_all_servers_calls", Counter, "{call}", kProject,
     kNoBounds, "Tool lists that were asked of all servers together."},
    {MetricId::ServersDiscovered, "servers_discovered_total", true, "servers_discovered", Counter, "{server}", kConfigId,
     kNoBounds, "Servers whose tools were read, each time they were."},
    {MetricId::CacheHits, "cache_hits_total", true, nullptr, Counter, "{lookup}", kCacheType, kNoBounds,
     "Look-ups that a cache answered."},
    {MetricId::CacheMisses, "cache_misses_total", true, nullptr, Counter, "{lookup}", kCacheType, kNoBounds,
     "Look-ups that a cache could not answer."},
    {MetricId::GuardrailViolations, "guardrail_violations_total", true, nullptr, Counter, "{violation}", kViolationServerDetector,
     kNoBounds, "Violations that guardrails found, on input and output."},
    {MetricId::InputGuardrailViolations, "input_guardrail_violations_total", true, nullptr, Counter, "{violation}",
     kViolationServer, kNoBounds, "Violations found before a call went to its server."},
    {MetricId::OutputGuardrailViolations, "output_guardrail_violations_total", true, nullptr, Counter, "{violation}",
     kViolationServer, kNoBounds, "Violations found in what a server answered."},
    {MetricId::RelevancyViolations, "relevancy_violations_total", true, nullptr, Counter, "{violation}", kServerTool, kNoBounds,
     "Answers judged not relevant to their question."},
    {MetricId::AdherenceViolations, "adherence_violations_total", true, nullptr, Counter, "{violation}", kServerTool, kNoBounds,
     "Answers judged not to keep to their context."},
    {MetricId::HallucinationViolations, "hallucination_violations_total", true, nullptr, Counter, "{violation}", kServerTool,
     kNoBounds, "Answers judged to be made up."},
    {MetricId::PiiRedactions, "pii_redactions_total", true, nullptr, Counter, "{redaction}", kServerPii, kNoBounds,
     "Pieces of personal data that were masked in calls."},
    {MetricId::ApiRequests, "api_requests_total", true, nullptr, Counter, "{request}", kEndpointStatus, kNoBounds,
     "Requests to the guardrail service."},
    {MetricId::ApiRequestDuration, "api_request_duration_seconds", true, nullptr, Histogram, "s", kEndpoint, kFine,
     "Time that requests to the guardrail service took."},
    {MetricId::AuthSuccess, "auth_success_total", true, nullptr, Counter, "{attempt}", kAuthProject, kNoBounds,
     "Requests whose credentials were accepted."},
    {MetricId::AuthFailure, "auth_failure_total", true, nullptr, Counter, "{attempt}", kAuthReason, kNoBounds,
     "Requests whose credentials were refused."},
    {MetricId::ActiveSessions, "active_sessions", true, nullptr, UpDownCounter, "{session}", kNone, kNoBounds,
     "Client sessions that are open."},
    {MetricId::ActiveUsers, "active_users", true, nullptr, UpDownCounter, "{user}", kNone, kNoBounds,
     "Different users with an open session."},
    {MetricId::TimeoutOperations, "timeout_operations_total", true, nullptr, Counter, "{operation}", kOperation, kNoBounds,
     "Operations that ran under a time-out."},
    {MetricId::TimeoutOperationsSuccessful, "timeout_operations_successful_total", true, "timeout_operations_successful", Counter,
     "{operation}", kOperation, kNoBounds, "Operations that ended within their time-out."},
    {MetricId::TimeoutOperationsTimedOut, "timeout_operations_timed_out_total", true, "timeout_operations_timed_out", Counter,
     "{operation}", kOperation, kNoBounds, "Operations that their time-out ended."},
    {MetricId::TimeoutOperationsCancelled, "timeout_operations_cancelled_total", true, "timeout_operations_cancelled", Counter,
     "{operation}", kOperation, kNoBounds, "Operations that were cancelled before either."},
    {MetricId::TimeoutEscalationWarn, "timeout_escalation_warn_total", true, "timeout_escalation_warn", Counter, "{operation}",
     kOperation, kNoBounds, "Operations that used 80 % of their time-out."},
    {MetricId::TimeoutEscalationTimeout, "timeout_escalation_timeout_total", true, "timeout_escalation_timeout", Counter,
     "{operation}", kOperation, kNoBounds, "Operations that reached their time-out."},
    {MetricId::TimeoutEscalationFail, "timeout_escalation_fail_total", true, "timeout_escalation_fail", Counter, "{operation}",
     kOperation, kNoBounds, "Operations that were failed after their time-out."},
    {MetricId::TimeoutOperationDuration, "timeout_operation_duration_seconds", true, nullptr, Histogram, "s", kOperation, kFine,
     "Time that operations under a time-out took."},
    {MetricId::TimeoutActiveOperations, "timeout_active_operations", true, nullptr, UpDownCounter, "{operation}", kOperation,
     kNoBounds, "Operations under a time-out that are running."},
    {MetricId::HttpRequests, "http_requests_total", false, nullptr, Counter, "{request}", kHttpRequest, kNoBounds,
     "HTTP requests that the gateway's port answered."},
    {MetricId::HttpRequestDuration, "http_request_duration_seconds", false, nullptr, Histogram, "s", kHttpDuration, kHttp,
     "Time from an HTTP request to the end of its answer."},
    {MetricId::ToolLatency, "tool_latency_seconds", false, nullptr, Histogram, "s", kToolLatency, kFine,
     "Time that a server took for a tool call, the gateway's own time not counted."},
    {MetricId::ServerStatus, "server_status", false, nullptr, Gauge, "{status}", kServer, kNoBounds,
     "1 when a server is ready, 0 when it is not."},
    {MetricId::Tokens, "tokens_total", false, nullptr, Counter, "{token}", kTokens, kNoBounds,
     "Tokens that arguments and results of tool calls come to, estimated as a quarter of their bytes."},
    {MetricId::ActiveConnections, "active_connections", false, nullptr, UpDownCounter, "{connection}", kServer, kNoBounds,
     "Connections to a server that are open."},
    {MetricId::Errors, "errors_total", false, nullptr, Counter, "{error}", kCategory, kNoBounds,
     "Requests that failed, by what kind of failure it was."},
    {MetricId::McpClientOperationDuration, "mcp.client.operation.duration", false, nullptr, Histogram, "s", kClientOperation,
     kMcp, "Time from sending an MCP request to a server until its answer."},
    {MetricId::McpServerOperationDuration, "mcp.server.operation.duration", false, nullptr, Histogram, "s", kServerOperation,
     kMcp, "Time from receiving an MCP request of a client until it was answered."},
    {MetricId::McpClientSessionDuration, "mcp.client.session.duration", false, nullptr, Histogram, "s", kClientSession, kMcp,
     "Length of the gateway's sessions with servers."},
    {MetricId::McpServerSessionDuration, "mcp.server.session.duration", false, nullptr, Histogram, "s", kServerSession, kMcp,
     "Length of clients' sessions with the gateway."},
    {MetricId::GatewayOverhead, "oriel_gateway_overhead_seconds", false, nullptr, Histogram, "s", kMethod, kOverhead,
     "Time of a request in which no server was working on it."},
    {MetricId::Retries, "oriel_retries_total", false, nullptr, Counter, "{retry}", kServerErrorType, kNoBounds,
     "Calls that were sent to their server again, by what had failed before."},
    {MetricId::CircuitState, "oriel_circuit_breaker_state", false, nullptr, Gauge, "{state}", kServer, kNoBounds,
     "Circuit breaker of a server: 0 closed, 1 half-open, 2 open."},
    {MetricId::LimitUtilization, "oriel_limit_utilization_ratio", false, nullptr, Gauge, "1", kLimit, kNoBounds,
     "Share of a rate limit or quota that is used up."},
    {MetricId::ExportLost, "oriel_export_lost_total", false, nullptr, Counter, "{item}", kExportLoss, kNoBounds,
     "Spans, points and log records that a destination did not get, by reason: rejected, refused, spool_full, expired, damaged, "
     "cleared.",
     true},
    {MetricId::ProcessCpuSeconds, "process_cpu_seconds_total", false, nullptr, Counter, "s", kServer, kNoBounds,
     "Processor time used by Oriel, and by each server it started.", true},
    {MetricId::ProcessResidentMemory, "process_resident_memory_bytes", false, nullptr, Gauge, "By", kServer, kNoBounds,
     "Memory in use by Oriel, and by each server it started."},
    {MetricId::ProcessOpenFds, "process_open_fds", false, nullptr, Gauge, "{fd}", kServer, kNoBounds,
     "Open file descriptors of Oriel, and of each server it started."},
    {MetricId::ProcessStartTime, "process_start_time_seconds", false, nullptr, Gauge, "s", kServer, kNoBounds,
     "When Oriel, and each server it started, began, in seconds since 1970."},
    {MetricId::TelemetryDropped, "oriel_telemetry_dropped_total", false, nullptr, Counter, "{item}", kSignalReason, kNoBounds,
     "Calls, spans, logs, frames and measurements that were dropped because a buffer was full."},
    {MetricId::SdkSpansStarted, "otel.sdk.span.started", false, nullptr, Counter, "{span}", kParentAndResult, kNoBounds,
     "Spans that were made."},
    {MetricId::SdkSpansLive, "otel.sdk.span.live", false, nullptr, UpDownCounter, "{span}", kSamplingResult, kNoBounds,
     "Spans of requests that a server is working on: the client's request and its way to the server."},
    {MetricId::SdkSpanQueueSize, "otel.sdk.processor.span.queue.size", false, nullptr, UpDownCounter, "{span}", kComponent,
     kNoBounds, "Calls and spans that wait to be encoded for export.", true},
    {MetricId::SdkSpanQueueCapacity, "otel.sdk.processor.span.queue.capacity", false, nullptr, UpDownCounter, "{span}",
     kComponent, kNoBounds, "Calls and spans that can wait to be encoded for export.", true},
    {MetricId::SdkSpansProcessed, "otel.sdk.processor.span.processed", false, nullptr, Counter, "{span}", kComponentError,
     kNoBounds, "Calls and spans that left the wait for export, dropped ones with their reason.", true},
    {MetricId::SdkSpansInflight, "otel.sdk.exporter.span.inflight", false, nullptr, UpDownCounter, "{span}", kExporter, kNoBounds,
     "Spans that were handed to an exporter and not answered for yet.", true},
    {MetricId::SdkSpansExported, "otel.sdk.exporter.span.exported", false, nullptr, Counter, "{span}", kExporterError, kNoBounds,
     "Spans whose export ended, failed ones with the reason.", true},
    {MetricId::SdkLogsCreated, "otel.sdk.log.created", false, nullptr, Counter, "{log_record}", kNone, kNoBounds,
     "Log records that were made or received."},
    {MetricId::SdkLogQueueSize, "otel.sdk.processor.log.queue.size", false, nullptr, UpDownCounter, "{log_record}", kComponent,
     kNoBounds, "Log records that wait to be encoded for export.", true},
    {MetricId::SdkLogQueueCapacity, "otel.sdk.processor.log.queue.capacity", false, nullptr, UpDownCounter, "{log_record}",
     kComponent, kNoBounds, "Log records that can wait to be encoded for export; all signals share the room.", true},
    {MetricId::SdkLogsProcessed, "otel.sdk.processor.log.processed", false, nullptr, Counter, "{log_record}", kComponentError,
     kNoBounds, "Log records that left the wait for export, dropped ones with their reason.", true},
    {MetricId::SdkLogsInflight, "otel.sdk.exporter.log.inflight", false, nullptr, UpDownCounter, "{log_record}", kExporter,
     kNoBounds, "Log records that were handed to an exporter and not answered for yet.", true},
    {MetricId::SdkLogsExported, "otel.sdk.exporter.log.exported", false, nullptr, Counter, "{log_record}", kExporterError,
     kNoBounds, "Log records whose export ended, failed ones with the reason.", true},
    {MetricId::SdkPointsInflight, "otel.sdk.exporter.metric_data_point.inflight", false, nullptr, UpDownCounter, "{data_point}",
     kExporter, kNoBounds, "Metric points that were handed to an exporter and not answered for yet.", true},
    {MetricId::SdkPointsExported, "otel.sdk.exporter.metric_data_point.exported", false, nullptr, Counter, "{data_point}",
     kExporterError, kNoBounds, "Metric points whose export ended, failed ones with the reason.", true},
    {MetricId::SdkExportDuration, "otel.sdk.exporter.operation.duration", false, nullptr, Histogram, "s", kExporterError, kHttp,
     "Time of one request of an exporter."},
}};

} // namespace

std::span<const MetricRow> metricTable()
{
    return kRows;
}

const MetricRow& metricRow(MetricId id)
{
    return kRows[static_cast<std::size_t>(id)];
}

bool isInstrumentName(QByteArrayView name)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (name.isEmpty() || name.size() > 255 || !letter(name.front()))
        return false;
    return std::all_of(name.begin(), name.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '/';
    });
}

bool isInstrumentUnit(QByteArrayView unit)
{
    return unit.size() <= 63 && std::all_of(unit.begin(), unit.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

} // namespace oriel::telemetry
