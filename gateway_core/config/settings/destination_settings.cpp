// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings/setting_rows.h"

#include <array>

namespace oriel::config {

namespace {

using enum SettingType;

constexpr std::array kTemporalities{"cumulative", "delta", "lowmemory"};
constexpr std::array kHistograms{"explicit", "exponential"};
constexpr std::array kProtocols{"grpc", "http/protobuf", "http/json", "console", "file", "none", "zipkin", "jaeger"};
constexpr std::array kCompressions{"none", "gzip", "zstd"};
constexpr std::array kAuthKinds{"none", "basic", "bearer", "sigv4", "google", "entra", "command"};
constexpr std::array kSignals{"traces", "metrics", "logs"};
constexpr std::array kAliases{"enkrypt", "kuadrant", "decorator", "contextforge", "oriel"};

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
        ORIEL_CHOICE(Destination, protocol, kProtocols)},
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
    SettingRow<Destination>{"compression", Choice,
                            "Compression of requests; zstd over HTTP alone. The preset's when absent, without a preset none.",
                            ORIEL_FIELD(Destination, QString, compression), 0, 0, kCompressions},
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
    SettingRow<Destination>{
        "aliases", TextList,
        "Other attribute names to write as well: other systems', and `oriel` for those that Oriel gave before.",
        ORIEL_FIELD(Destination, QStringList, aliases), 0, 0, kAliases},

    SettingRow<Destination>{"preset", Text, "A provider of docs/providers.md, which gives whatever is not set here.",
                            ORIEL_FIELD(Destination, QString, preset)},
    SettingRow<Destination>{"fields", TextMap, "What the preset asks for; values may hold ${vault:name}.",
                            [](const Destination& d) { return SettingValue(d.fields); },
                            [](Destination& d, const SettingValue& v) { d.fields = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Destination>{"auth.kind", Choice,
                            "Who vouches for requests, besides the headers; with a preset, none means the preset's.",
                            ORIEL_CHOICE(Destination, auth.kind, kAuthKinds)},
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
    SettingRow<Destination>{"temporality", Choice,
                            "Counters and histograms since the start (cumulative) or since the last export (delta).",
                            ORIEL_OPTIONAL_CHOICE(Destination, temporality, kTemporalities)},
    SettingRow<Destination>{"histograms", Choice, "Buckets of histograms: explicit bounds, or exponential.",
                            ORIEL_OPTIONAL_CHOICE(Destination, histograms, kHistograms)},
    SettingRow<Destination>{"maxRequestBytes", Integer,
                            "Of one request before compression; 0: what the preset knows, else 4 MiB.",
                            ORIEL_FIELD(Destination, qint64, maxRequestBytes), 0, 64.0 * 1024 * 1024},
    SettingRow<Destination>{"maxItems", Integer, "Spans, points or records in one request; 0: what the preset knows, else 2048.",
                            ORIEL_FIELD(Destination, qint64, maxItems), 0, 100'000},
    SettingRow<Destination>{"maxAgeHours", Integer, "What is older is not sent; 0: what the preset knows, else no limit.",
                            ORIEL_FIELD(Destination, qint64, maxAgeHours), 0, 24.0 * 365},
    SettingRow<Destination>{"maxAttributeLength", Integer,
                            "Bytes of an attribute's text, of metrics too; 0: what the preset knows, else the general limit.",
                            ORIEL_FIELD(Destination, qint64, maxAttributeLength), 0, 64.0 * 1024 * 1024},
    SettingRow<Destination>{"successCodes", TextList,
                            "HTTP statuses that mean that the data was taken, such as \"202\"; empty: each 2xx.",
                            ORIEL_FIELD(Destination, QStringList, successCodes)},
};

} // namespace

std::span<const SettingRow<Destination>> destinationTable()
{
    return kDestination;
}

} // namespace oriel::config
