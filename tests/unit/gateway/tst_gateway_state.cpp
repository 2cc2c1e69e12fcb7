// SPDX-License-Identifier: GPL-3.0-or-later
#include "../../support/recording_recorder.h"
#include "base/random.h"
#include "gateway/calls/call_recording.h"
#include "gateway/calls/open_calls.h"
#include "gateway/subscriptions/subscriptions.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using telemetry::Outcome;

namespace {

class SilentSession final : public downstream::Session {
public:
    void send(const QByteArray& /*frame*/) override {}
    [[nodiscard]] bool isReachable() const override { return true; }
    void close() override {}
};

mcp::Message message(const QByteArray& text)
{
    json::Document document;
    const auto read = mcp::readMessage(text, document);
    return read ? *read : mcp::Message();
}

downstream::Incoming incoming(const QByteArray& text)
{
    downstream::Incoming in;
    in.session = std::make_shared<SilentSession>();
    in.session->client = std::make_shared<telemetry::ClientContext>();
    in.message = message(text);
    return in;
}

const QByteArray kCall = "{\"jsonrpc\":\"2.0\",\"id\":\"c-1\",\"method\":\"tools/call\",\"params\":{\"name\":\"a__echo\","
                         "\"arguments\":{\"text\":\"x\"}}}";
const QByteArray kMeta = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
const QByteArray kHeader = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

QByteArray callWithMeta()
{
    return QByteArray(kCall).replace("\"arguments\"",
                                     "\"_meta\":{\"traceparent\":\"" + kMeta + "\",\"tracestate\":\"v=1\"},\"arguments\"");
}

} // namespace

class GatewayStateTest : public QObject {
    Q_OBJECT

    SeededRandom m_random{5};

private Q_SLOTS:
    void theServerIsToldUntilItAcceptsAndOfTheLastSubscriber()
    {
        Subscriptions subscriptions;
        const SilentSession one;
        const SilentSession two;
        QVERIFY(subscriptions.add("s", "u", &one));
        QVERIFY(subscriptions.add("s", "u", &two));
        subscriptions.accept("s", "u");
        QVERIFY(!subscriptions.add("s", "u", &one));
        QVERIFY(!subscriptions.add("s", "u", &two));
        QVERIFY(subscriptions.add("other", "u", &two));
        QCOMPARE(subscriptions.of("s", "u"), (QSet<const void*>{&one, &two}));
        QVERIFY(!subscriptions.remove("s", "u", &one));
        QVERIFY(!subscriptions.remove("s", "u", &one));
        QVERIFY(subscriptions.remove("s", "u", &two));
        QVERIFY(subscriptions.of("s", "u").isEmpty());
        QVERIFY(!subscriptions.remove("s", "u", &two));
        subscriptions.accept("s", "u");
        QVERIFY(subscriptions.add("s", "u", &two));
    }
    void aServerThatCameBackHasToAcceptAnew()
    {
        Subscriptions subscriptions;
        const SilentSession one;
        subscriptions.add("s", "u", &one);
        subscriptions.accept("s", "u");
        QCOMPARE(subscriptions.reopen("other"), QList<QByteArray>());
        QVERIFY(!subscriptions.add("s", "u", &one));
        QCOMPARE(subscriptions.reopen("s"), QList<QByteArray>{"u"});
        QVERIFY(subscriptions.add("s", "u", &one));
    }
    void aSessionThatGoesLeavesWhatNobodyElseWants()
    {
        Subscriptions subscriptions;
        const SilentSession one;
        const SilentSession two;
        subscriptions.add("s", "shared", &one);
        subscriptions.add("s", "shared", &two);
        subscriptions.add("s", "own", &one);
        QCOMPARE(subscriptions.removeSession(&one), (QList<Subscriptions::Key>{{"s", "own"}}));
        QCOMPARE(subscriptions.reopen("s"), QList<QByteArray>{"shared"});
        QCOMPARE(subscriptions.removeSession(&two), (QList<Subscriptions::Key>{{"s", "shared"}}));
        QCOMPARE(subscriptions.count(), 0);
    }
    void aCookieIsNeverUsedTwice()
    {
        ActiveCalls calls;
        QSet<quint64> cookies;
        for (int i = 0; i < 100; ++i) {
            const quint64 cookie = calls.add(std::make_unique<ActiveCall>());
            QVERIFY(!cookies.contains(cookie) && cookie != 0);
            cookies.insert(cookie);
            QVERIFY(calls.find(cookie) != nullptr);
            QVERIFY(calls.take(cookie) != nullptr);
            QVERIFY(calls.find(cookie) == nullptr && calls.take(cookie) == nullptr);
        }
        QVERIFY(calls.find(0) == nullptr && calls.find(~quint64(0)) == nullptr);
        QCOMPARE(calls.count(), std::size_t(0));
    }
    void theSpansOfACallLiveUntilItIsTakenOrEnded()
    {
        SeededRandom random(1);
        test::RecordingRecorder recorder;
        const SystemClock clock;
        const GatewayContext context{clock, random, recorder, {}, {}};
        OpenCalls calls(context);
        const auto live = [&recorder] { return recorder.sum(telemetry::MetricId::SdkSpansLive, {"RECORD_AND_SAMPLE"}); };
        const quint64 first = calls.add(std::make_unique<ActiveCall>());
        const quint64 second = calls.add(std::make_unique<ActiveCall>());
        QCOMPARE(live(), 4.0);
        QVERIFY(calls.take(first) != nullptr && calls.take(first) == nullptr);
        QCOMPARE(live(), 2.0);
        QVERIFY(calls.end(second) != nullptr && calls.end(second) == nullptr);
        QCOMPARE(live(), 0.0);
    }
    void aVisitorMayTakeTheCallItSees()
    {
        ActiveCalls calls;
        for (int i = 0; i < 3; ++i)
            calls.add(std::make_unique<ActiveCall>());
        int seen = 0;
        calls.forEach([&](quint64 cookie, const ActiveCall&) {
            ++seen;
            QVERIFY(calls.take(cookie) != nullptr);
        });
        QCOMPARE(seen, 3);
        QCOMPARE(calls.count(), std::size_t(0));
    }
    void callsAreFoundByWhatTheyAre()
    {
        ActiveCalls calls;
        QList<quint64> cookies;
        for (const quint16 attempt : {quint16(0), quint16(1), quint16(1)}) {
            auto call = std::make_unique<ActiveCall>();
            call->attempt = attempt;
            cookies.append(calls.add(std::move(call)));
        }
        const auto isAgain = [](const ActiveCall& call) { return call.attempt == 1; };
        QCOMPARE(calls.select(isAgain), (std::vector<quint64>{cookies.at(1), cookies.at(2)}));
        QCOMPARE(calls.cookieIf(isAgain), cookies.at(2));
        QCOMPARE(calls.cookieIf([](const ActiveCall& call) { return call.attempt == 2; }), quint64(0));
    }
    void aRecordBeginsWithWhatTheClientSent()
    {
        downstream::Incoming in = incoming(kCall);
        in.requestId = "r-1";
        in.startUnixNs = 42;
        const telemetry::CallRecord record = beginRecord(in, {}, m_random);
        QCOMPARE(record.method, QByteArray("tools/call"));
        QCOMPARE(record.target, QByteArray("a__echo"));
        QCOMPARE(record.targetKind, telemetry::TargetKind::Tool);
        QCOMPARE(record.jsonrpcId, QByteArray("c-1"));
        QCOMPARE(record.requestId, QByteArray("r-1"));
        QCOMPARE(record.startUnixNs, 42);
        QCOMPARE(record.arguments.view().toByteArray(), QByteArray("{\"text\":\"x\"}"));
        QCOMPARE(record.requestBytes, kCall.size());
        QVERIFY(record.traceId.isValid() && record.spanId.isValid() && !record.parentSpanId.isValid());
        QVERIFY(record.parentSampled);
    }
    void theContextOfTheMessageIsTheParentAndTheHeadersALink()
    {
        downstream::Incoming in = incoming(callWithMeta());
        in.traceparent = kHeader;
        in.tracestate = "h=2";
        const telemetry::CallRecord record = beginRecord(in, {}, m_random);
        QCOMPARE(record.traceId.toHex(), QByteArray("0af7651916cd43dd8448eb211c80319c"));
        QCOMPARE(record.parentSpanId.toHex(), QByteArray("b7ad6b7169203331"));
        QCOMPARE(record.linkTraceId.toHex(), QByteArray("4bf92f3577b34da6a3ce929d0e0e4736"));
        QCOMPARE(record.traceState, QByteArray("v=1"));
        QVERIFY(!record.parentSampled);
        QCOMPARE(record.traceFlags & 1, 1);
    }
    void theHeadersContextIsTheParentWhenTheMessageHasNone()
    {
        downstream::Incoming in = incoming(kCall);
        in.traceparent = kHeader;
        in.tracestate = "h=2";
        const telemetry::CallRecord record = beginRecord(in, {}, m_random);
        QCOMPARE(record.parentSpanId.toHex(), QByteArray("00f067aa0ba902b7"));
        QCOMPARE(record.traceState, QByteArray("h=2"));
        QVERIFY(!record.linkTraceId.isValid());
    }
    void aBrokenContextBeginsATraceOfItsOwn()
    {
        for (const char* broken : {"", "00-0-0-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                   "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}) {
            downstream::Incoming in = incoming(kCall);
            in.traceparent = broken;
            const telemetry::CallRecord record = beginRecord(in, {}, m_random);
            QVERIFY(record.traceId.isValid() && !record.parentSpanId.isValid());
        }
    }
    void aForeignContextMayBeALinkOnly()
    {
        const telemetry::CallRecord record = beginRecord(incoming(callWithMeta()), {true, false}, m_random);
        QCOMPARE(record.linkTraceId.toHex(), QByteArray("0af7651916cd43dd8448eb211c80319c"));
        QVERIFY(record.traceId.toHex() != record.linkTraceId.toHex() && !record.parentSpanId.isValid());
        QVERIFY(record.traceState.isEmpty());
    }
    void b3IsReadFromTheMessageAndTheHeadersWhenItIsWanted()
    {
        const QByteArray text = QByteArray(kCall).replace(
            "\"arguments\"", "\"_meta\":{\"X-B3-TraceId\":\"463ac35c9f6413ad48485a3953bb6124\",\"X-B3-SpanId\":"
                             "\"0020000000000001\",\"X-B3-Flags\":\"1\"},\"arguments\"");
        downstream::Incoming in = incoming(text);
        in.b3 = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0";
        telemetry::ContextPolicy wanted;
        wanted.propagators = telemetry::propagatorsByName({QStringLiteral("b3")});
        const telemetry::CallRecord record = beginRecord(in, wanted, m_random);
        QCOMPARE(record.traceId.toHex(), QByteArray("463ac35c9f6413ad48485a3953bb6124"));
        QCOMPARE(record.parentSpanId.toHex(), QByteArray("0020000000000001"));
        QCOMPARE(record.linkTraceId.toHex(), QByteArray("80f198ee56343ba864fe8b2a57d3eff7"));
        QVERIFY(record.parentSampled && (record.traceFlags & telemetry::kFlagDebug) != 0);
        QVERIFY(!beginRecord(in, {}, m_random).parentSpanId.isValid());
        downstream::Incoming denied = incoming(kCall);
        denied.b3 = "0";
        const telemetry::CallRecord root = beginRecord(denied, wanted, m_random);
        QVERIFY(root.traceId.isValid() && !root.parentSpanId.isValid() && !root.parentSampled);
    }
    void aThresholdThatIsNotTrueAnyMoreIsNotPassedOn()
    {
        downstream::Incoming in = incoming(kCall);
        in.traceparent = "00-4bf92f3577b34da6a3ffffffffffffff-00f067aa0ba902b7-01";
        in.tracestate = "ot=th:8,v=1";
        QCOMPARE(beginRecord(in, {}, m_random).traceState, QByteArray("ot=th:8,v=1"));
        in.traceparent = "00-4bf92f3577b34da6a3ffffffffffffff-00f067aa0ba902b7-00";
        QCOMPARE(beginRecord(in, {}, m_random).traceState, QByteArray("v=1"));
    }
    void withoutAReceiverTheParentsFlagIsPassedOn_data()
    {
        QTest::addColumn<QString>("sampler");
        QTest::addColumn<bool>("isReceiving");
        QTest::addColumn<bool>("isSampled");
        QTest::addColumn<bool>("mayLeave");
        // The parent is not sampled.
        QTest::newRow("received") << QStringLiteral("parentbased_always_on") << true << true << false;
        QTest::newRow("by the parent") << QStringLiteral("parentbased_always_on") << false << false << false;
        QTest::newRow("on") << QStringLiteral("always_on") << false << true << true;
        QTest::newRow("off") << QStringLiteral("always_off") << false << false << false;
        QTest::newRow("decided later") << QStringLiteral("keep_errors_and_slow") << false << false << true;
    }
    void withoutAReceiverTheParentsFlagIsPassedOn()
    {
        QFETCH(QString, sampler);
        QFETCH(bool, isReceiving);
        telemetry::ContextPolicy policy;
        policy.isReceiving = isReceiving;
        const telemetry::SamplerSettings settings{sampler, 1.0, 0};
        policy.sampling = telemetry::HeadSampling(std::span(&settings, 1));
        const telemetry::CallRecord record = beginRecord(incoming(callWithMeta()), policy, m_random);
        QVERIFY(!record.parentSampled);
        QTEST((record.traceFlags & telemetry::kFlagSampled) != 0, "isSampled");
        QTEST(record.mayLeave, "mayLeave");
    }
    void aCompletionIsAboutItsPromptOrResource()
    {
        const auto completing = [this](const QByteArray& ref) {
            return beginRecord(incoming("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":{\"ref\":" +
                                        ref + ",\"argument\":{\"name\":\"a\",\"value\":\"b\"}}}"),
                               {}, m_random);
        };
        const telemetry::CallRecord prompt = completing("{\"type\":\"ref/prompt\",\"name\":\"a__review\"}");
        QCOMPARE(prompt.targetKind, telemetry::TargetKind::Prompt);
        QCOMPARE(prompt.target, QByteArray("a__review"));
        const telemetry::CallRecord resource = completing("{\"type\":\"ref/resource\",\"uri\":\"file:///{path}\"}");
        QCOMPARE(resource.targetKind, telemetry::TargetKind::Resource);
        QCOMPARE(resource.target, QByteArray("file:///{path}"));
    }

    void anAnswerTellsTheOutcome_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<int>("outcome");
        QTest::addColumn<QByteArray>("errorType");
        QTest::addColumn<QByteArray>("response");
        const QByteArray begin = "{\"jsonrpc\":\"2.0\",\"id\":1,";
        QTest::newRow("result") << begin + "\"result\":{\"content\":[]}}" << int(Outcome::Ok) << QByteArray()
                                << QByteArray("{\"content\":[]}");
        QTest::newRow("the tool failed") << begin + "\"result\":{\"isError\":true}}" << int(Outcome::ToolError)
                                         << QByteArray("tool_error") << QByteArray("{\"isError\":true}");
        QTest::newRow("the server refused") << begin + "\"error\":{\"code\":-32602,\"message\":\"no\"}}" << int(Outcome::RpcError)
                                            << QByteArray("-32602") << QByteArray("{\"code\":-32602,\"message\":\"no\"}");
    }
    void anAnswerTellsTheOutcome()
    {
        QFETCH(QByteArray, answer);
        telemetry::CallRecord record;
        const mcp::Message read = message(answer);
        recordAnswer(record, read, read.raw);
        QTEST(int(record.outcome), "outcome");
        QTEST(record.errorType, "errorType");
        QTEST(record.response.view().toByteArray(), "response");
        QCOMPARE(record.responseBytes, answer.size());
    }
    void aHopTellsHowItsServerFailed_data()
    {
        using Kind = upstream::Reply::Kind;
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("httpStatus");
        QTest::addColumn<QByteArray>("errorType");
        QTest::newRow("too late") << int(Kind::Timeout) << 0 << QByteArray("timeout");
        QTest::newRow("cancelled") << int(Kind::Cancelled) << 0 << QByteArray("cancelled");
        QTest::newRow("full queue") << int(Kind::Overloaded) << 0 << QByteArray("overloaded");
        QTest::newRow("HTTP") << int(Kind::Rejected) << 503 << QByteArray("503");
        QTest::newRow("gone") << int(Kind::Rejected) << 0 << QByteArray("unavailable");
    }
    void aHopTellsHowItsServerFailed()
    {
        QFETCH(int, kind);
        QFETCH(int, httpStatus);
        upstream::Reply reply;
        reply.kind = static_cast<upstream::Reply::Kind>(kind);
        reply.httpStatus = httpStatus;
        reply.timings.acceptedNs = 1'500;
        reply.timings.doneNs = 2'000;
        const telemetry::Hop hop = makeHop(SpanId{1}, nullptr, "echo", 1'000, {}, reply);
        QTEST(hop.errorType, "errorType");
        QCOMPARE(hop.offsetNs, 500);
        QCOMPARE(hop.durationNs, 500);
        QCOMPARE(hop.firstByteOffsetNs, -1);
    }
};

QTEST_GUILESS_MAIN(GatewayStateTest)
#include "tst_gateway_state.moc"
