// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_keys.h"

#include "base/json_text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace oriel::json {

namespace {

constexpr std::uint32_t SmallObject = 16;

QByteArrayView contentOf(QByteArrayView all, const Document::Node& node)
{
    return all.sliced(node.begin + 1, node.end - node.begin - 2);
}

/// Three-way comparison of two keys by their unescaped content. An object without a single escape is compared by length and
/// bytes; one with escapes by code points throughout, so that sorting always sees one order.
int compareKeys(QByteArrayView all, const Document::Node& a, const Document::Node& b, bool anyEscaped)
{
    const QByteArrayView left = contentOf(all, a);
    const QByteArrayView right = contentOf(all, b);
    if (!anyEscaped) {
        if (left.size() != right.size()) {
            return left.size() < right.size() ? -1 : 1;
        }
        return left.isEmpty() ? 0 : std::memcmp(left.data(), right.data(), static_cast<std::size_t>(left.size()));
    }
    text::Unescaper x(left);
    text::Unescaper y(right);
    while (!x.atEnd() && !y.atEnd()) {
        const char32_t cx = x.next();
        const char32_t cy = y.next();
        if (cx != cy) {
            return cx < cy ? -1 : 1;
        }
    }
    return x.atEnd() ? (y.atEnd() ? 0 : -1) : 1;
}

/// FNV-1a over code points or over bytes, as compareKeys compares.
std::uint64_t hashKey(QByteArrayView content, bool anyEscaped)
{
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    constexpr std::uint64_t Prime = 0x100000001B3ULL;
    if (anyEscaped) {
        for (text::Unescaper cursor(content); !cursor.atEnd();) {
            hash = (hash ^ cursor.next()) * Prime;
        }
        return hash;
    }
    const char* at = content.data();
    qsizetype left = content.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * Prime;
        hash ^= hash >> 29U;
    }
    for (; left > 0; ++at, --left) {
        hash = (hash ^ static_cast<unsigned char>(*at)) * Prime;
    }
    return hash;
}

std::uint32_t duplicateAmongFew(QByteArrayView all, const Nodes& nodes, std::uint32_t object)
{
    std::array<std::uint32_t, SmallObject> keys;
    std::array<std::uint64_t, SmallObject> prints;
    std::uint32_t count = 0;
    bool anyEscaped = false;
    const std::uint32_t end = nodes[object].next;
    for (std::uint32_t key = object + 1; key != end; key = nodes[key + 1].next) {
        const Document::Node& node = nodes[key];
        keys[count] = key;
        anyEscaped = anyEscaped || node.escaped != 0;
        // The first eight bytes and the length: different prints prove different plain keys.
        const std::uint32_t length = node.end - node.begin - 2;
        std::uint64_t head = 0;
        const char* const from = all.data() + node.begin + 1;
        if (all.end() - from >= 8) {
            std::memcpy(&head, from, 8);
            if (length < 8) {
                head &= (1ULL << (length * 8U)) - 1U;
            }
        } else {
            std::memcpy(&head, from, length);
        }
        prints[count++] = head ^ (static_cast<std::uint64_t>(length) * 0x9E3779B97F4A7C15ULL);
    }
    for (std::uint32_t i = 1; i < count; ++i) {
        for (std::uint32_t j = 0; j < i; ++j) {
            if ((prints[i] == prints[j] || anyEscaped) && compareKeys(all, nodes[keys[i]], nodes[keys[j]], anyEscaped) == 0) {
                return keys[i];
            }
        }
    }
    return NoNode;
}

std::uint32_t duplicateAmongMany(QByteArrayView all, const Nodes& nodes, std::uint32_t object, KeyScratch& keys)
{
    keys.clear();
    const std::uint32_t end = nodes[object].next;
    bool anyEscaped = false;
    for (std::uint32_t key = object + 1; key != end; key = nodes[key + 1].next) {
        anyEscaped = anyEscaped || nodes[key].escaped != 0;
        keys.emplace_back(0, key);
    }
    for (auto& [hash, key] : keys) {
        hash = hashKey(contentOf(all, nodes[key]), anyEscaped);
    }
    // Content breaks ties, so keys made to collide cost a sort and not a quadratic scan.
    std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
        if (a.first != b.first) {
            return a.first < b.first;
        }
        const int order = compareKeys(all, nodes[a.second], nodes[b.second], anyEscaped);
        return order != 0 ? order < 0 : a.second < b.second;
    });
    for (std::size_t i = 1; i < keys.size(); ++i) {
        if (keys[i].first == keys[i - 1].first &&
            compareKeys(all, nodes[keys[i].second], nodes[keys[i - 1].second], anyEscaped) == 0) {
            return keys[i].second;
        }
    }
    return NoNode;
}

} // namespace

std::uint32_t findDuplicateKey(QByteArrayView all, const Nodes& nodes, std::uint32_t object, KeyScratch& scratch)
{
    return nodes[object].count <= SmallObject ? duplicateAmongFew(all, nodes, object)
                                              : duplicateAmongMany(all, nodes, object, scratch);
}

} // namespace oriel::json
