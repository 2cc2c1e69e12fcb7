// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "sample_traces.h"
#include "support/service_fixture.h"
#include "ui/traces/latency_pane.h"
#include "ui/traces/open_trace.h"
#include "ui/traces/span_detail.h"
#include "ui/traces/trace_actions.h"
#include "ui/traces/trace_list_model.h"
#include "ui/traces/trace_pane.h"
#include "ui/traces/traces_section.h"
#include "ui/traces/waterfall_view.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/segmented.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QScrollBar>
#include <QtTest>

using namespace oriel;
using namespace oriel::ui;

namespace {

const TraceId failedId{0xfeedfacefeedfaceULL, 1};
constexpr int plainCount = 60;
constexpr int patience = 30'000;

std::int64_t nowNs()
{
    return QDateTime::currentMSecsSinceEpoch() * samples::ms;
}

/// Sixty small traces and the failed one as the newest, all within fifteen minutes.
void fill(const QString& dataDir)
{
    std::vector<telemetry::SpanData> spans =
        samples::plainTraces(plainCount, nowNs() - 10'000 * samples::ms, 5'000 * samples::ms);
    for (telemetry::SpanData& span : samples::failedIssue(failedId, nowNs() - 5'000 * samples::ms))
        spans.push_back(std::move(span));
    samples::store(dataDir, std::move(spans));
}

/// A service and the section in front of it, as large as in the window.
struct Page {
    explicit Page(const QJsonObject& servers = {}, const test::ServiceFixture::Prepare& prepare = {})
        : fixture(servers, prepare),
          section(std::make_unique<TracesSection>(fixture.service()))
    {
        section->resize(1256, 808);
        section->show();
    }
    [[nodiscard]] TraceListModel& rows() const { return *section->list()->model(); }
    [[nodiscard]] WaterfallView& waterfall() const { return *section->trace()->waterfall(); }

    test::ServiceFixture fixture;
    std::unique_ptr<TracesSection> section;
};

QJsonObject demo()
{
    return {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}};
}

QString valueOf(const KeyValueTable& table, const QString& key)
{
    for (const KeyValue& row : table.rows()) {
        if (row.key == key)
            return row.value;
    }
    return {};
}

} // namespace

class TracesSectionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void withoutAnyTraceThePageSaysHowToGetOne()
    {
        Page page;
        QVERIFY(page.fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QVERIFY(page.section->emptyReason().contains(page.fixture.service().status().endpoint));
        QSignalSpy opened(page.section.get(), &Section::openRequested);
        const QList<QPushButton*> buttons = page.section->emptyState()->findChildren<QPushButton*>();
        QVERIFY(!buttons.isEmpty());
        buttons.first()->click();
        QCOMPARE(opened.size(), 1);
    }

    void theNewestTraceIsShownWithItsTree()
    {
        Page page({}, fill);
        QSignalSpy ready(page.section.get(), &Section::readyChanged);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady() && page.rows().rowCount() == plainCount + 1, patience);
        QVERIFY(!ready.isEmpty());
        QCOMPARE(page.rows().row(0).traceId, failedId);
        QCOMPARE(page.rows().row(0).errorCount, 3U);
        QCOMPARE(page.section->list()->countWords(), QStringLiteral("61 in 15 min"));
        QTRY_COMPARE_WITH_TIMEOUT(page.section->openTrace()->target().trace, page.section->list()->selectedId(), patience);
        QVERIFY(page.section->open(QString::fromLatin1(failedId.toHex())));
        QTRY_VERIFY_WITH_TIMEOUT(page.waterfall().document() && page.waterfall().document()->id == failedId, patience);
        QCOMPARE(page.waterfall().document()->index.size(), 13U);
        QCOMPARE(page.waterfall().selectedRow(), 0U);
        QVERIFY2(page.section->trace()->splitWords().contains(QStringLiteral("upstream 87.9 %")),
                 qPrintable(page.section->trace()->splitWords()));
        QVERIFY(page.section->emptyReason().isEmpty());
        QVERIFY(!page.section->grab().isNull());
    }

    void aSpanIsOpenedByItsAddress()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QVERIFY(page.section->open(TraceTarget{failedId, SpanId{8}}.toText()));
        QTRY_COMPARE(page.section->detail()->row(),
                     page.waterfall().document() ? page.waterfall().document()->index.rowOf(SpanId{8}) : 0U);
        QCOMPARE(page.section->list()->selectedId(), failedId);
        QCOMPARE(valueOf(*page.section->detail()->essentials(), QStringLiteral("status")),
                 QStringLiteral("Error · 503 Service Unavailable"));
        QVERIFY(page.section->detail()->tabs()->tabBar()->tabText(2).contains(QLatin1Char('2'))); // two events
        QVERIFY(page.section->open(TraceTarget{failedId, SpanId{11}}.toText()));
        QCOMPARE(page.waterfall().document()->span(page.waterfall().selectedRow()).spanId, SpanId{11});
    }

    void anUnknownTraceIsSaidToBeUnknown()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QVERIFY(!page.section->open(QStringLiteral("no trace id")));
        QVERIFY(page.section->open(QStringLiteral("11111111111111111111111111111111")));
        QTRY_VERIFY_WITH_TIMEOUT(page.section->openTrace()->isSettled(), patience);
        QVERIFY(!page.section->trace()->isShowingTrace());
        QVERIFY(page.section->trace()->headline().contains(QStringLiteral("1111111111111111")));
        QVERIFY(!page.section->list()->selectedId().isValid());
    }

    void aFilterNarrowsTheListAndAnEmptyAnswerOffersTheWayBack()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() == plainCount + 1, patience);
        page.section->setFilter(QStringLiteral("service=db"));
        QTRY_COMPARE_WITH_TIMEOUT(page.rows().rowCount(), 20, patience);
        QVERIFY(page.section->list()->countWords().startsWith(QStringLiteral("20 match")));
        page.section->setFilter(QStringLiteral("service=nobody"));
        QTRY_COMPARE_WITH_TIMEOUT(page.rows().rowCount(), 0, patience);
        QVERIFY(page.section->list()->emptyState()->isVisible());
        QSignalSpy filter(page.section.get(), &Section::filterRequested);
        page.section->list()->emptyState()->findChildren<QPushButton*>().first()->click();
        QCOMPARE(filter.size(), 1);
        QCOMPARE(filter[0][0].toString(), QString());
        page.section->setFilter(QString());
        QTRY_COMPARE_WITH_TIMEOUT(page.rows().rowCount(), plainCount + 1, patience);
    }

    void aBrokenFilterIsSaidAndTheListStays()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() == plainCount + 1, patience);
        page.section->setFilter(QStringLiteral("status=error duration>"));
        QVERIFY(page.section->list()->filterError().contains(QStringLiteral("character")));
        QCOMPARE(page.rows().rowCount(), plainCount + 1);
        page.section->setFilter(QStringLiteral("status=error"));
        QVERIFY(page.section->list()->filterError().isEmpty());
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() < plainCount && page.rows().rowCount() > 0, patience);
    }

    void completionsKnowTheValuesThatOccurred()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() == plainCount + 1, patience);
        QVERIFY(page.section->completions(QStringLiteral("service=gi")).contains(QStringLiteral("service=github")));
    }

    void aTimeRangeIsAWindow()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() == plainCount + 1, patience);
        const std::int64_t newest = page.rows().row(0).startUnixNs;
        page.section->setTimeRange(TimeRange::fixed(newest - 20'000 * samples::ms, newest - 1));
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() > 0 && page.rows().rowCount() < 6, patience);
        for (int row = 0; row < page.rows().rowCount(); ++row)
            QVERIFY(page.rows().row(row).startUnixNs < newest);
        page.section->setTimeRange(TimeRange::all());
        QTRY_COMPARE_WITH_TIMEOUT(page.rows().rowCount(), plainCount + 1, patience);
        QCOMPARE(page.section->list()->countWords(), QStringLiteral("61 in all"));
    }

    void aBoxDrawnInTheChartBecomesFilterAndRangeAndCanBeTakenBack()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(!page.section->latency()->chart()->points().isEmpty(), patience);
        page.section->setFilter(QStringLiteral("status=error"));
        QSignalSpy filter(page.section.get(), &Section::filterRequested);
        QSignalSpy range(page.section.get(), &Section::timeRangeRequested);
        Q_EMIT page.section->latency()->chart()->brushChanged({1'000, 2'000, 5 * samples::ms, 50 * samples::ms});
        QCOMPARE(filter.size(), 1);
        QCOMPARE(filter[0][0].toString(), QStringLiteral("status=error duration>=5ms duration<=50ms"));
        QCOMPARE(range[0][0].value<TimeRange>(), TimeRange::fixed(1'000, 2'000));
        Q_EMIT page.section->latency()->brushCleared();
        QCOMPARE(filter[1][0].toString(), QStringLiteral("status=error"));
        QCOMPARE(range[1][0].value<TimeRange>(), TimeRange());
    }

    void aDotOpensItsTrace()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->latency()->chart()->points().size() > plainCount / 2, patience);
        const ScatterPoint dot = page.section->latency()->chart()->points().at(5);
        Q_EMIT page.section->latency()->chart()->pointClicked(dot.id);
        const TraceId opened = page.section->openTrace()->target().trace;
        QTRY_VERIFY_WITH_TIMEOUT(page.waterfall().document() && page.waterfall().document()->id == opened, patience);
        QCOMPARE(page.section->list()->selectedId(), opened);
        QCOMPARE(page.rows().row(page.rows().rowOf(opened)).startUnixNs, dot.atNs);
    }

    void aRealCallArrivesAtTheTopWithItsPayload()
    {
        Page page(demo(), fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), 20'000);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("hello")}}));
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() > 0 && page.rows().row(0).tool == QByteArrayView("quick_echo"), patience);
        QVERIFY(page.section->list()->isFollowing());
        const TraceId id = page.rows().row(0).traceId;
        page.section->list()->table()->setCurrentIndex(page.rows().index(0, 0));
        QTRY_VERIFY_WITH_TIMEOUT(page.waterfall().document() && page.waterfall().document()->id == id, patience);
        QVERIFY(page.waterfall().document()->split.isValid());
        QTRY_VERIFY_WITH_TIMEOUT(page.section->detail()->arguments()->code()->text().contains(QStringLiteral("hello")), patience);
        QCOMPARE(valueOf(*page.section->detail()->audit(), QStringLiteral("outcome")), QStringLiteral("ok"));
        QVERIFY(page.section->detail()->answer()->code()->text().contains(QStringLiteral("hello")));

        QSignalSpy notice(page.section.get(), &Section::notice);
        page.section->takeAway()->copyRequest({id, {}});
        QTRY_COMPARE_WITH_TIMEOUT(notice.size(), 1, patience);
        const QJsonObject request = QJsonDocument::fromJson(QGuiApplication::clipboard()->text().toUtf8()).object();
        QCOMPARE(request.value(QStringLiteral("method")).toString(), QStringLiteral("tools/call"));
        QCOMPARE(request.value(QStringLiteral("params")).toObject().value(QStringLiteral("name")).toString(),
                 QStringLiteral("demo__quick_echo"));
    }

    void aPausedListStaysAsItIs()
    {
        Page page(demo(), fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), 20'000);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        page.section->setLive(false);
        const TraceId newest = page.rows().row(0).traceId;
        QSignalSpy advanced(&page.fixture.service(), &service::GatewayService::tracesAdvanced);
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("x")}}));
        QTRY_VERIFY_WITH_TIMEOUT(!advanced.isEmpty(), patience);
        QCoreApplication::processEvents();
        QCOMPARE(page.rows().row(0).traceId, newest);
        page.section->setLive(true);
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().row(0).traceId != newest, patience);
    }

    void scrolledAwayTheListStaysAndCountsWhatIsNew()
    {
        Page page(demo(), fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), 20'000);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady() && page.rows().rowCount() >= plainCount + 1, patience);
        TraceListPane& list = *page.section->list();
        list.table()->verticalScrollBar()->setValue(20);
        QVERIFY(!list.isFollowing());
        const TraceId top = page.rows().row(list.table()->rowAt(1)).traceId;
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("x")}}));
        QTRY_VERIFY_WITH_TIMEOUT(list.newCount() > 0, patience);
        QCOMPARE(page.rows().row(list.table()->rowAt(1)).traceId, top);
        list.followAgain();
        QCOMPARE(list.newCount(), 0);
        QCOMPARE(list.table()->verticalScrollBar()->value(), 0);
    }

    void theListIsWalkedByKeys()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady() && page.rows().rowCount() == plainCount + 1, patience);
        DataTable* table = page.section->list()->table();
        page.section->activateWindow();
        table->setFocus();
        table->setCurrentIndex(page.rows().index(0, 0));
        QTest::keyClick(table, 'j');
        QTest::keyClick(table, Qt::Key_Down);
        const TraceId third = page.rows().row(2).traceId;
        QTRY_VERIFY_WITH_TIMEOUT(page.waterfall().document() && page.waterfall().document()->id == third, patience);
        QTest::keyClick(table, Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(page.section->focusWidget(), &page.waterfall(), patience);
    }

    void aTraceCanBeTakenAway()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QSignalSpy notice(page.section.get(), &Section::notice);
        page.section->takeAway()->copyTraceId(failedId);
        QCOMPARE(QGuiApplication::clipboard()->text(), QString::fromLatin1(failedId.toHex()));
        page.section->takeAway()->copyOtlp(failedId);
        QTRY_COMPARE_WITH_TIMEOUT(notice.size(), 2, patience);
        const QJsonObject otlp = QJsonDocument::fromJson(QGuiApplication::clipboard()->text().toUtf8()).object();
        QVERIFY(!otlp.value(QStringLiteral("resourceSpans")).toArray().isEmpty());
        const QString path = page.fixture.path(QStringLiteral("trace.jsonl"));
        page.section->takeAway()->exportTo(failedId, path);
        QTRY_COMPARE_WITH_TIMEOUT(notice.size(), 3, patience);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
        QCOMPARE(lines.size(), 1);
        QVERIFY(lines[0].contains("github__create_issue"));
        page.section->takeAway()->exportTo(failedId, page.fixture.path(QStringLiteral("no/such/folder/x.jsonl")));
        QTRY_COMPARE_WITH_TIMEOUT(notice.size(), 4, patience);
        QVERIFY(notice[3][0].toString().startsWith(QStringLiteral("Not exported")));
    }

    void statisticsAndJsonAreMadeWhenLookedAt()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QVERIFY(page.section->open(QString::fromLatin1(failedId.toHex())));
        QTRY_VERIFY_WITH_TIMEOUT(page.waterfall().document() && page.waterfall().document()->id == failedId, patience);
        QCOMPARE(page.section->trace()->statistics()->model()->rowCount(), 0);
        page.section->trace()->tabs()->setCurrentIndex(1);
        QCOMPARE(page.section->trace()->statistics()->model()->rowCount(), 13);
        page.section->trace()->tabs()->setCurrentIndex(3);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->trace()->json()->text().contains(QStringLiteral("resourceSpans")), patience);
    }

    void anAttributeBecomesAFilter()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        page.section->setFilter(QStringLiteral("status=error"));
        QSignalSpy filter(page.section.get(), &Section::filterRequested);
        Q_EMIT page.section->detail()->essentials()->filterRequested(QStringLiteral("attr.mcp.method.name=tools/call"));
        QCOMPARE(filter.size(), 1);
        QCOMPARE(filter[0][0].toString(), QStringLiteral("status=error attr.mcp.method.name=tools/call"));
        QVERIFY(store::Filter::parse(filter[0][0].toString().toUtf8()));
    }

    void theArrangementIsKept()
    {
        Page page({}, fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        page.waterfall().setNameShare(0.5);
        page.waterfall().setCriticalPathVisible(false);
        const QByteArray state = page.section->saveState();
        TracesSection other(page.fixture.service());
        other.restoreState("rubbish");
        other.restoreState(state.left(state.size() / 2));
        QCOMPARE(other.trace()->waterfall()->nameShare(), 0.38);
        other.restoreState(state);
        QCOMPARE(other.trace()->waterfall()->nameShare(), 0.5);
        QVERIFY(!other.trace()->waterfall()->isCriticalPathVisible());
    }

    void aHiddenPageAsksForNothing()
    {
        Page page(demo(), fill);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), 20'000);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        page.section->hide();
        const int rows = page.rows().rowCount();
        QSignalSpy advanced(&page.fixture.service(), &service::GatewayService::tracesAdvanced);
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("x")}}));
        QTRY_VERIFY_WITH_TIMEOUT(!advanced.isEmpty(), patience);
        QCoreApplication::processEvents();
        QCOMPARE(page.rows().rowCount(), rows);
        page.section->show();
        QTRY_VERIFY_WITH_TIMEOUT(page.rows().rowCount() > rows, patience);
    }
};

QTEST_MAIN(TracesSectionTest)
#include "tst_traces_section.moc"
