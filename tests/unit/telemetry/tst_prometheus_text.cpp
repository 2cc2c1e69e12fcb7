// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "telemetry/metrics.h"
#include "telemetry/prometheus_text.h"

#include <QProcess>
#include <QStandardPaths>
#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

/// A registry in which every instrument of the table has been recorded, with awkward label values.
void recordEverything(MetricRegistry& registry)
{
    const QByteArrayList awkward{"we\"ather", "a\\b", "line\nbreak", "\xC3\xA4\xE2\x82\xAC", "\xff\xfe", "plain"};
    for (const MetricRow& row : metricTable()) {
        for (int i = 0; i < 3; ++i) {
            std::vector<QByteArray> labels;
            for (std::size_t l = 0; l < row.labels.size(); ++l)
                labels.push_back(QByteArrayView(row.labels[l]) == QByteArrayView("server.port")
                                     ? QByteArray::number(8000 + i)
                                     : awkward[(static_cast<qsizetype>(l) + i) % awkward.size()]);
            registry.record(row.id, labels, 0.25 + i, {{1, static_cast<std::uint64_t>(i) + 1}, {7}});
        }
    }
}

Resource resource()
{
    Resource resource;
    resource.attributes = {{"service.name", QByteArray("oriel")}, {"process.pid", 7}};
    return resource;
}

ExpositionOptions openMetrics(const Resource* target = nullptr)
{
    return {{ExpositionFormat::OpenMetrics100, NameEscaping::Underscores, false}, target, nullptr};
}

MetricData gauge(const char* name, Attributes attributes, double value)
{
    MetricData metric;
    metric.name = name;
    metric.kind = InstrumentKind::Gauge;
    metric.monotonic = false;
    metric.numbers.push_back({std::move(attributes), 0, 0, value, false, {}});
    return metric;
}

int run(const QString& program, const QStringList& arguments, const QByteArray& input, QByteArray* output)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    if (!process.waitForStarted())
        return -1;
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(60'000))
        return -2;
    *output = process.readAll();
    return process.exitCode();
}

/// A Python that has prometheus_client. A distribution's package belongs to the system's interpreter, which need not be the first
/// in PATH.
QString pythonWithParser()
{
    for (const QString& program :
         {QStringLiteral("/usr/bin/python3"), QStandardPaths::findExecutable(QStringLiteral("python3"))}) {
        QByteArray said;
        if (!program.isEmpty() &&
            run(program, {QStringLiteral("-c"), QStringLiteral("import prometheus_client")}, {}, &said) == 0)
            return program;
    }
    return {};
}

} // namespace

class PrometheusTextTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void promtoolFindsNothingToSayAboutTheWholeCatalogue()
    {
        const QString promtool = QStandardPaths::findExecutable(QStringLiteral("promtool"));
        if (promtool.isEmpty())
            QSKIP("promtool is not installed");
        ManualClock clock;
        for (const char* nameSpace : {"mcp_gateway", "enkrypt"}) {
            MetricRegistry registry(clock, nameSpace);
            recordEverything(registry);
            const Resource target = resource();
            const QByteArray text = writeExposition(registry.collect(), {{}, &target, nullptr});
            QByteArray said;
            const int code = run(promtool, {QStringLiteral("check"), QStringLiteral("metrics")}, text, &said);
            QVERIFY2(code == 0 && said.trimmed().isEmpty(), said.constData());
        }
    }

    void aStrictOpenMetricsParserReadsTheWholeCatalogue()
    {
        const QString python = pythonWithParser();
        QByteArray said;
        if (python.isEmpty())
            QSKIP("python3-prometheus-client is not installed");
        ManualClock clock;
        MetricRegistry registry(clock);
        recordEverything(registry);
        const Resource target = resource();
        const QByteArray text = writeExposition(registry.collect(), openMetrics(&target));
        const QString script =
            QStringLiteral("import sys\n"
                           "from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n"
                           "families = list(parse(sys.stdin.buffer.read().decode('utf-8')))\n"
                           "print(len(families), sum(1 for f in families for s in f.samples if s.exemplar))\n");
        const int code = run(python, {QStringLiteral("-c"), script}, text, &said);
        QVERIFY2(code == 0, said.constData());
        const QByteArrayList counts = said.trimmed().split(' ');
        QVERIFY(counts.at(0).toInt() > static_cast<int>(kMetricCount));
        QVERIFY(counts.at(1).toInt() > 20);
    }

    void aMetricWithoutANameIsLeftOut()
    {
        MetricData counter = gauge("", {}, 1);
        counter.kind = InstrumentKind::Counter;
        counter.monotonic = true;
        for (const MetricData& metric : {counter, gauge("", {}, 1)}) {
            QCOMPARE(writeExposition({&metric, 1}), QByteArray());
            QCOMPARE(writeExposition({&metric, 1}, openMetrics()), QByteArray("# EOF\n"));
        }
    }

    void textHasHelpTypeAndEscapedLabels()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::CacheHits, {"a\"b\\c\nd"}, 3);
        const QByteArray text = writeExposition(registry.collect());
        QVERIFY(text.contains("# HELP mcp_gateway_cache_hits_total Look-ups that a cache answered.\n"
                              "# TYPE mcp_gateway_cache_hits_total counter\n"
                              "mcp_gateway_cache_hits_total{cache_type=\"a\\\"b\\\\c\\nd\"} 3\n"));
        QVERIFY(text.contains("# TYPE mcp_gateway_active_sessions gauge\nmcp_gateway_active_sessions 0\n"));
        QVERIFY(text.endsWith('\n') && !text.contains("# EOF"));
    }

    void aHistogramIsCumulativeWithAnInfiniteBucket()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        for (const double value : {0.0005, 0.3, 90.0})
            registry.record(MetricId::ToolLatency, {"s", "t"}, value);
        const QByteArray text = writeExposition(registry.collect());
        QVERIFY(text.contains("# TYPE tool_latency_seconds histogram\n"));
        QVERIFY(text.contains("tool_latency_seconds_bucket{server=\"s\",tool=\"t\",le=\"0.001\"} 1\n"));
        QVERIFY(text.contains("tool_latency_seconds_bucket{server=\"s\",tool=\"t\",le=\"0.5\"} 2\n"));
        QVERIFY(text.contains("tool_latency_seconds_bucket{server=\"s\",tool=\"t\",le=\"1\"} 2\n"));
        QVERIFY(text.contains("tool_latency_seconds_bucket{server=\"s\",tool=\"t\",le=\"+Inf\"} 3\n"));
        QVERIFY(text.contains("tool_latency_seconds_sum{server=\"s\",tool=\"t\"} 90.3005\n"));
        QVERIFY(text.contains("tool_latency_seconds_count{server=\"s\",tool=\"t\"} 3\n"));
    }

    void aSeedsNameStandsBesideTheCounterWithTheSameValue()
    {
        ManualClock clock;
        MetricRegistry registry(clock, "enkrypt");
        registry.record(MetricId::TimeoutEscalationWarn, {"tool_call"}, 4);
        registry.record(MetricId::ToolCallErrors, {"s", "timeout"}, 2);
        const QByteArray text = writeExposition(registry.collect());
        QVERIFY(text.contains("# TYPE enkrypt_timeout_escalation_warn_total "
                              "counter\nenkrypt_timeout_escalation_warn_total{operation_type=\"tool_call\"} 4\n"));
        QVERIFY(text.contains(
            "# TYPE enkrypt_timeout_escalation_warn untyped\nenkrypt_timeout_escalation_warn{operation_type=\"tool_call\"} 4\n"));
        QVERIFY(!text.contains("enkrypt_tool_call_error_counter"));
        const QByteArray open = writeExposition(registry.collect(), openMetrics());
        QVERIFY(open.contains("# TYPE enkrypt_timeout_escalation_warn unknown\n"));
        QVERIFY(open.contains("enkrypt_timeout_escalation_warn_total{operation_type=\"tool_call\"} 4\n"));
        QVERIFY(open.contains("enkrypt_tool_call_error_counter{error_type=\"timeout\",server_name=\"s\"} 2\n"));
    }

    void openMetricsHasUnitsExemplarsAndAnEnd()
    {
        ManualClock clock(1'700'000'000'500'000'000);
        MetricRegistry registry(clock);
        registry.record(MetricId::McpClientOperationDuration, {"tools/call"}, 0.015, {{0, 0xab}, {0xcd}});
        registry.record(MetricId::CacheHits, {"tools"}, 1, {{0, 0xab}, {0xcd}});
        const Resource target = resource();
        const QByteArray text = writeExposition(registry.collect(), openMetrics(&target));
        QVERIFY(text.contains("# TYPE mcp_client_operation_duration_seconds histogram\n# UNIT "
                              "mcp_client_operation_duration_seconds seconds\n# HELP "));
        QVERIFY(text.contains(
            "mcp_client_operation_duration_seconds_bucket{mcp_method_name=\"tools/call\",le=\"0.02\"} 1 "
            "# {trace_id=\"000000000000000000000000000000ab\",span_id=\"00000000000000cd\"} 0.015 1700000000.500\n"));
        QVERIFY(text.contains("le=\"1.0\"} 1\n"));
        QVERIFY(text.contains("# TYPE mcp_gateway_cache_hits counter\n"));
        QVERIFY(text.contains("mcp_gateway_cache_hits_total{cache_type=\"tools\"} 1 # {trace_id="));
        QVERIFY(text.contains("# TYPE target info\n"));
        QVERIFY(text.contains("target_info{process_pid=\"7\",service_name=\"oriel\"} 1\n"));
        QVERIFY(text.endsWith("\n# EOF\n"));
    }

    void labelsThatComeToOneNameAreJoinedInTheOrderOfTheirKeys()
    {
        const MetricData metric = gauge("m", {{"a_b", QByteArray("y")}, {"a.b", QByteArray("x")}, {"n", 5}, {"t", true}}, 1.5);
        const QByteArray text = writeExposition({&metric, 1});
        QVERIFY2(text.contains("m{a_b=\"x;y\",n=\"5\",t=\"true\"} 1.5\n"), text.constData());
    }

    void anAttributeCalledLeDoesNotClashWithTheBound()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::ApiRequestDuration, {"e"}, 0.2);
        std::vector<MetricData> metrics = registry.collect();
        for (MetricData& metric : metrics) {
            for (HistogramPoint& point : metric.histograms)
                point.attributes.push_back({"le", QByteArray("mine")});
        }
        const QByteArray text = writeExposition(metrics);
        QVERIFY2(text.contains("{endpoint=\"e\",exported_le=\"mine\",le=\"+Inf\"} 1\n"), text.constData());
    }

    void metricsOfOneNameAreOneFamily()
    {
        MetricData first = gauge("m", {{"a", QByteArray("1")}}, 1);
        first.description = "one";
        MetricData second = gauge("m", {{"a", QByteArray("2")}}, 2);
        second.description = "two";
        const MetricData same = gauge("m", {{"a", QByteArray("2")}}, 3);
        MetricData other = gauge("m", {{"a", QByteArray("4")}}, 4);
        other.kind = InstrumentKind::Histogram;
        other.histograms.push_back({{}, 0, 0, 1, 1, {}, {}, {}, {1}, {}});
        const std::vector<MetricData> all{first, second, same, other};
        // Help texts that differ are left out, a series that is there already too, and so is a metric of another type.
        QCOMPARE(writeExposition(all), QByteArray("# TYPE m gauge\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n"));
    }

    void aGaugeAndACounterOfOneShortNameAreBothValidInOpenMetrics()
    {
        MetricData counter = gauge("jobs", {}, 3);
        counter.kind = InstrumentKind::Counter;
        counter.monotonic = true;
        const std::vector<MetricData> all{counter, gauge("jobs", {}, 1)};
        const QByteArray text = writeExposition(all, openMetrics());
        QCOMPARE(text, QByteArray("# TYPE jobs_total unknown\njobs_total 3\n# TYPE jobs gauge\njobs 1\n# EOF\n"));
    }

    void scopeLabelsStandBehindThePointsOwn()
    {
        const MetricData metric = gauge("m", {{"z", QByteArray("1")}}, 2);
        const Scope scope{"lib.x", "1.2", {{"a.b", QByteArray("c")}, {"name", QByteArray("other")}}, "https://s", 0};
        ExpositionOptions options;
        options.scope = &scope;
        const QByteArray text = writeExposition({&metric, 1}, options);
        QVERIFY2(text.contains("m{z=\"1\",otel_scope_a_b=\"c\",otel_scope_name=\"lib.x\",otel_scope_schema_url=\"https://s\","
                               "otel_scope_version=\"1.2\"} 2\n"),
                 text.constData());
    }

    void exemplarLabelsStayWithinTheirLimit()
    {
        ManualClock clock(1'700'000'000'500'000'000);
        MetricRegistry registry(clock);
        registry.record(MetricId::CacheHits, {"tools"}, 1, {{0, 0xab}, {0xcd}});
        std::vector<MetricData> metrics = registry.collect();
        for (MetricData& metric : metrics) {
            for (NumberPoint& point : metric.numbers) {
                for (Exemplar& exemplar : point.exemplars)
                    exemplar.filteredAttributes = {{"big", QByteArray(200, 'x')}, {"user.kind", QByteArray("\xC3\xA4")}};
            }
        }
        const QByteArray text = writeExposition(metrics, openMetrics());
        QVERIFY2(text.contains("span_id=\"00000000000000cd\",user_kind=\"\xC3\xA4\"} 1 1700000000.500\n"), text.constData());
        QVERIFY(!text.contains("xxx"));
    }

    void openMetricsTellsSinceWhenACounterCounts()
    {
        ManualClock clock(1'700'000'000'500'000'000);
        MetricRegistry registry(clock);
        registry.record(MetricId::CacheHits, {"tools"}, 1);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 1);
        const QByteArray open = writeExposition(registry.collect(), openMetrics());
        QVERIFY(open.contains("mcp_gateway_cache_hits_created{cache_type=\"tools\"} 1700000000.500\n"));
        QVERIFY(open.contains("tool_latency_seconds_created{server=\"s\",tool=\"t\"} 1700000000.500\n"));
        QVERIFY(!open.contains("active_sessions_created"));
        QVERIFY(!writeExposition(registry.collect()).contains("_created"));
    }

    void theDotsEscapingDoublesUnderscores()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::CacheHits, {"tools"}, 1);
        ExpositionOptions options = openMetrics();
        options.choice.escaping = NameEscaping::Dots;
        const QByteArray text = writeExposition(registry.collect(), options);
        QVERIFY2(text.contains("mcp__gateway__cache__hits__total{cache__type=\"tools\"} 1\n"), text.constData());
        options.choice.escaping = NameEscaping::AllowUtf8;
        QVERIFY(writeExposition(registry.collect(), options).contains("mcp_gateway_cache_hits_total{cache_type=\"tools\"} 1\n"));
    }

    void anExponentialHistogramHasClassicBucketsInText()
    {
        MetricData metric;
        metric.name = "wait";
        metric.unit = "s";
        metric.kind = InstrumentKind::Histogram;
        ExponentialHistogramPoint point;
        point.count = 3;
        point.sum = 7.5;
        point.positive = {0, {1, 2}};
        metric.exponentials.push_back(point);
        QCOMPARE(writeExposition({&metric, 1}),
                 QByteArray("# TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"1\"} 0\nwait_seconds_bucket{le=\"2\"} 1\n"
                            "wait_seconds_bucket{le=\"4\"} 3\nwait_seconds_bucket{le=\"+Inf\"} 3\nwait_seconds_sum 7.5\n"
                            "wait_seconds_count 3\n"));
        // The same measurements in both forms are shown once.
        metric.histograms.push_back({{}, 0, 0, 3, 7.5, {}, {}, {5}, {3, 0}, {}});
        QVERIFY(writeExposition({&metric, 1}).contains("le=\"5\"} 3\n"));
        QVERIFY(!writeExposition({&metric, 1}).contains("le=\"2\""));
    }

    void deltasAreLeftOut()
    {
        MetricData delta = gauge("d", {}, 1);
        delta.temporality = Temporality::Delta;
        QCOMPARE(writeExposition({&delta, 1}), QByteArray());
    }
};

QTEST_GUILESS_MAIN(PrometheusTextTest)
#include "tst_prometheus_text.moc"
