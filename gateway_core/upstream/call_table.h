// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/mcp_operation.h"
#include "upstream/server_connection.h"
#include "upstream/transport.h"

#include <QHash>

#include <limits>
#include <vector>

namespace oriel::upstream {

/// One call that has not been answered.
struct PendingCall {
    ReplyHandler* handler = nullptr;
    quint64 cookie = 0;
    OperationType operation = OperationType::ToolCall;
    bool internal = false;  ///< handshake and lists: no queue, no concurrency limit
    bool queued = true;     ///< not sent yet
    bool unwritten = false; ///< the transport ended before it was written
    bool warned = false;
    bool resent = false; ///< its session was lost once, or its headers were refused
    bool modern = false; ///< what `frame` is written for
    CallTimings timings;
    std::int64_t warnNs = 0;
    std::int64_t deadlineNs = 0;
    QByteArray method;
    QByteArray frame; ///< until sent; over HTTP until answered
    SendOptions sendOptions;
    QByteArray clientCapabilities; ///< of CallOptions
    QByteArray logLevel;
    TraceId traceId;
    SpanId spanId;
    SpanId callSpanId;
    std::uint8_t traceFlags = 1;
    QByteArray traceState;
    bool parentSampled = true;
    std::shared_ptr<telemetry::McpOperation> own; ///< of a request of the gateway's own
    [[nodiscard]] telemetry::WireCall wireCall() const { return {traceId, spanId, callSpanId}; }
};

/// The calls of one connection by their id, with their deadlines. Nothing is kept of a call that is over, so memory follows what
/// is in flight, and a check costs one comparison unless something is due. Not thread-safe.
class CallTable {
public:
    /// The call must not be there yet. The reference is valid until the table changes.
    PendingCall& insert(std::int64_t id, PendingCall&& call);
    [[nodiscard]] PendingCall* find(std::int64_t id);
    [[nodiscard]] std::optional<PendingCall> take(std::int64_t id);
    [[nodiscard]] std::vector<std::int64_t> ids() const; ///< ascending
    [[nodiscard]] qsizetype size() const { return m_calls.size(); }
    [[nodiscard]] bool isEmpty() const { return m_calls.isEmpty(); }

    struct Due {
        std::vector<std::int64_t> warn;
        std::vector<std::int64_t> expired;
    };
    /// What is due at `nowNs`, in the order of the ids; each warning is given once, and never left out before the end.
    [[nodiscard]] Due due(std::int64_t nowNs);

private:
    QHash<std::int64_t, PendingCall> m_calls;
    std::int64_t m_nextDueNs = std::numeric_limits<std::int64_t>::max(); ///< nothing is due before
};

/// G8's counters for one operation type, ready made so that recording allocates nothing.
class OperationMetrics {
public:
    explicit OperationMetrics(telemetry::Recorder& recorder) : m_recorder(recorder) {}
    enum class End : quint8 { Successful, TimedOut, Cancelled, Failed };
    void begin(OperationType type);
    void warn(OperationType type);
    void end(OperationType type, End how, std::int64_t durationNs);

private:
    telemetry::Recorder& m_recorder;
};

} // namespace oriel::upstream
