// SPDX-License-Identifier: GPL-3.0-or-later
#include "era.h"

namespace oriel::bench {

namespace {

constexpr std::string_view kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                   R"("io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},)"
                                   R"("io.modelcontextprotocol/clientCapabilities":{}})";

/// What stands in the quotes after `key`; empty when it is not there.
std::string_view quotedAfter(std::string_view text, std::string_view key)
{
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos)
        return {};
    const std::string_view rest = text.substr(at + key.size());
    return rest.substr(0, rest.find('"'));
}

} // namespace

std::string modernTail(std::string_view tail)
{
    constexpr std::string_view params = "\"params\":{";
    const std::size_t at = tail.find(params);
    if (at == std::string_view::npos)
        return std::string(tail) + ",\"params\":{" + std::string(kMeta) + "}";
    const std::size_t begin = at + params.size();
    const bool isEmpty = begin < tail.size() && tail[begin] == '}';
    return std::string(tail.substr(0, begin)) + std::string(kMeta) + (isEmpty ? "" : ",") + std::string(tail.substr(begin));
}

std::string modernFields(std::string_view tail)
{
    const std::string_view method = quotedAfter(tail, "\"method\":\"");
    std::string fields = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + std::string(method) + "\r\n";
    if (method == "tools/call")
        fields += "Mcp-Name: " + std::string(quotedAfter(tail, "\"params\":{\"name\":\"")) + "\r\n";
    return fields;
}

} // namespace oriel::bench
