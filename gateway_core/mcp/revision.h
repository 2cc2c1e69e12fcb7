// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <array>
#include <cstdint>
#include <optional>

namespace oriel::mcp {

/// The dated revisions of the protocol, oldest first. Up to 2025-11-25 the wire is "legacy" (initialize, sessions); 2026-07-28 is
/// "modern" (stateless, `server/discover`).
enum class Revision : std::uint8_t { V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28 };

inline constexpr std::size_t RevisionCount = 5;
inline constexpr std::array<Revision, RevisionCount> AllRevisions{
    Revision::V2024_11_05, Revision::V2025_03_26, Revision::V2025_06_18, Revision::V2025_11_25, Revision::V2026_07_28};
inline constexpr Revision NewestLegacy = Revision::V2025_11_25;
inline constexpr Revision NewestModern = Revision::V2026_07_28;
/// What an HTTP request without MCP-Protocol-Version means (2025-11-25 basic/transports, "Protocol Version Header").
inline constexpr Revision AssumedWithoutHeader = Revision::V2025_03_26;

[[nodiscard]] constexpr bool isModern(Revision revision)
{
    return revision >= Revision::V2026_07_28;
}
[[nodiscard]] constexpr bool isLegacy(Revision revision)
{
    return !isModern(revision);
}
/// Batches exist in 2025-03-26 only (added there, removed in 2025-06-18).
[[nodiscard]] constexpr bool allowsBatches(Revision revision)
{
    return revision == Revision::V2025_03_26;
}

/// "2025-11-25".
[[nodiscard]] QByteArrayView toText(Revision revision);
/// Exact text only; nothing for revisions that Oriel does not speak.
[[nodiscard]] std::optional<Revision> revisionFromText(QByteArrayView text);

} // namespace oriel::mcp
