// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::downstream;
using namespace oriel::downstream::test;
using telemetry::MetricId;

/// Which requests get in, over real sockets.
class HttpEndpointTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aRequestThatNamesAnotherHostIsForbidden_data()
    {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("value");
        QTest::newRow("rebound name") << QByteArray("Host") << QByteArray("evil.example:PORT");
        QTest::newRow("other port") << QByteArray("Host") << QByteArray("127.0.0.1:1");
        QTest::newRow("no port") << QByteArray("Host") << QByteArray("127.0.0.1");
        QTest::newRow("page on the web") << QByteArray("Origin") << QByteArray("https://evil.example");
        QTest::newRow("opaque origin") << QByteArray("Origin") << QByteArray("null");
        QTest::newRow("name that begins well") << QByteArray("Origin") << QByteArray("http://localhost.evil.example");
    }
    void aRequestThatNamesAnotherHostIsForbidden()
    {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, value);
        EndpointFixture fixture;
        value.replace("PORT", QByteArray::number(fixture.port));
        for (const QByteArray& path : {QByteArray("/mcp"), QByteArray("/healthz"), QByteArray("/api/v1/status")}) {
            const HttpAnswer answer = fixture.ask("POST", path, {{field, value}}, fixture.initialize());
            QCOMPARE(answer.status, 403);
            QVERIFY2(answer.body.contains("\"error\""), answer.body.constData());
            QVERIFY(!answer.field("X-Request-ID").isEmpty());
        }
        QVERIFY(fixture.handler.messages.empty());
    }
    void ownHostsAndAllowedOriginsGetIn()
    {
        HttpEndpoint::Options options;
        options.allowedOrigins = {"https://app.example"};
        EndpointFixture fixture(options);
        const QByteArray port = QByteArray::number(fixture.port);
        for (const Fields& fields : {Fields{{"Host", "localhost:" + port}}, Fields{{"Host", "[::1]:" + port}},
                                     Fields{{"Origin", "http://localhost:3000"}}, Fields{{"Origin", "https://app.example"}}})
            QCOMPARE(fixture.post(fixture.initialize(), fields).status, 200);
        QCOMPARE(fixture.post(fixture.initialize(), {{"Origin", "https://app.example.evil"}}).status, 403);
    }
    void withoutATokenTheAnswerSaysHowToAuthenticate()
    {
        EndpointFixture fixture;
        const HttpAnswer none = fixture.post(fixture.initialize(), {{"Authorization", ""}});
        QCOMPARE(none.status, 401);
        QCOMPARE(none.field("WWW-Authenticate"), QByteArray("Bearer"));
        const HttpAnswer wrong = fixture.post(fixture.initialize(), {{"Authorization", "Bearer oriel_wrong"}});
        QCOMPARE(wrong.status, 401);
        QCOMPARE(wrong.field("WWW-Authenticate"), QByteArray("Bearer error=\"invalid_token\""));
        QCOMPARE(fixture.post(fixture.initialize(), {{"Authorization", "Basic " + fixture.token}}).status, 401);
        QVERIFY(!wrong.body.contains("oriel_wrong"));
        QVERIFY(fixture.handler.opened.isEmpty());
        QCOMPARE(fixture.recorder.sum(MetricId::AuthFailure, {"token", "missing_token"}), 2.0);
        QCOMPARE(fixture.recorder.sum(MetricId::AuthFailure, {"token", "unknown_token"}), 1.0);
        QCOMPARE(fixture.recorder.sum(MetricId::HttpRequests, {"POST", "/mcp", "401"}), 3.0);
    }
    void aScopeOpensItsOwnRoutesOnly()
    {
        EndpointFixture fixture;
        fixture.endpoint.setApiHandler(
            [](const http::Request&, const HttpEndpoint::ApiAnswer& answer) { answer(http::Response::json(200, "{}")); });
        const Fields reader{{"Authorization", "Bearer " + fixture.apiToken}};
        for (const QByteArray& path : {QByteArray("/metrics"), QByteArray("/api/v1/audit"), QByteArray("/api/v1/")}) {
            QCOMPARE(fixture.ask("GET", path).status, 403);
            QCOMPARE(fixture.ask("GET", path, reader).status, 200);
        }
        for (const QByteArray& path : {QByteArray("/mcp"), QByteArray("/mcp/alone")})
            QCOMPARE(fixture.ask("POST", path, reader, fixture.initialize()).status, 403);
        QVERIFY(fixture.post(fixture.initialize(), reader).field("WWW-Authenticate").isEmpty());
        QCOMPARE(fixture.recorder.sum(MetricId::AuthFailure, {"token", "wrong_scope"}), 6.0);
    }
    void healthNeedsNoToken()
    {
        EndpointFixture fixture;
        QCOMPARE(fixture.ask("GET", "/healthz", {{"Authorization", ""}}).status, 503);
        fixture.endpoint.setApiHandler(
            [](const http::Request&, const HttpEndpoint::ApiAnswer& answer) { answer(http::Response::json(200, "{}")); });
        QCOMPARE(fixture.ask("GET", "/healthz", {{"Authorization", ""}}).status, 200);
    }
    void withAuthenticationOffEverybodyOfThisMachineGetsIn()
    {
        HttpEndpoint::Options options;
        options.auth = false;
        EndpointFixture fixture(options);
        QCOMPARE(fixture.post(fixture.initialize(), {{"Authorization", ""}}).status, 200);
        QCOMPARE(fixture.handler.opened.first()->client->projectId, QByteArray("default"));
        QCOMPARE(fixture.recorder.sum(MetricId::AuthSuccess, {"none", "default"}), 1.0);
        QCOMPARE(fixture.post(fixture.initialize(), {{"Authorization", ""}, {"Host", "evil.example"}}).status, 403);
    }
    void aRevokedTokenOpensNothing()
    {
        EndpointFixture fixture;
        const QByteArray session = fixture.openSession();
        QVERIFY(fixture.tokens.revoke("client"));
        fixture.endpoint.closeSessionsOf("client");
        QCOMPARE(fixture.post(kPing, {{"Mcp-Session-Id", session}}).status, 401);
        QCOMPARE(fixture.handler.closed, fixture.handler.opened);
    }
    void routesThatAreNotOursAreNotFound()
    {
        EndpointFixture fixture;
        for (const QByteArray& path : {QByteArray("/"), QByteArray("/mcpx"), QByteArray("/api"), QByteArray("/metrics/x")})
            QCOMPARE(fixture.ask("GET", path).status, 404);
        QCOMPARE(fixture.ask("POST", "/mcp/nobody", {}, fixture.initialize()).status, 404);
        QCOMPARE(fixture.recorder.sum(MetricId::HttpRequests, {"GET", "other", "404"}), 4.0);
    }
    void otherMethodsAreToldWhichThereAre()
    {
        EndpointFixture fixture;
        const HttpAnswer answer = fixture.ask("PUT", "/mcp", {{"Content-Length", "0"}});
        QCOMPARE(answer.status, 405);
        QCOMPARE(answer.field("Allow"), QByteArray("POST, GET, DELETE"));
    }
    void negotiationThatFailsIsToldByItsStatus_data()
    {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<int>("status");
        QTest::newRow("JSON only") << QByteArray("Accept") << QByteArray("application/json") << 406;
        QTest::newRow("stream only") << QByteArray("Accept") << QByteArray("text/event-stream") << 406;
        QTest::newRow("HTML") << QByteArray("Accept") << QByteArray("text/html") << 406;
        QTest::newRow("anything") << QByteArray("Accept") << QByteArray("*/*") << 200;
        QTest::newRow("nothing said") << QByteArray("Accept") << QByteArray() << 200;
        QTest::newRow("both, with weights") << QByteArray("Accept") << QByteArray("text/event-stream;q=0.5, application/json;q=1")
                                            << 200;
        QTest::newRow("text") << QByteArray("Content-Type") << QByteArray("text/plain") << 415;
        QTest::newRow("no type") << QByteArray("Content-Type") << QByteArray() << 415;
        QTest::newRow("with charset") << QByteArray("Content-Type") << QByteArray("application/json; charset=utf-8") << 200;
        QTest::newRow("unknown revision") << QByteArray("MCP-Protocol-Version") << QByteArray("2031-01-01") << 400;
        QTest::newRow("no revision at all") << QByteArray("MCP-Protocol-Version") << QByteArray("latest") << 400;
        QTest::newRow("known revision") << QByteArray("MCP-Protocol-Version") << QByteArray("2025-06-18") << 200;
    }
    void negotiationThatFailsIsToldByItsStatus()
    {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, value);
        QFETCH(int, status);
        EndpointFixture fixture;
        const HttpAnswer answer = fixture.post(fixture.initialize(), {{field, value}});
        QCOMPARE(answer.status, status);
        QCOMPARE(answer.body.contains("\"error\""), status != 200);
        QCOMPARE(fixture.handler.opened.size(), status == 200 ? 1 : 0);
    }
    void bodiesThatAreNoMessageAreAnsweredAsJsonRpc_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("code");
        QTest::newRow("no JSON") << QByteArray("{\"jsonrpc\":") << -32700;
        QTest::newRow("empty") << QByteArray("") << -32700;
        QTest::newRow("duplicate key") << QByteArray(
                                              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"tools/call\"}")
                                       << -32600;
        QTest::newRow("duplicate key deep inside")
            << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"x\":{\"a\":1,\"a\":2}}}") << -32600;
        QTest::newRow("case variant") << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":1,\"Method\":\"ping\"}") << -32600;
        QTest::newRow("other version") << QByteArray("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}") << -32600;
        QTest::newRow("no UTF-8") << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}") << -32700;
    }
    void bodiesThatAreNoMessageAreAnsweredAsJsonRpc()
    {
        QFETCH(QByteArray, body);
        QFETCH(int, code);
        EndpointFixture fixture;
        const QByteArray session = fixture.openSession();
        const std::size_t before = fixture.handler.messages.size();
        const HttpAnswer answer = fixture.post(body, {{"Mcp-Session-Id", session}});
        QCOMPARE(answer.status, 400);
        json::Document document;
        QVERIFY(document.parse(answer.body));
        QCOMPARE(document.root().find("error").find("code").asInt64().value_or(0), std::int64_t(code));
        QCOMPARE(fixture.handler.messages.size(), before);
        QCOMPARE(fixture.handler.refused.size(), std::size_t(1));
        const auto& [incoming, refusal] = fixture.handler.refused.front();
        QCOMPARE(refusal.httpStatus, 400);
        QCOMPARE(refusal.code, code);
        QCOMPARE(incoming.message.raw, body);
        QCOMPARE(incoming.requestId, answer.field("X-Request-ID"));
        QCOMPARE(incoming.session->client->tokenName, QByteArray("client"));
    }
    void aBodyOverTheLimitIsRefusedBeforeItIsRead()
    {
        HttpEndpoint::Options options;
        options.maxBodyBytes = 1000;
        EndpointFixture fixture(options);
        RawPeer peer(fixture.port);
        peer.send(fixture.request("POST", "/mcp", {{"Content-Length", "1001"}}));
        QTRY_COMPARE(peer.status(), 413);
        QVERIFY(fixture.handler.messages.empty());
        RawPeer chunked(fixture.port);
        chunked.send(fixture.request("POST", "/mcp", {{"Content-Length", ""}, {"Transfer-Encoding", "chunked"}}) + "3e9\r\n" +
                     QByteArray(1001, ' ') + "\r\n0\r\n\r\n");
        QTRY_COMPARE(chunked.status(), 413);
    }
    void aLimitThatChangesHoldsForTheNextRequestOfAnOpenConnection()
    {
        HttpEndpoint::Options options;
        options.maxBodyBytes = 10;
        EndpointFixture fixture(options);
        QCOMPARE(fixture.post(fixture.initialize()).status, 413);
        options.maxBodyBytes = 1000;
        fixture.endpoint.setOptions(options);
        RawPeer peer(fixture.port);
        peer.send(fixture.request("POST", "/mcp", {}, fixture.initialize()));
        QTRY_COMPARE(peer.status(), 200);
        options.maxBodyBytes = 10;
        fixture.endpoint.setOptions(options);
        peer.send(fixture.request("POST", "/mcp", {}, fixture.initialize()));
        QTRY_COMPARE(peer.status(1), 413);
    }
    void whatTheServerRefusesByItselfHasARequestIdAndIsCounted_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("requestId");
        QTest::addColumn<QList<QByteArray>>("labels");
        const QByteArray post = "POST /mcp HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\nX-Request-ID: mine\r\n";
        using Labels = QList<QByteArray>;
        QTest::newRow("no length") << QByteArray(post + "\r\n") << 411 << QByteArray("mine") << Labels{"POST", "/mcp", "411"};
        QTest::newRow("large body") << QByteArray(post + "Content-Length: 1001\r\n\r\n") << 413 << QByteArray("mine")
                                    << Labels{"POST", "/mcp", "413"};
        QTest::newRow("large chunked body") << QByteArray(post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n") << 413
                                            << QByteArray("mine") << Labels{"POST", "/mcp", "413"};
        QTest::newRow("two hosts") << QByteArray("GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") << 400 << QByteArray()
                                   << Labels{"GET", "/metrics", "400"};
        QTest::newRow("insane id") << QByteArray("POST /mcp HTTP/1.1\r\nHost: h\r\nX-Request-ID: a b\r\n\r\n") << 411
                                   << QByteArray() << Labels{"POST", "/mcp", "411"};
        QTest::newRow("garbage") << QByteArray("hello\r\n\r\n") << 400 << QByteArray() << Labels{"other", "other", "400"};
        QTest::newRow("large header") << QByteArray("GET / HTTP/1.1\r\nHost: a\r\nX: " + QByteArray(33'000, 'a')) << 431
                                      << QByteArray() << Labels{"other", "other", "431"};
    }
    void whatTheServerRefusesByItselfHasARequestIdAndIsCounted()
    {
        QFETCH(QByteArray, request);
        QFETCH(int, status);
        QFETCH(QByteArray, requestId);
        QFETCH(QList<QByteArray>, labels);
        HttpEndpoint::Options options;
        options.maxBodyBytes = 1000;
        EndpointFixture fixture(options);
        RawPeer peer(fixture.port);
        peer.send(request.replace("HOST", fixture.host).replace("TOKEN", fixture.token));
        QTRY_VERIFY(isWhole(peer.received));
        const HttpAnswer answer = answerIn(peer.received);
        QCOMPARE(answer.status, status);
        const QByteArray given = answer.field("X-Request-ID");
        if (requestId.isEmpty())
            QCOMPARE(given.size(), 26);
        else
            QCOMPARE(given, requestId);
        QCOMPARE(fixture.recorder.sum(MetricId::HttpRequests, labels), 1.0);
        QCOMPARE(fixture.recorder.sum(MetricId::HttpRequests), 1.0);
    }
    void whatTheEndpointRefusesAtTheHeadIsCountedOnce()
    {
        EndpointFixture fixture;
        QCOMPARE(fixture.post(fixture.initialize(), {{"Authorization", ""}}).status, 401);
        QCOMPARE(fixture.recorder.sum(MetricId::HttpRequests), 1.0);
    }
    void aSaneRequestIdComesBackAndAnyOtherIsReplaced()
    {
        EndpointFixture fixture;
        const HttpAnswer sane = fixture.post(fixture.initialize(), {{"X-Request-ID", "my-id.42"}});
        QCOMPARE(sane.field("X-Request-ID"), QByteArray("my-id.42"));
        QCOMPARE(fixture.handler.messages.front().requestId, QByteArray("my-id.42"));
        for (const QByteArray& insane :
             {QByteArray("two words"), QByteArray(129, 'a'), QByteArray("a\"b"), QByteArray("\xc3\xa4")}) {
            const QByteArray given = fixture.post(fixture.initialize(), {{"X-Request-ID", insane}}).field("X-Request-ID");
            QCOMPARE(given.size(), 26);
            QCOMPARE(fixture.handler.messages.back().requestId, given);
        }
        QCOMPARE(fixture.post(fixture.initialize(), {{"X-Request-ID", "refused-7"}, {"Authorization", ""}}).field("X-Request-ID"),
                 QByteArray("refused-7"));
    }
    void batchesAreForTheOneRevisionThatHasThem()
    {
        EndpointFixture fixture;
        const QByteArray batch = '[' + kPing +
                                 ",{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},{\"jsonrpc\":\"2.0\","
                                 "\"id\":2,\"method\":\"tools/list\"},{\"id\":3}]";
        const HttpAnswer refused = fixture.post(batch, {{"Mcp-Session-Id", fixture.openSession()}});
        QCOMPARE(refused.status, 400);
        QCOMPARE(fixture.handler.messages.size(), std::size_t(1));
        const HttpAnswer answer = fixture.post(batch, {{"Mcp-Session-Id", fixture.openSession("2025-03-26")}});
        QCOMPARE(answer.status, 200);
        json::Document document;
        QVERIFY2(document.parse(answer.body), answer.body.constData());
        QCOMPARE(document.root().size(), 3U);
        QVERIFY(answer.body.contains("\"id\":1,") && answer.body.contains("\"id\":2,") && answer.body.contains("\"error\""));
    }
    void aBatchOfNotificationsIsAccepted()
    {
        EndpointFixture fixture;
        const HttpAnswer answer = fixture.post("[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]",
                                               {{"Mcp-Session-Id", fixture.openSession("2025-03-26")}});
        QCOMPARE(answer.status, 202);
        QVERIFY(answer.body.isEmpty());
    }
    void whatTheHeadersTellOfTheTraceIsPassedOn()
    {
        EndpointFixture fixture;
        (void)fixture.post(fixture.initialize(), {{"traceparent", "00-1-2-01"}, {"tracestate", "a=1"}, {"baggage", "b=2"}});
        const Incoming& incoming = fixture.handler.messages.front();
        QCOMPARE(incoming.traceparent, QByteArray("00-1-2-01"));
        QCOMPARE(incoming.tracestate, QByteArray("a=1"));
        QCOMPARE(incoming.baggage, QByteArray("b=2"));
        QVERIFY(incoming.authenticate.offsetNs >= 0 && incoming.sessionInit.offsetNs >= 0 && incoming.sessionGet.offsetNs < 0);
        QVERIFY(incoming.b3.isEmpty());
    }
    void listsOverSeveralHeadersAreOneAndTwoParentsAreNone()
    {
        EndpointFixture fixture;
        const QByteArray parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        // A name in another case is another field to the fixture and the same to HTTP.
        (void)fixture.post(
            fixture.initialize(),
            {{"traceparent", parent}, {"tracestate", "a=1"}, {"Tracestate", "b=2"}, {"baggage", "c=3"}, {"Baggage", "d=4"}});
        const Incoming first = fixture.handler.messages.back();
        QCOMPARE(first.traceparent, parent);
        QCOMPARE(first.tracestate, QByteArray("a=1,b=2"));
        QCOMPARE(first.baggage, QByteArray("c=3,d=4"));
        (void)fixture.post(fixture.initialize(), {{"traceparent", parent}, {"Traceparent", parent}});
        QVERIFY(fixture.handler.messages.back().traceparent.isEmpty());
    }
    void theB3HeadersArePassedOnInOneForm()
    {
        using Headers = QList<std::pair<QByteArray, QByteArray>>;
        const QList<std::pair<Headers, QByteArray>> cases{
            {{{"b3", "1-2-1"}, {"X-B3-TraceId", "9"}}, "1-2-1"},
            {{{"X-B3-TraceId", "9"}, {"X-B3-SpanId", "8"}, {"X-B3-Sampled", "0"}}, "9-8-0"},
            {{{"X-B3-TraceId", "9"}, {"X-B3-SpanId", "8"}, {"X-B3-Sampled", "true"}}, "9-8-1"},
            {{{"X-B3-TraceId", "9"}, {"X-B3-SpanId", "8"}, {"X-B3-Flags", "1"}}, "9-8-d"},
            {{{"X-B3-Sampled", "0"}}, "0"},
        };
        for (const auto& [headers, b3] : cases) {
            EndpointFixture fixture;
            (void)fixture.post(fixture.initialize(), headers);
            QCOMPARE(fixture.handler.messages.front().b3, b3);
        }
    }
};

QTEST_GUILESS_MAIN(HttpEndpointTest)
#include "tst_http_endpoint.moc"
