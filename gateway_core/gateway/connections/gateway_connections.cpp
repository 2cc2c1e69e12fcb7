// SPDX-License-Identifier: GPL-3.0-or-later
// Which connection a client uses: the one that all share, or its own.
#include "gateway/connections/federation.h"
#include "gateway/gateway.h"
#include "gateway/input/request_routing.h"
#include "gateway/lists/waiting_list.h"

namespace oriel::gateway {

using upstream::ServerConnection;
using upstream::ServerState;

namespace {

constexpr std::array kKinds{mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources,
                            mcp::ListKind::ResourceTemplates};

constexpr std::int64_t kLongestWaitNs = 24LL * 3600 * 1'000'000'000;

QByteArray titleFor(const downstream::Session& session)
{
    return "Oriel, for " + (session.client->clientName.isEmpty() ? QByteArray("a client") : session.client->clientName);
}

} // namespace

int Gateway::indexOf(const ServerConnection& connection) const
{
    for (std::size_t i = 0; i < m_connections.size(); ++i) {
        if (m_connections[i].get() == &connection)
            return static_cast<int>(i);
    }
    return -1;
}

const Catalogue& Gateway::catalogueOf(const downstream::Session& session) const
{
    const ClientConnections::Client* client = m_clients.find(session);
    return client != nullptr ? client->catalogue : m_catalogue;
}

ServerConnection* Gateway::connectionOf(const downstream::Session& session, int server) const
{
    ServerConnection& shared = *m_connections[static_cast<std::size_t>(server)];
    if (shared.server().connection == config::ConnectionMode::Shared)
        return &shared;
    if (ClientConnections::Client* client = m_clients.find(session)) {
        if (const ClientConnections::Own* own = client->to(shared.name()))
            return own->connection.get();
    }
    // A server without a handshake hears of each request's client, so one connection serves all.
    return shared.isModern() ? &shared : nullptr;
}

bool Gateway::sees(const downstream::Session& session, const ServerConnection& connection) const
{
    if (!session.server.isEmpty() && session.server != connection.name())
        return false;
    const int server = m_catalogue.serverIndex(connection.name());
    return server >= 0 && connectionOf(session, server) == &connection;
}

Result<ServerConnection*> Gateway::useConnection(const std::shared_ptr<downstream::Session>& session, int server)
{
    ServerConnection& shared = *m_connections[static_cast<std::size_t>(server)];
    if (ServerConnection* known = connectionOf(*session, server)) {
        if (known != &shared)
            m_clients.find(*session)->to(shared.name())->lastUsedNs = now();
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
    upstream::ConnectionContext context = m_connectionContext;
    context.timeouts = m_context.config.gateway.timeouts;
    context.clientCapabilities = relayable(session->capabilities);
    context.clientTitle = titleFor(*session);
    ClientConnections::Own& own =
        m_clients.add(client, std::make_unique<ServerConnection>(shared.server(), std::move(context), *this), now());
    ServerConnection* made = own.connection.get();
    watchIdleConnections();
    made->start();
    return made;
}

bool Gateway::isInUse(const ClientConnections::Client& client, const ClientConnections::Own& own) const
{
    bool isUsed = !m_subscriptions.urisOf(own.key).isEmpty();
    m_calls.forEach([&](quint64, const ActiveCall& call) { isUsed = isUsed || call.connection == own.connection.get(); });
    isUsed =
        isUsed ||
        !m_tasks.select([&](const Task& task) { return task.connection == own.connection.get() && !task.state.isTerminal(); })
             .empty();
    return isUsed || std::any_of(m_waitingLists.cbegin(), m_waitingLists.cend(),
                                 [&](const auto& waiting) { return waiting->incoming.session == client.session; });
}

/// At the limit, the connection that was not used for longest makes room if its client has hung up and waits for nothing.
bool Gateway::makeRoom(const ServerConnection& shared)
{
    if (m_clients.count(shared.name()) < shared.server().maxConnections)
        return true;
    const ServerConnection* longest = nullptr;
    std::int64_t lastUsedNs = 0;
    m_clients.forEach([&](ClientConnections::Client& client) {
        const ClientConnections::Own* own = client.to(shared.name());
        if (own == nullptr || client.session->isReachable() || isInUse(client, *own) ||
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

void Gateway::retireAll(std::vector<std::unique_ptr<ServerConnection>> connections)
{
    for (auto& connection : connections)
        retire(std::move(connection));
}

void Gateway::watchIdleConnections()
{
    if (m_idleConnections.isActive())
        return;
    std::optional<std::int64_t> next;
    m_clients.forEach([&](const ClientConnections::Client& client) {
        for (const ClientConnections::Own& own : client.own) {
            const std::int64_t idle = std::chrono::nanoseconds(own.connection->server().connectionIdle).count();
            const std::int64_t left = own.lastUsedNs + idle - now();
            if (idle > 0 && (!next || left < *next))
                next = left;
        }
    });
    // A timer does not count to a month.
    if (next)
        m_idleConnections.start(std::chrono::milliseconds(std::clamp<std::int64_t>(*next, 0, kLongestWaitNs) / 1'000'000 + 1));
}

void Gateway::endIdleConnections()
{
    m_clients.forEach([this](ClientConnections::Client& client) {
        for (ClientConnections::Own& own : client.own) {
            if (isInUse(client, own))
                own.lastUsedNs = now();
        }
    });
    retireAll(m_clients.takeIf([this](const ClientConnections::Client&, const ClientConnections::Own& own) {
        const std::int64_t idle = std::chrono::nanoseconds(own.connection->server().connectionIdle).count();
        return idle > 0 && now() - own.lastUsedNs >= idle;
    }));
    watchIdleConnections();
    Q_EMIT serversChanged();
}

QByteArray Gateway::keyOf(const ServerConnection& connection) const
{
    const ClientConnections::Own* own = m_clients.isEmpty() ? nullptr : m_clients.find(connection);
    return own != nullptr ? own->key : connection.name();
}

ServerConnection* Gateway::connectionByKey(const QByteArray& key) const
{
    if (const int server = m_catalogue.serverIndex(key); server >= 0)
        return m_connections[static_cast<std::size_t>(server)].get();
    const ClientConnections::Own* own = m_clients.findKey(key);
    return own != nullptr ? own->connection.get() : nullptr;
}

std::vector<mcp::ListEntry> Gateway::entriesOf(const ServerConnection& connection, mcp::ListKind kind) const
{
    const QByteArray& peer = connection.initializeResult().orielInstance;
    const std::vector<mcp::ListEntry>& items = connection.items(kind);
    return peer.isEmpty() ? items : federation::admitted(kind, items, peer, m_context.instance);
}

bool Gateway::takeList(ServerConnection& connection, mcp::ListKind kind)
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

void Gateway::rebuildClients()
{
    retireAll(m_clients.takeIf([this](const ClientConnections::Client&, const ClientConnections::Own& own) {
        const int server = m_catalogue.serverIndex(own.connection->name());
        return server < 0 || !(m_connections[static_cast<std::size_t>(server)]->server() == own.connection->server());
    }));
    m_clients.forEach([this](ClientConnections::Client& client) {
        client.catalogue = m_catalogue;
        for (const ClientConnections::Own& own : client.own) {
            for (const mcp::ListKind kind : kKinds) {
                if (own.connection->isListed(kind))
                    client.catalogue.update(m_catalogue.serverIndex(own.connection->name()), kind,
                                            entriesOf(*own.connection, kind));
            }
        }
    });
}

void Gateway::restartServer(const QByteArray& name)
{
    const QString reason = QStringLiteral("asked for by the user");
    for (const auto& connection : m_connections) {
        if (connection->name() == name)
            connection->restart(reason);
    }
    m_clients.forEach([&](ClientConnections::Client& client) {
        if (const ClientConnections::Own* own = client.to(name))
            own->connection->restart(reason);
    });
    m_admission.closeCircuit(name);
}

void Gateway::checkEraAgain(const QByteArray& name)
{
    // What follows for clients' own connections is not known yet; each begins anew at its client's next request.
    retireAll(m_clients.takeIf([&](const auto&, const auto& own) { return own.connection->name() == name; }));
    for (const auto& connection : m_connections) {
        if (connection->name() == name)
            connection->checkEraAgain();
    }
}

QList<upstream::ServerStatus> Gateway::serverStatuses() const
{
    QList<upstream::ServerStatus> statuses;
    for (const auto& connection : m_connections) {
        upstream::ServerStatus status = connection->status();
        m_clients.forEach([&](ClientConnections::Client& client) {
            const ClientConnections::Own* own = client.to(connection->name());
            if (own == nullptr)
                return;
            const upstream::ServerStatus one = own->connection->status();
            ++status.clientConnections;
            status.inFlight += one.inFlight;
            status.queued += one.queued;
            if (status.diagnosis.isEmpty())
                status.diagnosis = one.diagnosis;
        });
        if (const auto circuit = m_admission.circuitOf(connection->name()))
            status.circuit = *circuit;
        statuses.append(std::move(status));
    }
    return statuses;
}

std::vector<Gateway::ExposedTool> Gateway::tools() const
{
    std::vector<ExposedTool> tools;
    for (std::size_t i = 0; i < m_connections.size(); ++i) {
        QSet<QByteArray> seen;
        const auto add = [&](const ServerConnection& connection) {
            for (const mcp::ListEntry& entry : entriesOf(connection, mcp::ListKind::Tools)) {
                if (seen.contains(entry.identity))
                    continue;
                seen.insert(entry.identity);
                tools.push_back({connection.name(), entry, m_catalogue.exposedName(static_cast<int>(i), entry.identity)});
            }
        };
        add(*m_connections[i]);
        m_clients.forEach([&](ClientConnections::Client& client) {
            if (const ClientConnections::Own* own = client.to(m_connections[i]->name()))
                add(*own->connection);
        });
    }
    return tools;
}

} // namespace oriel::gateway
