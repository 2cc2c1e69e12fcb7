// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/accept.h"
#include "downstream_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::downstream;
using namespace oriel::downstream::test;

namespace {

const QByteArray kStreamFirst = "text/event-stream, application/json";
const QByteArray kAnswer = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"done\":true}}";

/// A session with one request that nobody has answered yet.
struct HeldRequest {
    explicit HeldRequest(const QByteArray& revision = "2025-11-25", const Fields& more = {})
        : session(fixture.openSession(revision)),
          peer(fixture.port)
    {
        fixture.handler.keeps = true;
        peer.send(fixture.request("POST", "/mcp", Fields{{"Mcp-Session-Id", session}} + more, kPing));
        spinUntil([this] { return fixture.handler.messages.size() == 2; });
        reply = fixture.handler.messages.back().reply;
    }

    EndpointFixture fixture;
    QByteArray session;
    RawPeer peer;
    std::shared_ptr<Reply> reply;
};

} // namespace

/// When the answer to a POST is an event stream, and what becomes of one that is broken or closed early.
class HttpStreamsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void acceptSaysWhatMayBeAnsweredAndWhatIsLiked_data()
    {
        QTest::addColumn<QByteArray>("accept");
        QTest::addColumn<bool>("json");
        QTest::addColumn<bool>("stream");
        QTest::addColumn<bool>("prefersStream");
        QTest::newRow("none") << QByteArray() << true << true << false;
        QTest::newRow("all") << QByteArray("*/*") << true << true << false;
        QTest::newRow("the usual") << QByteArray("application/json, text/event-stream") << true << true << false;
        QTest::newRow("stream first") << kStreamFirst << true << true << true;
        QTest::newRow("case and parameters") << QByteArray("Text/Event-Stream;v=1 ,APPLICATION/JSON") << true << true << true;
        QTest::newRow("weights") << QByteArray("application/json;q=0.5, text/event-stream") << true << true << true;
        QTest::newRow("weights against order")
            << QByteArray("text/event-stream;q=0.1, application/json") << true << true << false;
        QTest::newRow("excluded") << QByteArray("application/json, text/event-stream;q=0") << true << false << false;
        QTest::newRow("ranges") << QByteArray("text/*, application/*") << true << true << false;
        QTest::newRow("one only") << QByteArray("text/event-stream") << false << true << false;
        QTest::newRow("neither") << QByteArray("text/html, image/*") << false << false << false;
        QTest::newRow("odd weight") << QByteArray("text/event-stream;q=x, application/json;q=2") << true << true << true;
    }
    void acceptSaysWhatMayBeAnsweredAndWhatIsLiked()
    {
        QFETCH(QByteArray, accept);
        const Acceptance read = readAccept(accept);
        QTEST(read.json, "json");
        QTEST(read.eventStream, "stream");
        QTEST(read.prefersEventStream, "prefersStream");
    }
    void aClientThatPrefersEventStreamsGetsOne()
    {
        EndpointFixture fixture;
        const QByteArray id = fixture.openSession();
        RawPeer peer(fixture.port);
        peer.send(fixture.request("POST", "/mcp", {{"Mcp-Session-Id", id}, {"Accept", kStreamFirst}}, kPing));
        QTRY_VERIFY(peer.received.endsWith("0\r\n\r\n"));
        QCOMPARE(answerIn(peer.received).field("Content-Type"), QByteArray("text/event-stream"));
        QVERIFY2(peer.received.contains("id: 1-0\ndata: \n") || peer.received.contains("id: 1-0\ndata:\n"), peer.received);
        QVERIFY(peer.received.contains("id: 1-1\ndata: " + kAnswer));
    }
    void anErrorWithAStatusOfItsOwnIsPlain()
    {
        HeldRequest held("2025-11-25", {{"Accept", kStreamFirst}});
        held.reply->finish("{\"error\":1}", 404);
        QTRY_COMPARE(held.peer.status(), 404);
        QCOMPARE(answerIn(held.peer.received).field("Content-Type"), QByteArray("application/json"));
    }
    void anAnswerThatIsSlowBecomesAStreamThatCanBeResumed()
    {
        HeldRequest held;
        held.fixture.clock.advanceNs(SlowReplies::kSlowNs);
        QTRY_VERIFY(held.peer.received.contains("id: 1-0\n"));
        QVERIFY(held.peer.received.contains("retry: "));
        held.peer.close();
        held.reply->finish(kAnswer);
        RawPeer resumed(held.fixture.port);
        resumed.send(held.fixture.request("GET", "/mcp", {{"Mcp-Session-Id", held.session}, {"Last-Event-ID", "1-0"}}));
        QTRY_VERIFY(resumed.received.endsWith("0\r\n\r\n"));
        QCOMPARE(resumed.received.count(kAnswer), 1);
    }
    void anAnswerThatComesInTimeIsPlain()
    {
        HeldRequest held;
        held.reply->finish(kAnswer);
        QTRY_VERIFY(isWhole(held.peer.received));
        QCOMPARE(answerIn(held.peer.received).field("Content-Type"), QByteArray("application/json"));
        held.fixture.clock.advanceNs(SlowReplies::kSlowNs * 2);
        held.reply.reset();
    }
    void beforePrimingEventsASlowAnswerStaysPlain()
    {
        HeldRequest held("2025-06-18");
        held.fixture.clock.advanceNs(SlowReplies::kSlowNs * 2);
        held.reply->finish(kAnswer);
        QTRY_VERIFY(isWhole(held.peer.received));
        QCOMPARE(answerIn(held.peer.received).field("Content-Type"), QByteArray("application/json"));
    }
    void aPausedStreamIsClosedAndHasTheRestWhenTheClientComesBack()
    {
        HeldRequest held;
        held.reply->pause(std::chrono::milliseconds(250));
        QTRY_VERIFY(held.peer.received.endsWith("0\r\n\r\n"));
        QVERIFY(held.peer.received.contains("id: 1-0\n"));
        QVERIFY(held.peer.received.indexOf("retry: 250\n") > held.peer.received.indexOf("id: 1-0\n"));
        QVERIFY(held.reply->isOpen());
        RawPeer resumed(held.fixture.port);
        resumed.send(held.fixture.request("GET", "/mcp", {{"Mcp-Session-Id", held.session}, {"Last-Event-ID", "1-0"}}));
        QTRY_COMPARE(resumed.status(), 200);
        held.reply->notify("{\"notice\":1}");
        held.reply->finish(kAnswer);
        QTRY_VERIFY(resumed.received.endsWith("0\r\n\r\n"));
        QVERIFY(resumed.received.indexOf("{\"notice\":1}") < resumed.received.indexOf(kAnswer));
        QVERIFY(!held.peer.received.contains(kAnswer));
    }
    void aPauseIsNothingToAClientThatCannotComeBack()
    {
        HeldRequest held("2025-06-18");
        held.reply->pause(std::chrono::milliseconds(250));
        held.reply->finish(kAnswer);
        QTRY_VERIFY(isWhole(held.peer.received));
        QCOMPARE(answerIn(held.peer.received).body, kAnswer);
    }
    void repliesMayOutliveTheEndpoint()
    {
        std::shared_ptr<Reply> reply;
        {
            HeldRequest held;
            reply = held.reply;
        }
        QVERIFY(!reply->isOpen());
        reply->finish(kAnswer);
    }
};

QTEST_GUILESS_MAIN(HttpStreamsTest)
#include "tst_http_streams.moc"
