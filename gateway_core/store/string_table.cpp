// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/string_table.h"

#include <QHash>

#include <cstring>

namespace oriel::store {

namespace {

constexpr std::size_t kArenaBlock = 32 * 1024;

/// Both halves of a 128-bit product folded together.
std::uint64_t folded(std::uint64_t a, std::uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
#else
    const std::uint64_t product = a * (b | 1U);
    return product ^ (product >> 29U) ^ (a >> 32U) * (b >> 32U);
#endif
}

std::uint64_t load(const char* at, std::size_t size)
{
    std::uint64_t word = 0;
    std::memcpy(&word, at, size);
    return word;
}

/// A multiplicative hash, seeded for each process so that nobody outside can choose strings that collide. Qt's own costs four
/// times as much for the short strings that are the rule here.
std::uint32_t hashOf(QByteArrayView text)
{
    static const std::uint64_t kSeed =
        qHash(quint64{0x5bd1e995}, QHashSeed::globalSeed()) ^ (static_cast<std::uint64_t>(QHashSeed::globalSeed()) << 17U);
    const char* at = text.data();
    auto left = static_cast<std::size_t>(text.size());
    std::uint64_t hash = kSeed ^ (left * 0x9e3779b97f4a7c15ULL);
    for (; left > 8; left -= 8, at += 8)
        hash = folded(hash ^ load(at, 8), 0xd6e8feb86659fd93ULL ^ kSeed);
    if (left > 0)
        hash = folded(hash ^ load(at, left), 0xa0761d6478bd642fULL ^ kSeed);
    hash = folded(hash, 0xe7037ed1a0b428dbULL);
    return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

} // namespace

StringTable::StringTable()
{
    intern({});
}

char* StringTable::allocate(std::size_t size)
{
    if (size > kArenaBlock / 4) {
        m_arena.push_back(std::make_unique<char[]>(size));
        m_bytes.fetch_add(static_cast<std::int64_t>(size), std::memory_order_relaxed);
        return m_arena.back().get();
    }
    if (size > m_left) {
        m_arena.push_back(std::unique_ptr<char[]>(new char[kArenaBlock]));
        m_free = m_arena.back().get();
        m_left = kArenaBlock;
        m_bytes.fetch_add(static_cast<std::int64_t>(kArenaBlock), std::memory_order_relaxed);
    }
    char* out = m_free;
    m_free += size;
    m_left -= size;
    return out;
}

std::uint32_t StringTable::add(QByteArrayView text)
{
    const std::uint32_t id = m_size.load(std::memory_order_relaxed);
    if (id >= kMaxStrings)
        return kFull;
    std::unique_ptr<Entry[]>& block = m_blocks[id / kBlock];
    if (!block) {
        block = std::unique_ptr<Entry[]>(new Entry[kBlock]);
        m_bytes.fetch_add(static_cast<std::int64_t>(sizeof(Entry) * kBlock), std::memory_order_relaxed);
    }
    const auto size = static_cast<std::size_t>(text.size());
    char* data = nullptr;
    if (size != 0) {
        data = allocate(size);
        std::memcpy(data, text.data(), size);
    }
    block[id % kBlock] = {data, static_cast<std::uint32_t>(size), hashOf(text)};
    m_size.store(id + 1, std::memory_order_release);
    return id;
}

void StringTable::rehash(std::size_t slots)
{
    m_bytes.fetch_add((static_cast<std::int64_t>(slots) - static_cast<std::int64_t>(m_slots.size())) * 4,
                      std::memory_order_relaxed);
    m_slots.assign(slots, 0);
    const std::uint32_t count = m_size.load(std::memory_order_relaxed);
    for (std::uint32_t id = 0; id < count; ++id) {
        std::size_t slot = m_blocks[id / kBlock][id % kBlock].hash & (slots - 1);
        while (m_slots[slot] != 0)
            slot = (slot + 1) & (slots - 1);
        m_slots[slot] = id + 1;
    }
}

std::uint32_t StringTable::intern(QByteArrayView text)
{
    const std::uint32_t count = m_size.load(std::memory_order_relaxed);
    if (static_cast<std::size_t>(count + 1) * 3 > m_slots.size() * 2)
        rehash(std::max<std::size_t>(256, m_slots.size() * 2));
    const std::uint32_t hash = hashOf(text);
    std::size_t slot = hash & (m_slots.size() - 1);
    while (m_slots[slot] != 0) {
        const std::uint32_t id = m_slots[slot] - 1;
        const Entry& entry = m_blocks[id / kBlock][id % kBlock];
        if (entry.hash == hash && entry.size == static_cast<std::size_t>(text.size()) &&
            (entry.size == 0 || std::memcmp(entry.data, text.data(), entry.size) == 0))
            return id;
        slot = (slot + 1) & (m_slots.size() - 1);
    }
    const std::uint32_t id = add(text);
    if (id != kFull)
        m_slots[slot] = id + 1;
    return id;
}

void StringTable::seal()
{
    m_bytes.fetch_sub(static_cast<std::int64_t>(m_slots.size()) * 4, std::memory_order_relaxed);
    m_slots = {};
}

std::uint32_t StringTable::find(QByteArrayView text) const
{
    const std::uint32_t hash = hashOf(text);
    const std::uint32_t count = size();
    for (std::uint32_t id = 0; id < count; ++id) {
        const Entry& entry = m_blocks[id / kBlock][id % kBlock];
        if (entry.hash == hash && QByteArrayView(entry.data, static_cast<qsizetype>(entry.size)) == text)
            return id;
    }
    return kFull;
}

} // namespace oriel::store
