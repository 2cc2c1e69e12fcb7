// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "downstream/bridge_session.h"

#include <QTest>

using namespace oriel;
using namespace oriel::downstream;

namespace {

QByteArray request(const QByteArray& id, const QByteArray& method, const QByteArray& params = "{}")
{
    return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + '}';
}

QByteArray result(const QByteArray& id, const QByteArray& value = "{}")
{
    return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":" + value + '}';
}

const QByteArray kInitialize = request(
    "0", "initialize",
    "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"roots\":{}},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}");
const QByteArray kInitialized = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
const QByteArray kServer =
    "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{\"listChanged\":true},\"resources\":{}},"
    "\"serverInfo\":{\"name\":\"oriel\",\"version\":\"1\"}}";
const QByteArray kMeta = "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                         "\"io.modelcontextprotocol/clientCapabilities\":{}}";

QByteArray listening(const QByteArray& id)
{
    return request(id, "subscriptions/listen",
                   "{\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"a://b\"]}," + kMeta + '}');
}

QByteArray acknowledged(const QByteArray& id)
{
    return "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"_meta\":{"
           "\"io.modelcontextprotocol/subscriptionId\":" +
           id + "},\"notifications\":{\"toolsListChanged\":true,\"resourceSubscriptions\":[\"a://b\"]}}}";
}

/// A client with a session of 2025-11-25 that stands.
struct OpenSession {
    OpenSession()
    {
        (void)bridge.connected();
        (void)bridge.fromClient(kInitialize);
        (void)bridge.fromOriel(result("0", kServer));
        (void)bridge.fromClient(kInitialized);
    }
    /// The next Oriel answers the repeated initialize.
    BridgeSession::Output reopen()
    {
        const auto opening = bridge.connected();
        Q_ASSERT(opening.toOriel.size() == 1);
        return bridge.fromOriel(result("\"oriel-bridge:initialize\"", kServer));
    }
    ManualClock clock;
    BridgeSession bridge{clock};
};

} // namespace

/// What a bridge says to both ends when its Oriel goes away and another comes.
class BridgeSessionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void frameAreLeftAsTheyAreWhileTheLinkStands()
    {
        OpenSession open;
        const QByteArray call =
            request("\"c-1\"", "tools/call", "{\"name\":\"echo\",\"arguments\":{\"n\":12345678901234567890}}");
        QCOMPARE(open.bridge.fromClient(call).toOriel, QByteArrayList{call});
        const QByteArray answer = result("\"c-1\"", "{\"content\":[] }");
        QCOMPARE(open.bridge.fromOriel(answer).toClient, QByteArrayList{answer});
        QCOMPARE(open.bridge.fromClient("{broken").toOriel, QByteArrayList{"{broken"});
    }
    void whatIsAskedBeforeThereIsAnOrielWaitsForIt()
    {
        ManualClock clock;
        BridgeSession bridge(clock);
        QVERIFY(bridge.fromClient(kInitialize).toOriel.isEmpty());
        QVERIFY(bridge.nextDeadlineNs().has_value());
        QCOMPARE(bridge.connected().toOriel, QByteArrayList{kInitialize});
        QVERIFY(!bridge.nextDeadlineNs().has_value());
    }
    void requestsUnderWayEndWithAnErrorInTheirOrder()
    {
        OpenSession open;
        for (const char* id : {"7", "\"b\"", "3"})
            (void)open.bridge.fromClient(request(id, "tools/call", "{\"name\":\"echo\"}"));
        (void)open.bridge.fromOriel(result("\"b\""));
        const auto ended = open.bridge.lost();
        QCOMPARE(ended.toClient.size(), 2);
        QVERIFY(ended.toClient.at(0).contains("\"id\":7") && ended.toClient.at(1).contains("\"id\":3"));
        QVERIFY(ended.toClient.at(0).contains("-32000") && ended.toClient.at(0).contains("Oriel ended while it worked"));
        QVERIFY(open.bridge.lost().toClient.isEmpty());
    }
    void theNextOrielHearsWhatTheClientSaidOfItself()
    {
        OpenSession open;
        (void)open.bridge.fromClient(request("1", "logging/setLevel", "{\"level\":\"warning\"}"));
        (void)open.bridge.fromOriel(result("1"));
        for (const char* uri : {"a://1", "a://2"}) {
            (void)open.bridge.fromClient(request("2", "resources/subscribe", "{\"uri\":\"" + QByteArray(uri) + "\"}"));
            (void)open.bridge.fromOriel(result("2"));
        }
        (void)open.bridge.fromClient(request("3", "resources/unsubscribe", "{\"uri\":\"a://1\"}"));
        (void)open.bridge.fromOriel(result("3"));
        (void)open.bridge.lost();
        const auto opening = open.bridge.connected();
        QCOMPARE(opening.toOriel,
                 QByteArrayList{QByteArray(kInitialize).replace("\"id\":0", "\"id\":\"oriel-bridge:initialize\"")});
        const auto opened = open.bridge.fromOriel(result("\"oriel-bridge:initialize\"", kServer));
        QCOMPARE(opened.toOriel.size(), 3);
        QCOMPARE(opened.toOriel.at(0), kInitialized);
        QVERIFY(opened.toOriel.at(1).contains("\"warning\""));
        QVERIFY(opened.toOriel.at(2).contains("resources/subscribe") && opened.toOriel.at(2).contains("a://2"));
        QCOMPARE(opened.toClient.size(), 2);
        QVERIFY(opened.toClient.at(0).contains("notifications/tools/list_changed"));
        QVERIFY(opened.toClient.at(1).contains("notifications/resources/updated") && opened.toClient.at(1).contains("a://2"));
        QVERIFY(open.bridge.fromOriel(result("\"oriel-bridge:1\"")).toClient.isEmpty());
        QVERIFY(open.bridge.fromOriel(result("\"oriel-bridge:2\"")).toClient.isEmpty());
    }
    void requestsOfAnAbsentOrielAreSentOnceTheSessionStandsAgain()
    {
        OpenSession open;
        (void)open.bridge.lost();
        const QByteArray first = request("5", "tools/list");
        const QByteArray second = request("6", "tools/call", "{\"name\":\"echo\"}");
        QVERIFY(open.bridge.fromClient(first).toOriel.isEmpty());
        const auto opening = open.bridge.connected();
        QCOMPARE(opening.toOriel.size(), 1);
        QVERIFY(open.bridge.fromClient(second).toOriel.isEmpty());
        const auto opened = open.bridge.fromOriel(result("\"oriel-bridge:initialize\"", kServer));
        QCOMPARE(opened.toOriel, (QByteArrayList{kInitialized, first, second}));
        QVERIFY(open.bridge.lost().toClient.size() == 2);
    }
    void whatWaitsTooLongEndsWithAnErrorAndOnlyThat()
    {
        OpenSession open;
        (void)open.bridge.lost();
        (void)open.bridge.fromClient(request("5", "tools/list"));
        open.clock.advanceNs(BridgeSession::kWaitNs / 2);
        (void)open.bridge.fromClient(request("6", "tools/list"));
        open.clock.advanceNs(BridgeSession::kWaitNs / 2);
        const auto expired = open.bridge.expire();
        QCOMPARE(expired.toClient.size(), 1);
        QVERIFY(expired.toClient.first().contains("\"id\":5") && expired.toClient.first().contains("15 seconds"));
        QCOMPARE(open.reopen().toOriel.size(), 2);
    }
    void whatIsCancelledWhileItWaitsIsNeverSent()
    {
        OpenSession open;
        (void)open.bridge.lost();
        (void)open.bridge.fromClient(request("5", "tools/list"));
        (void)open.bridge.fromClient("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":5}}");
        QCOMPARE(open.reopen().toOriel, QByteArrayList{kInitialized});
    }
    void tooMuchThatWaitsIsRefusedAtOnce()
    {
        OpenSession open;
        (void)open.bridge.lost();
        for (std::size_t i = 0; i < BridgeSession::kMaxWaiting; ++i)
            QVERIFY(open.bridge.fromClient(request(QByteArray::number(qulonglong(i + 10)), "tools/list")).toClient.isEmpty());
        const auto refused = open.bridge.fromClient(request("5", "tools/list"));
        QCOMPARE(refused.toClient.size(), 1);
        QVERIFY(refused.toClient.first().contains("\"id\":5"));
    }
    void questionsOfAnOrielThatIsGoneAreWithdrawnAndTheirAnswersDropped()
    {
        OpenSession open;
        QCOMPARE(open.bridge.fromOriel(request("1", "roots/list")).toClient, QByteArrayList{request("1", "roots/list")});
        const auto ended = open.bridge.lost();
        QCOMPARE(ended.toClient.size(), 1);
        QVERIFY(ended.toClient.first().contains("notifications/cancelled") && ended.toClient.first().contains("\"requestId\":1"));
        (void)open.reopen();
        const auto asked = open.bridge.fromOriel(request("1", "roots/list"));
        QVERIFY(asked.toClient.first().contains("\"id\":\"oriel-1:1\""));
        QVERIFY(open.bridge.fromClient(result("1", "{\"roots\":[]}")).toOriel.isEmpty());
        QCOMPARE(open.bridge.fromClient(result("\"oriel-1:1\"", "{\"roots\":[]}")).toOriel,
                 QByteArrayList{result("1", "{\"roots\":[]}")});
        QVERIFY(open.bridge.fromClient(result("\"oriel-1:1\"", "{\"roots\":[]}")).toOriel.isEmpty());
    }
    void listeningGoesOnUnderTheSameIdAndIsAcknowledgedOnce()
    {
        ManualClock clock;
        BridgeSession bridge(clock);
        (void)bridge.connected();
        const QByteArray listen = listening("\"l\"");
        QCOMPARE(bridge.fromClient(listen).toOriel, QByteArrayList{listen});
        QCOMPARE(bridge.fromOriel(acknowledged("\"l\"")).toClient.size(), 1);
        (void)bridge.fromClient(request("9", "tools/call", "{\"name\":\"echo\"," + kMeta + '}'));
        const auto ended = bridge.lost();
        QCOMPARE(ended.toClient.size(), 1);
        QVERIFY(ended.toClient.first().contains("\"id\":9"));
        QCOMPARE(bridge.connected().toOriel, QByteArrayList{listen});
        const auto again = bridge.fromOriel(acknowledged("\"l\""));
        QCOMPARE(again.toClient.size(), 2);
        QVERIFY(again.toClient.at(0).contains("notifications/tools/list_changed") &&
                again.toClient.at(0).contains("\"io.modelcontextprotocol/subscriptionId\":\"l\""));
        QVERIFY(again.toClient.at(1).contains("notifications/resources/updated") && again.toClient.at(1).contains("a://b"));
        QCOMPARE(bridge.fromOriel(result("\"l\"")).toClient.size(), 1);
        (void)bridge.lost();
        QVERIFY(bridge.connected().toOriel.isEmpty());
    }
    void anInitializeThatWasNotAnsweredIsAskedAgain()
    {
        ManualClock clock;
        BridgeSession bridge(clock);
        (void)bridge.connected();
        (void)bridge.fromClient(kInitialize);
        QVERIFY(bridge.lost().toClient.isEmpty());
        QCOMPARE(bridge.connected().toOriel, QByteArrayList{kInitialize});
        QCOMPARE(bridge.fromOriel(result("0", kServer)).toClient, QByteArrayList{result("0", kServer)});
    }
    void anotherRevisionEndsTheBridge()
    {
        OpenSession open;
        (void)open.bridge.lost();
        (void)open.bridge.fromClient(request("5", "tools/list"));
        (void)open.bridge.connected();
        const auto opened =
            open.bridge.fromOriel(result("\"oriel-bridge:initialize\"", QByteArray(kServer).replace("2025-11-25", "2025-06-18")));
        QVERIFY(opened.failure.contains("2025-06-18"));
        QCOMPARE(open.bridge.giveUp("gone").toClient.size(), 1);
    }
    void aRequestThatFoundNoSessionIsSentAgainInTheNextOne()
    {
        OpenSession open;
        const QByteArray call = request("5", "tools/call", "{\"name\":\"echo\"}");
        (void)open.bridge.fromClient(call);
        const QByteArray other = request("6", "tools/list");
        (void)open.bridge.fromClient(other);
        const auto ended = open.bridge.notLookedAt(mcp::RequestId(5));
        QVERIFY(open.bridge.isAway());
        QCOMPARE(ended.toClient.size(), 1);
        QVERIFY(ended.toClient.first().contains("\"id\":6"));
        QCOMPARE(open.reopen().toOriel, (QByteArrayList{kInitialized, call}));
    }
    void aBatchIsAnsweredForEachOfItsRequests()
    {
        OpenSession open;
        const QByteArray batch = '[' + request("5", "ping") + ',' + kInitialized + ',' + request("6", "ping") + ']';
        QCOMPARE(open.bridge.fromClient(batch).toOriel, QByteArrayList{batch});
        (void)open.bridge.fromOriel('[' + result("5") + ']');
        QCOMPARE(open.bridge.lost().toClient.size(), 1);
    }
    void brokenInputIsAnsweredHereWhileNobodyElseCan()
    {
        ManualClock clock;
        BridgeSession bridge(clock);
        const auto answered = bridge.fromClient("{nonsense");
        QCOMPARE(answered.toClient.size(), 1);
        QVERIFY(answered.toClient.first().contains("-32700"));
    }
};

QTEST_GUILESS_MAIN(BridgeSessionTest)
#include "tst_bridge_session.moc"
