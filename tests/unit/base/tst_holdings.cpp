// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/holdings.h"

#include <QTest>

using oriel::Holdings;

class HoldingsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsNotThereIsNotNamed()
    {
        Holdings held;
        held.add("calls", 0).add("part", Holdings());
        QVERIFY(held.isEmpty());
        QCOMPARE(held.toText(), QByteArray());
        QCOMPARE(held.count("calls"), 0);
    }
    void kindsStandInTheirOrderAndAreAddedUp()
    {
        Holdings part;
        part.add("calls", 2);
        Holdings held;
        held.add("listeners", 1).add("calls", 3).add("calls", 1).add("alpha", part);
        QVERIFY(!held.isEmpty());
        QCOMPARE(held.toText(), QByteArray("listeners 1, calls 4, alpha: calls 2"));
        QCOMPARE(held.count("calls"), 4);
        QCOMPARE(held.count("alpha: calls"), 2);
    }
    void aCountThatWentWrongShows()
    {
        Holdings held;
        held.add("calls in flight", -1);
        QVERIFY(!held.isEmpty());
        QCOMPARE(held.toText(), QByteArray("calls in flight -1"));
    }
};

QTEST_GUILESS_MAIN(HoldingsTest)
#include "tst_holdings.moc"
