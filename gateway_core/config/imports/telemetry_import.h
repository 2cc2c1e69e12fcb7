// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

namespace oriel::config {

/// A configuration of another gateway, and what becomes of its telemetry.
struct ForeignTelemetry {
    QString format;                    ///< "enkrypt_mcp_config.json", "observability.yaml"; empty: neither of them
    QStringList taken;                 ///< "observability.metrics.export_interval: telemetry.metricInterval = 60000 ms"
    QStringList left;                  ///< what has no counterpart, one by one, with the reason
    QMap<QString, QByteArray> secrets; ///< what `configuration` refers to as ${vault:name}; to be put into the vault
};

/// Recognises `plugins.telemetry` of an enkrypt_mcp_config.json and `observability` of an observability.yaml by their content and
/// puts what they say into `configuration`. Variables that the text refers to (${NAME}) are taken from `environment`. Values of
/// headers always become secrets of the vault. A destination of the same name that is there already stays as it is. Fails when
/// the text is one of these and cannot be read.
Result<ForeignTelemetry> importTelemetry(const QByteArray& text, const QString& path, const QMap<QString, QString>& environment,
                                         Config& configuration);

} // namespace oriel::config
