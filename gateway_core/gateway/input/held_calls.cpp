// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/held_calls.h"

#include "base/json_writer.h"

namespace oriel::gateway {

std::optional<QByteArray> HeldCalls::hold(HeldCall call)
{
    if (m_held.size() >= kMaxHeld)
        return std::nullopt;
    QByteArray state = m_ours + m_random.secureBytes(24).toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    m_held.insert(state, std::move(call));
    return state;
}

HeldCall* HeldCalls::find(QByteArrayView requestState, QByteArrayView owner, QByteArrayView method, QByteArrayView target)
{
    const auto it = m_held.find(requestState.toByteArray());
    return it != m_held.end() && it->owner == owner && it->method == method && it->target == target ? &*it : nullptr;
}

HeldCall* HeldCalls::findByCookie(quint64 cookie)
{
    for (HeldCall& held : m_held) {
        if (held.cookie == cookie)
            return &held;
    }
    return nullptr;
}

void HeldCalls::drop(quint64 cookie)
{
    m_held.removeIf([cookie](const auto& entry) { return entry.value().cookie == cookie; });
}

void HeldCalls::forgetQuestions(quint64 cookie)
{
    if (HeldCall* held = findByCookie(cookie)) {
        for (HeldQuestion& question : held->questions)
            question.serverId = {};
    }
}

std::optional<std::int64_t> HeldCalls::nextDeadlineNs() const
{
    std::optional<std::int64_t> next;
    for (const HeldCall& held : m_held) {
        if (!next || held.deadlineNs < *next)
            next = held.deadlineNs;
    }
    return next;
}

std::vector<HeldCall> HeldCalls::takeExpired(std::int64_t nowNs)
{
    std::vector<HeldCall> expired;
    m_held.removeIf([&](const auto& entry) {
        if (entry.value().deadlineNs > nowNs)
            return false;
        expired.push_back(entry.value());
        return true;
    });
    return expired;
}

QByteArray inputRequiredResult(const HeldCall& call, QByteArrayView requestState)
{
    json::Writer result;
    result.beginObject().member("resultType", "input_required").key("inputRequests").beginObject();
    for (const HeldQuestion& question : call.questions) {
        result.key(QByteArrayView(question.key)).beginObject().member("method", question.method);
        if (!question.params.isEmpty())
            result.rawMember("params", question.params);
        result.endObject();
    }
    result.endObject().member("requestState", requestState).endObject();
    return result.take();
}

} // namespace oriel::gateway
