// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/client_wire.h"
#include "gateway/calls/active_calls.h"
#include "gateway/gateway_context.h"
#include "gateway/input/url_elicitations.h"

namespace oriel::gateway {

/// Pages that servers send users to (elicitation by URL). In 2025-11-25 each has an id, and its server tells when the user has
/// been there; in 2026-07-28 there is neither. Gateway thread only.
class ElicitationPages {
public:
    ElicitationPages(const GatewayContext& context, ClientWire& wire) : m_context(context), m_wire(wire) {}

    /// A server's request that goes to `session`; remembered if it sends the user to a page.
    void remember(const upstream::ServerConnection& connection, const mcp::Message& request,
                  const std::shared_ptr<downstream::Session>& session);
    /// The same for the parameters of such a request.
    void remember(const upstream::ServerConnection& connection, const json::Value& params,
                  const std::shared_ptr<downstream::Session>& session);
    /// notifications/elicitation/complete goes to whom the page was shown, once.
    void relayComplete(const upstream::ServerConnection& connection, const mcp::Message& message);

    /// A request of a server of 2026-07-28 with the id that a client of 2025-11-25 needs; `call` remembers it.
    [[nodiscard]] mcp::Message withId(const mcp::Message& request, ActiveCall& call) const;
    /// The server went on with the call, so the user has been to its pages: its client is told.
    void tellDone(ActiveCall& call);

    void forget(const upstream::ServerConnection& connection) { m_opened.forget(connection); }
    void forget(const downstream::Session& session) { m_opened.forget(session); }
    [[nodiscard]] qsizetype count() const { return m_opened.count(); }

private:
    const GatewayContext& m_context;
    ClientWire& m_wire;
    UrlElicitations m_opened;
};

} // namespace oriel::gateway
