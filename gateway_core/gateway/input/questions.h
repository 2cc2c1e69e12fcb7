// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "mcp/message.h"
#include "upstream/server_connection.h"

#include <QByteArray>

namespace oriel::gateway {

/// A person who sees servers through one gateway must see which of them asks (2025-11-25 client/elicitation, "User Interaction
/// Model"): the text shown is `server: message`.
///
/// `params` (JSON text of an object) of an elicitation/create with its `message` so named; unchanged when it has none.
[[nodiscard]] QByteArray namedQuestion(QByteArrayView params, QByteArrayView server);
/// The same for every elicitation among the `inputRequests` of a result or a task (2026-07-28 basic/patterns/mrtr).
[[nodiscard]] QByteArray withNamedQuestions(const QByteArray& object, QByteArrayView server);
/// The `inputRequests` of such a result alone.
[[nodiscard]] QByteArray namedInputRequests(const mcp::Message& answer, QByteArrayView server);
/// The same for the `elicitations` of an error's `data` (2025-11-25, -32042).
[[nodiscard]] QByteArray withNamedElicitations(const QByteArray& data, QByteArrayView server);

/// The parameters of a server's request as a client of 2026-07-28 gets them; empty for none.
[[nodiscard]] QByteArray questionParams(const mcp::Message& request);

/// True for an elicitation/create that sends the user to a page.
[[nodiscard]] bool asksByUrl(const mcp::Message& request);

/// A server's request as the session is to see it: clients of all servers are told in the text who asks.
[[nodiscard]] mcp::Message questionFor(const downstream::Session& session, const upstream::ServerConnection& connection,
                                       const mcp::Message& request);

} // namespace oriel::gateway
