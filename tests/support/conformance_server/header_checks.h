// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"
#include "protocol.h"

namespace oriel::conformance {

/// The header fields of 2026-07-28 (basic/transports/streamable-http, "Server Validation"), against the request in the body. Each
/// gives the HeaderMismatch error, or nothing if all is right.
[[nodiscard]] std::optional<RpcError> versionHeaderProblem(const http::Headers& headers, const QJsonObject& request);
[[nodiscard]] std::optional<RpcError> routingHeaderProblem(const http::Headers& headers, const QJsonObject& request);
/// Mcp-Param-*, by the `x-mcp-header` of a tool's inputSchema.
[[nodiscard]] std::optional<RpcError> paramHeaderProblem(const http::Headers& headers, const QJsonObject& inputSchema,
                                                         const QJsonObject& arguments);

} // namespace oriel::conformance
