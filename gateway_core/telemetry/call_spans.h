// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"
#include "telemetry/semconv.h"
#include "telemetry/span_data.h"

#include <vector>

namespace oriel::telemetry {

struct CallSpanOptions {
    std::shared_ptr<const Resource> resource;
    std::shared_ptr<const Scope> scope;
    AliasSets aliases = 0;    ///< other names to write as well (T6)
    bool payloads = false;    ///< write `arguments` and `result` as attributes (T5)
    QByteArrayView arguments; ///< masked JSON
    QByteArrayView result;    ///< masked JSON
};

/// Appends the spans of one call to `out`, the SERVER span first: SERVER, the stages that ran, one span per guardrail check, one
/// CLIENT span per hop. Names and attributes follow the OpenTelemetry conventions for MCP; texts of the record are taken as they
/// are, so the caller has masked them. Pure; any thread.
void appendCallSpans(const CallRecord& call, const CallSpanOptions& options, std::vector<SpanData>& out);

/// How many spans appendCallSpans() would append.
std::size_t callSpanCount(const CallRecord& call);

/// The part of the call's duration that no server was working on it: SERVER minus the union of its CLIENT spans, in nanoseconds.
std::int64_t gatewayOverheadNs(const CallRecord& call);

/// "tools/call get-weather"; the method alone when there is no tool or prompt.
QByteArray callSpanName(QByteArrayView method, TargetKind kind, QByteArrayView target);

/// `error.type` of the SERVER span: empty when the outcome is no error by the conventions, which JSON-RPC codes that blame the
/// caller
/// (-32700, -32600, -32601, -32602, -32002) are not.
QByteArray serverErrorType(const CallRecord& call);

/// The fixed word of an outcome: "ok", "tool_error", "rpc_error", "timeout", "cancelled", "blocked", "rejected", "unavailable".
QByteArrayView outcomeName(Outcome outcome);

/// The server and the target by which a call is counted: the routed ones, else the first hop's, else "unknown" (never the
/// client's words).
struct CallTarget {
    QByteArray server;
    QByteArray target;
};
CallTarget callTarget(const CallRecord& call);

} // namespace oriel::telemetry
