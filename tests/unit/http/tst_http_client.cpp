// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client.h"
#include "http/server.h"
#include "http/sse.h"
#include "raw_peer.h"
#include "scripted_server.h"
#include "tls_certificate.h"

#include <QTest>

using namespace oriel;
using namespace oriel::http;
using namespace std::chrono_literals;

namespace {

/// What became of one request.
struct Outcome {
    int status = 0;
    Headers headers;
    QByteArray body;
    QByteArray streamed;
    ClientTimings timings;
    std::optional<ClientError> error;
    int heads = 0;
    int ends = 0;
    [[nodiscard]] bool isOver() const { return ends > 0; }
};

ResponseHandler into(Outcome& outcome, BodyMode mode = BodyMode::Collect)
{
    return {[&outcome, mode](const ResponseHead& head) {
                ++outcome.heads;
                outcome.status = head.status;
                outcome.headers = head.headers;
                return mode;
            },
            [&outcome](QByteArrayView piece) { outcome.streamed.append(piece); },
            [&outcome](ResponseEnd&& end) {
                ++outcome.ends;
                outcome.body = std::move(end.body);
                outcome.timings = end.timings;
            },
            [&outcome](const ClientError& error) {
                ++outcome.ends;
                outcome.error = error;
            }};
}

ClientRequest request(quint16 port, const QByteArray& method = "POST", const QByteArray& body = "{}",
                      const QString& scheme = QStringLiteral("http"))
{
    ClientRequest made;
    made.method = method;
    made.endpoint = Endpoint::fromUrl(QUrl(QStringLiteral("%1://127.0.0.1:%2/mcp?x=1").arg(scheme).arg(port))).value();
    made.headers.add("Content-Type", "application/json");
    made.body = body;
    return made;
}

struct Fixture {
    explicit Fixture(ClientSettings settings = {})
        : server({}, clock),
          client(std::make_unique<Client>(std::move(settings), clock))
    {
        server.setHandler([this](Request&& received, Exchange exchange) {
            requests.append(received);
            if (hold)
                held.append(exchange);
            else
                exchange.respond(Response::json(200, received.method + ' ' + received.target + ' ' + received.body));
        });
        port = server.listen(QHostAddress(QHostAddress::LocalHost), 0).value_or(0);
    }

    SystemClock clock;
    Server server;
    std::unique_ptr<Client> client;
    quint16 port = 0;
    bool hold = false;
    QList<Request> requests;
    QList<Exchange> held;
};

const QByteArray ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

bool isWholeRequest(const QByteArray& received)
{
    return received.endsWith("{}");
}

/// Tells whenever it is looked at, as the client does with each piece of a response.
class WatchedClock final : public Clock {
public:
    [[nodiscard]] std::int64_t monotonicNs() const override
    {
        if (onLook)
            onLook();
        return m_system.monotonicNs();
    }
    [[nodiscard]] std::int64_t unixNs() const override { return m_system.unixNs(); }

    std::function<void()> onLook;

private:
    SystemClock m_system;
};

} // namespace

class HttpClientTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEndpointIsTakenFromAUrl()
    {
        const Endpoint plain = Endpoint::fromUrl(QUrl(QStringLiteral("http://Example.com/a b?q=ü#f"))).value();
        QCOMPARE(plain.host, QStringLiteral("example.com"));
        QCOMPARE(plain.port, 80);
        QCOMPARE(plain.hostHeader, QByteArray("example.com"));
        QCOMPARE(plain.target, QByteArray("/a%20b?q=%C3%BC"));
        QCOMPARE(plain.origin(), QStringLiteral("http://example.com:80"));
        const Endpoint v6 = Endpoint::fromUrl(QUrl(QStringLiteral("https://[::1]:8443"))).value();
        QVERIFY(v6.tls);
        QCOMPARE(v6.host, QStringLiteral("::1"));
        QCOMPARE(v6.hostHeader, QByteArray("[::1]:8443"));
        QCOMPARE(v6.target, QByteArray("/"));
        QCOMPARE(v6.withTarget("/b").target, QByteArray("/b"));
        for (const QString& url :
             {QStringLiteral("ftp://a/"), QStringLiteral("/a"), QStringLiteral("http:///a"), QStringLiteral("file:///a"),
              QStringLiteral("http://user:pw@a/"), QStringLiteral("http://a:99999/"), QStringLiteral("http://a:0/")})
            QVERIFY2(!Endpoint::fromUrl(QUrl(url)), qPrintable(url));
        QVERIFY(!Endpoint::fromUrl(QUrl(QStringLiteral("http://user:pw@a/"))).error().toString().contains(QStringLiteral("pw")));
    }
    void aRequestGetsItsResponseOnAKeptConnection()
    {
        Fixture fixture;
        for (int round = 0; round < 10; ++round) {
            Outcome outcome;
            fixture.client->send(request(fixture.port, "POST", QByteArray::number(round)), into(outcome));
            QVERIFY(!outcome.isOver());
            QVERIFY(spinUntil([&] { return outcome.isOver(); }));
            QVERIFY(!outcome.error);
            QCOMPARE(outcome.status, 200);
            QCOMPARE(outcome.headers.value("content-type"), QByteArrayView("application/json"));
            QCOMPARE(outcome.body, "POST /mcp?x=1 " + QByteArray::number(round));
            QCOMPARE(outcome.timings.reused, round > 0);
            QCOMPARE(outcome.timings.connectNs > 0, round == 0);
            QVERIFY(outcome.timings.sentNs >= outcome.timings.queuedNs);
            QVERIFY(outcome.timings.firstByteNs >= outcome.timings.sentNs);
        }
        QCOMPARE(fixture.server.counters().accepted, 1U);
        QCOMPARE(fixture.requests.constFirst().headers.value("Host"), "127.0.0.1:" + QByteArray::number(fixture.port));
        QCOMPARE(fixture.client->idleCount(), 1);
        QCOMPARE(fixture.client->activeCount(), 0);
        fixture.client->closeIdle();
        QTRY_COMPARE(fixture.server.counters().connections, 0);
    }
    void aHundredRequestsRunAtOnce()
    {
        Fixture fixture;
        fixture.hold = true;
        std::vector<Outcome> outcomes(100);
        for (Outcome& outcome : outcomes)
            fixture.client->send(request(fixture.port), into(outcome));
        QTRY_COMPARE(fixture.held.size(), 100);
        QCOMPARE(fixture.client->activeCount(), 100);
        for (int i = 99; i >= 0; --i)
            fixture.held[i].respond(Response::text(200, QByteArray::number(i)));
        for (const Outcome& outcome : outcomes)
            QTRY_VERIFY(outcome.isOver() && outcome.status == 200);
        QCOMPARE(fixture.client->activeCount(), 0);
    }
    void aCapLetsFurtherRequestsWaitAndServesThemAll()
    {
        ClientSettings settings;
        settings.maxConnectionsPerOrigin = 2;
        Fixture fixture(settings);
        fixture.hold = true;
        std::vector<Outcome> outcomes(6);
        std::vector<RequestHandle> handles;
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            handles.push_back(fixture.client->send(request(fixture.port, "POST", QByteArray::number(i)), into(outcomes[i])));
        QTRY_COMPARE(fixture.held.size(), 2);
        handles[2].cancel(); // while it waits
        handles[0].cancel(); // while it runs: its place goes to the next
        QTRY_COMPARE(fixture.held.size(), 3);
        fixture.hold = false;
        for (Exchange& exchange : fixture.held)
            exchange.respond(Response::text(200, "x"));
        for (const std::size_t i : {1U, 3U, 4U, 5U})
            QTRY_VERIFY(outcomes[i].isOver() && !outcomes[i].error);
        QVERIFY(!outcomes[0].isOver() && !outcomes[2].isOver());
        QVERIFY(fixture.client->idleCount() <= 2);
        for (const Request& received : fixture.requests)
            QVERIFY(received.body != "2");
    }
    void headEmptyAndChunkedResponsesEnd()
    {
        Fixture fixture;
        fixture.hold = true;
        Outcome head;
        fixture.client->send(request(fixture.port, "HEAD", {}), into(head));
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.held[0].respond(Response::text(200, "12345"));
        QTRY_VERIFY(head.isOver());
        QCOMPARE(head.headers.value("Content-Length"), QByteArrayView("5"));
        QVERIFY(head.body.isEmpty());
        Outcome empty;
        fixture.client->send(request(fixture.port), into(empty));
        QTRY_COMPARE(fixture.held.size(), 2);
        fixture.held[1].respond(Response{202, {}, {}});
        QTRY_VERIFY(empty.isOver());
        QCOMPARE(empty.status, 202);
        Outcome chunked;
        fixture.client->send(request(fixture.port), into(chunked));
        QTRY_COMPARE(fixture.held.size(), 3);
        fixture.held[2].startStream(200, {});
        fixture.held[2].write("abc");
        fixture.held[2].write("def");
        fixture.held[2].end();
        QTRY_VERIFY(chunked.isOver());
        QCOMPARE(chunked.body, QByteArray("abcdef"));
        QCOMPARE(fixture.server.counters().accepted, 1U);
    }
    void anEventStreamArrivesPieceByPiece()
    {
        Fixture fixture;
        fixture.hold = true;
        Outcome outcome;
        fixture.client->send(request(fixture.port), into(outcome, BodyMode::Stream));
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.held[0].startStream(200, {{"Content-Type", "text/event-stream"}});
        SseParser parser;
        for (int i = 0; i < 20; ++i) {
            outcome.streamed.clear();
            fixture.held[0].write(sseEvent(QByteArray::number(i)));
            QVERIFY(spinUntil([&] { return !outcome.streamed.isEmpty(); }));
            QVERIFY(parser.feed(outcome.streamed));
            QCOMPARE(parser.next().value_or(SseEvent{}).data, QByteArray::number(i));
        }
        QVERIFY(!outcome.isOver());
        fixture.held[0].end();
        QTRY_VERIFY(outcome.isOver());
        QVERIFY(outcome.body.isEmpty());
    }
    void largeBodiesGoBothWays()
    {
        Fixture fixture;
        QByteArray body(10 * 1024 * 1024, Qt::Uninitialized);
        for (qsizetype i = 0; i < body.size(); ++i)
            body[i] = static_cast<char>('a' + i % 23 + i / 65'536 % 3);
        for (int round = 0; round < 2; ++round) {
            Outcome outcome;
            fixture.client->send(request(fixture.port, "POST", body), into(outcome));
            QTRY_VERIFY(outcome.isOver());
            QVERIFY(!outcome.error);
            QVERIFY(outcome.body == "POST /mcp?x=1 " + body);
        }
        QCOMPARE(fixture.server.counters().accepted, 1U);
    }
    void aResponseMeansTheSameByteByByte()
    {
        const QByteArray answer =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        ScriptedServer server([&](int, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            received.clear();
            for (const char c : answer) {
                socket.write(&c, 1);
                socket.flush();
            }
        });
        SystemClock clock;
        Client client({}, clock);
        for (int round = 0; round < 3; ++round) {
            Outcome outcome;
            client.send(request(server.port()), into(outcome));
            QTRY_VERIFY(outcome.isOver());
            QCOMPARE(outcome.heads, 1);
            QCOMPARE(outcome.status, 200);
            QCOMPARE(outcome.body, QByteArray("abcde"));
        }
        QCOMPARE(server.accepted, 1);
    }
    void aBodyWithoutLengthEndsWithTheConnection()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            socket.write("HTTP/1.0 200 OK\r\n\r\nuntil the end");
            socket.disconnectFromHost();
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome outcome;
        client.send(request(server.port()), into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QVERIFY(!outcome.error);
        QCOMPARE(outcome.body, QByteArray("until the end"));
        QCOMPARE(client.idleCount(), 0);
    }
    void redirectsAreTheCallers()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (isWholeRequest(received))
                socket.write("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome outcome;
        client.send(request(server.port()), into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QCOMPARE(outcome.status, 307);
        QCOMPARE(outcome.headers.value("Location"), QByteArrayView("http://127.0.0.1:1/"));
        QCOMPARE(server.accepted, 1);
    }
    void brokenResponsesAreErrors_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<int>("code");
        const auto row = [](const char* name, const QByteArray& answer, ErrorCode code) {
            QTest::newRow(name) << answer << static_cast<int>(code);
        };
        row("garbage", "SSH-2.0-OpenSSH_9\r\n\r\n", ErrorCode::Parse);
        row("silence", "", ErrorCode::Unavailable);
        row("half a head", "HTTP/1.1 200 OK\r\nConte", ErrorCode::Unavailable);
        row("half a body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", ErrorCode::Unavailable);
        row("half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", ErrorCode::Unavailable);
        row("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", ErrorCode::Parse);
        row("both framings", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ErrorCode::Parse);
        row("upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ErrorCode::Unsupported);
        row("large by its length", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", ErrorCode::TooLarge);
        row("large by chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + QByteArray(1001, 'x'),
            ErrorCode::TooLarge);
        row("large until the end", "HTTP/1.1 200 OK\r\n\r\n" + QByteArray(1001, 'x'), ErrorCode::TooLarge);
        row("large head", "HTTP/1.1 200 OK\r\nX: " + QByteArray(70'000, 'x') + "\r\n\r\n", ErrorCode::Parse);
    }
    void brokenResponsesAreErrors()
    {
        QFETCH(QByteArray, answer);
        QFETCH(int, code);
        ScriptedServer server([&](int, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            socket.write(answer);
            socket.disconnectFromHost();
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome outcome;
        ClientRequest sent = request(server.port());
        sent.maxBodyBytes = 1000;
        client.send(sent, into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QVERIFY(outcome.error.has_value());
        QCOMPARE(static_cast<int>(outcome.error->error.code), code);
        QVERIFY(outcome.error->maybeProcessed);
        QVERIFY(outcome.error->error.context.contains(QString::number(server.port())));
        QCOMPARE(client.idleCount() + client.activeCount(), 0);
        QTRY_COMPARE(server.closed, 1);
    }
    void aDeadKeptConnectionIsReplacedOnceForIdempotentRequests()
    {
        ScriptedServer server([](int number, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            const bool isSecond = received.count("POST") == 2;
            if (number == 0 && isSecond)
                socket.abort();
            else
                socket.write(ok);
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome first;
        client.send(request(server.port()), into(first));
        QTRY_VERIFY(first.isOver());
        Outcome second;
        ClientRequest idempotent = request(server.port());
        idempotent.idempotent = true;
        client.send(idempotent, into(second));
        QTRY_VERIFY(second.isOver());
        QVERIFY(!second.error);
        QCOMPARE(second.body, QByteArray("ok"));
        QVERIFY(second.timings.retried);
        QCOMPARE(server.accepted, 2);
    }
    void aDeadKeptConnectionFailsWhatMayHaveBeenProcessed()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            if (received.count("POST") == 2)
                socket.abort();
            else
                socket.write(ok);
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome first;
        client.send(request(server.port()), into(first));
        QTRY_VERIFY(first.isOver());
        Outcome second;
        client.send(request(server.port()), into(second));
        QTRY_VERIFY(second.isOver());
        QVERIFY(second.error.has_value());
        QVERIFY(second.error->maybeProcessed);
        QCOMPARE(second.error->phase, ClientError::Phase::Head);
        QCOMPARE(server.accepted, 1);
    }
    void aConnectionClosedWhileIdleIsNotUsedAgain()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            socket.write(ok);
            socket.disconnectFromHost();
        });
        SystemClock clock;
        Client client({}, clock);
        for (int round = 0; round < 3; ++round) {
            Outcome outcome;
            client.send(request(server.port()), into(outcome));
            QTRY_VERIFY(outcome.isOver());
            QVERIFY(!outcome.error);
            QTRY_COMPARE(server.closed, round + 1);
            QTRY_COMPARE(client.idleCount(), 0);
        }
    }
    void thePeersKeepAliveIsRespected()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (isWholeRequest(received))
                socket.write("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n");
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome outcome;
        client.send(request(server.port()), into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QCOMPARE(client.idleCount(), 0);
        ClientSettings brief;
        brief.keepIdle = 20ms;
        Fixture fixture(brief);
        Outcome kept;
        ResponseHandler handler = into(kept);
        qsizetype idleAtEnd = 0;
        handler.onEnd = [&](ResponseEnd&&) {
            ++kept.ends;
            idleAtEnd = fixture.client->idleCount();
        };
        fixture.client->send(request(fixture.port), handler);
        QTRY_VERIFY(kept.isOver());
        QCOMPARE(idleAtEnd, 1);
        QTRY_COMPARE(fixture.client->idleCount(), 0);
        QTRY_COMPARE(fixture.server.counters().connections, 0);
    }
    void bytesBehindAResponseEndTheConnection()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (isWholeRequest(received))
                socket.write(ok + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra");
        });
        SystemClock clock;
        Client client({}, clock);
        for (int round = 1; round <= 2; ++round) {
            Outcome outcome;
            client.send(request(server.port()), into(outcome));
            QTRY_VERIFY(outcome.isOver());
            QCOMPARE(outcome.body, QByteArray("ok"));
            QCOMPARE(client.idleCount(), 0);
            QCOMPARE(server.accepted, round);
        }
    }
    void timeoutsNameWhatWasAwaited()
    {
        ScriptedServer silent([](int, QTcpSocket& socket, QByteArray& received) {
            if (received.contains("body"))
                socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na");
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome head;
        ClientRequest sent = request(silent.port());
        sent.timeouts = {10s, 30ms, 0ms};
        client.send(sent, into(head));
        Outcome body;
        sent.timeouts = {10s, 0ms, 30ms};
        sent.body = "body";
        client.send(sent, into(body));
        Outcome tls;
        ClientRequest secure = request(silent.port(), "GET", {}, QStringLiteral("https"));
        secure.timeouts.connect = 30ms;
        client.send(secure, into(tls));
        QTRY_VERIFY(head.isOver() && body.isOver() && tls.isOver());
        for (const auto& [outcome, phase] :
             {std::pair{&head, ClientError::Phase::Head}, std::pair{&body, ClientError::Phase::Body},
              std::pair{&tls, ClientError::Phase::Tls}}) {
            QVERIFY(outcome->error.has_value());
            QCOMPARE(outcome->error->error.code, ErrorCode::Timeout);
            QCOMPARE(outcome->error->phase, phase);
        }
        QVERIFY(!tls.error->maybeProcessed);
        QTRY_COMPARE(silent.closed, 3);
    }
    void aRefusedConnectionSaysSo()
    {
        quint16 port = 0;
        {
            Fixture fixture;
            port = fixture.port;
        }
        SystemClock clock;
        Client client({}, clock);
        Outcome outcome;
        client.send(request(port), into(outcome));
        QVERIFY(!outcome.isOver());
        QTRY_VERIFY(outcome.isOver());
        QVERIFY(outcome.error.has_value());
        QCOMPARE(outcome.error->error.code, ErrorCode::Unavailable);
        QCOMPARE(outcome.error->phase, ClientError::Phase::Connect);
        QVERIFY(!outcome.error->maybeProcessed);
    }
    void aTargetThatWouldBeTwoLinesIsNotSent()
    {
        Fixture fixture;
        Outcome outcome;
        ClientRequest sent = request(fixture.port);
        sent.endpoint.target = "/a HTTP/1.1\r\nX: ";
        fixture.client->send(sent, into(outcome));
        QVERIFY(!outcome.isOver());
        QTRY_VERIFY(outcome.isOver());
        QCOMPARE(outcome.error->error.code, ErrorCode::InvalidArgument);
        QCOMPARE(fixture.server.counters().accepted, 0U);
    }
    void aPeerThatIsNotAllowedGetsNoByte()
    {
        ClientSettings settings;
        settings.allowPeer = [](const QHostAddress& address) { return !address.isLoopback(); };
        Fixture fixture(settings);
        Outcome outcome;
        fixture.client->send(request(fixture.port), into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QCOMPARE(outcome.error->error.code, ErrorCode::PermissionDenied);
        QVERIFY(!outcome.error->maybeProcessed);
        QVERIFY(fixture.requests.isEmpty());
    }
    void cancellingClosesTheConnectionAndCallsNothing()
    {
        Fixture fixture;
        fixture.hold = true;
        Outcome atOnce;
        RequestHandle handle = fixture.client->send(request(fixture.port), into(atOnce));
        QVERIFY(handle.isActive());
        handle.cancel();
        QVERIFY(!handle.isActive());
        Outcome waiting;
        handle = fixture.client->send(request(fixture.port), into(waiting));
        QTRY_COMPARE(fixture.held.size(), 1);
        bool closed = false;
        fixture.held[0].onClosed([&closed] { closed = true; });
        handle.cancel();
        handle.cancel();
        QTRY_VERIFY(closed);
        QCOMPARE(fixture.client->activeCount(), 0);
        QVERIFY(!atOnce.isOver() && !waiting.isOver());
    }
    void aCallbackMayCancelItsOwnRequest()
    {
        Fixture fixture;
        fixture.hold = true;
        for (const bool inHead : {true, false}) {
            RequestHandle handle;
            Outcome outcome;
            ResponseHandler handler = into(outcome, BodyMode::Stream);
            int pieces = 0;
            if (inHead) {
                handler.onHead = [&handle](const ResponseHead&) {
                    handle.cancel();
                    return BodyMode::Stream;
                };
            } else {
                handler.onData = [&](QByteArrayView) {
                    ++pieces;
                    handle.cancel();
                };
            }
            handle = fixture.client->send(request(fixture.port), handler);
            QTRY_COMPARE(fixture.held.size(), 1);
            Exchange exchange = fixture.held.takeFirst();
            bool closed = false;
            exchange.onClosed([&closed] { closed = true; });
            exchange.startStream(200, {});
            exchange.write("a");
            exchange.write("b");
            QTRY_VERIFY(closed);
            QVERIFY(!outcome.isOver());
            QCOMPARE(pieces, inHead ? 0 : 1);
        }
    }
    void aCallbackMayDestroyTheClient_data()
    {
        QTest::addColumn<int>("where");
        QTest::newRow("head") << 0;
        QTest::newRow("data") << 1;
        QTest::newRow("end") << 2;
        QTest::newRow("error") << 3;
    }
    void aCallbackMayDestroyTheClient()
    {
        QFETCH(int, where);
        Fixture fixture;
        fixture.hold = true;
        bool destroyed = false;
        const auto destroy = [&] {
            fixture.client.reset();
            destroyed = true;
        };
        ResponseHandler handler;
        handler.onHead = [&, where](const ResponseHead&) {
            if (where == 0)
                destroy();
            return BodyMode::Stream;
        };
        handler.onData = [&, where](QByteArrayView) {
            if (where == 1)
                destroy();
        };
        handler.onEnd = [&](ResponseEnd&&) { destroy(); };
        handler.onError = [&](const ClientError&) { destroy(); };
        fixture.client->send(request(fixture.port), handler);
        Outcome other;
        fixture.client->send(request(fixture.port), into(other));
        QTRY_COMPARE(fixture.held.size(), 2);
        if (where == 3)
            fixture.held[0].abort();
        else
            fixture.held[0].respond(Response::text(200, "abc"));
        QTRY_VERIFY(destroyed);
        QTRY_COMPARE(fixture.server.counters().connections, 0);
        QVERIFY(!other.isOver());
    }
    void aCallbackMaySendTheNextRequest()
    {
        Fixture fixture;
        int answered = 0;
        std::function<void()> next = [&] {
            ResponseHandler handler;
            handler.onEnd = [&](ResponseEnd&&) {
                if (++answered < 50)
                    next();
            };
            fixture.client->send(request(fixture.port), handler);
        };
        next();
        QTRY_COMPARE(answered, 50);
        QCOMPARE(fixture.server.counters().accepted, 1U);
    }
    void aPausedStreamHoldsThePeerBack()
    {
        Fixture fixture;
        fixture.hold = true;
        Outcome outcome;
        RequestHandle handle;
        ResponseHandler handler = into(outcome, BodyMode::Stream);
        handler.onData = [&](QByteArrayView piece) {
            outcome.streamed.append(piece);
            handle.pause();
        };
        handle = fixture.client->send(request(fixture.port), handler);
        QTRY_COMPARE(fixture.held.size(), 1);
        Exchange exchange = fixture.held.constFirst();
        exchange.startStream(200, {});
        qint64 written = 0;
        while (exchange.bytesQueued() < 1'000'000) {
            QVERIFY(exchange.write(QByteArray(100'000, 'p')));
            written += 100'000;
            QCoreApplication::processEvents();
        }
        exchange.end();
        QVERIFY(outcome.streamed.size() < 200'000);
        while (!outcome.isOver()) {
            const qsizetype before = outcome.streamed.size();
            handle.resume();
            QVERIFY(spinUntil([&] { return outcome.isOver() || outcome.streamed.size() > before; }));
        }
        QCOMPARE(outcome.streamed.size(), written);
        QVERIFY(!outcome.error);
    }
    void aResponseThatComesAsFastAsItIsReadLeavesOthersTheirTurn()
    {
        constexpr qint64 size = 48 * 1024 * 1024;
        const QByteArray piece(256 * 1024, 's');
        QTcpSocket* peer = nullptr;
        qint64 sent = 0;
        QObject turn;
        bool isTurnNoted = false;
        int turns = 0;
        WatchedClock clock;
        Client client({}, clock);
        ScriptedServer server([&](int, QTcpSocket& socket, QByteArray& received) {
            if (!isWholeRequest(received))
                return;
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(size) + "\r\n\r\n");
            peer = &socket;
        });
        // Each piece that was read brings the next.
        clock.onLook = [&] {
            if (peer == nullptr)
                return;
            if (sent < size && peer->bytesToWrite() == 0)
                sent += peer->write(piece.constData(), std::min<qint64>(piece.size(), size - sent));
            peer->flush();
            if (std::exchange(isTurnNoted, true))
                return;
            const auto turnOver = [&] {
                isTurnNoted = false;
                ++turns;
            };
            QMetaObject::invokeMethod(&turn, turnOver, Qt::QueuedConnection);
        };
        Outcome outcome;
        ClientRequest asked = request(server.port());
        asked.timeouts.idle = 60s;
        client.send(asked, into(outcome));
        QTRY_VERIFY_WITH_TIMEOUT(outcome.isOver(), 60'000);
        clock.onLook = {};
        QVERIFY(!outcome.error);
        QCOMPARE(outcome.body.size(), size);
        QVERIFY2(turns > 8, qPrintable(QString::number(turns)));
    }
    void whatAProxyBroughtDuringAPauseIsReadToItsEnd()
    {
        const QByteArray body(8 * 1024 * 1024, 'p');
        QTcpSocket* peer = nullptr;
        ScriptedServer proxy([&](int, QTcpSocket& socket, QByteArray& received) {
            if (received.startsWith("CONNECT") && received.endsWith("\r\n\r\n")) {
                received.clear();
                socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
            } else if (isWholeRequest(received)) {
                peer = &socket;
                socket.write("HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body);
            }
        });
        ClientSettings settings;
        settings.proxy = ClientSettings::Proxy::Fixed;
        settings.fixedProxy = QNetworkProxy(QNetworkProxy::HttpProxy, QStringLiteral("127.0.0.1"), proxy.port());
        SystemClock clock;
        Client client(settings, clock);
        Outcome outcome;
        RequestHandle handle;
        ResponseHandler handler = into(outcome, BodyMode::Stream);
        handler.onHead = [&](const ResponseHead&) {
            ++outcome.heads;
            handle.pause();
            return BodyMode::Stream;
        };
        ClientRequest asked = request(1);
        asked.endpoint = Endpoint::fromUrl(QUrl(QStringLiteral("http://upstream.invalid:8080/mcp"))).value();
        handle = client.send(asked, handler);
        QTRY_VERIFY(outcome.heads == 1 && peer->bytesToWrite() == 0);
        handle.resume();
        QTRY_VERIFY(outcome.isOver());
        QVERIFY(!outcome.error);
        QVERIFY(outcome.streamed == body);
    }
    void aResponseBeforeTheRequestIsSentEndsTheConnection()
    {
        ScriptedServer server([](int, QTcpSocket& socket, QByteArray& received) {
            if (received.startsWith("POST") && received.size() < 200'000)
                socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        });
        SystemClock clock;
        Client client({}, clock);
        Outcome outcome;
        client.send(request(server.port(), "POST", QByteArray(50'000'000, 'x')), into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QCOMPARE(outcome.status, 413);
        QTRY_COMPARE(client.idleCount(), 0);
    }
    void tlsIsVerifiedAgainstTheTrustedAuthorities()
    {
        const TlsCertificate identity = TlsCertificate::make();
        QSslConfiguration serverSide = QSslConfiguration::defaultConfiguration();
        serverSide.setLocalCertificate(identity.certificate);
        serverSide.setPrivateKey(identity.key);
        serverSide.setPeerVerifyMode(QSslSocket::VerifyNone);
        const QByteArray large(3'000'000, 't');
        ScriptedServer server(
            [&](int, QTcpSocket& socket, QByteArray& received) {
                if (!isWholeRequest(received))
                    return;
                received.clear();
                socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + large);
            },
            serverSide);
        SystemClock clock;
        ClientSettings trusting;
        trusting.tls.addCaCertificate(identity.certificate);
        Client client(trusting, clock);
        for (int round = 0; round < 2; ++round) {
            Outcome outcome;
            client.send(request(server.port(), "POST", "{}", QStringLiteral("https")), into(outcome));
            QTRY_VERIFY(outcome.isOver());
            QVERIFY2(!outcome.error, outcome.error ? qPrintable(outcome.error->error.toString()) : "");
            QVERIFY(outcome.body == large);
            QCOMPARE(outcome.timings.reused, round > 0);
            QCOMPARE(outcome.timings.securedNs > 0, round == 0);
        }
        QCOMPARE(server.accepted, 1);

        Client wary({}, clock);
        Outcome refused;
        wary.send(request(server.port(), "POST", "{}", QStringLiteral("https")), into(refused));
        QTRY_VERIFY(refused.isOver());
        QVERIFY(refused.error.has_value());
        QCOMPARE(refused.error->phase, ClientError::Phase::Tls);
        QVERIFY(!refused.error->maybeProcessed);
        QVERIFY2(refused.error->error.message.contains(QStringLiteral("self-signed")), qPrintable(refused.error->error.message));
    }
    void aPlainServerBehindAnHttpsUrlIsATlsError()
    {
        Fixture fixture;
        Outcome outcome;
        fixture.client->send(request(fixture.port, "POST", "{}", QStringLiteral("https")), into(outcome));
        QTRY_VERIFY(outcome.isOver());
        QVERIFY(outcome.error.has_value());
        QCOMPARE(outcome.error->phase, ClientError::Phase::Tls);
    }
    void aProxyIsAskedToConnectAndLoopbackNeverIs_data()
    {
        QTest::addColumn<bool>("fromSystem");
        QTest::newRow("fixed") << false;
#ifdef Q_OS_LINUX
        QTest::newRow("from the environment") << true;
#endif
    }
    void aProxyIsAskedToConnectAndLoopbackNeverIs()
    {
        QFETCH(bool, fromSystem);
        QByteArray asked;
        ScriptedServer proxy([&](int, QTcpSocket& socket, QByteArray& received) {
            if (received.startsWith("CONNECT") && received.endsWith("\r\n\r\n")) {
                asked = received.left(received.indexOf('\r'));
                received.clear();
                socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
            } else if (isWholeRequest(received)) {
                socket.write(ok);
            }
        });
        ClientSettings settings;
        if (fromSystem) {
            qputenv("http_proxy", "http://127.0.0.1:" + QByteArray::number(proxy.port()));
        } else {
            settings.proxy = ClientSettings::Proxy::Fixed;
            settings.fixedProxy = QNetworkProxy(QNetworkProxy::HttpProxy, QStringLiteral("127.0.0.1"), proxy.port());
        }
        Fixture fixture(settings);
        Outcome outcome;
        ClientRequest sent = request(1);
        sent.endpoint = Endpoint::fromUrl(QUrl(QStringLiteral("http://upstream.invalid:8080/mcp"))).value();
        fixture.client->send(sent, into(outcome));
        Outcome direct;
        fixture.client->send(request(fixture.port), into(direct));
        QTRY_VERIFY(outcome.isOver() && direct.isOver());
        qunsetenv("http_proxy");
        QVERIFY2(!outcome.error, outcome.error ? qPrintable(outcome.error->error.toString()) : "");
        QCOMPARE(outcome.body, QByteArray("ok"));
        QCOMPARE(asked, QByteArray("CONNECT upstream.invalid:8080 HTTP/1.1"));
        QCOMPARE(direct.status, 200);
        QCOMPARE(proxy.accepted, 1);
    }
    void destroyingTheClientIsSilent()
    {
        Fixture fixture;
        fixture.hold = true;
        Outcome outcome;
        const RequestHandle handle = fixture.client->send(request(fixture.port), into(outcome));
        QTRY_COMPARE(fixture.held.size(), 1);
        fixture.client.reset();
        QVERIFY(!handle.isActive());
        QTRY_COMPARE(fixture.server.counters().connections, 0);
        QVERIFY(!outcome.isOver());
    }
};

QTEST_GUILESS_MAIN(HttpClientTest)
#include "tst_http_client.moc"
