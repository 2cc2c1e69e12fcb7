// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/write_thread.h"

#include "base/background_thread.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace oriel::otlp {

struct WriteThread::State {
    struct Job {
        Write write;
        Exporter::Done done;
    };

    void run()
    {
        std::unique_lock lock(mutex);
        while (true) {
            changed.wait(lock, [this] { return home == nullptr || !jobs.empty(); });
            if (home == nullptr)
                return;
            Job job = std::move(jobs.front());
            jobs.pop_front();
            isWriting = true;
            lock.unlock();
            ExportOutcome outcome = job.write();
            lock.lock();
            isWriting = false;
            if (home == nullptr)
                return;
            QMetaObject::invokeMethod(
                home, [done = std::move(job.done), outcome = std::move(outcome)] { done(outcome); }, Qt::QueuedConnection);
        }
    }

    std::mutex mutex; ///< guards the members below
    std::condition_variable changed;
    std::deque<Job> jobs;
    QObject* home = nullptr; ///< null: the exporter has ended
    bool isWriting = false;
};

WriteThread::WriteThread() : m_state(std::make_shared<State>())
{
    m_state->home = &m_home;
}

WriteThread::~WriteThread()
{
    bool isWriting = false;
    std::deque<State::Job> dropped;
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->home = nullptr;
        dropped.swap(m_state->jobs);
        isWriting = m_state->isWriting;
    }
    m_state->changed.notify_one();
    if (!m_thread.joinable())
        return;
    if (isWriting)
        m_thread.detach();
    else
        m_thread.join();
}

void WriteThread::post(Write write, Exporter::Done done)
{
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->jobs.push_back({std::move(write), std::move(done)});
    }
    m_state->changed.notify_one();
    if (!m_thread.joinable())
        m_thread = std::thread([state = m_state] {
            enterBackground("oriel-write");
            state->run();
        });
}

} // namespace oriel::otlp
