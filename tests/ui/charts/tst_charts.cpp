// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/charts/bar_list.h"
#include "ui/charts/scatter_chart.h"
#include "ui/charts/series_plot.h"
#include "ui/charts/time_series_chart.h"
#include "ui/theme/theme_source.h"

#include <cmath>

using namespace oriel::ui;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'763'633'220 * second;

TimeSeries line(const QString& name, int count, double base, Tone tone)
{
    TimeSeries series;
    series.name = name;
    series.tone = tone;
    series.width = 3;
    for (int i = 0; i < count; ++i)
        series.samples.append({start + i * second, base + i % 2});
    return series;
}

int count(const QImage& image, const QRect& where, const QColor& color)
{
    int found = 0;
    for (int y = std::max(0, where.top()); y <= std::min(image.height() - 1, where.bottom()); ++y) {
        for (int x = std::max(0, where.left()); x <= std::min(image.width() - 1, where.right()); ++x) {
            const QColor pixel = image.pixelColor(x, y);
            if (std::abs(pixel.red() - color.red()) < 24 && std::abs(pixel.green() - color.green()) < 24 &&
                std::abs(pixel.blue() - color.blue()) < 24)
                ++found;
        }
    }
    return found;
}

} // namespace

class TestCharts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init()
    {
        oriel::test::failOnUnexpectedWarnings();
        m_chart = std::make_unique<TimeSeriesChart>();
        m_chart->resize(600, 300);
        m_chart->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_chart.get()));
    }

    void seriesAreDrawnWhereTheirValuesStand()
    {
        m_chart->setSeries({line(QStringLiteral("errors"), 100, 8, Tone::Error)});
        m_chart->setValueBounds(0, 10);
        const QImage image = m_chart->grab().toImage();
        const QRect area = m_chart->plotArea().toRect();
        const int height = area.height();
        QVERIFY2(count(image, QRect(area.left(), area.top(), area.width(), height * 3 / 10), Theme::dark().error) > 200,
                 qPrintable(seriesPlotName()));
        QCOMPARE(count(image, QRect(area.left(), area.top() + height / 2, area.width(), height / 2), Theme::dark().error), 0);
        const QPointF at = m_chart->positionOf(start + 50 * second, 8);
        QVERIFY(count(image, QRect(at.toPoint() - QPoint(3, 3), QSize(7, 7)), Theme::dark().error) > 3);
    }

    void replacingLeavesNothingBehind()
    {
        m_chart->setSeries({line(QStringLiteral("a"), 50, 5, Tone::Error), line(QStringLiteral("b"), 50, 2, Tone::Good)});
        m_chart->setSeries({line(QStringLiteral("b"), 50, 2, Tone::Good)});
        const QImage image = m_chart->grab().toImage();
        QCOMPARE(count(image, m_chart->plotArea().toRect(), Theme::dark().error), 0);
        QVERIFY(count(image, m_chart->plotArea().toRect(), Theme::dark().good) > 100);
        m_chart->setSeries({});
        QVERIFY(m_chart->isEmpty());
        QCOMPARE(count(m_chart->grab().toImage(), m_chart->plotArea().toRect(), Theme::dark().good), 0);
    }

    void theLegendHidesASeriesAndItStaysHidden()
    {
        const QList<TimeSeries> both{line(QStringLiteral("a"), 50, 5, Tone::Error), line(QStringLiteral("b"), 50, 2, Tone::Good)};
        m_chart->setSeries(both);
        m_chart->setSeriesVisible(0, false);
        QVERIFY(!m_chart->isSeriesVisible(0));
        QCOMPARE(count(m_chart->grab().toImage(), m_chart->plotArea().toRect(), Theme::dark().error), 0);
        QList<TimeSeries> later = both;
        later[0].samples.append({start + 60 * second, 1});
        m_chart->setSeries(later);
        QVERIFY(!m_chart->isSeriesVisible(0));
        QVERIFY(m_chart->isSeriesVisible(1));
        const int right = int(m_chart->plotArea().right());
        QTest::mouseClick(m_chart.get(), Qt::LeftButton, {}, QPoint(right - 8, 10));
        QVERIFY(!m_chart->isSeriesVisible(1));
    }

    void aDotOpensItsTrace()
    {
        m_chart->setSeries({line(QStringLiteral("p95"), 100, 4, Tone::Accent)});
        m_chart->setExemplars({{start + 30 * second, 4, QStringLiteral("4bf92f35"), true, QString()}});
        QSignalSpy clicked(m_chart.get(), &TimeSeriesChart::exemplarClicked);
        const QPoint dot = m_chart->positionOf(start + 30 * second, 4).toPoint();
        QTest::mouseClick(m_chart.get(), Qt::LeftButton, {}, dot + QPoint(2, -2));
        QCOMPARE(clicked.size(), 1);
        QCOMPARE(clicked[0].value(0).toString(), QStringLiteral("4bf92f35"));
        QTest::mouseClick(m_chart.get(), Qt::LeftButton, {}, dot + QPoint(60, 40));
        QCOMPARE(clicked.size(), 1);
    }

    void draggingAsksForATimeRange()
    {
        m_chart->setSeries({line(QStringLiteral("p95"), 101, 4, Tone::Accent)});
        QSignalSpy selected(m_chart.get(), &TimeSeriesChart::rangeSelected);
        const QRectF area = m_chart->plotArea();
        const QPoint from(int(area.left() + area.width() * 0.25), int(area.center().y()));
        const QPoint to(int(area.left() + area.width() * 0.75), int(area.center().y()));
        QTest::mousePress(m_chart.get(), Qt::LeftButton, {}, to);
        QTest::mouseMove(m_chart.get(), from);
        QTest::mouseRelease(m_chart.get(), Qt::LeftButton, {}, from);
        QCOMPARE(selected.size(), 1);
        QVERIFY(std::abs(selected[0].value(0).toLongLong() - (start + 25 * second)) < second);
        QVERIFY(std::abs(selected[0].value(1).toLongLong() - (start + 75 * second)) < second);
    }

    void thePointerShowsTimeAndValues()
    {
        m_chart->setSeries({line(QStringLiteral("p95"), 100, 4, Tone::Accent)});
        QSignalSpy moved(m_chart.get(), &TimeSeriesChart::crosshairMoved);
        const QImage still = m_chart->grab().toImage();
        QTest::mouseMove(m_chart.get(), m_chart->plotArea().center().toPoint());
        QTRY_VERIFY(!moved.isEmpty());
        QCOMPARE(moved.last().value(0).toBool(), true);
        QCOMPARE(moved.last().value(1).toLongLong() % second, 0); // on a sample
        QVERIFY(m_chart->grab().toImage() != still);
        TimeSeriesChart neighbour;
        neighbour.resize(600, 300);
        neighbour.setSeries({line(QStringLiteral("rate"), 100, 9, Tone::Accent)});
        const QImage before = neighbour.grab().toImage();
        neighbour.setCrosshair(moved.last().value(1).toLongLong());
        QVERIFY(neighbour.grab().toImage() != before);
        neighbour.setCrosshair(std::nullopt);
        QCOMPARE(neighbour.grab().toImage(), before);
    }

    void aStackKeepsItsLayersApart()
    {
        m_chart->setStacked(true);
        m_chart->setSeries({line(QStringLiteral("a"), 50, 5, Tone::Error), line(QStringLiteral("b"), 50, 5, Tone::Good)});
        const QImage image = m_chart->grab().toImage();
        QVERIFY(count(image, m_chart->plotArea().toRect(), Theme::dark().error) > 100);
        QVERIFY(count(image, m_chart->plotArea().toRect(), Theme::dark().good) > 100);
        QVERIFY(m_chart->positionOf(start, 10).y() >= m_chart->plotArea().top());
    }

    void aBackdropStandsBehindOnItsOwnScale()
    {
        m_chart->setSeries({line(QStringLiteral("p95"), 100, 4, Tone::Error)});
        const QPointF before = m_chart->positionOf(start, 4);
        const QImage bare = m_chart->grab().toImage();
        m_chart->setBackdrop(line(QStringLiteral("calls"), 100, 5000, Tone::Accent));
        QCOMPARE(m_chart->positionOf(start, 4), before);
        const QImage filled = m_chart->grab().toImage();
        const QPoint foot(int(m_chart->plotArea().center().x()), int(m_chart->plotArea().bottom()) - 4);
        QVERIFY(filled.pixelColor(foot) != bare.pixelColor(foot));
    }

    void hostileValuesAreDrawnWithoutHarm()
    {
        TimeSeries series = line(QStringLiteral("x"), 5, 1, Tone::Accent);
        series.samples[1].value = NAN;
        series.samples[2].value = INFINITY;
        series.samples[3].value = -1e300;
        series.samples[4].value = 1e300;
        for (const ScaleKind kind : {ScaleKind::Linear, ScaleKind::Log}) {
            m_chart->setScale(kind);
            m_chart->setSeries({series});
            QVERIFY(!m_chart->grab().isNull());
        }
        m_chart->resize(20, 20);
        QVERIFY(!m_chart->grab().isNull());
        TimeSeries many = line(QStringLiteral("many"), 100'000, 1, Tone::Accent);
        m_chart->resize(600, 300);
        m_chart->setSeries({many});
        QVERIFY(!m_chart->grab().isNull());
    }

    void aNewThemeRepaintsTheChart()
    {
        m_chart->setSeries({line(QStringLiteral("a"), 50, 5, Tone::Error)});
        m_appearance->setPreference(Appearance::Preference::Light);
        QTRY_VERIFY(count(m_chart->grab().toImage(), m_chart->plotArea().toRect(), Theme::light().error) > 100);
        m_appearance->setPreference(Appearance::Preference::Dark);
    }

    void barsAreAsLongAsTheirShare()
    {
        BarList bars;
        bars.resize(228, 200);
        bars.setRows({{QStringLiteral("timeout"), QStringLiteral("-32001"), 10, {}, Tone::Error, QStringLiteral("t1")},
                      {QStringLiteral("blocked"), QString(), 5, {}, Tone::Error, QStringLiteral("t2")}});
        const QImage image = bars.grab().toImage();
        const int whole = count(image, QRect(0, 26, 228, 1), Theme::dark().error);
        const int half = count(image, QRect(0, 26 + 38, 228, 1), Theme::dark().error);
        QVERIFY(whole > 150);
        QVERIFY(std::abs(whole - 2 * half) <= 6);
        QSignalSpy activated(&bars, &BarList::rowActivated);
        bars.show();
        QTest::keyClick(&bars, Qt::Key_Down);
        QTest::keyClick(&bars, Qt::Key_Down);
        QTest::keyClick(&bars, Qt::Key_Return);
        QTest::mouseClick(&bars, Qt::LeftButton, {}, QPoint(50, 10));
        QCOMPARE(activated.size(), 2);
        QCOMPARE(activated[0].value(1).toString(), QStringLiteral("t2"));
        QCOMPARE(activated[1].value(1).toString(), QStringLiteral("t1"));
        bars.resize(228, 60);
        QVERIFY(!bars.grab().isNull());
    }

    void aBrushChoosesTimeAndDuration()
    {
        ScatterChart scatter;
        scatter.resize(400, 240);
        QList<ScatterPoint> points;
        for (std::uint64_t i = 0; i < 100; ++i)
            points.append({start + std::int64_t(i) * second, 1'000'000 + std::int64_t(i) * 1'000'000, i, i == 50});
        scatter.setPoints(points);
        scatter.show();
        QSignalSpy brushed(&scatter, &ScatterChart::brushChanged);
        QSignalSpy cleared(&scatter, &ScatterChart::brushCleared);
        const QPoint a = scatter.positionOf(points[20]).toPoint();
        const QPoint b = scatter.positionOf(points[80]).toPoint();
        QTest::mousePress(&scatter, Qt::LeftButton, {}, a);
        QTest::mouseMove(&scatter, b);
        QTest::mouseRelease(&scatter, Qt::LeftButton, {}, b);
        QCOMPARE(brushed.size(), 1);
        const auto brush = brushed[0].value(0).value<ScatterBrush>();
        QVERIFY(brush.fromNs < points[22].atNs && brush.fromNs > points[18].atNs);
        QVERIFY(brush.toNs < points[82].atNs && brush.toNs > points[78].atNs);
        QVERIFY(brush.shortestNs < points[25].durationNs && brush.longestNs > points[75].durationNs);
        QTest::keyClick(&scatter, Qt::Key_Escape);
        QCOMPARE(cleared.size(), 1);
        QVERIFY(!scatter.brush());
    }

    void aDotIsChosenByAClickAndErrorsWin()
    {
        ScatterChart scatter;
        scatter.resize(400, 240);
        scatter.setPoints(
            {{start, 5'000'000, 1, false}, {start, 5'000'000, 2, true}, {start + 60 * second, 90'000'000, 3, false}});
        scatter.show();
        QSignalSpy clicked(&scatter, &ScatterChart::pointClicked);
        QTest::mouseClick(&scatter, Qt::LeftButton, {}, scatter.positionOf(scatter.points()[0]).toPoint());
        QTest::mouseClick(&scatter, Qt::LeftButton, {}, QPoint(200, 20));
        QCOMPARE(clicked.size(), 1);
        QCOMPARE(clicked[0].value(0).toULongLong(), 2U);
        QVERIFY(count(scatter.grab().toImage(), scatter.rect(), Theme::dark().error) > 5);
    }

    void manyPointsAndNoneAreDrawn()
    {
        ScatterChart scatter;
        scatter.resize(400, 240);
        QVERIFY(!scatter.grab().isNull());
        QList<ScatterPoint> points;
        for (std::uint64_t i = 0; i < 200'000; ++i)
            points.append({start + std::int64_t(i % 1000) * second, std::int64_t(i * 7919 % 1'000'000'000), i, false});
        points.append({start, -5, 1, false});
        scatter.setPoints(points);
        QVERIFY(!scatter.grab().isNull());
    }

private:
    std::unique_ptr<Appearance> m_appearance;
    std::unique_ptr<TimeSeriesChart> m_chart;
};

QTEST_MAIN(TestCharts)
#include "tst_charts.moc"
