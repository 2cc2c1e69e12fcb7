// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings/setting_rows.h"

#include <array>

namespace oriel::config {

namespace {

using enum SettingType;

constexpr std::array kExemplarFilters{"trace_based", "always_on", "always_off"};
constexpr std::array kAuditModes{"group", "strict"};
constexpr std::array kThemes{"system", "light", "dark"};
constexpr std::array kReceiverChildTelemetry{"all", "endpoint", "context", "none"};
constexpr std::array kPropagators{"tracecontext", "baggage", "b3", "b3multi"};
constexpr std::array kPiiTypes{"credit-card", "email", "iban", "us-ssn", "ipv4", "phone"};

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
        "(TRACEPARENT, B3 or X_B3_TRACEID and so on, by telemetry.propagators). What an entry's env says itself is never "
        "replaced.",
        [](const Config& c) { return SettingValue(choiceOf(c.receiver.childTelemetry, kChildTelemetry)); },
        [](Config& c, const SettingValue& v) { c.receiver.childTelemetry = enumOf<ChildTelemetry>(v, kChildTelemetry); }, 0, 0,
        kReceiverChildTelemetry},
    SettingRow<Config>{"metrics.namespace", Text, "Put before the names of Oriel's own metrics.",
                       ORIEL_FIELD(Config, QString, metrics.nameSpace)},
    SettingRow<Config>{
        "metrics.exemplars", Choice,
        "Measurements that become exemplars: those of calls that a destination may take by its sampler, all, or none.",
        ORIEL_FIELD(Config, QString, metrics.exemplarFilter), 0, 0, kExemplarFilters},
    SettingRow<Config>{"audit.mode", Choice, "group: rows are committed within 20 ms; strict: before the answer is released.",
                       ORIEL_CHOICE(Config, audit.mode, kAuditModes)},
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

} // namespace

std::span<const SettingRow<Config>> settingsTable()
{
    return kSettings;
}

} // namespace oriel::config
