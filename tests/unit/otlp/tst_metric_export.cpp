// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/pipeline/export_counters.h"
#include "otlp/pipeline/export_pipeline.h"
#include "scripted_backend.h"
#include "telemetry/metrics.h"
#include "wire_fields.h"

#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using telemetry::MetricId;
using telemetry::MetricRegistry;
using wire::Message;

namespace {

ScopedMetrics exponential()
{
    telemetry::ExponentialHistogramPoint point;
    point.attributes = {{"server", QByteArray("weather")}};
    point.startUnixNs = 10;
    point.timeUnixNs = 20;
    point.count = 9;
    point.sum = -1.5;
    point.min = -4.0;
    point.max = 0.0;
    point.scale = -3;
    point.zeroCount = 2;
    point.zeroThreshold = 0.25;
    point.positive = {-7, {1, 0, 300}};
    point.negative = {2, {3}};
    point.exemplars = {{15, 0.5, {5, 6}, {7}, {}}};
    telemetry::MetricData metric;
    metric.name = "duration";
    metric.unit = "s";
    metric.kind = telemetry::InstrumentKind::Histogram;
    metric.temporality = telemetry::Temporality::Delta;
    metric.exponentials = {point};
    return {full::resource(), full::scope(), {metric}};
}

config::Destination destinationOf(const QString& endpoint, const QString& name)
{
    config::Destination destination;
    destination.name = name;
    destination.endpoint = endpoint;
    return destination;
}

ScriptedBackend::Script ok()
{
    return [](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); };
}

/// The first point of the metric in a request, as a message; `kind` is the tag of the data in Metric.
Message pointIn(const QByteArray& body, const QByteArray& name, unsigned kind, quint64* temporality = nullptr)
{
    for (const wire::Field& field : Message(body).message(1).message(2).all(2)) {
        const Message metric(field.bytes);
        if (metric.bytes(1) != name || !metric.has(kind))
            continue;
        const Message data = metric.message(kind);
        if (temporality != nullptr)
            *temporality = data.number(2, wire::Varint);
        return Message(data.all(1).front().bytes);
    }
    return Message(QByteArray(1, '\xff'));
}

} // namespace

class MetricExportTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFieldOfAnExponentialPointHasItsNumberAndWireType()
    {
        const ScopedMetrics source = exponential();
        const Message metric = Message(encodeMetrics({&source, 1}, Encoding::Protobuf)).message(1).message(2).message(2);
        QVERIFY(!metric.has(9));
        QCOMPARE(metric.message(10).number(2, wire::Varint), 1ULL);
        const Message point = metric.message(10).message(1);
        QVERIFY(point.isValid());
        QCOMPARE(point.number(2, wire::Fixed64), 10ULL);
        QCOMPARE(point.number(3, wire::Fixed64), 20ULL);
        QCOMPARE(point.number(4, wire::Fixed64), 9ULL);
        QCOMPARE(point.real(5), -1.5);
        QCOMPARE(point.number(6, wire::Varint), 5ULL); // zigzag of -3
        QCOMPARE(point.number(7, wire::Fixed64), 2ULL);
        QCOMPARE(point.message(8).number(1, wire::Varint), 13ULL);              // zigzag of -7
        QCOMPARE(point.message(8).bytes(2), QByteArray("\x01\x00\xac\x02", 4)); // packed varints
        QCOMPARE(point.message(9).number(1, wire::Varint), 4ULL);
        QCOMPARE(point.message(9).bytes(2), QByteArray("\x03"));
        QVERIFY(point.has(1) && point.has(11));
        QCOMPARE(point.real(12), -4.0);
        QCOMPARE(point.real(13), 0.0);
        QCOMPARE(point.real(14), 0.25);
    }

    void inJsonAnExponentialPointHasTheNamesOfTheMapping()
    {
        const ScopedMetrics source = exponential();
        const QByteArray text = encodeMetrics({&source, 1}, Encoding::Json);
        json::Document document;
        QVERIFY(document.parse(text));
        const json::Value data = document.root()
                                     .find("resourceMetrics")
                                     .at(0)
                                     .find("scopeMetrics")
                                     .at(0)
                                     .find("metrics")
                                     .at(0)
                                     .find("exponentialHistogram");
        QCOMPARE(data.find("aggregationTemporality").asInt64().value_or(0), std::int64_t(1));
        const json::Value point = data.find("dataPoints").at(0);
        QCOMPARE(point.find("count").asUtf8(), QByteArray("9"));
        QCOMPARE(point.find("scale").asInt64().value_or(0), std::int64_t(-3));
        QCOMPARE(point.find("zeroCount").asUtf8(), QByteArray("2"));
        QCOMPARE(point.find("positive").find("offset").asInt64().value_or(0), std::int64_t(-7));
        QCOMPARE(point.find("positive").find("bucketCounts").raw().toByteArray(), QByteArray("[\"1\",\"0\",\"300\"]"));
        QCOMPARE(point.find("zeroThreshold").asDouble().value_or(0), 0.25);
        QVERIFY(point.find("exemplars").size() == 1 && point.find("min").exists() && point.find("max").exists());
    }

    void eachDestinationGetsItsTemporalityAndItsKindOfHistogram()
    {
        ScriptedBackend cumulative(ok());
        ScriptedBackend delta(ok());
        ManualClock clock;
        SeededRandom random(1);
        ExportPipeline pipeline({clock, random, {}, {}, {}, {1ms, 5ms}});
        config::Telemetry settings;
        settings.destinations = {destinationOf(cumulative.url(), QStringLiteral("cumulative")),
                                 destinationOf(delta.url(), QStringLiteral("delta"))};
        settings.destinations[1].temporality = config::MetricTemporality::Delta;
        settings.destinations[1].histograms = config::HistogramKind::Exponential;
        pipeline.configure(settings, full::resource(), full::scope());
        QTRY_COMPARE(pipeline.status().size(), 2);

        MetricRegistry registry(clock);
        registry.setExponentialHistograms(true);
        for (int round = 1; round <= 2; ++round) {
            registry.record(MetricId::ToolLatency, {"s", "t"}, 0.5);
            registry.record(MetricId::Errors, {"timeout"}, 3);
            clock.advanceNs(1'000'000'000);
            pipeline.submitMetrics(registry.collect(true));
            QTRY_COMPARE(cumulative.requests().size(), round);
            QTRY_COMPARE(delta.requests().size(), round);
        }
        quint64 temporality = 0;
        Message point = pointIn(cumulative.requests()[1].body, "tool_latency_seconds", 9, &temporality);
        QCOMPARE(temporality, 2ULL);
        QCOMPARE(point.number(4, wire::Fixed64), 2ULL);
        point = pointIn(delta.requests()[1].body, "tool_latency_seconds", 10, &temporality);
        QCOMPARE(temporality, 1ULL);
        QCOMPARE(point.number(4, wire::Fixed64), 1ULL);
        QCOMPARE(pointIn(cumulative.requests()[1].body, "errors_total", 7).number(6, wire::Fixed64), 6ULL);
        QCOMPARE(pointIn(delta.requests()[1].body, "errors_total", 7).number(6, wire::Fixed64), 3ULL);
    }

    void aDestinationWhoseRulesAreNotUnderstoodGetsNothingAndSaysWhy()
    {
        ScriptedBackend backend(ok());
        ManualClock clock;
        SeededRandom random(1);
        ExportPipeline pipeline({clock, random, {}, {}, {}, {1ms, 5ms}});
        config::Telemetry settings;
        settings.spanInterval = 10ms;
        settings.destinations = {destinationOf(backend.url(), QStringLiteral("backend"))};
        settings.destinations[0].processors = QStringList{QStringLiteral("forget user.id")};
        pipeline.configure(settings, full::resource(), full::scope());
        QTRY_COMPARE(pipeline.status().size(), 1);
        QCOMPARE(pipeline.status()[0].state, DestinationState::Refused);
        QVERIFY(pipeline.status()[0].lastError.contains(QStringLiteral("forget user.id")));
        for (const Signal signal : kSignals)
            QVERIFY(!pipeline.wants(signal));
        settings.destinations[0].processors = QStringList{QStringLiteral("remove nega*"), QStringLiteral("enrich team=payments")};
        pipeline.configure(settings, full::resource(), full::scope());
        QTRY_VERIFY(pipeline.wants(Signal::Traces));
        pipeline.submitSpans({full::span()});
        QTRY_COMPARE(backend.requests().size(), 1);
        QVERIFY(backend.requests()[0].body.contains("payments") && !backend.requests()[0].body.contains("negative"));
    }

    void whatExportersDidIsToldThroughTheMetricsOfTheSdk()
    {
        ScriptedBackend backend([](int index, const ReceivedRequest&) {
            return ScriptedBackend::answer(index < 3 ? "400 Bad Request" : "200 OK"); // the request and each of its halves
        });
        ManualClock clock;
        SeededRandom random(1);
        ExportPipeline pipeline({clock, random, {}, {}, {}, {1ms, 5ms}});
        config::Telemetry settings;
        settings.spanInterval = 10ms;
        settings.destinations = {destinationOf(backend.url(), QStringLiteral("backend"))};
        pipeline.configure(settings, full::resource(), full::scope());
        QTRY_COMPARE(pipeline.status().size(), 1);
        pipeline.submitSpans({full::span(), full::span()});
        QTRY_COMPARE(pipeline.status()[0].dropped, 2ULL);
        pipeline.submitSpans({full::span()});
        QTRY_COMPARE(pipeline.status()[0].sent, 1ULL);

        MetricRegistry registry(clock);
        observeExports(registry, pipeline.takeExporterCounts(), pipeline.inboxCounts());
        QMap<QByteArray, double> seen;
        for (const telemetry::MetricData& metric : registry.collect()) {
            for (const telemetry::NumberPoint& point : metric.numbers) {
                const telemetry::AnyValue* error = telemetry::findAttribute(point.attributes, "error.type");
                seen.insert(metric.name + (error != nullptr ? '!' + *error->text() : QByteArray()), point.value);
                if (metric.name == "otel.sdk.exporter.span.exported") {
                    QCOMPARE(*telemetry::findAttribute(point.attributes, "otel.component.type")->text(),
                             QByteArray("otlp_http_span_exporter"));
                    QCOMPARE(*telemetry::findAttribute(point.attributes, "server.address")->text(), QByteArray("127.0.0.1"));
                    QVERIFY(
                        std::holds_alternative<std::int64_t>(telemetry::findAttribute(point.attributes, "server.port")->value));
                }
            }
            if (metric.name == "otel.sdk.exporter.operation.duration") {
                for (const telemetry::HistogramPoint& point : metric.histograms)
                    seen.insert(metric.name, seen.value(metric.name) + static_cast<double>(point.count));
            }
        }
        QCOMPARE(seen.value("otel.sdk.exporter.span.exported"), 1.0);
        QCOMPARE(seen.value("otel.sdk.exporter.span.exported!400"), 2.0);
        QCOMPARE(seen.value("otel.sdk.exporter.span.inflight", -1), 0.0);
        QCOMPARE(seen.value("otel.sdk.exporter.operation.duration"), 4.0);
        QCOMPARE(seen.value("otel.sdk.processor.span.processed"), 3.0);
        QCOMPARE(seen.value("otel.sdk.processor.span.queue.capacity"), 65536.0);
        pipeline.submitLogs({full::log(), full::log()});
        QTRY_COMPARE(pipeline.inboxCounts().items[static_cast<std::size_t>(Signal::Logs)].processed, 2ULL);
        MetricRegistry later(clock);
        observeExports(later, {}, pipeline.inboxCounts());
        QMap<QByteArray, double> processed;
        for (const telemetry::MetricData& metric : later.collect()) {
            if (!metric.numbers.empty())
                processed.insert(metric.name, metric.numbers.front().value);
        }
        QCOMPARE(processed.value("otel.sdk.processor.log.processed"), 2.0);
        QCOMPARE(processed.value("otel.sdk.processor.log.queue.size", -1), 0.0);
        QCOMPARE(processed.value("otel.sdk.processor.span.processed"), 3.0);
        // Asked again, what happened once is not told twice.
        observeExports(registry, pipeline.takeExporterCounts(), pipeline.inboxCounts());
        for (const telemetry::MetricData& metric : registry.collect()) {
            if (metric.name == "otel.sdk.exporter.operation.duration") {
                std::uint64_t count = 0;
                for (const telemetry::HistogramPoint& point : metric.histograms) {
                    // The logs may have been sent by now.
                    if (*telemetry::findAttribute(point.attributes, "otel.component.type")->text() == "otlp_http_span_exporter")
                        count += point.count;
                }
                QCOMPARE(count, std::uint64_t(4));
            }
        }
    }
};

QTEST_GUILESS_MAIN(MetricExportTest)
#include "tst_metric_export.moc"
