// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "otlp/exporters/zipkin.h"

#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using telemetry::SpanData;
using telemetry::SpanKind;
using telemetry::StatusCode;

namespace {

SpanData spanOf(SpanKind kind)
{
    static constexpr std::array<unsigned char, 16> kTrace{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static constexpr std::array<unsigned char, 8> kSpan{0xa, 0xb, 0xc, 0xd, 0, 0, 0, 1};
    SpanData span;
    span.traceId = TraceId::fromBytes(kTrace.data());
    span.spanId = SpanId::fromBytes(kSpan.data());
    span.name = "tools/call \"echo\"";
    span.kind = kind;
    span.startUnixNs = 1'700'000'000'123'456'789;
    span.endUnixNs = span.startUnixNs + 2'500'999;
    auto resource = std::make_shared<telemetry::Resource>();
    resource->attributes = {{"service.name", QByteArray("oriel")}};
    span.resource = resource;
    auto scope = std::make_shared<telemetry::Scope>();
    scope->name = "oriel.gateway";
    scope->version = "1.2";
    span.scope = scope;
    return span;
}

/// The one span that the JSON holds.
class Exported {
public:
    explicit Exported(const SpanData& span) : m_text(zipkinSpans({&span, 1}))
    {
        m_valid = m_document.parse(m_text).has_value() && m_document.root().isArray() && m_document.root().size() == 1;
    }
    [[nodiscard]] bool isValid() const { return m_valid; }
    [[nodiscard]] json::Value find(const char* key) const { return m_document.root().at(0).find(key); }
    [[nodiscard]] QByteArray tag(const char* key) const { return find("tags").find(key).asUtf8(); }

private:
    QByteArray m_text;
    json::Document m_document;
    bool m_valid = false;
};

} // namespace

class ZipkinTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void idsTimesAndNamesAreThoseOfTheSpan()
    {
        SpanData span = spanOf(SpanKind::Server);
        const Exported root(span);
        QVERIFY(root.isValid());
        QVERIFY(root.find("traceId").equals("0102030405060708090a0b0c0d0e0f10"));
        QVERIFY(root.find("id").equals("0a0b0c0d00000001"));
        QVERIFY(!root.find("parentId").exists());
        QVERIFY(root.find("name").equals("tools/call \"echo\""));
        QVERIFY(root.find("kind").equals("SERVER"));
        QCOMPARE(root.find("timestamp").asInt64(), std::optional<std::int64_t>(1'700'000'000'123'456));
        QCOMPARE(root.find("duration").asInt64(), std::optional<std::int64_t>(2'500));
        QVERIFY(root.find("localEndpoint").find("serviceName").equals("oriel"));
        QCOMPARE(root.tag("otel.scope.name"), QByteArray("oriel.gateway"));
        QCOMPARE(root.tag("otel.scope.version"), QByteArray("1.2"));
        span.parentSpanId = span.spanId;
        span.endUnixNs = span.startUnixNs;
        const Exported child(span);
        QVERIFY(child.find("parentId").equals("0a0b0c0d00000001"));
        QCOMPARE(child.find("duration").asInt64(), std::optional<std::int64_t>(1));
    }

    void internalSpansHaveNoKind()
    {
        QVERIFY(!Exported(spanOf(SpanKind::Internal)).find("kind").exists());
        QVERIFY(Exported(spanOf(SpanKind::Producer)).find("kind").equals("PRODUCER"));
        QVERIFY(Exported(spanOf(SpanKind::Consumer)).find("kind").equals("CONSUMER"));
    }

    void thePeerOfAClientIsItsRemoteEndpoint()
    {
        SpanData span = spanOf(SpanKind::Client);
        QVERIFY(!Exported(span).find("remoteEndpoint").exists());
        span.attributes = {{"server.address", QByteArray("127.0.0.1")}, {"server.port", 8080}};
        const Exported byAddress(span);
        QVERIFY(byAddress.find("remoteEndpoint").find("serviceName").equals("127.0.0.1"));
        QVERIFY(byAddress.find("remoteEndpoint").find("ipv4").equals("127.0.0.1"));
        QCOMPARE(byAddress.find("remoteEndpoint").find("port").asInt64(), std::optional<std::int64_t>(8080));
        span.attributes.push_back({"peer.service", QByteArray("inventory")});
        QVERIFY(Exported(span).find("remoteEndpoint").find("serviceName").equals("inventory"));
        span.kind = SpanKind::Server;
        QVERIFY(!Exported(span).find("remoteEndpoint").exists());
    }

    void theStatusIsInTwoTags()
    {
        SpanData span = spanOf(SpanKind::Server);
        span.attributes = {{"error", true}, {"otel.status_code", QByteArray("mine")}};
        QVERIFY2(!Exported(span).find("tags").find("error").exists(), "any value of error would mean failure");
        span.status = StatusCode::Ok;
        QCOMPARE(Exported(span).tag("otel.status_code"), QByteArray("OK"));
        span.status = StatusCode::Error;
        span.statusMessage = "timed out";
        const Exported failed(span);
        QCOMPARE(failed.tag("otel.status_code"), QByteArray("ERROR"));
        QCOMPARE(failed.tag("error"), QByteArray("timed out"));
        span.statusMessage.clear();
        QVERIFY2(Exported(span).find("tags").find("error").isString(), "an error without a description is an error");
    }

    void attributesAreTexts()
    {
        SpanData span = spanOf(SpanKind::Internal);
        auto list = std::make_shared<telemetry::ArrayValue>();
        list->values = {QByteArray("a"), 2};
        span.attributes = {{"text", QByteArray("x")},
                           {"number", 7},
                           {"flag", true},
                           {"list", std::shared_ptr<const telemetry::ArrayValue>(list)}};
        span.droppedAttributes = 3;
        const Exported exported(span);
        QCOMPARE(exported.tag("text"), QByteArray("x"));
        QCOMPARE(exported.tag("number"), QByteArray("7"));
        QCOMPARE(exported.tag("flag"), QByteArray("true"));
        QCOMPARE(exported.tag("list"), QByteArray("[\"a\",2]"));
        QCOMPARE(exported.tag("otel.dropped_attributes_count"), QByteArray("3"));
    }

    void eventsAreAnnotations()
    {
        SpanData span = spanOf(SpanKind::Internal);
        span.events = {{span.startUnixNs + 1'000'000, "first byte", {}, 0},
                       {span.startUnixNs + 2'000'000, "progress", {{"step", 1}, {"of", QByteArray("two")}}, 0}};
        const Exported exported(span);
        QCOMPARE(exported.find("annotations").size(), 2U);
        QCOMPARE(exported.find("annotations").at(0).find("timestamp").asInt64(),
                 std::optional<std::int64_t>(1'700'000'000'124'456));
        QVERIFY(exported.find("annotations").at(0).find("value").equals("first byte"));
        QVERIFY(exported.find("annotations").at(1).find("value").equals("\"progress\": {\"step\":1,\"of\":\"two\"}"));
    }

    void nothingIsAnEmptyList() { QCOMPARE(zipkinSpans({}), QByteArray("[]")); }
};

QTEST_GUILESS_MAIN(ZipkinTest)
#include "tst_zipkin.moc"
