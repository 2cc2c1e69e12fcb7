// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/local_exporters.h"
#include "service/pipeline/masking.h"
#include "service/pipeline/telemetry_pipeline.h"
#include "telemetry/call_spans.h"
#include "telemetry/resource.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::service;
using telemetry::MetricId;
using telemetry::Outcome;

namespace {

const QByteArray kSecret = "ghp_" + QByteArray("a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");

/// The pipeline with real stores and a file as destination, all on this thread.
struct PipelineFixture {
    explicit PipelineFixture(int payloadLimit = 64 * 1024)
    {
        configuration.audit.payloadLimit = payloadLimit;
        config::Destination file;
        file.name = QStringLiteral("file");
        file.protocol = config::ExportProtocol::File;
        file.endpoint = directory.filePath(QStringLiteral("export.jsonl"));
        file.includePayloads = true;
        configuration.telemetry.destinations = {file};
        configuration.telemetry.spanInterval = std::chrono::milliseconds(10);
        pipeline = std::make_unique<TelemetryPipeline>(TelemetryPipeline::Dependencies{clock, random, buffer, stores, exports},
                                                       configuration);
        pipeline->setMasker(*makeMasker(configuration.masking));
        const auto resource = telemetry::makeResource({});
        exports.configure(configuration.telemetry, resource, telemetry::orielScope());
        pipeline->configure(configuration, resource, telemetry::orielScope());
        opened = stores.open().has_value() &&
                 QTest::qWaitFor([this] { return exports.wants(otlp::Signal::Traces) && exports.wants(otlp::Signal::Logs); });
        pipeline->start();
    }
    ~PipelineFixture() { stores.close(); }

    [[nodiscard]] telemetry::CallRecord call(const QByteArray& arguments, const QByteArray& response,
                                             Outcome outcome = Outcome::Ok)
    {
        auto client = std::make_shared<telemetry::ClientContext>();
        client->clientName = "tester";
        client->projectId = "default";
        client->protocolVersion = "2025-11-25";
        auto server = std::make_shared<telemetry::ServerContext>();
        server->name = "srv";
        telemetry::CallRecord record;
        record.traceId = TraceId::generate(random);
        record.spanId = SpanId::generate(random);
        record.method = "tools/call";
        record.targetKind = telemetry::TargetKind::Tool;
        record.target = "srv__echo";
        record.routedTarget = "echo";
        record.routedServer = server;
        record.client = client;
        record.httpStatus = 200;
        record.startUnixNs = clock.unixNs();
        record.durationNs = 2'000'000;
        record.outcome = outcome;
        record.arguments = {arguments, 0, arguments.size()};
        record.response = {response, 0, response.size()};
        telemetry::Hop hop;
        hop.spanId = SpanId::generate(random);
        hop.server = server;
        hop.target = "echo";
        hop.durationNs = 1'000'000;
        record.hops.append(std::move(hop));
        return record;
    }
    void take(telemetry::CallRecord record)
    {
        buffer.recordCall(std::move(record));
        pipeline->drain();
    }
    [[nodiscard]] store::AuditRow onlyRow()
    {
        (void)stores.audit.flush();
        const auto reader = stores.readAudit();
        if (!reader || !*reader)
            return {};
        store::AuditQuery query;
        query.withPayloads = true;
        const auto page = (*reader)->page(query);
        return page && page->rows.size() == 1 ? page->rows.front() : store::AuditRow();
    }
    [[nodiscard]] QByteArray exported() const
    {
        QByteArray all;
        for (const otlp::Signal signal : {otlp::Signal::Traces, otlp::Signal::Logs}) {
            QFile file(otlp::FileExporter::pathFor(configuration.telemetry.destinations.first().endpoint, signal));
            if (file.open(QIODevice::ReadOnly))
                all += file.readAll();
        }
        return all;
    }
    /// The sum of a counter, or the observations of a histogram; −1 when there is no such metric.
    [[nodiscard]] double metric(const QByteArray& name)
    {
        for (const telemetry::MetricData& data : pipeline->collect()) {
            if (data.name != name)
                continue;
            double sum = 0;
            for (const telemetry::NumberPoint& point : data.numbers)
                sum += point.value;
            for (const telemetry::HistogramPoint& point : data.histograms)
                sum += static_cast<double>(point.count);
            return sum;
        }
        return -1;
    }

    QTemporaryDir directory;
    config::Config configuration;
    SystemClock clock;
    SeededRandom random{11};
    TelemetryBuffer buffer;
    otlp::ExportPipeline exports{{clock, random, {}, {}, {}, {}}};
    Stores stores{directory.filePath(QStringLiteral("data")),
                  configuration,
                  clock,
                  random,
                  QByteArray(32, 'k'),
                  [this](const QByteArray& payload) { return pipeline->masker()->maskJson(payload).bytes; }};
    std::unique_ptr<TelemetryPipeline> pipeline;
    bool opened = false;
};

} // namespace

class TelemetryPipelineTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aPromptTellsTheNamesOfItsArgumentsAndTheSizeOfItsAnswer()
    {
        PipelineFixture fixture;
        QVERIFY(fixture.opened);
        telemetry::CallRecord record =
            fixture.call("{\"city\":\"Ulm\",\"days\":\"3\"}",
                         "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"a\"}},{}]}", Outcome::Ok);
        record.method = "prompts/get";
        record.targetKind = telemetry::TargetKind::Prompt;
        const TraceId trace = record.traceId;
        fixture.take(std::move(record));
        const store::TraceLookup found = fixture.stores.traces.trace(trace);
        QVERIFY(!found.spans.empty());
        const telemetry::Attributes& attributes = found.spans.front().attributes;
        const auto json = [&](const char* key) {
            const telemetry::AnyValue* value = telemetry::findAttribute(attributes, key);
            return value != nullptr ? telemetry::toJson(*value) : QByteArray();
        };
        QCOMPARE(json("gateway.prompt.arguments"), QByteArray("[\"city\",\"days\"]"));
        QCOMPARE(json("gateway.prompt.messages"), QByteArray("2"));
        QCOMPARE(json("gateway.prompt.tokens"), QByteArray("15"));
    }

    void theSdkCountsItsOwnSpansAndLogs()
    {
        PipelineFixture fixture;
        QVERIFY(fixture.opened);
        const telemetry::CallRecord record = fixture.call("{}", "{}", Outcome::Ok);
        const double spans = static_cast<double>(telemetry::callSpanCount(record));
        fixture.take(telemetry::CallRecord(record));
        QCOMPARE(fixture.metric("otel.sdk.span.started"), spans);
        fixture.buffer.recordLog(telemetry::LogRecord());
        fixture.pipeline->drain();
        QCOMPARE(fixture.metric("otel.sdk.log.created"), 1.0);
    }

    void spansThatNoDestinationTakesAreRecordedOnly()
    {
        PipelineFixture fixture;
        const auto started = [&fixture](const QByteArray& result) {
            double sum = 0;
            for (const telemetry::MetricData& data : fixture.pipeline->collect()) {
                for (const telemetry::NumberPoint& point : data.numbers) {
                    const telemetry::AnyValue* said = telemetry::findAttribute(point.attributes, "otel.span.sampling_result");
                    if (data.name == "otel.sdk.span.started" && said != nullptr && *said->text() == result)
                        sum += point.value;
                }
            }
            return sum;
        };
        telemetry::CallRecord dropped = fixture.call("{}", "{}");
        dropped.mayLeave = false;
        const auto spans = static_cast<double>(telemetry::callSpanCount(dropped));
        fixture.take(std::move(dropped));
        QCOMPARE(started("RECORD_ONLY"), spans);
        QCOMPARE(started("RECORD_AND_SAMPLE"), 0.0);
        fixture.take(fixture.call("{}", "{}"));
        QCOMPARE(started("RECORD_AND_SAMPLE"), spans);
    }
    void exemplarsAreOfCallsThatMayLeave()
    {
        PipelineFixture fixture;
        const auto exemplars = [&fixture] {
            std::size_t count = 0;
            for (const telemetry::MetricData& data : fixture.pipeline->collect()) {
                for (const telemetry::HistogramPoint& point : data.histograms)
                    count += point.exemplars.size();
                for (const telemetry::NumberPoint& point : data.numbers)
                    count += point.exemplars.size();
            }
            return count;
        };
        telemetry::CallRecord dropped = fixture.call("{}", "{}");
        dropped.mayLeave = false;
        fixture.take(std::move(dropped));
        QCOMPARE(exemplars(), std::size_t(0));
        fixture.take(fixture.call("{}", "{}"));
        QVERIFY(exemplars() > 0);
    }

    void aSecretInACallIsNowhere()
    {
        PipelineFixture fixture;
        QVERIFY(fixture.opened);
        telemetry::CallRecord record = fixture.call("{\"password\":\"hunter2-and-more\",\"note\":\"" + kSecret + "\"}",
                                                    "{\"text\":\"" + kSecret + "\"}", Outcome::RpcError);
        record.errorType = "-32603";
        record.errorMessage = "refused " + kSecret;
        record.hops.first().errorMessage = "upstream said " + kSecret;
        const TraceId trace = record.traceId;
        fixture.take(std::move(record));

        const store::AuditRow row = fixture.onlyRow();
        QCOMPARE(row.tool, QByteArray("echo"));
        for (const QByteArray& text : {row.arguments, row.response, row.errorMessage}) {
            QVERIFY2(text.contains("[masked:"), text.constData());
            QVERIFY2(!text.contains(kSecret) && !text.contains("hunter2"), text.constData());
        }
        const store::TraceLookup found = fixture.stores.traces.trace(trace);
        QVERIFY(found.spans.size() >= 2);
        for (const telemetry::SpanData& span : found.spans)
            QVERIFY2(!span.statusMessage.contains(kSecret), span.statusMessage.constData());
        QTRY_VERIFY(fixture.exported().contains("[masked:"));
        QVERIFY(!fixture.exported().contains(kSecret) && !fixture.exported().contains("hunter2"));
    }
    void aSecretAtTheCutIsNotLeftInPart()
    {
        const QByteArray arguments = "{\"note\":\"" + QByteArray(80, '.') + ' ' + kSecret + "\"}";
        PipelineFixture fixture(static_cast<int>(arguments.indexOf(kSecret)) + 30);
        fixture.take(fixture.call(arguments, "{}"));
        const store::AuditRow row = fixture.onlyRow();
        QVERIFY2(!row.arguments.contains(kSecret.first(20)), row.arguments.constData());
        QCOMPARE(row.argumentsBytes, arguments.size());
        QVERIFY(row.arguments.size() <= fixture.configuration.audit.payloadLimit);
    }
    void aSecretInALogOrASpanIsNowhere()
    {
        PipelineFixture fixture;
        telemetry::LogRecord log;
        log.timeUnixNs = fixture.clock.unixNs();
        log.body = telemetry::AnyValue("token is " + kSecret);
        log.attributes.push_back(
            {QByteArrayLiteral("authorization"), telemetry::AnyValue(QByteArrayLiteral("Bearer abcdefgh12345"))});
        fixture.buffer.recordLog(std::move(log));
        telemetry::SpanData span;
        span.traceId = TraceId::generate(fixture.random);
        span.spanId = SpanId::generate(fixture.random);
        span.name = "server.start";
        span.statusMessage = "failed with " + kSecret;
        span.attributes.push_back({QByteArrayLiteral("process.command_line"), telemetry::AnyValue("run --token " + kSecret)});
        const TraceId trace = span.traceId;
        fixture.buffer.recordSpan(std::move(span));
        fixture.pipeline->drain();
        const store::LogPage logs = fixture.stores.logs.query({});
        QCOMPARE(logs.rows.size(), std::size_t(1));
        QVERIFY(!telemetry::toJson(logs.rows.front().record->body).contains(kSecret));
        QVERIFY(!fixture.stores.traces.trace(trace).spans.front().statusMessage.contains(kSecret));
        QTRY_VERIFY(fixture.exported().contains("server.start") && fixture.exported().contains("resourceLogs"));
        QVERIFY(!fixture.exported().contains(kSecret) && !fixture.exported().contains("abcdefgh12345"));
    }
    void onlyToolCallsAreAudited()
    {
        PipelineFixture fixture;
        telemetry::CallRecord list = fixture.call("{}", "{}");
        list.method = "tools/list";
        list.targetKind = telemetry::TargetKind::None;
        fixture.buffer.recordCall(std::move(list));
        fixture.take(fixture.call("{}", "{}", Outcome::Rejected));
        QCOMPARE(fixture.onlyRow().outcome, Outcome::Rejected);
    }
    void aLimitOfNothingKeepsNoPayload()
    {
        PipelineFixture fixture(0);
        fixture.take(fixture.call("{\"a\":1}", "{\"b\":2}"));
        const store::AuditRow row = fixture.onlyRow();
        QVERIFY(row.arguments.isEmpty() && row.response.isEmpty());
        QCOMPARE(row.argumentsBytes, 7);
    }
    void whatWasDroppedIsCountedWithItsReason()
    {
        PipelineFixture fixture;
        for (int i = 0; i < 65'537; ++i)
            fixture.buffer.recordWire({});
        fixture.pipeline->drain();
        for (const telemetry::MetricData& data : fixture.pipeline->collect()) {
            if (data.name != "oriel_telemetry_dropped_total")
                continue;
            QCOMPARE(data.numbers.size(), std::size_t(1));
            QCOMPARE(data.numbers.front().value, 1.0);
            QByteArray labels;
            for (const telemetry::Attribute& attribute : data.numbers.front().attributes)
                labels +=
                    attribute.key + '=' + (attribute.value.text() != nullptr ? *attribute.value.text() : QByteArray()) + ' ';
            QVERIFY2(labels.contains("reason=buffer_full"), labels.constData());
            return;
        }
        QFAIL("the loss was not counted");
    }
    void whatADestinationDidNotGetIsAMetric()
    {
        PipelineFixture fixture;
        QCOMPARE(fixture.metric("oriel_export_lost_total"), -1.0);
        config::Telemetry settings;
        settings.spanInterval = std::chrono::milliseconds(1);
        config::Destination paused;
        paused.name = QStringLiteral("paused");
        paused.endpoint = QStringLiteral("http://127.0.0.1:9");
        paused.paused = true;
        settings.destinations = {paused};
        fixture.exports.configure(settings, std::make_shared<telemetry::Resource>(), std::make_shared<telemetry::Scope>());
        QTRY_VERIFY(fixture.exports.status().size() == 1 && fixture.exports.status()[0].name == paused.name);
        fixture.exports.submitLogs(std::vector<telemetry::LogRecord>(3));
        QTRY_COMPARE(fixture.exports.status()[0].queued, 3ULL);
        fixture.exports.clear(paused.name);
        QTRY_COMPARE(fixture.exports.status()[0].dropped, 3ULL);
        QCOMPARE(fixture.metric("oriel_export_lost_total"), 3.0);
    }
    void theOutcomeOfACallDecidesItsMetrics_data()
    {
        QTest::addColumn<int>("outcome");
        QTest::addColumn<QByteArray>("counted");
        QTest::addColumn<bool>("breaks");
        QTest::newRow("success") << int(Outcome::Ok) << QByteArray("tool_call_success_total") << false;
        QTest::newRow("the tool failed") << int(Outcome::ToolError) << QByteArray("tool_call_failure_total") << false;
        QTest::newRow("error") << int(Outcome::RpcError) << QByteArray("tool_call_failure_total") << true;
        QTest::newRow("time-out") << int(Outcome::Timeout) << QByteArray("tool_call_failure_total") << true;
        QTest::newRow("blocked") << int(Outcome::Blocked) << QByteArray("tool_call_blocked_total") << false;
    }
    void theOutcomeOfACallDecidesItsMetrics()
    {
        QFETCH(int, outcome);
        QFETCH(QByteArray, counted);
        QFETCH(bool, breaks);
        PipelineFixture fixture;
        fixture.take(fixture.call("{\"a\":1}", "{\"b\":2}", static_cast<Outcome>(outcome)));
        QCOMPARE(fixture.metric("mcp_gateway_tool_calls_total"), 1.0);
        QCOMPARE(fixture.metric("mcp_gateway_tool_call_duration_seconds"), 1.0);
        for (const char* name : {"tool_call_success_total", "tool_call_failure_total", "tool_call_blocked_total"})
            QCOMPARE(fixture.metric(QByteArray("mcp_gateway_") + name), counted == name ? 1.0 : -1.0);
        QCOMPARE(fixture.metric("mcp_gateway_tool_call_errors_total"), breaks ? 1.0 : -1.0);
        QCOMPARE(fixture.metric("errors_total"), outcome == int(Outcome::Ok) ? -1.0 : 1.0);
        QCOMPARE(fixture.metric("http_requests_total"), 1.0);
        QCOMPARE(fixture.metric("http_request_duration_seconds"), 1.0);
        QCOMPARE(fixture.metric("tool_latency_seconds"), 1.0);
        QCOMPARE(fixture.metric("mcp.server.operation.duration"), 1.0);
        QCOMPARE(fixture.metric("mcp.client.operation.duration"), 1.0);
        QVERIFY(fixture.metric("tokens_total") > 0);
    }
};

QTEST_GUILESS_MAIN(TelemetryPipelineTest)
#include "tst_telemetry_pipeline.moc"
