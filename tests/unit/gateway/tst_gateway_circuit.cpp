// SPDX-License-Identifier: GPL-3.0-or-later
#include "../upstream/scripted_server.h"
#include "gateway_harness.h"
#include "http/client.h"
#include "telemetry/call_spans.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using namespace std::chrono_literals;
using telemetry::MetricId;
using telemetry::Outcome;
using upstream::CircuitState;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// The system's clock with jumps, so that a cool-down need not be waited for.
class JumpingClock final : public Clock {
public:
    [[nodiscard]] std::int64_t monotonicNs() const override { return systemClock().monotonicNs() + m_aheadNs; }
    [[nodiscard]] std::int64_t unixNs() const override { return systemClock().unixNs() + m_aheadNs; }
    void jumpNs(std::int64_t ns) { m_aheadNs += ns; }

private:
    std::int64_t m_aheadNs = 0;
};

QByteArray attribute(const telemetry::Attributes& attributes, QByteArrayView name)
{
    for (const telemetry::Attribute& each : attributes) {
        if (QByteArrayView(each.key) == name && each.value.text() != nullptr)
            return *each.value.text();
    }
    return {};
}

bool hasEvent(const telemetry::CallRecord& call, QByteArrayView name)
{
    return std::any_of(call.events.cbegin(), call.events.cend(),
                       [&](const auto& event) { return QByteArrayView(event.name) == name; });
}

} // namespace

/// Circuit breakers with real servers that die, hang and come back.
class GatewayCircuitTest : public QObject, private GatewayHarness {
    Q_OBJECT

    JumpingClock m_jumping;
    std::unique_ptr<QTemporaryDir> m_folder;

    /// While this file is there, the server is ill.
    [[nodiscard]] QString illness() const { return m_folder->filePath(QStringLiteral("ill")); }
    void makeIll() const
    {
        QFile file(illness());
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    void heal() const { QVERIFY(QFile::remove(illness())); }

    /// A server that does `what` on a call while it is ill.
    [[nodiscard]] config::Server frail(const char* what) const
    {
        return onCall("notes", QStringLiteral("if [ -e '%1' ]; then %2; else answer \"$line\" '{\"content\":[]}'; fi")
                                   .arg(illness(), QLatin1String(what)));
    }
    void openWith(config::Server server, int failures)
    {
        config::Config configuration;
        configuration.gateway.circuitBreaker.failures = failures;
        configuration.gateway.circuitBreaker.cooldown = 1h;
        configuration.gateway.circuitBreaker.maxCooldown = 24h;
        configuration.gateway.retries.max = 0;
        configuration.servers = {std::move(server)};
        open(configuration);
        QTRY_VERIFY(allReady());
    }
    std::shared_ptr<KeptReply> callTool(const std::shared_ptr<KeptSession>& session)
    {
        return request(session, "tools/call", "{\"name\":\"notes__one\",\"arguments\":{}}");
    }
    [[nodiscard]] upstream::CircuitStatus circuit() const { return m_gateway->serverStatuses().first().circuit; }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_clock = &m_jumping;
        m_http = nullptr;
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QVERIFY2(close(), m_held.constData()); }

    void aServerThatDiedIsNoLongerCalledUntilSomebodyRestartsIt()
    {
        makeIll();
        config::Server server = frail("exit 3");
        server.maxRestarts = 0;
        openWith(server, 3);
        const auto session = openSession();
        for (int i = 0; i < 3; ++i) {
            const auto reply = callTool(session);
            QTRY_COMPARE(reply->finished.size(), 1);
            QCOMPARE(record("tools/call")->outcome, Outcome::Unavailable);
        }
        QVERIFY(hasEvent(*record("tools/call"), "circuit.open"));
        QCOMPARE(circuit().state, CircuitState::Open);

        const auto refused = callTool(session);
        QCOMPARE(refused->finished.size(), 1); // at once
        json::Document answer;
        QVERIFY(answer.parse(refused->finished.first()));
        const json::Value error = answer.root().find("error");
        QCOMPARE(error.find("code").asInt64(), std::optional<std::int64_t>(-32000));
        QVERIFY2(error.find("message").asUtf8().startsWith("The server notes was not called: its circuit breaker has been open"),
                 error.find("message").asUtf8().constData());
        const json::Value data = error.find("data");
        QCOMPARE(data.find("reason").asUtf8(), QByteArray("circuit_open"));
        QCOMPARE(data.find("server").asUtf8(), QByteArray("notes"));
        QCOMPARE(data.find("failures").asInt64(), std::optional<std::int64_t>(3));
        QVERIFY(!data.find("cause").asUtf8().isEmpty() && !data.find("since").asUtf8().isEmpty());
        QVERIFY(data.find("retryAfterMs").asInt64().value_or(0) > 3'500'000);
        const telemetry::CallRecord& call = *record("tools/call");
        QCOMPARE(call.outcome, Outcome::Blocked);
        QCOMPARE(call.errorType, QByteArray("circuit_open"));
        QVERIFY(call.hops.isEmpty());
        QCOMPARE(call.routedServer->name, QByteArray("notes"));
        QCOMPARE(attribute(call.extraAttributes, "gateway.circuit.state"), QByteArray("open"));

        heal();
        m_gateway->restartServer("notes");
        QCOMPARE(circuit().state, CircuitState::Closed);
        const auto reply = callTool(session);
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(record("tools/call")->outcome, Outcome::Ok);
        QCOMPARE(m_recorder.logLines("Circuit breaker open after 3 failures").size(), 1);
        QCOMPARE(m_recorder.logLines("Circuit breaker closed").size(), 1);
    }

    void aServerThatComesBackByItselfIsTriedAtOnce()
    {
        makeIll();
        openWith(frail("exit 3"), 1);
        const auto session = openSession();
        const auto lost = callTool(session);
        QTRY_COMPARE(lost->finished.size(), 1);
        heal();
        QTRY_COMPARE(m_gateway->serverStatuses().first().restarts, 1);
        QTRY_VERIFY(allReady());
        QCOMPARE(circuit().state, CircuitState::Open);
        const auto reply = callTool(session);
        QTRY_COMPARE(reply->finished.size(), 1);
        const telemetry::CallRecord& call = *record("tools/call");
        QCOMPARE(call.outcome, Outcome::Ok);
        QCOMPARE(attribute(call.extraAttributes, "gateway.circuit.state"), QByteArray("half_open"));
        QVERIFY(hasEvent(call, "circuit.half_open") && hasEvent(call, "circuit.closed"));
        QCOMPARE(circuit().state, CircuitState::Closed);
        std::vector<telemetry::SpanData> spans;
        telemetry::appendCallSpans(call, {}, spans);
        QCOMPARE(attribute(spans.front().attributes, "gateway.circuit.state"), QByteArray("half_open"));
        QCOMPARE(spans.front().events.size(), std::size_t(2));
    }

    void aServerThatHangsIsTriedByOneCallAtATimeAndEachTimeLater()
    {
        makeIll();
        config::Server server = frail(":");
        server.timeouts.toolCall = 30s;
        openWith(server, 2);
        const auto session = openSession();
        for (int i = 0; i < 2; ++i) {
            const auto reply = callTool(session);
            m_jumping.jumpNs(31 * kSecond);
            QTRY_COMPARE(reply->finished.size(), 1);
            QCOMPARE(record("tools/call")->outcome, Outcome::Timeout);
        }
        QCOMPARE(callTool(session)->finished.size(), 1);
        m_jumping.jumpNs(3600 * kSecond);
        const auto probe = callTool(session);
        QCOMPARE(probe->finished.size(), 0);
        QCOMPARE(circuit().state, CircuitState::HalfOpen);
        const auto other = callTool(session);
        QCOMPARE(other->finished.size(), 1);
        QVERIFY(other->finished.first().contains("\"state\":\"half_open\""));
        m_jumping.jumpNs(31 * kSecond);
        QTRY_COMPARE(probe->finished.size(), 1);
        QCOMPARE(circuit().state, CircuitState::Open);
        m_jumping.jumpNs(3600 * kSecond);
        QVERIFY(callTool(session)->finished.first().contains("circuit_open")); // two hours now
        m_jumping.jumpNs(3600 * kSecond);
        heal();
        const auto healed = callTool(session);
        QTRY_COMPARE(healed->finished.size(), 1);
        QCOMPARE(record("tools/call")->outcome, Outcome::Ok);
        QCOMPARE(circuit().state, CircuitState::Closed);
    }

    void aCancelledProbeLeavesItToTheNextCall()
    {
        makeIll();
        config::Server server = frail(":");
        server.timeouts.toolCall = 30s;
        openWith(server, 1);
        const auto session = openSession();
        const auto lost = callTool(session);
        m_jumping.jumpNs(31 * kSecond);
        QTRY_COMPARE(lost->finished.size(), 1);
        m_jumping.jumpNs(3600 * kSecond);
        const auto probe = callTool(session);
        QCOMPARE(circuit().state, CircuitState::HalfOpen);
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"id-1\"}}");
        QCOMPARE(circuit().state, CircuitState::Open);
        const auto next = callTool(session);
        QCOMPARE(next->finished.size(), 0);
        QCOMPARE(circuit().state, CircuitState::HalfOpen);
    }

    void errorsThatAServerAnswersAreNoFailures()
    {
        openWith(onCall("notes", QStringLiteral("id=$(printf '%s\\n' \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/'); "
                                                "printf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32603,"
                                                "\"message\":\"no\"}}\\n' \"$id\"")),
                 1);
        const auto session = openSession();
        for (int i = 0; i < 3; ++i) {
            const auto reply = callTool(session);
            QTRY_COMPARE(reply->finished.size(), 1);
            QCOMPARE(record("tools/call")->outcome, Outcome::RpcError);
        }
        QCOMPARE(circuit().state, CircuitState::Closed);
    }

    void anHttpStatusCountsWhenItTellsThatTheServerIsNotThere_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<bool>("opens");
        QTest::newRow("503") << 503 << true;
        QTest::newRow("500") << 500 << true;
        QTest::newRow("401") << 401 << false;
        QTest::newRow("403") << 403 << false;
        QTest::newRow("429") << 429 << false;
    }
    void anHttpStatusCountsWhenItTellsThatTheServerIsNotThere()
    {
        QFETCH(int, status);
        QFETCH(bool, opens);
        ScriptedServer peer;
        peer.script = [&](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ToolsCall)
                return false;
            exchange.respond(http::Response::text(status, "busy"));
            return true;
        };
        http::Client client({}, m_jumping);
        m_http = &client;
        config::Server server;
        server.name = QStringLiteral("notes");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = peer.url();
        server.era = config::Era::Legacy;
        openWith(server, 2);
        const auto session = openSession();
        for (int i = 0; i < 2; ++i) {
            const auto reply = callTool(session);
            QTRY_COMPARE(reply->finished.size(), 1);
        }
        QCOMPARE(circuit().state, opens ? CircuitState::Open : CircuitState::Closed);
        QVERIFY2(close(), m_held.constData());
    }

    void aBreakerThatIsSwitchedOffNeverRefuses()
    {
        makeIll();
        config::Server server = frail("exit 3");
        server.maxRestarts = 0;
        server.circuitBreaker.enabled = false;
        openWith(server, 1);
        const auto session = openSession();
        for (int i = 0; i < 4; ++i) {
            const auto reply = callTool(session);
            QTRY_COMPARE(reply->finished.size(), 1);
            QCOMPARE(record("tools/call")->outcome, Outcome::Unavailable);
        }
        QVERIFY(!circuit().enabled);
    }

    void otherSettingsOfABreakerRestartNothing()
    {
        config::Config configuration;
        configuration.servers = {frail("exit 3")};
        open(configuration);
        QTRY_VERIFY(allReady());
        const qint64 pid = m_gateway->serverStatuses().first().pid;
        configuration.servers.first().circuitBreaker.failures = 1;
        configuration.servers.first().retries.max = 0;
        QVERIFY(m_gateway->apply(configuration));
        QCOMPARE(m_gateway->serverStatuses().first().pid, pid);
        makeIll();
        const auto session = openSession();
        const auto reply = callTool(session);
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(circuit().failures, 1);
        QCOMPARE(circuit().state, CircuitState::Open);
    }
};

QTEST_GUILESS_MAIN(GatewayCircuitTest)
#include "tst_gateway_circuit.moc"
