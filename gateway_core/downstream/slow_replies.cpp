// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/slow_replies.h"

namespace oriel::downstream {

void SlowReplies::Entry::letGo()
{
    if (m_replies != nullptr)
        m_replies->unlink(*this);
}

SlowReplies::SlowReplies(const Clock& clock, QObject& owner) : m_clock(clock), m_timer(clock, owner, [this] { sweep(); }) {}

SlowReplies::~SlowReplies()
{
    while (m_first != nullptr)
        unlink(*m_first);
}

void SlowReplies::watch(Entry& entry)
{
    entry.m_replies = this;
    entry.m_dueNs = m_clock.monotonicNs() + kSlowNs;
    entry.m_before = m_last;
    entry.m_after = nullptr;
    (m_last != nullptr ? m_last->m_after : m_first) = &entry;
    m_last = &entry;
    m_timer.arm(m_first->m_dueNs);
}

void SlowReplies::unlink(Entry& entry)
{
    (entry.m_before != nullptr ? entry.m_before->m_after : m_first) = entry.m_after;
    (entry.m_after != nullptr ? entry.m_after->m_before : m_last) = entry.m_before;
    entry.m_replies = nullptr;
}

void SlowReplies::sweep()
{
    const std::int64_t now = m_clock.monotonicNs();
    while (m_first != nullptr && m_first->m_dueNs <= now) {
        Entry& entry = *m_first;
        unlink(entry);
        entry.becomeSlow();
    }
    if (m_first != nullptr)
        m_timer.arm(m_first->m_dueNs);
}

} // namespace oriel::downstream
