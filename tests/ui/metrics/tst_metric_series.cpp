// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metric_table.h"
#include "ui/metrics/metric_series.h"
#include "ui/metrics/series_table_model.h"

#include <QAbstractItemModelTester>
#include <QSet>
#include <QtTest>

#include <cmath>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr std::int64_t second = 1'000'000'000;
const double none = std::nan("");

store::ChartLine line(const QByteArray& label, const QByteArray& value, const std::vector<double>& values)
{
    store::ChartLine result;
    if (!label.isEmpty())
        result.labels = {{label, value}};
    std::int64_t at = 1'000'000;
    for (const double one : values) {
        result.points.push_back({at, one});
        at += 5'000;
    }
    return result;
}

MetricSpec spec(const QString& id)
{
    for (const MetricSpec& one : metricSpecs()) {
        if (one.id == id)
            return one;
    }
    return {};
}

TimeSeries series(const QString& name, const QList<double>& values)
{
    TimeSeries result;
    result.name = name;
    std::int64_t at = 1000 * second;
    for (const double value : values) {
        result.samples.append({at, value});
        at += 5 * second;
    }
    return result;
}

QList<double> valuesOf(const TimeSeries& one)
{
    QList<double> values;
    for (const TimeValue& sample : one.samples)
        values.append(sample.value);
    return values;
}

const ChartWindow window{1000 * second, 1900 * second, 1900 * second, 5 * second};

} // namespace

class TstMetricSeries : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyCardAsksForMetricsThatExist()
    {
        QSet<QByteArray> known;
        for (const telemetry::MetricRow& row : telemetry::metricTable())
            known.insert(row.name);
        QSet<QString> ids;
        for (const MetricSpec& card : metricSpecs()) {
            QVERIFY2(!card.emptyText.isEmpty(), qPrintable(card.id));
            QVERIFY2(!ids.contains(card.id), qPrintable(card.id));
            ids.insert(card.id);
            for (const MetricQuery& query : card.queries) {
                QVERIFY2(known.contains(query.metric), query.metric.constData());
                QVERIFY2(query.denominator.isEmpty() || known.contains(query.denominator), query.denominator.constData());
            }
        }
        QCOMPARE(ids.size(), 12);
    }

    void labelsOfEveryCardAreThoseOfItsMetric()
    {
        for (const MetricSpec& card : metricSpecs()) {
            for (const MetricQuery& query : card.queries) {
                for (const telemetry::MetricRow& row : telemetry::metricTable()) {
                    if (query.metric != row.name)
                        continue;
                    QCOMPARE(query.namespaced, row.namespaced);
                    for (const QByteArray& label : {query.by, query.serverLabel})
                        QVERIFY2(label.isEmpty() || std::any_of(row.labels.begin(), row.labels.end(),
                                                                [&](const char* one) { return label == one; }),
                                 query.metric.constData());
                }
            }
        }
    }

    void namesCarryTheConfiguredNamespace()
    {
        const MetricQuery query = spec(QStringLiteral("success")).queries.first();
        const service::ChartQuery asked = chartQuery(query, "enkrypt", window, {});
        QCOMPARE(asked.metric, QByteArray("enkrypt_tool_call_success_total"));
        QCOMPARE(asked.denominator, QByteArray("enkrypt_tool_calls_total"));
        QCOMPARE(asked.range.fromMs, 1'000'000);
        QCOMPARE(asked.range.toMs, 1'900'000);
        QCOMPARE(asked.range.stepMs, 5'000);
        QVERIFY(asked.matchers.empty());
        QCOMPARE(chartQuery(spec(QStringLiteral("cpu")).queries.first(), "enkrypt", window, {}).metric,
                 QByteArray("process_cpu_seconds_total"));
    }

    void serversNarrowWhatKnowsServers()
    {
        const service::ChartQuery one = chartQuery(spec(QStringLiteral("calls")).queries.first(), "m", window, {"git.hub"});
        QCOMPARE(one.matchers.size(), std::size_t(1));
        QVERIFY(one.matchers[0].matches("git.hub"));
        QVERIFY(!one.matchers[0].matches("gitxhub"));
        const service::ChartQuery two = chartQuery(spec(QStringLiteral("calls")).queries.first(), "m", window, {"git.hub", "db"});
        QVERIFY(two.matchers[0].matches("git.hub") && two.matchers[0].matches("db"));
        QVERIFY(!two.matchers[0].matches("gitxhub") && !two.matchers[0].matches("dbx"));
        QVERIFY(chartQuery(spec(QStringLiteral("overhead")).queries.first(), "m", window, {"db"}).matchers.empty());
    }

    void aFilterNarrowsByServerOnly()
    {
        const auto of = [](const char* text) { return metricFilter(*store::Filter::parse(text)); };
        QCOMPARE(of(""), (MetricFilter{{}, false}));
        QCOMPARE(of("server=db"), (MetricFilter{{"db"}, false}));
        QCOMPARE(of("server=db,fs duration>1s"), (MetricFilter{{"db", "fs"}, true}));
        QCOMPARE(of("server!=db"), (MetricFilter{{}, true}));
        QCOMPARE(of("server=db OR server=fs"), (MetricFilter{{}, true}));
    }

    void linesTakeNamesAndUnits()
    {
        const QList<TimeSeries> calls =
            metricSeries(spec(QStringLiteral("calls")), {{line("server_name", "db", {1, 2}), line("server_name", "fs", {0, 0})}},
                         [](const QString& name) { return name == QStringLiteral("db") ? 7 : 1; });
        QCOMPARE(calls.size(), 1); // a rate of nothing says nothing
        QCOMPARE(calls[0].name, QStringLiteral("db"));
        QCOMPARE(calls[0].colorSlot, 7);
        QCOMPARE(calls[0].samples[1].atNs, 1005 * second);

        const QList<TimeSeries> errors = metricSeries(
            spec(QStringLiteral("errors")), {{line("error_type", "timeout", {0.5})}, {line("reason", "secret", {0.1})}}, {});
        QCOMPARE(errors.size(), 2);
        QCOMPARE(errors[0].samples[0].value, 30.0); // a minute
        QCOMPARE(errors[0].tone, Tone::Error);
        QCOMPARE(errors[1].name, QStringLiteral("blocked: secret"));

        const QList<TimeSeries> memory =
            metricSeries(spec(QStringLiteral("memory")), {{line("server", "", {2097152}), line("server", "db", {none})}}, {});
        QCOMPARE(memory.size(), 1);
        QCOMPARE(memory[0].name, QStringLiteral("oriel"));
        QCOMPARE(memory[0].samples[0].value, 2.0); // MiB

        const QList<TimeSeries> latency =
            metricSeries(spec(QStringLiteral("latency")), {{line("", "", {0.1})}, {line("", "", {0.2})}, {}}, {});
        QCOMPARE(latency.size(), 2);
        QCOMPARE(latency[1].name, QStringLiteral("p95"));
    }

    void hitsBecomeAShareOfLookups()
    {
        const QList<TimeSeries> shares =
            hitShares({line("cache_type", "tools", {3, 0, none})},
                      {line("cache_type", "tools", {1, 0, 2}), line("cache_type", "gateway_config", {1, 1, 1})});
        QCOMPARE(shares.size(), 2);
        QCOMPARE(shares[0].name, QStringLiteral("gateway_config"));
        QCOMPARE(valuesOf(shares[0]), (QList<double>{0, 0, 0}));
        const QList<double> tools = valuesOf(shares[1]);
        QCOMPARE(tools[0], 0.75);
        QVERIFY(std::isnan(tools[1])); // no look-up
        QCOMPARE(tools[2], 0.0);       // only misses
    }

    void theSmallOnesAreAddedUp()
    {
        const QList<TimeSeries> kept =
            greatestSeries({series(QStringLiteral("a"), {1, 1}), series(QStringLiteral("b"), {9, 9}),
                            series(QStringLiteral("c"), {2, none}), series(QStringLiteral("d"), {8, 8})},
                           3);
        QCOMPARE(kept.size(), 3);
        QCOMPARE(kept[0].name, QStringLiteral("b"));
        QCOMPARE(kept[1].name, QStringLiteral("d"));
        QCOMPARE(kept[2].name, QStringLiteral("other"));
        QCOMPARE(valuesOf(kept[2]), (QList<double>{3, 1}));
        QCOMPARE(greatestSeries({series(QStringLiteral("a"), {1})}, 3).size(), 1);
    }

    void theAxisBeginsWhereValuesDo()
    {
        QCOMPARE(firstValueNs({series(QStringLiteral("a"), {none, none, 1}), series(QStringLiteral("b"), {none, none, none, 1})}),
                 1010 * second);
        QCOMPARE(firstValueNs({}), 0);
        QCOMPARE(fittedBeginNs(window, 0), window.fromNs);
        QCOMPARE(fittedBeginNs(window, 1200 * second), window.fromNs);
        QCOMPARE(fittedBeginNs(window, 1600 * second), 1595 * second);
        QCOMPARE(fittedBeginNs(window, 1899 * second), 1880 * second);
    }

    void dotsAreTheSlowestAndTheFailed()
    {
        std::vector<store::LatencyPoint> points;
        for (int i = 1; i <= 100; ++i) {
            store::LatencyPoint point;
            point.startUnixNs = window.fromNs + i;
            point.durationNs = i * 1'000'000;
            point.error = i == 50 || i == 40;
            points.push_back(point);
        }
        const QList<Exemplar> dots = callDots(points, window);
        QCOMPARE(dots.size(), 2);
        QCOMPARE(dots[0].value, 0.1);
        QVERIFY(!dots[0].error);
        QCOMPARE(dots[1].value, 0.05);
        QVERIFY(dots[1].error);
    }

    void valuesAreWrittenAsCsv()
    {
        const QString csv =
            seriesCsv({series(QStringLiteral("p50"), {0.25, none}), series(QStringLiteral("odd, \"name\""), {1, 2})});
        QCOMPARE(csv,
                 QStringLiteral(
                     "time,p50,\"odd, \"\"name\"\"\"\r\n1970-01-01T00:16:40.000Z,0.25,1\r\n1970-01-01T00:16:45.000Z,,2\r\n"));
        QCOMPARE(seriesCsv({}), QStringLiteral("time\r\n"));
        QVERIFY(seriesCsv({series(QStringLiteral("p50"), {1})}, unitText(MetricUnit::Seconds))
                    .startsWith(QStringLiteral("time,p50 [s]\r\n")));
    }

    void theTableTellsTheSameValues()
    {
        SeriesTableModel model(MetricUnit::Seconds, nullptr);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setSeries({series(QStringLiteral("p50"), {0.25, none}), series(QStringLiteral("p95"), {1, 2})});
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.columnCount(), 3);
        QCOMPARE(model.headerData(2, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("p95"));
        QCOMPARE(model.index(0, 1).data().toString(), QStringLiteral("–")); // newest first
        QCOMPARE(model.index(1, 1).data().toString(), QStringLiteral("250 ms"));
        model.setSeries({series(QStringLiteral("p50"), {0.25, 0.5}), series(QStringLiteral("p95"), {1, 2})});
        QCOMPARE(model.index(0, 1).data().toString(), QStringLiteral("500 ms"));
        model.setSeries({});
        QCOMPARE(model.rowCount(), 0);
        QCOMPARE(model.columnCount(), 1);
    }

    void valuesAreWrittenInTheirUnit()
    {
        QCOMPARE(formatMetric(MetricUnit::PerMinute, 30), QStringLiteral("30/min"));
        QCOMPARE(formatMetric(MetricUnit::Share, 1), QStringLiteral("100 %"));
        QCOMPARE(formatMetric(MetricUnit::Seconds, none), QStringLiteral("–"));
        QCOMPARE(formatMetricTick(MetricUnit::Share, 0.5), QStringLiteral("50 %"));
        QCOMPARE(formatMetricTick(MetricUnit::PerSecond, 2.5), QStringLiteral("2.5"));
    }
};

QTEST_GUILESS_MAIN(TstMetricSeries)
#include "tst_metric_series.moc"
