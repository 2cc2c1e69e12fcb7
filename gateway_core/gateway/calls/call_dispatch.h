// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/admission/admission.h"
#include "gateway/calls/open_calls.h"
#include "gateway/gateway_context.h"

#include <QObject>

namespace oriel::gateway {

/// Hands a client's call to its server, and hands it over again where that is safe: what the server provably has not seen, or
/// what only reads (G13). Every try is a hop of the same record. Gateway thread only.
class CallDispatch final : public QObject {
    Q_OBJECT
public:
    /// `replies` hears of the answers.
    CallDispatch(const GatewayContext& context, OpenCalls& calls, Admission& admission, upstream::ReplyHandler& replies,
                 QObject* parent = nullptr);

    /// `cookie`: of the call among the open ones.
    void send(ActiveCall& call, quint64 cookie);
    /// True when the call was put back and goes to its server again after a moment; `call` is null then.
    bool retryLater(std::unique_ptr<ActiveCall>& call, const upstream::Reply& reply);

private:
    [[nodiscard]] upstream::CallOptions optionsFor(const ActiveCall& call) const;
    [[nodiscard]] bool isSafeToRepeat(const ActiveCall& call) const;
    [[nodiscard]] bool mayRetry(const ActiveCall& call, const upstream::Reply& reply) const;
    void sendAgain(quint64 cookie);

    const GatewayContext& m_context;
    OpenCalls& m_calls;
    Admission& m_admission;
    upstream::ReplyHandler& m_replies;
};

} // namespace oriel::gateway
