// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client.h"
#include "http/sse.h"
#include "scripted_server.h"
#include "upstream/http_transport.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

class TestHttpTransport : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<ScriptedServer> m_server;
    std::unique_ptr<ServerConnection> m_connection;

    ServerConnection& open(const std::function<void(config::Server&)>& adjust = {})
    {
        config::Server server;
        server.name = QStringLiteral("web");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_server->url();
        server.era = config::Era::Legacy;
        if (adjust) {
            adjust(server);
        }
        ConnectionContext context = quickContext(m_recorder);
        context.httpClient = m_client.get();
        context.timeouts.connectivity = std::chrono::milliseconds(5'000);
        m_connection = std::make_unique<ServerConnection>(server, context, m_handler);
        return *m_connection;
    }

    /// A transport with no connection around it. Its time is the client's.
    std::unique_ptr<Transport> bareTransport(bool legacySse, http::Client& client, const Clock& clock, TransportHandler& handler)
    {
        HttpSettings settings;
        settings.server = QStringLiteral("web");
        settings.url = m_server->url();
        settings.legacySse = legacySse;
        settings.connectTimeout = std::chrono::milliseconds(5);
        return makeHttpTransport(std::move(settings), client, clock, handler);
    }

    /// The last request whose body holds `text`.
    [[nodiscard]] const ScriptedServer::Seen* lastWith(QByteArrayView text) const
    {
        for (auto it = m_server->seen.rbegin(); it != m_server->seen.rend(); ++it) {
            if (it->body.contains(text)) {
                return &*it;
            }
        }
        return nullptr;
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        m_server = std::make_unique<ScriptedServer>();
    }
    void cleanup()
    {
        if (m_connection)
            QCOMPARE(heldAfterStop(*m_connection), QByteArray());
        m_connection.reset();
        m_server.reset();
        m_client.reset();
    }

    void aCallIsAPostWithTheHeadersOfTheSession()
    {
        ServerConnection& connection = open([](config::Server& server) {
            server.headers = {{QStringLiteral("X-Key"), QStringLiteral("k1")}};
        });
        CallOptions options;
        options.traceId = {1, 2};
        options.spanId = {3};
        options.traceState = QByteArrayLiteral("v=1");
        options.baggage = QByteArrayLiteral("a=b");
        connection.call(clientCall("one"), options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QVERIFY(m_replies.replies[0].reply.timings.firstByteNs > 0);
        const ScriptedServer::Seen* first = lastWith("\"initialize\"");
        QVERIFY(first->headers.value("Mcp-Session-Id").isNull());
        QVERIFY(first->headers.value("MCP-Protocol-Version").isNull());
        const ScriptedServer::Seen* call = lastWith("tools/call");
        QCOMPARE(call->method, QByteArray("POST"));
        QCOMPARE(call->headers.value("Mcp-Session-Id").toByteArray(), QByteArray("session-1"));
        QCOMPARE(call->headers.value("MCP-Protocol-Version").toByteArray(), QByteArray("2025-06-18"));
        QCOMPARE(call->headers.value("Content-Type").toByteArray(), QByteArray("application/json"));
        QVERIFY(http::listHas(call->headers.value("Accept"), "application/json") &&
                http::listHas(call->headers.value("Accept"), "text/event-stream"));
        QCOMPARE(call->headers.value("X-Key").toByteArray(), QByteArray("k1"));
        QCOMPARE(call->headers.value("traceparent").toByteArray(),
                 QByteArray("00-00000000000000010000000000000002-0000000000000003-01"));
        QCOMPARE(call->headers.value("tracestate").toByteArray(), QByteArray("v=1"));
        QCOMPARE(call->headers.value("baggage").toByteArray(), QByteArray("a=b"));
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.context()->sessionId, QByteArray("session-1"));
        QCOMPARE(connection.context()->address, QByteArray("127.0.0.1"));
    }

    void anEventStreamCarriesProgressAndRequestsBeforeTheAnswer()
    {
        m_server->script = [](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            exchange.startStream(200, {{"Content-Type", "text/event-stream; charset=utf-8"}});
            exchange.write(
                http::sseEvent("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":" +
                               message.rawOf(mcp::Field::MetaProgressToken).toByteArray() + ",\"progress\":1}}"));
            exchange.write(http::sseEvent(
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"x\"}}"));
            exchange.write(http::sseEvent(mcp::makeResult(message.id(), "{\"content\":[]}")));
            exchange.end();
            return true;
        };
        ServerConnection& connection = open();
        CallOptions options;
        options.wantsProgress = true;
        const CallToken token = connection.call(clientCall("one"), options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(m_replies.progress.size(), std::size_t{1});
        QCOMPARE(m_handler.notifications.size(), std::size_t{1});
        QCOMPARE(m_handler.notificationCalls[0], token);
    }

    void theServersOwnStreamIsListenedTo()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Ready && m_server->stream.isOpen());
        m_server->stream.write(http::sseEvent(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"a:b\"}}", "ev-1"));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});
        QVERIFY(!m_handler.notificationCalls[0].isValid());
    }

    void theServersOwnStreamIsOpenedAgainWhereItEnded()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Ready && m_server->stream.isOpen());
        m_server->stream.write(http::sseRetry(std::chrono::milliseconds(5)));
        m_server->stream.write(http::sseEvent(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":1}}", "ev-4"));
        m_server->stream.end();
        QTRY_COMPARE(m_server->seenMethods().count("GET"), 2);
        QCOMPARE(m_server->seen.back().headers.value("Last-Event-ID").toByteArray(), QByteArray("ev-4"));
        m_server->stream.write(http::sseEvent(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":2}}"));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{2});
    }

    void aSessionThatIsForgottenAtOnceFailsTheStart()
    {
        m_server->script = [](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId == mcp::MethodId::ToolsList) {
                exchange.respond(http::Response::text(404, "no such session"));
                return true;
            }
            return false;
        };
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(m_server->seenMethods().count("initialize"), 4);
        QVERIFY(connection.status().diagnosis.cause.contains(QStringLiteral("forgets each session")));
    }

    void aPortThatDoesNotSpeakTlsIsDiagnosed()
    {
        const QString url = m_server->url().replace(QStringLiteral("http://"), QStringLiteral("https://"));
        ServerConnection& connection = open([&url](config::Server& server) { server.url = url; });
        connection.start();
        QTRY_COMPARE(connection.status().diagnosis.code, DiagnosisCode::TlsFailed);
        QTRY_VERIFY(connection.status().restarts > 0);
    }

    void aServerWithoutAStreamOfItsOwnIsFine()
    {
        m_server->script = [](const http::Request& request, const mcp::Message&, http::Exchange& exchange) {
            if (request.method == "GET") {
                exchange.respond(http::Response::text(405, {}));
                return true;
            }
            return false;
        };
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Ready && m_server->seenMethods().contains("GET"));
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_server->seenMethods().count("GET"), 1);
    }

    void aCallThatTheServerHadBegunIsNotSentAgainInANewSession()
    {
        m_server->script = [](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId == mcp::MethodId::ToolsCall) {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::ssePrimingEvent("ev-9", std::chrono::milliseconds(5)));
                exchange.end();
                return true;
            }
            if (request.method == "GET" && request.headers.value("Last-Event-ID") == "ev-9") {
                exchange.respond(http::Response::text(404, "no such session"));
                return true;
            }
            return false;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QTRY_COMPARE(m_server->seenMethods().count("initialize"), 2);
        QCOMPARE(m_server->seenMethods().count("tools/call"), 1);
    }

    void aBrokenStreamIsNotResumedInAnotherSession()
    {
        bool isLost = false;
        m_server->script = [&](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            if (message.text(mcp::Field::ParamsName) == "two") {
                if (request.headers.value("Mcp-Session-Id") != "session-1") {
                    return false;
                }
                isLost = true;
                m_server->session = "session-2";
                exchange.respond(http::Response::text(404, "no such session"));
                return true;
            }
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            exchange.write(http::ssePrimingEvent("5-3", std::chrono::milliseconds(2'000)));
            exchange.end();
            return true;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies, 1);
        QTRY_COMPARE(m_server->seenMethods().count("tools/call"), 1);
        connection.call(clientCall("two"), {}, m_replies, 2);
        QTRY_COMPARE_WITH_TIMEOUT(m_replies.size(), std::size_t{2}, 20'000);
        QVERIFY(isLost);
        for (const auto& one : m_replies.replies) {
            QCOMPARE(one.reply.kind, one.cookie == 1 ? Reply::Kind::Unavailable : Reply::Kind::Response);
        }
        const auto& seen = m_server->seen;
        QVERIFY(std::none_of(seen.cbegin(), seen.cend(), [](const auto& one) { return one.headers.contains("Last-Event-ID"); }));
    }

    void aBrokenStreamIsResumedWhereItEnded()
    {
        mcp::RequestId waiting;
        m_server->script = [&waiting](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId == mcp::MethodId::ToolsCall) {
                waiting = message.id();
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::ssePrimingEvent("ev-9", std::chrono::milliseconds(5)));
                exchange.end();
                return true;
            }
            if (request.method == "GET" && request.headers.value("Last-Event-ID") == "ev-9") {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::sseEvent(mcp::makeResult(waiting, "{\"content\":[]}"), "ev-10"));
                exchange.end();
                return true;
            }
            return false;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
    }

    void aStreamThatEndsWithoutAnAnswerFailsItsCall()
    {
        m_server->script = [](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            exchange.end();
            return true;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QVERIFY(m_replies.replies[0].reply.error.message.contains(QStringLiteral("before it answered")));
        QTRY_COMPARE(connection.state(), ServerState::Ready);
    }

    void aLostSessionIsOpenedAgainAndTheCallSentAgain()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        m_server->session = "session-2";
        m_server->script = [](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::Initialize && request.headers.value("Mcp-Session-Id") == "session-1") {
                exchange.respond(http::Response::text(404, "no such session"));
                return true;
            }
            return false;
        };
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.context()->sessionId, QByteArray("session-2"));
        QCOMPARE(m_server->seenMethods().count("initialize"), 2);
    }

    void aLateWordOfALostSessionDoesNotEndTheNewOne()
    {
        std::vector<http::Exchange> before;
        m_server->script = [&](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall || request.headers.value("Mcp-Session-Id") != "session-1")
                return false;
            m_server->session = "session-2";
            before.push_back(exchange);
            return true;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(before.size(), std::size_t{2});
        before[0].respond(http::Response::text(404, "no such session"));
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        before[1].respond(http::Response::text(404, "no such session"));
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(m_replies.replies[1].reply.kind, Reply::Kind::Response);
        QCOMPARE(connection.context()->sessionId, QByteArray("session-2"));
        QCOMPARE(m_server->seenMethods().count("initialize"), 2);
    }

    void aQuestionOfALostSessionIsNotTakenForOneOfTheNew()
    {
        http::Exchange before;
        mcp::RequestId begun;
        int calls = 0;
        m_server->script = [&](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall)
                return false;
            if (++calls == 1) {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                before = exchange;
                begun = message.id();
                return true;
            }
            if (calls == 2) {
                m_server->session = "session-2";
                exchange.respond(http::Response::text(404, "no such session"));
                return true;
            }
            return false;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(calls, 1);
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(connection.context()->sessionId, QByteArray("session-2"));
        before.write(http::sseEvent(mcp::makeRequest(mcp::RequestId(1), "roots/list", {})));
        before.write(http::sseEvent(mcp::makeNotification("notifications/message", "{\"level\":\"info\",\"data\":\"x\"}")));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});
        QVERIFY(m_handler.requests.empty());
        // What it had begun to answer still counts.
        before.write(http::sseEvent(mcp::makeResult(begun, "{\"content\":[]}")));
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(m_replies.replies[1].reply.kind, Reply::Kind::Response);
    }

    void aServerThatForgetsEverySessionDoesNotLoop()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        m_server->script = [](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId == mcp::MethodId::ToolsCall) {
                exchange.respond(http::Response::text(404, "no such session"));
                return true;
            }
            return false;
        };
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QVERIFY(m_server->seenMethods().count("tools/call") == 2);
    }

    void stoppingDeletesTheSession()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        connection.stop();
        QTRY_COMPARE(connection.state(), ServerState::Stopped);
        QCOMPARE(m_server->seen.back().method, QByteArray("DELETE"));
        QCOMPARE(m_server->seen.back().headers.value("Mcp-Session-Id").toByteArray(), QByteArray("session-1"));
    }

    void refusedHandshakesAreDiagnosed_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<int>("code");
        QTest::newRow("401") << 401 << QByteArray("text/plain") << static_cast<int>(DiagnosisCode::AuthenticationRequired);
        QTest::newRow("403") << 403 << QByteArray("text/plain") << static_cast<int>(DiagnosisCode::Forbidden);
        QTest::newRow("404") << 404 << QByteArray("text/plain") << static_cast<int>(DiagnosisCode::NotFound);
        QTest::newRow("redirect") << 302 << QByteArray("text/plain") << static_cast<int>(DiagnosisCode::Redirected);
        QTest::newRow("html") << 200 << QByteArray("text/html") << static_cast<int>(DiagnosisCode::NotMcp);
        QTest::newRow("500") << 500 << QByteArray("text/plain") << static_cast<int>(DiagnosisCode::ServerError);
    }
    void refusedHandshakesAreDiagnosed()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, type);
        QFETCH(int, code);
        m_server->script = [status, type](const http::Request&, const mcp::Message&, http::Exchange& exchange) {
            http::Response response = http::Response::text(status, "<h1>sorry</h1>");
            response.headers.set("Content-Type", type);
            response.headers.set("WWW-Authenticate", "Bearer realm=x");
            response.headers.set("Location", "http://127.0.0.1:9/elsewhere");
            exchange.respond(response);
            return true;
        };
        ServerConnection& connection = open();
        connection.start();
        QTRY_VERIFY(connection.state() == ServerState::Failed || connection.state() == ServerState::Backoff);
        const Diagnosis diagnosis = connection.status().diagnosis;
        QCOMPARE(static_cast<int>(diagnosis.code), code);
        QVERIFY2(status == 302 || diagnosis.cause.contains(QStringLiteral("sorry")), qPrintable(diagnosis.cause));
        if (status == 401) {
            QVERIFY(diagnosis.details.contains(QStringLiteral("WWW-Authenticate: Bearer realm=x")));
        }
        QVERIFY(m_server->seen.size() >= 1 && m_server->seen[0].target == "/mcp");
    }

    void aClosedPortIsDiagnosedAndTriedAgain()
    {
        const QString url = m_server->url();
        m_server->stop();
        ServerConnection& connection = open([&url](config::Server& server) { server.url = url; });
        connection.start();
        QTRY_VERIFY(connection.status().restarts > 0);
        QCOMPARE(connection.status().diagnosis.code, DiagnosisCode::ConnectionRefused);
    }

    void anInvalidUrlIsDiagnosed()
    {
        ServerConnection& connection = open([](config::Server& server) { server.url = QStringLiteral("ftp://x/y"); });
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(connection.status().diagnosis.code, DiagnosisCode::InvalidUrl);
    }

    void aServerThatGoesAwayFailsItsCallsAndIsTriedAgain()
    {
        ServerConnection& connection = open();
        connection.start();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        m_server->stop();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QTRY_VERIFY(connection.status().restarts > 0);
    }

    void anErrorStatusOfACallIsItsErrorOnly()
    {
        m_server->script = [](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            if (message.text(mcp::Field::ParamsName) == "rpc") {
                exchange.respond(http::Response::json(400, mcp::makeErrorResponse(message.id(), -32602, "bad arguments")));
            } else {
                exchange.respond(http::Response::text(503, "overloaded"));
            }
            return true;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Unavailable);
        QCOMPARE(m_replies.replies[0].reply.httpStatus, 503);
        QVERIFY(m_replies.replies[0].reply.error.message.contains(QStringLiteral("overloaded")));
        connection.call(clientCall("rpc"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(m_replies.replies[1].reply.kind, Reply::Kind::Response);
        QCOMPARE(m_replies.replies[1].reply.message.errorCode, -32602);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
    }

    void cancellingClosesTheOpenAnswer()
    {
        bool gone = false;
        m_server->script = [&gone](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            exchange.onClosed([&gone] { gone = true; });
            return true;
        };
        ServerConnection& connection = open();
        const CallToken token = connection.call(clientCall("one"), {}, m_replies);
        QTRY_VERIFY(m_server->seenMethods().contains("tools/call"));
        QVERIFY(connection.cancel(token, "enough"));
        QTRY_VERIFY(gone);
        QTRY_VERIFY(m_server->seenMethods().contains("notifications/cancelled"));
        QCOMPARE(m_replies.size(), std::size_t{0});
    }

    void aStreamThatGoesOnAfterItsAnswerIsLetGo()
    {
        bool gone = false;
        http::Exchange answerStream;
        m_server->script = [&](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall) {
                return false;
            }
            exchange.onClosed([&gone] { gone = true; });
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            exchange.write(http::sseEvent(mcp::makeResult(message.id(), "{\"content\":[]}")));
            answerStream = exchange;
            return true;
        };
        ServerConnection& connection = open();
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QVERIFY(!gone);
        QTRY_VERIFY_WITH_TIMEOUT(gone, 20'000);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
    }

    void theOlderTransportTalksThroughItsEndpoint()
    {
        http::Exchange stream;
        m_server->script = [&stream](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (request.method == "GET") {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::sseEvent("/messages?session=5", {}, "endpoint"));
                stream = exchange;
                return true;
            }
            if (request.target != "/messages?session=5") {
                return false;
            }
            exchange.respond(http::Response::text(202, "Accepted"));
            if (message.methodId == mcp::MethodId::Initialize) {
                stream.write(http::sseEvent(mcp::makeResult(message.id(),
                                                            "{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{\"tools\":{}},"
                                                            "\"serverInfo\":{\"name\":\"o\",\"version\":\"1\"}}"),
                                            {}, "message"));
            } else if (message.isRequest()) {
                stream.write(http::sseEvent(mcp::makeResult(message.id(), "{\"tools\":[]}"), {}, "message"));
            }
            return true;
        };
        ServerConnection& connection =
            open([](config::Server& server) { server.transport = config::ServerTransport::LegacySse; });
        connection.call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QCOMPARE(connection.status().protocolVersion, QByteArray("2024-11-05"));
    }

    void whatIsNoRequestDoesNotWaitForItsResponseForEver_data()
    {
        QTest::addColumn<bool>("legacySse");
        QTest::newRow("streamable") << false;
        QTest::newRow("older") << true;
    }
    void whatIsNoRequestDoesNotWaitForItsResponseForEver()
    {
        QFETCH(bool, legacySse);
        http::Exchange call;
        bool notified = false;
        bool gone = false;
        m_server->script = [&](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (request.method == "GET") {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::sseEvent("/messages", {}, "endpoint"));
            } else if (message.isRequest()) {
                call = exchange;
            } else {
                notified = true;
                exchange.onClosed([&gone] { gone = true; });
            }
            return true;
        };
        ManualClock clock;
        http::Client client({}, clock);
        RecordingTransportHandler handler;
        const auto transport = bareTransport(legacySse, client, clock, handler);
        transport->start();
        QTRY_VERIFY(handler.started);
        SendOptions options;
        options.requestId = 7;
        QVERIFY(transport->send("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}", options));
        QVERIFY(transport->send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":6}}", {}));
        QTRY_VERIFY(notified && call.isOpen());
        QVERIFY(!gone);
        clock.advanceNs(60'000'000'000);
        QTRY_VERIFY(gone);
        QVERIFY(call.isOpen());
        QVERIFY(handler.failures.empty());
    }

    void thePostOfAFinishedRequestIsLetGoByTheOlderTransport_data()
    {
        QTest::addColumn<bool>("isAnswered");
        QTest::newRow("forgotten") << false;
        QTest::newRow("answered on the stream") << true;
    }
    void thePostOfAFinishedRequestIsLetGoByTheOlderTransport()
    {
        QFETCH(bool, isAnswered);
        http::Exchange other;
        http::Exchange call;
        bool gone = false;
        m_server->script = [&](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (request.method == "GET") {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::sseEvent("/messages", {}, "endpoint"));
            } else if (message.id() == mcp::RequestId(7)) {
                call = exchange;
                call.onClosed([&gone] { gone = true; });
            } else {
                other = exchange;
            }
            return true;
        };
        ManualClock clock;
        http::Client client({}, clock);
        RecordingTransportHandler handler;
        const auto transport = bareTransport(true, client, clock, handler);
        transport->start();
        QTRY_VERIFY(handler.started);
        for (const std::int64_t id : {6, 7}) {
            SendOptions options;
            options.requestId = id;
            QVERIFY(transport->send("{\"jsonrpc\":\"2.0\",\"id\":" + QByteArray::number(qlonglong(id)) + ",\"method\":\"ping\"}",
                                    options));
        }
        QTRY_VERIFY(other.isOpen() && call.isOpen());
        if (isAnswered) {
            transport->answered(7);
        } else {
            transport->forget(7);
        }
        QTRY_VERIFY_WITH_TIMEOUT(gone, 20'000);
        QVERIFY(other.isOpen());
        QVERIFY(handler.failures.empty());
    }

    void anEndpointOfAnotherOriginIsRefused()
    {
        m_server->script = [](const http::Request&, const mcp::Message&, http::Exchange& exchange) {
            exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
            exchange.write(http::sseEvent("http://elsewhere.test/messages", {}, "endpoint"));
            return true;
        };
        ServerConnection& connection =
            open([](config::Server& server) { server.transport = config::ServerTransport::LegacySse; });
        connection.start();
        QTRY_VERIFY(connection.status().diagnosis.code == DiagnosisCode::HandshakeRefused);
        QVERIFY(connection.status().diagnosis.cause.contains(QStringLiteral("another origin")));
    }
};

QTEST_GUILESS_MAIN(TestHttpTransport)
#include "tst_http_transport.moc"
