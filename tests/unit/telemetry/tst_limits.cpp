// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/limits.h"

#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

class LimitsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsBeyondALimitIsDroppedAndCounted()
    {
        SpanData span;
        for (int i = 0; i < 10; ++i) {
            span.attributes.push_back({"k" + QByteArray::number(i), std::int64_t(i)});
            span.events.push_back({0, "e" + QByteArray::number(i), {{"a", 1}, {"b", 2}}, 0});
            span.links.push_back({{1, 1}, {1}, {}, {{"a", 1}, {"b", 2}}, 0, 0});
        }
        SpanLimits limits;
        limits.attributeCount = 4;
        limits.eventCount = 3;
        limits.linkCount = 2;
        limits.eventAttributeCount = 1;
        limits.linkAttributeCount = 1;
        applyLimits(span, limits);
        QCOMPARE(span.attributes.size(), std::size_t(4));
        QCOMPARE(span.attributes.back().key, QByteArray("k3"));
        QCOMPARE(span.droppedAttributes, 6U);
        QCOMPARE(span.events.size(), std::size_t(3));
        QCOMPARE(span.droppedEvents, 7U);
        QCOMPARE(span.links.size(), std::size_t(2));
        QCOMPARE(span.droppedLinks, 8U);
        QCOMPARE(span.events[0].droppedAttributes, 1U);
        QCOMPARE(span.links[0].droppedAttributes, 1U);
    }

    void textIsCutBetweenCharactersAndBytesAreCutAsBytes()
    {
        SpanData span;
        auto array = std::make_shared<ArrayValue>();
        array->values.emplace_back(QByteArray("abcdef"));
        span.attributes = {{"text", QByteArray("\xC3\xA4\xE2\x82\xAC"
                                               "bcd")},
                           {"bytes", BytesValue{QByteArray("12345")}},
                           {"array", std::shared_ptr<const ArrayValue>(array)},
                           {"number", 123456}};
        SpanLimits limits;
        limits.attributeLength = 3;
        applyLimits(span, limits);
        QCOMPARE(*span.attributes[0].value.text(), QByteArray("\xC3\xA4\xE2\x82\xAC"
                                                              "b"));
        QCOMPARE(std::get<BytesValue>(span.attributes[1].value.value).bytes, QByteArray("123"));
        QCOMPARE(*std::get<std::shared_ptr<const ArrayValue>>(span.attributes[2].value.value)->values[0].text(),
                 QByteArray("abc"));
        QCOMPARE(std::get<std::int64_t>(span.attributes[3].value.value), std::int64_t(123456));
        QCOMPARE(array->values[0].text()->size(), qsizetype(6));
        QCOMPARE(span.droppedAttributes, 0U);
    }

    void valuesNestedTooDeepBecomeEmpty()
    {
        AnyValue value(QByteArray("leaf"));
        for (int i = 0; i < 5; ++i) {
            auto array = std::make_shared<ArrayValue>();
            array->values.push_back(value);
            value = AnyValue(std::shared_ptr<const ArrayValue>(array));
        }
        SpanData span;
        span.attributes = {{"deep", value}};
        SpanLimits limits;
        limits.attributeDepth = 5;
        applyLimits(span, limits);
        QCOMPARE(toJson(span.attributes[0].value), QByteArray("[[[[[\"leaf\"]]]]]"));
        limits.attributeDepth = 3;
        applyLimits(span, limits);
        QCOMPARE(toJson(span.attributes[0].value), QByteArray("[[[null]]]"));
    }

    void keysAreCutBetweenCharactersAndOfEqualOnesTheFirstStays()
    {
        auto list = std::make_shared<KeyValueList>();
        list->values = {{"same-1", 1}, {"same-2", 2}};
        SpanData span;
        span.attributes = {
            {"same-1", 1}, {"other", 2}, {"same-2", 3}, {"abc\xC3\xA4", 4}, {"list", std::shared_ptr<const KeyValueList>(list)}};
        SpanLimits limits;
        limits.keyBytes = 4;
        applyLimits(span, limits);
        QCOMPARE(span.attributes.size(), std::size_t(4));
        QCOMPARE(span.droppedAttributes, 1U);
        QCOMPARE(span.attributes[0], (Attribute{"same", 1}));
        QCOMPARE(span.attributes[2], (Attribute{"abc", 4}));
        QCOMPARE(toJson(span.attributes[3].value), QByteArray("{\"same\":1}"));
    }

    void arraysNamesAndPointsHaveLimitsToo()
    {
        auto array = std::make_shared<ArrayValue>();
        array->values = {AnyValue(1), AnyValue(2), AnyValue(3)};
        SpanLimits limits;
        limits.arrayElements = 2;
        limits.nameBytes = 5;
        limits.attributeBytes = 3;
        SpanData span;
        span.name = "tools/call";
        span.attributes = {{"array", std::shared_ptr<const ArrayValue>(array)}, {"bytes", BytesValue{QByteArray("12345")}}};
        applyLimits(span, limits);
        QCOMPARE(span.name, QByteArray("tools"));
        QCOMPARE(toJson(span.attributes[0].value), QByteArray("[1,2]"));
        QCOMPARE(std::get<BytesValue>(span.attributes[1].value.value).bytes, QByteArray("123"));
        MetricData metric;
        metric.numbers = {{{{"a", QByteArray("abcd")}}, 0, 0, 1, true, {{0, 1, {}, {}, {{"b", QByteArray("efgh")}}}}}};
        metric.summaries = {{{{"a", QByteArray("abcd")}}, 0, 0, 1, 1, {}}};
        applyLimits(metric, limits);
        QCOMPARE(*metric.numbers[0].attributes[0].value.text(), QByteArray("abc"));
        QCOMPARE(*metric.numbers[0].exemplars[0].filteredAttributes[0].value.text(), QByteArray("efg"));
        QCOMPARE(*metric.summaries[0].attributes[0].value.text(), QByteArray("abc"));
    }

    void aLogsBodyIsExempt()
    {
        LogRecord log;
        log.body = AnyValue(QByteArray("a long body"));
        log.attributes = {{"a", QByteArray("long text")}, {"b", 1}};
        SpanLimits limits;
        limits.attributeLength = 4;
        limits.attributeCount = 1;
        applyLimits(log, limits);
        QCOMPARE(*log.body.text(), QByteArray("a long body"));
        QCOMPARE(*log.attributes[0].value.text(), QByteArray("long"));
        QCOMPARE(log.droppedAttributes, 1U);
    }

    void resourceAndMetricAttributesHaveNoLimitAndSettingsOfLogsAreTheirOwn()
    {
        auto resource = std::make_shared<Resource>();
        for (int i = 0; i < 200; ++i)
            resource->attributes.push_back({"r" + QByteArray::number(i), QByteArray(100, 'x')});
        SpanData span;
        span.resource = resource;
        span.attributes = {{"a", QByteArray("long text")}};
        SpanLimits limits;
        limits.attributeLength = 4;
        applyLimits(span, limits);
        QCOMPARE(span.resource->attributes.size(), std::size_t(200));
        QCOMPARE(span.resource->attributes[0].value.text()->size(), qsizetype(100));
        QCOMPARE(span.resource->droppedAttributes, 0U);
        QCOMPARE(*span.attributes[0].value.text(), QByteArray("long"));
    }

    void theDefaultDepthIsSixtyFour()
    {
        AnyValue value(QByteArray("leaf"));
        for (int i = 0; i < 65; ++i) {
            auto array = std::make_shared<ArrayValue>();
            array->values.push_back(value);
            value = AnyValue(std::shared_ptr<const ArrayValue>(array));
        }
        SpanData span;
        span.attributes = {{"deep", value}};
        applyLimits(span, SpanLimits());
        QVERIFY(!toJson(span.attributes[0].value).contains("leaf"));
        QCOMPARE(toJson(span.attributes[0].value).count('['), qsizetype(64));
    }
};

QTEST_GUILESS_MAIN(LimitsTest)
#include "tst_limits.moc"
