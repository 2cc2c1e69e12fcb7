// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/circuit_breaker.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace std::chrono_literals;
using Verdict = CircuitBreaker::Verdict;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

config::CircuitBreaker afterThree()
{
    config::CircuitBreaker settings;
    settings.failures = 3;
    settings.failureRate = 0;
    settings.cooldown = 5s;
    settings.maxCooldown = 12s;
    return settings;
}

} // namespace

/// The breaker under a clock that only the test moves.
class CircuitBreakerTest : public QObject {
    Q_OBJECT

    ManualClock m_clock;

    CircuitBreaker made(const config::CircuitBreaker& settings) const
    {
        CircuitBreaker breaker(m_clock);
        breaker.configure(settings);
        return breaker;
    }
    CircuitBreaker opened() const
    {
        CircuitBreaker breaker = made(afterThree());
        for (int i = 0; i < 3; ++i) {
            breaker.failed(false, "the process has ended");
        }
        return breaker;
    }

private Q_SLOTS:
    void itOpensAfterSoManyFailuresInARow()
    {
        CircuitBreaker breaker = made(afterThree());
        QCOMPARE(breaker.ask(), Verdict::Allowed);
        QVERIFY(!breaker.failed(false, "a"));
        QVERIFY(!breaker.failed(false, "b"));
        QCOMPARE(breaker.ask(), Verdict::Allowed);
        QVERIFY(breaker.failed(false, "c"));
        QCOMPARE(breaker.ask(), Verdict::Refused);
        const CircuitStatus status = breaker.status();
        QCOMPARE(status.state, CircuitState::Open);
        QCOMPARE(status.failures, 3);
        QCOMPARE(status.cause, QByteArray("c"));
        QCOMPARE(status.sinceUnixNs, m_clock.unixNs());
        QCOMPARE(status.tryAgainUnixNs, m_clock.unixNs() + 5 * kSecond);
        QCOMPARE(breaker.retryAfterNs(), 5 * kSecond);
    }

    void anAnswerBetweenFailuresBeginsTheCountAnew()
    {
        CircuitBreaker breaker = made(afterThree());
        for (int i = 0; i < 10; ++i) {
            breaker.failed(false, {});
            breaker.failed(false, {});
            breaker.succeeded(false);
        }
        QCOMPARE(breaker.state(), CircuitState::Closed);
    }

    void afterTheCoolDownOneCallTriesAndTheOthersAreRefused()
    {
        CircuitBreaker breaker = opened();
        m_clock.advanceNs(5 * kSecond - 1);
        QCOMPARE(breaker.ask(), Verdict::Refused);
        m_clock.advanceNs(1);
        QCOMPARE(breaker.state(), CircuitState::Open);
        QCOMPARE(breaker.ask(), Verdict::Probe);
        QCOMPARE(breaker.state(), CircuitState::HalfOpen);
        QCOMPARE(breaker.ask(), Verdict::Refused);
        QVERIFY(breaker.retryAfterNs() > 0);
        QVERIFY(breaker.succeeded(true));
        QCOMPARE(breaker.ask(), Verdict::Allowed);
        QCOMPARE(breaker.status().failures, 0);
    }

    void eachTryThatFailsDoublesTheCoolDownUpToItsLimit()
    {
        CircuitBreaker breaker = opened();
        for (const std::int64_t cooldown : {5, 10, 12, 12}) {
            QCOMPARE(breaker.retryAfterNs(), cooldown * kSecond);
            m_clock.advanceNs(cooldown * kSecond);
            QCOMPARE(breaker.ask(), Verdict::Probe);
            QVERIFY(breaker.failed(true, "still"));
            QCOMPARE(breaker.state(), CircuitState::Open);
        }
    }

    void onceItWorkedTheCoolDownIsShortAgain()
    {
        CircuitBreaker breaker = opened();
        m_clock.advanceNs(5 * kSecond);
        QCOMPARE(breaker.ask(), Verdict::Probe);
        breaker.failed(true, {});
        m_clock.advanceNs(10 * kSecond);
        QCOMPARE(breaker.ask(), Verdict::Probe);
        breaker.succeeded(true);
        for (int i = 0; i < 3; ++i) {
            breaker.failed(false, {});
        }
        QCOMPARE(breaker.retryAfterNs(), 5 * kSecond);
    }

    void callsThatBeganBeforeItOpenedTellNothing()
    {
        CircuitBreaker breaker = opened();
        QVERIFY(!breaker.succeeded(false));
        QVERIFY(!breaker.failed(false, "late"));
        QCOMPARE(breaker.status().failures, 3);
        m_clock.advanceNs(5 * kSecond);
        QCOMPARE(breaker.ask(), Verdict::Probe);
        QVERIFY(!breaker.succeeded(false));
        QCOMPARE(breaker.state(), CircuitState::HalfOpen);
    }

    void aProbeThatToldNothingLeavesItToTheNextCall()
    {
        CircuitBreaker breaker = opened();
        m_clock.advanceNs(5 * kSecond);
        QCOMPARE(breaker.ask(), Verdict::Probe);
        breaker.abandonProbe();
        QCOMPARE(breaker.ask(), Verdict::Probe);
    }

    void aServerThatSaysItIsThereIsTriedAtOnce()
    {
        CircuitBreaker breaker = opened();
        breaker.tryNow();
        QCOMPARE(breaker.ask(), Verdict::Probe);
    }

    void closingForgetsEverythingAndMarksTheCallsBefore()
    {
        CircuitBreaker breaker = opened();
        const std::uint32_t before = breaker.generation();
        breaker.close();
        QVERIFY(breaker.generation() != before);
        QCOMPARE(breaker.ask(), Verdict::Allowed);
        QCOMPARE(breaker.status().cause, QByteArray());
        breaker.failed(false, {});
        breaker.failed(false, {});
        QCOMPARE(breaker.state(), CircuitState::Closed);
    }

    void aShareOfFailuresOpensItOnceThereAreEnoughCalls()
    {
        config::CircuitBreaker settings;
        settings.failures = 0;
        settings.failureRate = 0.5;
        settings.minimumCalls = 10;
        CircuitBreaker breaker = made(settings);
        for (int i = 0; i < 4; ++i) {
            breaker.failed(false, {});
            breaker.succeeded(false);
        }
        QVERIFY(!breaker.failed(false, {})); // 5 of 9
        breaker.succeeded(false);
        QCOMPARE(breaker.state(), CircuitState::Closed);
        QVERIFY(breaker.failed(false, {})); // 6 of 11
    }

    void failuresOutsideTheWindowAreForgotten()
    {
        config::CircuitBreaker settings;
        settings.failures = 0;
        settings.failureRate = 0.5;
        settings.minimumCalls = 4;
        settings.window = 60s;
        CircuitBreaker breaker = made(settings);
        for (int i = 0; i < 3; ++i) {
            breaker.failed(false, {});
        }
        m_clock.advanceNs(70 * kSecond);
        for (int i = 0; i < 3; ++i) {
            QVERIFY(!breaker.failed(false, {}));
        }
        QVERIFY(breaker.failed(false, {}));
    }

    void switchedOffItLetsEverythingThrough()
    {
        CircuitBreaker breaker = opened();
        config::CircuitBreaker settings = afterThree();
        settings.enabled = false;
        breaker.configure(settings);
        QCOMPARE(breaker.ask(), Verdict::Allowed);
        for (int i = 0; i < 100; ++i) {
            QVERIFY(!breaker.failed(false, {}));
        }
        QCOMPARE(breaker.ask(), Verdict::Allowed);
        QVERIFY(!breaker.status().enabled);
    }

    void withNeitherNumberNorShareItNeverOpens()
    {
        config::CircuitBreaker settings;
        settings.failures = 0;
        settings.failureRate = 0;
        CircuitBreaker breaker = made(settings);
        for (int i = 0; i < 1000; ++i) {
            QVERIFY(!breaker.failed(false, {}));
        }
    }
};

QTEST_GUILESS_MAIN(CircuitBreakerTest)
#include "tst_circuit_breaker.moc"
