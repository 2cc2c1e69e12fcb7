// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/open_calls.h"
#include "gateway/input/elicitation_pages.h"

#include <QTimer>

namespace oriel::gateway {

/// A server of the handshake revisions asks while it works; a client of 2026-07-28 cannot be asked then. Its call is answered
/// with `input_required` and held, and goes on with the retry that brings the answers (2026-07-28 basic/patterns/mrtr). What a
/// server asks at the same time is asked in one answer. Gateway thread only.
class HeldInput {
public:
    /// `replies` hears of an answer that came while the call was held.
    HeldInput(const GatewayContext& context, Answers& answers, OpenCalls& calls, ElicitationPages& pages,
              upstream::ReplyHandler& replies);

    /// The server asks for `call` with this cookie.
    void hold(const upstream::ServerConnection& connection, const mcp::Message& request, const ActiveCall& call, quint64 cookie);
    /// The server needs what the client of 2026-07-28 behind its call has not declared: that ends the call, unless it asks at the
    /// same time for what the client can give. False: it is not known whose call it is, and `refusal` is to be sent at once.
    bool refuse(const upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related,
                const QByteArray& refusal);
    /// A server of 2025-11-25 refuses until the user has been to a page (-32042). False: the error goes to the client as it is.
    bool takeUrlRequired(ActiveCall& call, const mcp::Message& answer);

    /// True for the reply of a server that did not wait for the client; it is kept for when the client is back.
    bool keepReply(quint64 cookie, upstream::Reply& reply)
    {
        HeldCall* held = m_held.isEmpty() ? nullptr : m_held.findByCookie(cookie);
        if (held != nullptr)
            held->answer = std::move(reply);
        return held != nullptr;
    }

    /// A request with a `requestState` of ours. True: it is dealt with. False: it is to be sent to its server as it is now.
    bool resume(downstream::Incoming& incoming, telemetry::CallRecord& record);
    /// A request with a `requestState` that another Oriel gave, on its way over `connection`. An Oriel of 2026-07-28 gets it as
    /// it is; to any other server the state says nothing, and the call would begin anew. True: refused and answered.
    bool refuseForeign(downstream::Incoming& incoming, telemetry::CallRecord& record,
                       const upstream::ServerConnection& connection);

    /// A server that is gone, or begins a new session, does not wait for answers any more.
    void forgetQuestions(const upstream::ServerConnection& connection);
    void clear() { m_held.clear(); }
    void addHoldings(Holdings& held) const;

private:
    void gather();
    void askGathered();
    void endRefused(const RefusedQuestion& refused);
    bool ask(ActiveCall& call, HeldCall&& held);
    void watch();
    void expire();
    bool refuseState(downstream::Incoming& incoming, telemetry::CallRecord& record);
    void goOn(downstream::Incoming& incoming, telemetry::CallRecord& record, ActiveCall& call, HeldCall&& held,
              const json::Value& responses);
    bool resumeRefused(downstream::Incoming& incoming, telemetry::CallRecord& record, const HeldCall& known);
    bool holdRefused(ActiveCall& call, const mcp::Message& answer, const json::Value& elicitations);

    const GatewayContext& m_context;
    Answers& m_answers;
    OpenCalls& m_calls;
    HeldCalls& m_held;
    ElicitationPages& m_pages;
    upstream::ReplyHandler& m_replies;
    std::vector<HeldCall> m_gathering; ///< calls whose first question came just now
    std::vector<RefusedQuestion> m_refusals;
    QTimer m_gather;
    QTimer m_deadline;
    json::Document m_document;
};

} // namespace oriel::gateway
