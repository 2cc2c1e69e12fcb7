// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/traces/trace_index.h"

#include <QtGlobal>

#include <algorithm>
#include <random>
#include <vector>

namespace oriel::ui::shapes {

inline SpanId spanId(std::uint64_t number)
{
    return SpanId{number};
}

inline IndexInput span(std::uint64_t id, std::uint64_t parent, std::int64_t start, std::int64_t end)
{
    IndexInput input;
    input.id = spanId(id);
    input.parent = spanId(parent);
    input.startNs = start;
    input.endNs = end;
    return input;
}

/// One parent, `leaves` children one after the other.
inline std::vector<IndexInput> wide(std::uint32_t leaves)
{
    std::vector<IndexInput> spans{span(1, 0, 0, static_cast<std::int64_t>(leaves) * 10 + 10)};
    for (std::uint32_t i = 0; i < leaves; ++i)
        spans.push_back(span(i + 2, 1, static_cast<std::int64_t>(i) * 10, static_cast<std::int64_t>(i) * 10 + 8));
    return spans;
}

/// Every span the only child of the one before.
inline std::vector<IndexInput> deep(std::uint32_t count)
{
    std::vector<IndexInput> spans;
    for (std::uint32_t i = 0; i < count; ++i)
        spans.push_back(span(i + 1, i, i, 2LL * count - i));
    return spans;
}

/// Children of any size at any place, overlapping, some reaching over their parents' ends; shuffled.
inline std::vector<IndexInput> randomTree(std::uint32_t count, unsigned seed)
{
    std::mt19937 random(seed);
    const auto upTo = [&random](std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(0, most))(random);
    };
    std::vector<IndexInput> spans{span(1, 0, 0, 1'000'000)};
    for (std::uint32_t i = 1; i < count; ++i) {
        const IndexInput above =
            spans[static_cast<std::size_t>(upTo(std::min<std::int64_t>(i - 1, 400)) + (i > 401 ? i - 401 : 0))];
        const std::int64_t length = std::max<std::int64_t>(1, above.endNs - above.startNs);
        const std::int64_t start = above.startNs + upTo(length);
        IndexInput child = span(i + 1, above.id.value, start, start + upTo(length + length / 4));
        child.error = upTo(50) == 0;
        child.name = static_cast<std::uint32_t>(upTo(20));
        child.service = static_cast<std::uint32_t>(upTo(5));
        spans.push_back(child);
    }
    std::shuffle(spans.begin(), spans.end(), random);
    return spans;
}

} // namespace oriel::ui::shapes
