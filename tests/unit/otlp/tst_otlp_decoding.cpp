// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "full_telemetry.h"
#include "otlp/codec/decode.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace oriel;
using namespace oriel::telemetry;
using namespace oriel::otlp;

namespace {

QByteArray id(const char* hex)
{
    return QByteArray::fromHex(hex);
}

void compareSpans(const SpanData& a, const SpanData& b)
{
    QCOMPARE(a.traceId, b.traceId);
    QCOMPARE(a.spanId, b.spanId);
    QCOMPARE(a.parentSpanId, b.parentSpanId);
    QCOMPARE(a.traceState, b.traceState);
    QCOMPARE(a.flags, b.flags);
    QCOMPARE(a.name, b.name);
    QCOMPARE(a.kind, b.kind);
    QCOMPARE(a.startUnixNs, b.startUnixNs);
    QCOMPARE(a.endUnixNs, b.endUnixNs);
    QCOMPARE(a.status, b.status);
    QCOMPARE(a.statusMessage, b.statusMessage);
    QVERIFY(a.attributes == b.attributes);
    QVERIFY(a.events == b.events);
    QVERIFY(a.links == b.links);
    QCOMPARE(a.droppedAttributes, b.droppedAttributes);
    QCOMPARE(a.droppedEvents, b.droppedEvents);
    QCOMPARE(a.droppedLinks, b.droppedLinks);
    QVERIFY(*a.resource == *b.resource);
    QVERIFY(*a.scope == *b.scope);
}

void compareExemplars(const std::vector<Exemplar>& a, const std::vector<Exemplar>& b)
{
    QCOMPARE(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        QCOMPARE(a[i].timeUnixNs, b[i].timeUnixNs);
        QCOMPARE(a[i].value, b[i].value);
        QCOMPARE(a[i].isInteger, b[i].isInteger);
        QCOMPARE(a[i].exact, b[i].exact);
        QCOMPARE(a[i].traceId, b[i].traceId);
        QCOMPARE(a[i].spanId, b[i].spanId);
        QVERIFY(a[i].filteredAttributes == b[i].filteredAttributes);
    }
}

template <class Point, class CompareRest>
void comparePoints(const std::vector<Point>& a, const std::vector<Point>& b, CompareRest compareRest)
{
    QCOMPARE(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        QVERIFY(a[i].attributes == b[i].attributes);
        QCOMPARE(a[i].startUnixNs, b[i].startUnixNs);
        QCOMPARE(a[i].timeUnixNs, b[i].timeUnixNs);
        QCOMPARE(a[i].flags, b[i].flags);
        compareRest(a[i], b[i]);
    }
}

template <class Point> void compareDistributions(const Point& a, const Point& b)
{
    QCOMPARE(a.count, b.count);
    QCOMPARE(a.hasSum, b.hasSum);
    QCOMPARE(a.sum, b.hasSum ? b.sum : 0.0);
    QVERIFY(a.min == b.min && a.max == b.max);
    compareExemplars(a.exemplars, b.exemplars);
}

void compareMetric(const MetricData& a, const MetricData& b)
{
    QCOMPARE(a.name, b.name);
    QCOMPARE(a.description, b.description);
    QCOMPARE(a.unit, b.unit);
    QCOMPARE(a.kind, b.kind);
    QCOMPARE(a.monotonic, b.monotonic);
    QCOMPARE(a.temporality, b.temporality);
    QVERIFY(a.metadata == b.metadata);
    comparePoints(a.numbers, b.numbers, [](const NumberPoint& one, const NumberPoint& other) {
        QCOMPARE(one.value, other.value);
        QCOMPARE(one.isInteger, other.isInteger);
        QCOMPARE(one.exact, other.exact);
        compareExemplars(one.exemplars, other.exemplars);
    });
    comparePoints(a.histograms, b.histograms, [](const HistogramPoint& one, const HistogramPoint& other) {
        compareDistributions(one, other);
        QCOMPARE(one.bounds, other.bounds);
        QCOMPARE(one.bucketCounts, other.bucketCounts);
    });
    comparePoints(a.exponentials, b.exponentials,
                  [](const ExponentialHistogramPoint& one, const ExponentialHistogramPoint& other) {
                      compareDistributions(one, other);
                      QVERIFY(one.positive == other.positive && one.negative == other.negative);
                      QCOMPARE(one.scale, other.scale);
                      QCOMPARE(one.zeroCount, other.zeroCount);
                      QCOMPARE(one.zeroThreshold, other.zeroThreshold);
                  });
    comparePoints(a.summaries, b.summaries, [](const SummaryPoint& one, const SummaryPoint& other) {
        QCOMPARE(one.quantiles, other.quantiles);
        QCOMPARE(one.count, other.count);
        QCOMPARE(one.sum, other.sum);
    });
}

void compareMetrics(const ScopedMetrics& a, const ScopedMetrics& b)
{
    QVERIFY(*a.resource == *b.resource);
    QVERIFY(*a.scope == *b.scope);
    QCOMPARE(a.metrics.size(), b.metrics.size());
    for (std::size_t i = 0; i < a.metrics.size(); ++i)
        compareMetric(a.metrics[i], b.metrics[i]);
}

} // namespace

class OtlpDecodingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatWasEncodedComesBackWhole_data()
    {
        QTest::addColumn<int>("encoding");
        QTest::newRow("protobuf") << static_cast<int>(Encoding::Protobuf);
        QTest::newRow("JSON") << static_cast<int>(Encoding::Json);
    }
    void whatWasEncodedComesBackWhole()
    {
        QFETCH(int, encoding);
        const auto as = static_cast<Encoding>(encoding);
        const SpanData span = full::span();
        const auto spans = decodeTraces(encodeTraces({&span, 1}, as), as);
        QVERIFY(spans && spans->spans.size() == 1 && spans->rejected == 0);
        compareSpans(spans->spans[0], span);

        const LogRecord log = full::log();
        const auto logs = decodeLogs(encodeLogs({&log, 1}, as), as);
        QVERIFY(logs && logs->logs.size() == 1);
        const LogRecord& back = logs->logs[0];
        QCOMPARE(back.timeUnixNs, log.timeUnixNs);
        QCOMPARE(back.observedUnixNs, log.observedUnixNs);
        QCOMPARE(back.severity, log.severity);
        QCOMPARE(back.severityText, log.severityText);
        QVERIFY(back.body == log.body && back.attributes == log.attributes);
        QCOMPARE(back.flags, log.flags);
        QCOMPARE(back.traceId, log.traceId);
        QCOMPARE(back.spanId, log.spanId);
        QCOMPARE(back.eventName, log.eventName);
        QCOMPARE(back.droppedAttributes, log.droppedAttributes);

        const ScopedMetrics source = full::metrics();
        const auto metrics = decodeMetrics(encodeMetrics({&source, 1}, as), as);
        QVERIFY(metrics && metrics->metrics.size() == 1);
        compareMetrics(metrics->metrics[0], source);
        const ScopedMetrics foreign = full::foreignMetrics();
        const auto others = decodeMetrics(encodeMetrics({&foreign, 1}, as), as);
        QVERIFY(others && others->metrics.size() == 1);
        compareMetrics(others->metrics[0], foreign);
    }

    void shortTextsThatComeAgainAreShared()
    {
        SeededRandom random(3);
        std::vector<SpanData> spans(40, full::span());
        for (SpanData& span : spans) {
            span.attributes.clear();
            for (int i = 0; i < 100; ++i)
                span.attributes.push_back({"key " + QByteArray::number(i),
                                           QByteArray(static_cast<int>(random.next64() % 70), char('a' + random.next64() % 26))});
        }
        const auto decoded = decodeTraces(encodeTraces(spans, Encoding::Protobuf), Encoding::Protobuf);
        QVERIFY(decoded && decoded->spans.size() == spans.size());
        for (std::size_t i = 0; i < spans.size(); ++i)
            QVERIFY(decoded->spans[i].attributes == spans[i].attributes);
        SpanData plain = full::span();
        plain.attributes.clear();
        const std::vector<SpanData> alike(2, plain);
        const auto shared = decodeTraces(encodeTraces(alike, Encoding::Protobuf), Encoding::Protobuf);
        QVERIFY(shared && shared->spans.size() == 2);
        QVERIFY(shared->spans[0].name.constData() == shared->spans[1].name.constData());
    }

    void aMessageOfAnotherSignalIsReadAsFarAsItsFieldsAgreeOrRefused()
    {
        const SpanData span = full::span();
        const LogRecord log = full::log();
        const ScopedMetrics metrics = full::metrics();
        for (const QByteArray& message : {encodeTraces({&span, 1}, Encoding::Protobuf), encodeLogs({&log, 1}, Encoding::Protobuf),
                                          encodeMetrics({&metrics, 1}, Encoding::Protobuf)}) {
            for (const Status& read : {decodeTraces(message, Encoding::Protobuf).map([](const auto&) {}),
                                       decodeLogs(message, Encoding::Protobuf).map([](const auto&) {}),
                                       decodeMetrics(message, Encoding::Protobuf).map([](const auto&) {})})
                QVERIFY(read || read.error().code == ErrorCode::Parse);
        }
    }

    void unknownFieldsAreSkippedAndTheLastScalarWins()
    {
        // span{5:"a", 5:"b", 99: varint 1, 100: "x", 6: 9 (no such kind), 15: status{1: "reserved", 3: 2}, …ids}
        const QByteArray span = id("0a1000000000000000000000000000000001"
                                   "12080000000000000002"
                                   "2a0161"
                                   "2a0162"
                                   "980601"
                                   "a2060178"
                                   "3009"
                                   "7a06"
                                   "0a0278781802");
        QByteArray request = span;
        for (const char tag : {'\x12', '\x12', '\x0a'})
            request = QByteArray(1, tag) + static_cast<char>(request.size()) + request;
        const auto decoded = decodeTraces(request, Encoding::Protobuf);
        QVERIFY(decoded && decoded->spans.size() == 1);
        QCOMPARE(decoded->spans[0].name, QByteArray("b"));
        QCOMPARE(decoded->spans[0].kind, SpanKind::Unspecified);
        QCOMPARE(decoded->spans[0].status, StatusCode::Error);
    }

    void unpackedBucketsAreReadLikePackedOnes()
    {
        const QByteArray point = id("310100000000000000"
                                    "310200000000000000"
                                    "39000000000000f03f");
        QByteArray request = point;
        for (const char tag : {'\x0a', '\x4a', '\x12', '\x12', '\x0a'})
            request = QByteArray(1, tag) + static_cast<char>(request.size()) + request;
        const auto decoded = decodeMetrics(request, Encoding::Protobuf);
        QVERIFY(decoded && decoded->metrics.size() == 1 && decoded->metrics[0].metrics.size() == 1);
        const HistogramPoint& histogram = decoded->metrics[0].metrics[0].histograms[0];
        QCOMPARE(histogram.bucketCounts, (std::vector<std::uint64_t>{1, 2}));
        QCOMPARE(histogram.bounds, (std::vector<double>{1.0}));
        QVERIFY(!histogram.min && !histogram.max);
    }

    void spansWithoutAnIdAreLeftOutAndCounted()
    {
        std::vector<SpanData> spans(3, full::span());
        spans[0].traceId = {};
        spans[1].spanId = {};
        for (const Encoding encoding : {Encoding::Protobuf, Encoding::Json}) {
            const auto decoded = decodeTraces(encodeTraces(spans, encoding), encoding);
            QVERIFY(decoded);
            QCOMPARE(decoded->spans.size(), std::size_t(1));
            QCOMPARE(decoded->rejected, std::uint64_t(2));
        }
    }

    void aBrokenMessageIsAnErrorAndNeverMore()
    {
        const SpanData span = full::span();
        const QByteArray whole = encodeTraces({&span, 1}, Encoding::Protobuf);
        int errors = 0;
        for (qsizetype cut = 1; cut < whole.size(); ++cut)
            errors += !decodeTraces(whole.first(cut), Encoding::Protobuf).has_value();
        QCOMPARE(errors, static_cast<int>(whole.size()) - 1);
        QCOMPARE(decodeTraces(whole.first(7), Encoding::Protobuf).error().code, ErrorCode::Parse);

        SeededRandom random(7);
        const ScopedMetrics metrics = full::metrics();
        const QByteArray metricBytes = encodeMetrics({&metrics, 1}, Encoding::Protobuf);
        const QByteArray text = encodeTraces({&span, 1}, Encoding::Json);
        int survived = 0;
        for (int round = 0; round < 3'000; ++round) {
            const auto mangled = [&](QByteArray bytes) {
                for (int flips = 0; flips < 3; ++flips)
                    bytes[static_cast<qsizetype>(random.next64() % static_cast<std::uint64_t>(bytes.size()))] =
                        static_cast<char>(random.next64());
                return bytes;
            };
            survived += decodeTraces(mangled(whole), Encoding::Protobuf).has_value();
            survived += decodeLogs(mangled(whole), Encoding::Protobuf).has_value();
            survived += decodeMetrics(mangled(metricBytes), Encoding::Protobuf).has_value();
            survived += decodeTraces(mangled(text), Encoding::Json).has_value();
        }
        QVERIFY(survived < 12'000);
    }

    void valuesNestedTooDeepBecomeEmpty()
    {
        AnyValue value(QByteArray("leaf"));
        for (int i = 0; i < 70; ++i) {
            auto array = std::make_shared<ArrayValue>();
            array->values.push_back(value);
            value = AnyValue(std::shared_ptr<const ArrayValue>(array));
        }
        SpanData span = full::span();
        span.attributes = {{"deep", value}};
        const auto decoded = decodeTraces(encodeTraces({&span, 1}, Encoding::Protobuf), Encoding::Protobuf);
        QVERIFY(decoded);
        const QByteArray json = toJson(decoded->spans[0].attributes[0].value);
        QVERIFY(!json.contains("leaf"));
        QCOMPARE(json.count('['), qsizetype(64));
    }

    void textThatIsNotUtf8IsRepaired()
    {
        SpanData span = full::span();
        span.name = "\xff"
                    "a";
        const auto decoded = decodeTraces(encodeTraces({&span, 1}, Encoding::Protobuf), Encoding::Protobuf);
        QCOMPARE(decoded->spans[0].name, QByteArray("\xEF\xBF\xBD"
                                                    "a"));
    }

    void jsonIsReadAsOthersWriteIt()
    {
        const QByteArray text = R"({"resourceSpans":[{"resource":null,"scopeSpans":[{"spans":[
            {"traceId":"0102030405060708090A0B0C0D0E0F10","spanId":"1112131415161718","parentSpanId":"","name":"n","kind":3,
             "startTimeUnixNano":1700000000000000001,"endTimeUnixNano":"1700000000000000002","somethingNew":{"a":[1]},
             "trace_state":"ignored","status":{},"attributes":[{"key":"i","value":{"intValue":42}},{"key":"d","value":{"doubleValue":"NaN"}},
             {"key":"nothing","value":{"stringValue":null}}],"droppedAttributesCount":null,"flags":257}]}]}]})";
        const auto decoded = decodeTraces(text, Encoding::Json);
        QVERIFY2(decoded.has_value(), decoded ? "" : qPrintable(decoded.error().toString()));
        const SpanData& span = decoded->spans.at(0);
        QCOMPARE(span.traceId.toHex(), QByteArray("0102030405060708090a0b0c0d0e0f10"));
        QCOMPARE(span.startUnixNs, std::int64_t(1'700'000'000'000'000'001));
        QCOMPARE(span.endUnixNs, std::int64_t(1'700'000'000'000'000'002));
        QVERIFY(!span.parentSpanId.isValid() && span.traceState.isEmpty());
        QCOMPARE(std::get<std::int64_t>(span.attributes[0].value.value), std::int64_t(42));
        QVERIFY(std::isnan(std::get<double>(span.attributes[1].value.value)));
        QVERIFY(span.attributes[2].value.isEmpty());
        QCOMPARE(span.flags, 257U);
        QVERIFY(!decodeTraces("[]", Encoding::Json).has_value());
        QVERIFY(!decodeTraces("{\"resourceSpans\":[", Encoding::Json).has_value());
        QVERIFY(decodeTraces("{}", Encoding::Json).has_value());
    }

    void exponentialHistogramsAndSummariesAreKept()
    {
        const QByteArray text =
            "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"e\",\"exponentialHistogram\":{"
            "\"aggregationTemporality\":2,\"dataPoints\":[{\"count\":\"3\",\"sum\":7,\"scale\":-1,\"zeroCount\":1,"
            "\"zeroThreshold\":0.5,\"min\":0,\"max\":\"Infinity\",\"positive\":{\"offset\":-2,\"bucketCounts\":[1,\"1\"]}}]}},"
            "{\"name\":\"s\",\"summary\":{\"dataPoints\":[{\"count\":4,\"sum\":2.5,\"quantileValues\":["
            "{\"quantile\":0.5,\"value\":\"NaN\"},{\"quantile\":1,\"value\":3}]}]}}]}]}]}";
        const auto decoded = decodeMetrics(text, Encoding::Json);
        QVERIFY(decoded && decoded->metrics.size() == 1 && decoded->metrics[0].metrics.size() == 2);
        const MetricData& exponential = decoded->metrics[0].metrics[0];
        QCOMPARE(exponential.kind, InstrumentKind::Histogram);
        QCOMPARE(exponential.temporality, Temporality::Cumulative);
        const ExponentialHistogramPoint& point = exponential.exponentials.at(0);
        QCOMPARE(point.count, std::uint64_t(3));
        QCOMPARE(point.scale, -1);
        QCOMPARE(point.zeroCount, std::uint64_t(1));
        QCOMPARE(point.zeroThreshold, 0.5);
        QVERIFY(point.min == 0.0 && std::isinf(point.max.value_or(0)));
        QVERIFY((point.positive == ExponentialBuckets{-2, {1, 1}}));
        const SummaryPoint& summary = decoded->metrics[0].metrics[1].summaries.at(0);
        QCOMPARE(summary.count, std::uint64_t(4));
        QVERIFY(summary.quantiles.size() == 2 && std::isnan(summary.quantiles[0].second) && summary.quantiles[1].second == 3);

        // The same on the wire: zigzag offset and scale, packed counts, then one unpacked.
        const QByteArray buckets = id("0803"
                                      "120101"
                                      "1002");
        QByteArray wire = id("3001") + QByteArray("\x42", 1) + static_cast<char>(buckets.size()) + buckets;
        for (const char tag : {'\x0a', '\x52', '\x12', '\x12', '\x0a'})
            wire = QByteArray(1, tag) + static_cast<char>(wire.size()) + wire;
        const auto fromWire = decodeMetrics(wire, Encoding::Protobuf);
        QVERIFY(fromWire && fromWire->metrics.size() == 1);
        const ExponentialHistogramPoint& second = fromWire->metrics[0].metrics.at(0).exponentials.at(0);
        QCOMPARE(second.scale, -1);
        QVERIFY((second.positive == ExponentialBuckets{-2, {1, 2}}));
    }

    void theLastKindOfAMetricStands()
    {
        // A gauge with one point, then a sum with one: members of the same oneof.
        const QByteArray point = id("0a09"
                                    "310500000000000000");
        QByteArray wire = QByteArray("\x2a", 1) + static_cast<char>(point.size()) + point + QByteArray("\x3a", 1) +
                          static_cast<char>(point.size()) + point;
        for (const char tag : {'\x12', '\x12', '\x0a'})
            wire = QByteArray(1, tag) + static_cast<char>(wire.size()) + wire;
        const auto decoded = decodeMetrics(wire, Encoding::Protobuf);
        QVERIFY(decoded && decoded->metrics.size() == 1);
        const MetricData& metric = decoded->metrics[0].metrics.at(0);
        QCOMPARE(metric.kind, InstrumentKind::UpDownCounter);
        QCOMPARE(metric.numbers.size(), std::size_t(1));
    }

    void attributesWithoutAKeyAreKept()
    {
        const QByteArray text =
            "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"g\",\"gauge\":{\"dataPoints\":["
            "{\"asDouble\":2,\"attributes\":[{\"key\":\"\",\"value\":{\"intValue\":1}},{\"key\":\"a\"},{\"value\":{}}]}]}}]}]}]}";
        const auto decoded = decodeMetrics(text, Encoding::Json);
        QVERIFY(decoded && decoded->metrics.size() == 1);
        const Attributes expected{{"", AnyValue(std::int64_t{1})}, {"a", {}}, {"", {}}};
        QVERIFY(decoded->metrics[0].metrics.at(0).numbers.at(0).attributes == expected);
        const auto again = decodeMetrics(encodeMetrics(decoded->metrics, Encoding::Protobuf), Encoding::Protobuf);
        QVERIFY(again && again->metrics.at(0).metrics.at(0).numbers.at(0).attributes == expected);
    }

    void enumsOfJsonAreNumbersOrNames()
    {
        const QByteArray ids = "\"traceId\":\"0102030405060708090a0b0c0d0e0f10\",\"spanId\":\"1112131415161718\",";
        const auto spanOf = [&](const QByteArray& kind, const QByteArray& code) {
            return decodeTraces("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" + ids + "\"kind\":" + kind +
                                    ",\"status\":{\"code\":" + code + "}}]}]}]}",
                                Encoding::Json);
        };
        const auto logOf = [](const QByteArray& severity) {
            return decodeLogs("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"1\",\"severityNumber\":" +
                                  severity + "}]}]}]}",
                              Encoding::Json);
        };
        const auto sumOf = [](const QByteArray& temporality) {
            return decodeMetrics(
                "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"s\",\"sum\":{\"dataPoints\":[{"
                "\"asInt\":\"1\"}],\"aggregationTemporality\":" +
                    temporality + "}}]}]}]}",
                Encoding::Json);
        };
        for (const QByteArray kind : {"2", "\"2\"", "\"SPAN_KIND_SERVER\""}) {
            const auto decoded = spanOf(kind, "\"STATUS_CODE_ERROR\"");
            QVERIFY2(decoded.has_value(), kind.constData());
            QCOMPARE(decoded->spans.at(0).kind, SpanKind::Server);
            QCOMPARE(decoded->spans.at(0).status, StatusCode::Error);
        }
        QCOMPARE(spanOf("99", "null")->spans.at(0).kind, SpanKind::Unspecified);
        QCOMPARE(logOf("\"SEVERITY_NUMBER_ERROR2\"")->logs.at(0).severity, static_cast<Severity>(18));
        QCOMPARE(logOf("\"SEVERITY_NUMBER_FATAL4\"")->logs.at(0).severity, static_cast<Severity>(24));
        QCOMPARE(sumOf("\"AGGREGATION_TEMPORALITY_DELTA\"")->metrics.at(0).metrics.at(0).temporality, Temporality::Delta);
        QCOMPARE(spanOf("\"SERVER\"", "0").error().context, QStringLiteral("resourceSpans[0].scopeSpans[0].spans[0].kind"));
        QVERIFY(!spanOf("1", "\"FAILED\"") && !logOf("\"ERROR\"") && !sumOf("\"delta\""));
    }

    void whatCannotBeReadOfJsonIsRefusedWithItsPath_data()
    {
        QTest::addColumn<QByteArray>("member");
        QTest::addColumn<QString>("path");
        QTest::newRow("no hexadecimal digits") << QByteArray("\"traceId\":\"zz\"") << QStringLiteral("traceId");
        QTest::newRow("too few digits") << QByteArray("\"spanId\":\"01020304050607\"") << QStringLiteral("spanId");
        QTest::newRow("an id in base64") << QByteArray("\"traceId\":\"AQIDBAUGBwgJCgsMDQ4PEA==\"") << QStringLiteral("traceId");
        QTest::newRow("an id that is a number")
            << QByteArray("\"parentSpanId\":1112131415161718") << QStringLiteral("parentSpanId");
        QTest::newRow("the id of a link") << QByteArray("\"links\":[{},{\"spanId\":\"xx12131415161718\"}]")
                                          << QStringLiteral("links[1].spanId");
        QTest::newRow("bytes that are no base64")
            << QByteArray("\"attributes\":[{\"key\":\"b\",\"value\":{\"bytesValue\":\"*\"}}]")
            << QStringLiteral("attributes[0].value.bytesValue");
        QTest::newRow("base64 cut off") << QByteArray("\"attributes\":[{\"key\":\"b\",\"value\":{\"bytesValue\":\"AAAAA\"}}]")
                                        << QStringLiteral("attributes[0].value.bytesValue");
        QTest::newRow("half its padding") << QByteArray("\"attributes\":[{\"key\":\"b\",\"value\":{\"bytesValue\":\"AA=\"}}]")
                                          << QStringLiteral("attributes[0].value.bytesValue");
        QTest::newRow("a time that is a word")
            << QByteArray("\"startTimeUnixNano\":\"now\"") << QStringLiteral("startTimeUnixNano");
        QTest::newRow("a double that is a word")
            << QByteArray("\"attributes\":[{\"key\":\"d\",\"value\":{\"doubleValue\":\"much\"}}]")
            << QStringLiteral("attributes[0].value.doubleValue");
    }
    void whatCannotBeReadOfJsonIsRefusedWithItsPath()
    {
        QFETCH(QByteArray, member);
        QFETCH(QString, path);
        const QByteArray head = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{";
        const auto decoded = decodeTraces(head + member + "}]}]}]}", Encoding::Json);
        QVERIFY(!decoded);
        QCOMPARE(decoded.error().code, ErrorCode::Parse);
        QCOMPARE(decoded.error().context, QStringLiteral("resourceSpans[0].scopeSpans[0].spans[0].") + path);
        QVERIFY2(decoded.error().message.startsWith(QStringLiteral("expected ")), qPrintable(decoded.error().message));
    }

    void bytesOfJsonComeInEitherAlphabetAndWithOrWithoutPadding()
    {
        for (const QByteArray text : {"-_-_AA==", "-_-_AA", "+/+/AA==", "+/+/AA"}) {
            const auto decoded = decodeLogs("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"bytesValue\":\"" +
                                                text + "\"}}]}]}]}",
                                            Encoding::Json);
            QVERIFY2(decoded.has_value(), text.constData());
            QVERIFY(decoded->logs.at(0).body == AnyValue(BytesValue{id("fbffbf00")}));
        }
    }

    void countsOfJsonUseAll64Bits()
    {
        for (const QByteArray count : {"18446744073709551615", "\"18446744073709551615\""}) {
            const auto decoded = decodeMetrics(
                "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"h\",\"histogram\":{\"dataPoints\":"
                "[{\"count\":" +
                    count + "}]}}]}]}]}",
                Encoding::Json);
            QVERIFY(decoded.has_value());
            QCOMPARE(decoded->metrics.at(0).metrics.at(0).histograms.at(0).count, std::numeric_limits<std::uint64_t>::max());
        }
    }

    void aMessageOfTooManyPartsIsRefusedBeforeItTakesTheMemory()
    {
        // Four bytes a record, of which each would be two hundred in memory.
        QByteArray records;
        for (int i = 0; i < 2'000'000; ++i)
            records += id("12021009");
        const auto lengthOf = [](quint64 number) {
            QByteArray bytes;
            for (; number >= 0x80; number >>= 7)
                bytes += static_cast<char>((number & 0x7f) | 0x80);
            return bytes + static_cast<char>(number);
        };
        QByteArray wire = QByteArray("\x12", 1) + lengthOf(static_cast<quint64>(records.size())) + records;
        wire = QByteArray("\x0a", 1) + lengthOf(static_cast<quint64>(wire.size())) + wire;
        const auto protobuf = decodeLogs(wire, Encoding::Protobuf);
        QVERIFY(!protobuf && protobuf.error().code == ErrorCode::TooLarge);

        QByteArray text = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}";
        for (int i = 0; i < 6'100'000; ++i)
            text += ",{}";
        const auto json = decodeLogs(text + "]}]}]}", Encoding::Json);
        QVERIFY(!json && json.error().code == ErrorCode::TooLarge);
        const auto few = decodeLogs("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{}]}]}]}", Encoding::Json);
        QVERIFY(few && few->logs.empty() && few->rejected == 2);
    }
};

QTEST_GUILESS_MAIN(OtlpDecodingTest)
#include "tst_otlp_decoding.moc"
