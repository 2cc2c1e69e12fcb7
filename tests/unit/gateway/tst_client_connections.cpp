// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;

namespace {

const QString kName = QStringLiteral("notes");

/// A server that offers a tool more to a client with roots, tells its process id in every result, and keeps to stderr what it is
/// sent. `onCall` runs for each tools/call, whose line is in $line.
config::Server perClient(const QString& onCall = QStringLiteral("say \"$line\""))
{
    config::Server server = scriptServer(
        QStringLiteral(
            "say() { answer \"$1\" \"{\\\"content\\\":[{\\\"type\\\":\\\"text\\\",\\\"text\\\":\\\"process $$\\\"}]}\"; }\n"
            "initialized='{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{\"listChanged\":true},"
            "\"resources\":{\"subscribe\":true},\"logging\":{}},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}'\n"
            "read -r line; echo \"$line\" >&2; answer \"$line\" \"$initialized\"\n"
            "case \"$line\" in *roots*) tools='{\"tools\":[{\"name\":\"one\",\"inputSchema\":{\"type\":\"object\"}},"
            "{\"name\":\"two\",\"inputSchema\":{\"type\":\"object\"}}]}';; esac\n"
            "read -r line\n"
            "while read -r line; do\ncase \"$line\" in\n"
            "*tools/list*) answer \"$line\" \"$tools\";;\n"
            "*templates/list*) answer \"$line\" '{\"resourceTemplates\":[]}';;\n"
            "*resources/list*) answer \"$line\" '{\"resources\":[{\"uri\":\"a://b\",\"name\":\"b\"}]}';;\n"
            "*resources/subscribe*) answer \"$line\" '{}'; echo '{\"jsonrpc\":\"2.0\",\"method\":"
            "\"notifications/resources/updated\",\"params\":{\"uri\":\"a://b\"}}';;\n"
            "*logging/setLevel*) echo \"$line\" >&2; answer \"$line\" '{}';;\n"
            "*tools/call*) ") +
        onCall + QStringLiteral(" ;;\n*) echo \"$line\" >&2;;\nesac\ndone"));
    server.name = kName;
    server.connection = config::ConnectionMode::PerClient;
    return server;
}

QString asksForRoots()
{
    return QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}'; say \"$line\"");
}

} // namespace

/// Clients with a connection of their own, each to a real process.
class ClientConnectionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachClientIsShownWhatTheServerOffersToItsOwnCapabilities()
    {
        GatewayHarness fixture({perClient()});
        const auto plain = fixture.openSession();
        const auto able = fixture.openSession({.capabilities = "{\"roots\":{}}"});
        const auto plainList = fixture.request(plain, "tools/list");
        const auto ableList = fixture.request(able, "tools/list");
        QTRY_COMPARE(plainList->finished.size(), 1);
        QTRY_COMPARE(ableList->finished.size(), 1);
        QVERIFY2(!plainList->finished.first().contains("notes__two"), plainList->finished.first().constData());
        QVERIFY2(ableList->finished.first().contains("notes__two"), ableList->finished.first().constData());
        QCOMPARE(fixture.clientConnections(kName), 2);
        const auto used = fixture.call(able, "notes__two");
        QTRY_COMPARE(used->finished.size(), 1);
        QVERIFY2(used->finished.first().contains("process"), used->finished.first().constData());
        QCOMPARE(fixture.gateway().tools().size(), std::size_t(2)); // what any of them is offered
    }
    void theServerIsToldExactlyWhatThatClientCanDoAndForWhom()
    {
        GatewayHarness fixture({perClient()});
        QTRY_VERIFY(fixture.isReady(kName));
        QTRY_COMPARE(fixture.recorder().logLines("\"capabilities\":{}").size(), 1);
        const auto client = fixture.openSession(
            {.capabilities = "{\"elicitation\":{\"url\":{}},\"sampling\":{},\"tasks\":{\"list\":{}},"
                             "\"experimental\":{\"x\":{}},\"extensions\":{\"io.modelcontextprotocol/ui\":{\"a\":1}}}",
             .name = "painter"});
        fixture.request(client, "tools/list");
        QTRY_COMPARE(fixture.recorder().logLines("\"initialize\"").size(), 2);
        json::Document document;
        const QByteArray told = fixture.recorder().logLines("\"initialize\"").last();
        QVERIFY(document.parse(told));
        const json::Value params = document.root().find("params");
        const auto capabilities = mcp::ClientCapabilities::parse(params.find("capabilities"));
        QVERIFY(capabilities.sampling && !capabilities.samplingTools && capabilities.elicitationUrl);
        QVERIFY(!capabilities.elicitationForm && !capabilities.roots && !capabilities.tasks &&
                capabilities.experimental.isEmpty());
        QCOMPARE(capabilities.extensions.value("io.modelcontextprotocol/ui"), QByteArray("{\"a\":1}"));
        QCOMPARE(params.find("clientInfo").find("name").asUtf8(), QByteArray("oriel"));
        QVERIFY(params.find("clientInfo").find("title").asUtf8().contains("painter"));
    }
    void callsOfOneClientGoToItsOwnProcess()
    {
        GatewayHarness fixture({perClient()});
        const auto first = fixture.openSession();
        const auto second = fixture.openSession();
        const auto ofFirst = fixture.call(first, "notes__one");
        const auto ofSecond = fixture.call(second, "notes__one");
        QTRY_COMPARE(ofFirst->finished.size(), 1);
        QTRY_COMPARE(ofSecond->finished.size(), 1);
        QVERIFY(ofFirst->finished.first() != ofSecond->finished.first());
        const auto again = fixture.call(first, "notes__one");
        QTRY_COMPARE(again->finished.size(), 1);
        QCOMPARE(again->finished.first(), ofFirst->finished.first());
    }
    void aServersRequestReachesTheClientWhoseProcessItIsAndNoOther()
    {
        GatewayHarness fixture({perClient(asksForRoots())});
        const auto owner = fixture.openSession({.capabilities = "{\"roots\":{}}"});
        const auto other = fixture.openSession({.capabilities = "{\"roots\":{}}"});
        const auto unable = fixture.openSession();
        const auto list = fixture.request(other, "tools/list");
        QTRY_COMPARE(list->finished.size(), 1);
        const auto call = fixture.call(owner, "notes__one");
        QTRY_COMPARE(call->notified.size(), 1);
        QVERIFY(call->notified.first().contains("roots/list"));
        fixture.answer(other, call->notified.first(), "{\"roots\":[\"forged\"]}");
        fixture.answer(owner, call->notified.first(), "{\"roots\":[\"mine\"]}");
        QTRY_COMPARE(fixture.recorder().logLines("mine").size(), 1);
        QVERIFY(fixture.recorder().logLines("forged").isEmpty());
        const auto refused = fixture.call(unable, "notes__one");
        QTRY_COMPARE(refused->finished.size(), 1);
        QTRY_COMPARE(fixture.recorder().logLines("-32601").size(), 1);
        QVERIFY(refused->notified.isEmpty() && other->sent.join().indexOf("roots/list") < 0);
        QVERIFY(owner->sent.join().indexOf("roots/list") < 0);
    }
    void updatesAndLevelsAreTheClientsOwn()
    {
        GatewayHarness fixture({perClient()});
        const auto watcher = fixture.openSession();
        const auto other = fixture.openSession();
        const auto subscribed = fixture.request(watcher, "resources/subscribe", "{\"uri\":\"a://b\"}");
        const auto alsoUsed = fixture.call(other, "notes__one");
        QTRY_COMPARE(subscribed->finished.size(), 1);
        QTRY_COMPARE(alsoUsed->finished.size(), 1);
        QTRY_VERIFY(watcher->sent.join().contains("notifications/resources/updated"));
        QVERIFY(!other->sent.join().contains("notifications/resources/updated"));
        fixture.request(watcher, "logging/setLevel", "{\"level\":\"debug\"}");
        QTRY_COMPARE(fixture.recorder().logLines("logging/setLevel").size(), 1);
        fixture.request(other, "logging/setLevel", "{\"level\":\"error\"}");
        QTRY_COMPARE(fixture.recorder().logLines("logging/setLevel").size(), 2);
        QVERIFY(fixture.recorder().logLines("logging/setLevel").last().contains("error"));
    }
    void aChangeOfRootsIsToldToTheClientsOwnProcessAlone()
    {
        GatewayHarness fixture({perClient()});
        const auto one = fixture.openSession({.capabilities = "{\"roots\":{\"listChanged\":true}}"});
        const auto two = fixture.openSession({.capabilities = "{\"roots\":{\"listChanged\":true}}"});
        for (const auto& client : {one, two}) {
            const auto list = fixture.request(client, "tools/list");
            QTRY_COMPARE(list->finished.size(), 1);
        }
        fixture.notify(one, "notifications/roots/list_changed");
        QTRY_COMPARE(fixture.recorder().logLines("roots/list_changed").size(), 1);
        const auto settled = fixture.call(two, "notes__one");
        QTRY_COMPARE(settled->finished.size(), 1);
        QCOMPARE(fixture.recorder().logLines("roots/list_changed").size(), 1);
    }
    void aClientThatLeavesTakesItsProcessWithIt()
    {
        GatewayHarness fixture({perClient()});
        const auto client = fixture.openSession();
        const auto call = fixture.call(client, "notes__one");
        QTRY_COMPARE(call->finished.size(), 1);
        QTRY_COMPARE(fixture.recorder().sum(telemetry::MetricId::ActiveConnections, "notes"), 2.0);
        fixture.leave(client);
        QCOMPARE(fixture.clientConnections(kName), 0);
        QTRY_COMPARE(fixture.recorder().sum(telemetry::MetricId::ActiveConnections, "notes"), 1.0);
        QVERIFY(fixture.isReady(kName));
        QTRY_VERIFY2(fixture.gateway().holdings().isEmpty(), fixture.gateway().holdings().toText().constData());
    }
    void aConnectionThatNobodyUsesEndsAndTheNextCallMakesAnother()
    {
        config::Server server = perClient();
        server.connectionIdle = std::chrono::milliseconds(1);
        GatewayHarness fixture({server});
        const auto client = fixture.openSession({.capabilities = "{\"roots\":{}}"});
        const auto first = fixture.call(client, "notes__one");
        QTRY_COMPARE(first->finished.size(), 1);
        QTRY_COMPARE(fixture.clientConnections(kName), 0);
        // What the client was shown is still there to be called.
        const auto second = fixture.call(client, "notes__one");
        QTRY_COMPARE(second->finished.size(), 1);
        QVERIFY(second->finished.first().contains("process"));
        QVERIFY(second->finished.first() != first->finished.first());
    }
    void aSubscribedConnectionIsNotIdle()
    {
        config::Server server = perClient();
        server.connectionIdle = std::chrono::milliseconds(1);
        GatewayHarness fixture({server});
        const auto idle = fixture.openSession();
        const auto watcher = fixture.openSession();
        const auto subscribed = fixture.request(watcher, "resources/subscribe", "{\"uri\":\"a://b\"}");
        QTRY_COMPARE(subscribed->finished.size(), 1);
        const auto call = fixture.call(idle, "notes__one");
        QTRY_COMPARE(call->finished.size(), 1);
        QTRY_COMPARE(fixture.clientConnections(kName), 1);
        fixture.leave(watcher);
        QCOMPARE(fixture.clientConnections(kName), 0);
    }
    void beyondTheLimitACallIsRefusedAndTheListHasWhatEverybodyIsOffered()
    {
        config::Server server = perClient();
        server.maxConnections = 1;
        GatewayHarness fixture({server});
        QTRY_VERIFY(fixture.isReady(kName));
        const auto first = fixture.openSession();
        const auto used = fixture.call(first, "notes__one");
        QTRY_COMPARE(used->finished.size(), 1);
        const auto second = fixture.openSession();
        const auto refused = fixture.call(second, "notes__one");
        QCOMPARE(refused->finished.size(), 1);
        QVERIFY2(refused->finished.first().contains("raise maxConnections"), refused->finished.first().constData());
        const auto list = fixture.request(second, "tools/list");
        QTRY_COMPARE(list->finished.size(), 1);
        QVERIFY(list->finished.first().contains("notes__one"));
        // A client that has hung up and waits for nothing makes room.
        first->reachable = false;
        const auto served = fixture.call(second, "notes__one");
        QTRY_COMPARE(served->finished.size(), 1);
        QVERIFY2(served->finished.first().contains("process"), served->finished.first().constData());
        QCOMPARE(fixture.clientConnections(kName), 1);
    }
    void aClientOf20260728HasItsOwnAsLong()
    {
        GatewayHarness fixture({perClient()});
        const auto modern = fixture.openModern("{\"roots\":{}}");
        const auto list = fixture.request(modern, "tools/list");
        QTRY_COMPARE(list->finished.size(), 1);
        QVERIFY2(list->finished.first().contains("notes__two"), list->finished.first().constData());
        QCOMPARE(fixture.clientConnections(kName), 1);
        fixture.leave(modern);
        QCOMPARE(fixture.clientConnections(kName), 0);
    }
    void restartingTheServerRestartsEveryConnection()
    {
        GatewayHarness fixture({perClient()});
        const auto client = fixture.openSession();
        const auto before = fixture.call(client, "notes__one");
        QTRY_COMPARE(before->finished.size(), 1);
        fixture.gateway().restartServer("notes");
        const auto after = fixture.call(client, "notes__one");
        QTRY_COMPARE(after->finished.size(), 1);
        QVERIFY(after->finished.first().contains("process") && after->finished.first() != before->finished.first());
        QCOMPARE(fixture.clientConnections(kName), 1);
    }
    void aChangedConfigurationRetiresEveryConnectionAndAnUnchangedOneNone()
    {
        GatewayHarness fixture({perClient()});
        const auto client = fixture.openSession();
        const auto before = fixture.call(client, "notes__one");
        QTRY_COMPARE(before->finished.size(), 1);
        config::Server second = perClient();
        second.name = QStringLiteral("another");
        fixture.apply({second, perClient()});
        const auto same = fixture.call(client, "notes__one");
        QTRY_COMPARE(same->finished.size(), 1);
        QCOMPARE(same->finished.first(), before->finished.first());
        config::Server changed = perClient();
        changed.env.insert(QStringLiteral("X"), QStringLiteral("1"));
        fixture.apply({second, changed});
        QCOMPARE(fixture.clientConnections(kName), 0);
        const auto fresh = fixture.call(client, "notes__one");
        QTRY_COMPARE(fresh->finished.size(), 1);
        QVERIFY(fresh->finished.first() != before->finished.first());
        changed.connection = config::ConnectionMode::Shared;
        fixture.apply({second, changed});
        const auto shared = fixture.call(client, "notes__one");
        QTRY_COMPARE(shared->finished.size(), 1);
        QCOMPARE(fixture.clientConnections(kName), 0);
    }
    void aCallThatWaitsWhenItsConnectionIsRetiredIsAnswered()
    {
        GatewayHarness fixture({perClient(QStringLiteral("echo waiting >&2"))});
        const auto client = fixture.openSession();
        const auto call = fixture.call(client, "notes__one");
        QTRY_COMPARE(fixture.recorder().logLines("waiting").size(), 1);
        fixture.apply({});
        QCOMPARE(call->finished.size(), 1);
        QVERIFY2(call->finished.first().contains("configuration changed"), call->finished.first().constData());
    }
    void shuttingDownWaitsForEveryProcess()
    {
        GatewayHarness fixture({perClient()});
        for (int i = 0; i < 3; ++i) {
            const auto call = fixture.call(fixture.openSession(), "notes__one");
            QTRY_COMPARE(call->finished.size(), 1);
        }
        QSignalSpy stopped(&fixture.gateway(), &Gateway::stopped);
        fixture.gateway().shutDown();
        QTRY_COMPARE(stopped.count(), 1);
        QCOMPARE(fixture.recorder().sum(telemetry::MetricId::ActiveConnections, "notes"), 0.0);
    }
    void theErasVerdictIsForgottenAndFoundOutAgain()
    {
        GatewayHarness fixture({perClient()});
        QTRY_VERIFY(fixture.isReady(kName));
        const auto client = fixture.openSession();
        const auto call = fixture.call(client, "notes__one");
        QTRY_COMPARE(call->finished.size(), 1);
        fixture.gateway().checkEraAgain("notes");
        QCOMPARE(fixture.clientConnections(kName), 0);
        QTRY_VERIFY(fixture.isReady(kName));
        QCOMPARE(fixture.status(kName).era, config::Era::Legacy);
        QVERIFY(fixture.status(kName).eraCheckedUnixNs > 0);
    }
};

QTEST_GUILESS_MAIN(ClientConnectionsTest)
#include "tst_client_connections.moc"
