// SPDX-License-Identifier: GPL-3.0-or-later
#include "../otlp/full_telemetry.h"
#include "otlp/exporters/local_exporters.h"
#include "otlp/receiver/receiver_service.h"
#include "service/pipeline/masking.h"
#include "service/received/passing_mark.h"
#include "service/received/received_pipeline.h"
#include "service/received/received_series.h"
#include "telemetry/resource.h"

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::service;
using namespace oriel::telemetry;

namespace {

const QByteArray kSecret = "ghp_" + QByteArray("a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");

std::shared_ptr<const Resource> notes()
{
    auto resource = std::make_shared<Resource>();
    resource->attributes = {{"service.name", QByteArray("notes")},
                            {"service.namespace", QByteArray("tools")},
                            {"service.instance.id", QByteArray("i-1")},
                            {"process.command_line", QByteArray("notes --key " + kSecret)}};
    return resource;
}

SpanData span(std::uint64_t id)
{
    SpanData span;
    span.traceId = {1, 2};
    span.spanId = {id};
    span.name = "work";
    span.startUnixNs = 1'700'000'000'000'000'000;
    span.endUnixNs = span.startUnixNs + 1'000;
    span.resource = notes();
    span.attributes = {{"password", QByteArray("hunter22")}};
    span.events = {{span.startUnixNs, "told", {{"text", QByteArray("it is " + kSecret)}}, 0}};
    return span;
}

LogRecord log(const QByteArray& text)
{
    LogRecord log;
    log.severity = Severity::Info;
    log.body = AnyValue(text);
    log.resource = notes();
    return log;
}

MetricData counter(double value, Temporality temporality)
{
    MetricData metric;
    metric.name = "notes.saved";
    metric.unit = "{note}";
    metric.kind = InstrumentKind::Counter;
    metric.temporality = temporality;
    metric.numbers = {{{{"kind", QByteArray("text")}}, 0, 0, value, true, {}}};
    return metric;
}

/// The pipeline with real stores and two files as destinations, of which one wants what was received; all on this thread.
struct PipelineFixture {
    PipelineFixture()
    {
        config::Telemetry telemetry;
        telemetry.spanInterval = std::chrono::milliseconds(10);
        for (const bool wants : {false, true}) {
            config::Destination file;
            file.name = wants ? QStringLiteral("all") : QStringLiteral("own");
            file.protocol = config::ExportProtocol::File;
            file.endpoint = directory.filePath(file.name + QStringLiteral(".jsonl"));
            file.received = wants;
            telemetry.destinations.append(file);
        }
        exports.configure(telemetry, makeResource({}), orielScope());
        opened = stores.open().has_value() && QTest::qWaitFor([this] { return exports.wantsReceived(otlp::Signal::Traces); });
        pipeline.start();
    }
    ~PipelineFixture() { stores.close(); }

    [[nodiscard]] QByteArray exported(const QString& destination, otlp::Signal signal) const
    {
        QFile file(otlp::FileExporter::pathFor(directory.filePath(destination + QStringLiteral(".jsonl")), signal));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    [[nodiscard]] double latest(const QByteArray& metric) const
    {
        const auto found = stores.series.select(metric, {}, 0, std::numeric_limits<std::int64_t>::max());
        return found.size() == 1 && !found[0].samples.empty() ? found[0].samples.back().value : -1;
    }

    [[nodiscard]] bool has(const QByteArray& metric) const
    {
        return !stores.series.select(metric, {}, 0, std::numeric_limits<std::int64_t>::max()).empty();
    }

    QTemporaryDir directory;
    ManualClock clock;
    SeededRandom random{7};
    Stores stores{directory.path(), config::Config(), clock, random, QByteArray(32, 'k'), {}};
    otlp::ExportPipeline exports{{clock, random, {}, {}, {}, {}}};
    ReceivedTelemetry received;
    std::shared_ptr<const privacy::Masker> masker = *makeMasker({});
    ReceivedPipeline pipeline{{clock, received, stores, exports, [this] { return masker; }, "feedfeedfeedfeed"}};
    bool opened = false;
};

} // namespace

class ReceivedTelemetryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theHandOverIsBoundedAndSaysSo()
    {
        ReceivedTelemetry received(100);
        int woken = 0;
        received.setWakeUp([&woken] { ++woken; });
        QVERIFY(received.takeSpans({span(1)}, 60));
        QVERIFY(received.hasRoom());
        QVERIFY(!received.takeSpans({span(2)}, 60));
        QVERIFY(received.takeLogs({log("a")}, 40));
        QVERIFY(!received.hasRoom());
        QCOMPARE(woken, 1);
        QCOMPARE(received.next()->spans.size(), std::size_t(1));
        QCOMPARE(received.next()->logs.size(), std::size_t(1));
        QVERIFY(!received.next());
        // What is larger than the whole room comes when nothing waits, and nothing beside it.
        QVERIFY(received.takeMetrics({}, 1'000));
        QCOMPARE(woken, 2);
        QVERIFY(!received.hasRoom() && !received.takeLogs({log("b")}, 1));
    }

    void whatCameIsMaskedAndStored()
    {
        PipelineFixture fixture;
        QVERIFY(fixture.opened);
        QSignalSpy traces(&fixture.pipeline, &ReceivedPipeline::tracesAdvanced);
        QSignalSpy logs(&fixture.pipeline, &ReceivedPipeline::logsAdvanced);
        QVERIFY(fixture.received.takeSpans({span(1), span(2)}, 100));
        QVERIFY(fixture.received.takeLogs({log("token " + kSecret), log("plain")}, 100));
        QTRY_COMPARE(logs.count(), 1);
        QCOMPARE(traces.count(), 1);

        const store::TraceLookup found = fixture.stores.traces.trace({1, 2});
        QCOMPARE(found.spans.size(), std::size_t(2));
        const SpanData& stored = found.spans[0];
        QCOMPARE(*findAttribute(stored.attributes, "password"), AnyValue(QByteArray("[masked:key-name]")));
        QVERIFY(!toJson(stored.events.at(0).attributes.at(0).value).contains(kSecret));
        QVERIFY(!toJson(*findAttribute(stored.resource->attributes, "process.command_line")).contains(kSecret));
        QCOMPARE(*findAttribute(stored.resource->attributes, "service.name"), AnyValue(QByteArray("notes")));
        QVERIFY(findAttribute(stored.resource->attributes, otlp::kPassedOnBy) == nullptr);

        const store::LogPage page = fixture.stores.logs.query({});
        QCOMPARE(page.rows.size(), std::size_t(2));
        QCOMPARE(page.rows[0].record->source, QByteArray("notes"));
        QVERIFY(!page.rows[0].record->body.text()->contains(kSecret));
        QCOMPARE(page.rows[1].record->timeUnixNs, fixture.clock.unixNs());
    }

    void noTextOfARecordLeavesItsSecretBehind()
    {
        PipelineFixture fixture;
        QVERIFY(fixture.opened);
        auto scope = std::make_shared<Scope>();
        scope->name = "lib";
        scope->attributes = {{"built.with", QByteArray("key " + kSecret)}};
        const BytesValue raw{kSecret};

        SpanData work = span(1);
        work.scope = scope;
        work.events = {{work.startUnixNs, "used " + kSecret, {{"raw", raw}}, 0}};
        LogRecord record = log("plain");
        record.scope = scope;
        record.severityText = "INFO " + kSecret;
        record.eventName = "used " + kSecret;
        record.attributes = {{"raw", raw}, {"password", BytesValue{"hunter22"}}, {"binary", BytesValue{"\xff\xfe"}}};
        MetricData saved = counter(1, Temporality::Cumulative);
        saved.description = "notes of " + kSecret;
        QVERIFY(fixture.received.takeSpans({work}, 100));
        QVERIFY(fixture.received.takeLogs({record}, 100));
        QVERIFY(fixture.received.takeMetrics({{notes(), scope, {saved}}}, 100));

        const QString all = QStringLiteral("all");
        QTRY_VERIFY(fixture.exported(all, otlp::Signal::Logs).contains("plain"));
        QTRY_VERIFY(fixture.exported(all, otlp::Signal::Traces).contains("\"work\""));
        QTRY_VERIFY(fixture.exported(all, otlp::Signal::Metrics).contains("notes.saved"));
        for (const otlp::Signal signal : otlp::kSignals) {
            const QByteArray text = fixture.exported(all, signal);
            QVERIFY2(text.contains("built.with") && !text.contains(kSecret), text.constData());
            QVERIFY2(!text.contains(kSecret.toBase64()), text.constData());
        }
        const store::TraceLookup found = fixture.stores.traces.trace({1, 2});
        QCOMPARE(found.spans.size(), std::size_t(1));
        QVERIFY(!found.spans[0].events.at(0).name.contains(kSecret));
        const store::LogPage page = fixture.stores.logs.query({});
        QCOMPARE(page.rows.size(), std::size_t(1));
        const LogRecord& stored = *page.rows[0].record;
        QVERIFY(!stored.severityText.contains(kSecret) && !stored.eventName.contains(kSecret));
        QCOMPARE(*findAttribute(stored.attributes, "password"), AnyValue(BytesValue{"[masked:key-name]"}));
        QCOMPARE(*findAttribute(stored.attributes, "binary"), AnyValue(BytesValue{"\xff\xfe"}));
    }

    void onlyDestinationsThatAskGetWhatWasReceivedAndItIsMarked()
    {
        PipelineFixture fixture;
        QVERIFY(fixture.opened);
        SpanData own = span(9);
        own.name = "own work";
        own.resource = nullptr;
        own.events.clear();
        fixture.exports.submitSpans({own});
        QVERIFY(fixture.received.takeSpans({span(1)}, 100));
        QVERIFY(fixture.received.takeLogs({log("plain " + kSecret)}, 100));
        QVERIFY(fixture.received.takeMetrics({{notes(), nullptr, {counter(1, Temporality::Cumulative)}}}, 100));
        const QString all = QStringLiteral("all");
        QTRY_VERIFY(fixture.exported(all, otlp::Signal::Logs).contains("plain"));
        QTRY_VERIFY(fixture.exported(all, otlp::Signal::Traces).contains("\"work\""));
        QTRY_VERIFY(fixture.exported(all, otlp::Signal::Metrics).contains("notes.saved"));
        for (const otlp::Signal signal : otlp::kSignals) {
            const QByteArray text = fixture.exported(all, signal);
            QVERIFY2(text.contains("\"oriel.passed_on_by\",\"value\":{\"stringValue\":\"feedfeedfeedfeed\"}"), text.constData());
            QVERIFY(!text.contains(kSecret));
        }
        const QString ownOnly = QStringLiteral("own");
        QTRY_VERIFY(fixture.exported(ownOnly, otlp::Signal::Traces).contains("own work"));
        QVERIFY(!fixture.exported(ownOnly, otlp::Signal::Traces).contains("\"work\""));
        QVERIFY(fixture.exported(ownOnly, otlp::Signal::Logs).isEmpty());
        QVERIFY(fixture.exported(ownOnly, otlp::Signal::Metrics).isEmpty());
    }

    void whatIsPassedOnHasEveryFieldOfWhatCame()
    {
        using namespace oriel::otlp;
        PipelineFixture fixture;
        SpanData span = full::span();
        LogRecord log = full::log();
        log.timeUnixNs = 0; // its sender did not know it
        ScopedMetrics own = full::metrics();
        ScopedMetrics foreign = full::foreignMetrics();
        QVERIFY(fixture.received.takeSpans({span}, 100) && fixture.received.takeLogs({log}, 100) &&
                fixture.received.takeMetrics({own, foreign}, 100));
        fixture.pipeline.drain();
        const auto resource = std::make_shared<Resource>(*span.resource);
        resource->attributes.push_back({kPassedOnBy, QByteArray("feedfeedfeedfeed")});
        span.resource = log.resource = own.resource = foreign.resource = resource;
        const auto lineOf = [&fixture](Signal signal) {
            return QTest::qWaitFor([&] { return fixture.exported(QStringLiteral("all"), signal).endsWith('\n'); })
                       ? fixture.exported(QStringLiteral("all"), signal).trimmed()
                       : QByteArray();
        };
        QCOMPARE(lineOf(Signal::Traces), encodeTraces({&span, 1}, Encoding::Json));
        QCOMPARE(lineOf(Signal::Logs), encodeLogs({&log, 1}, Encoding::Json));
        QCOMPARE(lineOf(Signal::Metrics), encodeMetrics(std::vector{own, foreign}, Encoding::Json));
    }

    void theMarkStaysFromStartToStartAndIsItsOwnersAlone()
    {
        const QTemporaryDir directory;
        const QString path = directory.filePath(QStringLiteral("mark"));
        SystemRandom random;
        const PassingMark first = passingMark(path, random);
        QCOMPARE(first.mark.size(), qsizetype(16));
        QVERIFY2(first.problem.isEmpty(), qPrintable(first.problem));
        QCOMPARE(passingMark(path, random).mark, first.mark);
#ifdef Q_OS_UNIX
        QCOMPARE(QFile::permissions(path) & ~(QFile::ReadUser | QFile::WriteUser), QFile::ReadOwner | QFile::WriteOwner);
#endif
    }

    void aDamagedMarkIsMadeAnewAndSaidSo()
    {
        const QTemporaryDir directory;
        const QString path = directory.filePath(QStringLiteral("mark"));
        SystemRandom random;
        for (const QByteArray damaged : {"", "not a mark", "0000000000000000", "feedfeedfeedfeedfeed"}) {
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly) && file.write(damaged) == damaged.size());
            file.close();
            const PassingMark made = passingMark(path, random);
            QVERIFY2(made.problem.contains(path), damaged.constData());
            QCOMPARE(passingMark(path, random).mark, made.mark);
            QVERIFY(passingMark(path, random).problem.isEmpty());
        }
        const PassingMark unkept = passingMark(directory.filePath(QStringLiteral("nowhere/mark")), random);
        QCOMPARE(unkept.mark.size(), qsizetype(16));
        QVERIFY(unkept.problem.contains(QStringLiteral("nowhere/mark")));
    }

    void metricsBecomeSeriesThatTellWhoseTheyAre()
    {
        PipelineFixture fixture;
        const auto take = [&](const MetricData& metric) {
            fixture.clock.advanceNs(1'000'000'000);
            QVERIFY(fixture.received.takeMetrics({{notes(), nullptr, {metric}}}, 100));
            fixture.pipeline.drain();
        };
        take(counter(3, Temporality::Delta));
        take(counter(4, Temporality::Delta));
        QCOMPARE(fixture.latest("notes_saved_total"), 7.0);
        const auto found = fixture.stores.series.select("notes_saved_total", {}, 0, std::numeric_limits<std::int64_t>::max());
        QCOMPARE(found.size(), std::size_t(1));
        QByteArrayList labels;
        for (const store::Label& label : found[0].labels)
            labels.append(label.name + '=' + label.value);
        QCOMPARE(labels, (QByteArrayList{"instance=i-1", "job=tools/notes", "kind=text"}));
    }

    void exponentialHistogramsBecomePowersOfTwo_data()
    {
        QTest::addColumn<int>("scale");
        QTest::addColumn<int>("offset");
        QTest::addColumn<QList<double>>("bounds");
        QTest::addColumn<QList<int>>("counts");
        // Each with one value in four buckets in a row; two at or below zero.
        QTest::newRow("scale 0: (1,2] (2,4] (4,8] (8,16]")
            << 0 << 0 << QList<double>{0, 2, 4, 8, 16} << QList<int>{2, 1, 1, 1, 1, 0};
        QTest::newRow("scale 1: two to a power") << 1 << 0 << QList<double>{0, 2, 4} << QList<int>{2, 2, 2, 0};
        QTest::newRow("scale 1 below one") << 1 << -4 << QList<double>{0, 0.5, 1} << QList<int>{2, 2, 2, 0};
        QTest::newRow("scale 20: all in one") << 20 << 5 << QList<double>{0, 2} << QList<int>{2, 4, 0};
        QTest::newRow("scale -1: (1,4] (4,16] …") << -1 << 0 << QList<double>{0, 4, 16, 64, 256} << QList<int>{2, 1, 1, 1, 1, 0};
        QTest::newRow("far beyond") << -10 << 0 << QList<double>{0} << QList<int>{2, 4};
    }
    void exponentialHistogramsBecomePowersOfTwo()
    {
        QFETCH(int, scale);
        QFETCH(int, offset);
        QFETCH(QList<double>, bounds);
        QFETCH(QList<int>, counts);
        ExponentialHistogramPoint point;
        point.count = 6;
        point.zeroCount = 1;
        point.scale = scale;
        point.positive = {offset, {1, 1, 1, 1}};
        point.negative = {3, {1}};
        MetricData metric;
        metric.kind = InstrumentKind::Histogram;
        metric.exponentials = {point};
        const auto series = seriesOf({notes(), nullptr, {metric}});
        QCOMPARE(series.size(), std::size_t(1));
        const HistogramPoint& made = series[0].histograms.at(0);
        QCOMPARE(QList<double>(made.bounds.begin(), made.bounds.end()), bounds);
        QCOMPARE(QList<int>(made.bucketCounts.begin(), made.bucketCounts.end()), counts);
        QCOMPARE(made.count, std::uint64_t(6));
    }

    void aSummaryBecomesItsQuantilesItsSumAndItsCount()
    {
        PipelineFixture fixture;
        MetricData metric;
        metric.name = "rpc.latency";
        metric.unit = "s";
        metric.kind = InstrumentKind::Histogram;
        metric.summaries = {{{}, 0, 0, 4, 2.5, {{0.5, 0.25}}}};
        QVERIFY(fixture.received.takeMetrics({{notes(), nullptr, {metric}}}, 100));
        fixture.pipeline.drain();
        QCOMPARE(fixture.latest("rpc_latency_seconds"), 0.25);
        QCOMPARE(fixture.latest("rpc_latency_seconds_sum"), 2.5);
        QCOMPARE(fixture.latest("rpc_latency_seconds_count"), 4.0);
    }

    void pointsWithoutARecordedValueMakeNoSampleAndAHistogramWithoutASumNone()
    {
        MetricData gauge;
        gauge.name = "load";
        gauge.kind = InstrumentKind::Gauge;
        gauge.numbers = {{{}, 0, 0, 0.0, false, {}, kNoRecordedValue}, {{}, 0, 0, 2.0, false, {}}};
        MetricData histogram;
        histogram.name = "sizes";
        histogram.kind = InstrumentKind::Histogram;
        HistogramPoint& point = histogram.histograms.emplace_back();
        point.hasSum = false;
        point.count = 3;
        const auto series = seriesOf({notes(), nullptr, {gauge, histogram}});
        QCOMPARE(series.size(), std::size_t(2));
        QCOMPARE(series[0].numbers.size(), std::size_t(1));
        QCOMPARE(series[0].numbers[0].value, 2.0);
        PipelineFixture fixture;
        QVERIFY(fixture.received.takeMetrics({{notes(), nullptr, {gauge, histogram}}}, 100));
        fixture.pipeline.drain();
        QCOMPARE(fixture.latest("load"), 2.0);
        QCOMPARE(fixture.latest("sizes_count"), 3.0);
        QVERIFY(!fixture.has("sizes_sum"));
    }
};

QTEST_GUILESS_MAIN(ReceivedTelemetryTest)
#include "tst_received_telemetry.moc"
