// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <array>
#include <cstdint>
#include <span>

namespace oriel::telemetry {

enum class InstrumentKind : std::uint8_t { Counter, UpDownCounter, Histogram, Gauge };

/// Every instrument of Oriel; the row of each is in metricTable().
enum class MetricId : std::uint8_t {
    ToolCalls,
    ToolCallSuccess,
    ToolCallFailure,
    ToolCallErrors,
    ToolCallBlocked,
    ToolCallDuration,
    ListAllServersCalls,
    ServersDiscovered,
    CacheHits,
    CacheMisses,
    GuardrailViolations,
    InputGuardrailViolations,
    OutputGuardrailViolations,
    RelevancyViolations,
    AdherenceViolations,
    HallucinationViolations,
    PiiRedactions,
    ApiRequests,
    ApiRequestDuration,
    AuthSuccess,
    AuthFailure,
    ActiveSessions,
    ActiveUsers,
    TimeoutOperations,
    TimeoutOperationsSuccessful,
    TimeoutOperationsTimedOut,
    TimeoutOperationsCancelled,
    TimeoutEscalationWarn,
    TimeoutEscalationTimeout,
    TimeoutEscalationFail,
    TimeoutOperationDuration,
    TimeoutActiveOperations,
    HttpRequests,
    HttpRequestDuration,
    ToolLatency,
    ServerStatus,
    Tokens,
    ActiveConnections,
    Errors,
    McpClientOperationDuration,
    McpServerOperationDuration,
    McpClientSessionDuration,
    McpServerSessionDuration,
    GatewayOverhead,
    Retries,
    CircuitState,
    LimitUtilization,
    ExportLost,
    ProcessCpuSeconds,
    ProcessResidentMemory,
    ProcessOpenFds,
    ProcessStartTime,
    TelemetryDropped,
    SdkSpansStarted,
    SdkSpansLive,
    SdkSpanQueueSize,
    SdkSpanQueueCapacity,
    SdkSpansProcessed,
    SdkSpansInflight,
    SdkSpansExported,
    SdkLogsCreated,
    SdkLogQueueSize,
    SdkLogQueueCapacity,
    SdkLogsProcessed,
    SdkLogsInflight,
    SdkLogsExported,
    SdkPointsInflight,
    SdkPointsExported,
    SdkExportDuration,
    Count
};
inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(MetricId::Count);

/// One row of the metric table: the one truth for recording, /metrics, OTLP, the reference page and the tests.
struct MetricRow {
    MetricId id;
    const char* name;  ///< without the namespace when `namespaced`, with `_total` where it is a counter
    bool namespaced;   ///< `mcp_gateway_` (or the configured namespace) is put before it
    const char* alias; ///< a seed's name that differs, without the namespace; null: none
    InstrumentKind kind;
    const char* unit; ///< UCUM: "s", "{call}", "By"
    std::span<const char* const> labels;
    std::span<const double> boundaries; ///< histograms only
    const char* description;
    bool observed = false; ///< set when metrics are collected, from somebody else's count: an asynchronous instrument
};

std::span<const MetricRow> metricTable();
const MetricRow& metricRow(MetricId id);

/// The specification's rule of instrument names (metrics/api §Instrument name syntax): a letter, then at most 254 letters, digits
/// and `_ . - /`. Names that differ only in case are one name.
bool isInstrumentName(QByteArrayView name);
/// At most 63 ASCII characters.
bool isInstrumentUnit(QByteArrayView unit);

} // namespace oriel::telemetry
