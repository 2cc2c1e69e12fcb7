// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "downstream/message_handler.h"
#include "telemetry/recorder.h"

namespace oriel::gateway {

/// The wire log's name for a call at the client's side.
[[nodiscard]] telemetry::WireCall wireCallOf(const telemetry::CallRecord& record);

/// What the wire log hears of the clients' side (G6b). Byte arrays are shared with the message, never copied. Gateway thread
/// only.
class ClientWire {
public:
    ClientWire(const Clock& clock, telemetry::Recorder& recorder) : m_clock(clock), m_recorder(recorder) {}

    /// `message`: null for an answer made here; `call`: the one that the frame belongs to, or null; `over`: the reply that
    /// it went through, after it went.
    void record(const downstream::Session& session, telemetry::WireDirection direction, telemetry::WireKind kind,
                const mcp::Message* message, const QByteArray& frame, const telemetry::CallRecord* call,
                const downstream::Reply* over = nullptr);
    void record(const downstream::Session& session, telemetry::WireDirection direction, telemetry::WireKind kind,
                const mcp::Message* message, const QByteArray& frame, const telemetry::WireCall& call,
                const downstream::Reply* over = nullptr);
    /// A notification that goes to the client as it is or changed; `call`: the one that it belongs to, or null.
    void recordNotification(const downstream::Session& session, const mcp::Message& message, const QByteArray& frame,
                            const telemetry::CallRecord* call = nullptr, const downstream::Reply* over = nullptr);
    /// Sends a server's notification to the client as it is, on its own stream, and records it.
    void passOn(downstream::Session& session, const mcp::Message& message);
    /// A frame that was made here for the client: method and id are read from it.
    void recordSent(const downstream::Session& session, const QByteArray& frame, const telemetry::WireCall& call,
                    const downstream::Reply* over = nullptr);

private:
    const Clock& m_clock;
    telemetry::Recorder& m_recorder;
};

} // namespace oriel::gateway
