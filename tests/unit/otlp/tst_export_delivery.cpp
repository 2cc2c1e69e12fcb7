// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of a request by what the backend answers.
#include "export_harness.h"
#include "otlp/codec/response.h"

#include <QSet>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;
using telemetry::SpanData;

class ExportDeliveryTest : public QObject, PipelineFixture {
    Q_OBJECT
private Q_SLOTS:
    void aSignalThatNobodyTakesAtTheAddressIsKeptAndTheOthersGoOn()
    {
        ScriptedBackend backend([](int, const ReceivedRequest& request) {
            return request.path == "/v1/metrics" ? ScriptedBackend::answer("404 Not Found") : ok();
        });
        ExportPipeline pipeline(options());
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        put(pipeline, settings);
        pipeline.submitMetrics(full::metrics().metrics);
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Misaddressed);
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        const DestinationStatus status = statusOf(pipeline);
        QCOMPARE(status.queued, 6ULL);
        QCOMPARE(status.dropped, 0ULL);
        QVERIFY(status.misaddressed[static_cast<std::size_t>(Signal::Metrics)]);
        QVERIFY(!status.misaddressed[static_cast<std::size_t>(Signal::Traces)]);
        // The success of the traces does not take the explanation away.
        QVERIFY(status.lastError.contains(QStringLiteral("404")) && status.lastError.contains(backend.url()));

        ScriptedBackend right(always(ok()));
        settings.destinations[0].endpoint = right.url();
        put(pipeline, settings);
        QTRY_COMPARE(statusOf(pipeline).queued, 0ULL);
        QCOMPARE(right.requests().size(), 1);
        QCOMPARE(right.requests()[0].path, QByteArray("/v1/metrics"));
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
        QVERIFY(statusOf(pipeline).lastError.isEmpty());
    }

    void aBackendThatComesBackGetsEverythingInOrder()
    {
        ScriptedBackend backend([](int index, const ReceivedRequest&) {
            return index < 3 ? ScriptedBackend::answer("503 Service Unavailable") : ok();
        });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        QCOMPARE(backend.requests().size(), 4);
        QCOMPARE(backend.requests()[3].body, backend.requests()[0].body);
        QVERIFY(statusOf(pipeline).lastError.isEmpty() && statusOf(pipeline).dropped == 0);
    }

    void theBackendsWishToWaitIsHonoured()
    {
        ScriptedBackend backend([](int index, const ReceivedRequest&) {
            return index == 0 ? ScriptedBackend::answer("429 Too Many Requests", {}, "Retry-After: 300\r\n") : ok();
        });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        const DestinationStatus waiting = statusOf(pipeline);
        QCOMPARE(waiting.nextTryUnixNs, m_clock.unixNs() + 300'000'000'000LL);
        QVERIFY(waiting.lastError.startsWith(QStringLiteral("HTTP 429")));
        QCOMPARE(waiting.queued, 2ULL);
        QVERIFY(waiting.queuedBytes > 0);
        pipeline.submitCalls(calls(5, 1));
        QTRY_COMPARE(statusOf(pipeline).queued, 4ULL);
        QCOMPARE(backend.requests().size(), 1);
        pipeline.resume(QStringLiteral("backend"));
        QTRY_COMPARE(statusOf(pipeline).sent, 4ULL);
        QCOMPARE(backend.requests().size(), 3);
    }

    void refusedCredentialsPauseAndKeepEverything()
    {
        bool keyIsGood = false;
        ScriptedBackend backend([&](int, const ReceivedRequest&) {
            return keyIsGood ? ok() : ScriptedBackend::answer("401 Unauthorized", "bad key");
        });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Paused);
        pipeline.submitCalls(calls(2, 1));
        QTRY_COMPARE(statusOf(pipeline).queued, 4ULL);
        QCOMPARE(backend.requests().size(), 1);
        QVERIFY(statusOf(pipeline).lastError.startsWith(QStringLiteral("HTTP 401")));

        auto refused = pipeline.sendTestSpan(QStringLiteral("backend"));
        QTRY_VERIFY(refused.isFinished());
        QCOMPARE(refused.result().error().code, ErrorCode::Unauthenticated);
        QCOMPARE(statusOf(pipeline).state, DestinationState::Paused);

        keyIsGood = true;
        auto accepted = pipeline.sendTestSpan(QStringLiteral("backend"));
        QTRY_VERIFY(accepted.isFinished());
        QVERIFY(accepted.result().has_value());
        QCOMPARE(*accepted.result(), QStringLiteral("accepted (HTTP 200 OK)"));
        QTRY_COMPARE(statusOf(pipeline).sent, 4ULL);
    }

    void aTestSpanIsARealSpan()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        auto answer = pipeline.sendTestSpan(QStringLiteral("backend"));
        QTRY_VERIFY(answer.isFinished());
        QVERIFY(answer.result().has_value());
        const SpanData span = allSpans(backend).at(0);
        QCOMPARE(span.name, QByteArray("oriel.test"));
        QVERIFY(span.traceId.isValid() && span.spanId.isValid() && span.endUnixNs > span.startUnixNs);
        auto nobody = pipeline.sendTestSpan(QStringLiteral("nobody"));
        QTRY_VERIFY(nobody.isFinished());
        QCOMPARE(nobody.result().error().code, ErrorCode::NotFound);
    }

    void whatABackendRefusesIsDroppedAndCounted()
    {
        ScriptedBackend backend([](int index, const ReceivedRequest&) {
            return index < 3 // the batch and each of its halves
                       ? ScriptedBackend::answer("400 Bad Request", "malformed", {}, "text/plain")
                       : ScriptedBackend::answer("200 OK", encodeExportResponse(Signal::Traces, {1, QStringLiteral("1 too old")},
                                                                                Encoding::Protobuf));
        });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).dropped, 2ULL);
        QVERIFY(statusOf(pipeline).lastError.contains(QStringLiteral("malformed")));
        pipeline.submitCalls(calls(2, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 1ULL);
        QCOMPARE(statusOf(pipeline).dropped, 3ULL);
        QVERIFY(statusOf(pipeline).lastError.contains(QStringLiteral("1 too old")));
    }

    void muchIsSplitIntoRequestsOfABoundedSize()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        std::vector<SpanData> spans;
        for (std::uint64_t i = 1; i <= 10; ++i) {
            SpanData span = full::span();
            span.spanId = {i};
            span.attributes = {{"big", QByteArray(1'000'000, 'x')}};
            spans.push_back(std::move(span));
        }
        pipeline.submitSpans(std::move(spans));
        pipeline.submitCalls(calls(1, 4'000));
        QTRY_COMPARE(statusOf(pipeline).sent, 8'010ULL);
        QSet<QByteArray> ids;
        for (const ReceivedRequest& request : backend.requests()) {
            QVERIFY(request.body.size() <= 4 * 1024 * 1024);
            for (const SpanData& span : spansOf(request))
                ids.insert(span.traceId.toHex() + span.spanId.toHex());
        }
        QCOMPARE(ids.size(), 8'010);
    }

    void aBackendThatIsNotThereAtTheStartMeansWaiting()
    {
        QTemporaryDir directory;
        const ReservedPort nobody;
        ExportPipeline pipeline(durableOptions(directory));
        put(pipeline, settingsOf({destinationOf(QStringLiteral("http://127.0.0.1:%1").arg(nobody.port()))}));
        QVERIFY(pipeline.wants(Signal::Traces));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        QCOMPARE(statusOf(pipeline).queued, 4ULL);
    }

    void aRequestThatIsTooLargeIsHalvedUntilItFits()
    {
        ScriptedBackend backend([](int, const ReceivedRequest& request) {
            return request.body.size() > 3'000 ? ScriptedBackend::answer("413 Content Too Large") : ok();
        });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 40));
        QTRY_COMPARE(statusOf(pipeline).sent, 80ULL);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
        QSet<QByteArray> ids;
        for (const ReceivedRequest& request : backend.requests()) {
            if (request.body.size() > 3'000)
                continue;
            for (const SpanData& span : spansOf(request))
                ids.insert(span.traceId.toHex() + span.spanId.toHex());
        }
        QCOMPARE(ids.size(), 80);
    }

    void ourOwnLimitHalvesBeforeAnythingIsSent()
    {
        ScriptedBackend backend(always(ok()));
        PipelineOptions narrow = options();
        narrow.maxRequestBytes = 6'000;
        ExportPipeline pipeline(narrow);
        config::Destination destination = destinationOf(backend.url());
        destination.protocol = config::ExportProtocol::HttpJson; // larger than the record that was measured
        put(pipeline, settingsOf({destination}));
        pipeline.submitCalls(calls(1, 20));
        QTRY_COMPARE(statusOf(pipeline).sent, 40ULL);
        for (const ReceivedRequest& request : backend.requests())
            QVERIFY(request.body.size() <= 6'000);
    }

    void oneBadItemCostsOnlyItselfAndIsKeptForPeople()
    {
        QTemporaryDir directory;
        const QByteArray bad = call(23).call->traceId.toHex();
        ScriptedBackend backend([bad](int, const ReceivedRequest& request) {
            for (const SpanData& span : spansOf(request)) {
                if (span.traceId.toHex() == bad)
                    return ScriptedBackend::answer("400 Bad Request", "no such trace, please", {}, "text/plain");
            }
            return ok();
        });
        ExportPipeline pipeline(durableOptions(directory));
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 60));
        QTRY_COMPARE(statusOf(pipeline).sent, 118ULL);
        QCOMPARE(lost(statusOf(pipeline), Loss::Refused), 2ULL);
        QCOMPARE(statusOf(pipeline).queued, 0ULL);
        QFile letters(directory.filePath(QStringLiteral("spool/dead-letter-0.jsonl")));
        QVERIFY(letters.open(QIODevice::ReadOnly));
        const QList<QByteArray> lines = letters.readAll().trimmed().split('\n');
        QCOMPARE(lines.size(), 2);
        for (const QByteArray& line : lines) {
            QVERIFY(line.contains(bad) && line.contains("no such trace, please") && line.contains("\"destination\":\"backend\""));
            QVERIFY(line.contains("\"signal\":\"traces\",\"items\":1,"));
        }
    }

    void aBackendThatRefusesEverythingCostsABoundedNumberOfRequests()
    {
        ScriptedBackend backend(always(ScriptedBackend::answer("400 Bad Request", "never", {}, "text/plain")));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1'000));
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 2'000ULL);
        QVERIFY2(backend.requests().size() < 120, QByteArray::number(backend.requests().size()).constData());
    }

    void otherPermanentAnswersAreNotTriedAgain()
    {
        ScriptedBackend backend(always(ScriptedBackend::answer("500 Internal Server Error")));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 4ULL);
        QCOMPARE(backend.requests().size(), 1);
    }

    void fiveFailuresOpenTheCircuitAndASuccessClosesIt()
    {
        bool isUp = false;
        ScriptedBackend backend(
            [&](int, const ReceivedRequest&) { return isUp ? ok() : ScriptedBackend::answer("503 Service Unavailable"); });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_VERIFY(statusOf(pipeline).circuitOpen);
        QCOMPARE(backend.requests().size(), 5);
        QCOMPARE(statusOf(pipeline).nextTryUnixNs, m_clock.unixNs() + 30'000'000'000LL);
        pipeline.submitCalls(calls(2, 1));
        QTRY_COMPARE(statusOf(pipeline).queued, 4ULL);
        QCOMPARE(backend.requests().size(), 5);
        isUp = true;
        pipeline.resume(QStringLiteral("backend"));
        QTRY_COMPARE(statusOf(pipeline).sent, 4ULL);
        QVERIFY(!statusOf(pipeline).circuitOpen);
    }

    void probesOfAnOpenCircuitComeAtDoublingDistances()
    {
        ScriptedBackend backend(always(ScriptedBackend::answer("503 Service Unavailable")));
        PipelineOptions quick = options();
        quick.retry.probe = 2ms;
        quick.retry.maximumProbe = 7ms;
        ExportPipeline pipeline(quick);
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        // After every event: between two looks of QTRY the next probe has been sent and is waited for again.
        const QDeadlineTimer patience(30s);
        while (statusOf(pipeline).nextTryUnixNs != m_clock.unixNs() + 7'000'000LL && !patience.hasExpired())
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        QCOMPARE(statusOf(pipeline).nextTryUnixNs, m_clock.unixNs() + 7'000'000LL);
        QVERIFY(statusOf(pipeline).circuitOpen);
        const qsizetype before = backend.requests().size();
        QTRY_VERIFY(backend.requests().size() > before);
    }

    void oneSignalThatFailsDoesNotHoldUpTheOthers()
    {
        ScriptedBackend backend([](int, const ReceivedRequest& request) {
            return request.path == "/v1/traces" ? ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n")
                                                : ok();
        });
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(backend.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        pipeline.submitLogs({full::log()});
        QTRY_COMPARE(statusOf(pipeline).sent, 1ULL);
        QCOMPARE(statusOf(pipeline).queued, 2ULL);
    }

    void aDeadDestinationDoesNotHoldUpALiveOne()
    {
        QTemporaryDir directory;
        ScriptedBackend live(always(ok()));
        ScriptedBackend dead(always({}));
        ExportPipeline pipeline(durableOptions(directory));
        put(pipeline, settingsOf({destinationOf(dead.url(), QStringLiteral("dead")), destinationOf(live.url())}));
        for (std::uint64_t i = 1; i <= 5; ++i) {
            pipeline.submitCalls(calls(i, 1));
            QTRY_COMPARE(statusOf(pipeline).sent, 2 * i);
        }
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("dead")).queued, 10ULL);
    }
};

QTEST_GUILESS_MAIN(ExportDeliveryTest)
#include "tst_export_delivery.moc"
