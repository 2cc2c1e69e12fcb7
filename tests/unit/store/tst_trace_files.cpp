// SPDX-License-Identifier: GPL-3.0-or-later
#include "records.h"
#include "store/framed_file.h"
#include "store/trace_store.h"
#include "telemetry/call_spans.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <semaphore>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;
using namespace oriel::test;

class TraceFilesTest : public QObject {
    Q_OBJECT

    SystemClock m_clock;

    static TraceStoreOptions in(const QString& directory, std::int64_t budget = 64LL << 20)
    {
        TraceStoreOptions options;
        options.budgetBytes = budget;
        options.directory = directory;
        options.segmentBytes = 1024 * 1024;
        return options;
    }
    /// Opens and waits until the files of earlier runs are read.
    static void openAndLoad(TraceStore& store)
    {
        std::binary_semaphore loaded(0);
        const Status opened = store.open([&] { loaded.release(); });
        QVERIFY2(opened.has_value(), opened ? "" : qPrintable(opened.error().toString()));
        loaded.acquire();
    }
    static std::vector<StoredFile> files(const QTemporaryDir& dir)
    {
        return listStoredFiles(dir.path(), QStringLiteral("traces"));
    }

private Q_SLOTS:
    void tracesSurviveARestart()
    {
        QTemporaryDir dir;
        SeededRandom random(1);
        std::vector<CallRecord> calls;
        const TraceId shared = TraceId::generate(random);
        {
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            for (int i = 0; i < 6000; ++i) {
                calls.push_back(
                    makeCall(random, "files", "read_file", kStart + i * kMs, kMs, i % 7 == 0 ? Outcome::Timeout : Outcome::Ok));
                CallRecord copy = calls.back();
                store.append(std::move(copy));
                if (i % 100 == 0)
                    store.append(makeSpan(random, shared, "shared", kStart + i, kMs));
            }
            QVERIFY(store.flush().has_value());
            QVERIFY(store.stats().diskBytes > 0);
        }
        QVERIFY(files(dir).size() > 1);
        TraceStore store(in(dir.path()), m_clock);
        openAndLoad(store);
        QCOMPARE(store.stats().lostRecords, 0U);
        QCOMPARE(store.query({}).totalMatched, 6001U);
        QCOMPARE(store.query({.filter = *Filter::parse("status=timeout")}).totalMatched, 858U);
        QCOMPARE(store.trace(shared).spans.size(), std::size_t(60));
        for (const std::size_t i : {std::size_t(0), std::size_t(1500), calls.size() - 1}) {
            const auto summary = store.summary(calls[i].traceId);
            QVERIFY(summary.has_value());
            QVERIFY(summary->fromDisk && !summary->live);
            QCOMPARE(summary->spanCount, static_cast<std::uint32_t>(callSpanCount(calls[i])));
            QCOMPARE(store.trace(calls[i].traceId).spans.size(), callSpanCount(calls[i]));
        }
        // What comes after the restart joins the traces of before it.
        store.append(makeSpan(random, shared, "shared", kStart + 5, kMs));
        QCOMPARE(store.trace(shared).spans.size(), std::size_t(61));
        QCOMPARE(store.summary(shared)->spanCount, 61U);
        QCOMPARE(store.query({.filter = *Filter::parse("name=shared")}).totalMatched, 1U);
    }

    void aSpanThatRanWhenTheProcessDiedIsNotLiveAfterwards()
    {
        QTemporaryDir dir;
        SeededRandom random(2);
        SpanData running = makeSpan(random, TraceId::generate(random), "hung", kStart, 0);
        running.endUnixNs = 0;
        SpanData done = makeSpan(random, TraceId::generate(random), "done", kStart, 0);
        done.endUnixNs = 0;
        const TraceId hung = running.traceId;
        const TraceId finished = done.traceId;
        {
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            store.append(std::move(running));
            SpanData copy = done;
            store.append(std::move(copy));
            done.endUnixNs = kStart + kMs;
            store.append(std::move(done));
        }
        TraceStore store(in(dir.path()), m_clock);
        openAndLoad(store);
        QVERIFY(!store.summary(hung)->live);
        QCOMPARE(store.trace(hung).spans.front().endUnixNs, 0);
        QCOMPARE(store.summary(finished)->spanCount, 1U);
    }

    void whatLeftMemoryIsReadFromItsFile()
    {
        QTemporaryDir dir;
        SeededRandom random(3);
        TraceStore store(in(dir.path(), 2LL << 20), m_clock);
        openAndLoad(store);
        const CallRecord first = makeCall(random, "s", "t", kStart, kMs);
        CallRecord copy = first;
        store.append(std::move(copy));
        for (int i = 0; i < 20'000; ++i)
            store.append(makeCall(random, "s", "t", kStart + i * kMs, kMs));
        QVERIFY(store.flush().has_value());
        QVERIFY(store.stats().evictedSpans > 0);
        QVERIFY(!store.summary(first.traceId).has_value());
        const TraceLookup lookup = store.trace(first.traceId);
        QCOMPARE(lookup.state, TraceLookup::State::Found);
        QCOMPARE(lookup.spans.size(), callSpanCount(first));
        QCOMPARE(store.calls(first.traceId).size(), std::size_t(1));
    }

    void onlyTheNewestFilesAreLoadedWithinTheBudget()
    {
        QTemporaryDir dir;
        SeededRandom random(4);
        TraceId first;
        TraceId last;
        {
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            for (int i = 0; i < 20'000; ++i) {
                CallRecord call = makeCall(random, "s", "t", kStart + i * kMs, kMs);
                (i == 0 ? first : last) = call.traceId;
                store.append(std::move(call));
            }
        }
        constexpr std::int64_t kBudget = 5LL << 20;
        TraceStore store(in(dir.path(), kBudget), m_clock);
        openAndLoad(store);
        QVERIFY(store.stats().memoryBytes <= kBudget);
        QVERIFY(store.stats().calls > 1000);
        QVERIFY(store.summary(last).has_value());
        QVERIFY(!store.summary(first).has_value());
        QCOMPARE(store.trace(first).state, TraceLookup::State::Found);
    }

    void aTornFileLosesItsEndOnceAndSaysSo()
    {
        QTemporaryDir dir;
        SeededRandom random(5);
        {
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            for (int i = 0; i < 200; ++i) {
                store.append(makeCall(random, "s", "t", kStart + i * kMs, kMs));
                if (i % 50 == 49)
                    QVERIFY(store.flush().has_value());
            }
        }
        QFile file(files(dir).front().path);
        QVERIFY(file.resize(file.size() - 60)); // into the last frame of records
        {
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            QVERIFY(store.stats().lostRecords > 0);
            QCOMPARE(store.query({}).totalMatched, 150U);
        }
        TraceStore again(in(dir.path()), m_clock);
        openAndLoad(again);
        QCOMPARE(again.stats().lostRecords, 0U);
        QCOMPARE(again.query({}).totalMatched, 150U);
    }

    void flippedBytesNeverDoMoreThanLoseCountedRecords()
    {
        QTemporaryDir dir;
        SeededRandom random(6);
        {
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            for (int i = 0; i < 60; ++i) {
                store.append(makeCall(random, "s" + QByteArray::number(i), "t", kStart + i * kMs, kMs));
                store.append(makeSpan(random, TraceId::generate(random), "span " + QByteArray::number(i), kStart, kMs));
                if (i % 10 == 9)
                    QVERIFY(store.flush().has_value());
            }
        }
        const QString path = files(dir).front().path;
        QFile original(path);
        QVERIFY(original.open(QIODevice::ReadOnly));
        const QByteArray content = original.readAll();
        original.close();
        for (int round = 0; round < 150; ++round) {
            QByteArray damaged = content;
            const auto at = static_cast<qsizetype>(8 + random.next64() % static_cast<std::uint64_t>(content.size() - 8));
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.next64() % 8));
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
            file.write(damaged);
            file.close();
            TraceStore store(in(dir.path()), m_clock);
            openAndLoad(store);
            const TracePage page = store.query({});
            QVERIFY(page.totalMatched >= 80 && page.totalMatched <= 120);
            QVERIFY(page.totalMatched == 120 || store.stats().lostRecords > 0);
            for (const TraceSummary& row : page.rows)
                QVERIFY(!store.trace(row.traceId).spans.empty());
        }
    }

    void retentionTakesWholeFilesByAgeAndSizeAndPreviewsThem()
    {
        QTemporaryDir dir;
        SeededRandom random(7);
        TraceStore store(in(dir.path()), m_clock);
        openAndLoad(store);
        TraceId first;
        for (int i = 0; i < 20'000; ++i) {
            CallRecord call = makeCall(random, "s", "t", kStart + i * kMs, kMs);
            if (i == 0)
                first = call.traceId;
            store.append(std::move(call));
        }
        QVERIFY(store.flush().has_value());
        const std::size_t before = files(dir).size();
        QVERIFY(before > 4);
        const RetentionLimits limits{.keepAfterUnixNs = kStart + 5000 * kMs};
        const auto preview = store.previewRetention(limits);
        QVERIFY(preview.has_value());
        QVERIFY(preview->rows > 0 && preview->rows <= 5000);
        QCOMPARE(preview->oldestUnixNs, kStart);
        QVERIFY(preview->newestUnixNs < limits.keepAfterUnixNs);
        QCOMPARE(files(dir).size(), before);
        QVERIFY(store.summary(first).has_value());
        const auto applied = store.applyRetention(limits);
        QVERIFY(applied.has_value());
        QCOMPARE(applied->rows, preview->rows);
        QCOMPARE(applied->bytes, preview->bytes);
        QVERIFY(files(dir).size() < before);
        QVERIFY(!store.summary(first).has_value());
        QCOMPARE(store.trace(first).state, TraceLookup::State::Evicted);
        const auto bySize = store.applyRetention({.maxBytes = 1});
        QVERIFY(bySize.has_value());
        QVERIFY(files(dir).size() <= 1); // the open one stays
        QCOMPARE(store.previewRetention({.maxBytes = 1})->rows, 0U);
    }

    void aDirectoryThatCannotBeMadeIsAnError()
    {
        QTemporaryDir dir;
        QFile file(dir.filePath(QStringLiteral("blocked")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        TraceStore store(in(dir.filePath(QStringLiteral("blocked/traces"))), m_clock);
        const Status opened = store.open();
        QVERIFY(!opened.has_value());
        QVERIFY(opened.error().context.contains(QStringLiteral("blocked")));
    }
};

QTEST_GUILESS_MAIN(TraceFilesTest)
#include "tst_trace_files.moc"
