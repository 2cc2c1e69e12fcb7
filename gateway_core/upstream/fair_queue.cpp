// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/fair_queue.h"

#include <algorithm>

namespace oriel::upstream {

void FairQueue::push(const QByteArray& client, std::int64_t id)
{
    const auto lane = std::find_if(m_lanes.begin(), m_lanes.end(), [&](const Lane& each) { return each.client == client; });
    if (lane != m_lanes.end()) {
        lane->ids.push_back(id);
    } else {
        m_lanes.push_back({client, {id}});
    }
}

std::int64_t FairQueue::pop()
{
    if (!m_first.empty()) {
        const std::int64_t id = m_first.front();
        m_first.pop_front();
        return id;
    }
    Lane& lane = m_lanes.front();
    const std::int64_t id = lane.ids.front();
    lane.ids.pop_front();
    if (lane.ids.empty()) {
        m_lanes.pop_front();
    } else {
        m_lanes.splice(m_lanes.end(), m_lanes, m_lanes.begin());
    }
    return id;
}

bool FairQueue::remove(std::int64_t id)
{
    if (std::erase(m_first, id) > 0) {
        return true;
    }
    for (auto lane = m_lanes.begin(); lane != m_lanes.end(); ++lane) {
        if (std::erase(lane->ids, id) == 0) {
            continue;
        }
        if (lane->ids.empty()) {
            m_lanes.erase(lane);
        }
        return true;
    }
    return false;
}

std::optional<std::int64_t> FairQueue::makeRoom(const QByteArray& client)
{
    std::size_t own = 0;
    auto longest = m_lanes.end();
    for (auto lane = m_lanes.begin(); lane != m_lanes.end(); ++lane) {
        if (lane->client == client) {
            own = lane->ids.size();
        }
        if (longest == m_lanes.end() || lane->ids.size() > longest->ids.size()) {
            longest = lane;
        }
    }
    if (longest == m_lanes.end() || longest->ids.size() < own + 2) {
        return std::nullopt;
    }
    const std::int64_t id = longest->ids.back();
    longest->ids.pop_back();
    return id;
}

qsizetype FairQueue::size() const
{
    std::size_t all = m_first.size();
    for (const Lane& lane : m_lanes) {
        all += lane.ids.size();
    }
    return static_cast<qsizetype>(all);
}

} // namespace oriel::upstream
