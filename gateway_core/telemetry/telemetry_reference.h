// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace oriel::telemetry {

/// The reference page of what Oriel emits, in Markdown: attributes, metrics, aliases, samplers and rules, from their tables.
QByteArray telemetryReference();

} // namespace oriel::telemetry
