// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/codec/encode.h"
#include "otlp/codec/signal.h"
#include "otlp/exporters/endpoint.h"
#include "otlp/pipeline/delivery_lane.h"
#include "otlp/pipeline/export_call.h"
#include "otlp/pipeline/export_counters.h"
#include "otlp/pipeline/inbox_items.h"
#include "telemetry/log_record.h"
#include "telemetry/metric_data.h"
#include "telemetry/span_data.h"

#include <QFuture>
#include <QList>
#include <QObject>
#include <QString>

#include <array>
#include <atomic>
#include <functional>
#include <map>
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
    Paused,   ///< the backend refused the credentials, or somebody paused it: everything is kept and nothing is sent
    /// Nobody takes one of its signals at its address (`misaddressed`); that is kept and not sent, the others go on.
    Misaddressed,
    Refused, ///< cannot be used as configured: its own receiver, a bad endpoint, an unreadable certificate, a rule that is not
             ///< understood; what waits for it is kept
};

/// What is known of one destination just now.
struct DestinationStatus {
    QString name;
    DestinationState state = DestinationState::Idle;
    std::uint64_t queued = 0; ///< items that wait: spans, points, records
    qint64 queuedBytes = 0;
    std::int64_t oldestUnixNs = 0; ///< when the first of what waits was recorded; 0: nothing waits
    std::uint64_t sent = 0;        ///< since the destination was made; kept over restarts, as are the losses
    std::uint64_t dropped = 0;     ///< the sum of `lost`
    std::array<LossCounts, kSignalCount> lost{};
    QString lastError; ///< the newest; stays until the next success of its signal
    std::array<QString, kSignalCount> signalErrors{};
    std::array<bool, kSignalCount> misaddressed{};
    std::int64_t lastErrorUnixNs = 0;
    std::int64_t lastSuccessUnixNs = 0;
    std::int64_t nextTryUnixNs = 0; ///< while Retrying
    bool circuitOpen = false;       ///< so many failures in a row that only single probes are sent
    QString spoolError;             ///< why what is new waits in memory only; empty: it is on the disk
    QString unreadReason;           ///< why a part of what waits, for whomever, cannot be read; empty: all can
    bool operator==(const DestinationStatus&) const = default;
};

/// What waits for a destination that is not configured, until one of its name is.
struct UnclaimedStatus {
    QString name;
    std::uint64_t queued = 0; ///< items
    qint64 queuedBytes = 0;
    std::int64_t oldestUnixNs = 0; ///< 0: not known
    bool operator==(const UnclaimedStatus&) const = default;
};

struct PipelineOptions {
    const Clock& clock;
    Random& random;
    SecretResolver secrets;             ///< called on the exporter thread
    std::vector<quint16> receiverPorts; ///< of Oriel's own OTLP receiver
    SpoolBounds queue;                  ///< bytes and age until configure() says otherwise
    RetryPolicy retry;
    /// Calls, spans, logs and requests of received metrics that wait to be encoded, at most.
    std::size_t inboxItems = 65'536;
    /// Of memory that they hold (heldBytes()): when it is reached, nothing more is taken.
    qsizetype inboxBytes = 128LL * 1024 * 1024;
    QString spoolDirectory = {}; ///< empty: what waits is kept in memory only
    /// Of a record, and of a request where neither the destination nor its backend says less; larger ones are halved.
    qsizetype maxRequestBytes = 4LL * 1024 * 1024;
    std::function<void(const Batch&)> spooled = {}; ///< as ExportSpoolOptions::written
    /// Metrics that nothing changes are sent again this often: backends take a series that is silent for five minutes for ended.
    std::chrono::milliseconds metricRepeat = std::chrono::minutes(1);
};

/// From finished telemetry to every configured destination: samples and processes (TraceProcessor), encodes once for all to whom
/// the same is due, writes to the spool (SpoolLog), and delivers from there to each (DeliveryLane). What a destination's sampler,
/// rules, temporality and `received` make of the data is decided before the spool: who gets a record is marked in it, and those
/// that want something else get records of their own. Made by the service and moved to the exporter thread before configure();
/// must end on that thread, as by connecting its finished() to deleteLater(). Functions marked so may be called from any thread.
/// With no destination nothing is kept, encoded or timed; with some, timers run only while something waits, but for the
/// repetition of metrics.
class ExportPipeline : public QObject {
    Q_OBJECT
public:
    explicit ExportPipeline(PipelineOptions options, QObject* parent = nullptr);
    ~ExportPipeline() override;

    /// Any thread. Puts a configuration in force. A destination that stays (same name, or all but the name the same) keeps its
    /// place in the spool, what is on its way and its counters. What was submitted before the first configuration goes by it.
    /// What waits for one that is no longer there, also since an earlier run, is kept until the spool's bounds for when one of
    /// its name comes back.
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
    /// Any thread, cheap: does any destination that takes calls want their arguments and results? Else ExportCall needs none.
    [[nodiscard]] bool wantsPayloads() const { return m_wantsPayloads.load(std::memory_order_relaxed); }
    /// Any thread: where Oriel's own receiver listens, in force with the next configure().
    void setReceiverPorts(std::vector<quint16> ports);

    // Any thread. Takes over what is given; what does not fit, or comes after the shutdown, is dropped and counted in
    // inboxDropped().
    void submitCalls(std::vector<ExportCall> calls);
    void submitSpans(std::vector<telemetry::SpanData> spans);
    void submitLogs(std::vector<telemetry::LogRecord> logs);
    /// A collection of all metrics, as answer to metricsDue().
    void submitMetrics(std::vector<telemetry::MetricData> metrics);
    /// Metrics that the receiver took, as they came.
    void submitReceivedMetrics(ReceivedMetrics metrics);

    /// Any thread, cheap when called often: something was recorded, so metricsDue() follows within the metric interval, and then
    /// at the latest each `metricRepeat`.
    void noteMetricsChanged();

    [[nodiscard]] std::uint64_t inboxDropped() const;

    /// Any thread.
    [[nodiscard]] QList<DestinationStatus> status() const;
    /// Any thread: what the spool held at the start; zeros before spoolRead().
    [[nodiscard]] SpoolRecovery spoolRecovery() const;

    /// Any thread.
    [[nodiscard]] QList<UnclaimedStatus> unclaimed() const;

    /// Any thread: what the exporters did, for the SDK's own metrics; the operations since the call before.
    [[nodiscard]] std::vector<ExporterCounts> takeExporterCounts();
    [[nodiscard]] InboxCounts inboxCounts() const;

    /// Any thread. Sends one real span to the destination, past its queue, and answers with the backend's words: "accepted (HTTP
    /// 200)". Acceptance resumes a paused destination. A destination that is removed before the answer is an error
    /// too.
    QFuture<Result<QString>> sendTestSpan(const QString& destination);

    /// Any thread. Tries a paused, waiting or refused destination again at once, as after a secret of the vault changed; its
    /// certificate files are read anew.
    void resume(const QString& destination);

    /// Any thread. Drops what waits for the destination, whether it is configured or not, and counts it as cleared.
    void clear(const QString& destination);

    /// Any thread. Encodes and sends what waits; when all is answered for or the deadline has passed, drained() follows and
    /// nothing more is sent. What is left stays in the spool.
    void shutdown(std::chrono::milliseconds deadline = std::chrono::milliseconds(3'000));

Q_SIGNALS:
    /// Exporter thread: collect the metrics and submit them.
    void metricsDue();
    /// Exporter thread, at most a few times a second: status() has changed.
    void statusChanged();
    /// Exporter thread, once, when the first destination has opened the spool.
    void spoolRead();
    void drained();

private:
    struct Inbox {
        std::vector<ExportCall> calls;
        std::vector<telemetry::SpanData> spans;
        std::vector<telemetry::LogRecord> logs;
        std::vector<ReceivedMetrics> metrics;
        qsizetype bytes = 0; ///< heldBytes() of all
        [[nodiscard]] std::size_t size() const { return calls.size() + spans.size() + logs.size() + metrics.size(); }
    };
    /// So much that it is encoded without waiting for the interval.
    [[nodiscard]] bool isMuch(const Inbox& inbox) const;
    void countDropped(Signal signal, std::uint64_t items);
    template <class Item> void submit(std::vector<Item>& box, std::vector<Item>&& items, Signal signal);
    void apply(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
               std::shared_ptr<const telemetry::Scope> scope);
    void applyDestinations(const config::Telemetry& telemetry);
    /// What was recorded before the first configuration.
    void takeUpWhatWaits();
    std::unique_ptr<DestinationQueue> makeQueue(const QString& name);
    void keepCounts(DestinationQueue& removed);
    void countUnclaimedLoss(const QString& name, Signal signal, Loss loss, qint64 items);
    void noteWanted();
    void giveProcessor(DestinationQueue& queue, const config::Destination& destination, const config::Telemetry& telemetry);
    /// Encodes what waits when it is much or has waited for its interval, if the disk keeps up.
    void wake(bool isDue);
    /// `decideAll`: no span waits any longer for its call.
    void flushInbox(bool decideAll = false);
    [[nodiscard]] bool isHolding() const;
    void encodeTraces(const Inbox& inbox, bool decideAll);
    void encodeLogs(std::vector<telemetry::LogRecord> logs);
    void encodeMetrics(const std::vector<telemetry::MetricData>& metrics);
    void encodeReceivedMetrics(const ReceivedMetrics& metrics);
    void spool(Batch batch, const std::vector<DestinationQueue*>& takers);
    void arm(QTimer& timer, std::chrono::milliseconds interval);
    void destinationChanged();
    void beginShutdown(std::chrono::milliseconds deadline);
    void flushSpool();
    void finishWhenDrained();
    [[nodiscard]] bool isBusy() const;
    [[nodiscard]] DestinationQueue* find(const QString& name) const;

    PipelineOptions m_options;
    std::unique_ptr<PipelineSettings> m_settings;
    std::unique_ptr<ExportSpool> m_spool;
    std::vector<std::unique_ptr<DestinationQueue>> m_destinations;
    static constexpr std::size_t kMaxDeparted = SpoolLog::kMaxDestinations;
    /// Counts of destinations that are not configured, so that they never fall and what they still lose is counted.
    std::map<QString, ExporterCounts> m_departed;
    std::vector<std::shared_ptr<TraceProcessor>> m_processors; ///< each once, shared by those that ask for the same
    QTimer* m_spanTimer;
    QTimer* m_metricTimer;
    QTimer* m_metricRepeatTimer;
    QTimer* m_statusTimer;
    QTimer* m_deadlineTimer;
    bool m_isConfigured = false; ///< a first configuration is in force
    bool m_applying = false;     ///< destinations are being rearranged; their changes are published together
    bool m_shuttingDown = false;
    bool m_flushing = false;
    bool m_drained = false;

    // Until the first configuration tells, everything is wanted.
    static constexpr unsigned kEverySignal = (1U << kSignalCount) - 1;
    std::atomic<unsigned> m_wanted{kEverySignal};
    std::atomic<unsigned> m_wantedReceived{kEverySignal};
    std::atomic<unsigned> m_turnedAway{0}; ///< since the shutdown: the signals that were wanted until then
    std::atomic<bool> m_metricsNoted{false};
    std::array<std::atomic<std::uint64_t>, kSignalCount> m_inboxDropped{}; ///< by signal
    std::atomic<bool> m_wantsPayloads{true};
    mutable std::mutex m_mutex; ///< guards the members below
    Inbox m_inbox;
    bool m_wakePending = false;
    std::array<std::uint64_t, kSignalCount> m_inboxProcessed{}; ///< by signal
    QList<DestinationStatus> m_status;
    QList<UnclaimedStatus> m_unclaimed;
    SpoolRecovery m_recovery;
    std::vector<ExporterCounts> m_counts;
};

} // namespace oriel::otlp
