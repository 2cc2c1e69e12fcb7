// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/receiver/receiver_sink.h"

#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace oriel::service {

/// The bounded hand-over from the receiver's threads to the telemetry thread, request by request. What does not fit is refused,
/// so that its sender keeps it. Thread-safe.
class ReceivedTelemetry final : public otlp::ReceiverSink {
public:
    /// What one request brought: one of the three.
    struct Request {
        std::vector<telemetry::SpanData> spans;
        std::vector<otlp::ScopedMetrics> metrics;
        std::vector<telemetry::LogRecord> logs;
        qsizetype bytes = 0;
    };
    /// Decoded, a message takes about ten times its bytes of memory. A larger one is taken when nothing waits.
    static constexpr qsizetype kMaxBytes = 8LL * 1024 * 1024;

    explicit ReceivedTelemetry(qsizetype maxBytes = kMaxBytes) : m_maxBytes(maxBytes) {}

    /// Called on a receiver's thread when the first request after an empty next() has come; has to be cheap, such as posting an
    /// event. Set before the first request.
    void setWakeUp(std::function<void()> wakeUp) { m_wakeUp = std::move(wakeUp); }
    /// The oldest request; nothing when none waits.
    [[nodiscard]] std::optional<Request> next();

    [[nodiscard]] bool hasRoom() const override;
    [[nodiscard]] bool takeSpans(std::vector<telemetry::SpanData>&& spans, qsizetype bytes) override;
    [[nodiscard]] bool takeMetrics(std::vector<otlp::ScopedMetrics>&& metrics, qsizetype bytes) override;
    [[nodiscard]] bool takeLogs(std::vector<telemetry::LogRecord>&& logs, qsizetype bytes) override;

private:
    /// `fill` moves what came into the request, once there is room for it.
    template <class Fill> bool take(qsizetype bytes, const Fill& fill);

    const qsizetype m_maxBytes;
    std::function<void()> m_wakeUp;
    mutable std::mutex m_mutex;
    std::deque<Request> m_waiting;
    qsizetype m_bytes = 0;
    bool m_awake = false; ///< the telemetry thread was told and has not found it empty since
};

} // namespace oriel::service
