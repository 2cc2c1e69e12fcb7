// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"
#include "telemetry/propagation.h"
#include "telemetry/recorder.h"
#include "telemetry/span_data.h"

namespace oriel::telemetry {

/// A request or notification between the gateway and one peer that is no client's call: what the gateway asks servers by itself,
/// what servers ask of clients, and notifications. One span and one measurement of the operation histograms (facts: OTel MCP
/// conventions, spans and metrics). Client calls are CallRecords, because there are so many more of them.
struct McpOperation {
    SpanKind kind = SpanKind::Client; ///< Client: the gateway sent it; Server: the gateway received it
    TraceId traceId{};
    SpanId spanId{};
    SpanId parentSpanId{};
    bool isParentRemote = false;
    bool parentSampled = true; ///< as in CallRecord
    std::uint8_t traceFlags = kFlagSampled | kFlagRandom;
    QByteArray traceState{};
    std::optional<SpanLink> link{};

    QByteArray method{};
    QByteArray jsonrpcId{}; ///< empty: a notification
    std::int64_t startUnixNs = 0;
    std::int64_t startNs = 0;                      ///< monotonic
    std::shared_ptr<const ServerContext> server{}; ///< the peer, when it is a server
    std::shared_ptr<const ClientContext> client{}; ///< the peer, when it is a client
    bool isClientOverHttp = true;

    [[nodiscard]] TraceContext context() const { return {traceId, spanId, traceFlags}; }
};

/// How an operation ended.
struct OperationEnd {
    std::int64_t ns = 0;    ///< monotonic
    QByteArray errorType{}; ///< without a code: "timeout" …; empty: no error
    int rpcErrorCode = 0;   ///< that was answered; 0: none
    QByteArray errorMessage{};
};

/// Records the span and the measurement.
void recordOperation(Recorder& recorder, const McpOperation& operation, const OperationEnd& end);

} // namespace oriel::telemetry
