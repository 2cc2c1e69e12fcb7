// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>
#include <QUrl>

#include <cstdint>

namespace oriel::service {

// Plain values that cross from the core's threads to a window or an API answer. Times in nanoseconds since the epoch unless named
// otherwise.

enum class ServerState : quint8 { Disabled, Stopped, Starting, Ready, Backoff, Failed, Stopping };

/// How signing in to a server stands (G12).
enum class SignInState : quint8 { Unknown, Needed, Awaited, Running, SignedIn };

/// Why a server is not ready, in words a person can act on.
struct Diagnosis {
    QString headline; ///< "notes did not start: uvx was not found"
    QString cause;    ///< one sentence
    QString remedy;   ///< one sentence
    QStringList details;
    bool wantsSignIn = false; ///< nothing else is wrong
    [[nodiscard]] bool isEmpty() const { return headline.isEmpty(); }
};

enum class CircuitState : quint8 { Off, Closed, Open, HalfOpen };

/// Whether calls go to a server, by how earlier ones ended.
struct CircuitSnapshot {
    CircuitState state = CircuitState::Off;
    QString text;                    ///< "open since 16:02:11, tried again in 12 s"; empty while calls go through
    std::int64_t sinceUnixNs = 0;    ///< when it opened, or closed again
    std::int64_t tryAgainUnixNs = 0; ///< Open
    int failures = 0;                ///< in a row
    QString cause;                   ///< of the last failure
    bool operator==(const CircuitSnapshot&) const = default;
};

struct ToolInfo {
    QString server;
    QString name;        ///< as the server names it
    QString exposedName; ///< as clients see it
    QString title;
    QString description;
    QByteArray inputSchema; ///< JSON
    bool enabled = true;
};

/// How much of one rate limit or quota is used.
struct LimitSnapshot {
    QString scope; ///< "client", "project", "tenant", "server" or "tool"
    QString name;
    QString limit; ///< the setting: "callsPerSecond" …
    double used = 0;
    double allowed = 0;
    std::int64_t resetsUnixNs = 0; ///< quotas only
    quint64 refused = 0;           ///< calls of this client, project … since Oriel started
};

struct ServerSnapshot {
    config::Server config;
    ServerState state = ServerState::Stopped;
    QString stateText; ///< "exited 1, restart in 12 s", "ready since 10:41"
    std::int64_t sinceUnixNs = 0;
    qint64 pid = 0;
    QString resolvedCommand; ///< the absolute command line, or the URL
    QString serverName;
    QString serverVersion;
    QString protocolVersion;
    config::Era era = config::Era::Auto; ///< as it was found out; Auto: not yet
    QString eraFoundBy;                  ///< one phrase: "the setting", "its answer to server/discover" …
    std::int64_t eraCheckedUnixNs = 0;   ///< 0: never, or by the setting
    int clientConnections = 0;           ///< that clients have for themselves (`connection` per-client)
    int tools = 0;
    int prompts = 0;
    int resources = 0;
    int inFlight = 0;
    int queued = 0; ///< calls that wait for its start or its concurrency limit
    CircuitSnapshot circuit;
    int restarts = 0;
    Diagnosis diagnosis;
    bool canSignIn = false; ///< over HTTP, and the configuration does not stand against it
    SignInState signIn = SignInState::Unknown;
    QString signInText; ///< one sentence: why it is needed, what is being done
    QUrl signInUrl;     ///< Awaited: where the user has to go
    QStringList lastStderr;
    QByteArray lifecycleTraceId; ///< hex; the trace of the last start
    QList<ToolInfo> toolList;
    QList<LimitSnapshot> limits; ///< those of this server
    // Over the last 15 minutes:
    quint64 calls = 0;
    quint64 errors = 0;
    std::int64_t p95Ns = 0;
    QList<double> callsPerInterval; ///< sparkline, oldest first

    [[nodiscard]] bool refusesCalls() const
    {
        return circuit.state == CircuitState::Open || circuit.state == CircuitState::HalfOpen;
    }
    /// What somebody should look at: the diagnosis or, without one, why calls are refused; empty when all is well.
    [[nodiscard]] Diagnosis trouble() const;
};

enum class DestinationState : quint8 { Disabled, Idle, Sending, Retrying, Paused, Misaddressed, Refused };

/// What a lamp shows, worst last.
enum class DestinationHealth : quint8 { Off, Idle, Good, Waiting, Broken };

struct DestinationSnapshot {
    config::Destination config;
    DestinationState state = DestinationState::Idle;
    DestinationHealth health = DestinationHealth::Idle;
    QString brief;     ///< for a lamp: "312 waiting, retry in 8 s", "key refused, 312 waiting"
    QString stateText; ///< one sentence: "the backend refused the key (HTTP 401 Unauthorized: unknown token)"
    QString remedy;    ///< what to do next, as sentences; empty while nothing has to be done
    quint64 queued = 0;
    qint64 queuedBytes = 0;
    std::int64_t oldestUnixNs = 0; ///< when the first of what waits was recorded; 0: nothing waits
    quint64 sent = 0;
    quint64 dropped = 0;
    QMap<QString, quint64> lost; ///< of `dropped`, by "signal/reason" as in oriel_export_lost_total: "traces/spool_full"
    QString lastError;
    std::int64_t lastSuccessUnixNs = 0;
    std::int64_t nextTryUnixNs = 0; ///< while Retrying
    bool circuitOpen = false;       ///< only single probes are sent
    QString spoolError;             ///< why what is new waits in memory only; empty: it is on the disk

    /// Paused because the backend did not accept its credentials, and not by somebody.
    [[nodiscard]] bool isKeyRefused() const { return state == DestinationState::Paused && !config.paused; }
};

/// What the export spool held when Oriel started.
struct SpoolReport {
    quint64 requests = 0; ///< that were found, each with some spans, points or records
    QStringList damage;   ///< what was cut off, lost or set aside, a sentence each; empty: nothing
    bool operator==(const SpoolReport&) const = default;
};

/// What still waits for a destination that is not configured any more.
struct UnclaimedBacklog {
    QString destination;
    quint64 queued = 0;
    qint64 queuedBytes = 0;
    std::int64_t oldestUnixNs = 0; ///< 0: not known
};

/// A recent call as a destination would get it.
struct ExportPreview {
    QByteArray request; ///< JSON: an ExportTraceServiceRequest of OTLP, for Zipkin a list of its spans; empty: nothing is sent
    int spans = 0;
    QByteArray traceId;           ///< hex
    std::int64_t startUnixNs = 0; ///< of the call; 0: no call is stored yet
    QString note;                 ///< one sentence: why nothing is sent, or what is missing here; may be empty
};

struct SessionSnapshot {
    QString id;
    QString clientName;
    QString clientVersion;
    QString tokenName;
    QString protocolVersion;
    QString transport; ///< "http", "bridge"
    std::int64_t sinceUnixNs = 0;
    std::int64_t lastSeenUnixNs = 0;
    quint64 calls = 0;
};

struct TokenSnapshot {
    QString name;
    QStringList scopes; ///< "mcp", "api"
    QString project;
    std::int64_t createdUnixNs = 0;
    std::int64_t lastUsedUnixNs = 0;
};

/// Oriel's OTLP receiver.
struct ReceiverSnapshot {
    bool enabled = false;
    quint16 grpcPort = 0; ///< 0: not listening
    quint16 httpPort = 0;
    QString text;      ///< "http://127.0.0.1:4318, gRPC 127.0.0.1:4317", or "off"
    QString error;     ///< why one or both do not listen, with the holder of the port where known
    QString grpcError; ///< the same of each
    QString httpError;
    quint64 spans = 0; ///< taken since the start
    quint64 points = 0;
    quint64 logs = 0;
    quint64 rejected = 0; ///< left out of requests that were taken
    quint64 failed = 0;   ///< requests that could not be read
    quint64 busy = 0;     ///< requests that were asked to come again
    QString lastRefusal;  ///< why the last of `rejected` or `failed` were; empty where the sender alone was told

    [[nodiscard]] bool isEmpty() const { return spans == 0 && points == 0 && logs == 0; }
};

/// The gateway as the status bar and the Overview tell it.
struct GatewayStatus {
    bool listening = false;
    QString endpoint;    ///< "http://127.0.0.1:7420/mcp"
    QString listenError; ///< why it does not listen, with the holder of the port where known
    bool authDisabled = false;
    int serversReady = 0;
    int serversEnabled = 0;
    int sessions = 0;
    int users = 0;
    double callsPerSecond = 0;
    std::int64_t p95Ns = 0;
    quint64 traces = 0;
    quint64 auditRows = 0;
    quint64 dropped = 0;
    qint64 storeBytes = 0;
    qint64 storeBudgetBytes = 0;
    QString vaultState; ///< "keychain", "passphrase", "this session only: …"
    bool vaultDegraded = false;
    QString configPath;
    QString configError; ///< the file is broken: path, line, what was expected; the last good one is in force
    QString auditError;  ///< the audit log cannot be written just now
    ReceiverSnapshot receiver;
};

/// One check of `oriel doctor`.
struct DoctorCheck {
    enum class Verdict : quint8 { Ok, Warning, Failure };
    QString area; ///< "configuration", "port", "keychain", "server notes" …
    Verdict verdict = Verdict::Ok;
    QString finding;
    QString remedy;
};

/// A server found in another client's configuration file.
struct ImportCandidate {
    QString client; ///< "Claude Desktop"
    QString sourcePath;
    config::Server server;
    QStringList secretFields; ///< "env.GITHUB_TOKEN": values that look like secrets and can move to the vault
    QString conflict;         ///< why it cannot be added as it is (a server of that name exists); empty: it can
    QStringList warnings;
};

/// How to point a client at Oriel.
struct ClientSnippet {
    QString client;
    QString path; ///< of the file to edit on this system
    QString text; ///< what to put there; the token stands as a placeholder unless one was just made
    QString note;
};

struct RetentionPreviewRow {
    QString store; ///< "audit", "traces", "logs", "metrics"
    quint64 rows = 0;
    qint64 bytes = 0;
    std::int64_t oldestUnixNs = 0;
    std::int64_t newestUnixNs = 0;
};

struct MaskPreview {
    QByteArray masked;
    QStringList hits; ///< "github-token at $.token"
};

} // namespace oriel::service
