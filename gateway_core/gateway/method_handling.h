// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/methods.h"

#include <QByteArray>

#include <span>

namespace oriel::gateway {

/// Where the router takes a client's request.
enum class Handling : std::uint8_t {
    Refused, ///< no request of a client
    Own,     ///< answered by the gateway itself
    Listed,  ///< answered from the catalogue
    Routed,  ///< sent to the server that its target names
    Task     ///< about a task that the gateway knows
};

/// What the gateway does with one method: the router dispatches by `handling`, docs/mcp.md shows the words. Markdown, one cell
/// each; "–" where the method does not occur.
struct MethodHandling {
    mcp::MethodId id;
    Handling handling;
    const char* legacyClient; ///< between a client of the handshake revisions and the gateway
    const char* modernClient;
    const char* legacyServer; ///< between the gateway and a server of the handshake revisions
    const char* modernServer;
};

/// One row a method, in the order of MethodId; Unknown has one too.
[[nodiscard]] std::span<const MethodHandling, mcp::MethodCount> methodHandlings();
[[nodiscard]] inline Handling handlingOf(mcp::MethodId id)
{
    return methodHandlings()[static_cast<std::size_t>(id)].handling;
}

/// Both tables of docs/mcp.md as Markdown: who sends a method in which revision, and what the gateway does with it.
[[nodiscard]] QByteArray methodReference();

} // namespace oriel::gateway
