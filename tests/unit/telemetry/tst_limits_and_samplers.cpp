// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "telemetry/limits.h"
#include "telemetry/sampler.h"

#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

class LimitsAndSamplersTest : public QObject {
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

    void samplersAreNamedAsTheSpecificationNamesThem()
    {
        QCOMPARE((*makeSampler(u"always_on"))->description(), QByteArray("AlwaysOnSampler"));
        QCOMPARE((*makeSampler(u"ALWAYS_OFF"))->description(), QByteArray("AlwaysOffSampler"));
        QCOMPARE((*makeSampler(u"traceidratio", 0.0001))->description(), QByteArray("TraceIdRatioBased{0.000100}"));
        QVERIFY((*makeSampler(u"parentbased_traceidratio", 0.5))
                    ->description()
                    .startsWith("ParentBased{root=TraceIdRatioBased{0.500000}"));
        QVERIFY(!makeSampler(u"sometimes").has_value());
        QVERIFY(!makeSampler(u"traceidratio", 1.5).has_value());
        QVERIFY(!makeSampler(u"traceidratio", qQNaN()).has_value());
    }

    void aHigherRatioKeepsEverythingThatALowerOneKeeps()
    {
        SeededRandom random(42);
        const auto low = *makeSampler(u"traceidratio", 0.1);
        const auto high = *makeSampler(u"traceidratio", 0.5);
        int keptLow = 0;
        int keptHigh = 0;
        for (int i = 0; i < 20'000; ++i) {
            const SamplingInput input{TraceId::generate(random), true, true, false};
            const bool inLow = low->isExported(input);
            const bool inHigh = high->isExported(input);
            QVERIFY(!inLow || inHigh);
            keptLow += inLow;
            keptHigh += inHigh;
        }
        QVERIFY(keptLow > 1'800 && keptLow < 2'200);
        QVERIFY(keptHigh > 9'600 && keptHigh < 10'400);
        QVERIFY((*makeSampler(u"traceidratio", 1.0))->isExported({{1, 0}}));
        QVERIFY(!(*makeSampler(u"traceidratio", 0.0))->isExported({{1, 0x00ff'ffff'ffff'ffff}}));
    }

    void aParentDecidesForItsChildren()
    {
        const auto off = *makeSampler(u"parentbased_always_off");
        QVERIFY(off->isExported({{1, 1}, true, true, true}));
        QVERIFY(!off->isExported({{1, 1}, true, true, false}));
        QVERIFY(!off->isExported({{1, 1}, false, true, true}));
        const auto on = *makeSampler(u"parentbased_always_on");
        QVERIFY(!on->isExported({{1, 1}, true, true, false}));
        QVERIFY(on->isExported({{1, 1}, false, true, false}));
    }
};

QTEST_GUILESS_MAIN(LimitsAndSamplersTest)
#include "tst_limits_and_samplers.moc"
