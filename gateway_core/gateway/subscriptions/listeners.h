// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/message_handler.h"
#include "mcp/lists.h"
#include "telemetry/call_record.h"

#include <QHash>
#include <QSet>

#include <memory>
#include <utility>
#include <vector>

namespace oriel::gateway {

/// One open `subscriptions/listen` of a client (2026-07-28 server/utilities/subscriptions): what it asked to hear of, and the way
/// to tell it.
struct Listener {
    downstream::Incoming incoming;
    telemetry::CallRecord record;
    bool tools = false;
    bool prompts = false;
    bool resources = false;
    QSet<std::pair<QByteArray, QByteArray>> watched; ///< key of the connection, URI
    QSet<QByteArray> tasks;                          ///< ids
    QList<QByteArray> honoured;                      ///< URIs as the client wrote them, in its order
    bool isAcknowledged = false;                     ///< the client was told, which has to come first
    QList<QByteArray> early;                         ///< notifications from before that

    static constexpr qsizetype kMaxEarly = 64;

    [[nodiscard]] bool wants(mcp::ListKind kind) const
    {
        return kind == mcp::ListKind::Tools ? tools : kind == mcp::ListKind::Prompts ? prompts : resources;
    }
};

/// The listeners of all clients; each one's address is its key among subscribers. Gateway thread only.
class Listeners {
public:
    Listener& add(std::unique_ptr<Listener> listener)
    {
        Listener& kept = *listener;
        m_listeners.push_back(std::move(listener));
        return kept;
    }
    /// Those for which `matches` is true, taken out.
    template <class Predicate> std::vector<std::unique_ptr<Listener>> takeIf(Predicate&& matches)
    {
        std::vector<std::unique_ptr<Listener>> taken;
        std::erase_if(m_listeners, [&](std::unique_ptr<Listener>& listener) {
            if (!matches(std::as_const(*listener)))
                return false;
            taken.push_back(std::move(listener));
            return true;
        });
        return taken;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<Listener>>& all() const { return m_listeners; }

private:
    std::vector<std::unique_ptr<Listener>> m_listeners;
};

} // namespace oriel::gateway
