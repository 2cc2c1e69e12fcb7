// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "ui/traces/trace_document.h"
#include "ui/traces/trace_list_model.h"
#include "ui/traces/trace_tables.h"
#include "ui/widgets/cells.h"

#include <QAbstractItemModelTester>
#include <QPersistentModelIndex>
#include <QtTest>

#include <algorithm>
#include <random>

using namespace oriel;
using namespace oriel::ui;

namespace {

store::TraceSummary trace(std::uint64_t number, std::int64_t start, std::uint64_t revision = 1)
{
    store::TraceSummary summary;
    summary.traceId = TraceId{7, number};
    summary.rootName = "tools/call fs__read";
    summary.tool = "read";
    summary.server = "fs";
    summary.client = "cursor";
    summary.startUnixNs = start;
    summary.durationNs = static_cast<std::int64_t>(number) * 1'000'000;
    summary.spanCount = 9;
    summary.revision = revision;
    return summary;
}

store::TracePage page(std::vector<store::TraceSummary> rows, bool more = false)
{
    store::TracePage page;
    page.totalMatched = rows.size();
    if (more)
        page.next = store::TraceCursor{rows.back().startUnixNs, rows.back().traceId};
    page.rows = std::move(rows);
    return page;
}

std::vector<TraceId> ids(const TraceListModel& model)
{
    std::vector<TraceId> all;
    for (int row = 0; row < model.rowCount(); ++row)
        all.push_back(model.row(row).traceId);
    return all;
}

} // namespace

class TraceListModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void newTracesAreInsertedAboveAndOthersKeepTheirIdentity()
    {
        TraceListModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.merge(page({trace(2, 20), trace(1, 10)}), 0), 2);
        const QPersistentModelIndex kept = model.index(1, 0);
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        QCOMPARE(model.merge(page({trace(4, 40), trace(3, 30), trace(2, 20), trace(1, 10)}), 0), 2);
        QCOMPARE(resets.size(), 0);
        QCOMPARE(kept.row(), 3);
        QCOMPARE(model.rowOf(TraceId{7, 4}), 0);
    }

    void onlyAChangedTraceIsSaidToHaveChanged()
    {
        TraceListModel model;
        model.merge(page({trace(2, 20), trace(1, 10)}), 0);
        QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
        model.merge(page({trace(2, 20), trace(1, 10)}), 0);
        QCOMPARE(changes.size(), 0);
        model.merge(page({trace(2, 20, 9), trace(1, 10)}), 0);
        QCOMPARE(changes.size(), 1);
        QCOMPARE(changes[0][0].toModelIndex().row(), 0);
    }

    void aPageReplacesOnlyItsOwnStretch()
    {
        TraceListModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.merge(page({trace(4, 40), trace(3, 30)}, true), 0);
        QVERIFY(model.canFetchMore({}));
        QSignalSpy wanted(&model, &TraceListModel::moreWanted);
        model.fetchMore({});
        QCOMPARE(wanted.size(), 1);
        QVERIFY(!model.canFetchMore({})); // until the answer has come
        model.append(page({trace(2, 20), trace(1, 10)}));
        QVERIFY(!model.canFetchMore({}));
        model.merge(page({trace(5, 50), trace(4, 40)}, true), 0);
        QCOMPARE(ids(model), (std::vector<TraceId>{{7, 5}, {7, 4}, {7, 3}, {7, 2}, {7, 1}}));
        QVERIFY(!model.canFetchMore({}));
        model.merge(page({trace(5, 50), trace(4, 40)}, true), 15);
        QCOMPARE(model.rowCount(), 4); // the oldest left the window of time
    }

    void anyPageLeadsToItsOwnRows()
    {
        std::mt19937 random(11);
        TraceListModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (int round = 0; round < 300; ++round) {
            std::vector<store::TraceSummary> rows;
            const auto count = random() % 12;
            std::vector<std::uint64_t> numbers(20);
            std::iota(numbers.begin(), numbers.end(), 1U);
            std::shuffle(numbers.begin(), numbers.end(), random);
            for (std::size_t i = 0; i < count; ++i) // now and then a trace's start moves, when its root comes late
                rows.push_back(
                    trace(numbers[i], static_cast<std::int64_t>(numbers[i]) * 10 - (random() % 9 == 0 ? 35 : 0), random() % 3));
            std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.startUnixNs > b.startUnixNs; });
            std::vector<TraceId> expected;
            for (const auto& row : rows)
                expected.push_back(row.traceId);
            model.merge(page(rows), store::kBeginningOfTime);
            QCOMPARE(ids(model), expected);
            for (int row = 0; row < model.rowCount(); ++row)
                QCOMPARE(model.row(row).revision, rows[static_cast<std::size_t>(row)].revision);
        }
    }

    void cellsSayWhatTheTraceIs()
    {
        TraceListModel model;
        store::TraceSummary failed = trace(1, 10);
        failed.errorCount = 1;
        failed.firstError = "upstream timeout";
        store::TraceSummary live = trace(2, 5);
        live.live = true;
        model.merge(page({failed, live}), 0);
        QCOMPARE(model.index(0, TraceListModel::Name).data().toString(), QStringLiteral("tools/call fs__read"));
        QCOMPARE(model.index(0, TraceListModel::Name).data(CellRole::Outcome).toBool(), false);
        QCOMPARE(model.index(0, TraceListModel::Name).data(CellRole::Service).toString(), QStringLiteral("fs"));
        QCOMPARE(model.index(0, TraceListModel::Error).data().toString(), QStringLiteral("upstream timeout"));
        QVERIFY(!model.index(1, TraceListModel::Name).data(CellRole::Outcome).isValid());
        QVERIFY(model.index(1, TraceListModel::Name).data(CellRole::Lamp).isValid());
        // Asking for no cell is an error of the caller: it is said, and answered with nothing.
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("^Index QModelIndex\\(-1,-1,.*is not valid")));
        QVERIFY(!model.data({}, Qt::DisplayRole).isValid());
    }

    void everyCellOffersTermsThatTheFilterUnderstands()
    {
        TraceListModel model;
        store::TraceSummary odd = trace(1, 10);
        odd.tool = "read \"all\" files";
        odd.client = "my client";
        odd.errorCount = 1;
        model.merge(page({odd}), 0);
        for (int column = 0; column < TraceListModel::ColumnCount; ++column) {
            for (const bool out : {false, true}) {
                const QString term = model.filterTerm(model.index(0, column), out);
                QVERIFY2(store::Filter::parse(term.toUtf8()), qPrintable(term));
            }
        }
        QCOMPARE(model.filterTerm(model.index(0, TraceListModel::Client), true), QStringLiteral("client!=\"my client\""));
    }

    void statisticsSortByTheColumnAskedFor()
    {
        store::TraceLookup lookup;
        for (std::uint64_t i = 1; i <= 6; ++i) {
            telemetry::SpanData span;
            span.spanId = SpanId{i};
            span.name = i % 2 == 0 ? "b" : "a";
            span.endUnixNs = static_cast<std::int64_t>(i % 2 == 0 ? 100 : 1) * static_cast<std::int64_t>(i);
            lookup.spans.push_back(span);
        }
        StatisticsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setDocument(TraceDocument::make(TraceId{1, 1}, lookup, 0));
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.index(0, StatisticsModel::Name).data().toString(), QStringLiteral("b"));
        model.sort(StatisticsModel::Name, Qt::AscendingOrder);
        QCOMPARE(model.index(0, StatisticsModel::Name).data().toString(), QStringLiteral("a"));
        model.setDocument(nullptr);
        QCOMPARE(model.rowCount(), 0);
    }

    void logLinesStandInOrderOfTime()
    {
        const auto record = [](std::int64_t at, telemetry::Severity severity) {
            auto line = std::make_shared<telemetry::LogRecord>();
            line->timeUnixNs = at;
            line->severity = severity;
            line->body = QByteArray("line");
            return line;
        };
        TraceLogModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRecords({record(20, telemetry::Severity::Error), record(10, telemetry::Severity::Debug)});
        QCOMPARE(model.index(0, TraceLogModel::Level).data().toString(), QStringLiteral("debug"));
        QCOMPARE(model.index(1, TraceLogModel::Level).data(CellRole::Tone).toInt(), int(Tone::Error));
        QCOMPARE(severityWord(telemetry::Severity::Unspecified), QString());
        QCOMPARE(severityWord(telemetry::Severity::Fatal), QStringLiteral("fatal"));
    }
};

QTEST_MAIN(TraceListModelTest)
#include "tst_trace_list_model.moc"
