// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/client_wire.h"
#include "gateway/answers/held_answers.h"
#include "gateway/gateway_context.h"

namespace oriel::gateway {

/// The end of a client's request: its answer is sent, its frame goes to the wire log, and its record to the telemetry thread.
/// Each send function ends the request; `record` and `incoming` are used up. With audit.mode strict the answer of a tool waits
/// for its row. Gateway thread only.
class Answers {
public:
    Answers(const GatewayContext& context, ClientWire& wire) : m_context(context), m_wire(wire) {}

    /// A result made here; what 2026-07-28 requires of every result is added.
    void sendResult(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result);
    /// The same for a result that has all members of its revision already.
    void sendWhole(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result);
    /// An error made here; `data` is JSON text or empty.
    void sendError(downstream::Incoming& incoming, telemetry::CallRecord& record, telemetry::Outcome outcome,
                   QByteArray errorType, int code, QByteArray message, QByteArrayView data = {});
    /// The same where error.type is the code.
    void sendError(downstream::Incoming& incoming, telemetry::CallRecord& record, telemetry::Outcome outcome, int code,
                   QByteArray message, QByteArrayView data = {});
    /// A whole frame; the record says already what is in it.
    void sendFrame(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& frame,
                   telemetry::WireKind kind);
    /// Nobody waits for an answer; the record goes as it is.
    void endRecord(telemetry::CallRecord& record, const downstream::Incoming& incoming);
    /// Nobody waits for the answer any more, but an HTTP request has to end, with an answer that its client ignores. No record.
    static void endUnanswered(const downstream::Incoming& incoming, QByteArrayView why);

    /// False, and answered, when tools may not be called because audit rows cannot be written.
    [[nodiscard]] bool mayCallTools(downstream::Incoming& incoming, telemetry::CallRecord& record);
    /// Answers that wait for their audit row.
    [[nodiscard]] const HeldAnswers& held() const { return m_held; }

private:
    [[nodiscard]] bool isHeld(const telemetry::CallRecord& record) const;
    void finish(telemetry::CallRecord& record, const downstream::Incoming& incoming, telemetry::Durable durable = {});

    const GatewayContext& m_context;
    ClientWire& m_wire;
    HeldAnswers m_held;
};

} // namespace oriel::gateway
