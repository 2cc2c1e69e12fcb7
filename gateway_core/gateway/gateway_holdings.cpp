// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gateway.h"

namespace oriel::gateway {

Holdings Gateway::holdings() const
{
    Holdings held;
    held.add("sessions", m_sessions.all().size())
        .add("users", m_sessions.userCount())
        .add("active calls", static_cast<qsizetype>(m_calls.count()))
        .add("held answers", m_answers.held().count())
        .add("listeners", static_cast<qsizetype>(m_streams.all().size()))
        .add("server requests", m_serverRequests.count())
        .add("roots of clients", m_serverRequests.rootsCount())
        .add("waiting lists", static_cast<qsizetype>(m_lists.count()))
        .add("opened pages", m_pages.count());
    m_tasks.addHoldings(held);
    m_heldInput.addHoldings(held);
    m_resources.addHoldings(held);
    m_pool.addHoldings(held);
    return held;
}

} // namespace oriel::gateway
