// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/environment.h"
#include "config/settings/settings_table.h"

#include <algorithm>
#include <array>

namespace oriel::config {

namespace {

using enum VariableKind;

constexpr qint64 kMaxCount = 1'000'000'000;
constexpr qint64 kDay = 24LL * 3600 * 1000;

constexpr std::array kTraceExporters{"otlp", "console", "none", "otlp/stdout", "logging", "jaeger", "zipkin"};
constexpr std::array kLogLevels{"trace", "debug", "info", "warn", "warning", "error", "fatal"};
constexpr std::array kExemplarFilters{"trace_based", "always_on", "always_off"};
constexpr std::array kMetricExporters{"otlp", "console", "none", "otlp/stdout", "logging", "prometheus"};
constexpr std::array kLogExporters{"otlp", "console", "none", "otlp/stdout", "logging"};
constexpr std::array kProtocols{"grpc", "http/protobuf", "http/json"};
constexpr std::array kCompressions{"gzip", "none"};
constexpr std::array kTemporalities{"cumulative", "delta", "lowmemory"};
constexpr std::array kHistograms{"explicit_bucket_histogram", "base2_exponential_bucket_histogram"};

constexpr const char* kEnv = "destination `env`";
constexpr const char* kOwn = "destination `env-<signal>`";
constexpr const char* kZipkin = "destination `env-zipkin`";
constexpr const char* kPrometheus = "listener for `/metrics`";
constexpr const char* kNoEffect = "";

constexpr std::array kVariables{
    VariableRow{
        "OTEL_CONFIG_FILE", Path, "all of `telemetry`",
        "A YAML file of the declarative configuration (file_format 1.x). Every other variable is ignored then, except what "
        "the file refers to as ${NAME}."},
    VariableRow{"OTEL_EXPERIMENTAL_CONFIG_FILE", Path, "all of `telemetry`", "The old name of OTEL_CONFIG_FILE."},

    VariableRow{"OTEL_SDK_DISABLED", Boolean, "`telemetry.exportDisabled`", "true stops all export; the local store goes on."},
    VariableRow{"OTEL_ENABLE_OBSERVABILITY", Boolean, "`telemetry.exportDisabled`",
                "false stops all export (of another gateway)."},
    VariableRow{"OTEL_SANITIZE_PII", Boolean, "`masking.piiTypes`",
                "true: mask e-mail addresses, phone and card numbers as well (of another gateway)."},
    VariableRow{"OTEL_LOG_LEVEL", Choice, "`--log-level`",
                "How much Oriel says of itself, unless --log-level is given: trace and debug are debug, fatal is error.", 0, 0,
                kLogLevels},

    VariableRow{"OTEL_SERVICE_NAME", Text, "`telemetry.serviceName`", "Wins over service.name in OTEL_RESOURCE_ATTRIBUTES."},
    VariableRow{"OTEL_SERVICE_VERSION", Text, "`telemetry.resourceAttributes`", "service.version (of another gateway)."},
    VariableRow{"OTEL_DEPLOYMENT_ENVIRONMENT", Text, "`telemetry.resourceAttributes`",
                "deployment.environment.name and its old name (of another gateway)."},
    VariableRow{"OTEL_RESOURCE_ATTRIBUTES", Pairs, "`telemetry.resourceAttributes`",
                "One that cannot be decoded drops the whole variable."},
    VariableRow{"OTEL_ENTITIES", Entities, "`telemetry.resourceAttributes`",
                "Attributes and the entities that they identify or describe; OTEL_RESOURCE_ATTRIBUTES wins over the former. What "
                "is broken is left out alone."},

    VariableRow{"OTEL_PROPAGATORS", ChoiceList, "`telemetry.propagators`", "Context formats read and written; none: neither."},
    VariableRow{"OTEL_TRACES_SAMPLER", Choice, "`telemetry.sampler`", "Which traces are exported; the local store keeps all."},
    VariableRow{"OTEL_TRACES_SAMPLER_ARG", Ratio, "`telemetry.samplerArg`",
                "Share of the ratio samplers, 1 when unset; counts only with OTEL_TRACES_SAMPLER."},

    VariableRow{"OTEL_ATTRIBUTE_COUNT_LIMIT", Integer, "`telemetry.limits.attributeCount`", "For all signals.", 0, kMaxCount},
    VariableRow{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", Integer, "`telemetry.limits.attributeCount`",
                "For spans; wins over the general one.", 0, kMaxCount},
    VariableRow{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", Integer, "`telemetry.limits.attributeLength`", "For all signals.", 0,
                kMaxCount},
    VariableRow{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", Integer, "`telemetry.limits.attributeLength`",
                "For spans; wins over the general one.", 0, kMaxCount},
    VariableRow{"OTEL_SPAN_EVENT_COUNT_LIMIT", Integer, "`telemetry.limits.eventCount`", "Events of a span.", 0, kMaxCount},
    VariableRow{"OTEL_SPAN_LINK_COUNT_LIMIT", Integer, "`telemetry.limits.linkCount`", "Links of a span.", 0, kMaxCount},
    VariableRow{"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", Integer, "`telemetry.limits.eventAttributeCount`", "Attributes of an event.",
                0, kMaxCount},
    VariableRow{"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", Integer, "`telemetry.limits.linkAttributeCount`", "Attributes of a link.", 0,
                kMaxCount},
    VariableRow{"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", Integer, "`telemetry.limits.logAttributeCount`",
                "For log records; wins over the general one.", 0, kMaxCount},
    VariableRow{"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", Integer, "`telemetry.limits.logAttributeLength`",
                "For log records; wins over the general one.", 0, kMaxCount},

    VariableRow{"OTEL_BSP_SCHEDULE_DELAY", Milliseconds, "`telemetry.spanInterval`", "Time until spans leave.", 0, kDay},
    VariableRow{"OTEL_BLRP_SCHEDULE_DELAY", Milliseconds, "`telemetry.spanInterval`",
                "Spans and logs leave together: the shorter of this and OTEL_BSP_SCHEDULE_DELAY counts.", 0, kDay},
    VariableRow{"OTEL_BSP_EXPORT_TIMEOUT", Milliseconds, "`timeout` of `env-traces`",
                "One request, where OTEL_EXPORTER_OTLP_TIMEOUT is not set; 0: no limit.", 0, kDay},
    VariableRow{"OTEL_BLRP_EXPORT_TIMEOUT", Milliseconds, "`timeout` of `env-logs`",
                "One request, where OTEL_EXPORTER_OTLP_TIMEOUT is not set; 0: no limit.", 0, kDay},
    VariableRow{"OTEL_BSP_MAX_QUEUE_SIZE", Integer, kNoEffect,
                "What waits for a destination is bounded by its size, not by a count of spans.", 1, kMaxCount},
    VariableRow{"OTEL_BLRP_MAX_QUEUE_SIZE", Integer, kNoEffect,
                "What waits for a destination is bounded by its size, not by a count of records.", 1, kMaxCount},
    VariableRow{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Integer, "`maxItems` of `env-traces`",
                "Spans in one request, 100,000 at most; also of `env-jaeger` and `env-zipkin`.", 1, kMaxCount},
    VariableRow{"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", Integer, "`maxItems` of `env-logs`",
                "Log records in one request, 100,000 at most.", 1, kMaxCount},
    VariableRow{"OTEL_METRIC_EXPORT_INTERVAL", Milliseconds, "`telemetry.metricInterval`", "Time between metric exports.", 1,
                kDay},
    VariableRow{"OTEL_METRIC_EXPORT_TIMEOUT", Milliseconds, "`timeout` of `env-metrics`",
                "One request, where OTEL_EXPORTER_OTLP_TIMEOUT is not set; 0: no limit.", 0, kDay},
    VariableRow{"OTEL_METRICS_EXEMPLAR_FILTER", Choice, "`metrics.exemplars`", "Measurements that become exemplars.", 0, 0,
                kExemplarFilters},

    VariableRow{"OTEL_TRACES_EXPORTER", ChoiceList, kEnv,
                "Several with commas. otlp/stdout and logging are the console; jaeger is OTLP to Jaeger. Unset: otlp where there "
                "is an endpoint.",
                0, 0, kTraceExporters},
    VariableRow{
        "OTEL_METRICS_EXPORTER", ChoiceList, kEnv,
        "Several with commas. prometheus: `/metrics` without a token on a port of its own, for this machine; with a token it "
        "is always there on the gateway's port.",
        0, 0, kMetricExporters},
    VariableRow{"OTEL_LOGS_EXPORTER", ChoiceList, kEnv, "Several with commas.", 0, 0, kLogExporters},
    VariableRow{"OTEL_EXPORTER_PROMETHEUS_HOST", Text, kPrometheus,
                "localhost (when unset), an address that begins with 127. or ::1. With OTEL_METRICS_EXPORTER=prometheus."},
    VariableRow{"OTEL_EXPORTER_PROMETHEUS_PORT", Integer, kPrometheus,
                "9464 when unset; 0 picks a free one. With OTEL_METRICS_EXPORTER=prometheus.", 0, 65535},
    VariableRow{"OTEL_EXPORTER_JAEGER_ENDPOINT", Endpoint, "destination `env-jaeger`",
                "Jaeger takes OTLP: with OTEL_TRACES_EXPORTER=jaeger, traces go to port 4318 of this URL's host."},
    VariableRow{"OTEL_EXPORTER_ZIPKIN_ENDPOINT", Endpoint, kZipkin,
                "With OTEL_TRACES_EXPORTER=zipkin; http://localhost:9411/api/v2/spans when unset."},
    VariableRow{"OTEL_EXPORTER_ZIPKIN_TIMEOUT", Milliseconds, kZipkin, "One request; 0: no limit.", 0, kDay},

    VariableRow{"OTEL_EXPORTER_OTLP_ENDPOINT", Endpoint, kEnv,
                "Base URL: `v1/traces`, `v1/metrics`, `v1/logs` are appended. `rpc://` and a gRPC target mean gRPC."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Endpoint, kEnv, "URL for traces, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", Endpoint, kEnv, "URL for metrics, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", Endpoint, kEnv, "URL for logs, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_PROTOCOL", Choice, kEnv, "Unset: gRPC for port 4317 and rpc://, else http/protobuf.", 0, 0,
                kProtocols},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", Choice, kOwn, "Instead of the general one, for traces.", 0, 0, kProtocols},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", Choice, kOwn, "Instead of the general one, for metrics.", 0, 0,
                kProtocols},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", Choice, kOwn, "Instead of the general one, for logs.", 0, 0, kProtocols},
    VariableRow{"OTEL_EXPORTER_OTLP_HEADERS", Pairs, kEnv, "Headers or gRPC metadata."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", Pairs, kOwn, "Instead of the general ones, for traces."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_HEADERS", Pairs, kOwn, "Instead of the general ones, for metrics."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_HEADERS", Pairs, kOwn, "Instead of the general ones, for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_TIMEOUT", Milliseconds, kEnv, "One request; 0: no limit.", 0, kDay},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", Milliseconds, kOwn, "Instead of the general one, for traces.", 0, kDay},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", Milliseconds, kOwn, "Instead of the general one, for metrics.", 0, kDay},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", Milliseconds, kOwn, "Instead of the general one, for logs.", 0, kDay},
    VariableRow{"OTEL_EXPORTER_OTLP_COMPRESSION", Choice, kEnv, "Compression of requests.", 0, 0, kCompressions},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", Choice, kOwn, "Instead of the general one, for traces.", 0, 0,
                kCompressions},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", Choice, kOwn, "Instead of the general one, for metrics.", 0, 0,
                kCompressions},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", Choice, kOwn, "Instead of the general one, for logs.", 0, 0,
                kCompressions},
    VariableRow{"OTEL_EXPORTER_OTLP_CERTIFICATE", Path, kEnv, "Certificate authorities (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", Path, kOwn, "Instead of the general one, for traces."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", Path, kOwn, "Instead of the general one, for metrics."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", Path, kOwn, "Instead of the general one, for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", Path, kEnv, "Client certificate (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", Path, kOwn, "Instead of the general one, for traces."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", Path, kOwn, "Instead of the general one, for metrics."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", Path, kOwn, "Instead of the general one, for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_CLIENT_KEY", Path, kEnv, "Its private key (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", Path, kOwn, "Instead of the general one, for traces."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", Path, kOwn, "Instead of the general one, for metrics."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", Path, kOwn, "Instead of the general one, for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_INSECURE", Boolean, kEnv,
                "true: gRPC targets without a scheme, or with rpc://, use no TLS. http:// and https:// decide by themselves."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_INSECURE", Boolean, kOwn, "Instead of the general one, for traces."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_INSECURE", Boolean, kOwn, "Instead of the general one, for metrics."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_INSECURE", Boolean, kOwn, "Instead of the general one, for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_SPAN_INSECURE", Boolean, kOwn, "The old name of OTEL_EXPORTER_OTLP_TRACES_INSECURE."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRIC_INSECURE", Boolean, kOwn, "The old name of OTEL_EXPORTER_OTLP_METRICS_INSECURE."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", Choice, "`temporality` of `env` and `env-metrics`",
                "What a counter's number counts from: the start, or the export before.", 0, 0, kTemporalities},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", Choice, "`histograms` of `env` and `env-metrics`",
                "Fixed or exponential buckets.", 0, 0, kHistograms},
};

const SettingRow<Config>* settingOf(const VariableRow& row)
{
    const auto settings = settingsTable();
    const auto found = std::find_if(settings.begin(), settings.end(), [&](const SettingRow<Config>& setting) {
        return QByteArray(row.setting) == '`' + QByteArray(setting.key) + '`';
    });
    return found == settings.end() ? nullptr : &*found;
}

bool isProtocol(const char* name)
{
    for (const SettingRow<Destination>& row : destinationTable()) {
        if (qstrcmp(row.key, "protocol") == 0)
            return std::any_of(row.choices.begin(), row.choices.end(),
                               [&](const char* choice) { return qstrcmp(choice, name) == 0; });
    }
    return false;
}

const char* form(VariableKind kind)
{
    switch (kind) {
    case Boolean:
        return "true or false";
    case Integer:
        return "integer";
    case Milliseconds:
        return "milliseconds";
    case Ratio:
        return "number from 0 to 1";
    case Choice:
        return "one of";
    case ChoiceList:
        return "list of";
    case Pairs:
        return "key=value,key=value, percent-encoded";
    case Entities:
        return "type{id=value}[description=value]@schema;…, percent-encoded";
    case Endpoint:
        return "URL";
    case Path:
        return "path";
    case Text:
        return "text";
    }
    return "";
}

QByteArray formOf(const VariableRow& row)
{
    QByteArray text = form(row.kind);
    for (const QString& choice : variableChoices(row))
        text += " `" + choice.toUtf8() + '`';
    return text;
}

} // namespace

std::span<const VariableRow> variableTable()
{
    return kVariables;
}

const VariableRow* findVariable(QStringView name)
{
    const auto row = std::find_if(kVariables.begin(), kVariables.end(),
                                  [&](const VariableRow& one) { return name == QLatin1String(one.name); });
    return row == kVariables.end() ? nullptr : &*row;
}

bool hasEffect(const VariableRow& row)
{
    if (row.setting == kZipkin)
        return isProtocol("zipkin");
    const QByteArray setting = row.setting;
    const bool namesSetting =
        setting.startsWith("`telemetry.") || setting.startsWith("`masking.") || setting.startsWith("`metrics.");
    return namesSetting ? settingOf(row) != nullptr : !setting.isEmpty();
}

QString withoutEffect(const VariableRow& row)
{
    return *row.setting == '\0' ? QString::fromUtf8(row.description) : QStringLiteral("There is no such setting.");
}

QStringList variableChoices(const VariableRow& row)
{
    QStringList choices;
    for (const char* choice : row.choices)
        choices.append(QLatin1String(choice));
    if (!isProtocol("zipkin"))
        choices.removeAll(QStringLiteral("zipkin"));
    if (!choices.isEmpty() || (row.kind != Choice && row.kind != ChoiceList))
        return choices;
    if (const SettingRow<Config>* setting = settingOf(row)) {
        for (const char* choice : setting->choices)
            choices.append(QLatin1String(choice));
    }
    if (row.kind == ChoiceList)
        choices.append(QStringLiteral("none"));
    return choices;
}

QByteArray environmentReference()
{
    QByteArray out =
        "# Environment variables\n\nThey win over the configuration file. An empty one counts as unset; a value that cannot be "
        "read "
        "is reported (`oriel config check`,\nthe log, the console) and counts as unset too. The endpoint variables define a "
        "destination of their own, named `env`, beside those of the file;\na signal with a protocol, headers, certificates … of "
        "its own gets one named `env-traces`, `env-metrics` or `env-logs`. This page is made from the\ntable of variables in the "
        "code.\n\n"
        "| variable | form | sets | meaning |\n|---|---|---|---|\n";
    QByteArray without;
    for (const VariableRow& row : kVariables) {
        const QByteArray name = QByteArray("| `") + row.name + "` | ";
        if (hasEffect(row))
            out += name + formOf(row) + " | " + row.setting + " | " + row.description + " |\n";
        else
            without += name + withoutEffect(row).toUtf8() + " |\n";
    }
    return out +
           "\n## Known, and without effect in Oriel\n\nSetting one of these is reported, with the reason.\n\n"
           "| variable | why |\n|---|---|\n" +
           without;
}

} // namespace oriel::config
