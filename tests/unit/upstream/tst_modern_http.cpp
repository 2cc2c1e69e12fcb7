// SPDX-License-Identifier: GPL-3.0-or-later
// Traffic with an HTTP server of revision 2026-07-28.
#include "http/client.h"
#include "mcp/headers.h"
#include "scripted_server.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

class TestModernHttp : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<ScriptedServer> m_server;
    std::unique_ptr<ServerConnection> m_connection;
    qsizetype m_maxLineBytes = 1024 * 1024;

    ServerConnection& open()
    {
        config::Server server;
        server.name = QStringLiteral("web");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_server->url();
        ConnectionContext context = quickContext(m_recorder);
        context.httpClient = m_client.get();
        context.timeouts.connectivity = std::chrono::milliseconds(5'000);
        context.clientCapabilities.roots = true;
        context.maxLineBytes = m_maxLineBytes;
        context.listDebounce = std::chrono::milliseconds(1);
        m_connection = std::make_unique<ServerConnection>(server, context, m_handler);
        return *m_connection;
    }

    [[nodiscard]] const ScriptedServer::Seen* lastWith(QByteArrayView text) const
    {
        for (auto it = m_server->seen.rbegin(); it != m_server->seen.rend(); ++it) {
            if (it->body.contains(text)) {
                return &*it;
            }
        }
        return nullptr;
    }
    [[nodiscard]] static mcp::Message parsed(const QByteArray& frame)
    {
        json::Document document;
        return mcp::readMessage(frame, document).value_or(mcp::Message());
    }
    /// tools/call is answered with this text, in which ID stands for the id.
    void answerCallsWith(const QByteArray& text, int status = 200)
    {
        m_server->script = [=](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            QByteArray body = text;
            exchange.respond(http::Response::json(status, body.replace("ID", message.rawOf(mcp::Field::Id).toByteArray())));
            return true;
        };
    }
    const mcp::Message& callOnce(ServerConnection& connection, const mcp::Message& message, const CallOptions& options = {})
    {
        const std::size_t before = m_replies.size();
        connection.call(message, options, m_replies);
        [&] { QTRY_COMPARE(m_replies.size(), before + 1); }();
        return m_replies.replies.back().reply.message;
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
        m_maxLineBytes = 1024 * 1024;
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        m_server = std::make_unique<ScriptedServer>();
        m_server->modern = true;
    }
    void cleanup()
    {
        if (m_connection)
            QCOMPARE(heldAfterStop(*m_connection), QByteArray());
        m_connection.reset();
        m_server.reset();
        m_client.reset();
    }

    void aCallCarriesTheProtocolsMetaAndHeaders()
    {
        m_server->toolList = "[{\"name\":\"one\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"region\":"
                             "{\"type\":\"string\",\"x-mcp-header\":\"Region\"},\"n\":{\"type\":\"integer\",\"x-mcp-header\":"
                             "\"N\"}}}}]";
        ServerConnection& connection = open(); // the call waits for discovery and for the list of tools
        CallOptions options;
        options.target = "one";
        options.clientCapabilities = "{\"sampling\":{}}";
        options.logLevel = "warning";
        options.wantsProgress = true;
        callOnce(connection,
                 clientCall("prefix__one", "{\"region\":\" caf\\u00e9\",\"n\":null}",
                            "{\"io.modelcontextprotocol/protocolVersion\":\"1999-01-01\",\"mine\":1,"
                            "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"someone\"},"
                            "\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{}}}"),
                 options);
        QCOMPARE(m_replies.replies.back().reply.kind, Reply::Kind::Response);
        const ScriptedServer::Seen* call = lastWith("tools/call");
        QCOMPARE(call->headers.value("MCP-Protocol-Version").toByteArray(), QByteArray("2026-07-28"));
        QCOMPARE(call->headers.value("Mcp-Method").toByteArray(), QByteArray("tools/call"));
        QCOMPARE(call->headers.value("Mcp-Name").toByteArray(), QByteArray("one"));
        QCOMPARE(call->headers.value("Mcp-Param-Region").toByteArray(), QByteArray("=?base64?IGNhZsOp?="));
        QVERIFY(!call->headers.contains("Mcp-Param-N"));
        const mcp::Message sent = parsed(call->body);
        QVERIFY(mcp::checkModernHeaders(sent, call->headers.value("MCP-Protocol-Version"), call->headers.value("Mcp-Method"),
                                        call->headers.value("Mcp-Name")));
        QCOMPARE(sent.rawOf(mcp::Field::MetaClientInfo).toByteArray(), QByteArray("{\"name\":\"oriel\",\"version\":\"0.1.0\"}"));
        QCOMPARE(sent.rawOf(mcp::Field::MetaClientCapabilities).toByteArray(), QByteArray("{\"sampling\":{}}"));
        QCOMPARE(sent.text(mcp::Field::MetaLogLevel), QByteArray("warning"));
        QVERIFY(sent.has(mcp::Field::MetaProgressToken));
        QVERIFY(sent.raw.contains("\"mine\":1") && !sent.raw.contains("someone") && !sent.raw.contains("1999"));
        // Without its own, a call has the gateway's capabilities, and no log level.
        callOnce(connection, clientCall("one", "{}", "{\"io.modelcontextprotocol/logLevel\":\"debug\"}"));
        const mcp::Message plain = parsed(lastWith("tools/call")->body);
        QVERIFY(plain.rawOf(mcp::Field::MetaClientCapabilities).contains("roots"));
        QVERIFY(!plain.has(mcp::Field::MetaLogLevel));
    }

    void ownRequestsCarryTheMetaToo()
    {
        ServerConnection& connection = open();
        connection.call("resources/read", "{\"uri\":\"test://\\u00fc\"}", {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        const ScriptedServer::Seen* read = lastWith("resources/read");
        QCOMPARE(parsed(read->body).text(mcp::Field::MetaProtocolVersion), QByteArray("2026-07-28"));
        QCOMPARE(read->headers.value("Mcp-Name").toByteArray(), QByteArray("=?base64?dGVzdDovL8O8?="));
        QCOMPARE(parsed(lastWith("tools/list")->body).text(mcp::Field::MetaProtocolVersion), QByteArray("2026-07-28"));
        QCOMPARE(lastWith("tools/list")->headers.value("Mcp-Method").toByteArray(), QByteArray("tools/list"));
    }

    void toolsWithInvalidHeadersAreLeftOut()
    {
        m_server->toolList = "[{\"name\":\"bad\",\"inputSchema\":{\"properties\":{\"a\":{\"type\":\"number\",\"x-mcp-header\":"
                             "\"A\"}}}},{\"name\":\"good\",\"inputSchema\":{}}]";
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.items(mcp::ListKind::Tools).size(), std::size_t{1});
        QCOMPARE(connection.items(mcp::ListKind::Tools)[0].name, QByteArray("good"));
        QVERIFY(!m_recorder.logLines("The tool bad is left out").isEmpty());
    }

    void cancellingClosesTheStream()
    {
        http::Exchange running;
        m_server->script = [&running](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            running = exchange;
            return true;
        };
        ServerConnection& connection = open();
        const CallToken token = connection.call(clientCall("one"), {}, m_replies);
        QTRY_VERIFY(running.isOpen());
        QVERIFY(connection.cancel(token, "enough"));
        QTRY_VERIFY(!running.isOpen());
        QVERIFY(!m_server->seenMethods().contains("notifications/cancelled"));
        QCOMPARE(m_replies.size(), std::size_t{0});
    }

    void aBrokenStreamIsALostRequest()
    {
        m_server->script = [](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            exchange.write(http::ssePrimingEvent("ev-1", std::chrono::milliseconds(1)));
            exchange.end();
            return true;
        };
        callOnce(open(), clientCall("one"));
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QVERIFY(!m_server->seenMethods().contains("GET"));
    }

    void changesArriveThroughTheSubscription()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Ready && m_server->stream.isOpen());
        QVERIFY(lastWith("subscriptions/listen")->body.contains("\"notifications\":{\"toolsListChanged\":true}"));
        QCOMPARE(lastWith("subscriptions/listen")->headers.value("Mcp-Method").toByteArray(), QByteArray("subscriptions/listen"));

        m_server->toolList = "[{\"name\":\"two\",\"inputSchema\":{}}]";
        m_server->stream.write(http::sseEvent(m_server->listenNotification("notifications/tools/list_changed")));
        QTRY_COMPARE(connection.items(mcp::ListKind::Tools)[0].name, QByteArray("two"));

        connection.setListenFilter({"a:b", "a:c"});
        QTRY_VERIFY(lastWith("\"resourceSubscriptions\":[\"a:b\",\"a:c\"]") != nullptr);
        QTRY_VERIFY(m_server->stream.isOpen());
        m_server->stream.write(
            http::sseEvent(m_server->listenNotification("notifications/resources/updated", "\"uri\":\"a:x\"", "99999")));
        m_server->stream.write(
            http::sseEvent(m_server->listenNotification("notifications/resources/updated", "\"uri\":\"a:b\"")));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});
        QCOMPARE(m_handler.notifications[0].text(mcp::Field::ParamsUri), QByteArray("a:b"));
        QVERIFY(!m_handler.notifications[0].raw.contains("subscriptionId"));
        QVERIFY(!m_handler.notificationCalls[0].isValid());
        QVERIFY(connection.status().strayAnswers > 0);
    }

    void anotherFilterTakesOverWithoutAGap()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Ready && connection.isListening());
        http::Exchange before = m_server->stream;
        const QByteArray idBefore = m_server->listenId;
        m_server->script = [&](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::SubscriptionsListen) {
                return false;
            }
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            m_server->stream = exchange;
            m_server->listenId = message.rawOf(mcp::Field::Id).toByteArray();
            return true;
        };
        connection.setListenFilter({"a:b", "a:c"});
        QVERIFY(!connection.isListening());
        QTRY_VERIFY(m_server->listenId != idBefore);

        // What was listened to is told until the server has acknowledged the new filter.
        const qsizetype listsBefore = m_server->seenMethods().count("tools/list");
        QVERIFY(before.isOpen());
        before.write(
            http::sseEvent(m_server->listenNotification("notifications/resources/updated", "\"uri\":\"a:old\"", idBefore)));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});

        const int heardBefore = m_handler.listening;
        m_server->stream.write(http::sseEvent(
            m_server->listenNotification("notifications/subscriptions/acknowledged",
                                         "\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"a:b\"]}")));
        QTRY_VERIFY(connection.isListening());
        QCOMPARE(m_handler.listening, heardBefore + 1);
        QVERIFY(!connection.refusesUpdatesOf("a:b"));
        QVERIFY(connection.refusesUpdatesOf("a:c"));
        QTRY_VERIFY(!before.isOpen());
        m_server->stream.write(
            http::sseEvent(m_server->listenNotification("notifications/resources/updated", "\"uri\":\"a:b\"")));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{2});
        QCOMPARE(m_server->seenMethods().count("tools/list"), listsBefore);
        QCOMPARE(connection.status().strayAnswers, std::int64_t{0});
    }

    void aSubscriptionThatEndsIsMadeAgain()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Ready && m_server->stream.isOpen());
        m_server->toolList = "[{\"name\":\"meanwhile\",\"inputSchema\":{}}]";
        m_server->stream.end();
        QTRY_COMPARE(m_server->seenMethods().count("subscriptions/listen"), 2);
        // What changed while nobody listened is found.
        QTRY_COMPARE(connection.items(mcp::ListKind::Tools)[0].name, QByteArray("meanwhile"));
        m_server->stream.write(http::sseEvent(mcp::makeResult(mcp::RequestId(m_server->listenId.toLongLong()), "{}")));
        QTRY_COMPARE(m_server->seenMethods().count("subscriptions/listen"), 3);
        connection.stop();
        QTRY_COMPARE(connection.state(), ServerState::Stopped);
        QTRY_VERIFY(!m_server->stream.isOpen());
    }

    void aListNobodyTellsOfIsReadAgainWhenItIsStale()
    {
        m_server->capabilities = "{\"tools\":{},\"resources\":{}}";
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(!m_server->seenMethods().contains("subscriptions/listen"));
        connection.refreshStale(mcp::ListKind::Tools);     // ttlMs 1000
        connection.refreshStale(mcp::ListKind::Resources); // ttlMs 0
        QTRY_COMPARE(m_server->seenMethods().count("resources/list"), 2);
        QCOMPARE(m_server->seenMethods().count("tools/list"), 1);
    }

    void inputThatIsRequiredComesAsAResponse()
    {
        answerCallsWith(
            "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"resultType\":\"input_required\",\"requestState\":\"s\\u00e9\","
            "\"inputRequests\":{\"a\":{\"method\":\"roots/list\"}}}}");
        ServerConnection& connection = open();
        const mcp::Message& answer = callOnce(connection, clientCall("one"));
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(answer.text(mcp::Field::ResultType), QByteArray("input_required"));
        QCOMPARE(answer.rawOf(mcp::Field::ResultInputRequests).toByteArray(), QByteArray("{\"a\":{\"method\":\"roots/list\"}}"));
        const QByteArray state = answer.rawOf(mcp::Field::ResultRequestState).toByteArray();

        m_server->script = {};
        const mcp::Message retry =
            parsed("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":\"one\",\"arguments\":{},"
                   "\"inputResponses\":{\"a\":{\"roots\":[]}},\"requestState\":" +
                   state + "}}");
        QCOMPARE(callOnce(connection, retry).text(mcp::Field::ResultType), QByteArray("complete"));
        QVERIFY(lastWith("tools/call")->body.contains("\"requestState\":" + state));
        QVERIFY(lastWith("tools/call")->body.contains("\"inputResponses\":{\"a\":{\"roots\":[]}}"));
    }

    void hostileAnswersAreRejected_data()
    {
        QTest::addColumn<QByteArray>("body");
        const QByteArray head = "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{";
        QTest::newRow("unknown resultType") << head + "\"resultType\":\"surprise\",\"content\":[]}}";
        QTest::newRow("resultType of another kind") << head + "\"resultType\":7,\"content\":[]}}";
        QTest::newRow("input without requests") << head + "\"resultType\":\"input_required\"}}";
        QTest::newRow("requests that are no object") << head + "\"resultType\":\"input_required\",\"inputRequests\":[]}}";
        QTest::newRow("duplicate keys") << head + "\"resultType\":\"complete\",\"resultType\":\"input_required\"}}";
        QTest::newRow("our headers refused")
            << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32020,\"message\":\"Mcp-Name\"}}");
    }
    void hostileAnswersAreRejected()
    {
        QFETCH(const QByteArray, body);
        answerCallsWith(body);
        callOnce(open(), clientCall("one"));
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Rejected);
        QVERIFY(m_replies.replies[0].reply.error.message.contains(QStringLiteral("refused")));
    }

    void anOversizedAnswerFailsOnlyItsCall()
    {
        m_maxLineBytes = 4096;
        answerCallsWith("{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"content\":[\"" + QByteArray(8192, 'x') + "\"]}}");
        ServerConnection& connection = open();
        callOnce(connection, clientCall("one"));
        QVERIFY(m_replies.replies[0].reply.kind != Reply::Kind::Response);
        m_server->script = {};
        callOnce(connection, clientCall("one"));
        QCOMPARE(m_replies.replies[1].reply.kind, Reply::Kind::Response);
    }

    void aCapabilityThatIsMissingIsTheClientsToHear()
    {
        answerCallsWith("{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32021,\"message\":\"no\",\"data\":{}}}", 400);
        QCOMPARE(callOnce(open(), clientCall("one")).errorCode, -32021);
    }

    void headersThatAToolNewlyNeedsAreSentAfterARefusal()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        m_server->toolList = "[{\"name\":\"one\",\"inputSchema\":{\"properties\":{\"region\":{\"type\":\"string\","
                             "\"x-mcp-header\":\"Region\"}}}}]";
        m_server->script = [](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall || request.headers.contains("Mcp-Param-Region")) {
                return false;
            }
            exchange.respond(http::Response::json(400, mcp::makeErrorResponse(message.id(), -32020, "Mcp-Param-Region")));
            return true;
        };
        callOnce(connection, clientCall("one", "{\"region\":\"north\"}"));
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(lastWith("tools/call")->headers.value("Mcp-Param-Region").toByteArray(), QByteArray("north"));
        QCOMPARE(m_server->seenMethods().count("tools/call"), 2);
    }

    void aServerThatWentBackIsSpokenToAsItWants()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(connection.isModern());
        m_server->modern = false;
        m_server->script = [](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (request.headers.value("MCP-Protocol-Version") != "2026-07-28" || !message.isRequest()) {
                return false;
            }
            exchange.respond(http::Response::json(
                400, mcp::makeErrorResponse(message.id(), -32022, "no longer", "{\"supported\":[\"2025-06-18\"]}")));
            return true;
        };
        callOnce(connection, clientCall("one"));
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QVERIFY(!connection.isModern());
        QVERIFY(!lastWith("tools/call")->body.contains("io.modelcontextprotocol"));
        QCOMPARE(lastWith("tools/call")->headers.value("Mcp-Session-Id").toByteArray(), QByteArray("session-1"));
        QVERIFY(!lastWith("tools/call")->headers.contains("Mcp-Method"));
    }

    void nothingIsNotifiedToAModernServerOverHttp()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        connection.notify(mcp::makeNotification("notifications/roots/list_changed"));
        connection.notify(mcp::makeNotification("notifications/cancelled", "{\"requestId\":1}"));
        connection.reply(mcp::makeResult(mcp::RequestId(1), "{}"));
        callOnce(connection, clientCall("one"));
        for (const QByteArray& method : m_server->seenMethods()) {
            QVERIFY2(!method.startsWith("notifications/") && method != "POST", method.constData());
        }
    }
};

QTEST_GUILESS_MAIN(TestModernHttp)
#include "tst_modern_http.moc"
