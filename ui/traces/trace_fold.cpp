// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_fold.h"

#include <algorithm>

namespace oriel::ui {

TraceFold::TraceFold(std::shared_ptr<const TraceIndex> index)
    : m_index(std::move(index)),
      m_folded(m_index ? m_index->size() : 0, false)
{
    rebuild();
}

int TraceFold::positionOf(std::uint32_t row) const
{
    const auto after = std::upper_bound(m_rows.begin(), m_rows.end(), row);
    return static_cast<int>(after - m_rows.begin()) - 1;
}

bool TraceFold::setFolded(std::uint32_t row, bool folded)
{
    if (row >= m_folded.size() || m_folded[row] == folded || !m_index->hasChildren(row))
        return false;
    m_folded[row] = folded;
    rebuild();
    return true;
}

void TraceFold::foldAll()
{
    for (std::uint32_t row = 0; row < m_folded.size(); ++row)
        m_folded[row] = m_index->hasChildren(row);
    rebuild();
}

void TraceFold::unfoldAll()
{
    std::fill(m_folded.begin(), m_folded.end(), false);
    rebuild();
}

std::uint32_t TraceFold::deepestSeen() const
{
    std::uint32_t deepest = 0;
    for (const std::uint32_t row : m_rows)
        deepest = std::max(deepest, m_index->depth(row));
    return deepest;
}

void TraceFold::unfoldLevel()
{
    std::uint32_t shallowest = TraceIndex::none;
    for (const std::uint32_t row : m_rows) {
        if (m_folded[row])
            shallowest = std::min(shallowest, m_index->depth(row));
    }
    if (shallowest == TraceIndex::none)
        return;
    for (const std::uint32_t row : m_rows) {
        if (!m_folded[row] || m_index->depth(row) != shallowest)
            continue;
        m_folded[row] = false;
        for (std::uint32_t child = row + 1; child < row + m_index->subtree(row); child += m_index->subtree(child))
            m_folded[child] = m_index->hasChildren(child);
    }
    rebuild();
}

void TraceFold::foldLevel()
{
    const std::uint32_t deepest = deepestSeen();
    if (deepest == 0)
        return;
    for (const std::uint32_t row : m_rows) {
        if (m_index->depth(row) == deepest)
            m_folded[m_index->parent(row)] = true;
    }
    rebuild();
}

bool TraceFold::reveal(std::uint32_t row)
{
    if (row >= m_folded.size())
        return false;
    bool changed = false;
    for (std::uint32_t above = m_index->parent(row); above != TraceIndex::none; above = m_index->parent(above)) {
        changed = changed || m_folded[above];
        m_folded[above] = false;
    }
    if (changed)
        rebuild();
    return changed;
}

void TraceFold::adopt(const TraceFold& before, const std::vector<std::uint32_t>& newRowOfOld)
{
    for (std::uint32_t old = 0; old < before.m_folded.size() && old < newRowOfOld.size(); ++old) {
        const std::uint32_t row = newRowOfOld[old];
        if (before.m_folded[old] && row < m_folded.size() && m_index->hasChildren(row))
            m_folded[row] = true;
    }
    rebuild();
}

void TraceFold::rebuild()
{
    m_rows.clear();
    m_foldedCount = 0;
    const auto count = static_cast<std::uint32_t>(m_folded.size());
    m_rows.reserve(count);
    for (std::uint32_t row = 0; row < count;) {
        m_rows.push_back(row);
        const bool folded = m_folded[row];
        m_foldedCount += folded ? 1 : 0;
        row += folded ? m_index->subtree(row) : 1;
    }
}

} // namespace oriel::ui
