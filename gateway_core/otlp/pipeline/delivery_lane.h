// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/exporters/exporter.h"
#include "otlp/pipeline/derive.h"
#include "otlp/pipeline/request_sizes.h"
#include "otlp/spool/export_spool.h"

#include <QTimer>

#include <chrono>
#include <deque>
#include <memory>

namespace oriel::otlp {

struct RetryPolicy {
    std::chrono::milliseconds initial{1'000}; ///< ceiling of the first wait; it doubles, and the wait is drawn at random below it
    std::chrono::milliseconds maximum{60'000};
    int circuitFailures = 5;                 ///< so many in a row open the circuit
    std::chrono::milliseconds probe{30'000}; ///< with an open circuit the next try is this far away; it doubles
    std::chrono::milliseconds maximumProbe{300'000};
    std::chrono::milliseconds maximumRetryAfter{3'600'000}; ///< a backend cannot ask for more patience than this
};

/// What a lane needs of its destination.
class LaneHome {
public:
    virtual ~LaneHome() = default;
    /// Null: nothing may be sent now.
    [[nodiscard]] virtual std::shared_ptr<Exporter> carrier() const = 0;
    [[nodiscard]] virtual RequestForm form(Signal signal) const = 0;
    /// Larger requests are split before they are sent. Never 0 in rawBytes and items; the exporter looks after the rest.
    [[nodiscard]] virtual config::RequestLimits limits(Signal signal) const = 0;
    /// Is it still meant to get the signal? What waits of one that it is not may be given up for less.
    [[nodiscard]] virtual bool wants(Signal signal) const = 0;
    virtual void fetch(Signal signal) = 0;
    virtual void answer(Signal signal, const RecordAnswer& answer) = 0;
    virtual void release(Signal signal) = 0;
    virtual void keepDeadLetter(const Batch& batch, const QString& reason) = 0;
    virtual void noteError(Signal signal, const QString& message) = 0;
    virtual void noteSuccess(Signal signal) = 0;
    virtual void credentialsRefused() = 0;
    /// The exporter is in its own call-back and must end later.
    virtual void releaseLater(std::shared_ptr<Exporter> exporter) = 0;
    virtual void laneChanged() = 0;
    // For the metrics of the SDK.
    virtual void requestBegan(Signal signal, std::uint32_t items) = 0;
    virtual void requestEnded(Signal signal, const ExportOutcome& outcome) = 0;
    /// Items came to their end; empty `errorType`: they were taken.
    virtual void itemsEnded(Signal signal, std::uint64_t items, const QByteArray& errorType) = 0;
};

/// The delivery of one signal to one destination: one request at a time, the oldest first, until it is answered for.
///
/// Retryable answers are tried again for ever, with growing waits (full jitter) or after what the backend asked for; after a few
/// in a row the circuit opens and single probes go out. A request that is too large, by the destination's limits or by what the
/// backend says, is halved, and so is one that the backend calls malformed, so that one bad item costs only itself; the halvings
/// of malformed ones are bounded. What the backend called too large is remembered (RequestSizes): larger requests are halved
/// before they are sent, and after a few single items of a record were too large, larger ones are given up unsent. gRPC's
/// RESOURCE_EXHAUSTED for a small request is tried again like any retryable answer. When nobody takes the signal at the address
/// (404, a redirect …), it is kept and nothing more is sent until retryNow(), unless the destination does not want the signal any
/// more. What stays refused goes to the dead letters, and so does an item that cannot be brought within the destination's limits.
/// What is further ahead of the clock than the backend takes waits until it is not, behind what is due; what would wait longer
/// than an hour is of a wrong clock and goes to the dead letters. While it waits for a retry nothing is held in memory, unless
/// the backend already answered for a part of the record. Exporter thread.
class DeliveryLane {
public:
    DeliveryLane(Signal signal, LaneHome& home, const RetryPolicy& policy, const Clock& clock, Random& random);
    DeliveryLane(const DeliveryLane&) = delete;
    DeliveryLane& operator=(const DeliveryLane&) = delete;

    /// Something may wait in the spool.
    void noteWaiting() { m_mayWait = true; }
    void fetched(std::optional<Batch> batch);
    /// Sends if there is something and it may.
    void pump();
    /// Forgets waits and failures and tries at once; so does a request that is under way now, unless it is taken.
    void retryNow();

    [[nodiscard]] bool isSending() const { return m_carrier != nullptr; }
    [[nodiscard]] bool isWaitingToRetry() const { return m_timer.isActive(); }
    /// Nobody takes the signal where it was sent to; until retryNow() it is kept.
    [[nodiscard]] bool isMisaddressed() const { return m_isMisaddressed; }
    [[nodiscard]] bool isCircuitOpen() const { return m_probe.count() != 0; }
    [[nodiscard]] std::int64_t nextTryUnixNs() const { return m_nextTryUnixNs; }
    /// Is a request under way, or would pump() bring something about now or later?
    [[nodiscard]] bool isBusy() const;

private:
    void send();
    /// Was something of the front put aside, or must all of it wait (the timer runs then)?
    bool putAsideByClock(std::chrono::hours ahead);
    void waitForClock(const Batch& early, std::chrono::hours ahead, std::int64_t dueUnixNs);
    void finished(const ExportOutcome& outcome);
    void accepted(const ExportOutcome& outcome);
    void notTaken(const ExportOutcome& outcome, ExportOutcome::Kind kind);
    /// Is it a quota rather than the size that is meant?
    [[nodiscard]] bool isQuotaUsedUp(const ExportOutcome& outcome) const;
    void refused(const ExportOutcome& outcome);
    bool split();
    void giveUp(const QString& reason, const QByteArray& errorType);
    void pieceDone();
    void waitToRetry(const ExportOutcome& outcome);
    void letGo();

    const Signal m_signal;
    LaneHome& m_home;
    const RetryPolicy& m_policy;
    const Clock& m_clock;
    Random& m_random;

    std::deque<Batch> m_pieces; ///< of the record that the spool holds for us; the front is next
    bool m_whole = true;        ///< nothing is known of that record's fate yet: it can be fetched again
    int m_bisections = 0;
    int m_sizeHalvings = 0; ///< since the last piece that was accepted
    RequestSizes m_sizes;
    qint64 m_sentBytes = 0;    ///< of the request under way
    qint64 m_doubtedBytes = 0; ///< called too large by an answer that may mean a quota; 0: none
    int m_largeItems = 0;      ///< of this record, that were too large by themselves, since the last piece that was accepted
    RecordAnswer m_answer;
    bool m_mayWait = true;
    bool m_fetching = false;
    /// Who carries the request that is under way; never held by its own call-back, which would keep it alive past this object.
    std::shared_ptr<Exporter> m_carrier;
    bool m_isMisaddressed = false;
    /// retryNow() came since it was sent: a refusal of it tells nothing of the destination as it is now.
    bool m_isOutdated = false;
    QTimer m_timer;
    int m_failures = 0;
    std::chrono::milliseconds m_probe{0};
    std::int64_t m_nextTryUnixNs = 0;
};

} // namespace oriel::otlp
