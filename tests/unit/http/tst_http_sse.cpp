// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/sse.h"

#include <QTest>

using namespace oriel;
using namespace oriel::http;

namespace {

QByteArray describe(SseParser& parser)
{
    QByteArray text;
    while (const std::optional<SseEvent> event = parser.next())
        text += '[' + event->id + '|' + event->event + '|' + event->data + (event->hasId ? "|own]" : "]");
    return text;
}

QByteArray parsed(const QByteArray& stream)
{
    SseParser parser;
    if (!parser.feed(stream))
        return "failed";
    return describe(parser);
}

} // namespace

class SseTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void fieldsAreReadAsTheStandardSays_data()
    {
        QTest::addColumn<QByteArray>("stream");
        QTest::addColumn<QByteArray>("events");
        const auto row = [](const char* name, const char* stream, const char* events) {
            QTest::newRow(name) << QByteArray(stream) << QByteArray(events);
        };
        row("plain", "data: a\n\n", "[||a]");
        row("several lines", "data: a\ndata: b\ndata\n\n", "[||a\nb\n]");
        row("all fields", "id: 7\nevent: message\ndata: {}\n\n", "[7|message|{}|own]");
        row("the id stays", "id: 7\ndata: a\n\ndata: b\n\n", "[7||a|own][7||b]");
        row("the type does not", "event: x\ndata: a\n\ndata: b\n\n", "[|x|a][||b]");
        row("one leading blank only", "data:  a \ndata:b\n\n", "[|| a \nb]");
        row("comments", ": hi\ndata: a\n:\n\n", "[||a]");
        row("unknown fields", "data: a\nfoo: b\nDATA: c\n\n", "[||a]");
        row("no data, no event", "event: x\nid: 1\n\ndata: a\n\n", "[1||a]");
        row("empty data is an event", "id: 1\ndata:\n\n", "[1|||own]");
        row("an id may be emptied", "id: 1\ndata: a\n\nid\ndata: b\n\n", "[1||a|own][||b|own]");
        row("unfinished", "data: a\n", "");
        row("carriage returns", "data: a\rdata: b\r\r", "[||a\nb]");
        row("both", "data: a\r\ndata: b\r\n\r\n", "[||a\nb]");
        row("mixed", "data: a\r\n\ndata: b\n\r", "[||a][||b]");
        row("byte order mark",
            "\xef\xbb\xbf"
            "data: a\n\n",
            "[||a]");
        row("a mark in the middle is a name",
            "data: a\n\n\xef\xbb\xbf"
            "data: b\n\n",
            "[||a]");
        row("half a mark",
            "\xef\xbb"
            "data: b\n\ndata: c\n\n",
            "[||c]");
        row("colons in the value", "data: a: b\n\n", "[||a: b]");
    }
    void fieldsAreReadAsTheStandardSays()
    {
        QFETCH(QByteArray, stream);
        QFETCH(QByteArray, events);
        QCOMPARE(parsed(stream), events);
        for (qsizetype first = 0; first <= stream.size(); ++first) {
            for (qsizetype second = first; second <= stream.size(); ++second) {
                SseParser parser;
                QVERIFY(parser.feed(QByteArrayView(stream).first(first)));
                QVERIFY(parser.feed(QByteArrayView(stream).sliced(first, second - first)));
                QVERIFY(parser.feed(QByteArrayView(stream).sliced(second)));
                QCOMPARE(describe(parser), events);
            }
        }
    }
    void anIdWithANulIsIgnored() { QCOMPARE(parsed(QByteArray("id: a\0b\ndata: x\n\n", 17)), QByteArray("[||x]")); }
    void retryTakesDigitsOnly()
    {
        SseParser parser;
        QVERIFY(parser.feed("retry: 250\nretry: 1x\nretry:\nretry: -4\nretry: 99999999999999\n\n"));
        QCOMPARE(parser.retry(), std::optional(std::chrono::milliseconds(250)));
        QVERIFY(!parser.next());
    }
    void anIdWithoutDataStillCountsForResumption()
    {
        SseParser parser;
        QVERIFY(parser.feed("id: 42\n\n"));
        QVERIFY(!parser.next());
        QCOMPARE(parser.lastEventId(), QByteArray("42"));
        QVERIFY(!parser.isMidEvent());
        QVERIFY(parser.feed("data: a"));
        QVERIFY(parser.isMidEvent());
    }
    void tooLongLinesEventsAndIdsFail()
    {
        const SseParser::Limits limits{100, 10};
        SseParser line(limits);
        QVERIFY(line.feed(QByteArray(100, 'a')));
        const Status refused = line.feed("a");
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::TooLarge);
        QVERIFY(!line.feed("\n\n"));
        SseParser event(limits);
        QVERIFY(event.feed("data: " + QByteArray(60, 'a') + '\n'));
        QVERIFY(!event.feed("data: " + QByteArray(60, 'a') + '\n'));
        SseParser id(limits);
        QVERIFY(!id.feed("id: 12345678901\n"));
    }
    void whatIsWrittenIsReadBack()
    {
        const QByteArray data = "{\"a\":1}\nsecond\r\nthird\rfourth\n";
        SseParser parser;
        QVERIFY(parser.feed(sseComment("keep\nalive") + sseRetry(std::chrono::milliseconds(5)) + ssePrimingEvent("p1") +
                            sseEvent(data, "9", "message") + sseEvent("")));
        QCOMPARE(describe(parser), QByteArray("[p1|||own][9|message|{\"a\":1}\nsecond\nthird\nfourth\n|own][9||]"));
        QCOMPARE(parser.retry(), std::optional(std::chrono::milliseconds(5)));
    }
    void idsAndTypesCannotSmuggleFields()
    {
        QCOMPARE(sseEvent("x", "1\ndata: y", "e\r"), QByteArray("data: x\n\n"));
        QCOMPARE(ssePrimingEvent("p", std::chrono::milliseconds(3)), QByteArray("retry: 3\nid: p\ndata: \n\n"));
    }
    void everyLineEndIsFoundWhereverItStands()
    {
        for (const char* end : {"\r", "\n", "\r\n"}) {
            for (int length = 0; length < 600; ++length) {
                const QByteArray data(length, 'x');
                QCOMPARE(parsed("data: " + data + end + "data: y" + end + end), "[||" + data + "\ny]");
            }
        }
    }
    void linesThatEndInACarriageReturnAreNotSearchedForALineFeedEachTime()
    {
        // Where each line is searched to the end of the bytes, this takes longer than a test may.
        QCOMPARE(parsed(QByteArray(8 * 1024 * 1024, '\r') + "data: a\r\r"), QByteArray("[||a]"));
    }
    void aLongLineArrivesWhole()
    {
        const QByteArray payload(10 * 1024 * 1024, 'j');
        const QByteArray stream = sseEvent(payload, "1");
        SseParser parser;
        for (qsizetype at = 0; at < stream.size(); at += 65'536)
            QVERIFY(parser.feed(QByteArrayView(stream).sliced(at, std::min<qsizetype>(65'536, stream.size() - at))));
        const std::optional<SseEvent> event = parser.next();
        QVERIFY(event);
        QVERIFY(event->data == payload);
    }
};

QTEST_GUILESS_MAIN(SseTest)
#include "tst_http_sse.moc"
