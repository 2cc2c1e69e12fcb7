// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit_rows.h"
#include "gui_test.h"
#include "store/audit_log.h"
#include "support/service_fixture.h"
#include "ui/audit/audit_detail.h"
#include "ui/audit/audit_model.h"
#include "ui/audit/audit_section.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QScrollBar>

using namespace oriel;
using namespace oriel::ui;
using telemetry::Outcome;

namespace {

constexpr int patience = 30'000;
const QString kTrace = QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736");

QByteArray idOf(int number)
{
    return "old-row-" + QByteArray::number(number).rightJustified(6, '0');
}

/// `count` calls of an hour ago, every tenth failed; number 3 belongs to kTrace. Written before the service starts.
void writeAudit(const QString& dataDir, int count)
{
    QVERIFY(QDir().mkpath(dataDir));
    const SystemClock clock;
    SystemRandom random;
    store::AuditOptions options;
    options.file = dataDir + QStringLiteral("/audit.db");
    store::AuditWriter writer(options, clock, random);
    QVERIFY(writer.open().has_value());
    const std::int64_t begin = clock.unixNs() - 3'600'000'000'000;
    for (int i = 0; i < count; ++i) {
        store::AuditRow row = test::auditRow(0, i % 2 == 0 ? "read_file" : "query", i % 10 == 9 ? Outcome::Timeout : Outcome::Ok);
        row.id = idOf(i);
        row.timeUnixNs = begin + i * 1'000'000LL;
        row.server = i % 2 == 0 ? "fs" : "db";
        row.client = i % 5 == 0 ? "cursor" : "vscode";
        row.arguments = "{\"n\":" + QByteArray::number(i) + ",\"token\":\"[masked:key]\"}";
        row.argumentsBytes = row.arguments.size();
        row.response = "{\"content\":[]}";
        row.responseBytes = row.response.size();
        row.latencyNs = (i + 1) * 1'000'000LL;
        if (i == 3) {
            row.traceId = *TraceId::fromHex(kTrace.toLatin1());
            row.spanId = *SpanId::fromHex("00f067aa0ba902b7");
        }
        writer.append(std::move(row));
    }
    QVERIFY(writer.flush().has_value());
    QVERIFY(writer.close().has_value());
}

struct Page {
    explicit Page(int count, const QJsonObject& servers = {})
        : fixture(servers, [count](const QString& dataDir) {
              if (count > 0)
                  writeAudit(dataDir, count);
          })
    {
        section = std::make_unique<AuditSection>(fixture.service());
        section->setTimeRange(TimeRange::all());
        section->resize(1260, 800);
        section->show();
    }
    [[nodiscard]] AuditModel& model() const { return *section->model(); }
    [[nodiscard]] QByteArray shownId() const { return section->detail()->row() ? section->detail()->row()->id : QByteArray(); }
    void choose(QComboBox* box, const QString& text) const
    {
        const int index = box->findText(text);
        QVERIFY(index >= 0);
        box->setCurrentIndex(index);
        Q_EMIT box->activated(index);
    }

    test::ServiceFixture fixture;
    std::unique_ptr<AuditSection> section;
};

} // namespace

class TstAuditSection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QApplication::setStyle(new OrielStyle(Theme::dark())); }
    void init() { test::failOnUnexpectedWarnings(); }

    void anEmptyLogSaysWhatToDo()
    {
        Page page(0);
        QVERIFY(page.fixture.isStarted());
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QVERIFY(page.section->emptyState()->isVisible());
        QCOMPARE(page.section->emptyState()->headline(), QStringLiteral("No calls recorded yet"));
        QVERIFY(page.section->emptyReason().contains(QStringLiteral("Point a client at the gateway")));
        QVERIFY(!page.section->banner()->isVisible());
    }

    void rowsComeInPagesAsOneScrolls()
    {
        Page page(650);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 200, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->isReady(), patience);
        QCOMPARE(page.model().row(0).id, idOf(649));
        QTRY_VERIFY_WITH_TIMEOUT(page.section->countWords().startsWith(QStringLiteral("650")), patience);
        QScrollBar* bar = page.section->table()->verticalScrollBar();
        for (const int expected : {400, 600, 650}) {
            bar->setValue(bar->maximum());
            QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), expected, patience);
        }
        for (int row = 0; row < 650; ++row)
            QCOMPARE(page.model().row(row).id, idOf(649 - row));
        bar->setValue(bar->maximum());
        QCOMPARE(page.model().rowCount(), 650);
    }

    void theChosenRowIsShownWithItsPayloads()
    {
        Page page(20);
        QTRY_COMPARE_WITH_TIMEOUT(page.shownId(), idOf(19), patience); // the newest by itself
        page.section->table()->setFocus();
        QTest::keyClick(page.section->table(), Qt::Key_J);
        QTest::keyClick(page.section->table(), Qt::Key_J);
        QTRY_COMPARE_WITH_TIMEOUT(page.shownId(), idOf(17), patience);
        QVERIFY(page.section->detail()->argumentsView()->text().contains(QStringLiteral("\"n\":17")));
        QCOMPARE(page.section->detail()->noteOf(AuditDetail::Arguments), QStringLiteral("1 masked value"));
        QVERIFY(page.section->detail()->responseView()->text().contains(QStringLiteral("content")));
    }

    void outcomesServersClientsAndWordsFilter()
    {
        Page page(100);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 100, patience);
        page.choose(page.section->outcomes(), QStringLiteral("Failed"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 10, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->countWords() == QStringLiteral("10 rows"), patience);
        page.choose(page.section->outcomes(), QStringLiteral("Any outcome"));
        page.choose(page.section->servers(), QStringLiteral("db"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 50, patience);
        page.choose(page.section->clients(), QStringLiteral("cursor"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 10, patience);
        page.section->setFilter(QStringLiteral("duration>=90ms"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1, patience);
        page.section->setFilter(QStringLiteral("server=fs"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 0, patience);
        QTRY_COMPARE(page.section->emptyState()->headline(), QStringLiteral("No call matches"));
    }

    void aTimeRangeLeavesOutWhatIsOlder()
    {
        Page page(30);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 30, patience);
        page.section->setTimeRange(TimeRange::last(60'000'000'000));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 0, patience);
        page.section->setFilter(QStringLiteral("trace=") + kTrace); // a trace is asked for by name, whenever it was
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1, patience);
    }

    void aRowIsOpenedByItsIdHoweverFarBack()
    {
        Page page(650);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 200, patience);
        QVERIFY(page.section->open(QString::fromLatin1(idOf(120))));
        QTRY_COMPARE_WITH_TIMEOUT(page.shownId(), idOf(120), patience);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().row(0).id, idOf(120), patience);
        QCOMPARE(page.section->table()->currentIndex().row(), 0);
        QTRY_VERIFY(page.section->newPill()->isVisible());
        Q_EMIT page.section->newPill()->clicked();
        QTRY_COMPARE_WITH_TIMEOUT(page.model().row(0).id, idOf(649), patience);
        QVERIFY(page.section->open(QString::fromLatin1(idOf(640)))); // this one is in the list
        QTRY_COMPARE_WITH_TIMEOUT(page.shownId(), idOf(640), patience);
        QCOMPARE(page.section->table()->currentIndex().row(), 9);
    }

    void aRowThatIsGoneIsTold()
    {
        Page page(3);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 3, patience);
        QSignalSpy said(page.section.get(), &Section::notice);
        QVERIFY(page.section->open(QStringLiteral("no-such-row")));
        QTRY_COMPARE_WITH_TIMEOUT(said.count(), 1, patience);
        QVERIFY(!page.section->open(QStringLiteral("no such row!")));
        QVERIFY(!page.section->open(QStringLiteral("trace:12")));
        QVERIFY(!page.section->open(QString()));
    }

    void enterAsksForTheTraceAndItsSpan()
    {
        Page page(5);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 5, patience);
        QSignalSpy opened(page.section.get(), &Section::openRequested);
        QVERIFY(page.section->open(QStringLiteral("trace:") + kTrace));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 1, patience);
        QTRY_COMPARE_WITH_TIMEOUT(page.shownId(), idOf(3), patience);
        QTest::keyClick(page.section->table(), Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toString(), QStringLiteral("traces"));
        QCOMPARE(opened[0][1].toString(), kTrace + QStringLiteral("/00f067aa0ba902b7"));
    }

    void whatTheFilterShowsIsExported()
    {
        Page page(100);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 100, patience);
        page.choose(page.section->outcomes(), QStringLiteral("Failed"));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 10, patience);
        const QString path = page.fixture.path(QStringLiteral("out.jsonl"));
        bool askedForCsv = true;
        page.section->setExportPathChooser(
            [&](QWidget*, bool csv, const QString& suggestion, const std::function<void(const QString&)>& chosen) {
                askedForCsv = csv;
                QVERIFY(suggestion.endsWith(csv ? QStringLiteral(".csv") : QStringLiteral(".jsonl")));
                chosen(csv ? page.fixture.path(QStringLiteral("out.csv")) : path);
            });
        QSignalSpy said(page.section.get(), &Section::notice);
        page.section->exportJsonLines();
        QTRY_COMPARE_WITH_TIMEOUT(said.count(), 1, patience);
        QCOMPARE(said[0][0].toString(), QStringLiteral("10 rows exported to out.jsonl"));
        QVERIFY(!askedForCsv);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll().count('\n'), 10);
        page.section->exportCsv();
        QTRY_COMPARE_WITH_TIMEOUT(said.count(), 2, patience);
        QVERIFY(askedForCsv);
        QVERIFY(QFile::exists(page.fixture.path(QStringLiteral("out.csv"))));
        QVERIFY(!page.section->exportStrip()->isVisible());
    }

    void anExportThatCannotBeWrittenSaysSoInTheList()
    {
        Page page(3);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 3, patience);
        page.section->setExportPathChooser(
            [&page](QWidget*, bool, const QString&, const std::function<void(const QString&)>& chosen) {
                chosen(page.fixture.path(QStringLiteral("no/such/folder/out.jsonl")));
            });
        page.section->exportJsonLines();
        QTRY_VERIFY_WITH_TIMEOUT(page.section->banner()->isVisible(), patience);
        QVERIFY(page.section->banner()->headline().contains(QStringLiteral("was not exported")));
        Q_EMIT page.section->banner()->actionTriggered(QStringLiteral("close"));
        QVERIFY(!page.section->banner()->isVisible());
    }

    void aNewCallAppearsByItselfAtTheTop()
    {
        Page page(30, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 30, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        QSignalSpy badge(page.section.get(), &Section::badgeChanged);
        QSignalSpy reset(&page.model(), &QAbstractItemModel::modelReset);
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("hello")}}));
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 31, patience);
        QCOMPARE(reset.count(), 0);
        QCOMPARE(page.model().row(0).tool, QByteArray("quick_echo"));
        QCOMPARE(page.model().row(0).client, QByteArray("tester"));
        QTRY_VERIFY_WITH_TIMEOUT(!badge.isEmpty() && badge.last()[0].value<Badge>().count == 31, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.section->countWords() == QStringLiteral("31 rows"), patience);
    }

    void whileARowIsReadNewOnesAreAnnouncedAndWait()
    {
        Page page(200, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 200, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        page.section->table()->setCurrentIndex(page.model().index(5, 0));
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("one")}}));
        QVERIFY(page.fixture.call(QStringLiteral("demo__no_such_tool")));
        QTRY_COMPARE_WITH_TIMEOUT(page.section->newPill()->text(), QStringLiteral("▲ 2 new"), patience);
        QCOMPARE(page.model().rowCount(), 200);
        Q_EMIT page.section->newPill()->clicked();
        QCOMPARE(page.model().rowCount(), 202);
        QVERIFY(page.model().row(0).outcome != Outcome::Ok);
        QCOMPARE(page.section->table()->verticalScrollBar()->value(), 0);
        QVERIFY(!page.section->newPill()->isVisible());
    }

    void aPausedPageIsFrozenAndCatchesUp()
    {
        Page page(10, {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}});
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 10, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page.fixture.isReady(QStringLiteral("demo")), patience);
        page.section->setLive(false);
        QVERIFY(page.fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("one")}}));
        QTRY_VERIFY_WITH_TIMEOUT(page.section->newPill()->isVisible(), patience);
        QCOMPARE(page.model().rowCount(), 10);
        page.section->setLive(true);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 11, patience);
    }

    void theSelectorsAndTheTabAreRemembered()
    {
        Page page(40);
        QTRY_COMPARE_WITH_TIMEOUT(page.model().rowCount(), 40, patience);
        page.choose(page.section->servers(), QStringLiteral("db"));
        const QByteArray state = page.section->saveState();
        AuditSection other(page.fixture.service());
        other.restoreState(QByteArray("no state of ours"));
        QCOMPARE(other.servers()->currentIndex(), 0);
        other.restoreState(state);
        QCOMPARE(other.servers()->currentText(), QStringLiteral("db"));
        other.setTimeRange(TimeRange::all());
        other.show();
        QTRY_COMPARE_WITH_TIMEOUT(other.model()->rowCount(), 20, patience);
    }

    void rowsAreCopiedAsTextAndAsJson()
    {
        Page page(5);
        QTRY_COMPARE_WITH_TIMEOUT(page.shownId(), idOf(4), patience);
        QTest::keySequence(page.section->table(), QKeySequence::Copy);
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("read_file\tfs\tvscode")));
        for (QAction* action : page.section->commands()) {
            if (action->text() == QStringLiteral("Copy the rows as JSON"))
                action->trigger();
        }
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("\"arguments\":{\"n\":4")));
    }
};

QTEST_MAIN(TstAuditSection)
#include "tst_audit_section.moc"
