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
        HeldCalls calls(m_random);
        const QByteArray state = calls.hold(call()).value_or(QByteArray());
        QVERIFY(HeldCalls::isOurs(state));
        QVERIFY(calls.find(state, "claude\n", "tools/call", "files__read") != nullptr);
        QVERIFY(calls.find(state, "cursor\n", "tools/call", "files__read") == nullptr);
        QVERIFY(calls.find(state, "claude\n", "prompts/get", "files__read") == nullptr);
        QVERIFY(calls.find(state, "claude\n", "tools/call", "files__write") == nullptr);
        QVERIFY(calls.find(state + 'x', "claude\n", "tools/call", "files__read") == nullptr);
        QVERIFY(!HeldCalls::isOurs("eyJhbGciOi"));
    }
    void aStateIsGoodOnce()
    {
        HeldCalls calls(m_random);
        const QByteArray state = calls.hold(call()).value_or(QByteArray());
        QCOMPARE(calls.take(state).cookie, quint64(1));
        QVERIFY(calls.find(state, "claude\n", "tools/call", "files__read") == nullptr);
        QVERIFY(calls.isEmpty());
    }
    void timeAndNumberAreBounded()
    {
        HeldCalls calls(m_random);
        for (qsizetype i = 0; i < HeldCalls::kMaxHeld; ++i)
            QVERIFY(calls.hold(call(static_cast<quint64>(i + 1))));
        QVERIFY(!calls.hold(call(9'999)));
        QCOMPARE(calls.takeExpired(999).size(), std::size_t(0));
        QCOMPARE(calls.takeExpired(1'000).size(), static_cast<std::size_t>(HeldCalls::kMaxHeld));
        QVERIFY(calls.isEmpty());
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
