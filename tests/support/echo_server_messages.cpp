// SPDX-License-Identifier: GPL-3.0-or-later
#include "echo_server_messages.h"

#include <cstring>

namespace oriel::echo {

namespace {

std::size_t skipSpace(std::string_view text, std::size_t at)
{
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n')) {
        ++at;
    }
    return at;
}

/// One past the closing quote of the string that begins at `at`.
std::size_t skipString(std::string_view text, std::size_t at)
{
    for (++at; at < text.size();) {
        const void* quote = std::memchr(text.data() + at, '"', text.size() - at);
        if (quote == nullptr) {
            return text.size();
        }
        const auto end = static_cast<std::size_t>(static_cast<const char*>(quote) - text.data());
        std::size_t slashes = 0;
        while (end - slashes > at && text[end - slashes - 1] == '\\') {
            ++slashes;
        }
        at = end + 1;
        if (slashes % 2 == 0) {
            return at;
        }
    }
    return at;
}

/// One past the value that begins at `at`.
std::size_t skipValue(std::string_view text, std::size_t at)
{
    if (at >= text.size()) {
        return at;
    }
    if (text[at] == '"') {
        return skipString(text, at);
    }
    if (text[at] != '{' && text[at] != '[') {
        while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']') {
            ++at;
        }
        return at;
    }
    int depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = skipString(text, at);
            continue;
        }
        ++at;
        if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            break;
        }
    }
    return at;
}

} // namespace

std::string_view member(std::string_view text, std::string_view key)
{
    std::size_t at = skipSpace(text, 0);
    if (at >= text.size() || text[at] != '{') {
        return {};
    }
    ++at;
    while (true) {
        at = skipSpace(text, at);
        if (at >= text.size() || text[at] != '"') {
            return {};
        }
        const std::size_t keyEnd = skipString(text, at);
        const std::string_view name = text.substr(at + 1, keyEnd - at - 2);
        at = skipSpace(text, keyEnd);
        at = skipSpace(text, at + 1);
        const std::size_t end = skipValue(text, at);
        if (name == key) {
            return text.substr(at, end - at);
        }
        at = skipSpace(text, end);
        if (at >= text.size() || text[at] != ',') {
            return {};
        }
        ++at;
    }
}

std::string_view unquoted(std::string_view json)
{
    return json.size() >= 2 && json.front() == '"' ? json.substr(1, json.size() - 2) : std::string_view();
}

Responder::Responder(Options options) : m_options(options)
{
    m_complete = m_options.modern ? "{\"resultType\":\"complete\"," : "{";
    m_toolList = m_complete + (m_options.modern ? "\"ttlMs\":60000,\"cacheScope\":\"public\",\"tools\":[" : "\"tools\":[");
    for (int i = 0; i < m_options.tools; ++i) {
        const std::string name = i == 0 ? "echo" : "tool_" + std::to_string(i);
        m_toolList += (i == 0 ? "" : ",") + std::string("{\"name\":\"") + name +
                      "\",\"description\":\"Returns its text.\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"text\":"
                      "{\"type\":\"string\"}},\"required\":[\"text\"]}}";
    }
    m_toolList += ",{\"name\":\"big\",\"description\":\"Returns a large text.\",\"inputSchema\":{\"type\":\"object\"}}]}";
    m_big = m_complete + "\"content\":[{\"type\":\"text\",\"text\":\"" + std::string(m_options.bigBytes, 'x') + "\"}]}";
}

bool Responder::answer(std::string_view message, std::string& out) const
{
    const std::string_view id = member(message, "id");
    const std::string_view method = unquoted(member(message, "method"));
    if (id.empty() || method.empty()) {
        return false;
    }
    out += "{\"jsonrpc\":\"2.0\",\"id\":";
    out += id;
    appendResult(id, method, member(message, "params"), out);
    out += '}';
    return true;
}

void Responder::appendResult(std::string_view id, std::string_view method, std::string_view params, std::string& out) const
{
    (void)id;
    if (method == "tools/call") {
        out += ",\"result\":";
        if (unquoted(member(params, "name")) == "big") {
            out += m_big;
            return;
        }
        const std::string_view text = member(member(params, "arguments"), "text");
        out += m_complete;
        out += "\"content\":[{\"type\":\"text\",\"text\":";
        out += text.empty() || text.front() != '"' ? std::string_view("\"\"") : text;
        out += "}]}";
    } else if (m_options.modern && method == "server/discover") {
        out += ",\"result\":{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"tools\":{}},"
               "\"ttlMs\":0,\"cacheScope\":\"public\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":"
               "{\"name\":\"oriel-echo-server\",\"version\":\"1\"}}}";
    } else if (!m_options.modern && method == "initialize") {
        const std::string_view version = member(params, "protocolVersion");
        out += ",\"result\":{\"protocolVersion\":";
        out += version.empty() ? std::string_view("\"2025-11-25\"") : version;
        out += ",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"oriel-echo-server\",\"version\":\"1\"}}";
    } else if (method == "tools/list") {
        out += ",\"result\":";
        out += m_toolList;
    } else if (method == "ping") {
        out += ",\"result\":{}";
    } else {
        out += ",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}";
    }
}

} // namespace oriel::echo
