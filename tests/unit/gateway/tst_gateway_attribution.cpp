// SPDX-License-Identifier: GPL-3.0-or-later
#include "crowd_realm.h"
#include "gateway_harness.h"

#include <QSignalSpy>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;

namespace {

const QByteArray kAll = R"({"sampling":{},"elicitation":{},"roots":{}})";

QByteArray script(const QByteArray& word, const QByteArray& steps)
{
    return R"({"name":"s__test_script","arguments":{"word":")" + word + R"(","steps":)" + steps + "}}";
}

QByteArray idOf(const QByteArray& frame)
{
    json::Document document;
    return document.parse(frame) ? document.root().find("id").raw().toByteArray() : QByteArray();
}

} // namespace

/// What belongs to one client's call: questions, log messages and answers, and what becomes of them when the call ends early.
class GatewayAttributionTest : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    std::unique_ptr<HttpChild> m_child;
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<Gateway> m_gateway;

    void open(const config::Server& server, std::int64_t heldForNs = HeldCalls::kHeldNs)
    {
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        upstream::ConnectionContext context = quickContext(m_recorder);
        context.httpClient = m_client.get();
        m_gateway =
            std::make_unique<Gateway>(Gateway::Dependencies{systemClock(), systemRandom(), m_recorder, context, heldForNs});
        config::Config configuration;
        configuration.servers = {server};
        configuration.servers.front().name = QStringLiteral("s");
        QVERIFY(m_gateway->apply(configuration));
        QTRY_COMPARE(m_gateway->serverStatuses().first().state, upstream::ServerState::Ready);
    }
    /// The server of every revision, over HTTP, where what it says on the way to an answer belongs to that call.
    void openHttp(const QString& era)
    {
        m_child = std::make_unique<HttpChild>(era);
        QVERIFY(m_child->start());
        config::Server server;
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_child->url();
        server.era = era == QStringLiteral("2026-07-28") ? config::Era::Modern : config::Era::Legacy;
        open(server);
    }
    std::shared_ptr<KeptReply> ask(const std::shared_ptr<KeptSession>& session, const QByteArray& text)
    {
        json::Document document;
        const auto read = mcp::readMessage(text, document);
        if (!read)
            return nullptr;
        downstream::Incoming incoming;
        incoming.session = session;
        incoming.message = *read;
        incoming.startNs = systemClock().monotonicNs();
        auto reply = std::make_shared<KeptReply>();
        if (read->isRequest())
            incoming.reply = reply;
        m_gateway->handleMessage(std::move(incoming));
        return reply;
    }
    std::shared_ptr<KeptReply> request(const std::shared_ptr<KeptSession>& session, const QByteArray& method,
                                       const QByteArray& params, const QByteArray& id = "1")
    {
        return ask(session, R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":)" + params + '}');
    }
    std::shared_ptr<KeptSession> openSession(const QByteArray& capabilities = kAll)
    {
        auto session = std::make_shared<KeptSession>();
        session->client = std::make_shared<telemetry::ClientContext>();
        m_gateway->sessionOpened(session);
        request(session, "initialize",
                R"({"protocolVersion":"2025-11-25","capabilities":)" + capabilities +
                    R"(,"clientInfo":{"name":"t","version":"1"}})");
        return session;
    }
    std::shared_ptr<KeptSession> openModern()
    {
        auto session = std::make_shared<KeptSession>();
        session->client = std::make_shared<telemetry::ClientContext>();
        session->revision = mcp::NewestModern;
        session->isInitialized = true;
        session->capabilities.elicitation = session->capabilities.elicitationForm = true;
        session->capabilitiesJson = R"({"elicitation":{}})";
        m_gateway->sessionOpened(session);
        return session;
    }
    void cancel(const std::shared_ptr<KeptSession>& session, const QByteArray& id)
    {
        ask(session, R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}");
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup()
    {
        const auto sessions = m_gateway->sessions();
        for (const auto& session : sessions)
            m_gateway->sessionClosed(session);
        QTRY_COMPARE(m_gateway->holdings().toText(), QByteArray());
        QSignalSpy stopped(m_gateway.get(), &Gateway::stopped);
        m_gateway->shutDown();
        QTRY_COMPARE(stopped.count(), 1);
        m_gateway.reset();
        m_client.reset();
        m_child.reset();
    }

    void aQuestionOfACallWhoseClientCannotAnswerGoesToNobodyElse()
    {
        openHttp(QStringLiteral("2025-11-25"));
        const auto other = openSession();
        const auto waiting = request(other, "tools/call", script("other", R"(["silence"])"));
        const auto session = openSession("{}");
        const auto call = request(session, "tools/call", script("mine", R"(["sample"])"));
        QTRY_COMPARE(call->finished.size(), 1);
        QVERIFY2(call->finished.first().contains("could not answer"), call->finished.first().constData());
        QVERIFY(waiting->notified.isEmpty());
        QVERIFY(!other->sent.join().contains("mine"));
    }
    void aQuestionThatComesAfterItsCallGoesToNobodyElse()
    {
        openHttp(QStringLiteral("2025-11-25"));
        const auto other = openSession();
        const auto waiting = request(other, "tools/call", script("other", R"(["silence"])"));
        const auto session = openSession();
        const auto call = request(session, "tools/call", script("mine", R"(["early","wait","sample"])"));
        QTRY_COMPARE(call->finished.size(), 1);
        // The same server has come as far as that once it has answered what was asked later.
        const auto later = request(session, "tools/call", script("later", R"(["wait","wait","wait","wait"])"), "2");
        QTRY_COMPARE(later->finished.size(), 1);
        QVERIFY(waiting->notified.isEmpty());
        QVERIFY(!other->sent.join().contains("mine"));
    }
    void aLogMessageOfACallIsItsClientsAlone()
    {
        openHttp(QStringLiteral("2025-11-25"));
        const auto session = openSession();
        const auto other = openSession();
        for (const auto& one : {session, other})
            request(one, "logging/setLevel", R"({"level":"debug"})");
        const auto waiting = request(other, "tools/call", script("other", R"(["silence"])"));
        const auto call = request(session, "tools/call", script("mine", R"(["log","wait"])"));
        QTRY_COMPARE(call->finished.size(), 1);
        QVERIFY2(call->notified.join().contains("mine"), call->notified.join('\n').constData());
        QVERIFY(!waiting->notified.join().contains("mine"));
        QVERIFY(!other->sent.join().contains("mine"));
    }
    void anAnswerIsForTheSessionThatAsked_data()
    {
        QTest::addColumn<bool>("isHeld");
        QTest::newRow("of a client of 2026-07-28") << true;
        QTest::newRow("of a client with a session") << false;
    }
    void anAnswerIsForTheSessionThatAsked()
    {
        QFETCH(bool, isHeld);
        openHttp(QStringLiteral("2025-11-25"));
        const auto first = isHeld ? openModern() : openSession();
        const QByteArray params = script("first", R"(["elicit"])");
        const auto call = request(first, "tools/call", params);
        QTRY_COMPARE((isHeld ? call->finished : call->notified).size(), 1);
        const QByteArray question = (isHeld ? call->finished : call->notified).first();
        QVERIFY(m_child->restart());
        // In its next life the server counts its questions from the beginning.
        const auto second = openSession();
        const auto later = request(second, "tools/call", script("second", R"(["elicit"])"), "7");
        QTRY_VERIFY(later->notified.size() == 1 || !later->finished.isEmpty());
        const auto again =
            later->notified.isEmpty() ? request(second, "tools/call", script("second", R"(["elicit"])"), "8") : later;
        QTRY_COMPARE(again->notified.size(), 1);
        const QByteArray foreign = R"({"action":"accept","content":{"name":"foreign"}})";
        if (isHeld) {
            json::Document document;
            QVERIFY(document.parse(question));
            const QByteArray state = document.root().find("result").find("requestState").raw().toByteArray();
            const auto retry = request(first, "tools/call",
                                       QByteArray(params).replace("{\"name\"", R"({"inputResponses":{"input1":)" + foreign +
                                                                                   R"(},"requestState":)" + state + ",\"name\""),
                                       "2");
            QTRY_COMPARE(retry->finished.size(), 1);
            QVERIFY2(retry->finished.first().contains("\"error\""), retry->finished.first().constData());
        } else {
            ask(first, R"({"jsonrpc":"2.0","id":)" + idOf(question) + R"(,"result":)" + foreign + '}');
        }
        ask(second, R"({"jsonrpc":"2.0","id":)" + idOf(again->notified.first()) +
                        R"(,"result":{"action":"accept","content":{"name":"own"}}})");
        QTRY_COMPARE(again->finished.size(), 1);
        QVERIFY2(again->finished.first().contains("second|own"), again->finished.first().constData());
    }
    void halfACharacterIsNoReasonToAskAgain()
    {
        open(scriptServer(
            QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" \"$tools\";;\n"
                           "*tools/call*) printf '%s\\n' '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"elicitation/create\","
                           "\"params\":{\"message\":\"\\ud83d\",\"requestedSchema\":{}}}'; read -r reply; "
                           "printf '%s\\n' \"$reply\" >&2; answer \"$line\" '{\"content\":[]}';;\nesac\ndone")));
        const auto session = openModern();
        const auto call = request(session, "tools/call", R"({"name":"s__one"})");
        QTRY_COMPARE(call->finished.size(), 1);
        QVERIFY2(call->finished.first().contains(R"("message":"s: \ud83d")"), call->finished.first().constData());
        json::Document document;
        const QByteArray state =
            mcp::parsedAgain(call->finished.first(), document).find("result").find("requestState").raw().toByteArray();
        const auto retry =
            request(session, "tools/call",
                    R"({"inputResponses":{"input1":{"action":"accept","content":{"name":"\ud83d"}}},"requestState":)" + state +
                        R"(,"name":"s__one"})",
                    "2");
        QTRY_COMPARE(retry->finished.size(), 1);
        QVERIFY2(retry->finished.first().contains(R"("content":[])"), retry->finished.first().constData());
        QTRY_VERIFY(!m_recorder.logLines(R"("name":"\ud83d")").isEmpty());
    }
    void aQuestionEndsWithItsCall()
    {
        openHttp(QStringLiteral("2026-07-28"));
        const auto session = openSession();
        const auto call = request(session, "tools/call", script("mine", R"(["elicit"])"));
        QTRY_COMPARE(call->notified.size(), 1);
        QCOMPARE(m_gateway->holdings().count("server requests"), 1);
        const QByteArray question = idOf(call->notified.first());
        cancel(session, "1");
        QCOMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
        QVERIFY2(session->sent.join().contains("notifications/cancelled") &&
                     session->sent.join().contains("\"requestId\":" + question),
                 session->sent.join('\n').constData());
    }
    void aServerHearsThatTheCallItAskedForIsOver()
    {
        openHttp(QStringLiteral("2025-11-25"));
        const auto session = openSession();
        const auto call = request(session, "tools/call", script("mine", R"(["sample"])"));
        QTRY_COMPARE(call->notified.size(), 1);
        cancel(session, "1");
        QTRY_COMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
        const auto wire = m_recorder.wirePayloads(telemetry::WireKind::Error);
        QVERIFY(std::any_of(wire.cbegin(), wire.cend(),
                            [](const QByteArray& frame) { return frame.contains("The request that it was asked for is over"); }));
    }
    void aSessionThatEndsLeavesNoRequestUnanswered()
    {
        openHttp(QStringLiteral("2025-11-25"));
        const auto session = openSession();
        const auto call = request(session, "tools/call", script("mine", R"(["silence"])"));
        m_gateway->sessionClosed(session);
        QCOMPARE(call->finished.size(), 1);
        QVERIFY2(call->finished.first().contains("\"error\""), call->finished.first().constData());
    }
    void aClientMayChangeItsEraWhileItsCallIsHeld()
    {
        // Asks twice at once, which the suite's server does not.
        const QString asks = QStringLiteral(
            "echo '{\"jsonrpc\":\"2.0\",\"id\":\"q1\",\"method\":\"elicitation/create\",\"params\":{\"message\":\"a\","
            "\"requestedSchema\":{}}}'; read -r again; echo '{\"jsonrpc\":\"2.0\",\"id\":\"q2\",\"method\":"
            "\"elicitation/create\",\"params\":{\"message\":\"b\",\"requestedSchema\":{}}}'");
        open(scriptServer(
            QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" \"$tools\";;\n"
                           "*tools/call*) ") +
            asks + QStringLiteral(" ;;\nesac\ndone")));
        const auto session = openModern();
        const auto call = request(session, "tools/call", R"({"name":"s__one"})");
        QTRY_COMPARE(call->finished.size(), 1);
        QVERIFY2(call->finished.first().contains("input_required"), call->finished.first().constData());
        session->revision = mcp::NewestLegacy;
        request(session, "initialize",
                R"({"protocolVersion":"2025-11-25","capabilities":)" + kAll + R"(,"clientInfo":{"name":"t","version":"1"}})");
        request(session, "tools/call", R"({"name":"s__one"})", "2"); // the line that the server waits for
        const auto isAsked = [this] { return m_recorder.wirePayloads(telemetry::WireKind::Request).join().contains("q2"); };
        QTRY_VERIFY(isAsked());
        QCOMPARE(m_gateway->holdings().count("active calls"), 2);
    }
    void aStateThatExpiredIsRefusedAndNothingOfItsCallIsKept()
    {
        config::Server server;
        server.command = builtProgram(QStringLiteral("oriel-conformance-server"));
        server.args = {QStringLiteral("--era"), QStringLiteral("2025-11-25")};
        server.era = config::Era::Legacy;
        open(server, 1'000'000);
        const auto session = openModern();
        const QByteArray params = script("mine", R"(["elicit"])");
        const auto call = request(session, "tools/call", params);
        QTRY_COMPARE(call->finished.size(), 1);
        json::Document document;
        QVERIFY(document.parse(call->finished.first()));
        const QByteArray state = document.root().find("result").find("requestState").raw().toByteArray();
        QVERIFY(!state.isEmpty());
        QTRY_COMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
        const auto retry = request(session, "tools/call",
                                   QByteArray(params).replace("{\"name\"", R"({"inputResponses":{"input1":{"action":"accept"}},)"
                                                                           R"("requestState":)" +
                                                                               state + ",\"name\""),
                                   "2");
        QCOMPARE(retry->finished.size(), 1);
        QVERIFY2(retry->finished.first().contains("-32602"), retry->finished.first().constData());
    }
    void aServerThatDiesLeavesNothingButItsClients_data()
    {
        QTest::addColumn<QString>("era");
        QTest::newRow("with the handshake") << QStringLiteral("2025-11-25");
        QTest::newRow("without") << QStringLiteral("2026-07-28");
    }
    void aServerThatDiesLeavesNothingButItsClients()
    {
        QFETCH(QString, era);
        openHttp(era);
        const auto session = openSession();
        const auto silent = request(session, "tools/call", script("a", R"(["progress","silence"])"), "1");
        const auto asking = request(session, "tools/call", script("b", R"(["sample"])"), "2");
        QTRY_COMPARE(asking->notified.size(), 1);
        request(session, "tools/call", script("c", R"(["die"])"), "3");
        QTRY_COMPARE(silent->finished.size(), 1);
        // A server may have acted on what it had begun to answer, so it is not asked for the same again.
        const auto sent = m_recorder.wirePayloads(telemetry::WireKind::Request);
        const auto isSilent = [](const QByteArray& frame) { return frame.contains("silence"); };
        QCOMPARE(std::count_if(sent.cbegin(), sent.cend(), isSilent), 2); // by the client, and once by the gateway
        cancel(session, "1");
        cancel(session, "2");
        cancel(session, "3");
        QTRY_COMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
    }
    void aHalfClosedServerLeavesNothingButItsClients()
    {
        // Closes its output with two calls open, and goes on reading.
        open(scriptServer(
            QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" \"$tools\";;\n"
                           "*tools/call*) read -r second; exec 1>&-; cat >&2;;\nesac\ndone")));
        const auto session = openSession();
        const auto first = request(session, "tools/call", R"({"name":"s__one"})", "1");
        const auto second = request(session, "tools/call", R"({"name":"s__one"})", "2");
        QTRY_VERIFY(first->finished.size() == 1 && second->finished.size() == 1);
        QTRY_COMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
    }
};

QTEST_GUILESS_MAIN(GatewayAttributionTest)
#include "tst_gateway_attribution.moc"
