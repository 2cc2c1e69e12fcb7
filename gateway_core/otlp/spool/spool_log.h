// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/spool/batch.h"
#include "otlp/spool/spool_cursor.h"
#include "otlp/spool/spool_segment.h"

#include <QString>

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace oriel {
class Clock;
class Random;
} // namespace oriel

namespace oriel::otlp {

struct SpoolBounds {
    qint64 bytes = 512LL * 1024 * 1024; ///< of all segments together
    std::chrono::milliseconds age{std::chrono::hours(7 * 24)};
    qint64 segmentBytes = 4LL * 1024 * 1024;
    qint64 memoryBytes = 16LL * 1024 * 1024; ///< of what waits in memory, because it cannot be written or there is no directory
    std::size_t memoryBatches = 1024;
    std::chrono::milliseconds readRetry{1'000}; ///< until a segment that cannot be read is tried again; it doubles
    std::chrono::milliseconds maximumReadRetry{300'000};
    bool operator==(const SpoolBounds&) const = default;
};

/// What waits for one destination and what became of the rest, by signal.
struct Backlog {
    struct Lane {
        std::uint64_t items = 0;
        qint64 bytes = 0;
        LaneCursor cursor;
        std::int64_t oldestUnixNs = 0; ///< when the first of them was recorded, as far as known; 0: nothing waits
        bool operator==(const Lane&) const = default;
    };
    std::array<Lane, kSignalCount> lanes;
    bool operator==(const Backlog&) const = default;
};

/// What became of the items of one record.
struct RecordAnswer {
    std::uint64_t sent = 0;
    std::uint64_t rejected = 0;
    std::uint64_t refused = 0;
};

/// What open() found.
struct SpoolRecovery {
    std::uint64_t records = 0;
    std::uint64_t tornEnds = 0;           ///< segments whose last record had not been written whole; it was cut off
    std::uint64_t damagedGaps = 0;        ///< places where bytes are no record
    std::uint64_t missingRecords = 0;     ///< records that stood there, by their numbers
    std::uint64_t unreadableSegments = 0; ///< damaged ones, set aside as *.unreadable, and those that are tried again later
    std::uint64_t damagedCursors = 0;     ///< their destinations get everything again that is still there
};

/// Items that were given up, for whoever counts them in this run.
struct SpoolLoss {
    int slot = 0;
    QString name; ///< of the destination that they were meant for
    Signal signal = Signal::Traces;
    Loss loss = Loss::Full;
    std::int64_t items = 0; ///< below 0: so many, counted before, arrived after all
};

/// One log for all destinations: records are appended to segment files, each destination reads with a cursor for each signal, and
/// a segment goes when everybody whom its records were meant for has answered for them. So one dead destination holds up nobody.
/// What a bound pushes out, what grew too old and what cannot be read is counted for each destination it was meant for.
///
/// A destination that goes leaves what waits for it, within the bounds, to the next one of its name; its slot is given to another
/// only when nothing waits there any more. A segment that cannot be read holds up nothing but its own records: lanes pass it by,
/// it is tried again with growing waits, and what it holds is lost, and counted, when a bound reaches it.
///
/// append() returns when write(2) has: from then on a record survives the end of the process. sync() makes it survive a power
/// cut. While the disk refuses, records wait in memory, in order behind those on the disk, and are written when it takes them
/// again. With no directory everything waits in memory. Age is measured by a clock that ignores jumps of the system's while Oriel
/// runs and goes on while the machine sleeps; a record from the future is not old.
///
/// Delivery is at least once: cursors are written with sync(), and before a segment goes, together with their counters, so a
/// crash repeats records but counts nothing twice. One thread; the data directory's lock keeps other processes away.
class SpoolLog {
public:
    static constexpr int kMaxDestinations = 64;

    SpoolLog(QString directory, const SpoolBounds& bounds, const Clock& clock, Random& random);
    ~SpoolLog();
    SpoolLog(const SpoolLog&) = delete;
    SpoolLog& operator=(const SpoolLog&) = delete;

    /// Reads what is there. While the directory cannot be made the log works in memory as with a full disk, and diskError() says
    /// why.
    SpoolRecovery open();
    void setBounds(const SpoolBounds& bounds);

    /// The slot of a destination: where it stopped when it is known by name, else from now on. Fails when none is free.
    Result<int> attach(const QString& name);
    /// Could attach() give a slot to a destination that is not known?
    [[nodiscard]] bool hasFreeSlot() const;
    void rename(int slot, const QString& name);
    /// What has waited longer for this destination is lost as what has waited longer than the bounds allow; 0: only the bounds.
    void setMaxAge(int slot, std::chrono::milliseconds age);
    /// The destination has gone: what waits for it stays for the next of its name. What is held is released.
    void detach(int slot);
    /// When nothing waits for a destination, but something for one of the same name that has gone: the slot with which it goes
    /// on, together with its counters. Two are of one name when one was renamed to that of another.
    std::optional<int> succeed(int slot);
    /// Slots of destinations that have gone and for which something waits.
    [[nodiscard]] std::vector<int> unclaimed() const;
    [[nodiscard]] const QString& name(int slot) const;

    /// `audience`: bits of slots. True when the record is on the disk.
    bool append(const Batch& batch, std::uint64_t audience);
    /// The oldest record that is not answered for, which is then held: it must be answered or released before the next.
    std::optional<Batch> fetch(int slot, Signal signal);
    void answer(int slot, Signal signal, const RecordAnswer& answer);
    void release(int slot, Signal signal);
    /// Drops all that waits and counts it as cleared.
    void clear(int slot);
    /// Drops and counts what is too old. Cheap when called often.
    void expire();
    /// When expire() has something to do again; nothing while nothing waits.
    [[nodiscard]] std::optional<std::chrono::milliseconds> untilExpiry() const;
    /// What was given up since the call before; what answer() was told is not in it.
    [[nodiscard]] std::vector<SpoolLoss> takeLosses() { return std::exchange(m_losses, {}); }

    [[nodiscard]] Backlog backlog(int slot) const;
    /// The slots of destinations that have a cursor.
    [[nodiscard]] std::uint64_t slotBits() const;

    /// Tries to write what waits in memory. True when nothing does any more.
    bool writeMemory();
    /// Gives up what waits in memory and counts it as pushed out, as before the end.
    void loseMemory();
    [[nodiscard]] bool hasMemoryBacklog() const { return !m_memory.empty(); }
    /// Tries the segments again that could not be read, as far as their waits have passed. True when one can be read now, so that
    /// fetch() may find more.
    bool retryUnread();
    /// When retryUnread() has something to do; nothing when all can be read.
    [[nodiscard]] std::optional<std::chrono::milliseconds> untilRetry() const;
    /// Which segments cannot be read just now, why, and what to do; empty: all can.
    [[nodiscard]] QString unreadReason() const;
    [[nodiscard]] bool isPersistent() const { return !m_directory.isEmpty(); }
    [[nodiscard]] qint64 memoryBytes() const { return m_memoryBytes; }
    [[nodiscard]] qint64 diskBytes() const;
    [[nodiscard]] std::size_t segments() const { return m_segments.size(); }
    /// Why the last write failed; empty after one that did not.
    [[nodiscard]] const QString& diskError() const { return m_diskError; }

    [[nodiscard]] bool isDirty() const { return m_dirty; }
    [[nodiscard]] qint64 unsyncedBytes() const { return m_unsyncedBytes; }
    /// Writes the cursors and waits until all is on the device.
    Status sync();

private:
    static constexpr std::uint64_t kInMemory = 0; ///< segments count from 1
    /// After so many failures in a row, four minutes, what can be read of a segment is sent without the rest.
    static constexpr int kPartialFailures = 8;

    struct Unread {
        QString why;
        std::int64_t nextTryBootNs = 0;
    };
    struct Segment {
        std::int64_t bytes = 0;
        std::uint64_t waiting = 0;     ///< pairs of record and destination that are not answered for
        std::int64_t newestUnixNs = 0; ///< when the last of them was recorded
        bool isKnown = true;           ///< its records are counted in the lanes and in `waiting`
        bool isPartial = false;        ///< the disk does not give all of it: it is set aside when the rest has been sent
        int failures = 0;              ///< in a row
        std::optional<Unread> unread;
        [[nodiscard]] bool isDone() const { return waiting == 0 && !unread; }
    };
    struct MemoryRecord {
        RecordHead head; ///< `audience`: those that have not answered
        QByteArray request;
    };
    struct Held {
        std::uint64_t sequence = 0;
        std::uint64_t segment = kInMemory;
        std::uint32_t items = 0;
        std::uint32_t bytes = 0;
        std::optional<Loss> lostAs; ///< counted as lost meanwhile; a good answer takes that back
    };
    struct Lane {
        std::uint64_t items = 0;
        qint64 bytes = 0;
        std::uint64_t segment = 0; ///< where reading goes on
        std::int64_t offset = 0;
        std::int64_t oldestUnixNs = 0;                       ///< of the first record that waits, as far as known
        std::map<std::uint64_t, std::int64_t> passedOffsets; ///< the same in segments that were passed by
        std::optional<Held> held;
    };
    struct Slot {
        bool used = false;
        bool attached = false; ///< in this run
        bool dirty = false;
        bool isUnread = false;               ///< its cursor was there but could not be read: it waits for the next start
        std::chrono::milliseconds maxAge{0}; ///< 0: as long as the bounds allow
        DestinationCursor cursor;
        std::unique_ptr<CursorFile> file; ///< null: only in memory
        std::array<Lane, kSignalCount> lanes;
    };
    struct Located {
        RecordHead head;
        QByteArray request;
        std::uint64_t segment = kInMemory;
    };

    bool makeDirectory();
    /// Is there a directory, and is all known that an earlier run left in it?
    bool isReady();
    void recoverCursors(SpoolRecovery& recovery);
    /// Reads the heads of a segment of an earlier run, cuts off its torn end, and lets the lanes read it. Only at the start its
    /// records are counted; afterwards recount() does.
    void recoverSegment(std::uint64_t number, SpoolRecovery& recovery, bool isStart);
    void noteRecovered(std::uint64_t number, Segment& segment, const RecordHead& head, std::int64_t at);
    bool tryToRead(std::uint64_t number);
    /// Is the record, which stands in that segment, meant for the destination and not answered for?
    [[nodiscard]] bool concerns(const RecordHead& head, int slot, std::uint64_t segment) const;
    bool writeRecord(const RecordHead& head, QByteArrayView request);
    bool openSegment();
    std::optional<Located> locate(int slot, Signal signal);
    std::optional<Located> locateOnDisk(int slot, Signal signal);
    /// In segments that were passed by and can be read again.
    std::optional<Located> locateInPassed(int slot, Signal signal);
    /// From `offset` on, which moves.
    std::optional<Located> locateInSegment(int slot, Signal signal, std::uint64_t number, std::int64_t& offset);
    std::optional<Located> locateInMemory(int slot, Signal signal);
    /// Lets the lanes of a destination go on behind a segment that cannot be read. False when it passed too many already.
    bool pass(int slot, std::uint64_t segment);
    void noteUnread(std::uint64_t number, const Error& why);
    void markUnread(Segment& segment, const Error& why);
    [[nodiscard]] bool hasUnread() const;
    /// The records of a segment are lost for everybody they were meant for.
    void giveUp(std::uint64_t number, Loss loss);
    /// Counts what waits in the segments anew. When all can be read, what is not found is lost; nothing: it never was there.
    void recount(std::optional<Loss> loss);
    [[nodiscard]] bool isExpired(const RecordHead& head, int slot) const;
    [[nodiscard]] std::int64_t maxAgeNs(int slot) const;
    /// Takes a record from what waits for a destination; counts it unless it was answered for.
    void takeOff(int slot, const RecordHead& head, std::optional<Loss> loss);
    /// The same for the oldest that waits: its cursor moves behind it.
    void settle(int slot, const RecordHead& head, std::uint64_t segment, std::optional<Loss> loss);
    void count(int slot, Signal signal, Loss loss, std::int64_t items);
    /// Makes a slot free.
    void vacate(int slot);
    [[nodiscard]] bool isEmpty(const Slot& slot) const;
    void leave(std::uint64_t segment, std::uint64_t sequence, int slot);
    void forgetAll(int slot);
    void evictSegment(std::uint64_t number);
    void trimDisk();
    void trimMemory();
    void loseOldestInMemory();
    void removeSegment(std::uint64_t number);
    /// Of what is no longer in m_segments. `setAside`: the file is left to people.
    void discardFile(std::uint64_t number, bool setAside);
    void writeCursors();
    bool openCursor(int slot);
    [[nodiscard]] bool isActive(std::uint64_t number) const { return m_writer.isOpen() && number == m_activeNumber; }
    [[nodiscard]] std::int64_t nowUnixNs() const;
    /// Fails when the segment is there but cannot be read, at least not all of it.
    template <class Visit> Status forEachHead(std::uint64_t number, Visit visit) const
    {
        SegmentReader reader;
        if (const Status opened = reader.open(m_directory, number); !opened)
            return isSegmentGone(m_directory, number) ? Status() : opened;
        std::int64_t at = kSegmentHeaderBytes;
        while (const auto found = reader.find(at)) {
            visit(found->head);
            at = found->end;
        }
        return reader.status();
    }

    QString m_directory;
    SpoolBounds m_bounds;
    const Clock& m_clock;
    Random& m_random;
    std::array<Slot, kMaxDestinations> m_slots;
    std::map<std::uint64_t, Segment> m_segments;
    std::deque<MemoryRecord> m_memory;
    std::vector<SpoolLoss> m_losses;
    qint64 m_memoryBytes = 0;
    SegmentWriter m_writer;
    std::uint64_t m_activeNumber = 0;
    std::uint64_t m_nextNumber = 1;
    std::uint64_t m_nextSequence = 1;
    std::int64_t m_openUnixNs = 0;
    std::int64_t m_openBootNs = 0;
    std::int64_t m_nextExpiryNs = 0;
    bool m_isRead = false; ///< open() had a directory to read, or the one that came later was empty
    bool m_dirty = false;
    qint64 m_unsyncedBytes = 0;
    QString m_diskError;
};

} // namespace oriel::otlp
