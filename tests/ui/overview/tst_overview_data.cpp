// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/client_guide.h"
#include "ui/overview/first_run_page.h"
#include "ui/overview/overview_data.h"
#include "ui/overview/server_banners.h"
#include "ui/widgets/format.h"

#include <QtTest>

#include <cmath>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t now = 1'700'000'003 * second;

ChartWindow tenBuckets()
{
    return {1000 * second, 1100 * second, 1095 * second, 10 * second};
}

store::AggregateGroup group(const QList<int>& calls, int errorsEach = 0)
{
    store::AggregateGroup result;
    std::int64_t at = tenBuckets().fromNs;
    for (const int count : calls) {
        store::AggregateBucket bucket;
        bucket.startUnixNs = at;
        bucket.calls = static_cast<std::uint64_t>(count);
        bucket.errors = count > 0 ? static_cast<std::uint64_t>(errorsEach) : 0;
        bucket.p50Ns = 2e6;
        bucket.p95Ns = 8e6;
        bucket.p99Ns = 9e6;
        result.buckets.push_back(bucket);
        result.total.calls += bucket.calls;
        result.total.errors += bucket.errors;
        at += tenBuckets().stepNs;
    }
    result.total.p95Ns = 84e6;
    result.total.p99Ns = 1.2e9;
    return result;
}

OverviewData dataOf(const store::AggregateGroup& calls)
{
    OverviewData data;
    data.window = tenBuckets();
    data.calls.groups = {calls};
    return data;
}

store::LatencyPoint failure(std::int64_t at, std::int64_t duration, telemetry::Outcome outcome, bool error = true)
{
    store::LatencyPoint point;
    point.startUnixNs = at;
    point.durationNs = duration;
    point.outcome = outcome;
    point.error = error;
    return point;
}

} // namespace

class TstOverviewData : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void bucketsHaveRoundWidths_data()
    {
        QTest::addColumn<qint64>("length");
        QTest::addColumn<qint64>("step");
        QTest::newRow("a minute") << qint64(minute) << qint64(second);
        QTest::newRow("five minutes") << qint64(5 * minute) << qint64(5 * second);
        QTest::newRow("a quarter") << qint64(15 * minute) << qint64(10 * second);
        QTest::newRow("an hour") << qint64(60 * minute) << qint64(minute);
        QTest::newRow("a day") << qint64(24 * 60 * minute) << qint64(15 * minute);
        QTest::newRow("a month") << qint64(30LL * 24 * 60 * minute) << qint64(12 * 60 * minute);
        QTest::newRow("ten years") << qint64(3650LL * 24 * 60 * minute) << qint64(37LL * 24 * 60 * minute);
        QTest::newRow("nothing") << qint64(0) << qint64(second);
    }
    void bucketsHaveRoundWidths()
    {
        QFETCH(qint64, length);
        QFETCH(qint64, step);
        QCOMPARE(bucketStep(length, 100), step);
    }

    void aWindowIsAlignedToItsBuckets()
    {
        const ChartWindow window = chartWindow(TimeRange::last(15 * minute), now, 1, 100);
        QCOMPARE(window.stepNs, 10 * second);
        QCOMPARE(window.fromNs % window.stepNs, 0);
        QCOMPARE(window.toNs % window.stepNs, 0);
        QCOMPARE(window.endNs, now);
        QVERIFY(window.fromNs <= now - 15 * minute && window.fromNs > now - 15 * minute - window.stepNs);
        QVERIFY(window.toNs >= now && window.toNs < now + window.stepNs);
    }

    void aFreshStartFillsTheChart()
    {
        const ChartWindow young = chartWindow(TimeRange::last(15 * minute), now, now - 3 * second, 100);
        QCOMPARE(young.fromNs, now - 10 * second);
        QCOMPARE(young.stepNs, second);
        const ChartWindow older = chartWindow(TimeRange::last(15 * minute), now, now - 2 * minute, 100);
        QCOMPARE(older.stepNs, 2 * second);
        QVERIFY(older.fromNs <= now - 2 * minute && older.fromNs > now - 2 * minute - older.stepNs);
    }

    void fixedAndWholeRangesKeepTheirEnds()
    {
        const ChartWindow fixed = chartWindow(TimeRange::fixed(now - minute, now - 30 * second), now, now - second, 100);
        QCOMPARE(fixed.endNs, now - 30 * second);
        QCOMPARE(fixed.fromNs, now - minute);
        const ChartWindow all = chartWindow(TimeRange::all(), now, now - 60 * minute, 100);
        QVERIFY(all.fromNs <= now - 60 * minute);
        QCOMPARE(all.endNs, now);
        const ChartWindow nothing = chartWindow(TimeRange::all(), now, 0, 100);
        QVERIFY(nothing.lengthNs() > 0);
        const ChartWindow empty = chartWindow(TimeRange::fixed(now, now), now, 0, 100);
        QVERIFY(empty.lengthNs() > 0);
    }

    void figuresTellCountsSharesAndPercentiles()
    {
        OverviewData data = dataOf(group({1000, 1000, 1000, 1000}, 14));
        data.status.callsPerSecond = 12.4;
        data.status.sessions = 3;
        data.status.users = 2;
        data.overheadP50 = 0.00005;
        QCOMPARE(callsFigure(data, true).value, formatCount(4000));
        QCOMPARE(callsFigure(data, true).note, QStringLiteral("12.4/s"));
        QCOMPARE(callsFigure(data, false).note, formatRate(4000.0 / 95));
        QCOMPARE(successFigure(data).value, QStringLiteral("98.6 %"));
        QCOMPARE(successFigure(data).course, (QList<double>{0.986, 0.986, 0.986, 0.986}));
        QCOMPARE(latencyFigure(data).value, QStringLiteral("84.0 ms"));
        QVERIFY(latencyFigure(data).note.startsWith(QStringLiteral("p99 1.2")));
        QVERIFY(overheadFigure(data).value.startsWith(QStringLiteral("50")));
        QCOMPARE(clientsFigure(data).value, QStringLiteral("3"));
        QCOMPARE(clientsFigure(data).note, QStringLiteral("2 users"));
        QCOMPARE(callCount(data), 4000U);
    }

    void withoutCallsFiguresSayNothingRatherThanZero()
    {
        const OverviewData data = dataOf(group({0, 0}));
        QCOMPARE(callsFigure(data, true).value, QStringLiteral("0"));
        QCOMPARE(successFigure(data).value, QStringLiteral("–"));
        QCOMPARE(latencyFigure(data).value, QStringLiteral("–"));
        QVERIFY(latencyFigure(data).note.isEmpty());
        QCOMPARE(overheadFigure(data).value, QStringLiteral("–"));
        OverviewData none;
        none.window = tenBuckets();
        QCOMPARE(callsFigure(none, true).value, QStringLiteral("0"));
        QVERIFY(callsFigure(none, true).course.isEmpty());
    }

    void theBucketThatStillFillsIsJudgedByThePartThatPassed()
    {
        const QList<double> rates = callRates(group({10, 10, 10, 10, 10, 10, 10, 10, 10, 5}), tenBuckets());
        QCOMPARE(rates.size(), 10);
        QCOMPARE(rates.first(), 1.0);
        QCOMPARE(rates.last(), 1.0); // 5 calls in the first half of the bucket
    }

    void latencyLinesBridgeShortGapsAndBreakAtLongOnes()
    {
        const QList<TimeSeries> lines = latencySeries(group({1, 0, 0, 1, 0, 0, 0, 0, 0, 0}), tenBuckets());
        QCOMPARE(lines.size(), 3);
        QCOMPARE(lines[0].samples.size(), 2);
        QCOMPARE(lines[0].samples[0].value, 0.002);
        QCOMPARE(lines[0].samples[0].atNs, tenBuckets().fromNs + 5 * second);
        QCOMPARE(lines[2].samples[0].value, 0.009);
        const QList<TimeSeries> broken = latencySeries(group({1, 0, 0, 0, 0, 0, 0, 0, 0, 1}), tenBuckets());
        QCOMPARE(broken[0].samples.size(), 3);
        QVERIFY(std::isnan(broken[0].samples[1].value));
        QVERIFY(broken[0].samples[2].atNs <= tenBuckets().endNs);
    }

    void eachStretchShowsItsSlowestFailure()
    {
        const ChartWindow window = tenBuckets();
        const std::vector<store::LatencyPoint> points{
            failure(window.fromNs + second, 5 * second, telemetry::Outcome::Timeout),
            failure(window.fromNs + second + 1, second, telemetry::Outcome::ToolError),
            failure(window.fromNs + 50 * second, second, telemetry::Outcome::Blocked),
            failure(window.fromNs - second, second, telemetry::Outcome::Blocked),
            failure(window.fromNs + 70 * second, second, telemetry::Outcome::Ok, false)};
        const QList<Exemplar> dots = failureDots(points, window);
        QCOMPARE(dots.size(), 2);
        QCOMPARE(dots[0].value, 5.0);
        QVERIFY(dots[0].error);
        QVERIFY(dots[0].tip.contains(QStringLiteral("upstream timeout")));
        QCOMPARE(dots[0].target.size(), 32);
    }

    void boundsHoldLinesAndDots()
    {
        TimeSeries line;
        line.samples = {{0, 0.002}, {1, 0.02}, {2, std::nan("")}};
        const auto bounds = latencyBounds({line}, {{0, 7.0, {}, true, {}}});
        QVERIFY(bounds.has_value());
        QVERIFY(bounds->first <= 0.002 && bounds->first > 0);
        QVERIFY(bounds->second >= 7.0);
        QVERIFY(!latencyBounds({}, {}).has_value());
    }

    void errorsAreCountedByWhatBecameOfTheCall()
    {
        using telemetry::Outcome;
        const QList<BarListRow> rows =
            errorRows({failure(1, 1, Outcome::Timeout), failure(1, 1, Outcome::ToolError), failure(1, 1, Outcome::Timeout),
                       failure(1, 1, Outcome::Ok), failure(1, 1, Outcome::Cancelled, false)});
        QCOMPARE(rows.size(), 3);
        QCOMPARE(rows[0].label, QStringLiteral("upstream timeout"));
        QCOMPARE(rows[0].value, 2.0);
        QCOMPARE(rows[2].label, QStringLiteral("span error"));
        QVERIFY(errorRows({}).isEmpty());
    }

    void everyErrorRowsFilterIsUnderstood()
    {
        using telemetry::Outcome;
        std::vector<store::LatencyPoint> all;
        for (int outcome = 0; outcome <= int(Outcome::Unavailable); ++outcome)
            all.push_back(failure(1, 1, static_cast<Outcome>(outcome)));
        const QList<BarListRow> rows = errorRows(all);
        QCOMPARE(rows.size(), 8);
        for (const BarListRow& row : rows)
            QVERIFY2(store::Filter::parse(row.target.toUtf8()).has_value(), qPrintable(row.target));
    }

    void aFailureSpeaksInItsOwnWords()
    {
        store::TraceSummary trace;
        trace.rootName = "tools/call db__query";
        trace.outcome = telemetry::Outcome::Timeout;
        QCOMPARE(failureName(trace, QStringLiteral("__")), QStringLiteral("tools/call db__query"));
        QCOMPARE(failureSentence(trace), QStringLiteral("upstream timeout"));
        trace.tool = "db__query";
        trace.firstError = "no answer\n within 5 s";
        QCOMPARE(failureName(trace, QStringLiteral("__")), QStringLiteral("db__query"));
        trace.tool = "query";
        trace.server = "db";
        trace.method = "tools/call";
        QCOMPARE(failureName(trace, QStringLiteral("__")), QStringLiteral("db__query"));
        trace.method = "resources/read";
        QCOMPARE(failureName(trace, QStringLiteral("__")), QStringLiteral("query"));
        QCOMPARE(failureSentence(trace), QStringLiteral("no answer within 5 s"));
        trace.firstError = "timeout";
        QCOMPARE(failureSentence(trace), QStringLiteral("upstream timeout"));
    }

    void importsAreSummedUpInASentence()
    {
        service::ImportCandidate one;
        one.client = QStringLiteral("Cursor");
        service::ImportCandidate two;
        two.client = QStringLiteral("VS Code");
        service::ImportCandidate taken;
        taken.client = QStringLiteral("Claude Code");
        taken.conflict = QStringLiteral("there is one");
        QVERIFY(importSummary({taken}).startsWith(QStringLiteral("No server was found")));
        QVERIFY(importSummary({one}).startsWith(QStringLiteral("1 server was found in Cursor.")));
        QVERIFY(importSummary({one, two, two, taken}).startsWith(QStringLiteral("3 servers were found in Cursor and VS Code.")));
    }

    void aClientsNameBecomesATokensName()
    {
        QCOMPARE(tokenNameFor(QStringLiteral("Claude Code")), QStringLiteral("claude-code"));
        QCOMPARE(tokenNameFor(QStringLiteral(" VS Code (insiders) ")), QStringLiteral("vs-code-insiders"));
    }

    void aDiagnosisIsTwoSentences()
    {
        service::Diagnosis diagnosis;
        diagnosis.cause = QStringLiteral("uvx was not found");
        diagnosis.remedy = QStringLiteral("Install it.");
        QCOMPARE(diagnosisSentence(diagnosis), QStringLiteral("uvx was not found. Install it."));
        diagnosis.remedy.clear();
        QCOMPARE(diagnosisSentence(diagnosis), QStringLiteral("uvx was not found."));
    }
};

QTEST_GUILESS_MAIN(TstOverviewData)
#include "tst_overview_data.moc"
