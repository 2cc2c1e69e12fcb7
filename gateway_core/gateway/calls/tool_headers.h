// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/lists.h"
#include "mcp/param_headers.h"

#include <QHash>

#include <optional>
#include <span>

namespace oriel::gateway {

/// Which arguments of which tools a client of 2026-07-28 repeats as `Mcp-Param-*` over HTTP (`x-mcp-header` in the tool's
/// inputSchema). Empty for most servers, and then a check costs one look. Gateway thread only.
class ToolHeaders {
public:
    void reset() { m_tools.clear(); }
    [[nodiscard]] bool isEmpty() const { return m_tools.isEmpty(); }
    /// Replaces what is known of one server's tools; `server` is its index in the catalogue.
    void update(int server, std::span<const mcp::ListEntry> tools);

    using Fields = std::vector<std::pair<QByteArray, QByteArray>>;
    /// Why the `Mcp-Param-*` fields of a call do not say what its arguments say; nullopt when they do. Fields that the tool does
    /// not ask for are no business of ours. `arguments` is JSON text.
    [[nodiscard]] std::optional<QByteArray> mismatch(int server, const QByteArray& tool, const Fields& fields,
                                                     QByteArrayView arguments, json::Document& document) const;

private:
    QHash<std::pair<int, QByteArray>, std::vector<mcp::ParamHeader>> m_tools;
};

} // namespace oriel::gateway
