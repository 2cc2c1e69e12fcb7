// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/propagators.h"

#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {
constexpr const char* kValid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

QByteArray members(int count, int valueLength)
{
    QByteArrayList list;
    for (int i = 0; i < count; ++i)
        list.append("k" + QByteArray::number(i) + '=' + QByteArray(valueLength, 'v'));
    return list.join(',');
}
} // namespace

class PropagationTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aTraceparentIsReadAndWrittenBack()
    {
        const auto context = parseTraceparent(kValid);
        QVERIFY(context.has_value());
        QCOMPARE(context->traceId.toHex(), QByteArray("4bf92f3577b34da6a3ce929d0e0e4736"));
        QCOMPARE(context->spanId.toHex(), QByteArray("00f067aa0ba902b7"));
        QVERIFY(context->isSampled());
        QCOMPARE(formatTraceparent(*context).toByteArray(), QByteArray(kValid));
    }

    void theRandomFlagIsKeptAndUnknownFlagsAreCleared()
    {
        const auto context = parseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff");
        QVERIFY(context.has_value());
        QVERIFY(formatTraceparent(*context).toByteArray().endsWith("-03"));
    }

    void aMalformedTraceparentIsRefused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("short") << QByteArray(kValid).chopped(1);
        QTest::newRow("long version 00") << QByteArray(kValid) + "-00";
        QTest::newRow("trailing character") << QByteArray(kValid) + "0";
        QTest::newRow("version ff") << QByteArray(kValid).replace(0, 2, "ff");
        QTest::newRow("upper case") << QByteArray("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01");
        QTest::newRow("zero trace id") << QByteArray("00-00000000000000000000000000000000-00f067aa0ba902b7-01");
        QTest::newRow("zero span id") << QByteArray("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01");
        QTest::newRow("wrong dash") << QByteArray(kValid).replace(35, 1, "_");
        QTest::newRow("bad flags") << QByteArray(kValid).replace(53, 2, "0g");
        QTest::newRow("higher version without dash") << QByteArray(kValid).replace(0, 2, "01") + "x";
    }
    void aMalformedTraceparentIsRefused()
    {
        QFETCH(QByteArray, text);
        QVERIFY(!parseTraceparent(text).has_value());
    }

    void aHigherVersionIsReadByItsFirstFour()
    {
        QVERIFY(parseTraceparent(QByteArray(kValid).replace(0, 2, "01")).has_value());
        QVERIFY(parseTraceparent(QByteArray(kValid).replace(0, 2, "cc") + "-what-comes-later").has_value());
    }

    void aTracestateIsPassedAsItIsWhenItMay_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("check");
        const auto row = [](const char* name, const QByteArray& text, TracestateCheck check) {
            QTest::newRow(name) << text << static_cast<int>(check);
        };
        row("empty", "", TracestateCheck::AsIs);
        row("one", "rojo=00f067aa0ba902b7", TracestateCheck::AsIs);
        row("tenant and digits", "1tenant@vendor=a,b*/-_=x y", TracestateCheck::AsIs);
        row("32 members", members(32, 1), TracestateCheck::AsIs);
        row("33 members", members(33, 1), TracestateCheck::Rewrite);
        row("too long", members(20, 60), TracestateCheck::Rewrite);
        row("spaces", "a=1 , b=2", TracestateCheck::Rewrite);
        row("empty member", "a=1,,b=2", TracestateCheck::Rewrite);
        row("duplicate", "a=1,a=2", TracestateCheck::Rewrite);
        row("upper-case key", "A=1", TracestateCheck::Invalid);
        row("no value", "a=", TracestateCheck::Invalid);
        row("no equals", "a", TracestateCheck::Invalid);
        row("equals in value", "a=b=c", TracestateCheck::Invalid);
        row("key too long", QByteArray(257, 'k') + "=1", TracestateCheck::Invalid);
        row("value too long", "a=" + QByteArray(257, 'v'), TracestateCheck::Invalid);
        row("control character", "a=\x01", TracestateCheck::Invalid);
    }
    void aTracestateIsPassedAsItIsWhenItMay()
    {
        QFETCH(QByteArray, text);
        QFETCH(int, check);
        QCOMPARE(static_cast<int>(checkTracestate(text)), check);
        const QByteArray normal = normalizeTracestate(text);
        QCOMPARE(static_cast<int>(checkTracestate(normal)), static_cast<int>(TracestateCheck::AsIs));
        if (static_cast<TracestateCheck>(check) == TracestateCheck::AsIs)
            QCOMPARE(normal, text);
        if (static_cast<TracestateCheck>(check) == TracestateCheck::Invalid)
            QCOMPARE(normal, QByteArray());
    }

    void longEntriesGoBeforeTheRightMost()
    {
        const QByteArray text = "big=" + QByteArray(200, 'x') + ',' + members(20, 14);
        const QByteArray normal = normalizeTracestate(text);
        QVERIFY(!normal.contains("big="));
        QVERIFY(normal.endsWith("k19=" + QByteArray(14, 'v')));
        QVERIFY(!normalizeTracestate(members(32, 30)).contains("k31="));
        QVERIFY(normalizeTracestate(members(32, 30)).startsWith("k0="));
    }

    void aChangedMemberMovesToTheFront()
    {
        QCOMPARE(setTracestateMember("a=1,ot=th:8,b=2", "ot", "th:c"), QByteArray("ot=th:c,a=1,b=2"));
        QCOMPARE(setTracestateMember("a=1", "Bad", "x"), QByteArray("a=1"));
        QCOMPARE(tracestateMember("a=1, ot=th:8", "ot").toByteArray(), QByteArray("th:8"));
        QVERIFY(tracestateMember("a=1", "b").isEmpty());
    }

    void baggageIsDecodedAndEncodedAgain()
    {
        const auto entries = parseBaggage("user=J%C3%BCrgen;prop=1;flag, path = /a=b ,bad key=1,broken");
        QCOMPARE(entries.size(), std::size_t(2));
        QCOMPARE(entries[0], (BaggageEntry{"user", "J\xC3\xBCrgen", "prop=1;flag"}));
        QCOMPARE(entries[1], (BaggageEntry{"path", "/a=b", ""}));
        QCOMPARE(formatBaggage(entries), QByteArray("user=J%C3%BCrgen;prop=1;flag,path=/a=b"));
        QCOMPARE(formatBaggage({{"k", "a,b;c %\"", ""}}), QByteArray("k=a%2Cb%3Bc%20%25%22"));
    }

    void bytesThatAreNotUtf8BecomeTheReplacementCharacter()
    {
        const auto entries = parseBaggage("k=%FF%41");
        QCOMPARE(entries.size(), std::size_t(1));
        QCOMPARE(entries[0].value, QByteArray("\xEF\xBF\xBD"
                                              "A"));
    }

    void baggageNeverGrowsPastItsLimits()
    {
        std::vector<BaggageEntry> many;
        for (int i = 0; i < 100; ++i)
            many.push_back({"k" + QByteArray::number(i), "v", {}});
        QCOMPARE(parseBaggage(formatBaggage(many)).size(), std::size_t(64));
        const std::vector<BaggageEntry> big{{"a", QByteArray(5000, 'x'), {}}, {"b", QByteArray(5000, 'x'), {}}, {"c", "1", {}}};
        const QByteArray text = formatBaggage(big);
        QVERIFY(text.size() <= 8192);
        QVERIFY(text.endsWith(",c=1"));
        QVERIFY(isPassableBaggage(text));
        QVERIFY(!isPassableBaggage(QByteArray(9000, 'x')));
        QVERIFY(!isPassableBaggage("a=1,no equals"));
        QVERIFY(!isPassableBaggage("a=\"quoted\""));
    }

    void b3IsReadInItsForms()
    {
        const auto full = parseB3("463ac35c9f6413ad48485a3953bb6124-0020000000000001-1-05e3ac9a4f6e3b90");
        QVERIFY(full && full->context.isSampled());
        QCOMPARE(full->context.spanId.toHex(), QByteArray("0020000000000001"));
        const auto shortId = parseB3("48485a3953bb6124-0020000000000001-d");
        QVERIFY(shortId && shortId->debug && shortId->context.isSampled());
        QCOMPARE(shortId->context.traceId.toHex(), QByteArray("000000000000000048485a3953bb6124"));
        QVERIFY(parseB3("0").has_value() && !parseB3("0")->context.isValid());
        QVERIFY(!parseB3("").has_value());
        QVERIFY(!parseB3("xyz-0020000000000001").has_value());
        const auto multi = parseB3Multi("48485a3953bb6124", "0020000000000001", "false", {});
        QVERIFY(multi && !multi->context.isSampled());
        QCOMPARE(formatB3(*shortId), QByteArray("000000000000000048485a3953bb6124-0020000000000001-d"));
    }

    void aCarrierIsReadByTheFirstPropagatorThatFindsAContext_data()
    {
        QTest::addColumn<QByteArray>("traceparent");
        QTest::addColumn<QByteArray>("b3");
        QTest::addColumn<QByteArray>("multi");
        QTest::addColumn<QStringList>("propagators");
        QTest::addColumn<QByteArray>("found");
        const QByteArray w3c = kValid;
        const QByteArray single = "00000000000000000000000000000001-0000000000000002-1";
        const QByteArray multi = "463ac35c9f6413ad48485a3953bb6124 0020000000000001 0";
        const QStringList all{QStringLiteral("tracecontext"), QStringLiteral("b3"), QStringLiteral("b3multi")};
        const QStringList b3{QStringLiteral("b3")};
        QTest::newRow("W3C first") << w3c << single << multi << all << QByteArray("4bf92f3577b34da6a3ce929d0e0e4736/1");
        QTest::newRow("single before multi")
            << QByteArray() << single << multi << all << QByteArray("00000000000000000000000000000001/1");
        QTest::newRow("multi") << QByteArray() << QByteArray() << multi << all
                               << QByteArray("463ac35c9f6413ad48485a3953bb6124/0");
        QTest::newRow("a broken single lets multi speak")
            << QByteArray() << QByteArray("nonsense") << multi << all << QByteArray("463ac35c9f6413ad48485a3953bb6124/0");
        QTest::newRow("a broken traceparent lets b3 speak")
            << QByteArray("00-0") << single << QByteArray() << all << QByteArray("00000000000000000000000000000001/1");
        QTest::newRow("either B3 reads both forms")
            << w3c << QByteArray() << multi << b3 << QByteArray("463ac35c9f6413ad48485a3953bb6124/0");
        QTest::newRow("a propagator that is not wanted")
            << QByteArray() << single << QByteArray() << QStringList{QStringLiteral("tracecontext")} << QByteArray();
        QTest::newRow("none") << w3c << single << multi << QStringList() << QByteArray();
        QTest::newRow("a lone denial") << QByteArray() << QByteArray("0") << QByteArray() << b3 << QByteArray("denied");
    }
    void aCarrierIsReadByTheFirstPropagatorThatFindsAContext()
    {
        QFETCH(QByteArray, traceparent);
        QFETCH(QByteArray, b3);
        QFETCH(QByteArray, multi);
        QFETCH(QStringList, propagators);
        const QByteArrayList parts = multi.split(' ') + QByteArrayList{"", ""};
        const auto found =
            extractContext({traceparent, {}, b3, parts[0], parts[1], parts[2], {}}, propagatorsByName(propagators));
        const QByteArray text = !found          ? QByteArray()
                                : found->denied ? QByteArray("denied")
                                                : found->context.traceId.toHex() + (found->context.isSampled() ? "/1" : "/0");
        QTEST(text, "found");
    }

    void b3IsWrittenInTheFormsThatAreWanted()
    {
        const TraceContext context{{1, 2}, {3}, kFlagSampled};
        QVERIFY(b3Headers(context, kDefaultPropagators).empty());
        const Propagators b3 = propagatorsByName({QStringLiteral("B3")});
        QCOMPARE(b3Headers(context, b3).size(), std::size_t(1));
        QCOMPARE(b3Headers(context, b3)[0].second, QByteArray("00000000000000010000000000000002-0000000000000003-1"));
        const auto multi = b3Headers(context, propagatorsByName({QStringLiteral("b3multi")}));
        QByteArrayList lines;
        for (const auto& [name, value] : multi)
            lines.append(name + '=' + value);
        QCOMPARE(lines.join(' '), QByteArray("X-B3-TraceId=00000000000000010000000000000002 X-B3-SpanId=0000000000000003 "
                                             "X-B3-Sampled=1"));
    }

    void theDebugFlagIsKeptAndNeverWrittenToATraceparent()
    {
        const auto found =
            extractContext({{}, {}, "0000000000000001-0000000000000002-d"}, propagatorsByName({QStringLiteral("b3")}));
        QVERIFY(found && found->context.isSampled());
        QCOMPARE(found->context.traceId, (TraceId{0, 1}));
        const auto headers = b3Headers(found->context, propagatorsByName({QStringLiteral("b3"), QStringLiteral("b3multi")}));
        QVERIFY(headers[0].second.endsWith("-d"));
        QCOMPARE(headers.back().first, QByteArray("X-B3-Flags"));
        QCOMPARE(headers.back().second, QByteArray("1"));
        QVERIFY(formatTraceparent(found->context).toByteArray().endsWith("-01"));
    }

    void baggageIsPassedOnWithinItsLimits()
    {
        QCOMPARE(passableBaggage("a=1,b=%20x;p=1"), QByteArray("a=1,b=%20x;p=1"));
        QByteArrayList many;
        for (int i = 0; i < 70; ++i)
            many.append("k" + QByteArray::number(i) + "=v");
        const QByteArray passed = passableBaggage(many.join(','));
        QCOMPARE(passed.count('='), qsizetype(64));
        QVERIFY(passed.startsWith("k0=v,"));
        QCOMPARE(passableBaggage("a=1,=broken,b=2"), QByteArray("a=1,b=2"));
        QVERIFY(passableBaggage("big=" + QByteArray(9000, 'x')).isEmpty());
    }
};

QTEST_GUILESS_MAIN(PropagationTest)
#include "tst_propagation.moc"
