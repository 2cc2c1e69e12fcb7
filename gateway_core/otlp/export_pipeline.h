// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/batch_queue.h"
#include "otlp/encode.h"
#include "otlp/endpoint.h"
#include "otlp/export_call.h"
#include "otlp/export_counters.h"
#include "otlp/signal.h"
#include "telemetry/log_record.h"
#include "telemetry/metric_data.h"
#include "telemetry/span_data.h"

#include <QFuture>
#include <QList>
#include <QObject>
#include <QString>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

class QTimer;

namespace oriel {
class Clock;
class Random;
} // namespace oriel

namespace oriel::otlp {

class DestinationQueue;
class TraceProcessor;
struct PipelineSettings;

enum class DestinationState : quint8 {
    Disabled,
    Idle,
    Sending,
    Retrying, ///< the backend cannot be reached or asked for patience; waiting for the next try
    Paused,   ///< the backend refused the credentials; nothing is sent until they change or somebody resumes it
    Refused,  ///< cannot be used as configured: its own receiver, a bad endpoint, an unreadable certificate
};

/// What is known of one destination just now.
struct DestinationStatus {
    QString name;
    DestinationState state = DestinationState::Idle;
    std::uint64_t queued = 0; ///< items that wait: spans, points, records
    qint64 queuedBytes = 0;
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0; ///< refused by the backend, or pushed out of a full queue
    QString lastError;         ///< stays until the next success
    std::int64_t lastErrorUnixNs = 0;
    std::int64_t lastSuccessUnixNs = 0;
    std::int64_t nextTryUnixNs = 0; ///< while Retrying
    bool operator==(const DestinationStatus&) const = default;
};

struct RetryPolicy {
    std::chrono::milliseconds initial{1'000};
    std::chrono::milliseconds maximum{60'000};
};

struct PipelineOptions {
    const Clock& clock;
    Random& random;
    SecretResolver secrets;             ///< called on the exporter thread
    std::vector<quint16> receiverPorts; ///< of Oriel's own OTLP receiver
    QueueBounds queue;
    RetryPolicy retry;
    std::size_t inboxItems = 65'536; ///< calls, spans and logs that wait to be encoded, at most
};

/// From finished telemetry to every configured destination: batches, samples, encodes once for destinations that want the same,
/// queues, sends, retries, counts. Made by the service and moved to the exporter thread before configure(); must end on that
/// thread, as by connecting its finished() to deleteLater(). Functions marked so may be called from any thread. With no
/// destination nothing is kept, encoded or timed; with some, timers run only while something waits.
class ExportPipeline : public QObject {
    Q_OBJECT
public:
    explicit ExportPipeline(PipelineOptions options, QObject* parent = nullptr);
    ~ExportPipeline() override;

    /// Any thread. Puts a configuration in force. A destination that stays (same name, or all but the name the same) keeps its
    /// queue, what is on its way and its counters.
    void configure(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                   std::shared_ptr<const telemetry::Scope> scope);

    /// Any thread, cheap: does any enabled destination take this signal? Callers skip all work for it when not.
    [[nodiscard]] bool wants(Signal signal) const
    {
        return (m_wanted.load(std::memory_order_relaxed) & (1U << static_cast<unsigned>(signal))) != 0;
    }

    /// Any thread, cheap: the same for what the receiver took (SpanData::received, LogRecord::received).
    [[nodiscard]] bool wantsReceived(Signal signal) const
    {
        return (m_wantedReceived.load(std::memory_order_relaxed) & (1U << static_cast<unsigned>(signal))) != 0;
    }
    /// Any thread: where Oriel's own receiver listens, in force with the next configure().
    void setReceiverPorts(std::vector<quint16> ports);

    // Any thread. Takes over what is given; what does not fit is dropped and counted in inboxDropped().
    void submitCalls(std::vector<ExportCall> calls);
    void submitSpans(std::vector<telemetry::SpanData> spans);
    void submitLogs(std::vector<telemetry::LogRecord> logs);
    /// A collection of all metrics, as answer to metricsDue().
    void submitMetrics(std::vector<telemetry::MetricData> metrics);
    /// Metrics that the receiver took, as they came.
    void submitReceivedMetrics(std::vector<ScopedMetrics> metrics);

    /// Any thread, cheap when called often: something was recorded, so metricsDue() follows within the metric interval.
    void noteMetricsChanged();

    [[nodiscard]] std::uint64_t inboxDropped() const { return m_inboxDropped.load(std::memory_order_relaxed); }

    /// Any thread.
    [[nodiscard]] QList<DestinationStatus> status() const;

    /// Any thread: what the exporters did, for the SDK's own metrics; the operations since the call before.
    [[nodiscard]] std::vector<ExporterCounts> takeExporterCounts();
    [[nodiscard]] InboxCounts inboxCounts() const;

    /// Any thread. Sends one real span to the destination, past its queue, and answers with the backend's words: "accepted (HTTP
    /// 200)". Acceptance resumes a paused destination. The future is cancelled when the destination is removed before the answer.
    QFuture<Result<QString>> sendTestSpan(const QString& destination);

    /// Any thread. Tries a paused or waiting destination again at once, as after a secret of the vault changed.
    void resume(const QString& destination);

    /// Any thread. Encodes and sends what waits; when all is answered for or the deadline has passed, drained() follows and
    /// nothing more is sent.
    void shutdown(std::chrono::milliseconds deadline = std::chrono::milliseconds(3'000));

Q_SIGNALS:
    /// Exporter thread: collect the metrics and submit them.
    void metricsDue();
    /// Exporter thread, at most a few times a second: status() has changed.
    void statusChanged();
    void drained();

private:
    struct Inbox {
        std::vector<ExportCall> calls;
        std::vector<telemetry::SpanData> spans;
        std::vector<telemetry::LogRecord> logs;
        [[nodiscard]] std::size_t size() const { return calls.size() + spans.size() + logs.size(); }
    };
    template <class Item> void submit(std::vector<Item>& box, std::vector<Item>&& items, Signal signal);
    void apply(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
               std::shared_ptr<const telemetry::Scope> scope);
    void wake();
    void flushInbox(bool decideAll = false);
    void encodeTraces(const Inbox& inbox, bool decideAll);
    void encodeLogs(std::vector<telemetry::LogRecord> logs);
    void giveProcessor(DestinationQueue& queue, const config::Telemetry& telemetry);
    void encodeMetrics(std::vector<telemetry::MetricData> metrics);
    void encodeReceivedMetrics(const std::vector<ScopedMetrics>& metrics);
    void arm(QTimer& timer, std::chrono::milliseconds interval);
    void destinationChanged();
    void beginShutdown(std::chrono::milliseconds deadline);
    void finishWhenDrained();
    [[nodiscard]] DestinationQueue* find(const QString& name) const;

    PipelineOptions m_options;
    std::unique_ptr<PipelineSettings> m_settings;
    std::vector<std::unique_ptr<DestinationQueue>> m_destinations;
    std::vector<std::shared_ptr<TraceProcessor>> m_processors; ///< each once, shared by those that ask for the same
    QTimer* m_spanTimer;
    QTimer* m_metricTimer;
    QTimer* m_statusTimer;
    QTimer* m_deadlineTimer;
    bool m_applying = false; ///< destinations are being rearranged; their changes are published together
    bool m_shuttingDown = false;
    bool m_drained = false;

    std::atomic<unsigned> m_wanted{0};
    std::atomic<unsigned> m_wantedReceived{0};
    std::atomic<bool> m_metricsNoted{false};
    std::atomic<std::uint64_t> m_inboxDropped{0};
    mutable std::mutex m_mutex; ///< guards the members below
    Inbox m_inbox;
    bool m_wakePending = false;
    std::uint64_t m_inboxProcessed = 0;
    QList<DestinationStatus> m_status;
    std::vector<ExporterCounts> m_counts;
};

} // namespace oriel::otlp
