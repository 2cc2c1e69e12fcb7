// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/format.h"
#include "ui/widgets/point_reduction.h"
#include "ui/widgets/sparkline.h"
#include "ui/widgets/time_range.h"

#include <cmath>

using namespace oriel::ui;

class TestFormat : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { qputenv("TZ", "UTC"); }
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void durationsHaveThreeSignificantDigits_data()
    {
        QTest::addColumn<qint64>("ns");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("tick");
        const auto row = [](qint64 ns, const char* text, const char* tick) {
            QTest::newRow(text) << ns << QString::fromUtf8(text) << QString::fromUtf8(tick);
        };
        row(0, "0 ns", "0");
        row(850, "850 ns", "850 ns");
        row(9'000, "9 µs", "9 µs");
        row(999'400, "999 µs", "999 µs");
        row(999'600, "1.00 ms", "1 ms");
        row(4'200'000, "4.20 ms", "4.2 ms");
        row(31'000'000, "31.0 ms", "31 ms");
        row(446'000'000, "446 ms", "446 ms");
        row(999'600'000, "1.00 s", "1 s");
        row(1'310'000'000, "1.31 s", "1.31 s");
        row(9'996'000'000, "10.0 s", "10 s");
        row(59'960'000'000, "1 min 00 s", "1 min");
        row(125'000'000'000, "2 min 05 s", "2 min 05 s");
        row(3'720'000'000'000, "1 h 02 min", "1 h 02 min");
        row(86'400'000'000'000, "24 h 00 min", "24 h");
        row(200'000'000'000'000, "2 d 7 h", "2 d 7 h");
        row(-4'200'000, "-4.20 ms", "-4.2 ms");
    }
    void durationsHaveThreeSignificantDigits()
    {
        QFETCH(qint64, ns);
        QTEST(formatDuration(ns), "text");
        QTEST(formatDurationTick(ns), "tick");
    }

    void countsArePartedByThinSpaces()
    {
        const QChar thin(0x2009);
        QCOMPARE(formatCount(0), QStringLiteral("0"));
        QCOMPARE(formatCount(999), QStringLiteral("999"));
        QCOMPARE(formatCount(1284), QStringLiteral("1") + thin + QStringLiteral("284"));
        QCOMPARE(formatCount(-1284567), QStringLiteral("-1") + thin + QStringLiteral("284") + thin + QStringLiteral("567"));
        QCOMPARE(formatCompact(18'402), QStringLiteral("18.4 k"));
        QCOMPARE(formatCompact(999), QStringLiteral("999"));
        QCOMPARE(formatCompact(2'100'000), QStringLiteral("2.1 M"));
    }

    void aShareIsNeverRoundedUpToTheWhole()
    {
        QCOMPARE(formatPercent(0.986), QStringLiteral("98.6 %"));
        QCOMPARE(formatPercent(1), QStringLiteral("100 %"));
        QCOMPARE(formatPercent(0.99999), QStringLiteral("99.99 %"));
        QCOMPARE(formatPercent(0), QStringLiteral("0 %"));
        QCOMPARE(formatPercent(NAN), QStringLiteral("–"));
    }

    void bytesNumbersAndRatesAreShort()
    {
        QCOMPARE(formatBytes(512), QStringLiteral("512 B"));
        QCOMPARE(formatBytes(64ULL << 20), QStringLiteral("64 MiB"));
        QCOMPARE(formatBytes(43'200'000), QStringLiteral("41.2 MiB"));
        QCOMPARE(formatBytes(UINT64_MAX), QStringLiteral("16384 PiB"));
        QCOMPARE(formatRate(12.4), QStringLiteral("12.4/s"));
        QCOMPARE(formatRate(0.05), QStringLiteral("0.05/s"));
        QCOMPARE(formatNumber(0), QStringLiteral("0"));
        QCOMPARE(formatNumber(INFINITY), QStringLiteral("∞"));
    }

    void timesCarryMillisecondsAlsoBeforeTheEpoch()
    {
        QCOMPARE(formatTime(1'763'635'318'112'999'999), QStringLiteral("10:41:58.112"));
        QCOMPARE(formatClock(1'763'635'318'112'000'000), QStringLiteral("10:41:58"));
        QCOMPARE(formatDateTime(1'763'635'318'112'000'000), QStringLiteral("2025-11-20 10:41:58.112"));
        QCOMPARE(formatTime(-1), QStringLiteral("23:59:59.999"));
        QCOMPARE(formatAge(500'000'000), QStringLiteral("just now"));
        QCOMPARE(formatAge(12'000'000'000), QStringLiteral("12 s ago"));
        QCOMPARE(formatAge(180'000'000'000), QStringLiteral("3 min ago"));
    }

    void idsAreShortened()
    {
        QCOMPARE(shortId(QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736")), QStringLiteral("4bf92f35"));
        QCOMPARE(shortId(QStringLiteral("abc")), QStringLiteral("abc"));
    }

    void timeRangesSurviveBeingWrittenDown()
    {
        QList<TimeRange> ranges = TimeRange::presets();
        ranges.append(TimeRange::fixed(1'700'000'900'000'000'000, 1'700'000'000'000'000'000));
        for (const TimeRange& range : std::as_const(ranges))
            QCOMPARE(TimeRange::fromToken(range.token()), range);
        for (const char* broken : {"", "last:", "last:-5", "last:99999999999999999999", "fixed:2:1", "fixed:1", "later"})
            QCOMPARE(TimeRange::fromToken(QString::fromLatin1(broken)), TimeRange());
    }

    void aTimeRangeKnowsItsEnds()
    {
        const TimeRange quarter = TimeRange::last(900'000'000'000);
        QCOMPARE(quarter.label(), QStringLiteral("Last 15 min"));
        QCOMPARE(quarter.beginNs(1'000'000'000'000), 100'000'000'000);
        QCOMPARE(quarter.endNs(1'000'000'000'000), 1'000'000'000'000);
        QCOMPARE(TimeRange::all().beginNs(5), 0);
        const TimeRange fixed = TimeRange::fixed(7, 3);
        QCOMPARE(fixed.beginNs(100), 3);
        QCOMPARE(fixed.endNs(100), 7);
    }

    void aDurationBarIsNeverTooSmallNorTooLong()
    {
        QCOMPARE(durationBarWidth(0, 5'000, 100), 6.0);
        QCOMPARE(durationBarWidth(5'000, 5'000, 100), 100.0);
        QCOMPARE(durationBarWidth(9'000, 5'000, 100), 100.0);
        QCOMPARE(durationBarWidth(1'250, 5'000, 100), 50.0);
        QCOMPARE(durationBarWidth(1, 5'000, 3), 3.0);
        QCOMPARE(durationBarWidth(1, 5'000, -1), 0.0);
    }

    void sparklinesStayInTheirRectangle()
    {
        const QRectF rect(10, 20, 50, 16);
        const QList<double> values{1, NAN, 5, 3, INFINITY, 2};
        const QPolygonF points = sparklinePoints({values.constData(), static_cast<std::size_t>(values.size())}, rect);
        QCOMPARE(points.size(), 4);
        for (const QPointF& point : points)
            QVERIFY(rect.adjusted(-0.01, -0.01, 0.01, 0.01).contains(point));
        const QList<double> flat{4, 4, 4};
        QCOMPARE(sparklinePoints({flat.constData(), 3}, rect).first().y(), rect.center().y());
        QVERIFY(sparklinePoints({flat.constData(), 1}, rect).isEmpty());
        QVERIFY(sparklinePoints({}, rect).isEmpty());
    }

    void reductionKeepsEverySpike()
    {
        QList<QPointF> points;
        for (int i = 0; i < 100'000; ++i)
            points.append({double(i), i == 54'321 ? 1000.0 : double(i % 7)});
        const QList<QPointF> reduced =
            reducePerPixel({points.constData(), static_cast<std::size_t>(points.size())}, 0, 99'999, 400);
        QVERIFY(reduced.size() <= 800);
        double highest = 0;
        for (qsizetype i = 0; i < reduced.size(); ++i) {
            highest = std::max(highest, reduced[i].y());
            QVERIFY(i == 0 || reduced[i - 1].x() <= reduced[i].x());
        }
        QCOMPARE(highest, 1000.0);
    }

    void reductionKeepsTheNeighboursOutsideTheRange()
    {
        const QList<QPointF> points{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}};
        const QList<QPointF> reduced = reducePerPixel({points.constData(), 5}, 1.5, 2.5, 100);
        QCOMPARE(reduced, (QList<QPointF>{{1, 2}, {2, 3}, {3, 4}}));
        QVERIFY(reducePerPixel({}, 0, 1, 10).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestFormat)
#include "tst_format.moc"
