// SPDX-License-Identifier: GPL-3.0-or-later
// A client is told that it is subscribed when the servers have confirmed it, so that no change after that is missed.
#include "gateway/gateway.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using telemetry::Outcome;

namespace {

/// A server that does not answer for so long holds nobody up.
constexpr int kConfirmMs = 5'000;

} // namespace

void Gateway::awaitSubscriptions(const void* subscriber, const AwaitedSubscriptions::Keys& open,
                                 std::function<void(const AwaitedSubscriptions::Keys& refused)> done)
{
    m_awaited.wait(subscriber, open, std::move(done));
    if (!m_awaited.isEmpty() && !m_awaitDeadline.isActive())
        m_awaitDeadline.start(kConfirmMs);
}

void Gateway::settleAllSubscriptions()
{
    m_awaited.settle([](const Subscriptions::Key&) { return true; });
}

/// What a server that went away had to confirm is asked of it again when it is back.
void Gateway::settleSubscriptionsOf(const upstream::ServerConnection& connection)
{
    m_awaited.settle([of = m_pool.keyOf(connection)](const Subscriptions::Key& key) {
        return key.first == of ? std::optional<bool>(true) : std::nullopt;
    });
}

void Gateway::onListening(upstream::ServerConnection& connection)
{
    if (!connection.isListening())
        return;
    const QByteArray of = m_pool.keyOf(connection);
    for (const QByteArray& uri : m_subscriptions.urisOf(of)) {
        if (!connection.refusesUpdatesOf(uri))
            m_subscriptions.accept(of, uri);
    }
    m_awaited.settle([&](const Subscriptions::Key& key) {
        return key.first == of ? std::optional<bool>(!connection.refusesUpdatesOf(key.second)) : std::nullopt;
    });
}

void Gateway::subscribeAnswered(const Subscriptions::Key& key, const mcp::Message* answer)
{
    const bool isRefusal = answer != nullptr && answer->kind == mcp::Message::Kind::Error;
    if (answer != nullptr && !isRefusal)
        m_subscriptions.accept(key.first, key.second);
    m_awaited.settle(
        [&](const Subscriptions::Key& open) { return open == key ? std::optional<bool>(!isRefusal) : std::nullopt; });
}

void Gateway::answerWhenSubscribed(downstream::Incoming&& incoming, telemetry::CallRecord&& record, const Subscriptions::Key& key)
{
    struct Asked {
        downstream::Incoming incoming;
        telemetry::CallRecord record;
    };
    const downstream::Session* session = incoming.session.get();
    const auto asked = std::make_shared<Asked>(Asked{std::move(incoming), std::move(record)});
    awaitSubscriptions(session, {key}, [this, asked, key](const AwaitedSubscriptions::Keys& refused) {
        if (refused.isEmpty()) {
            m_answers.sendResult(asked->incoming, asked->record, "{}");
            return;
        }
        m_subscriptions.remove(key.first, key.second, asked->incoming.session.get());
        m_answers.sendError(asked->incoming, asked->record, Outcome::RpcError, mcp::error_code::InvalidParams,
                            "The server does not tell of changes of " + key.second.left(256));
    });
}

void Gateway::acknowledge(Listener& listener, const AwaitedSubscriptions::Keys& refused)
{
    for (const auto& [server, uri] : refused) {
        m_subscriptions.remove(server, uri, &listener);
        listener.watched.remove({server, uri});
        listener.honoured.removeAll(uri);
    }
    listener.isAcknowledged = true;
    tell(listener, acknowledgementOf(listener));
    for (const QByteArray& frame : std::exchange(listener.early, {}))
        tell(listener, frame);
}

} // namespace oriel::gateway
