// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/fair_queue.h"

#include <QList>
#include <QTest>

using namespace oriel::upstream;

namespace {

QList<qint64> drained(FairQueue& queue)
{
    QList<qint64> ids;
    while (!queue.isEmpty()) {
        ids.append(queue.pop());
    }
    return ids;
}

} // namespace

class FairQueueTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneClientIsServedInItsOrder()
    {
        FairQueue queue;
        for (const std::int64_t id : {1, 2, 3}) {
            queue.push("a", id);
        }
        QCOMPARE(queue.size(), 3);
        QCOMPARE(drained(queue), (QList<qint64>{1, 2, 3}));
    }

    void clientsTakeTurns()
    {
        FairQueue queue;
        for (int id = 1; id <= 1000; ++id) {
            queue.push("greedy", id);
        }
        queue.push("modest", 2001);
        queue.push("other", 3001);
        queue.push("other", 3002);
        QCOMPARE(drained(queue).first(7), (QList<qint64>{1, 2001, 3001, 2, 3002, 3, 4}));
    }

    void aCallThatHadItsTurnGoesFirst()
    {
        FairQueue queue;
        queue.push("a", 1);
        queue.pushFront(9);
        QCOMPARE(queue.size(), 2);
        QCOMPARE(drained(queue), (QList<qint64>{9, 1}));
    }

    void aCallCanBeTakenOutWhereverItIs()
    {
        FairQueue queue;
        queue.push("a", 1);
        queue.push("a", 2);
        queue.push("b", 3);
        queue.pushFront(4);
        QVERIFY(queue.remove(4));
        QVERIFY(queue.remove(3));
        QVERIFY(queue.remove(1));
        QVERIFY(!queue.remove(1));
        QCOMPARE(drained(queue), (QList<qint64>{2}));
        QVERIFY(!queue.remove(2));
    }

    void roomIsMadeAtTheCostOfTheClientWithTheMost()
    {
        FairQueue queue;
        for (const std::int64_t id : {1, 2, 3}) {
            queue.push("greedy", id);
        }
        QCOMPARE(queue.makeRoom("modest"), std::optional<std::int64_t>(3));
        queue.push("modest", 10);
        QVERIFY(!queue.makeRoom("modest"));
        QVERIFY(!queue.makeRoom("greedy"));
        QCOMPARE(queue.makeRoom("third"), std::optional<std::int64_t>(2));
        QCOMPARE(queue.size(), 2);
    }

    void anEmptyQueueHasNoRoomToMake()
    {
        FairQueue queue;
        QVERIFY(queue.isEmpty());
        QVERIFY(!queue.makeRoom("a"));
    }
};

QTEST_GUILESS_MAIN(FairQueueTest)
#include "tst_fair_queue.moc"
