// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>

namespace oriel::config {

/// The level of Oriel's own messages, as for --log-level, that a severity of OpenTelemetry in any case (OTEL_LOG_LEVEL,
/// `log_level` of a declarative configuration) stands for; nothing for a name that is none.
std::optional<QString> ownLogLevel(const QString& severity);

} // namespace oriel::config
