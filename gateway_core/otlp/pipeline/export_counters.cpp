// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/export_counters.h"

#include <QUrl>

namespace oriel::otlp {

namespace {

using telemetry::MetricId;

QByteArray familyOf(config::ExportProtocol protocol)
{
    switch (protocol) {
    case config::ExportProtocol::Grpc:
        return QByteArrayLiteral("otlp_grpc");
    case config::ExportProtocol::HttpProtobuf:
        return QByteArrayLiteral("otlp_http");
    case config::ExportProtocol::HttpJson:
        return QByteArrayLiteral("otlp_http_json");
    case config::ExportProtocol::Console:
        return QByteArrayLiteral("oriel_console");
    case config::ExportProtocol::File:
        return QByteArrayLiteral("oriel_file");
    default:
        break;
    }
    return QByteArrayLiteral("oriel");
}

QByteArray componentType(const ExporterCounts& exporter, Signal signal)
{
    return exporter.family + (signal == Signal::Traces    ? "_span_exporter"
                              : signal == Signal::Metrics ? "_metric_exporter"
                                                          : "_log_exporter");
}

struct SignalMetrics {
    Signal signal;
    MetricId inflight;
    MetricId exported;
};
constexpr std::array kSignalMetrics{
    SignalMetrics{Signal::Traces, MetricId::SdkSpansInflight, MetricId::SdkSpansExported},
    SignalMetrics{Signal::Metrics, MetricId::SdkPointsInflight, MetricId::SdkPointsExported},
    SignalMetrics{Signal::Logs, MetricId::SdkLogsInflight, MetricId::SdkLogsExported},
};

struct ProcessorMetrics {
    Signal signal;
    const char* component;
    MetricId size;
    MetricId capacity;
    MetricId processed;
};
constexpr std::array kProcessorMetrics{
    ProcessorMetrics{Signal::Traces, "batching_span_processor", MetricId::SdkSpanQueueSize, MetricId::SdkSpanQueueCapacity,
                     MetricId::SdkSpansProcessed},
    ProcessorMetrics{Signal::Logs, "batching_log_processor", MetricId::SdkLogQueueSize, MetricId::SdkLogQueueCapacity,
                     MetricId::SdkLogsProcessed},
};

} // namespace

QByteArray errorTypeOf(const ExportOutcome& outcome)
{
    switch (outcome.kind) {
    case ExportOutcome::Kind::Success:
        return {};
    case ExportOutcome::Kind::PartialSuccess:
        return outcome.rejected > 0 ? QByteArrayLiteral("rejected") : QByteArray();
    case ExportOutcome::Kind::Retryable:
    case ExportOutcome::Kind::Permanent:
    case ExportOutcome::Kind::Unauthenticated:
    case ExportOutcome::Kind::Misaddressed:
        break;
    }
    return outcome.code != 0 ? QByteArray::number(outcome.code) : QByteArrayLiteral("unavailable");
}

void ExporterCounts::identify(const config::Destination& destination)
{
    name = destination.name.toUtf8();
    family = familyOf(destination.protocol);
    const bool hasScheme = destination.endpoint.contains(QLatin1String("://"));
    const QUrl url(hasScheme ? destination.endpoint : QStringLiteral("rpc://") + destination.endpoint);
    const bool overNetwork = destination.protocol == config::ExportProtocol::Grpc ||
                             destination.protocol == config::ExportProtocol::HttpProtobuf ||
                             destination.protocol == config::ExportProtocol::HttpJson;
    address = overNetwork ? url.host().toUtf8() : QByteArray();
    port = static_cast<quint16>(address.isEmpty() ? 0
                                                  : url.port(url.scheme() == QLatin1String("https")  ? 443
                                                             : url.scheme() == QLatin1String("http") ? 80
                                                                                                     : 0));
}

void ExporterCounts::addLoss(Signal signal, Loss loss, std::int64_t items)
{
    std::int64_t& credit = arrivedAfterAll[static_cast<std::size_t>(signal)][static_cast<std::size_t>(loss)];
    credit -= items;
    if (credit >= 0)
        return;
    add(signal, static_cast<std::uint64_t>(-credit), QByteArray(lossName(loss)));
    credit = 0;
}

void observeExports(telemetry::MetricRegistry& registry, std::span<const ExporterCounts> exporters, const InboxCounts& inbox)
{
    for (const ProcessorMetrics& row : kProcessorMetrics) {
        const InboxCounts::Items& items = inbox.items[static_cast<std::size_t>(row.signal)];
        const QByteArray type = row.component;
        const QByteArray name = type + "/0";
        registry.set(row.size, {name, type}, static_cast<double>(items.size));
        registry.set(row.capacity, {name, type}, static_cast<double>(inbox.capacity));
        registry.set(row.processed, {name, type}, static_cast<double>(items.processed));
        if (items.dropped > 0)
            registry.set(row.processed, {name, type, QByteArrayLiteral("queue_full")}, static_cast<double>(items.dropped));
    }
    for (const ExporterCounts& exporter : exporters) {
        const QByteArray port = exporter.port != 0 ? QByteArray::number(exporter.port) : QByteArray();
        for (const SignalMetrics& row : kSignalMetrics) {
            const auto index = static_cast<std::size_t>(row.signal);
            if (exporter.ended[index].empty() && exporter.inflight[index] == 0)
                continue;
            const QByteArray type = componentType(exporter, row.signal);
            registry.set(row.inflight, {exporter.name, type, exporter.address, port},
                         static_cast<double>(exporter.inflight[index]));
            for (const auto& [errorType, count] : exporter.ended[index])
                registry.set(row.exported, {exporter.name, type, exporter.address, port, errorType}, static_cast<double>(count));
        }
        for (const ExporterCounts::Operation& operation : exporter.operations)
            registry.record(
                MetricId::SdkExportDuration,
                {exporter.name, componentType(exporter, operation.signal), exporter.address, port, operation.errorType},
                operation.seconds);
    }
}

} // namespace oriel::otlp
