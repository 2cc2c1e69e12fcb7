// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "telemetry/metrics.h"
#include "telemetry/prometheus_text.h"

#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include <cmath>

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
            const QByteArray text = writeExposition(registry.collect(), ExpositionFormat::Text004, &target);
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
        const QByteArray text = writeExposition(registry.collect(), ExpositionFormat::OpenMetrics100, &target);
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

    void textHasHelpTypeAndEscapedLabels()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::CacheHits, {"a\"b\\c\nd"}, 3);
        const QByteArray text = writeExposition(registry.collect(), ExpositionFormat::Text004);
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
        const QByteArray text = writeExposition(registry.collect(), ExpositionFormat::Text004);
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
        const QByteArray text = writeExposition(registry.collect(), ExpositionFormat::Text004);
        QVERIFY(text.contains("# TYPE enkrypt_timeout_escalation_warn_total "
                              "counter\nenkrypt_timeout_escalation_warn_total{operation_type=\"tool_call\"} 4\n"));
        QVERIFY(text.contains(
            "# TYPE enkrypt_timeout_escalation_warn untyped\nenkrypt_timeout_escalation_warn{operation_type=\"tool_call\"} 4\n"));
        QVERIFY(!text.contains("enkrypt_tool_call_error_counter"));
        const QByteArray open = writeExposition(registry.collect(), ExpositionFormat::OpenMetrics100);
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
        const QByteArray text = writeExposition(registry.collect(), ExpositionFormat::OpenMetrics100, &target);
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

    void namesFollowTheCompatibilityRules_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("unit");
        QTest::addColumn<bool>("counter");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const char* unit, bool counter, const char* expected) {
            QTest::newRow(name) << QByteArray(name) << QByteArray(unit) << counter << QByteArray(expected);
        };
        row("mcp.client.operation.duration", "s", false, "mcp_client_operation_duration_seconds");
        row("tool_call_duration_seconds", "s", false, "tool_call_duration_seconds");
        row("requests", "{request}", true, "requests_total");
        row("requests_total", "{request}", true, "requests_total");
        row("process_cpu_seconds_total", "s", true, "process_cpu_seconds_total");
        row("a..b--c", "", false, "a_b_c");
        row("5xx", "", true, "_5xx_total");
        row("speed", "m/s", false, "speed_meters_per_second");
        row("throughput", "By/s", false, "throughput_bytes_per_second");
        row("load", "%", false, "load_percent");
        row("ratio", "1", false, "ratio");
        row("events", "{event}/s", false, "events_per_second");
        row("widgets", "foo", false, "widgets_foo");
    }
    void namesFollowTheCompatibilityRules()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, unit);
        QFETCH(bool, counter);
        QFETCH(QByteArray, expected);
        QCOMPARE(prometheusName(name, unit, counter), expected);
    }

    void labelsAreSanitizedAndCollidingOnesJoined()
    {
        QCOMPARE(prometheusLabel("mcp.method.name"), QByteArray("mcp_method_name"));
        QCOMPARE(prometheusLabel("2nd"), QByteArray("key_2nd"));
        MetricData metric;
        metric.name = "m";
        metric.kind = InstrumentKind::Gauge;
        metric.monotonic = false;
        metric.numbers.push_back(
            {{{"a.b", QByteArray("x")}, {"a_b", QByteArray("y")}, {"n", 5}, {"t", true}}, 0, 0, 1.5, false, {}});
        const QByteArray text = writeExposition({&metric, 1}, ExpositionFormat::Text004);
        QVERIFY2(text.contains("m{a_b=\"x;y\",n=\"5\",t=\"true\"} 1.5\n"), text.constData());
    }

    void deltasAndSecondFamiliesOfOneNameAreLeftOut()
    {
        MetricData first;
        first.name = "m";
        first.kind = InstrumentKind::Gauge;
        first.numbers.push_back({{}, 0, 0, 1, false, {}});
        MetricData second = first;
        second.numbers[0].value = 2;
        MetricData delta = first;
        delta.name = "d";
        delta.temporality = Temporality::Delta;
        const std::vector<MetricData> all{first, second, delta};
        const QByteArray text = writeExposition(all, ExpositionFormat::Text004);
        QCOMPARE(text.count("# TYPE m "), 1);
        QVERIFY(!text.contains("m 2") && !text.contains("d 1"));
    }

    void numbersAreWrittenAsPrometheusReadsThem()
    {
        QCOMPARE(prometheusNumber(0.1), QByteArray("0.1"));
        QCOMPARE(prometheusNumber(1e-5), QByteArray("1e-05"));
        QCOMPARE(prometheusNumber(123456789.0), QByteArray("123456789"));
        QCOMPARE(prometheusNumber(HUGE_VAL), QByteArray("+Inf"));
        QCOMPARE(prometheusNumber(-HUGE_VAL), QByteArray("-Inf"));
        QCOMPARE(prometheusNumber(std::nan("")), QByteArray("NaN"));
    }

    void theFormatIsWhatTheScraperAsksForMost_data()
    {
        QTest::addColumn<QByteArray>("accept");
        QTest::addColumn<bool>("open");
        QTest::newRow("nothing") << QByteArray() << false;
        QTest::newRow("browser") << QByteArray("text/html,*/*;q=0.8") << false;
        QTest::newRow("Prometheus 2.42") << QByteArray(
                                                "application/openmetrics-text;version=1.0.0,application/"
                                                "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
                                         << true;
        QTest::newRow("native histograms first")
            << QByteArray(
                   "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
                   "application/openmetrics-text; version=1.0.0; escaping=underscores;q=0.8,text/plain;version=0.0.4;q=0.5")
            << true;
        QTest::newRow("text preferred") << QByteArray("text/plain;version=0.0.4,application/openmetrics-text;q=0.2") << false;
        QTest::newRow("unknown version") << QByteArray("application/openmetrics-text;version=9.0.0,text/plain;q=0.1") << false;
        QTest::newRow("refused") << QByteArray("application/openmetrics-text;q=0") << false;
    }
    void theFormatIsWhatTheScraperAsksForMost()
    {
        QFETCH(QByteArray, accept);
        QFETCH(bool, open);
        const ExpositionFormat format = negotiateExposition(accept);
        QCOMPARE(format == ExpositionFormat::OpenMetrics100, open);
        QVERIFY(expositionContentType(format).startsWith(open ? "application/openmetrics-text; version=1.0.0"
                                                              : "text/plain; version=0.0.4"));
    }
};

QTEST_GUILESS_MAIN(PrometheusTextTest)
#include "tst_prometheus_text.moc"
