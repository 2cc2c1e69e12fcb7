// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/presets/presets.h"

#include <QUrl>

#include <algorithm>

namespace oriel::otlp {

namespace {

using config::Destination;
using config::ExportProtocol;

constexpr qint64 kMaxRequestBytes = 4LL * 1024 * 1024;
constexpr int kMaxRequestItems = 2'048;

Destination withDefaults(Destination destination)
{
    if (destination.temporality == config::MetricTemporality::Default)
        destination.temporality = config::MetricTemporality::Cumulative;
    if (destination.histograms == config::HistogramKind::Default)
        destination.histograms = config::HistogramKind::Explicit;
    if (destination.compression == QLatin1StringView("none"))
        destination.compression.clear();
    destination.isEffective = true;
    return destination;
}

/// The preset that a protocol of its own stands for.
const char* presetOf(ExportProtocol protocol)
{
    return protocol == ExportProtocol::Jaeger ? "jaeger" : protocol == ExportProtocol::Zipkin ? "zipkin" : nullptr;
}

} // namespace

Result<Destination> effectiveDestination(const Destination& destination)
{
    if (destination.isEffective)
        return destination;
    Destination wanted = destination;
    const char* byProtocol = presetOf(wanted.protocol);
    const QString id = !wanted.preset.isEmpty() ? wanted.preset : QString::fromLatin1(byProtocol);
    if (id.isEmpty())
        return withDefaults(wanted);
    const Preset* preset = findPreset(id);
    if (preset == nullptr) {
        return fail(ErrorCode::NotFound, QStringLiteral("there is no preset \"%1\"").arg(id), QStringLiteral("preset"),
                    QStringLiteral("The presets are listed in docs/providers.md."));
    }
    if (wanted.protocol == ExportProtocol::Jaeger) {
        constexpr int kGrpcPort = 4317;
        const QUrl url(wanted.endpoint);
        const bool grpc = url.port() == kGrpcPort || url.scheme() == QLatin1StringView("rpc");
        wanted.protocol = grpc ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
    }
    const auto expanded = expand(*preset, wanted);
    if (!expanded)
        return fail(expanded.error());
    return withDefaults(*expanded);
}

config::Telemetry withEffectiveDestinations(config::Telemetry telemetry)
{
    for (Destination& destination : telemetry.destinations) {
        if (auto effective = effectiveDestination(destination))
            destination = std::move(*effective);
    }
    return telemetry;
}

config::RequestLimits requestLimits(const Destination& destination, Signal signal)
{
    config::RequestLimits limits = destination.signalLimits.value(QLatin1StringView(signalName(signal)));
    if (destination.maxRequestBytes > 0)
        limits.rawBytes = destination.maxRequestBytes;
    else
        limits.rawBytes = limits.rawBytes > 0 ? std::min(limits.rawBytes, kMaxRequestBytes) : kMaxRequestBytes;
    if (destination.maxItems > 0)
        limits.items = destination.maxItems;
    else
        limits.items = limits.items > 0 ? std::min(limits.items, kMaxRequestItems) : kMaxRequestItems;
    return limits;
}

config::ItemLimits itemLimits(const Destination& destination, Signal signal)
{
    config::ItemLimits limits = destination.itemLimits.value(QLatin1StringView(signalName(signal)));
    if (destination.maxAttributeLength > 0)
        limits.attributeLength = destination.maxAttributeLength;
    return limits;
}

} // namespace oriel::otlp
