// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/receiver/receiver_sink.h"

#include <mutex>

namespace oriel::otlp::test {

/// Keeps what the receiver hands over; refuses it while it is full.
class KeepingSink final : public ReceiverSink {
public:
    [[nodiscard]] bool hasRoom() const override
    {
        const std::lock_guard lock(m_mutex);
        return !m_full;
    }
    bool takeSpans(std::vector<telemetry::SpanData>&& spans, qsizetype) override { return keep(m_spans, std::move(spans)); }
    bool takeMetrics(std::vector<ScopedMetrics>&& metrics, qsizetype) override { return keep(m_metrics, std::move(metrics)); }
    bool takeLogs(std::vector<telemetry::LogRecord>&& logs, qsizetype) override { return keep(m_logs, std::move(logs)); }

    void setFull(bool full)
    {
        const std::lock_guard lock(m_mutex);
        m_full = full;
    }
    [[nodiscard]] std::vector<telemetry::SpanData> spans() const { return copyOf(m_spans); }
    [[nodiscard]] std::vector<ScopedMetrics> metrics() const { return copyOf(m_metrics); }
    [[nodiscard]] std::vector<telemetry::LogRecord> logs() const { return copyOf(m_logs); }
    [[nodiscard]] bool isEmpty() const { return spans().empty() && metrics().empty() && logs().empty(); }

private:
    template <class Item> bool keep(std::vector<Item>& to, std::vector<Item>&& items)
    {
        const std::lock_guard lock(m_mutex);
        if (m_full)
            return false;
        to.insert(to.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
        return true;
    }
    template <class Item> [[nodiscard]] std::vector<Item> copyOf(const std::vector<Item>& kept) const
    {
        const std::lock_guard lock(m_mutex);
        return kept;
    }

    mutable std::mutex m_mutex;
    bool m_full = false;
    std::vector<telemetry::SpanData> m_spans;
    std::vector<ScopedMetrics> m_metrics;
    std::vector<telemetry::LogRecord> m_logs;
};

} // namespace oriel::otlp::test
