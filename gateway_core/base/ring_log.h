// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace oriel {

/// The last `capacity` items of an endless sequence, each with an id that counts up from 1. Any number of readers ask for what
/// came after the id they know and learn how many they missed. Writers overwrite the oldest and never wait for readers. T is
/// copied out to readers. All functions are thread-safe.
template <class T> class RingLog {
public:
    /// `capacity` is in items, at least 1. Memory is taken as items arrive.
    explicit RingLog(std::size_t capacity) : m_capacity(capacity == 0 ? 1 : capacity) {}

    RingLog(const RingLog&) = delete;
    RingLog& operator=(const RingLog&) = delete;

    struct Appended {
        std::uint64_t id = 0;
        bool wakeUp = false; ///< nobody has been woken since the last since(): the caller wakes the readers
    };
    Appended append(T item)
    {
        const std::scoped_lock lock(m_mutex);
        const std::uint64_t id = ++m_lastId;
        const auto slot = static_cast<std::size_t>((id - 1) % m_capacity);
        if (slot == m_items.size()) {
            m_items.push_back(std::move(item));
        } else {
            // The overwritten item is destroyed with the parameter, after the lock is released.
            std::swap(m_items[slot], item);
        }
        return {id, !std::exchange(m_wakeUpPending, true)};
    }

    struct Batch {
        std::uint64_t firstId = 0; ///< of the first item given; meaningless when there is none
        std::uint64_t lastId = 0;  ///< to ask with next time
        std::uint64_t missed = 0;  ///< items after the asked id that were overwritten before they could be given
        std::vector<T> items;      ///< in order; ids count up from firstId without gaps
    };
    /// What came after `id` (0: from the oldest kept), at most `most` items from the oldest on.
    [[nodiscard]] Batch since(std::uint64_t id, std::size_t most = static_cast<std::size_t>(-1))
    {
        Batch batch;
        const std::scoped_lock lock(m_mutex);
        m_wakeUpPending = false;
        const std::uint64_t oldest = m_lastId - m_items.size() + 1;
        // An id from the future belongs to another log: start over rather than wait for it.
        const std::uint64_t wanted = id > m_lastId ? oldest : id + 1;
        batch.firstId = std::max(wanted, oldest);
        batch.missed = batch.firstId - wanted;
        const std::uint64_t available = m_lastId + 1 - batch.firstId;
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(available, most));
        batch.items.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            batch.items.push_back(m_items[static_cast<std::size_t>((batch.firstId - 1 + i) % m_capacity)]);
        }
        batch.lastId = batch.firstId + count - 1;
        return batch;
    }

    /// 0 before the first item.
    [[nodiscard]] std::uint64_t lastId() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_lastId;
    }
    [[nodiscard]] std::size_t size() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_items.size();
    }
    [[nodiscard]] std::size_t capacity() const { return m_capacity; }

private:
    const std::size_t m_capacity;
    mutable std::mutex m_mutex;
    std::vector<T> m_items;
    std::uint64_t m_lastId = 0;
    bool m_wakeUpPending = false;
};

} // namespace oriel
