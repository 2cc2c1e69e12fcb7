// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"
#include "upstream/circuit_breaker.h"
#include "upstream/diagnosis.h"

#include <QByteArrayList>

namespace oriel::upstream {

enum class ServerState : quint8 { Stopped, Starting, Handshaking, Listing, Ready, Backoff, Failed, Stopping };

QByteArrayView serverStateName(ServerState state); ///< "stopped", "starting" …

/// One moment of one server, as a value for any thread.
struct ServerStatus {
    QString name;
    ServerState state = ServerState::Stopped;
    std::int64_t sinceUnixNs = 0;     ///< of the state
    std::int64_t nextStartUnixNs = 0; ///< in Backoff
    int restarts = 0;                 ///< since someone last asked for a start
    QString commandLine;              ///< resolved path and arguments, quoted for reading; or the URL
    qint64 pid = 0;
    Diagnosis diagnosis;      ///< of the last failed start or crash; empty when all is well
    TraceId lifecycleTraceId; ///< of the last start
    QByteArray serverName;
    QByteArray serverVersion;
    QByteArray protocolVersion;
    config::Era era = config::Era::Auto; ///< as it was found; Auto: not yet
    QString eraFoundBy;                  ///< one phrase: "the setting", "its answer to server/discover" …
    std::int64_t eraCheckedUnixNs = 0;   ///< when it was last found out; 0: never, or by the setting
    QByteArray instructions;
    qsizetype tools = 0;
    qsizetype prompts = 0;
    qsizetype resources = 0;
    qsizetype resourceTemplates = 0;
    int clientConnections = 0; ///< that clients have for themselves; set by the gateway
    int inFlight = 0;
    int queued = 0;                ///< calls that wait for a start or for the concurrency limit
    CircuitStatus circuit;         ///< the gateway's, not the connection's
    std::int64_t strayLines = 0;   ///< stdout lines that were not JSON-RPC
    std::int64_t strayAnswers = 0; ///< answers with an unknown, late or repeated id, or that no parser accepts
    std::int64_t suppressedStderr = 0;
    QByteArrayList stderrTail;
};

} // namespace oriel::upstream
