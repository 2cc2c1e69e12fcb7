// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace oriel::echo {

struct Options {
    int tools = 1;                           ///< echo, tool_1, tool_2 …; all echo
    std::size_t bigBytes = 10 * 1024 * 1024; ///< of the tool `big`
    int port = -1;                           ///< −1: stdio
    bool session = false;                    ///< HTTP: hand out a session id and ask for it
    bool modern = false;                     ///< 2026-07-28: server/discover instead of initialize
};

/// Answers one JSON-RPC message by appending to `out` (nothing for a notification). Trusts its input: it serves measurements,
/// where the server must cost next to nothing.
class Responder {
public:
    explicit Responder(Options options);
    /// True when something was appended.
    bool answer(std::string_view message, std::string& out) const;

private:
    void appendResult(std::string_view id, std::string_view method, std::string_view params, std::string& out) const;

    Options m_options;
    std::string m_complete; ///< how every result begins
    std::string m_toolList;
    std::string m_big;
};

/// The value of a member of the object `text`, as JSON text; empty when absent.
std::string_view member(std::string_view text, std::string_view key);
/// Without its quotes, escapes left as they are.
std::string_view unquoted(std::string_view json);

} // namespace oriel::echo
