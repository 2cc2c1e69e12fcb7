// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/call_spans.h"

#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

constexpr std::int64_t kMs = 1'000'000;

std::shared_ptr<const ClientContext> client()
{
    auto context = std::make_shared<ClientContext>();
    context->clientName = "inspector";
    context->clientVersion = "1.2";
    context->userId = "ada";
    context->projectId = "apollo";
    context->tenantId = "acme";
    context->sessionId = "session-1";
    context->protocolVersion = "2025-06-18";
    context->address = "127.0.0.1";
    context->port = 50123;
    return context;
}

std::shared_ptr<const ServerContext> server(Transport transport)
{
    auto context = std::make_shared<ServerContext>();
    context->name = "weather";
    context->transport = transport;
    context->protocolVersion = "2025-11-25";
    context->serverVersion = "3.1";
    if (transport != Transport::Stdio) {
        context->address = "api.example";
        context->port = 8443;
    }
    return context;
}

CallRecord toolCall(Transport upstream = Transport::Http)
{
    CallRecord call;
    call.traceId = {1, 2};
    call.spanId = {3};
    call.parentSpanId = {4};
    call.method = "tools/call";
    call.targetKind = TargetKind::Tool;
    call.target = "weather__get";
    call.jsonrpcId = "7";
    call.requestId = "req-1";
    call.client = client();
    call.startUnixNs = 1'000'000'000;
    call.durationNs = 10 * kMs;
    call.httpStatus = 200;
    Hop hop;
    hop.spanId = {5};
    hop.server = server(upstream);
    hop.target = "get";
    hop.jsonrpcId = "41";
    hop.offsetNs = 2 * kMs;
    hop.durationNs = 6 * kMs;
    hop.firstByteOffsetNs = 5 * kMs;
    call.hops.append(hop);
    call.stages[static_cast<std::size_t>(Stage::Forward)] = {kMs, 8 * kMs};
    return call;
}

std::vector<SpanData> spansOf(const CallRecord& call, const CallSpanOptions& options = {})
{
    std::vector<SpanData> spans;
    appendCallSpans(call, options, spans);
    return spans;
}

QByteArray text(const SpanData& span, const char* key)
{
    const AnyValue* value = findAttribute(span.attributes, key);
    return value != nullptr && value->text() != nullptr ? *value->text() : QByteArray();
}

bool has(const SpanData& span, const char* key)
{
    return findAttribute(span.attributes, key) != nullptr;
}

const SpanData* named(const std::vector<SpanData>& spans, const QByteArray& name)
{
    for (const SpanData& span : spans) {
        if (span.name == name)
            return &span;
    }
    return nullptr;
}

} // namespace

class CallSpansTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aToolCallMakesAServerAndAClientSpanByTheConventions()
    {
        const auto spans = spansOf(toolCall());
        QCOMPARE(spans.size(), std::size_t(3));
        const SpanData& server = spans[0];
        QCOMPARE(server.name, QByteArray("tools/call weather__get"));
        QCOMPARE(server.kind, SpanKind::Server);
        QCOMPARE(server.parentSpanId, SpanId{4});
        QCOMPARE(server.flags, 0x301U);
        QCOMPARE(server.status, StatusCode::Unset);
        QCOMPARE(server.startUnixNs, std::int64_t(1'000'000'000));
        QCOMPARE(server.endUnixNs, std::int64_t(1'000'000'000) + 10 * kMs);
        QCOMPARE(text(server, "mcp.method.name"), QByteArray("tools/call"));
        QCOMPARE(text(server, "gen_ai.operation.name"), QByteArray("execute_tool"));
        QCOMPARE(text(server, "gen_ai.tool.name"), QByteArray("weather__get"));
        QCOMPARE(text(server, "jsonrpc.request.id"), QByteArray("7"));
        QCOMPARE(text(server, "mcp.session.id"), QByteArray("session-1"));
        QCOMPARE(text(server, "mcp.protocol.version"), QByteArray("2025-06-18"));
        QCOMPARE(text(server, "network.transport"), QByteArray("tcp"));
        QCOMPARE(text(server, "network.protocol.name"), QByteArray("http"));
        QCOMPARE(text(server, "client.address"), QByteArray("127.0.0.1"));
        QCOMPARE(std::get<std::int64_t>(findAttribute(server.attributes, "client.port")->value), std::int64_t(50123));
        QCOMPARE(text(server, "tenant.id"), QByteArray("acme"));
        QCOMPARE(text(server, "user.id"), QByteArray("ada"));
        QCOMPARE(text(server, "gateway.project.id"), QByteArray("apollo"));
        QCOMPARE(text(server, "gateway.request.id"), QByteArray("req-1"));
        QVERIFY(!has(server, "error.type") && !has(server, "server.address"));
        QCOMPARE(std::get<double>(findAttribute(server.attributes, "gateway.overhead")->value), 0.004);

        const SpanData& hop = spans[2];
        QCOMPARE(hop.name, QByteArray("tools/call get"));
        QCOMPARE(hop.kind, SpanKind::Client);
        QCOMPARE(hop.parentSpanId, stageSpanId(SpanId{3}, Stage::Forward));
        QCOMPARE(hop.flags, 0x101U);
        QCOMPARE(text(hop, "gen_ai.tool.name"), QByteArray("get"));
        QCOMPARE(text(hop, "jsonrpc.request.id"), QByteArray("41"));
        QCOMPARE(text(hop, "server.address"), QByteArray("api.example"));
        QCOMPARE(std::get<std::int64_t>(findAttribute(hop.attributes, "server.port")->value), std::int64_t(8443));
        QCOMPARE(text(hop, "peer.service"), QByteArray("weather"));
        QVERIFY(!has(hop, "client.address"));
        QCOMPARE(hop.events.size(), std::size_t(1));
        QCOMPARE(hop.events[0].name, QByteArray("first_byte"));
        QCOMPARE(hop.events[0].timeUnixNs, std::int64_t(1'000'000'000) + 5 * kMs);
    }

    void aServerOnStdioIsAPipeAndHasNoAddress()
    {
        const SpanData hop = spansOf(toolCall(Transport::Stdio)).back();
        QCOMPARE(text(hop, "network.transport"), QByteArray("pipe"));
        QVERIFY(!has(hop, "network.protocol.name") && !has(hop, "server.address") && !has(hop, "server.port"));
    }

    void aRootHasNoRemoteFlagsAndANotificationNoRequestId()
    {
        CallRecord call = toolCall();
        call.parentSpanId = {};
        call.jsonrpcId.clear();
        const auto spans = spansOf(call);
        QCOMPARE(spans[0].flags, 1U);
        QVERIFY(!has(spans[0], "jsonrpc.request.id"));
    }

    void anAmbientContextBecomesALink()
    {
        CallRecord call = toolCall();
        call.linkTraceId = {9, 9};
        call.linkSpanId = {8};
        const auto spans = spansOf(call);
        QCOMPARE(spans[0].links.size(), std::size_t(1));
        QCOMPARE(spans[0].links[0].spanId, SpanId{8});
        QCOMPARE(spans[0].links[0].flags, 0x300U);
    }

    void errorsFollowTheRulesOfTheirSide_data()
    {
        QTest::addColumn<int>("outcome");
        QTest::addColumn<QByteArray>("recorded");
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("serverError");
        const auto row = [](const char* name, Outcome outcome, const QByteArray& recorded, int code, const QByteArray& error) {
            QTest::newRow(name) << static_cast<int>(outcome) << recorded << code << error;
        };
        row("tool error", Outcome::ToolError, "tool_error", 0, "tool_error");
        row("tool error, nothing recorded", Outcome::ToolError, "", 0, "tool_error");
        row("server's own code", Outcome::RpcError, "-32000", -32000, "-32000");
        row("invalid params blames the caller", Outcome::RpcError, "-32602", -32602, "");
        row("method not found blames the caller", Outcome::Rejected, "-32601", -32601, "");
        row("resource not found blames the caller", Outcome::RpcError, "-32002", -32002, "");
        row("timeout", Outcome::Timeout, "timeout", -32001, "-32001");
        row("timeout without an answer", Outcome::Timeout, "timeout", 0, "timeout");
        row("unavailable", Outcome::Unavailable, "", 0, "unavailable");
        row("blocked", Outcome::Blocked, "guardrail", -32000, "-32000");
        row("blocked, with a result", Outcome::Blocked, "guardrail", 0, "guardrail");
    }
    void errorsFollowTheRulesOfTheirSide()
    {
        QFETCH(int, outcome);
        QFETCH(QByteArray, recorded);
        QFETCH(int, code);
        QFETCH(QByteArray, serverError);
        CallRecord call = toolCall();
        call.outcome = static_cast<Outcome>(outcome);
        call.errorType = recorded;
        call.rpcErrorCode = code;
        call.errorMessage = "no such luck";
        call.hops[0].rpcErrorCode = code;
        const auto spans = spansOf(call);
        QCOMPARE(text(spans[0], "error.type"), serverError);
        QCOMPARE(spans[0].status, serverError.isEmpty() ? StatusCode::Unset : StatusCode::Error);
        QCOMPARE(spans[0].statusMessage, serverError.isEmpty() ? QByteArray() : QByteArray("no such luck"));
        QCOMPARE(text(spans[0], "rpc.response.status_code"), code != 0 ? QByteArray::number(code) : QByteArray());
        // On the client's side every code is an error.
        QCOMPARE(text(spans.back(), "error.type"), code != 0 ? QByteArray::number(code) : QByteArray());
        QCOMPARE(spans.back().status, code != 0 ? StatusCode::Error : StatusCode::Unset);
    }

    void promptsAndResourcesNameTheirTargets()
    {
        CallRecord call = toolCall();
        call.method = "prompts/get";
        call.targetKind = TargetKind::Prompt;
        call.target = "weather__report";
        QCOMPARE(spansOf(call)[0].name, QByteArray("prompts/get weather__report"));
        QCOMPARE(text(spansOf(call)[0], "gen_ai.prompt.name"), QByteArray("weather__report"));
        QVERIFY(!has(spansOf(call)[0], "gen_ai.operation.name"));
        call.method = "resources/read";
        call.targetKind = TargetKind::Resource;
        call.target = "file:///notes";
        QCOMPARE(spansOf(call)[0].name, QByteArray("resources/read"));
        QCOMPARE(text(spansOf(call)[0], "mcp.resource.uri"), QByteArray("file:///notes"));
    }

    void stagesAndChecksNestAsTheyRan()
    {
        CallRecord call = toolCall();
        call.stages[static_cast<std::size_t>(Stage::Authenticate)] = {0, kMs};
        call.stages[static_cast<std::size_t>(Stage::CacheGet)] = {kMs / 4, kMs / 4};
        call.stages[static_cast<std::size_t>(Stage::GuardrailsInput)] = {kMs, kMs / 2};
        call.stages[static_cast<std::size_t>(Stage::Discover)] = {kMs + 1, kMs / 2};
        call.guardrails.push_back({"secret", false, kMs, 1000, "aws-key", "redact", 2});
        call.guardrails.push_back({"pii", true, 9 * kMs, 1000, {}, {}, 0});
        const auto spans = spansOf(call);
        QCOMPARE(spans.size(), callSpanCount(call));
        QCOMPARE(named(spans, "gateway.authenticate")->parentSpanId, SpanId{3});
        QCOMPARE(named(spans, "gateway.cache.get")->parentSpanId, stageSpanId(SpanId{3}, Stage::Authenticate));
        QCOMPARE(named(spans, "gateway.discover")->parentSpanId, stageSpanId(SpanId{3}, Stage::Forward));
        const SpanData* check = named(spans, "guardrail.secret");
        QCOMPARE(check->parentSpanId, stageSpanId(SpanId{3}, Stage::GuardrailsInput));
        QCOMPARE(text(*check, "guardrail.violation"), QByteArray("aws-key"));
        QCOMPARE(text(*check, "guardrail.action"), QByteArray("redact"));
        QCOMPARE(named(spans, "guardrail.pii")->parentSpanId, SpanId{3});
        QVERIFY(!has(*named(spans, "guardrail.pii"), "guardrail.action"));

        QSet<QByteArray> ids;
        for (const SpanData& span : spans)
            ids.insert(span.spanId.toHex());
        QCOMPARE(static_cast<std::size_t>(ids.size()), spans.size());
    }

    void everyStageHasItsName()
    {
        QCOMPARE(stageName(Stage::Authenticate).toByteArray(), QByteArray("gateway.authenticate"));
        QCOMPARE(stageName(Stage::CacheGet).toByteArray(), QByteArray("gateway.cache.get"));
        QCOMPARE(stageName(Stage::Route).toByteArray(), QByteArray("gateway.route"));
        QCOMPARE(stageName(Stage::GuardrailsInput).toByteArray(), QByteArray("gateway.guardrails.input"));
        QCOMPARE(stageName(Stage::Forward).toByteArray(), QByteArray("gateway.forward"));
        QCOMPARE(stageName(Stage::Discover).toByteArray(), QByteArray("gateway.discover"));
        QCOMPARE(stageName(Stage::GuardrailsOutput).toByteArray(), QByteArray("gateway.guardrails.output"));
        QCOMPARE(stageName(Stage::SessionInit).toByteArray(), QByteArray("gateway.session.init"));
        QCOMPARE(stageName(Stage::SessionGet).toByteArray(), QByteArray("gateway.session.get"));
        QCOMPARE(stageName(Stage::SessionStore).toByteArray(), QByteArray("gateway.session.store"));
        QVERIFY(stageName(Stage::Count).isEmpty());
    }

    void overheadCountsParallelHopsOnce()
    {
        CallRecord call = toolCall();
        Hop second = call.hops[0];
        second.offsetNs = 4 * kMs;
        second.durationNs = 5 * kMs;
        call.hops.append(second);
        QCOMPARE(gatewayOverheadNs(call), 3 * kMs);
        call.hops.clear();
        QCOMPARE(gatewayOverheadNs(call), 10 * kMs);
    }

    void payloadsAppearOnlyWhenTheyAreAskedFor()
    {
        CallSpanOptions options;
        options.arguments = "{\"city\":\"Ulm\"}";
        options.result = "{\"content\":[]}";
        QVERIFY(!has(spansOf(toolCall(), options)[0], "gen_ai.tool.call.arguments"));
        options.payloads = true;
        const SpanData rich = spansOf(toolCall(), options)[0];
        QCOMPARE(toJson(*findAttribute(rich.attributes, "gen_ai.tool.call.arguments")), QByteArray("{\"city\":\"Ulm\"}"));
        QCOMPARE(toJson(*findAttribute(rich.attributes, "gen_ai.tool.call.result")), QByteArray("{\"content\":[]}"));
        CallRecord list = toolCall();
        list.method = "tools/list";
        list.targetKind = TargetKind::None;
        QVERIFY(!has(spansOf(list, options)[0], "gen_ai.tool.call.arguments"));
    }

    void eachAliasSetAddsAllItsNames()
    {
        CallRecord call = toolCall();
        call.outcome = Outcome::ToolError;
        auto known = std::make_shared<ClientContext>(*call.client);
        known->clientName = "ide";
        known->clientVersion = "1";
        call.client = known;
        auto named = std::make_shared<ServerContext>(*call.hops[0].server);
        named->serverVersion = "2";
        call.hops[0].server = named;
        for (const Attr prompt : {Attr::GatewayPromptArguments, Attr::GatewayPromptMessages, Attr::GatewayPromptTokens})
            call.extraAttributes.push_back({attributeName(prompt), std::int64_t(1)});
        for (const AliasSetRow& row : aliasSetTable()) {
            QCOMPARE(aliasSetByName(QString::fromLatin1(row.name)), static_cast<AliasSets>(row.set));
            CallSpanOptions options;
            options.aliases = static_cast<AliasSets>(row.set);
            const auto spans = spansOf(call, options);
            // mcp.server.version is of the server alone.
            for (const char* name : row.attributes)
                QVERIFY2(has(spans[0], name) || has(spans.back(), name), name);
        }
        QCOMPARE(aliasSetByName(u"nobody"), AliasSets(0));
        CallSpanOptions enkrypt;
        enkrypt.aliases = aliasSetByName(u"enkrypt");
        const auto spans = spansOf(call, enkrypt);
        QCOMPARE(text(spans[0], "server_name"), QByteArray("weather"));
        QCOMPARE(text(spans[0], "tool_name"), QByteArray("get"));
        QCOMPARE(text(spans[0], "gateway.span.alias"), QByteArray("tool_execution"));
        QCOMPARE(std::get<std::int64_t>(findAttribute(spans[0].attributes, "duration_ms")->value), std::int64_t(10));
        QCOMPARE(std::get<bool>(findAttribute(spans[0].attributes, "success")->value), false);
    }

    void keysOfASpanAreUniqueWithEveryAliasSet()
    {
        CallSpanOptions options;
        options.aliases = 0x0f;
        CallRecord call = toolCall();
        call.outcome = Outcome::ToolError;
        for (const SpanData& span : spansOf(call, options)) {
            QSet<QByteArray> keys;
            for (const Attribute& attribute : span.attributes) {
                QVERIFY2(!keys.contains(attribute.key), attribute.key.constData());
                keys.insert(attribute.key);
            }
        }
    }

    void theAttributeTableIsInTheOrderOfItsEnumAndSaysSomethingOfEach()
    {
        std::size_t index = 0;
        for (const AttributeRow& row : attributeTable()) {
            QCOMPARE(static_cast<std::size_t>(row.id), index++);
            QVERIFY(QByteArrayView(row.name).size() > 2 && QByteArrayView(row.description).size() > 5);
            QCOMPARE(attributeName(row.id), QByteArray(row.name));
        }
        QCOMPARE(boundedMethod("tools/call").toByteArray(), QByteArray("tools/call"));
        QCOMPARE(boundedMethod("tools/list").toByteArray(), QByteArray("tools/list"));
        QCOMPARE(boundedMethod("completion/complete").toByteArray(), QByteArray("completion/complete"));
        QCOMPARE(boundedMethod("x/y").toByteArray(), QByteArray("_OTHER"));
        QCOMPARE(boundedProtocolVersion("2099-01-01").toByteArray(), QByteArray("_OTHER"));
    }
};

QTEST_GUILESS_MAIN(CallSpansTest)
#include "tst_call_spans.moc"
