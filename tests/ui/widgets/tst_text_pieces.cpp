// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/widgets/filter_text.h"
#include "ui/widgets/json_tokens.h"

using namespace oriel::ui;

class TestTextPieces : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void aFilterIsSplitIntoComparisonsAndWords()
    {
        const QList<FilterTerm> terms =
            splitFilter(QStringLiteral("service=gateway  duration>=2ms tool attr.key!~\"a b\" \"two words\""));
        QCOMPARE(terms.size(), 5);
        QCOMPARE(terms[0], (FilterTerm{QStringLiteral("service=gateway"), QStringLiteral("service"), QStringLiteral("="),
                                       QStringLiteral("gateway")}));
        QCOMPARE(terms[1].op, QStringLiteral(">="));
        QCOMPARE(terms[1].value, QStringLiteral("2ms"));
        QVERIFY(!terms[2].isComparison());
        QCOMPARE(terms[3].key, QStringLiteral("attr.key"));
        QCOMPARE(terms[3].op, QStringLiteral("!~"));
        QCOMPARE(terms[3].value, QStringLiteral("a b"));
        QVERIFY(!terms[4].isComparison());
        QCOMPARE(terms[4].value, QStringLiteral("two words"));
    }

    void anUnclosedQuoteRunsToTheEnd()
    {
        const QList<FilterTerm> terms = splitFilter(QStringLiteral("tool=\"read file and more"));
        QCOMPARE(terms.size(), 1);
        QCOMPARE(terms[0].value, QStringLiteral("read file and more"));
        QVERIFY(splitFilter(QStringLiteral("   ")).isEmpty());
        QCOMPARE(splitFilter(QStringLiteral("=x")).value(0).isComparison(), false);
    }

    void wordsOfLogicKeepAFilterWhole()
    {
        QVERIFY(canBeChips(splitFilter(QStringLiteral("a=1 b>2 free"))));
        for (const char* text : {"a=1 AND b=2", "a=1 or b=2", "NOT a=1", "(a=1 b=2)", "a=1 b=2)"})
            QVERIFY2(!canBeChips(splitFilter(QString::fromLatin1(text))), text);
        QVERIFY(canBeChips(splitFilter(QStringLiteral("name=\"f(x)\""))));
    }

    void aQuotedValueReadsBackAsItWas()
    {
        for (const QString& value : {QStringLiteral("plain"), QStringLiteral("two words"), QStringLiteral("a\"b"),
                                     QStringLiteral("c:\\dir x"), QStringLiteral("(x)"), QString()}) {
            const QList<FilterTerm> terms = splitFilter(QStringLiteral("k=") + quoteFilterValue(value));
            QCOMPARE(terms.size(), 1);
            QCOMPARE(terms[0].value, value);
        }
    }

    void jsonLinesAreColoured()
    {
        const QString line = QStringLiteral("  \"token\": \"[masked:github-token]\", \"n\": -1.5e3, \"ok\": true");
        const QList<JsonToken> tokens = tokenizeJsonLine(line);
        QList<JsonToken::Kind> kinds;
        for (const JsonToken& token : tokens)
            kinds.append(token.kind);
        using enum JsonToken::Kind;
        QCOMPARE(kinds, (QList<JsonToken::Kind>{Key, String, Masked, Key, Number, Key, Literal}));
        QCOMPARE(line.mid(tokens[2].start, tokens[2].length), QStringLiteral("[masked:github-token]"));
        QCOMPARE(line.mid(tokens[4].start, tokens[4].length), QStringLiteral("-1.5e3"));
    }

    void brokenJsonIsColouredAsFarAsItGoes()
    {
        for (const QString& line : {QStringLiteral("\"open"), QStringLiteral("\"esc\\"), QStringLiteral("[masked:"),
                                    QStringLiteral("{[}]-"), QStringLiteral("\\\"")}) {
            for (const JsonToken& token : tokenizeJsonLine(line))
                QVERIFY(token.start >= 0 && token.start + token.length <= line.size());
        }
        QCOMPARE(findMasks(QStringLiteral("a [masked:pii.email] b [masked:x]")).size(), 2);
    }

    void indentingKeepsEveryNumberAndTheOrder()
    {
        QCOMPARE(
            prettyJson(QStringLiteral("{\"z\":12345678901234567890,\"a\":1e400,\"l\":[1,2],\"e\":{},\"s\":\"a{,}b\"}")),
            QStringLiteral(
                "{\n  \"z\": 12345678901234567890,\n  \"a\": 1e400,\n  \"l\": [1, 2],\n  \"e\": {},\n  \"s\": \"a{,}b\"\n}"));
        QCOMPARE(prettyJson(QStringLiteral(" [ { \"a\" : null } ] ")), QStringLiteral("[\n  {\n    \"a\": null\n  }\n]"));
    }

    void whatIsNotJsonStaysAsItIs_data()
    {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"", "hello", "{", "{\"a\":}", "{\"a\" 1}", "[1,]", "{\"a\":1} x", "[1 2]", "\"open", "{'a':1}", "tru"})
            QTest::newRow(text) << QString::fromLatin1(text);
        QTest::newRow("too deep") << QString(600, QLatin1Char('[')) + QString(600, QLatin1Char(']'));
    }
    void whatIsNotJsonStaysAsItIs()
    {
        QFETCH(QString, text);
        QCOMPARE(prettyJson(text), text);
    }
};

QTEST_GUILESS_MAIN(TestTextPieces)
#include "tst_text_pieces.moc"
