// SPDX-License-Identifier: GPL-3.0-or-later
#include "records.h"
#include "store/framed_file.h"
#include "store/log_store.h"

#include <QTemporaryDir>
#include <QTest>

#include <semaphore>
#include <thread>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;
using namespace oriel::test;

namespace {

LogRecord makeLog(int n, Severity severity = Severity::Info, const QByteArray& source = "files")
{
    static const auto resource = resourceNamed(QByteArrayLiteral("files"));
    LogRecord record;
    record.timeUnixNs = kStart + n * kMs;
    record.observedUnixNs = record.timeUnixNs + 1;
    record.severity = severity;
    record.severityText = "INFO";
    record.body = AnyValue(QByteArray("Message number " + QByteArray::number(n)));
    record.attributes = {{QByteArrayLiteral("code"), AnyValue(std::int64_t{n})},
                         {QByteArrayLiteral("user"), QByteArrayLiteral("Someone")}};
    record.traceId = {1, static_cast<std::uint64_t>(n + 1)};
    record.spanId = {static_cast<std::uint64_t>(n + 1)};
    record.source = source;
    record.resource = resource;
    return record;
}

/// A record with a resource that no other has and that holds `bytes`.
LogRecord makeLogOfItsOwn(int n, qsizetype bytes)
{
    LogRecord record = makeLog(n);
    auto resource = std::make_shared<Resource>();
    resource->attributes.push_back({QByteArrayLiteral("process.command_line"), AnyValue(QByteArray(bytes, 'x'))});
    record.resource = std::move(resource);
    return record;
}

void openAndLoad(LogStore& store)
{
    std::binary_semaphore loaded(0);
    QVERIFY(store.open([&] { loaded.release(); }).has_value());
    loaded.acquire();
}

} // namespace

class LogStoreTest : public QObject {
    Q_OBJECT

    SystemClock m_clock;

private Q_SLOTS:
    void everyFilterNarrowsThePage()
    {
        LogStore store({}, m_clock);
        for (int i = 0; i < 100; ++i)
            store.append(makeLog(i, i % 10 == 0 ? Severity::Error : Severity::Info, i % 2 == 0 ? "files" : "web"));
        LogQuery query;
        QCOMPARE(store.query(query).rows.size(), std::size_t(100));
        query.minSeverity = Severity::Warn;
        QCOMPARE(store.query(query).rows.size(), std::size_t(10));
        query = {};
        query.source = "web";
        QCOMPARE(store.query(query).rows.size(), std::size_t(50));
        query.text = "NUMBER 7";
        QCOMPARE(store.query(query).rows.size(), std::size_t(6)); // 7, 71, 73 … 79
        query = {};
        query.text = "someone";
        QCOMPARE(store.query(query).rows.size(), std::size_t(100));
        query = {};
        query.traceId = TraceId{1, 43};
        QCOMPARE(store.query(query).rows.front().record->body.text()->constData(), QByteArray("Message number 42"));
        query = {};
        query.fromUnixNs = kStart + 10 * kMs;
        query.toUnixNs = kStart + 20 * kMs;
        QCOMPARE(store.query(query).rows.size(), std::size_t(10));
        QCOMPARE(store.sources(), (std::vector<QByteArray>{"files", "web"}));
    }

    void pagesFollowIdsInBothDirections()
    {
        LogStore store({}, m_clock);
        for (int i = 0; i < 100; ++i)
            store.append(makeLog(i));
        LogQuery query;
        query.limit = 30;
        LogPage page = store.query(query);
        QVERIFY(page.more);
        QCOMPARE(page.rows.size(), std::size_t(30));
        query.sinceId = page.rows.back().id;
        query.limit = 1000;
        QCOMPARE(store.query(query).rows.size(), std::size_t(70));
        query = {};
        query.newestFirst = true;
        query.limit = 10;
        page = store.query(query);
        QCOMPARE(page.rows.front().id, store.lastId());
        query.beforeId = page.rows.back().id;
        QCOMPARE(store.query(query).rows.front().id, store.lastId() - 10);
        query = {};
        query.sinceId = store.lastId();
        QVERIFY(store.query(query).rows.empty());
    }

    void theBudgetHoldsAndTheGapIsVisible()
    {
        LogStoreOptions options;
        options.budgetBytes = 100'000;
        LogStore store(options, m_clock);
        store.append(makeLog(0));
        const std::uint64_t first = store.lastId();
        for (int i = 1; i < 5000; ++i)
            store.append(makeLog(i));
        const LogStoreStats stats = store.stats();
        QVERIFY(stats.memoryBytes <= 100'000);
        QCOMPARE(stats.records + stats.evicted, 5000U);
        LogQuery query;
        query.sinceId = first;
        QVERIFY(store.query(query).firstId > first + 1);
    }

    void theBudgetCountsWhatRecordsShareOnce()
    {
        LogStoreOptions options;
        options.budgetBytes = 1'000'000;
        LogStore separate(options, m_clock);
        for (int i = 0; i < 500; ++i)
            separate.append(makeLogOfItsOwn(i, 10'000));
        const LogStoreStats stats = separate.stats();
        QVERIFY(stats.memoryBytes <= 1'000'000);
        QVERIFY(stats.records <= 100);
        QVERIFY(stats.records >= 80);

        LogStore together(options, m_clock);
        const auto resource = makeLogOfItsOwn(0, 100'000).resource;
        for (int i = 0; i < 500; ++i) {
            LogRecord record = makeLog(i);
            record.resource = resource;
            together.append(std::move(record));
        }
        QCOMPARE(together.stats().records, 500U);
        QVERIFY(together.stats().memoryBytes >= 100'000);
        // The resource goes with the last record that holds it, not with the first.
        options.budgetBytes = 150'000;
        LogStore tight(options, m_clock);
        for (int i = 0; i < 1000; ++i) {
            LogRecord record = makeLog(i);
            record.resource = resource;
            tight.append(std::move(record));
        }
        QVERIFY(tight.stats().evicted > 0);
        QVERIFY(tight.stats().memoryBytes <= 150'000);
        QVERIFY(tight.stats().records * sizeof(LogRecord) <= 50'000);
    }

    void theBudgetHoldsForWhatIsReadBackAndIsFreedWithIt()
    {
        QTemporaryDir dir;
        LogStoreOptions options;
        options.directory = dir.path();
        {
            LogStore store(options, m_clock);
            openAndLoad(store);
            for (int i = 0; i < 500; ++i) {
                store.append(i % 2 == 0 ? makeLogOfItsOwn(i, 10'000) : makeLog(i));
                if (i % 2 == 0)
                    store.append(makeLog(i));
            }
            QVERIFY(store.flush().has_value());
        }
        options.budgetBytes = 1'000'000;
        LogStore store(options, m_clock);
        openAndLoad(store);
        QVERIFY(store.stats().memoryBytes <= 1'000'000);
        QVERIFY(store.stats().records > 0);
        QVERIFY(store.stats().records <= 300);
        for (int i = 500; i < 600; ++i)
            store.append(makeLogOfItsOwn(i, i % 3 == 0 ? 100 : 20'000));
        QVERIFY(store.stats().memoryBytes <= 1'000'000);
        QVERIFY(store.flush().has_value());
        QVERIFY(store.applyRetention({.keepAfterUnixNs = kStart + 1000 * kMs}).has_value());
        QCOMPARE(store.stats().records, 0U);
        QCOMPARE(store.stats().memoryBytes, 0);
    }

    void aRecordThatNoFrameHoldsDoesNotKeepBackTheOthers()
    {
        QTemporaryDir dir;
        LogStoreOptions options;
        options.directory = dir.path();
        options.budgetBytes = 1'000'000'000;
        {
            LogStore store(options, m_clock);
            openAndLoad(store);
            store.append(makeLog(0));
            store.append(makeLogOfItsOwn(1, static_cast<qsizetype>(kMaxFrameBytes) + 1));
            for (int i = 2; i < 10; ++i)
                store.append(makeLog(i));
            QVERIFY(store.flush().has_value());
            QCOMPARE(store.stats().unwrittenRecords, 1U);
            QVERIFY(store.stats().diskError.isEmpty());
            QCOMPARE(store.stats().records, 10U);
        }
        LogStore store(options, m_clock);
        openAndLoad(store);
        const LogPage page = store.query({});
        QCOMPARE(page.rows.size(), std::size_t(9));
        QCOMPARE(page.rows.front().record->timeUnixNs, kStart);
        QCOMPARE(page.rows.back().record->timeUnixNs, kStart + 9 * kMs);
        QCOMPARE(store.stats().lostRecords, 0U);
    }

    void aFrameEndsBeforeItIsTooLarge()
    {
        QTemporaryDir dir;
        LogStoreOptions options;
        options.directory = dir.path();
        {
            LogStore store(options, m_clock);
            openAndLoad(store);
            for (int i = 0; i < 40; ++i)
                store.append(makeLogOfItsOwn(i, 100'000));
            QVERIFY(store.flush().has_value());
        }
        std::size_t records = 0;
        for (const StoredFile& file : listStoredFiles(dir.path(), QStringLiteral("logs"))) {
            const auto read = readFrames(file.path, FrameFileKind::Logs, [&](std::uint8_t, QByteArrayView payload) {
                records += static_cast<std::size_t>(payload.size() / 100'000);
                return payload.size() <= 1024 * 1024;
            });
            QVERIFY(read.has_value());
            QVERIFY(read->summary.has_value()); // read to its end: no frame was larger
        }
        QCOMPARE(records, std::size_t(40));
    }

    void recordsSurviveARestartUnchanged()
    {
        QTemporaryDir dir;
        LogStoreOptions options;
        options.directory = dir.path();
        options.segmentBytes = 20'000;
        std::vector<LogRecord> written;
        {
            LogStore store(options, m_clock);
            openAndLoad(store);
            for (int i = 0; i < 3000; ++i) {
                written.push_back(makeLog(i));
                if (i % 100 == 7) {
                    const auto resource = std::make_shared<Resource>(*written.back().resource);
                    resource->entityRefs = {{"https://entity", "service", {"service.name"}, {"a", "b"}}, {{}, "host", {}, {}}};
                    written.back().resource = resource;
                }
                LogRecord copy = written.back();
                store.append(std::move(copy));
            }
            QVERIFY(store.flush().has_value());
        }
        LogStore store(options, m_clock);
        openAndLoad(store);
        store.append(makeLog(3000));
        LogQuery query;
        query.limit = 10'000;
        const LogPage page = store.query(query);
        QCOMPARE(page.rows.size(), std::size_t(3001));
        for (std::size_t i = 0; i < written.size(); ++i) {
            const LogRecord& record = *page.rows[i].record;
            QCOMPARE(record.timeUnixNs, written[i].timeUnixNs);
            QVERIFY(record.body == written[i].body);
            QVERIFY(record.attributes == written[i].attributes);
            QCOMPARE(record.traceId, written[i].traceId);
            QCOMPARE(record.source, written[i].source);
            QVERIFY(*record.resource == *written[i].resource);
            QVERIFY(i == 0 || page.rows[i].id == page.rows[i - 1].id + 1);
        }
        QCOMPARE(store.stats().lostRecords, 0U);
    }

    void aTornFileLosesOnlyItsEnd()
    {
        QTemporaryDir dir;
        LogStoreOptions options;
        options.directory = dir.path();
        {
            LogStore store(options, m_clock);
            openAndLoad(store);
            for (int i = 0; i < 100; ++i) {
                store.append(makeLog(i));
                if (i % 25 == 24)
                    QVERIFY(store.flush().has_value());
            }
        }
        QFile file(listStoredFiles(dir.path(), QStringLiteral("logs")).front().path);
        QVERIFY(file.resize(file.size() - 80));
        LogStore store(options, m_clock);
        openAndLoad(store);
        QCOMPARE(store.query({}).rows.size(), std::size_t(75));
        QVERIFY(store.stats().lostRecords > 0);
    }

    void retentionDeletesWholeFilesAndOldMemory()
    {
        QTemporaryDir dir;
        LogStoreOptions options;
        options.directory = dir.path();
        options.segmentBytes = 20'000;
        LogStore store(options, m_clock);
        openAndLoad(store);
        for (int i = 0; i < 3000; ++i) {
            store.append(makeLog(i));
            if (i % 100 == 0)
                QVERIFY(store.flush().has_value());
        }
        QVERIFY(store.flush().has_value());
        const RetentionLimits limits{.keepAfterUnixNs = kStart + 1500 * kMs};
        const auto preview = store.previewRetention(limits);
        QVERIFY(preview->rows > 0 && preview->rows <= 1500);
        const auto applied = store.applyRetention(limits);
        QCOMPARE(applied->rows, preview->rows);
        LogQuery query;
        query.limit = 10'000;
        QCOMPARE(store.query(query).rows.size(), std::size_t(1500));
        QCOMPARE(store.applyRetention({.maxBytes = 1})->remainingRows, 0U);
    }

    void readersSeeWholeRecordsWhileOneThreadAppends()
    {
        LogStoreOptions options;
        options.budgetBytes = 500'000;
        LogStore store(options, m_clock);
        std::atomic<bool> stop{false};
        std::atomic<int> wrong{0};
        std::atomic<int> reads{0};
        std::vector<std::thread> readers;
        for (int i = 0; i < 4; ++i)
            readers.emplace_back([&] {
                LogQuery query;
                query.text = "number";
                while (!stop) {
                    const LogPage page = store.query(query);
                    for (const LogEntry& entry : page.rows)
                        if (entry.id <= query.sinceId || !entry.record || entry.record->source.isEmpty())
                            ++wrong;
                    query.sinceId = page.rows.empty() ? query.sinceId : page.rows.back().id;
                    ++reads;
                }
            });
        for (int i = 0; i < 5000 || reads < 100; ++i)
            store.append(makeLog(i));
        stop = true;
        for (std::thread& reader : readers)
            reader.join();
        QCOMPARE(wrong.load(), 0);
    }
};

QTEST_GUILESS_MAIN(LogStoreTest)
#include "tst_log_store.moc"
