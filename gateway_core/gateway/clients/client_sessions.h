// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "gateway/gateway_context.h"

#include <QHash>

#include <memory>

namespace oriel::gateway {

/// True for a session that hears what concerns no call of its own. In 2026-07-28 there is nobody like that: a client hears what
/// it asked for.
[[nodiscard]] inline bool hearsBroadcasts(const downstream::Session& session)
{
    return session.isInitialized && mcp::isLegacy(session.revision);
}

/// The sessions of all clients, counted in the gauges of sessions and users (G7). Gateway thread only.
class ClientSessions {
public:
    using Pointer = std::shared_ptr<downstream::Session>;

    explicit ClientSessions(const GatewayContext& context) : m_context(context) {}

    void open(const Pointer& session);
    /// False when it is none of ours (any more).
    bool close(const Pointer& session);

    /// The gateway ends: the length of those that are open is measured now, since nobody will be there to hear of their end.
    void endAll();

    /// Null for what is no session of ours; any address may be asked for.
    [[nodiscard]] Pointer find(const void* session) const
    {
        return m_sessions.value(static_cast<const downstream::Session*>(session));
    }
    /// All, in no order; as key and value.
    [[nodiscard]] const QHash<const downstream::Session*, Pointer>& all() const { return m_sessions; }
    [[nodiscard]] qsizetype userCount() const { return m_users.size(); }

private:
    void count(const downstream::Session& session, int delta);
    void measure(const downstream::Session& session);

    const GatewayContext& m_context;
    QHash<const downstream::Session*, Pointer> m_sessions;
    QHash<QByteArray, int> m_users; ///< sessions by user
    bool m_isEnded = false;         ///< all were measured
};

} // namespace oriel::gateway
