// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/telemetry_buffer.h"

#include <cmath>

namespace oriel::service {

void TelemetryBatch::clear()
{
    calls.clear();
    durables.clear();
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

template <class Record> bool TelemetryBuffer::appendLocked(std::vector<Record>& to, Record&& record, std::size_t limit)
{
    if (to.size() < limit) {
        to.push_back(std::move(record));
    } else {
        ++m_dropped;
        ++m_pending.dropped;
    }
    return !std::exchange(m_awake, true);
}

template <class Record> void TelemetryBuffer::append(std::vector<Record>& to, Record&& record, std::size_t limit)
{
    bool wake = false;
    {
        const std::scoped_lock lock(m_mutex);
        wake = appendLocked(to, std::move(record), limit);
    }
    if (wake && m_wakeUp)
        m_wakeUp(Urgency::Soon);
}

bool TelemetryBuffer::addToPending(telemetry::MetricId metric, const telemetry::LabelValues& labels, double value)
{
    using telemetry::InstrumentKind;
    const InstrumentKind kind = telemetry::metricRow(metric).kind;
    if (kind != InstrumentKind::Counter && kind != InstrumentKind::UpDownCounter)
        return false;
    if (!std::isfinite(value) || (kind == InstrumentKind::Counter && value < 0))
        return false; // the registry refuses it, and it must not take a good sum with it
    std::uint32_t& place = m_addTo[static_cast<std::size_t>(metric)];
    if (place != 0 && m_pending.measurements[place - 1].labels == labels) {
        m_pending.measurements[place - 1].value += value;
        return true;
    }
    if (m_pending.measurements.size() < m_limits.measurements)
        place = static_cast<std::uint32_t>(m_pending.measurements.size()) + 1; // where the caller appends it
    return false;
}

void TelemetryBuffer::drain(TelemetryBatch& batch)
{
    const std::scoped_lock lock(m_mutex);
    std::swap(m_pending, batch);
    m_addTo.fill(0);
    m_awake = false;
    m_hurried = false;
}

void TelemetryBuffer::releaseMemory()
{
    const std::scoped_lock lock(m_mutex);
    if (m_pending.isEmpty())
        m_pending = {};
}

quint64 TelemetryBuffer::dropped() const
{
    const std::scoped_lock lock(m_mutex);
    return m_dropped;
}

void TelemetryBuffer::recordCall(telemetry::CallRecord&& call)
{
    append(m_pending.calls, std::move(call), m_limits.calls);
}

void TelemetryBuffer::recordCallDurably(telemetry::CallRecord&& call, telemetry::Durable durable)
{
    bool hurry = false;
    {
        const std::scoped_lock lock(m_mutex);
        const std::size_t index = m_pending.calls.size();
        if (index < m_limits.calls) {
            appendLocked(m_pending.calls, std::move(call), m_limits.calls);
            m_pending.durables.emplace_back(index, std::exchange(durable, {}));
            hurry = !std::exchange(m_hurried, true);
        }
    }
    if (durable)
        durable(fail(ErrorCode::ResourceExhausted, QStringLiteral("Too many calls wait to be recorded")));
    else if (hurry && m_wakeUp)
        m_wakeUp(Urgency::Now);
}

void TelemetryBuffer::recordSpan(telemetry::SpanData&& span)
{
    append(m_pending.spans, std::move(span), m_limits.spans);
}

void TelemetryBuffer::recordLog(telemetry::LogRecord&& log)
{
    append(m_pending.logs, std::move(log), m_limits.logs);
}

void TelemetryBuffer::recordWire(telemetry::WireFrame&& frame)
{
    append(m_pending.frames, std::move(frame), m_limits.frames);
}

void TelemetryBuffer::recordMetric(telemetry::MetricId metric, telemetry::LabelValues labels, double value)
{
    bool wake = false;
    {
        const std::scoped_lock lock(m_mutex);
        if (addToPending(metric, labels, value))
            return;
        wake = appendLocked(m_pending.measurements, TelemetryBatch::Measurement{metric, std::move(labels), value},
                            m_limits.measurements);
    }
    if (wake && m_wakeUp)
        m_wakeUp(Urgency::Soon);
}

} // namespace oriel::service
