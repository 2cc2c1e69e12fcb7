// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/pipeline/export_pipeline.h"
#include "privacy/masker.h"
#include "service/pipeline/stores.h"
#include "service/pipeline/telemetry_buffer.h"
#include "telemetry/head_sampling.h"
#include "telemetry/metrics.h"
#include "telemetry/process_metrics.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <mutex>

namespace oriel::service {

/// The telemetry thread's work: drains the buffer in batches, masks, records metrics, writes the stores and feeds the exporters.
/// Moved to its thread before start(). While nothing is recorded, no timer runs.
class TelemetryPipeline final : public QObject {
    Q_OBJECT
public:
    struct Dependencies {
        const Clock& clock;
        Random& random;
        TelemetryBuffer& buffer;
        Stores& stores;
        otlp::ExportPipeline& exports;
    };

    TelemetryPipeline(Dependencies dependencies, const config::Config& configuration);

    /// Any thread, before the first record: connects the buffer's wake-up.
    void start();
    /// Any thread.
    void setMasker(std::shared_ptr<const privacy::Masker> masker);
    [[nodiscard]] std::shared_ptr<const privacy::Masker> masker() const;
    /// Any thread: what of the configuration concerns telemetry.
    void configure(const config::Config& configuration, std::shared_ptr<const telemetry::Resource> resource,
                   std::shared_ptr<const telemetry::Scope> scope);
    /// Any thread: the children whose usage the process metrics tell.
    void setProcesses(std::vector<telemetry::WatchedProcess> processes);
    /// Any thread but the telemetry thread: the metrics as they are now, process metrics read for it.
    std::vector<telemetry::MetricData> collect();
    /// Telemetry thread: takes everything that is in the buffer now and hands it on.
    void drain();
    /// Telemetry thread: collects the metrics for the exports, if anybody takes them.
    void exportMetrics();

    static constexpr int kDrainDelayMs = 15; ///< a burst is taken together; a span is seen within this
    static constexpr int kSampleIntervalMs = 1'000;
    /// After so many calls, and when none has come for so long, memory that they took and gave back goes to the system.
    static constexpr std::size_t kReleaseAfterCalls = 5'000;
    static constexpr int kQuietMs = 100;

Q_SIGNALS:
    /// After a drain that changed the store; telemetry thread.
    void tracesAdvanced(quint64 revision);
    void logsAdvanced(quint64 lastId);
    void wireAdvanced(quint64 lastId);
    void metricsSampled();

private:
    void takeCalls(std::vector<telemetry::CallRecord>& calls, TelemetryBatch::Durables& durables);
    void recordHttp(const telemetry::CallRecord& call);
    void takeSpans(std::vector<telemetry::SpanData>& spans);
    void takeLogs(std::vector<telemetry::LogRecord>& logs);
    void maskCall(telemetry::CallRecord& call, const privacy::Masker& masker) const;
    [[nodiscard]] store::AuditRow auditRow(const telemetry::CallRecord& call, const QByteArray& arguments,
                                           const QByteArray& response) const;
    void sampleSeries();
    /// `forExport`: exponential histograms as well, where they are kept.
    std::vector<telemetry::MetricData> collectNow(bool forExport = false);
    void countSpans(const telemetry::CallRecord& call);
    void countSpan(const telemetry::SpanData& span);
    /// What otel.sdk.span.started says of spans that a destination may take, or none will.
    [[nodiscard]] QByteArray samplingResult(bool mayLeave) const;
    /// What destinations did not get, from their own books.
    void observeLosses();

    Dependencies m_deps;
    telemetry::MetricRegistry m_registry;
    telemetry::CallInstruments m_instruments;
    std::vector<telemetry::WatchedProcess> m_processes;
    std::shared_ptr<const telemetry::Resource> m_resource;
    std::shared_ptr<const telemetry::Scope> m_scope;
    telemetry::HeadSampling m_sampling;
    int m_auditPayloadLimit;
    TelemetryBatch m_batch;
    QTimer m_drainTimer;
    QTimer m_sampleTimer;
    QTimer m_quietTimer;
    std::size_t m_callsSinceRelease = 0;
    std::uint64_t m_sampledRevision = 0;
    mutable std::mutex m_maskerMutex;
    std::shared_ptr<const privacy::Masker> m_masker;
};

} // namespace oriel::service
