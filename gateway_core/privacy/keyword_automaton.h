// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
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
        std::uint32_t state = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            state = next(state, text[i]);
            if (state >= m_firstAccepting) [[unlikely]] {
                const Outputs& outputs = outputsOf(state);
                for (std::uint32_t k = outputs.begin; k < outputs.end; ++k) {
                    if (!found(m_ids[k], i + 1))
                        return;
                }
            }
        }
    }

    /// The same in any order and to the end, `found(id, end)` answering nothing: each step of scan() waits for the one before, so
    /// four parts are walked at once.
    template <class Found> void scanAnyOrder(std::string_view text, Found&& found) const
    {
        constexpr std::size_t kLanes = 4;
        const std::size_t overlap = m_longest > 0 ? m_longest - 1 : 0;
        const std::size_t part = text.size() / kLanes;
        const auto report = [&](std::uint32_t state, std::size_t end) {
            const Outputs& outputs = outputsOf(state);
            for (std::uint32_t k = outputs.begin; k < outputs.end; ++k)
                found(m_ids[k], end);
        };
        std::array<std::size_t, kLanes> from{};
        std::array<std::size_t, kLanes> at{};
        std::array<std::uint32_t, kLanes> state{};
        const bool isLong = part > 2 * overlap;
        // What ends in a part begins no further before it than the longest keyword is long.
        for (std::size_t lane = 1; lane < kLanes; ++lane) {
            from[lane] = isLong ? lane * part : text.size();
            at[lane] = isLong ? from[lane] - overlap : text.size();
        }
        for (std::size_t step = 0; isLong && step < part; ++step) {
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                state[lane] = next(state[lane], text[at[lane]++]);
            if (std::max({state[0], state[1], state[2], state[3]}) < m_firstAccepting) [[likely]]
                continue;
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                if (state[lane] >= m_firstAccepting && at[lane] > from[lane])
                    report(state[lane], at[lane]);
            }
        }
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const std::size_t end = lane + 1 < kLanes ? from[lane + 1] : text.size();
            while (at[lane] < end) {
                state[lane] = next(state[lane], text[at[lane]++]);
                if (state[lane] >= m_firstAccepting && at[lane] > from[lane])
                    report(state[lane], at[lane]);
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

    [[nodiscard]] std::uint32_t next(std::uint32_t state, char c) const
    {
        return m_table.data()[state + m_classOf[static_cast<unsigned char>(c)]];
    }
    [[nodiscard]] const Outputs& outputsOf(std::uint32_t state) const
    {
        return m_outputs[(state - m_firstAccepting) / m_classes];
    }

    std::vector<Keyword> m_keywords;
    std::size_t m_longest = 0;
    std::array<std::uint8_t, 256> m_classOf{};
    std::uint32_t m_classes = 1;
    std::uint32_t m_firstAccepting = 0;
    std::vector<std::uint32_t> m_table; // row of a state begins at its number; states that end a keyword have the highest numbers
    std::vector<Outputs> m_outputs;
    std::vector<std::uint32_t> m_ids;
};

} // namespace oriel::privacy
