// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/imports/telemetry_import.h"

namespace oriel::config {

/// The part of importTelemetry() for YAML: `observability` of an observability.yaml. Fails for any other YAML, with a word on
/// what it may be. Internal to config/.
Status importObservability(const QByteArray& text, const QString& path, const QMap<QString, QString>& environment,
                           Config& configuration, ForeignTelemetry& foreign);

} // namespace oriel::config
