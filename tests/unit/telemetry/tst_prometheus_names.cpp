// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_buckets.h"
#include "telemetry/prometheus_names.h"

#include <QTest>

#include <cmath>
#include <numeric>

using namespace oriel::telemetry;

namespace {

ExponentialHistogramPoint exponential(int scale, int positiveOffset, std::vector<std::uint64_t> positive, int negativeOffset,
                                      std::vector<std::uint64_t> negative, std::uint64_t zeroCount = 0, double zeroThreshold = 0)
{
    ExponentialHistogramPoint point;
    point.scale = scale;
    point.zeroCount = zeroCount;
    point.zeroThreshold = zeroThreshold;
    point.positive = {positiveOffset, std::move(positive)};
    point.negative = {negativeOffset, std::move(negative)};
    point.sum = 2.5;
    const auto add = [](const std::vector<std::uint64_t>& counts) {
        return std::accumulate(counts.begin(), counts.end(), std::uint64_t(0));
    };
    point.count = zeroCount + add(point.positive.counts) + add(point.negative.counts);
    return point;
}

std::uint64_t sumOf(const HistogramPoint& point)
{
    return std::accumulate(point.bucketCounts.begin(), point.bucketCounts.end(), std::uint64_t(0));
}

} // namespace

class PrometheusNamesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesFollowTheCompatibilityRules_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("unit");
        QTest::addColumn<InstrumentKind>("kind");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const char* unit, InstrumentKind kind, const char* expected) {
            QTest::addRow("%s [%s] %d", name, unit, static_cast<int>(kind))
                << QByteArray(name) << QByteArray(unit) << kind << QByteArray(expected);
        };
        using enum InstrumentKind;
        row("mcp.client.operation.duration", "s", Histogram, "mcp_client_operation_duration_seconds");
        row("tool_call_duration_seconds", "s", Histogram, "tool_call_duration_seconds");
        row("requests", "{request}", Counter, "requests_total");
        row("requests_total", "{request}", Counter, "requests_total");
        row("total", "", Counter, "total_total");
        row("process_cpu_seconds_total", "s", Counter, "process_cpu_seconds_total");
        row("cpu_total", "s", Counter, "cpu_seconds_total");
        row("trailing_", "s", Counter, "trailing_seconds_total");
        row("a..b--c__d", "", Gauge, "a_b_c_d");
        row("with:colon", "", Gauge, "with:colon");
        row("gr\xC3\xB6\xC3\x9F"
            "e",
            "", Gauge, "gr_e");
        row("5xx", "", Counter, "_5xx_total");
        row("utilization", "1", Gauge, "utilization_ratio");
        row("hit_ratio", "1", Gauge, "hit_ratio");
        row("active", "1", UpDownCounter, "active");
        row("events", "1", Counter, "events_total");
        row("sessions", "{session}", UpDownCounter, "sessions");
        row("speed", "m/s", Gauge, "speed_meters_per_second");
        row("throughput", "By/s", Gauge, "throughput_bytes_per_second");
        row("load", "%", Gauge, "load_percent");
        row("events", "{event}/s", Gauge, "events_per_second");
        row("widgets", "foo", Gauge, "widgets_foo");
        row("disk", "TiBy", Gauge, "disk_tebibytes");
        row("seconds_spent", "s", Counter, "seconds_spent_total");
        const std::pair<const char*, const char*> units[] = {
            {"d", "days"},
            {"h", "hours"},
            {"min", "minutes"},
            {"ms", "milliseconds"},
            {"us", "microseconds"},
            {"ns", "nanoseconds"},
            {"By", "bytes"},
            {"KiBy", "kibibytes"},
            {"MiBy", "mebibytes"},
            {"GiBy", "gibibytes"},
            {"kBy", "kilobytes"},
            {"MBy", "megabytes"},
            {"GBy", "gigabytes"},
            {"TBy", "terabytes"},
            {"m", "meters"},
            {"V", "volts"},
            {"A", "amperes"},
            {"J", "joules"},
            {"W", "watts"},
            {"g", "grams"},
            {"Cel", "celsius"},
            {"Hz", "hertz"},
            {"1/m", "1_per_minute"},
            {"By/h", "bytes_per_hour"},
            {"By/d", "bytes_per_day"},
            {"By/w", "bytes_per_week"},
            {"By/mo", "bytes_per_month"},
            {"By/y", "bytes_per_year"},
        };
        for (const auto& [unit, word] : units)
            row("x", unit, Gauge, ("x_" + QByteArray(word)).constData());
    }
    void namesFollowTheCompatibilityRules()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, unit);
        QFETCH(InstrumentKind, kind);
        QFETCH(QByteArray, expected);
        MetricData metric;
        metric.name = name;
        metric.unit = unit;
        metric.kind = kind;
        metric.monotonic = kind == InstrumentKind::Counter;
        QCOMPARE(prometheusName(metric), expected);
    }

    void aSumThatCanFallIsNoCounter()
    {
        MetricData metric;
        metric.name = "queue";
        metric.kind = InstrumentKind::Counter;
        metric.monotonic = false;
        QCOMPARE(prometheusName(metric), QByteArray("queue"));
    }

    void labelsAreInTheirAlphabet()
    {
        QCOMPARE(prometheusLabel("mcp.method.name"), QByteArray("mcp_method_name"));
        QCOMPARE(prometheusLabel("a::b"), QByteArray("a_b"));
        QCOMPARE(prometheusLabel("2nd"), QByteArray("key_2nd"));
        QCOMPARE(prometheusLabel("__name__"), QByteArray("_name_"));
        QCOMPARE(prometheusLabel(""), QByteArray("_"));
    }

    void namesAreEscapedAsTheScraperAsks()
    {
        QCOMPARE(escapedName("http_requests", NameEscaping::Underscores), QByteArray("http_requests"));
        QCOMPARE(escapedName("http.requests", NameEscaping::Underscores), QByteArray("http_requests"));
        QCOMPARE(escapedName("http_requests", NameEscaping::Dots), QByteArray("http__requests"));
        QCOMPARE(escapedName("http.requests-x", NameEscaping::Dots), QByteArray("http_dot_requests__x"));
        QCOMPARE(escapedName("http_requests", NameEscaping::Values), QByteArray("http_requests"));
        QCOMPARE(escapedName("http.re_q", NameEscaping::Values), QByteArray("U__http_2e_re__q"));
        QCOMPARE(escapedName("http.requests", NameEscaping::AllowUtf8), QByteArray("http.requests"));
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

    void boundsAreCanonicalInOpenMetrics()
    {
        const std::pair<double, const char*> rows[] = {
            {0.0, "0.0"},
            {1.0, "1.0"},
            {0.001, "0.001"},
            {0.0001, "0.0001"},
            {1e-5, "1e-05"},
            {1e-10, "1e-10"},
            {2.5, "2.5"},
            {10.0, "10.0"},
            {1e5, "100000.0"},
            {1e6, "1e+06"},
            {1e10, "1e+10"},
            {-0.5, "-0.5"},
            {1234567, "1.234567e+06"},
            {1e300, "1e+300"},
            {HUGE_VAL, "+Inf"},
        };
        for (const auto& [value, expected] : rows)
            QCOMPARE(canonicalNumber(value), QByteArray(expected));
    }

    void exponentialBucketsBecomeClassicOnes()
    {
        // Scale 0: (1,2], (2,4], (4,8]; below zero [-2,-1).
        const HistogramPoint classic = classicPoint(exponential(0, 0, {1, 0, 4}, 0, {2}, 3, 0.5));
        QCOMPARE(classic.bounds, (std::vector<double>{-2, -1, 0.5, 1, 2, 4, 8}));
        QCOMPARE(classic.bucketCounts, (std::vector<std::uint64_t>{0, 2, 3, 0, 1, 0, 4, 0}));
        QCOMPARE(classic.count, std::uint64_t(10));
        QCOMPARE(classic.sum, 2.5);
    }

    void bucketsAreMergedUntilTheyFit()
    {
        const HistogramPoint classic = classicPoint(exponential(3, -7, std::vector<std::uint64_t>(160, 1), 0, {}), 20);
        QVERIFY(classic.bounds.size() <= 21);
        QCOMPARE(classic.bucketCounts.size(), classic.bounds.size() + 1);
        QCOMPARE(sumOf(classic), std::uint64_t(160));
        QVERIFY(std::is_sorted(classic.bounds.begin(), classic.bounds.end()));
        // Everything stays where it was: nothing below 2^(-7/8), nothing above 2^(153/8).
        QVERIFY(classic.bounds.front() <= std::exp2(-7.0 / 8));
        QVERIFY(classic.bounds.back() >= std::exp2(153.0 / 8));
    }

    void noBucketsAreNoBounds()
    {
        const HistogramPoint classic = classicPoint({});
        QVERIFY(classic.bounds.empty());
        QCOMPARE(classic.bucketCounts, std::vector<std::uint64_t>{0});
    }

    void valuesAtTheEndsOfDoublesKeepFiniteBounds()
    {
        const HistogramPoint classic = classicPoint(exponential(-10, 0, {1}, -1, {1}));
        for (const double bound : classic.bounds)
            QVERIFY(std::isfinite(bound));
        QCOMPARE(sumOf(classic), std::uint64_t(2));
    }
};

QTEST_GUILESS_MAIN(PrometheusNamesTest)
#include "tst_prometheus_names.moc"
