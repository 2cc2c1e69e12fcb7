// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oriel::privacy {

/// Finds all occurrences of many keywords in one pass, ASCII letters in any case (Aho and Corasick's automaton as one dense
/// table). Internal to privacy/; immutable after build(), thread-safe.
class KeywordAutomaton {
public:
    /// Adds a keyword of at least one byte; `id` is given back with each occurrence. Before build() only.
    void add(std::string_view keyword, std::uint32_t id);
    void build();

    /// Calls `found(id, end)` for each occurrence, in order of its end (the offset behind its last byte). Stops when `found`
    /// answers false.
    template <class Found> void scan(std::string_view text, Found&& found) const
    {
        const std::uint32_t* const table = m_table.data();
        std::uint32_t state = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            state = table[state + m_classOf[static_cast<unsigned char>(text[i])]];
            if (state >= m_firstAccepting) [[unlikely]] {
                const Outputs& outputs = m_outputs[(state - m_firstAccepting) / m_classes];
                for (std::uint32_t k = outputs.begin; k < outputs.end; ++k) {
                    if (!found(m_ids[k], i + 1))
                        return;
                }
            }
        }
    }

private:
    struct Outputs {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    struct Keyword {
        std::string text;
        std::uint32_t id;
    };

    std::vector<Keyword> m_keywords;
    std::array<std::uint8_t, 256> m_classOf{};
    std::uint32_t m_classes = 1;
    std::uint32_t m_firstAccepting = 0;
    std::vector<std::uint32_t> m_table; // row of a state begins at its number; states that end a keyword have the highest numbers
    std::vector<Outputs> m_outputs;
    std::vector<std::uint32_t> m_ids;
};

} // namespace oriel::privacy
