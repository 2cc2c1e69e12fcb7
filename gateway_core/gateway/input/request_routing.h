// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "mcp/message.h"

#include <QByteArray>

#include <cstdint>
#include <span>

namespace oriel::gateway {

// Whom a server's request (sampling, elicitation, roots) goes to. Pure functions; any thread.

/// What an elicitation, sampling or roots request needs of its client, as JSON text of ClientCapabilities; empty when `client`
/// has it, or for any other method.
[[nodiscard]] QByteArray missingCapability(const mcp::ClientCapabilities& client, const mcp::Message& request);
/// True for such a request when `client` has declared what it needs.
[[nodiscard]] bool canAnswer(const mcp::ClientCapabilities& client, const mcp::Message& request);

/// What of a client's capabilities Oriel can relay: all but tasks, experimental ones, and extensions that need more than messages
/// passed on as they are.
[[nodiscard]] mcp::ClientCapabilities relayable(const mcp::ClientCapabilities& client);

/// Somebody who may have caused a server's request: a call in progress on the server's connection, or a client without one.
struct RequestCandidate {
    const downstream::Session* session = nullptr;
    quint64 cookie = 0;           ///< of the call; 0: a client without one
    bool isRelated = false;       ///< the request came on this call's own HTTP stream
    bool isPreferred = false;     ///< without a call: its roots are the ones that the server has
    bool canAnswer = false;       ///< has declared the capability and can be reached
    std::int64_t forwardedNs = 0; ///< when its call was handed to the server
};

struct RequestChoice {
    const RequestCandidate* chosen = nullptr;
    QByteArrayView refusal; ///< why nobody is asked, as a sentence with %1 for the method; set when `chosen` is null
};

/// The rule. The call on whose stream the request came is the one that caused it: its client is asked or nobody. Without a stream
/// of its own (stdio) only clients with a call in progress can have caused it: the newest call whose client can answer. When
/// nobody has a call: the client whose roots the server has, else the only one that can answer; of several none, since nothing
/// tells whom the server means.
[[nodiscard]] RequestChoice chooseClient(std::span<const RequestCandidate> candidates);

} // namespace oriel::gateway
