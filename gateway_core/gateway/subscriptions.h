// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QSet>

#include <utility>

namespace oriel::gateway {

/// Who wants to hear of changes of which resource, a session or a listener: the server is subscribed once however many are.
/// Gateway thread only.
class Subscriptions {
public:
    using Key = std::pair<QByteArray, QByteArray>; ///< server's name, URI

    /// True when this is the first subscriber: the server has to be told.
    bool add(const QByteArray& server, const QByteArray& uri, const void* subscriber)
    {
        QSet<const void*>& subscribers = m_subscribers[{server, uri}];
        const bool first = subscribers.isEmpty();
        subscribers.insert(subscriber);
        return first;
    }
    /// True when this was the last subscriber.
    bool remove(const QByteArray& server, const QByteArray& uri, const void* subscriber)
    {
        const auto it = m_subscribers.find({server, uri});
        if (it == m_subscribers.end() || !it->remove(subscriber) || !it->isEmpty())
            return false;
        m_subscribers.erase(it);
        return true;
    }
    /// Forgets a subscriber; gives what nobody subscribes any more.
    QList<Key> removeSession(const void* subscriber)
    {
        QList<Key> ended;
        for (auto it = m_subscribers.begin(); it != m_subscribers.end();) {
            if (it->remove(subscriber) && it->isEmpty()) {
                ended.append(it.key());
                it = m_subscribers.erase(it);
            } else {
                ++it;
            }
        }
        return ended;
    }
    [[nodiscard]] QSet<const void*> of(const QByteArray& server, const QByteArray& uri) const
    {
        return m_subscribers.value({server, uri});
    }
    /// What to subscribe again after `server` came back.
    [[nodiscard]] QList<QByteArray> urisOf(const QByteArray& server) const
    {
        QList<QByteArray> uris;
        for (auto it = m_subscribers.cbegin(); it != m_subscribers.cend(); ++it) {
            if (it.key().first == server)
                uris.append(it.key().second);
        }
        return uris;
    }
    [[nodiscard]] qsizetype count() const { return m_subscribers.size(); }

private:
    QHash<Key, QSet<const void*>> m_subscribers;
};

} // namespace oriel::gateway
