// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/held_calls.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;

/// Calls that wait for a client of 2026-07-28 to come back.
class HeldCallsTest : public QObject {
    Q_OBJECT
private:
    static HeldCall call(quint64 cookie = 1)
    {
        HeldCall held;
        held.cookie = cookie;
        held.owner = "claude\n";
        held.method = "tools/call";
        held.target = "files__read";
        held.deadlineNs = 1'000;
        held.questions.push_back({"input1", mcp::RequestId(5), "elicitation/create", "{\"message\":\"Sure?\"}"});
        held.questions.push_back({"input2", mcp::RequestId(6), "roots/list", {}});
        return held;
    }
    SystemRandom m_random;

private Q_SLOTS:
    void aStateNamesItsCallForItsOwnerMethodAndTargetAlone()
    {
        HeldCalls calls(m_random, "a1");
        const QByteArray state = calls.hold(call()).value_or(QByteArray());
        QVERIFY(calls.isOurs(state));
        QVERIFY(calls.find(state, "claude\n", "tools/call", "files__read") != nullptr);
        QVERIFY(calls.find(state, "cursor\n", "tools/call", "files__read") == nullptr);
        QVERIFY(calls.find(state, "claude\n", "prompts/get", "files__read") == nullptr);
        QVERIFY(calls.find(state, "claude\n", "tools/call", "files__write") == nullptr);
        QVERIFY(calls.find(state + 'x', "claude\n", "tools/call", "files__read") == nullptr);
        QVERIFY(!calls.isOurs("eyJhbGciOi"));
    }
    void aStateTellsWhichOrielGaveIt()
    {
        HeldCalls calls(m_random, "a1");
        const HeldCalls others(m_random, "b2");
        HeldCalls longer(m_random, "a12");
        const QByteArray state = calls.hold(call()).value_or(QByteArray());
        QVERIFY2(state.startsWith("oriel1.a1."), state.constData());
        QVERIFY(calls.isOurs(state) && !others.isOurs(state) && !longer.isOurs(state));
        QVERIFY(!calls.isOurs(longer.hold(call()).value_or(QByteArray())));
        QVERIFY(HeldCalls::isOfAnOriel(state) && HeldCalls::isOfAnOriel("oriel1.word"));
        QVERIFY(!calls.isOurs("oriel1.word"));
        QVERIFY(!HeldCalls::isOfAnOriel("eyJhbGciOi"));
    }
    void aStateIsGoodOnce()
    {
        HeldCalls calls(m_random, "a1");
        const QByteArray state = calls.hold(call()).value_or(QByteArray());
        QCOMPARE(calls.take(state).cookie, quint64(1));
        QVERIFY(calls.find(state, "claude\n", "tools/call", "files__read") == nullptr);
        QVERIFY(calls.isEmpty());
    }
    void timeAndNumberAreBounded()
    {
        HeldCalls calls(m_random, "a1");
        for (qsizetype i = 0; i < HeldCalls::kMaxHeld; ++i)
            QVERIFY(calls.hold(call(static_cast<quint64>(i + 1))));
        QVERIFY(!calls.hold(call(9'999)));
        QCOMPARE(calls.takeExpired(999).size(), std::size_t(0));
        QCOMPARE(calls.takeExpired(1'000).size(), static_cast<std::size_t>(HeldCalls::kMaxHeld));
        QVERIFY(calls.isEmpty());
    }
    void theNextDeadlineIsThatOfTheCallThatIsHeldForLongest()
    {
        HeldCalls calls(m_random, "a1");
        QVERIFY(!calls.nextDeadlineNs());
        for (const std::int64_t deadline : {2'000, 1'000, 3'000}) {
            HeldCall held = call();
            held.deadlineNs = deadline;
            QVERIFY(calls.hold(held));
        }
        QCOMPARE(calls.nextDeadlineNs(), std::optional<std::int64_t>(1'000));
        QCOMPARE(calls.takeExpired(1'000).size(), std::size_t(1));
        QCOMPARE(calls.nextDeadlineNs(), std::optional<std::int64_t>(2'000));
    }
    void theResultAsksEveryQuestionUnderItsKey()
    {
        QCOMPARE(inputRequiredResult(call(), "oriel1.word"),
                 QByteArray("{\"resultType\":\"input_required\",\"inputRequests\":{\"input1\":{\"method\":\"elicitation/create\","
                            "\"params\":{\"message\":\"Sure?\"}},\"input2\":{\"method\":\"roots/list\"}},"
                            "\"requestState\":\"oriel1.word\"}"));
    }
};

QTEST_GUILESS_MAIN(HeldCallsTest)
#include "tst_held_calls.moc"
