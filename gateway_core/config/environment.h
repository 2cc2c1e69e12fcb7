// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/config_file.h"

#include <QMap>

namespace oriel::config {

/// Puts the OTEL_* variables of the OpenTelemetry specification (and the seeds' own) over a configuration: endpoint variables
/// define one destination named `env` beside those of the file; the rest overrides. An empty variable counts as unset; what
/// cannot be read is reported and ignored.
QList<Problem> applyEnvironment(Config& configuration, const QMap<QString, QString>& environment);

/// Every variable that applyEnvironment() knows, for the reference.
struct VariableRow {
    const char* name;
    const char* setting; ///< the key it overrides, or the destination's field
    const char* description;
};
std::span<const VariableRow> variableTable();

} // namespace oriel::config
