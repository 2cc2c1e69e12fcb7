// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace_shapes.h"
#include "ui/traces/waterfall_geometry.h"

#include <QtTest>

using namespace oriel;
using namespace oriel::ui;
using namespace oriel::ui::shapes;

namespace {

WaterfallLayout layoutOf(TimeWindow window)
{
    WaterfallLayout layout;
    layout.width = 1000;
    layout.height = 26 + 24 * 20;
    layout.nameWidth = 300;
    layout.window = window;
    return layout;
}

} // namespace

class WaterfallGeometryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void zoomingKeepsTheMomentUnderThePointer()
    {
        const TimeWindow whole = wholeWindow(1'000'000'000);
        const WaterfallLayout before = layoutOf(whole);
        const std::int64_t anchor = before.nsOf(650);
        WaterfallLayout after = before;
        after.window = zoomed(whole, whole, anchor, 0.5);
        QCOMPARE(after.window.span(), 500'000'000);
        QVERIFY(std::abs(after.xOf(anchor) - 650) < 0.5);
        after.window = zoomed(after.window, whole, anchor, 0.001);
        QVERIFY(std::abs(after.xOf(anchor) - 650) < 0.5);
    }

    void theWindowNeverLeavesTheTrace()
    {
        const TimeWindow whole = wholeWindow(1'000'000);
        std::mt19937 random(7);
        TimeWindow window = whole;
        for (int i = 0; i < 2'000; ++i) {
            const auto anchor = static_cast<std::int64_t>(random() % 1'200'000) - 100'000;
            if (i % 2 == 0)
                window = zoomed(window, whole, anchor, (random() % 200 + 1) / 100.0);
            else
                window = panned(window, whole, anchor - 500'000);
            QVERIFY(window.fromNs >= whole.fromNs && window.toNs <= whole.toNs);
            QVERIFY(window.span() >= 100);
        }
        QCOMPARE(zoomed(window, whole, 0, 1e12), whole);
        QCOMPARE(panned(TimeWindow{10, 500'010}, whole, -999), (TimeWindow{0, 500'000}));
    }

    void aTraceWithoutLengthStillHasAnAxis()
    {
        const TimeWindow whole = wholeWindow(0);
        QVERIFY(whole.span() > 0);
        const WaterfallLayout layout = layoutOf(whole);
        QCOMPARE(layout.barOf(0, 0, 0).width(), WaterfallLayout::smallestBar);
        QVERIFY(!rulerTicks(layout).empty());
    }

    void aTinySpanIsAtLeastThreePixelsWideAndInsideTheTimeArea()
    {
        const WaterfallLayout layout = layoutOf(wholeWindow(36'000'000'000));
        for (const std::int64_t start : {0LL, 17'000'000'000LL, 35'999'999'990LL, 36'000'000'000LL}) {
            const QRectF bar = layout.barOf(start, 10, 3);
            QCOMPARE(bar.width(), WaterfallLayout::smallestBar);
            QVERIFY(bar.left() >= 300);
            QVERIFY(bar.right() <= 1000);
        }
    }

    void barsOutsideTheWindowAreNotThere()
    {
        const WaterfallLayout layout = layoutOf({1'000, 2'000});
        QVERIFY(layout.barOf(0, 999, 0).isNull());
        QVERIFY(layout.barOf(2'001, 50, 0).isNull());
        const QRectF across = layout.barOf(0, 5'000, 0);
        QCOMPARE(across.left(), 300.0);
        QCOMPARE(across.right(), 1000.0 - WaterfallLayout::rightMargin);
    }

    void theLabelStandsOnTheSideWithRoom()
    {
        const WaterfallLayout layout = layoutOf(wholeWindow(1'000));
        QCOMPARE(labelSide(layout.barOf(0, 100, 0), 50, layout), LabelSide::Right);
        QCOMPARE(labelSide(layout.barOf(900, 100, 0), 50, layout), LabelSide::Left);
        QCOMPARE(labelSide(layout.barOf(0, 1'000, 0), 50, layout), LabelSide::NameColumn);
    }

    void rulerTicksAreRoundAndFarEnoughApart()
    {
        for (const std::int64_t duration : {1'000LL, 999'999LL, 1'310'000'000LL, 3'600'000'000'000LL}) {
            const WaterfallLayout layout = layoutOf(wholeWindow(duration));
            const std::vector<std::int64_t> ticks = rulerTicks(layout);
            QVERIFY(ticks.size() >= 2);
            QCOMPARE(ticks.front(), 0);
            for (std::size_t i = 1; i < ticks.size(); ++i)
                QVERIFY(layout.xOf(ticks[i]) - layout.xOf(ticks[i - 1]) >= 95);
        }
        QCOMPARE(rulerLabel(0, 200'000'000), QStringLiteral("0"));
        QCOMPARE(rulerLabel(400'000'000, 200'000'000), QStringLiteral("400 ms"));
        QCOMPARE(rulerLabel(1'200'000'000, 200'000'000), QStringLiteral("1.2 s"));
        // Far into a trace and near: neighbours must not read the same.
        QVERIFY(rulerLabel(1'200'000'100, 100) != rulerLabel(1'200'000'200, 100));
    }

    void pointsFindTheirRows()
    {
        WaterfallLayout layout = layoutOf(wholeWindow(1'000));
        layout.firstPosition = 5;
        QCOMPARE(layout.positionAt(10), -1);
        QCOMPARE(layout.positionAt(26), 5);
        QCOMPARE(layout.positionAt(26 + 24 * 3 + 1), 8);
        QCOMPARE(layout.topOf(8), 26 + 24 * 3);
        QCOMPARE(layout.rowsInView(), 20);
    }

    void deepNamesStopMovingRight()
    {
        const WaterfallLayout layout = layoutOf(wholeWindow(1'000));
        QCOMPARE(layout.nameLeft(0), WaterfallLayout::leftMargin);
        QVERIFY(layout.nameLeft(4'000'000'000U) <= 200);
    }

    void theMinimapNeverHidesAFailure()
    {
        std::vector<IndexInput> spans = wide(5'000);
        spans[2'500].error = true;
        const MinimapRaster raster = minimapRaster(TraceIndex::build(spans), 400, 20);
        QCOMPARE(raster.lanes, 20);
        int failures = 0;
        for (int lane = 0; lane < raster.lanes; ++lane) {
            for (int x = 0; x < raster.width; ++x)
                failures += raster.at(x, lane) == 255 ? 1 : 0;
        }
        QVERIFY(failures >= 1);
        QCOMPARE(raster.at(0, 0), std::uint8_t(1));
        QCOMPARE(minimapRaster(TraceIndex::build(wide(2)), 400, 20).lanes, 3);
        QCOMPARE(minimapRaster(TraceIndex(), 400, 20).lanes, 0);
    }
};

QTEST_GUILESS_MAIN(WaterfallGeometryTest)
#include "tst_waterfall_geometry.moc"
