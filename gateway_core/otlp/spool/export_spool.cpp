// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/export_spool.h"

#include "base/background_thread.h"

#include <QTimer>

#include <algorithm>

namespace oriel::otlp {

using namespace std::chrono_literals;

namespace {

constexpr auto kSyncInterval = 500ms;
constexpr qint64 kSyncBytes = 4LL * 1024 * 1024;
/// A disk that refused a record is asked again this often.
constexpr auto kDiskRetryInterval = 5s;
/// QTimer counts milliseconds as int.
constexpr std::chrono::milliseconds kLongestWait = 24h;

} // namespace

/// What runs on the spool's thread.
class SpoolWorker : public QObject {
public:
    SpoolWorker(ExportSpool& home, const ExportSpoolOptions& options, const Clock& clock, Random& random)
        : m_home(home),
          m_written(options.written),
          m_log(options.directory, options.bounds, clock, random),
          m_deadLetters(options.directory, options.deadLetterBytes)
    {}

    void begin()
    {
        enterBackground("oriel-spool");
        m_syncTimer = new QTimer(this);
        m_diskTimer = new QTimer(this);
        m_readTimer = new QTimer(this);
        m_expiryTimer = new QTimer(this);
        for (QTimer* timer : {m_syncTimer, m_diskTimer, m_readTimer, m_expiryTimer})
            timer->setSingleShot(true);
        connect(m_syncTimer, &QTimer::timeout, this, [this] { (void)m_log.sync(); });
        connect(m_diskTimer, &QTimer::timeout, this, [this] {
            (void)m_log.writeMemory();
            afterWork();
        });
        connect(m_readTimer, &QTimer::timeout, this, [this] {
            if (m_log.retryUnread())
                tellAllAgain();
            afterWork();
        });
        connect(m_expiryTimer, &QTimer::timeout, this, [this] {
            m_log.expire();
            afterWork();
        });
        const SpoolRecovery recovery = m_log.open();
        reply([&home = m_home, recovery] {
            home.m_recovery = recovery;
            Q_EMIT home.recovered();
        });
        afterWork();
    }

    void end()
    {
        if (!m_log.writeMemory())
            m_log.loseMemory();
        (void)m_log.sync();
        for (QTimer** timer : {&m_syncTimer, &m_diskTimer, &m_readTimer, &m_expiryTimer})
            delete std::exchange(*timer, nullptr);
    }

    void add(int handle, const QString& name)
    {
        if (const QString why = place(handle, {name, {}}); !why.isEmpty()) {
            m_refused[handle] = {name, {}};
            tellPlace(handle, why);
        }
    }

    void rename(int handle, const QString& name)
    {
        if (const auto refused = m_refused.find(handle); refused != m_refused.end())
            refused->second.name = name;
        if (const int slot = slotOf(handle); slot >= 0)
            m_log.rename(slot, name);
    }

    void setMaxAge(int handle, std::chrono::milliseconds age)
    {
        if (const auto refused = m_refused.find(handle); refused != m_refused.end())
            refused->second.maxAge = age;
        const int slot = slotOf(handle);
        if (slot < 0)
            return;
        m_log.setMaxAge(slot, age);
        m_log.expire();
    }

    void remove(int handle)
    {
        const int slot = slotOf(handle);
        m_slots.erase(handle);
        m_refused.erase(handle);
        if (slot >= 0)
            m_log.detach(slot);
    }

    void append(const Batch& batch, const std::vector<int>& handles)
    {
        std::uint64_t audience = 0;
        for (const int handle : handles) {
            const int slot = slotOf(handle);
            audience |= slot >= 0 ? std::uint64_t(1) << static_cast<unsigned>(slot) : 0;
            // Given before it was told that it has no place.
            if (slot < 0 && m_refused.count(handle) != 0)
                tellLoss(handle, batch.signal, Loss::Full, batch.items);
        }
        if (m_log.append(batch, audience) && audience != 0 && m_log.isPersistent() && m_written)
            m_written(batch);
    }

    void fetch(int handle, Signal signal)
    {
        const auto known = m_slots.find(handle);
        std::optional<Batch> batch;
        if (known != m_slots.end())
            batch = m_log.fetch(known->second.slot, signal);
        if (const auto next = known != m_slots.end() && !batch ? m_log.succeed(known->second.slot) : std::nullopt) {
            known->second = Known{*next, {}};
            batch = m_log.fetch(*next, signal);
        }
        reply([&home = m_home, handle, signal, batch = std::move(batch)]() mutable {
            if (SpoolListener* listener = home.listener(handle))
                listener->fetched(signal, std::move(batch));
        });
    }

    void answer(int handle, Signal signal, const RecordAnswer& answer)
    {
        if (const int slot = slotOf(handle); slot >= 0)
            m_log.answer(slot, signal, answer);
    }

    void release(int handle, Signal signal)
    {
        if (const int slot = slotOf(handle); slot >= 0)
            m_log.release(slot, signal);
    }

    void clear(int handle)
    {
        if (const int slot = slotOf(handle); slot >= 0)
            m_log.clear(slot);
    }

    void clearUnclaimed(const QString& name)
    {
        for (const int slot : m_log.unclaimed()) {
            if (m_log.name(slot) == name)
                m_log.clear(slot);
        }
    }

    void keepDeadLetter(const DeadLetter& letter)
    {
        // What cannot be kept is counted as refused all the same.
        if (m_log.isPersistent())
            (void)m_deadLetters.append(letter);
    }

    void setBounds(const SpoolBounds& bounds) { m_log.setBounds(bounds); }

    void flush(std::function<void()> done)
    {
        (void)m_log.writeMemory();
        (void)m_log.sync();
        reply(std::move(done));
    }

    /// After each call: what has changed is told, and what has to follow is scheduled.
    void afterWork()
    {
        placeRefused();
        for (const SpoolLoss& loss : m_log.takeLosses())
            tellLoss(loss);
        tellState();
        if (m_log.unsyncedBytes() >= kSyncBytes)
            (void)m_log.sync();
        if (m_log.isDirty() && m_log.isPersistent() && !m_syncTimer->isActive())
            m_syncTimer->start(kSyncInterval);
        if (m_log.hasMemoryBacklog() && m_log.isPersistent() && !m_diskTimer->isActive())
            m_diskTimer->start(kDiskRetryInterval);
        startFor(*m_readTimer, m_log.untilRetry());
        startFor(*m_expiryTimer, m_log.untilExpiry());
    }

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
    static void startFor(QTimer& timer, std::optional<std::chrono::milliseconds> wait)
    {
        if (!wait)
            return timer.stop();
        const auto bounded = std::min(*wait, kLongestWait);
        if (!timer.isActive() || timer.remainingTimeAsDuration() > bounded)
            timer.start(bounded);
    }

    /// Why it has no place; empty: it has one now.
    QString place(int handle, const Refused& wanted)
    {
        const auto slot = m_log.attach(wanted.name);
        if (!slot)
            return slot.error().toString();
        m_slots.emplace(handle, Known{*slot, {}});
        if (wanted.maxAge.count() > 0)
            m_log.setMaxAge(*slot, wanted.maxAge);
        return {};
    }

    void placeRefused()
    {
        while (!m_refused.empty() && m_log.hasFreeSlot()) {
            const auto first = m_refused.begin();
            const int handle = first->first;
            if (!place(handle, first->second).isEmpty())
                return;
            m_refused.erase(first);
            tellPlace(handle, {});
        }
    }

    void tellPlace(int handle, const QString& why)
    {
        reply([&home = m_home, handle, why] {
            if (SpoolListener* listener = home.listener(handle))
                listener->refusedBySpool(why);
        });
    }

    void tellLoss(int handle, Signal signal, Loss loss, std::int64_t items, const QString& name = {})
    {
        reply([&home = m_home, handle, signal, loss, items, name] {
            if (SpoolListener* listener = home.listener(handle))
                listener->lost(signal, loss, items);
            else if (!name.isEmpty())
                Q_EMIT home.unclaimedLost(name, signal, loss, items);
        });
    }

    void tellLoss(const SpoolLoss& loss)
    {
        const auto owner =
            std::find_if(m_slots.begin(), m_slots.end(), [&](const auto& known) { return known.second.slot == loss.slot; });
        tellLoss(owner != m_slots.end() ? owner->first : 0, loss.signal, loss.loss, loss.items, loss.name);
    }

    void tellAllAgain()
    {
        for (auto& known : m_slots)
            known.second.told.reset();
    }

    void tellState()
    {
        std::vector<std::pair<int, Backlog>> changed;
        for (auto& [handle, known] : m_slots) {
            const Backlog now = m_log.backlog(known.slot);
            if (known.told && *known.told == now)
                continue;
            known.told = now;
            changed.emplace_back(handle, now);
        }
        SpoolState state{m_log.hasMemoryBacklog() && m_log.isPersistent() ? m_log.diskError() : QString(),
                         m_log.unreadReason(),
                         m_log.diskBytes(),
                         m_log.memoryBytes(),
                         {}};
        for (const int slot : m_log.unclaimed())
            state.unclaimed.push_back({m_log.name(slot), m_log.backlog(slot)});
        if (changed.empty() && state == m_told)
            return;
        m_told = state;
        reply([&home = m_home, changed = std::move(changed), state] {
            const bool stateChanged = home.m_state != state;
            home.m_state = state;
            for (const auto& [handle, backlog] : changed) {
                if (SpoolListener* listener = home.listener(handle))
                    listener->backlogChanged(backlog);
            }
            if (stateChanged)
                Q_EMIT home.stateChanged();
        });
    }

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

ExportSpool::ExportSpool(ExportSpoolOptions options, const Clock& clock, Random& random, QObject* parent)
    : QObject(parent),
      m_options(std::move(options)),
      m_clock(clock),
      m_random(random),
      m_replies(*this)
{}

ExportSpool::~ExportSpool()
{
    if (!m_worker)
        return;
    // In its turn: quit() from here would overtake what is still waiting.
    post([this](SpoolWorker& worker) {
        worker.end();
        m_thread.quit();
    });
    m_thread.wait();
    m_work.reset();
}

void ExportSpool::post(std::function<void(SpoolWorker&)> work)
{
    if (!m_worker) {
        m_worker = std::make_unique<SpoolWorker>(*this, m_options, m_clock, m_random);
        m_work.emplace(*m_worker);
        m_worker->moveToThread(&m_thread);
        m_thread.setObjectName(QStringLiteral("oriel-spool"));
        m_thread.start();
        m_work->post([worker = m_worker.get()] { worker->begin(); });
    }
    m_work->post([worker = m_worker.get(), work = std::move(work)] { work(*worker); });
}

SpoolListener* ExportSpool::listener(int handle) const
{
    const auto found = m_listeners.find(handle);
    return found != m_listeners.end() ? found->second : nullptr;
}

int ExportSpool::add(const QString& name, SpoolListener& listener)
{
    const int handle = m_nextHandle++;
    m_listeners.emplace(handle, &listener);
    post([handle, name](SpoolWorker& worker) {
        worker.add(handle, name);
        worker.afterWork();
    });
    return handle;
}

void ExportSpool::rename(int handle, const QString& name)
{
    post([handle, name](SpoolWorker& worker) { worker.rename(handle, name); });
}

void ExportSpool::setMaxAge(int handle, std::chrono::milliseconds age)
{
    post([handle, age](SpoolWorker& worker) {
        worker.setMaxAge(handle, age);
        worker.afterWork();
    });
}

void ExportSpool::remove(int handle)
{
    m_listeners.erase(handle);
    if (!m_worker)
        return;
    post([handle](SpoolWorker& worker) {
        worker.remove(handle);
        worker.afterWork();
    });
}

void ExportSpool::append(Batch batch, std::vector<int> handles)
{
    const qint64 bytes = batch.request.size();
    m_outstanding += bytes;
    post([this, bytes, batch = std::move(batch), handles = std::move(handles)](SpoolWorker& worker) {
        worker.append(batch, handles);
        m_outstanding -= bytes;
        worker.afterWork();
    });
}

void ExportSpool::fetch(int handle, Signal signal)
{
    post([handle, signal](SpoolWorker& worker) {
        worker.fetch(handle, signal);
        worker.afterWork();
    });
}

void ExportSpool::answer(int handle, Signal signal, const RecordAnswer& answer)
{
    post([handle, signal, answer](SpoolWorker& worker) {
        worker.answer(handle, signal, answer);
        worker.afterWork();
    });
}

void ExportSpool::release(int handle, Signal signal)
{
    post([handle, signal](SpoolWorker& worker) { worker.release(handle, signal); });
}

void ExportSpool::clear(int handle)
{
    post([handle](SpoolWorker& worker) {
        worker.clear(handle);
        worker.afterWork();
    });
}

void ExportSpool::clearUnclaimed(const QString& name)
{
    if (!m_worker)
        return;
    post([name](SpoolWorker& worker) {
        worker.clearUnclaimed(name);
        worker.afterWork();
    });
}

void ExportSpool::keepDeadLetter(DeadLetter letter)
{
    post([letter = std::move(letter)](SpoolWorker& worker) { worker.keepDeadLetter(letter); });
}

void ExportSpool::setBounds(const SpoolBounds& bounds)
{
    m_options.bounds = bounds;
    if (m_worker)
        post([bounds](SpoolWorker& worker) {
            worker.setBounds(bounds);
            worker.afterWork();
        });
}

void ExportSpool::flush(std::function<void()> done)
{
    if (!m_worker) {
        m_replies.post(std::move(done));
        return;
    }
    post([done = std::move(done)](SpoolWorker& worker) {
        worker.flush(done);
        worker.afterWork();
    });
}

} // namespace oriel::otlp
