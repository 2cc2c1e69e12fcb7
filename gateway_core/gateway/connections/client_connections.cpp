// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/connections/client_connections.h"

namespace oriel::gateway {

ClientConnections::Own* ClientConnections::Client::to(QByteArrayView server)
{
    for (Own& one : own) {
        if (one.connection->name() == server)
            return &one;
    }
    return nullptr;
}

ClientConnections::Client* ClientConnections::find(const downstream::Session& session) const
{
    if (m_clients.empty())
        return nullptr;
    const auto it = m_clients.find(&session);
    return it == m_clients.end() ? nullptr : it->second.get();
}

ClientConnections::Client& ClientConnections::of(const std::shared_ptr<downstream::Session>& session, const Catalogue& catalogue)
{
    std::unique_ptr<Client>& client = m_clients[session.get()];
    if (client == nullptr)
        client = std::make_unique<Client>(Client{session, catalogue, QByteArray::number(qulonglong(++m_lastNumber)), {}});
    return *client;
}

ClientConnections::Own& ClientConnections::add(Client& client, std::unique_ptr<upstream::ServerConnection> connection,
                                               std::int64_t nowNs)
{
    // No server's name has this sign.
    QByteArray key = connection->name() + '#' + client.number;
    client.own.push_back({std::move(connection), std::move(key), nowNs});
    return client.own.back();
}

ClientConnections::Client* ClientConnections::ownerOf(const upstream::ServerConnection& connection) const
{
    for (const auto& [session, client] : m_clients) {
        for (const Own& own : client->own) {
            if (own.connection.get() == &connection)
                return client.get();
        }
    }
    return nullptr;
}

ClientConnections::Own* ClientConnections::find(const upstream::ServerConnection& connection) const
{
    Client* client = ownerOf(connection);
    return client == nullptr ? nullptr : client->to(connection.name());
}

ClientConnections::Own* ClientConnections::findKey(QByteArrayView key) const
{
    for (const auto& [session, client] : m_clients) {
        for (Own& own : client->own) {
            if (own.key == key)
                return &own;
        }
    }
    return nullptr;
}

int ClientConnections::count(QByteArrayView server) const
{
    int count = 0;
    for (const auto& [session, client] : m_clients)
        count += client->to(server) != nullptr ? 1 : 0;
    return count;
}

std::vector<std::unique_ptr<upstream::ServerConnection>> ClientConnections::takeClient(const downstream::Session& session)
{
    std::vector<std::unique_ptr<upstream::ServerConnection>> taken;
    const auto it = m_clients.find(&session);
    if (it == m_clients.end())
        return taken;
    for (Own& own : it->second->own)
        taken.push_back(std::move(own.connection));
    m_clients.erase(it);
    return taken;
}

} // namespace oriel::gateway
