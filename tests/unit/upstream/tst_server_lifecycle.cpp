// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream_fixture.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

/// Starts, restarts and ends, and the trace of each.
class TestServerLifecycle : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<ServerConnection> m_connection;

    ServerConnection& open(const config::Server& server, const std::function<void(ConnectionContext&)>& adjust = {})
    {
        ConnectionContext context = quickContext(m_recorder);
        if (adjust) {
            adjust(context);
        }
        m_connection = std::make_unique<ServerConnection>(server, context, m_handler);
        return *m_connection;
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
    }
    void cleanup()
    {
        if (m_connection)
            QCOMPARE(heldAfterStop(*m_connection), QByteArray());
        m_connection.reset();
    }

    void aStartIsATraceOfItsSteps()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-demo-server"))));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        const telemetry::SpanData* root = m_recorder.span("server.start");
        QVERIFY(root != nullptr);
        QVERIFY(!root->parentSpanId.isValid());
        QCOMPARE(root->flags, 3U); // sampled, and ids at random
        QCOMPARE(root->traceId, connection.status().lifecycleTraceId);
        QCOMPARE(root->status, telemetry::StatusCode::Unset);
        for (const char* name : {"server.spawn", "server.first_byte", "server.handshake", "server.list"}) {
            const telemetry::SpanData* span = m_recorder.span(name);
            QVERIFY2(span != nullptr, name);
            QCOMPARE(span->parentSpanId, root->spanId);
            QCOMPARE(span->traceId, root->traceId);
            QCOMPARE(span->flags, 0x103U);
            QVERIFY(span->startUnixNs >= root->startUnixNs && span->endUnixNs <= root->endUnixNs);
        }
        const telemetry::AnyValue* pid = telemetry::findAttribute(root->attributes, "process.pid");
        QVERIFY(pid != nullptr);
        QCOMPARE(std::get<std::int64_t>(pid->value), connection.status().pid);
        connection.stop();
        QTRY_COMPARE(connection.state(), ServerState::Stopped);
        const telemetry::SpanData* exit = m_recorder.span("server.exit");
        QVERIFY(exit != nullptr);
        QCOMPARE(exit->traceId, root->traceId);
        QCOMPARE(exit->status, telemetry::StatusCode::Unset);
        QCOMPARE(std::get<std::int64_t>(telemetry::findAttribute(exit->attributes, "process.exit.code")->value), 0);
        const auto sessions =
            std::count_if(m_recorder.metrics.begin(), m_recorder.metrics.end(), [](const RecordingRecorder::Point& point) {
                return point.metric == telemetry::MetricId::McpClientSessionDuration && point.label.isEmpty() && point.value > 0;
            });
        QCOMPARE(sessions, 1);
    }

    void theStatesComeInTheirOrder()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral("handshake; serve")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        connection.stop();
        QTRY_COMPARE(connection.state(), ServerState::Stopped);
        QCOMPARE(m_handler.states,
                 (std::vector<ServerState>{ServerState::Starting, ServerState::Handshaking, ServerState::Listing,
                                           ServerState::Ready, ServerState::Stopping, ServerState::Stopped}));
        QVERIFY(!m_recorder.wirePayloads(telemetry::WireKind::Lifecycle).isEmpty());
    }

    void theChildGetsTheContextOfItsSpawn()
    {
        ServerConnection& connection =
            open(scriptServer(QStringLiteral("echo \"tp=$TRACEPARENT ex=$EXTRA mine=$MINE\" >&2; handshake; serve")),
                 [](ConnectionContext& context) {
                     context.childEnvironment = [](const config::Server&, const QByteArray& traceparent) {
                         return QMap<QString, QString>{{QStringLiteral("TRACEPARENT"), QString::fromLatin1(traceparent)},
                                                       {QStringLiteral("EXTRA"), QStringLiteral("1")},
                                                       {QStringLiteral("MINE"), QStringLiteral("no")}};
                     };
                 });
        QVERIFY(connection.server().env.isEmpty());
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QTRY_COMPARE(m_recorder.logLines("tp=").size(), 1);
        const telemetry::SpanData* spawn = m_recorder.span("server.spawn");
        QVERIFY(m_recorder.logLines("tp=")[0].startsWith("tp=00-" + spawn->traceId.toHex() + '-' + spawn->spanId.toHex() +
                                                         "-03 ex=1"));
    }

    void valuesAreExpandedAndTheServersOwnWin()
    {
        config::Server server = scriptServer(QStringLiteral("echo \"key=$KEY\" >&2; handshake; serve"));
        server.env.insert(QStringLiteral("KEY"), QStringLiteral("${vault:k}"));
        ServerConnection& connection = open(server, [](ConnectionContext& context) {
            context.childEnvironment = [](const config::Server&, const QByteArray&) {
                return QMap<QString, QString>{{QStringLiteral("KEY"), QStringLiteral("outer")}};
            };
            context.expand = [](const QString& text) -> Result<QString> {
                QString copy = text;
                return copy.replace(QStringLiteral("${vault:k}"), QStringLiteral("fake-value"));
            };
        });
        connection.start();
        QTRY_VERIFY(m_recorder.logLines("key=fake-value").size() == 1);
        QVERIFY(!connection.status().commandLine.contains(QStringLiteral("fake-value")));
    }

    void aValueThatCannotBeExpandedFailsTheStart()
    {
        config::Server server = scriptServer(QStringLiteral("serve"));
        server.env.insert(QStringLiteral("KEY"), QStringLiteral("${vault:k}"));
        ServerConnection& connection = open(server, [](ConnectionContext& context) {
            context.expand = [](const QString& text) -> Result<QString> {
                return text.contains(QStringLiteral("${"))
                           ? Result<QString>(fail(ErrorCode::NotFound, QStringLiteral("There is no secret k.")))
                           : text;
            };
        });
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QCOMPARE(connection.state(), ServerState::Failed);
        QVERIFY(connection.status().diagnosis.cause.contains(QStringLiteral("There is no secret k.")));
        QVERIFY(m_recorder.span("server.start") != nullptr);
        QCOMPARE(connection.status().lifecycleTraceId, m_recorder.span("server.start")->traceId);
    }

    void aServerThatKeepsCrashingIsRestartedLaterEachTimeAndGivenUp()
    {
        config::Server server = scriptServer(QStringLiteral("exit 1"));
        server.maxRestarts = 3;
        ServerConnection& connection = open(server);
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(connection.status().restarts, 3);
        QCOMPARE(std::count(m_handler.states.begin(), m_handler.states.end(), ServerState::Backoff), 3);
        const auto starts = std::count_if(m_recorder.spans.begin(), m_recorder.spans.end(), [](const telemetry::SpanData& span) {
            return span.name == "server.start" && span.status == telemetry::StatusCode::Error;
        });
        QCOMPARE(starts, 4);
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(connection.status().restarts, 3);
    }

    void aMissingCommandIsNotTriedAgain()
    {
        ServerConnection& connection = open(programServer(QStringLiteral("no-such-program")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(connection.status().restarts, 0);
        QVERIFY(m_recorder.span("server.start") != nullptr);
        QCOMPARE(connection.status().lifecycleTraceId,
                 m_recorder.span("server.start")->traceId); // what there is to be shown of it
    }

    void callsThatWaitForAFailingStartGetItsDiagnosis()
    {
        ServerConnection& connection =
            open(scriptServer(QStringLiteral("echo 'Error: no database' >&2; exit 2")), [](ConnectionContext& context) {
                context.firstBackoff = std::chrono::milliseconds(30'000);
                context.maxBackoff = context.firstBackoff;
            });
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QVERIFY(m_replies.replies[0].reply.error.message.contains(QStringLiteral("no database")));
        QCOMPARE(connection.state(), ServerState::Backoff);
        // Far from the next try, a call is told at once.
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(connection.state(), ServerState::Backoff);
    }

    void aCallDuringAShortBackoffWaitsForTheNextTry()
    {
        QTemporaryDir folder;
        config::Server server = scriptServer(QStringLiteral("if [ ! -e once ]; then touch once; exit 1; fi; handshake; serve"));
        server.cwd = folder.path();
        ServerConnection& connection = open(server, [](ConnectionContext& context) {
            context.firstBackoff = std::chrono::milliseconds(300);
            context.maxBackoff = context.firstBackoff;
        });
        connection.start();
        QTRY_COMPARE(std::count(m_handler.states.begin(), m_handler.states.end(), ServerState::Backoff), 1);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(connection.status().restarts, 1);
        QVERIFY(connection.status().diagnosis.isEmpty());
    }

    void stoppingFailsWhatWaitsAndEndsTheChild()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral("handshake; exec sleep 1000")));
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_COMPARE(connection.state(), ServerState::Listing);
        connection.stop();
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QTRY_COMPARE(connection.state(), ServerState::Stopped);
        QCOMPARE(connection.status().pid, 0);
    }

    void restartingGivesANewProcessAndANewTrace()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral("handshake; serve")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        const qint64 pid = connection.status().pid;
        const TraceId trace = connection.status().lifecycleTraceId;
        connection.restart(QStringLiteral("test"));
        QTRY_VERIFY(connection.state() == ServerState::Ready && connection.status().pid != pid);
        QVERIFY(connection.status().lifecycleTraceId != trace);
        QCOMPARE(connection.items(mcp::ListKind::Tools).size(), std::size_t{1});
    }

    void aStartDuringTheStopComesAfterIt()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral("handshake; serve")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        connection.stop();
        QCOMPARE(connection.state(), ServerState::Stopping);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
    }

    void aWatchedFileThatChangesRestartsTheServer()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("server.py"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("one");
        file.close();
        config::Server server = scriptServer(QStringLiteral("handshake; serve"));
        server.cwd = folder.path();
        server.watch = {QStringLiteral("server.py")};
        ServerConnection& connection = open(server);
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        const qint64 pid = connection.status().pid;
        // As editors save: a new file put in the place of the old one.
        QFile fresh(folder.filePath(QStringLiteral("fresh")));
        QVERIFY(fresh.open(QIODevice::WriteOnly));
        fresh.write("two");
        fresh.close();
        QVERIFY(fresh.open(QIODevice::ReadWrite));
        QVERIFY(fresh.setFileTime(QDateTime::currentDateTime().addSecs(5), QFileDevice::FileModificationTime));
        fresh.close();
        QVERIFY(file.remove());
        QVERIFY(fresh.rename(path));
        QTRY_VERIFY(connection.state() == ServerState::Ready && connection.status().pid != pid);
    }

    void aSwitchedOffServerIsNotStartedByACall()
    {
        config::Server server = scriptServer(QStringLiteral("handshake; serve"));
        server.enabled = false;
        ServerConnection& connection = open(server);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QCOMPARE(connection.state(), ServerState::Stopped);
    }

    void destroyingARunningConnectionEndsEverythingQuietly()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral("handshake; serve")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        connection.call(clientCall("one"), {}, m_replies);
        m_connection.reset();
        QCoreApplication::processEvents();
        QCOMPARE(m_replies.size(), std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(TestServerLifecycle)
#include "tst_server_lifecycle.moc"
