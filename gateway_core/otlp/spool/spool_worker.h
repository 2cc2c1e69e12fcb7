// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/spool/dead_letter.h"
#include "otlp/spool/export_spool.h"
#include "otlp/spool/spool_log.h"

#include <QObject>

#include <functional>
#include <map>
#include <optional>
#include <vector>

class QTimer;

namespace oriel::otlp {

/// What runs on the spool's thread for ExportSpool, whose calls come here in their order and whose listeners are told through its
/// mailbox.
class SpoolWorker : public QObject {
public:
    SpoolWorker(ExportSpool& home, const ExportSpoolOptions& options, const Clock& clock, Random& random)
        : m_home(home),
          m_written(options.written),
          m_log(options.directory, options.bounds, clock, random),
          m_deadLetters(options.directory, options.deadLetterBytes)
    {}

    void begin();
    void end();
    // As ExportSpool has them.
    void add(int handle, const QString& name);
    void rename(int handle, const QString& name);
    void setMaxAge(int handle, std::chrono::milliseconds age);
    void remove(int handle);
    void append(const Batch& batch, const std::vector<int>& handles);
    void fetch(int handle, Signal signal);
    void answer(int handle, Signal signal, const RecordAnswer& answer);
    void release(int handle, Signal signal);
    void clear(int handle);
    void clearUnclaimed(const QString& name);
    void keepDeadLetter(const DeadLetter& letter);
    void setBounds(const SpoolBounds& bounds) { m_log.setBounds(bounds); }
    void flush(std::function<void()> done);

    /// After each call: what has changed is told, and what has to follow is scheduled.
    void afterWork();

private:
    struct Known {
        int slot = 0;
        std::optional<Backlog> told;
    };
    struct Refused {
        QString name;
        std::chrono::milliseconds maxAge{0};
    };

    /// A wait that goes on is left alone unless a shorter one is due.
    static void startFor(QTimer& timer, std::optional<std::chrono::milliseconds> wait);
    /// Why it has no place; empty: it has one now.
    QString place(int handle, const Refused& wanted);
    void placeRefused();
    void tellPlace(int handle, const QString& why);
    void tellLoss(int handle, Signal signal, Loss loss, std::int64_t items, const QString& name = {});
    void tellLoss(const SpoolLoss& loss);
    void tellAllAgain()
    {
        for (auto& known : m_slots)
            known.second.told.reset();
    }

    void tellState();
    [[nodiscard]] int slotOf(int handle) const
    {
        const auto found = m_slots.find(handle);
        return found != m_slots.end() ? found->second.slot : -1;
    }

    void reply(std::function<void()> work) { m_home.m_replies.post(std::move(work)); }

    ExportSpool& m_home;
    std::function<void(const Batch&)> m_written;
    SpoolLog m_log;
    DeadLetterFile m_deadLetters;
    std::map<int, Known> m_slots;
    std::map<int, Refused> m_refused; ///< they get the next free places
    SpoolState m_told;
    QTimer* m_syncTimer = nullptr;
    QTimer* m_diskTimer = nullptr;
    QTimer* m_readTimer = nullptr;
    QTimer* m_expiryTimer = nullptr;
};

} // namespace oriel::otlp
