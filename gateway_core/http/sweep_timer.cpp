// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/sweep_timer.h"

#include <algorithm>
#include <utility>

namespace oriel::http {

SweepTimer::SweepTimer(const Clock& clock, QObject& owner, std::function<void()> sweep)
    : m_clock(clock),
      m_timer(new QTimer(&owner))
{
    m_timer->setSingleShot(true);
    m_timer->setTimerType(Qt::CoarseTimer);
    QObject::connect(m_timer, &QTimer::timeout, m_timer, [callback = std::move(sweep)] { callback(); });
}

SweepTimer::~SweepTimer()
{
    if (!m_timer)
        return;
    // Later: this may be called from within the timer's own signal.
    m_timer->stop();
    m_timer->disconnect();
    m_timer->setParent(nullptr);
    m_timer->deleteLater();
}

void SweepTimer::stop()
{
    if (m_timer)
        m_timer->stop();
}

void SweepTimer::arm(std::int64_t deadlineNs)
{
    if (deadlineNs == never || !m_timer || (m_timer->isActive() && m_dueNs <= deadlineNs))
        return;
    // Rounded up, so that the deadline has passed when the timer fires.
    const std::int64_t wait = std::max<std::int64_t>(deadlineNs - m_clock.monotonicNs(), 0) / 1'000'000 + 1;
    m_dueNs = deadlineNs;
    m_timer->start(static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max())));
}

} // namespace oriel::http
