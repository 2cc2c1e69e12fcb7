// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/subscriptions/awaited_subscriptions.h"

namespace oriel::gateway {

void AwaitedSubscriptions::wait(const void* subscriber, Keys open, std::function<void(const Keys& refused)> done)
{
    if (open.isEmpty())
        done({});
    else
        m_waiting.push_back({subscriber, std::move(open), {}, std::move(done)});
}

void AwaitedSubscriptions::settle(const std::function<std::optional<bool>(const Key& key)>& verdict)
{
    std::vector<Waiting> settled;
    std::erase_if(m_waiting, [&](Waiting& waiting) {
        Keys open;
        for (const Key& key : std::as_const(waiting.open)) {
            const std::optional<bool> confirmed = verdict(key);
            if (!confirmed)
                open.insert(key);
            else if (!*confirmed)
                waiting.refused.insert(key);
        }
        waiting.open = std::move(open);
        if (!waiting.open.isEmpty())
            return false;
        settled.push_back(std::move(waiting));
        return true;
    });
    for (const Waiting& waiting : settled)
        waiting.done(waiting.refused);
}

void AwaitedSubscriptions::drop(const void* subscriber)
{
    std::erase_if(m_waiting, [subscriber](const Waiting& waiting) { return waiting.subscriber == subscriber; });
}

void SubscribeReplies::onReply(upstream::CallToken /*token*/, quint64 cookie, upstream::Reply& reply)
{
    const Subscriptions::Key key = m_expected.take(cookie);
    m_told(key, reply.kind == upstream::Reply::Kind::Response ? &reply.message : nullptr);
}

} // namespace oriel::gateway
