// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/received/received_telemetry.h"

namespace oriel::service {

std::optional<ReceivedTelemetry::Request> ReceivedTelemetry::next()
{
    const std::lock_guard lock(m_mutex);
    if (m_waiting.empty()) {
        m_awake = false;
        return std::nullopt;
    }
    std::optional<Request> first(std::move(m_waiting.front()));
    m_waiting.pop_front();
    m_bytes -= first->bytes;
    return first;
}

bool ReceivedTelemetry::hasRoom() const
{
    const std::lock_guard lock(m_mutex);
    return m_bytes < m_maxBytes;
}

template <class Fill> bool ReceivedTelemetry::take(qsizetype bytes, const Fill& fill)
{
    bool wake = false;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_waiting.empty() && m_bytes + bytes > m_maxBytes)
            return false;
        Request& request = m_waiting.emplace_back();
        request.bytes = bytes;
        fill(request);
        m_bytes += bytes;
        wake = !std::exchange(m_awake, true);
    }
    if (wake && m_wakeUp)
        m_wakeUp();
    return true;
}

bool ReceivedTelemetry::takeSpans(std::vector<telemetry::SpanData>&& spans, qsizetype bytes)
{
    return take(bytes, [&](Request& request) { request.spans = std::move(spans); });
}

bool ReceivedTelemetry::takeMetrics(std::vector<otlp::ScopedMetrics>&& metrics, qsizetype bytes)
{
    return take(bytes, [&](Request& request) { request.metrics = std::move(metrics); });
}

bool ReceivedTelemetry::takeLogs(std::vector<telemetry::LogRecord>&& logs, qsizetype bytes)
{
    return take(bytes, [&](Request& request) { request.logs = std::move(logs); });
}

} // namespace oriel::service
