// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "full_telemetry.h"
#include "wire_fields.h"

#include <QTest>

#include <cmath>

using namespace oriel;
using namespace oriel::telemetry;
using namespace oriel::otlp;
using wire::Message;

namespace {

/// The AnyValue of the attribute `key` among the KeyValue fields `tag` of a message.
Message attribute(const Message& parent, unsigned tag, const QByteArray& key)
{
    for (const wire::Field& field : parent.all(tag)) {
        const Message entry(field.bytes);
        if (entry.bytes(1) == key)
            return entry.message(2);
    }
    return Message(QByteArray(1, '\xff'));
}

QByteArray id(const char* hex)
{
    return QByteArray::fromHex(hex);
}

} // namespace

class OtlpEncodingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFieldOfASpanHasItsNumberAndWireType()
    {
        const SpanData source = full::span();
        const Message request(encodeTraces({&source, 1}, Encoding::Protobuf));
        const Message group = request.message(1);
        QCOMPARE(group.bytes(3), QByteArray("https://opentelemetry.io/schemas/1.44.0"));
        QCOMPARE(attribute(group.message(1), 1, "service.name").bytes(1), QByteArray("oriel"));
        QCOMPARE(group.message(1).number(2, wire::Varint), 3ULL);
        const Message scoped = group.message(2);
        QCOMPARE(scoped.bytes(3), QByteArray("https://example.org/scope"));
        QCOMPARE(scoped.message(1).bytes(1), QByteArray("oriel.gateway"));
        QCOMPARE(scoped.message(1).bytes(2), QByteArray("0.1"));
        QCOMPARE(attribute(scoped.message(1), 3, "room").bytes(1), QByteArray("gateway"));
        QCOMPARE(scoped.message(1).number(4, wire::Varint), 4ULL);

        const Message span = scoped.message(2);
        QVERIFY(span.isValid());
        QCOMPARE(span.bytes(1), id("0102030405060708090a0b0c0d0e0f10"));
        QCOMPARE(span.bytes(2), id("1112131415161718"));
        QCOMPARE(span.bytes(3), QByteArray("a=1,b=2"));
        QCOMPARE(span.bytes(4), id("2122232425262728"));
        QCOMPARE(span.bytes(5), QByteArray("tools/call get"));
        QCOMPARE(span.number(6, wire::Varint), 3ULL);
        QCOMPARE(span.number(7, wire::Fixed64), 1'700'000'000'000'000'001ULL);
        QCOMPARE(span.number(8, wire::Fixed64), 1'700'000'000'000'000'999ULL);
        QCOMPARE(span.all(9).size(), full::attributes().size());
        QCOMPARE(span.number(10, wire::Varint), 5ULL);
        QCOMPARE(span.number(12, wire::Varint), 7ULL);
        QCOMPARE(span.number(14, wire::Varint), 9ULL);
        QCOMPARE(span.number(16, wire::Fixed32), 0x301ULL);
        QCOMPARE(span.message(15).bytes(2), QByteArray("broken"));
        QCOMPARE(span.message(15).number(3, wire::Varint), 2ULL);
        QVERIFY(!span.message(15).has(1));

        const Message event = span.message(11);
        QCOMPARE(event.number(1, wire::Fixed64), 1'700'000'000'000'000'500ULL);
        QCOMPARE(event.bytes(2), QByteArray("first_byte"));
        QCOMPARE(attribute(event, 3, "n").number(3, wire::Varint), 1ULL);
        QCOMPARE(event.number(4, wire::Varint), 6ULL);

        const Message link = span.message(13);
        QCOMPARE(link.bytes(1), id("00000000000000010000000000000002"));
        QCOMPARE(link.bytes(2), id("0000000000000003"));
        QCOMPARE(link.bytes(3), QByteArray("c=3"));
        QCOMPARE(attribute(link, 4, "why").bytes(1), QByteArray("ambient"));
        QCOMPARE(link.number(5, wire::Varint), 8ULL);
        QCOMPARE(link.number(6, wire::Fixed32), 0x301ULL);
    }

    void everyKindOfValueIsWrittenEvenWhenItIsZero()
    {
        const SpanData source = full::span();
        const Message span = Message(encodeTraces({&source, 1}, Encoding::Protobuf)).message(1).message(2).message(2);
        QCOMPARE(attribute(span, 9, "text").bytes(1), QByteArray("J\xC3\xBCrgen \"q\""));
        QCOMPARE(attribute(span, 9, "empty").one(1, wire::Bytes).type, static_cast<int>(wire::Bytes));
        QCOMPARE(attribute(span, 9, "no").number(2, wire::Varint), 0ULL);
        QCOMPARE(attribute(span, 9, "zero").number(3, wire::Varint), 0ULL);
        QCOMPARE(static_cast<qint64>(attribute(span, 9, "negative").number(3, wire::Varint)), -42LL);
        QCOMPARE(attribute(span, 9, "big").number(3, wire::Varint), 9'007'199'254'740'993ULL);
        QCOMPARE(attribute(span, 9, "real").real(4), 0.25);
        QCOMPARE(attribute(span, 9, "bytes").bytes(7), QByteArray("\x00\xff\x10", 3));
        const auto elements = attribute(span, 9, "array").message(5).all(1);
        QCOMPARE(elements.size(), std::size_t(3));
        QCOMPARE(Message(elements[0].bytes).bytes(1), QByteArray("x"));
        QVERIFY(elements[1].bytes.isEmpty());
        QCOMPARE(attribute(span, 9, "no elements").one(5, wire::Bytes).type, static_cast<int>(wire::Bytes));
        const Message list = attribute(span, 9, "list").message(6);
        QCOMPARE(attribute(list, 1, "inner").number(2, wire::Varint), 1ULL);
        QVERIFY(attribute(span, 9, "nothing").isValid() && !attribute(span, 9, "nothing").has(1));
    }

    void everyFieldOfALogHasItsNumberAndWireType()
    {
        const LogRecord source = full::log();
        const Message log = Message(encodeLogs({&source, 1}, Encoding::Protobuf)).message(1).message(2).message(2);
        QCOMPARE(log.number(1, wire::Fixed64), 1'700'000'000'000'000'001ULL);
        QCOMPARE(log.number(2, wire::Varint), 13ULL);
        QCOMPARE(log.bytes(3), QByteArray("warning"));
        QCOMPARE(log.message(5).bytes(1), QByteArray("disk is nearly full"));
        QCOMPARE(log.all(6).size(), full::attributes().size());
        QCOMPARE(log.number(7, wire::Varint), 2ULL);
        QCOMPARE(log.number(8, wire::Fixed32), 1ULL);
        QCOMPARE(log.bytes(9), id("00000000000000050000000000000006"));
        QCOMPARE(log.bytes(10), id("0000000000000007"));
        QCOMPARE(log.number(11, wire::Fixed64), 1'700'000'000'000'000'002ULL);
        QCOMPARE(log.bytes(12), QByteArray("disk.low"));
    }

    void everyFieldOfAMetricHasItsNumberAndWireType()
    {
        const ScopedMetrics source = full::metrics();
        const Message scoped = Message(encodeMetrics({&source, 1}, Encoding::Protobuf)).message(1).message(2);
        const auto metrics = scoped.all(2);
        QCOMPARE(metrics.size(), std::size_t(4));

        const Message counter(metrics[0].bytes);
        QCOMPARE(counter.bytes(1), QByteArray("calls_total"));
        QCOMPARE(counter.bytes(2), QByteArray("Calls."));
        QCOMPARE(counter.bytes(3), QByteArray("{call}"));
        const Message sum = counter.message(7);
        QCOMPARE(sum.number(2, wire::Varint), 2ULL);
        QCOMPARE(sum.number(3, wire::Varint), 1ULL);
        const auto points = sum.all(1);
        QCOMPARE(points.size(), std::size_t(2));
        const Message zero(points[0].bytes);
        QCOMPARE(zero.number(2, wire::Fixed64), 10ULL);
        QCOMPARE(zero.number(3, wire::Fixed64), 20ULL);
        QCOMPARE(zero.number(6, wire::Fixed64), 0ULL);
        QVERIFY(!zero.has(4));
        QCOMPARE(attribute(zero, 7, "server").bytes(1), QByteArray("weather"));
        const Message negative(points[1].bytes);
        QCOMPARE(static_cast<qint64>(negative.number(6, wire::Fixed64)), -7LL);
        const Message exemplar = negative.message(5);
        QCOMPARE(exemplar.number(2, wire::Fixed64), 1'700'000'000'000'000'003ULL);
        QCOMPARE(exemplar.real(3), 0.015);
        QCOMPARE(exemplar.bytes(4), id("0000000000000007"));
        QCOMPARE(exemplar.bytes(5), id("00000000000000050000000000000006"));
        QCOMPARE(attribute(exemplar, 7, "filtered").number(3, wire::Varint), 1ULL);

        const Message upDown = Message(metrics[1].bytes).message(7);
        QCOMPARE(upDown.number(2, wire::Varint), 2ULL);
        QVERIFY(!upDown.has(3));

        const Message gaugePoint = Message(metrics[2].bytes).message(5).message(1);
        QCOMPARE(gaugePoint.one(4, wire::Fixed64).type, static_cast<int>(wire::Fixed64));
        QCOMPARE(gaugePoint.real(4), 0.0);

        const Message histogram = Message(metrics[3].bytes).message(9);
        QCOMPARE(histogram.number(2, wire::Varint), 1ULL);
        const Message point = histogram.message(1);
        QCOMPARE(point.number(2, wire::Fixed64), 10ULL);
        QCOMPARE(point.number(3, wire::Fixed64), 20ULL);
        QCOMPARE(point.number(4, wire::Fixed64), 3ULL);
        QCOMPARE(point.real(5), 0.0);
        QCOMPARE(point.bytes(6), id("010000000000000000000000000000000200000000000000"));
        QCOMPARE(point.bytes(7), id("9a9999999999b93f000000000000f03f"));
        QCOMPARE(point.message(8).real(3), 0.015);
        QCOMPARE(attribute(point, 9, "m").bytes(1), QByteArray("x"));
        QCOMPARE(point.one(11, wire::Fixed64).type, static_cast<int>(wire::Fixed64));
        QCOMPARE(point.real(12), 1.5);
    }

    void aSmallSpanIsExactlyTheseBytes()
    {
        SpanData span;
        span.traceId = {0, 1};
        span.spanId = {2};
        span.name = "a";
        span.kind = SpanKind::Server;
        span.startUnixNs = 3;
        span.endUnixNs = 4;
        span.flags = 1;
        span.attributes = {{"k", std::int64_t(5)}};
        // request{1: group{2: scope{2: span}}}
        const QByteArray body = id("0a10"
                                   "00000000000000000000000000000001"
                                   "1208"
                                   "0000000000000002"
                                   "2a0161"
                                   "3002"
                                   "390300000000000000"
                                   "410400000000000000"
                                   "4a07"
                                   "0a016b"
                                   "12021805"
                                   "850101000000");
        QCOMPARE(body.size(), qsizetype(0x42));
        QCOMPARE(encodeTraces({&span, 1}, Encoding::Protobuf).toHex(), (id("0a46"
                                                                           "1244"
                                                                           "1242") +
                                                                        body)
                                                                           .toHex());
    }

    void nothingIsAnEmptyMessage()
    {
        QCOMPARE(encodeTraces({}, Encoding::Protobuf), QByteArray());
        QCOMPARE(encodeTraces({}, Encoding::Json), QByteArray("{}"));
        QCOMPARE(encodeMetrics({}, Encoding::Json), QByteArray("{}"));
        QCOMPARE(encodeLogs({}, Encoding::Protobuf), QByteArray());
    }

    void spansAreGroupedByResourceAndScope()
    {
        const auto first = full::resource("a");
        const auto second = full::resource("b");
        std::vector<SpanData> spans(5, full::span());
        for (std::size_t i = 0; i < spans.size(); ++i)
            spans[i].resource = i % 2 == 0 ? first : second;
        spans[4].scope.reset();
        const Message request(encodeTraces(spans, Encoding::Protobuf));
        const auto groups = request.all(1);
        QCOMPARE(groups.size(), std::size_t(2));
        const auto scopes = Message(groups[0].bytes).all(2);
        QCOMPARE(scopes.size(), std::size_t(2));
        QCOMPARE(Message(scopes[0].bytes).all(2).size(), std::size_t(2));
        QVERIFY(!Message(scopes[1].bytes).has(1));
    }

    void jsonFollowsTheRulesOfOtlpJson()
    {
        const SpanData source = full::span();
        const QByteArray text = encodeTraces({&source, 1}, Encoding::Json);
        json::Document document;
        QVERIFY(document.parse(text).has_value());
        const json::Value group = document.root().find("resourceSpans").at(0);
        const json::Value span = group.find("scopeSpans").at(0).find("spans").at(0);
        QCOMPARE(span.find("traceId").asUtf8(), QByteArray("0102030405060708090a0b0c0d0e0f10"));
        QCOMPARE(span.find("spanId").asUtf8(), QByteArray("1112131415161718"));
        QCOMPARE(span.find("parentSpanId").asUtf8(), QByteArray("2122232425262728"));
        QCOMPARE(span.find("startTimeUnixNano").asUtf8(), QByteArray("1700000000000000001"));
        QCOMPARE(*span.find("kind").asInt64(), 3);
        QCOMPARE(*span.find("flags").asInt64(), 0x301);
        QCOMPARE(*span.find("status").find("code").asInt64(), 2);
        const json::Value attributes = span.find("attributes");
        QCOMPARE(attributes.at(4).find("value").find("intValue").asUtf8(), QByteArray("-42"));
        QCOMPARE(attributes.at(5).find("value").find("intValue").asUtf8(), QByteArray("9007199254740993"));
        QCOMPARE(attributes.at(7).find("value").find("bytesValue").asUtf8(), QByteArray("AP8Q"));
        QCOMPARE(group.find("schemaUrl").asUtf8(), QByteArray("https://opentelemetry.io/schemas/1.44.0"));
        QVERIFY(!text.contains("_id") && !text.contains("trace_state"));
    }

    void numbersThatJsonCannotWriteAreWords()
    {
        SpanData span = full::span();
        span.attributes = {{"nan", std::nan("")}, {"inf", HUGE_VAL}, {"minus", -HUGE_VAL}};
        const QByteArray text = encodeTraces({&span, 1}, Encoding::Json);
        QVERIFY(text.contains("{\"doubleValue\":\"NaN\"}"));
        QVERIFY(text.contains("{\"doubleValue\":\"Infinity\"}"));
        QVERIFY(text.contains("{\"doubleValue\":\"-Infinity\"}"));
    }

    void aLineOfJsonHoldsNoLineBreak()
    {
        LogRecord log = full::log();
        log.body = AnyValue(QByteArray("two\nlines"));
        QVERIFY(!encodeLogs({&log, 1}, Encoding::Json).contains('\n'));
    }
};

QTEST_GUILESS_MAIN(OtlpEncodingTest)
#include "tst_otlp_encoding.moc"
