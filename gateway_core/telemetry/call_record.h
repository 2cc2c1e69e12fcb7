// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "telemetry/attributes.h"

#include <QVarLengthArray>

#include <array>

namespace oriel::telemetry {

enum class Transport : quint8 { Stdio, Http, Sse };

/// The stages of a request, each one INTERNAL child span of the SERVER span when it ran. Names: stageName().
enum class Stage : quint8 {
    Authenticate,
    SessionInit,
    SessionGet,
    SessionStore,
    CacheGet,
    Route,
    GuardrailsInput,
    Forward,
    Discover,
    GuardrailsOutput,
    Queue, ///< waiting for the server's start or its concurrency limit
    Count
};
inline constexpr std::size_t kStageCount = static_cast<std::size_t>(Stage::Count);

/// "gateway.authenticate", "gateway.session.init" …
QByteArrayView stageName(Stage stage);

struct StageTiming {
    std::int64_t offsetNs = -1; ///< from the start of the call; −1: the stage did not run
    std::int64_t durationNs = 0;
};

/// Who called. One immutable object per session (or per bridge), shared by all its records.
struct ClientContext {
    QByteArray clientName; ///< clientInfo.name, or the token's name before initialize
    QByteArray clientVersion;
    QByteArray tokenName; ///< the gateway token it used; empty with --no-auth
    QByteArray userId;
    QByteArray projectId; ///< "default" without a token
    QByteArray tenantId;
    QByteArray sessionId; ///< mcp.session.id, legacy revisions only
    QByteArray protocolVersion;
    Transport transport = Transport::Http;
    QByteArray address; ///< client.address
    quint16 port = 0;
    qint64 pid = 0; ///< of the client's process where known
};

/// Which server was called. One immutable object per connection, replaced on reconnect.
struct ServerContext {
    QByteArray name; ///< the configured name
    Transport transport = Transport::Stdio;
    QByteArray protocolVersion;
    QByteArray serverName; ///< serverInfo.name
    QByteArray serverVersion;
    QByteArray sessionId;
    QByteArray address; ///< server.address for HTTP
    quint16 port = 0;
    qint64 pid = 0; ///< of a stdio child
};

/// A part of a frame without a copy of it.
struct Payload {
    QByteArray frame;
    qsizetype offset = 0;
    qsizetype length = 0;
    [[nodiscard]] bool isEmpty() const { return length == 0; }
    [[nodiscard]] QByteArrayView view() const { return QByteArrayView(frame).sliced(offset, length); }
};

enum class Outcome : quint8 {
    Ok,
    ToolError, ///< a result with isError: true
    RpcError,  ///< the server answered with a JSON-RPC error
    Timeout,
    Cancelled,
    Blocked,     ///< by a guardrail, a policy, a limit, or because the server's circuit is open
    Rejected,    ///< by the gateway before any server: unknown tool, bad parameters, authentication
    Unavailable, ///< the server is not there: not started, crashed, connection refused
};

/// One dispatch to one server: a CLIENT span. A fan-out (tools/list) has one for each server asked.
struct Hop {
    SpanId spanId;
    std::shared_ptr<const ServerContext> server;
    QByteArray target;         ///< the tool, prompt or URI as the server knows it
    QByteArray jsonrpcId;      ///< the id used upstream
    std::int64_t offsetNs = 0; ///< from the start of the call
    std::int64_t durationNs = 0;
    std::int64_t firstByteOffsetNs = -1;
    QByteArray errorType; ///< empty: no error (facts: OTel MCP conventions, error.type)
    int rpcErrorCode = 0; ///< 0: none
    QByteArray errorMessage;
    quint16 attempt = 0; ///< 0 for the first try
};

/// A span event on the SERVER span: first byte, progress, a relayed server request, a retry, a warning of a timeout.
struct CallEvent {
    std::int64_t offsetNs = 0;
    QByteArray name;
    Attributes attributes;
};

/// What one guardrail check found: an INTERNAL span `guardrail.<check>` below its stage.
struct GuardrailVerdict {
    QByteArray check; ///< "secret", "pii", "prompt_injection" …
    bool onOutput = false;
    std::int64_t offsetNs = 0;
    std::int64_t durationNs = 0;
    QByteArray violation; ///< violation type; empty: none
    QByteArray action;    ///< "observe", "redact", "block"
    int count = 0;        ///< findings
};

enum class TargetKind : quint8 { None, Tool, Prompt, Resource };

/// Everything that is known of one request that went through the gateway, written once on the gateway thread and handed to the
/// telemetry thread, which makes spans, metrics, the audit row and logs from it. Strings share the memory of the catalogue or the
/// frame.
struct CallRecord {
    TraceId traceId;
    SpanId spanId;       ///< of the SERVER span
    SpanId parentSpanId; ///< of the client, from `_meta` or the traceparent header; invalid: a root
    std::uint8_t traceFlags = 1;
    QByteArray traceState;
    SpanId linkSpanId; ///< ambient HTTP context, when `_meta` gave the parent: a link
    TraceId linkTraceId;
    bool mayLeave = true;      ///< false: by what was known at its beginning, no destination takes its trace (HeadDecision)
    bool parentSampled = true; ///< the sampled flag that the client's context carried; true for a root (samplers `parentbased_*`)

    QByteArray method; ///< mcp.method.name
    TargetKind targetKind = TargetKind::None;
    QByteArray target; ///< as the client named it (prefixed), or the resource URI
    std::shared_ptr<const ServerContext>
        routedServer;        ///< who owns the target, also when no hop was made; null: every server, or unknown
    QByteArray routedTarget; ///< the target as that server knows it
    QByteArray jsonrpcId;    ///< string form; empty for a notification
    QByteArray requestId;    ///< X-Request-ID
    std::shared_ptr<const ClientContext> client;
    bool overHttp = true; ///< false: through a stdio bridge
    int httpStatus = 0;

    std::int64_t startUnixNs = 0;
    std::int64_t durationNs = 0;
    Outcome outcome = Outcome::Ok;
    QByteArray errorType; ///< empty on success
    int rpcErrorCode = 0;
    QByteArray errorMessage;

    std::array<StageTiming, kStageCount> stages{};
    QVarLengthArray<Hop, 1> hops;
    std::vector<CallEvent> events;
    std::vector<GuardrailVerdict> guardrails;
    Attributes extraAttributes; ///< more attributes of the SERVER span, e.g. what prompts/get says of its arguments

    Payload arguments; ///< params.arguments (or params), unmasked: masked on the telemetry thread before it goes anywhere
    Payload response;  ///< result or error, unmasked
    std::int64_t requestBytes = 0;
    std::int64_t responseBytes = 0;
    bool replay = false; ///< sent by a person from the console
};

/// The INTERNAL span of a stage has an id that follows from the SERVER span's, so a record need not hold it.
SpanId stageSpanId(SpanId serverSpan, Stage stage);
SpanId guardrailSpanId(SpanId serverSpan, std::size_t index);

} // namespace oriel::telemetry
