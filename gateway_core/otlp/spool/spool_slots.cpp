// SPDX-License-Identifier: GPL-3.0-or-later
// SpoolLog: destinations come, go and change their names.
#include "otlp/spool/spool_index.h"
#include "otlp/spool/spool_log.h"

#include <algorithm>

namespace oriel::otlp {

std::uint64_t SpoolLog::slotBits() const
{
    std::uint64_t bits = 0;
    for (int slot = 0; slot < kMaxDestinations; ++slot)
        bits |= m_slots[indexOf(slot)].used ? bitOf(slot) : 0;
    return bits;
}

bool SpoolLog::openCursor(int slot)
{
    Slot& one = m_slots[indexOf(slot)];
    if (one.file || one.isUnread || !isPersistent())
        return one.file != nullptr;
    if (!m_isRead && !isReady())
        return false;
    auto file = std::make_unique<CursorFile>();
    const auto opened = file->open(m_directory, slot);
    if (opened)
        one.file = std::move(file);
    else
        m_diskError = opened.error().toString();
    return one.file != nullptr;
}

bool SpoolLog::isEmpty(const Slot& slot) const
{
    return std::all_of(slot.lanes.begin(), slot.lanes.end(), [](const Lane& lane) { return lane.items == 0; });
}

bool SpoolLog::hasFreeSlot() const
{
    return std::any_of(m_slots.begin(), m_slots.end(),
                       [this](const Slot& one) { return !one.used || (!one.attached && !one.isUnread && isEmpty(one)); });
}

Result<int> SpoolLog::attach(const QString& name)
{
    int chosen = -1;
    const auto choose = [&](const auto& fits) {
        for (int slot = 0; slot < kMaxDestinations && chosen < 0; ++slot)
            chosen = fits(m_slots[indexOf(slot)]) ? slot : chosen;
        return chosen >= 0;
    };
    // Its own; one whose cursor was damaged, so that nobody knows whose it is; a free one; one for which nothing waits any more.
    const bool known =
        choose([&](const Slot& one) { return one.used && !one.attached && one.cursor.name == name; }) ||
        choose([](const Slot& one) { return one.used && !one.attached && !one.isUnread && one.cursor.name.isEmpty(); });
    if (!known && !choose([](const Slot& one) { return !one.used; })) {
        if (!choose([this](const Slot& one) { return !one.attached && !one.isUnread && isEmpty(one); }))
            return fail(
                ErrorCode::ResourceExhausted, QStringLiteral("all %1 places for destinations are taken").arg(kMaxDestinations),
                name,
                QStringLiteral("Remove a destination that is no longer used; it is taken in as soon as nothing waits for one "
                               "that was removed."));
        vacate(chosen);
    }
    Slot& one = m_slots[indexOf(chosen)];
    if (!known) {
        one = Slot();
        for (LaneCursor& lane : one.cursor.lanes)
            lane.next = m_nextSequence;
    }
    one.used = true;
    one.attached = true;
    one.cursor.name = name;
    one.dirty = true;
    (void)openCursor(chosen);
    writeCursors();
    m_dirty = true;
    return chosen;
}

void SpoolLog::rename(int slot, const QString& name)
{
    Slot& one = m_slots[indexOf(slot)];
    if (one.cursor.name == name)
        return;
    for (int other = 0; other < kMaxDestinations; ++other) {
        const Slot& gone = m_slots[indexOf(other)];
        if (gone.used && !gone.attached && gone.cursor.name == name && isEmpty(gone))
            vacate(other);
    }
    one.cursor.name = name;
    one.dirty = true;
    writeCursors();
    m_dirty = true;
}

void SpoolLog::setMaxAge(int slot, std::chrono::milliseconds age)
{
    m_slots[indexOf(slot)].maxAge = age;
    m_nextExpiryNs = 0;
}

void SpoolLog::vacate(int slot)
{
    forgetAll(slot);
    Slot& one = m_slots[indexOf(slot)];
    if (one.file)
        one.file->remove();
    one = Slot();
}

void SpoolLog::detach(int slot)
{
    Slot& one = m_slots[indexOf(slot)];
    one.attached = false;
    for (Lane& lane : one.lanes)
        lane.held.reset();
}

std::optional<int> SpoolLog::succeed(int slot)
{
    const Slot& one = m_slots[indexOf(slot)];
    const auto isHeld = [](const Lane& lane) { return lane.held.has_value(); };
    if (!isEmpty(one) || std::any_of(one.lanes.begin(), one.lanes.end(), isHeld))
        return std::nullopt;
    for (int next = 0; next < kMaxDestinations; ++next) {
        Slot& gone = m_slots[indexOf(next)];
        if (!gone.used || gone.attached || gone.isUnread || gone.cursor.name != one.cursor.name || isEmpty(gone))
            continue;
        for (std::size_t i = 0; i < kSignalCount; ++i) {
            gone.cursor.lanes[i].sent += one.cursor.lanes[i].sent;
            for (std::size_t loss = 0; loss < kLossCount; ++loss)
                gone.cursor.lanes[i].lost[loss] += one.cursor.lanes[i].lost[loss];
        }
        gone.attached = gone.dirty = true;
        gone.maxAge = one.maxAge;
        vacate(slot);
        writeCursors();
        m_dirty = true;
        return next;
    }
    return std::nullopt;
}

std::vector<int> SpoolLog::unclaimed() const
{
    std::vector<int> slots;
    for (int slot = 0; slot < kMaxDestinations; ++slot) {
        const Slot& one = m_slots[indexOf(slot)];
        if (one.used && !one.attached && !one.cursor.name.isEmpty() && !isEmpty(one))
            slots.push_back(slot);
    }
    return slots;
}

const QString& SpoolLog::name(int slot) const
{
    return m_slots[indexOf(slot)].cursor.name;
}

} // namespace oriel::otlp
