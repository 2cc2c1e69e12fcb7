// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/recorder.h"

#include <array>
#include <functional>
#include <mutex>
#include <vector>

namespace oriel::service {

/// What was recorded since the last drain.
struct TelemetryBatch {
    struct Measurement {
        telemetry::MetricId metric;
        telemetry::LabelValues labels;
        double value;
    };
    /// Who waits for the audit row of a call, by the call's index, ascending.
    using Durables = std::vector<std::pair<std::size_t, telemetry::Durable>>;
    std::vector<telemetry::CallRecord> calls;
    Durables durables;
    std::vector<telemetry::SpanData> spans;
    std::vector<telemetry::LogRecord> logs;
    std::vector<telemetry::WireFrame> frames;
    std::vector<Measurement> measurements;
    quint64 dropped = 0; ///< records that did not fit since the last drain

    void clear();
    [[nodiscard]] bool isEmpty() const;
};

/// The bounded hand-over from the threads that observe to the telemetry thread: appending takes a lock for a few instructions,
/// draining swaps vectors. What is added to one sum comes out as one measurement. The first record after a drain calls the
/// wake-up. Thread-safe.
class TelemetryBuffer final : public telemetry::Recorder {
public:
    struct Limits {
        std::size_t calls = 65'536;
        std::size_t spans = 65'536;
        std::size_t logs = 65'536;
        std::size_t frames = 65'536;
        std::size_t measurements = 262'144;
    };
    TelemetryBuffer() : TelemetryBuffer(Limits()) {}
    explicit TelemetryBuffer(Limits limits) : m_limits(limits) {}

    enum class Urgency : quint8 { Soon, Now };
    /// Called on the recording thread; has to be cheap, such as posting an event. Set before the first record.
    void setWakeUp(std::function<void(Urgency)> wakeUp) { m_wakeUp = std::move(wakeUp); }

    /// Gives what has come, oldest first; `batch` must be empty, and its capacity is used for the next records.
    void drain(TelemetryBatch& batch);
    /// Gives up the room that a burst made, unless something waits.
    void releaseMemory();
    /// All that was dropped since the start.
    [[nodiscard]] quint64 dropped() const;

    void recordCall(telemetry::CallRecord&& call) override;
    void recordCallDurably(telemetry::CallRecord&& call, telemetry::Durable durable) override;
    void recordSpan(telemetry::SpanData&& span) override;
    void recordLog(telemetry::LogRecord&& log) override;
    void recordWire(telemetry::WireFrame&& frame) override;
    void recordMetric(telemetry::MetricId metric, telemetry::LabelValues labels, double value) override;

private:
    /// With the lock held; says whether it found a sum to add to.
    bool addToPending(telemetry::MetricId metric, const telemetry::LabelValues& labels, double value);
    /// With the lock held; says whether the telemetry thread has to be woken.
    template <class Record> bool appendLocked(std::vector<Record>& to, Record&& record, std::size_t limit);
    template <class Record> void append(std::vector<Record>& to, Record&& record, std::size_t limit);

    Limits m_limits;
    std::function<void(Urgency)> m_wakeUp;
    /// By metric, one past the measurement in `m_pending` that the next may be added to; 0: none.
    std::array<std::uint32_t, telemetry::kMetricCount> m_addTo{};
    mutable std::mutex m_mutex;
    TelemetryBatch m_pending;
    bool m_awake = false;
    bool m_hurried = false; ///< woken with Urgency::Now since the last drain
    quint64 m_dropped = 0;
};

} // namespace oriel::service
