// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/tool_headers.h"

namespace oriel::gateway {

void ToolHeaders::update(int server, std::span<const mcp::ListEntry> tools)
{
    m_tools.removeIf([server](const auto& entry) { return entry.key().first == server; });
    json::Document document;
    for (const mcp::ListEntry& tool : tools) {
        if (!tool.raw.contains("x-mcp-header") || !document.parse(tool.raw))
            continue;
        // Clients leave out a tool whose annotations break the rules, so of such a one nothing can be asked.
        if (auto headers = mcp::readParamHeaders(document.root().find("inputSchema")); headers && !headers->empty())
            m_tools.insert({server, tool.identity}, std::move(*headers));
    }
}

std::optional<QByteArray> ToolHeaders::mismatch(int server, const QByteArray& tool, const Fields& fields,
                                                QByteArrayView arguments, json::Document& document) const
{
    const auto wanted = m_tools.constFind({server, tool});
    if (wanted == m_tools.cend())
        return std::nullopt;
    const bool hasArguments = !arguments.isEmpty() && document.parse(arguments);
    const Status checked = mcp::checkParamHeaders(*wanted, hasArguments ? document.root() : json::Value(), fields);
    return checked ? std::nullopt : std::optional(checked.error().message.toUtf8());
}

} // namespace oriel::gateway
