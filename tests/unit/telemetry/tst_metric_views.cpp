// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "telemetry/metrics.h"

#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

using Aggregation = MetricView::Aggregation;

/// A registry under some views.
struct Registry {
    explicit Registry(std::vector<MetricView> views) : metrics(clock) { metrics.setViews(std::move(views)); }

    [[nodiscard]] std::optional<MetricData> exported(const QByteArray& name) const
    {
        std::optional<MetricData> found;
        for (const MetricData& metric : metrics.collect(true)) {
            if (metric.name == name)
                found = metric;
        }
        return found;
    }
    /// The values of a metric by the texts of their attributes, joined with commas.
    [[nodiscard]] QMap<QByteArray, double> values(const QByteArray& name) const
    {
        QMap<QByteArray, double> all;
        const std::optional<MetricData> metric = exported(name);
        for (const NumberPoint& point : metric ? metric->numbers : std::vector<NumberPoint>()) {
            QByteArrayList texts;
            for (const Attribute& attribute : point.attributes)
                texts.append(attribute.value.text() != nullptr ? *attribute.value.text() : toJson(attribute.value));
            all.insert(texts.join(','), point.value);
        }
        return all;
    }

    ManualClock clock;
    MetricRegistry metrics;
};

MetricView of(const char* name)
{
    MetricView view;
    view.instrumentName = name;
    return view;
}

const char kHits[] = "mcp_gateway_cache_hits_total";
const char kLatency[] = "tool_latency_seconds";

QSet<QByteArray> namesOf(const std::vector<MetricData>& metrics)
{
    QSet<QByteArray> names;
    for (const MetricData& metric : metrics)
        names.insert(metric.name);
    return names;
}

} // namespace

class MetricViewsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsDroppedIsNotExportedAndStaysHere()
    {
        MetricView view = of("MCP_gateway_cache_*");
        view.aggregation = Aggregation::Drop;
        Registry registry({view});
        registry.metrics.record(MetricId::CacheHits, {"tools"}, 1);
        registry.metrics.record(MetricId::Errors, {"timeout"}, 1);
        QVERIFY(!registry.exported(kHits));
        QCOMPARE(registry.values("errors_total"), (QMap<QByteArray, double>{{"timeout", 1}}));
        QVERIFY(namesOf(registry.metrics.collect()).contains(kHits));
        registry.metrics.setViews({});
        QCOMPARE(registry.values(kHits), (QMap<QByteArray, double>{{"tools", 1}}));
    }

    void aStreamHasItsNameAndDescription()
    {
        MetricView view = of(kHits);
        view.name = "hits";
        view.description = "Found.";
        Registry registry({view});
        registry.metrics.record(MetricId::CacheHits, {"tools"}, 1);
        QVERIFY(!registry.exported(kHits));
        const auto hits = registry.exported("hits");
        QVERIFY(hits.has_value());
        QCOMPARE(hits->description, QByteArray("Found."));
        QCOMPARE(hits->unit, QByteArray("{lookup}"));
        QVERIFY(hits->monotonic && hits->numbers.at(0).isInteger);
    }

    void severalViewsMakeSeveralStreamsButNeverTwoOfOneName()
    {
        MetricView own = of(kHits);
        own.name = "hits";
        MetricView taken = of("mcp_gateway_cache_misses_total");
        taken.name = "ERRORS_total";
        Registry registry({of("*cache_hits*"), own, own, taken});
        registry.metrics.record(MetricId::CacheHits, {"tools"}, 1);
        registry.metrics.record(MetricId::CacheMisses, {"tools"}, 1);
        registry.metrics.record(MetricId::Errors, {"timeout"}, 1);
        const auto all = registry.metrics.collect(true);
        QCOMPARE(namesOf(all).size(), qsizetype(all.size()));
        QVERIFY(registry.exported(kHits) && registry.exported("hits"));
        QCOMPARE(registry.values("errors_total"), (QMap<QByteArray, double>{{"timeout", 1}}));
    }

    void theSelectorLooksAtAllOfTheInstrument_data()
    {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<bool>("selected");
        const auto row = [](const char* field, const char* value, bool selected) {
            QTest::addRow("%s %s", field, value) << QByteArray(field) << QByteArray(value) << selected;
        };
        row("name", "mcp_gateway_cache_hits_?otal", true);
        row("name", "cache_hits_total", false);
        row("type", "counter", true);
        row("type", "observable_counter", false);
        row("type", "histogram", false);
        row("unit", "{lookup}", true);
        row("unit", "s", false);
        row("meter", "oriel.gateway", true);
        row("meter", "other", false);
        row("version", "0.0.0.none", false);
        row("schema", "https://other", false);
    }
    void theSelectorLooksAtAllOfTheInstrument()
    {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, value);
        QFETCH(bool, selected);
        MetricView view;
        view.aggregation = Aggregation::Drop;
        (field == "name"      ? view.instrumentName
         : field == "type"    ? view.instrumentType
         : field == "unit"    ? view.unit
         : field == "meter"   ? view.meterName
         : field == "version" ? view.meterVersion
                              : view.meterSchemaUrl) = value;
        Registry registry({view});
        registry.metrics.record(MetricId::CacheHits, {"tools"}, 1);
        QCOMPARE(!registry.exported(kHits).has_value(), selected);
    }

    void attributesAreKeptByTheirKeysAndWhatIsLeftOutGoesToTheExemplar()
    {
        MetricView view = of("tokens_total");
        view.included = {"s*", "direction"};
        view.excluded = {"dir*"};
        Registry registry({view});
        registry.metrics.record(MetricId::Tokens, {"in", "a", "x"}, 2, {{1, 2}, {3}});
        registry.metrics.record(MetricId::Tokens, {"out", "a", "y"}, 3);
        registry.metrics.record(MetricId::Tokens, {"out", "b"}, 4);
        QCOMPARE(registry.values("tokens_total"), (QMap<QByteArray, double>{{"a", 5}, {"b", 4}}));
        const std::vector<Exemplar> exemplars = registry.exported("tokens_total")->numbers.at(0).exemplars;
        QCOMPARE(exemplars.size(), std::size_t(1));
        QVERIFY(exemplars[0].filteredAttributes == (Attributes{{"direction", QByteArray("in")}, {"tool", QByteArray("x")}}));
    }

    void whatIsObservedIsAddedUpOverTheAttributesThatAreLeftOut()
    {
        MetricView view = of("process_*");
        view.excluded = {"server"};
        Registry registry({view});
        const auto set = [&registry](MetricId metric, const char* server, double value) {
            registry.metrics.set(metric, {QByteArray(server)}, value);
        };
        set(MetricId::ProcessCpuSeconds, "a", 5);
        set(MetricId::ProcessCpuSeconds, "b", 1);
        set(MetricId::ProcessCpuSeconds, "a", 7);
        QCOMPARE(registry.values("process_cpu_seconds_total"), (QMap<QByteArray, double>{{"", 8}}));
        set(MetricId::ProcessOpenFds, "a", 5);
        set(MetricId::ProcessOpenFds, "b", 3);
        QCOMPARE(registry.values("process_open_fds"), (QMap<QByteArray, double>{{"", 3}}));
    }

    void aForgottenPointLeavesItsStreamsToo()
    {
        MetricView whole = of("active_connections");
        whole.name = "whole";
        MetricView summed = of("active_connections");
        summed.excluded = {"*"};
        Registry registry({whole, summed});
        registry.metrics.record(MetricId::ActiveConnections, {"a"}, 2);
        registry.metrics.record(MetricId::ActiveConnections, {"b"}, 1);
        const QByteArray gone = "a";
        registry.metrics.remove(MetricId::ActiveConnections, std::span(&gone, 1));
        QCOMPARE(registry.values("whole"), (QMap<QByteArray, double>{{"b", 1}}));
        QCOMPARE(registry.values("active_connections"), (QMap<QByteArray, double>{{"", 1}}));
        registry.metrics.clear(MetricId::ActiveConnections);
        QVERIFY(registry.values("whole").isEmpty() && registry.values("active_connections").isEmpty());
    }

    void histogramsTakeTheBucketsOfTheView()
    {
        MetricView view = of(kLatency);
        view.aggregation = Aggregation::ExplicitBuckets;
        view.boundaries = std::vector<double>{1, 10};
        view.recordMinMax = false;
        view.excluded = {"*"};
        Registry registry({view});
        registry.metrics.setExponentialHistograms(true);
        for (const double value : {0.5, 1.0, 5.0, 50.0})
            registry.metrics.record(MetricId::ToolLatency, {"a", QByteArray::number(value)}, value, {{1, 2}, {3}});
        const auto metric = registry.exported(kLatency);
        QVERIFY(metric && metric->exponentials.empty() && metric->histograms.size() == 1);
        const HistogramPoint& point = metric->histograms[0];
        QCOMPARE(point.bounds, (std::vector<double>{1, 10}));
        QCOMPARE(point.bucketCounts, (std::vector<std::uint64_t>{2, 1, 1}));
        QVERIFY(!point.min && !point.max && point.sum == 56.5);
        QCOMPARE(point.exemplars.size(), std::size_t(3));
    }

    void histogramsBecomeExponentialByTheView()
    {
        MetricView view = of(kLatency);
        view.aggregation = Aggregation::Exponential;
        view.maxScale = 0;
        Registry registry({view});
        for (const double value : {1.5, 3.0, 3.5})
            registry.metrics.record(MetricId::ToolLatency, {"a", "x"}, value);
        const auto metric = registry.exported(kLatency);
        QVERIFY(metric && metric->histograms.empty() && metric->exponentials.size() == 1);
        const ExponentialHistogramPoint& point = metric->exponentials[0];
        QCOMPARE(point.scale, 0);
        QVERIFY(point.positive == (ExponentialBuckets{0, {1, 2}}));
        QVERIFY(point.min == 1.5 && point.max == 3.5);
    }

    void aHistogramCanBecomeASumAndABucketlessInstrumentStaysAsItIs()
    {
        MetricView sum = of(kLatency);
        sum.aggregation = Aggregation::Sum;
        MetricView buckets = of("errors_total");
        buckets.aggregation = Aggregation::ExplicitBuckets;
        buckets.boundaries = std::vector<double>{1};
        Registry registry({sum, buckets});
        registry.metrics.record(MetricId::ToolLatency, {"a", "x"}, 0.5);
        registry.metrics.record(MetricId::ToolLatency, {"a", "x"}, 0.25);
        registry.metrics.record(MetricId::Errors, {"timeout"}, 1);
        QCOMPARE(registry.values(kLatency), (QMap<QByteArray, double>{{"a,x", 0.75}}));
        const auto metric = registry.exported(kLatency);
        QVERIFY(metric->kind == InstrumentKind::Counter && metric->monotonic && !metric->numbers[0].isInteger);
        QCOMPARE(registry.values("errors_total"), (QMap<QByteArray, double>{{"timeout", 1}}));
    }

    void aStreamHasItsOwnCardinalityLimit()
    {
        MetricView view = of(kHits);
        view.cardinalityLimit = 3;
        Registry registry({view});
        for (const char* type : {"a", "b", "c", "d", "e"})
            registry.metrics.record(MetricId::CacheHits, {QByteArray(type)}, 1);
        QCOMPARE(registry.values(kHits), (QMap<QByteArray, double>{{"a", 1}, {"b", 1}, {"true", 3}}));
    }

    void whatWasCountedBeforeIsKeptAndHistogramsBeginAnew()
    {
        Registry registry({});
        const std::int64_t start = registry.clock.unixNs();
        registry.metrics.record(MetricId::CacheHits, {"tools"}, 4);
        registry.metrics.record(MetricId::ToolLatency, {"a", "x"}, 0.5);
        registry.clock.advanceNs(5'000'000'000);
        MetricView view = of("*");
        view.excluded = {"*"};
        registry.metrics.setViews({view});
        registry.metrics.record(MetricId::CacheHits, {"prompts"}, 1);
        registry.metrics.record(MetricId::ToolLatency, {"a", "x"}, 0.25);
        const NumberPoint hits = registry.exported(kHits)->numbers.at(0);
        QCOMPARE(hits.value, 5.0);
        QCOMPARE(hits.startUnixNs, start);
        const HistogramPoint latency = registry.exported(kLatency)->histograms.at(0);
        QCOMPARE(latency.count, std::uint64_t(1));
        QCOMPARE(latency.startUnixNs, registry.clock.unixNs());
    }

    void aNewNameSpaceIsSelectedByItsNewNames()
    {
        MetricView view = of("enkrypt_*");
        view.aggregation = Aggregation::Drop;
        Registry registry({view});
        registry.metrics.record(MetricId::CacheHits, {"tools"}, 1);
        QVERIFY(registry.exported(kHits));
        registry.metrics.setNameSpace("enkrypt");
        QVERIFY(!registry.exported("enkrypt_cache_hits_total"));
    }
};

QTEST_GUILESS_MAIN(MetricViewsTest)
#include "tst_metric_views.moc"
