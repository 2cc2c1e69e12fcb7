// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "telemetry/call_spans.h"
#include "telemetry/metrics.h"

#include <QMap>
#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

constexpr std::int64_t kMs = 1'000'000;

using Texts = QMap<QByteArray, QByteArray>;

/// A call in one of the situations that the conventions tell apart.
struct Situation {
    QByteArray method = "tools/call";
    TargetKind kind = TargetKind::Tool;
    QByteArray target = "weather__get";
    QByteArray routedTarget = "get";
    bool clientOverHttp = true;
    Transport upstream = Transport::Http;
    QByteArray clientRevision = "2025-06-18";
    QByteArray clientSession = "client-session";
    QByteArray serverRevision = "2025-11-25";
    QByteArray serverSession = "server-session";
    QByteArray id = "7";
    Outcome outcome = Outcome::Ok;
    int code = 0;
    QByteArray errorType{};
    QByteArray hopErrorType{};
    int hopCode = 0;
};

CallRecord callOf(const Situation& s)
{
    auto client = std::make_shared<ClientContext>();
    client->protocolVersion = s.clientRevision;
    client->sessionId = s.clientSession;
    if (s.clientOverHttp) {
        client->address = "127.0.0.1";
        client->port = 50123;
    }
    auto server = std::make_shared<ServerContext>();
    server->name = "weather";
    server->transport = s.upstream;
    server->protocolVersion = s.serverRevision;
    server->sessionId = s.serverSession;
    if (s.upstream != Transport::Stdio) {
        server->address = "api.example";
        server->port = 8443;
    }
    CallRecord call;
    call.traceId = {1, 2};
    call.spanId = {3};
    call.method = s.method;
    call.targetKind = s.kind;
    call.target = s.target;
    call.routedServer = server;
    call.routedTarget = s.routedTarget;
    call.jsonrpcId = s.id;
    call.client = client;
    call.overHttp = s.clientOverHttp;
    call.durationNs = 10 * kMs;
    call.outcome = s.outcome;
    call.rpcErrorCode = s.code;
    call.errorType = s.errorType;
    call.errorMessage = "no such luck";
    Hop hop;
    hop.spanId = {5};
    hop.server = server;
    hop.target = s.routedTarget;
    hop.jsonrpcId = "41";
    hop.offsetNs = 2 * kMs;
    hop.durationNs = 6 * kMs;
    hop.rpcErrorCode = s.hopCode;
    hop.errorType = s.hopErrorType;
    hop.errorMessage = s.hopErrorType.isEmpty() && s.hopCode == 0 ? QByteArray() : QByteArray("no such luck");
    call.hops.append(hop);
    return call;
}

bool isOfTheConventions(const QByteArray& key)
{
    for (const char* prefix : {"mcp.", "gen_ai.", "jsonrpc.", "rpc.", "error.", "network.", "server.", "client."}) {
        if (key.startsWith(prefix))
            return true;
    }
    return false;
}

/// All attributes of the conventions on a span, as text.
Texts conventional(const Attributes& attributes)
{
    Texts texts;
    for (const Attribute& attribute : attributes) {
        if (isOfTheConventions(attribute.key))
            texts.insert(attribute.key, attribute.value.text() != nullptr ? *attribute.value.text() : toJson(attribute.value));
    }
    return texts;
}

Texts operator+(Texts left, const Texts& right)
{
    left.insert(right);
    return left;
}

const Texts kServerHttp{
    {"network.transport", "tcp"},           {"network.protocol.name", "http"}, {"network.protocol.version", "1.1"},
    {"client.address", "127.0.0.1"},        {"client.port", "50123"},          {"mcp.session.id", "client-session"},
    {"mcp.protocol.version", "2025-06-18"}, {"jsonrpc.request.id", "7"}};
const Texts kClientHttp{
    {"network.transport", "tcp"},           {"network.protocol.name", "http"}, {"network.protocol.version", "1.1"},
    {"server.address", "api.example"},      {"server.port", "8443"},           {"mcp.session.id", "server-session"},
    {"mcp.protocol.version", "2025-11-25"}, {"jsonrpc.request.id", "41"}};
const Texts kTool{{"mcp.method.name", "tools/call"}, {"gen_ai.operation.name", "execute_tool"}};
const Texts kServerTool = kTool + Texts{{"gen_ai.tool.name", "weather__get"}};
const Texts kClientTool = kTool + Texts{{"gen_ai.tool.name", "get"}};

struct Row {
    const char* title;
    Situation situation;
    Texts server;
    Texts client;
};

Situation failing(Outcome outcome, int code, const char* errorType, int hopCode, const char* hopErrorType)
{
    Situation s;
    s.outcome = outcome;
    s.code = code;
    s.errorType = errorType;
    s.hopCode = hopCode;
    s.hopErrorType = hopErrorType;
    return s;
}

Situation about(const char* method, TargetKind kind, const char* target, const char* routed)
{
    Situation s;
    s.method = method;
    s.kind = kind;
    s.target = target;
    s.routedTarget = routed;
    return s;
}

QList<Row> successRows()
{
    Situation stdio;
    stdio.clientOverHttp = false;
    stdio.upstream = Transport::Stdio;
    Situation modern;
    modern.clientRevision = modern.serverRevision = "2026-07-28";
    modern.clientSession.clear();
    modern.serverSession.clear();
    Situation notification = about("notifications/cancelled", TargetKind::None, "", "");
    notification.id.clear();
    return {
        {"a tool over HTTP on both sides", {}, kServerTool + kServerHttp, kClientTool + kClientHttp},
        {"over stdio on both sides", stdio,
         kServerTool + Texts{{"network.transport", "pipe"},
                             {"mcp.session.id", "client-session"},
                             {"mcp.protocol.version", "2025-06-18"},
                             {"jsonrpc.request.id", "7"}},
         kClientTool + Texts{{"network.transport", "pipe"},
                             {"mcp.session.id", "server-session"},
                             {"mcp.protocol.version", "2025-11-25"},
                             {"jsonrpc.request.id", "41"}}},
        {"2026-07-28 has no session", modern,
         [] {
             Texts all = kServerTool + kServerHttp + Texts{{"mcp.protocol.version", "2026-07-28"}};
             all.remove("mcp.session.id");
             return all;
         }(),
         [] {
             Texts all = kClientTool + kClientHttp + Texts{{"mcp.protocol.version", "2026-07-28"}};
             all.remove("mcp.session.id");
             return all;
         }()},
        {"a prompt", about("prompts/get", TargetKind::Prompt, "weather__report", "report"),
         kServerHttp + Texts{{"mcp.method.name", "prompts/get"}, {"gen_ai.prompt.name", "weather__report"}},
         kClientHttp + Texts{{"mcp.method.name", "prompts/get"}, {"gen_ai.prompt.name", "report"}}},
        {"a resource", about("resources/read", TargetKind::Resource, "file:///n", "file:///n"),
         kServerHttp + Texts{{"mcp.method.name", "resources/read"}, {"mcp.resource.uri", "file:///n"}},
         kClientHttp + Texts{{"mcp.method.name", "resources/read"}, {"mcp.resource.uri", "file:///n"}}},
        {"a completion of a prompt", about("completion/complete", TargetKind::Prompt, "weather__report", "report"),
         kServerHttp + Texts{{"mcp.method.name", "completion/complete"}, {"gen_ai.prompt.name", "weather__report"}},
         kClientHttp + Texts{{"mcp.method.name", "completion/complete"}, {"gen_ai.prompt.name", "report"}}},
        {"a list", about("tools/list", TargetKind::None, "", ""), kServerHttp + Texts{{"mcp.method.name", "tools/list"}},
         kClientHttp + Texts{{"mcp.method.name", "tools/list"}}},
        {"a method that is in no table", about("x/y", TargetKind::None, "", ""), kServerHttp + Texts{{"mcp.method.name", "x/y"}},
         kClientHttp + Texts{{"mcp.method.name", "x/y"}}},
        {"a notification", notification,
         [] {
             Texts all = kServerHttp + Texts{{"mcp.method.name", "notifications/cancelled"}};
             all.remove("jsonrpc.request.id");
             return all;
         }(),
         kClientHttp + Texts{{"mcp.method.name", "notifications/cancelled"}}},
    };
}

Texts error(const char* type, const char* code = "")
{
    Texts texts;
    if (*type != 0)
        texts.insert("error.type", type);
    if (*code != 0)
        texts.insert("rpc.response.status_code", code);
    return texts;
}

QList<Row> errorRows()
{
    const Texts server = kServerTool + kServerHttp;
    const Texts client = kClientTool + kClientHttp;
    QList<Row> rows{
        {"a tool's own error", failing(Outcome::ToolError, 0, "tool_error", 0, "tool_error"), server + error("tool_error"),
         client + error("tool_error")},
        {"a server's code", failing(Outcome::RpcError, -32000, "-32000", -32000, "-32000"), server + error("-32000", "-32000"),
         client + error("-32000", "-32000")},
        {"an internal error", failing(Outcome::RpcError, -32603, "-32603", -32603, "-32603"), server + error("-32603", "-32603"),
         client + error("-32603", "-32603")},
        {"a time-out is told to the client by a code", failing(Outcome::Timeout, -32001, "timeout", 0, "timeout"),
         server + error("-32001", "-32001"), client + error("timeout")},
        {"a server that is not there", failing(Outcome::Unavailable, -32000, "unavailable", 0, "unavailable"),
         server + error("-32000", "-32000"), client + error("unavailable")},
        {"a cancelled call has no answer", failing(Outcome::Cancelled, 0, "cancelled", 0, "cancelled"),
         server + error("cancelled"), client + error("cancelled")},
        {"an HTTP status without a code", failing(Outcome::Unavailable, -32000, "unavailable", 0, "503"),
         server + error("-32000", "-32000"), client + error("503")},
        {"a call that a limit blocked", failing(Outcome::Blocked, -32000, "rate_limited", 0, ""),
         server + error("-32000", "-32000"), client},
    };
    // What blames the caller is no error of the server, and one of the client's side all the same.
    for (const int code : {-32700, -32600, -32601, -32602, -32002}) {
        const QByteArray text = QByteArray::number(code);
        static QByteArrayList titles;
        titles.append("the caller's fault " + text);
        rows.append({titles.last().constData(), failing(Outcome::RpcError, code, text.constData(), code, text.constData()),
                     server + error("", text.constData()), client + error(text.constData(), text.constData())});
    }
    return rows;
}

} // namespace

Q_DECLARE_METATYPE(Row)

class McpConventionsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everySpanHasExactlyTheAttributesOfItsKindAndSituation_data()
    {
        QTest::addColumn<Row>("row");
        for (const Row& row : successRows() + errorRows())
            QTest::newRow(row.title) << row;
    }
    void everySpanHasExactlyTheAttributesOfItsKindAndSituation()
    {
        QFETCH(Row, row);
        std::vector<SpanData> spans;
        appendCallSpans(callOf(row.situation), {}, spans);
        QCOMPARE(spans.size(), std::size_t(2));
        QCOMPARE(spans[0].kind, SpanKind::Server);
        QCOMPARE(spans[1].kind, SpanKind::Client);
        QCOMPARE(conventional(spans[0].attributes), row.server);
        QCOMPARE(conventional(spans[1].attributes), row.client);
        for (const SpanData& span : spans) {
            // Error exactly with error.type, described by the JSON-RPC message; never Ok.
            const bool failed = findAttribute(span.attributes, "error.type") != nullptr;
            QCOMPARE(span.status, failed ? StatusCode::Error : StatusCode::Unset);
            QCOMPARE(span.statusMessage, failed ? QByteArray("no such luck") : QByteArray());
            const bool hasTarget = row.situation.kind == TargetKind::Tool || row.situation.kind == TargetKind::Prompt;
            const QByteArray target = span.kind == SpanKind::Server ? row.situation.target : row.situation.routedTarget;
            QCOMPARE(span.name, hasTarget ? row.situation.method + ' ' + target : row.situation.method);
            if (const AnyValue* status = findAttribute(span.attributes, "rpc.response.status_code"))
                QVERIFY(status->text() != nullptr);
        }
        QVERIFY(findAttribute(spans[0].attributes, "gateway.overhead") != nullptr);
    }

    void theOperationHistogramsHaveTheSameAttributesAsTheSpansAndNoIds_data()
    {
        everySpanHasExactlyTheAttributesOfItsKindAndSituation_data();
    }
    void theOperationHistogramsHaveTheSameAttributesAsTheSpansAndNoIds()
    {
        QFETCH(Row, row);
        ManualClock clock;
        MetricRegistry registry(clock);
        CallInstruments(registry).record(callOf(row.situation));
        int seen = 0;
        for (const MetricData& metric : registry.collect()) {
            const bool server = metric.name == "mcp.server.operation.duration";
            if (!server && metric.name != "mcp.client.operation.duration")
                continue;
            ++seen;
            Texts expected = server ? row.server : row.client;
            for (const char* key : {"mcp.session.id", "jsonrpc.request.id", "client.address", "client.port", "mcp.resource.uri"})
                expected.remove(key);
            if (row.situation.method == "x/y")
                expected["mcp.method.name"] = "_OTHER";
            QCOMPARE(conventional(metric.histograms.at(0).attributes), expected);
            QCOMPARE(metric.unit, QByteArray("s"));
            QCOMPARE(metric.histograms.at(0).bounds,
                     (std::vector<double>{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300}));
        }
        QCOMPARE(seen, 2);
    }

    void theSessionHistogramsHaveTheAttributesOfTheConventions()
    {
        const auto labelsOf = [](MetricId id) {
            QByteArrayList labels;
            for (const char* label : metricRow(id).labels)
                labels.append(label);
            std::sort(labels.begin(), labels.end());
            return labels.join(' ');
        };
        const QByteArray server = "error.type mcp.protocol.version network.protocol.name network.protocol.version "
                                  "network.transport";
        QCOMPARE(labelsOf(MetricId::McpServerSessionDuration), server);
        QCOMPARE(labelsOf(MetricId::McpClientSessionDuration), server + " server.address server.port");
        for (const MetricId id : {MetricId::McpServerSessionDuration, MetricId::McpClientSessionDuration}) {
            QCOMPARE(metricRow(id).boundaries.size(), std::size_t(14));
            QCOMPARE(metricRow(id).boundaries.back(), 300.0);
            QCOMPARE(QByteArray(metricRow(id).unit), QByteArray("s"));
        }
    }

    void theAmbientContextIsALinkAndTheContextOfTheMessageTheParent()
    {
        CallRecord call = callOf({});
        call.parentSpanId = {4};
        call.linkTraceId = {9, 9};
        call.linkSpanId = {8};
        std::vector<SpanData> spans;
        appendCallSpans(call, {}, spans);
        QCOMPARE(spans[0].parentSpanId, SpanId{4});
        QCOMPARE(spans[0].flags & 0x300U, 0x300U);
        QCOMPARE(spans[0].links.size(), std::size_t(1));
        QCOMPARE(spans[0].links[0].traceId, (TraceId{9, 9}));
        QVERIFY(spans[1].links.empty());
        QCOMPARE(spans[1].parentSpanId, spans[0].spanId);
        QCOMPARE(spans[1].flags & 0x300U, 0x100U);
    }

    void attributesOfOursStandInTheirOwnNamespace()
    {
        for (const AttributeRow& row : attributeTable()) {
            const QByteArrayView name(row.name);
            const bool isFormer = std::any_of(formerNames().begin(), formerNames().end(),
                                              [&](const FormerName& former) { return name == QByteArrayView(former.name); });
            QVERIFY2(!isFormer, row.name);
        }
    }
    void formerNamesAreWrittenForADestinationThatAsksForThem()
    {
        CallRecord call = callOf({});
        call.requestId = "req-1";
        auto client = std::make_shared<ClientContext>(*call.client);
        client->clientName = "ide";
        client->projectId = "apollo";
        call.client = client;
        CallSpanOptions options;
        options.aliases = aliasSetByName(u"oriel");
        QVERIFY(options.aliases != 0);
        std::vector<SpanData> spans;
        appendCallSpans(call, options, spans);
        const auto value = [](const SpanData& span, const char* key) {
            const AnyValue* found = findAttribute(span.attributes, key);
            return found != nullptr && found->text() != nullptr ? *found->text() : QByteArray();
        };
        QCOMPARE(value(spans[0], "mcp.client.name"), QByteArray("ide"));
        QCOMPARE(value(spans[0], "gateway.client.name"), QByteArray("ide"));
        QCOMPARE(value(spans[0], "request.id"), QByteArray("req-1"));
        QCOMPARE(value(spans[0], "project.id"), QByteArray("apollo"));
        QCOMPARE(value(spans[1], "mcp.server.name"), QByteArray("weather"));
    }
    void anErrorIsNoResult()
    {
        CallSpanOptions options;
        options.payloads = true;
        options.result = "{\"code\":-32000,\"message\":\"no such luck\"}";
        std::vector<SpanData> spans;
        appendCallSpans(callOf(failing(Outcome::RpcError, -32000, "-32000", -32000, "-32000")), options, spans);
        QVERIFY(findAttribute(spans[0].attributes, "gen_ai.tool.call.result") == nullptr);
        options.result = "{\"isError\":true}";
        spans.clear();
        appendCallSpans(callOf(failing(Outcome::ToolError, 0, "tool_error", 0, "tool_error")), options, spans);
        QVERIFY(findAttribute(spans[0].attributes, "gen_ai.tool.call.result") != nullptr);
    }
    void payloadsKeepTheirStructure()
    {
        CallSpanOptions options;
        options.payloads = true;
        options.arguments = "{\"city\":\"Ulm\",\"days\":[1,2.5,true,null],\"big\":123456789012345678901}";
        options.result = "{\"content\":[{\"type\":\"te";
        std::vector<SpanData> spans;
        appendCallSpans(callOf({}), options, spans);
        const AnyValue* arguments = findAttribute(spans[0].attributes, "gen_ai.tool.call.arguments");
        QVERIFY(std::holds_alternative<std::shared_ptr<const KeyValueList>>(arguments->value));
        QCOMPARE(toJson(*arguments),
                 QByteArray("{\"city\":\"Ulm\",\"days\":[1,2.5,true,null],\"big\":\"123456789012345678901\"}"));
        // What was cut is no JSON any more.
        QCOMPARE(*findAttribute(spans[0].attributes, "gen_ai.tool.call.result")->text(), options.result.toByteArray());
        QVERIFY(findAttribute(spans[1].attributes, "gen_ai.tool.call.arguments") == nullptr);

        spans.clear();
        options.arguments = "{\"city\":\"Ulm\",\"days\":3}";
        appendCallSpans(callOf(about("prompts/get", TargetKind::Prompt, "weather__report", "report")), options, spans);
        QCOMPARE(*findAttribute(spans[0].attributes, "gen_ai.prompt.variable.city")->text(), QByteArray("Ulm"));
        QCOMPARE(*findAttribute(spans[0].attributes, "gen_ai.prompt.variable.days")->text(), QByteArray("3"));
        spans.clear();
        options.arguments = "{\"name\":\"weather__report\",\"_meta\":{}}";
        appendCallSpans(callOf(about("prompts/get", TargetKind::Prompt, "weather__report", "report")), options, spans);
        QVERIFY(findAttribute(spans[0].attributes, "gen_ai.prompt.variable.name") == nullptr);
    }
};

QTEST_GUILESS_MAIN(McpConventionsTest)
#include "tst_mcp_conventions.moc"
