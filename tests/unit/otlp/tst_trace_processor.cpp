// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "otlp/pipeline/trace_processor.h"

#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using telemetry::CallRecord;
using telemetry::SpanData;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

ExportCall call(std::uint64_t trace, telemetry::Outcome outcome = telemetry::Outcome::Ok, std::int64_t durationNs = 1'000'000)
{
    auto record = std::make_shared<CallRecord>();
    record->traceId = {1, trace};
    record->spanId = {trace + 100};
    record->method = "tools/call";
    record->targetKind = telemetry::TargetKind::Tool;
    record->target = "weather__get";
    record->outcome = outcome;
    record->startUnixNs = 1'700'000'000 * kSecond;
    record->durationNs = durationNs;
    telemetry::Hop hop;
    hop.spanId = {trace + 200};
    hop.target = "get";
    hop.durationNs = durationNs / 2;
    record->hops.append(hop);
    return {record, {}, {}};
}

/// A span of a server below the hop of call(trace).
SpanData serversOwn(std::uint64_t trace)
{
    SpanData span;
    span.traceId = {1, trace};
    span.spanId = {trace + 300};
    span.parentSpanId = {trace + 200};
    span.name = "SELECT";
    return span;
}

/// The spans of its calls, then its other spans.
std::vector<SpanData> expanded(const TraceProcessor& processor, const TraceProcessor::Selection& selection)
{
    std::vector<SpanData> spans;
    processor.expandCalls(selection, {}, spans);
    processor.expandOthers(selection, {}, spans);
    return spans;
}

QByteArrayList namesOf(const std::vector<SpanData>& spans)
{
    QByteArrayList names;
    for (const SpanData& span : spans)
        names.append(span.name + '#' + QByteArray::number(qulonglong(span.traceId.low)));
    return names;
}

} // namespace

class TraceProcessorTest : public QObject {
    Q_OBJECT

    ManualClock m_clock;

    std::shared_ptr<TraceProcessor> make(const config::Telemetry& settings, const config::Destination& destination = {})
    {
        auto made = TraceProcessor::make(TraceProcessor::settingsOf(destination, settings), m_clock);
        return made ? *made : nullptr;
    }

    static config::Telemetry tail(double ratio = 0)
    {
        config::Telemetry settings;
        settings.sampler = QStringLiteral("keep_errors_and_slow");
        settings.samplerArg = ratio;
        settings.slowThreshold = std::chrono::milliseconds(500);
        return settings;
    }

private Q_SLOTS:
    void aDestinationsOwnSamplerAndItsRulesComeAfterTheGeneralOnes()
    {
        config::Telemetry settings;
        settings.sampler = QStringLiteral("always_off");
        settings.processors = QStringList{QStringLiteral("enrich a=1")};
        settings.logAttributeLengthLimit = 5;
        settings.eventAttributeCountLimit = 2;
        config::Destination destination;
        QCOMPARE(TraceProcessor::settingsOf(destination, settings).sampler.name, QStringLiteral("always_off"));
        destination.sampler = QStringLiteral("traceidratio");
        destination.samplerArg = 0.25;
        destination.processors = QStringList{QStringLiteral("remove a")};
        const TraceProcessor::Settings own = TraceProcessor::settingsOf(destination, settings);
        QCOMPARE(own.sampler.name, QStringLiteral("traceidratio"));
        QCOMPARE(own.sampler.arg, 0.25);
        QCOMPARE(own.processors, (QStringList{QStringLiteral("enrich a=1"), QStringLiteral("remove a")}));
        QCOMPARE(own.logLimits.attributeLength, 5);
        QCOMPARE(own.spanLimits.attributeLength, -1);
        QCOMPARE(own.spanLimits.eventAttributeCount, 2);
    }

    void whatMakesNoSenseIsSaid()
    {
        config::Destination destination;
        destination.processors = QStringList{QStringLiteral("forget it")};
        const auto made = TraceProcessor::make(TraceProcessor::settingsOf(destination, {}), m_clock);
        QVERIFY(!made && made.error().message.contains(QStringLiteral("forget it")));
        destination.processors.clear();
        destination.sampler = QStringLiteral("traceidratio");
        destination.samplerArg = 7;
        QVERIFY(!TraceProcessor::make(TraceProcessor::settingsOf(destination, {}), m_clock));
    }

    void allSpansOfACallShareTheDecisionAndSayHowManyTheyStandFor()
    {
        config::Telemetry settings;
        settings.sampler = QStringLiteral("traceidratio");
        settings.samplerArg = 0.5;
        const auto processor = make(settings);
        const std::vector<ExportCall> calls{call(0x0090'0000'0000'0000), call(0x0010'0000'0000'0000)};
        const auto spans = expanded(*processor, processor->select(calls, {}));
        QCOMPARE(spans.size(), std::size_t(2));
        for (const SpanData& span : spans) {
            QCOMPARE(span.traceId.low, 0x0090'0000'0000'0000ULL);
            QCOMPARE(span.traceState, QByteArray("ot=th:8"));
        }
    }

    void errorsAndSlowCallsAreKeptWithTheSpansThatServersSentBefore()
    {
        const auto processor = make(tail());
        const std::vector<SpanData> early{serversOwn(1), serversOwn(2), serversOwn(3)};
        QVERIFY(processor->select({}, early).spans.empty());
        QVERIFY(processor->isHolding());
        const std::vector<ExportCall> calls{call(1), call(2, telemetry::Outcome::ToolError),
                                            call(3, telemetry::Outcome::Ok, kSecond)};
        const auto spans = expanded(*processor, processor->select(calls, {}));
        QCOMPARE(namesOf(spans), (QByteArrayList{"tools/call weather__get#2", "tools/call get#2", "tools/call weather__get#3",
                                                 "tools/call get#3", "SELECT#2", "SELECT#3"}));
        QVERIFY(!processor->isHolding());
        // What comes later follows the decision too.
        const std::vector<SpanData> late{serversOwn(1), serversOwn(2)};
        QCOMPARE(namesOf(expanded(*processor, processor->select({}, late))), QByteArrayList{"SELECT#2"});
    }

    void aSpanWhoseCallNeverComesIsDecidedByItself()
    {
        const auto processor = make(tail());
        SpanData failed = serversOwn(2);
        failed.status = telemetry::StatusCode::Error;
        const std::vector<SpanData> early{serversOwn(1), failed};
        QVERIFY(processor->select({}, early).spans.empty());
        m_clock.advanceNs(TraceProcessor::kHoldNs - 1);
        QVERIFY(processor->select({}, {}).spans.empty());
        QVERIFY(processor->isHolding());
        m_clock.advanceNs(1);
        QCOMPARE(namesOf(processor->select({}, {}).spans), QByteArrayList{"SELECT#2"});
        QVERIFY(!processor->isHolding());
        // At the end nothing may wait.
        QCOMPARE(processor->select({}, std::span(&failed, 1), true).spans.size(), std::size_t(1));
    }

    void whatWaitsHasABound()
    {
        const auto processor = make(tail());
        std::vector<SpanData> many;
        for (std::uint64_t i = 0; i < TraceProcessor::kMaxHeld + 10; ++i) {
            many.push_back(serversOwn(i + 1));
            many.back().status = telemetry::StatusCode::Error;
        }
        QCOMPARE(processor->select({}, many).spans.size(), std::size_t(10));
    }

    void aRateLimitCountsTracesNotSpansAndCalls()
    {
        config::Telemetry settings;
        settings.sampler = QStringLiteral("rate_limited");
        settings.samplerArg = 2;
        const auto processor = make(settings);
        const std::vector<ExportCall> calls{call(1), call(1), call(1), call(2), call(3), call(2)};
        const std::vector<SpanData> spans{serversOwn(1), serversOwn(3)};
        const auto selection = processor->select(calls, spans);
        QCOMPARE(selection.calls.size(), std::size_t(5));
        QCOMPARE(namesOf(selection.spans), QByteArrayList{"SELECT#1"});
    }

    void aDeniedTraceIsNotSampledAlthoughItHasNoParent()
    {
        const auto processor = make({});
        ExportCall denied = call(1);
        auto record = std::make_shared<CallRecord>(*denied.call);
        record->parentSampled = false;
        denied.call = record;
        QVERIFY(processor->select(std::span(&denied, 1), {}).calls.empty());
    }

    void aFilteredCallLeavesWithNothingAndTheRestIsSanitised()
    {
        config::Telemetry settings;
        settings.processors = QStringList{QStringLiteral("filter gen_ai.tool.name=secret*"), QStringLiteral("remove mcp.*"),
                                          QStringLiteral("enrich team=payments")};
        const auto processor = make(settings);
        auto hidden = std::make_shared<CallRecord>(*call(1).call);
        hidden->target = "secret__tool";
        const std::vector<ExportCall> calls{{hidden, {}, {}}, call(2)};
        const auto spans = expanded(*processor, processor->select(calls, {}));
        QCOMPARE(spans.size(), std::size_t(2));
        for (const SpanData& span : spans) {
            QCOMPARE(span.traceId.low, 2ULL);
            QVERIFY(telemetry::findAttribute(span.attributes, "mcp.method.name") == nullptr);
            QCOMPARE(*telemetry::findAttribute(span.attributes, "team")->text(), QByteArray("payments"));
        }
    }

    void logsAreProcessedAndLimitedByTheirOwnLimits()
    {
        config::Telemetry settings;
        settings.processors = QStringList{QStringLiteral("filter severity<warn")};
        settings.attributeLengthLimit = 2;
        settings.logAttributeLengthLimit = 4;
        settings.logAttributeCountLimit = 1;
        const auto processor = make(settings);
        telemetry::LogRecord log;
        log.severity = telemetry::Severity::Error;
        log.body = telemetry::AnyValue(QByteArray("a long body"));
        log.attributes = {{"a", QByteArray("long text")}, {"b", 1}};
        telemetry::LogRecord debug = log;
        debug.severity = telemetry::Severity::Debug;
        const std::vector<telemetry::LogRecord> logs{log, debug};
        const auto processed = processor->process(logs);
        QCOMPARE(processed.size(), std::size_t(1));
        QCOMPARE(*processed[0].attributes[0].value.text(), QByteArray("long"));
        QCOMPARE(processed[0].droppedAttributes, 1U);
        QCOMPARE(*processed[0].body.text(), QByteArray("a long body"));
    }

    void limitsAreForOrielsOwnTelemetryAlone()
    {
        config::Telemetry settings;
        settings.attributeCountLimit = settings.logAttributeCountLimit = 1;
        settings.attributeLengthLimit = settings.logAttributeLengthLimit = 4;
        settings.eventCountLimit = settings.linkCountLimit = 0;
        const auto processor = make(settings);
        SpanData own = serversOwn(1);
        own.attributes = {{"a", QByteArray("long text")}, {"b", 1}};
        own.events.resize(1);
        own.links.resize(1);
        SpanData received = own;
        received.received = true;
        const auto spans = expanded(*processor, processor->select({}, std::vector<SpanData>{own, received}));
        QCOMPARE(spans.size(), std::size_t(2));
        QCOMPARE(spans[0].attributes.size(), std::size_t(1));
        QVERIFY(spans[0].events.empty() && spans[0].links.empty());
        QVERIFY(spans[1].attributes == received.attributes && spans[1].events == received.events &&
                spans[1].links == received.links);
        QCOMPARE(spans[1].droppedAttributes, 0U);

        telemetry::LogRecord log;
        log.attributes = received.attributes;
        telemetry::LogRecord receivedLog = log;
        receivedLog.received = true;
        const auto logs = processor->process(std::vector<telemetry::LogRecord>{log, receivedLog});
        QCOMPARE(logs.at(0).attributes.size(), std::size_t(1));
        QVERIFY(logs.at(1).attributes == receivedLog.attributes);
    }
};

QTEST_GUILESS_MAIN(TraceProcessorTest)
#include "tst_trace_processor.moc"
