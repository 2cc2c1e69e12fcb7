// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"
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

namespace {

/// Whatever is drawn below the longest delay of five seconds comes out as four; ids are as random as ever.
class LongDelays final : public Random {
public:
    std::uint64_t next64() override { return systemRandom().next64() / kModulus / 2 * kModulus + 4'000'000'000ULL; }
    QByteArray secureBytes(int count) override { return systemRandom().secureBytes(count); }

private:
    static constexpr std::uint64_t kModulus = 5'000'000'001ULL;
};

std::optional<std::int64_t> number(const telemetry::Attributes& attributes, QByteArrayView name)
{
    const telemetry::AnyValue* value = telemetry::findAttribute(attributes, name);
    const auto* whole = value != nullptr ? std::get_if<std::int64_t>(&value->value) : nullptr;
    return whole != nullptr ? std::optional(*whole) : std::nullopt;
}

} // namespace

/// Second tries, with real servers that die on the first.
class GatewayRetriesTest : public QObject, private GatewayHarness {
    Q_OBJECT

    LongDelays m_longDelays;
    std::unique_ptr<QTemporaryDir> m_folder;

    /// Once: `exit` unless it happened before.
    [[nodiscard]] QString dieOnce() const
    {
        return QStringLiteral("if [ ! -e '%1' ]; then : > '%1'; exit 3; fi").arg(m_folder->filePath(QStringLiteral("died")));
    }
    /// A server with a tool of these annotations, a prompt and a resource, that dies on the first request for one of them.
    [[nodiscard]] config::Server frail(const char* annotations = "{}") const
    {
        const QString script =
            QStringLiteral(
                "initialized='{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},\"prompts\":{},"
                "\"resources\":{}},\"serverInfo\":{\"name\":\"script\",\"version\":\"1\"}}'\n"
                "handshake\nwhile read -r line; do\ncase \"$line\" in\n"
                "*tools/list*) answer \"$line\" '{\"tools\":[{\"name\":\"one\",\"inputSchema\":{},\"annotations\":%1}]}';;\n"
                "*prompts/list*) answer \"$line\" '{\"prompts\":[{\"name\":\"p\"}]}';;\n"
                "*templates/list*) answer \"$line\" '{\"resourceTemplates\":[]}';;\n"
                "*resources/list*) answer \"$line\" '{\"resources\":[{\"uri\":\"a://b\",\"name\":\"b\"}]}';;\n"
                "*tools/call*|*prompts/get*|*resources/read*) %2; answer \"$line\" '{\"content\":[]}';;\n"
                "esac\ndone")
                .arg(QLatin1String(annotations), dieOnce());
        return named(scriptServer(script), "notes");
    }
    void openWith(config::Server server, std::chrono::milliseconds delay = 5ms)
    {
        config::Config configuration;
        configuration.gateway.retries.delay = delay;
        configuration.servers = {std::move(server)};
        open(configuration);
    }
    std::shared_ptr<KeptReply> callTool(const std::shared_ptr<KeptSession>& session)
    {
        return request(session, "tools/call", "{\"name\":\"notes__one\",\"arguments\":{}}");
    }
    [[nodiscard]] qsizetype requestsSent(QByteArrayView method) const
    {
        return std::count_if(m_recorder.wire.cbegin(), m_recorder.wire.cend(), [&](const telemetry::WireFrame& frame) {
            return frame.direction == telemetry::WireDirection::GatewayToServer && QByteArrayView(frame.method) == method;
        });
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_random = &systemRandom();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QVERIFY2(close(), m_held.constData()); }

    void whatOnlyReadsIsAskedAgainWhenItsServerDied_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("params");
        QTest::newRow("resource") << QByteArray("resources/read") << QByteArray("{\"uri\":\"a://b\"}");
        QTest::newRow("prompt") << QByteArray("prompts/get") << QByteArray("{\"name\":\"notes__p\"}");
    }
    void whatOnlyReadsIsAskedAgainWhenItsServerDied()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, params);
        openWith(frail());
        QTRY_VERIFY(allReady());
        const auto reply = request(openSession(), method, params);
        QTRY_COMPARE(reply->finished.size(), 1);
        QVERIFY2(reply->finished.first().contains("\"result\""), reply->finished.first().constData());

        const telemetry::CallRecord& call = *record(method);
        QCOMPARE(call.outcome, Outcome::Ok);
        QCOMPARE(call.hops.size(), 2);
        QCOMPARE(call.hops[0].errorType, QByteArray("unavailable"));
        QCOMPARE(call.hops[0].attempt, quint16(0));
        QCOMPARE(call.hops[1].errorType, QByteArray());
        QCOMPARE(call.hops[1].attempt, quint16(1));
        QVERIFY(call.hops[0].spanId.value != call.hops[1].spanId.value);
        QVERIFY(call.hops[0].jsonrpcId != call.hops[1].jsonrpcId);
        QVERIFY(call.hops[1].offsetNs >= call.hops[0].offsetNs + call.hops[0].durationNs);
        QCOMPARE(m_recorder.sum(MetricId::Retries, "notes"), 1.0);

        std::vector<telemetry::SpanData> spans;
        telemetry::appendCallSpans(call, {}, spans);
        QCOMPARE(spans.front().events.size(), std::size_t(1));
        QCOMPARE(spans.front().events[0].name, QByteArray("retry"));
        QCOMPARE(number(spans.front().events[0].attributes, "gateway.attempt"), std::optional<std::int64_t>(1));
        std::vector<std::optional<std::int64_t>> attempts;
        for (const telemetry::SpanData& span : spans) {
            if (span.kind == telemetry::SpanKind::Client)
                attempts.push_back(number(span.attributes, "gateway.attempt"));
        }
        QCOMPARE(attempts, (std::vector<std::optional<std::int64_t>>{std::nullopt, 1}));
        // The second request carries the second span to the server.
        QCOMPARE(requestsSent(method), 2);
        QVERIFY(m_recorder.wirePayloads(telemetry::WireKind::Request).last().contains(call.hops[1].spanId.toHex()));
    }

    void aToolIsCalledOnceUnlessTheUserTrustsItsAnnotations_data()
    {
        QTest::addColumn<QByteArray>("annotations");
        QTest::addColumn<bool>("trusted");
        QTest::addColumn<bool>("again");
        QTest::newRow("no annotations") << QByteArray("{}") << true << false;
        QTest::newRow("read-only, not trusted") << QByteArray("{\"readOnlyHint\":true}") << false << false;
        QTest::newRow("read-only") << QByteArray("{\"readOnlyHint\":true}") << true << true;
        QTest::newRow("idempotent") << QByteArray("{\"idempotentHint\":true}") << true << true;
    }
    void aToolIsCalledOnceUnlessTheUserTrustsItsAnnotations()
    {
        QFETCH(QByteArray, annotations);
        QFETCH(bool, trusted);
        QFETCH(bool, again);
        config::Server server = frail(annotations.constData());
        server.retries.tools = trusted ? config::ToolRetries::Annotated : config::ToolRetries::Never;
        openWith(server);
        QTRY_VERIFY(allReady());
        const auto reply = callTool(openSession());
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(record("tools/call")->outcome, again ? Outcome::Ok : Outcome::Unavailable);
        QCOMPARE(record("tools/call")->hops.size(), again ? 2 : 1);
        QCOMPARE(requestsSent("tools/call"), again ? 2 : 1);
    }

    void aCallThatWasNeverSentIsSentAgainWhateverItDoes()
    {
        config::Server server = named(scriptServer(dieOnce() + QStringLiteral("\nhandshake\nserve")), "notes");
        server.start = config::StartMode::OnFirstUse;
        openWith(server);
        const auto reply = callTool(openSession());
        QTRY_COMPARE(reply->finished.size(), 1);
        const telemetry::CallRecord& call = *record("tools/call");
        QCOMPARE(call.outcome, Outcome::Ok);
        QCOMPARE(call.hops.size(), 2);
        QCOMPARE(call.hops[1].attempt, quint16(1));
        QCOMPARE(requestsSent("tools/call"), 1);
    }

    void retriesThatAreSwitchedOffAreNone()
    {
        config::Server server = frail();
        server.retries.max = 0;
        openWith(server);
        QTRY_VERIFY(allReady());
        const auto reply = request(openSession(), "resources/read", "{\"uri\":\"a://b\"}");
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(record("resources/read")->outcome, Outcome::Unavailable);
        QCOMPARE(requestsSent("resources/read"), 1);
    }

    void aCallThatTheClientHasSeenProgressOfIsNotSentAgain()
    {
        const QString progress =
            QStringLiteral("token=$(printf '%s\\n' \"$line\" | sed 's/.*\"progressToken\":\\([0-9]*\\).*/\\1/'); "
                           "printf '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":%s,"
                           "\"progress\":1}}\\n' \"$token\"; ");
        config::Server server = frail();
        server.args.last().replace(QStringLiteral("*resources/read*) "), QStringLiteral("*resources/read*) ") + progress);
        openWith(server);
        QTRY_VERIFY(allReady());
        const auto reply = request(openSession(), "resources/read", "{\"uri\":\"a://b\",\"_meta\":{\"progressToken\":\"mine\"}}");
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(reply->notified.size(), 1);
        QCOMPARE(record("resources/read")->outcome, Outcome::Unavailable);
        QCOMPARE(requestsSent("resources/read"), 1);
    }

    void aCallThatIsCancelledBeforeItsRetryIsNotSentAgain()
    {
        m_random = &m_longDelays;
        openWith(frail(), 60s);
        QTRY_VERIFY(allReady());
        const auto session = openSession();
        const auto reply = request(session, "resources/read", "{\"uri\":\"a://b\"}");
        QTRY_COMPARE(m_recorder.sum(MetricId::Retries, "notes"), 1.0);
        QVERIFY(reply->finished.isEmpty());
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"id-1\"}}");
        const telemetry::CallRecord& call = *record("resources/read");
        QCOMPARE(call.outcome, Outcome::Cancelled);
        QCOMPARE(call.hops.size(), 1);
        QCOMPARE(call.hops[0].errorType, QByteArray("unavailable"));
        QCOMPARE(requestsSent("resources/read"), 1);
    }

    void aRetryThatWouldComeAfterTheTimeOutIsNotMade()
    {
        m_random = &m_longDelays;
        config::Server server = frail();
        server.timeouts.toolCall = 3'900ms;
        openWith(server, 60s);
        QTRY_VERIFY(allReady());
        const auto reply = request(openSession(), "resources/read", "{\"uri\":\"a://b\"}");
        QTRY_COMPARE(reply->finished.size(), 1);
        QCOMPARE(record("resources/read")->outcome, Outcome::Unavailable);
        QCOMPARE(m_recorder.sum(MetricId::Retries, "notes"), 0.0);
    }
};

QTEST_GUILESS_MAIN(GatewayRetriesTest)
#include "tst_gateway_retries.moc"
