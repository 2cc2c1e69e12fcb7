// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/message.h"
#include "mcp/rewrite.h"
#include "telemetry/propagators.h"

#include <optional>

namespace oriel::upstream {

// The trace context of a message, in `params._meta` (2026-07-28 basic/index "OpenTelemetry trace context", SEP-414).

/// Writes it by the propagators, in place of what stands there.
void writeTraceContext(mcp::Rewrite& rewrite, const telemetry::TraceContext& context, const QByteArray& traceState,
                       telemetry::Propagators propagators);
/// Reads it; nothing when there is none, or none that is valid.
[[nodiscard]] std::optional<telemetry::ExtractedContext> readTraceContext(const mcp::Message& message,
                                                                          telemetry::Propagators propagators);

} // namespace oriel::upstream
