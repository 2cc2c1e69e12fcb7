// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QSet>

#include <utility>

namespace oriel::gateway {

/// Who wants to hear of changes of which resource, sessions and listeners: the server is subscribed once however many they are.
/// Gateway thread only.
class Subscriptions {
public:
    using Key = std::pair<QByteArray, QByteArray>; ///< key of the connection (a shared one's is its server's name), URI

    /// True when the server has to be told: it has not accepted a subscription to this resource.
    bool add(const QByteArray& server, const QByteArray& uri, const void* subscriber)
    {
        Entry& entry = m_entries[{server, uri}];
        entry.subscribers.insert(subscriber);
        return !entry.isAccepted;
    }
    void accept(const QByteArray& server, const QByteArray& uri)
    {
        const auto it = m_entries.find({server, uri});
        if (it != m_entries.end())
            it->isAccepted = true;
    }
    /// True when this was the last subscriber.
    bool remove(const QByteArray& server, const QByteArray& uri, const void* subscriber)
    {
        const auto it = m_entries.find({server, uri});
        if (it == m_entries.end() || !it->subscribers.remove(subscriber) || !it->subscribers.isEmpty())
            return false;
        m_entries.erase(it);
        return true;
    }
    /// Forgets a subscriber; gives what nobody subscribes any more.
    QList<Key> removeSession(const void* subscriber)
    {
        QList<Key> ended;
        for (auto it = m_entries.begin(); it != m_entries.end();) {
            if (it->subscribers.remove(subscriber) && it->subscribers.isEmpty()) {
                ended.append(it.key());
                it = m_entries.erase(it);
            } else {
                ++it;
            }
        }
        return ended;
    }
    [[nodiscard]] QSet<const void*> of(const QByteArray& server, const QByteArray& uri) const
    {
        return m_entries.value({server, uri}).subscribers;
    }
    [[nodiscard]] QList<QByteArray> urisOf(const QByteArray& server) const
    {
        QList<QByteArray> uris;
        for (auto it = m_entries.cbegin(); it != m_entries.cend(); ++it) {
            if (it.key().first == server)
                uris.append(it.key().second);
        }
        return uris;
    }
    /// What to subscribe again after `server` came back; nothing of it is accepted any more.
    [[nodiscard]] QList<QByteArray> reopen(const QByteArray& server)
    {
        QList<QByteArray> uris;
        for (auto it = m_entries.begin(); it != m_entries.end(); ++it) {
            if (it.key().first != server)
                continue;
            uris.append(it.key().second);
            it->isAccepted = false;
        }
        return uris;
    }
    [[nodiscard]] qsizetype count() const { return m_entries.size(); }

private:
    struct Entry {
        QSet<const void*> subscribers;
        bool isAccepted = false; ///< by the server
    };
    QHash<Key, Entry> m_entries;
};

} // namespace oriel::gateway
