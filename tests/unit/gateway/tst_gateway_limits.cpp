// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"
#include "telemetry/call_spans.h"

#include <QSignalSpy>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using telemetry::MetricId;
using telemetry::Outcome;
using telemetry::Stage;

namespace {

config::Limit limitFor(config::LimitScope scope, const char* name)
{
    config::Limit limit;
    limit.scope = scope;
    limit.name = QString::fromLatin1(name);
    return limit;
}

const telemetry::StageTiming& stage(const telemetry::CallRecord& call, Stage which)
{
    return call.stages[static_cast<std::size_t>(which)];
}

} // namespace

/// Rates, quotas and queues, through the gateway.
class GatewayLimitsTest : public QObject, private GatewayHarness {
    Q_OBJECT

    void openWith(const QList<config::Limit>& limits)
    {
        config::Config configuration;
        configuration.servers = {named(programServer(builtProgram(QStringLiteral("oriel-echo-server"))), "alpha")};
        configuration.limits = limits;
        open(configuration);
        QTRY_VERIFY(allReady());
    }
    std::shared_ptr<KeptReply> echo(const std::shared_ptr<KeptSession>& session)
    {
        return request(session, "tools/call", "{\"name\":\"alpha__echo\",\"arguments\":{\"text\":\"hi\"}}");
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(close(), m_held.constData()); }

    void aClientThatCallsTooOftenIsToldWhenToComeBack()
    {
        config::Limit limit = limitFor(config::LimitScope::Client, "*");
        limit.callsPerSecond = 0.001;
        limit.burst = 1;
        openWith({limit});
        const auto session = openSession({.token = "claude"});
        const auto first = echo(session);
        QTRY_COMPARE(first->finished.size(), 1);
        QCOMPARE(record("tools/call")->outcome, Outcome::Ok);

        const auto refused = echo(session);
        QCOMPARE(refused->finished.size(), 1);
        json::Document answer;
        QVERIFY(answer.parse(refused->finished.first()));
        QCOMPARE(answer.root().find("id").asUtf8(), QByteArray("id-1"));
        const json::Value error = answer.root().find("error");
        QCOMPARE(error.find("code").asInt64(), std::optional<std::int64_t>(-32000));
        QVERIFY(error.find("message").asUtf8().startsWith("The limit of client claude is reached (callsPerSecond = 0.001)."));
        const json::Value data = error.find("data");
        QCOMPARE(data.find("reason").asUtf8(), QByteArray("rate_limited"));
        QCOMPARE(data.find("scope").asUtf8(), QByteArray("client"));
        QCOMPARE(data.find("name").asUtf8(), QByteArray("claude"));
        QVERIFY(data.find("retryAfterMs").asInt64().value_or(0) > 900'000);

        const telemetry::CallRecord& call = *record("tools/call");
        QCOMPARE(call.outcome, Outcome::Blocked);
        QCOMPARE(call.errorType, QByteArray("rate_limited"));
        QCOMPARE(call.httpStatus, 200);
        QVERIFY(call.hops.isEmpty());
        std::vector<telemetry::SpanData> spans;
        telemetry::appendCallSpans(call, {}, spans);
        const telemetry::AnyValue* attribute = telemetry::findAttribute(spans.front().attributes, "gateway.limit");
        QVERIFY(attribute != nullptr && attribute->text() != nullptr);
        QCOMPARE(*attribute->text(), QByteArray("callsPerSecond"));

        const auto other = echo(openSession({.token = "cursor"}));
        QTRY_COMPARE(other->finished.size(), 1);
        QCOMPARE(record("tools/call")->outcome, Outcome::Ok);
    }

    void aQuotaOfAToolIsUsedUpByAllItsClients()
    {
        config::Limit limit = limitFor(config::LimitScope::Tool, "alpha__echo");
        limit.callsPerDay = 1;
        openWith({limit});
        const auto first = echo(openSession({.token = "claude"}));
        QTRY_COMPARE(first->finished.size(), 1);
        const auto alone = openSession({.server = "alpha", .token = "cursor"});
        const auto refused = request(alone, "tools/call", "{\"name\":\"echo\",\"arguments\":{\"text\":\"hi\"}}");
        QCOMPARE(refused->finished.size(), 1);
        QVERIFY2(refused->finished.first().contains("\"reason\":\"quota_exceeded\"") &&
                     refused->finished.first().contains("\"resetsAt\":"),
                 refused->finished.first().constData());
        QCOMPARE(record("tools/call")->errorType, QByteArray("quota_exceeded"));
    }

    void theTokensOfAnAnswerCount()
    {
        config::Limit limit = limitFor(config::LimitScope::Server, "alpha");
        limit.tokensPerDay = 1'000'000;
        openWith({limit});
        const auto reply = echo(openSession());
        QTRY_COMPARE(reply->finished.size(), 1);
        const std::vector<LimitUse> uses = m_gateway->limitUse();
        QCOMPARE(uses.size(), std::size_t(1));
        // {"text":"hi"} and {"content":[{"type":"text","text":"hi"}]}
        QCOMPARE(uses[0].used, 4.0 + 11.0);
    }

    void aCallInFlightHoldsItsPlaceUntilItIsCancelled()
    {
        config::Limit limit = limitFor(config::LimitScope::Client, "*");
        limit.concurrency = 1;
        config::Config configuration;
        configuration.servers = {onCall("notes", QStringLiteral(":"))};
        configuration.limits = {limit};
        open(configuration);
        QTRY_VERIFY(allReady());
        const auto session = openSession();
        const QByteArray params = "{\"name\":\"notes__one\",\"arguments\":{}}";
        const auto first = request(session, "tools/call", params, "1");
        const auto second = request(session, "tools/call", params, "2");
        QCOMPARE(first->finished.size(), 0);
        QVERIFY(second->finished.first().contains("\"limit\":\"concurrency\""));
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
        QCOMPARE(request(session, "tools/call", params, "3")->finished.size(), 0);
    }

    void whatIsUsedIsReportedAndGauged()
    {
        config::Limit limit = limitFor(config::LimitScope::Project, "default");
        limit.callsPerHour = 4;
        openWith({limit});
        QSignalSpy reported(m_gateway.get(), &Gateway::limitsChanged);
        const auto reply = echo(openSession());
        QTRY_COMPARE(reply->finished.size(), 1);
        QTRY_VERIFY(std::any_of(m_recorder.metrics.cbegin(), m_recorder.metrics.cend(), [](const auto& point) {
            return point.metric == MetricId::LimitUtilization && point.label == "project" && point.value == 0.25;
        }));
        QVERIFY(reported.count() > 0);
        QCOMPARE(m_gateway->quotas().size(), 1);
    }

    void aCallThatWaitsForItsServersOtherCallsShowsTheWait()
    {
        config::Server server = onCall("notes", QStringLiteral("sleep 0.1; answer \"$line\" '{\"content\":[]}'"));
        server.concurrency = 1;
        open(QList<config::Server>{server});
        QTRY_VERIFY(allReady());
        const auto session = openSession();
        const QByteArray params = "{\"name\":\"notes__one\",\"arguments\":{}}";
        const auto first = request(session, "tools/call", params, "1");
        const auto second = request(session, "tools/call", params, "2");
        QCOMPARE(m_gateway->serverStatuses().first().queued, 1);
        QTRY_COMPARE(second->finished.size(), 1);
        QCOMPARE(m_gateway->serverStatuses().first().queued, 0);
        const telemetry::CallRecord& waited = *record("tools/call");
        QCOMPARE(waited.jsonrpcId, QByteArray("2"));
        QVERIFY(stage(waited, Stage::Queue).offsetNs >= 0);
        QVERIFY(stage(waited, Stage::Queue).durationNs > 0);
        QVERIFY(waited.hops.first().offsetNs >= stage(waited, Stage::Queue).offsetNs + stage(waited, Stage::Queue).durationNs);
        const telemetry::CallRecord& went = m_recorder.calls[m_recorder.calls.size() - 2];
        QCOMPARE(went.jsonrpcId, QByteArray("1"));
        QVERIFY(stage(went, Stage::Queue).offsetNs < 0);
        std::vector<telemetry::SpanData> spans;
        telemetry::appendCallSpans(waited, {}, spans);
        const auto span = std::find_if(spans.cbegin(), spans.cend(), [](const auto& one) { return one.name == "gateway.queue"; });
        QVERIFY(span != spans.cend());
        QCOMPARE(span->parentSpanId.value, telemetry::stageSpanId(waited.spanId, Stage::Forward).value);
    }

    void clientsTakeTurnsAtABusyServer()
    {
        config::Server server = onCall("notes", QStringLiteral("answer \"$line\" '{\"content\":[]}'"));
        server.concurrency = 1;
        server.start = config::StartMode::OnFirstUse;
        open(QList<config::Server>{server});
        const auto greedy = openSession({.token = "greedy"});
        const auto modest = openSession({.token = "modest"});
        const QByteArray params = "{\"name\":\"notes__one\",\"arguments\":{}}";
        std::vector<std::shared_ptr<KeptReply>> many;
        for (int i = 0; i < 30; ++i)
            many.push_back(request(greedy, "tools/call", params, QByteArray::number(i)));
        const auto one = request(modest, "tools/call", params, "1000");
        QTRY_COMPARE(many.back()->finished.size(), 1);
        QCOMPARE(one->finished.size(), 1);
        QList<QByteArray> order;
        for (const telemetry::CallRecord& call : m_recorder.calls) {
            if (call.method == "tools/call")
                order.append(call.jsonrpcId);
        }
        QCOMPARE(order.size(), 31);
        QCOMPARE(order.indexOf("1000"), 1);
        QCOMPARE(order.last(), QByteArray("29"));
    }
};

QTEST_GUILESS_MAIN(GatewayLimitsTest)
#include "tst_gateway_limits.moc"
