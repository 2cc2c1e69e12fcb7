// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/line_endpoint.h"
#include "downstream_fixture.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QTest>

using namespace oriel;
using namespace oriel::downstream;
using namespace oriel::downstream::test;

namespace {

/// A bridge's socket, and the endpoint at its other end.
struct LineFixture {
    explicit LineFixture(const LineEndpoint::Greeting& greeting = {}, qint64 maxQueuedBytes = LineEndpoint::kMaxQueuedBytes)
        : endpoint({clock, random, handler}, maxQueuedBytes)
    {
        QObject::connect(&server, &QLocalServer::newConnection, &server,
                         [this, greeting] { endpoint.serve(server.nextPendingConnection(), greeting); });
        QObject::connect(&client, &QLocalSocket::readyRead, &client, [this] { received += client.readAll(); });
        connected = server.listen(directory.filePath(QStringLiteral("s")));
        client.connectToServer(server.fullServerName());
        connected = connected && spinUntil([this] { return endpoint.sessions().size() == 1; });
    }
    void send(const QByteArray& bytes)
    {
        client.write(bytes);
        client.flush();
    }
    [[nodiscard]] QList<QByteArray> lines() const
    {
        QList<QByteArray> all = received.split('\n');
        all.removeLast();
        return all;
    }

    QTemporaryDir directory;
    SystemClock clock;
    SystemRandom random;
    KeepingHandler handler;
    QLocalServer server;
    LineEndpoint endpoint;
    QLocalSocket client;
    QByteArray received;
    bool connected = false;
};

} // namespace

class LineEndpointTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aConnectionIsASessionFromItsGreetingToItsEnd()
    {
        LineFixture fixture({"alone", 4711});
        QVERIFY(fixture.connected);
        const auto session = fixture.handler.opened.first();
        QCOMPARE(session->server, QByteArray("alone"));
        QCOMPARE(session->client->pid, 4711);
        QCOMPARE(session->client->transport, telemetry::Transport::Stdio);
        QCOMPARE(session->client->projectId, QByteArray("default"));
        QVERIFY(session->isReachable());
        fixture.client.disconnectFromServer();
        QTRY_COMPARE(fixture.handler.closed, fixture.handler.opened);
        QVERIFY(fixture.endpoint.sessions().isEmpty());
        QVERIFY(!session->isReachable());
        session->send("late");
    }
    void oneLineIsOneMessageWhereverItIsCut()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        fixture.send(kPing.first(20));
        QVERIFY(spinUntil([&] { return fixture.client.bytesToWrite() == 0; }));
        fixture.send(kPing.sliced(20) + "\r\n\n  \n" + QByteArray(kPing).replace("\"id\":1", "\"id\":2") + '\n');
        QTRY_COMPARE(fixture.lines().size(), 2);
        QCOMPARE(fixture.lines().first(), QByteArray("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"done\":true}}"));
        QVERIFY(fixture.lines().last().contains("\"id\":2"));
        const Incoming& incoming = fixture.handler.messages.front();
        QVERIFY(!incoming.reply->isHttp() && incoming.reply->isOpen());
        QCOMPARE(incoming.requestId.size(), 26);
    }
    void aMalformedLineIsAnsweredAndTheNextOneServed()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        fixture.send("{\"jsonrpc\":\n{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\",\"id\":6}\n" + kPing + '\n');
        QTRY_COMPARE(fixture.lines().size(), 3);
        QVERIFY(fixture.lines().at(0).contains("\"id\":null") && fixture.lines().at(0).contains("-32700"));
        QVERIFY(fixture.lines().at(1).contains("-32600"));
        QVERIFY(fixture.lines().at(2).contains("\"done\":true"));
        QCOMPARE(fixture.handler.messages.size(), std::size_t(1));
    }
    void batchesAreForTheOneRevisionThatHasThem()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        fixture.send('[' + kPing + "]\n");
        QTRY_COMPARE(fixture.lines().size(), 1);
        QVERIFY(fixture.lines().first().contains("\"error\""));
        fixture.handler.opened.first()->revision = mcp::Revision::V2025_03_26;
        fixture.send('[' + kPing + ",{\"id\":3}]\n");
        QTRY_COMPARE(fixture.lines().size(), 2);
        QVERIFY(fixture.lines().last().startsWith('[') && fixture.lines().last().endsWith(']'));
        QVERIFY(fixture.lines().last().contains("\"done\":true") && fixture.lines().last().contains("\"error\""));
    }
    void aRequestOfABatchThatIsGivenUpHoldsUpNoOther()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        fixture.handler.keeps = true;
        fixture.handler.opened.first()->revision = mcp::Revision::V2025_03_26;
        const QByteArray second = QByteArray(kPing).replace("\"id\":1", "\"id\":2");
        fixture.send('[' + kPing + ',' + second + "]\n");
        QTRY_COMPARE(fixture.handler.messages.size(), std::size_t(2));
        fixture.handler.messages[1].reply->finish("{\"id\":2}");
        fixture.handler.messages[0].reply.reset();
        QTRY_COMPARE(fixture.lines(), (QList<QByteArray>{"[{\"id\":2}]"}));
        fixture.send('[' + kPing + "]\n");
        QTRY_COMPARE(fixture.handler.messages.size(), std::size_t(3));
        fixture.handler.messages[2].reply.reset();
        fixture.handler.opened.first()->send("{\"next\":1}");
        QTRY_COMPARE(fixture.lines().last(), QByteArray("{\"next\":1}"));
        QCOMPARE(fixture.lines().size(), 2);
    }
    void whatTheGatewaySaysByItselfIsALine()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        fixture.handler.opened.first()->send("{\"a\":1}");
        fixture.handler.opened.first()->send("{\"a\":2}");
        QTRY_COMPARE(fixture.received, QByteArray("{\"a\":1}\n{\"a\":2}\n"));
    }
    void closingFromOurSideSendsWhatWasSaidAndReadsNoMore()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        const auto session = fixture.handler.opened.first();
        session->send("{\"last\":true}");
        session->close();
        fixture.send(kPing + '\n');
        QTRY_COMPARE(fixture.client.state(), QLocalSocket::UnconnectedState);
        QTRY_COMPARE(fixture.received, QByteArray("{\"last\":true}\n"));
        QTRY_COMPARE(fixture.handler.closed, fixture.handler.opened);
        QVERIFY(fixture.handler.messages.empty());
    }
    void aClientThatDoesNotReadIsDroppedOnceItsSenderIsDone()
    {
        LineFixture fixture({}, 1000);
        QVERIFY(fixture.connected);
        const auto session = fixture.handler.opened.first();
        session->send(QByteArray(2000, 'x'));
        QVERIFY(session->isReachable());
        session->send("{\"one\":\"too many\"}");
        QVERIFY(!session->isReachable());
        session->send("{\"late\":true}");
        QVERIFY(fixture.handler.closed.isEmpty());
        QCOMPARE(fixture.endpoint.sessions().size(), 1);
        QTRY_COMPARE(fixture.handler.closed, fixture.handler.opened);
        QTRY_COMPARE(fixture.client.state(), QLocalSocket::UnconnectedState);
        QVERIFY(fixture.endpoint.sessions().isEmpty());
        QVERIFY(!fixture.received.contains("too many") && !fixture.received.contains("late"));
    }
    void whoClosesASessionStillHasItUntilItsWorkIsDone()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        const auto session = fixture.handler.opened.first();
        session->close();
        QVERIFY(!session->isReachable());
        session->send("{\"late\":true}");
        QVERIFY(fixture.handler.closed.isEmpty());
        QTRY_COMPARE(fixture.handler.closed, fixture.handler.opened);
        QTRY_COMPARE(fixture.client.state(), QLocalSocket::UnconnectedState);
        QVERIFY(fixture.received.isEmpty());
    }
    void stopEndsEveryConnection()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        fixture.endpoint.stop();
        QTRY_COMPARE(fixture.client.state(), QLocalSocket::UnconnectedState);
        QTRY_COMPARE(fixture.handler.closed, fixture.handler.opened);
    }
    void aLineWithoutEndIsRefusedAtTheLimit()
    {
        LineFixture fixture;
        QVERIFY(fixture.connected);
        const QByteArray piece(1024 * 1024, 'x');
        QObject::connect(&fixture.client, &QLocalSocket::bytesWritten, &fixture.client, [&] {
            if (fixture.client.bytesToWrite() == 0 && fixture.received.isEmpty())
                fixture.client.write(piece);
        });
        fixture.client.write(piece);
        QTRY_VERIFY_WITH_TIMEOUT(fixture.client.state() == QLocalSocket::UnconnectedState, 60'000);
        QVERIFY(fixture.handler.messages.empty());
        QTRY_COMPARE(fixture.handler.closed, fixture.handler.opened);
    }
};

QTEST_GUILESS_MAIN(LineEndpointTest)
#include "tst_line_endpoint.moc"
