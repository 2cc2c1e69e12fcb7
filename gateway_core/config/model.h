// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/limits.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <chrono>
#include <cstdint>
#include <optional>

namespace oriel::config {

using std::chrono::milliseconds;

/// Timeouts of one server or of the gateway, by operation type (G8). A warning is given at 80 %.
struct Timeouts {
    milliseconds connectivity{10'000};
    milliseconds discovery{15'000};
    milliseconds toolCall{300'000};
    milliseconds guardrail{15'000};
    milliseconds auth{10'000};
    bool operator==(const Timeouts&) const = default;
};

/// What one server has instead of the gateway's timeouts.
struct ServerTimeouts {
    std::optional<milliseconds> connectivity;
    std::optional<milliseconds> discovery;
    std::optional<milliseconds> toolCall;
    std::optional<milliseconds> guardrail;
    std::optional<milliseconds> auth;
    bool operator==(const ServerTimeouts&) const = default;
};

enum class ServerTransport : quint8 { Stdio, StreamableHttp, LegacySse };
enum class StartMode : quint8 { AtLaunch, OnFirstUse };
/// How a server is spoken to: with the handshake (up to 2025-11-25), without (2026-07-28), or as it turns out.
enum class Era : quint8 { Auto, Legacy, Modern };
/// Whether all clients use a server of the handshake revisions over one connection, or each over its own.
enum class ConnectionMode : quint8 { Shared, PerClient };

/// Who gets the tokens for a server: the user in the browser, or Oriel by itself with an id and a secret.
enum class OAuthGrant : quint8 { Browser, ClientCredentials };

/// Signing in to a server over HTTP (OAuth 2.1). What is empty is found out or arranged with the authorization server.
struct ServerOAuth {
    bool enabled = true;
    OAuthGrant grant = OAuthGrant::Browser;
    QString clientId;
    QString clientSecret; ///< may hold ${vault:name}
    QString scopes;       ///< separated by spaces; empty: those that the server names
    int callbackPort = 0; ///< of the browser's way back; 0: any
    bool operator==(const ServerOAuth&) const = default;
};

/// One entry of `mcpServers`.
struct Server {
    QString name;
    ServerTransport transport = ServerTransport::Stdio;
    QString command;
    QStringList args;
    QMap<QString, QString> env; ///< values may hold ${vault:name} and ${VAR}
    QString cwd;
    QString url;
    QList<std::pair<QString, QString>> headers; ///< values may hold ${vault:name}
    ServerOAuth oauth;
    Era era = Era::Auto;
    bool enabled = true;
    StartMode start = StartMode::AtLaunch;
    ConnectionMode connection = ConnectionMode::Shared;
    int maxConnections = 16;                ///< PerClient: clients that have one at a time
    milliseconds connectionIdle{1'800'000}; ///< PerClient: one unused for so long ends; 0: none does
    int concurrency = 0;                    ///< calls in flight at most; 0: no limit
    ServerTimeouts timeouts;
    ServerCircuitBreaker circuitBreaker;
    ServerRetries retries;
    int maxRestarts = 5; ///< in a row, before the server stays down until someone asks
    QStringList disabledTools;
    QStringList watch; ///< files whose change restarts the server
    bool operator==(const Server&) const = default;
};

struct Gateway {
    QString host = QStringLiteral("127.0.0.1");
    quint16 port = 7420;
    bool portIsExplicit = false; ///< set in the file or on the command line
    QString separator = QStringLiteral("__");
    bool prefixSingleServer = true;
    bool auth = true;
    QStringList allowedOrigins;
    Timeouts timeouts;
    CircuitBreaker circuitBreaker;
    Retries retries;
    qint64 maxBodyBytes = 64LL * 1024 * 1024;
    bool operator==(const Gateway&) const = default;
};

enum class ExportProtocol : quint8 { Grpc, HttpProtobuf, HttpJson, Console, File, None };

/// One entry of `telemetry.destinations`.
struct Destination {
    QString name;
    ExportProtocol protocol = ExportProtocol::HttpProtobuf;
    QString endpoint;                       ///< base URL, gRPC target, or a file's path
    QMap<QString, QString> signalEndpoints; ///< "traces" | "metrics" | "logs" → URL used as it is
    QList<std::pair<QString, QString>> headers;
    bool traces = true;
    bool metrics = true;
    bool logs = true;
    bool enabled = true;
    bool paused = false; ///< what comes is kept for it and nothing is sent
    QString compression; ///< "" or "gzip"
    milliseconds timeout{10'000};
    bool insecure = false; ///< gRPC without a scheme only
    QString caFile;
    QString certFile;
    QString keyFile;
    bool includePayloads = false; ///< arguments and results as span attributes (T5), off unless asked
    QStringList aliases;          ///< attribute alias sets to emit as well (T6): "enkrypt", "kuadrant", …
    bool fromEnvironment = false; ///< the destination `env`, defined by OTEL_* variables
    bool operator==(const Destination&) const = default;
};

/// What waits for destinations on the disk.
struct Spool {
    qint64 maxBytes = 512LL * 1024 * 1024;
    milliseconds maxAge{7LL * 24 * 3600 * 1000};
    bool operator==(const Spool&) const = default;
};

struct Telemetry {
    QList<Destination> destinations;
    QString serviceName = QStringLiteral("oriel");
    QMap<QString, QString> resourceAttributes;
    QString sampler = QStringLiteral("parentbased_always_on");
    double samplerArg = 1.0;
    QStringList propagators{QStringLiteral("tracecontext"), QStringLiteral("baggage")};
    bool exportDisabled = false;       ///< OTEL_SDK_DISABLED
    bool foreignContextAsLink = false; ///< T2: a client's context becomes a link instead of the parent
    bool passBaggage = false;
    int attributeCountLimit = 128;
    int attributeLengthLimit = -1;
    int eventCountLimit = 128;
    int linkCountLimit = 128;
    milliseconds spanInterval{1'000};
    milliseconds metricInterval{5'000};
    Spool spool;
    bool operator==(const Telemetry&) const = default;
};

struct Metrics {
    QString nameSpace = QStringLiteral("mcp_gateway");
    bool operator==(const Metrics&) const = default;
};

enum class AuditMode : quint8 { Group, Strict };

struct Audit {
    AuditMode mode = AuditMode::Group;
    int payloadLimit = 64 * 1024; ///< bytes of arguments and of the response kept; 0: none
    bool operator==(const Audit&) const = default;
};

struct Retention {
    int traceDays = 7;
    qint64 traceBytes = 512LL * 1024 * 1024;
    qint64 spanBudgetBytes = 64LL * 1024 * 1024; ///< in memory
    int logDays = 7;
    qint64 logBytes = 128LL * 1024 * 1024;
    int auditDays = 90;
    int metricDays = 15;
    bool operator==(const Retention&) const = default;
};

struct Masking {
    bool keys = true;
    bool secrets = true;
    QStringList piiTypes{QStringLiteral("credit-card")};
    QMap<QString, QString> patterns; ///< rule name → RE2 pattern
    QStringList exceptions;          ///< values or paths that are not secrets
    bool operator==(const Masking&) const = default;
};

struct Ui {
    QString theme = QStringLiteral("system");
    bool operator==(const Ui&) const = default;
};

/// The whole configuration as one immutable value. Read from the file, then the environment, then the command line.
struct Config {
    QList<Server> servers;
    Gateway gateway;
    QList<Limit> limits;
    Telemetry telemetry;
    Metrics metrics;
    Audit audit;
    Retention retention;
    Masking masking;
    Ui ui;
    bool operator==(const Config&) const = default;
};

/// The entry of that name, or null.
const Server* findServer(const Config& configuration, QStringView name);
const Destination* findDestination(const Config& configuration, QStringView name);

} // namespace oriel::config
