// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/recorder.h"

#include <vector>

namespace oriel::test {

/// Keeps everything that was recorded, the measurements with all their labels.
class RecordingRecorder final : public telemetry::Recorder {
public:
    struct Measurement {
        telemetry::MetricId metric;
        QList<QByteArray> labels;
        double value;
    };

    void recordCall(telemetry::CallRecord&& call) override { calls.push_back(std::move(call)); }
    void recordCallDurably(telemetry::CallRecord&& call, telemetry::Durable durable) override
    {
        calls.push_back(std::move(call));
        durable({});
    }
    void recordSpan(telemetry::SpanData&& span) override { spans.push_back(std::move(span)); }
    void recordLog(telemetry::LogRecord&& log) override { logs.push_back(std::move(log)); }
    void recordWire(telemetry::WireFrame&& frame) override { frames.push_back(std::move(frame)); }
    void recordMetric(telemetry::MetricId metric, telemetry::LabelValues labels, double value) override
    {
        measurements.push_back({metric, QList<QByteArray>(labels.begin(), labels.end()), value});
    }

    /// Of all measurements of that metric whose labels begin with these.
    [[nodiscard]] double sum(telemetry::MetricId metric, const QList<QByteArray>& labels = {}) const
    {
        double total = 0;
        for (const Measurement& each : measurements) {
            if (each.metric == metric && each.labels.first(std::min(labels.size(), each.labels.size())) == labels)
                total += each.value;
        }
        return total;
    }

    std::vector<telemetry::CallRecord> calls;
    std::vector<telemetry::SpanData> spans;
    std::vector<telemetry::LogRecord> logs;
    std::vector<telemetry::WireFrame> frames;
    std::vector<Measurement> measurements;
};

} // namespace oriel::test
