// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/admission/call_limits.h"
#include "gateway/admission/quota_window.h"
#include "gateway/admission/token_bucket.h"

#include <QDateTime>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using config::LimitScope;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3'600 * kSecond;

config::Limit limitFor(LimitScope scope, const char* name)
{
    config::Limit limit;
    limit.scope = scope;
    limit.name = QString::fromLatin1(name);
    return limit;
}

telemetry::ClientContext client(const QByteArray& token, const QByteArray& project = {}, const QByteArray& tenant = {})
{
    telemetry::ClientContext context;
    context.tokenName = token;
    context.projectId = project;
    context.tenantId = tenant;
    return context;
}

} // namespace

/// Limits under a clock that only the test moves; it begins at noon of some day of the local clock.
class CallLimitsTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{QDateTime(QDate(2026, 6, 10), QTime(12, 20)).toMSecsSinceEpoch() * 1'000'000};
    std::unique_ptr<CallLimits> m_limits;
    std::vector<CallTicket> m_running;

    void configure(const QList<config::Limit>& limits)
    {
        m_running.clear();
        m_limits = std::make_unique<CallLimits>(m_clock);
        m_limits->configure(limits);
    }
    /// A call that ends at once.
    std::optional<LimitRefusal> call(const telemetry::ClientContext& who, const QByteArray& server = "s",
                                     const QByteArray& tool = {}, std::int64_t tokens = 0)
    {
        CallTicket ticket;
        return m_limits->admit({who, server, tool}, tokens, ticket);
    }
    std::optional<LimitRefusal> begin(const telemetry::ClientContext& who)
    {
        CallTicket ticket;
        auto refusal = m_limits->admit({who, "s", {}}, 0, ticket);
        if (!refusal)
            m_running.push_back(std::move(ticket));
        return refusal;
    }
    [[nodiscard]] double used(const char* limit) const
    {
        for (const LimitUse& use : m_limits->use()) {
            if (QByteArrayView(use.limit) == limit)
                return use.used;
        }
        return -1;
    }

private Q_SLOTS:
    void aBucketGivesItsBurstAtOnceAndThenItsRate()
    {
        TokenBucket bucket;
        std::int64_t now = 7 * kSecond;
        bucket.configure(2, 3, now);
        for (int i = 0; i < 3; ++i) {
            QVERIFY(bucket.hasOne(now));
            bucket.takeOne();
        }
        QVERIFY(!bucket.hasOne(now));
        QCOMPARE(bucket.untilOneNs(), kSecond / 2);
        now += kSecond / 2;
        QVERIFY(bucket.hasOne(now));
        bucket.takeOne();
        now += 100 * kSecond;
        QCOMPARE(bucket.used(now), 0.0);
        QCOMPARE(bucket.size(), 3.0);
    }

    void aBucketWithoutABurstHoldsWhatComesInASecondAndAtLeastOne()
    {
        TokenBucket often;
        often.configure(2.5, 0, 0);
        QCOMPARE(often.size(), 3.0);
        TokenBucket seldom;
        seldom.configure(0.1, 0, 0);
        QVERIFY(seldom.hasOne(0));
        seldom.takeOne();
        QVERIFY(!seldom.hasOne(9 * kSecond));
        QVERIFY(seldom.hasOne(10 * kSecond));
    }

    void aSmallerBucketSpillsAndALargerOneStartsWithWhatThereWas()
    {
        TokenBucket bucket;
        bucket.configure(1, 10, 0);
        bucket.configure(1, 2, 0);
        QCOMPARE(bucket.used(0), 0.0);
        bucket.takeOne();
        bucket.configure(1, 10, 0);
        QCOMPARE(bucket.used(0), 9.0);
    }

    void anHourBeginsWithTheLocalClocksHour()
    {
        QuotaWindow hour(QuotaWindow::Length::Hour);
        hour.roll(m_clock.unixNs());
        const auto local = [](std::int64_t unixNs) { return QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000); };
        QCOMPARE(local(hour.startUnixNs()).time(), QTime(12, 0));
        QCOMPARE(local(hour.endUnixNs()).time(), QTime(13, 0));
        QuotaWindow day(QuotaWindow::Length::Day);
        day.roll(m_clock.unixNs());
        QCOMPARE(local(day.startUnixNs()), QDate(2026, 6, 10).startOfDay());
        QCOMPARE(local(day.endUnixNs()), QDate(2026, 6, 11).startOfDay());
    }

    void aClockThatIsSetBackGivesNothingBack()
    {
        QuotaWindow hour(QuotaWindow::Length::Hour);
        hour.roll(m_clock.unixNs());
        hour.add(5, 50);
        hour.roll(m_clock.unixNs() - 3 * kHour);
        QCOMPARE(hour.calls(), 5);
        QVERIFY(hour.endUnixNs() <= m_clock.unixNs() - 2 * kHour + kHour);
        hour.roll(hour.endUnixNs());
        QCOMPARE(hour.calls(), 0);
        QCOMPARE(hour.tokens(), 0);
    }

    void withoutLimitsEveryCallPassesAndNothingIsKept()
    {
        configure({});
        QVERIFY(m_limits->isEmpty());
        CallTicket ticket;
        const auto who = client("a");
        QVERIFY(!m_limits->admit({who, "s", "t"}, 100, ticket));
        QVERIFY(ticket.isEmpty());
        QVERIFY(m_limits->use().empty());
    }

    void aRateIsCountedForEachClientByItself()
    {
        config::Limit limit = limitFor(LimitScope::Client, "*");
        limit.callsPerSecond = 1;
        limit.burst = 2;
        configure({limit});
        QVERIFY(!call(client("a")));
        QVERIFY(!call(client("a")));
        const auto refusal = call(client("a"));
        QVERIFY(refusal);
        QCOMPARE(refusal->name, QByteArray("a"));
        QCOMPARE(QByteArray(refusal->limit), QByteArray("callsPerSecond"));
        QVERIFY(!refusal->isQuota);
        QCOMPARE(refusal->retryAfterNs, kSecond);
        QVERIFY(!call(client("b")));
        m_clock.advanceNs(kSecond);
        QVERIFY(!call(client("a")));
    }

    void anEntryOfItsOwnStandsInForTheOneOfAll()
    {
        config::Limit all = limitFor(LimitScope::Client, "*");
        all.callsPerDay = 1;
        config::Limit own = limitFor(LimitScope::Client, "a");
        own.callsPerDay = 3;
        configure({all, own});
        for (int i = 0; i < 3; ++i)
            QVERIFY(!call(client("a")));
        QVERIFY(call(client("a")));
        QVERIFY(!call(client("b")));
        QVERIFY(call(client("b")));
    }

    void aRefusedCallCountsAgainstNoOtherLimit()
    {
        config::Limit perClient = limitFor(LimitScope::Client, "*");
        perClient.callsPerDay = 10;
        perClient.concurrency = 5;
        config::Limit perServer = limitFor(LimitScope::Server, "s");
        perServer.callsPerDay = 1;
        configure({perClient, perServer});
        QVERIFY(!call(client("a")));
        for (int i = 0; i < 20; ++i)
            QCOMPARE(call(client("a"))->scope, LimitScope::Server);
        QCOMPARE(used("callsPerDay"), 1.0);
        QCOMPARE(used("concurrency"), 0.0);
        QVERIFY(!call(client("a"), "other"));
    }

    void aPlaceAmongTheCallsInFlightIsFreeAgainWhenItsTicketGoes()
    {
        config::Limit limit = limitFor(LimitScope::Client, "*");
        limit.concurrency = 2;
        configure({limit});
        QVERIFY(!begin(client("a")));
        QVERIFY(!begin(client("a")));
        QCOMPARE(QByteArray(begin(client("a"))->limit), QByteArray("concurrency"));
        QVERIFY(!begin(client("b")));
        m_running.erase(m_running.begin());
        QVERIFY(!begin(client("a")));
        QVERIFY(begin(client("a")));
        m_running.clear();
        QCOMPARE(used("concurrency"), 0.0);
    }

    void aTicketOutlivesTheLimitsItCountsAgainst()
    {
        config::Limit limit = limitFor(LimitScope::Client, "*");
        limit.concurrency = 1;
        configure({limit});
        QVERIFY(!begin(client("a")));
        m_limits->configure({});
        QVERIFY(!begin(client("a")));
        m_running.front().addTokens(7);
        m_limits.reset();
        m_running.clear();
    }

    void aQuotaBeginsAnewWithTheNextDay()
    {
        config::Limit limit = limitFor(LimitScope::Project, "*");
        limit.callsPerDay = 2;
        configure({limit});
        QVERIFY(!call(client("a", "research")));
        QVERIFY(!call(client("b", "research")));
        const auto refusal = call(client("a", "research"));
        QVERIFY(refusal && refusal->isQuota);
        QCOMPARE(refusal->name, QByteArray("research"));
        QCOMPARE(refusal->resetsUnixNs, QDate(2026, 6, 11).startOfDay().toMSecsSinceEpoch() * 1'000'000);
        QCOMPARE(refusal->retryAfterNs, refusal->resetsUnixNs - m_clock.unixNs());
        QVERIFY(!call(client("a"))); // the project "default"
        m_clock.advanceNs(refusal->retryAfterNs - 1);
        QVERIFY(call(client("a", "research")));
        m_clock.advanceNs(1);
        QVERIFY(!call(client("a", "research")));
    }

    void tokensOfArgumentsAndAnswersAreCounted()
    {
        config::Limit limit = limitFor(LimitScope::Tenant, "acme");
        limit.tokensPerHour = 100;
        configure({limit});
        const auto who = client("a", "p", "acme");
        {
            CallTicket ticket;
            QVERIFY(!m_limits->admit({who, "s", {}}, 30, ticket));
            QCOMPARE(used("tokensPerHour"), 30.0);
            ticket.addTokens(69);
        }
        QVERIFY(!call(who, "s", {}, 1));
        QCOMPARE(QByteArray(call(who)->limit), QByteArray("tokensPerHour"));
        QVERIFY(!call(client("a", "p", "other")));
        QVERIFY(!call(client("a", "p")));
        m_clock.advanceNs(kHour);
        QVERIFY(!call(who));
    }

    void aToolIsCountedUnderTheNameThatClientsSee()
    {
        config::Limit limit = limitFor(LimitScope::Tool, "github__search");
        limit.callsPerHour = 1;
        configure({limit});
        QVERIFY(m_limits->countsTools());
        QVERIFY(!call(client("a"), "github", "github__search"));
        QVERIFY(call(client("b"), "github", "github__search"));
        QVERIFY(!call(client("b"), "github", "github__read"));
        QVERIFY(!call(client("b"), "github"));
    }

    void theLongestWaitIsTheOneThatIsTold()
    {
        config::Limit limit = limitFor(LimitScope::Client, "a");
        limit.callsPerSecond = 1;
        limit.callsPerHour = 1;
        limit.callsPerDay = 1;
        configure({limit});
        QVERIFY(!call(client("a")));
        QCOMPARE(QByteArray(call(client("a"))->limit), QByteArray("callsPerDay"));
    }

    void newLimitsLeaveWhatIsUsed()
    {
        config::Limit limit = limitFor(LimitScope::Client, "a");
        limit.callsPerDay = 10;
        configure({limit});
        for (int i = 0; i < 4; ++i)
            QVERIFY(!call(client("a")));
        limit.callsPerDay = 5;
        m_limits->configure({limit});
        QVERIFY(!call(client("a")));
        QVERIFY(call(client("a")));
    }

    void aRestartGoesOnWithTheSameDay()
    {
        config::Limit limit = limitFor(LimitScope::Client, "*");
        limit.callsPerDay = 3;
        limit.callsPerHour = 100;
        configure({limit});
        QVERIFY(!call(client("a")));
        QVERIFY(!call(client("a")));
        const QList<QuotaUse> kept = m_limits->quotas();
        m_clock.advanceNs(kHour);
        m_limits = std::make_unique<CallLimits>(m_clock);
        m_limits->restore(kept);
        m_limits->configure({limit});
        QCOMPARE(m_limits->quotas(), kept); // also of clients that have not come back
        QVERIFY(!call(client("a")));
        QVERIFY(call(client("a")));
        QCOMPARE(used("callsPerHour"), 1.0);
    }

    void aRestartOnAnotherDayBeginsAnew()
    {
        config::Limit limit = limitFor(LimitScope::Client, "a");
        limit.callsPerDay = 1;
        configure({limit});
        QVERIFY(!call(client("a")));
        const QList<QuotaUse> kept = m_limits->quotas();
        m_clock.advanceNs(24 * kHour);
        m_limits = std::make_unique<CallLimits>(m_clock);
        m_limits->restore(kept);
        m_limits->configure({limit});
        QVERIFY(!call(client("a")));
    }

    void ofClientsWithoutEndTheOldestAreForgottenButNotThoseThatCallOrAreNamed()
    {
        config::Limit limit = limitFor(LimitScope::Client, "*");
        limit.callsPerDay = 1;
        limit.concurrency = 1;
        config::Limit own = limitFor(LimitScope::Client, "mine");
        own.callsPerDay = 1;
        configure({limit, own});
        QVERIFY(!call(client("mine")));
        QVERIFY(!begin(client("busy")));
        for (int i = 0; i < 3 * CallLimits::kMaxAccounts; ++i) {
            m_clock.advanceNs(1);
            QVERIFY(!call(client("client-" + QByteArray::number(i))));
        }
        QCOMPARE(m_limits->quotas().size(), CallLimits::kMaxAccounts);
        QVERIFY(call(client("mine")));
        QVERIFY(call(client("busy")));
    }

    void whatIsUsedIsToldForEveryLimitAlsoBeforeTheFirstCall()
    {
        config::Limit limit = limitFor(LimitScope::Server, "s");
        limit.callsPerSecond = 4;
        limit.tokensPerDay = 1000;
        configure({limit});
        const std::vector<LimitUse> uses = m_limits->use();
        QCOMPARE(uses.size(), std::size_t(2));
        QCOMPARE(uses[0].name, QByteArray("s"));
        QCOMPARE(uses[0].allowed, 4.0);
        QCOMPARE(uses[1].allowed, 1000.0);
        QVERIFY(uses[1].resetsUnixNs > m_clock.unixNs());
        QCOMPARE(uses[1].refused, std::uint64_t(0));
    }
};

QTEST_GUILESS_MAIN(CallLimitsTest)
#include "tst_call_limits.moc"
