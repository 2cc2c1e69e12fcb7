// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/mailbox.h"
#include "otlp/spool/dead_letter.h"
#include "otlp/spool/spool_log.h"

#include <QObject>
#include <QThread>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace oriel::otlp {

class SpoolWorker;

/// What a destination hears of its part of the spool. Exporter thread.
class SpoolListener {
public:
    virtual ~SpoolListener() = default;
    /// The answer to fetch(): the record is held for the destination; nothing when nothing waits.
    virtual void fetched(Signal signal, std::optional<Batch> batch) = 0;
    /// Something waits, or no longer, or can be read again.
    virtual void backlogChanged(const Backlog& backlog) = 0;
    /// Items were given up, as in SpoolLoss.
    virtual void lost(Signal signal, Loss loss, std::int64_t items) = 0;
    /// It could not be given a place: nothing is kept for it until it is. Empty: it has one now.
    virtual void refusedBySpool(const QString& why) = 0;
};

struct ExportSpoolOptions {
    QString directory; ///< empty: in memory only
    SpoolBounds bounds;
    qint64 deadLetterBytes = 16LL * 1024 * 1024;
    /// Called on the spool's thread for each record that append() put on the disk.
    std::function<void(const Batch&)> written;
};

/// What waits for a destination that is not there.
struct UnclaimedBacklog {
    QString name;
    Backlog backlog;
    bool operator==(const UnclaimedBacklog&) const = default;
};

/// How the spool as a whole is.
struct SpoolState {
    QString diskError;    ///< why records wait in memory; empty: they do not have to
    QString unreadReason; ///< as SpoolLog::unreadReason()
    qint64 diskBytes = 0;
    qint64 memoryBytes = 0;
    std::vector<UnclaimedBacklog> unclaimed;
    bool operator==(const SpoolState&) const = default;
};

/// SpoolLog and the dead letters on a thread of their own, which starts with the first destination: no request waits for the
/// disk. Calls are carried out in their order. Lives on the exporter thread; the destructor waits until all is written.
class ExportSpool : public QObject {
    Q_OBJECT
public:
    ExportSpool(ExportSpoolOptions options, const Clock& clock, Random& random, QObject* parent = nullptr);
    ~ExportSpool() override;

    /// A handle for the destination of this name, which goes on where it stopped. Handles are not used again.
    int add(const QString& name, SpoolListener& listener);
    void rename(int handle, const QString& name);
    /// As SpoolLog::setMaxAge().
    void setMaxAge(int handle, std::chrono::milliseconds age);
    /// The listener hears nothing more. What waits is there for the next destination of this name.
    void remove(int handle);

    void append(Batch batch, std::vector<int> handles);
    void fetch(int handle, Signal signal);
    void answer(int handle, Signal signal, const RecordAnswer& answer);
    void release(int handle, Signal signal);
    void clear(int handle);
    /// The same of what waits for destinations of this name that are not there.
    void clearUnclaimed(const QString& name);
    void keepDeadLetter(DeadLetter letter);
    void setBounds(const SpoolBounds& bounds);
    /// `done` is called when everything before is written and on the device.
    void flush(std::function<void()> done);

    /// Bytes given to append() that the thread has not taken yet.
    [[nodiscard]] qint64 outstandingBytes() const { return m_outstanding.load(std::memory_order_relaxed); }
    [[nodiscard]] const SpoolState& state() const { return m_state; }
    /// What the disk held at the start; zeros until the thread has read it.
    [[nodiscard]] const SpoolRecovery& recovery() const { return m_recovery; }

Q_SIGNALS:
    void stateChanged();
    /// As SpoolListener::lost(), of a destination that is not there.
    void unclaimedLost(const QString& name, Signal signal, Loss loss, qint64 items);
    /// recovery() tells what the disk held.
    void recovered();

private:
    friend class SpoolWorker;
    void post(std::function<void(SpoolWorker&)> work);
    [[nodiscard]] SpoolListener* listener(int handle) const;

    ExportSpoolOptions m_options;
    const Clock& m_clock;
    Random& m_random;
    QThread m_thread;
    Mailbox m_replies; ///< for this thread
    std::unique_ptr<SpoolWorker> m_worker;
    std::optional<Mailbox> m_work; ///< for the worker's
    std::map<int, SpoolListener*> m_listeners;
    int m_nextHandle = 1;
    std::atomic<qint64> m_outstanding{0};
    SpoolState m_state;
    SpoolRecovery m_recovery;
};

} // namespace oriel::otlp
