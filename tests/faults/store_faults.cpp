// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of process, disk and database. The program starts itself again as the victim: `tst_store_faults --victim <kind>
// <directory>`.
#include "../unit/store/records.h"
#include "store/audit_log.h"
#include "store/framed_file.h"
#include "store/trace_store.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <cstdio>
#include <future>
#include <latch>
#include <semaphore>
#include <set>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;
using namespace oriel::test;

namespace {

const QByteArray kKey(32, 'k');

AuditOptions optionsIn(const QString& directory, config::AuditMode mode)
{
    AuditOptions options;
    options.file = directory + QStringLiteral("/audit.db");
    options.mode = mode;
    options.chainKey = kKey;
    options.ballastBytes = 0;
    return options;
}

AuditRow makeRow(const QByteArray& id)
{
    AuditRow row;
    row.id = id;
    row.timeUnixNs = kStart;
    row.server = "files";
    row.tool = "read";
    row.arguments = "{\"text\":\"" + QByteArray(2000, 'a') + "\"}";
    return row;
}

/// Prints the id of each row when it is acknowledged: only those are promises.
int writeAuditRows(const QString& directory, config::AuditMode mode)
{
    SystemClock clock;
    SystemRandom random;
    AuditWriter writer(optionsIn(directory, mode), clock, random);
    if (!writer.open())
        return 1;
    for (int i = 0;; ++i) {
        std::latch acknowledged(4);
        for (int k = 0; k < 4; ++k) {
            const QByteArray id = makeUlid(clock.unixNs(), random);
            writer.append(makeRow(id), [&acknowledged, id](const Status& status) {
                if (status) {
                    const QByteArray line = id + '\n';
                    if (::write(STDOUT_FILENO, line.constData(), static_cast<std::size_t>(line.size())) < 0)
                        ::_exit(2);
                }
                acknowledged.count_down();
            });
        }
        acknowledged.wait();
    }
}

int writeTraces(const QString& directory)
{
    SystemClock clock;
    SystemRandom random;
    TraceStoreOptions options;
    options.directory = directory;
    options.segmentBytes = 1 << 20;
    TraceStore store(options, clock);
    if (!store.open())
        return 1;
    for (;;) {
        QByteArray ids;
        for (int i = 0; i < 200; ++i) {
            CallRecord call = makeCall(random, "files", "read", kStart, kMs);
            ids += call.traceId.toHex() + '\n';
            store.append(std::move(call));
        }
        if (!store.flush() || ::write(STDOUT_FILENO, ids.constData(), static_cast<std::size_t>(ids.size())) < 0)
            return 2;
    }
}

/// The disk is "full" beyond 3 MB a file. Prints what was acknowledged, then what the writer says of itself.
int fillDisk(const QString& directory, config::AuditMode mode)
{
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{3U << 20U, 3U << 20U};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    SystemClock clock;
    SystemRandom random;
    AuditWriter writer(optionsIn(directory, mode), clock, random);
    if (!writer.open())
        return 1;
    int refused = 0;
    for (int i = 0; i < 4000 && refused < 20; ++i) {
        const QByteArray id = makeUlid(clock.unixNs(), random);
        std::binary_semaphore done(0);
        bool good = false;
        writer.append(makeRow(id), [&](const Status& status) {
            good = status.has_value();
            done.release();
        });
        if (mode == config::AuditMode::Strict) {
            done.acquire();
            refused += good ? 0 : 1;
            if (good)
                std::printf("%s\n", id.constData());
        } else if (!writer.flush()) {
            // The row waits in memory; the callback comes when the writer is closed.
            const AuditState state = writer.state();
            std::printf("state %d pending %llu\n", static_cast<int>(state.health),
                        static_cast<unsigned long long>(state.pending));
            std::fflush(stdout);
            (void)writer.close(100'000'000);
            return good ? 3 : 0;
        } else {
            std::printf("%s\n", id.constData());
        }
    }
    std::printf("state %d pending %llu\n", static_cast<int>(writer.state().health),
                static_cast<unsigned long long>(writer.state().pending));
    std::fflush(stdout);
    (void)writer.close(100'000'000);
    return refused > 0 ? 0 : 4;
}

int beVictim(const QByteArray& kind, const QString& directory)
{
    if (kind == "audit-group")
        return writeAuditRows(directory, config::AuditMode::Group);
    if (kind == "audit-strict")
        return writeAuditRows(directory, config::AuditMode::Strict);
    if (kind == "traces")
        return writeTraces(directory);
    if (kind == "full-group")
        return fillDisk(directory, config::AuditMode::Group);
    if (kind == "full-strict")
        return fillDisk(directory, config::AuditMode::Strict);
    return 9;
}

std::set<QByteArray> linesOf(const QByteArray& output)
{
    std::set<QByteArray> out;
    const qsizetype end = output.lastIndexOf('\n') + 1; // a last line without its end may be cut
    for (const QByteArray& line : output.first(end).split('\n'))
        if (!line.isEmpty() && !line.startsWith("state"))
            out.insert(line);
    return out;
}

} // namespace

class StoreFaultsTest : public QObject {
    Q_OBJECT

    SystemClock m_clock;
    SystemRandom m_random;

    static void start(QProcess& process, const QString& kind, const QString& directory)
    {
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--victim"), kind, directory});
        QVERIFY(process.waitForStarted());
    }
    /// Kills the victim at a moment that its output decides. Returns what it had acknowledged.
    static std::set<QByteArray> killAfter(const QString& kind, const QString& directory, qsizetype bytes)
    {
        QProcess process;
        start(process, kind, directory);
        QByteArray output;
        while (output.size() < bytes && process.waitForReadyRead(60'000))
            output += process.readAllStandardOutput();
        process.kill(); // SIGKILL
        process.waitForFinished();
        output += process.readAllStandardOutput();
        return linesOf(output);
    }

private Q_SLOTS:
    void acknowledgedAuditRowsSurviveKill_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::newRow("group") << QStringLiteral("audit-group");
        QTest::newRow("strict") << QStringLiteral("audit-strict");
    }
    void acknowledgedAuditRowsSurviveKill()
    {
        QFETCH(QString, kind);
        QTemporaryDir dir;
        std::set<QByteArray> promised;
        for (int round = 0; round < 6; ++round) {
            const std::set<QByteArray> more = killAfter(kind, dir.path(), 27 * (20 + 37 * round));
            QVERIFY(!more.empty());
            promised.insert(more.begin(), more.end());
            const auto reader = AuditReader::open(dir.filePath(QStringLiteral("audit.db")));
            QVERIFY2(reader.has_value(), reader ? "" : qPrintable(reader.error().toString()));
            for (const QByteArray& id : more)
                QVERIFY2(reader->row(id)->has_value(), id.constData());
        }
        // A fresh row still flows, and the chain over all runs is whole.
        AuditWriter writer(optionsIn(dir.path(), config::AuditMode::Group), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        writer.append(makeRow("fresh"));
        QVERIFY(writer.flush().has_value());
        const auto reader = AuditReader::open(dir.filePath(QStringLiteral("audit.db")));
        for (const QByteArray& id : promised)
            QVERIFY2(reader->row(id)->has_value(), id.constData());
        const AuditVerification verified = reader->verify(kKey);
        QVERIFY2(verified.state == AuditVerification::State::Intact, qPrintable(verified.message));
        QVERIFY(verified.checkedRows >= promised.size());
    }

    void flushedTracesSurviveKill()
    {
        QTemporaryDir dir;
        std::set<QByteArray> promised;
        for (int round = 0; round < 3; ++round) {
            const std::set<QByteArray> more = killAfter(QStringLiteral("traces"), dir.path(), 33 * 200 * (2 + 5 * round));
            promised.insert(more.begin(), more.end());
        }
        QVERIFY(promised.size() >= 600);
        TraceStoreOptions options;
        options.directory = dir.path();
        TraceStore store(options, m_clock);
        std::binary_semaphore loaded(0);
        QVERIFY(store.open([&] { loaded.release(); }).has_value());
        loaded.acquire();
        for (const QByteArray& id : promised)
            QVERIFY2(store.summary(*TraceId::fromHex(id)).has_value(), id.constData());
    }

    void aFullDiskRefusesStrictRowsAndLosesNoAcknowledgedOne()
    {
        QTemporaryDir dir;
        QProcess process;
        start(process, QStringLiteral("full-strict"), dir.path());
        QVERIFY(process.waitForFinished(240'000));
        QCOMPARE(process.exitCode(), 0);
        const QByteArray output = process.readAllStandardOutput();
        QVERIFY2(output.contains("state 1 pending 0"), output.right(200).constData());
        const std::set<QByteArray> promised = linesOf(output);
        QVERIFY2(promised.size() > 200, QByteArray::number(static_cast<qlonglong>(promised.size())).constData());
        const auto reader = AuditReader::open(dir.filePath(QStringLiteral("audit.db")));
        QVERIFY(reader.has_value());
        for (const QByteArray& id : promised)
            QVERIFY2(reader->row(id)->has_value(), id.constData());
        QCOMPARE(reader->verify(kKey).state, AuditVerification::State::Intact);
    }

    void aFullDiskKeepsGroupRowsInMemoryAndSaysSo()
    {
        QTemporaryDir dir;
        QProcess process;
        start(process, QStringLiteral("full-group"), dir.path());
        QVERIFY(process.waitForFinished(240'000));
        QCOMPARE(process.exitCode(), 0);
        const QByteArray output = process.readAllStandardOutput();
        QVERIFY2(output.contains("state 1 pending 1"), output.right(200).constData());
        const auto reader = AuditReader::open(dir.filePath(QStringLiteral("audit.db")));
        for (const QByteArray& id : linesOf(output))
            QVERIFY2(reader->row(id)->has_value(), id.constData());
    }

    void aLockedDatabaseDelaysGroupRowsAndRefusesStrictOnes()
    {
        QTemporaryDir dir;
        AuditWriter writer(optionsIn(dir.path(), config::AuditMode::Group), m_clock, m_random);
        std::atomic<int> changes{0};
        writer.onStateChanged = [&](const AuditState&) { ++changes; };
        QVERIFY(writer.open().has_value());
        sqlite3* other = nullptr;
        QCOMPARE(sqlite3_open(dir.filePath(QStringLiteral("audit.db")).toUtf8().constData(), &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

        std::atomic<bool> written{false};
        writer.append(makeRow("group row"), [&](const Status& status) { written = status.has_value(); });
        const Status flushed = writer.flush();
        QVERIFY(!flushed.has_value());
        QCOMPARE(flushed.error().code, ErrorCode::Unavailable);
        QVERIFY(!flushed.error().remedy.isEmpty());
        QCOMPARE(writer.state().health, AuditState::Health::Retrying);
        QCOMPARE(writer.state().pending, 1U);

        writer.setMode(config::AuditMode::Strict);
        std::promise<Status> strict;
        writer.append(makeRow("strict row"), [&](const Status& status) { strict.set_value(status); });
        QVERIFY(!strict.get_future().get().has_value());
        QCOMPARE(writer.state().refused, 1U);
        QVERIFY(!written);

        QCOMPARE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(other);
        QTRY_VERIFY(written);
        QTRY_COMPARE(writer.state().health, AuditState::Health::Ok);
        QVERIFY(changes >= 2);
        const auto reader = AuditReader::open(dir.filePath(QStringLiteral("audit.db")));
        QVERIFY(reader->row("group row")->has_value());
        QVERIFY(!reader->row("strict row")->has_value());
        QCOMPARE(reader->verify(kKey).state, AuditVerification::State::Intact);
    }

    void memoryForWaitingRowsIsBounded()
    {
        QTemporaryDir dir;
        AuditOptions options = optionsIn(dir.path(), config::AuditMode::Group);
        options.memoryBytes = 100'000;
        AuditWriter writer(options, m_clock, m_random);
        QVERIFY(writer.open().has_value());
        sqlite3* other = nullptr;
        QCOMPARE(sqlite3_open(options.file.toUtf8().constData(), &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
        for (int i = 0; i < 200; ++i)
            writer.append(makeRow("row " + QByteArray::number(i)));
        const AuditState state = writer.state();
        QVERIFY(state.pending < 60);
        QCOMPARE(state.pending + state.refused, 200U);
        QCOMPARE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(other);
        QTRY_COMPARE(writer.state().committed, state.pending);
    }

    void aDatabaseThatIsDamagedWhileItIsOpenIsReplaced()
    {
        QTemporaryDir dir;
        {
            AuditWriter writer(optionsIn(dir.path(), config::AuditMode::Group), m_clock, m_random);
            QVERIFY(writer.open().has_value());
            for (int i = 0; i < 2000; ++i)
                writer.append(makeRow("row " + QByteArray::number(i)));
            QVERIFY(writer.close().has_value());
        }
        // The pages after the schema's are overwritten; opening reads the last row and may or may not meet them, writing does.
        QFile file(dir.filePath(QStringLiteral("audit.db")));
        QVERIFY(file.open(QIODevice::ReadWrite));
        for (qint64 at = 4096; at < file.size(); at += 4096) {
            QVERIFY(file.seek(at));
            file.write(QByteArray(4096, '\x5a'));
        }
        file.close();
        AuditWriter writer(optionsIn(dir.path(), config::AuditMode::Group), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        writer.append(makeRow("after"));
        QVERIFY(writer.flush().has_value());
        QCOMPARE(QDir(dir.path()).entryList({QStringLiteral("audit.db.corrupt-*")}).size(), 1);
        QVERIFY(AuditReader::open(file.fileName())->row("after")->has_value());
    }

    void aTraceDirectoryThatCannotBeWrittenIsReportedAndTracesStayInMemory()
    {
        QTemporaryDir dir;
        TraceStoreOptions options;
        options.directory = dir.filePath(QStringLiteral("traces"));
        TraceStore store(options, m_clock);
        QVERIFY(store.open().has_value());
        QVERIFY(QDir(options.directory).removeRecursively());
        QFile blocker(options.directory);
        QVERIFY(blocker.open(QIODevice::WriteOnly)); // also root cannot write into it
        CallRecord call = makeCall(m_random, "files", "read", kStart, kMs);
        const TraceId id = call.traceId;
        store.append(std::move(call));
        QVERIFY(!store.flush().has_value());
        QVERIFY(!store.stats().diskError.isEmpty());
        QVERIFY(store.summary(id).has_value());
        // When the directory is back, what waits is written.
        blocker.remove();
        QVERIFY(QDir().mkpath(options.directory));
        QVERIFY(store.flush().has_value());
        QVERIFY(store.stats().diskError.isEmpty());
        QCOMPARE(listStoredFiles(options.directory, QStringLiteral("traces")).size(), std::size_t(1));
    }
};

int main(int argc, char** argv)
{
    if (argc == 4 && QByteArrayView(argv[1]) == "--victim")
        return beVictim(argv[2], QString::fromLocal8Bit(argv[3]));
    QCoreApplication app(argc, argv);
    StoreFaultsTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "store_faults.moc"
