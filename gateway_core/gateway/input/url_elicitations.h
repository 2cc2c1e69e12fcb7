// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "upstream/server_connection.h"

#include <QHash>

#include <memory>

namespace oriel::gateway {

/// Who was sent to a page by which server (2025-11-25 client/elicitation, `elicitationId`), so that
/// notifications/elicitation/complete reaches that client alone. Bounded: beyond the limit the oldest is forgotten. Gateway
/// thread only.
class UrlElicitations {
public:
    static constexpr qsizetype kMaxKept = 1024;
    static constexpr std::int64_t kKeptNs = 60LL * 60 * 1'000'000'000; ///< a page that takes longer tells nobody

    void remember(const upstream::ServerConnection& connection, const QByteArray& elicitationId,
                  const std::shared_ptr<downstream::Session>& session, std::int64_t nowNs)
    {
        m_kept.removeIf([&](const auto& entry) { return entry.value().session.expired() || entry.value().untilNs <= nowNs; });
        if (m_kept.size() >= kMaxKept) {
            auto oldest = m_kept.begin();
            for (auto it = m_kept.begin(); it != m_kept.end(); ++it) {
                if (it->untilNs < oldest->untilNs)
                    oldest = it;
            }
            m_kept.erase(oldest);
        }
        m_kept.insert({&connection, elicitationId}, {session, nowNs + kKeptNs});
    }
    /// Whose it is, once; null when nobody's.
    std::shared_ptr<downstream::Session> take(const upstream::ServerConnection& connection, const QByteArray& elicitationId)
    {
        return m_kept.take({&connection, elicitationId}).session.lock();
    }
    void forget(const upstream::ServerConnection& connection)
    {
        m_kept.removeIf([&](const auto& entry) { return entry.key().first == &connection; });
    }
    void forget(const downstream::Session& session)
    {
        m_kept.removeIf([&](const auto& entry) { return entry.value().session.lock().get() == &session; });
    }
    [[nodiscard]] qsizetype count() const { return m_kept.size(); }

private:
    struct Kept {
        std::weak_ptr<downstream::Session> session;
        std::int64_t untilNs = 0;
    };
    QHash<std::pair<const upstream::ServerConnection*, QByteArray>, Kept> m_kept;
};

} // namespace oriel::gateway
