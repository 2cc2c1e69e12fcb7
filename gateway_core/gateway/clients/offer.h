// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/connections/connection_pool.h"
#include "mcp/capabilities.h"

namespace oriel::gateway {

// What the gateway says of itself to a client: the sum of the servers in its view.

[[nodiscard]] mcp::ServerCapabilities capabilitiesFor(const ConnectionPool& pool, const downstream::Session& session);
/// The servers' own, each under its name where there are several.
[[nodiscard]] QByteArray instructionsFor(const ConnectionPool& pool, const downstream::Session& session);

} // namespace oriel::gateway
