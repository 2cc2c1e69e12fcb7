// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/charts/time_series.h"

#include <cmath>

using namespace oriel::ui;

namespace {
constexpr std::int64_t second = 1'000'000'000;
}

class TestPlotGeometry : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { qputenv("TZ", "UTC"); }
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void scalesGoThereAndBack()
    {
        const AxisScale linear{ScaleKind::Linear, 0, 10, 200, 100};
        QCOMPARE(linear.toPixel(0), 200.0);
        QCOMPARE(linear.toPixel(10), 100.0);
        QCOMPARE(linear.toValue(150), 5.0);
        const AxisScale log{ScaleKind::Log, 0.001, 10, 0, 400};
        QCOMPARE(log.toPixel(0.1), 200.0);
        QCOMPARE(log.toPixel(0), 0.0);
        QCOMPARE(log.toPixel(-5), 0.0);
        QVERIFY(std::abs(log.toValue(300) - 1) < 1e-9);
        const AxisScale flat{ScaleKind::Linear, 5, 5, 0, 100};
        QCOMPARE(flat.toPixel(5), 0.0);
    }

    void ticksAreRoundAndFew()
    {
        QCOMPARE(niceTicks(0, 20, 5), (QList<double>{0, 5, 10, 15, 20}));
        QCOMPARE(niceTicks(-1, 1, 4), (QList<double>{-1, -0.5, 0, 0.5, 1}));
        QCOMPARE(niceTicks(0.002, 2, 6, ScaleKind::Log), (QList<double>{0.01, 0.1, 1}));
        QCOMPARE(niceTicks(1, 8, 5, ScaleKind::Log), (QList<double>{1, 2, 5}));
        QVERIFY(niceTicks(1e-9, 1e9, 5, ScaleKind::Log).size() <= 5);
        QVERIFY(niceTicks(5, 5, 4).isEmpty());
        QVERIFY(niceTicks(NAN, 1, 4).isEmpty());
        QVERIFY(niceTicks(-1, 1, 4, ScaleKind::Log).isEmpty());
        QVERIFY(niceTicks(0, 1e300, 3).size() <= 4);
    }

    void boundsStartAtZeroAndHoldTheValues()
    {
        QCOMPARE(niceBounds(3, 17, ScaleKind::Linear), (std::pair{0.0, 20.0}));
        QCOMPARE(niceBounds(-3, 7, ScaleKind::Linear), (std::pair{-5.0, 10.0}));
        QCOMPARE(niceBounds(0, 0, ScaleKind::Linear), (std::pair{0.0, 1.0}));
        for (const auto& [low, high] :
             {std::pair{0.004, 1.3}, std::pair{0.9, 0.95}, std::pair{1e-6, 1e6}, std::pair{0.0, 3.0}, std::pair{5.0, 5.0}}) {
            const auto [from, to] = niceBounds(low, high, ScaleKind::Log);
            QVERIFY(from > 0);
            QVERIFY(from <= low || low == 0);
            QVERIFY2(to >= high * 0.999999, qPrintable(QStringLiteral("%1 %2 → %3 %4").arg(low).arg(high).arg(from).arg(to)));
            QVERIFY(to > from);
        }
        const auto [from, to] = niceBounds(NAN, NAN, ScaleKind::Linear);
        QVERIFY(to > from);
    }

    void timeTicksFallOnRoundTimes()
    {
        const std::int64_t from = 1'763'633'220 * second; // 10:07:00
        const QList<std::int64_t> ticks = timeTicks(from, from + 900 * second, 700);
        QVERIFY(ticks.size() >= 4 && ticks.size() <= 8);
        for (const std::int64_t tick : ticks)
            QCOMPARE(tick / second % 60, 0);
        QCOMPARE(timeTickLabel(from, 900 * second), QStringLiteral("10:07"));
        QCOMPARE(timeTickLabel(from, 60 * second), QStringLiteral("10:07:00"));
        QCOMPARE(timeTickLabel(from, 10 * 86400 * second), QStringLiteral("Nov 20"));
        QVERIFY(timeTicks(5, 5, 700).isEmpty());
        QVERIFY(timeTicks(0, 4'000'000'000 * second, 700).size() <= 500);
    }

    void theNearestPointIsFound()
    {
        const QList<QPointF> points{{0, 1}, {10, 2}, {20, 3}};
        const auto nearest = [&](double x) { return nearestByX({points.constData(), 3}, x); };
        QCOMPARE(nearest(-5), 0);
        QCOMPARE(nearest(4), 0);
        QCOMPARE(nearest(6), 1);
        QCOMPARE(nearest(99), 2);
        QCOMPARE(nearestByX({}, 1), -1);
    }

    void aBrokenLineIsDrawnInStretches()
    {
        TimeSeries series;
        series.samples = {{0, 1}, {second, 2}, {2 * second, NAN}, {3 * second, 4}};
        const AxisScale values{ScaleKind::Linear, 0, 10, 100, 0};
        const QList<PlotStretch> stretches = plotStretches(series, nullptr, 0, 4 * second, 400, values);
        QCOMPARE(stretches.size(), 2);
        QCOMPARE(stretches[0].upper, (QList<QPointF>{{0, 1}, {1, 2}}));
        QCOMPARE(stretches[1].upper.size(), 2);
        QVERIFY(stretches[0].lower.isEmpty());
    }

    void aLogScaleIsMadeLinearForDrawing()
    {
        TimeSeries series;
        series.look = TimeSeries::Look::Area;
        series.samples = {{0, 0.1}, {second, 0}, {2 * second, 10}};
        const AxisScale values{ScaleKind::Log, 0.01, 10, 100, 0};
        const QList<PlotStretch> stretches = plotStretches(series, nullptr, 0, 2 * second, 400, values);
        QCOMPARE(stretches[0].upper, (QList<QPointF>{{0, -1}, {1, -2}, {2, 1}}));
        QCOMPARE(stretches[0].lower, (QList<QPointF>{{0, -2}, {1, -2}, {2, -2}}));
    }

    void stackedSeriesAddUpOverTheUnionOfTheirTimes()
    {
        TimeSeries a{QStringLiteral("a"), {{1, 1}, {2, 2}, {3, NAN}}};
        TimeSeries b{QStringLiteral("b"), {{2, 10}, {4, 20}}};
        const QList<TimeSeries> sums = stacked({a, b});
        QCOMPARE(sums[0].samples, (QList<TimeValue>{{1, 1}, {2, 2}, {3, 0}, {4, 0}}));
        QCOMPARE(sums[1].samples, (QList<TimeValue>{{1, 1}, {2, 12}, {3, 0}, {4, 20}}));
        QVERIFY(stacked({}).isEmpty());
    }

    void valuesOutsideTheWindowDoNotStretchTheAxis()
    {
        TimeSeries series;
        series.samples = {{0, 1000}, {10, 3}, {20, 7}, {30, NAN}};
        QCOMPARE(valueBounds({series}, 5, 40), (std::pair{3.0, 7.0}));
        QCOMPARE(valueBounds({}, 0, 1), (std::pair{0.0, 0.0}));
        QCOMPARE(sampleNear(series, 14, 100)->atNs, 10);
        QCOMPARE(sampleNear(series, 29, 100)->atNs, 20);
        QVERIFY(!sampleNear(series, 500, 100));
    }
};

QTEST_GUILESS_MAIN(TestPlotGeometry)
#include "tst_plot_geometry.moc"
