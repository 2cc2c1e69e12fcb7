// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/file/config_file.h"

#include <QMap>

namespace oriel::config {

/// What a declarative configuration makes of a configuration: its telemetry, and which measurements become exemplars.
struct TelemetryFile {
    Config config;
    QList<Problem> warnings; ///< what the file says and Oriel does not do, each with its place
};

/// Reads a file of opentelemetry-configuration, file_format 1.x: resource, propagator, attribute_limits, tracer_provider,
/// meter_provider and logger_provider over `base`. Its exporters become destinations with `fromEnvironment` and `sourceFile` set
/// (`otel`, `otel-2` …); those of `base` stay. One error, and nothing of the file counts.
tl::expected<TelemetryFile, QList<Problem>> readTelemetryFile(QByteArrayView text, const QString& path,
                                                              const QMap<QString, QString>& environment, const Config& base);

/// The same with a file of at most 1 MiB.
tl::expected<TelemetryFile, QList<Problem>> loadTelemetryFile(const QString& path, const QMap<QString, QString>& environment,
                                                              const Config& base);

} // namespace oriel::config
