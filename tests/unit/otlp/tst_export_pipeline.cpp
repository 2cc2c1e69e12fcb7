// SPDX-License-Identifier: GPL-3.0-or-later
#include "export_harness.h"
#ifdef Q_OS_UNIX
#include "file_size_limit.h"
#endif
#include "otlp/codec/response.h"

#include <QDir>
#include <QSet>
#include <QThread>
#include <QTimer>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;
using telemetry::CallRecord;
using telemetry::SpanData;

class ExportPipelineTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{1'700'000'000'000'000'000};
    SeededRandom m_random{1};
    std::shared_ptr<const telemetry::Resource> m_resource = full::resource("oriel-test");
    std::shared_ptr<const telemetry::Scope> m_scope = full::scope();

    PipelineOptions options()
    {
        PipelineOptions options{m_clock, m_random, {}, {}, {}, {1ms, 5ms}};
        options.receiverPorts = {4317, 4318};
        return options;
    }

    void put(ExportPipeline& pipeline, const config::Telemetry& settings)
    {
        export_harness::put(pipeline, settings, m_resource, m_scope);
    }

    /// With a spool on the disk.
    PipelineOptions durableOptions(const QTemporaryDir& directory)
    {
        PipelineOptions durable = options();
        durable.spoolDirectory = directory.filePath(QStringLiteral("spool"));
        return durable;
    }

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

    void whatNobodyTakesIsGivenUpWhenItsSignalIsSwitchedOff()
    {
        ScriptedBackend backend(always(ScriptedBackend::answer("404 Not Found")));
        ExportPipeline pipeline(options());
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        put(pipeline, settings);
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Misaddressed);
        QCOMPARE(lost(statusOf(pipeline), Loss::Refused), 0ULL);
        settings.destinations[0].traces = false;
        put(pipeline, settings);
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 2ULL);
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Idle);
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

    void aLateRefusalOfAKeyThatWasCorrectedPausesNothing()
    {
        ScriptedBackend backend(
            [](int, const ReceivedRequest& request) { return request.headers.value("x-key") == "new" ? ok() : QByteArray(); });
        ExportPipeline pipeline(options());
        config::Destination destination = destinationOf(backend.url());
        destination.headers = {{QStringLiteral("x-key"), QStringLiteral("old")}};
        put(pipeline, settingsOf({destination}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(backend.requests().size(), 1);
        destination.headers = {{QStringLiteral("x-key"), QStringLiteral("new")}};
        put(pipeline, settingsOf({destination}));
        backend.answerOpen(ScriptedBackend::answer("401 Unauthorized", "bad key"));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        QCOMPARE(statusOf(pipeline).state, DestinationState::Idle);
        QCOMPARE(backend.requests().size(), 2);
    }

    void whatIsRecordedBeforeTheFirstConfigurationGoesByIt()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        pipeline.submitSpans({full::span()});
        pipeline.submitLogs({full::log()});
        QCoreApplication::processEvents();
        config::Destination destination = destinationOf(backend.url());
        destination.logs = false;
        pipeline.configure(settingsOf({destination}), m_resource, m_scope);
        // It is on its way, and known already.
        QVERIFY(pipeline.wants(Signal::Traces) && pipeline.wants(Signal::Metrics) && !pipeline.wants(Signal::Logs));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 3ULL);
        QCOMPARE(allSpans(backend).size(), std::size_t(3));
        QCOMPARE(pipeline.inboxDropped(), std::uint64_t(0));
        for (const ReceivedRequest& request : backend.requests())
            QCOMPARE(request.path, QByteArray("/v1/traces"));
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

    void aNewEndpointGetsWhatTheOldOneCouldNotTake()
    {
        ScriptedBackend down(always(ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n")));
        ScriptedBackend up(always(ScriptedBackend::answer("200 OK", "{}", {}, "application/json")));
        ExportPipeline pipeline(options());
        config::Destination destination = destinationOf(down.url());
        destination.includePayloads = true;
        put(pipeline, settingsOf({destination}));
        pipeline.submitCalls(calls(1, 3));
        pipeline.submitLogs({full::log()});
        pipeline.submitMetrics(full::metrics().metrics);
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        QTRY_COMPARE(statusOf(pipeline).queued, 6ULL + 1ULL + 6ULL);

        // Another encoding and no payloads any more: what waits has to follow.
        destination.endpoint = up.url();
        destination.protocol = config::ExportProtocol::HttpJson;
        destination.includePayloads = false;
        put(pipeline, settingsOf({destination}));
        QTRY_COMPARE(statusOf(pipeline).sent, 13ULL);
        QSet<QByteArray> paths;
        for (const ReceivedRequest& request : up.requests()) {
            paths.insert(request.path);
            QCOMPARE(request.headers.value("content-type"), QByteArray("application/json"));
            QVERIFY(!request.body.contains("gen_ai.tool.call"));
            if (request.path == "/v1/traces")
                QCOMPARE(spansOf(request).size(), std::size_t(6));
        }
        QCOMPARE(paths.size(), 3);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
    }

    void aRequestUnderWayIsAnsweredForOnceAfterAChange_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<int>("sentAgain");
        QTest::newRow("it was taken") << ok() << 0;
        QTest::newRow("it was not") << ScriptedBackend::answer("503 Service Unavailable") << 1;
        QTest::newRow("the old one wants a long wait")
            << ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n") << 1;
        QTest::newRow("the old one calls it malformed") << ScriptedBackend::answer("400 Bad Request") << 1;
        QTest::newRow("the old one calls it too large") << ScriptedBackend::answer("413 Content Too Large") << 1;
        QTest::newRow("the old one is nobody's address") << ScriptedBackend::answer("404 Not Found") << 1;
        QTest::newRow("the old one refuses the key") << ScriptedBackend::answer("401 Unauthorized") << 1;
    }
    void aRequestUnderWayIsAnsweredForOnceAfterAChange()
    {
        QFETCH(QByteArray, answer);
        QFETCH(int, sentAgain);
        ScriptedBackend slow(always({}));
        ScriptedBackend up(always(ok()));
        ExportPipeline pipeline(options());
        config::Destination destination = destinationOf(slow.url());
        destination.timeout = 0ms;
        put(pipeline, settingsOf({destination}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(slow.requests().size(), 1);
        QCOMPARE(statusOf(pipeline).state, DestinationState::Sending);
        destination.endpoint = up.url();
        put(pipeline, settingsOf({destination}));
        QVERIFY(up.requests().isEmpty());
        slow.answerOpen(answer);
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
        QCOMPARE(up.requests().size(), sentAgain);
        QCOMPARE(slow.requests().size(), 1);
    }

    void aRenamedDestinationKeepsItsQueue()
    {
        ScriptedBackend down(always(ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n")));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(down.url())}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        put(pipeline, settingsOf({destinationOf(down.url(), QStringLiteral("renamed"))}));
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("renamed")).queued, 2ULL);
        QCOMPARE(statusOf(pipeline, QStringLiteral("renamed")).state, DestinationState::Retrying);
    }

    void orielsOwnReceiverIsRefused()
    {
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(QStringLiteral("http://localhost:4318"))}));
        QCOMPARE(statusOf(pipeline).state, DestinationState::Refused);
        QVERIFY(statusOf(pipeline).lastError.contains(QStringLiteral("own receiver")));
        QVERIFY(!pipeline.wants(Signal::Traces));
        auto answer = pipeline.sendTestSpan(QStringLiteral("backend"));
        QTRY_VERIFY(answer.isFinished());
        QVERIFY(!answer.result().has_value());
    }

    void aDestinationIsRefusedWhenTheReceiverMovesToItsPort()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        const config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        put(pipeline, settings);
        QCOMPARE(statusOf(pipeline).state, DestinationState::Idle);
        pipeline.setReceiverPorts({static_cast<quint16>(QUrl(backend.url()).port())});
        pipeline.configure(settings, m_resource, m_scope);
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Refused);
        pipeline.setReceiverPorts({});
        pipeline.configure(settings, m_resource, m_scope);
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Idle);
        QVERIFY(pipeline.wants(Signal::Traces));
    }

    void aBadEndpointIsSaidAndDisturbsNobodyElse()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        put(pipeline,
            settingsOf({destinationOf(QStringLiteral("nonsense"), QStringLiteral("bad")), destinationOf(backend.url())}));
        QCOMPARE(statusOf(pipeline, QStringLiteral("bad")).state, DestinationState::Refused);
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
    }

    void disabledDestinationsAndADisabledExportTakeNothing()
    {
        ScriptedBackend backend(always(ok()));
        config::Destination destination = destinationOf(backend.url());
        destination.enabled = false;
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destination}));
        QCOMPARE(statusOf(pipeline).state, DestinationState::Disabled);
        QVERIFY(!pipeline.wants(Signal::Traces));
        config::Telemetry settings = settingsOf({destinationOf(backend.url())});
        settings.exportDisabled = true;
        put(pipeline, settings);
        QCOMPARE(statusOf(pipeline).state, DestinationState::Disabled);
        QVERIFY(!pipeline.wants(Signal::Traces));
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

    void payloadsAreAskedForWhileADestinationTakesThem()
    {
        ScriptedBackend backend(always(ok()));
        config::Destination destination = destinationOf(backend.url());
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destination}));
        QVERIFY(pipeline.wants(Signal::Traces) && !pipeline.wantsPayloads());
        destination.includePayloads = true;
        put(pipeline, settingsOf({destination}));
        QTRY_VERIFY(pipeline.wantsPayloads());
        destination.enabled = false;
        put(pipeline, settingsOf({destination}));
        QTRY_VERIFY(!pipeline.wantsPayloads());
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

    void aBackendThatIsNotThereAtTheStartMeansWaiting()
    {
        QTemporaryDir directory;
        quint16 port = 0;
        {
            const ScriptedBackend gone(always(ok()));
            port = gone.port();
        }
        ExportPipeline pipeline(durableOptions(directory));
        put(pipeline, settingsOf({destinationOf(QStringLiteral("http://127.0.0.1:%1").arg(port))}));
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

    void aPausedDestinationKeepsEverythingUntilItIsResumed()
    {
        ScriptedBackend backend(always(ok()));
        ExportPipeline pipeline(options());
        config::Destination destination = destinationOf(backend.url());
        destination.paused = true;
        put(pipeline, settingsOf({destination}));
        QCOMPARE(statusOf(pipeline).state, DestinationState::Paused);
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).queued, 4ULL);
        pipeline.resume(QStringLiteral("backend"));
        QCoreApplication::processEvents();
        QVERIFY(backend.requests().isEmpty());
        destination.paused = false;
        put(pipeline, settingsOf({destination}));
        QTRY_COMPARE(statusOf(pipeline).sent, 4ULL);
    }

    void anotherOrderOfDestinationsChangesNothingElse()
    {
        ScriptedBackend down(always(ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n")));
        ExportPipeline pipeline(options());
        const config::Destination one = destinationOf(down.url(), QStringLiteral("one"));
        const config::Destination two = destinationOf(down.url(), QStringLiteral("two"));
        put(pipeline, settingsOf({one, two}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("one")).state, DestinationState::Retrying);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("two")).state, DestinationState::Retrying);
        put(pipeline, settingsOf({two, one}));
        QCOMPARE(pipeline.status()[0].name, QStringLiteral("two"));
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("one")).queued, 2ULL);
        QCOMPARE(down.requests().size(), 2);
    }

    void clearingDropsWhatWaitsAndSaysSo()
    {
        ScriptedBackend down(always(ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n")));
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(down.url())}));
        pipeline.submitCalls(calls(1, 2));
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Retrying);
        pipeline.clear(QStringLiteral("backend"));
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Cleared), 4ULL);
        QCOMPARE(statusOf(pipeline).queued, 0ULL);
    }

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

    void aDestinationThatEndsWithRequestsUnderWayEndsQuietly()
    {
        ScriptedBackend hangs(always({}));
        {
            ExportPipeline pipeline(options());
            put(pipeline, settingsOf({destinationOf(hangs.url())}));
            pipeline.submitCalls(calls(1, 1));
            QTRY_COMPARE(hangs.requests().size(), 1);
            auto test = pipeline.sendTestSpan(QStringLiteral("backend"));
            QTRY_COMPARE(hangs.requests().size(), 2);
            put(pipeline, settingsOf({}));
            QTRY_VERIFY(test.isFinished());
            QCOMPARE(test.resultCount(), 1);
            QCOMPARE(test.result().error().code, ErrorCode::Unavailable);
        }
        QTRY_COMPARE(hangs.closedByClient(), 2);
    }
};

QTEST_GUILESS_MAIN(ExportPipelineTest)
#include "tst_export_pipeline.moc"
