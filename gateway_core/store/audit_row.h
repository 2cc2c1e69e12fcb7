// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "store/trace_types.h"

#include <QByteArray>
#include <QStringList>

#include <cstdint>
#include <optional>
#include <vector>

namespace oriel::store {

/// What a row of the audit log tells of.
enum class AuditKind : quint8 { Call = 0, Retention = 1, Config = 2, Export = 3, Approval = 4, Credential = 5, Lifecycle = 6 };

QByteArrayView auditKindName(AuditKind kind);

/// One row of the audit log (A1). Text is UTF-8 and masked before it comes here.
struct AuditRow {
    std::int64_t sequence = 0; ///< position in the log from 1; given by the writer
    QByteArray id;             ///< ULID, unique: the same id twice is written once
    AuditKind kind = AuditKind::Call;
    std::int64_t timeUnixNs = 0;
    QByteArray client;
    QByteArray user;
    QByteArray project;
    QByteArray server;
    QByteArray tool; ///< tool, prompt or URI
    QByteArray method;
    QByteArray arguments; ///< JSON, masked, perhaps cut
    QByteArray response;
    std::int64_t argumentsBytes = 0; ///< of the whole; greater than the size of `arguments` when that was cut
    std::int64_t responseBytes = 0;
    std::int64_t latencyNs = 0;
    telemetry::Outcome outcome = telemetry::Outcome::Ok;
    QByteArray errorType;
    QByteArray errorMessage;
    TraceId traceId;
    SpanId spanId;
    QByteArray requestId;
    QByteArray guardrails;  ///< JSON array of results; empty: no check ran
    bool replay = false;    ///< sent by a person from the console
    bool synthetic = false; ///< demo traffic
    bool operator==(const AuditRow&) const = default;
};

/// Empty fields match everything.
struct AuditQuery {
    std::int64_t fromUnixNs = kBeginningOfTime;
    std::int64_t toUnixNs = kEndOfTime;
    std::vector<QByteArray> servers;
    std::vector<QByteArray> tools;
    std::vector<QByteArray> clients;
    std::vector<telemetry::Outcome> outcomes;
    std::optional<bool> failed; ///< true: outcome is not ok
    std::vector<AuditKind> kinds;
    QByteArray user;
    QByteArray project;
    QByteArray text; ///< substring of tool, server, error or arguments, ASCII letters in any case
    std::optional<TraceId> traceId;
    QByteArray requestId;
    std::int64_t minLatencyNs = 0;
    bool newestFirst = true;
    int limit = 200;
    std::int64_t afterSequence = 0; ///< `next` of the page before; 0: from the start
    bool withPayloads = false;      ///< else arguments, response and guardrails stay empty
};

struct AuditPage {
    std::vector<AuditRow> rows;
    std::int64_t next = 0;    ///< 0: this was the last page
    bool scanBounded = false; ///< a text search stopped after its bound of rows; `next` goes on from there
    bool cancelled = false;
};

/// What verify() found.
struct AuditVerification {
    enum class State : quint8 { Intact, Tampered, CannotCheck };
    State state = State::CannotCheck;
    std::uint64_t checkedRows = 0;
    std::int64_t firstBadSequence = 0; ///< with Tampered
    QString message;                   ///< one sentence
};

} // namespace oriel::store
