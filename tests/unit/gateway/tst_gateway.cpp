// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"

#include <QSignalSpy>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using telemetry::MetricId;
using telemetry::Outcome;

namespace {

/// A server with one resource; `onSubscribe` runs for each resources/subscribe, whose line is in $line, and may use `refuse`.
config::Server subscribable(const QString& onSubscribe)
{
    return named(
        scriptServer(
            QStringLiteral(
                "initialized='{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"resources\":{\"subscribe\":true}},"
                "\"serverInfo\":{\"name\":\"script\",\"version\":\"1\"}}'\n"
                "refuse() { id=$(printf '%s\\n' \"$1\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/'); printf "
                "'{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32002,\"message\":\"no such resource\"}}\\n' \"$id\"; }\n"
                "handshake\nwhile read -r line; do\ncase \"$line\" in\n"
                "*templates/list*) answer \"$line\" '{\"resourceTemplates\":[]}';;\n"
                "*resources/list*) answer \"$line\" '{\"resources\":[{\"uri\":\"a://b\",\"name\":\"b\"}]}';;\n"
                "*resources/subscribe*) echo \"$line\" >&2; ") +
            onSubscribe +
            QStringLiteral(" ;;\n*resources/unsubscribe*) echo \"$line\" >&2; answer \"$line\" '{}';;\n"
                           "*) echo \"$line\" >&2;;\nesac\ndone")),
        "notes");
}

} // namespace

/// The gateway with real child processes behind it.
class GatewayTest : public QObject, private GatewayHarness {
    Q_OBJECT

    void openTwoEchoes()
    {
        const config::Server echo = programServer(builtProgram(QStringLiteral("oriel-echo-server")));
        open({named(echo, "alpha"), named(echo, "beta")});
    }
    std::shared_ptr<KeptSession> openModernSession()
    {
        auto session = std::make_shared<KeptSession>();
        session->client = std::make_shared<telemetry::ClientContext>();
        session->revision = mcp::Revision::V2026_07_28;
        session->isInitialized = true;
        m_gateway->sessionOpened(session);
        return session;
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(close(), m_held.constData()); }

    void aCallGoesToTheServerOfItsPrefixAndBackWithTheClientsId()
    {
        openTwoEchoes();
        const auto session = openSession();
        const auto reply = request(session, "tools/call", "{\"name\":\"beta__echo\",\"arguments\":{\"text\":\"hi\"}}", "\"ab\"");
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(reply->finished.first(), QByteArray("{\"jsonrpc\":\"2.0\",\"id\":\"ab\",\"result\":{\"content\":[{\"type\":"
                                                     "\"text\",\"text\":\"hi\"}]}}"));
        const telemetry::CallRecord* call = record("tools/call");
        QVERIFY(call != nullptr);
        QCOMPARE(call->outcome, Outcome::Ok);
        QCOMPARE(call->routedServer->name, QByteArray("beta"));
        QCOMPARE(call->routedTarget, QByteArray("echo"));
        QCOMPARE(call->target, QByteArray("beta__echo"));
        QCOMPARE(call->hops.size(), 1);
        QCOMPARE(session->calls, std::uint64_t(2));
    }
    void aListWaitsForServersThatAreStarting()
    {
        openTwoEchoes();
        const auto session = openSession();
        const auto reply = request(session, "tools/list");
        QVERIFY(reply->finished.isEmpty());
        QTRY_COMPARE(reply->finished.size(), 1);
        const QByteArray& list = reply->finished.first();
        QVERIFY2(list.contains("\"alpha__echo\"") && list.contains("\"beta__echo\""), list.constData());
        QCOMPARE(m_recorder.sum(MetricId::CacheMisses, "tools"), 1.0);
        QTRY_VERIFY(allReady());
        QCOMPARE(request(session, "tools/list")->finished.first(), list);
        QCOMPARE(m_recorder.sum(MetricId::CacheHits, "tools"), 1.0);
        QCOMPARE(m_recorder.sum(MetricId::ServersDiscovered, "alpha"), 1.0);
    }
    void aServersConfigurationThatIsNewIsACacheMissAndAnUnchangedOneAHit()
    {
        const config::Server echo = programServer(builtProgram(QStringLiteral("oriel-echo-server")));
        open({named(echo, "alpha"), named(echo, "beta")});
        QCOMPARE(m_recorder.sum(MetricId::CacheMisses, "server_config"), 2.0);
        QCOMPARE(m_recorder.sum(MetricId::CacheHits, "server_config"), 0.0);
        config::Config configuration;
        configuration.servers = {named(echo, "alpha"), named(echo, "gamma")};
        QVERIFY(m_gateway->apply(configuration));
        QCOMPARE(m_recorder.sum(MetricId::CacheMisses, "server_config"), 3.0);
        QCOMPARE(m_recorder.sum(MetricId::CacheHits, "server_config"), 1.0);
    }
    void aSessionOfOneServerSeesThatServerAlone()
    {
        openTwoEchoes();
        const auto session = openSession({.server = "beta"});
        const auto list = request(session, "tools/list");
        QTRY_COMPARE(list->finished.size(), 1);
        QVERIFY(list->finished.first().contains("\"name\":\"echo\"") && !list->finished.first().contains("alpha"));
        const auto call = request(session, "tools/call", "{\"name\":\"echo\",\"arguments\":{\"text\":\"hi\"}}");
        QTRY_COMPARE(call->finished.size(), 1);
        QCOMPARE(record("tools/call")->routedServer->name, QByteArray("beta"));
    }
    void aSessionWhoseOnlyServerWasRemovedSeesNoOther()
    {
        openTwoEchoes();
        const auto session = openSession({.server = "beta"});
        QTRY_VERIFY(allReady());
        config::Config configuration;
        configuration.servers = {named(programServer(builtProgram(QStringLiteral("oriel-echo-server"))), "alpha")};
        QVERIFY(m_gateway->apply(configuration));
        const auto list = request(session, "tools/list");
        QTRY_COMPARE(list->finished.size(), 1);
        QVERIFY2(!list->finished.first().contains("alpha"), list->finished.first().constData());
        const auto call = request(session, "tools/call", "{\"name\":\"alpha__echo\",\"arguments\":{\"text\":\"hi\"}}");
        QTRY_COMPARE(call->finished.size(), 1);
        QVERIFY2(call->finished.first().contains("\"error\""), call->finished.first().constData());
        QCOMPARE(record("tools/call")->outcome, Outcome::Rejected);
        const auto again = request(session, "initialize",
                                   "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\","
                                   "\"version\":\"1\"}}");
        QCOMPARE(again->finished.size(), 1);
    }
    void anUnknownToolIsRefusedBeforeAnyServer()
    {
        openTwoEchoes();
        const auto session = openSession();
        QTRY_VERIFY(allReady());
        const auto reply = request(session, "tools/call", "{\"name\":\"beta__none\"}");
        QCOMPARE(reply->finished.size(), 1);
        QVERIFY(reply->finished.first().contains("-32602") && reply->finished.first().contains("Unknown tool: beta__none"));
        QCOMPARE(record("tools/call")->outcome, Outcome::Rejected);
        QVERIFY(record("tools/call")->hops.isEmpty());
    }
    void nothingButInitializeAndPingComesFirst()
    {
        openTwoEchoes();
        auto session = std::make_shared<KeptSession>();
        session->client = std::make_shared<telemetry::ClientContext>();
        m_gateway->sessionOpened(session);
        QVERIFY(request(session, "tools/list")->finished.first().contains("Call initialize first"));
        QVERIFY(request(session, "ping")->finished.first().contains("\"result\":{}"));
        QVERIFY(request(session, "no/such")->finished.first().contains("-32601"));
        QVERIFY(!request(session, "initialize", "{\"protocolVersion\":5}")->finished.first().contains("\"result\""));
    }
    void cancellationReachesTheServerWithItsOwnId()
    {
        open({onCall("slow",
                     QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":"
                                    "\"info\",\"data\":\"working\"}}'"))});
        const auto session = openSession();
        const auto reply = request(session, "tools/call", "{\"name\":\"slow__one\"}", "\"mine\"");
        QTRY_VERIFY(!reply->notified.isEmpty());
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"mine\",\"reason\":"
                     "\"enough\"}}");
        QCOMPARE(reply->finished.size(), 1);
        const telemetry::CallRecord* call = record("tools/call");
        QCOMPARE(call->outcome, Outcome::Cancelled);
        QVERIFY(call->errorMessage.contains("enough"));
        const QByteArray upstreamId = call->hops.first().jsonrpcId;
        QTRY_VERIFY(!m_recorder.logLines("notifications/cancelled").isEmpty());
        const QByteArray told = m_recorder.logLines("notifications/cancelled").first();
        QVERIFY2(told.contains("\"requestId\":" + upstreamId) && told.contains("enough"), told.constData());
    }
    void cancellingWhatIsNotOnesOwnDoesNothing()
    {
        open({onCall("slow", QStringLiteral("first=\"$line\"; answer \"$line\" '{\"content\":[]}'"))});
        const auto session = openSession();
        const auto stranger = openSession();
        const auto reply = request(session, "tools/call", "{\"name\":\"slow__one\"}", "7");
        ask(stranger, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}");
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"7\"}}");
        QTRY_COMPARE(reply->finished.size(), 1);
        QVERIFY(reply->finished.first().contains("\"result\""));
        QCOMPARE(record("tools/call")->outcome, Outcome::Ok);
    }
    void progressComesBackWithTheClientsToken()
    {
        open({onCall("busy", QStringLiteral("id=$(printf '%s\\n' \"$line\" | sed 's/.*\"progressToken\":\\([0-9]*\\).*/\\1/'); "
                                            "echo '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                                            "{\"progressToken\":'$id',\"progress\":1}}'; answer \"$line\" '{\"content\":[]}'"))});
        const auto session = openSession();
        const auto reply = request(session, "tools/call", "{\"name\":\"busy__one\",\"_meta\":{\"progressToken\":\"theirs\"}}");
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(reply->notified.size(), 1);
        QCOMPARE(reply->notified.first(), QByteArray("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                                                     "{\"progressToken\":\"theirs\",\"progress\":1}}"));
        QVERIFY(session->sent.isEmpty() || !session->sent.join().contains("notifications/progress"));
        QCOMPARE(record("tools/call")->events.front().name, QByteArray("mcp.progress"));
    }
    void anAnswerThatComesTwiceOrToNobodyReachesNobody()
    {
        open(
            {onCall("odd", QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"id\":987654,\"result\":{\"stray\":1}}'; answer \"$line\" "
                                          "'{\"content\":[\"first\"]}'; answer \"$line\" '{\"content\":[\"second\"]}'"))});
        const auto session = openSession();
        const auto first = request(session, "tools/call", "{\"name\":\"odd__one\"}", "1");
        QTRY_COMPARE(first->finished.size(), 1);
        const auto second = request(session, "tools/call", "{\"name\":\"odd__one\"}", "2");
        QTRY_COMPARE(second->finished.size(), 1);
        QCOMPARE(first->finished.size(), 1);
        QVERIFY(first->finished.first().contains("first") && second->finished.first().contains("first"));
        QVERIFY(first->finished.first().contains("\"id\":1,") && second->finished.first().contains("\"id\":2,"));
        QVERIFY(!session->sent.join().contains("stray"));
    }
    void aChangedListIsAnnouncedAndReadAnew()
    {
        open({onCall("growing",
                     QStringLiteral("tools='{\"tools\":[{\"name\":\"two\",\"inputSchema\":{\"type\":\"object\"}}]}'; echo "
                                    "'{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}'; answer "
                                    "\"$line\" '{\"content\":[]}'"))});
        const auto session = openSession();
        QTRY_VERIFY(allReady());
        session->sent.clear();
        request(session, "tools/call", "{\"name\":\"growing__one\"}");
        const QByteArray announced = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}";
        QTRY_VERIFY(session->sent.contains(announced));
        const auto list = request(session, "tools/list");
        QTRY_COMPARE(list->finished.size(), 1);
        QVERIFY2(list->finished.first().contains("growing__two"), list->finished.first().constData());
    }
    void aSubscriptionIsTheServersToAccept()
    {
        open(
            {subscribable(QStringLiteral("n=$((n+1)); if [ $n -eq 1 ]; then refuse \"$line\"; else answer \"$line\" '{}'; fi"))});
        const auto first = openSession();
        QTRY_VERIFY(allReady());
        const QByteArray params = "{\"uri\":\"a://b\"}";
        const auto refused = request(first, "resources/subscribe", params);
        QTRY_COMPARE(refused->finished.size(), 1);
        QVERIFY2(refused->finished.first().contains("no such resource"), refused->finished.first().constData());
        const auto accepted = request(openSession(), "resources/subscribe", params);
        QTRY_COMPARE(accepted->finished.size(), 1);
        QVERIFY2(accepted->finished.first().contains("\"result\":{}"), accepted->finished.first().constData());
        QTRY_COMPARE(m_recorder.logLines("resources/subscribe").size(), 2);
        // What the server has accepted it is not asked again.
        const auto local = request(openSession(), "resources/subscribe", params);
        QCOMPARE(local->finished.size(), 1);
        QVERIFY(local->finished.first().contains("\"result\":{}"));
    }
    void aSubscriptionThatTheServerLeavesUnansweredIsNobodys()
    {
        open({subscribable(QStringLiteral(":"))});
        const auto first = openSession();
        QTRY_VERIFY(allReady());
        const QByteArray params = "{\"uri\":\"a://b\"}";
        request(first, "resources/subscribe", params, "5");
        QTRY_COMPARE(m_recorder.logLines("resources/subscribe").size(), 1);
        ask(first, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":5}}");
        QTRY_VERIFY(!m_recorder.logLines("resources/unsubscribe").isEmpty());
        const auto second = request(openSession(), "resources/subscribe", params);
        QTRY_COMPARE(m_recorder.logLines("resources/subscribe").size(), 2);
        QVERIFY(second->finished.isEmpty());
    }
    void aListenerIsAcknowledgedWhenTheServerHasAccepted()
    {
        open({subscribable(QStringLiteral("read -r more; answer \"$line\" '{}'"))});
        const auto other = openSession();
        const auto session = openModernSession();
        QTRY_VERIFY(allReady());
        const QByteArray filter = "{\"notifications\":{\"resourceSubscriptions\":[\"a://b\"]}}";
        const auto listen = request(session, "subscriptions/listen", filter);
        QTRY_COMPARE(m_recorder.logLines("resources/subscribe").size(), 1);
        QVERIFY2(listen->notified.isEmpty(), "a change that came now would be missed");
        request(other, "resources/read", "{\"uri\":\"a://b\"}"); // the server goes on
        QTRY_COMPARE(listen->notified.size(), 1);
        QVERIFY2(listen->notified.first().contains("\"resourceSubscriptions\":[\"a://b\"]"),
                 listen->notified.first().constData());
        // What is accepted already holds nobody up.
        const auto second = request(openModernSession(), "subscriptions/listen", filter);
        QCOMPARE(second->notified.size(), 1);
    }
    void aListenerIsNotPromisedWhatTheServerRefuses()
    {
        open({subscribable(QStringLiteral("refuse \"$line\""))});
        const auto session = openModernSession();
        QTRY_VERIFY(allReady());
        const auto listen = request(session, "subscriptions/listen",
                                    "{\"notifications\":{\"resourcesListChanged\":true,\"resourceSubscriptions\":[\"a://b\"]}}");
        QTRY_COMPARE(listen->notified.size(), 1);
        QVERIFY2(!listen->notified.first().contains("a://b"), listen->notified.first().constData());
        QVERIFY(listen->notified.first().contains("acknowledged"));
    }
    void aListenerWhoseServerEndsIsAcknowledgedAllTheSame()
    {
        open({subscribable(QStringLiteral("exit 1"))});
        const auto session = openModernSession();
        QTRY_VERIFY(allReady());
        const auto listen =
            request(session, "subscriptions/listen", "{\"notifications\":{\"resourceSubscriptions\":[\"a://b\"]}}");
        QTRY_COMPARE(listen->notified.size(), 1);
        QVERIFY2(listen->notified.first().contains("a://b"), "it is asked again when it is back");
    }
    void aServersRequestGoesToAClientThatCanAnswerAndBack()
    {
        open({onCall("asking",
                     QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}'; read -r reply; "
                                    "echo \"$reply\" >&2; answer \"$line\" '{\"content\":[]}'"))});
        const auto session = openSession({.capabilities = "{\"roots\":{}}"});
        const auto call = request(session, "tools/call", "{\"name\":\"asking__one\"}");
        QTRY_COMPARE(call->notified.size(), 1);
        json::Document document;
        QVERIFY(document.parse(call->notified.first()));
        const QByteArray id = document.root().find("id").raw().toByteArray();
        ask(openSession({.capabilities = "{\"roots\":{}}"}),
            "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{\"roots\":[\"forged\"]}}");
        ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{\"roots\":[]}}");
        QTRY_COMPARE(call->finished.size(), 1);
        QTRY_VERIFY(!m_recorder.logLines("\"roots\":[]").isEmpty());
        QVERIFY(m_recorder.logLines("\"roots\":[]").first().contains("\"id\":\"q\""));
        QVERIFY(m_recorder.logLines("forged").isEmpty());
    }
    void aCancellationThatNamesNoCallTakesNobodysQuestionAway()
    {
        open({onCall("asking",
                     QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}'; read -r reply; "
                                    "echo \"$reply\" >&2; answer \"$line\" '{\"content\":[]}'"))});
        const auto session = openSession({.capabilities = "{\"roots\":{}}"});
        const auto call = request(session, "tools/call", "{\"name\":\"asking__one\"}");
        QTRY_COMPARE(call->notified.size(), 1);
        ask(openSession(), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":77}}");
        answer(session, call->notified.first(), "{\"roots\":[]}");
        QTRY_COMPARE(call->finished.size(), 1);
        QTRY_VERIFY(!m_recorder.logLines("\"roots\":[]").isEmpty());
    }
    void aRequestThatNoClientCanAnswerIsRefused()
    {
        open({onCall("asking",
                     QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}'; read -r reply; "
                                    "echo \"$reply\" >&2; answer \"$line\" '{\"content\":[]}'"))});
        const auto call = request(openSession(), "tools/call", "{\"name\":\"asking__one\"}");
        QTRY_COMPARE(call->finished.size(), 1);
        QVERIFY(call->notified.isEmpty());
        QTRY_VERIFY(!m_recorder.logLines("-32601").isEmpty());
    }
    void aClientThatLeavesEndsItsCalls()
    {
        open({onCall("slow", QStringLiteral(":"))});
        const auto session = openSession();
        QTRY_VERIFY(allReady());
        const auto reply = request(session, "tools/call", "{\"name\":\"slow__one\"}");
        m_gateway->sessionClosed(session);
        QCOMPARE(record("tools/call")->outcome, Outcome::Cancelled);
        QTRY_VERIFY(!m_recorder.logLines("notifications/cancelled").isEmpty());
        QCOMPARE(m_recorder.sum(MetricId::ActiveSessions, {}), 0.0);
        QCOMPARE(m_recorder.sum(MetricId::ActiveUsers, {}), 0.0);
    }
    void shuttingDownAnswersWhatWaits()
    {
        open({onCall("slow", QStringLiteral(":"))});
        const auto session = openSession();
        QTRY_VERIFY(allReady());
        const auto reply = request(session, "tools/call", "{\"name\":\"slow__one\"}");
        QSignalSpy stopped(m_gateway.get(), &Gateway::stopped);
        m_gateway->shutDown();
        QCOMPARE(reply->finished.size(), 1);
        QVERIFY(reply->finished.first().contains("shutting down"));
        QVERIFY(request(session, "ping")->finished.first().contains("shutting down"));
        QTRY_COMPARE(stopped.count(), 1);
        m_gateway->sessionClosed(session);
        QCOMPARE(m_gateway->holdings().toText(), QByteArray());
        m_gateway.reset();
    }
};

QTEST_GUILESS_MAIN(GatewayTest)
#include "tst_gateway.moc"
