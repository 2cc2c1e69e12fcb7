// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/span_data.h"

namespace oriel::telemetry {

/// OTLP severity numbers; the ranges 1–4, 5–8 … are trace, debug, info, warn, error, fatal.
enum class Severity : quint8 {
    Unspecified = 0,
    Trace = 1,
    Debug = 5,
    Info = 9,
    Notice = 10,
    Warn = 13,
    Error = 17,
    Critical = 18,
    Alert = 19,
    Fatal = 21
};

/// The short name of a severity number in the log data model: INFO, INFO2 …; empty for one that is none.
QByteArray severityName(Severity severity);

/// One log record: a server's stderr line, an MCP notifications/message, Oriel's own, or one received over OTLP.
struct LogRecord {
    std::int64_t timeUnixNs = 0;
    std::int64_t observedUnixNs = 0;
    Severity severity = Severity::Unspecified;
    QByteArray severityText;
    AnyValue body;
    Attributes attributes;
    TraceId traceId;
    SpanId spanId;
    std::uint32_t flags = 0;
    std::uint32_t droppedAttributes = 0;
    QByteArray eventName;
    /// Where it came from, for filters: a server's name, or `oriel`.
    QByteArray source;
    std::shared_ptr<const Resource> resource;
    std::shared_ptr<const Scope> scope;
    bool received = false; ///< it came from another program over OTLP; known until it is stored
};

} // namespace oriel::telemetry
