// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QPointer>
#include <QTimer>

#include <functional>
#include <limits>

namespace oriel::http {

/// One coarse timer for the deadlines of many connections. Deadlines mostly move away, so moving one costs nothing: the timer
/// fires at the earliest one it was told of, and the owner then looks which have really passed and arms it again. Silent while
/// nothing is armed.
class SweepTimer {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    /// `owner` only lends the timer a parent.
    SweepTimer(const Clock& clock, QObject& owner, std::function<void()> sweep);
    ~SweepTimer();
    SweepTimer(const SweepTimer&) = delete;
    SweepTimer& operator=(const SweepTimer&) = delete;

    /// Calls sweep() soon after `deadlineNs` (monotonic) at the latest; `never` does nothing.
    void arm(std::int64_t deadlineNs);
    void stop();

private:
    const Clock& m_clock;
    QPointer<QTimer> m_timer; ///< gone when `owner` went first
    std::int64_t m_dueNs = never;
};

} // namespace oriel::http
