// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/line_splitter.h"

#include <QTest>

#include <cstring>

using oriel::upstream::LineSplitter;

class TestLineSplitter : public QObject {
    Q_OBJECT

    static void feed(LineSplitter& splitter, QByteArrayView bytes)
    {
        std::memcpy(splitter.reserve(bytes.size()), bytes.data(), static_cast<std::size_t>(bytes.size()));
        splitter.commit(bytes.size());
    }

    static QByteArrayList drain(LineSplitter& splitter)
    {
        QByteArrayList lines;
        while (auto line = splitter.next()) {
            lines.append(line->bytes);
        }
        return lines;
    }

private Q_SLOTS:
    void aStreamCutAnywhereGivesTheSameLines()
    {
        const QByteArray text = "first\nsecond\r\n\n{\"long\":\"" + QByteArray(300, 'x') + "\"}\nlast";
        const QByteArrayList expected{"first", "second", "", "{\"long\":\"" + QByteArray(300, 'x') + "\"}"};
        for (qsizetype piece = 1; piece < 40; ++piece) {
            LineSplitter splitter(1024, 16);
            QByteArrayList lines;
            for (qsizetype at = 0; at < text.size(); at += piece) {
                feed(splitter, QByteArrayView(text).sliced(at, std::min(piece, text.size() - at)));
                lines += drain(splitter);
            }
            QCOMPARE(lines, expected);
            const auto rest = splitter.takeRest();
            QVERIFY(rest.has_value());
            QCOMPARE(rest->bytes, QByteArray("last"));
            QVERIFY(!splitter.takeRest().has_value());
        }
    }

    void aStreamThatEndsWithALineEndHasNoRest()
    {
        LineSplitter splitter(1024, 16);
        feed(splitter, "one\n");
        QCOMPARE(drain(splitter), QByteArrayList{"one"});
        QVERIFY(!splitter.takeRest().has_value());
    }

    void aHugeLineArrivesWholeAndIsFollowedByTheNext()
    {
        LineSplitter splitter(64 * 1024 * 1024, 4096);
        const QByteArray huge(10 * 1024 * 1024, 'y');
        const QByteArray stream = huge + "\nnext\n";
        QByteArrayList lines;
        for (qsizetype at = 0; at < stream.size(); at += 65536) {
            feed(splitter, QByteArrayView(stream).sliced(at, std::min<qsizetype>(65536, stream.size() - at)));
            lines += drain(splitter);
        }
        QCOMPARE(lines.size(), 2);
        QVERIFY(lines.at(0) == huge);
        QCOMPARE(lines.at(1), QByteArray("next"));
        QCOMPARE(splitter.bufferedBytes(), 0);
    }

    void ofALineBeyondTheLimitBothEndsAreKept()
    {
        for (const qsizetype piece : {7, 50, 5000}) {
            LineSplitter splitter(100, 10);
            const QByteArray stream = "0123456789" + QByteArray(1000, '.') + "abcdefghij\nnext\n";
            std::vector<LineSplitter::Line> lines;
            for (qsizetype at = 0; at < stream.size(); at += piece) {
                feed(splitter, QByteArrayView(stream).sliced(at, std::min(piece, stream.size() - at)));
                while (auto line = splitter.next()) {
                    lines.push_back(std::move(*line));
                }
                QVERIFY(splitter.bufferedBytes() <= 100 + piece);
            }
            QCOMPARE(lines.size(), std::size_t{2});
            QVERIFY(lines[0].oversized);
            QCOMPARE(lines[0].bytes, QByteArray("0123456789"));
            QCOMPARE(lines[0].tail, QByteArray("abcdefghij"));
            QCOMPARE(lines[0].fullSize, 1020);
            QVERIFY(!lines[1].oversized);
            QCOMPARE(lines[1].bytes, QByteArray("next"));
        }
    }

    void anOversizedLineWithoutAnEndIsReportedAtTheEnd()
    {
        LineSplitter splitter(100, 10);
        feed(splitter, QByteArray(500, 'z'));
        QVERIFY(drain(splitter).isEmpty());
        const auto rest = splitter.takeRest();
        QVERIFY(rest.has_value());
        QVERIFY(rest->oversized);
        QCOMPARE(rest->fullSize, 500);
    }
};

QTEST_GUILESS_MAIN(TestLineSplitter)
#include "tst_line_splitter.moc"
