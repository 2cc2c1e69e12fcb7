// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "support/service_fixture.h"
#include "ui/charts/bar_list.h"
#include "ui/charts/time_series_chart.h"
#include "ui/overview/client_guide.h"
#include "ui/overview/first_run_page.h"
#include "ui/overview/overview_models.h"
#include "ui/overview/overview_section.h"
#include "ui/overview/server_banners.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/key_figure.h"
#include "ui/widgets/link_button.h"

#include <QApplication>
#include <QPushButton>
#include <QSignalSpy>
#include <QStackedWidget>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr int patience = 20'000;

template <class T> T* named(QWidget& root, const QString& accessibleName)
{
    for (T* widget : root.findChildren<T*>()) {
        if (widget->accessibleName() == accessibleName)
            return widget;
    }
    return nullptr;
}

} // namespace

class TstOverviewSection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QApplication::setStyle(new OrielStyle(Theme::dark())); }
    void init() { test::failOnUnexpectedWarnings(); }

    void withoutServersItSaysHowToGetOne()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        OverviewSection section(fixture.service());
        section.setDemoServer(QStringLiteral(ORIEL_DEMO_SERVER));
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(section.isReady(), patience);
        QCOMPARE(section.emptyReason(), QStringLiteral("No server is configured."));
        auto* page = section.findChild<FirstRunPage*>();
        QVERIFY(page->isVisible());
        QVERIFY(page->importSentence().contains(QStringLiteral("found")));
        QSignalSpy opened(&section, &Section::openRequested);
        for (QPushButton* button : page->findChildren<QPushButton*>()) {
            if (button->text() == QStringLiteral("Add a server…"))
                button->click();
        }
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toString(), QStringLiteral("servers"));
        QCOMPARE(opened[0][1].toString(), QStringLiteral("add"));
    }

    void theSnippetsOfClientsHoldTheEndpoint()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        ClientGuide guide(fixture.service());
        QVERIFY(guide.clientCount() >= 4);
        const QString port = QString::number(QUrl(fixture.service().status().endpoint).port());
        int naming = 0;
        for (int i = 0; i < guide.clientCount(); ++i) {
            guide.showClient(i);
            QVERIFY(!guide.shownText().isEmpty());
            naming += guide.shownText().contains(port) ? 1 : 0;
        }
        QVERIFY(naming >= 1); // those that go by HTTP; the others start the bridge
    }

    void theDemoServerCanBeAdded()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        OverviewSection section(fixture.service());
        section.setDemoServer(QStringLiteral(ORIEL_DEMO_SERVER));
        section.resize(1200, 800);
        section.show();
        QSignalSpy started(&section, &OverviewSection::demoStarted);
        Q_EMIT section.findChild<FirstRunPage*>()->demoRequested();
        QTRY_COMPARE_WITH_TIMEOUT(started.count(), 1, patience);
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        QTRY_VERIFY_WITH_TIMEOUT(!section.findChild<FirstRunPage*>()->isVisible(), patience);
    }

    void beforeTheFirstCallItSaysHowToPointAClientHere()
    {
        test::ServiceFixture fixture({{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QVERIFY(fixture.isStarted());
        OverviewSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        auto* page = section.findChild<FirstRunPage*>();
        QTRY_VERIFY_WITH_TIMEOUT(!section.emptyReason().contains(QStringLiteral("not been read")), patience);
        QVERIFY(!page->isVisible());
        QVERIFY(!section.isReady());
        QCOMPARE(section.emptyReason(), QStringLiteral("No tool call has come yet."));
        bool guided = false;
        for (const ClientGuide* guide : section.findChildren<ClientGuide*>())
            guided = guided || guide->isVisible();
        QVERIFY(guided);
        QVERIFY(!named<TimeSeriesChart>(section, QStringLiteral("Latency of tool calls over time"))->isVisible());
    }

    void callsAppearAsFiguresLinesErrorsAndFailures()
    {
        test::ServiceFixture fixture({{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QVERIFY(fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        OverviewSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        for (int i = 0; i < 6; ++i)
            QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("hello")}}));
        QVERIFY(fixture.call(QStringLiteral("demo__no_such_tool")));
        QTRY_VERIFY_WITH_TIMEOUT(section.isReady() && callCount(section.shown()) == 7, patience);
        QVERIFY(section.emptyReason().isEmpty());
        QCOMPARE(section.findChild<KeyFigure*>(QStringLiteral("Calls"))->value(), QStringLiteral("7"));
        auto* chart = named<TimeSeriesChart>(section, QStringLiteral("Latency of tool calls over time"));
        QVERIFY(chart->isVisible() && !chart->isEmpty());
        QCOMPARE(chart->series().size(), 3);

        auto* bars = section.findChild<BarList*>();
        QCOMPARE(bars->rows().size(), 1);
        QCOMPARE(bars->rows()[0].value, 1.0);
        auto* servers = named<DataTable>(section, QStringLiteral("Servers"));
        QCOMPARE(servers->model()->rowCount(), 1);
        QVERIFY(servers->model()->index(0, OverviewServersModel::Calls).data().toString().toInt() >= 6);

        auto* failures = named<DataTable>(section, QStringLiteral("Latest failures"));
        QCOMPARE(failures->model()->rowCount(), 1);
        QSignalSpy opened(&section, &Section::openRequested);
        const QModelIndex first = failures->model()->index(0, 0);
        QTest::mouseClick(failures->viewport(), Qt::LeftButton, {}, failures->visualRect(first).center());
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toString(), QStringLiteral("traces"));
        QVERIFY(TraceId::fromHex(opened[0][1].toString().toLatin1()).has_value());

        QSignalSpy filtered(&section, &Section::filterRequested);
        Q_EMIT bars->rowActivated(0, bars->rows()[0].target);
        QCOMPARE(filtered.count(), 1);
        QVERIFY(store::Filter::parse(filtered[0][0].toString().toUtf8()).has_value());
    }

    void aFilterNarrowsWhatIsCounted()
    {
        test::ServiceFixture fixture({{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QVERIFY(fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        for (int i = 0; i < 3; ++i)
            QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("hello")}}));
        OverviewSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_COMPARE_WITH_TIMEOUT(callCount(section.shown()), 3U, patience);
        section.setFilter(QStringLiteral("server=elsewhere"));
        QTRY_COMPARE_WITH_TIMEOUT(callCount(section.shown()), 0U, patience);
        QCOMPARE(section.emptyReason(), QStringLiteral("No tool call in the last 15 min."));
        section.setFilter(QStringLiteral("server=demo AND (")); // half typed: nothing changes
        section.setFilter(QStringLiteral("server=demo"));
        QTRY_COMPARE_WITH_TIMEOUT(callCount(section.shown()), 3U, patience);
    }

    void aPausedOrHiddenPageFetchesNothing()
    {
        test::ServiceFixture fixture({{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QVERIFY(fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("one")}}));
        OverviewSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_COMPARE_WITH_TIMEOUT(callCount(section.shown()), 1U, patience);
        section.setLive(false);
        QSignalSpy advanced(&fixture.service(), &service::GatewayService::tracesAdvanced);
        QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("two")}}));
        QTRY_VERIFY_WITH_TIMEOUT(!advanced.isEmpty(), patience);
        QCOMPARE(callCount(section.shown()), 1U);
        section.setLive(true);
        QTRY_COMPARE_WITH_TIMEOUT(callCount(section.shown()), 2U, patience);
    }

    void aServerThatDoesNotStartIsExplainedWithItsRemedies()
    {
        test::ServiceFixture fixture({{QStringLiteral("notes"), test::ServiceFixture::missingServer()}});
        QVERIFY(fixture.isStarted());
        OverviewSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        auto* banners = section.findChild<ServerBanners*>();
        QTRY_COMPARE_WITH_TIMEOUT(banners->banners().size(), 1, patience);
        Banner* banner = banners->banners().first();
        QVERIFY(banner->isVisible());
        QVERIFY(banner->headline().contains(QStringLiteral("notes")));
        QVERIFY(!banner->sentence().isEmpty());
        QSignalSpy opened(&section, &Section::openRequested);
        QStringList texts;
        for (LinkButton* link : banner->findChildren<LinkButton*>()) {
            texts.append(link->text());
            if (link->text() == QStringLiteral("Edit") || link->text() == QStringLiteral("Show the trace of this start"))
                link->click();
        }
        QVERIFY(texts.contains(QStringLiteral("Restart")));
        QVERIFY(opened.contains(QVariantList{QStringLiteral("servers"), QStringLiteral("notes")}));
        QVERIFY(std::any_of(opened.cbegin(), opened.cend(), [](const QVariantList& one) {
            return one[0] == QStringLiteral("traces") && TraceId::fromHex(one[1].toString().toLatin1()).has_value();
        }));
    }

    void hiddenLinesAreRemembered()
    {
        test::ServiceFixture fixture;
        QVERIFY(fixture.isStarted());
        OverviewSection section(fixture.service());
        section.restoreState(QByteArrayLiteral("{\"hiddenLatency\":[\"p99\"]}"));
        auto* chart = named<TimeSeriesChart>(section, QStringLiteral("Latency of tool calls over time"));
        QVERIFY(chart->isSeriesVisible(0));
        QVERIFY(!chart->isSeriesVisible(2));
        QVERIFY(section.saveState().contains("p99"));
        section.restoreState(QByteArrayLiteral("not JSON"));
        QVERIFY(chart->isSeriesVisible(2));
    }
};

QTEST_MAIN(TstOverviewSection)
#include "tst_overview_section.moc"
