// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/connections/connection_pool.h"

#include "gateway/connections/federation.h"
#include "gateway/input/request_routing.h"

namespace oriel::gateway {

using upstream::ServerConnection;
using upstream::ServerState;

namespace {

constexpr std::int64_t kLongestWaitNs = 24LL * 3600 * 1'000'000'000;

QByteArray titleFor(const downstream::Session& session)
{
    return "Oriel, for " + (session.client->clientName.isEmpty() ? QByteArray("a client") : session.client->clientName);
}

} // namespace

ConnectionPool::ConnectionPool(const GatewayContext& context, upstream::ConnectionContext connections,
                               upstream::ServerConnectionHandler& handler, ConnectionUsers& users, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_connections(std::move(connections)),
      m_handler(handler),
      m_users(users)
{
    m_idle.setSingleShot(true);
    m_idle.callOnTimeout(this, &ConnectionPool::endIdle);
}

ConnectionPool::~ConnectionPool() = default;

int ConnectionPool::indexOf(const ServerConnection& connection) const
{
    for (std::size_t i = 0; i < m_shared.size(); ++i) {
        if (m_shared[i].get() == &connection)
            return static_cast<int>(i);
    }
    return -1;
}

bool ConnectionPool::isShared(const ServerConnection& connection) const
{
    return indexOf(connection) >= 0;
}

bool ConnectionPool::isOfClient(const ServerConnection& connection) const
{
    return m_clients.ownerOf(connection) != nullptr;
}

const Catalogue& ConnectionPool::catalogueOf(const downstream::Session& session) const
{
    const ClientConnections::Client* client = m_clients.find(session);
    return client != nullptr ? client->catalogue : m_catalogue;
}

int ConnectionPool::viewOf(const downstream::Session& session) const
{
    if (session.server.isEmpty())
        return Catalogue::kAllServers;
    const int index = m_catalogue.serverIndex(session.server);
    return index >= 0 ? index : Catalogue::kNoServer;
}

ServerConnection* ConnectionPool::connectionOf(const downstream::Session& session, int server) const
{
    ServerConnection& shared = *m_shared[static_cast<std::size_t>(server)];
    if (shared.server().connection == config::ConnectionMode::Shared)
        return &shared;
    if (ClientConnections::Client* client = m_clients.find(session)) {
        if (const ClientConnections::Own* own = client->to(shared.name()))
            return own->connection.get();
    }
    // A server without a handshake hears of each request's client, so one connection serves all.
    return shared.isModern() ? &shared : nullptr;
}

bool ConnectionPool::sees(const downstream::Session& session, const ServerConnection& connection) const
{
    if (!session.server.isEmpty() && session.server != connection.name())
        return false;
    const int server = m_catalogue.serverIndex(connection.name());
    return server >= 0 && connectionOf(session, server) == &connection;
}

Result<ServerConnection*> ConnectionPool::use(const std::shared_ptr<downstream::Session>& session, int server)
{
    ServerConnection& shared = *m_shared[static_cast<std::size_t>(server)];
    if (ServerConnection* known = connectionOf(*session, server)) {
        if (known != &shared)
            m_clients.find(*session)->to(shared.name())->lastUsedNs = m_context.now();
        return known;
    }
    if (!makeRoom(shared))
        return fail(
            ErrorCode::ResourceExhausted,
            QStringLiteral("%1 clients have a connection of their own to this server, and no more may; end one of them or "
                           "raise maxConnections.")
                .arg(shared.server().maxConnections),
            shared.server().name);
    if (shared.state() == ServerState::Stopped)
        shared.start(); // what it offers and which era it speaks is seen there
    ClientConnections::Client& client = m_clients.of(session, m_catalogue);
    upstream::ConnectionContext context = m_connections;
    context.timeouts = m_context.config.gateway.timeouts;
    context.clientCapabilities = relayable(session->capabilities);
    context.clientTitle = titleFor(*session);
    ClientConnections::Own& own = m_clients.add(
        client, std::make_unique<ServerConnection>(shared.server(), std::move(context), m_handler), m_context.now());
    ServerConnection* made = own.connection.get();
    watchIdle();
    made->start();
    return made;
}

/// At the limit, the connection that was not used for longest makes room if its client has hung up and waits for nothing.
bool ConnectionPool::makeRoom(const ServerConnection& shared)
{
    if (m_clients.count(shared.name()) < shared.server().maxConnections)
        return true;
    const ServerConnection* longest = nullptr;
    std::int64_t lastUsedNs = 0;
    m_clients.forEach([&](ClientConnections::Client& client) {
        const ClientConnections::Own* own = client.to(shared.name());
        if (own == nullptr || client.session->isReachable() || m_users.isInUse(client, *own) ||
            (longest != nullptr && own->lastUsedNs >= lastUsedNs))
            return;
        longest = own->connection.get();
        lastUsedNs = own->lastUsedNs;
    });
    if (longest == nullptr)
        return false;
    retireAll(m_clients.takeIf([&](const auto&, const auto& own) { return own.connection.get() == longest; }));
    return true;
}

void ConnectionPool::endClient(const downstream::Session& session)
{
    retireAll(m_clients.takeClient(session));
}

void ConnectionPool::retire(std::unique_ptr<ServerConnection> connection)
{
    m_users.onRetiring(*connection);
    m_taskTools.forget(*connection);
    connection->stop();
    if (connection->state() == ServerState::Stopped)
        connection.release()->deleteLater();
    else
        m_retired.push_back(std::move(connection));
}

void ConnectionPool::retireAll(std::vector<std::unique_ptr<ServerConnection>> connections)
{
    for (auto& connection : connections)
        retire(std::move(connection));
}

void ConnectionPool::watchIdle()
{
    if (m_idle.isActive())
        return;
    std::optional<std::int64_t> next;
    m_clients.forEach([&](const ClientConnections::Client& client) {
        for (const ClientConnections::Own& own : client.own) {
            const std::int64_t idle = std::chrono::nanoseconds(own.connection->server().connectionIdle).count();
            const std::int64_t left = own.lastUsedNs + idle - m_context.now();
            if (idle > 0 && (!next || left < *next))
                next = left;
        }
    });
    // A timer does not count to a month.
    if (next)
        m_idle.start(std::chrono::milliseconds(std::clamp<std::int64_t>(*next, 0, kLongestWaitNs) / 1'000'000 + 1));
}

void ConnectionPool::endIdle()
{
    m_clients.forEach([this](ClientConnections::Client& client) {
        for (ClientConnections::Own& own : client.own) {
            if (m_users.isInUse(client, own))
                own.lastUsedNs = m_context.now();
        }
    });
    retireAll(m_clients.takeIf([this](const ClientConnections::Client&, const ClientConnections::Own& own) {
        const std::int64_t idle = std::chrono::nanoseconds(own.connection->server().connectionIdle).count();
        return idle > 0 && m_context.now() - own.lastUsedNs >= idle;
    }));
    watchIdle();
    Q_EMIT changed();
}

QByteArray ConnectionPool::keyOf(const ServerConnection& connection) const
{
    const ClientConnections::Own* own = m_clients.isEmpty() ? nullptr : m_clients.find(connection);
    return own != nullptr ? own->key : connection.name();
}

ServerConnection* ConnectionPool::byKey(const QByteArray& key) const
{
    if (const int server = m_catalogue.serverIndex(key); server >= 0)
        return m_shared[static_cast<std::size_t>(server)].get();
    const ClientConnections::Own* own = m_clients.findKey(key);
    return own != nullptr ? own->connection.get() : nullptr;
}

std::vector<mcp::ListEntry> ConnectionPool::entriesOf(const ServerConnection& connection, mcp::ListKind kind) const
{
    const QByteArray& peer = connection.initializeResult().orielInstance;
    const std::vector<mcp::ListEntry>& items = connection.items(kind);
    return peer.isEmpty() ? items : federation::admitted(kind, items, peer, m_context.instance);
}

bool ConnectionPool::takeList(const ServerConnection& connection, mcp::ListKind kind)
{
    const std::vector<mcp::ListEntry> entries = entriesOf(connection, kind);
    if (kind == mcp::ListKind::Tools) {
        m_taskTools.update(connection);
        m_toolHeaders.update(m_catalogue.serverIndex(connection.name()), entries);
    }
    if (ClientConnections::Client* owner = m_clients.ownerOf(connection)) {
        const int server = owner->catalogue.serverIndex(connection.name());
        return server >= 0 && owner->catalogue.update(server, kind, entries);
    }
    const int server = indexOf(connection);
    if (server < 0)
        return false;
    const bool runsTasks = TaskTools::decidesItself(connection);
    m_clients.forEach([&](ClientConnections::Client& client) {
        client.catalogue.offerAsTasks(server, runsTasks);
        if (client.to(connection.name()) == nullptr)
            client.catalogue.update(server, kind, entries);
    });
    m_catalogue.offerAsTasks(server, runsTasks);
    return m_catalogue.update(server, kind, entries);
}

std::vector<ConnectionPool::ExposedTool> ConnectionPool::tools() const
{
    std::vector<ExposedTool> tools;
    for (std::size_t i = 0; i < m_shared.size(); ++i) {
        QSet<QByteArray> seen;
        const auto add = [&](const ServerConnection& connection) {
            for (const mcp::ListEntry& entry : entriesOf(connection, mcp::ListKind::Tools)) {
                if (seen.contains(entry.identity))
                    continue;
                seen.insert(entry.identity);
                tools.push_back({connection.name(), entry, m_catalogue.exposedName(static_cast<int>(i), entry.identity)});
            }
        };
        add(*m_shared[i]);
        m_clients.forEach([&](ClientConnections::Client& client) {
            if (const ClientConnections::Own* own = client.to(m_shared[i]->name()))
                add(*own->connection);
        });
    }
    return tools;
}

} // namespace oriel::gateway
