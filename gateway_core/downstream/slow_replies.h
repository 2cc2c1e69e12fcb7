// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "http/sweep_timer.h"

namespace oriel::downstream {

/// The replies that have been waited for, in the order in which their time will be up. Watching one and letting it go are a few
/// pointers; the timer runs only while some are watched, and of answers that come in time it sees none. Gateway thread only.
class SlowReplies {
public:
    static constexpr std::int64_t kSlowNs = 1'000'000'000;

    /// A reply that can be watched; lets go of itself when it ends.
    class Entry {
    public:
        Entry() = default;
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    protected:
        virtual ~Entry() { letGo(); }
        void letGo();

    private:
        friend class SlowReplies;
        /// No answer has come within kSlowNs; called once.
        virtual void becomeSlow() = 0;

        SlowReplies* m_replies = nullptr;
        Entry* m_before = nullptr;
        Entry* m_after = nullptr;
        std::int64_t m_dueNs = 0;
    };

    /// `owner` lends the timer a parent.
    SlowReplies(const Clock& clock, QObject& owner);
    ~SlowReplies();
    SlowReplies(const SlowReplies&) = delete;
    SlowReplies& operator=(const SlowReplies&) = delete;

    void watch(Entry& entry);

private:
    void sweep();
    void unlink(Entry& entry);

    const Clock& m_clock;
    Entry* m_first = nullptr;
    Entry* m_last = nullptr;
    http::SweepTimer m_timer;
};

} // namespace oriel::downstream
