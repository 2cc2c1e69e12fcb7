// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/lists.h"
#include "mcp/names.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QSet>

#include <array>
#include <optional>
#include <span>

namespace oriel::gateway {

/// What all servers offer, under the names that clients see: tools and prompts as `server__name`, resources by URI. A client of
/// one server
/// (`/mcp/<server>`) sees that server's own names. The order is that of the configuration, then each server's own. Gateway thread
/// only.
class Catalogue {
public:
    static constexpr std::size_t kPageSize = 1000;

    /// What a client sees where no server's index is given.
    static constexpr int kAllServers = -1;
    static constexpr int kNoServer = -2; ///< its one server is no longer configured

    struct Server {
        QByteArray name;
        QSet<QByteArray> disabledTools;
    };
    struct Route {
        int server = -1;  ///< index into servers()
        QByteArray local; ///< the tool, prompt or URI as the server knows it
    };

    /// Forgets everything and begins anew with these servers. InvalidArgument when names clash or are not portable.
    Status reset(QList<Server> servers, QByteArrayView separator, bool prefixSingleServer);
    /// Replaces one server's entries of one kind. False when they are what was there.
    bool update(int server, mcp::ListKind kind, std::span<const mcp::ListEntry> entries);

    /// The server decides by itself whether a call becomes a task: clients of 2025-11-25 see that any of its tools may.
    void offerAsTasks(int server, bool offered);

    [[nodiscard]] const QList<Server>& servers() const { return m_servers; }
    [[nodiscard]] int serverIndex(QByteArrayView name) const;

    /// Where a tool or prompt of this exposed name is; `view` is the one server a client sees, kAllServers or kNoServer. A name
    /// with the prefix of a server that has not listed yet is routed there as well.
    [[nodiscard]] std::optional<Route> find(mcp::ListKind kind, QByteArrayView exposedName, int view) const;
    /// The owner of a resource: by listed URI, then by a template that matches, then the only server of the view.
    [[nodiscard]] std::optional<Route> findResource(QByteArrayView uri, int view) const;

    /// The result of a list request: one page. A name or URI that two servers expose stands there once, as find() resolves it.
    /// InvalidArgument for a cursor that is not ours or no longer valid. In the form of `revision`.
    [[nodiscard]] Result<QByteArray> list(mcp::ListKind kind, int view, const std::optional<QByteArray>& cursor,
                                          mcp::Revision revision = mcp::NewestLegacy) const;

    /// The name under which clients of all servers see it.
    [[nodiscard]] QByteArray exposedName(int server, QByteArrayView local) const;

private:
    struct ServerLists {
        std::array<std::vector<mcp::ListEntry>, 4> kinds;
        QSet<QByteArray> toolPages; ///< `ui://` resources that its tools name (MCP Apps); they need not be listed
        bool runsTasks = false;
    };
    [[nodiscard]] bool isPrefixed() const { return m_prefixSingleServer || m_servers.size() > 1; }
    [[nodiscard]] const std::vector<QByteArray>& entriesOf(mcp::ListKind kind, int view, bool asTasks) const;
    [[nodiscard]] bool isTaskForm(mcp::ListKind kind, mcp::Revision revision) const;
    void rebuildRoutes(mcp::ListKind kind);

    QList<Server> m_servers;
    mcp::NameSpace m_names;
    bool m_prefixSingleServer = true;
    std::vector<ServerLists> m_lists;
    std::array<QHash<QByteArray, Route>, 4> m_routes; ///< by exposed name, or by URI
    std::uint64_t m_generation = 1;
    /// (kind, view and form) → what a client sees, made on demand
    mutable QHash<std::pair<int, int>, std::vector<QByteArray>> m_entries;
    mutable QHash<std::pair<int, int>, QByteArray> m_firstPages;
};

/// True if `uri` can come from the RFC 6570 template: its literal parts in their order, expressions standing for anything.
[[nodiscard]] bool matchesTemplate(QByteArrayView uri, QByteArrayView uriTemplate);

} // namespace oriel::gateway
