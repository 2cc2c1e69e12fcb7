// SPDX-License-Identifier: GPL-3.0-or-later
// Destinations come and go while data waits for them.
#include "export_harness.h"

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;

class ExportDestinationsTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{1'700'000'000'000'000'000};
    SeededRandom m_random{1};
    QTemporaryDir m_directory;

    PipelineOptions options()
    {
        PipelineOptions options{m_clock, m_random, {}, {}, {}, {1ms, 5ms}};
        options.spoolDirectory = m_directory.filePath(QLatin1StringView(QTest::currentTestFunction()));
        return options;
    }

    static ScriptedBackend::Script down()
    {
        return always(ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n"));
    }

private Q_SLOTS:
    void whatWaitsForARemovedDestinationIsSentWhenItComesBack()
    {
        ScriptedBackend dead(down());
        ScriptedBackend alive(always(ok()));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(dead.url())}));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        put(pipeline, settingsOf({}));
        QTRY_COMPARE(pipeline.unclaimed().size(), 1);
        QCOMPARE(pipeline.unclaimed()[0].name, QStringLiteral("backend"));
        QCOMPARE(pipeline.unclaimed()[0].queued, 4ULL);
        pipeline.submitCalls(calls(5, 1)); // nobody's
        put(pipeline, settingsOf({destinationOf(alive.url())}));
        pipeline.submitCalls(calls(9, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 6ULL);
        QCOMPARE(statusOf(pipeline).queued, 0ULL);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
        QCOMPARE(allSpans(alive).size(), std::size_t(6));
        QTRY_VERIFY(pipeline.unclaimed().isEmpty());
    }

    void whatWaitsForARemovedDestinationIsSentAfterTheNextStart()
    {
        ScriptedBackend dead(down());
        ScriptedBackend alive(always(ok()));
        {
            ExportPipeline pipeline(options());
            put(pipeline, settingsOf({destinationOf(dead.url())}));
            pipeline.submitCalls(calls(1, 2));
            QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
            put(pipeline, settingsOf({}));
            end(pipeline);
        }
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(alive.url(), QStringLiteral("other"))}));
        QTRY_COMPARE(pipeline.unclaimed().size(), 1);
        put(pipeline, settingsOf({destinationOf(alive.url(), QStringLiteral("other")), destinationOf(alive.url())}));
        QTRY_COMPARE(statusOf(pipeline).sent, 4ULL);
    }

    void whatIsClearedForARemovedDestinationIsCountedForIt()
    {
        ScriptedBackend dead(down());
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(dead.url())}));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        put(pipeline, settingsOf({}));
        QTRY_COMPARE(pipeline.unclaimed().size(), 1);
        QCOMPARE(ended(pipeline, "backend", "cleared"), 0ULL);
        pipeline.clear(QStringLiteral("backend"));
        QTRY_VERIFY(pipeline.unclaimed().isEmpty());
        QTRY_COMPARE(ended(pipeline, "backend", "cleared"), 4ULL);
        // When it comes back it knows, and its counts go on.
        put(pipeline, settingsOf({destinationOf(dead.url())}));
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Cleared), 4ULL);
        QCOMPARE(ended(pipeline, "backend", "cleared"), 4ULL);
    }

    void whatGrowsTooOldForARemovedDestinationIsCountedForIt()
    {
        ScriptedBackend dead(down());
        ScriptedBackend alive(always(ok()));
        const auto other = destinationOf(alive.url(), QStringLiteral("other"));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(dead.url()), other}));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        put(pipeline, settingsOf({other}));
        QTRY_COMPARE(pipeline.unclaimed().size(), 1);
        m_clock.advanceNs(std::chrono::nanoseconds(8 * 24h).count());
        pipeline.submitCalls(calls(5, 1)); // so that ages are looked at
        QTRY_COMPARE(ended(pipeline, "backend", "expired"), 4ULL);
        QCOMPARE(ended(pipeline, "other", "expired"), 0ULL);
        QVERIFY(pipeline.unclaimed().isEmpty());
    }

    void aDestinationTooManyIsTakenInWhenAPlaceIsFree()
    {
        ScriptedBackend backend(always(ok()));
        QList<config::Destination> destinations;
        for (int i = 0; i < SpoolLog::kMaxDestinations; ++i) {
            destinations.append(destinationOf(backend.url(), QString::number(i)));
            destinations.last().enabled = false;
        }
        destinations.append(destinationOf(backend.url()));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf(destinations));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Refused);
        QVERIFY(statusOf(pipeline).lastError.contains(QStringLiteral("64")));
        QVERIFY(!pipeline.wants(Signal::Traces));
        destinations.removeFirst();
        put(pipeline, settingsOf(destinations));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Idle);
        QVERIFY(statusOf(pipeline).lastError.isEmpty());
        QVERIFY(pipeline.wants(Signal::Traces));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
    }
};

QTEST_GUILESS_MAIN(ExportDestinationsTest)
#include "tst_export_destinations.moc"
