// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/subscriptions/resource_subscriptions.h"

#include "base/json_writer.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;

namespace {

/// A server that does not answer for so long holds nobody up.
constexpr int kConfirmMs = 5'000;

} // namespace

ResourceSubscriptions::ResourceSubscriptions(const GatewayContext& context, Answers& answers, const ConnectionPool& pool,
                                             upstream::ReplyHandler& ignored)
    : m_context(context),
      m_answers(answers),
      m_pool(pool),
      m_ignored(ignored),
      m_replies([this](const Key& key, const mcp::Message* answer) { takeAnswer(key, answer); })
{
    m_deadline.setSingleShot(true);
    m_deadline.callOnTimeout([this] { settleAll(); });
}

bool ResourceSubscriptions::serve(downstream::Incoming& incoming, telemetry::CallRecord& record,
                                  upstream::ServerConnection& connection, const QByteArray& uri)
{
    const MethodId method = incoming.message.methodId;
    if (method != MethodId::ResourcesSubscribe && method != MethodId::ResourcesUnsubscribe)
        return false;
    const QByteArray key = m_pool.keyOf(connection);
    const bool needsServer = method == MethodId::ResourcesSubscribe ? m_subscriptions.add(key, uri, incoming.session.get())
                                                                    : m_subscriptions.remove(key, uri, incoming.session.get());
    const bool listens = needsServer && connection.isModern();
    if (listens && setSubscribed(key, uri, method == MethodId::ResourcesSubscribe)) {
        answerWhenConfirmed(std::move(incoming), std::move(record), {key, uri});
        return true;
    }
    if (needsServer && !listens)
        return false;
    m_answers.sendResult(incoming, record, "{}");
    return true;
}

void ResourceSubscriptions::noteAnswer(const ActiveCall& answered, const mcp::Message& answer)
{
    if (answered.incoming.message.methodId != MethodId::ResourcesSubscribe)
        return;
    const QByteArray key = m_pool.keyOf(*answered.connection);
    if (answer.kind == mcp::Message::Kind::Error)
        m_subscriptions.remove(key, answered.record.routedTarget, answered.incoming.session.get());
    else
        m_subscriptions.accept(key, answered.record.routedTarget);
}

void ResourceSubscriptions::abandon(const ActiveCall& ended)
{
    const QByteArray key = m_pool.keyOf(*ended.connection);
    const QByteArray& uri = ended.record.routedTarget;
    // Whether the server took it is not known.
    if (ended.incoming.message.methodId == MethodId::ResourcesSubscribe &&
        m_subscriptions.remove(key, uri, ended.incoming.session.get()))
        setSubscribed(key, uri, false);
}

void ResourceSubscriptions::subscribe(const void* subscriber, const Keys& wanted, std::function<void(const Keys& refused)> done)
{
    Keys open;
    for (const auto& [server, uri] : wanted) {
        if (m_subscriptions.add(server, uri, subscriber))
            open.insert({server, uri});
    }
    open.removeIf([this](const Key& key) { return !setSubscribed(key.first, key.second, true); });
    await(subscriber, open, std::move(done));
}

void ResourceSubscriptions::removeSubscriber(const void* subscriber)
{
    m_awaited.drop(subscriber);
    for (const auto& [server, uri] : m_subscriptions.removeSession(subscriber))
        setSubscribed(server, uri, false);
}

void ResourceSubscriptions::renew(upstream::ServerConnection& connection)
{
    if (connection.isModern()) {
        connection.setListenFilter(m_subscriptions.urisOf(m_pool.keyOf(connection)));
        return;
    }
    for (const QByteArray& uri : m_subscriptions.reopen(m_pool.keyOf(connection)))
        call(connection, MethodId::ResourcesSubscribe, uri);
}

/// What a server that went away had to confirm is asked of it again when it is back.
void ResourceSubscriptions::settle(const upstream::ServerConnection& connection)
{
    m_awaited.settle(
        [of = m_pool.keyOf(connection)](const Key& key) { return key.first == of ? std::optional<bool>(true) : std::nullopt; });
}

void ResourceSubscriptions::settleAll()
{
    m_awaited.settle([](const Key&) { return true; });
}

void ResourceSubscriptions::onListening(upstream::ServerConnection& connection)
{
    if (!connection.isListening())
        return;
    const QByteArray of = m_pool.keyOf(connection);
    for (const QByteArray& uri : m_subscriptions.urisOf(of)) {
        if (!connection.refusesUpdatesOf(uri))
            m_subscriptions.accept(of, uri);
    }
    m_awaited.settle([&](const Key& key) {
        return key.first == of ? std::optional<bool>(!connection.refusesUpdatesOf(key.second)) : std::nullopt;
    });
}

QSet<const void*> ResourceSubscriptions::subscribersOf(const upstream::ServerConnection& connection, const QByteArray& uri) const
{
    return m_subscriptions.of(m_pool.keyOf(connection), uri);
}

void ResourceSubscriptions::addHoldings(Holdings& held) const
{
    held.add("subscriptions", m_subscriptions.count()).add("awaited subscriptions", m_awaited.count());
}

void ResourceSubscriptions::await(const void* subscriber, const Keys& open, std::function<void(const Keys& refused)> done)
{
    m_awaited.wait(subscriber, open, std::move(done));
    if (!m_awaited.isEmpty() && !m_deadline.isActive())
        m_deadline.start(kConfirmMs);
}

void ResourceSubscriptions::answerWhenConfirmed(downstream::Incoming&& incoming, telemetry::CallRecord&& record, const Key& key)
{
    struct Asked {
        downstream::Incoming incoming;
        telemetry::CallRecord record;
    };
    const downstream::Session* session = incoming.session.get();
    const auto asked = std::make_shared<Asked>(Asked{std::move(incoming), std::move(record)});
    await(session, {key}, [this, asked, key](const Keys& refused) {
        if (refused.isEmpty()) {
            m_answers.sendResult(asked->incoming, asked->record, "{}");
            return;
        }
        m_subscriptions.remove(key.first, key.second, asked->incoming.session.get());
        m_answers.sendError(asked->incoming, asked->record, Outcome::RpcError, mcp::error_code::InvalidParams,
                            "The server does not tell of changes of " + key.second.left(256));
    });
}

void ResourceSubscriptions::takeAnswer(const Key& key, const mcp::Message* answer)
{
    const bool isRefusal = answer != nullptr && answer->kind == mcp::Message::Kind::Error;
    if (answer != nullptr && !isRefusal)
        m_subscriptions.accept(key.first, key.second);
    m_awaited.settle([&](const Key& open) { return open == key ? std::optional<bool>(!isRefusal) : std::nullopt; });
}

bool ResourceSubscriptions::setSubscribed(const QByteArray& key, const QByteArray& uri, bool subscribed)
{
    upstream::ServerConnection* connection = m_pool.byKey(key);
    if (connection == nullptr)
        return false;
    const bool isReady = connection->state() == upstream::ServerState::Ready;
    if (connection->isModern()) {
        connection->setListenFilter(m_subscriptions.urisOf(key));
        onListening(*connection);
        return subscribed && isReady && !connection->isListening();
    }
    if (subscribed)
        call(*connection, MethodId::ResourcesSubscribe, uri);
    else if (isReady)
        call(*connection, MethodId::ResourcesUnsubscribe, uri);
    return subscribed && isReady;
}

void ResourceSubscriptions::call(upstream::ServerConnection& connection, MethodId method, const QByteArray& uri)
{
    json::Writer params;
    params.beginObject().member("uri", uri).endObject();
    upstream::CallOptions options;
    options.operation = upstream::OperationType::Connectivity;
    if (method == MethodId::ResourcesSubscribe)
        connection.call(mcp::methodName(method), params.view(), options, m_replies,
                        m_replies.expect({m_pool.keyOf(connection), uri}));
    else
        connection.call(mcp::methodName(method), params.view(), options, m_ignored);
}

} // namespace oriel::gateway
