// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/subscriptions/subscriptions.h"
#include "upstream/server_connection.h"

#include <functional>
#include <optional>
#include <vector>

namespace oriel::gateway {

/// Clients that asked to hear of resources and are told so only when the servers have confirmed it: a change that comes earlier
/// would be missed. Gateway thread only.
class AwaitedSubscriptions {
public:
    using Key = Subscriptions::Key;
    using Keys = QSet<Key>;

    /// `done` is called once, with those that were refused; at once if nothing is open.
    void wait(const void* subscriber, Keys open, std::function<void(const Keys& refused)> done);
    /// `verdict` tells of each open key whether its server confirmed it (true), refused it (false) or has not answered (none).
    void settle(const std::function<std::optional<bool>(const Key& key)>& verdict);
    /// The subscriber is gone; nothing of it is called.
    void drop(const void* subscriber);
    [[nodiscard]] bool isEmpty() const { return m_waiting.empty(); }
    [[nodiscard]] qsizetype count() const { return static_cast<qsizetype>(m_waiting.size()); }

private:
    struct Waiting {
        const void* subscriber;
        Keys open;
        Keys refused;
        std::function<void(const Keys& refused)> done;
    };
    std::vector<Waiting> m_waiting;
};

/// The gateway's own resources/subscribe, by the cookie of each call. Gateway thread only.
class SubscribeReplies final : public upstream::ReplyHandler {
public:
    /// Told of the end of each call, with the message of the answer if the server gave one.
    using Told = std::function<void(const Subscriptions::Key& key, const mcp::Message* answer)>;
    explicit SubscribeReplies(Told told) : m_told(std::move(told)) {}

    [[nodiscard]] quint64 expect(Subscriptions::Key key)
    {
        m_expected.insert(++m_lastCookie, std::move(key));
        return m_lastCookie;
    }
    void onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply) override;

private:
    Told m_told;
    QHash<quint64, Subscriptions::Key> m_expected;
    quint64 m_lastCookie = 0;
};

} // namespace oriel::gateway
