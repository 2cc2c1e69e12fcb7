// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/lists/catalogue.h"

#include "base/json_splice.h"
#include "mcp/message.h"

#include <algorithm>
#include <utility>

namespace oriel::gateway {

namespace {

std::size_t indexOf(mcp::ListKind kind)
{
    return static_cast<std::size_t>(kind);
}

bool isNamed(mcp::ListKind kind)
{
    return kind == mcp::ListKind::Tools || kind == mcp::ListKind::Prompts;
}

/// The entry of a tool as one that may run as a task (2025-11-25 `execution.taskSupport`).
QByteArray withTaskSupport(const QByteArray& entry)
{
    json::Document document;
    if (!mcp::parsedAgain(entry, document).exists() || document.root().find("execution").exists())
        return entry;
    json::Splicer splicer(entry);
    splicer.insertMember(document.root(), "\"execution\"", "{\"taskSupport\":\"optional\"}");
    return splicer.apply();
}

/// The page that a tool comes with (MCP Apps `_meta.ui.resourceUri`), in the form of today and of before; empty: none.
QByteArray pageOf(const mcp::ListEntry& tool)
{
    json::Document document;
    if (!tool.raw.contains("ui://") || !mcp::parsedAgain(tool.raw, document).exists())
        return {};
    const json::Value meta = document.root().find("_meta");
    const QByteArray page = meta.find("ui").find("resourceUri").asUtf8();
    return page.isEmpty() ? meta.find("ui/resourceUri").asUtf8() : page;
}

} // namespace

bool matchesTemplate(QByteArrayView uri, QByteArrayView uriTemplate)
{
    bool anythingBefore = false;
    while (!uriTemplate.isEmpty()) {
        const qsizetype open = uriTemplate.indexOf('{');
        const QByteArrayView literal = open < 0 ? uriTemplate : uriTemplate.first(open);
        if (!literal.isEmpty()) {
            const qsizetype at =
                open < 0 && anythingBefore ? (uri.endsWith(literal) ? uri.size() - literal.size() : -1) : uri.indexOf(literal);
            if (at < 0 || (!anythingBefore && at != 0))
                return false;
            uri = uri.sliced(at + literal.size());
        }
        if (open < 0)
            return uri.isEmpty();
        const qsizetype close = uriTemplate.indexOf('}', open);
        if (close < 0)
            return false;
        uriTemplate = uriTemplate.sliced(close + 1);
        anythingBefore = true;
    }
    return anythingBefore || uri.isEmpty();
}

Status Catalogue::reset(QList<Server> servers, QByteArrayView separator, bool prefixSingleServer)
{
    QList<QByteArray> names;
    for (const Server& server : std::as_const(servers))
        names.append(server.name);
    auto nameSpace = mcp::NameSpace::create(names, separator);
    if (!nameSpace)
        return fail(nameSpace.error());
    m_names = std::move(*nameSpace);
    m_servers = std::move(servers);
    m_prefixSingleServer = prefixSingleServer;
    m_lists.assign(static_cast<std::size_t>(m_servers.size()), {});
    for (auto& routes : m_routes)
        routes.clear();
    m_entries.clear();
    m_firstPages.clear();
    ++m_generation;
    return {};
}

int Catalogue::serverIndex(QByteArrayView name) const
{
    for (qsizetype i = 0; i < m_servers.size(); ++i) {
        if (m_servers[i].name == name)
            return static_cast<int>(i);
    }
    return -1;
}

QByteArray Catalogue::exposedName(int server, QByteArrayView local) const
{
    return isPrefixed() ? m_names.join(server, local) : local.toByteArray();
}

bool Catalogue::update(int server, mcp::ListKind kind, std::span<const mcp::ListEntry> entries)
{
    auto& kept = m_lists[static_cast<std::size_t>(server)].kinds[indexOf(kind)];
    std::vector<mcp::ListEntry> fresh(entries.begin(), entries.end());
    if (kind == mcp::ListKind::Tools) {
        const QSet<QByteArray>& disabled = m_servers[server].disabledTools;
        std::erase_if(fresh, [&](const mcp::ListEntry& entry) { return disabled.contains(entry.identity); });
    }
    if (std::equal(kept.cbegin(), kept.cend(), fresh.cbegin(), fresh.cend(),
                   [](const mcp::ListEntry& a, const mcp::ListEntry& b) { return a.raw == b.raw; }))
        return false;
    kept = std::move(fresh);
    if (kind == mcp::ListKind::Tools) {
        QSet<QByteArray>& pages = m_lists[static_cast<std::size_t>(server)].toolPages;
        pages.clear();
        for (const mcp::ListEntry& entry : kept) {
            if (const QByteArray page = pageOf(entry); !page.isEmpty())
                pages.insert(page);
        }
    }
    ++m_generation;
    m_entries.removeIf([&](const auto& entry) { return entry.key().first == static_cast<int>(kind); });
    m_firstPages.removeIf([&](const auto& entry) { return entry.key().first == static_cast<int>(kind); });
    rebuildRoutes(kind);
    return true;
}

void Catalogue::offerAsTasks(int server, bool offered)
{
    bool& kept = m_lists[static_cast<std::size_t>(server)].runsTasks;
    if (std::exchange(kept, offered) == offered)
        return;
    ++m_generation;
    m_entries.clear();
    m_firstPages.clear();
}

void Catalogue::rebuildRoutes(mcp::ListKind kind)
{
    QHash<QByteArray, Route>& routes = m_routes[indexOf(kind)];
    routes.clear();
    for (std::size_t server = 0; server < m_lists.size(); ++server) {
        for (const mcp::ListEntry& entry : m_lists[server].kinds[indexOf(kind)]) {
            const int index = static_cast<int>(server);
            const QByteArray key = isNamed(kind) ? exposedName(index, entry.identity) : entry.identity;
            if (!routes.contains(key))
                routes.insert(key, {index, entry.identity});
        }
    }
}

std::optional<Catalogue::Route> Catalogue::find(mcp::ListKind kind, QByteArrayView exposedName, int view) const
{
    if (view == kNoServer)
        return std::nullopt;
    if (view >= 0) {
        const QByteArray local = exposedName.toByteArray();
        const bool disabled = kind == mcp::ListKind::Tools && m_servers[view].disabledTools.contains(local);
        return disabled ? std::nullopt : std::optional<Route>({view, local});
    }
    const auto it = m_routes[indexOf(kind)].constFind(QByteArray::fromRawData(exposedName.data(), exposedName.size()));
    if (it != m_routes[indexOf(kind)].constEnd())
        return *it;
    if (!isPrefixed())
        return m_servers.size() == 1 ? find(kind, exposedName, 0) : std::nullopt;
    const auto split = m_names.split(exposedName);
    if (!split ||
        (kind == mcp::ListKind::Tools && !m_lists[static_cast<std::size_t>(split->server)].kinds[indexOf(kind)].empty()))
        return std::nullopt;
    return find(kind, split->local, split->server);
}

std::optional<Catalogue::Route> Catalogue::findResource(QByteArrayView uri, int view) const
{
    if (view == kNoServer)
        return std::nullopt;
    const QByteArray text = uri.toByteArray();
    if (view >= 0)
        return Route{view, text};
    const auto& listed = m_routes[indexOf(mcp::ListKind::Resources)];
    if (const auto it = listed.constFind(text); it != listed.constEnd())
        return *it;
    for (std::size_t server = 0; server < m_lists.size(); ++server) {
        for (const mcp::ListEntry& entry : m_lists[server].kinds[indexOf(mcp::ListKind::ResourceTemplates)]) {
            if (entry.identity == uri || matchesTemplate(uri, entry.identity))
                return Route{static_cast<int>(server), text};
        }
    }
    for (std::size_t server = 0; server < m_lists.size(); ++server) {
        if (m_lists[server].toolPages.contains(text))
            return Route{static_cast<int>(server), text};
    }
    if (m_servers.size() == 1)
        return Route{0, text};
    return std::nullopt;
}

bool Catalogue::isTaskForm(mcp::ListKind kind, mcp::Revision revision) const
{
    return kind == mcp::ListKind::Tools && revision == mcp::Revision::V2025_11_25 &&
           std::any_of(m_lists.cbegin(), m_lists.cend(), [](const ServerLists& lists) { return lists.runsTasks; });
}

const std::vector<QByteArray>& Catalogue::entriesOf(mcp::ListKind kind, int view, bool asTasks) const
{
    const std::pair<int, int> key(static_cast<int>(kind), view * 2 + (asTasks ? 1 : 0));
    if (const auto it = m_entries.constFind(key); it != m_entries.constEnd())
        return *it;
    std::vector<QByteArray> entries;
    QSet<QByteArray> seen;
    const bool prefixed = view == kAllServers && isNamed(kind) && isPrefixed();
    for (std::size_t server = 0; server < m_lists.size(); ++server) {
        const int index = static_cast<int>(server);
        if (view != kAllServers && view != index)
            continue;
        for (const mcp::ListEntry& entry : m_lists[server].kinds[indexOf(kind)]) {
            const QByteArray name = prefixed ? m_names.join(index, entry.identity) : entry.identity;
            if (seen.contains(name))
                continue;
            seen.insert(name);
            QByteArray shown = prefixed ? mcp::withIdentity(entry, name) : entry.raw;
            entries.push_back(asTasks && m_lists[server].runsTasks ? withTaskSupport(shown) : std::move(shown));
        }
    }
    return *m_entries.insert(key, std::move(entries));
}

Result<QByteArray> Catalogue::list(mcp::ListKind kind, int view, const std::optional<QByteArray>& cursor,
                                   mcp::Revision revision) const
{
    const bool modern = mcp::isModern(revision);
    const bool asTasks = isTaskForm(kind, revision);
    const std::pair<int, int> key(static_cast<int>(kind), view * 4 + (modern ? 1 : 0) + (asTasks ? 2 : 0));
    if (!cursor) {
        if (const auto it = m_firstPages.constFind(key); it != m_firstPages.constEnd())
            return *it;
    }
    std::size_t offset = 0;
    if (cursor) {
        const auto position = mcp::decodeCursor(kind, *cursor);
        if (!position)
            return fail(position.error());
        if (position->generation != m_generation)
            return fail(ErrorCode::InvalidArgument,
                        QStringLiteral("the list changed since this cursor was made; list again from the start"));
        offset = position->offset;
    }
    const std::vector<QByteArray>& entries = entriesOf(kind, view, asTasks);
    offset = std::min(offset, entries.size());
    const std::size_t count = std::min(kPageSize, entries.size() - offset);
    mcp::ListResultOptions options;
    options.modern = modern;
    if (offset + count < entries.size())
        options.nextCursor = mcp::encodeCursor({kind, m_generation, static_cast<std::uint32_t>(offset + count)});
    QByteArray result = mcp::makeListResult(kind, std::span(entries).subspan(offset, count), options);
    if (!cursor)
        m_firstPages.insert(key, result);
    return result;
}

} // namespace oriel::gateway
