// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/active_calls.h"

namespace oriel::gateway {

quint64 ActiveCalls::add(std::unique_ptr<ActiveCall> call)
{
    if (m_free.empty()) {
        m_free.push_back(static_cast<quint32>(m_slots.size()));
        m_slots.emplace_back();
    }
    const quint32 slot = m_free.back();
    m_free.pop_back();
    m_slots[slot].call = std::move(call);
    ++m_count;
    return cookieOf(slot);
}

ActiveCall* ActiveCalls::find(quint64 cookie) const
{
    const auto slot = static_cast<std::size_t>(cookie & 0xFFFFFFFFU);
    return slot < m_slots.size() && cookieOf(slot) == cookie ? m_slots[slot].call.get() : nullptr;
}

std::unique_ptr<ActiveCall> ActiveCalls::take(quint64 cookie)
{
    if (find(cookie) == nullptr)
        return nullptr;
    const auto slot = static_cast<quint32>(cookie & 0xFFFFFFFFU);
    std::unique_ptr<ActiveCall> call = std::move(m_slots[slot].call);
    ++m_slots[slot].generation;
    m_free.push_back(slot);
    --m_count;
    return call;
}

quint64 ActiveCalls::causeOf(const upstream::ServerConnection& connection, upstream::CallToken related) const
{
    quint64 cause = 0;
    int candidates = 0;
    forEach([&](quint64 cookie, const ActiveCall& call) {
        if (call.connection != &connection || (related.isValid() && !(call.token == related)))
            return;
        ++candidates;
        cause = cookie;
    });
    return candidates == 1 ? cause : 0;
}

ActiveCall* ActiveCalls::newestOf(const upstream::ServerConnection& connection, const downstream::Session* session) const
{
    ActiveCall* newest = nullptr;
    for (const Slot& slot : m_slots) {
        ActiveCall* call = slot.call.get();
        if (call == nullptr || call->connection != &connection || (session != nullptr && call->incoming.session.get() != session))
            continue;
        if (newest == nullptr || call->forwardedNs > newest->forwardedNs)
            newest = call;
    }
    return newest;
}

} // namespace oriel::gateway
