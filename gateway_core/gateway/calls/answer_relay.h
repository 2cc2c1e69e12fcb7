// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/active_calls.h"

namespace oriel::gateway {

/// What comes back for a call, on its way to the client: the answer in the form of its revision with the client's own id, or an
/// error that says why there is none; progress under the client's token before that. Gateway thread only.
class AnswerRelay {
public:
    AnswerRelay(const GatewayContext& context, ClientWire& wire, Answers& answers)
        : m_context(context),
          m_wire(wire),
          m_answers(answers)
    {}

    /// Completes the record's open hop.
    void recordHop(ActiveCall& call, upstream::CallToken token, const upstream::Reply& reply) const;
    /// The server's result or error; ends the request.
    void relay(ActiveCall& call, upstream::Reply& reply);
    /// A reply of any other kind than a response; ends the request.
    void fail(ActiveCall& call, const upstream::Reply& reply);

    void relayProgress(ActiveCall& call, const mcp::Message& progress);
    void noteTimeoutWarning(ActiveCall& call) const;
    void pause(ActiveCall& call, std::chrono::milliseconds retry) const;

private:
    static constexpr std::size_t kMaxEvents = 128; ///< of one record
    void addEvent(ActiveCall& call, QByteArray name) const;

    const GatewayContext& m_context;
    ClientWire& m_wire;
    Answers& m_answers;
};

} // namespace oriel::gateway
