// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/spool_worker.h"

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

void SpoolWorker::begin()
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

void SpoolWorker::end()
{
    if (!m_log.writeMemory())
        m_log.loseMemory();
    (void)m_log.sync();
    for (QTimer** timer : {&m_syncTimer, &m_diskTimer, &m_readTimer, &m_expiryTimer})
        delete std::exchange(*timer, nullptr);
}

void SpoolWorker::add(int handle, const QString& name)
{
    if (const QString why = place(handle, {name, {}}); !why.isEmpty()) {
        m_refused[handle] = {name, {}};
        tellPlace(handle, why);
    }
}

void SpoolWorker::rename(int handle, const QString& name)
{
    if (const auto refused = m_refused.find(handle); refused != m_refused.end())
        refused->second.name = name;
    if (const int slot = slotOf(handle); slot >= 0)
        m_log.rename(slot, name);
}

void SpoolWorker::setMaxAge(int handle, std::chrono::milliseconds age)
{
    if (const auto refused = m_refused.find(handle); refused != m_refused.end())
        refused->second.maxAge = age;
    const int slot = slotOf(handle);
    if (slot < 0)
        return;
    m_log.setMaxAge(slot, age);
    m_log.expire();
}

void SpoolWorker::remove(int handle)
{
    const int slot = slotOf(handle);
    m_slots.erase(handle);
    m_refused.erase(handle);
    if (slot >= 0)
        m_log.detach(slot);
}

void SpoolWorker::append(const Batch& batch, const std::vector<int>& handles)
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

void SpoolWorker::fetch(int handle, Signal signal)
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

void SpoolWorker::answer(int handle, Signal signal, const RecordAnswer& answer)
{
    if (const int slot = slotOf(handle); slot >= 0)
        m_log.answer(slot, signal, answer);
}

void SpoolWorker::release(int handle, Signal signal)
{
    if (const int slot = slotOf(handle); slot >= 0)
        m_log.release(slot, signal);
}

void SpoolWorker::clear(int handle)
{
    if (const int slot = slotOf(handle); slot >= 0)
        m_log.clear(slot);
}

void SpoolWorker::clearUnclaimed(const QString& name)
{
    for (const int slot : m_log.unclaimed()) {
        if (m_log.name(slot) == name)
            m_log.clear(slot);
    }
}

void SpoolWorker::keepDeadLetter(const DeadLetter& letter)
{
    // What cannot be kept is counted as refused all the same.
    if (m_log.isPersistent())
        (void)m_deadLetters.append(letter);
}

void SpoolWorker::flush(std::function<void()> done)
{
    (void)m_log.writeMemory();
    (void)m_log.sync();
    reply(std::move(done));
}

void SpoolWorker::afterWork()
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

void SpoolWorker::startFor(QTimer& timer, std::optional<std::chrono::milliseconds> wait)
{
    if (!wait)
        return timer.stop();
    const auto bounded = std::min(*wait, kLongestWait);
    if (!timer.isActive() || timer.remainingTimeAsDuration() > bounded)
        timer.start(bounded);
}

QString SpoolWorker::place(int handle, const Refused& wanted)
{
    const auto slot = m_log.attach(wanted.name);
    if (!slot)
        return slot.error().toString();
    m_slots.emplace(handle, Known{*slot, {}});
    if (wanted.maxAge.count() > 0)
        m_log.setMaxAge(*slot, wanted.maxAge);
    return {};
}

void SpoolWorker::placeRefused()
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

void SpoolWorker::tellPlace(int handle, const QString& why)
{
    reply([&home = m_home, handle, why] {
        if (SpoolListener* listener = home.listener(handle))
            listener->refusedBySpool(why);
    });
}

void SpoolWorker::tellLoss(int handle, Signal signal, Loss loss, std::int64_t items, const QString& name)
{
    reply([&home = m_home, handle, signal, loss, items, name] {
        if (SpoolListener* listener = home.listener(handle))
            listener->lost(signal, loss, items);
        else if (!name.isEmpty())
            Q_EMIT home.unclaimedLost(name, signal, loss, items);
    });
}

void SpoolWorker::tellLoss(const SpoolLoss& loss)
{
    const auto owner =
        std::find_if(m_slots.begin(), m_slots.end(), [&](const auto& known) { return known.second.slot == loss.slot; });
    tellLoss(owner != m_slots.end() ? owner->first : 0, loss.signal, loss.loss, loss.items, loss.name);
}

void SpoolWorker::tellState()
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

} // namespace oriel::otlp
