// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/random.h"
#include "file_size_limit.h"
#include "otlp/spool/spool_log.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>
#include <unistd.h>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;

namespace {

const QString kName = QStringLiteral("backend");

Batch batchOf(QByteArray request, std::uint32_t items = 1, Signal signal = Signal::Traces)
{
    return {signal, std::move(request), items, false, 0};
}

std::uint64_t bit(int slot)
{
    return std::uint64_t(1) << static_cast<unsigned>(slot);
}

std::uint64_t lost(const SpoolLog& log, int slot, Loss loss, Signal signal = Signal::Traces)
{
    return log.backlog(slot).lanes[static_cast<std::size_t>(signal)].cursor.lost[static_cast<std::size_t>(loss)];
}

std::uint64_t queued(const SpoolLog& log, int slot, Signal signal = Signal::Traces)
{
    return log.backlog(slot).lanes[static_cast<std::size_t>(signal)].items;
}

/// Fetches and answers until nothing waits.
QList<QByteArray> deliverAll(SpoolLog& log, int slot, Signal signal = Signal::Traces)
{
    QList<QByteArray> requests;
    while (const auto batch = log.fetch(slot, signal)) {
        requests.append(batch->request);
        log.answer(slot, signal, {batch->items, 0, 0});
    }
    return requests;
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& path, const QByteArray& content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
}

/// A log in a directory that is opened again and again.
class Spool {
public:
    explicit Spool(SpoolBounds bounds = {}) : m_bounds(bounds) {}
    SpoolLog& open(const QStringList& names = {kName})
    {
        log.reset();
        log = std::make_unique<SpoolLog>(path(), m_bounds, clock, random);
        recovery = log->open();
        slotOf.clear();
        for (const QString& name : names)
            slotOf.append(log->attach(name).value_or(-1));
        return *log;
    }
    [[nodiscard]] QString path() const { return directory.filePath(QStringLiteral("spool")); }
    [[nodiscard]] QStringList segments() const
    {
        return QDir(path()).entryList({QStringLiteral("spool-*.seg")}, QDir::Files, QDir::Name);
    }
    [[nodiscard]] QString segment(int index) const { return path() + u'/' + segments().value(index); }

    QTemporaryDir directory;
    ManualClock clock;
    SeededRandom random{7};
    std::unique_ptr<SpoolLog> log;
    SpoolRecovery recovery;
    QList<int> slotOf;

private:
    SpoolBounds m_bounds;
};

SpoolBounds small(qint64 segmentBytes, qint64 bytes = 1LL << 30)
{
    SpoolBounds bounds;
    bounds.segmentBytes = segmentBytes;
    bounds.bytes = bytes;
    return bounds;
}

/// Permissions count for nothing with root: while it lives the process is somebody else.
class NotRoot {
public:
    NotRoot() { m_works = m_user != 0 || ::seteuid(kNobody) == 0; }
    ~NotRoot() { (void)!::seteuid(m_user); }
    NotRoot(const NotRoot&) = delete;
    NotRoot& operator=(const NotRoot&) = delete;
    [[nodiscard]] bool works() const { return m_works; }

private:
    static constexpr uid_t kNobody = 65'534;
    uid_t m_user = ::geteuid();
    bool m_works = false;
};

/// Six records of one to six items.
QList<QByteArray> appendSix(SpoolLog& log, std::uint64_t audience)
{
    QList<QByteArray> requests;
    for (std::uint32_t i = 1; i <= 6; ++i) {
        requests.append("request " + QByteArray::number(i) + QByteArray(static_cast<qsizetype>(8 * i), 'x'));
        log.append(batchOf(requests.last(), i), audience);
    }
    return requests;
}

/// A log with "first", of two items, on the disk, and `second()`, of three, in memory, since the disk was full. Half of the
/// latter stands in the segment, as on a disk that gives nothing back of what it took.
class TornSpool : public Spool {
public:
    TornSpool() : Spool(small(1LL << 20)) {}
    static QByteArray second() { return QByteArray(8'000, 'b'); }
    bool tear()
    {
        open();
        if (!log->append(batchOf("first", 2), bit(slotOf[0])))
            return false;
        {
            const FileSizeLimit full(4'096);
            if (log->append(batchOf(second(), 3), bit(slotOf[0])))
                return false;
        }
        QFile file(segment(0));
        if (!file.open(QIODevice::ReadWrite))
            return false;
        const auto header = decodeSegmentHeader(file.read(kSegmentHeaderBytes));
        RecordHead head;
        head.sequence = 2;
        head.unixNs = clock.unixNs();
        head.audience = bit(slotOf[0]);
        head.items = 3;
        const QByteArray torn = header ? encodeRecord(head, second(), header->salt).first(4'000) : QByteArray();
        return !torn.isEmpty() && file.seek(file.size()) && file.write(torn) == torn.size();
    }
};

} // namespace

class SpoolLogTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aDestinationThatTakesNothingOldLosesItSoonerThanOthers()
    {
        Spool spool;
        SpoolLog& log = spool.open({kName, QStringLiteral("patient")});
        log.setMaxAge(spool.slotOf[0], 1h);
        log.append(batchOf("old", 3), bit(spool.slotOf[0]) | bit(spool.slotOf[1]));
        spool.clock.advanceNs(std::chrono::nanoseconds(2h).count());
        log.append(batchOf("new"), bit(spool.slotOf[0]) | bit(spool.slotOf[1]));
        QCOMPARE(queued(log, spool.slotOf[0]), 1ULL);
        QCOMPARE(lost(log, spool.slotOf[0], Loss::Expired), 3ULL);
        QCOMPARE(deliverAll(log, spool.slotOf[0]), QList<QByteArray>{"new"});
        QCOMPARE(deliverAll(log, spool.slotOf[1]), (QList<QByteArray>{"old", "new"}));
        QCOMPARE(lost(log, spool.slotOf[1], Loss::Expired), 0ULL);
    }

    void whatWaitsTellsHowOldItIsAlsoAfterARestart()
    {
        Spool spool;
        const auto oldest = [&](SpoolLog& log) { return log.backlog(spool.slotOf[0]).lanes[0].oldestUnixNs; };
        SpoolLog& first = spool.open();
        QCOMPARE(oldest(first), 0);
        const std::int64_t began = spool.clock.unixNs();
        first.append(batchOf("old"), bit(spool.slotOf[0]));
        spool.clock.advanceNs(std::chrono::nanoseconds(1h).count());
        first.append(batchOf("new"), bit(spool.slotOf[0]));
        QCOMPARE(oldest(first), began);
        SpoolLog& again = spool.open();
        QCOMPARE(oldest(again), began);
        QVERIFY(again.fetch(spool.slotOf[0], Signal::Traces));
        again.answer(spool.slotOf[0], Signal::Traces, {1, 0, 0});
        QVERIFY(again.fetch(spool.slotOf[0], Signal::Traces));
        QCOMPARE(oldest(again), spool.clock.unixNs());
        again.answer(spool.slotOf[0], Signal::Traces, {1, 0, 0});
        QCOMPARE(oldest(again), 0);
    }

    void whatWasAppendedIsThereAfterTheProcessEnded()
    {
        Spool spool;
        SpoolLog& first = spool.open();
        Batch rich{Signal::Traces, "rich", 3, true, 5};
        QVERIFY(first.append(rich, bit(spool.slotOf[0])));
        QVERIFY(first.append(batchOf("log", 2, Signal::Logs), bit(spool.slotOf[0])));
        SpoolLog& again = spool.open();
        QCOMPARE(spool.recovery.records, 2ULL);
        QCOMPARE(queued(again, spool.slotOf[0]), 3ULL);
        QCOMPARE(queued(again, spool.slotOf[0], Signal::Logs), 2ULL);
        const auto batch = again.fetch(spool.slotOf[0], Signal::Traces);
        QVERIFY(batch.has_value());
        QCOMPARE(batch->request, QByteArray("rich"));
        QVERIFY(batch->items == 3 && batch->payloads && batch->aliases == 5);
        QVERIFY(!again.fetch(spool.slotOf[0], Signal::Traces));
        QVERIFY(!again.fetch(spool.slotOf[0], Signal::Metrics));
        QCOMPARE(deliverAll(again, spool.slotOf[0], Signal::Logs), QList<QByteArray>{"log"});
    }

    void whatWasAnsweredIsNotSentAgainAndItsCountersStay()
    {
        Spool spool;
        SpoolLog& first = spool.open();
        const QList<QByteArray> requests = appendSix(first, bit(spool.slotOf[0]));
        QVERIFY(first.fetch(spool.slotOf[0], Signal::Traces));
        first.answer(spool.slotOf[0], Signal::Traces, {1, 0, 0});
        QVERIFY(first.fetch(spool.slotOf[0], Signal::Traces));
        first.answer(spool.slotOf[0], Signal::Traces, {0, 1, 1});
        QVERIFY(first.sync());
        SpoolLog& again = spool.open();
        const int slot = spool.slotOf[0];
        const LaneCursor cursor = again.backlog(slot).lanes[0].cursor;
        QCOMPARE(cursor.sent, 1ULL);
        QVERIFY(lost(again, slot, Loss::Rejected) == 1 && lost(again, slot, Loss::Refused) == 1);
        QCOMPARE(deliverAll(again, slot), requests.mid(2));
    }

    void aReleasedRecordComesAgain()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QCOMPARE(log.fetch(spool.slotOf[0], Signal::Traces)->request, requests[0]);
        log.release(spool.slotOf[0], Signal::Traces);
        QCOMPARE(deliverAll(log, spool.slotOf[0]), requests);
    }

    void anyFlippedByteLosesAtMostItsRecordAndIsCountedExactly()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.sync());
        const QByteArray whole = contentOf(spool.segment(0));
        const QString path = spool.segment(0);
        const QString cursorPath = CursorFile::path(spool.path(), spool.slotOf[0]);
        const QByteArray cursor = contentOf(cursorPath);
        qsizetype requestStart = kSegmentHeaderBytes + kRecordHeadBytes;
        QSet<qsizetype> requestBytes;
        for (const QByteArray& request : requests) {
            for (qsizetype i = 0; i < request.size(); ++i)
                requestBytes.insert(requestStart + i);
            requestStart += request.size() + 2 * kRecordHeadBytes;
        }
        for (qsizetype at = 0; at < whole.size(); ++at) {
            for (const int flip : {0x01, 0x80, 0xFF}) {
                QByteArray damaged = whole;
                damaged[at] = static_cast<char>(damaged[at] ^ flip);
                spool.log.reset();
                write(path, damaged);
                write(cursorPath, cursor);
                SpoolLog& again = spool.open();
                const int slot = spool.slotOf[0];
                const QList<QByteArray> delivered = deliverAll(again, slot);
                const auto isRequest = requestBytes.contains(at);
                QVERIFY2(delivered.size() == (isRequest ? 5 : 6), qPrintable(QStringLiteral("byte %1").arg(at)));
                std::uint64_t missing = 0;
                for (qsizetype i = 0; i < requests.size(); ++i)
                    missing += delivered.contains(requests[i]) ? 0 : static_cast<std::uint64_t>(i) + 1;
                QCOMPARE(lost(again, slot, Loss::Damaged), missing);
                QCOMPARE(queued(again, slot), 0ULL);
            }
        }
    }

    void aLogCutOffAnywhereKeepsWhatIsWhole()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.sync());
        const QString path = spool.segment(0);
        const QByteArray whole = contentOf(path);
        const QString cursorPath = CursorFile::path(spool.path(), spool.slotOf[0]);
        const QByteArray cursor = contentOf(cursorPath);
        for (qsizetype length = 0; length <= whole.size(); ++length) {
            spool.log.reset();
            for (const QString& other : spool.segments())
                QFile::remove(spool.path() + u'/' + other);
            write(path, whole.first(length));
            write(cursorPath, cursor);
            SpoolLog& again = spool.open();
            const int slot = spool.slotOf[0];
            QList<QByteArray> expected;
            qsizetype end = kSegmentHeaderBytes;
            qsizetype wholeEnd = end;
            for (const QByteArray& request : requests) {
                end += kRecordHeadBytes + request.size();
                if (end <= length)
                    expected.append(request);
                end += kRecordHeadBytes;
                wholeEnd = end <= length ? end : wholeEnd;
            }
            again.append(batchOf("fresh"), bit(slot));
            expected.append("fresh");
            QCOMPARE(deliverAll(again, slot), expected);
            QCOMPARE(lost(again, slot, Loss::Damaged), 0ULL);
            const bool cutInside = length > kSegmentHeaderBytes && length != wholeEnd &&
                                   expected.size() - 1 == std::count_if(requests.begin(), requests.end(),
                                                                        [&](const auto& one) { return expected.contains(one); });
            QVERIFY(spool.recovery.tornEnds <= (cutInside ? 1ULL : 0ULL));
        }
    }

    void damageOverSeveralRecordsIsWrittenOffAsAWhole()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.sync());
        // While it runs: what is queued was counted before the damage.
        QByteArray damaged = contentOf(spool.segment(0));
        const qsizetype second = kSegmentHeaderBytes + 2 * kRecordHeadBytes + requests[0].size();
        const qsizetype fourth = second + 4 * kRecordHeadBytes + requests[1].size() + requests[2].size();
        damaged.replace(second, fourth - second, QByteArray(fourth - second, '\x55'));
        write(spool.segment(0), damaged);
        const QList<QByteArray> delivered = deliverAll(log, spool.slotOf[0]);
        QCOMPARE(delivered, (QList<QByteArray>{requests[0], requests[3], requests[4], requests[5]}));
        QCOMPARE(lost(log, spool.slotOf[0], Loss::Damaged), 5ULL);
        QCOMPARE(queued(log, spool.slotOf[0]), 0ULL);
    }

    void aGapIsFoundAtTheNextStartByItsNumbers()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.sync());
        spool.log.reset();
        QByteArray damaged = contentOf(spool.segment(0));
        const qsizetype second = kSegmentHeaderBytes + 2 * kRecordHeadBytes + requests[0].size();
        const qsizetype fourth = second + 4 * kRecordHeadBytes + requests[1].size() + requests[2].size();
        damaged.replace(second, fourth - second, QByteArray(fourth - second, '\x55'));
        write(spool.segment(0), damaged);
        SpoolLog& again = spool.open();
        QCOMPARE(spool.recovery.damagedGaps, 1ULL);
        QCOMPARE(spool.recovery.missingRecords, 2ULL);
        QCOMPARE(deliverAll(again, spool.slotOf[0]).size(), 4);
    }

    void aRequestThatLooksLikeARecordIsNotOne()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        RecordHead head;
        head.sequence = 99;
        head.audience = ~std::uint64_t(0);
        head.items = 1;
        const QByteArray forged = encodeRecord(head, "forged", 0);
        log.append(batchOf(forged), bit(slot));
        log.append(batchOf("after"), bit(slot));
        QVERIFY(log.sync());
        spool.log.reset();
        QByteArray damaged = contentOf(spool.segment(0));
        damaged[kSegmentHeaderBytes + 5] = static_cast<char>(~damaged[kSegmentHeaderBytes + 5]);
        damaged[kSegmentHeaderBytes + kRecordHeadBytes + forged.size() + 5] ^= 1;
        write(spool.segment(0), damaged);
        SpoolLog& again = spool.open();
        QCOMPARE(deliverAll(again, spool.slotOf[0]), QList<QByteArray>{"after"});
    }

    void aCursorAheadOfTheLogWaitsForNothing()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        appendSix(log, bit(spool.slotOf[0]));
        deliverAll(log, spool.slotOf[0]);
        QVERIFY(log.sync());
        spool.log.reset();
        for (const QString& name : spool.segments())
            QVERIFY(QFile::remove(spool.path() + u'/' + name));
        SpoolLog& again = spool.open();
        QCOMPARE(queued(again, spool.slotOf[0]), 0ULL);
        again.append(batchOf("fresh"), bit(spool.slotOf[0]));
        QCOMPARE(deliverAll(again, spool.slotOf[0]), QList<QByteArray>{"fresh"});
    }

    void aCursorBehindTheLogRepeatsAndLosesNothing()
    {
        Spool spool(small(200));
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        const QList<QByteArray> requests = appendSix(log, bit(slot));
        QVERIFY(log.sync());
        const QByteArray old = contentOf(CursorFile::path(spool.path(), slot));
        for (int i = 0; i < 3; ++i) {
            QVERIFY(log.fetch(slot, Signal::Traces));
            log.answer(slot, Signal::Traces, {1, 0, 0});
        }
        QVERIFY(log.sync());
        spool.log.reset();
        write(CursorFile::path(spool.path(), slot), old);
        SpoolLog& again = spool.open();
        const QList<QByteArray> delivered = deliverAll(again, spool.slotOf[0]);
        QCOMPARE(delivered.last(3), requests.last(3));
        QCOMPARE(lost(again, spool.slotOf[0], Loss::Damaged), 0ULL);
    }

    void aDamagedCursorSendsAgainWhatIsThere()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.sync());
        spool.log.reset();
        write(CursorFile::path(spool.path(), 0), QByteArray(4096, '\x11'));
        SpoolLog& again = spool.open();
        QCOMPARE(spool.recovery.damagedCursors, 1ULL);
        QCOMPARE(deliverAll(again, spool.slotOf[0]), requests);
    }

    void oneDamagedBlockOfACursorCostsNothing()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        const QList<QByteArray> requests = appendSix(log, bit(slot));
        QVERIFY(log.fetch(slot, Signal::Traces));
        log.answer(slot, Signal::Traces, {1, 0, 0});
        QVERIFY(log.sync());
        const QByteArray whole = contentOf(CursorFile::path(spool.path(), slot));
        for (qsizetype at = 0; at < whole.size(); at += 97) {
            spool.log.reset();
            QByteArray damaged = whole;
            damaged[at] ^= 1;
            write(CursorFile::path(spool.path(), slot), damaged);
            SpoolLog& again = spool.open();
            QCOMPARE(spool.recovery.damagedCursors, 0ULL);
            QVERIFY(queued(again, spool.slotOf[0]) >= 20);
        }
        Q_UNUSED(requests)
    }

    void segmentsGoWhenEverybodyAnsweredAndNotBefore()
    {
        Spool spool(small(300));
        SpoolLog& log = spool.open({kName, QStringLiteral("dead")});
        const int live = spool.slotOf[0];
        const int dead = spool.slotOf[1];
        QList<QByteArray> requests;
        for (int i = 0; i < 20; ++i) {
            requests.append(QByteArray(100, static_cast<char>('a' + i)));
            QVERIFY(log.append(batchOf(requests.last()), bit(live) | bit(dead)));
        }
        const qsizetype all = spool.segments().size();
        QVERIFY(all > 5);
        QCOMPARE(deliverAll(log, live), requests);
        QCOMPARE(spool.segments().size(), all);
        QCOMPARE(queued(log, dead), 20ULL);
        QCOMPARE(deliverAll(log, dead), requests);
        QCOMPARE(spool.segments().size(), 1);
        QVERIFY(log.sync());
        spool.open({kName, QStringLiteral("dead")});
        QCOMPARE(spool.segments().size(), 0);
    }

    void theBoundInBytesLosesTheOldestAndCountsItForWhomItWas()
    {
        Spool spool(small(600, 3'000));
        SpoolLog& log = spool.open({kName, QStringLiteral("dead"), QStringLiteral("logs")});
        QList<QByteArray> requests;
        std::uint64_t total = 0;
        for (int i = 0; i < 60; ++i) {
            requests.append(QByteArray(100, static_cast<char>('A' + i)));
            const auto items = static_cast<std::uint32_t>(1 + i % 5);
            total += items;
            log.append(batchOf(requests.last(), items), bit(spool.slotOf[0]) | bit(spool.slotOf[1]));
            deliverAll(log, spool.slotOf[0]);
        }
        QVERIFY(log.diskBytes() <= 3'000 + 600 + 300);
        const std::uint64_t full = lost(log, spool.slotOf[1], Loss::Full);
        QVERIFY(full > 0);
        QCOMPARE(full + queued(log, spool.slotOf[1]), total);
        QCOMPARE(lost(log, spool.slotOf[0], Loss::Full), 0ULL);
        QCOMPARE(lost(log, spool.slotOf[2], Loss::Full), 0ULL);
        const std::uint64_t waiting = queued(log, spool.slotOf[1]);
        SpoolLog& again = spool.open({kName, QStringLiteral("dead")});
        QCOMPARE(lost(again, spool.slotOf[1], Loss::Full), full);
        QCOMPARE(queued(again, spool.slotOf[1]), waiting);
        const QList<QByteArray> left = deliverAll(again, spool.slotOf[1]);
        QCOMPARE(left, requests.last(left.size()));
    }

    void whatWasPushedOutOnItsWayIsNotLostWhenItArrives()
    {
        Spool spool(small(300, 1'200));
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        log.append(batchOf(QByteArray(100, 'a'), 7), bit(slot));
        QVERIFY(log.fetch(slot, Signal::Traces));
        for (int i = 0; i < 20; ++i)
            log.append(batchOf(QByteArray(100, 'b')), bit(slot));
        const std::uint64_t before = lost(log, slot, Loss::Full);
        QVERIFY(before >= 7);
        log.answer(slot, Signal::Traces, {7, 0, 0});
        QCOMPARE(lost(log, slot, Loss::Full), before - 7);
        const LaneCursor cursor = log.backlog(slot).lanes[0].cursor;
        QCOMPARE(cursor.sent + lost(log, slot, Loss::Full) + queued(log, slot), 27ULL);
    }

    void whatIsTooOldIsLostAndCounted()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        log.append(batchOf("old", 4), bit(slot));
        spool.clock.advanceNs(std::chrono::nanoseconds(6 * 24h).count());
        log.append(batchOf("young"), bit(slot));
        spool.clock.advanceNs(std::chrono::nanoseconds(30h).count());
        log.expire();
        QCOMPARE(lost(log, slot, Loss::Expired), 4ULL);
        QCOMPARE(queued(log, slot), 1ULL);
        QCOMPARE(deliverAll(log, slot), QList<QByteArray>{"young"});
    }

    void jumpsOfTheWallClockAgeNothing()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        const std::int64_t start = spool.clock.unixNs();
        log.append(batchOf("one"), bit(slot));
        spool.clock.setUnixNs(start + std::chrono::nanoseconds(24h * 365).count());
        log.append(batchOf("two"), bit(slot));
        spool.clock.setUnixNs(start - std::chrono::nanoseconds(24h * 365).count());
        log.append(batchOf("three"), bit(slot));
        log.expire();
        QCOMPARE(queued(log, slot), 3ULL);
        SpoolLog& again = spool.open(); // with a clock that is a year behind
        QCOMPARE(deliverAll(again, spool.slotOf[0]), (QList<QByteArray>{"one", "two", "three"}));
        QCOMPARE(lost(again, spool.slotOf[0], Loss::Expired), 0ULL);
    }

    void aMachineThatSleptStampsWhatComesWithTheTimeOfNow()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        log.append(batchOf("before", 2), bit(spool.slotOf[0]));
        spool.clock.sleepNs(std::chrono::nanoseconds(8 * 24h).count());
        log.append(batchOf("fresh"), bit(spool.slotOf[0]));
        QCOMPARE(lost(log, spool.slotOf[0], Loss::Expired), 2ULL);
        QVERIFY(log.sync());
        SpoolLog& again = spool.open();
        QCOMPARE(deliverAll(again, spool.slotOf[0]), QList<QByteArray>{"fresh"});
    }

    void aFullDiskIsBridgedByMemoryInOrder()
    {
        Spool spool(small(1LL << 20));
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        QList<QByteArray> requests;
        const auto append = [&] {
            requests.append(QByteArray(1'000, static_cast<char>('a' + requests.size())));
            return log.append(batchOf(requests.last()), bit(slot));
        };
        QVERIFY(append() && append());
        {
            const FileSizeLimit full(4'096);
            bool refused = false;
            for (int i = 0; i < 5; ++i)
                refused = !append() || refused;
            QVERIFY(refused && log.hasMemoryBacklog() && !log.diskError().isEmpty());
            QVERIFY(log.fetch(slot, Signal::Traces));
            log.answer(slot, Signal::Traces, {1, 0, 0});
            QVERIFY(log.sync());
        }
        QVERIFY(log.writeMemory());
        QVERIFY(!log.hasMemoryBacklog() && log.diskError().isEmpty());
        QVERIFY(append());
        QVERIFY(log.sync());
        SpoolLog& again = spool.open();
        QCOMPARE(deliverAll(again, spool.slotOf[0]), requests.mid(1));
    }

    void whatWaitsInMemoryIsSentThoughHalfOfItCouldNotBeTakenBackFromTheDisk()
    {
        TornSpool spool;
        QVERIFY(spool.tear());
        SpoolLog& log = *spool.log;
        const int slot = spool.slotOf[0];
        QCOMPARE(queued(log, slot), 5ULL);
        QCOMPARE(deliverAll(log, slot), (QList<QByteArray>{"first", TornSpool::second()}));
        QCOMPARE(queued(log, slot), 0ULL);
        QCOMPARE(log.backlog(slot).lanes[0].cursor.sent, 5ULL);
        QCOMPARE(log.backlog(slot).lanes[0].cursor.lost, LossCounts{});
    }

    void halfARecordIsNotPushedOutWithItsSegment()
    {
        TornSpool spool;
        QVERIFY(spool.tear());
        SpoolLog& log = *spool.log;
        const int slot = spool.slotOf[0];
        // A segment for each record, and room for the last two.
        log.setBounds(small(100, 8'300));
        QVERIFY(log.append(batchOf("third"), bit(slot)));
        QCOMPARE(lost(log, slot, Loss::Full), 2ULL);
        QCOMPARE(queued(log, slot), 4ULL);
        QCOMPARE(deliverAll(log, slot), (QList<QByteArray>{TornSpool::second(), "third"}));
        QCOMPARE(queued(log, slot), 0ULL);
    }

    void halfARecordIsCutOffAtTheNextStart()
    {
        TornSpool spool;
        QVERIFY(spool.tear());
        spool.log->loseMemory();
        QVERIFY(spool.log->sync());
        SpoolLog& again = spool.open();
        QCOMPARE(spool.recovery.tornEnds, 1ULL);
        QCOMPARE(QFileInfo(spool.segment(0)).size(), kSegmentHeaderBytes + 2 * kRecordHeadBytes + 5);
        QCOMPARE(lost(again, spool.slotOf[0], Loss::Full), 3ULL);
        QCOMPARE(lost(again, spool.slotOf[0], Loss::Damaged), 0ULL);
        QCOMPARE(deliverAll(again, spool.slotOf[0]), QList<QByteArray>{"first"});
    }

    void whatStillWaitsInMemoryAtTheEndIsCountedOnTheDisk()
    {
        Spool spool(small(1LL << 20));
        SpoolLog& log = spool.open();
        QVERIFY(log.append(batchOf("written", 2), bit(spool.slotOf[0])));
        {
            const FileSizeLimit full(4'096);
            QVERIFY(!log.append(batchOf(QByteArray(8'000, 'a'), 3), bit(spool.slotOf[0])));
            QVERIFY(!log.writeMemory());
            log.loseMemory();
            QVERIFY(log.sync());
        }
        QVERIFY(!log.hasMemoryBacklog() && log.memoryBytes() == 0);
        SpoolLog& again = spool.open();
        QCOMPARE(lost(again, spool.slotOf[0], Loss::Full), 3ULL);
        QCOMPARE(deliverAll(again, spool.slotOf[0]), QList<QByteArray>{"written"});
    }

    void memoryIsBoundedAndWhatFallsOutIsCounted()
    {
        SpoolBounds bounds = small(1LL << 20);
        bounds.memoryBytes = 3'000;
        Spool spool(bounds);
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        QVERIFY(log.append(batchOf(QByteArray(1'000, 'a')), bit(slot)));
        {
            const FileSizeLimit full(2'048);
            for (int i = 0; i < 10; ++i)
                QVERIFY(!log.append(batchOf(QByteArray(1'000, 'b'), 2), bit(slot)));
        }
        QCOMPARE(log.memoryBytes(), 3'000);
        QCOMPARE(lost(log, slot, Loss::Full), 14ULL);
        QCOMPARE(queued(log, slot), 7ULL);
        QCOMPARE(deliverAll(log, slot).size(), 4);
        QCOMPARE(queued(log, slot), 0ULL);
    }

    void withoutADirectoryEverythingWaitsInMemory()
    {
        ManualClock clock;
        SeededRandom random(1);
        SpoolLog log({}, {}, clock, random);
        log.open();
        const int slot = *log.attach(kName);
        const QList<QByteArray> requests = appendSix(log, bit(slot));
        QCOMPARE(deliverAll(log, slot), requests);
        QCOMPARE(log.memoryBytes(), 0);
    }

    void aDirectoryThatCannotBeMadeIsTriedAgain()
    {
        Spool spool;
        write(spool.path(), "in its place");
        SpoolLog& log = spool.open();
        QVERIFY(log.isPersistent());
        QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.hasMemoryBacklog() && log.diskError().contains(spool.path()));
        QVERIFY(!log.writeMemory());
        QVERIFY(QFile::remove(spool.path()));
        QVERIFY(log.writeMemory());
        QVERIFY(log.diskError().isEmpty());
        QVERIFY(log.sync());
        SpoolLog& again = spool.open();
        QCOMPARE(deliverAll(again, spool.slotOf[0]), requests);
    }

    void aDirectoryThatComesLateWithAnEarlierRunsRecordsIsLeftAlone()
    {
        Spool spool;
        spool.open();
        const QList<QByteArray> requests = appendSix(*spool.log, bit(spool.slotOf[0]));
        QVERIFY(spool.log->sync());
        const QString away = spool.directory.filePath(QStringLiteral("away"));
        QVERIFY(QFile::rename(spool.path(), away));
        write(spool.path(), "in its place");
        SpoolLog& other = spool.open({QStringLiteral("other")});
        QVERIFY(QFile::remove(spool.path()) && QFile::rename(away, spool.path()));
        QVERIFY(!other.append(batchOf("new"), bit(spool.slotOf[0])));
        QVERIFY(other.diskError().contains(QStringLiteral("start Oriel again")));
        QCOMPARE(deliverAll(other, spool.slotOf[0]), QList<QByteArray>{"new"});
        QVERIFY(other.sync());
        SpoolLog& again = spool.open();
        QCOMPARE(deliverAll(again, spool.slotOf[0]), requests);
    }

    void aSegmentThatCannotBeOpenedJustNowIsNotTakenForGone()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        const QList<QByteArray> requests = appendSix(log, bit(slot));
        {
            rlimit before{};
            ::getrlimit(RLIMIT_NOFILE, &before);
            const rlimit none{0, before.rlim_max};
            ::setrlimit(RLIMIT_NOFILE, &none);
            const bool fetched = log.fetch(slot, Signal::Traces).has_value();
            ::setrlimit(RLIMIT_NOFILE, &before);
            QVERIFY(!fetched);
        }
        QCOMPARE(lost(log, slot, Loss::Damaged), 0ULL);
        spool.clock.advanceNs(std::chrono::nanoseconds(*log.untilRetry()).count());
        QVERIFY(log.retryUnread());
        QCOMPARE(deliverAll(log, slot), requests);
    }

    void aSegmentThatCannotBeOpenedAtTheStartHoldsUpNothingElse()
    {
        const NotRoot somebody;
        Spool spool(small(200));
        if (!somebody.works() || !spool.directory.isValid())
            QSKIP("needs a user for whom permissions count");
        spool.open();
        const QList<QByteArray> requests = appendSix(*spool.log, bit(spool.slotOf[0]));
        QVERIFY(spool.segments().size() > 2 && spool.log->sync());
        const QString hidden = spool.segment(1);
        const QFile::Permissions before = QFile::permissions(hidden);
        QVERIFY(QFile::setPermissions(hidden, {}));
        QList<QByteArray> arrived;
        for (int start = 0; start < 3; ++start) {
            SpoolLog& log = spool.open();
            QVERIFY(log.unreadReason().contains(hidden));
            arrived += deliverAll(log, spool.slotOf[0]);
            QVERIFY(log.append(batchOf("fresh " + QByteArray::number(start)), bit(spool.slotOf[0])));
            if (start == 1)
                arrived += deliverAll(log, spool.slotOf[0]);
            QVERIFY(queued(log, spool.slotOf[0]) > 0); // what is hidden is known of
            QVERIFY(log.sync());
        }
        QVERIFY(QFile::setPermissions(hidden, before));
        SpoolLog& log = *spool.log;
        QVERIFY(!log.retryUnread()); // not before its time
        spool.clock.advanceNs(std::chrono::nanoseconds(*log.untilRetry()).count());
        QVERIFY(log.retryUnread());
        QVERIFY(log.unreadReason().isEmpty() && !log.untilRetry());
        arrived += deliverAll(log, spool.slotOf[0]);
        QList<QByteArray> expected = requests + QList<QByteArray>{"fresh 0", "fresh 1", "fresh 2"};
        std::sort(expected.begin(), expected.end());
        std::sort(arrived.begin(), arrived.end());
        QCOMPARE(arrived, expected);
        QCOMPARE(log.backlog(spool.slotOf[0]).lanes[0].cursor.sent, 21ULL + 3ULL);
        QCOMPARE(log.backlog(spool.slotOf[0]).lanes[0].cursor.lost, LossCounts{});
        QCOMPARE(queued(log, spool.slotOf[0]), 0ULL);
        QVERIFY(spool.segments().size() <= 1);
    }

    void aSegmentThatBecomesUnreadableIsPassedByAndComesLater()
    {
        const NotRoot somebody;
        Spool spool(small(200));
        if (!somebody.works() || !spool.directory.isValid())
            QSKIP("needs a user for whom permissions count");
        SpoolLog& log = spool.open({kName, QStringLiteral("other")});
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]) | bit(spool.slotOf[1]));
        const QString hidden = spool.segment(1);
        const QFile::Permissions before = QFile::permissions(hidden);
        QVERIFY(QFile::setPermissions(hidden, {}));
        QList<QByteArray> first = deliverAll(log, spool.slotOf[0]);
        QVERIFY(first.size() < 6 && first.contains(requests.last()));
        QCOMPARE(log.untilRetry(), std::optional(std::chrono::milliseconds(1'001)));
        for (const int seconds : {1, 2, 4}) {
            spool.clock.advanceNs(seconds * 1'000'000'000LL);
            QVERIFY(!log.retryUnread());
            QCOMPARE(log.untilRetry(), std::optional(std::chrono::milliseconds(2'000 * seconds + 1)));
        }
        QVERIFY(QFile::setPermissions(hidden, before));
        spool.clock.advanceNs(8'000'000'000LL);
        QVERIFY(log.retryUnread());
        first += deliverAll(log, spool.slotOf[0]);
        std::sort(first.begin(), first.end());
        QCOMPARE(first, requests);
        QCOMPARE(deliverAll(log, spool.slotOf[1]), requests); // which had not come so far
        for (const int slot : spool.slotOf)
            QCOMPARE(log.backlog(slot).lanes[0].cursor.lost, LossCounts{});
        QVERIFY(spool.segments().size() <= 1);
    }

    void whatIsNewDoesNotWaitWithTheSegmentThatIsBeingWritten()
    {
        const NotRoot somebody;
        Spool spool;
        if (!somebody.works() || !spool.directory.isValid())
            QSKIP("needs a user for whom permissions count");
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        log.append(batchOf("hidden"), bit(slot));
        const QFile::Permissions before = QFile::permissions(spool.segment(0));
        QVERIFY(QFile::setPermissions(spool.segment(0), {}));
        QVERIFY(!log.fetch(slot, Signal::Traces));
        log.append(batchOf("fresh"), bit(slot));
        QCOMPARE(deliverAll(log, slot), QList<QByteArray>{"fresh"});
        QVERIFY(QFile::setPermissions(spool.segment(0), before));
        spool.clock.advanceNs(std::chrono::nanoseconds(*log.untilRetry()).count());
        QVERIFY(log.retryUnread());
        QCOMPARE(deliverAll(log, slot), QList<QByteArray>{"hidden"});
    }

    void whatCannotBeReadUntilItIsTooOldIsLostAndCounted_data()
    {
        QTest::addColumn<bool>("sinceTheStart");
        QTest::newRow("since the start") << true;
        QTest::newRow("since it was to be sent") << false;
    }
    void whatCannotBeReadUntilItIsTooOldIsLostAndCounted()
    {
        QFETCH(const bool, sinceTheStart);
        const NotRoot somebody;
        SpoolBounds bounds = small(200);
        bounds.age = 1h;
        Spool spool(bounds);
        if (!somebody.works() || !spool.directory.isValid())
            QSKIP("needs a user for whom permissions count");
        spool.clock.setUnixNs(QDateTime::currentMSecsSinceEpoch() * 1'000'000);
        spool.open();
        const int slot = spool.slotOf[0];
        const QList<QByteArray> requests = appendSix(*spool.log, bit(slot));
        QVERIFY(spool.log->sync());
        const QString hidden = spool.segment(1);
        QVERIFY(QFile::setPermissions(hidden, {}));
        SpoolLog& log = sinceTheStart ? spool.open() : *spool.log;
        std::uint64_t delivered = 0;
        for (const QByteArray& request : deliverAll(log, slot))
            delivered += static_cast<std::uint64_t>(requests.indexOf(request)) + 1;
        QCOMPARE(queued(log, slot), 21 - delivered);
        QVERIFY(log.takeLosses().empty());
        spool.clock.advanceNs(std::chrono::nanoseconds(2h).count());
        log.retryUnread();
        QCOMPARE(lost(log, slot, Loss::Expired), 21 - delivered);
        QCOMPARE(queued(log, slot), 0ULL);
        QVERIFY(log.unreadReason().isEmpty() && !QFile::exists(hidden));
        const std::vector<SpoolLoss> losses = log.takeLosses();
        QCOMPARE(losses.size(), std::size_t(1));
        QCOMPARE(losses[0].name, kName);
        QCOMPARE(losses[0].items, static_cast<std::int64_t>(21 - delivered));
    }

    void whatCannotBeReadIsPushedOutByTheBoundInBytesAndCounted()
    {
        const NotRoot somebody;
        Spool spool(small(200, 2'000));
        if (!somebody.works() || !spool.directory.isValid())
            QSKIP("needs a user for whom permissions count");
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        const QList<QByteArray> requests = appendSix(log, bit(slot));
        const QString hidden = spool.segment(0);
        QVERIFY(QFile::setPermissions(hidden, {}));
        std::uint64_t delivered = 0;
        for (const QByteArray& request : deliverAll(log, slot))
            delivered += static_cast<std::uint64_t>(requests.indexOf(request)) + 1;
        std::uint64_t more = 0;
        for (; QFile::exists(hidden) && more < 100; ++more)
            log.append(batchOf(QByteArray(100, 'y')), bit(slot));
        QVERIFY(more < 100);
        QCOMPARE(lost(log, slot, Loss::Full), 21 - delivered);
        QCOMPARE(queued(log, slot), more);
        QVERIFY(log.diskBytes() <= 2'000);
    }

    void aSegmentWhoseHeaderIsDamagedIsSetAsideAndCounted()
    {
        for (const bool atStart : {false, true}) {
            Spool spool(small(200));
            spool.open();
            const int slot = spool.slotOf[0];
            const QList<QByteArray> requests = appendSix(*spool.log, bit(slot));
            QVERIFY(spool.log->sync());
            const QString path = spool.segment(1);
            QByteArray content = contentOf(path);
            content.replace(0, 48, QByteArray(48, 'z'));
            write(path, content);
            SpoolLog& log = atStart ? spool.open() : *spool.log;
            std::uint64_t delivered = 0;
            for (const QByteArray& request : deliverAll(log, slot))
                delivered += static_cast<std::uint64_t>(requests.indexOf(request)) + 1;
            QVERIFY(delivered < 21);
            QCOMPARE(lost(log, slot, Loss::Damaged), 21 - delivered);
            QCOMPARE(queued(log, slot), 0ULL);
            QVERIFY(QFile::exists(path + QStringLiteral(".unreadable")) && !QFile::exists(path));
        }
    }

    void aCursorThatCannotBeOpenedIsNobodyElses()
    {
        const NotRoot somebody;
        Spool spool;
        if (!somebody.works() || !spool.directory.isValid())
            QSKIP("needs a user for whom permissions count");
        spool.open();
        const QList<QByteArray> requests = appendSix(*spool.log, bit(spool.slotOf[0]));
        QVERIFY(spool.log->sync());
        const QString hidden = CursorFile::path(spool.path(), spool.slotOf[0]);
        const QFile::Permissions before = QFile::permissions(hidden);
        QVERIFY(QFile::setPermissions(hidden, {}));
        SpoolLog& other = spool.open({QStringLiteral("other")});
        QCOMPARE(spool.recovery.damagedCursors, 0ULL);
        QVERIFY(deliverAll(other, spool.slotOf[0]).isEmpty());
        QVERIFY(other.sync());
        spool.log.reset();
        QVERIFY(QFile::setPermissions(hidden, before));
        SpoolLog& again = spool.open();
        QCOMPARE(deliverAll(again, spool.slotOf[0]), requests);
    }

    void segmentsThatSomebodyRemovedAreWrittenOff()
    {
        Spool spool(small(200));
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        appendSix(log, bit(slot));
        for (const QString& name : spool.segments())
            QVERIFY(QFile::remove(spool.path() + u'/' + name));
        QVERIFY(deliverAll(log, slot).isEmpty());
        QCOMPARE(lost(log, slot, Loss::Damaged), 21ULL);
        QVERIFY(log.append(batchOf("fresh"), bit(slot)));
        QCOMPARE(spool.segments().size(), 1);
        QCOMPARE(deliverAll(log, slot), QList<QByteArray>{"fresh"});
    }

    void memoryIsBoundedInBatchesToo()
    {
        ManualClock clock;
        SeededRandom random(1);
        SpoolBounds bounds;
        bounds.memoryBatches = 2;
        SpoolLog log({}, bounds, clock, random);
        log.open();
        const int slot = *log.attach(kName);
        const QList<QByteArray> requests = appendSix(log, bit(slot));
        QCOMPARE(lost(log, slot, Loss::Full), 1ULL + 2 + 3 + 4);
        QCOMPARE(deliverAll(log, slot), requests.last(2));
    }

    void whatNobodyMaySendIsRefusedAndCounted()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        QVERIFY(!log.append(batchOf(QByteArray(kMaxSpooledRequestBytes + 1, 'x'), 3), bit(slot)));
        QCOMPARE(lost(log, slot, Loss::Refused), 3ULL);
        QCOMPARE(queued(log, slot), 0ULL);
    }

    void anotherDestinationStartsNow()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        appendSix(log, bit(spool.slotOf[0]));
        const int added = *log.attach(QStringLiteral("added"));
        QCOMPARE(queued(log, added), 0ULL);
        log.append(batchOf("both"), bit(added) | bit(spool.slotOf[0]));
        QCOMPARE(deliverAll(log, added), QList<QByteArray>{"both"});
    }

    void aPlaceThatIsUsedAgainInheritsNothing()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int first = spool.slotOf[0];
        appendSix(log, bit(first));
        log.detach(first);
        log.clear(first);
        for (int i = 1; i < SpoolLog::kMaxDestinations; ++i)
            QVERIFY(log.attach(QString::number(i)).value_or(first) != first);
        const int next = *log.attach(QStringLiteral("next"));
        QCOMPARE(next, first);
        QVERIFY(!log.fetch(next, Signal::Traces));
        SpoolLog& again = spool.open({QStringLiteral("next")});
        QCOMPARE(spool.slotOf[0], first);
        QCOMPARE(queued(again, spool.slotOf[0]), 0ULL);
    }

    void whatWaitsForSomebodyElseIsKeptForWhenHeComesBack()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        QVERIFY(log.sync());
        spool.open({QStringLiteral("other")});
        SpoolLog& back = spool.open({QStringLiteral("other"), kName});
        QCOMPARE(deliverAll(back, spool.slotOf[1]), requests);
    }

    void whatWaitsForADestinationThatWentIsThereWhenItComesBackInTheSameRun()
    {
        Spool spool;
        SpoolLog& log = spool.open({kName, QStringLiteral("other")});
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]) | bit(spool.slotOf[1]));
        QVERIFY(log.fetch(spool.slotOf[0], Signal::Traces)); // on its way
        log.detach(spool.slotOf[0]);
        QCOMPARE(log.unclaimed(), std::vector<int>{spool.slotOf[0]});
        QCOMPARE(deliverAll(log, spool.slotOf[1]), requests);
        log.append(batchOf("not for it"), bit(spool.slotOf[1]));
        const int back = *log.attach(kName);
        QCOMPARE(deliverAll(log, back), requests);
        QCOMPARE(log.backlog(back).lanes[0].cursor.lost, LossCounts{});
        QVERIFY(log.unclaimed().empty() && log.takeLosses().empty());
    }

    void whatWaitsForADestinationThatWentGrowsOldAndIsPushedOutAndIsCountedForIt()
    {
        SpoolBounds bounds = small(200, 2'000);
        bounds.age = 1h;
        Spool spool(bounds);
        SpoolLog& log = spool.open({kName, QStringLiteral("other")});
        const int gone = spool.slotOf[0];
        const int other = spool.slotOf[1];
        QVERIFY(!log.untilExpiry());
        appendSix(log, bit(gone));
        log.detach(gone);
        std::uint64_t more = 0;
        for (; lost(log, gone, Loss::Full) == 0 && more < 100; ++more) {
            log.append(batchOf(QByteArray(100, 'y')), bit(other));
            deliverAll(log, other);
            log.append(batchOf(QByteArray(100, 'z'), 1, Signal::Logs), bit(gone));
        }
        const std::uint64_t full = lost(log, gone, Loss::Full);
        QVERIFY(full > 0 && more < 100);
        spool.clock.advanceNs(std::chrono::nanoseconds(*log.untilExpiry()).count());
        log.expire();
        QVERIFY(log.unclaimed().empty() && !log.untilExpiry());
        QCOMPARE(full + lost(log, gone, Loss::Expired), 21ULL);
        QCOMPARE(lost(log, gone, Loss::Full, Signal::Logs) + lost(log, gone, Loss::Expired, Signal::Logs), more);
        std::int64_t told = 0;
        for (const SpoolLoss& loss : log.takeLosses()) {
            QCOMPARE(loss.name, kName);
            told += loss.items;
        }
        QCOMPARE(told, static_cast<std::int64_t>(21 + more));
    }

    void aPlaceGoesToAnotherWhenNothingWaitsThereAnyMore()
    {
        Spool spool;
        QStringList names;
        for (int i = 0; i < SpoolLog::kMaxDestinations; ++i)
            names.append(QString::number(i));
        SpoolLog& log = spool.open(names);
        appendSix(log, ~std::uint64_t(0));
        log.detach(7);
        log.detach(8);
        QVERIFY(!log.hasFreeSlot());
        QVERIFY(!log.attach(kName));
        log.clear(8);
        QVERIFY(log.hasFreeSlot());
        QCOMPARE(log.attach(kName).value_or(-1), 8);
        QCOMPARE(queued(log, 8), 0ULL);
        QCOMPARE(lost(log, 8, Loss::Cleared), 0ULL);
        QCOMPARE(queued(log, 7), 21ULL);
        QCOMPARE(log.attach(QStringLiteral("7")).value_or(-1), 7);
    }

    void aDestinationThatGotTheNameOfOneThatWentDeliversForBoth()
    {
        Spool spool;
        SpoolLog& log = spool.open({kName, QStringLiteral("other")});
        log.append(batchOf("first"), bit(spool.slotOf[0]));
        log.append(batchOf("second", 5), bit(spool.slotOf[1]));
        log.detach(spool.slotOf[0]);
        log.rename(spool.slotOf[1], kName);
        QVERIFY(!log.succeed(spool.slotOf[1]));
        QCOMPARE(deliverAll(log, spool.slotOf[1]), QList<QByteArray>{"second"});
        const int next = log.succeed(spool.slotOf[1]).value_or(-1);
        QCOMPARE(next, spool.slotOf[0]);
        QCOMPARE(deliverAll(log, next), QList<QByteArray>{"first"});
        QCOMPARE(log.backlog(next).lanes[0].cursor.sent, 6ULL);
        QVERIFY(!log.succeed(next));
        QVERIFY(log.sync());
        SpoolLog& again = spool.open({kName});
        QCOMPARE(again.backlog(spool.slotOf[0]).lanes[0].cursor.sent, 6ULL);
        QVERIFY(deliverAll(again, spool.slotOf[0]).isEmpty());
    }

    void aRenamedDestinationKeepsItsPlace()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const QList<QByteArray> requests = appendSix(log, bit(spool.slotOf[0]));
        log.rename(spool.slotOf[0], QStringLiteral("renamed"));
        SpoolLog& again = spool.open({QStringLiteral("renamed")});
        QCOMPARE(deliverAll(again, spool.slotOf[0]), requests);
    }

    void clearingCountsWhatWaitedAndNotWhatArrivesAllTheSame()
    {
        Spool spool;
        SpoolLog& log = spool.open();
        const int slot = spool.slotOf[0];
        appendSix(log, bit(slot));
        QVERIFY(log.fetch(slot, Signal::Traces));
        log.clear(slot);
        QCOMPARE(lost(log, slot, Loss::Cleared), 21ULL);
        log.answer(slot, Signal::Traces, {1, 0, 0});
        QCOMPARE(lost(log, slot, Loss::Cleared), 20ULL);
        QVERIFY(!log.fetch(slot, Signal::Traces));
        log.append(batchOf("fresh"), bit(slot));
        QCOMPARE(deliverAll(log, slot), QList<QByteArray>{"fresh"});
    }

    void thereIsRoomForSixtyFourDestinations()
    {
        Spool spool;
        SpoolLog& log = spool.open({});
        for (int i = 0; i < SpoolLog::kMaxDestinations; ++i)
            QCOMPARE(log.attach(QString::number(i)).value_or(-1), i);
        const auto refused = log.attach(QStringLiteral("one more"));
        QVERIFY(!refused && refused.error().code == ErrorCode::ResourceExhausted);
    }

    void foreignFilesAreLeftAlone()
    {
        Spool spool;
        spool.open();
        SegmentHeader later;
        later.number = 5;
        later.version = kSpoolVersion + 1;
        const QString path = segmentPath(spool.path(), 5);
        write(path, encodeSegmentHeader(later) + "what a later Oriel wrote");
        write(segmentPath(spool.path(), 6), QByteArray(200, 'x'));
        write(segmentPath(spool.path(), 7), "short");
        SpoolLog& log = spool.open();
        QVERIFY(QFile::exists(path));
        QCOMPARE(spool.recovery.unreadableSegments, 1ULL);
        QVERIFY(QFile::exists(segmentPath(spool.path(), 6) + QStringLiteral(".unreadable")));
        QVERIFY(!QFile::exists(segmentPath(spool.path(), 7)));
        QVERIFY(log.append(batchOf("fresh"), bit(spool.slotOf[0])));
        QCOMPARE(deliverAll(log, spool.slotOf[0]), QList<QByteArray>{"fresh"});
    }
};

QTEST_GUILESS_MAIN(SpoolLogTest)
#include "tst_spool_log.moc"
