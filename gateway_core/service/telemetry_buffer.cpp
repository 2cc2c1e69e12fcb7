// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/telemetry_buffer.h"

namespace oriel::service {

void TelemetryBatch::clear()
{
    calls.clear();
    spans.clear();
    logs.clear();
    frames.clear();
    measurements.clear();
    dropped = 0;
}

bool TelemetryBatch::isEmpty() const
{
    return calls.empty() && spans.empty() && logs.empty() && frames.empty() && measurements.empty() && dropped == 0;
}

template <class Record> void TelemetryBuffer::append(std::vector<Record>& to, Record&& record, std::size_t limit)
{
    bool wake = false;
    {
        const std::scoped_lock lock(m_mutex);
        if (to.size() < limit) {
            to.push_back(std::move(record));
        } else {
            ++m_dropped;
            ++m_pending.dropped;
        }
        wake = !std::exchange(m_awake, true);
    }
    if (wake && m_wakeUp)
        m_wakeUp();
}

void TelemetryBuffer::drain(TelemetryBatch& batch)
{
    const std::scoped_lock lock(m_mutex);
    std::swap(m_pending, batch);
    m_awake = false;
}

quint64 TelemetryBuffer::dropped() const
{
    const std::scoped_lock lock(m_mutex);
    return m_dropped;
}

void TelemetryBuffer::recordCall(telemetry::CallRecord&& call) { append(m_pending.calls, std::move(call), m_limits.calls); }

void TelemetryBuffer::recordSpan(telemetry::SpanData&& span) { append(m_pending.spans, std::move(span), m_limits.spans); }

void TelemetryBuffer::recordLog(telemetry::LogRecord&& log) { append(m_pending.logs, std::move(log), m_limits.logs); }

void TelemetryBuffer::recordWire(telemetry::WireFrame&& frame) { append(m_pending.frames, std::move(frame), m_limits.frames); }

void TelemetryBuffer::recordMetric(telemetry::MetricId metric, telemetry::LabelValues labels, double value)
{
    append(m_pending.measurements, TelemetryBatch::Measurement{metric, std::move(labels), value}, m_limits.measurements);
}

} // namespace oriel::service
