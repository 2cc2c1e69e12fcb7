// SPDX-License-Identifier: GPL-3.0-or-later
#include "../upstream/upstream_fixture.h"
#include "gateway_fixture.h"

#include <QSignalSpy>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using telemetry::MetricId;
using telemetry::Outcome;

namespace {

config::Server named(config::Server server, const char* name)
{
    server.name = QString::fromLatin1(name);
    return server;
}

/// A server that runs `lines` for each tools/call, whose line is in $line.
config::Server onCall(const char* name, const QString& lines)
{
    return named(
        scriptServer(QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" "
                                    "\"$tools\";;\n*tools/call*) ") +
                     lines + QStringLiteral(" ;;\n*) echo \"$line\" >&2;;\nesac\ndone")),
        name);
}

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
class GatewayTest : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    std::unique_ptr<Gateway> m_gateway;

    void open(const QList<config::Server>& servers)
    {
        m_gateway =
            std::make_unique<Gateway>(Gateway::Dependencies{systemClock(), systemRandom(), m_recorder, quickContext(m_recorder)});
        config::Config configuration;
        configuration.servers = servers;
        QVERIFY(m_gateway->apply(configuration));
    }
    void openTwoEchoes()
    {
        const config::Server echo = programServer(builtProgram(QStringLiteral("oriel-echo-server")));
        open({named(echo, "alpha"), named(echo, "beta")});
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
        incoming.startUnixNs = systemClock().unixNs();
        auto reply = std::make_shared<KeptReply>();
        if (read->isRequest())
            incoming.reply = reply;
        m_gateway->handleMessage(std::move(incoming));
        return reply;
    }
    std::shared_ptr<KeptReply> request(const std::shared_ptr<KeptSession>& session, const QByteArray& method,
                                       const QByteArray& params = "{}", const QByteArray& id = "\"id-1\"")
    {
        return ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + '}');
    }
    std::shared_ptr<KeptSession> openSession(const QByteArray& server = {}, const QByteArray& capabilities = "{}")
    {
        auto session = std::make_shared<KeptSession>();
        session->server = server;
        session->client = std::make_shared<telemetry::ClientContext>();
        m_gateway->sessionOpened(session);
        request(session, "initialize",
                "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":" + capabilities +
                    ",\"clientInfo\":{\"name\":\"tester\",\"version\":\"1\"}}");
        return session;
    }
    [[nodiscard]] bool allReady() const
    {
        const auto statuses = m_gateway->serverStatuses();
        return std::all_of(statuses.cbegin(), statuses.cend(),
                           [](const auto& status) { return status.state == upstream::ServerState::Ready; });
    }
    [[nodiscard]] const telemetry::CallRecord* record(QByteArrayView method) const
    {
        const auto it = std::find_if(m_recorder.calls.crbegin(), m_recorder.calls.crend(),
                                     [&](const auto& call) { return QByteArrayView(call.method) == method; });
        return it == m_recorder.calls.crend() ? nullptr : &*it;
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup()
    {
        if (m_gateway == nullptr)
            return;
        // Clients that leave take everything with them, and so does the end of the gateway.
        const auto sessions = m_gateway->sessions();
        for (const auto& session : sessions)
            m_gateway->sessionClosed(session);
        QTRY_COMPARE(m_gateway->holdings().toText(), QByteArray());
        QSignalSpy stopped(m_gateway.get(), &Gateway::stopped);
        m_gateway->shutDown();
        QTRY_COMPARE(stopped.count(), 1);
        QCOMPARE(m_gateway->holdings().toText(), QByteArray());
        m_gateway.reset();
    }

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
        const auto session = openSession("beta");
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
        const auto session = openSession("beta");
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
    void aServersRequestGoesToAClientThatCanAnswerAndBack()
    {
        open({onCall("asking",
                     QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}'; read -r reply; "
                                    "echo \"$reply\" >&2; answer \"$line\" '{\"content\":[]}'"))});
        const auto session = openSession({}, "{\"roots\":{}}");
        const auto call = request(session, "tools/call", "{\"name\":\"asking__one\"}");
        QTRY_COMPARE(call->notified.size(), 1);
        json::Document document;
        QVERIFY(document.parse(call->notified.first()));
        const QByteArray id = document.root().find("id").raw().toByteArray();
        ask(openSession({}, "{\"roots\":{}}"), "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{\"roots\":[\"forged\"]}}");
        ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{\"roots\":[]}}");
        QTRY_COMPARE(call->finished.size(), 1);
        QTRY_VERIFY(!m_recorder.logLines("\"roots\":[]").isEmpty());
        QVERIFY(m_recorder.logLines("\"roots\":[]").first().contains("\"id\":\"q\""));
        QVERIFY(m_recorder.logLines("forged").isEmpty());
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
