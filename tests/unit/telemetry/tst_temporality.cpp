// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/random.h"
#include "telemetry/metrics.h"
#include "telemetry/temporality.h"

#include <QTest>

#include <map>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
using enum TemporalityPreference;

const MetricData* find(const std::vector<MetricData>& all, const QByteArray& name)
{
    for (const MetricData& metric : all) {
        if (metric.name == name)
            return &metric;
    }
    return nullptr;
}

QByteArray labelOf(const Attributes& attributes)
{
    return attributes.empty() || attributes[0].value.text() == nullptr ? QByteArray() : *attributes[0].value.text();
}

/// Number of buckets at a scale low enough for every part.
std::map<std::int64_t, std::uint64_t> coarse(const ExponentialHistogramPoint& point, int scale)
{
    std::map<std::int64_t, std::uint64_t> counts;
    for (std::size_t i = 0; i < point.positive.counts.size(); ++i) {
        if (point.positive.counts[i] != 0)
            counts[(point.positive.offset + static_cast<std::int64_t>(i)) >> (point.scale - scale)] += point.positive.counts[i];
    }
    return counts;
}

} // namespace

class TemporalityTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachPresetTreatsEachKindAsTheSpecificationSays_data()
    {
        QTest::addColumn<int>("preference");
        QTest::addColumn<bool>("counter");
        QTest::addColumn<bool>("observedCounter");
        QTest::addColumn<bool>("histogram");
        QTest::newRow("cumulative") << int(Cumulative) << false << false << false;
        QTest::newRow("delta") << int(Delta) << true << true << true;
        QTest::newRow("lowmemory") << int(LowMemory) << true << false << true;
    }
    void eachPresetTreatsEachKindAsTheSpecificationSays()
    {
        QFETCH(int, preference);
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::ToolCalls, {"s", "t", "p"}, 1);
        registry.set(MetricId::ProcessCpuSeconds, {"s"}, 3);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 0.1);
        registry.record(MetricId::ActiveConnections, {"s"}, 2);
        registry.set(MetricId::ServerStatus, {"s"}, 1);
        TemporalityConverter converter(static_cast<TemporalityPreference>(preference), HistogramForm::Explicit);
        const auto all = converter.convert(registry.collect());
        const auto isDelta = [&](const char* name) { return find(all, name)->temporality == Temporality::Delta; };
        QTEST(isDelta("mcp_gateway_tool_calls_total"), "counter");
        QTEST(isDelta("process_cpu_seconds_total"), "observedCounter");
        QTEST(isDelta("tool_latency_seconds"), "histogram");
        QVERIFY(!isDelta("active_connections") && !isDelta("server_status"));
    }

    void deltasShareTheEndOfTheCollectionBeforeAsTheirStart()
    {
        ManualClock clock;
        const std::int64_t begin = clock.unixNs();
        MetricRegistry registry(clock);
        TemporalityConverter converter(Delta, HistogramForm::Explicit);
        registry.record(MetricId::Errors, {"timeout"}, 3);
        clock.advanceNs(kSecond);
        auto metric = *find(converter.convert(registry.collect()), "errors_total");
        QCOMPARE(metric.numbers[0].startUnixNs, begin);
        QCOMPARE(metric.numbers[0].timeUnixNs, begin + kSecond);
        QCOMPARE(metric.numbers[0].value, 3.0);

        registry.record(MetricId::Errors, {"timeout"}, 2);
        registry.record(MetricId::Errors, {"blocked"}, 7);
        clock.advanceNs(kSecond);
        metric = *find(converter.convert(registry.collect()), "errors_total");
        QCOMPARE(metric.numbers.size(), std::size_t(2));
        for (const NumberPoint& point : metric.numbers) {
            QCOMPARE(point.startUnixNs, begin + kSecond);
            QCOMPARE(point.timeUnixNs, begin + 2 * kSecond);
            QCOMPARE(point.value, labelOf(point.attributes) == "timeout" ? 2.0 : 7.0);
        }

        clock.advanceNs(kSecond);
        QVERIFY(find(converter.convert(registry.collect()), "errors_total") == nullptr);
        registry.record(MetricId::Errors, {"timeout"}, 1);
        clock.advanceNs(kSecond);
        metric = *find(converter.convert(registry.collect()), "errors_total");
        QCOMPARE(metric.numbers.size(), std::size_t(1));
        QCOMPARE(metric.numbers[0].startUnixNs, begin + 3 * kSecond);
    }

    void cumulativeStartsStayWhereTheSeriesBegan()
    {
        ManualClock clock;
        const std::int64_t begin = clock.unixNs();
        MetricRegistry registry(clock);
        registry.record(MetricId::Errors, {"timeout"}, 3);
        clock.advanceNs(kSecond);
        registry.record(MetricId::Errors, {"timeout"}, 3);
        QCOMPARE(find(registry.collect(), "errors_total")->numbers[0].startUnixNs, begin);
        // A series that was forgotten and comes again is a new one, with a start that says so.
        const QByteArray label = "timeout";
        registry.remove(MetricId::Errors, std::span(&label, 1));
        clock.advanceNs(kSecond);
        registry.record(MetricId::Errors, {"timeout"}, 1);
        QCOMPARE(find(registry.collect(), "errors_total")->numbers[0].startUnixNs, begin + kSecond);
    }

    void aSeriesThatStartedAnewCountsFromNothing()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        TemporalityConverter converter(Delta, HistogramForm::Explicit);
        registry.record(MetricId::Errors, {"timeout"}, 5);
        (void)converter.convert(registry.collect());
        clock.advanceNs(kSecond);
        registry.clear(MetricId::Errors);
        registry.record(MetricId::Errors, {"timeout"}, 8);
        clock.advanceNs(kSecond);
        QCOMPARE(find(converter.convert(registry.collect()), "errors_total")->numbers[0].value, 8.0);
        // Less than before is a reset as well, as with a child's processor time after its restart.
        registry.set(MetricId::ProcessCpuSeconds, {"s"}, 10);
        (void)converter.convert(registry.collect());
        registry.set(MetricId::ProcessCpuSeconds, {"s"}, 2);
        clock.advanceNs(kSecond);
        QCOMPARE(find(converter.convert(registry.collect()), "process_cpu_seconds_total")->numbers[0].value, 2.0);
    }

    void deltasAddUpToWhatIsCumulativeForBothForms()
    {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            SeededRandom random(seed);
            ManualClock clock;
            MetricRegistry registry(clock);
            registry.setExponentialHistograms(true);
            TemporalityConverter plain(Delta, HistogramForm::Explicit);
            TemporalityConverter exponential(Delta, HistogramForm::Exponential);
            TemporalityConverter whole(Cumulative, HistogramForm::Exponential);
            std::map<QByteArray, std::vector<std::uint64_t>> buckets;
            std::map<QByteArray, std::map<std::int64_t, std::uint64_t>> fine;
            std::map<QByteArray, double> sums;
            std::vector<std::pair<QByteArray, ExponentialHistogramPoint>> parts;
            for (int round = 0; round < 12; ++round) {
                const auto count = random.next64() % 40;
                for (std::uint64_t i = 0; i < count; ++i) {
                    const QByteArray server = "s" + QByteArray::number(qulonglong(random.next64() % 3));
                    registry.record(MetricId::ToolLatency, {server, "t"},
                                    1e-4 * static_cast<double>(1ULL << (random.next64() % 20U)) * 1.1);
                }
                clock.advanceNs(kSecond);
                const auto collected = registry.collect(true);
                if (const auto told = plain.convert(collected); const MetricData* metric = find(told, "tool_latency_seconds")) {
                    QVERIFY(metric->exponentials.empty());
                    for (const HistogramPoint& point : metric->histograms) {
                        auto& sum = buckets[labelOf(point.attributes)];
                        sum.resize(point.bucketCounts.size());
                        std::uint64_t inBuckets = 0;
                        for (std::size_t i = 0; i < sum.size(); ++i) {
                            sum[i] += point.bucketCounts[i];
                            inBuckets += point.bucketCounts[i];
                        }
                        QCOMPARE(inBuckets, point.count);
                        sums[labelOf(point.attributes)] += point.sum;
                    }
                }
                if (const auto told = exponential.convert(collected);
                    const MetricData* metric = find(told, "tool_latency_seconds")) {
                    QVERIFY(metric->histograms.empty());
                    for (const ExponentialHistogramPoint& point : metric->exponentials)
                        parts.emplace_back(labelOf(point.attributes), point);
                }
            }
            const auto collected = registry.collect(true);
            for (const HistogramPoint& point : find(collected, "tool_latency_seconds")->histograms) {
                QCOMPARE(buckets[labelOf(point.attributes)], point.bucketCounts);
                QVERIFY(std::abs(sums[labelOf(point.attributes)] - point.sum) < 1e-6);
            }
            const auto told = whole.convert(collected);
            for (const ExponentialHistogramPoint& point : find(told, "tool_latency_seconds")->exponentials) {
                std::map<std::int64_t, std::uint64_t> added;
                for (const auto& [label, part] : parts) {
                    if (label != labelOf(point.attributes))
                        continue;
                    for (const auto& [index, count] : coarse(part, point.scale))
                        added[index] += count;
                }
                QVERIFY(added == coarse(point, point.scale));
            }
        }
    }

    void extremesOfAnIntervalAreToldOnlyWhenTheyAreKnown()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        TemporalityConverter converter(Delta, HistogramForm::Explicit);
        const auto next = [&] {
            clock.advanceNs(kSecond);
            return find(converter.convert(registry.collect()), "tool_latency_seconds")->histograms[0];
        };
        registry.record(MetricId::ToolLatency, {"s", "t"}, 1);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 3);
        HistogramPoint point = next();
        QCOMPARE(*point.min, 1.0);
        QCOMPARE(*point.max, 3.0);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 2);
        point = next();
        QVERIFY(!point.min.has_value() && !point.max.has_value());
        registry.record(MetricId::ToolLatency, {"s", "t"}, 9);
        point = next();
        QVERIFY(!point.min.has_value());
        QCOMPARE(*point.max, 9.0);
    }

    void exemplarsAreToldOnce()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        TemporalityConverter converter(Delta, HistogramForm::Explicit);
        clock.advanceNs(kSecond);
        registry.record(MetricId::Errors, {"timeout"}, 1, {{1, 2}, {3}});
        clock.advanceNs(kSecond);
        QCOMPARE(find(converter.convert(registry.collect()), "errors_total")->numbers[0].exemplars.size(), std::size_t(1));
        clock.advanceNs(kSecond);
        registry.record(MetricId::Errors, {"timeout"}, 1);
        clock.advanceNs(kSecond);
        QVERIFY(find(converter.convert(registry.collect()), "errors_total")->numbers[0].exemplars.empty());
    }

    void twoDestinationsAreToldTheirOwnDifferences()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        TemporalityConverter often(Delta, HistogramForm::Explicit);
        TemporalityConverter seldom(Delta, HistogramForm::Explicit);
        TemporalityConverter always(Cumulative, HistogramForm::Explicit);
        double told = 0;
        for (int i = 1; i <= 4; ++i) {
            registry.record(MetricId::Errors, {"timeout"}, i);
            clock.advanceNs(kSecond);
            told += find(often.convert(registry.collect()), "errors_total")->numbers[0].value;
        }
        QCOMPARE(told, 10.0);
        QCOMPARE(find(seldom.convert(registry.collect()), "errors_total")->numbers[0].value, 10.0);
        QCOMPARE(find(always.convert(registry.collect()), "errors_total")->numbers[0].value, 10.0);
    }

    void exponentialHistogramsAreKeptOnlyWhileTheyAreWanted()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 1);
        QVERIFY(find(registry.collect(true), "tool_latency_seconds")->exponentials.empty());
        clock.advanceNs(kSecond);
        registry.setExponentialHistograms(true);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 2);
        const auto collected = registry.collect(true);
        const ExponentialHistogramPoint& point = find(collected, "tool_latency_seconds")->exponentials.at(0);
        QCOMPARE(point.count, std::uint64_t(1));
        QCOMPARE(point.startUnixNs, clock.unixNs());
        QCOMPARE(find(collected, "tool_latency_seconds")->histograms.at(0).count, std::uint64_t(2));
        QVERIFY(find(registry.collect(), "tool_latency_seconds")->exponentials.empty());
        registry.setExponentialHistograms(false);
        QVERIFY(find(registry.collect(true), "tool_latency_seconds")->exponentials.empty());
    }
};

QTEST_GUILESS_MAIN(TemporalityTest)
#include "tst_temporality.moc"
