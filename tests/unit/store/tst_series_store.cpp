// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/random.h"
#include "store/series_chunk.h"
#include "store/series_store.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <semaphore>
#include <thread>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;

namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;

MetricData counter(const QByteArray& name, std::vector<std::pair<QByteArray, double>> byServer)
{
    MetricData metric;
    metric.name = name;
    metric.unit = "{call}";
    metric.kind = InstrumentKind::Counter;
    for (auto& [server, value] : byServer) {
        NumberPoint point;
        point.attributes = {{QByteArrayLiteral("server_name"), server}};
        point.value = value;
        metric.numbers.push_back(point);
    }
    return metric;
}

MetricData histogram(std::vector<std::uint64_t> counts, double sum)
{
    MetricData metric;
    metric.name = "latency_seconds";
    metric.unit = "s";
    metric.kind = InstrumentKind::Histogram;
    HistogramPoint point;
    point.bounds = {0.1, 0.5, 1};
    point.bucketCounts = std::move(counts);
    for (const std::uint64_t count : point.bucketCounts)
        point.count += count;
    point.sum = sum;
    metric.histograms.push_back(point);
    return metric;
}

std::vector<Sample> samplesOf(const SeriesStore& store, const QByteArray& metric, const std::vector<LabelMatcher>& matchers = {})
{
    const std::vector<SeriesData> series = store.select(metric, matchers, kTimeMin, kTimeMax);
    return series.size() == 1 ? series.front().samples : std::vector<Sample>();
}

double at(const Result<std::vector<ChartLine>>& lines, std::size_t point)
{
    return lines && lines->size() == 1 && point < lines->front().points.size() ? lines->front().points[point].value : -1;
}

} // namespace

class SeriesStoreTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{kStartMs * 1'000'000};

    static void add(SeriesStore& store, std::int64_t timeMs, std::vector<MetricData> metrics)
    {
        store.append(timeMs * 1'000'000, metrics);
    }

    static void openAndLoad(SeriesStore& store)
    {
        std::binary_semaphore loaded(0);
        QVERIFY(store.open([&] { loaded.release(); }).has_value());
        loaded.acquire();
    }

private Q_SLOTS:
    void aChunkGivesBackEverySampleBitForBit()
    {
        SeededRandom random(1);
        for (int round = 0; round < 200; ++round) {
            SeriesChunk chunk;
            std::vector<Sample> expected;
            std::int64_t time = kStartMs;
            double value = 0;
            for (int i = 0; i < 200; ++i) {
                time += 1 + static_cast<std::int64_t>(random.next64() % 10'000);
                switch (random.next64() % 6) {
                case 0:
                    value += static_cast<double>(random.next64() % 1000);
                    break;
                case 1:
                    value = std::bit_cast<double>(random.next64());
                    break;
                case 2:
                    value = -0.0;
                    break;
                case 3:
                    value = static_cast<double>(random.next64() % 100) / 7;
                    break;
                case 4:
                    value = 9007199254740993.0;
                    break;
                default:
                    break;
                }
                expected.push_back({time, value});
                chunk.append(expected.back());
            }
            std::vector<Sample> read;
            chunk.read(kTimeMin, kTimeMax, read);
            QCOMPARE(read.size(), expected.size());
            for (std::size_t i = 0; i < read.size(); ++i) {
                QCOMPARE(read[i].timeMs, expected[i].timeMs);
                QCOMPARE(std::bit_cast<std::uint64_t>(read[i].value), std::bit_cast<std::uint64_t>(expected[i].value));
            }
            read.clear();
            chunk.read(expected[50].timeMs, expected[99].timeMs, read);
            QCOMPARE(read.size(), std::size_t(50));
        }
    }

    void aSteadySeriesTakesTwoBytesASample()
    {
        SeriesChunk chunk;
        for (int i = 0; i < 240; ++i)
            chunk.append({kStartMs + i * 5000, 42});
        chunk.finish();
        QVERIFY(chunk.memoryBytes() < static_cast<std::int64_t>(sizeof(SeriesChunk)) + 2 * 240);
    }

    void namesAndLabelsAreThoseOfMetrics()
    {
        SeriesStore store({}, m_clock);
        MetricData metric = counter("tool_calls_total", {{"files", 3}, {"web", 5}});
        metric.alias = "tool_calls";
        metric.numbers[0].attributes.push_back({QByteArrayLiteral("http.route"), QByteArrayLiteral("/x")});
        metric.numbers[0].attributes.push_back({QByteArrayLiteral("empty"), QByteArray()});
        add(store, kStartMs, {metric, histogram({1, 2, 3, 4}, 9)});
        QCOMPARE(store.metricNames(), (std::vector<QByteArray>{"latency_seconds_bucket", "latency_seconds_count",
                                                               "latency_seconds_sum", "tool_calls", "tool_calls_total"}));
        QCOMPARE(store.labelValues("tool_calls_total", "server_name"), (std::vector<QByteArray>{"files", "web"}));
        QCOMPARE(store.labelValues("latency_seconds_bucket", "le"), (std::vector<QByteArray>{"+Inf", "0.1", "0.5", "1"}));
        const auto files =
            store.select("tool_calls_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "files")}, kTimeMin, kTimeMax);
        QCOMPARE(files.size(), std::size_t(1));
        QCOMPARE(files.front().labels, (Labels{{"http_route", "/x"}, {"server_name", "files"}}));
        QCOMPARE(store.select("tool_calls", {}, kTimeMin, kTimeMax).size(), std::size_t(2));
        QCOMPARE(samplesOf(store, "latency_seconds_bucket", {*makeMatcher("le", LabelMatcher::Op::Equal, "+Inf")}).front().value,
                 10.0);
        QCOMPARE(samplesOf(store, "latency_seconds_sum").front().value, 9.0);
    }

    void matchersFollowPrometheus()
    {
        SeriesStore store({}, m_clock);
        add(store, kStartMs, {counter("c_total", {{"files", 1}, {"web", 2}, {"", 3}})});
        const auto count = [&](LabelMatcher::Op op, const QByteArray& value) {
            return store.select("c_total", {*makeMatcher("server_name", op, value)}, kTimeMin, kTimeMax).size();
        };
        QCOMPARE(count(LabelMatcher::Op::Equal, "files"), std::size_t(1));
        QCOMPARE(count(LabelMatcher::Op::Equal, ""), std::size_t(1));
        QCOMPARE(count(LabelMatcher::Op::NotEqual, "files"), std::size_t(2));
        QCOMPARE(count(LabelMatcher::Op::Match, "fil"), std::size_t(0)); // anchored
        QCOMPARE(count(LabelMatcher::Op::Match, "fil.*|web"), std::size_t(2));
        QCOMPARE(count(LabelMatcher::Op::NotMatch, ".+"), std::size_t(1));
        QVERIFY(!makeMatcher("a", LabelMatcher::Op::Match, "(").has_value());
    }

    void deltaPointsAddUp()
    {
        SeriesStore store({}, m_clock);
        for (int i = 0; i < 3; ++i) {
            MetricData metric = counter("d_total", {{"s", 5}});
            metric.temporality = Temporality::Delta;
            add(store, kStartMs + i * 1000, {metric});
        }
        QCOMPARE(samplesOf(store, "d_total"), (std::vector<Sample>{{kStartMs, 5}, {kStartMs + 1000, 10}, {kStartMs + 2000, 15}}));
    }

    void aClockThatWasSetBackCostsSamplesNotOrder()
    {
        SeriesStore store({}, m_clock);
        for (const std::int64_t offset : {0, 5000, 2000, 5000, 10'000})
            add(store, kStartMs + offset, {counter("c_total", {{"s", static_cast<double>(offset)}})});
        QCOMPARE(samplesOf(store, "c_total").size(), std::size_t(3));
    }

    void ratesCountResetsFromZeroAndGroup()
    {
        SeriesStore store({}, m_clock);
        double total = 0;
        for (int i = 0; i <= 60; ++i) {
            total = i == 30 ? 0 : total + 10; // restarted
            add(store, kStartMs + i * 1000, {counter("c_total", {{"a", total}, {"b", i * 2.0}})});
        }
        const ChartRange range{kStartMs, kStartMs + 60'000, 10'000, 20'000};
        const auto byServer = chartRate(store, "c_total", {}, range, {"server_name"});
        QVERIFY(byServer.has_value());
        QCOMPARE(byServer->size(), std::size_t(2));
        QVERIFY(std::isnan(byServer->front().points[0].value));
        QCOMPARE(byServer->front().points[2].value, 10.0);
        QCOMPARE(byServer->back().points[6].value, 2.0);
        QVERIFY(byServer->front().points[4].value > 0 && byServer->front().points[4].value <= 10);
        QCOMPARE(at(chartRate(store, "c_total", {}, range), 2), 12.0);
        QCOMPARE(at(chartRatio(store, "c_total", "c_total", {}, range), 6), 1.0);
        QCOMPARE(at(chartRatio(store, "nothing_total", "c_total", {}, range), 6), 0.0);
    }

    void quantilesInterpolateWithinBuckets()
    {
        SeriesStore store({}, m_clock);
        for (int i = 0; i <= 10; ++i) {
            const auto n = static_cast<std::uint64_t>(i);
            add(store, kStartMs + i * 10'000, {histogram({50 * n, 40 * n, 10 * n, 0}, 0)});
        }
        const ChartRange range{kStartMs, kStartMs + 100'000, 50'000, 60'000};
        QCOMPARE(at(chartQuantile(store, "latency_seconds", 0.5, {}, range), 2), 0.1);
        QVERIFY(qAbs(at(chartQuantile(store, "latency_seconds", 0.7, {}, range), 2) - 0.3) < 1e-9);
        QVERIFY(qAbs(at(chartQuantile(store, "latency_seconds", 0.95, {}, range), 2) - 0.75) < 1e-9);
        QVERIFY(std::isnan(at(chartQuantile(store, "latency_seconds", 0.5, {}, range), 0)));
    }

    void gaugesShowTheirLatestValue()
    {
        SeriesStore store({}, m_clock);
        MetricData gauge = counter("sessions", {{"a", 3}, {"b", 4}});
        gauge.kind = InstrumentKind::UpDownCounter;
        gauge.unit.clear();
        add(store, kStartMs, {gauge});
        const auto lines = chartValue(store, "sessions", {}, {kStartMs, kStartMs + 120'000, 60'000, 30'000});
        QCOMPARE(at(lines, 0), 7.0);
        QVERIFY(std::isnan(at(lines, 1)));
    }

    void impossibleRangesAreRefused()
    {
        SeriesStore store({}, m_clock);
        QCOMPARE(chartRate(store, "c", {}, {0, 10, 0, 0}).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(chartRate(store, "c", {}, {10, 0, 1, 0}).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(chartRate(store, "c", {}, {0, 1'000'000'000, 1, 0}).error().code, ErrorCode::InvalidArgument);
    }

    void tooManySeriesAreRefusedAndCounted()
    {
        SeriesStoreOptions options;
        options.maxSeries = 10;
        SeriesStore store(options, m_clock);
        for (int i = 0; i < 25; ++i)
            add(store, kStartMs + i, {counter("c_total", {{QByteArray::number(i), 1}})});
        QCOMPARE(store.stats().series, 10U);
        QCOMPARE(store.stats().refusedSeries, 15U);
    }

    void aNewSeriesTakesThePlaceOfTheOneThatWasSilentLongest()
    {
        constexpr std::int64_t kMinute = 60'000;
        SeriesStoreOptions options;
        options.maxSeries = 3;
        SeriesStore store(options, m_clock);
        const auto servers = [&] { return store.labelValues("c_total", "server_name"); };
        add(store, kStartMs, {counter("c_total", {{"a", 1}, {"b", 1}, {"c", 1}})});
        add(store, kStartMs + 40 * kMinute, {counter("c_total", {{"b", 2}, {"c", 2}, {"d", 2}})});
        QCOMPARE(servers(), (std::vector<QByteArray>{"a", "b", "c"}));
        QCOMPARE(store.stats().refusedSeries, 1U);

        add(store, kStartMs + 61 * kMinute, {counter("c_total", {{"d", 3}, {"e", 3}})});
        QCOMPARE(servers(), (std::vector<QByteArray>{"b", "c", "d"}));
        QCOMPARE(store.stats().refusedSeries, 2U);
        QCOMPARE(store.stats().series, 3U);
        QCOMPARE(store.stats().samples, 5U);
        QCOMPARE(samplesOf(store, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "d")}),
                 (std::vector<Sample>{{kStartMs + 61 * kMinute, 3}}));

        add(store, kStartMs + 90 * kMinute, {counter("c_total", {{"b", 4}})});
        add(store, kStartMs + 110 * kMinute, {counter("c_total", {{"a", 5}})});
        QCOMPARE(servers(), (std::vector<QByteArray>{"a", "b", "d"}));
        QCOMPARE(samplesOf(store, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "a")}),
                 (std::vector<Sample>{{kStartMs + 110 * kMinute, 5}}));
    }

    void aNewSeriesTakesThePlaceOfOneWithoutSamplesAtOnce()
    {
        QTemporaryDir dir;
        SeriesStoreOptions options;
        options.directory = dir.path();
        options.maxSeries = 2;
        SeriesStore store(options, m_clock);
        openAndLoad(store);
        add(store, kStartMs, {counter("c_total", {{"a", 1}, {"b", 1}})});
        add(store, kStartMs + 2000, {counter("c_total", {{"b", 2}})});
        QVERIFY(store.applyRetention({.keepAfterUnixNs = (kStartMs + 1000) * 1'000'000}).has_value());
        add(store, kStartMs + 3000, {counter("c_total", {{"c", 3}})});
        QCOMPARE(store.labelValues("c_total", "server_name"), (std::vector<QByteArray>{"b", "c"}));
        QCOMPARE(store.stats().refusedSeries, 0U);
    }

    void aDeltaCounterThatComesBackStartsAnew()
    {
        SeriesStoreOptions options;
        options.maxSeries = 1;
        SeriesStore store(options, m_clock);
        const auto addDelta = [&](std::int64_t timeMs, const QByteArray& server) {
            MetricData metric = counter("d_total", {{server, 5}});
            metric.temporality = Temporality::Delta;
            add(store, timeMs, {metric});
        };
        addDelta(kStartMs, "a");
        addDelta(kStartMs + 2 * 3600'000, "b");
        addDelta(kStartMs + 4 * 3600'000, "a");
        QCOMPARE(samplesOf(store, "d_total"), (std::vector<Sample>{{kStartMs + 4 * 3600'000, 5}}));
    }

    void aSeriesMayLoseItsPlaceBeforeItIsWritten()
    {
        QTemporaryDir dir;
        SeriesStoreOptions options;
        options.directory = dir.path();
        options.maxSeries = 1;
        {
            SeriesStore store(options, m_clock);
            std::binary_semaphore appended(0);
            QVERIFY(store.open([&] { appended.acquire(); }).has_value()); // nothing is written while it waits
            add(store, kStartMs, {counter("c_total", {{"a", 1}})});
            add(store, kStartMs + 2 * 3600'000, {counter("c_total", {{"b", 2}})});
            appended.release();
            QVERIFY(store.flush().has_value());
        }
        SeriesStore store(options, m_clock);
        openAndLoad(store);
        QCOMPARE(store.labelValues("c_total", "server_name"), (std::vector<QByteArray>{"b"}));
        QCOMPARE(samplesOf(store, "c_total"), (std::vector<Sample>{{kStartMs + 2 * 3600'000, 2}}));
        QCOMPARE(store.stats().lostRecords, 0U);
    }

    void livingSeriesKeepTheirPlacesOverDeadOnesAfterARestart()
    {
        constexpr std::int64_t kHour = 3600'000;
        QTemporaryDir dir;
        SeriesStoreOptions options;
        options.directory = dir.path();
        options.maxSeries = 2;
        const std::vector<std::vector<std::pair<QByteArray, double>>> runs{{{"old1", 1}, {"old2", 1}},
                                                                           {{"new1", 2}, {"new2", 2}}};
        for (std::size_t run = 0; run < runs.size(); ++run) {
            SeriesStore store(options, m_clock);
            openAndLoad(store);
            add(store, kStartMs + static_cast<std::int64_t>(run) * 2 * kHour, {counter("c_total", runs[run])});
            QVERIFY(store.flush().has_value());
        }
        for (const std::int64_t laterMs : {3 * kHour, 24 * kHour}) { // in full and thinned
            const ManualClock later((kStartMs + laterMs) * 1'000'000);
            SeriesStore store(options, later);
            openAndLoad(store);
            QCOMPARE(store.labelValues("c_total", "server_name"), (std::vector<QByteArray>{"new1", "new2"}));
            QCOMPARE(store.select("c_total", {}, kStartMs + 2 * kHour, kStartMs + 2 * kHour).size(), std::size_t(2));
        }
    }

    void oldSamplesAreThinnedToOneAMinuteAndTheBudgetHolds()
    {
        SeriesStoreOptions options;
        options.fullResolutionMs = 3600'000;
        SeriesStore store(options, m_clock);
        constexpr int kSamples = 24 * 720; // a day at 5 s
        for (int i = 0; i < kSamples; ++i)
            add(store, kStartMs + i * 5000, {counter("c_total", {{"s", static_cast<double>(i)}})});
        const std::vector<Sample> samples = samplesOf(store, "c_total");
        QVERIFY2(samples.size() < 2800 && samples.size() > 1400 + 720,
                 QByteArray::number(static_cast<qlonglong>(samples.size())).constData());
        QCOMPARE(store.stats().samples, static_cast<std::uint64_t>(samples.size()));
        QVERIFY(
            std::is_sorted(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.timeMs < b.timeMs; }));
        for (const Sample& sample : samples)
            QCOMPARE(sample.value, static_cast<double>((sample.timeMs - kStartMs) / 5000));

        options.budgetBytes = 200'000;
        SeriesStore small(options, m_clock);
        SeededRandom random(1);
        for (int i = 0; i < 3000; ++i) {
            std::vector<std::pair<QByteArray, double>> values;
            for (int s = 0; s < 20; ++s)
                values.emplace_back(QByteArray::number(s), static_cast<double>(random.next64()) / 3);
            add(small, kStartMs + i * 5000, {counter("c_total", values)});
        }
        QVERIFY(small.stats().memoryBytes <= 200'000);
        QCOMPARE(samplesOf(small, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "3")}).back().timeMs,
                 kStartMs + 2999 * 5000);
    }

    void seriesSurviveARestart()
    {
        QTemporaryDir dir;
        SeriesStoreOptions options;
        options.directory = dir.path();
        options.fileBytes = 2000;
        const auto write = [&](SeriesStore& store, int from, int to) {
            for (int i = from; i < to; ++i) {
                std::vector<std::pair<QByteArray, double>> values{{"quiet", 7}, {"busy", i * 1.0}};
                if (i < 50)
                    values.emplace_back("gone", 1);
                add(store, kStartMs + i * 5000, {counter("c_total", values)});
            }
        };
        std::vector<SeriesData> before;
        {
            SeriesStore store(options, m_clock);
            openAndLoad(store);
            write(store, 0, 300);
            QVERIFY(store.flush().has_value());
            before = store.select("c_total", {}, kTimeMin, kTimeMax);
        }
        QCOMPARE(before.size(), std::size_t(3));
        SeriesStore store(options, m_clock);
        openAndLoad(store);
        write(store, 300, 310);
        const std::vector<SeriesData> after = store.select("c_total", {}, kTimeMin, kStartMs + 299 * 5000);
        QCOMPARE(after.size(), std::size_t(3));
        for (const SeriesData& series : after) {
            const auto old =
                std::find_if(before.begin(), before.end(), [&](const SeriesData& one) { return one.labels == series.labels; });
            QVERIFY(old != before.end());
            QCOMPARE(series.samples, old->samples); // also those that did not change, and none after it was gone
        }
        QCOMPARE(samplesOf(store, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "busy")}).size(),
                 std::size_t(310));
        QCOMPARE(store.stats().lostRecords, 0U);
        const auto preview = store.previewRetention({.keepAfterUnixNs = (kStartMs + 100 * 5000) * 1'000'000});
        QVERIFY(preview->rows > 0 && preview->rows <= 100);
        QVERIFY(store.applyRetention({.keepAfterUnixNs = kStartMs * 1'000'000 * 2}).has_value());
        QVERIFY(samplesOf(store, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "gone")}).empty());
    }

    void sourcesThatShareAMinuteKeepTheirThinnedHistoryAfterARestart()
    {
        constexpr std::int64_t kMinute = 60'000;
        constexpr std::int64_t kFirstMs = kStartMs / kMinute * kMinute;
        QTemporaryDir dir;
        SeriesStoreOptions options;
        options.directory = dir.path();
        std::vector<Sample> own;
        std::vector<Sample> received;
        {
            SeriesStore store(options, m_clock);
            openAndLoad(store);
            for (int i = 0; i < 60; ++i) { // six a minute, in turn
                const std::int64_t timeMs = kFirstMs + i * 10'000;
                const bool isOwn = i % 2 == 0;
                add(store, timeMs, {counter("c_total", {{isOwn ? "own" : "received", i * 1.0}})});
                if (i % 6 >= 4)
                    (isOwn ? own : received).push_back({timeMs, i * 1.0});
            }
            QVERIFY(store.flush().has_value());
        }
        const ManualClock later((kFirstMs + 12 * 3600'000) * 1'000'000);
        SeriesStore store(options, later);
        openAndLoad(store);
        QCOMPARE(samplesOf(store, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "own")}), own);
        QCOMPARE(samplesOf(store, "c_total", {*makeMatcher("server_name", LabelMatcher::Op::Equal, "received")}), received);
    }

    void exemplarsLeadToTraces()
    {
        SeriesStore store({}, m_clock);
        MetricData metric = histogram({1, 0, 0, 0}, 0.05);
        metric.histograms[0].exemplars.push_back({kStartMs * 1'000'000, 0.05, TraceId{1, 2}, SpanId{3}, {}});
        add(store, kStartMs, {metric});
        add(store, kStartMs + 1000, {metric});
        const auto exemplars = store.exemplars("latency_seconds", {}, kStartMs, kStartMs);
        QCOMPARE(exemplars.size(), std::size_t(1));
        QCOMPARE(exemplars.front().traceIdHex, (TraceId{1, 2}).toHex());
    }

    void readersWorkWhileOneThreadAppends()
    {
        SeriesStore store({}, m_clock);
        std::atomic<bool> stop{false};
        std::atomic<int> wrong{0};
        std::atomic<int> reads{0};
        std::vector<std::thread> readers;
        for (int i = 0; i < 4; ++i)
            readers.emplace_back([&] {
                while (!stop) {
                    for (const SeriesData& series : store.select("c_total", {}, kTimeMin, kTimeMax))
                        for (std::size_t s = 1; s < series.samples.size(); ++s)
                            if (series.samples[s].value < series.samples[s - 1].value)
                                ++wrong;
                    ++reads;
                }
            });
        for (int i = 0; i < 3000 || reads < 50; ++i)
            add(store, kStartMs + i * 1000, {counter("c_total", {{"a", i * 1.0}, {"b", i * 2.0}})});
        stop = true;
        for (std::thread& reader : readers)
            reader.join();
        QCOMPARE(wrong.load(), 0);
    }
};

QTEST_GUILESS_MAIN(SeriesStoreTest)
#include "tst_series_store.moc"
