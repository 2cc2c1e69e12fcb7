// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/pipeline/export_pipeline.h"
#include "privacy/masker.h"
#include "service/pipeline/stores.h"
#include "service/received/received_telemetry.h"

#include <QObject>

#include <functional>
#include <memory>

namespace oriel::service {

/// What the telemetry thread does with what the receiver took: masks it, stores it beside Oriel's own, and hands it to the
/// destinations that want it. Moved to that thread before start(). While nothing is received, no timer runs.
class ReceivedPipeline final : public QObject {
    Q_OBJECT
public:
    struct Dependencies {
        const Clock& clock;
        ReceivedTelemetry& received;
        Stores& stores;
        otlp::ExportPipeline& exports;
        std::function<std::shared_ptr<const privacy::Masker>()> masker; ///< called on the telemetry thread
        QByteArray mark; ///< of this Oriel: put on what is passed on (otlp::kPassedOnBy)
    };
    explicit ReceivedPipeline(Dependencies dependencies);

    /// Any thread, before the first request: connects the hand-over's wake-up.
    void start();
    /// Telemetry thread: takes all that waits now.
    void drain();

Q_SIGNALS:
    // Telemetry thread, after requests that changed the store.
    void tracesAdvanced(quint64 revision);
    void logsAdvanced(quint64 lastId);
    void metricsAppended();

private:
    /// Part of what waits, so that the gateway's own telemetry is not held up; comes again by itself.
    void drainSome();
    void tellChanges();
    void store(ReceivedTelemetry::Request&& request);
    void storeSpans(std::vector<telemetry::SpanData>& spans, const privacy::Masker& masker);
    void storeMetrics(std::vector<otlp::ScopedMetrics>& metrics, const privacy::Masker& masker);
    void storeLogs(std::vector<telemetry::LogRecord>& logs, const privacy::Masker& masker);

    Dependencies m_deps;
    bool m_tracesChanged = false;
    bool m_logsChanged = false;
    bool m_metricsChanged = false;
};

} // namespace oriel::service
