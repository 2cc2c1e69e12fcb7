// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/shell/fuzzy.h"
#include "ui/shell/keyboard_sheet.h"
#include "ui/shell/status_strip.h"
#include "ui/shell/ui_settings.h"

#include <QTemporaryDir>

using namespace oriel::ui;

class TestShellPieces : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void lettersInOrderMatchAndOthersDoNot()
    {
        QVERIFY(fuzzyMatch(u"gtt", u"Go to Traces"));
        QVERIFY(fuzzyMatch(u"GO TR", u"Go to Traces"));
        QVERIFY(!fuzzyMatch(u"xyz", u"Go to Traces"));
        QVERIFY(!fuzzyMatch(u"traces go", u"Go to Traces"));
        QCOMPARE(fuzzyMatch(u"", u"anything")->score, 0);
        QVERIFY(!fuzzyMatch(u"a", u""));
        QVERIFY(!fuzzyMatch(QString(500, QLatin1Char('a')), u"aaa"));
        QVERIFY(fuzzyMatch(u"a", QString(100'000, QLatin1Char('a'))));
    }

    void theMarkedLettersAreTheOnesThatMatch()
    {
        const auto match = fuzzyMatch(u"tra", u"Go to Traces");
        QVERIFY(match);
        QCOMPARE(match->positions, (QList<qsizetype>{6, 7, 8}));
        const auto spread = fuzzyMatch(u"gs", u"Go to Settings");
        QCOMPARE(spread->positions, (QList<qsizetype>{0, 6}));
    }

    void lettersInARowBeatScatteredOnes()
    {
        QVERIFY(fuzzyMatch(u"tr", u"Go to Traces")->score > fuzzyMatch(u"tr", u"Time range: Last 5 min")->score);
        QVERIFY(fuzzyMatch(u"set", u"Go to Settings")->score > fuzzyMatch(u"set", u"Servers: edit tokens")->score);
    }

    void theStatusIsToldInSegments()
    {
        ShellStatus status;
        status.endpoint = QStringLiteral("127.0.0.1:7420/mcp");
        status.serversReady = 3;
        status.serversConfigured = 4;
        status.callsPerSecond = 12.4;
        status.p95Ns = 84'000'000;
        status.destinations = {{QStringLiteral("Collector"), Lamp::Good, QStringLiteral("sent 18 402"), QString()}};
        status.dropped = 3;
        status.storeBytes = 41ULL << 20;
        status.storeLimitBytes = 64ULL << 20;
        QStringList texts;
        for (const StatusStrip::Segment& segment : StatusStrip::segmentsOf(status))
            texts.append(segment.before + segment.text);
        QCOMPARE(texts, (QStringList{QStringLiteral("127.0.0.1:7420/mcp"), QStringLiteral("Servers 3 of 4"),
                                     QStringLiteral("12.4 calls/s"), QStringLiteral("p95 84.0 ms"),
                                     QStringLiteral("Collectorsent 18 402"), QStringLiteral("dropped 3"),
                                     QStringLiteral("store 41 MiB of 64 MiB")}));
        QCOMPARE(StatusStrip::segmentsOf(status)[5].tone, Tone::Warning);
        const QList<StatusStrip::Segment> empty = StatusStrip::segmentsOf({});
        QCOMPARE(empty[0].text, QStringLiteral("No servers"));
    }

    void settingsOutliveTheirObject()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("ui.ini"));
        {
            FileUiSettings settings(file);
            settings.setValue(QStringLiteral("window/section"), QStringLiteral("traces"));
            settings.setValue(QStringLiteral("window/geometry"), QByteArray("\x00\xff", 2));
        }
        const FileUiSettings again(file);
        QCOMPARE(again.value(QStringLiteral("window/section")).toString(), QStringLiteral("traces"));
        QCOMPARE(again.value(QStringLiteral("window/geometry")).toByteArray(), QByteArray("\x00\xff", 2));
        QCOMPARE(again.value(QStringLiteral("missing"), 7).toInt(), 7);
    }

    void aBrokenSettingsFileMeansDefaults()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("ui.ini")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(4096, '\xfe') + "[window\nsection");
        file.close();
        const FileUiSettings settings(file.fileName());
        QCOMPARE(settings.value(QStringLiteral("window/section"), QStringLiteral("overview")).toString(),
                 QStringLiteral("overview"));
    }
};

QTEST_GUILESS_MAIN(TestShellPieces)
#include "tst_shell_pieces.moc"
