// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "base/result.h"

#include <QByteArray>
#include <QList>

#include <span>
#include <utility>
#include <vector>

namespace oriel::mcp {

/// One `x-mcp-header` of a tool's inputSchema: the argument at `path` is repeated as `Mcp-Param-{name}` (2026-07-28
/// basic/transports/streamable-http, "Custom Headers from Tool Parameters").
struct ParamHeader {
    QByteArray header;      ///< "Mcp-Param-Region"
    QList<QByteArray> path; ///< the chain of `properties` keys
    bool operator==(const ParamHeader&) const = default;
};

/// The annotations of one schema; empty for most. An error says why the tool must not be offered: a name that is no token or
/// comes twice, a type other than string, integer or boolean, a place that is not reachable through `properties` alone.
[[nodiscard]] Result<std::vector<ParamHeader>> readParamHeaders(const json::Value& inputSchema);

/// Names and encoded values for one call; absent and null arguments give no header.
[[nodiscard]] QList<std::pair<QByteArray, QByteArray>> paramHeaderValues(const std::vector<ParamHeader>& headers,
                                                                         const json::Value& arguments);

/// What a server does with them: InvalidArgument (answer with -32020) when a field is missing, given twice, cannot be decoded,
/// says something else than the argument (numbers by their value), or stands there although the argument is absent or null.
/// Fields that no annotation asks for are ignored.
[[nodiscard]] Status checkParamHeaders(const std::vector<ParamHeader>& headers, const json::Value& arguments,
                                       std::span<const std::pair<QByteArray, QByteArray>> fields);

} // namespace oriel::mcp
