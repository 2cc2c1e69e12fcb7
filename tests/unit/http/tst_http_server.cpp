// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/server.h"
#include "raw_peer.h"

#include <QSignalSpy>
#include <QTest>
#include <QTimer>

#ifdef Q_OS_UNIX
#include <sys/socket.h>
#endif

using namespace oriel;
using namespace oriel::http;
using namespace std::chrono_literals;

namespace {

const QByteArray get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

QByteArray post(const QByteArray& body, const QByteArray& fields = {})
{
    return "POST /mcp HTTP/1.1\r\nHost: h\r\n" + fields + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" +
           body;
}

/// A server that echoes bodies, or keeps exchanges for the test to answer.
struct Fixture {
    explicit Fixture(ServerLimits limits = {}) : server(limits, clock)
    {
        server.setHandler([this](Request&& request, Exchange exchange) {
            requests.append(request);
            if (hold) {
                held.append(exchange);
                return;
            }
            exchange.respond(Response::json(200, request.method + ' ' + request.target + ' ' + request.body));
        });
        port = server.listen(QHostAddress(QHostAddress::LocalHost), 0).value_or(0);
    }

    SystemClock clock;
    Server server;
    quint16 port = 0;
    bool hold = false;
    QList<Request> requests;
    QList<Exchange> held;
};

QByteArray bodyOf(const QByteArray& answer)
{
    return answer.mid(answer.indexOf("\r\n\r\n") + 4);
}

} // namespace

class HttpServerTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aRequestIsAnsweredWhereverItsBytesAreCut()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        const QByteArray request = post("{\"a\":1}", "X-A: 1\r\n");
        for (qsizetype cut = 1; cut < request.size(); ++cut) {
            peer.received.clear();
            const quint64 before = fixture.server.counters().requests;
            peer.send(request.first(cut));
            // The first part must have been read alone, else nothing was cut.
            QCoreApplication::processEvents();
            peer.send(request.sliced(cut));
            QVERIFY(spinUntil([&] { return peer.received.endsWith("POST /mcp {\"a\":1}"); }));
            QCOMPARE(peer.answers(), 1);
            QCOMPARE(fixture.server.counters().requests, before + 1);
        }
        QCOMPARE(fixture.requests.constLast().headers.value("x-a"), QByteArrayView("1"));
        QCOMPARE(fixture.requests.constLast().remoteAddress, QHostAddress(QHostAddress::LocalHost));
        QVERIFY(fixture.requests.constLast().remotePort == peer.socket().localPort());
        QVERIFY(fixture.requests.constLast().completeNs >= fixture.requests.constLast().receivedNs);
        QCOMPARE(fixture.server.counters().accepted, 1U);
    }
    void pipelinedRequestsAreAnsweredInTheirOrder()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send(post("one") + post("two") + get);
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.held[0].respond(Response::text(200, "first"));
        QTRY_COMPARE(fixture.held.size(), 2);
        fixture.held[1].startStream(201, {});
        QVERIFY(fixture.held[1].write("second"));
        QTRY_VERIFY(peer.received.contains("second"));
        QCOMPARE(fixture.held.size(), 2);
        fixture.held[1].end();
        QTRY_COMPARE(fixture.held.size(), 3);
        fixture.held[2].respond(Response::text(202, "third"));
        QTRY_VERIFY(peer.received.endsWith("third"));
        QCOMPARE(peer.status(0), 200);
        QCOMPARE(peer.status(1), 201);
        QCOMPARE(peer.status(2), 202);
        QCOMPARE(fixture.requests.at(1).body, QByteArray("two"));
    }
    void manyPipelinedRequestsAreAllAnswered()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        peer.send(post("x").repeated(2000));
        QTRY_COMPARE(peer.answers(), 2000);
        QCOMPARE(fixture.server.counters().requests, 2000U);
    }
    void aPeerThatSendsTooFarAheadIsReadNoFurtherUntilAnswered()
    {
        ServerLimits limits;
        limits.maxPipelinedBytes = 1000;
        Fixture fixture(limits);
        fixture.hold = true;
        RawPeer peer(fixture.port);
        const int count = 4000;
        peer.send(("GET /" + QByteArray(4000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n").repeated(count));
        QTRY_COMPARE(fixture.held.size(), 1);
        // Far more than the kernel buffers: most of it must stay with the peer.
        QTRY_VERIFY(peer.socket().bytesToWrite() > 1'000'000);
        fixture.hold = false;
        fixture.held[0].respond(Response::text(200, "x"));
        QTRY_COMPARE_WITH_TIMEOUT(fixture.server.counters().requests, static_cast<quint64>(count), 60'000);
    }
    void aPeerThatSendsWithoutEndLeavesOthersTheirTurn()
    {
        constexpr int enough = 6'000;
        const QByteArray requests = post(QByteArray(10'000, 'x')).repeated(100);
        std::unique_ptr<RawPeer> peer;
        QObject turn;
        bool isTurnNoted = false;
        int served = 0;
        int inTurn = 0;
        int mostInTurn = 0;
        SystemClock clock;
        Server server({}, clock);
        server.setHandler([&](Request&&, Exchange exchange) {
            // Each request brings the next.
            if (served < enough && peer->socket().bytesToWrite() == 0)
                peer->socket().write(requests);
            peer->socket().flush();
            ++served;
            mostInTurn = std::max(mostInTurn, ++inTurn);
            if (!std::exchange(isTurnNoted, true)) {
                const auto turnOver = [&] {
                    isTurnNoted = false;
                    inTurn = 0;
                };
                QMetaObject::invokeMethod(&turn, turnOver, Qt::QueuedConnection);
            }
            exchange.respond(Response::text(200, {}));
        });
        const quint16 port = server.listen(QHostAddress(QHostAddress::LocalHost), 0).value_or(0);
        peer = std::make_unique<RawPeer>(port);
        // A large body first: the kernel then holds much of what follows.
        peer->send(post(QByteArray(20'000'000, 'y')));
        QTRY_VERIFY_WITH_TIMEOUT(served >= enough, 60'000);
        QVERIFY2(mostInTurn < 1'000, qPrintable(QString::number(mostInTurn)));
    }
    void aPeerThatDoesNotReadItsAnswersIsServedNoFurtherUntilItDoes()
    {
        constexpr int count = 400;
        const QByteArray body(100'000, 'b');
        ServerLimits limits;
        limits.maxPipelinedBytes = 1'000;
        int served = 0;
        SystemClock clock;
        Server server(limits, clock);
        server.setHandler([&](Request&&, Exchange exchange) {
            ++served;
            exchange.respond(Response::text(200, body));
        });
        const quint16 port = server.listen(QHostAddress(QHostAddress::LocalHost), 0).value_or(0);
        RawPeer peer(port);
        peer.socket().setReadBufferSize(1'000);
        QObject::disconnect(&peer.socket(), &QTcpSocket::readyRead, nullptr, nullptr);
        peer.send(get.repeated(count));
        RawPeer other(port);
        other.send(get);
        QTRY_VERIFY(served > 1 && other.received.endsWith(body));
        // The kernel holds some of the answers, by far not all.
        QVERIFY2(served < count / 2, qPrintable(QString::number(served)));
        peer.socket().setReadBufferSize(0);
        connect(&peer.socket(), &QTcpSocket::readyRead, this, [&] { peer.received += peer.socket().readAll(); });
        peer.received += peer.socket().readAll();
        QTRY_COMPARE_WITH_TIMEOUT(served, count + 1, 60'000);
        QTRY_COMPARE_WITH_TIMEOUT(peer.answers(), qsizetype(count), 60'000);
        QTRY_VERIFY(peer.received.endsWith("\r\n\r\n" + body));
    }
    void largeBodiesArriveAndLeaveWhole()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        QByteArray body(10 * 1024 * 1024, Qt::Uninitialized);
        for (qsizetype i = 0; i < body.size(); ++i)
            body[i] = static_cast<char>('a' + i * 7 % 26 + i / 65'536 % 3);
        for (int round = 0; round < 2; ++round) {
            peer.received.clear();
            peer.send(post(body));
            QTRY_COMPARE(bodyOf(peer.received).size(), body.size() + 10);
            QVERIFY(bodyOf(peer.received) == "POST /mcp " + body);
        }
        peer.received.clear();
        QByteArray chunked = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (qsizetype at = 0; at < body.size(); at += 100'000) {
            const QByteArray piece = body.mid(at, 100'000);
            chunked += QByteArray::number(piece.size(), 16) + "\r\n" + piece + "\r\n";
        }
        peer.send(chunked + "0\r\n\r\n");
        QTRY_COMPARE(bodyOf(peer.received).size(), body.size() + 8);
        QVERIFY(bodyOf(peer.received) == "POST /c " + body);
    }
    void aDeclaredLengthBuysNoMemoryBeforeItArrives()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000000\r\n\r\n" + QByteArray(100'000, 'x'));
        peer.close();
        QTRY_COMPARE(fixture.server.counters().connections, 0);
        QVERIFY(fixture.requests.isEmpty());
    }
    void errorsAreAnsweredAndTheConnectionCloses_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<int>("status");
        const auto row = [](const char* name, const QByteArray& request, int status) {
            QTest::newRow(name) << request << status;
        };
        row("garbage", "hello\r\n\r\n", 400);
        row("no host", "GET / HTTP/1.1\r\n\r\n", 400);
        row("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
        row("no length", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", 411);
        row("large body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2001\r\n\r\n" + QByteArray(2001, 'x'), 413);
        row("large chunked body",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d1\r\n" + QByteArray(2001, 'x'), 413);
        row("long target", "GET /" + QByteArray(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414);
        row("other expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 1\r\n\r\nx", 417);
        row("large header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + QByteArray(33'000, 'a') + "\r\n\r\n", 431);
        row("other coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501);
        row("other version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
        row("smuggled", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get,
            400);
    }
    void errorsAreAnsweredAndTheConnectionCloses()
    {
        QFETCH(QByteArray, request);
        QFETCH(int, status);
        ServerLimits limits;
        limits.maxBodyBytes = 2000;
        Fixture fixture(limits);
        RawPeer peer(fixture.port);
        peer.send(request);
        QTRY_VERIFY(peer.isClosed());
        QCOMPARE(peer.answers(), 1);
        QCOMPARE(peer.status(), status);
        QVERIFY(peer.received.contains("\r\nConnection: close\r\n"));
        QVERIFY(!bodyOf(peer.received).trimmed().isEmpty());
        QVERIFY(fixture.requests.isEmpty());
        QCOMPARE(fixture.server.counters().rejected, 1U);
        QTRY_COMPARE(fixture.server.counters().connections, 0);
    }
    void unfinishedBodiesOfAllConnectionsHaveOneLimit_data()
    {
        QTest::addColumn<int>("size"); // small bodies and large ones are read in different ways
        QTest::newRow("small") << 1'000;
        QTest::newRow("large") << 1'000'000;
    }
    void unfinishedBodiesOfAllConnectionsHaveOneLimit()
    {
        QFETCH(int, size);
        ServerLimits limits;
        limits.maxPartialBodyBytes = 2 * size;
        Fixture fixture(limits);
        const QByteArray request = post(QByteArray(size, 'x'));
        RawPeer first(fixture.port);
        RawPeer second(fixture.port);
        RawPeer third(fixture.port);
        for (RawPeer* peer : {&first, &second, &third})
            peer->send(request.chopped(1));
        const auto refused = [&] {
            return (first.status() == 503 ? 1 : 0) + (second.status() == 503 ? 1 : 0) + (third.status() == 503 ? 1 : 0);
        };
        QTRY_COMPARE(refused(), 1);
        // The others are served, and then there is room again.
        for (RawPeer* peer : {&first, &second, &third}) {
            if (peer->status() == 503)
                continue;
            peer->send("x");
            QTRY_COMPARE(peer->status(), 200);
        }
        for (int i = 0; i < 3; ++i) {
            RawPeer later(fixture.port);
            later.send(request);
            QTRY_COMPARE(later.status(), 200);
        }
        // One that goes in the middle of its body leaves nothing behind.
        for (int i = 0; i < 3; ++i) {
            const quint64 before = fixture.server.counters().accepted;
            RawPeer gone(fixture.port);
            gone.send(request.chopped(1));
            // Its last bytes are read before the end is seen.
            gone.socket().disconnectFromHost();
            QTRY_COMPARE(fixture.server.counters().accepted, before + 1);
            QTRY_COMPARE(fixture.server.counters().connections, 2);
        }
        RawPeer last(fixture.port);
        last.send(request);
        QTRY_COMPARE(last.status(), 200);
    }
    void aRefusalIsReadEvenWhileThePeerIsStillSending()
    {
        ServerLimits limits;
        limits.maxBodyBytes = 1000;
        Fixture fixture(limits);
        RawPeer peer(fixture.port);
        peer.send(post(QByteArray(4'000'000, 'x')));
        QTRY_VERIFY(peer.isClosed());
        QCOMPARE(peer.status(), 413);
    }
    void continueIsSentOnlyToWhoAsksAndWaits()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        const QByteArray request = post("body", "Expect: 100-continue\r\n");
        peer.send(request.first(request.size() - 4));
        QTRY_COMPARE(peer.received, QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
        peer.send("body");
        QTRY_COMPARE(peer.status(1), 200);
        peer.received.clear();
        peer.send(request);
        QTRY_COMPARE(peer.status(), 200);
    }
    void theHeadCheckRefusesBeforeTheBodyIsRead()
    {
        Fixture fixture;
        fixture.server.setHeadCheck([](const Request& head) -> std::optional<Response> {
            if (head.headers.contains("Authorization"))
                return std::nullopt;
            Response response = Response::text(401, "no token\n");
            response.headers.add("WWW-Authenticate", "Bearer");
            return response;
        });
        RawPeer peer(fixture.port);
        peer.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
        QTRY_VERIFY(peer.isClosed());
        QCOMPARE(peer.answers(), 1);
        QCOMPARE(peer.status(), 401);
        RawPeer second(fixture.port);
        // Without a body the connection lives on, also for what was pipelined.
        second.send(get + get + "GET /b HTTP/1.1\r\nHost: h\r\nAuthorization: x\r\n\r\n");
        QTRY_COMPARE(second.answers(), 3);
        QCOMPARE(second.status(0), 401);
        QCOMPARE(second.status(1), 401);
        QCOMPARE(second.status(2), 200);
        QCOMPARE(fixture.requests.size(), 1);
    }
    void headAndEmptyStatusesHaveNoBody()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" + get + get);
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.held[0].respond(Response::text(200, "12345"));
        QTRY_COMPARE(fixture.held.size(), 2);
        QVERIFY(peer.received.contains("Content-Length: 5\r\n"));
        QVERIFY(peer.received.endsWith("\r\n\r\n"));
        peer.received.clear();
        fixture.held[1].respond(Response{204, {}, "ignored"});
        QTRY_COMPARE(fixture.held.size(), 3);
        QTRY_COMPARE(peer.status(), 204);
        QVERIFY(!peer.received.contains("Content-Length"));
        QVERIFY(peer.received.endsWith("\r\n\r\n"));
        fixture.held[2].respond(Response::text(200, "end"));
        QTRY_VERIFY(peer.received.endsWith("end"));
    }
    void whoAsksForACloseGetsOne()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        peer.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        QTRY_VERIFY(peer.isClosed());
        QVERIFY(peer.received.endsWith("GET /a "));
        RawPeer old(fixture.port);
        old.send("GET /b HTTP/1.0\r\n\r\n");
        QTRY_VERIFY(old.isClosed());
        QVERIFY(old.received.endsWith("GET /b "));
        QVERIFY(!fixture.requests.constLast().http11);
    }
    void aStreamIsChunkedAndThenTheConnectionServesOn()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        Exchange exchange = fixture.held.constFirst();
        exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
        QVERIFY(exchange.write("data: a\n\n"));
        QVERIFY(exchange.write({}));
        QVERIFY(exchange.isOpen());
        QTRY_VERIFY(peer.received.endsWith("\r\n\r\n9\r\ndata: a\n\n\r\n"));
        QVERIFY(peer.received.contains("Transfer-Encoding: chunked\r\n"));
        exchange.write(QByteArray(20'000, 'b'));
        exchange.end();
        QVERIFY(!exchange.isOpen());
        QVERIFY(!exchange.write("late"));
        exchange.end();
        QTRY_VERIFY(peer.received.endsWith("\r\n4e20\r\n" + QByteArray(20'000, 'b') + "\r\n0\r\n\r\n"));
        fixture.hold = false;
        peer.send(get);
        QTRY_COMPARE(peer.status(1), 200);
    }
    void aStreamToAnOldClientEndsByClosing()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send("GET / HTTP/1.0\r\n\r\n");
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.held[0].startStream(200, {});
        fixture.held[0].write("abc");
        fixture.held[0].end();
        QTRY_VERIFY(peer.isClosed());
        QVERIFY(!peer.received.contains("chunked"));
        QVERIFY(peer.received.endsWith("\r\n\r\nabc"));
    }
    void aStreamOfKnownLengthMustKeepIt()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send(get + get);
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.held[0].startStream(200, {{"Content-Length", "6"}});
        fixture.held[0].write("abc");
        fixture.held[0].write("def");
        fixture.held[0].end();
        QTRY_COMPARE(fixture.held.size(), 2);
        QTRY_VERIFY(peer.received.endsWith("\r\n\r\nabcdef"));
        fixture.held[1].startStream(200, {{"Content-Length", "6"}});
        fixture.held[1].write("abc");
        fixture.held[1].end();
        QTRY_VERIFY(peer.isClosed());
    }
    void theOwnerLearnsThatThePeerHasGone()
    {
        Fixture fixture;
        fixture.hold = true;
        int closed = 0;
        for (const bool streaming : {false, true}) {
            RawPeer peer(fixture.port);
            peer.send(get);
            QTRY_COMPARE(fixture.held.size(), 1);
            Exchange exchange = fixture.held.takeFirst();
            exchange.onClosed([&closed] { ++closed; });
            if (streaming) {
                exchange.startStream(200, {});
                exchange.write("a");
                QTRY_VERIFY(peer.received.contains("a\r\n"));
            }
            peer.close();
            QTRY_COMPARE(closed, streaming ? 2 : 1);
            QVERIFY(!exchange.isOpen());
            QVERIFY(!exchange.write("b"));
            exchange.respond(Response::text(200, "late"));
            QCOMPARE(exchange.bytesQueued(), 0);
        }
        QTRY_COMPARE(fixture.server.counters().connections, 0);
    }
    void anAnswerThatIsCompleteIsNotReportedAsClosed()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        bool closed = false;
        fixture.held[0].onClosed([&closed] { closed = true; });
        fixture.held[0].respond(Response::text(200, "x"));
        QTRY_COMPARE(peer.status(), 200);
        peer.close();
        QTRY_COMPARE(fixture.server.counters().connections, 0);
        QVERIFY(!closed);
    }
#ifdef Q_OS_UNIX
    void aPeerThatOnlyStopsSendingStillGetsWhatIsReady()
    {
        Fixture fixture;
        RawPeer peer(fixture.port);
        const QByteArray body(20'000'000, 'y');
        peer.send(post(body));
        QTRY_COMPARE(peer.socket().bytesToWrite(), 0);
        QCOMPARE(::shutdown(static_cast<int>(peer.socket().socketDescriptor()), SHUT_WR), 0);
        QTRY_VERIFY(peer.isClosed());
        QVERIFY(bodyOf(peer.received) == "POST /mcp " + body);
        QTRY_COMPARE(fixture.server.counters().connections, 0);
    }
    void aPeerThatStopsSendingBeforeItsAnswerCountsAsGone()
    {
        Fixture fixture;
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.send(get + get.first(10));
        QTRY_COMPARE(fixture.held.size(), 1);
        bool closed = false;
        fixture.held[0].onClosed([&closed] { closed = true; });
        QCOMPARE(::shutdown(static_cast<int>(peer.socket().socketDescriptor()), SHUT_WR), 0);
        QTRY_VERIFY(closed);
        QTRY_VERIFY(peer.isClosed());
    }
#endif
    void aPeerThatDoesNotReadIsHeldBackAndThenResumed()
    {
        ServerLimits limits;
        limits.highWater = 100'000;
        Fixture fixture(limits);
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.socket().setReadBufferSize(1000);
        QObject::disconnect(&peer.socket(), &QTcpSocket::readyRead, nullptr, nullptr);
        peer.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        Exchange exchange = fixture.held.constFirst();
        int drained = 0;
        exchange.onDrained([&drained] { ++drained; });
        exchange.startStream(200, {});
        qint64 written = 0;
        while (exchange.bytesQueued() < 200'000) {
            QVERIFY(exchange.write(QByteArray(50'000, 's')));
            written += 50'000;
            QCoreApplication::processEvents();
        }
        QCOMPARE(drained, 0);
        peer.socket().setReadBufferSize(0);
        connect(&peer.socket(), &QTcpSocket::readyRead, this, [&] { peer.received += peer.socket().readAll(); });
        peer.received += peer.socket().readAll();
        QTRY_COMPARE(drained, 1);
        exchange.end();
        QTRY_VERIFY(peer.received.endsWith("0\r\n\r\n"));
        QCOMPARE(bodyOf(peer.received).count('s'), written);
    }
    void aPeerThatNeverReadsIsDropped()
    {
        ServerLimits limits;
        limits.maxQueuedBytes = 1'000'000;
        Fixture fixture(limits);
        fixture.hold = true;
        RawPeer peer(fixture.port);
        peer.socket().setReadBufferSize(1000);
        QObject::disconnect(&peer.socket(), &QTcpSocket::readyRead, nullptr, nullptr);
        peer.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        bool closed = false;
        fixture.held[0].onClosed([&closed] { closed = true; });
        fixture.held[0].startStream(200, {});
        int writes = 0;
        while (fixture.held[0].write(QByteArray(500'000, 's'))) {
            QVERIFY(++writes < 1000);
            QCoreApplication::processEvents();
        }
        QTRY_VERIFY(closed);
        QTRY_COMPARE(fixture.server.counters().connections, 0);
    }
    void slowHeadsAndBodiesTimeOutAndIdleConnectionsClose()
    {
        ServerLimits limits;
        limits.headTimeout = 40ms;
        limits.bodyTimeout = 40ms;
        limits.idleTimeout = 250ms;
        limits.writeTimeout = 40ms;
        Fixture fixture(limits);
        RawPeer head(fixture.port);
        head.send("GET / HTTP/1.1\r\nHo");
        QTRY_VERIFY(head.isClosed());
        QCOMPARE(head.status(), 408);
        RawPeer body(fixture.port);
        body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
        QTRY_VERIFY(body.isClosed());
        QCOMPARE(body.status(), 408);
        RawPeer idle(fixture.port);
        QTRY_VERIFY(idle.isClosed());
        QVERIFY(idle.received.isEmpty());
        RawPeer kept(fixture.port);
        kept.send(get);
        QTRY_VERIFY(kept.isClosed());
        QCOMPARE(kept.answers(), 1);

        fixture.hold = true;
        RawPeer deaf(fixture.port);
        deaf.socket().setReadBufferSize(1000);
        QObject::disconnect(&deaf.socket(), &QTcpSocket::readyRead, nullptr, nullptr);
        deaf.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        bool closed = false;
        fixture.held[0].onClosed([&closed] { closed = true; });
        fixture.held[0].startStream(200, {});
        while (fixture.held[0].bytesQueued() < 1'000'000 && fixture.held[0].write(QByteArray(500'000, 's')))
            QCoreApplication::processEvents();
        QTRY_VERIFY(closed);
    }
    void aBodyThatTricklesInHasADeadlineAsAWhole()
    {
        ServerLimits limits;
        limits.requestTimeout = 200ms;
        Fixture fixture(limits);
        RawPeer peer(fixture.port);
        peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
        QTimer trickle;
        QObject::connect(&trickle, &QTimer::timeout, &trickle, [&peer] { peer.send("x"); });
        trickle.start(10ms);
        QTRY_COMPARE(peer.status(), 408);
    }
    void aRequestBeingAnsweredHasNoDeadline()
    {
        ServerLimits limits;
        limits.headTimeout = limits.bodyTimeout = 20ms;
        limits.idleTimeout = 250ms;
        Fixture fixture(limits);
        fixture.hold = true;
        RawPeer slow(fixture.port);
        slow.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        // Another connection shows that the deadlines have passed.
        RawPeer idle(fixture.port);
        QTRY_VERIFY(idle.isClosed());
        QVERIFY(fixture.held[0].isOpen());
        fixture.held[0].respond(Response::text(200, "late"));
        QTRY_COMPARE(slow.status(), 200);
    }
    void withoutConnectionsNoTimerRuns()
    {
        Fixture fixture;
        const auto* timer = fixture.server.findChild<QTimer*>();
        QVERIFY(timer && !timer->isActive());
        RawPeer peer(fixture.port);
        peer.send(get);
        QTRY_COMPARE(peer.status(), 200);
        QVERIFY(timer->isActive());
        peer.close();
        QTRY_COMPARE(fixture.server.counters().connections, 0);
        QVERIFY(!timer->isActive());
    }
    void connectionsOverTheLimitAreTold()
    {
        ServerLimits limits;
        limits.maxConnections = 2;
        Fixture fixture(limits);
        RawPeer first(fixture.port);
        RawPeer second(fixture.port);
        first.send(get);
        second.send(get);
        QTRY_COMPARE(first.status() + second.status(), 400);
        RawPeer third(fixture.port);
        third.send(get);
        QTRY_VERIFY(third.isClosed());
        QCOMPARE(third.status(), 503);
        QCOMPARE(fixture.server.counters().refused, 1U);
        first.close();
        QTRY_COMPARE(fixture.server.counters().connections, 1);
        RawPeer fourth(fixture.port);
        fourth.send(get);
        QTRY_COMPARE(fourth.status(), 200);
    }
    void stoppingLetsRunningAnswersFinish()
    {
        Fixture fixture;
        fixture.hold = true;
        QSignalSpy stopped(&fixture.server, &Server::stopped);
        RawPeer idle(fixture.port);
        RawPeer busy(fixture.port);
        busy.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.server.stop(60s);
        QTRY_VERIFY(idle.isClosed());
        QVERIFY(stopped.isEmpty());
        RawPeer late(fixture.port);
        QVERIFY(late.isClosed());
        fixture.held[0].respond(Response::text(200, "done"));
        QTRY_COMPARE(stopped.size(), 1);
        QTRY_VERIFY(busy.isClosed());
        QVERIFY(busy.received.contains("Connection: close"));
        QVERIFY(busy.received.endsWith("done"));
    }
    void stoppingEndsWhatDoesNotFinishInTime()
    {
        Fixture fixture;
        fixture.hold = true;
        QSignalSpy stopped(&fixture.server, &Server::stopped);
        RawPeer busy(fixture.port);
        busy.send(get);
        QTRY_COMPARE(fixture.held.size(), 1);
        bool closed = false;
        fixture.held[0].onClosed([&closed] { closed = true; });
        fixture.server.stop(60s);
        fixture.server.stop(10ms);
        QTRY_COMPARE(stopped.size(), 1);
        QVERIFY(closed);
        Fixture idle;
        QSignalSpy atOnce(&idle.server, &Server::stopped);
        idle.server.stop(60s);
        QTRY_COMPARE(atOnce.size(), 1);
    }
    void exchangesOutliveTheServer()
    {
        auto fixture = std::make_unique<Fixture>();
        fixture->hold = true;
        RawPeer peer(fixture->port);
        peer.send(get);
        QTRY_COMPARE(fixture->held.size(), 1);
        Exchange exchange = fixture->held.constFirst();
        bool closed = false;
        exchange.onClosed([&closed] { closed = true; });
        fixture.reset();
        QVERIFY(!exchange.isOpen());
        exchange.respond(Response::text(200, "x"));
        QTRY_VERIFY(peer.isClosed());
        QVERIFY(!closed);
    }
    void onlyLoopbackAddressesAreListenedOn()
    {
        SystemClock clock;
        Server server({}, clock);
        for (const QHostAddress& address :
             {QHostAddress(QHostAddress::Any), QHostAddress(QHostAddress::AnyIPv4), QHostAddress(),
              QHostAddress(QHostAddress::AnyIPv6), QHostAddress(QStringLiteral("::ffff:0.0.0.0"))}) {
            const Result<quint16> port = server.listen(address, 0);
            QVERIFY(!port);
            QCOMPARE(port.error().code, ErrorCode::InvalidArgument);
        }
    }
    void aBusyPortNamesItsHolder()
    {
        Fixture fixture;
        Server second({}, fixture.clock);
        const Result<quint16> port = second.listen(QHostAddress(QHostAddress::LocalHost), fixture.port);
        QVERIFY(!port);
        QCOMPARE(port.error().code, ErrorCode::AlreadyExists);
#ifdef Q_OS_LINUX
        QVERIFY2(port.error().message.contains(QString::number(QCoreApplication::applicationPid())),
                 qPrintable(port.error().message));
#endif
    }
    void aThousandConnectionsComeAndGo()
    {
        Fixture fixture;
        for (int round = 0; round < 20; ++round) {
            std::vector<std::unique_ptr<RawPeer>> peers;
            for (int i = 0; i < 50; ++i) {
                peers.push_back(std::make_unique<RawPeer>(fixture.port));
                peers.back()->send(i % 3 == 0 ? get.first(10) : get);
            }
            for (std::size_t i = 0; i < peers.size(); ++i) {
                if (i % 3 != 0)
                    QTRY_COMPARE(peers[i]->status(), 200);
            }
        }
        QTRY_COMPARE(fixture.server.counters().connections, 0);
        QCOMPARE(fixture.server.counters().accepted, 1000U);
    }
};

QTEST_GUILESS_MAIN(HttpServerTest)
#include "tst_http_server.moc"
