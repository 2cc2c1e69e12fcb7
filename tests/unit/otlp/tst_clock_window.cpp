// SPDX-License-Identifier: GPL-3.0-or-later
// Backends that take nothing which is too far ahead of the clock, or too large as a single item.
#include "base/clock.h"
#include "base/random.h"
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/pipeline/clock_window.h"
#include "otlp/pipeline/export_pipeline.h"
#include "scripted_backend.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using telemetry::LogRecord;
using telemetry::SpanData;

namespace {

constexpr std::int64_t kNow = 1'700'000'000'000'000'000;

std::int64_t in(std::chrono::nanoseconds ahead)
{
    return kNow + ahead.count();
}

SpanData spanAt(const QByteArray& name, std::chrono::nanoseconds ahead)
{
    SpanData span = full::span();
    span.name = name;
    span.startUnixNs = kNow;
    span.endUnixNs = in(ahead);
    return span;
}

QByteArrayList namesIn(const std::vector<Batch>& part)
{
    QByteArrayList names;
    for (const Batch& batch : part) {
        const auto decoded = decodeTraces(batch.request, Encoding::Protobuf);
        for (const SpanData& span : decoded ? decoded->spans : std::vector<SpanData>())
            names.append(span.name);
        if (names.size() != static_cast<qsizetype>(batch.items))
            names.append("wrong count");
    }
    return names;
}

Batch batchOf(const std::vector<SpanData>& spans)
{
    return {Signal::Traces, encodeTraces(spans, Encoding::Protobuf), static_cast<std::uint32_t>(spans.size()), true, 0};
}

} // namespace

class ClockWindowTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{kNow};
    SeededRandom m_random{1};
    QTemporaryDir m_directory;

    PipelineOptions options()
    {
        PipelineOptions options{m_clock, m_random, {}, {}, {}, {1ms, 5ms}};
        options.spoolDirectory = m_directory.filePath(QLatin1StringView(QTest::currentTestFunction()));
        return options;
    }

    static void put(ExportPipeline& pipeline, const config::Destination& destination)
    {
        config::Telemetry settings;
        settings.destinations = {destination};
        settings.spanInterval = 10ms;
        pipeline.configure(settings, full::resource(), full::scope());
        QTRY_COMPARE(pipeline.status().size(), 1);
    }

    static QByteArrayList spanNames(const ScriptedBackend& backend)
    {
        QByteArrayList names;
        for (const ReceivedRequest& request : backend.requests()) {
            const auto decoded = decodeTraces(request.body, Encoding::Protobuf);
            for (const SpanData& span : decoded ? decoded->spans : std::vector<SpanData>())
                names.append(span.name);
        }
        return names;
    }

    [[nodiscard]] QByteArray deadLetters() const
    {
        QFile file(m_directory.filePath(QLatin1StringView(QTest::currentTestFunction())) +
                   QStringLiteral("/dead-letter-0.jsonl"));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void init() { m_clock.setUnixNs(kNow); }

    void aBatchThatIsDueComesBackAsItIs()
    {
        const Batch batch = batchOf({spanAt("past", -48h), spanAt("now", 0h), spanAt("edge", 2h)});
        const ClockParts parts = byClock(batch, 2h, kNow);
        QCOMPARE(parts.due.size(), std::size_t(1));
        QCOMPARE(parts.due[0].request, batch.request);
        QVERIFY(parts.early.empty() && parts.wrong.empty());
        const Batch broken{Signal::Traces, "\xff\xff\xff", 9, true, 0};
        QCOMPARE(byClock(broken, 2h, kNow).due.at(0).request, broken.request);
    }

    void spansArePartedByTheirEnds()
    {
        const ClockParts parts =
            byClock(batchOf({spanAt("now", 0h), spanAt("soon", 150min), spanAt("later", 3h), spanAt("never", 181min)}), 2h, kNow);
        QCOMPARE(namesIn(parts.due), QByteArrayList{"now"});
        QCOMPARE(namesIn(parts.early), (QByteArrayList{"soon", "later"}));
        QCOMPARE(namesIn(parts.wrong), QByteArrayList{"never"});
        QCOMPARE(parts.dueUnixNs, in(1h));
        QVERIFY(parts.early[0].payloads);
    }

    void recordsAndPointsArePartedToo()
    {
        LogRecord now = full::log();
        LogRecord observed = full::log();
        observed.timeUnixNs = 0;
        observed.observedUnixNs = in(150min);
        const std::vector<LogRecord> logs{now, observed};
        const ClockParts records = byClock({Signal::Logs, encodeLogs(logs, Encoding::Protobuf), 2, false, 0}, 2h, kNow);
        QCOMPARE(records.due.at(0).items, 1U);
        QCOMPARE(records.early.at(0).items, 1U);

        for (int kind = 0; kind < 5; ++kind) {
            ScopedMetrics metrics = full::metrics();
            const ScopedMetrics foreign = full::foreignMetrics();
            metrics.metrics.insert(metrics.metrics.end(), foreign.metrics.begin(), foreign.metrics.end());
            if (kind == 0)
                metrics.metrics[0].numbers[0].timeUnixNs = in(5h);
            else if (kind == 1)
                metrics.metrics[2].numbers[0].timeUnixNs = in(5h);
            else if (kind == 2)
                metrics.metrics[3].histograms[0].timeUnixNs = in(5h);
            else if (kind == 3)
                metrics.metrics[4].exponentials[0].timeUnixNs = in(5h);
            else
                metrics.metrics[5].summaries[0].timeUnixNs = in(5h);
            std::uint32_t count = 0;
            for (const telemetry::MetricData& metric : metrics.metrics)
                count += static_cast<std::uint32_t>(metric.numbers.size() + metric.histograms.size() +
                                                    metric.exponentials.size() + metric.summaries.size());
            const Batch batch{Signal::Metrics, encodeMetrics({&metrics, 1}, Encoding::Protobuf), count, false, 0};
            const ClockParts points = byClock(batch, 2h, kNow);
            QCOMPARE(points.due.at(0).items, count - 1);
            QCOMPARE(points.wrong.at(0).items, 1U);
        }
    }

    void whatIsAheadWaitsBehindWhatIsDueAndAWrongClockIsADeadLetter()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination;
        destination.name = QStringLiteral("logfire");
        destination.preset = QStringLiteral("logfire");
        destination.fields = {{QStringLiteral("region"), QStringLiteral("eu")}, {QStringLiteral("token"), QStringLiteral("t")}};
        destination.endpoint = backend.url();
        destination.compression = QStringLiteral("none");
        ExportPipeline pipeline(options());
        put(pipeline, destination);
        pipeline.submitSpans({spanAt("never", 100h), spanAt("soon", 90min), spanAt("now", 0h)});
        QTRY_COMPARE(spanNames(backend), QByteArrayList{"now"});
        QTRY_COMPARE(pipeline.status()[0].state, DestinationState::Retrying);
        QTRY_VERIFY(pipeline.status()[0].lastError.contains(QStringLiteral("1 item is more than 1 h ahead")));
        QCOMPARE(pipeline.status()[0].nextTryUnixNs, in(30min));
        QTRY_VERIFY(deadLetters().contains("ahead of this machine's clock"));
        QVERIFY(deadLetters().contains("never") && !deadLetters().contains("soon"));

        m_clock.advanceNs(std::chrono::nanoseconds(29min).count());
        pipeline.resume(QStringLiteral("logfire"));
        QTRY_COMPARE(pipeline.status()[0].state, DestinationState::Retrying);
        QCOMPARE(backend.requests().size(), 1);
        m_clock.advanceNs(std::chrono::nanoseconds(2min).count());
        pipeline.resume(QStringLiteral("logfire"));
        QTRY_COMPARE(spanNames(backend), (QByteArrayList{"now", "soon"}));
        QTRY_COMPARE(pipeline.status()[0].sent, 2ULL);
        QCOMPARE(pipeline.status()[0].lost[static_cast<std::size_t>(Signal::Traces)][static_cast<std::size_t>(Loss::Refused)],
                 1ULL);
        bool isCounted = false;
        for (const ExporterCounts& counts : pipeline.takeExporterCounts()) {
            const ItemCounts& ended = counts.ended[static_cast<std::size_t>(Signal::Traces)];
            isCounted = isCounted || (ended.contains("clock_ahead") && ended.at("clock_ahead") == 1);
        }
        QVERIFY(isCounted);
    }

    void anItemThatCannotBeMadeSmallEnoughCostsOnlyItself()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination;
        destination.name = QStringLiteral("small");
        destination.endpoint = backend.url();
        destination.itemLimits[QStringLiteral("traces")].itemBytes = 2'000;
        ExportPipeline pipeline(options());
        put(pipeline, destination);
        SpanData huge = spanAt("huge", 0h);
        for (int i = 0; i < 1'000; ++i)
            huge.attributes.push_back({"key-" + QByteArray::number(i), std::int64_t(i)});
        SpanData longText = spanAt("long", 0h);
        longText.attributes.push_back({"long", QByteArray(10'000, 'x')});
        pipeline.submitSpans({spanAt("first", 0h), huge, longText});
        QTRY_COMPARE(pipeline.status().at(0).sent, 2ULL);
        QCOMPARE(spanNames(backend), (QByteArrayList{"first", "long"}));
        QTRY_VERIFY(deadLetters().contains("cannot be cut to the 2000 bytes that the backend takes"));
        QTRY_COMPARE(pipeline.status()[0].lost[static_cast<std::size_t>(Signal::Traces)][static_cast<std::size_t>(Loss::Refused)],
                     1ULL);
    }
};

QTEST_GUILESS_MAIN(ClockWindowTest)
#include "tst_clock_window.moc"
