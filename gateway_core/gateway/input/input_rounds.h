// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/open_calls.h"
#include "gateway/input/elicitation_pages.h"

#include <QTimer>

namespace oriel::gateway {

/// A server of 2026-07-28 answers that it needs input; a client of the handshake revisions is asked for it, and the call goes to
/// its server again with what it gave, round after round. A client that does not answer in time has its call ended. Gateway
/// thread only.
class InputRounds {
public:
    /// `replies` hears of the answers to calls that are sent again.
    InputRounds(const GatewayContext& context, ClientWire& wire, Answers& answers, OpenCalls& calls, ElicitationPages& pages,
                upstream::ReplyHandler& replies);

    /// True when the server's answer asks for input, and the client has been asked in its stead or the call has ended.
    bool ask(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer);

private:
    static constexpr int kMaxRounds = 16;
    void take(quint64 cookie, const QByteArray& key, const mcp::Message* given);
    void sendAgain(quint64 cookie);
    void watch();
    void expire();

    const GatewayContext& m_context;
    ClientWire& m_wire;
    Answers& m_answers;
    OpenCalls& m_calls;
    ElicitationPages& m_pages;
    upstream::ReplyHandler& m_replies;
    QTimer m_deadline; ///< of the call that has waited for longest
    json::Document m_document;
};

} // namespace oriel::gateway
