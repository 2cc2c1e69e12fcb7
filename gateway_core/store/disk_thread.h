// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace oriel::store {

/// The thread on which a store touches its disk. It sleeps without a time-out while nothing is to be written; after markDirty()
/// it calls `write` within the interval, and again with growing pauses (1 s to 30 s) while that fails.
class DiskThread {
public:
    /// `write` writes and syncs everything that is pending; called on the thread only.
    DiskThread(std::int64_t intervalNs, std::function<Status()> write);
    ~DiskThread();
    DiskThread(const DiskThread&) = delete;
    DiskThread& operator=(const DiskThread&) = delete;

    void start();
    /// Writes what is pending once more and joins.
    void stop();
    [[nodiscard]] bool isRunning() const { return m_running.load(std::memory_order_acquire); }

    /// Something is to be written. Cheap when that was known already.
    void markDirty();
    /// Writes at once and waits for it.
    Status flush();
    /// Runs a task on the thread, after those posted before.
    void post(std::function<void()> task);
    /// The error of the last write; empty when it succeeded.
    [[nodiscard]] QString lastError() const;

private:
    void run();
    Status writeOnce();

    const std::int64_t m_intervalNs;
    const std::function<Status()> m_write;
    std::atomic<bool> m_dirty{false};
    std::atomic<bool> m_running{false};
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::condition_variable m_flushed;
    std::deque<std::function<void()>> m_tasks;
    std::uint64_t m_flushAsked = 0;
    std::uint64_t m_flushDone = 0;
    Status m_flushStatus;
    Status m_last;
    bool m_stop = false;
    std::thread m_thread;
};

} // namespace oriel::store
