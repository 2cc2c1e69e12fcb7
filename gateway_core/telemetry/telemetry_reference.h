// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace oriel::telemetry {

/// The reference page of Oriel's spans and attributes, in Markdown: stages, attributes, aliases, samplers and rules, from their
/// tables.
QByteArray telemetryReference();

} // namespace oriel::telemetry
