// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "log_records.h"
#include "support/service_fixture.h"
#include "ui/logs/log_detail.h"
#include "ui/logs/log_model.h"
#include "ui/logs/logs_section.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/segmented.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QScrollBar>

using namespace oriel;
using namespace oriel::ui;
using telemetry::Severity;

namespace {

constexpr int patience = 30'000;
const QString kTrace = QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736");

/// `count` lines of "old", one in ten a warning and one an error; the first belongs to kTrace. Written before the service starts.
void writeLog(const QString& dataDir, int count)
{
    QVERIFY(QDir().mkpath(dataDir));
    const SystemClock clock;
    store::LogStoreOptions options;
    options.directory = dataDir + QStringLiteral("/logs");
    store::LogStore store(options, clock);
    QVERIFY(store.open().has_value());
    const std::int64_t begin = clock.unixNs() - 3'600'000'000'000;
    for (int i = 0; i < count; ++i) {
        const Severity severity = i % 10 == 3 ? Severity::Warn : i % 10 == 7 ? Severity::Error : Severity::Info;
        telemetry::LogRecord record =
            test::logRecord(i % 2 == 0 ? "even" : "odd", severity, "old line " + QByteArray::number(i), begin + i * 1'000'000LL);
        if (i == 0)
            record.traceId = *TraceId::fromHex(kTrace.toLatin1());
        record.attributes.push_back({"n", std::int64_t{i}});
        store.append(std::move(record));
    }
    QVERIFY(store.flush().has_value());
    store.close();
}

/// A section over a service whose log holds `count` lines of an hour ago.
struct Page {
    explicit Page(int count, const QJsonObject& servers = {})
        : fixture(servers, [count](const QString& dataDir) {
              if (count > 0)
                  writeLog(dataDir, count);
          })
    {
        if (count > 0)
            QTRY_VERIFY_WITH_TIMEOUT(!fixture.service().logSources().isEmpty(), patience); // read back from disk
        section = std::make_unique<LogsSection>(fixture.service());
        section->setTimeRange(TimeRange::all());
        section->resize(1200, 800);
        section->show();
    }
    [[nodiscard]] LogModel& model() const { return *section->model(); }
    [[nodiscard]] QString text(int row) const { return model().index(row, LogModel::Text).data().toString(); }
    [[nodiscard]] bool has(const QString& words) const
    {
        for (int row = 0; row < model().rowCount(); ++row) {
            if (text(row).contains(words))
                return true;
        }
        return false;
    }

    test::ServiceFixture fixture;
    std::unique_ptr<LogsSection> section;
};

} // namespace

class TstLogsSection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QApplication::setStyle(new OrielStyle(Theme::dark())); }
    void init() { test::failOnUnexpectedWarnings(); }

    void anEmptyLogSaysWhatWillCome()
    {
        Page page(0);
        QVERIFY(page.fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QTRY_VERIFY(page.section->emptyState()->isVisible());
        QCOMPARE(page.section->emptyState()->headline(), QStringLiteral("No log lines yet"));
        QVERIFY(page.section->emptyReason().contains(QStringLiteral("stderr")));
        page.section->setFilter(QStringLiteral("nothing"));
        QTRY_COMPARE_WITH_TIMEOUT(page.section->emptyState()->headline(), QStringLiteral("No line matches"), patience);
    }

    void theNewestLinesAreAtTheBottomAndOlderOnesComeWhenScrolledTo()
    {
        Page page(3'000);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1'000, patience);
        QCOMPARE(page.text(999), QStringLiteral("old line 2999"));
        QScrollBar* bar = page.section->table()->verticalScrollBar();
        QCOMPARE(bar->value(), bar->maximum());
        bar->setValue(0);
        QVERIFY(!page.section->isFollowing());
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 2'000, patience);
        QCOMPARE(page.text(1'000), QStringLiteral("old line 2000"));
        QCOMPARE(bar->value(), 1'000); // what was read has not moved
        bar->setValue(0);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 3'000, patience);
        bar->setValue(0);
        QCOMPARE(page.text(0), QStringLiteral("old line 0"));
    }

    void levelsSourcesAndWordsFilter()
    {
        Page page(200);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 200, patience);
        page.section->levels()->setCurrentIndex(3);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 20, patience);
        page.section->levels()->setCurrentIndex(2);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 40, patience);
        page.section->levels()->setCurrentIndex(0);
        QCOMPARE(page.section->sources()->count(), 3);
        const int odd = page.section->sources()->findText(QStringLiteral("odd"));
        page.section->sources()->setCurrentIndex(odd);
        Q_EMIT page.section->sources()->activated(odd);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 100, patience);
        page.section->setFilter(QStringLiteral("\"line 199\""));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1, patience);
        page.section->setFilter(QStringLiteral("source=even"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 0, patience);
        QVERIFY(page.section->emptyReason().contains(QStringLiteral("No line")));
    }

    void rareLinesAreFoundOverManyPages()
    {
        Page page(3'500);
        page.section->setFilter(QStringLiteral("attr.n=17"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1, patience);
        QCOMPARE(page.text(0), QStringLiteral("old line 17"));
    }

    void theLinesOfOneTraceAreShownWheneverTheyWereWritten()
    {
        Page page(50);
        page.section->setTimeRange(TimeRange::last(60'000'000'000));
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady() && page.model().rowCount() == 0, patience);
        QSignalSpy asked(page.section.get(), &Section::filterRequested);
        QVERIFY(page.section->open(QStringLiteral("trace:") + kTrace));
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked[0][0].toString(), QStringLiteral("trace=") + kTrace);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1, patience);
        QCOMPARE(page.text(0), QStringLiteral("old line 0"));
        QVERIFY(!page.section->open(QStringLiteral("trace:xyz")));
        QVERIFY(!page.section->open(QStringLiteral("4711")));
    }

    void enterAsksForTheTraceOfTheLine()
    {
        Page page(5);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 5, patience);
        QSignalSpy opened(page.section.get(), &Section::openRequested);
        QSignalSpy said(page.section.get(), &Section::notice);
        page.section->table()->setFocus();
        QVERIFY(!page.section->detail()->isVisible()); // the focus alone chooses no line
        QTest::keyClick(page.section->table(), Qt::Key_J);
        QCOMPARE(page.section->table()->currentIndex().row(), 4); // the newest one, which is followed
        QVERIFY(page.section->detail()->isVisible());
        QTest::keyClick(page.section->table(), Qt::Key_Return);
        QCOMPARE(opened.count(), 0);
        QCOMPARE(said.count(), 1);
        QTest::keyClick(page.section->table(), Qt::Key_Home);
        QCOMPARE(page.section->table()->currentIndex().row(), 0);
        QTest::keyClick(page.section->table(), Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toString(), QStringLiteral("traces"));
        QCOMPARE(opened[0][1].toString(), kTrace);
        QTest::keyClick(page.section->table(), Qt::Key_J);
        QTest::keyClick(page.section->table(), Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(said.count(), 2);
    }

    void aClickChoosesAlsoTheLineThatHasTheFocus()
    {
        Page page(5);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 5, patience);
        DataTable* table = page.section->table();
        table->setFocus();
        for (const int row : {4, 2}) {
            QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(page.model().index(row, 0)).center());
            QVERIFY(page.section->detail()->isVisible());
            QCOMPARE(page.section->detail()->bodyView()->text(), QStringLiteral("old line %1").arg(row));
        }
    }

    void aChosenLineIsShownInFullAndCopiedAsJson()
    {
        Page page(5);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 5, patience);
        LogDetail* detail = page.section->detail();
        QVERIFY(!detail->isVisible());
        page.section->table()->setCurrentIndex(page.model().index(2, 0));
        QVERIFY(detail->isVisible());
        QCOMPARE(detail->bodyView()->text(), QStringLiteral("old line 2"));
        Q_EMIT detail->copyRequested();
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("\"body\":\"old line 2\"")));
        QSignalSpy asked(page.section.get(), &Section::filterRequested);
        page.section->setFilter(QStringLiteral("line"));
        Q_EMIT detail->filterRequested(QStringLiteral("source!=odd"));
        QCOMPARE(asked[0][0].toString(), QStringLiteral("line source!=odd"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 3, patience);
        QVERIFY(detail->isVisible()); // the chosen line is still there
        Q_EMIT detail->closeRequested();
        QVERIFY(!detail->isVisible());
    }

    void whatAServerWritesAppearsByItselfAndIsFollowed()
    {
        Page page(500, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        QVERIFY(page.fixture.call(QStringLiteral("demo__log_burst"), {{QStringLiteral("count"), 6}}));
        QTRY_VERIFY_WITH_TIMEOUT(page.has(QStringLiteral("burst line 6 of 6")), patience);
        QScrollBar* bar = page.section->table()->verticalScrollBar();
        QVERIFY(page.section->isFollowing());
        QCOMPARE(bar->value(), bar->maximum());
        QVERIFY(page.section->sources()->findText(QStringLiteral("demo")) > 0);
    }

    void readingFurtherUpStopsFollowingAndCountsWhatArrives()
    {
        Page page(500, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QScrollBar* bar = page.section->table()->verticalScrollBar();
        bar->setValue(100);
        QVERIFY(!page.section->isFollowing());
        QVERIFY(page.fixture.call(QStringLiteral("demo__log_burst"), {{QStringLiteral("count"), 6}}));
        QTRY_VERIFY_WITH_TIMEOUT(page.has(QStringLiteral("burst line 6 of 6")), patience);
        QCOMPARE(bar->value(), 100);
        QTRY_VERIFY(page.section->newPill()->isVisible());
        QVERIFY(page.section->newPill()->text().contains(QStringLiteral("new")));
        Q_EMIT page.section->newPill()->clicked();
        QVERIFY(page.section->isFollowing());
        QCOMPARE(bar->value(), bar->maximum());
        QVERIFY(!page.section->newPill()->isVisible());
    }

    void aPausedPageIsFrozenAndCatchesUp()
    {
        Page page(20, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady() && page.has(QStringLiteral("ready on stdio")), patience);
        page.section->setLive(false);
        const int before = page.model().rowCount();
        QVERIFY(page.fixture.call(QStringLiteral("demo__log_burst"), {{QStringLiteral("count"), 6}}));
        QTRY_VERIFY_WITH_TIMEOUT(page.section->newPill()->isVisible(), patience);
        QVERIFY(page.section->newPill()->text().contains(QStringLiteral("since the pause")));
        QCOMPARE(page.model().rowCount(), before);
        page.section->setLive(true);
        QTRY_VERIFY_WITH_TIMEOUT(page.has(QStringLiteral("burst line 6 of 6")), patience);
    }

    void aHiddenPageFetchesNothingUntilItIsShown()
    {
        Page page(20, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady() && page.has(QStringLiteral("ready on stdio")), patience);
        page.section->hide();
        QSignalSpy advanced(&page.fixture.service(), &service::GatewayService::logsAdvanced);
        QSignalSpy inserted(&page.model(), &QAbstractItemModel::rowsInserted);
        QVERIFY(page.fixture.call(QStringLiteral("demo__log_burst"), {{QStringLiteral("count"), 6}}));
        QTRY_VERIFY_WITH_TIMEOUT(advanced.count() > 0, patience);
        QCOMPARE(inserted.count(), 0);
        page.section->show();
        QTRY_VERIFY_WITH_TIMEOUT(page.has(QStringLiteral("burst line 6 of 6")), patience);
    }

    void theChosenLevelAndSourceAreRemembered()
    {
        Page page(40);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 40, patience);
        page.section->levels()->setCurrentIndex(2);
        const QByteArray state = page.section->saveState();
        LogsSection other(page.fixture.service());
        other.restoreState(QByteArray("no state of ours"));
        QCOMPARE(other.levels()->currentIndex(), 0);
        other.restoreState(state);
        QCOMPARE(other.levels()->currentIndex(), 2);
        other.setTimeRange(TimeRange::all());
        other.show();
        QTRY_COMPARE_WITH_TIMEOUT(other.model()->rowCount(), 8, patience);
    }

    void completionKnowsKeysLevelsAndSources()
    {
        Page page(4);
        QVERIFY(page.section->completions(QStringLiteral("x so")).contains(QStringLiteral("source=")));
        QVERIFY(page.section->completions(QStringLiteral("source=e")).contains(QStringLiteral("source=even")));
        QVERIFY(page.section->completions(QStringLiteral("level>=w")).contains(QStringLiteral("level>=warn")));
        QVERIFY(page.section->completions(QStringLiteral("zzz")).isEmpty());
    }
};

QTEST_MAIN(TstLogsSection)
#include "tst_logs_section.moc"
