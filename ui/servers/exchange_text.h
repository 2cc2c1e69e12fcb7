// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/servers/json_diff.h"
#include "ui/servers/wire_exchange.h"

#include <QString>
#include <QStringList>

namespace oriel::ui {

/// The words of an exchange. Pure functions.

/// "→ tools/call  id 7", "← result  id 12", "← event 2-1  notifications/progress": one frame as it stands in its column. The
/// arrow points towards the server or away from it.
[[nodiscard]] QString stepTitle(const store::WireEntry& entry, bool fromClient);
/// "cursor · 2026-07-28 · HTTP": the peer of one side.
[[nodiscard]] QString peerBadge(const store::WireEntry& entry);
/// What stands in the place of the other side's frame when there is none: why.
[[nodiscard]] QString aloneBecause(const WireExchange& exchange, std::size_t step);
/// A few words on what Oriel changed between both frames of a step: "id, name, _meta"; "nothing" when they are the same.
[[nodiscard]] QString changedWords(const JsonDiff& diff);
/// Why Oriel changes the member of that path; empty when nothing is known of it.
[[nodiscard]] QString whyChanged(const QByteArray& path, const WireExchange& exchange, std::size_t step);
/// HTTP fields about MCP of one frame, "Name: value" each: those of its own and those that every request of the peer carries.
[[nodiscard]] QStringList mcpFields(const store::WireEntry& entry);
/// All frames with their sides, to be pasted into a report.
[[nodiscard]] QString exchangeAsText(const WireExchange& exchange);

} // namespace oriel::ui
