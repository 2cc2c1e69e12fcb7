// SPDX-License-Identifier: GPL-3.0-or-later
#include "../upstream/scripted_server.h"
#include "gateway_harness.h"
#include "http/client.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using mcp::MethodId;
using telemetry::Outcome;

namespace {

constexpr std::int64_t kMs = 1'000'000;

const QByteArray kForms = R"({"elicitation":{}})";
const QByteArray kState = "oriel1.b2.word"; ///< of the Oriel b2
const QByteArray kAsks =
    QByteArray(R"({"resultType":"input_required","inputRequests":{"who":{"method":"elicitation/create","params":)"
               R"({"message":"Who?","requestedSchema":{}}}},"requestState":)") +
    '"' + kState + "\"}";
const QByteArray kAnswer = R"({"action":"accept","content":{"name":"Ada"}})";

QByteArray memberOf(const QByteArray& frame, QByteArrayView member)
{
    json::Document document;
    return document.parse(frame) ? document.root().find(member).raw().toByteArray() : QByteArray();
}

} // namespace

/// Calls that wait for what their client says: which states go on to a server, and how long a client has for its answer.
class GatewayInputTest : public QObject, private GatewayHarness {
    Q_OBJECT

    ManualClock m_manual;
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<ScriptedServer> m_server;

    /// A server of either era, which is an Oriel if it has an instance. In 2026-07-28 its tool asks for a name and goes on with
    /// whatever state comes back; with the handshake it knows no states and answers at once.
    void openServer(bool isModern, const QByteArray& instance, const QList<config::Limit>& limits = {})
    {
        m_server->modern = isModern;
        m_server->script = [isModern, instance](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            const QByteArray meta = instance.isEmpty() ? QByteArray("{}") : "{\"oriel/instance\":\"" + instance + "\"}";
            switch (message.methodId) {
            case MethodId::ServerDiscover:
                ScriptedServer::answer(message, exchange,
                                       R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":)"
                                       R"({"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":)" +
                                           meta + '}');
                return true;
            case MethodId::Initialize:
                ScriptedServer::answer(message, exchange,
                                       R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":)"
                                       R"({"name":"s","version":"1"},"_meta":)" +
                                           meta + '}');
                return true;
            case MethodId::ToolsCall:
                if (isModern && !message.has(mcp::Field::ParamsRequestState))
                    ScriptedServer::answer(message, exchange, kAsks);
                else
                    ScriptedServer::answer(message, exchange, R"({"content":[{"type":"text","text":"went on"}]})");
                return true;
            default:
                return false;
            }
        };
        config::Server server;
        server.name = QStringLiteral("notes");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_server->url();
        server.era = isModern ? config::Era::Modern : config::Era::Legacy;
        config::Config configuration;
        configuration.servers = {server};
        configuration.limits = limits;
        open(configuration);
        QTRY_VERIFY(allReady());
    }
    /// The client of 2026-07-28 comes back with its answer.
    Reply retry(const Session& session, const QByteArray& state)
    {
        return request(session, "tools/call",
                       R"({"name":"notes__one","arguments":{},"inputResponses":{"who":)" + kAnswer + R"(},"requestState":)" +
                           '"' + state + "\"}");
    }
    [[nodiscard]] QList<QByteArray> callsSeen() const
    {
        QList<QByteArray> bodies;
        for (const ScriptedServer::Seen& one : m_server->seen) {
            if (one.body.contains("\"tools/call\""))
                bodies.append(one.body);
        }
        return bodies;
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_clock = &systemClock();
        m_heldForNs = HeldCalls::kHeldNs;
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        m_http = m_client.get();
        m_server = std::make_unique<ScriptedServer>();
    }
    void cleanup()
    {
        QVERIFY2(close(), m_held.constData());
        m_server.reset();
        m_client.reset();
    }

    // --- states of several Oriels in a row ---

    void aClientOf20260728AnswersWhatTheOrielBehindThisOneAsks()
    {
        openServer(true, "b2");
        const Session session = openModern(kForms);
        const Reply asked = call(session, "notes__one");
        QTRY_COMPARE(asked->finished.size(), 1);
        QVERIFY2(asked->finished.first().contains("\"requestState\":\"" + kState + '"'), asked->finished.first().constData());
        const Reply done = retry(session, kState);
        QTRY_COMPARE(done->finished.size(), 1);
        QVERIFY2(done->finished.first().contains("went on"), done->finished.first().constData());
        QCOMPARE(callsSeen().size(), 2);
        const QByteArray brought = callsSeen().last();
        QVERIFY2(brought.contains("\"requestState\":\"" + kState + '"') &&
                     brought.contains("\"inputResponses\":{\"who\":" + kAnswer + '}'),
                 brought.constData());
    }
    void aStateOfAnotherOrielBeginsNoCallAnew_data()
    {
        QTest::addColumn<bool>("isModern");
        QTest::addColumn<QByteArray>("instance");
        QTest::newRow("at a server of 2026-07-28") << true << QByteArray();
        QTest::newRow("at a server with the handshake") << false << QByteArray();
        QTest::newRow("at an Oriel with the handshake") << false << QByteArray("b2");
    }
    void aStateOfAnotherOrielBeginsNoCallAnew()
    {
        QFETCH(bool, isModern);
        QFETCH(QByteArray, instance);
        openServer(isModern, instance);
        const Session session = openModern(kForms);
        for (const QByteArray& state : {kState, QByteArray("oriel1.word")}) {
            const Reply refused = retry(session, state);
            QCOMPARE(refused->finished.size(), 1);
            QVERIFY2(refused->finished.first().contains("-32602"), refused->finished.first().constData());
            QCOMPARE(record("tools/call")->outcome, Outcome::Rejected);
        }
        QVERIFY(callsSeen().isEmpty());
    }
    void aStateOfThisOrielIsNotPassedOn()
    {
        openServer(true, "b2");
        const Session session = openModern(kForms);
        const Reply discovered = request(session, "server/discover");
        QCOMPARE(discovered->finished.size(), 1);
        json::Document document;
        QVERIFY(document.parse(discovered->finished.first()));
        const QByteArray own = document.root().find("result").find("_meta").find("oriel/instance").asUtf8();
        QVERIFY(!own.isEmpty());
        const Reply refused = retry(session, "oriel1." + own + ".word");
        QCOMPARE(refused->finished.size(), 1);
        QVERIFY2(refused->finished.first().contains("-32602"), refused->finished.first().constData());
        QVERIFY(callsSeen().isEmpty());
    }

    // --- clients with a session that do not answer ---

    void aCallWhoseClientDoesNotAnswerEndsAndGivesItsPlaceBack()
    {
        m_clock = &m_manual;
        m_heldForNs = kMs;
        config::Limit limit;
        limit.scope = config::LimitScope::Client;
        limit.name = QStringLiteral("*");
        limit.concurrency = 1;
        openServer(true, {}, {limit});
        const Session session = openSession({.capabilities = kForms});
        const Reply asked = call(session, "notes__one", "1");
        QTRY_COMPARE(asked->notified.size(), 1);
        const Reply refused = call(session, "notes__one", "2");
        QCOMPARE(refused->finished.size(), 1);
        QVERIFY2(refused->finished.first().contains("\"limit\":\"concurrency\""), refused->finished.first().constData());

        m_manual.advanceNs(m_heldForNs);
        QTRY_COMPARE(asked->finished.size(), 1);
        QVERIFY2(asked->finished.first().contains("-32001"), asked->finished.first().constData());
        QCOMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
        const QByteArray told = session->sent.join('\n');
        QVERIFY2(told.contains("notifications/cancelled") &&
                     told.contains("\"requestId\":" + memberOf(asked->notified.first(), "id")),
                 told.constData());
        const telemetry::CallRecord& ended = *record("tools/call");
        QCOMPARE(ended.outcome, Outcome::Timeout);
        QCOMPARE(ended.errorType, QByteArray("timeout"));
        QCOMPARE(ended.hops.size(), 1);
        QVERIFY(ended.hops.first().server != nullptr);

        const Reply next = call(session, "notes__one", "3");
        QTRY_COMPARE(next->notified.size(), 1);
        answer(session, asked->notified.first(), kAnswer);
        QCOMPARE(asked->finished.size(), 1);
        answer(session, next->notified.first(), kAnswer);
        QTRY_COMPARE(next->finished.size(), 1);
        QVERIFY2(next->finished.first().contains("went on"), next->finished.first().constData());
    }
    void eachWaitingCallHasATimeOfItsOwn()
    {
        m_clock = &m_manual;
        m_heldForNs = kMs;
        openServer(true, {});
        const Session session = openSession({.capabilities = kForms});
        const Reply first = call(session, "notes__one", "1");
        QTRY_COMPARE(first->notified.size(), 1);
        m_manual.advanceNs(m_heldForNs / 2);
        const Reply second = call(session, "notes__one", "2");
        QTRY_COMPARE(second->notified.size(), 1);
        m_manual.advanceNs(m_heldForNs / 2);
        QTRY_COMPARE(first->finished.size(), 1);
        QVERIFY(second->finished.isEmpty());
        QCOMPARE(m_gateway->holdings().count("server requests"), 1);
        m_manual.advanceNs(m_heldForNs / 2);
        QTRY_COMPARE(second->finished.size(), 1);
        QCOMPARE(m_gateway->holdings().toText(), QByteArray("sessions 1, users 1"));
    }
};

QTEST_GUILESS_MAIN(GatewayInputTest)
#include "tst_gateway_input.moc"
