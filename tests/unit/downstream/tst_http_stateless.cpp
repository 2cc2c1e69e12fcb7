// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::downstream;
using namespace oriel::downstream::test;

namespace {

QByteArray request(const QByteArray& method, const QByteArray& params = {}, const QByteArray& version = "2026-07-28",
                   const QByteArray& client = "tester")
{
    return "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" + method + "\",\"params\":{" + params + (params.isEmpty() ? "" : ",") +
           "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" + version +
           "\",\"io.modelcontextprotocol/clientInfo\":{\"name\":\"" + client +
           "\",\"version\":\"1\"},\"io.modelcontextprotocol/clientCapabilities\":{\"sampling\":{}}}}}";
}

Fields named(const QByteArray& method, const QByteArray& name = {}, const QByteArray& version = "2026-07-28")
{
    return {{"MCP-Protocol-Version", version}, {"Mcp-Method", method}, {"Mcp-Name", name}};
}

int errorCode(const HttpAnswer& answer)
{
    json::Document document;
    return document.parse(answer.body) ? static_cast<int>(document.root().find("error").find("code").asInt64().value_or(0)) : -1;
}

} // namespace

/// Requests of 2026-07-28: no session, and headers that repeat the body.
class HttpStatelessTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aRequestNeedsNoSession()
    {
        EndpointFixture fixture;
        const HttpAnswer answer = fixture.post(request("tools/list"), named("tools/list"));
        QCOMPARE(answer.status, 200);
        QVERIFY(answer.field("Mcp-Session-Id").isEmpty());
        QCOMPARE(fixture.handler.messages.size(), std::size_t(1));
        const Session& session = *fixture.handler.messages.front().session;
        QCOMPARE(session.revision, mcp::Revision::V2026_07_28);
        QVERIFY(session.isInitialized);
        QVERIFY(session.capabilities.sampling);
        QCOMPARE(session.client->clientName, QByteArray("tester"));
        QCOMPARE(session.client->tokenName, QByteArray("client"));
    }
    void requestsThatSayTheSameOfTheirClientAreOneClient()
    {
        EndpointFixture fixture;
        for (int i = 0; i < 3; ++i)
            QCOMPARE(fixture.post(request("tools/list"), named("tools/list")).status, 200);
        QCOMPARE(fixture.handler.opened.size(), 1);
        QCOMPARE(fixture.post(request("tools/list", {}, "2026-07-28", "another"), named("tools/list")).status, 200);
        QCOMPARE(fixture.handler.opened.size(), 2);
        fixture.endpoint.closeSessionsOf("client");
        QCOMPARE(fixture.handler.closed.size(), 2);
    }
    void headersHaveToAgreeWithTheBody()
    {
        EndpointFixture fixture;
        const QByteArray call = request("tools/call", "\"name\":\"echo\"");
        QCOMPARE(fixture.post(call, named("tools/call", "echo")).status, 200);
        for (const Fields& wrong : {named("tools/list", "echo"), named("tools/call", "other"), named("tools/call"),
                                    named({}, "echo"), named("tools/call", "echo", "2025-11-25")}) {
            const HttpAnswer answer = fixture.post(call, wrong);
            QCOMPARE(answer.status, 400);
            QCOMPARE(errorCode(answer), mcp::error_code::HeaderMismatch);
        }
        QCOMPARE(fixture.handler.messages.size(), std::size_t(1));
    }
    void aVersionThatNobodySpeaksIsAnsweredWithThoseThatAreSpoken()
    {
        EndpointFixture fixture;
        const HttpAnswer answer = fixture.post(request("tools/list", {}, "2031-01-01"), named("tools/list", {}, "2031-01-01"));
        QCOMPARE(answer.status, 400);
        QCOMPARE(errorCode(answer), mcp::error_code::UnsupportedProtocolVersion);
        QVERIFY(answer.body.contains("\"supported\":[\"2026-07-28\"]"));
    }
    void whatTheRevisionHasNotIsNotFound()
    {
        EndpointFixture fixture;
        for (const QByteArray method : {"initialize", "ping", "logging/setLevel", "resources/subscribe", "no/such"}) {
            const HttpAnswer answer = fixture.post(request(method), named(method));
            QCOMPARE(answer.status, 404);
            QCOMPARE(errorCode(answer), mcp::error_code::MethodNotFound);
        }
        QCOMPARE(fixture.ask("GET", "/mcp", named({})).status, 405);
        QCOMPARE(fixture.ask("DELETE", "/mcp", named({})).status, 405);
    }
    void aRequestThatDoesNotSayWhoItIsIsRefused()
    {
        EndpointFixture fixture;
        const HttpAnswer answer = fixture.post("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\"}", named("tools/list"));
        QCOMPARE(answer.status, 400);
        QCOMPARE(errorCode(answer), mcp::error_code::InvalidParams);
        QVERIFY(answer.body.contains("\"id\":7"));
    }
    void hangingUpIsToldToTheGateway()
    {
        EndpointFixture fixture;
        fixture.handler.keeps = true;
        {
            RawPeer peer(fixture.port);
            peer.send(fixture.request("POST", "/mcp", named("tools/list"), request("tools/list")));
            spinUntil([&] { return !fixture.handler.messages.empty(); });
            QCOMPARE(fixture.handler.abandoned, 0);
        }
        spinUntil([&] { return fixture.handler.abandoned == 1; });
        QCOMPARE(fixture.handler.abandoned, 1);
    }
    void whatPrecedesTheAnswerMakesItAnEventStreamWithoutIds()
    {
        EndpointFixture fixture;
        fixture.handler.keeps = true;
        RawPeer peer(fixture.port);
        peer.send(fixture.request("POST", "/mcp", named("tools/list"), request("tools/list")));
        spinUntil([&] { return !fixture.handler.messages.empty(); });
        const auto& reply = fixture.handler.messages.front().reply;
        reply->notify("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}");
        reply->finish("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}");
        spinUntil([&] { return peer.received.contains("\"result\""); });
        QVERIFY(peer.received.contains("text/event-stream"));
        QVERIFY(!peer.received.contains("\nid:"));
        QVERIFY(peer.received.indexOf("notifications/progress") < peer.received.indexOf("\"result\""));
    }
};

QTEST_GUILESS_MAIN(HttpStatelessTest)
#include "tst_http_stateless.moc"
