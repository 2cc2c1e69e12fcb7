// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"
#include "telemetry/propagation.h"

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using telemetry::MetricId;
using telemetry::SpanData;
using telemetry::SpanKind;

namespace {

/// Writes every line that it gets to stderr.
config::Server talkative(const char* name)
{
    return named(scriptServer(QStringLiteral("read -r line; echo \"$line\" >&2; answer \"$line\" \"$initialized\"\n"
                                             "while read -r line; do echo \"$line\" >&2\ncase \"$line\" in\n"
                                             "*tools/list*) answer \"$line\" \"$tools\";;\nesac\ndone")),
                 name);
}

/// Asks the client for its roots during a call, with a context of its own, and answers the call when it is answered.
config::Server curious(const QByteArray& meta)
{
    return onCall("alpha", QStringLiteral("printf '%s\\n' '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\","
                                          "\"params\":{%1}}'; call=$line; read -r reply; echo \"$reply\" >&2; answer \"$call\" "
                                          "'{\"content\":[]}'")
                               .arg(QString::fromLatin1(meta)));
}

const QByteArray kTheirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

QByteArray text(const SpanData& span, const char* key)
{
    const telemetry::AnyValue* value = telemetry::findAttribute(span.attributes, key);
    return value != nullptr && value->text() != nullptr ? *value->text() : QByteArray();
}

/// The context that a frame carries in its `_meta`.
telemetry::TraceContext contextIn(const QByteArray& frame)
{
    const qsizetype at = frame.indexOf("\"traceparent\":\"");
    return at < 0 ? telemetry::TraceContext()
                  : telemetry::parseTraceparent(frame.mid(at + 15, 55)).value_or(telemetry::TraceContext());
}

} // namespace

/// What the MCP conventions want of everything that is no client's call.
class GatewayConventionsTest : public QObject, private GatewayHarness {
    Q_OBJECT

    [[nodiscard]] const SpanData* span(QByteArrayView name, SpanKind kind) const
    {
        const auto found = std::find_if(m_recorder.spans.cbegin(), m_recorder.spans.cend(),
                                        [&](const SpanData& one) { return one.name == name && one.kind == kind; });
        return found == m_recorder.spans.cend() ? nullptr : &*found;
    }
    [[nodiscard]] QByteArray lineWith(QByteArrayView word) const
    {
        const QList<QByteArray> lines = m_recorder.logLines(word);
        return lines.isEmpty() ? QByteArray() : lines.first();
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(close(), m_held.constData()); }

    void whatTheGatewaySaysAtAStartAreClientSpansOfThatStart_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("parent");
        QTest::newRow("handshake") << QByteArray("initialize") << QByteArray("server.handshake");
        QTest::newRow("its end") << QByteArray("notifications/initialized") << QByteArray("server.start");
        QTest::newRow("list") << QByteArray("tools/list") << QByteArray("server.list");
    }
    void whatTheGatewaySaysAtAStartAreClientSpansOfThatStart()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, parent);
        openReady({talkative("alpha")});
        const SpanData* own = span(method, SpanKind::Client);
        QVERIFY(own != nullptr);
        const SpanData* step = m_recorder.span(parent);
        QVERIFY(step != nullptr);
        QCOMPARE(own->traceId, step->traceId);
        QCOMPARE(own->parentSpanId, step->spanId);
        QCOMPARE(own->flags, 0x103U);
        QCOMPARE(text(*own, "mcp.method.name"), method);
        QCOMPARE(text(*own, "jsonrpc.request.id").isEmpty(), method.startsWith("notifications/"));
        QCOMPARE(text(*own, "mcp.protocol.version"), QByteArray("2025-11-25"));
        QCOMPARE(text(*own, "network.transport"), QByteArray("pipe"));
        QCOMPARE(text(*own, "gateway.server.name"), QByteArray("alpha"));
        QVERIFY(own->status == telemetry::StatusCode::Unset && text(*own, "error.type").isEmpty());
        QTRY_VERIFY(!lineWith(method).isEmpty());
        QCOMPARE(contextIn(lineWith(method)), (telemetry::TraceContext{own->traceId, own->spanId, 3}));
        const auto measured =
            std::count_if(m_recorder.metrics.cbegin(), m_recorder.metrics.cend(), [&](const RecordingRecorder::Point& point) {
                return point.metric == MetricId::McpClientOperationDuration && point.label == method;
            });
        QCOMPARE(measured, 1);
    }
    void aListThatIsReadAgainIsATraceOfItsOwnLinkedToTheStart()
    {
        openReady({onCall("alpha", QStringLiteral("answer \"$line\" '{\"content\":[]}'; printf '%s\\n' "
                                                  "'{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}'"))});
        const auto session = openSession();
        const auto reply = call(session, "alpha__one");
        QTRY_COMPARE(reply->finished.size(), 1);
        const auto lists = [&] {
            return std::count_if(m_recorder.spans.cbegin(), m_recorder.spans.cend(), [](const SpanData& one) {
                return one.name == QByteArrayView("tools/list") && one.kind == SpanKind::Client;
            });
        };
        QTRY_COMPARE(lists(), 2);
        const SpanData& again = m_recorder.spans.back();
        QCOMPARE(again.name, QByteArray("tools/list"));
        QVERIFY(!again.parentSpanId.isValid());
        QCOMPARE(again.flags, 3U);
        QCOMPARE(again.links.size(), std::size_t(1));
        QCOMPARE(again.links.front().spanId, m_recorder.span("server.start")->spanId);
    }
    void aRequestOfAServerIsAServerSpanAndAClientSpanBelowIt()
    {
        openReady({curious("\"_meta\":{\"traceparent\":\"" + kTheirs + "\"}")});
        const auto session = openSession({.capabilities = "{\"roots\":{}}"});
        const auto reply = call(session, "alpha__one");
        QTRY_COMPARE(reply->notified.size(), 1);
        const QByteArray question = reply->notified.first();
        answer(session, question, "{\"roots\":[]}");
        QTRY_COMPARE(reply->finished.size(), 1);
        const SpanData* server = span("roots/list", SpanKind::Server);
        const SpanData* client = span("roots/list", SpanKind::Client);
        QVERIFY(server != nullptr && client != nullptr);
        QCOMPARE(server->traceId.toHex(), QByteArray("0af7651916cd43dd8448eb211c80319c"));
        QCOMPARE(server->parentSpanId.toHex(), QByteArray("b7ad6b7169203331"));
        QCOMPARE(server->flags, 0x301U);
        QCOMPARE(text(*server, "jsonrpc.request.id"), QByteArray("q"));
        QCOMPARE(text(*server, "gateway.server.name"), QByteArray("alpha"));
        QCOMPARE(text(*server, "network.transport"), QByteArray("pipe"));
        QCOMPARE(server->links.size(), std::size_t(1)); // to the call that it was asked for
        QCOMPARE(server->links.front().spanId, record("tools/call")->hops.front().spanId);
        QCOMPARE(client->parentSpanId, server->spanId);
        QCOMPARE(client->flags, 0x101U);
        QCOMPARE(text(*client, "gateway.client.name"), QByteArray("tester"));
        QCOMPARE(contextIn(question), (telemetry::TraceContext{client->traceId, client->spanId, 1}));
        QCOMPARE(record("tools/call")->events.front().name, QByteArray("mcp.server_request"));
        QVERIFY(m_recorder.sum(MetricId::McpServerOperationDuration, "roots/list") > 0);
        QVERIFY(m_recorder.sum(MetricId::McpClientOperationDuration, "roots/list") > 0);
    }
    void aRequestOfAServerWithoutAContextBelongsToItsCall()
    {
        openReady({curious({})});
        const auto session = openSession({.capabilities = "{\"roots\":{}}"});
        const auto reply = call(session, "alpha__one");
        QTRY_COMPARE(reply->notified.size(), 1);
        answer(session, reply->notified.first(), "{\"roots\":[]}");
        QTRY_COMPARE(reply->finished.size(), 1);
        const SpanData* server = span("roots/list", SpanKind::Server);
        QVERIFY(server != nullptr);
        QCOMPARE(server->traceId, record("tools/call")->traceId);
        QCOMPARE(server->parentSpanId, record("tools/call")->hops.front().spanId);
        QVERIFY(server->links.empty());
    }
    void aRequestThatNobodyCanAnswerIsAServerSpanWithItsCode()
    {
        openReady({curious({})});
        const auto session = openSession();
        const auto reply = call(session, "alpha__one");
        QTRY_COMPARE(reply->finished.size(), 1);
        const SpanData* server = span("roots/list", SpanKind::Server);
        QVERIFY(server != nullptr && span("roots/list", SpanKind::Client) == nullptr);
        QCOMPARE(text(*server, "rpc.response.status_code"), QByteArray("-32601"));
        QVERIFY(text(*server, "error.type").isEmpty() && server->status == telemetry::StatusCode::Unset);
    }
    void aServersPingIsAServerSpan()
    {
        openReady(
            {onCall("alpha", QStringLiteral("printf '%s\\n' '{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}'; call=$line; "
                                            "read -r reply; answer \"$call\" '{\"content\":[]}'"))});
        const auto session = openSession();
        const auto reply = call(session, "alpha__one");
        QTRY_COMPARE(reply->finished.size(), 1);
        const SpanData* ping = span("ping", SpanKind::Server);
        QVERIFY(ping != nullptr);
        QCOMPARE(text(*ping, "jsonrpc.request.id"), QByteArray("5"));
    }
    void aCancellationIsAServerSpanAndAClientSpanBesideTheCall()
    {
        openReady({onCall("alpha", QStringLiteral("echo taken >&2"))});
        const auto session = openSession();
        call(session, "alpha__one", "7");
        QTRY_VERIFY(!lineWith("taken").isEmpty());
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}");
        const SpanData* server = span("notifications/cancelled", SpanKind::Server);
        const SpanData* client = span("notifications/cancelled", SpanKind::Client);
        QVERIFY(server != nullptr && client != nullptr);
        const telemetry::CallRecord* call = record("tools/call");
        QVERIFY(call != nullptr);
        for (const SpanData* one : {server, client}) {
            QCOMPARE(one->traceId, call->traceId);
            QCOMPARE(one->parentSpanId, call->spanId);
            QVERIFY(text(*one, "jsonrpc.request.id").isEmpty());
        }
        QTRY_VERIFY(!lineWith("notifications/cancelled").isEmpty());
        QCOMPARE(contextIn(lineWith("notifications/cancelled")).spanId, client->spanId);
    }
    void aClientsInitializedIsAServerSpan()
    {
        openReady({talkative("alpha")});
        const auto session = openSession();
        notify(session, "notifications/initialized");
        const SpanData* server = span("notifications/initialized", SpanKind::Server);
        QVERIFY(server != nullptr);
        QCOMPARE(text(*server, "gateway.client.name"), QByteArray("tester"));
        QVERIFY(!server->parentSpanId.isValid());
    }
    void sessionsThatAreOpenAtTheEndAreMeasured()
    {
        openReady({talkative("alpha")});
        const auto session = openSession();
        const auto measured = [this](MetricId metric) {
            return std::count_if(m_recorder.metrics.cbegin(), m_recorder.metrics.cend(),
                                 [metric](const RecordingRecorder::Point& point) { return point.metric == metric; });
        };
        QCOMPARE(measured(MetricId::McpServerSessionDuration), 0);
        qsizetype servers = -1;
        qsizetype clients = -1;
        connect(m_gateway.get(), &Gateway::stopped, this, [&] {
            servers = measured(MetricId::McpServerSessionDuration);
            clients = measured(MetricId::McpClientSessionDuration);
        });
        QVERIFY(stop());
        QCOMPARE(servers, 1);
        QCOMPARE(clients, 1);
        QCOMPARE(measured(MetricId::McpServerSessionDuration), 1); // not again when the client leaves afterwards
    }
    void withoutAReceiverContextsSayWhatTheSamplersDecide_data()
    {
        QTest::addColumn<bool>("receives");
        QTest::addColumn<QString>("sampler");
        QTest::addColumn<int>("flags");
        QTest::newRow("received") << true << QStringLiteral("always_off") << 3;
        QTest::newRow("off") << false << QStringLiteral("always_off") << 2;
        QTest::newRow("on") << false << QStringLiteral("parentbased_always_on") << 3;
    }
    void withoutAReceiverContextsSayWhatTheSamplersDecide()
    {
        QFETCH(bool, receives);
        QFETCH(QString, sampler);
        QFETCH(int, flags);
        config::Config configuration;
        configuration.servers = {talkative("alpha")};
        configuration.receiver.enabled = receives;
        configuration.telemetry.sampler = sampler;
        open(configuration);
        QTRY_VERIFY(allReady());
        QTRY_VERIFY(!lineWith("tools/list").isEmpty());
        QCOMPARE(int(contextIn(lineWith("tools/list")).flags), flags);
        QCOMPARE(m_recorder.span("server.start")->flags, std::uint32_t(flags));
    }
};

QTEST_GUILESS_MAIN(GatewayConventionsTest)
#include "tst_gateway_conventions.moc"
