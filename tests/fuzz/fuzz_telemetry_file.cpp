// SPDX-License-Identifier: GPL-3.0-or-later
// A declarative configuration of OpenTelemetry, and an observability.yaml to import: any bytes are read or refused with a reason,
// twice alike, and nothing that was read is beyond the limits. What was imported can be written to the configuration file.
#include "config/file/config_file.h"
#include "config/imports/telemetry_file.h"
#include "config/imports/telemetry_import.h"
#include "fuzz_support.h"

#include <algorithm>

using namespace oriel;
using namespace oriel::config;
using fuzz::require;

namespace {

const QMap<QString, QString>& variables()
{
    static const QMap<QString, QString> all{{QStringLiteral("A"), QStringLiteral("value")},
                                            {QStringLiteral("B"), QStringLiteral("${A}: [1")}};
    return all;
}

void checkFile(QByteArrayView text)
{
    const QString path = QStringLiteral("otel.yaml");
    const auto first = readTelemetryFile(text, path, variables(), {});
    const auto second = readTelemetryFile(text, path, variables(), {});
    require(first.has_value() == second.has_value());
    if (!first) {
        require(!first.error().isEmpty());
        return;
    }
    require(first->config == second->config);
    QStringList names;
    for (const Destination& destination : first->config.telemetry.destinations) {
        require(destination.fromEnvironment && destination.sourceFile == path && !names.contains(destination.name));
        require(destination.traces || destination.metrics || destination.logs);
        names.append(destination.name);
    }
    for (const MetricView& view : first->config.telemetry.views) {
        require(view.maxSize >= 2 && view.cardinalityLimit >= 0);
        if (view.boundaries)
            require(std::is_sorted(view.boundaries->begin(), view.boundaries->end()));
    }
    require(first->config.telemetry.samplerArg >= 0 && first->config.telemetry.samplerArg <= 1);
}

void checkImport(QByteArrayView text)
{
    Config configuration;
    const auto foreign = importTelemetry(text.toByteArray(), QStringLiteral("o.yaml"), variables(), configuration);
    require(foreign.has_value() || configuration == Config());
    if (foreign)
        require(editConfig({}, Config(), configuration).has_value());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArrayView text(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    checkFile(text);
    checkImport(text);
    return 0;
}
