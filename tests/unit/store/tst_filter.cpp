// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "store/filter.h"

#include <QTest>

using namespace oriel;
using namespace oriel::store;

namespace {

class Words : public FilterVocabulary {
public:
    std::vector<QByteArray> attributeKeys(QByteArrayView prefix, int) const override
    {
        return QByteArrayView("http.route").startsWith(prefix) ? std::vector<QByteArray>{"http.route"}
                                                               : std::vector<QByteArray>{};
    }
    std::vector<QByteArray> fieldValues(FilterField field, QByteArrayView key, QByteArrayView prefix, int) const override
    {
        std::vector<QByteArray> out;
        if (field == FilterField::Server)
            for (const char* name : {"files", "my files", "web"})
                if (QByteArrayView(name).startsWith(prefix))
                    out.push_back(name);
        if (field == FilterField::Attribute && key == "http.route")
            out.push_back("/a,b");
        return out;
    }
};

} // namespace

class FilterTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEmptyTextIsTheFilterThatMatchesEverything()
    {
        const auto filter = Filter::parse("  \t ");
        QVERIFY(filter.has_value());
        QVERIFY(filter->isEmpty());
        QCOMPARE(filter->toText(), QByteArray());
    }

    void everyFormIsUnderstood_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("canonical");
        QTest::newRow("word") << QByteArray("timeout") << QByteArray("timeout");
        QTest::newRow("quoted words") << QByteArray("\"not found\"") << QByteArray("\"not found\"");
        QTest::newRow("key") << QByteArray("server=files") << QByteArray("server=files");
        QTest::newRow("spaces around the operator") << QByteArray("duration > 1s") << QByteArray("duration>1s");
        QTest::newRow("list") << QByteArray("server=files,\"my web\"") << QByteArray("server=files,\"my web\"");
        QTest::newRow("side by side") << QByteArray("server=a tool=b") << QByteArray("server=a AND tool=b");
        QTest::newRow("and binds tighter") << QByteArray("a or b and c") << QByteArray("a OR b AND c");
        QTest::newRow("parentheses") << QByteArray("(a OR b) c") << QByteArray("(a OR b) AND c");
        QTest::newRow("not") << QByteArray("NOT (status=error tool=x)") << QByteArray("NOT (status=error AND tool=x)");
        QTest::newRow("pattern with parentheses")
            << QByteArray("name=~^tools/(call|list)$") << QByteArray("name=~\"^tools/(call|list)$\"");
        QTest::newRow("attribute") << QByteArray("attr.http.status_code>=500") << QByteArray("attr.http.status_code>=500");
        QTest::newRow("value with equal sign")
            << QByteArray("attr.url=http://x/?a=b") << QByteArray("attr.url=\"http://x/?a=b\"");
        QTest::newRow("request id") << QByteArray("request.id=01ABC") << QByteArray("request.id=01ABC");
        QTest::newRow("fraction") << QByteArray("duration>1.5ms") << QByteArray("duration>1500us");
        QTest::newRow("bare milliseconds") << QByteArray("duration<=20") << QByteArray("duration<=20ms");
        QTest::newRow("escaped quote") << QByteArray("name=\"a \\\"b\\\"\"") << QByteArray("name=\"a \\\"b\\\"\"");
        QTest::newRow("a quoted keyword is a word") << QByteArray("\"AND\"") << QByteArray("\"AND\"");
    }
    void everyFormIsUnderstood()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, canonical);
        const auto filter = Filter::parse(text);
        QVERIFY2(filter.has_value(), filter ? "" : qPrintable(filter.error().message));
        QCOMPARE(filter->toText(), canonical);
        const auto again = Filter::parse(filter->toText());
        QVERIFY(again.has_value());
        QCOMPARE(again->toText(), canonical);
    }

    void aMistakeIsReportedWithItsPlaceAndWhatWasExpected_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("offset");
        QTest::addColumn<QString>("expected");
        QTest::newRow("unknown key") << QByteArray("server=a colour=red") << 9 << QStringLiteral("service");
        QTest::newRow("open parenthesis") << QByteArray("a (b OR c") << 2 << QStringLiteral(")");
        QTest::newRow("stray parenthesis") << QByteArray("a ) b") << 2 << QStringLiteral("end of the filter");
        QTest::newRow("nothing after NOT") << QByteArray("a NOT") << 5 << QStringLiteral("a word");
        QTest::newRow("two operators") << QByteArray("a AND OR b") << 6 << QStringLiteral("a word");
        QTest::newRow("missing value") << QByteArray("server=") << 7 << QStringLiteral("a value");
        QTest::newRow("missing value before the next term") << QByteArray("server=a,  ") << 11 << QStringLiteral("a value");
        QTest::newRow("no status") << QByteArray("status=bad") << 7 << QStringLiteral("rpc_error");
        QTest::newRow("no duration") << QByteArray("duration>soon") << 9 << QStringLiteral("a duration such as 250ms or 1.5s");
        QTest::newRow("size of a text") << QByteArray("tool>3") << 4 << QStringLiteral("=");
        QTest::newRow("bad pattern") << QByteArray("name=~\"(\"") << 6 << QStringLiteral("an RE2 pattern");
        QTest::newRow("open quotation") << QByteArray("name=\"abc") << 5 << QStringLiteral("\"");
        QTest::newRow("no hex") << QByteArray("trace=xyz") << 6 << QStringLiteral("up to 32 hexadecimal digits");
        QTest::newRow("operator alone") << QByteArray("=3") << 0 << QStringLiteral("service");
        QTest::newRow("exclamation mark") << QByteArray("name!x") << 4 << QStringLiteral("!=");
    }
    void aMistakeIsReportedWithItsPlaceAndWhatWasExpected()
    {
        QFETCH(QByteArray, text);
        QFETCH(int, offset);
        QFETCH(QString, expected);
        const auto filter = Filter::parse(text);
        QVERIFY(!filter.has_value());
        QCOMPARE(filter.error().offset, offset);
        QVERIFY2(filter.error().expected.contains(expected), qPrintable(filter.error().expected.join(u' ')));
        QVERIFY(filter.error().toError().toString().contains(QString::number(offset + 1)));
    }

    void limitsHoldAgainstHugeAndDeepFilters()
    {
        QVERIFY(!Filter::parse(QByteArray(Filter::kMaxLength + 1, 'a')).has_value());
        QVERIFY(!Filter::parse(QByteArray(200, '(') + "a" + QByteArray(200, ')')).has_value());
        QByteArray nots;
        for (int i = 0; i < 100; ++i)
            nots += "NOT ";
        QVERIFY(!Filter::parse(nots + "a").has_value());
        QByteArray many;
        for (int i = 0; i <= Filter::kMaxConditions; ++i)
            many += "w ";
        QVERIFY(!Filter::parse(many).has_value());
    }

    void randomTextNeverDoesMoreThanFail()
    {
        SeededRandom random(42);
        static constexpr char kAlphabet[] = "ab=()\"\\ ,!~<>.1s NOTANDOR:/*\xC3\xA4";
        int good = 0;
        for (int round = 0; round < 20'000; ++round) {
            QByteArray text;
            for (std::uint64_t n = random.next64() % 24; n > 0; --n)
                text.append(kAlphabet[random.next64() % (sizeof(kAlphabet) - 1)]);
            const auto filter = Filter::parse(text);
            if (!filter) {
                QVERIFY(filter.error().offset >= 0 && filter.error().offset <= text.size());
                QVERIFY(!filter.error().message.isEmpty());
                continue;
            }
            ++good;
            const auto again = Filter::parse(filter->toText());
            QVERIFY2(again.has_value(), text.constData());
            QCOMPARE(again->toText(), filter->toText());
        }
        QVERIFY(good > 100);
    }

    void aConditionCanBeAddedFromACell()
    {
        FilterCondition condition;
        condition.field = FilterField::Server;
        condition.values = {"my files"};
        const Filter filter = Filter().with(condition);
        QCOMPARE(filter.toText(), QByteArray("server=\"my files\""));
        QCOMPARE(Filter::parse("a OR b")->with(condition, true).toText(), QByteArray("(a OR b) AND NOT server=\"my files\""));
    }

    void completionOffersKeysOperatorsAndValuesOfTheDictionaries()
    {
        const Words words;
        const auto texts = [&](QByteArrayView text) {
            QByteArrayList out;
            for (const FilterSuggestion& one : suggestFilter(text, text.size(), words))
                out << one.text;
            return out;
        };
        QVERIFY(texts("").contains("server="));
        QVERIFY(texts("se").contains("service="));
        QVERIFY(texts("duration").contains("duration>"));
        QCOMPARE(texts("server="), (QByteArrayList{"files", "\"my files\"", "web"}));
        QCOMPARE(texts("status=ti"), QByteArrayList{"timeout"});
        QCOMPARE(texts("a AND (server=files,w"), QByteArrayList{"web"});
        QCOMPARE(texts("attr.htt"), QByteArrayList{"attr.http.route="});
        QCOMPARE(texts("attr.http.route="), QByteArrayList{"\"/a,b\""});
        QVERIFY(texts("x N").contains("NOT "));
        const auto inside = suggestFilter("server=we tool=x", 9, words);
        QCOMPARE(inside.size(), std::size_t(1));
        QCOMPARE(inside.front().from, 7);
        QCOMPARE(inside.front().to, 9);
    }
};

QTEST_GUILESS_MAIN(FilterTest)
#include "tst_filter.moc"
