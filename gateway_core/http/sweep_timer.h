// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QTimer>

#include <functional>
#include <limits>

namespace oriel::http {

/// One coarse timer for the deadlines of many connections. Deadlines mostly move away, so moving one costs nothing: the timer fires at the
/// earliest one it was told of, and the owner then looks which have really passed and arms it again. Silent while nothing is armed.
class SweepTimer {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    SweepTimer(const Clock& clock, std::function<void()> sweep);
    ~SweepTimer();
    SweepTimer(const SweepTimer&) = delete;
    SweepTimer& operator=(const SweepTimer&) = delete;

    /// Calls sweep() soon after `deadlineNs` (monotonic) at the latest; `never` does nothing.
    void arm(std::int64_t deadlineNs);
    void stop() { m_timer->stop(); }

private:
    const Clock& m_clock;
    QTimer* m_timer; ///< deleted later: the owner may end in its own sweep
    std::int64_t m_dueNs = never;
};

} // namespace oriel::http
