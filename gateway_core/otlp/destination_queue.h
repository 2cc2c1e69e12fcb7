// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/batch_queue.h"
#include "otlp/export_counters.h"
#include "otlp/export_pipeline.h"
#include "otlp/exporter.h"
#include "otlp/trace_processor.h"
#include "telemetry/temporality.h"

#include <QTimer>

#include <array>
#include <functional>
#include <map>
#include <memory>

namespace oriel::otlp {

/// One destination of the pipeline: its queues, its exporter, its retries and its counters. Exporter thread.
class DestinationQueue {
public:
    DestinationQueue(const PipelineOptions& options, std::function<void()> changed);
    ~DestinationQueue();
    DestinationQueue(const DestinationQueue&) = delete;
    DestinationQueue& operator=(const DestinationQueue&) = delete;

    /// Puts a configuration in force. What waits and what is under way stays; a request under way is answered for by the exporter
    /// that sent it.
    void configure(const config::Destination& destination, bool exportDisabled);
    [[nodiscard]] const config::Destination& config() const { return m_config; }

    /// What is done to traces and logs before they are encoded for it. A destination whose settings make no sense gets nothing
    /// and says why.
    void setProcessor(std::shared_ptr<TraceProcessor> processor);
    void refuse(const QString& why);
    [[nodiscard]] TraceProcessor* processor() const { return m_processor.get(); }
    [[nodiscard]] telemetry::TemporalityConverter& temporality() { return m_temporality; }
    /// What was done so far; the operations since the call before.
    [[nodiscard]] ExporterCounts takeCounts();

    /// Does it want this signal, and can it have it?
    [[nodiscard]] bool takes(Signal signal) const;
    void enqueue(Signal signal, Batch batch);
    /// Forgets a pause or a wait and tries at once.
    void resume();
    void sendTest(const QByteArray& request, std::function<void(Result<QString>)> done);
    /// Nothing more is sent.
    void stop();

    [[nodiscard]] DestinationStatus status() const;
    /// Is anything under way or about to be? A destination that waits for a retry is not busy.
    [[nodiscard]] bool isBusy() const;

private:
    [[nodiscard]] bool isActive() const
    {
        return m_config.enabled && !m_exportDisabled && m_refusal.isEmpty() && !m_paused && !m_stopped;
    }
    void makeExporter();
    void pump();
    void finished(Signal signal, const ExportOutcome& outcome);
    void accepted(Signal signal, const ExportOutcome& outcome);
    void scheduleRetry(const ExportOutcome& outcome);
    void drop(Signal signal);
    void releaseLater(std::shared_ptr<Exporter> exporter);
    [[nodiscard]] bool isSending() const;
    void noteError(const QString& message);
    /// The front batch as the present exporter and settings want it.
    [[nodiscard]] QByteArray requestFor(Signal signal, const Batch& batch) const;

    const PipelineOptions& m_options;
    std::function<void()> m_changed;
    config::Destination m_config;
    bool m_isOwnReceiver = false;
    bool m_exportDisabled = false;
    QString m_refusal;                           ///< why it cannot be used as configured; empty: it can
    std::shared_ptr<TraceProcessor> m_processor; ///< null: m_unprocessable says why
    QString m_unprocessable;
    telemetry::TemporalityConverter m_temporality{telemetry::TemporalityPreference::Cumulative,
                                                  telemetry::HistogramForm::Explicit};
    ExporterCounts m_counts;
    std::array<std::int64_t, kSignalCount> m_sentNs{}; ///< when the request under way was handed over, monotonic
    bool m_paused = false;
    bool m_stopped = false;

    std::shared_ptr<Exporter> m_exporter;
    std::array<MemorySpool, kSignalCount> m_spools;
    /// Who carries the request that is under way, for each signal, and who carries tests. Never held by their own call-backs:
    /// those would keep them alive past this object.
    std::array<std::shared_ptr<Exporter>, kSignalCount> m_inFlight;
    std::map<int, std::shared_ptr<Exporter>> m_tests;
    int m_nextTest = 0;
    QTimer m_retryTimer;
    QObject m_home; ///< context for what must run later
    int m_failures = 0;
    std::int64_t m_nextTryUnixNs = 0;

    std::uint64_t m_sent = 0;
    std::uint64_t m_dropped = 0;
    QString m_lastError;
    std::int64_t m_lastErrorUnixNs = 0;
    std::int64_t m_lastSuccessUnixNs = 0;
};

} // namespace oriel::otlp
