// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/calls/tool_headers.h"
#include "gateway/connections/client_connections.h"
#include "gateway/gateway_context.h"
#include "gateway/lists/catalogue.h"
#include "gateway/tasks/task_tools.h"

#include <QObject>
#include <QTimer>

namespace oriel::gateway {

/// Asked and told by the pool about its connections; implemented by the gateway. Gateway thread only.
class ConnectionUsers {
public:
    virtual ~ConnectionUsers() = default;
    /// True while something goes over this connection or is kept for it: it is not ended meanwhile.
    [[nodiscard]] virtual bool isInUse(const ClientConnections::Client& client, const ClientConnections::Own& own) const = 0;
    /// The connection is about to be stopped for good: whatever goes over it ends now.
    virtual void onRetiring(upstream::ServerConnection& connection) = 0;
};

/// All connections to servers: one for each that all clients share, and those that clients have for themselves; and with them
/// what each client sees, since that is what its connections list. Servers are named by their index in the configuration's order
/// of enabled ones, which is the catalogue's too. Gateway thread only; nothing blocks.
class ConnectionPool final : public QObject {
    Q_OBJECT
public:
    using Shared = std::vector<std::unique_ptr<upstream::ServerConnection>>;

    /// `connections`: what every connection gets; its timeouts are set here. `handler` hears of all of them.
    ConnectionPool(const GatewayContext& context, upstream::ConnectionContext connections,
                   upstream::ServerConnectionHandler& handler, ConnectionUsers& users, QObject* parent = nullptr);
    ~ConnectionPool() override;

    // --- the configuration
    /// The catalogue that `configuration` needs, still empty. InvalidArgument when names clash or are not portable.
    [[nodiscard]] static Result<Catalogue> plan(const config::Config& configuration);
    /// Takes the servers of the context's configuration: new ones are started, removed ones stopped, changed ones restarted; all
    /// others go on undisturbed. `planned`: of that configuration. True when there were connections before.
    bool apply(Catalogue&& planned);
    /// Ends clients' own connections and stops the others.
    void stopAll();
    /// True once every connection is stopped or has failed.
    [[nodiscard]] bool isDown() const;
    /// Lets go of those that have been retired and are stopped by now.
    void sweep();
    void restart(const QByteArray& server); ///< with the connections that clients have for themselves
    void checkEraAgain(const QByteArray& server);

    // --- what clients see
    [[nodiscard]] const Catalogue& catalogue() const { return m_catalogue; } ///< of all servers
    [[nodiscard]] const Catalogue& catalogueOf(const downstream::Session& session) const;
    [[nodiscard]] int viewOf(const downstream::Session& session) const; ///< for Catalogue's functions
    /// True when the session's view has this server in it.
    [[nodiscard]] static bool isInView(int view, std::size_t server)
    {
        return view == Catalogue::kAllServers || view == static_cast<int>(server);
    }
    /// Reads a list anew from a connection. True: somebody sees something else now.
    bool takeList(const upstream::ServerConnection& connection, mcp::ListKind kind);
    [[nodiscard]] const ToolHeaders& toolHeaders() const { return m_toolHeaders; }
    [[nodiscard]] const TaskTools& taskTools() const { return m_taskTools; }
    struct ExposedTool {
        QByteArray server;
        mcp::ListEntry entry;
        QByteArray exposedName;
    };
    [[nodiscard]] std::vector<ExposedTool> tools() const; ///< of all servers, the disabled ones too

    // --- connections
    [[nodiscard]] const Shared& shared() const { return m_shared; }
    [[nodiscard]] upstream::ServerConnection& shared(int server) const { return *m_shared[static_cast<std::size_t>(server)]; }
    /// The connection that a client uses to a server; null: it will have its own and has not asked for anything yet.
    [[nodiscard]] upstream::ServerConnection* connectionOf(const downstream::Session& session, int server) const;
    /// The same, made where it is missing. ResourceExhausted when too many clients have one of their own.
    Result<upstream::ServerConnection*> use(const std::shared_ptr<downstream::Session>& session, int server);
    /// True when this is the connection that the client uses to its server: nothing else of that server reaches it.
    [[nodiscard]] bool sees(const downstream::Session& session, const upstream::ServerConnection& connection) const;
    [[nodiscard]] bool isShared(const upstream::ServerConnection& connection) const;
    [[nodiscard]] bool isOfClient(const upstream::ServerConnection& connection) const;
    /// Among subscriptions: the server's name for a shared connection, for others one that no server has.
    [[nodiscard]] QByteArray keyOf(const upstream::ServerConnection& connection) const;
    [[nodiscard]] upstream::ServerConnection* byKey(const QByteArray& key) const; ///< null: it is gone
    /// Its state has changed: counts it in the gauges of servers and connections.
    void noteState(const upstream::ServerConnection& connection);
    /// Ends the connections that this client has for itself.
    void endClient(const downstream::Session& session);

    [[nodiscard]] QList<upstream::ServerStatus> statuses() const; ///< without the circuits
    void addHoldings(Holdings& held) const;

Q_SIGNALS:
    void changed(); ///< idle connections were ended

private:
    [[nodiscard]] std::unique_ptr<upstream::ServerConnection> make(const config::Server& server);
    [[nodiscard]] int indexOf(const upstream::ServerConnection& connection) const; ///< of a shared one; -1: it is none
    [[nodiscard]] std::vector<mcp::ListEntry> entriesOf(const upstream::ServerConnection& connection, mcp::ListKind kind) const;
    void adopt(std::unique_ptr<upstream::ServerConnection> connection);
    void rebuildClients();
    bool makeRoom(const upstream::ServerConnection& shared);
    void watchIdle();
    void endIdle();
    void retire(std::unique_ptr<upstream::ServerConnection> connection);
    void retireAll(std::vector<std::unique_ptr<upstream::ServerConnection>> connections);

    const GatewayContext& m_context;
    upstream::ConnectionContext m_connections;
    upstream::ServerConnectionHandler& m_handler;
    ConnectionUsers& m_users;
    Catalogue m_catalogue;
    ToolHeaders m_toolHeaders;
    TaskTools m_taskTools;
    Shared m_shared; ///< in the catalogue's order
    ClientConnections m_clients;
    Shared m_retired;                                ///< stopping; destroyed when stopped
    QSet<const upstream::ServerConnection*> m_ready; ///< those counted in active_connections
    QTimer m_idle;
};

} // namespace oriel::gateway
