// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace oriel {

/// A bounded buffer from many producing threads to one draining thread. When it is full, what comes is dropped and counted: a
/// producer never waits for room. The lock is held for one append or one swap of vectors, never while anything is formatted or
/// freed. All functions are thread-safe.
///
///     if (queue.push(std::move(record)) == Pushed::WakeUp) { post one event to the drainer }
///     … drainer: const auto drained = queue.drain(batch);
enum class Pushed : std::uint8_t {
    Dropped, ///< full
    Queued,
    WakeUp, ///< queued, and the drainer has not been woken since it last drained: the caller wakes it
};

template <class T> class BoundedQueue {
public:
    /// `capacity` is in items, at least 1.
    explicit BoundedQueue(std::size_t capacity) : m_capacity(capacity == 0 ? 1 : capacity) {}

    BoundedQueue(const BoundedQueue&) = delete;
    BoundedQueue& operator=(const BoundedQueue&) = delete;

    /// A dropped item is destroyed in the caller, after the lock is released.
    [[nodiscard]] Pushed push(T item)
    {
        const std::scoped_lock lock(m_mutex);
        if (m_items.size() >= m_capacity) {
            ++m_dropped;
            ++m_droppedTotal;
            return Pushed::Dropped;
        }
        m_items.push_back(std::move(item));
        return std::exchange(m_wakeUpPending, true) ? Pushed::Queued : Pushed::WakeUp;
    }

    struct Drained {
        std::size_t count = 0;
        std::uint64_t dropped = 0; ///< since the drain before
    };
    /// Replaces the content of `out` by everything queued, in order of arrival. Pass the same vector each time: its memory is
    /// swapped back in, so that a warm queue allocates nothing.
    Drained drain(std::vector<T>& out)
    {
        out.clear();
        const std::scoped_lock lock(m_mutex);
        m_items.swap(out);
        m_wakeUpPending = false;
        return {out.size(), std::exchange(m_dropped, 0)};
    }

    [[nodiscard]] std::size_t size() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_items.size();
    }
    [[nodiscard]] std::size_t capacity() const { return m_capacity; }
    /// Since construction.
    [[nodiscard]] std::uint64_t droppedTotal() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_droppedTotal;
    }

private:
    const std::size_t m_capacity;
    mutable std::mutex m_mutex;
    std::vector<T> m_items;
    std::uint64_t m_dropped = 0;
    std::uint64_t m_droppedTotal = 0;
    bool m_wakeUpPending = false;
};

} // namespace oriel
