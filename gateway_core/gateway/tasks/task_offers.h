// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/connections/connection_pool.h"
#include "mcp/capabilities.h"

namespace oriel::gateway {

/// Whether a server that a client sees has tasks, and one of those also cancels them.
struct OfferedTasks {
    bool any = false;
    bool cancel = false;
};
[[nodiscard]] OfferedTasks offeredTasks(const ConnectionPool& pool, const downstream::Session& session);
/// Writes into `all` what of tasks and extensions the client is offered.
void offerTasks(const ConnectionPool& pool, const downstream::Session& session, mcp::ServerCapabilities& all);

} // namespace oriel::gateway
