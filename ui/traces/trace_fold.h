// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/traces/trace_index.h"

#include <memory>

namespace oriel::ui {

/// Which spans of a trace are folded, and the rows that are seen because of it. GUI thread; costs one pass over the rows for each
/// change.
class TraceFold {
public:
    TraceFold() = default;
    explicit TraceFold(std::shared_ptr<const TraceIndex> index);

    [[nodiscard]] const std::vector<std::uint32_t>& rows() const { return m_rows; } ///< ascending
    [[nodiscard]] bool isFolded(std::uint32_t row) const { return m_folded[row]; }
    [[nodiscard]] bool anyFolded() const { return m_foldedCount > 0; }
    /// Position among rows() of `row`, or of the nearest span above it that is seen; −1 when there are no rows.
    [[nodiscard]] int positionOf(std::uint32_t row) const;

    /// False when nothing changed; leaves cannot be folded.
    bool setFolded(std::uint32_t row, bool folded);
    void foldAll();
    void unfoldAll();
    /// Shows one level more (or less) than now, in all branches.
    void unfoldLevel();
    void foldLevel();
    /// Unfolds everything above `row`; false when it was seen already.
    bool reveal(std::uint32_t row);
    /// Takes over the folded spans of another fold of the same trace, by the ids its owner maps.
    void adopt(const TraceFold& before, const std::vector<std::uint32_t>& newRowOfOld);

private:
    void rebuild();
    [[nodiscard]] std::uint32_t deepestSeen() const;

    std::shared_ptr<const TraceIndex> m_index;
    std::vector<bool> m_folded;
    std::vector<std::uint32_t> m_rows;
    std::uint32_t m_foldedCount = 0;
};

} // namespace oriel::ui
