// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/wire_log.h"
#include "ui/theme/theme.h"

#include <QString>

namespace oriel::ui {

/// The words of the wire log. Pure functions.

/// "→ notes" towards a server, "← notes" from it, "← Cursor" and "→ Cursor" likewise: the arrow points away from the gateway or
/// to it.
[[nodiscard]] QString peerText(const telemetry::WireFrame& frame);
/// True for what the gateway sends.
[[nodiscard]] bool isOutgoing(telemetry::WireDirection direction);
/// True for frames between a client and the gateway.
[[nodiscard]] bool isClientSide(telemetry::WireDirection direction);
/// "request", "result", "error", "notification", "stray stdout", "stderr", "lifecycle".
[[nodiscard]] QString kindWord(telemetry::WireKind kind);
[[nodiscard]] Tone kindTone(telemetry::WireKind kind);
/// "legacy" or "modern"; empty when it is neither.
[[nodiscard]] QString eraWord(telemetry::WireEra era);
/// "stdio", "HTTP", "HTTP+SSE".
[[nodiscard]] QString transportWord(telemetry::Transport transport);
/// How a frame was carried: "line", "POST", "answer", "event 2-1" (on the stream that answers a POST), "own event 0-4" (on a
/// stream that belongs to no request); empty for what is no JSON-RPC.
[[nodiscard]] QString carrierText(const store::WireEntry& entry);
/// The payload on one line, at most `characters` long.
[[nodiscard]] QString previewOf(const QByteArray& payload, qsizetype characters = 400);
/// "<trace>/<span>" for the trace page; empty for a frame that belongs to no trace.
[[nodiscard]] QString spanTarget(const telemetry::WireFrame& frame);

/// The groups of kinds that the toggles switch.
enum class KindGroup : quint8 { Calls, Notifications, Output, Lifecycle };
[[nodiscard]] QString kindGroupWord(KindGroup group);
[[nodiscard]] std::vector<telemetry::WireKind> kindsOf(KindGroup group);

} // namespace oriel::ui
