// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "telemetry/context_policy.h"
#include "telemetry/recorder.h"
#include "upstream/diagnosis.h"

#include <optional>

namespace oriel::upstream {

/// The trace of one start of one server (G6): `server.start` with the children `server.spawn`, `server.first_byte`,
/// `server.handshake` and `server.list`, and `server.exit` when it ends. Spans are recorded as they end. Not thread-safe.
class LifecycleTrace {
public:
    LifecycleTrace(const Clock& clock, Random& random, telemetry::Recorder& recorder, QByteArray server,
                   const telemetry::ContextPolicy& policy = {});

    enum class Step : quint8 { Spawn, FirstByte, Handshake, List, Count };
    void begin(Step step);
    /// Ends a step that runs; else nothing.
    void end(Step step, const QByteArray& errorType = {}, telemetry::Attributes attributes = {});
    /// Ends everything that runs and `server.start` itself; the first call counts.
    void finish(const Diagnosis& diagnosis, telemetry::Attributes attributes);
    /// The end of the process or of the session, from when it was asked for (or seen) until now.
    void exit(const StartFacts& facts, std::int64_t beganUnixNs, bool requested);

    [[nodiscard]] TraceId traceId() const { return m_traceId; }
    [[nodiscard]] SpanId rootSpanId() const { return m_rootId; }
    [[nodiscard]] SpanId stepSpanId(Step step) const { return m_steps[static_cast<std::size_t>(step)].id; }
    [[nodiscard]] std::uint8_t traceFlags() const { return m_flags; } ///< W3C's
    [[nodiscard]] bool isFinished() const { return m_finished; }
    /// The spawn's context for the child's TRACEPARENT.
    [[nodiscard]] QByteArray traceparent() const;

private:
    struct StepSpan {
        SpanId id;
        std::int64_t startUnixNs = 0;
        bool running = false;
    };
    void record(SpanId id, SpanId parent, QByteArray name, std::int64_t startUnixNs, const QByteArray& errorType,
                telemetry::Attributes attributes, QByteArray message = {});

    const Clock& m_clock;
    telemetry::Recorder& m_recorder;
    QByteArray m_server;
    TraceId m_traceId;
    std::uint8_t m_flags;
    SpanId m_rootId;
    SpanId m_exitId;
    std::int64_t m_startUnixNs;
    std::array<StepSpan, static_cast<std::size_t>(Step::Count)> m_steps;
    bool m_finished = false;
};

} // namespace oriel::upstream
