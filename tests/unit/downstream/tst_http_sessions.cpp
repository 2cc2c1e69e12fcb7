// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::downstream;
using namespace oriel::downstream::test;

namespace {

const QByteArray kNotice = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}";

QByteArray notice(int number)
{
    return "{\"jsonrpc\":\"2.0\",\"method\":\"n" + QByteArray::number(number) + "\"}";
}

} // namespace

/// Sessions and their event streams, over real sockets.
class HttpSessionsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initializeOpensASessionThatLaterRequestsName()
    {
        EndpointFixture fixture;
        const QByteArray id = fixture.openSession();
        QVERIFY(id.size() >= 32);
        const HttpAnswer answer = fixture.post(kPing, {{"Mcp-Session-Id", id}});
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.body, QByteArray("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"done\":true}}"));
        QVERIFY(answer.field("Mcp-Session-Id").isEmpty());
        const auto& session = fixture.handler.opened.first();
        QCOMPARE(session->client->tokenName, QByteArray("client"));
        QCOMPARE(session->client->sessionId, id);
        QVERIFY(fixture.openSession() != id);
    }
    void aRequestWithoutItsSessionIsRefused()
    {
        EndpointFixture fixture;
        QCOMPARE(fixture.post(kPing).status, 400);
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", "unknown"}}).status, 404);
        QCOMPARE(fixture.ask("GET", "/mcp").status, 400);
        QCOMPARE(fixture.ask("DELETE", "/mcp", {{"Mcp-Session-Id", "unknown"}}).status, 404);
        QVERIFY(fixture.handler.messages.empty());
    }
    void aSessionIsItsOwnersAlone()
    {
        EndpointFixture fixture;
        const QByteArray other = fixture.tokens.add("other", true, false).value_or(QByteArray());
        const QByteArray id = fixture.openSession();
        const Fields stolen{{"Mcp-Session-Id", id}, {"Authorization", "Bearer " + other}};
        QCOMPARE(fixture.post(kPing, stolen).status, 404);
        QCOMPARE(fixture.ask("GET", "/mcp", stolen).status, 404);
        QCOMPARE(fixture.ask("DELETE", "/mcp", stolen).status, 404);
        QVERIFY(fixture.handler.closed.isEmpty());
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", id}}).status, 200);
    }
    void notificationsAndAnswersAreAccepted()
    {
        EndpointFixture fixture;
        const Fields session{{"Mcp-Session-Id", fixture.openSession()}};
        QCOMPARE(fixture.post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", session).status, 202);
        QCOMPARE(fixture.post("{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}", session).status, 202);
        QCOMPARE(fixture.handler.messages.back().message.kind, mcp::Message::Kind::Response);
        QVERIFY(fixture.handler.messages.back().reply == nullptr);
    }
    void oneServerAloneIsTheSessionsView()
    {
        EndpointFixture fixture;
        QCOMPARE(fixture.ask("POST", "/mcp/alone", {}, fixture.initialize()).status, 200);
        QCOMPARE(fixture.handler.opened.first()->server, QByteArray("alone"));
        (void)fixture.openSession();
        QCOMPARE(fixture.handler.opened.last()->server, QByteArray());
    }
    void deleteEndsTheSession()
    {
        EndpointFixture fixture;
        const Fields session{{"Mcp-Session-Id", fixture.openSession()}};
        RawPeer stream(fixture.port);
        stream.send(fixture.request("GET", "/mcp", session));
        QTRY_COMPARE(stream.status(), 200);
        QCOMPARE(fixture.ask("DELETE", "/mcp", session).status, 200);
        QTRY_VERIFY(stream.received.endsWith("0\r\n\r\n"));
        QCOMPARE(fixture.handler.closed, fixture.handler.opened);
        QCOMPARE(fixture.ask("DELETE", "/mcp", session).status, 404);
        QVERIFY(fixture.endpoint.sessions().isEmpty());
    }
    void theGetStreamCarriesWhatBelongsToNoRequest()
    {
        EndpointFixture fixture;
        const Fields session{{"Mcp-Session-Id", fixture.openSession()}};
        QVERIFY(!fixture.handler.opened.first()->isReachable());
        fixture.handler.opened.first()->send(notice(1));
        RawPeer stream(fixture.port);
        stream.send(fixture.request("GET", "/mcp", session));
        QTRY_VERIFY(stream.received.contains(notice(1)));
        QCOMPARE(answerIn(stream.received).field("Content-Type"), QByteArray("text/event-stream"));
        QVERIFY(fixture.handler.opened.first()->isReachable());
        fixture.handler.opened.first()->send(notice(2));
        QTRY_VERIFY(stream.received.contains("id: 0-2\ndata: " + notice(2)));
        QCOMPARE(stream.received.count(notice(1)), 1);
    }
    void aStreamHasToBeAcceptable()
    {
        EndpointFixture fixture;
        const QByteArray id = fixture.openSession();
        QCOMPARE(fixture.ask("GET", "/mcp", {{"Mcp-Session-Id", id}, {"Accept", "application/json"}}).status, 406);
        QCOMPARE(fixture.ask("GET", "/mcp", {{"Mcp-Session-Id", id}, {"Accept", ""}}).status, 406);
    }
    void aSecondStreamTakesThePlaceOfTheFirst()
    {
        EndpointFixture fixture;
        const Fields session{{"Mcp-Session-Id", fixture.openSession()}};
        RawPeer first(fixture.port);
        first.send(fixture.request("GET", "/mcp", session));
        QTRY_COMPARE(first.status(), 200);
        RawPeer second(fixture.port);
        second.send(fixture.request("GET", "/mcp", session));
        QTRY_VERIFY(first.received.endsWith("0\r\n\r\n"));
        fixture.handler.opened.first()->send(kNotice);
        QTRY_VERIFY(second.received.contains(kNotice));
        QVERIFY(!first.received.contains(kNotice));
    }
    void aStreamResumesBehindTheEventSeenLast()
    {
        EndpointFixture fixture;
        const QByteArray id = fixture.openSession();
        const auto session = fixture.handler.opened.first();
        {
            RawPeer stream(fixture.port);
            stream.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", id}}));
            QTRY_COMPARE(stream.status(), 200);
            for (int i = 1; i <= 3; ++i)
                session->send(notice(i));
            QTRY_VERIFY(stream.received.contains(notice(3)));
            stream.close();
        }
        QTRY_VERIFY(!session->isReachable());
        session->send(notice(4));
        RawPeer resumed(fixture.port);
        resumed.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", id}, {"Last-Event-ID", "0-2"}}));
        QTRY_VERIFY(resumed.received.contains(notice(4)));
        QVERIFY(resumed.received.contains(notice(3)));
        QVERIFY(!resumed.received.contains(notice(2)));
    }
    void progressMakesTheAnswerAStream()
    {
        EndpointFixture fixture;
        fixture.handler.keeps = true;
        const QByteArray id = fixture.openSession();
        RawPeer peer(fixture.port);
        peer.send(fixture.request("POST", "/mcp", {{"Mcp-Session-Id", id}, {"X-Request-ID", "r1"}}, kPing));
        QTRY_COMPARE(fixture.handler.messages.size(), std::size_t(2));
        const auto reply = fixture.handler.messages.back().reply;
        QVERIFY(reply->isOpen() && reply->isHttp());
        reply->notify(notice(1));
        QTRY_VERIFY(peer.received.contains(notice(1)));
        QCOMPARE(answerIn(peer.received).field("X-Request-ID"), QByteArray("r1"));
        reply->finish("{\"answer\":1}");
        QTRY_VERIFY(peer.received.endsWith("0\r\n\r\n"));
        QVERIFY(peer.received.indexOf("{\"answer\":1}") > peer.received.indexOf(notice(1)));
    }
    void anAnswerWhoseStreamBrokeIsFetchedLater()
    {
        EndpointFixture fixture;
        fixture.handler.keeps = true;
        const QByteArray id = fixture.openSession();
        QByteArray seen;
        std::shared_ptr<Reply> reply;
        {
            RawPeer peer(fixture.port);
            peer.send(fixture.request("POST", "/mcp", {{"Mcp-Session-Id", id}}, kPing));
            QTRY_COMPARE(fixture.handler.messages.size(), std::size_t(2));
            reply = fixture.handler.messages.back().reply;
            reply->notify(notice(1));
            QTRY_VERIFY(peer.received.contains(notice(1)));
            peer.close();
        }
        reply->finish("{\"answer\":1}");
        RawPeer resumed(fixture.port);
        resumed.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", id}, {"Last-Event-ID", "1-1"}}));
        QTRY_VERIFY(resumed.received.endsWith("0\r\n\r\n"));
        QVERIFY(resumed.received.contains("id: 1-2\ndata: {\"answer\":1}"));
        QVERIFY(!resumed.received.contains(notice(1)));
    }
    void anEventIdOfNobodyIsRefused()
    {
        EndpointFixture fixture;
        const QByteArray id = fixture.openSession();
        for (const QByteArray& last :
             {QByteArray("nonsense"), QByteArray("7-1"), QByteArray("-1"), QByteArray("1-"), QByteArray("99999999999-1")})
            QCOMPARE(fixture.ask("GET", "/mcp", {{"Mcp-Session-Id", id}, {"Last-Event-ID", last}}).status, 400);
    }
    void eventsKeptForAnAbsentClientAreBounded()
    {
        EndpointFixture fixture;
        const QByteArray id = fixture.openSession();
        const auto session = fixture.handler.opened.first();
        const int count = static_cast<int>(EventStream::kMaxKeptEvents) + 10;
        for (int i = 1; i <= count; ++i)
            session->send(notice(i));
        RawPeer stream(fixture.port);
        stream.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", id}}));
        QTRY_VERIFY(stream.received.contains(notice(count)));
        QVERIFY(!stream.received.contains(notice(10)) && stream.received.contains(notice(11)));
    }
    void theSessionUnusedForLongestMakesRoom()
    {
        HttpEndpoint::Options options;
        options.maxSessions = 2;
        EndpointFixture fixture(options);
        const QByteArray first = fixture.openSession();
        fixture.clock.advanceNs(1'000'000);
        const QByteArray second = fixture.openSession();
        fixture.clock.advanceNs(1'000'000);
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", first}}).status, 200);
        fixture.clock.advanceNs(1'000'000);
        QVERIFY(!fixture.openSession().isEmpty());
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", second}}).status, 404);
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", first}}).status, 200);
        QCOMPARE(fixture.endpoint.sessions().size(), 2);
    }
    void whenAllSessionsListenNoneIsOpened()
    {
        HttpEndpoint::Options options;
        options.maxSessions = 1;
        EndpointFixture fixture(options);
        RawPeer stream(fixture.port);
        stream.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", fixture.openSession()}}));
        QTRY_COMPARE(stream.status(), 200);
        const HttpAnswer answer = fixture.post(fixture.initialize());
        QCOMPARE(answer.status, 503);
        QVERIFY(answer.body.contains("\"error\""));
        QCOMPARE(fixture.handler.opened.size(), 1);
    }
    void anIdleSessionExpiresAndOneThatListensDoesNot()
    {
        HttpEndpoint::Options options;
        options.sessionIdleNs = 1'000'000'000;
        EndpointFixture fixture(options);
        const QByteArray idle = fixture.openSession();
        const QByteArray listening = fixture.openSession();
        RawPeer stream(fixture.port);
        stream.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", listening}}));
        QTRY_COMPARE(stream.status(), 200);
        fixture.clock.advanceNs(1'000'000'001);
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", idle}}).status, 404);
        QCOMPARE(fixture.handler.closed, QList{fixture.handler.opened.first()});
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", listening}}).status, 200);
    }
    void stoppingEndsTheStreams()
    {
        EndpointFixture fixture;
        RawPeer stream(fixture.port);
        stream.send(fixture.request("GET", "/mcp", {{"Mcp-Session-Id", fixture.openSession()}}));
        QTRY_COMPARE(stream.status(), 200);
        bool stopped = false;
        fixture.endpoint.stop(std::chrono::seconds(10), [&stopped] { stopped = true; });
        QTRY_VERIFY(stopped);
        QTRY_VERIFY(stream.isClosed());
        QVERIFY(stream.received.endsWith("0\r\n\r\n"));
    }
};

QTEST_GUILESS_MAIN(HttpSessionsTest)
#include "tst_http_sessions.moc"
