// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "gateway/lists/catalogue.h"
#include "upstream/server_connection.h"

#include <memory>
#include <unordered_map>
#include <vector>

namespace oriel::gateway {

/// The connections that clients have for themselves: to servers of the handshake revisions whose `connection` is per-client. A
/// client is a session; what it sees is a catalogue of its own, because its connections may list other things than the shared
/// ones. Everything of a client ends with its session. Keeps and finds; starting and stopping is the gateway's. Gateway thread
/// only.
class ClientConnections {
public:
    struct Own {
        std::unique_ptr<upstream::ServerConnection> connection;
        QByteArray key; ///< among subscriptions, where a shared connection goes by its server's name; the next one's too
        std::int64_t lastUsedNs = 0; ///< monotonic
    };
    struct Client {
        std::shared_ptr<downstream::Session> session;
        Catalogue catalogue;
        QByteArray number;
        std::vector<Own> own;

        [[nodiscard]] Own* to(QByteArrayView server);
    };

    [[nodiscard]] bool isEmpty() const { return m_clients.empty(); }
    [[nodiscard]] qsizetype size() const { return static_cast<qsizetype>(m_clients.size()); }
    [[nodiscard]] Client* find(const downstream::Session& session) const;
    /// The client's, made with a copy of `catalogue` when it has none yet.
    Client& of(const std::shared_ptr<downstream::Session>& session, const Catalogue& catalogue);
    Own& add(Client& client, std::unique_ptr<upstream::ServerConnection> connection, std::int64_t nowNs);
    /// Whose connection this is; null: a shared one, or none of ours any more.
    [[nodiscard]] Client* ownerOf(const upstream::ServerConnection& connection) const;
    [[nodiscard]] Own* find(const upstream::ServerConnection& connection) const;
    [[nodiscard]] Own* findKey(QByteArrayView key) const;
    [[nodiscard]] int count(QByteArrayView server) const;

    /// Those for which `matches(client, own)` is true, taken out; their clients stay.
    template <class Predicate> std::vector<std::unique_ptr<upstream::ServerConnection>> takeIf(Predicate&& matches)
    {
        std::vector<std::unique_ptr<upstream::ServerConnection>> taken;
        for (auto& [session, client] : m_clients) {
            std::erase_if(client->own, [&, kept = client.get()](Own& own) {
                if (!matches(std::as_const(*kept), std::as_const(own)))
                    return false;
                taken.push_back(std::move(own.connection));
                return true;
            });
        }
        return taken;
    }
    /// Forgets a client; gives its connections.
    std::vector<std::unique_ptr<upstream::ServerConnection>> takeClient(const downstream::Session& session);
    template <class Visitor> void forEach(Visitor&& visit) const
    {
        for (const auto& [session, client] : m_clients)
            visit(*client);
    }

private:
    std::unordered_map<const downstream::Session*, std::unique_ptr<Client>> m_clients;
    std::uint64_t m_lastNumber = 0;
};

} // namespace oriel::gateway
