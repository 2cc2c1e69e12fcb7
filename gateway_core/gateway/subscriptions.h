// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"

#include <QByteArray>
#include <QHash>
#include <QSet>

#include <utility>

namespace oriel::gateway {

/// Who wants to hear of changes of which resource: the server is subscribed once however many clients are. Gateway thread only.
class Subscriptions {
public:
    using Key = std::pair<QByteArray, QByteArray>; ///< server's name, URI

    /// True when the server has to be told: it has not accepted a subscription to this resource.
    bool add(const QByteArray& server, const QByteArray& uri, const downstream::Session* session)
    {
        Entry& entry = m_entries[{server, uri}];
        entry.sessions.insert(session);
        return !entry.isAccepted;
    }
    void accept(const QByteArray& server, const QByteArray& uri)
    {
        const auto it = m_entries.find({server, uri});
        if (it != m_entries.end())
            it->isAccepted = true;
    }
    /// True when this was the last subscriber.
    bool remove(const QByteArray& server, const QByteArray& uri, const downstream::Session* session)
    {
        const auto it = m_entries.find({server, uri});
        if (it == m_entries.end() || !it->sessions.remove(session) || !it->sessions.isEmpty())
            return false;
        m_entries.erase(it);
        return true;
    }
    /// Forgets a session; gives what nobody subscribes any more.
    QList<Key> removeSession(const downstream::Session* session)
    {
        QList<Key> ended;
        for (auto it = m_entries.begin(); it != m_entries.end();) {
            if (it->sessions.remove(session) && it->sessions.isEmpty()) {
                ended.append(it.key());
                it = m_entries.erase(it);
            } else {
                ++it;
            }
        }
        return ended;
    }
    [[nodiscard]] QSet<const downstream::Session*> of(const QByteArray& server, const QByteArray& uri) const
    {
        return m_entries.value({server, uri}).sessions;
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
        QSet<const downstream::Session*> sessions;
        bool isAccepted = false; ///< by the server
    };
    QHash<Key, Entry> m_entries;
};

} // namespace oriel::gateway
