// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "mcp/methods.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace oriel::mcp {

enum class ListKind : std::uint8_t { Tools, Prompts, Resources, ResourceTemplates };

/// The list method's kind, or nothing.
[[nodiscard]] std::optional<ListKind> listKindOf(MethodId method);
[[nodiscard]] MethodId listMethod(ListKind kind);
/// The result's array: "tools", "prompts", "resources", "resourceTemplates".
[[nodiscard]] QByteArrayView listKey(ListKind kind);
/// The member that identifies an entry: "name", "uri" or "uriTemplate".
[[nodiscard]] QByteArrayView identityKey(ListKind kind);

/// One tool, prompt, resource or template: what the gateway and the console need, and the server's own JSON.
struct ListEntry {
    QByteArray name;     ///< the `name` member
    QByteArray identity; ///< what requests name it by: name, uri or uriTemplate
    QByteArray title;
    QByteArray description;
    QByteArray raw;          ///< the entry's JSON, untouched
    json::Span identitySpan; ///< of the identity's value within `raw`
    // Tools: annotations (untrusted hints; defaults as the specification has them)
    bool readOnlyHint = false;
    bool destructiveHint = true;
    bool idempotentHint = false;
    bool openWorldHint = true;
    bool hasOutputSchema = false;
    enum class TaskSupport : std::uint8_t { Forbidden, Optional, Required };
    TaskSupport taskSupport = TaskSupport::Forbidden; ///< execution.taskSupport
};

/// One page of a list result.
struct ListPage {
    std::vector<ListEntry> entries;
    std::optional<QByteArray> nextCursor; ///< the empty string is a cursor too
    std::optional<std::int64_t> ttlMs;    ///< 2026-07-28
    std::optional<bool> isPublic;         ///< 2026-07-28 cacheScope
    std::uint32_t skipped = 0;            ///< entries left out because their identity was missing or no string
};

/// `result` is the result object of a list method.
[[nodiscard]] Result<ListPage> parseListPage(ListKind kind, const json::Value& result);

/// The entry's JSON with another identity (a prefixed name); everything else byte for byte.
[[nodiscard]] QByteArray withIdentity(const ListEntry& entry, QByteArrayView identity);

/// A result object of entries that are JSON text already. Modern results carry resultType, ttlMs and cacheScope.
struct ListResultOptions {
    std::optional<QByteArray> nextCursor;
    bool modern = false;
    std::int64_t ttlMs = 0;
    bool isPublic = false;
};
[[nodiscard]] QByteArray makeListResult(ListKind kind, std::span<const QByteArray> entries,
                                        const ListResultOptions& options = {});

/// Our own position in an aggregated list; opaque to clients. `generation` is the catalogue's, so that a cursor of an older
/// catalogue is recognised.
struct Cursor {
    ListKind kind = ListKind::Tools;
    std::uint64_t generation = 0;
    std::uint32_t offset = 0;
    bool operator==(const Cursor&) const = default;
};
[[nodiscard]] QByteArray encodeCursor(const Cursor& cursor);
/// InvalidArgument (answer with -32602) for everything that encodeCursor did not make for this kind.
[[nodiscard]] Result<Cursor> decodeCursor(ListKind kind, QByteArrayView text);

} // namespace oriel::mcp
