// SPDX-License-Identifier: GPL-3.0-or-later
// The pool as a whole: what a new configuration makes of it, restarts, its end.
#include "gateway/connections/connection_pool.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using upstream::ServerConnection;
using upstream::ServerState;

namespace {

constexpr std::array kKinds{mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources,
                            mcp::ListKind::ResourceTemplates};

bool needsNewConnection(const config::Server& before, const config::Server& after)
{
    config::Server comparable = after;
    comparable.disabledTools = before.disabledTools;
    comparable.circuitBreaker = before.circuitBreaker;
    comparable.retries = before.retries;
    return !(comparable == before);
}

Catalogue::Server catalogueEntry(const config::Server& server)
{
    Catalogue::Server entry{server.name.toUtf8(), {}};
    for (const QString& tool : server.disabledTools)
        entry.disabledTools.insert(tool.toUtf8());
    return entry;
}

} // namespace

Result<Catalogue> ConnectionPool::plan(const config::Config& configuration)
{
    QList<Catalogue::Server> entries;
    for (const config::Server& server : configuration.servers) {
        if (server.enabled)
            entries.append(catalogueEntry(server));
    }
    Catalogue planned;
    if (const Status valid =
            planned.reset(entries, configuration.gateway.separator.toUtf8(), configuration.gateway.prefixSingleServer);
        !valid)
        return fail(valid.error());
    return planned;
}

bool ConnectionPool::apply(Catalogue&& planned)
{
    Shared previous = std::exchange(m_shared, {});
    m_catalogue = std::move(planned);
    m_toolHeaders.reset();
    QList<ServerConnection*> fresh;
    for (const config::Server& server : m_context.config.servers) {
        if (!server.enabled)
            continue;
        const auto same = std::find_if(previous.begin(), previous.end(), [&](const auto& connection) {
            return connection != nullptr && !needsNewConnection(connection->server(), server);
        });
        const bool isNew = same == previous.end();
        m_context.recorder.recordMetric(isNew ? telemetry::MetricId::CacheMisses : telemetry::MetricId::CacheHits,
                                        {QByteArrayLiteral("server_config")}, 1);
        if (!isNew) {
            adopt(std::move(*same));
            continue;
        }
        m_shared.push_back(make(server));
        if (server.start == config::StartMode::AtLaunch)
            fresh.append(m_shared.back().get());
    }
    for (auto& connection : previous) {
        if (connection != nullptr)
            retire(std::move(connection));
    }
    rebuildClients();
    for (ServerConnection* connection : std::as_const(fresh))
        connection->start();
    return !previous.empty();
}

/// One that goes on: what it lists enters the new catalogue.
void ConnectionPool::adopt(std::unique_ptr<ServerConnection> connection)
{
    m_shared.push_back(std::move(connection));
    const ServerConnection& adopted = *m_shared.back();
    const int index = static_cast<int>(m_shared.size()) - 1;
    m_catalogue.offerAsTasks(index, TaskTools::decidesItself(adopted));
    for (const mcp::ListKind kind : kKinds)
        m_catalogue.update(index, kind, entriesOf(adopted, kind));
    m_toolHeaders.update(index, adopted.items(mcp::ListKind::Tools));
}

std::unique_ptr<upstream::ServerConnection> ConnectionPool::make(const config::Server& server)
{
    upstream::ConnectionContext context = m_connections;
    context.timeouts = m_context.config.gateway.timeouts;
    // Over the shared connection of a server that clients have their own to, nobody could answer it anything.
    if (server.connection == config::ConnectionMode::PerClient)
        context.clientCapabilities = {};
    return std::make_unique<upstream::ServerConnection>(server, std::move(context), m_handler);
}

void ConnectionPool::rebuildClients()
{
    retireAll(m_clients.takeIf([this](const ClientConnections::Client&, const ClientConnections::Own& own) {
        const int server = m_catalogue.serverIndex(own.connection->name());
        return server < 0 || !(m_shared[static_cast<std::size_t>(server)]->server() == own.connection->server());
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

void ConnectionPool::noteState(const ServerConnection& connection)
{
    const bool isReady = connection.state() == ServerState::Ready;
    // What one client's own connection does says nothing of the server.
    if (isShared(connection))
        m_context.recorder.recordMetric(telemetry::MetricId::ServerStatus, {connection.name()}, isReady ? 1 : 0);
    if (isReady == m_ready.contains(&connection))
        return;
    m_context.recorder.recordMetric(telemetry::MetricId::ActiveConnections, {connection.name()}, isReady ? 1 : -1);
    if (isReady)
        m_ready.insert(&connection);
    else
        m_ready.remove(&connection);
}

void ConnectionPool::stopAll()
{
    retireAll(m_clients.takeIf([](const auto&, const auto&) { return true; }));
    for (const auto& connection : m_shared) {
        connection->stop();
        m_handler.onStateChanged(*connection);
    }
}

bool ConnectionPool::isDown() const
{
    return m_retired.empty() && std::all_of(m_shared.cbegin(), m_shared.cend(), [](const auto& connection) {
               return connection->state() == ServerState::Stopped || connection->state() == ServerState::Failed;
           });
}

void ConnectionPool::sweep()
{
    std::erase_if(m_retired, [](const auto& retired) { return retired->state() == ServerState::Stopped; });
}

void ConnectionPool::restart(const QByteArray& server)
{
    const QString reason = QStringLiteral("asked for by the user");
    for (const auto& connection : m_shared) {
        if (connection->name() == server)
            connection->restart(reason);
    }
    m_clients.forEach([&](ClientConnections::Client& client) {
        if (const ClientConnections::Own* own = client.to(server))
            own->connection->restart(reason);
    });
}

void ConnectionPool::checkEraAgain(const QByteArray& server)
{
    // What follows for clients' own connections is not known yet; each begins anew at its client's next request.
    retireAll(m_clients.takeIf([&](const auto&, const auto& own) { return own.connection->name() == server; }));
    for (const auto& connection : m_shared) {
        if (connection->name() == server)
            connection->checkEraAgain();
    }
}

QList<upstream::ServerStatus> ConnectionPool::statuses() const
{
    QList<upstream::ServerStatus> statuses;
    for (const auto& connection : m_shared) {
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
        statuses.append(std::move(status));
    }
    return statuses;
}

void ConnectionPool::addHoldings(Holdings& held) const
{
    held.add("clients with their own connections", m_clients.size())
        .add("retired connections", static_cast<qsizetype>(m_retired.size()));
    for (const auto& connection : m_shared)
        held.add(connection->name(), connection->holdings());
    m_clients.forEach([&held](const ClientConnections::Client& client) {
        for (const ClientConnections::Own& own : client.own)
            held.add(own.key, own.connection->holdings());
    });
}

} // namespace oriel::gateway
