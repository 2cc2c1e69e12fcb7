// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/active_calls.h"
#include "gateway/connections/connection_pool.h"
#include "gateway/subscriptions/awaited_subscriptions.h"
#include "gateway/subscriptions/subscriptions.h"

#include <QTimer>

#include <functional>

namespace oriel::gateway {

/// Subscriptions to resources: one at the server however many clients and listeners there are, with `resources/subscribe` or in
/// the filter of the connection's own `subscriptions/listen`, as its era has it. Kept while a server is away, and renewed. A
/// client is told that it is subscribed when the server has confirmed it, so that no change after that is missed. Subscribers are
/// sessions and listeners, known by their address. Gateway thread only.
class ResourceSubscriptions {
public:
    using Key = Subscriptions::Key;
    using Keys = AwaitedSubscriptions::Keys;

    /// `ignored` gets the answers of servers that change nothing.
    ResourceSubscriptions(const GatewayContext& context, Answers& answers, const ConnectionPool& pool,
                          upstream::ReplyHandler& ignored);

    // --- what clients ask
    /// `resources/subscribe` and `/unsubscribe` that need not be sent on. False: it is another method, or the server has to hear
    /// of it; then noteAnswer() or abandon() follows.
    bool serve(downstream::Incoming& incoming, telemetry::CallRecord& record, upstream::ServerConnection& connection,
               const QByteArray& uri);
    void noteAnswer(const ActiveCall& call, const mcp::Message& answer);
    void abandon(const ActiveCall& call); ///< it ended without an answer
    /// Subscribes a listener; `done` is called once, with those that servers refused, when all have said so or time is up.
    void subscribe(const void* subscriber, const Keys& wanted, std::function<void(const Keys& refused)> done);
    /// One that a server has refused.
    void forget(const Key& key, const void* subscriber) { m_subscriptions.remove(key.first, key.second, subscriber); }
    void removeSubscriber(const void* subscriber);
    void settleAll(); ///< nobody waits for servers any longer

    // --- what servers do
    void renew(upstream::ServerConnection& connection);        ///< it is ready
    void settle(const upstream::ServerConnection& connection); ///< it went away; asked again when it is back
    void onListening(upstream::ServerConnection& connection);
    [[nodiscard]] QSet<const void*> subscribersOf(const upstream::ServerConnection& connection, const QByteArray& uri) const;

    [[nodiscard]] bool isWatched(const QByteArray& key) const { return !m_subscriptions.urisOf(key).isEmpty(); }
    void addHoldings(Holdings& held) const;

private:
    void await(const void* subscriber, const Keys& open, std::function<void(const Keys& refused)> done);
    void answerWhenConfirmed(downstream::Incoming&& incoming, telemetry::CallRecord&& record, const Key& key);
    void takeAnswer(const Key& key, const mcp::Message* answer);
    bool setSubscribed(const QByteArray& key, const QByteArray& uri, bool subscribed); ///< true: the server has to confirm it
    void call(upstream::ServerConnection& connection, mcp::MethodId method, const QByteArray& uri);

    const GatewayContext& m_context;
    Answers& m_answers;
    const ConnectionPool& m_pool;
    upstream::ReplyHandler& m_ignored;
    Subscriptions m_subscriptions;
    AwaitedSubscriptions m_awaited;
    SubscribeReplies m_replies;
    QTimer m_deadline;
};

} // namespace oriel::gateway
