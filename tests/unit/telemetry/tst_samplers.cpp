// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/random.h"
#include "telemetry/consistent_sampling.h"
#include "telemetry/head_sampling.h"
#include "telemetry/own_samplers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::shared_ptr<Sampler> sampler(const char* name, double arg = 1.0, std::int64_t slowNs = 0)
{
    static const ManualClock clock;
    auto made = makeSampler({QString::fromLatin1(name), arg, slowNs}, clock);
    return made ? *made : nullptr;
}

bool keeps(Sampler& one, const SamplingInput& input)
{
    return one.decide(input).isExported;
}

QByteArray stateAfter(Sampler& one, const SamplingInput& input)
{
    return sampledTracestate(input.traceState.toByteArray(), input.traceId, one.decide(input));
}

} // namespace

class SamplersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void samplersAreNamedAsTheSpecificationNamesThem()
    {
        QCOMPARE(sampler("always_on")->description(), QByteArray("AlwaysOnSampler"));
        QCOMPARE(sampler("ALWAYS_OFF")->description(), QByteArray("AlwaysOffSampler"));
        QCOMPARE(sampler("traceidratio", 0.0001)->description(), QByteArray("TraceIdRatioBased{0.000100}"));
        QCOMPARE(sampler("parentbased_traceidratio", 0.5)->description(),
                 QByteArray("ParentBased{root=TraceIdRatioBased{0.500000},remoteParentSampled=AlwaysOnSampler,"
                            "remoteParentNotSampled=AlwaysOffSampler,localParentSampled=AlwaysOnSampler,"
                            "localParentNotSampled=AlwaysOffSampler}"));
        QCOMPARE(sampler("rate_limited", 10)->description(), QByteArray("RateLimitedSampler{10}"));
        QCOMPARE(sampler("adaptive", 2)->description(), QByteArray("AdaptiveSampler{2}"));
        QCOMPARE(sampler("keep_errors_and_slow", 0.1)->description(),
                 QByteArray("KeepErrorsAndSlowSampler{slow=p99,rest=0.100000}"));
        for (const SamplerRow& row : samplerTable())
            QVERIFY2(sampler(row.name) != nullptr, row.name);
    }

    void whatIsCertainAtTheHeadIsWhatTheSamplerDecidesLater()
    {
        const ManualClock clock;
        SeededRandom random(11);
        for (const char* name : {"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off",
                                 "parentbased_traceidratio"}) {
            const SamplerSettings settings{QString::fromLatin1(name), 0.3, 0};
            const HeadSampling head(std::span(&settings, 1));
            const auto later = makeSampler(settings, clock);
            QVERIFY(later);
            for (int i = 0; i < 200; ++i) {
                SamplingInput input{TraceId::generate(random)};
                input.hasParent = i % 3 != 0;
                input.parentSampled = i % 3 != 1;
                const HeadDecision decision =
                    head.decide(input.traceId, {}, input.hasParent ? std::optional(input.parentSampled) : std::nullopt);
                QVERIFY2(decision.isSampled == keeps(**later, input) && decision.mayLeave == decision.isSampled, name);
            }
        }
    }
    void aTraceMayLeaveWhileOneDestinationMayTakeIt()
    {
        const std::array settings{SamplerSettings{QStringLiteral("always_off"), 1, 0},
                                  SamplerSettings{QStringLiteral("keep_errors_and_slow"), 0, 0}};
        const HeadSampling both(settings);
        QVERIFY(both.decide({1, 2}, {}, false).mayLeave && !both.decide({1, 2}, {}, false).isSampled);
        QVERIFY(both.decide({1, 2}, {}, true).isSampled && both.decide({1, 2}, {}, std::nullopt).isSampled);
        const HeadSampling none(std::span(settings.data(), 1));
        QVERIFY(!none.decide({1, 2}, {}, true).mayLeave);
        QVERIFY(HeadSampling().decide({1, 2}, {}, false).mayLeave);
    }

    void whatMakesNoSenseIsRefusedInWords()
    {
        const ManualClock clock;
        QVERIFY(makeSampler({QStringLiteral("sometimes"), 1, 0}, clock)
                    .error()
                    .toString()
                    .contains(QStringLiteral("keep_errors_and_slow")));
        QVERIFY(!makeSampler({QStringLiteral("traceidratio"), 1.5, 0}, clock).has_value());
        QVERIFY(!makeSampler({QStringLiteral("traceidratio"), qQNaN(), 0}, clock).has_value());
        QVERIFY(!makeSampler({QStringLiteral("keep_errors_and_slow"), 1.5, 0}, clock).has_value());
        QVERIFY(makeSampler({QStringLiteral("rate_limited"), 1.5, 0}, clock).has_value());
        QVERIFY(!makeSampler({QStringLiteral("rate_limited"), -1, 0}, clock).has_value());
    }

    void aRatioHasItsThreshold_data()
    {
        QTest::addColumn<double>("ratio");
        QTest::addColumn<QByteArray>("threshold");
        QTest::newRow("all") << 1.0 << QByteArray("0");
        QTest::newRow("half") << 0.5 << QByteArray("8");
        QTest::newRow("quarter") << 0.25 << QByteArray("c");
        QTest::newRow("tenth") << 0.1 << QByteArray("e666");
        QTest::newRow("hundredth") << 0.01 << QByteArray("fd70a");
        QTest::newRow("smallest step") << 1.0 / 72057594037927936.0 << QByteArray("ffffffffffffff");
    }
    void aRatioHasItsThreshold()
    {
        QFETCH(double, ratio);
        QTEST(thresholdText(*thresholdOfRatio(ratio)), "threshold");
    }

    void noRatioHasNoThreshold()
    {
        QVERIFY(!thresholdOfRatio(0).has_value());
        QVERIFY(!keeps(*sampler("traceidratio", 0.0), {{1, 0x00ff'ffff'ffff'ffff}}));
        QVERIFY(keeps(*sampler("traceidratio", 1.0), {{1, 0}}));
    }

    void aHigherRatioKeepsEverythingThatALowerOneKeeps()
    {
        SeededRandom random(42);
        const auto low = sampler("traceidratio", 0.1);
        const auto high = sampler("traceidratio", 0.5);
        int keptLow = 0;
        int keptHigh = 0;
        for (int i = 0; i < 20'000; ++i) {
            const SamplingInput input{TraceId::generate(random), true, true, false};
            const bool inLow = keeps(*low, input);
            const bool inHigh = keeps(*high, input);
            QVERIFY(!inLow || inHigh);
            keptLow += inLow;
            keptHigh += inHigh;
        }
        QVERIFY(keptLow > 1'800 && keptLow < 2'200);
        QVERIFY(keptHigh > 9'600 && keptHigh < 10'400);
    }

    void theDecisionIsByTheLastSevenBytesOrTheExplicitRandomness()
    {
        const auto half = sampler("traceidratio", 0.5);
        QVERIFY(keeps(*half, {{1, 0x0080'0000'0000'0000}}));
        QVERIFY(!keeps(*half, {{1, 0xff7f'ffff'ffff'ffff}}));
        QVERIFY(!keeps(*half, {{1, 0x00ff'0000'0000'0000}, false, true, true, "ot=rv:7fffffffffffff"}));
        QVERIFY(keeps(*half, {{1, 0}, false, true, true, "a=b,ot=rv:80000000000000"}));
        // Thirteen digits are no randomness.
        QVERIFY(keeps(*half, {{1, 0x00ff'0000'0000'0000}, false, true, true, "ot=rv:7ffffffffffff"}));
    }

    void tracestateSaysForHowManyATraceStands_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<double>("ratio");
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<bool>("parentSampled");
        QTest::addColumn<QByteArray>("after");
        const auto row = [](const char* title, const char* name, double ratio, const char* before, const char* after) {
            QTest::newRow(title) << QByteArray(name) << ratio << QByteArray(before) << true << QByteArray(after);
        };
        row("a ratio writes", "traceidratio", 0.25, "", "ot=th:c");
        row("a ratio writes all", "traceidratio", 1, "", "ot=th:0");
        row("others' members stay behind it", "traceidratio", 0.25, "a=b,c=d", "ot=th:c,a=b,c=d");
        row("the randomness stays", "traceidratio", 0.25, "x=y,ot=rv:ffffffffffffff", "ot=th:c;rv:ffffffffffffff,x=y");
        row("an older threshold goes", "traceidratio", 0.5, "ot=th:c;rv:ffffffffffffff;z:1", "ot=th:8;rv:ffffffffffffff;z:1");
        row("a parent's stays", "parentbased_always_on", 1, "ot=th:c", "ot=th:c");
        row("a parent's that cannot be goes", "parentbased_always_on", 1, "ot=th:c;rv:7fffffffffffff", "ot=rv:7fffffffffffff");
        row("a parent's that is broken goes", "parentbased_always_on", 1, "ot=th:C0,a=b", "a=b");
        row("by number it says nothing", "rate_limited", 5, "ot=th:c,a=b", "a=b");
        row("nothing stays nothing", "always_on", 1, "", "");
    }
    void tracestateSaysForHowManyATraceStands()
    {
        QFETCH(QByteArray, name);
        QFETCH(double, ratio);
        QFETCH(QByteArray, before);
        QFETCH(bool, parentSampled);
        const auto one = sampler(name.constData(), ratio);
        const SamplingInput input{{1, 0x00ff'ffff'ffff'fff0}, true, true, parentSampled, before};
        QTEST(stateAfter(*one, input), "after");
    }

    void aThresholdOfATraceThatWasNotSampledIsNotPassedOn()
    {
        const TraceId trace{1, 0x00ff'ffff'ffff'ffff};
        QCOMPARE(withoutInconsistentThreshold("ot=th:8", trace, true), QByteArray("ot=th:8"));
        QCOMPARE(withoutInconsistentThreshold("ot=th:8", trace, false), QByteArray());
        QCOMPARE(withoutInconsistentThreshold("a=b,ot=th:8;rv:00000000000001", trace, true),
                 QByteArray("ot=rv:00000000000001,a=b"));
        QCOMPARE(withoutInconsistentThreshold("a=b", trace, false), QByteArray("a=b"));
    }

    void aParentDecidesForItsChildren()
    {
        const auto off = sampler("parentbased_always_off");
        QVERIFY(keeps(*off, {{1, 1}, true, true, true}));
        QVERIFY(!keeps(*off, {{1, 1}, true, true, false}));
        QVERIFY(!keeps(*off, {{1, 1}, false, true, true}));
        const auto on = sampler("parentbased_always_on");
        QVERIFY(!keeps(*on, {{1, 1}, true, true, false}));
        QVERIFY(keeps(*on, {{1, 1}, false, true, false}));
    }

    void aRateLimitLetsOneSecondsWorthThroughAndThenItsRate()
    {
        ManualClock clock;
        RateLimitedSampler limited(5, clock);
        const auto keptOf = [&](int asked) {
            int kept = 0;
            for (int i = 0; i < asked; ++i)
                kept += keeps(limited, {{1, static_cast<std::uint64_t>(i) + 1}});
            return kept;
        };
        QCOMPARE(keptOf(100), 5);
        clock.advanceNs(kSecond / 5);
        QCOMPARE(keptOf(100), 1);
        clock.advanceNs(60 * kSecond);
        QCOMPARE(keptOf(100), 5);
        // Slower than one a second is possible as well.
        RateLimitedSampler slow(0.5, clock);
        QVERIFY(keeps(slow, {{1, 1}}));
        clock.advanceNs(kSecond);
        QVERIFY(!keeps(slow, {{1, 2}}));
        clock.advanceNs(kSecond);
        QVERIFY(keeps(slow, {{1, 3}}));
        RateLimitedSampler none(0, clock);
        QVERIFY(!keeps(none, {{1, 1}}));
    }

    void anAdaptiveRatioKeepsRareOperationsWholeAndThinsBusyOnes()
    {
        ManualClock clock;
        SeededRandom random(7);
        AdaptiveSampler adaptive(2, clock);
        int busy = 0;
        int rare = 0;
        // 100 a second of one operation, one a second of the other, for a minute after half a minute to settle.
        for (int second = 0; second < 90; ++second) {
            for (int i = 0; i < 100; ++i) {
                clock.advanceNs(kSecond / 100);
                const bool kept = keeps(adaptive, {TraceId::generate(random), false, true, true, {}, "tools/call busy"});
                busy += second >= 30 && kept;
            }
            rare += second >= 30 && keeps(adaptive, {TraceId::generate(random), false, true, true, {}, "tools/call rare"});
        }
        QCOMPARE(rare, 60);
        QVERIFY2(busy > 80 && busy < 170, QByteArray::number(busy).constData());
        const SamplingDecision decision = adaptive.decide({{1, 0x00ff'ffff'ffff'ffff}, false, true, true, {}, "tools/call busy"});
        QVERIFY(decision.isExported && decision.mode == SamplingDecision::Threshold::Set);
        QVERIFY(decision.threshold > kRandomnessSpace / 100 * 95);
    }

    void operationsWithoutEndShareOneRate()
    {
        ManualClock clock;
        AdaptiveSampler adaptive(1, clock);
        int kept = 0;
        for (int i = 0; i < 5'000; ++i) {
            const QByteArray name = "tools/call t" + QByteArray::number(i);
            // The least random trace: kept only while the ratio is one.
            kept += keeps(adaptive, {{1, 1ULL << 56U}, false, true, true, {}, name});
        }
        QVERIFY(kept <= int(AdaptiveSampler::kMaxOperations) + 20);
    }

    void errorsAndSlowCallsAreKeptAndTheRestByRatio()
    {
        ErrorsAndSlowSampler fixed(0.0, kSecond);
        const auto input = [](bool error, std::int64_t durationNs) {
            return SamplingInput{{1, 0x00ff'ffff'ffff'ffff}, true, true, false, {}, "tools/call get", error, durationNs};
        };
        QVERIFY(keeps(fixed, input(true, 1)));
        QVERIFY(keeps(fixed, input(false, kSecond + 1)));
        QVERIFY(!keeps(fixed, input(false, kSecond)));
        ErrorsAndSlowSampler some(0.5, kSecond);
        const SamplingDecision rest = some.decide(input(false, 1));
        QVERIFY(rest.isExported && rest.mode == SamplingDecision::Threshold::Set);
        // What was kept because it failed stands for itself, not for others.
        QVERIFY(some.decide(input(true, 1)).mode == SamplingDecision::Threshold::Erase);
    }

    void slowIsWhatIsSlowForItsTool()
    {
        ErrorsAndSlowSampler own(0.0, 0);
        const auto keepsCall = [&](const char* tool, std::int64_t ms) {
            return keeps(own, {{1, 0}, false, true, true, {}, tool, false, ms * 1'000'000});
        };
        for (std::size_t i = 0; i < ErrorsAndSlowSampler::kEnough; ++i) {
            QVERIFY(!keepsCall("tools/call quick", 10 + std::int64_t(i % 5)));
            QVERIFY(!keepsCall("tools/call slow", 1'000 + std::int64_t(i % 50)));
        }
        QVERIFY(keepsCall("tools/call quick", 100));
        QVERIFY(!keepsCall("tools/call quick", 12));
        QVERIFY(!keepsCall("tools/call slow", 900));
        QVERIFY(keepsCall("tools/call slow", 2'000));
        QVERIFY(!keepsCall("tools/call new", 100'000));
    }
};

QTEST_GUILESS_MAIN(SamplersTest)
#include "tst_samplers.moc"
