// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ids.h"
#include "base/random.h"

#include <QTest>

using namespace oriel;

class IdsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aTraceIdSurvivesHexAndBytes()
    {
        SeededRandom random(1);
        const TraceId id = TraceId::generate(random);
        QCOMPARE(TraceId::fromHex(id.toHex()), std::optional(id));
        QCOMPARE(TraceId::fromBytes(id.bytes().data()), id);
        const SpanId span = SpanId::generate(random);
        QCOMPARE(SpanId::fromHex(span.toHex()), std::optional(span));
        QCOMPARE(SpanId::fromBytes(span.bytes().data()), span);
    }
    void zeroUpperCaseAndShortIdsAreRefused()
    {
        QVERIFY(!TraceId::fromHex(QByteArray(32, '0')));
        QVERIFY(!TraceId::fromHex("4BF92F3577B34DA6A3CE929D0E0E4736"));
        QVERIFY(!TraceId::fromHex("4bf92f35"));
        QVERIFY(!SpanId::fromHex("000000000000000g"));
    }
    void ulidsOfLaterTimesSortLater()
    {
        SeededRandom random(7);
        const QByteArray earlier = makeUlid(1'700'000'000'000'000'000, random);
        const QByteArray later = makeUlid(1'700'000'000'001'000'000, random);
        QCOMPARE(earlier.size(), 26);
        QVERIFY(earlier < later);
    }
};

QTEST_GUILESS_MAIN(IdsTest)
#include "tst_ids.moc"
