// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "mcp/capabilities.h"

#include <QByteArray>

namespace oriel::gateway {

// Extensions are negotiated by the two ends (2026-07-28 basic/index, `capabilities.extensions`). The gateway passes on what needs
// nothing but frames that it relays untouched; what settles how a client signs in to its peer ends at the gateway.

/// MCP Apps.
inline constexpr QByteArrayView kUiExtension = "io.modelcontextprotocol/ui";

/// What of the servers' extensions a client of that revision is offered: no authorization, and tasks only where `tasks` is true
/// and the revision has them as an extension.
void offerExtensions(mcp::ServerCapabilities& capabilities, mcp::Revision revision, bool tasks);
/// What a connection declares at a handshake of the revisions before 2026-07-28, for all clients at once.
void declareExtensions(mcp::ClientCapabilities& capabilities);
/// What a client of 2026-07-28 declared, as its server hears it; JSON text, the client's own where nothing ends at the gateway.
[[nodiscard]] QByteArray declaredUpstream(const downstream::Session& session);
/// The same with the tasks extension besides, for a call whose task the gateway looks after.
[[nodiscard]] QByteArray declaredWithTasks(const downstream::Session& session);

/// `data` of the error for a client that has not declared the tasks extension (-32021).
[[nodiscard]] QByteArray tasksRequired();

} // namespace oriel::gateway
