// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/revision.h"

namespace oriel::mcp {

namespace {
constexpr std::array<QByteArrayView, RevisionCount> Texts{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};
}

QByteArrayView toText(Revision revision)
{
    return Texts[static_cast<std::size_t>(revision)];
}

std::optional<Revision> revisionFromText(QByteArrayView text)
{
    for (const Revision revision : AllRevisions) {
        if (toText(revision) == text) {
            return revision;
        }
    }
    return std::nullopt;
}

} // namespace oriel::mcp
