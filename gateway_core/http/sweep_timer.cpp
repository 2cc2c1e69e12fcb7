// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/sweep_timer.h"

#include <algorithm>
#include <utility>

namespace oriel::http {

SweepTimer::SweepTimer(const Clock& clock, std::function<void()> sweep) : m_clock(clock), m_timer(new QTimer)
{
    m_timer->setSingleShot(true);
    m_timer->setTimerType(Qt::CoarseTimer);
    QObject::connect(m_timer, &QTimer::timeout, m_timer, [callback = std::move(sweep)] { callback(); });
}

SweepTimer::~SweepTimer()
{
    m_timer->stop();
    m_timer->disconnect();
    m_timer->deleteLater();
}

void SweepTimer::arm(std::int64_t deadlineNs)
{
    if (deadlineNs == never || (m_timer->isActive() && m_dueNs <= deadlineNs))
        return;
    // Rounded up, so that the deadline has passed when the timer fires.
    const std::int64_t wait = std::max<std::int64_t>(deadlineNs - m_clock.monotonicNs(), 0) / 1'000'000 + 1;
    m_dueNs = deadlineNs;
    m_timer->start(static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max())));
}

} // namespace oriel::http
