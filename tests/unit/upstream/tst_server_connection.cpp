// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

/// Calls through a running connection, with friendly and with hostile servers.
class TestServerConnection : public QObject {
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

    [[nodiscard]] QByteArray lastSent(QByteArrayView method) const
    {
        QByteArray found;
        for (const telemetry::WireFrame& frame : m_recorder.wire) {
            if (frame.direction == telemetry::WireDirection::GatewayToServer && QByteArrayView(frame.method) == method) {
                found = frame.payload;
            }
        }
        return found;
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

    void aCallStartsTheServerAndComesBack()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        QCOMPARE(connection.state(), ServerState::Stopped);
        const CallToken token = connection.call(clientCall("echo", "{\"text\":\"hé\\u0041\"}"), {}, m_replies, 42);
        QVERIFY(token.isValid());
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        const auto& [answered, cookie, reply] = m_replies.replies[0];
        QCOMPARE(answered, token);
        QCOMPARE(cookie, 42U);
        QCOMPARE(reply.kind, Reply::Kind::Response);
        QCOMPARE(reply.message.raw, "{\"jsonrpc\":\"2.0\",\"id\":" + QByteArray::number(token.id) +
                                        ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"hé\\u0041\"}]}}");
        QVERIFY(reply.timings.acceptedNs <= reply.timings.sentNs && reply.timings.sentNs <= reply.timings.firstByteNs &&
                reply.timings.firstByteNs <= reply.timings.doneNs);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.items(mcp::ListKind::Tools).size(), std::size_t{2});
        QCOMPARE(connection.context()->serverName, QByteArray("oriel-echo-server"));
        QVERIFY(connection.context()->pid > 0);
    }

    void idNameProgressTokenAndTraceContextAreSplicedAndNothingElse()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        CallOptions options;
        options.target = QByteArrayLiteral("echo");
        options.wantsProgress = true;
        options.traceId = {0x1, 0x2};
        options.spanId = {0x3};
        options.traceState = QByteArrayLiteral("vendor=1");
        const CallToken token = connection.call(
            clientCall("srv__echo", "{\"text\":\"x\",\"n\":12345678901234567890,\"e\":1e400}",
                       "{\"progressToken\":\"theirs\",\"traceparent\":\"old\",\"baggage\":\"secret=1\",\"keep\":true}"),
            options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        const QByteArray sent = lastSent("tools/call");
        const QByteArray id = QByteArray::number(token.id);
        QVERIFY2(sent.contains("\"id\":" + id), sent.constData());
        QVERIFY2(sent.contains("\"name\":\"echo\""), sent.constData());
        QVERIFY2(sent.contains("\"arguments\":{\"text\":\"x\",\"n\":12345678901234567890,\"e\":1e400}"), sent.constData());
        QVERIFY2(sent.contains("\"progressToken\":" + id), sent.constData());
        QVERIFY2(sent.contains("\"traceparent\":\"00-00000000000000010000000000000002-0000000000000003-01\""), sent.constData());
        QVERIFY2(sent.contains("\"tracestate\":\"vendor=1\"") && sent.contains("\"keep\":true"), sent.constData());
        QVERIFY2(!sent.contains("baggage") && !sent.contains("theirs") && !sent.contains("old"), sent.constData());
    }

    void theContextIsWrittenByThePropagatorsThatWereChosen()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        CallOptions options;
        options.traceId = {0x1, 0x2};
        options.spanId = {0x3};
        options.propagators = telemetry::propagatorsByName({QStringLiteral("b3"), QStringLiteral("b3multi")});
        connection.call(clientCall("echo", "{\"text\":\"x\"}", "{\"X-B3-Flags\":\"1\",\"keep\":true}"), options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        const QByteArray sent = lastSent("tools/call");
        QVERIFY2(sent.contains("\"b3\":\"00000000000000010000000000000002-0000000000000003-1\""), sent.constData());
        QVERIFY2(sent.contains("\"X-B3-TraceId\":\"00000000000000010000000000000002\""), sent.constData());
        QVERIFY2(sent.contains("\"X-B3-SpanId\":\"0000000000000003\""), sent.constData());
        QVERIFY2(sent.contains("\"X-B3-Sampled\":\"1\"") && sent.contains("\"keep\":true"), sent.constData());
        QVERIFY2(!sent.contains("traceparent") && !sent.contains("X-B3-Flags"), sent.constData());
    }

    void everyFrameIsInTheWireLogWithTheSpanOfItsCall()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        CallOptions options;
        options.traceId = {7, 8};
        options.spanId = {9};
        connection.call(clientCall("echo", "{\"text\":\"x\"}"), options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        int outward = 0;
        int inward = 0;
        for (const telemetry::WireFrame& frame : m_recorder.wire) {
            if (frame.spanId == SpanId{9}) {
                QCOMPARE(frame.traceId, (TraceId{7, 8}));
                QCOMPARE(frame.server, QByteArray("program"));
                ++(frame.direction == telemetry::WireDirection::GatewayToServer ? outward : inward);
            }
        }
        QCOMPARE(outward, 1);
        QCOMPARE(inward, 1);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QList<QByteArray> methods;
        for (const telemetry::WireFrame& frame : m_recorder.wire) {
            if (frame.kind == telemetry::WireKind::Request || frame.kind == telemetry::WireKind::Notification) {
                methods.append(frame.method);
            }
        }
        QCOMPARE(methods.mid(0, 2), (QList<QByteArray>{"initialize", "notifications/initialized"}));
        QVERIFY(methods.contains("tools/list"));
    }

    void tenMegabytesComeBackWhole()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        connection.call(clientCall("big"), {}, m_replies);
        QTRY_COMPARE_WITH_TIMEOUT(m_replies.size(), std::size_t{1}, 20'000);
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QVERIFY(m_replies.replies[0].reply.message.raw.size() > 10 * 1024 * 1024);
    }

    void anAnswerBeyondTheLimitFailsItsCallAndNoOther()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))),
                                            [](ConnectionContext& context) { context.maxLineBytes = 1'000'000; });
        const CallToken big = connection.call(clientCall("big"), {}, m_replies);
        connection.call(clientCall("echo", "{\"text\":\"x\"}"), {}, m_replies);
        QTRY_COMPARE_WITH_TIMEOUT(m_replies.size(), std::size_t{2}, 20'000);
        QCOMPARE(m_replies.replies[0].token, big);
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Rejected);
        QCOMPARE(m_replies.replies[0].reply.error.code, ErrorCode::TooLarge);
        QCOMPARE(m_replies.replies[1].reply.kind, Reply::Kind::Response);
    }

    void aThousandCallsAtOnceAllComeBackToTheirOwn()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        for (int i = 0; i < 1000; ++i) {
            connection.call(clientCall("echo", "{\"text\":\"" + QByteArray::number(i) + "\"}"), {}, m_replies,
                            static_cast<quint64>(i));
        }
        QTRY_COMPARE(m_replies.size(), std::size_t{1000});
        for (const auto& one : m_replies.replies) {
            QVERIFY(one.reply.message.raw.contains("\"text\":\"" + QByteArray::number(one.cookie) + "\""));
        }
        QCOMPARE(connection.status().inFlight, 0);
    }

    void theConcurrencyLimitHoldsCallsBack()
    {
        config::Server server = scriptServer(QStringLiteral(R"sh(
handshake
first=
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*)
      case "$line" in
        *'"name":"hold"'*) first="$line"; echo '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"holding"}}';;
        *) answer "$line" '{"content":[]}';;
      esac;;
    *release*) answer "$first" '{"content":[]}';;
  esac
done)sh"));
        server.concurrency = 1;
        ServerConnection& connection = open(server);
        const CallToken first = connection.call(clientCall("hold"), {}, m_replies);
        const CallToken second = connection.call(clientCall("quick"), {}, m_replies);
        const CallToken third = connection.call(clientCall("quick"), {}, m_replies);
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});
        QCOMPARE(connection.status().inFlight, 1);
        QCOMPARE(connection.status().queued, 2);
        QVERIFY(connection.cancel(second));
        connection.notify(QByteArrayLiteral("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/release\"}"));
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(m_replies.replies[0].token, first);
        QCOMPARE(m_replies.replies[1].token, third);
    }

    void aFullQueueIsToldAtOnce()
    {
        ServerConnection& connection =
            open(scriptServer(QStringLiteral("exec sleep 100")), [](ConnectionContext& context) { context.maxQueued = 2; });
        for (int i = 0; i < 3; ++i) {
            connection.call(clientCall("x"), {}, m_replies);
        }
        QCOMPARE(m_replies.size(), std::size_t{0});
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Overloaded);
    }

    void aFullQueueMakesRoomForAClientThatHasFewerWaiting()
    {
        ServerConnection& connection =
            open(scriptServer(QStringLiteral("exec sleep 100")), [](ConnectionContext& context) { context.maxQueued = 3; });
        CallOptions greedy;
        greedy.client = QByteArrayLiteral("greedy");
        CallOptions modest;
        modest.client = QByteArrayLiteral("modest");
        CallToken newest;
        for (int i = 0; i < 3; ++i) {
            newest = connection.call(clientCall("x"), greedy, m_replies);
        }
        connection.call(clientCall("x"), modest, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Overloaded);
        QCOMPARE(m_replies.replies[0].token, newest);
        QVERIFY(m_replies.replies[0].reply.unprocessed);
        QCOMPARE(connection.status().queued, 3);
    }

    void aSilentServerIsWarnedOfAndTimedOutAndTold()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *notifications/cancelled*) echo "$line" >&2;;
  esac
done)sh")));
        CallOptions options;
        options.timeout = std::chrono::milliseconds(500);
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        const CallToken token = connection.call(clientCall("x"), options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.warnings.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Timeout);
        QTRY_VERIFY(m_recorder.logLines("notifications/cancelled").size() == 1);
        QVERIFY(m_recorder.logLines("notifications/cancelled")[0].contains("\"requestId\":" + QByteArray::number(token.id)));
        using enum telemetry::MetricId;
        QCOMPARE(m_recorder.sum(TimeoutOperationsTimedOut, "tool_call"), 1.0);
        QCOMPARE(m_recorder.sum(TimeoutEscalationWarn, "tool_call"), 1.0);
        QCOMPARE(m_recorder.sum(TimeoutActiveOperations, "tool_call"), 0.0);
        QCOMPARE(connection.state(), ServerState::Ready);
    }

    void aLateAndARepeatedAndAnUnknownAnswerAreCountedAndDropped()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*) answer "$line" '{"content":[]}'; answer "$line" '{"content":[]}'
      echo '{"jsonrpc":"2.0","id":999999,"result":{}}'
      echo '{"jsonrpc":"2.0","id":"1","result":{}}'
      echo '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}';;
  esac
done)sh")));
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_VERIFY(connection.status().strayAnswers >= 4);
        QCOMPARE(m_replies.size(), std::size_t{1});
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QVERIFY(m_recorder.logLines("late or twice").size() >= 1);
        QVERIFY(m_recorder.logLines("never given out").size() >= 1);
    }

    void brokenMessagesAreDroppedAndABrokenAnswerFailsItsCall()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*) id=$(printf '%s\n' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
      echo '{"jsonrpc":"2.0","id":'
      printf '{"text":"\377"}\n'
      echo '{"jsonrpc":"2.0","id":'$id',"result":{"a":1,"a":2}}';;
  esac
done)sh")));
        connection.call(clientCall("x"), {}, m_replies);
        QTRY_VERIFY(connection.status().strayAnswers >= 3);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Rejected);
        QCOMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(m_recorder.wirePayloads(telemetry::WireKind::StrayOutput).size(), 3);
    }

    void cancellingTellsTheServerAndNobodyElse()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *notifications/cancelled*) echo "$line" >&2;;
  esac
done)sh")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        const CallToken token = connection.call(clientCall("x"), {}, m_replies);
        QVERIFY(connection.cancel(token, "the user \"gave up\""));
        QVERIFY(!connection.cancel(token));
        QTRY_COMPARE(m_recorder.logLines("cancelled").size(), 1);
        QVERIFY(m_recorder.logLines("cancelled")[0].contains("the user \\\"gave up\\\""));
        QCOMPARE(m_replies.size(), std::size_t{0});
        QCOMPARE(m_recorder.sum(telemetry::MetricId::TimeoutOperationsCancelled, "tool_call"), 1.0);
    }

    void progressGoesToItsCallAndStrangersAreDropped()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-demo-server"))));
        CallOptions options;
        options.wantsProgress = true;
        connection.call(clientCall("progress_job", "{\"steps\":3,\"stepMilliseconds\":1}"), options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.progress.size(), std::size_t{3});
        QVERIFY(m_replies.progress[2].raw.contains("\"progress\":3"));
        QVERIFY(m_handler.notifications.empty());
    }

    void withoutAWishForProgressNoTokenIsSent()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-demo-server"))));
        connection.call(clientCall("progress_job", "{\"steps\":2,\"stepMilliseconds\":1}", "{\"progressToken\":5}"), {},
                        m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QVERIFY(m_replies.progress.empty());
        QVERIFY(!lastSent("tools/call").contains("progressToken"));
    }

    void samplingAndElicitationReachTheGatewayAndTheAnswersTheServer()
    {
        ServerConnection& connection =
            open(programServer(builtProgram(QStringLiteral("oriel-demo-server"))), [](ConnectionContext& context) {
                context.clientCapabilities.sampling = true;
                context.clientCapabilities.elicitation = true;
                context.clientCapabilities.elicitationForm = true;
            });
        m_handler.answerRequestsWith = QByteArrayLiteral("{\"role\":\"assistant\",\"model\":\"test-model\",\"content\":{\"type\":"
                                                         "\"text\",\"text\":\"A window.\"},\"action\":\"decline\"}");
        connection.call(clientCall("ask_model"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_handler.requests[0].methodId, mcp::MethodId::SamplingCreateMessage);
        QVERIFY(m_replies.replies[0].reply.message.raw.contains("test-model said: A window."));
        connection.call(clientCall("ask_user"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(m_handler.requests[1].methodId, mcp::MethodId::ElicitationCreate);
        QVERIFY(m_replies.replies[1].reply.message.raw.contains("No name was given (decline)"));
    }

    void pingIsAnsweredHere()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
echo '{"jsonrpc":"2.0","id":"p-1","method":"ping"}'
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *p-1*) echo "$line" >&2;;
  esac
done)sh")));
        connection.start();
        QTRY_COMPARE(m_recorder.logLines("p-1").size(), 1);
        QVERIFY(m_recorder.logLines("p-1")[0].contains("\"result\":{}"));
        QVERIFY(m_handler.requests.empty());
    }

    void logMessagesAndStderrArrive()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-demo-server"))));
        connection.call(clientCall("log_burst", "{\"count\":5}"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_handler.notifications.size(), std::size_t{4}); // debug is below the default level
        QTRY_COMPARE(m_recorder.logLines("burst line 5 of 5").size(), 1);
        QCOMPARE(m_recorder.logs.back().source, QByteArray("program"));
        QVERIFY(m_recorder.wirePayloads(telemetry::WireKind::Stderr).contains("[demo] error: burst line 5 of 5"));
    }

    void listsAreReadOverAllTheirPages()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-demo-server"))));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.items(mcp::ListKind::Tools).size(), std::size_t{9});
        QCOMPARE(connection.items(mcp::ListKind::Prompts).size(), std::size_t{2});
        QCOMPARE(connection.items(mcp::ListKind::Resources).size(), std::size_t{3});
        QCOMPARE(connection.items(mcp::ListKind::ResourceTemplates).size(), std::size_t{1});
        QCOMPARE(m_handler.lists.size(), std::size_t{4});
        QCOMPARE(m_recorder.sum(telemetry::MetricId::TimeoutOperations, "discovery"), 5.0);
        QVERIFY(connection.initializeResult().capabilities.resourcesSubscribe);
    }

    void cursorsThatGoRoundEndTheReading()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" '{"tools":[{"name":"one","inputSchema":{}}],"nextCursor":"again"}';;
    *tools/call*) answer "$line" '{"content":[]}';;
  esac
done)sh")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.status().diagnosis.code, DiagnosisCode::ListFailed);
        QVERIFY(connection.status().diagnosis.cause.contains(QStringLiteral("circle")));
        QVERIFY(!connection.isListed(mcp::ListKind::Tools));
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
    }

    void pagesWithoutAnEndAreBounded()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
n=0
while read -r line; do
  n=$((n+1))
  case "$line" in
    *tools/list*) answer "$line" '{"tools":[{"name":"t'$n'","inputSchema":{}}],"nextCursor":"'$n'"}';;
  esac
done)sh")),
                                            [](ConnectionContext& context) { context.maxListPages = 20; });
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(connection.status().diagnosis.cause.contains(QStringLiteral("more than 20 pages")));
    }

    void aListWithTooManyEntriesIsRefused()
    {
        ServerConnection& connection = open(
            programServer(builtProgram(QStringLiteral("oriel-echo-server")), {QStringLiteral("--tools"), QStringLiteral("500")}),
            [](ConnectionContext& context) { context.maxListItems = 100; });
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(connection.status().diagnosis.cause.contains(QStringLiteral("more than 100 entries")));
    }

    void listChangedReadsTheListAgain()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*) tools='{"tools":[{"name":"one","inputSchema":{}},{"name":"two","inputSchema":{}}]}'
      echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
      answer "$line" '{"content":[]}';;
  esac
done)sh")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.items(mcp::ListKind::Tools).size(), std::size_t{1});
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(connection.items(mcp::ListKind::Tools).size(), std::size_t{2});
        QVERIFY(connection.items(mcp::ListKind::Tools)[1].name == "two");
    }

    void aListThatChangesAllTheTimeIsNotReadAllTheTime()
    {
        ServerConnection& connection =
            open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'; answer "$line" "$tools";;
    *tools/call*) answer "$line" '{"content":[]}';;
  esac
done)sh")),
                 [](ConnectionContext& context) { context.listDebounce = std::chrono::milliseconds(60'000); });
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        for (int i = 0; i < 20; ++i) {
            connection.call(clientCall("one"), {}, m_replies);
        }
        QTRY_COMPARE(m_replies.size(), std::size_t{20});
        QCOMPARE(m_recorder.sum(telemetry::MetricId::TimeoutOperations, "discovery"), 1.0);
    }

    void batchesOfTheRevisionThatHasThemAreTakenApart()
    {
        config::Server server = scriptServer(QStringLiteral(R"sh(
read -r line; answer "$line" '{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"b","version":"1"}}'
read -r line
while read -r line; do
  id=$(printf '%s\n' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*) echo '[{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}},{"jsonrpc":"2.0","id":'$id',"result":{}}]';;
  esac
done)sh"));
        ServerConnection& connection = open(server);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(m_handler.notifications.size(), std::size_t{1});
    }

    void aCrashFailsWhatIsInFlightWithTheReason()
    {
        ServerConnection& connection = open(scriptServer(QStringLiteral(R"sh(
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*) echo "Error: out of luck" >&2; exit 9;;
  esac
done)sh")));
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QVERIFY2(m_replies.replies[0].reply.error.message.contains(QStringLiteral("exited with code 9")),
                 qPrintable(m_replies.replies[0].reply.error.message));
        QVERIFY(m_replies.replies[0].reply.error.message.contains(QStringLiteral("out of luck")));
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.status().restarts, 1);
    }

    void aHandlerMayCallAgainFromWithinAReply()
    {
        ServerConnection& connection = open(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        class Chain final : public ReplyHandler {
        public:
            explicit Chain(ServerConnection& target) : m_target(target) {}
            void onReply(CallToken token, quint64 cookie, Reply& reply) override
            {
                Q_UNUSED(token);
                Q_UNUSED(reply);
                ++replies;
                if (cookie > 0) {
                    m_target.call("ping", {}, {}, *this, cookie - 1);
                }
            }
            int replies = 0;

        private:
            ServerConnection& m_target;
        } chain(connection);
        connection.call("ping", {}, {}, chain, 20);
        QTRY_COMPARE(chain.replies, 21);
    }
};

QTEST_GUILESS_MAIN(TestServerConnection)
#include "tst_server_connection.moc"
