// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/head_writer.h"
#include "http/message.h"
#include "http/write_queue.h"

#include <QTest>

using namespace oriel::http;

class HttpMessageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesCompareWithoutCaseAndValuesKeepTheirs()
    {
        const Headers headers{{"Content-Type", "Application/JSON"}, {"X-A", "1"}, {"x-a", "2"}};
        QCOMPARE(headers.value("content-type"), QByteArrayView("Application/JSON"));
        QCOMPARE(headers.value("X-a"), QByteArrayView("1"));
        QCOMPARE(headers.count("x-A"), 2);
        QVERIFY(headers.value("X-B").isNull());
        QVERIFY(!headers.contains("X-"));
    }
    void everyByteComparesWithoutCaseWhereverItStands()
    {
        const auto isLetter = [](int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
        for (qsizetype length = 1; length <= 17; ++length) {
            for (qsizetype at = 0; at < length; ++at) {
                for (int c = 0; c < 256; ++c) {
                    QByteArray one(length, 'x');
                    QByteArray other(length, 'X');
                    one[at] = static_cast<char>(c);
                    other[at] = static_cast<char>(c);
                    QVERIFY(equalsIgnoringCase(one, other));
                    other[at] = static_cast<char>(c ^ 0x20);
                    QCOMPARE(equalsIgnoringCase(one, other), isLetter(c));
                    other[at] = static_cast<char>(c ^ 0x01);
                    QVERIFY(!equalsIgnoringCase(one, other));
                }
            }
        }
    }
    void everyControlCharacterIsRefusedWhereverItStands()
    {
        for (qsizetype length = 1; length <= 17; ++length) {
            for (qsizetype at = 0; at < length; ++at) {
                for (int c = 0; c < 256; ++c) {
                    QByteArray value(length, 'v');
                    value[at] = static_cast<char>(c);
                    QCOMPARE(isFieldValue(value), c == '\t' || (c >= 0x20 && c != 0x7f));
                }
            }
        }
    }

    void anEmptyValueIsNotAnAbsentOne()
    {
        Headers headers;
        QVERIFY(headers.add("X-Empty", ""));
        QVERIFY(headers.contains("X-Empty"));
        QVERIFY(headers.value("X-Empty").isEmpty());
        QVERIFY(!headers.value("X-Empty").isNull());
    }
    void aValueThatWouldStartAnotherFieldIsRefused()
    {
        Headers headers;
        QVERIFY(!headers.add("X-A", "1\r\nSet-Cookie: b"));
        QVERIFY(!headers.add("X-A", "1\nb"));
        QVERIFY(!headers.add("X-A", QByteArrayView("a\0b", 3)));
        QVERIFY(!headers.add("X A", "1"));
        QVERIFY(!headers.add("", "1"));
        QVERIFY(!headers.add("X-A:", "1"));
        QVERIFY(!headers.set("X-A", "\x7f"));
        QVERIFY(headers.isEmpty());
        QVERIFY(headers.add("X-A", "tab\tand \xc3\xbc"));
    }
    void settingReplacesEveryFieldOfThatName()
    {
        Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
        QVERIFY(headers.set("A", headers.value("B")));
        QCOMPARE(headers.count("A"), 1);
        QCOMPARE(headers.value("a"), QByteArrayView("2"));
        headers.remove("b");
        QVERIFY(!headers.contains("B"));
        QByteArray text;
        headers.appendTo(text);
        QCOMPARE(text, QByteArray("A: 2\r\n"));
    }
    void listsAreSearchedByElement()
    {
        QVERIFY(listHas("application/json, text/event-stream;q=0.9", "TEXT/event-stream"));
        QVERIFY(listHas(" a ,b", "a"));
        QVERIFY(!listHas("application/jsonx, text", "application/json"));
        QVERIFY(!listHas("", "a"));
    }
    void aTargetIsSplitAtTheFirstQuestionMark()
    {
        Request request;
        request.target = "/mcp/files?a=1&b=?";
        QCOMPARE(request.path(), QByteArrayView("/mcp/files"));
        QCOMPARE(request.query(), QByteArrayView("a=1&b=?"));
        request.target = "/mcp";
        QCOMPARE(request.path(), QByteArrayView("/mcp"));
        QVERIFY(request.query().isEmpty());
    }
    void queryValuesAreDecodedAndBrokenOnesAreNot()
    {
        QCOMPARE(queryValue("a=1&sessionId=x%2Fy+z&b", "sessionId"), std::optional<QByteArray>("x/y z"));
        QCOMPARE(queryValue("a=1&b", "b"), std::optional<QByteArray>(""));
        QVERIFY(!queryValue("a=1", "c"));
        QVERIFY(!queryValue("a=%4", "a"));
        QVERIFY(!queryValue("a=%zz", "a"));
    }
    void theWriterOwnsTheFieldsThatDelimitTheMessage()
    {
        const Headers headers{{"Content-Length", "7"},
                              {"Transfer-Encoding", "chunked"},
                              {"Connection", "upgrade"},
                              {"X-A", "1"},
                              {"Date", "yesterday"}};
        QByteArray out;
        appendResponseHead(out, 404, headers, {ResponseFraming::Kind::Length, 3, true}, "D");
        QCOMPARE(out,
                 QByteArray("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nDate: D\r\nConnection: close\r\nX-A: 1\r\n\r\n"));
        out.clear();
        appendRequestHead(out, "POST", "/mcp", "h:1", headers, 0);
        QCOMPARE(out, QByteArray("POST /mcp HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\nX-A: 1\r\nDate: yesterday\r\n\r\n"));
        out.clear();
        appendRequestHead(out, "GET", "/", "h", {}, 0);
        QCOMPARE(out, QByteArray("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    }
    void datesAreInTheFixedForm() { QCOMPARE(httpDate(784111777), QByteArray("Sun, 06 Nov 1994 08:49:37 GMT")); }
    void aWriteQueueGivesBackEveryByteInOrder()
    {
        WriteQueue queue;
        QByteArray expected;
        QByteArray sent;
        quint32 random = 12345;
        const auto next = [&](quint32 below) {
            random = random * 1664525 + 1013904223;
            return static_cast<qsizetype>((random >> 8) % below);
        };
        for (int round = 0; round < 2000; ++round) {
            const QByteArray piece(next(4) == 0 ? 10'000 + next(60'000) : next(200), static_cast<char>('a' + round % 26));
            expected += piece;
            if (next(2) == 0)
                queue.append(piece);
            else
                queue.append(QByteArrayView(piece));
            QCOMPARE(queue.size(), expected.size() - sent.size());
            for (qsizetype steps = next(4); steps > 0 && !queue.isEmpty(); --steps) {
                const QByteArrayView front = queue.front();
                QVERIFY(!front.isEmpty());
                const qsizetype count = 1 + next(static_cast<quint32>(front.size()));
                sent.append(front.first(std::min(count, front.size())));
                queue.consume(std::min(count, front.size()));
            }
        }
        while (!queue.isEmpty()) {
            sent.append(queue.front());
            queue.consume(queue.front().size());
        }
        QVERIFY(queue.front().isEmpty());
        QVERIFY(sent == expected);
    }
};

QTEST_GUILESS_MAIN(HttpMessageTest)
#include "tst_http_message.moc"
