// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_table.h"

#include <array>

namespace oriel::config {

namespace {

using enum SettingType;

constexpr double kDay = 24.0 * 3600 * 1000;
constexpr double kMaxBytes = 1024.0 * 1024 * 1024 * 1024;

constexpr std::array kSamplers{"always_on",
                               "always_off",
                               "traceidratio",
                               "parentbased_always_on",
                               "parentbased_always_off",
                               "parentbased_traceidratio",
                               "rate_limited",
                               "adaptive",
                               "keep_errors_and_slow"};
constexpr std::array kExemplarFilters{"trace_based", "always_on", "always_off"};
constexpr std::array kTemporalities{"cumulative", "delta", "lowmemory"};
constexpr std::array kHistograms{"explicit", "exponential"};
constexpr double kMaxSamplerArg = 1e6;
constexpr std::array kAuditModes{"group", "strict"};
constexpr std::array kThemes{"system", "light", "dark"};
constexpr std::array kStartModes{"launch", "first-use"};
constexpr std::array kEras{"auto", "legacy", "modern"};
constexpr std::array kToolRetries{"never", "annotated"};
constexpr std::array kLimitScopeNames{"client", "project", "tenant", "server", "tool"};
constexpr std::array kConnectionModes{"shared", "per-client"};
constexpr std::array kChildTelemetry{"default", "all", "endpoint", "context", "none"};
constexpr std::array kReceiverChildTelemetry{"all", "endpoint", "context", "none"};
constexpr std::array kGrants{"browser", "client-credentials", "enterprise"};
constexpr std::array kServerTypes{"stdio", "http", "streamable-http", "sse"};
constexpr std::array kProtocols{"grpc", "http/protobuf", "http/json", "console", "file", "none", "zipkin", "jaeger"};
constexpr std::array kCompressions{"none", "gzip", "zstd"};
constexpr std::array kAuthKinds{"none", "basic", "bearer", "sigv4", "google", "entra", "command"};
constexpr std::array kSignals{"traces", "metrics", "logs"};
constexpr std::array kPropagators{"tracecontext", "baggage", "b3", "b3multi"};
constexpr std::array kPiiTypes{"credit-card", "email", "iban", "us-ssn", "ipv4", "phone"};
constexpr std::array kAliases{"enkrypt", "kuadrant", "decorator", "contextforge"};

// Reading and writing one field, which is named by an expression on the subject.
#define ORIEL_FIELD(Subject, Stored, expression)                                                                                 \
    [](const Subject& s) -> SettingValue { return SettingValue(static_cast<Stored>(s.expression)); },                            \
        [](Subject& s, const SettingValue& v) { s.expression = static_cast<decltype(s.expression)>(std::get<Stored>(v)); }
#define ORIEL_DURATION(Subject, expression)                                                                                      \
    [](const Subject& s) -> SettingValue { return SettingValue(static_cast<qint64>((s.expression).count())); },                  \
        [](Subject& s, const SettingValue& v) { s.expression = milliseconds(std::get<qint64>(v)); }
#define ORIEL_TIMEOUT(member)                                                                                                    \
    [](const Server& s) -> SettingValue { return s.timeouts.member ? qint64(s.timeouts.member->count()) : qint64(-1); },         \
        [](Server& s, const SettingValue& v) { s.timeouts.member = milliseconds(std::get<qint64>(v)); }

QString childTelemetryName(ChildTelemetry what)
{
    return QString::fromLatin1(kChildTelemetry[static_cast<std::size_t>(what)]);
}

ChildTelemetry childTelemetryOf(const SettingValue& value)
{
    for (std::size_t i = 0; i < kChildTelemetry.size(); ++i) {
        if (std::get<QString>(value) == QLatin1String(kChildTelemetry[i]))
            return static_cast<ChildTelemetry>(i);
    }
    return ChildTelemetry::Default;
}

const std::array kSettings{
    SettingRow<Config>{"gateway.port", Integer, "Port of the local endpoint; 0 picks a free one at each start.",
                       [](const Config& c) { return SettingValue(qint64(c.gateway.port)); },
                       [](Config& c, const SettingValue& v) {
                           c.gateway.port = static_cast<quint16>(std::get<qint64>(v));
                           c.gateway.portIsExplicit = true;
                       },
                       0, 65535},
    SettingRow<Config>{"gateway.host", Text, "Loopback address to listen on: 127.0.0.1, localhost or ::1.",
                       ORIEL_FIELD(Config, QString, gateway.host)},
    SettingRow<Config>{"gateway.separator", Text, "What stands between server and tool in the names clients see.",
                       ORIEL_FIELD(Config, QString, gateway.separator)},
    SettingRow<Config>{"gateway.prefixSingleServer", Bool, "Prefix names with the server also when there is only one server.",
                       ORIEL_FIELD(Config, bool, gateway.prefixSingleServer)},
    SettingRow<Config>{"gateway.auth", Bool, "Ask every client for its token. Off is for tests only.",
                       ORIEL_FIELD(Config, bool, gateway.auth)},
    SettingRow<Config>{"gateway.allowedOrigins", TextList,
                       "Web origins beside loopback ones that may use the endpoint, such as https://app.example.",
                       ORIEL_FIELD(Config, QStringList, gateway.allowedOrigins)},
    SettingRow<Config>{"gateway.maxBodyBytes", Integer, "Largest request body, in bytes.",
                       ORIEL_FIELD(Config, qint64, gateway.maxBodyBytes), 1024, 512.0 * 1024 * 1024},
    SettingRow<Config>{"gateway.timeouts.connectivity", Duration, "Connecting to a server and its handshake.",
                       ORIEL_DURATION(Config, gateway.timeouts.connectivity), 1, kDay},
    SettingRow<Config>{"gateway.timeouts.discovery", Duration, "Reading a server's lists.",
                       ORIEL_DURATION(Config, gateway.timeouts.discovery), 1, kDay},
    SettingRow<Config>{"gateway.timeouts.toolCall", Duration, "One call of a tool, prompt or resource.",
                       ORIEL_DURATION(Config, gateway.timeouts.toolCall), 1, kDay},
    SettingRow<Config>{"gateway.timeouts.guardrail", Duration, "One guardrail check.",
                       ORIEL_DURATION(Config, gateway.timeouts.guardrail), 1, kDay},
    SettingRow<Config>{"gateway.timeouts.auth", Duration, "One step of an authorization.",
                       ORIEL_DURATION(Config, gateway.timeouts.auth), 1, kDay},
    SettingRow<Config>{"gateway.circuitBreaker.enabled", Bool, "Refuse calls at once while their server is not there.",
                       ORIEL_FIELD(Config, bool, gateway.circuitBreaker.enabled)},
    SettingRow<Config>{
        "gateway.circuitBreaker.failures", Integer,
        "Calls in a row that find their server unavailable, or time out, before the next are refused; 0: any number.",
        ORIEL_FIELD(Config, qint64, gateway.circuitBreaker.failures), 0, 10000},
    SettingRow<Config>{"gateway.circuitBreaker.failureRate", Number,
                       "Share of such calls within the window from which the next are refused; 0: any share.",
                       ORIEL_FIELD(Config, double, gateway.circuitBreaker.failureRate), 0, 1},
    SettingRow<Config>{"gateway.circuitBreaker.minimumCalls", Integer, "Calls within the window before their share counts.",
                       ORIEL_FIELD(Config, qint64, gateway.circuitBreaker.minimumCalls), 1, 100000},
    SettingRow<Config>{"gateway.circuitBreaker.window", Duration, "The time over which the share is taken.",
                       ORIEL_DURATION(Config, gateway.circuitBreaker.window), 1000, kDay},
    SettingRow<Config>{"gateway.circuitBreaker.cooldown", Duration,
                       "Time before one call tries the server again; it doubles with each try that fails.",
                       ORIEL_DURATION(Config, gateway.circuitBreaker.cooldown), 1, kDay},
    SettingRow<Config>{"gateway.circuitBreaker.maxCooldown", Duration, "The longest that time becomes.",
                       ORIEL_DURATION(Config, gateway.circuitBreaker.maxCooldown), 1, kDay},
    SettingRow<Config>{"gateway.retries.max", Integer,
                       "Further tries of a call that can do no harm twice, when its server was not there; 0: none.",
                       ORIEL_FIELD(Config, qint64, gateway.retries.max), 0, 5},
    SettingRow<Config>{"gateway.retries.delay", Duration,
                       "The longest wait before the first further try, drawn at random; it doubles with each.",
                       ORIEL_DURATION(Config, gateway.retries.delay), 1, 60'000},
    SettingRow<Config>{"telemetry.serviceName", Text, "service.name of everything Oriel sends.",
                       ORIEL_FIELD(Config, QString, telemetry.serviceName)},
    SettingRow<Config>{
        "telemetry.resourceAttributes", TextMap, "More attributes of the resource.",
        [](const Config& c) { return SettingValue(c.telemetry.resourceAttributes); },
        [](Config& c, const SettingValue& v) { c.telemetry.resourceAttributes = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Config>{"telemetry.sampler", Choice, "Which traces are exported; the local store keeps all.",
                       ORIEL_FIELD(Config, QString, telemetry.sampler), 0, 0, kSamplers},
    SettingRow<Config>{"telemetry.samplerArg", Number,
                       "traceidratio: share of traces; keep_errors_and_slow: share of the other calls; rate_limited: traces a "
                       "second; adaptive: traces a second of each operation.",
                       ORIEL_FIELD(Config, double, telemetry.samplerArg), 0, kMaxSamplerArg},
    SettingRow<Config>{"telemetry.slowThreshold", Duration,
                       "keep_errors_and_slow: calls that take longer are kept; 0: longer than 99 of 100 of their kind.",
                       ORIEL_DURATION(Config, telemetry.slowThreshold), 0, kDay},
    SettingRow<Config>{"telemetry.processors", TextList,
                       "What is done to spans and logs before they leave, in order: enrich KEY=VALUE, filter CONDITION …, remove "
                       "KEY, hash KEY, rename OLD NEW.",
                       ORIEL_FIELD(Config, QStringList, telemetry.processors)},
    SettingRow<Config>{"telemetry.propagators", TextList, "Context formats read and written.",
                       ORIEL_FIELD(Config, QStringList, telemetry.propagators), 0, 0, kPropagators},
    SettingRow<Config>{"telemetry.exportDisabled", Bool, "Send nothing anywhere.",
                       ORIEL_FIELD(Config, bool, telemetry.exportDisabled)},
    SettingRow<Config>{"telemetry.foreignContextAsLink", Bool,
                       "A client's trace context becomes a link, and every call a trace of its own.",
                       ORIEL_FIELD(Config, bool, telemetry.foreignContextAsLink)},
    SettingRow<Config>{"telemetry.passBaggage", Bool, "Pass a client's baggage on to servers.",
                       ORIEL_FIELD(Config, bool, telemetry.passBaggage)},
    SettingRow<Config>{"telemetry.limits.attributeCount", Integer, "Attributes of a span at most.",
                       ORIEL_FIELD(Config, qint64, telemetry.attributeCountLimit), 1, 10000},
    SettingRow<Config>{"telemetry.limits.attributeLength", Integer, "Characters of an attribute's text at most; -1: no limit.",
                       ORIEL_FIELD(Config, qint64, telemetry.attributeLengthLimit), -1, 10'000'000},
    SettingRow<Config>{"telemetry.limits.eventCount", Integer, "Events of a span at most.",
                       ORIEL_FIELD(Config, qint64, telemetry.eventCountLimit), 1, 10000},
    SettingRow<Config>{"telemetry.limits.linkCount", Integer, "Links of a span at most.",
                       ORIEL_FIELD(Config, qint64, telemetry.linkCountLimit), 1, 10000},
    SettingRow<Config>{"telemetry.limits.eventAttributeCount", Integer, "Attributes of a span's event at most.",
                       ORIEL_FIELD(Config, qint64, telemetry.eventAttributeCountLimit), 0, 10000},
    SettingRow<Config>{"telemetry.limits.linkAttributeCount", Integer, "Attributes of a span's link at most.",
                       ORIEL_FIELD(Config, qint64, telemetry.linkAttributeCountLimit), 0, 10000},
    SettingRow<Config>{"telemetry.limits.logAttributeCount", Integer, "Attributes of a log record at most.",
                       ORIEL_FIELD(Config, qint64, telemetry.logAttributeCountLimit), 0, 10000},
    SettingRow<Config>{"telemetry.limits.logAttributeLength", Integer,
                       "Characters of the text of a log record's attribute at most; -1: no limit. The body has none.",
                       ORIEL_FIELD(Config, qint64, telemetry.logAttributeLengthLimit), -1, 10'000'000},
    SettingRow<Config>{"telemetry.spanInterval", Duration, "Spans and logs leave within this time.",
                       ORIEL_DURATION(Config, telemetry.spanInterval), 10, kDay},
    SettingRow<Config>{"telemetry.metricInterval", Duration, "Metrics leave this often while they change.",
                       ORIEL_DURATION(Config, telemetry.metricInterval), 100, kDay},
    SettingRow<Config>{"telemetry.spool.maxBytes", Integer,
                       "Bytes on the disk of what waits for destinations; beyond them the oldest is lost and counted.",
                       ORIEL_FIELD(Config, qint64, telemetry.spool.maxBytes), 1024.0 * 1024, kMaxBytes},
    SettingRow<Config>{"telemetry.spool.maxAge", Duration, "What has waited longer is lost and counted.",
                       ORIEL_DURATION(Config, telemetry.spool.maxAge), 60'000, 365 * kDay},
    SettingRow<Config>{"receiver.enabled", Bool, "Take traces, metrics and logs of programs on this machine over OTLP.",
                       ORIEL_FIELD(Config, bool, receiver.enabled)},
    SettingRow<Config>{"receiver.grpcPort", Integer, "Port for OTLP/gRPC; 0 picks a free one at each start.",
                       ORIEL_FIELD(Config, qint64, receiver.grpcPort), 0, 65535},
    SettingRow<Config>{"receiver.httpPort", Integer, "Port for OTLP/HTTP; 0 picks a free one at each start.",
                       ORIEL_FIELD(Config, qint64, receiver.httpPort), 0, 65535},
    SettingRow<Config>{
        "receiver.childTelemetry", Choice,
        "What servers that Oriel starts are told in their environment: endpoint is where the receiver is and the server's name "
        "(OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_SERVICE_NAME), context the trace of their start "
        "(TRACEPARENT). What an entry's env says itself is never replaced.",
        [](const Config& c) { return SettingValue(childTelemetryName(c.receiver.childTelemetry)); },
        [](Config& c, const SettingValue& v) { c.receiver.childTelemetry = childTelemetryOf(v); }, 0, 0, kReceiverChildTelemetry},
    SettingRow<Config>{"metrics.namespace", Text, "Put before the names of Oriel's own metrics.",
                       ORIEL_FIELD(Config, QString, metrics.nameSpace)},
    SettingRow<Config>{"metrics.exemplars", Choice, "Measurements that become exemplars: those of sampled calls, all, or none.",
                       ORIEL_FIELD(Config, QString, metrics.exemplarFilter), 0, 0, kExemplarFilters},
    SettingRow<Config>{"audit.mode", Choice, "group: rows are committed within 20 ms; strict: before the answer is released.",
                       [](const Config& c) {
                           return SettingValue(
                               QString(c.audit.mode == AuditMode::Strict ? QStringLiteral("strict") : QStringLiteral("group")));
                       },
                       [](Config& c, const SettingValue& v) {
                           c.audit.mode = std::get<QString>(v) == QLatin1String("strict") ? AuditMode::Strict : AuditMode::Group;
                       },
                       0, 0, kAuditModes},
    SettingRow<Config>{"audit.payloadLimit", Integer, "Bytes of arguments and of the response kept in a row, masked; 0: none.",
                       ORIEL_FIELD(Config, qint64, audit.payloadLimit), 0, 16.0 * 1024 * 1024},
    SettingRow<Config>{"retention.traceDays", Integer, "Days that traces are kept; 0: no limit.",
                       ORIEL_FIELD(Config, qint64, retention.traceDays), 0, 36500},
    SettingRow<Config>{"retention.traceBytes", Integer, "Bytes of traces on disk; 0: no limit.",
                       ORIEL_FIELD(Config, qint64, retention.traceBytes), 0, kMaxBytes},
    SettingRow<Config>{"retention.spanBudgetBytes", Integer, "Bytes of traces in memory.",
                       ORIEL_FIELD(Config, qint64, retention.spanBudgetBytes), 1024.0 * 1024, kMaxBytes},
    SettingRow<Config>{"retention.logDays", Integer, "Days that logs are kept; 0: no limit.",
                       ORIEL_FIELD(Config, qint64, retention.logDays), 0, 36500},
    SettingRow<Config>{"retention.logBytes", Integer, "Bytes of logs on disk; 0: no limit.",
                       ORIEL_FIELD(Config, qint64, retention.logBytes), 0, kMaxBytes},
    SettingRow<Config>{"retention.auditDays", Integer, "Days that audit rows are kept; 0: no limit.",
                       ORIEL_FIELD(Config, qint64, retention.auditDays), 0, 36500},
    SettingRow<Config>{"retention.metricDays", Integer, "Days that metrics are kept; 0: no limit.",
                       ORIEL_FIELD(Config, qint64, retention.metricDays), 0, 36500},
    SettingRow<Config>{"masking.keys", Bool, "Mask values that stand under a secret's name (token, password …).",
                       ORIEL_FIELD(Config, bool, masking.keys)},
    SettingRow<Config>{"masking.secrets", Bool, "Mask texts in the form of known tokens and keys.",
                       ORIEL_FIELD(Config, bool, masking.secrets)},
    SettingRow<Config>{"masking.piiTypes", TextList, "Kinds of personal data that are masked.",
                       ORIEL_FIELD(Config, QStringList, masking.piiTypes), 0, 0, kPiiTypes},
    SettingRow<Config>{"masking.patterns", TextMap, "Patterns of your own: a rule's name and its regular expression (RE2).",
                       [](const Config& c) { return SettingValue(c.masking.patterns); },
                       [](Config& c, const SettingValue& v) { c.masking.patterns = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Config>{"masking.exceptions", TextList,
                       "What is not a secret: paths that begin with $, or the hash that the preview gives.",
                       ORIEL_FIELD(Config, QStringList, masking.exceptions)},
    SettingRow<Config>{"ui.theme", Choice, "Colours of the window.", ORIEL_FIELD(Config, QString, ui.theme), 0, 0, kThemes},
};

const std::array kServer{
    SettingRow<Server>{"type", Choice,
                       "stdio starts a command; http and streamable-http speak Streamable HTTP; sse the older HTTP+SSE. Guessed "
                       "from command or url when absent.",
                       [](const Server& s) {
                           return SettingValue(s.transport == ServerTransport::Stdio       ? QStringLiteral("stdio")
                                               : s.transport == ServerTransport::LegacySse ? QStringLiteral("sse")
                                                                                           : QStringLiteral("http"));
                       },
                       [](Server& s, const SettingValue& v) {
                           const QString& type = std::get<QString>(v);
                           s.transport = type == QLatin1String("stdio") ? ServerTransport::Stdio
                                         : type == QLatin1String("sse") ? ServerTransport::LegacySse
                                                                        : ServerTransport::StreamableHttp;
                       },
                       0, 0, kServerTypes},
    SettingRow<Server>{"command", Text, "The program to start, without a shell.", ORIEL_FIELD(Server, QString, command)},
    SettingRow<Server>{"args", TextList, "Its arguments.", ORIEL_FIELD(Server, QStringList, args)},
    SettingRow<Server>{"env", TextMap,
                       "Environment variables; ${vault:name} takes a secret from the vault, ${VAR} one of Oriel's own.",
                       [](const Server& s) { return SettingValue(s.env); },
                       [](Server& s, const SettingValue& v) { s.env = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Server>{"cwd", Text, "The folder it is started in.", ORIEL_FIELD(Server, QString, cwd)},
    SettingRow<Server>{"childTelemetry", Choice, "Instead of receiver.childTelemetry.",
                       [](const Server& s) { return SettingValue(childTelemetryName(s.childTelemetry)); },
                       [](Server& s, const SettingValue& v) { s.childTelemetry = childTelemetryOf(v); }, 0, 0, kChildTelemetry},
    SettingRow<Server>{"url", Text, "The endpoint of an HTTP server.", ORIEL_FIELD(Server, QString, url)},
    SettingRow<Server>{"headers", Headers, "Headers of every request; values may hold ${vault:name}.",
                       ORIEL_FIELD(Server, HeaderList, headers)},
    SettingRow<Server>{"oauth.enabled", Bool,
                       "Sign in (OAuth 2.1) when the server asks for it. Never used beside an Authorization header of your own.",
                       ORIEL_FIELD(Server, bool, oauth.enabled)},
    SettingRow<Server>{
        "oauth.grant", Choice,
        "browser: you sign in; client-credentials: Oriel signs in by itself with clientId and clientSecret or "
        "privateKey; enterprise: your company's identity provider vouches for you with idToken.",
        [](const Server& s) { return SettingValue(QString::fromLatin1(kGrants.at(static_cast<std::size_t>(s.oauth.grant)))); },
        [](Server& s, const SettingValue& v) {
            const QString& grant = std::get<QString>(v);
            s.oauth.grant = grant == QLatin1String("browser")      ? OAuthGrant::Browser
                            : grant == QLatin1String("enterprise") ? OAuthGrant::Enterprise
                                                                   : OAuthGrant::ClientCredentials;
        },
        0, 0, kGrants},
    SettingRow<Server>{"oauth.clientId", Text,
                       "Client id that you got from the authorization server; without one, Oriel registers itself.",
                       ORIEL_FIELD(Server, QString, oauth.clientId)},
    SettingRow<Server>{"oauth.clientSecret", Text, "Its secret, best as ${vault:name}; empty for a public client.",
                       ORIEL_FIELD(Server, QString, oauth.clientSecret)},
    SettingRow<Server>{
        "oauth.privateKey", Text,
        "A private key (PEM; RSA, or EC on P-256) that proves the client instead of a secret, best as ${vault:name}.",
        ORIEL_FIELD(Server, QString, oauth.privateKey)},
    SettingRow<Server>{"oauth.scopes", Text, "Scopes to ask for instead of those the server names, separated by spaces.",
                       ORIEL_FIELD(Server, QString, oauth.scopes)},
    SettingRow<Server>{"oauth.callbackPort", Integer,
                       "Port of http://127.0.0.1:PORT/callback, where the browser comes back to; 0: any free one.",
                       ORIEL_FIELD(Server, qint64, oauth.callbackPort), 0, 65535},
    SettingRow<Server>{"oauth.idpTokenEndpoint", Text, "The identity provider's token endpoint, for the grant enterprise.",
                       ORIEL_FIELD(Server, QString, oauth.idpTokenEndpoint)},
    SettingRow<Server>{"oauth.idpClientId", Text, "Oriel's client id at the identity provider.",
                       ORIEL_FIELD(Server, QString, oauth.idpClientId)},
    SettingRow<Server>{"oauth.idpClientSecret", Text, "Its secret there, best as ${vault:name}; empty for a public client.",
                       ORIEL_FIELD(Server, QString, oauth.idpClientSecret)},
    SettingRow<Server>{"oauth.idToken", Text, "The ID token that the identity provider gave you, best as ${vault:name}.",
                       ORIEL_FIELD(Server, QString, oauth.idToken)},
    SettingRow<Server>{"era", Choice, "The protocol it speaks: legacy up to 2025-11-25, modern from 2026-07-28; auto finds out.",
                       [](const Server& s) {
                           return SettingValue(QString(s.era == Era::Modern   ? QStringLiteral("modern")
                                                       : s.era == Era::Legacy ? QStringLiteral("legacy")
                                                                              : QStringLiteral("auto")));
                       },
                       [](Server& s, const SettingValue& v) {
                           const QString& era = std::get<QString>(v);
                           s.era = era == QLatin1String("modern")   ? Era::Modern
                                   : era == QLatin1String("legacy") ? Era::Legacy
                                                                    : Era::Auto;
                       },
                       0, 0, kEras},
    SettingRow<Server>{"enabled", Bool, "A disabled server is neither started nor listed.", ORIEL_FIELD(Server, bool, enabled)},
    SettingRow<Server>{
        "start", Choice, "When it is started.",
        [](const Server& s) {
            return SettingValue(QString(s.start == StartMode::AtLaunch ? QStringLiteral("launch") : QStringLiteral("first-use")));
        },
        [](Server& s, const SettingValue& v) {
            s.start = std::get<QString>(v) == QLatin1String("launch") ? StartMode::AtLaunch : StartMode::OnFirstUse;
        },
        0, 0, kStartModes},
    SettingRow<Server>{
        "connection", Choice,
        "Servers with a handshake: shared is one connection for all clients, declared with everything that Oriel can relay; "
        "per-client gives each client one of its own, declared with what that client can do.",
        [](const Server& s) {
            return SettingValue(
                QString(s.connection == ConnectionMode::PerClient ? QStringLiteral("per-client") : QStringLiteral("shared")));
        },
        [](Server& s, const SettingValue& v) {
            s.connection =
                std::get<QString>(v) == QLatin1String("per-client") ? ConnectionMode::PerClient : ConnectionMode::Shared;
        },
        0, 0, kConnectionModes},
    SettingRow<Server>{"maxConnections", Integer, "per-client: clients that have a connection of their own at a time.",
                       ORIEL_FIELD(Server, qint64, maxConnections), 1, 1024},
    SettingRow<Server>{"connectionIdle", Duration,
                       "per-client: a connection that its client has not used for so long is ended; 0: only with the client.",
                       ORIEL_DURATION(Server, connectionIdle), 0, 30 * kDay},
    SettingRow<Server>{"concurrency", Integer, "Calls in flight at most; 0: no limit.", ORIEL_FIELD(Server, qint64, concurrency),
                       0, 100000},
    SettingRow<Server>{"circuitBreaker.enabled", Bool, "Off: calls to it are never refused because of earlier failures.",
                       ORIEL_FIELD(Server, bool, circuitBreaker.enabled)},
    SettingRow<Server>{
        "circuitBreaker.failures", Integer, "Instead of gateway.circuitBreaker.failures.",
        [](const Server& s) { return SettingValue(qint64(s.circuitBreaker.failures.value_or(-1))); },
        [](Server& s, const SettingValue& v) { s.circuitBreaker.failures = static_cast<int>(std::get<qint64>(v)); }, 0, 10000},
    SettingRow<Server>{
        "circuitBreaker.cooldown", Duration, "Instead of gateway.circuitBreaker.cooldown.",
        [](const Server& s) {
            return SettingValue(s.circuitBreaker.cooldown ? qint64(s.circuitBreaker.cooldown->count()) : qint64(-1));
        },
        [](Server& s, const SettingValue& v) { s.circuitBreaker.cooldown = milliseconds(std::get<qint64>(v)); }, 1, kDay},
    SettingRow<Server>{"retries.max", Integer, "Instead of gateway.retries.max.",
                       [](const Server& s) { return SettingValue(qint64(s.retries.max.value_or(-1))); },
                       [](Server& s, const SettingValue& v) { s.retries.max = static_cast<int>(std::get<qint64>(v)); }, 0, 5},
    SettingRow<Server>{"retries.tools", Choice,
                       "annotated: believe the server when it says that a tool only reads or may be called twice, and try "
                       "such calls again; never: tools are called once.",
                       [](const Server& s) {
                           return SettingValue(QString(s.retries.tools == ToolRetries::Annotated ? QStringLiteral("annotated")
                                                                                                 : QStringLiteral("never")));
                       },
                       [](Server& s, const SettingValue& v) {
                           s.retries.tools =
                               std::get<QString>(v) == QLatin1String("annotated") ? ToolRetries::Annotated : ToolRetries::Never;
                       },
                       0, 0, kToolRetries},
    SettingRow<Server>{"maxRestarts", Integer, "Restarts in a row before it stays down.",
                       ORIEL_FIELD(Server, qint64, maxRestarts), 0, 1000},
    SettingRow<Server>{"disabledTools", TextList, "Tools that clients do not see.",
                       ORIEL_FIELD(Server, QStringList, disabledTools)},
    SettingRow<Server>{"watch", TextList, "Files whose change restarts it.", ORIEL_FIELD(Server, QStringList, watch)},
    SettingRow<Server>{"timeouts.connectivity", Duration, "Instead of gateway.timeouts.connectivity.",
                       ORIEL_TIMEOUT(connectivity), 1, kDay},
    SettingRow<Server>{"timeouts.discovery", Duration, "Instead of gateway.timeouts.discovery.", ORIEL_TIMEOUT(discovery), 1,
                       kDay},
    SettingRow<Server>{"timeouts.toolCall", Duration, "Instead of gateway.timeouts.toolCall.", ORIEL_TIMEOUT(toolCall), 1, kDay},
    SettingRow<Server>{"timeouts.guardrail", Duration, "Instead of gateway.timeouts.guardrail.", ORIEL_TIMEOUT(guardrail), 1,
                       kDay},
    SettingRow<Server>{"timeouts.auth", Duration, "Instead of gateway.timeouts.auth.", ORIEL_TIMEOUT(auth), 1, kDay},
};

/// The choice of an enumeration whose first value means "not said"; empty for that one.
template <class Enum> QString nameOf(Enum value, std::span<const char* const> choices)
{
    const auto index = static_cast<std::size_t>(value);
    return index == 0 || index > choices.size() ? QString() : QString::fromLatin1(choices[index - 1]);
}

template <class Enum> Enum valueOf(const SettingValue& v, std::span<const char* const> choices)
{
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (std::get<QString>(v) == QLatin1String(choices[i]))
            return static_cast<Enum>(i + 1);
    }
    return Enum{};
}

QString signalEndpoint(const Destination& d, const char* signal)
{
    return d.signalEndpoints.value(QLatin1String(signal));
}

void setSignalEndpoint(Destination& d, const char* signal, const SettingValue& v)
{
    if (std::get<QString>(v).isEmpty())
        d.signalEndpoints.remove(QLatin1String(signal));
    else
        d.signalEndpoints.insert(QLatin1String(signal), std::get<QString>(v));
}

const std::array kDestination{
    SettingRow<Destination>{"name", Text, "How it is called in the console.", ORIEL_FIELD(Destination, QString, name)},
    SettingRow<Destination>{
        "protocol", Choice,
        "grpc, http/protobuf, http/json; zipkin (spans as Zipkin v2 JSON); jaeger (OTLP to Jaeger); console, file or none for no "
        "network.",
        [](const Destination& d) { return SettingValue(QString::fromLatin1(kProtocols[static_cast<std::size_t>(d.protocol)])); },
        [](Destination& d, const SettingValue& v) {
            for (std::size_t i = 0; i < kProtocols.size(); ++i) {
                if (std::get<QString>(v) == QLatin1String(kProtocols[i]))
                    d.protocol = static_cast<ExportProtocol>(i);
            }
        },
        0, 0, kProtocols},
    SettingRow<Destination>{
        "endpoint", Text,
        "Base URL (v1/traces … is appended), gRPC target, or for file the path. With a preset, instead of the preset's.",
        ORIEL_FIELD(Destination, QString, endpoint)},
    SettingRow<Destination>{"tracesEndpoint", Text, "URL for traces, used as it is.",
                            [](const Destination& d) { return SettingValue(signalEndpoint(d, "traces")); },
                            [](Destination& d, const SettingValue& v) { setSignalEndpoint(d, "traces", v); }},
    SettingRow<Destination>{"metricsEndpoint", Text, "URL for metrics, used as it is.",
                            [](const Destination& d) { return SettingValue(signalEndpoint(d, "metrics")); },
                            [](Destination& d, const SettingValue& v) { setSignalEndpoint(d, "metrics", v); }},
    SettingRow<Destination>{"logsEndpoint", Text, "URL for logs, used as it is.",
                            [](const Destination& d) { return SettingValue(signalEndpoint(d, "logs")); },
                            [](Destination& d, const SettingValue& v) { setSignalEndpoint(d, "logs", v); }},
    SettingRow<Destination>{"headers", Headers, "Headers or gRPC metadata; values may hold ${vault:name}.",
                            ORIEL_FIELD(Destination, HeaderList, headers)},
    SettingRow<Destination>{"signals", TextList, "What it gets; all when absent.",
                            [](const Destination& d) {
                                QStringList list;
                                if (d.traces)
                                    list.append(QStringLiteral("traces"));
                                if (d.metrics)
                                    list.append(QStringLiteral("metrics"));
                                if (d.logs)
                                    list.append(QStringLiteral("logs"));
                                return SettingValue(list);
                            },
                            [](Destination& d, const SettingValue& v) {
                                const QStringList& list = std::get<QStringList>(v);
                                d.traces = list.contains(QLatin1String("traces"));
                                d.metrics = list.contains(QLatin1String("metrics"));
                                d.logs = list.contains(QLatin1String("logs"));
                            },
                            0, 0, kSignals},
    SettingRow<Destination>{"enabled", Bool, "Nothing is recorded for a disabled destination; what already waits for it stays.",
                            ORIEL_FIELD(Destination, bool, enabled)},
    SettingRow<Destination>{"paused", Bool, "Nothing is sent to a paused destination; what is recorded waits for it on the disk.",
                            ORIEL_FIELD(Destination, bool, paused)},
    SettingRow<Destination>{
        "compression", Choice, "Compression of requests; zstd over HTTP alone. With a preset, the preset's unless gzip or zstd.",
        [](const Destination& d) { return SettingValue(d.compression.isEmpty() ? QStringLiteral("none") : d.compression); },
        [](Destination& d, const SettingValue& v) {
            d.compression = std::get<QString>(v) == QLatin1String("none") ? QString() : std::get<QString>(v);
        },
        0, 0, kCompressions},
    SettingRow<Destination>{"timeout", Duration, "One request.", ORIEL_DURATION(Destination, timeout), 0, kDay},
    SettingRow<Destination>{"insecure", Bool, "gRPC targets without a scheme: no TLS.", ORIEL_FIELD(Destination, bool, insecure)},
    SettingRow<Destination>{"caFile", Text, "Certificate authorities (PEM) instead of the system's.",
                            ORIEL_FIELD(Destination, QString, caFile)},
    SettingRow<Destination>{"certFile", Text, "Client certificate (PEM).", ORIEL_FIELD(Destination, QString, certFile)},
    SettingRow<Destination>{"keyFile", Text, "Its private key (PEM).", ORIEL_FIELD(Destination, QString, keyFile)},
    SettingRow<Destination>{"includePayloads", Bool, "Send arguments and results, masked, as span attributes.",
                            ORIEL_FIELD(Destination, bool, includePayloads)},
    SettingRow<Destination>{
        "received", Bool,
        "Send what other programs sent to Oriel's receiver, too. Off, as it is theirs: they may send it there "
        "themselves, and it may hold what is not meant for this place.",
        ORIEL_FIELD(Destination, bool, received)},
    SettingRow<Destination>{"aliases", TextList, "Other systems' attribute names to write as well.",
                            ORIEL_FIELD(Destination, QStringList, aliases), 0, 0, kAliases},

    SettingRow<Destination>{"preset", Text, "A provider of docs/reference/destinations.md, which gives whatever is not set here.",
                            ORIEL_FIELD(Destination, QString, preset)},
    SettingRow<Destination>{"fields", TextMap, "What the preset asks for; values may hold ${vault:name}.",
                            [](const Destination& d) { return SettingValue(d.fields); },
                            [](Destination& d, const SettingValue& v) { d.fields = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Destination>{
        "auth.kind", Choice, "Who vouches for requests, besides the headers; with a preset, none means the preset's.",
        [](const Destination& d) { return SettingValue(QString::fromLatin1(kAuthKinds[static_cast<std::size_t>(d.auth.kind)])); },
        [](Destination& d, const SettingValue& v) {
            for (std::size_t i = 0; i < kAuthKinds.size(); ++i) {
                if (std::get<QString>(v) == QLatin1String(kAuthKinds[i]))
                    d.auth.kind = static_cast<AuthKind>(i);
            }
        },
        0, 0, kAuthKinds},
    SettingRow<Destination>{"auth.user", Text, "User (basic), access key id (sigv4) or client id (entra).",
                            ORIEL_FIELD(Destination, QString, auth.user)},
    SettingRow<Destination>{"auth.secret", Text,
                            "Password, token, secret access key, service-account key (JSON) or client secret, as "
                            "${vault:name}.",
                            ORIEL_FIELD(Destination, QString, auth.secret)},
    SettingRow<Destination>{"auth.sessionToken", Text, "sigv4: session token of temporary credentials, as ${vault:name}.",
                            ORIEL_FIELD(Destination, QString, auth.sessionToken)},
    SettingRow<Destination>{"auth.region", Text, "sigv4: region, such as eu-central-1.",
                            ORIEL_FIELD(Destination, QString, auth.region)},
    SettingRow<Destination>{"auth.services", TextMap, "sigv4: the service that each signal is signed for: traces, metrics, logs.",
                            [](const Destination& d) { return SettingValue(d.auth.services); },
                            [](Destination& d, const SettingValue& v) { d.auth.services = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Destination>{"auth.tenant", Text, "entra: directory (tenant) id.", ORIEL_FIELD(Destination, QString, auth.tenant)},
    SettingRow<Destination>{"auth.scope", Text, "google, entra: scope of the token.",
                            ORIEL_FIELD(Destination, QString, auth.scope)},
    SettingRow<Destination>{"auth.tokenUrl", Text, "google, entra: where tokens come from, instead of the provider's.",
                            ORIEL_FIELD(Destination, QString, auth.tokenUrl)},
    SettingRow<Destination>{"auth.command", TextList,
                            "command: a program and its arguments, started without a shell, that prints a token.",
                            ORIEL_FIELD(Destination, QStringList, auth.command)},
    SettingRow<Destination>{
        "resourceAttributes", TextMap, "Resource attributes that only this destination gets.",
        [](const Destination& d) { return SettingValue(d.resourceAttributes); },
        [](Destination& d, const SettingValue& v) { d.resourceAttributes = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Destination>{"sampler", Choice, "Which traces it gets; telemetry.sampler when absent.",
                            ORIEL_FIELD(Destination, QString, sampler), 0, 0, kSamplers},
    SettingRow<Destination>{"samplerArg", Number, "Of its own sampler, as telemetry.samplerArg.",
                            ORIEL_FIELD(Destination, double, samplerArg), 0, kMaxSamplerArg},
    SettingRow<Destination>{"processors", TextList, "Rules that follow those of telemetry.processors.",
                            ORIEL_FIELD(Destination, QStringList, processors)},
    SettingRow<Destination>{
        "temporality", Choice, "Counters and histograms since the start (cumulative) or since the last export (delta).",
        [](const Destination& d) { return SettingValue(nameOf(d.temporality, kTemporalities)); },
        [](Destination& d, const SettingValue& v) { d.temporality = valueOf<MetricTemporality>(v, kTemporalities); }, 0, 0,
        kTemporalities},
    SettingRow<Destination>{"histograms", Choice, "Buckets of histograms: explicit bounds, or exponential.",
                            [](const Destination& d) { return SettingValue(nameOf(d.histograms, kHistograms)); },
                            [](Destination& d, const SettingValue& v) { d.histograms = valueOf<HistogramKind>(v, kHistograms); },
                            0, 0, kHistograms},
    SettingRow<Destination>{"maxRequestBytes", Integer,
                            "Of one request before compression; 0: what the preset knows, else 4 MiB.",
                            ORIEL_FIELD(Destination, qint64, maxRequestBytes), 0, 64.0 * 1024 * 1024},
    SettingRow<Destination>{"maxItems", Integer, "Spans, points or records in one request; 0: what the preset knows, else 2048.",
                            ORIEL_FIELD(Destination, qint64, maxItems), 0, 100'000},
    SettingRow<Destination>{"maxAgeHours", Integer, "What is older is not sent; 0: what the preset knows, else no limit.",
                            ORIEL_FIELD(Destination, qint64, maxAgeHours), 0, 24.0 * 365},
    SettingRow<Destination>{"maxAttributeLength", Integer,
                            "Bytes of an attribute's text; 0: what the preset knows, else the general limit.",
                            ORIEL_FIELD(Destination, qint64, maxAttributeLength), 0, 64.0 * 1024 * 1024},
    SettingRow<Destination>{"successCodes", TextList,
                            "HTTP statuses that mean that the data was taken, such as \"202\"; empty: each 2xx.",
                            ORIEL_FIELD(Destination, QStringList, successCodes)},
};

constexpr double kMaxCount = 1e15;

const std::array kLimit{
    SettingRow<Limit>{
        "for", Choice, "Whose calls it counts.",
        [](const Limit& l) { return SettingValue(QString::fromLatin1(kLimitScopeNames[static_cast<std::size_t>(l.scope)])); },
        [](Limit& l, const SettingValue& v) {
            for (std::size_t i = 0; i < kLimitScopeNames.size(); ++i) {
                if (std::get<QString>(v) == QLatin1String(kLimitScopeNames[i]))
                    l.scope = static_cast<LimitScope>(i);
            }
        },
        0, 0, kLimitScopeNames},
    SettingRow<Limit>{"name", Text,
                      "The token of a client, the project, tenant or server, or a tool under the name that clients see; *: each "
                      "one that has no entry of its own, counted by itself.",
                      ORIEL_FIELD(Limit, QString, name)},
    SettingRow<Limit>{"callsPerSecond", Number, "Calls a second on average; 0: no limit.",
                      ORIEL_FIELD(Limit, double, callsPerSecond), 0, 1'000'000},
    SettingRow<Limit>{"burst", Integer, "Calls at once after a pause; 0: what callsPerSecond gives in a second.",
                      ORIEL_FIELD(Limit, qint64, burst), 0, 1'000'000},
    SettingRow<Limit>{"concurrency", Integer, "Calls in flight; 0: no limit.", ORIEL_FIELD(Limit, qint64, concurrency), 0,
                      100'000},
    SettingRow<Limit>{"callsPerHour", Integer, "Calls within an hour of the local clock; 0: no limit.",
                      ORIEL_FIELD(Limit, qint64, callsPerHour), 0, kMaxCount},
    SettingRow<Limit>{"callsPerDay", Integer, "Calls within a day of the local clock; 0: no limit.",
                      ORIEL_FIELD(Limit, qint64, callsPerDay), 0, kMaxCount},
    SettingRow<Limit>{"tokensPerHour", Integer,
                      "Tokens that arguments and results come to, estimated as a quarter of their bytes, within an hour; 0: no "
                      "limit.",
                      ORIEL_FIELD(Limit, qint64, tokensPerHour), 0, kMaxCount},
    SettingRow<Limit>{"tokensPerDay", Integer, "The same within a day; 0: no limit.", ORIEL_FIELD(Limit, qint64, tokensPerDay), 0,
                      kMaxCount},
};

#undef ORIEL_FIELD
#undef ORIEL_DURATION
#undef ORIEL_TIMEOUT

} // namespace

std::span<const SettingRow<Config>> settingsTable()
{
    return kSettings;
}
std::span<const SettingRow<Server>> serverTable()
{
    return kServer;
}
std::span<const SettingRow<Destination>> destinationTable()
{
    return kDestination;
}
std::span<const SettingRow<Limit>> limitTable()
{
    return kLimit;
}

} // namespace oriel::config
