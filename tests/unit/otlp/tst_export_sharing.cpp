// SPDX-License-Identifier: GPL-3.0-or-later
// One log, several destinations that want different things of it.
#include "export_harness.h"
#include "telemetry/metrics.h"

#include <QSet>

#include <algorithm>
#include <atomic>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;
using telemetry::SpanData;

namespace {

/// A backend that is down until somebody says otherwise, and keeps what it took.
class Backend {
public:
    explicit Backend(bool isUp = true)
        : up(isUp),
          m_backend([this](int, const ReceivedRequest& request) {
              if (!up)
                  return ScriptedBackend::answer("503 Service Unavailable", {}, "Retry-After: 300\r\n");
              taken.append(request);
              return ScriptedBackend::answer("200 OK");
          })
    {}

    [[nodiscard]] config::Destination destination(const QString& name) const { return destinationOf(m_backend.url(), name); }
    [[nodiscard]] QList<QByteArray> bodies(const QByteArray& path) const
    {
        QList<QByteArray> all;
        for (const ReceivedRequest& request : taken) {
            if (request.path == path)
                all.append(request.body);
        }
        return all;
    }
    [[nodiscard]] std::vector<SpanData> spans() const
    {
        std::vector<SpanData> all;
        for (const QByteArray& body : bodies("/v1/traces")) {
            if (auto decoded = decodeTraces(body, Encoding::Protobuf))
                all.insert(all.end(), decoded->spans.begin(), decoded->spans.end());
        }
        return all;
    }
    [[nodiscard]] QByteArrayList spanNames() const
    {
        QByteArrayList names;
        for (const SpanData& span : spans())
            names.append(span.name);
        std::sort(names.begin(), names.end());
        return names;
    }
    [[nodiscard]] QByteArrayList logs() const
    {
        QByteArrayList names;
        for (const QByteArray& body : bodies("/v1/logs")) {
            if (const auto decoded = decodeLogs(body, Encoding::Protobuf)) {
                for (const telemetry::LogRecord& log : decoded->logs)
                    names.append(log.eventName);
            }
        }
        std::sort(names.begin(), names.end());
        return names;
    }
    /// The values of the first point of a metric, in the order in which they came.
    [[nodiscard]] QList<double> values(const QByteArray& name) const
    {
        QList<double> all;
        for (const QByteArray& body : bodies("/v1/metrics")) {
            const auto decoded = decodeMetrics(body, Encoding::Protobuf);
            for (const ScopedMetrics& scoped : decoded ? decoded->metrics : std::vector<ScopedMetrics>()) {
                for (const telemetry::MetricData& metric : scoped.metrics) {
                    if (metric.name == name && !metric.numbers.empty())
                        all.append(metric.numbers.front().value);
                }
            }
        }
        return all;
    }

    bool up;
    QList<ReceivedRequest> taken;

private:
    ScriptedBackend m_backend;
};

/// A sampler of a half keeps those with the upper ids.
constexpr std::uint64_t kLower = 0x0010'0000'0000'0000;
constexpr std::uint64_t kUpper = 0x0090'0000'0000'0000;

std::vector<ExportCall> callsOfBothHalves(std::uint64_t each)
{
    std::vector<ExportCall> all;
    for (std::uint64_t i = 0; i < each; ++i) {
        all.push_back(call(kLower + i));
        all.push_back(call(kUpper + i));
    }
    return all;
}

SpanData spanNamed(const QByteArray& name, bool received)
{
    SpanData span = full::span();
    span.name = name;
    span.received = received;
    return span;
}

telemetry::LogRecord logNamed(const QByteArray& name, bool received)
{
    telemetry::LogRecord log = full::log();
    log.eventName = name;
    log.received = received;
    return log;
}

} // namespace

class ExportSharingTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{1'700'000'000'000'000'000};
    SeededRandom m_random{1};
    QTemporaryDir m_directory;
    std::atomic<int> m_records{0};

    PipelineOptions options()
    {
        PipelineOptions options{m_clock, m_random, {}, {}, {}, {1ms, 5ms}};
        options.spoolDirectory = m_directory.filePath(QLatin1StringView(QTest::currentTestFunction()));
        options.spooled = [this](const Batch&) { ++m_records; };
        return options;
    }

private Q_SLOTS:
    void init() { m_records = 0; }

    void eachGetsExactlyItsShareAlsoAfterARestart()
    {
        Backend whole;
        Backend half;
        Backend dead(false);
        config::Telemetry settings =
            settingsOf({whole.destination(QStringLiteral("whole")), half.destination(QStringLiteral("half")),
                        dead.destination(QStringLiteral("dead"))});
        settings.destinations[1].sampler = QStringLiteral("traceidratio");
        settings.destinations[1].samplerArg = 0.5;
        {
            ExportPipeline pipeline(options());
            put(pipeline, settings);
            pipeline.submitCalls(callsOfBothHalves(10));
            QTRY_COMPARE(statusOf(pipeline, QStringLiteral("whole")).sent, 40ULL);
            QTRY_COMPARE(statusOf(pipeline, QStringLiteral("half")).sent, 20ULL);
            QTRY_COMPARE(statusOf(pipeline, QStringLiteral("dead")).queued, 40ULL);
            // One record for those that want the same, one for the other.
            QCOMPARE(m_records.load(), 2);
            end(pipeline);
        }
        dead.up = true;
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("dead")).sent, 40ULL);
        end(pipeline);
        for (const Backend* backend : {&whole, &dead}) {
            QSet<QByteArray> ids;
            for (const SpanData& span : backend->spans())
                ids.insert(span.spanId.toHex());
            QCOMPARE(backend->spans().size(), std::size_t(40));
            QCOMPARE(ids.size(), 40);
        }
        QCOMPARE(half.spans().size(), std::size_t(20));
        for (const SpanData& span : half.spans())
            QVERIFY(span.traceId.low >= kUpper);
    }

    void cumulativeDestinationsShareWhatDeltaDestinationsHaveForThemselves()
    {
        Backend one;
        Backend other;
        Backend delta(false);
        config::Telemetry settings =
            settingsOf({one.destination(QStringLiteral("one")), other.destination(QStringLiteral("other")),
                        delta.destination(QStringLiteral("delta"))});
        settings.destinations[2].temporality = config::MetricTemporality::Delta;
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        telemetry::MetricRegistry registry(m_clock);
        for (int round = 1; round <= 3; ++round) {
            registry.record(telemetry::MetricId::Errors, {"timeout"}, 3);
            m_clock.advanceNs(1'000'000'000);
            pipeline.submitMetrics(registry.collect(true));
            QTRY_COMPARE(one.values("errors_total").size(), round);
            QTRY_COMPARE(other.values("errors_total").size(), round);
            QTRY_COMPARE(m_records.load(), 2 * round);
        }
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("delta")).state, DestinationState::Retrying);
        delta.up = true;
        pipeline.resume(QStringLiteral("delta"));
        QTRY_COMPARE(delta.values("errors_total"), (QList<double>{3, 3, 3}));
        QCOMPARE(one.values("errors_total"), (QList<double>{3, 6, 9}));
        QCOMPARE(other.values("errors_total"), (QList<double>{3, 6, 9}));
    }

    void receivedDataGoesOnlyWhereItIsAskedFor()
    {
        Backend plain;
        Backend asking;
        config::Telemetry settings =
            settingsOf({plain.destination(QStringLiteral("plain")), asking.destination(QStringLiteral("asking"))});
        settings.destinations[1].received = true;
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        QVERIFY(pipeline.wantsReceived(Signal::Traces) && pipeline.wantsReceived(Signal::Metrics) &&
                pipeline.wantsReceived(Signal::Logs));
        pipeline.submitSpans({spanNamed("ours", false), spanNamed("theirs", true)});
        pipeline.submitLogs({logNamed("their.log", true), logNamed("our.log", false)});
        pipeline.submitReceivedMetrics({full::foreignMetrics()});
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("plain")).sent, 2ULL);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("asking")).sent, 4ULL + 7ULL);
        QCOMPARE(plain.spanNames(), QByteArrayList{"ours"});
        QCOMPARE(plain.logs(), QByteArrayList{"our.log"});
        QVERIFY(plain.bodies("/v1/metrics").isEmpty());
        QCOMPARE(asking.spanNames(), (QByteArrayList{"ours", "theirs"}));
        QCOMPARE(asking.logs(), (QByteArrayList{"our.log", "their.log"}));
        QCOMPARE(asking.bodies("/v1/metrics").size(), 1);
        QCOMPARE(m_records.load(), 5); // ours and theirs of spans and of logs, and their metrics
    }

    void payloadsThatARuleRenamesStayWhereTheyAreWanted()
    {
        Backend plain;
        Backend rich;
        config::Telemetry settings =
            settingsOf({plain.destination(QStringLiteral("plain")), rich.destination(QStringLiteral("rich"))});
        settings.processors = QStringList{QStringLiteral("rename gen_ai.tool.call.arguments asked")};
        settings.destinations[1].includePayloads = true;
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        pipeline.submitCalls({call(1)});
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("plain")).sent, 2ULL);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("rich")).sent, 2ULL);
        const auto richSpans = rich.spans();
        QVERIFY(std::any_of(richSpans.begin(), richSpans.end(), [](const SpanData& span) { return has(span, "asked"); }));
        for (const SpanData& span : plain.spans())
            QVERIFY(!has(span, "asked") && !has(span, "gen_ai.tool.call.arguments") && !has(span, "gen_ai.tool.call.result"));
    }

    void eachDestinationsRequestsKeepToItsOwnLimits()
    {
        Backend narrow;
        Backend wide;
        Backend small;
        config::Telemetry settings =
            settingsOf({narrow.destination(QStringLiteral("narrow")), wide.destination(QStringLiteral("wide")),
                        small.destination(QStringLiteral("small"))});
        settings.destinations[0].maxItems = 3;
        settings.destinations[2].maxRequestBytes = 4'000;
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        pipeline.submitCalls(callsOfBothHalves(10));
        for (const char* name : {"narrow", "wide", "small"})
            QTRY_COMPARE(statusOf(pipeline, QLatin1StringView(name)).sent, 40ULL);
        QCOMPARE(m_records.load(), 1);
        QCOMPARE(wide.taken.size(), 1);
        QVERIFY(wide.taken[0].body.size() > 4'000);
        for (const QByteArray& body : narrow.bodies("/v1/traces"))
            QVERIFY(decodeTraces(body, Encoding::Protobuf)->spans.size() <= 3);
        for (const QByteArray& body : small.bodies("/v1/traces"))
            QVERIFY(body.size() <= 4'000);
    }

    void whatIsTooOldForADestinationIsLostAndCountedForItAlone()
    {
        Backend impatient(false);
        Backend patient(false);
        config::Telemetry settings =
            settingsOf({impatient.destination(QStringLiteral("impatient")), patient.destination(QStringLiteral("patient"))});
        settings.destinations[0].maxAgeHours = 1;
        settings.destinations[0].maxItems = 1; // so that it waits in pieces
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        pipeline.submitCalls({call(1)});
        for (const char* name : {"impatient", "patient"})
            QTRY_COMPARE(statusOf(pipeline, QLatin1StringView(name)).state, DestinationState::Retrying);
        m_clock.advanceNs(std::chrono::nanoseconds(2h).count());
        pipeline.submitCalls({call(2)});
        constexpr auto kTraces = static_cast<std::size_t>(Signal::Traces);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("impatient")).lost[kTraces][static_cast<std::size_t>(Loss::Expired)],
                     2ULL);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("impatient")).queued, 2ULL);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("patient")).queued, 4ULL);
        for (const ExporterCounts& counts : pipeline.takeExporterCounts()) {
            const auto expired = counts.ended[kTraces].find("expired");
            const std::uint64_t items = expired != counts.ended[kTraces].end() ? expired->second : 0;
            QCOMPARE(items, counts.name == "impatient" ? 2ULL : 0ULL);
        }
        impatient.up = patient.up = true;
        pipeline.resume(QStringLiteral("impatient"));
        pipeline.resume(QStringLiteral("patient"));
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("impatient")).sent, 2ULL);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("patient")).sent, 4ULL);
    }

    void aDestinationWhoseRulesAreNotUnderstoodKeepsWhatWaitsAndTakesNothingNew()
    {
        Backend backend(false);
        config::Telemetry settings = settingsOf({backend.destination(QStringLiteral("backend"))});
        ExportPipeline pipeline(options());
        put(pipeline, settings);
        pipeline.submitCalls({call(1)});
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("backend")).state, DestinationState::Retrying);
        backend.up = true;
        settings.processors = QStringList{QStringLiteral("forget it")};
        put(pipeline, settings);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("backend")).state, DestinationState::Refused);
        QVERIFY(!pipeline.wants(Signal::Traces));
        pipeline.submitCalls({call(2)});
        pipeline.resume(QStringLiteral("backend"));
        QCoreApplication::processEvents();
        QCOMPARE(statusOf(pipeline, QStringLiteral("backend")).queued, 2ULL);
        QVERIFY(backend.taken.isEmpty());
        settings.processors.clear();
        put(pipeline, settings);
        QTRY_COMPARE(statusOf(pipeline, QStringLiteral("backend")).sent, 2ULL);
        QCOMPARE(statusOf(pipeline, QStringLiteral("backend")).dropped, 0ULL);
    }
};

QTEST_GUILESS_MAIN(ExportSharingTest)
#include "tst_export_sharing.moc"
