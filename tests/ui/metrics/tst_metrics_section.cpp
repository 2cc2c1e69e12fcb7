// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "support/service_fixture.h"
#include "ui/charts/time_series_chart.h"
#include "ui/metrics/metric_card.h"
#include "ui/metrics/metrics_section.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/data_table.h"

#include <QApplication>
#include <QClipboard>
#include <QSignalSpy>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr int patience = 40'000; // metrics are collected every five seconds

MetricCard* cardOf(const MetricsSection& section, const QString& id)
{
    for (MetricCard* card : section.cards()) {
        if (card->spec().id == id)
            return card;
    }
    return nullptr;
}

} // namespace

class TstMetricsSection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QApplication::setStyle(new OrielStyle(Theme::dark())); }
    void init() { test::failOnUnexpectedWarnings(); }

    void realCallsAppearOnTheCharts()
    {
        test::ServiceFixture fixture({{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QVERIFY(fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        MetricsSection section(fixture.service());
        section.resize(1240, 820);
        section.show();
        QVERIFY(!section.isReady());
        QVERIFY(!section.emptyReason().isEmpty());
        QSignalSpy ready(&section, &Section::readyChanged);
        const auto callsUntilShown = [&] {
            fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("hello")}});
            return section.isReady() && !cardOf(section, QStringLiteral("latency"))->isEmpty();
        };
        QTRY_VERIFY_WITH_TIMEOUT(callsUntilShown(), patience);
        QVERIFY(!ready.isEmpty());
        QVERIFY(section.emptyReason().isEmpty());
        QCOMPARE(cardOf(section, QStringLiteral("calls"))->chart()->series().first().name, QStringLiteral("demo"));
        QVERIFY(!cardOf(section, QStringLiteral("success"))->isEmpty());
        QVERIFY(!cardOf(section, QStringLiteral("memory"))->isEmpty());
        QVERIFY(cardOf(section, QStringLiteral("guardrails"))->isEmpty());

        MetricCard* card = cardOf(section, QStringLiteral("calls"));
        card->setTableShown(true);
        auto* table = card->findChild<DataTable*>();
        QVERIFY(table->isVisible());
        QVERIFY(table->model()->rowCount() > 0);
        QVERIFY(section.saveState().contains("calls"));
        QSignalSpy notices(&section, &Section::notice);
        card->copy();
        QCOMPARE(notices.count(), 1);
        QVERIFY(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("time,demo [1/s]\r\n")));
    }

    void aDragAsksForItsRangeAndADotForItsTrace()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        MetricsSection section(fixture.service());
        QSignalSpy range(&section, &Section::timeRangeRequested);
        QSignalSpy opened(&section, &Section::openRequested);
        TimeSeriesChart* chart = cardOf(section, QStringLiteral("latency"))->chart();
        Q_EMIT chart->rangeSelected(1000, 2000);
        QCOMPARE(range.count(), 1);
        QCOMPARE(range[0][0].value<TimeRange>(), TimeRange::fixed(1000, 2000));
        Q_EMIT chart->exemplarClicked(QStringLiteral("0123"));
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0], (QVariantList{QStringLiteral("traces"), QStringLiteral("0123")}));
    }

    void aFilterThatMetricsCannotKnowIsSaid()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        MetricsSection section(fixture.service());
        section.resize(1240, 820);
        section.show();
        auto* note = section.findChild<Banner*>();
        QVERIFY(!note->isVisible());
        section.setFilter(QStringLiteral("server=demo"));
        QVERIFY(!note->isVisible());
        section.setFilter(QStringLiteral("server=demo duration>1s"));
        QVERIFY(note->isVisible());
        section.setFilter({});
        QVERIFY(!note->isVisible());
    }

    void cardsFlowWithTheWidth()
    {
        QCOMPARE(cardColumns(1228), 3);
        QCOMPARE(cardColumns(900), 2);
        QCOMPARE(cardColumns(500), 1);
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        MetricsSection section(fixture.service());
        section.resize(1240, 820);
        section.show();
        const auto sameRow = [&](int a, int b) { return section.cards()[a]->y() == section.cards()[b]->y(); };
        QTRY_VERIFY(sameRow(0, 2) && !sameRow(0, 3));
        section.resize(500, 820);
        QTRY_VERIFY(!sameRow(0, 1) && section.cards()[0]->x() == section.cards()[1]->x());
    }

    void shownTablesAreRemembered()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        MetricsSection section(fixture.service());
        section.restoreState(QByteArrayLiteral("{\"tables\":[\"tokens\"]}"));
        QVERIFY(cardOf(section, QStringLiteral("tokens"))->isTableShown());
        QVERIFY(!cardOf(section, QStringLiteral("calls"))->isTableShown());
        section.restoreState(QByteArrayLiteral("nonsense"));
        QVERIFY(!cardOf(section, QStringLiteral("tokens"))->isTableShown());
        QVERIFY(section.open(QStringLiteral("memory")));
        QVERIFY(!section.open(QStringLiteral("no such card")));
    }
};

QTEST_MAIN(TstMetricsSection)
#include "tst_metrics_section.moc"
