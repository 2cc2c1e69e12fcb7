// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/calls/active_calls.h"
#include "gateway/input/held_calls.h"
#include "gateway/input/server_requests.h"
#include "telemetry/recorder.h"

namespace oriel::gateway {

/// The calls in flight together with what is kept for each of them: its hold while its client is away, and what its client is
/// asked. take() is for a call that goes on under another cookie, end() for one that is over. Gateway thread only.
class OpenCalls final : public ActiveCalls {
public:
    explicit OpenCalls(const GatewayContext& context)
        : m_held(context.random, context.instance),
          m_requests(context),
          m_recorder(context.recorder)
    {}

    /// The same, counting the spans that begin and end with a call.
    quint64 add(std::unique_ptr<ActiveCall> call)
    {
        countSpans(kSpansOfCall);
        return ActiveCalls::add(std::move(call));
    }
    std::unique_ptr<ActiveCall> take(quint64 cookie)
    {
        std::unique_ptr<ActiveCall> call = ActiveCalls::take(cookie);
        if (call != nullptr)
            countSpans(-kSpansOfCall);
        return call;
    }

    /// Takes a call out, and with it its hold and its open questions. Null: there is none of this cookie.
    std::unique_ptr<ActiveCall> end(quint64 cookie)
    {
        // What is kept for no call has the cookie of none.
        if (find(cookie) == nullptr)
            return nullptr;
        if (!m_held.isEmpty())
            m_held.drop(cookie);
        m_requests.withdraw(cookie);
        return take(cookie);
    }
    [[nodiscard]] HeldCalls& held() { return m_held; }
    [[nodiscard]] const HeldCalls& held() const { return m_held; }
    [[nodiscard]] ServerRequests& requests() { return m_requests; }
    [[nodiscard]] const ServerRequests& requests() const { return m_requests; }

private:
    static constexpr int kSpansOfCall = 2; ///< SERVER and CLIENT

    void countSpans(int change)
    {
        m_recorder.recordMetric(telemetry::MetricId::SdkSpansLive, {QByteArrayLiteral("RECORD_AND_SAMPLE")}, change);
    }

    HeldCalls m_held;
    ServerRequests m_requests;
    telemetry::Recorder& m_recorder;
};

} // namespace oriel::gateway
