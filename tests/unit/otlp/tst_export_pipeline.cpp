// SPDX-License-Identifier: GPL-3.0-or-later
// From what was finished to the spool and to the end of the process.
#include "export_harness.h"
#ifdef Q_OS_UNIX
#include "file_size_limit.h"
#endif

#include <QDir>
#include <QThread>
#include <QTimer>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;
using telemetry::CallRecord;
using telemetry::SpanData;

class ExportPipelineTest : public QObject, PipelineFixture {
    Q_OBJECT
private Q_SLOTS:
    void aCallLeavesAsItsSpansWithOurResource()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        QVERIFY(pipeline.wants(Signal::Traces) && pipeline.wants(Signal::Metrics) && pipeline.wants(Signal::Logs));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).sent, 4ULL);
        QCOMPARE(backend.requests().size(), 1);
        QCOMPARE(backend.requests()[0].path, QByteArray("/v1/traces"));
        const auto spans = allSpans(backend);
        QCOMPARE(spans.size(), std::size_t(4));
        QCOMPARE(spans[0].name, QByteArray("tools/call weather__get"));
        QCOMPARE(spans[1].name, QByteArray("tools/call get"));
        QCOMPARE(*telemetry::findAttribute(spans[0].resource->attributes, "service.name")->text(), QByteArray("oriel-test"));
        QVERIFY(!has(spans[0], "gen_ai.tool.call.arguments"));
        const DestinationStatus status = statusOf(pipeline);
        QCOMPARE(status.state, DestinationState::Idle);
        QCOMPARE(status.queued, 0ULL);
        QCOMPARE(status.lastSuccessUnixNs, m_clock.unixNs());
        QVERIFY(status.lastError.isEmpty());
    }

    void withoutADestinationNothingIsKeptAndNoTimerRuns()
    {
        ExportPipeline pipeline(options());
        QSignalSpy due(&pipeline, &ExportPipeline::metricsDue);
        pipeline.configure(settingsOf({}), m_resource, m_scope);
        QCoreApplication::processEvents();
        pipeline.submitCalls(calls(1, 10));
        pipeline.noteMetricsChanged();
        QCoreApplication::processEvents();
        for (const Signal signal : kSignals)
            QVERIFY(!pipeline.wants(signal));
        for (const QTimer* timer : pipeline.findChildren<QTimer*>())
            QVERIFY(!timer->isActive());
        QVERIFY(due.isEmpty() && pipeline.inboxDropped() == 0);
    }

    void noTimerRunsOnceEverythingIsSent()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        const auto anyActive = [&] {
            const auto timers = pipeline.findChildren<QTimer*>();
            return std::any_of(timers.begin(), timers.end(), [](const QTimer* timer) { return timer->isActive(); });
        };
        QTRY_VERIFY(!anyActive());
    }

    void eachDestinationGetsWhatItAskedFor()
    {
        ScriptedBackend plain(always(ok()));
        ScriptedBackend rich(always(ScriptedBackend::answer("200 OK", "{}", {}, "application/json")));
        config::Destination second = destinationOf(rich.url(), QStringLiteral("rich"));
        second.protocol = config::ExportProtocol::HttpJson;
        second.includePayloads = true;
        second.aliases = {QStringLiteral("enkrypt")};
        second.metrics = false;
        second.logs = false;
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(plain.url(), QStringLiteral("plain")), second}));
        pipeline.submitCalls(calls(1, 1));
        pipeline.submitLogs({full::log()});
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("plain")).sent, 3ULL);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("rich")).sent, 2ULL);
        QCOMPARE(rich.requests().size(), 1);
        const SpanData span = spansOf(rich.requests()[0]).at(0);
        QCOMPARE(telemetry::toJson(*telemetry::findAttribute(span.attributes, "gen_ai.tool.call.arguments")),
                 QByteArray("{\"city\":\"Ulm\"}"));
        QCOMPARE(*telemetry::findAttribute(span.attributes, "server_name")->text(), QByteArray("weather"));
        const auto plainSpans = allSpans(plain);
        QVERIFY(!has(plainSpans[0], "gen_ai.tool.call.arguments") && !has(plainSpans[0], "server_name"));
    }

    void theSamplerDecidesAtExport()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        settings.sampler = QStringLiteral("parentbased_always_off");
        put(pipeline, settings);
        auto sampled = std::make_shared<CallRecord>(*call(7).call);
        sampled->parentSpanId = {99};
        auto unsampled = std::make_shared<CallRecord>(*sampled);
        unsampled->traceId = {1, 8};
        unsampled->parentSampled = false;
        pipeline.submitCalls({call(1), {sampled, {}, {}}, {unsampled, {}, {}}});
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        for (const SpanData& span : allSpans(backend))
            QCOMPARE(span.traceId, (TraceId{1, 7}));
    }

    void limitsAreAppliedToWhatLeaves()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        settings.attributeCountLimit = 3;
        put(pipeline, settings);
        pipeline.submitSpans({full::span()});
        QTRY_COMPARE(backend.requests().size(), 1);
        const SpanData span = allSpans(backend).at(0);
        QCOMPARE(span.attributes.size(), std::size_t(3));
        QCOMPARE(span.droppedAttributes, 5U + static_cast<std::uint32_t>(full::attributes().size()) - 3U);
    }

    void metricsAreAskedForOnceAnIntervalAndOnlyWhenSomethingChanged()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        QSignalSpy due(&pipeline, &ExportPipeline::metricsDue);
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        for (int i = 0; i < 100; ++i)
            pipeline.noteMetricsChanged();
        QTRY_COMPARE(due.size(), 1);
        pipeline.submitMetrics(full::metrics().metrics);
        QTRY_COMPARE(statusOf(pipeline).sent, 6ULL);
        QCOMPARE(backend.requests()[0].path, QByteArray("/v1/metrics"));
        const auto decoded = decodeMetrics(backend.requests()[0].body, Encoding::Protobuf);
        QVERIFY(decoded && decoded->metrics[0].metrics.size() == 4);
        QCOMPARE(due.size(), 1);
        pipeline.noteMetricsChanged();
        QTRY_COMPARE(due.size(), 2);
    }

    void metricsThatNothingChangesAreAskedForAgain()
    {
        ScriptedBackend backend(always(ok()));
        PipelineOptions impatient = options();
        impatient.metricRepeat = 10ms;
        ExportPipeline pipeline(impatient);
        QSignalSpy due(&pipeline, &ExportPipeline::metricsDue);
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        put(pipeline, settings);
        pipeline.noteMetricsChanged();
        QTRY_VERIFY(due.size() > 2);
        // Nobody wants them any more: no timer goes on.
        settings.destinations[0].metrics = false;
        put(pipeline, settings);
        QTRY_VERIFY(std::ranges::none_of(pipeline.findChildren<QTimer*>(), &QTimer::isActive));
    }

    void aFullInboxDropsAndCounts()
    {
        ScriptedBackend backend(always(ok()));
        PipelineOptions small = options();
        small.inboxItems = 5;
        ExportPipeline pipeline(small);
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 8));
        pipeline.submitLogs({full::log()});
        QCOMPARE(pipeline.inboxDropped(), 4ULL);
        QTRY_COMPARE(statusOf(pipeline).sent, 10ULL);
    }

    void anInboxFullOfBytesDropsAndCounts()
    {
        ScriptedBackend backend(always(ok()));
        config::Destination destination = destinationOf(backend.url());
        destination.received = true;
        PipelineOptions small = options();
        small.inboxBytes = 100'000;
        ExportPipeline pipeline(small);
        put(pipeline, settingsOf({destination}));
        telemetry::LogRecord log = full::log();
        log.body = telemetry::AnyValue(QByteArray(60'000, 'x'));
        pipeline.submitLogs({log, log, log});
        const std::uint64_t points = pointCount(full::foreignMetrics().metrics);
        pipeline.submitReceivedMetrics({full::foreignMetrics()});
        pipeline.submitCalls(calls(1, 3));
        QCOMPARE(pipeline.inboxDropped(), 1ULL + points + 3ULL);
        const InboxCounts counts = pipeline.inboxCounts();
        const auto droppedOf = [&counts](Signal signal) { return counts.items[static_cast<std::size_t>(signal)].dropped; };
        QCOMPARE(droppedOf(Signal::Logs), 1ULL);
        QCOMPARE(droppedOf(Signal::Metrics), points);
        QCOMPARE(droppedOf(Signal::Traces), 3ULL);
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        // Then there is room again.
        pipeline.submitReceivedMetrics({full::foreignMetrics()});
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL + points);
        QCOMPARE(pipeline.inboxDropped(), 4ULL + points);
    }

    void aFullQueueLosesItsOldestAndSaysSo()
    {
        ScriptedBackend down(always(ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n")));
        PipelineOptions small = options();
        small.queue.memoryBatches = 2;
        ExportPipeline pipeline(small);
        put(pipeline, settingsOf({destinationOf(down.url())}));
        for (std::uint64_t i = 1; i <= 4; ++i) {
            pipeline.submitCalls(calls(i, 1));
            QTRY_COMPARE(statusOf(pipeline).queued + statusOf(pipeline).dropped, 2 * i);
        }
        QCOMPARE(statusOf(pipeline).queued, 4ULL);
        QCOMPARE(statusOf(pipeline).dropped, 4ULL);
    }

    void shuttingDownSendsWhatWaits()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        settings.spanInterval = 1h;
        put(pipeline, settings);
        QSignalSpy drained(&pipeline, &ExportPipeline::drained);
        pipeline.submitCalls(calls(1, 3));
        pipeline.submitMetrics(full::metrics().metrics);
        pipeline.shutdown();
        QTRY_COMPARE(drained.size(), 1);
        QCOMPARE(statusOf(pipeline).sent, 12ULL);
        QVERIFY(!pipeline.wants(Signal::Traces));
        QCOMPARE(pipeline.inboxDropped(), 0ULL);
        pipeline.submitCalls(calls(9, 2));
        pipeline.submitLogs({full::log()});
        QCOMPARE(pipeline.inboxDropped(), 3ULL);
    }

    void shuttingDownDoesNotWaitForADeadBackend()
    {
        ScriptedBackend down(always(ScriptedBackend::answer("503 Service Unavailable")));
        PipelineOptions patient = options();
        patient.retry = {1h, 1h};
        ExportPipeline pipeline(patient);
        put(pipeline, settingsOf({destinationOf(down.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        QSignalSpy drained(&pipeline, &ExportPipeline::drained);
        pipeline.shutdown(1h);
        QTRY_COMPARE(drained.size(), 1);
        QCOMPARE(down.requests().size(), 2);
        QCOMPARE(statusOf(pipeline).queued, 2ULL);
    }

    void shuttingDownEndsAtItsDeadline()
    {
        ScriptedBackend hangs(always({}));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(hangs.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(hangs.requests().size(), 1);
        QSignalSpy drained(&pipeline, &ExportPipeline::drained);
        pipeline.shutdown(50ms);
        QTRY_COMPARE(drained.size(), 1);
        ExportPipeline idle(options());
        QSignalSpy atOnce(&idle, &ExportPipeline::drained);
        idle.shutdown(1h);
        QTRY_COMPARE(atOnce.size(), 1);
    }

    void withoutADestinationThereAreNoFiles()
    {
        QTemporaryDir directory;
        {
            ExportPipeline pipeline(durableOptions(directory));
            pipeline.configure(settingsOf({}), m_resource, m_scope);
            pipeline.submitCalls(calls(1, 10));
            QCoreApplication::processEvents();
            QSignalSpy drained(&pipeline, &ExportPipeline::drained);
            pipeline.shutdown();
            QTRY_COMPARE(drained.size(), 1);
        }
        QVERIFY(!QDir(directory.filePath(QStringLiteral("spool"))).exists());
    }

    void whatADeadBackendDidNotGetIsSentAfterTheNextStart()
    {
        QTemporaryDir directory;
        bool isUp = false;
        ScriptedBackend backend(
            [&](int, const ReceivedRequest&) { return isUp ? ok() : ScriptedBackend::answer("503 Service Unavailable"); });
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        {
            ExportPipeline pipeline(durableOptions(directory));
            put(pipeline, settings);
            pipeline.submitCalls(calls(1, 3));
            pipeline.submitLogs({full::log()});
            pipeline.submitMetrics(full::metrics().metrics);
            QTRY_COMPARE(statusOf(pipeline).queued, 6ULL + 1ULL + 6ULL);
            QSignalSpy drained(&pipeline, &ExportPipeline::drained);
            pipeline.shutdown();
            QTRY_COMPARE(drained.size(), 1);
        }
        isUp = true;
        ExportPipeline pipeline(durableOptions(directory));
        put(pipeline, settings);
        QTRY_COMPARE(statusOf(pipeline).sent, 13ULL);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
    }

#ifdef Q_OS_UNIX
    void aFullDiskIsSaidAndCostsNothing()
    {
        QTemporaryDir directory;
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(durableOptions(directory));
        config::Destination destination = destinationOf(backend.url());
        destination.paused = true;
        put(pipeline, settingsOf({destination}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).queued, 2ULL);
        {
            const FileSizeLimit full(4'096);
            pipeline.submitCalls(calls(2, 50));
            QTRY_COMPARE(statusOf(pipeline).queued, 102ULL);
            QVERIFY(!statusOf(pipeline).spoolError.isEmpty());
        }
        pipeline.submitCalls(calls(60, 1));
        QTRY_COMPARE(statusOf(pipeline).queued, 104ULL);
        QTRY_VERIFY(statusOf(pipeline).spoolError.isEmpty());
        destination.paused = false;
        put(pipeline, settingsOf({destination}));
        QTRY_COMPARE(statusOf(pipeline).sent, 104ULL);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
        QCOMPARE(allSpans(backend).size(), std::size_t(104));
    }
    void whatAFullDiskDidNotTakeUntilTheEndIsCounted()
    {
        QTemporaryDir directory;
        config::Destination destination = destinationOf(QStringLiteral("http://127.0.0.1:1"));
        destination.paused = true;
        {
            const FileSizeLimit full(4'096);
            ExportPipeline pipeline(durableOptions(directory));
            put(pipeline, settingsOf({destination}));
            pipeline.submitCalls(calls(1, 50));
            QTRY_COMPARE(statusOf(pipeline).queued, 100ULL);
        }
        ExportPipeline pipeline(durableOptions(directory));
        put(pipeline, settingsOf({destination}));
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Full), 100ULL);
        QCOMPARE(statusOf(pipeline).queued, 0ULL);
    }
#endif

    void itServesManyThreadsFromItsOwn()
    {
        ScriptedBackend backend(always(ok()));
        QThread thread;
        auto* pipeline = new ExportPipeline(options());
        pipeline->moveToThread(&thread);
        connect(&thread, &QThread::finished, pipeline, &QObject::deleteLater);
        thread.start();
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        pipeline->configure(settings, m_resource, m_scope);
        QTRY_VERIFY(pipeline->wants(Signal::Traces));
        std::vector<std::unique_ptr<QThread>> producers;
        for (std::uint64_t p = 0; p < 4; ++p) {
            producers.emplace_back(QThread::create([pipeline, p] {
                for (std::uint64_t i = 0; i < 100; ++i)
                    pipeline->submitCalls(calls(p * 1'000 + i + 1, 5));
            }));
            producers.back()->start();
        }
        for (const auto& producer : producers)
            QVERIFY(producer->wait());
        QTRY_COMPARE(statusOf(*pipeline).sent, 4'000ULL);
        QCOMPARE(pipeline->inboxDropped(), 0ULL);
        thread.quit();
        QVERIFY(thread.wait());
    }
};

QTEST_GUILESS_MAIN(ExportPipelineTest)
#include "tst_export_pipeline.moc"
