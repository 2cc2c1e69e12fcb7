// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/entity.h"
#include "config/limits.h"
#include "config/metric_view.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>
#include <QVariant>

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

/// Who gets the tokens for a server: the user in the browser, Oriel by itself with an id and a secret or a key, or Oriel by the
/// word of an enterprise's identity provider.
enum class OAuthGrant : quint8 { Browser, ClientCredentials, Enterprise };

/// Signing in to a server over HTTP (OAuth 2.1). What is empty is found out or arranged with the authorization server.
struct ServerOAuth {
    bool enabled = true;
    OAuthGrant grant = OAuthGrant::Browser;
    QString clientId;
    QString clientSecret; ///< may hold ${vault:name}
    QString privateKey;   ///< the same; PEM, for private_key_jwt
    QString scopes;       ///< separated by spaces; empty: those that the server names
    int callbackPort = 0; ///< of the browser's way back; 0: any
    // The identity provider of OAuthGrant::Enterprise.
    QString idpTokenEndpoint;
    QString idpClientId;
    QString idpClientSecret; ///< may hold ${vault:name}; empty for a public client
    QString idToken;         ///< the same; says who the user is
    bool operator==(const ServerOAuth&) const = default;
};

/// Which of OTEL_EXPORTER_OTLP_ENDPOINT with what belongs to it, and of TRACEPARENT, a child process gets.
enum class ChildTelemetry : quint8 { Default, All, Endpoint, Context, None };

/// One entry of `mcpServers`.
struct Server {
    QString name;
    ServerTransport transport = ServerTransport::Stdio;
    QString command;
    QStringList args;
    QMap<QString, QString> env; ///< values may hold ${vault:name} and ${VAR}
    QString cwd;
    ChildTelemetry childTelemetry = ChildTelemetry::Default; ///< Default: as receiver.childTelemetry says
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

/// Jaeger is OTLP to Jaeger's own port.
enum class ExportProtocol : quint8 { Grpc, HttpProtobuf, HttpJson, Console, File, None, Zipkin, Jaeger };

/// Who vouches for requests, besides what stands in the headers.
enum class AuthKind : quint8 { None, Basic, Bearer, SigV4, Google, Entra, Command };

/// How the requests to a destination are authorized. What a member means depends on `kind`; what is empty is the preset's.
struct DestinationAuth {
    AuthKind kind = AuthKind::None;
    QString user;                    ///< basic: user; sigv4: access key id; entra: client id
    QString secret;                  ///< password, token, secret access key, service-account key (JSON), client secret
    QString sessionToken;            ///< sigv4, of temporary credentials
    QString region;                  ///< sigv4
    QMap<QString, QString> services; ///< sigv4: "traces" | "metrics" | "logs" → name of the service
    QString tenant;                  ///< entra
    QString scope;                   ///< google, entra
    QString tokenUrl;                ///< google, entra: instead of the provider's
    QStringList command;             ///< command: program and arguments; prints a token
    bool operator==(const DestinationAuth&) const = default;
};

/// Default: as the preset has it, else cumulative.
enum class MetricTemporality : quint8 { Default, Cumulative, Delta, LowMemory };
/// Default: as the preset has it, else explicit buckets.
enum class HistogramKind : quint8 { Default, Explicit, Exponential };

/// What a backend takes of one signal in one request; 0: not known.
struct RequestLimits {
    qint64 rawBytes = 0;  ///< before compression
    qint64 wireBytes = 0; ///< as sent
    int items = 0;        ///< spans, points or records
    bool operator==(const RequestLimits&) const = default;
};

/// What a backend takes of one span, point or record; 0: not known. Lengths in bytes.
struct ItemLimits {
    qint64 itemBytes = 0;          ///< as OTLP protobuf, without its resource and scope
    qint64 attributeLength = 0;    ///< of texts and byte values of attributes, at any depth
    qint64 attributeKeyLength = 0; ///< at any depth
    qint64 arrayLength = 0;        ///< elements
    qint64 attributeCount = 0;     ///< of a span or record itself
    qint64 eventCount = 0;         ///< of a span
    qint64 linkCount = 0;          ///< of a span
    qint64 nameLength = 0;         ///< of a span
    qint64 bodyLength = 0;         ///< of a record; of one that is not text, as JSON
    // Loki's structured metadata: attributes of the record, its scope and its resource, maps flattened, and its other fields.
    qint64 metadataBytes = 0;
    qint64 metadataCount = 0;
    bool operator==(const ItemLimits&) const = default;
};

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
    QString compression; ///< "none", "gzip" or "zstd"; empty: the preset's, else none
    milliseconds timeout{10'000};
    bool insecure = false; ///< gRPC without a scheme only
    QString caFile;
    QString certFile;
    QString keyFile;
    bool includePayloads = false; ///< arguments and results as span attributes (T5), off unless asked
    QStringList aliases;          ///< attribute alias sets to emit as well (T6): "enkrypt", "kuadrant", …
    bool received = false;        ///< gets what the receiver took, too
    bool fromEnvironment = false; ///< defined by OTEL_* variables or the file of OTEL_CONFIG_FILE, not by the configuration file
    QString sourceFile;           ///< that of OTEL_CONFIG_FILE that defines it; empty: another source

    QString sampler;         ///< instead of the general one; empty: that one, with its argument
    double samplerArg = 1.0; ///< of `sampler`
    QStringList processors;  ///< rules that follow the general ones

    QString preset;                ///< id in resources/presets/providers.json; empty: none
    QMap<QString, QString> fields; ///< what the preset asks for; values may hold ${vault:name}
    DestinationAuth auth;
    QMap<QString, QString> resourceAttributes; ///< that only this destination gets
    MetricTemporality temporality = MetricTemporality::Default;
    HistogramKind histograms = HistogramKind::Default;
    qint64 maxRequestBytes = 0; ///< before compression; 0: the preset's, else Oriel's own
    int maxItems = 0;           ///< in one request; 0: as above
    int maxAgeHours = 0;        ///< what is older is not sent; 0: as above
    int maxAttributeLength = 0; ///< of texts, in bytes; 0: as above
    QStringList successCodes;   ///< HTTP statuses that mean "taken"; empty: each 2xx

    // Set by otlp::effectiveDestination() alone, never in the file.
    QMap<QString, QList<std::pair<QString, QString>>> signalHeaders; ///< signal → headers besides `headers`
    QMap<QString, RequestLimits> signalLimits;                       ///< signal → what the backend takes
    QMap<QString, ItemLimits> itemLimits;                            ///< the same, of one item
    int maxAheadHours = 0;                                           ///< so far ahead of the clock may items be; 0: not known
    bool isEffective = false;                                        ///< preset and defaults are filled in
    bool operator==(const Destination&) const = default;
};

/// What waits for destinations on the disk.
struct Spool {
    qint64 maxBytes = 512LL * 1024 * 1024;
    milliseconds maxAge{7LL * 24 * 3600 * 1000};
    bool operator==(const Spool&) const = default;
};

/// A listener on this machine that serves /metrics alone, without a token, as tutorials scrape it.
struct PrometheusListener {
    QString host; ///< localhost, 127.x.y.z or ::1
    quint16 port = 9464;
    bool operator==(const PrometheusListener&) const = default;
};

struct Telemetry {
    QList<Destination> destinations;
    QString serviceName = QStringLiteral("oriel");
    QMap<QString, QString> resourceAttributes;
    /// Of a declarative configuration: bool, qint64, double, or a QVariantList of one of these or of texts. They win over those.
    QMap<QString, QVariant> typedResourceAttributes;
    std::optional<PrometheusListener> prometheus; ///< of OTEL_METRICS_EXPORTER=prometheus
    QList<Entity> entities;                       ///< of OTEL_ENTITIES; their attributes are among `resourceAttributes`
    QString logLevel; ///< of Oriel's own messages by OTEL_LOG_LEVEL, as for --log-level; empty: not told
    QString sampler = QStringLiteral("parentbased_always_on");
    double samplerArg = 1.0;
    milliseconds slowThreshold{0}; ///< keep_errors_and_slow: what counts as slow; 0: over the operation's 99th percentile
    QStringList processors;        ///< rules for what leaves, in order (telemetry::ProcessorChain)
    QStringList propagators{QStringLiteral("tracecontext"), QStringLiteral("baggage")};
    bool exportDisabled = false;       ///< OTEL_SDK_DISABLED
    bool foreignContextAsLink = false; ///< T2: a client's context becomes a link instead of the parent
    bool passBaggage = false;
    int attributeCountLimit = 128;
    int attributeLengthLimit = -1;
    int eventCountLimit = 128;
    int linkCountLimit = 128;
    int eventAttributeCountLimit = 128;
    int linkAttributeCountLimit = 128;
    int logAttributeCountLimit = 128;
    int logAttributeLengthLimit = -1;
    milliseconds spanInterval{1'000};
    milliseconds metricInterval{5'000};
    QList<MetricView> views; ///< of the file of OTEL_CONFIG_FILE; the configuration file has none
    Spool spool;
    bool operator==(const Telemetry&) const = default;
};

/// Oriel as the OTLP receiver of this machine (T7).
struct Receiver {
    bool enabled = true;
    quint16 grpcPort = 4317; ///< 0 picks a free one
    quint16 httpPort = 4318;
    ChildTelemetry childTelemetry = ChildTelemetry::All; ///< of servers that do not say; never Default
    bool operator==(const Receiver&) const = default;
};

struct Metrics {
    QString nameSpace = QStringLiteral("mcp_gateway");
    QString exemplarFilter = QStringLiteral("trace_based");
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
    Receiver receiver;
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
