// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/lists.h"
#include "mcp/message.h"
#include "telemetry/call_record.h"

#include <QByteArray>
#include <QByteArrayView>

#include <optional>
#include <span>
#include <vector>

namespace oriel::gateway::federation {

// Oriel behind Oriel (G14). Every Oriel has an id of its own process and tells it in its answer to initialize and
// server/discover. Messages and list entries that go through several carry the ids of those they have come through, in their
// `_meta` under "oriel/via", oldest first, parted by commas; a message or entry that comes to an Oriel whose id it carries goes
// no further. Nothing of this is sent to a server that is no Oriel, unless a client sent it. Pure functions; any thread.

inline constexpr qsizetype kMaxHops = 8; ///< Oriels on one way at most

inline constexpr QByteArrayView kName = "oriel"; ///< in clientInfo and serverInfo
/// True for a client that says that it is an Oriel.
[[nodiscard]] inline bool isPeer(const telemetry::ClientContext& client)
{
    return client.clientName == kName;
}

/// True when `instance` stands in `via`.
[[nodiscard]] bool contains(QByteArrayView via, QByteArrayView instance);
[[nodiscard]] qsizetype hops(QByteArrayView via);
/// `via` with one more at its end.
[[nodiscard]] QByteArray extended(QByteArrayView via, QByteArrayView instance);

/// Why a request that carries `via` goes no further here, as a sentence for its sender; empty: it may.
[[nodiscard]] QByteArray refusal(QByteArrayView via, QByteArrayView self);

/// A notification of a server as it is relayed: with `peer` (the id of the Oriel that it came from; empty: of a plain server) and
/// `self` on its way. nullopt: it has been here, or comes from too far.
[[nodiscard]] std::optional<mcp::Message> passedOn(const mcp::Message& notification, QByteArrayView peer, QByteArrayView self);

/// The entries that the Oriel `peer` listed, without those that have been here or come from too far; each carries its way.
[[nodiscard]] std::vector<mcp::ListEntry> admitted(mcp::ListKind kind, std::span<const mcp::ListEntry> entries,
                                                   QByteArrayView peer, QByteArrayView self);

} // namespace oriel::gateway::federation
