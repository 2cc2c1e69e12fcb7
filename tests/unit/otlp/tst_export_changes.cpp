// SPDX-License-Identifier: GPL-3.0-or-later
// What a change of the configuration, or a command, makes of what waits and of what is under way.
#include "export_harness.h"

#include <QFile>
#include <QSet>
#include <QSslSocket>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;

namespace {

const char kCertificate[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBgTCCASegAwIBAgIUIPt+oKfE5POJlbsyyurDLfXqVRswCgYIKoZIzj0EAwIw\n"
                            "FTETMBEGA1UEAwwKb3JpZWwtdGVzdDAgFw0yNjExMzAwODA0NDJaGA8yMTI2MTEw\n"
                            "NjA4MDQ0MlowFTETMBEGA1UEAwwKb3JpZWwtdGVzdDBZMBMGByqGSM49AgEGCCqG\n"
                            "SM49AwEHA0IABC3WnO/Q66Qg4Gx2ADwD2fjvhQOipxWmC/NSNUiExEvlaVoYNvKm\n"
                            "sxQu9FRQKwK3fw4dbB+HkchVo6PlweCNO9WjUzBRMB0GA1UdDgQWBBQey1LF3g+Y\n"
                            "QvCLE6s7QJ+tz6/X3TAfBgNVHSMEGDAWgBQey1LF3g+YQvCLE6s7QJ+tz6/X3TAP\n"
                            "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIElQ314FNeht5AydaB7H\n"
                            "JeaPfL8oGK9PZ2xaashBOi2dAiEA7w+/flfqbBIQlOpHsBC1GRx70lM4qpMSD2O/\n"
                            "1o1UMRc=\n"
                            "-----END CERTIFICATE-----\n";

void writeCertificate(const QString& path)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(kCertificate) > 0);
}

} // namespace

class ExportChangesTest : public QObject, PipelineFixture {
    Q_OBJECT
private Q_SLOTS:
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
        destination.includePayloads = true;
        QVERIFY(pipeline.wantsPayloads());
        pipeline.configure(settingsOf({destination}), m_resource, m_scope);
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 3ULL);
        QCOMPARE(allSpans(backend).size(), std::size_t(3));
        QCOMPARE(pipeline.inboxDropped(), std::uint64_t(0));
        QVERIFY(pipeline.wants(Signal::Traces) && pipeline.wants(Signal::Metrics) && !pipeline.wants(Signal::Logs));
        bool hasPayloads = false;
        for (const ReceivedRequest& request : backend.requests()) {
            QCOMPARE(request.path, QByteArray("/v1/traces"));
            hasPayloads = hasPayloads || request.body.contains("gen_ai.tool.call");
        }
        QVERIFY(hasPayloads);
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
        pipeline.resume(QStringLiteral("backend"));
        QCoreApplication::processEvents();
        QCOMPARE(statusOf(pipeline).state, DestinationState::Refused);
        QVERIFY(!pipeline.wants(Signal::Traces));
    }

    void aDestinationWhoseCertificateFileComesLaterIsTakenUp_data()
    {
        QTest::addColumn<bool>("isResumed");
        QTest::newRow("when somebody resumes it") << true;
        QTest::newRow("with the next configuration, though it is the same") << false;
    }
    void aDestinationWhoseCertificateFileComesLaterIsTakenUp()
    {
        QFETCH(bool, isResumed);
        if (!QSslSocket::supportsSsl())
            QSKIP("this Qt has no TLS");
        QTemporaryDir directory;
        ScriptedBackend backend(always(ok()));
        config::Destination destination = destinationOf(backend.url());
        destination.caFile = directory.filePath(QStringLiteral("ca.pem"));
        ExportPipeline pipeline(options());
        const auto again = [&] {
            if (isResumed)
                pipeline.resume(QStringLiteral("backend"));
            else
                pipeline.configure(settingsOf({destination}), m_resource, m_scope);
            QCoreApplication::processEvents();
        };
        put(pipeline, settingsOf({destination}));
        QCOMPARE(statusOf(pipeline).state, DestinationState::Refused);
        QVERIFY(!statusOf(pipeline).lastError.isEmpty());
        again();
        QCOMPARE(statusOf(pipeline).state, DestinationState::Refused);
        QVERIFY(!pipeline.wants(Signal::Traces));
        writeCertificate(destination.caFile);
        again();
        QTRY_COMPARE(statusOf(pipeline).state, DestinationState::Idle);
        QVERIFY2(statusOf(pipeline).lastError.isEmpty(), qPrintable(statusOf(pipeline).lastError));
        QVERIFY(pipeline.wants(Signal::Traces));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        QCOMPARE(statusOf(pipeline).dropped, 0ULL);
    }

    void aDestinationThatWorksGoesOnWhileItsCertificateFileIsAway()
    {
        if (!QSslSocket::supportsSsl())
            QSKIP("this Qt has no TLS");
        QTemporaryDir directory;
        ScriptedBackend backend(always(ok()));
        config::Destination destination = destinationOf(backend.url());
        destination.caFile = directory.filePath(QStringLiteral("ca.pem"));
        writeCertificate(destination.caFile);
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destination}));
        QCOMPARE(statusOf(pipeline).state, DestinationState::Idle);
        QVERIFY(QFile::remove(destination.caFile));
        pipeline.resume(QStringLiteral("backend"));
        QTRY_VERIFY(!statusOf(pipeline).lastError.isEmpty());
        QCOMPARE(statusOf(pipeline).state, DestinationState::Idle);
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        QVERIFY(statusOf(pipeline).lastError.isEmpty());
    }

    void aRequestUnderWayStaysWithItsExporterWhenItsDestinationIsResumed()
    {
        ScriptedBackend slow(always({}));
        config::Destination destination = destinationOf(slow.url());
        destination.timeout = 0ms;
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destination}));
        pipeline.submitCalls(calls(1, 1));
        QTRY_COMPARE(slow.requests().size(), 1);
        pipeline.resume(QStringLiteral("backend"));
        QCoreApplication::processEvents();
        QCOMPARE(slow.closedByClient(), 0);
        slow.answerOpen(ok());
        QTRY_COMPARE(statusOf(pipeline).sent, 2ULL);
        QCOMPARE(slow.requests().size(), 1);
        // It ends with its request: another is in its place, which has read its files anew.
        QTRY_COMPARE(slow.closedByClient(), 1);
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

QTEST_GUILESS_MAIN(ExportChangesTest)
#include "tst_export_changes.moc"
