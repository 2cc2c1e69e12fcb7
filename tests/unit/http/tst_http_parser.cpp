// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/message_parser.h"

#include <QTest>

using namespace oriel::http;
using Kind = MessageParser::Kind;
using Step = MessageParser::Step;

namespace {

/// Everything a parser said about a stream, in one comparable text.
QByteArray transcript(MessageParser& parser, Kind kind, const QList<QByteArray>& pieces, bool ended = false)
{
    QByteArray said;
    QByteArray pending;
    QByteArray body;
    const auto run = [&] {
        while (true) {
            qsizetype consumed = 0;
            const Step step = parser.next(pending, &consumed);
            if (step == Step::Body)
                body.append(parser.body());
            pending.remove(0, consumed);
            switch (step) {
            case Step::NeedMore:
                return true;
            case Step::Body:
                break;
            case Step::Head:
                said += kind == Kind::Request ? parser.method() + ' ' + parser.target()
                                              : QByteArray::number(parser.status()) + ' ' + parser.reason();
                said += parser.keepAlive() ? "|keep|" : "|close|";
                parser.headers().appendTo(said);
                break;
            case Step::Done:
                said += '{' + body + "}\n";
                body.clear();
                parser.reset();
                break;
            case Step::Failed:
                said += "failed " + QByteArray::number(parser.errorStatus());
                return false;
            }
        }
    };
    for (const QByteArray& piece : pieces) {
        pending += piece;
        if (!run())
            return said;
    }
    if (ended)
        said += parser.finish() == Step::Done ? '{' + body + "}end" : QByteArray("cut");
    return said;
}

QByteArray transcript(Kind kind, const QList<QByteArray>& pieces, bool ended = false)
{
    MessageParser parser(kind, {1024, 10, 64, 4096});
    return transcript(parser, kind, pieces, ended);
}

int refusal(const QByteArray& request)
{
    const QByteArray said = transcript(Kind::Request, {request});
    const qsizetype at = said.indexOf("failed ");
    return at < 0 ? 0 : said.mid(at + 7).toInt();
}

} // namespace

class HttpParserTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void requestsMeanTheSameWhereverTheyAreCut()
    {
        const QByteArray stream = "POST /mcp?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                                  "GET / HTTP/1.1\r\nhost:b \r\nX-Empty:\r\n\r\n"
                                  "\r\nPUT /c HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: Chunked\r\n\r\n"
                                  "3\r\nabc\r\nA;ext=\"v\"\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"
                                  "DELETE /d HTTP/1.0\r\n\r\n";
        const QByteArray whole = transcript(Kind::Request, {stream});
        QCOMPARE(whole, QByteArray("POST /mcp?x=1|keep|Host: a\r\nContent-Length: 5\r\n{hello}\n"
                                   "GET /|keep|host: b\r\nX-Empty: \r\n{}\n"
                                   "PUT /c|keep|Host: c\r\nTransfer-Encoding: Chunked\r\n{abc0123456789}\n"
                                   "DELETE /d|close|{}\n"));
        for (qsizetype cut = 0; cut <= stream.size(); ++cut)
            QCOMPARE(transcript(Kind::Request, {stream.first(cut), stream.sliced(cut)}), whole);
        QList<QByteArray> bytes;
        for (const char c : stream)
            bytes.append(QByteArray(1, c));
        QCOMPARE(transcript(Kind::Request, bytes), whole);
    }
    void responsesMeanTheSameWhereverTheyAreCut()
    {
        const QByteArray stream = "HTTP/1.1 100 Continue\r\n\r\n"
                                  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
                                  "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
                                  "HTTP/1.1 204 No Content\r\n\r\n"
                                  "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"
                                  "HTTP/1.1 200 \r\nConnection: close\r\n\r\nuntil the end";
        const QByteArray whole = transcript(Kind::Response, {stream}, true);
        QCOMPARE(whole,
                 QByteArray("100 Continue|keep|{}\n200 OK|keep|Content-Length: 3\r\n{abc}\n"
                            "202 Accepted|keep|Transfer-Encoding: chunked\r\n{x}\n204 No Content|keep|{}\n"
                            "304 Not Modified|keep|Content-Length: 9\r\n{}\n200 |close|Connection: close\r\n{until the end}end"));
        for (qsizetype cut = 0; cut <= stream.size(); ++cut)
            QCOMPARE(transcript(Kind::Response, {stream.first(cut), stream.sliced(cut)}, true), whole);
        QByteArrayList bytes;
        for (const char byte : stream)
            bytes.append(QByteArray(1, byte));
        QCOMPARE(transcript(Kind::Response, bytes, true), whole);
    }
    void aStreamThatEndsInTheMiddleIsAnError()
    {
        QVERIFY(transcript(Kind::Response, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"}, true).endsWith("cut"));
        QVERIFY(
            transcript(Kind::Response, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab"}, true).endsWith("cut"));
        QVERIFY(transcript(Kind::Response, {"HTTP/1.1 200 OK\r\nConte"}, true).endsWith("cut"));
    }
    void anAnswerToAHeadHasNoBodyWhateverItSays()
    {
        MessageParser parser(Kind::Response, {});
        parser.reset(true);
        qsizetype consumed = 0;
        QCOMPARE(parser.next("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", &consumed), Step::Head);
        QCOMPARE(parser.next("", &consumed), Step::Done);
    }
    void whatCanBeReadInTwoWaysIsRefused_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<int>("status");
        const auto row = [](const char* name, const QByteArray& request, int status) {
            QTest::newRow(name) << request << status;
        };
        const QByteArray post = "POST / HTTP/1.1\r\nHost: a\r\n";
        row("length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
        row("chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400);
        row("two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400);
        row("the same length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400);
        row("a list of lengths", post + "Content-Length: 3, 3\r\n\r\n", 400);
        row("signed length", post + "Content-Length: +3\r\n\r\n", 400);
        row("negative length", post + "Content-Length: -3\r\n\r\n", 400);
        row("hexadecimal length", post + "Content-Length: 0x3\r\n\r\n", 400);
        row("empty length", post + "Content-Length:\r\n\r\n", 400);
        row("overflowing length", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400);
        row("bare line feed", "POST / HTTP/1.1\nHost: a\r\n\r\n", 400);
        row("bare line feed in the fields", post + "X: a\nY: b\r\n\r\n", 400);
        row("bare carriage return", post + "X: a\rY: b\r\n\r\n", 400);
        row("folded field", post + "X: a\r\n b\r\n\r\n", 400);
        row("folded first field", "POST / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
        row("folded by a tab", post + "X: a\r\n\tContent-Length: 3\r\n\r\n", 400);
        row("blank before the colon", post + "Content-Length : 3\r\n\r\n", 400);
        row("no colon", post + "Content-Length\r\n\r\n", 400);
        row("empty name", post + ": 3\r\n\r\n", 400);
        row("a NUL in a value", post + QByteArray("X: a\0b\r\n\r\n", 10), 400);
        row("other coding", post + "Transfer-Encoding: gzip\r\n\r\n", 501);
        row("several codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501);
        row("chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
        row("chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501);
        row("misspelt coding", post + "Transfer-Encoding: xchunked\r\n\r\n", 501);
        row("identity", post + "Transfer-Encoding: identity\r\n\r\n", 501);
        row("coding with HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
        row("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
        row("HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 505);
        row("HTTP/3.0", "GET / HTTP/3.0\r\n\r\n", 505);
        row("no version", "GET /\r\n\r\n", 400);
        row("garbage version", "GET / HTPP/1.1\r\n\r\n", 400);
        row("lower-case version", "GET / http/1.1\r\n\r\n", 400);
        row("blank behind the version", "GET / HTTP/1.1 \r\n\r\n", 400);
        row("two blanks", "GET  / HTTP/1.1\r\n\r\n", 400);
        row("no target", "GET HTTP/1.1\r\n\r\n", 400);
        row("control character in the target", "GET /\x01 HTTP/1.1\r\n\r\n", 400);
        row("no method", " / HTTP/1.1\r\n\r\n", 400);
        row("method with a colon", "GE:T / HTTP/1.1\r\n\r\n", 400);
        row("TLS hello", QByteArray("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400);
        row("only empty lines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 400);
        row("empty line with a line feed", "\n\n", 400);
        row("long target", "GET /" + QByteArray(64, 'a') + " HTTP/1.1\r\n\r\n", 414);
        row("endless first line", QByteArray(200, 'a'), 414);
        row("endless field", post + "X: " + QByteArray(1024, 'a'), 431);
        row("large head", post + "X: " + QByteArray(1024, 'a') + "\r\n\r\n", 431);
        row("many fields", post + QByteArray("X: a\r\n").repeated(10) + "\r\n", 431);
        row("large body", post + "Content-Length: 4097\r\n\r\n", 413);
        const QByteArray chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
        row("large chunk", chunked + "1001\r\n", 413);
        row("chunks that add up", chunked + "800\r\n" + QByteArray(0x800, 'x') + "\r\n801\r\n", 413);
        row("chunk size of words", chunked + "xyz\r\n", 400);
        row("chunk size with a sign", chunked + "+3\r\nabc\r\n", 400);
        row("chunk size with 0x", chunked + "0x3\r\nabc\r\n\r\n", 400);
        row("overflowing chunk size", chunked + "FFFFFFFFFFFFFFFFF\r\n", 400);
        row("chunk size of 63 bits", chunked + "7FFFFFFFFFFFFFFF\r\n", 400);
        row("chunk without its line end", chunked + "3\r\nabcd\r\n0\r\n\r\n", 400);
        row("chunk with a bare line feed", chunked + "3\nabc\r\n0\r\n\r\n", 400);
        row("endless chunk extension", chunked + "3;" + QByteArray(5000, 'x'), 400);
        row("endless trailer", chunked + "0\r\nX: " + QByteArray(5000, 'x'), 400);
        row("length in the trailer", chunked + "0\r\nContent-Length: 3\r\n\r\n", 400);
        row("many trailers", chunked + "0\r\n" + QByteArray("X: a\r\n").repeated(11) + "\r\n", 431);
    }
    void whatCanBeReadInTwoWaysIsRefused()
    {
        QFETCH(QByteArray, request);
        QFETCH(int, status);
        QCOMPARE(refusal(request), status);
        // A parser that has refused stays so.
        MessageParser parser(Kind::Request, {1024, 10, 64, 4096});
        transcript(parser, Kind::Request, {request});
        qsizetype consumed = 0;
        QCOMPARE(parser.next("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &consumed), Step::Failed);
        QVERIFY(!parser.errorMessage().isEmpty());
    }
    void trailersNeverReachTheHeaders()
    {
        const QByteArray said = transcript(Kind::Request, {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                           "0\r\nAuthorization: Bearer x\r\n\r\n"});
        QVERIFY(!said.contains("Authorization"));
        QVERIFY(said.endsWith("{}\n"));
    }
    void randomBytesNeverGetThroughAndNeverHang()
    {
        quint32 random = 7;
        const QByteArray seed = "POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for (int round = 0; round < 20'000; ++round) {
            QByteArray mutated = seed;
            for (int i = 0; i < 3; ++i) {
                random = random * 1664525 + 1013904223;
                mutated[static_cast<qsizetype>((random >> 8) % static_cast<quint32>(mutated.size()))] =
                    static_cast<char>(random >> 24);
            }
            const QByteArray whole = transcript(Kind::Request, {mutated}, true);
            const qsizetype cut = static_cast<qsizetype>((random >> 9) % static_cast<quint32>(mutated.size()));
            QCOMPARE(transcript(Kind::Request, {mutated.first(cut), mutated.sliced(cut)}, true), whole);
        }
    }
};

QTEST_GUILESS_MAIN(HttpParserTest)
#include "tst_http_parser.moc"
