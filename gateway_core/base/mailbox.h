// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoreApplication>
#include <QEvent>
#include <QObject>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace oriel {

/// Work for the thread of one QObject, done in the order it was posted. Against one queued call a piece: the reader is woken once
/// for all that waits, and what crosses is handed over under a lock of ours, so that ThreadSanitizer can judge it (Qt's event
/// queue is not instrumented). Unbounded: bound what you post.
///
/// Made on the reader's thread; the reader may be moved to another before anything is posted. post() is thread-safe while the
/// reader lives. The mailbox ends on the reader's thread or after that thread; what waits then is dropped, also when the end
/// comes from the work itself.
class Mailbox {
public:
    explicit Mailbox(QObject& reader) : m_state(std::make_shared<State>()), m_waker(new Waker(m_state, reader)) {}
    ~Mailbox()
    {
        const std::scoped_lock lock(m_state->mutex);
        m_state->hasEnded = true;
    }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    void post(std::function<void()> work)
    {
        {
            const std::scoped_lock lock(m_state->mutex);
            m_state->waiting.push_back(std::move(work));
            if (std::exchange(m_state->isWoken, true))
                return;
        }
        // An event without content: a queued lambda's captures would cross outside of the lock.
        QCoreApplication::postEvent(m_waker, new QEvent(QEvent::User));
    }

private:
    struct State {
        std::mutex mutex;
        std::vector<std::function<void()>> waiting;
        bool isWoken = false;
        bool hasEnded = false;

        void run()
        {
            std::vector<std::function<void()>> taken;
            {
                const std::scoped_lock lock(mutex);
                if (hasEnded)
                    return;
                taken.swap(waiting);
                isWoken = false;
            }
            for (std::function<void()>& work : taken) {
                work();
                work = nullptr;
                // Also what makes the work's effects visible to the thread that ends the mailbox.
                const std::scoped_lock lock(mutex);
                if (hasEnded)
                    return;
            }
        }
    };

    class Waker : public QObject {
    public:
        Waker(std::shared_ptr<State> state, QObject& reader) : QObject(&reader), m_state(std::move(state)) {}

    protected:
        void customEvent(QEvent* /*wakeUp*/) override
        {
            // The work may delete the reader, and this with it.
            const std::shared_ptr<State> state = m_state;
            state->run();
        }

    private:
        std::shared_ptr<State> m_state;
    };

    std::shared_ptr<State> m_state;
    Waker* m_waker; ///< the reader's child: it lives on its thread and goes with it
};

} // namespace oriel
