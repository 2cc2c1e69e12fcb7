// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/exporters/exporter.h"
#include "otlp/pipeline/delivery_lane.h"
#include "otlp/pipeline/export_counters.h"
#include "otlp/pipeline/export_pipeline.h"
#include "otlp/pipeline/trace_processor.h"
#include "otlp/spool/export_spool.h"
#include "telemetry/temporality.h"

#include <array>
#include <functional>
#include <map>
#include <memory>

namespace oriel::otlp {

/// One destination of the pipeline: its place in the spool, its exporter, a lane for each signal, its state and its counters.
/// Exporter thread.
class DestinationQueue : private LaneHome, private SpoolListener {
public:
    DestinationQueue(const PipelineOptions& options, ExportSpool& spool, std::function<void()> changed);
    /// What waits stays in the spool.
    ~DestinationQueue() override;
    DestinationQueue(const DestinationQueue&) = delete;
    DestinationQueue& operator=(const DestinationQueue&) = delete;

    /// Puts a configuration in force. What waits and what is under way stays; a request under way is answered for by the exporter
    /// that sent it.
    void configure(const config::Destination& destination, bool exportDisabled);
    [[nodiscard]] const config::Destination& config() const { return m_config; }
    /// What is done to traces and logs before they are recorded for it. A destination whose rules make no sense gets nothing new,
    /// keeps what waits, and says why. In force with the next configure().
    void setProcessor(std::shared_ptr<TraceProcessor> processor);
    void refuse(const QString& why);
    [[nodiscard]] TraceProcessor* processor() const { return m_processor.get(); }
    [[nodiscard]] telemetry::TemporalityConverter& temporality() { return m_temporality; }
    /// Goes on with the counts of an earlier destination of this name. Before configure().
    void continueCounts(ExporterCounts counts) { m_counts = std::move(counts); }
    /// What was done so far; the operations since the call before.
    [[nodiscard]] ExporterCounts takeCounts();
    /// Of its place in the spool.
    [[nodiscard]] int handle() const { return m_handle; }

    /// Does it want this signal, and can it have it?
    [[nodiscard]] bool takes(Signal signal) const;
    /// A record for it was given to the spool.
    void noteSpooled(Signal signal);
    /// Makes the exporter anew, since what it reads (certificate files, secrets) may be there or other by now, then retryNow().
    /// One that works is kept while no other can be made.
    void resume();
    /// Forgets a pause or a wait and tries at once.
    void retryNow();
    /// Drops what waits and counts it.
    void clear();
    /// Items of it were given up before its place was its own again.
    void countLoss(Signal signal, Loss loss, std::int64_t items) { lost(signal, loss, items); }
    /// `done` is called once, at the latest when this ends.
    void sendTest(const QByteArray& request, std::function<void(Result<QString>)> done);
    /// Nothing more is sent.
    void stop();

    [[nodiscard]] DestinationStatus status() const;
    /// Is anything under way or about to be? A destination that waits for a retry is not busy.
    [[nodiscard]] bool isBusy() const;

private:
    [[nodiscard]] bool isActive() const
    {
        return m_config.enabled && !m_exportDisabled && refusal().isEmpty() && !m_paused && !m_config.paused && !m_stopped;
    }
    /// Why it cannot be used; empty: it can.
    [[nodiscard]] const QString& refusal() const
    {
        if (!m_spoolRefusal.isEmpty())
            return m_spoolRefusal;
        return m_refusal.isEmpty() ? m_unprocessable : m_refusal;
    }
    /// Puts another in the place of the one that is there, or says why there is none.
    void makeExporter();
    void pumpAll();
    [[nodiscard]] DestinationState state() const;

    // LaneHome
    [[nodiscard]] std::shared_ptr<Exporter> carrier() const override { return isActive() ? m_exporter : nullptr; }
    [[nodiscard]] RequestForm form(Signal signal) const override;
    [[nodiscard]] config::RequestLimits limits(Signal signal) const override;
    [[nodiscard]] bool wants(Signal signal) const override;
    void fetch(Signal signal) override { m_spool.fetch(m_handle, signal); }
    void answer(Signal signal, const RecordAnswer& answer) override { m_spool.answer(m_handle, signal, answer); }
    void release(Signal signal) override { m_spool.release(m_handle, signal); }
    void keepDeadLetter(const Batch& batch, const QString& reason) override;
    void noteError(Signal signal, const QString& message) override
    {
        m_errors[static_cast<std::size_t>(signal)] = noteOf(message);
    }
    void noteSuccess(Signal signal) override;
    void credentialsRefused() override { m_paused = true; }
    void releaseLater(std::shared_ptr<Exporter> exporter) override;
    void laneChanged() override { m_changed(); }
    void requestBegan(Signal signal, std::uint32_t items) override;
    void requestEnded(Signal signal, const ExportOutcome& outcome) override;
    void itemsEnded(Signal signal, std::uint64_t items, const QByteArray& errorType) override;

    // SpoolListener
    void fetched(Signal signal, std::optional<Batch> batch) override;
    void backlogChanged(const Backlog& backlog) override;
    void lost(Signal signal, Loss loss, std::int64_t items) override;
    void refusedBySpool(const QString& why) override;

    const PipelineOptions& m_options;
    ExportSpool& m_spool;
    std::function<void()> m_changed;
    config::Destination m_config;
    bool m_exportDisabled = false;
    bool m_isOwnReceiver = false;
    QString m_refusal;                           ///< by the configuration
    QString m_spoolRefusal;                      ///< by the spool, which has no place for it
    std::shared_ptr<TraceProcessor> m_processor; ///< null: m_unprocessable says why
    QString m_unprocessable;
    telemetry::TemporalityConverter m_temporality{telemetry::TemporalityPreference::Cumulative,
                                                  telemetry::HistogramForm::Explicit};
    bool m_paused = false;
    bool m_stopped = false;
    int m_handle = 0; ///< 0: none yet

    std::shared_ptr<Exporter> m_exporter;
    std::array<std::unique_ptr<DeliveryLane>, kSignalCount> m_lanes;
    struct Test {
        std::shared_ptr<Exporter> exporter; ///< never held by its own call-back, which would keep it alive past this object
        std::function<void(Result<QString>)> done;
    };
    std::map<int, Test> m_tests; ///< under way
    int m_nextTest = 0;
    QObject m_home; ///< context for what must run later

    ExporterCounts m_counts;
    std::array<std::int64_t, kSignalCount> m_sentNs{}; ///< when the request under way was handed over, monotonic

    Backlog m_backlog;
    struct ErrorNote {
        QString message;
        std::int64_t unixNs = 0;
    };
    [[nodiscard]] ErrorNote noteOf(const QString& message) const;
    ErrorNote m_ownError;                              ///< why it cannot be used at all
    std::array<ErrorNote, kSignalCount> m_errors = {}; ///< of each signal, until it is taken again
    std::int64_t m_lastSuccessUnixNs = 0;
};

} // namespace oriel::otlp
