// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/disk_thread.h"

#include "base/background_thread.h"

#include <algorithm>
#include <chrono>

namespace oriel::store {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

DiskThread::DiskThread(std::int64_t intervalNs, std::function<Status()> write)
    : m_intervalNs(intervalNs),
      m_write(std::move(write))
{}

DiskThread::~DiskThread()
{
    stop();
}

void DiskThread::start()
{
    if (m_thread.joinable())
        return;
    m_stop = false;
    m_running.store(true, std::memory_order_release);
    m_thread = std::thread([this] {
        enterBackground("oriel-disk");
        run();
    });
}

void DiskThread::stop()
{
    if (!m_thread.joinable())
        return;
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    m_thread.join();
    m_running.store(false, std::memory_order_release);
}

void DiskThread::markDirty()
{
    if (m_dirty.load(std::memory_order_relaxed) || m_dirty.exchange(true, std::memory_order_acq_rel))
        return;
    {
        const std::lock_guard lock(m_mutex); // the thread must not miss the change between its check and its sleep
    }
    m_wake.notify_all();
}

Status DiskThread::flush()
{
    std::unique_lock lock(m_mutex);
    if (!m_thread.joinable() || m_stop)
        return fail(ErrorCode::Unavailable, QStringLiteral("The store is not open for writing"));
    const std::uint64_t ticket = ++m_flushAsked;
    m_wake.notify_all();
    m_flushed.wait(lock, [&] { return m_flushDone >= ticket; });
    return m_flushStatus;
}

void DiskThread::post(std::function<void()> task)
{
    {
        const std::lock_guard lock(m_mutex);
        m_tasks.push_back(std::move(task));
    }
    m_wake.notify_all();
}

QString DiskThread::lastError() const
{
    const std::lock_guard lock(m_mutex);
    return m_last ? QString() : m_last.error().toString();
}

Status DiskThread::writeOnce()
{
    m_dirty.store(false, std::memory_order_release);
    Status status = m_write();
    if (!status)
        m_dirty.store(true, std::memory_order_release);
    return status;
}

void DiskThread::run()
{
    constexpr nanoseconds kFirstPause = std::chrono::seconds(1);
    constexpr nanoseconds kLongestPause = std::chrono::seconds(30);
    nanoseconds pause = kFirstPause;
    steady_clock::time_point due{};
    bool armed = false; // something is to be written at `due`
    std::unique_lock lock(m_mutex);
    for (;;) {
        const auto urgent = [&] { return m_stop || !m_tasks.empty() || m_flushAsked > m_flushDone; };
        if (!armed)
            m_wake.wait(lock, [&] { return urgent() || m_dirty.load(std::memory_order_acquire); });
        else
            m_wake.wait_until(lock, due, urgent);
        if (!m_tasks.empty()) {
            const std::function<void()> task = std::move(m_tasks.front());
            m_tasks.pop_front();
            lock.unlock();
            task();
            lock.lock();
            continue;
        }
        const bool stopping = m_stop;
        const std::uint64_t ticket = m_flushAsked;
        const bool flushing = ticket > m_flushDone;
        if (!stopping && !flushing) {
            if (!armed) {
                due = steady_clock::now() + nanoseconds(m_intervalNs);
                armed = true;
                continue;
            }
            if (steady_clock::now() < due)
                continue;
        }
        lock.unlock();
        Status status = writeOnce();
        lock.lock();
        m_last = status;
        m_flushStatus = std::move(status);
        m_flushDone = std::max(m_flushDone, ticket);
        m_flushed.notify_all();
        armed = !m_last;
        if (m_last) {
            pause = kFirstPause;
        } else {
            due = steady_clock::now() + pause;
            pause = std::min(pause * 2, kLongestPause);
        }
        if (stopping)
            return;
    }
}

} // namespace oriel::store
