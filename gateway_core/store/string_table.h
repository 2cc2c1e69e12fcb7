// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace oriel::store {

/// Strings kept once, numbered from 0 (which is the empty string). One thread writes; any thread reads the strings below size()
/// without a lock. Strings never move or go before the table does.
class StringTable {
public:
    static constexpr std::uint32_t kMaxStrings = 1024U * 1024U;
    static constexpr std::uint32_t kFull = 0xFFFFFFFFU;

    StringTable();
    StringTable(const StringTable&) = delete;
    StringTable& operator=(const StringTable&) = delete;

    // --- the writer ---
    /// The number of the string; kFull when the table holds kMaxStrings.
    std::uint32_t intern(QByteArrayView text);
    /// Appends without looking for an equal one: for reading a file back with its numbers.
    std::uint32_t add(QByteArrayView text);
    /// No string will come any more: frees what only the writer needs.
    void seal();

    // --- any thread ---
    [[nodiscard]] std::uint32_t size() const { return m_size.load(std::memory_order_acquire); }
    /// Empty for a number that is not there.
    [[nodiscard]] QByteArrayView at(std::uint32_t id) const
    {
        if (id >= m_size.load(std::memory_order_acquire))
            return {};
        const Entry& entry = m_blocks[id / kBlock][id % kBlock];
        return {entry.data, static_cast<qsizetype>(entry.size)};
    }
    /// The number of an equal string among those present, or kFull. Linear.
    [[nodiscard]] std::uint32_t find(QByteArrayView text) const;
    [[nodiscard]] std::int64_t memoryBytes() const { return m_bytes.load(std::memory_order_relaxed); }

private:
    static constexpr std::uint32_t kBlock = 1024;
    struct Entry {
        const char* data;
        std::uint32_t size;
        std::uint32_t hash;
    };
    char* allocate(std::size_t size);
    void rehash(std::size_t slots);

    std::array<std::unique_ptr<Entry[]>, kMaxStrings / kBlock> m_blocks;
    std::atomic<std::uint32_t> m_size{0};
    std::atomic<std::int64_t> m_bytes{0};
    // The writer's alone:
    std::vector<std::unique_ptr<char[]>> m_arena;
    char* m_free = nullptr;
    std::size_t m_left = 0;
    std::vector<std::uint32_t> m_slots; ///< id + 1; 0: empty
};

} // namespace oriel::store
