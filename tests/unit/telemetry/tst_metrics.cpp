// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "telemetry/metrics.h"

#include <QSet>
#include <QTest>

#include <cmath>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

const MetricData* find(const std::vector<MetricData>& all, const QByteArray& name)
{
    for (const MetricData& metric : all) {
        if (metric.name == name)
            return &metric;
    }
    return nullptr;
}

/// The value of the point with exactly these labels; −1 when there is none.
double valueOf(const std::vector<MetricData>& all, const QByteArray& name, const QMap<QByteArray, QByteArray>& labels)
{
    const MetricData* metric = find(all, name);
    if (metric == nullptr)
        return -1;
    for (const NumberPoint& point : metric->numbers) {
        QMap<QByteArray, QByteArray> seen;
        for (const Attribute& attribute : point.attributes)
            seen.insert(attribute.key, attribute.value.text() != nullptr ? *attribute.value.text() : toJson(attribute.value));
        if (seen == labels)
            return point.value;
    }
    return -1;
}

std::uint64_t countOf(const std::vector<MetricData>& all, const QByteArray& name)
{
    const MetricData* metric = find(all, name);
    std::uint64_t count = 0;
    if (metric != nullptr) {
        for (const HistogramPoint& point : metric->histograms)
            count += point.count;
    }
    return count;
}

CallRecord toolCall(Outcome outcome = Outcome::Ok)
{
    auto server = std::make_shared<ServerContext>();
    server->name = "weather";
    server->protocolVersion = "2025-11-25";
    server->transport = Transport::Http;
    server->address = "localhost";
    server->port = 9000;
    auto client = std::make_shared<ClientContext>();
    client->projectId = "apollo";
    client->protocolVersion = "2025-06-18";
    CallRecord call;
    call.traceId = {1, 2};
    call.spanId = {3};
    call.method = "tools/call";
    call.targetKind = TargetKind::Tool;
    call.target = "weather__get";
    call.routedServer = server;
    call.routedTarget = "get";
    call.client = client;
    call.durationNs = 30'000'000;
    call.outcome = outcome;
    call.arguments = {QByteArray(40, 'a'), 0, 40};
    call.response = {QByteArray(401, 'b'), 0, 401};
    Hop hop;
    hop.server = server;
    hop.spanId = {4};
    hop.target = "get";
    hop.durationNs = 20'000'000;
    call.hops.append(hop);
    return call;
}

} // namespace

class MetricsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theTableIsInTheOrderOfItsEnumAndEveryRowIsWhole()
    {
        QSet<QByteArray> names;
        std::size_t index = 0;
        for (const MetricRow& row : metricTable()) {
            QCOMPARE(static_cast<std::size_t>(row.id), index++);
            QVERIFY2(QByteArrayView(row.description).size() > 10, row.name);
            QVERIFY(!names.contains(QByteArray(row.name).toLower()));
            names.insert(QByteArray(row.name).toLower());
            QCOMPARE(row.boundaries.empty(), row.kind != InstrumentKind::Histogram);
            // The SDK's own are named by their conventions; /metrics appends the suffix.
            if (!QByteArrayView(row.name).startsWith("otel.sdk."))
                QCOMPARE(QByteArrayView(row.name).endsWith("_total"), row.kind == InstrumentKind::Counter);
            QVERIFY2(isInstrumentName(row.name) && isInstrumentUnit(row.unit), row.name);
            QVERIFY(std::is_sorted(row.boundaries.begin(), row.boundaries.end()));
        }
        QCOMPARE(index, kMetricCount);
    }

    void namesOfInstrumentsFollowTheirGrammar()
    {
        for (const char* name : {"a", "A.b-c/d_e9", "http.server.request.duration"})
            QVERIFY2(isInstrumentName(name), name);
        for (const char* name : {"", "1a", "_a", "a b", "a\xc3\xa4", "a:b"})
            QVERIFY2(!isInstrumentName(name), name);
        QVERIFY(isInstrumentName(QByteArray(255, 'a')) && !isInstrumentName(QByteArray(256, 'a')));
        QVERIFY(isInstrumentUnit("{call}") && isInstrumentUnit("") && isInstrumentUnit(QByteArray(63, 's')));
        QVERIFY(!isInstrumentUnit(QByteArray(64, 's')) && !isInstrumentUnit("\xc2\xb5s"));
    }

    void theSeedsBoundariesAreInsideTheFinerSet()
    {
        const auto bounds = metricRow(MetricId::ToolCallDuration).boundaries;
        for (const double bound : {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 30.0, 60.0})
            QVERIFY(std::find(bounds.begin(), bounds.end(), bound) != bounds.end());
        QCOMPARE(bounds.size(), std::size_t(16));
        QCOMPARE(metricRow(MetricId::TimeoutOperationDuration).boundaries.size(), std::size_t(16));
        QCOMPARE(metricRow(MetricId::McpServerOperationDuration).boundaries.size(), std::size_t(14));
    }

    void theNamespaceIsPutBeforeTheNamesThatTakeIt()
    {
        ManualClock clock;
        MetricRegistry registry(clock, "enkrypt");
        QCOMPARE(registry.fullName(MetricId::ToolCallErrors), QByteArray("enkrypt_tool_call_errors_total"));
        QCOMPARE(registry.fullName(MetricId::Tokens), QByteArray("tokens_total"));
        registry.record(MetricId::ToolCallErrors, {"s", "timeout"}, 1);
        QCOMPARE(find(registry.collect(), "enkrypt_tool_call_errors_total")->alias,
                 QByteArray("enkrypt_tool_call_error_counter"));
        registry.setNameSpace({});
        QCOMPARE(registry.fullName(MetricId::ToolCalls), QByteArray("tool_calls_total"));
    }

    void countersAddAndGaugesSetAndEmptyLabelsAreLeftOut()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        const std::uint64_t before = registry.revision();
        registry.record(MetricId::CacheHits, {"tools"}, 2);
        registry.record(MetricId::CacheHits, {"tools"}, 3);
        registry.record(MetricId::CacheHits, {"tools"}, -1);
        registry.record(MetricId::ServerStatus, {"weather"}, 1);
        registry.record(MetricId::ServerStatus, {"weather"}, 0);
        registry.record(MetricId::ActiveSessions, {}, 1);
        registry.record(MetricId::ActiveSessions, {}, -1);
        registry.record(MetricId::ToolCalls, {"weather", "", "default"}, 1);
        const auto all = registry.collect();
        QCOMPARE(valueOf(all, "mcp_gateway_cache_hits_total", {{"cache_type", "tools"}}), 5.0);
        QCOMPARE(valueOf(all, "server_status", {{"server", "weather"}}), 0.0);
        QCOMPARE(valueOf(all, "mcp_gateway_active_sessions", {}), 0.0);
        QCOMPARE(valueOf(all, "mcp_gateway_active_users", {}), 0.0);
        QCOMPARE(valueOf(all, "mcp_gateway_tool_calls_total", {{"server_name", "weather"}, {"project_id", "default"}}), 1.0);
        QVERIFY(registry.revision() > before);
        QVERIFY(find(all, "mcp_gateway_cache_hits_total")->numbers[0].isInteger);
        QVERIFY(find(all, "mcp_gateway_cache_hits_total")->monotonic);
        QVERIFY(!find(all, "mcp_gateway_active_sessions")->monotonic);
    }

    void aHistogramsBoundsAreUpperInclusive()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        for (const double value : {0.001, 0.0011, 0.5, 60.0, 61.0, std::nan(""), HUGE_VAL})
            registry.record(MetricId::ToolLatency, {"s", "t"}, value);
        const auto all = registry.collect();
        const HistogramPoint& point = find(all, "tool_latency_seconds")->histograms[0];
        QCOMPARE(point.count, std::uint64_t(5));
        QCOMPARE(point.bucketCounts.size(), point.bounds.size() + 1);
        QCOMPARE(point.bucketCounts[0], std::uint64_t(1));
        QCOMPARE(point.bucketCounts[1], std::uint64_t(1));
        QCOMPARE(point.bucketCounts[15], std::uint64_t(1));
        QCOMPARE(point.bucketCounts[16], std::uint64_t(1));
        QCOMPARE(*point.min, 0.001);
        QCOMPARE(*point.max, 61.0);
        QVERIFY(qFuzzyCompare(point.sum, 121.5021));
    }

    void theStartTimeStaysAndTheTimeMoves()
    {
        ManualClock clock(1'000);
        MetricRegistry registry(clock);
        clock.advanceNs(500);
        registry.record(MetricId::CacheHits, {"tools"}, 1);
        const auto all = registry.collect();
        QCOMPARE(find(all, "mcp_gateway_cache_hits_total")->numbers[0].startUnixNs, std::int64_t(1'000));
        QCOMPARE(find(all, "mcp_gateway_cache_hits_total")->numbers[0].timeUnixNs, std::int64_t(1'500));
    }

    void beyondItsCardinalityAnInstrumentOverflowsIntoOnePoint()
    {
        ManualClock clock;
        MetricRegistry registry(clock, "mcp_gateway", 10);
        for (int i = 0; i < 50; ++i)
            registry.record(MetricId::CacheHits, {"c" + QByteArray::number(i)}, 1);
        registry.record(MetricId::CacheHits, {"c0"}, 1);
        const auto all = registry.collect();
        const MetricData* metric = find(all, "mcp_gateway_cache_hits_total");
        QCOMPARE(metric->numbers.size(), std::size_t(10));
        QCOMPARE(valueOf(all, metric->name, {{"otel.metric.overflow", "true"}}), 41.0);
        QCOMPARE(valueOf(all, metric->name, {{"cache_type", "c0"}}), 2.0);
    }

    void thereIsOneOverflowPointAlsoAfterAPointWasForgotten()
    {
        ManualClock clock;
        MetricRegistry registry(clock, "x", 4);
        const auto record = [&](const char* server) { registry.record(MetricId::ServersDiscovered, {QByteArray(server)}, 1); };
        for (const char* server : {"a", "b", "c", "d", "e"})
            record(server);
        const QByteArray gone = "b";
        registry.remove(MetricId::ServersDiscovered, std::span(&gone, 1));
        for (const char* server : {"f", "g", "h"})
            record(server);
        const auto all = registry.collect();
        const MetricData* metric = find(all, "x_servers_discovered_total");
        QCOMPARE(metric->numbers.size(), std::size_t(4));
        double overflow = 0;
        int overflows = 0;
        for (const NumberPoint& point : metric->numbers) {
            if (findAttribute(point.attributes, "otel.metric.overflow") != nullptr) {
                ++overflows;
                overflow = point.value;
                QCOMPARE(point.attributes.size(), std::size_t(1));
            }
        }
        QCOMPARE(overflows, 1);
        QCOMPARE(overflow, 4.0); // d and e, then g and h
    }

    void exemplarsFollowTheirFilter()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        const auto exemplars = [&] { return find(registry.collect(true), "errors_total")->numbers[0].exemplars; };
        registry.record(MetricId::Errors, {"timeout"}, 1);
        QVERIFY(exemplars().empty());
        registry.setExemplarFilter(ExemplarFilter::AlwaysOff);
        registry.record(MetricId::Errors, {"timeout"}, 1, {{1, 2}, {3}});
        QVERIFY(exemplars().empty());
        registry.setExemplarFilter(ExemplarFilter::AlwaysOn);
        registry.record(MetricId::Errors, {"timeout"}, 1);
        QCOMPARE(exemplars().size(), std::size_t(1));
        QVERIFY(!exemplars()[0].traceId.isValid());
        QVERIFY(find(registry.collect(), "errors_total")->numbers[0].exemplars.empty());
        registry.setExemplarFilter(ExemplarFilter::TraceBased);
        registry.record(MetricId::Errors, {"timeout"}, 1, {{1, 2}, {3}});
        QCOMPARE(exemplars()[0].spanId, SpanId{3});
    }

    void aForgottenPointLeavesTheOthersAlone()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        for (const char* name : {"a", "b", "c"})
            registry.record(MetricId::ServerStatus, {QByteArray(name)}, 1);
        const QByteArray gone("b");
        registry.remove(MetricId::ServerStatus, std::span(&gone, 1));
        registry.record(MetricId::ServerStatus, {"c"}, 0);
        const auto all = registry.collect();
        QCOMPARE(find(all, "server_status")->numbers.size(), std::size_t(2));
        QCOMPARE(valueOf(all, "server_status", {{"server", "a"}}), 1.0);
        QCOMPARE(valueOf(all, "server_status", {{"server", "c"}}), 0.0);
        registry.clear(MetricId::ServerStatus);
        QVERIFY(find(registry.collect(), "server_status") == nullptr);
    }

    void theLastCallOfABucketIsItsExemplar()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        registry.record(MetricId::ToolLatency, {"s", "t"}, 0.4, {{1, 1}, {1}});
        registry.record(MetricId::ToolLatency, {"s", "t"}, 0.45, {{2, 2}, {2}});
        registry.record(MetricId::ToolLatency, {"s", "t"}, 3.0, {{3, 3}, {3}});
        registry.record(MetricId::ToolLatency, {"s", "t"}, 0.3);
        const auto all = registry.collect();
        const auto& exemplars = find(all, "tool_latency_seconds")->histograms[0].exemplars;
        QCOMPARE(exemplars.size(), std::size_t(2));
        QCOMPARE(exemplars[0].traceId, (TraceId{2, 2}));
        QCOMPARE(exemplars[0].value, 0.45);
        QCOMPARE(exemplars[1].spanId, SpanId{3});
    }

    void aSuccessfulToolCallIsCountedEverywhereItBelongs()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        CallInstruments(registry).record(toolCall());
        const auto all = registry.collect();
        QCOMPARE(valueOf(all, "mcp_gateway_tool_calls_total",
                         {{"server_name", "weather"}, {"tool_name", "get"}, {"project_id", "apollo"}}),
                 1.0);
        QCOMPARE(valueOf(all, "mcp_gateway_tool_call_success_total", {{"server_name", "weather"}, {"tool_name", "get"}}), 1.0);
        QVERIFY(find(all, "mcp_gateway_tool_call_failure_total") == nullptr);
        QVERIFY(find(all, "errors_total") == nullptr);
        QCOMPARE(countOf(all, "mcp_gateway_tool_call_duration_seconds"), std::uint64_t(1));
        QCOMPARE(countOf(all, "tool_latency_seconds"), std::uint64_t(1));
        QCOMPARE(countOf(all, "oriel_gateway_overhead_seconds"), std::uint64_t(1));
        QCOMPARE(valueOf(all, "tokens_total", {{"direction", "input"}, {"server", "weather"}, {"tool", "get"}}), 10.0);
        QCOMPARE(valueOf(all, "tokens_total", {{"direction", "output"}, {"server", "weather"}, {"tool", "get"}}), 101.0);

        const HistogramPoint& client = find(all, "mcp.client.operation.duration")->histograms[0];
        QCOMPARE(*findAttribute(client.attributes, "mcp.method.name")->text(), QByteArray("tools/call"));
        QCOMPARE(*findAttribute(client.attributes, "gen_ai.tool.name")->text(), QByteArray("get"));
        QCOMPARE(*findAttribute(client.attributes, "gen_ai.operation.name")->text(), QByteArray("execute_tool"));
        QCOMPARE(*findAttribute(client.attributes, "network.transport")->text(), QByteArray("tcp"));
        QCOMPARE(*findAttribute(client.attributes, "server.address")->text(), QByteArray("localhost"));
        QCOMPARE(std::get<std::int64_t>(findAttribute(client.attributes, "server.port")->value), std::int64_t(9000));
        QVERIFY(findAttribute(client.attributes, "error.type") == nullptr);
        QVERIFY(qFuzzyCompare(client.sum, 0.02));
        const HistogramPoint& server = find(all, "mcp.server.operation.duration")->histograms[0];
        QVERIFY(findAttribute(server.attributes, "server.address") == nullptr);
        QCOMPARE(*findAttribute(server.attributes, "mcp.protocol.version")->text(), QByteArray("2025-06-18"));
        QVERIFY(qFuzzyCompare(server.sum, 0.03));
        QCOMPARE(server.exemplars.size(), std::size_t(1));
        QCOMPARE(server.exemplars[0].traceId, (TraceId{1, 2}));
    }

    void aFailedToolCallIsCountedByWhatFailed_data()
    {
        QTest::addColumn<int>("outcome");
        QTest::addColumn<QByteArray>("errorType");
        QTest::addColumn<bool>("broken");
        QTest::newRow("tool error") << static_cast<int>(Outcome::ToolError) << QByteArray("tool_error") << false;
        QTest::newRow("timeout") << static_cast<int>(Outcome::Timeout) << QByteArray("timeout") << true;
        QTest::newRow("unavailable") << static_cast<int>(Outcome::Unavailable) << QByteArray("unavailable") << true;
        QTest::newRow("cancelled") << static_cast<int>(Outcome::Cancelled) << QByteArray("cancelled") << false;
    }
    void aFailedToolCallIsCountedByWhatFailed()
    {
        QFETCH(int, outcome);
        QFETCH(QByteArray, errorType);
        QFETCH(bool, broken);
        ManualClock clock;
        MetricRegistry registry(clock);
        CallInstruments(registry).record(toolCall(static_cast<Outcome>(outcome)));
        const auto all = registry.collect();
        QCOMPARE(valueOf(all, "mcp_gateway_tool_call_failure_total",
                         {{"server_name", "weather"}, {"tool_name", "get"}, {"error_type", errorType}}),
                 1.0);
        QCOMPARE(valueOf(all, "mcp_gateway_tool_call_errors_total", {{"server_name", "weather"}, {"error_type", errorType}}),
                 broken ? 1.0 : -1.0);
        QCOMPARE(valueOf(all, "errors_total", {{"category", errorType}}), 1.0);
        QVERIFY(find(all, "mcp_gateway_tool_call_success_total") == nullptr);
    }

    void aBlockedCallIsNeitherSuccessNorFailure()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        CallRecord call = toolCall(Outcome::Blocked);
        call.hops.clear();
        call.guardrails.push_back({"secret", false, 0, 1000, "aws-key", "block", 1});
        call.guardrails.push_back({"pii", true, 0, 1000, "e-mail", "redact", 3});
        call.guardrails.push_back({"relevancy", true, 0, 1000, "irrelevant", "observe", 1});
        call.guardrails.push_back({"toxicity", true, 0, 1000, {}, {}, 0});
        CallInstruments(registry).record(call);
        const auto all = registry.collect();
        QCOMPARE(valueOf(all, "mcp_gateway_tool_call_blocked_total",
                         {{"server_name", "weather"}, {"tool_name", "get"}, {"reason", "aws-key"}}),
                 1.0);
        QVERIFY(find(all, "mcp_gateway_tool_call_failure_total") == nullptr);
        QVERIFY(find(all, "mcp_gateway_tool_call_duration_seconds") == nullptr);
        QCOMPARE(valueOf(all, "mcp_gateway_guardrail_violations_total",
                         {{"violation_type", "aws-key"}, {"server_name", "weather"}, {"detector", "secret"}}),
                 1.0);
        QCOMPARE(valueOf(all, "mcp_gateway_input_guardrail_violations_total",
                         {{"violation_type", "aws-key"}, {"server_name", "weather"}}),
                 1.0);
        QCOMPARE(valueOf(all, "mcp_gateway_output_guardrail_violations_total",
                         {{"violation_type", "e-mail"}, {"server_name", "weather"}}),
                 1.0);
        QCOMPARE(valueOf(all, "mcp_gateway_pii_redactions_total", {{"server_name", "weather"}, {"pii_type", "e-mail"}}), 3.0);
        QCOMPARE(valueOf(all, "mcp_gateway_relevancy_violations_total", {{"server_name", "weather"}, {"tool_name", "get"}}), 1.0);
    }

    void aClientCannotMakeSeriesWithNamesOfItsOwn()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        CallInstruments instruments(registry);
        for (int i = 0; i < 20; ++i) {
            CallRecord call = toolCall(Outcome::Rejected);
            call.hops.clear();
            call.routedServer.reset();
            call.target = "made-up-" + QByteArray::number(i);
            instruments.record(call);
            call.method = "made/up" + QByteArray::number(i);
            call.targetKind = TargetKind::None;
            instruments.record(call);
        }
        const auto all = registry.collect();
        QCOMPARE(find(all, "mcp_gateway_tool_calls_total")->numbers.size(), std::size_t(1));
        QCOMPARE(valueOf(all, "mcp_gateway_tool_calls_total",
                         {{"server_name", "unknown"}, {"tool_name", "unknown"}, {"project_id", "apollo"}}),
                 20.0);
        QCOMPARE(find(all, "mcp.server.operation.duration")->histograms.size(), std::size_t(2));
    }

    void aListOfAllServersIsCountedAndOneOfASingleServerIsNot()
    {
        ManualClock clock;
        MetricRegistry registry(clock);
        CallRecord call = toolCall();
        call.method = "tools/list";
        call.targetKind = TargetKind::None;
        CallInstruments(registry).record(call);
        QVERIFY(find(registry.collect(), "mcp_gateway_list_all_servers_calls_total") == nullptr);
        call.routedServer.reset();
        CallInstruments(registry).record(call);
        QCOMPARE(valueOf(registry.collect(), "mcp_gateway_list_all_servers_calls_total", {{"project_id", "apollo"}}), 1.0);
        QVERIFY(find(registry.collect(), "mcp_gateway_tool_calls_total") == nullptr);
    }
};

QTEST_GUILESS_MAIN(MetricsTest)
#include "tst_metrics.moc"
