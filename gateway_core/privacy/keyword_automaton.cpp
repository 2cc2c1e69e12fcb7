// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/keyword_automaton.h"

#include "privacy/text_chars.h"

#include <algorithm>

namespace oriel::privacy {

void KeywordAutomaton::add(std::string_view keyword, std::uint32_t id)
{
    std::string folded(keyword);
    m_longest = std::max(m_longest, folded.size());
    std::transform(folded.begin(), folded.end(), folded.begin(), toLower);
    m_keywords.push_back({std::move(folded), id});
}

void KeywordAutomaton::build()
{
    std::uint32_t classes = 1; // class 0: bytes of no keyword
    std::array<std::uint8_t, 256> classOf{};
    for (const Keyword& keyword : m_keywords) {
        for (const char c : keyword.text) {
            std::uint8_t& entry = classOf[static_cast<unsigned char>(c)];
            if (entry == 0)
                entry = static_cast<std::uint8_t>(classes++);
        }
    }
    for (unsigned char c = 'A'; c <= 'Z'; ++c)
        classOf[c] = classOf[static_cast<unsigned char>(toLower(static_cast<char>(c)))];

    // The trie, states in order of creation; kNone marks an edge that is not there yet.
    constexpr std::uint32_t kNone = UINT32_MAX;
    std::vector<std::uint32_t> edges(classes, kNone);
    std::vector<std::vector<std::uint32_t>> ends(1);
    for (const Keyword& keyword : m_keywords) {
        std::uint32_t state = 0;
        for (const char c : keyword.text) {
            const std::size_t edge = std::size_t{state} * classes + classOf[static_cast<unsigned char>(c)];
            if (edges[edge] == kNone) {
                edges[edge] = static_cast<std::uint32_t>(ends.size());
                edges.resize(edges.size() + classes, kNone);
                ends.emplace_back();
            }
            state = edges[edge];
        }
        ends[state].push_back(keyword.id);
    }

    // Breadth first: failure edges become direct transitions, and what a suffix ends is ended by the state too.
    std::vector<std::uint32_t> order{0};
    std::vector<std::uint32_t> failure(ends.size(), 0);
    for (std::size_t next = 0; next < order.size(); ++next) {
        const std::uint32_t state = order[next];
        for (std::uint32_t c = 0; c < classes; ++c) {
            std::uint32_t& edge = edges[std::size_t{state} * classes + c];
            const std::uint32_t fallback = state == 0 ? 0 : edges[std::size_t{failure[state]} * classes + c];
            if (edge == kNone) {
                edge = fallback;
                continue;
            }
            failure[edge] = fallback;
            ends[edge].insert(ends[edge].end(), ends[fallback].begin(), ends[fallback].end());
            order.push_back(edge);
        }
    }

    // Shallow states first (they are the hot ones), those that end a keyword last.
    std::stable_partition(order.begin(), order.end(), [&ends](std::uint32_t state) { return ends[state].empty(); });
    std::vector<std::uint32_t> number(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        number[order[i]] = static_cast<std::uint32_t>(i) * classes;
    m_table.resize(order.size() * classes);
    m_firstAccepting = UINT32_MAX;
    m_outputs.clear();
    m_ids.clear();
    for (const std::uint32_t state : order) {
        for (std::uint32_t c = 0; c < classes; ++c)
            m_table[number[state] + c] = number[edges[std::size_t{state} * classes + c]];
        if (ends[state].empty())
            continue;
        m_firstAccepting = std::min(m_firstAccepting, number[state]);
        const auto begin = static_cast<std::uint32_t>(m_ids.size());
        m_ids.insert(m_ids.end(), ends[state].begin(), ends[state].end());
        m_outputs.push_back({begin, static_cast<std::uint32_t>(m_ids.size())});
    }
    m_classes = classes;
    m_classOf = classOf;
    m_keywords.clear();
}

} // namespace oriel::privacy
