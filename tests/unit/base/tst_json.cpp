// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/random.h"

#include <QTest>

using namespace oriel;
using json::Document;
using json::Kind;
using json::ParseError;
using json::ParseOptions;

namespace {

std::optional<ParseError> errorOf(QByteArrayView text, const ParseOptions& options = {})
{
    Document document;
    const auto parsed = document.parse(text, options);
    return parsed ? std::nullopt : std::optional(parsed.error());
}

ParseOptions withComments()
{
    ParseOptions options;
    options.allowComments = true;
    return options;
}

} // namespace

class JsonTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyKindOfValueIsRead()
    {
        const QByteArray text =
            R"( {"s":"a\n\u00e9\ud83d\ude00","i":-42,"d":1.5e2,"t":true,"f":false,"n":null,"a":[1,[],{}],"o":{"k":"v"}} )";
        Document document;
        QVERIFY(document.parse(text));
        const json::Value root = document.root();
        QCOMPARE(root.kind(), Kind::Object);
        QCOMPARE(root.size(), 8U);
        QCOMPARE(root.find("s").asUtf8(), QByteArray("a\n\xC3\xA9\xF0\x9F\x98\x80"));
        QCOMPARE(root.find("s").asString(), QString::fromUtf8("a\n\xC3\xA9\xF0\x9F\x98\x80"));
        QCOMPARE(root.find("i").asInt64(), std::optional<std::int64_t>(-42));
        QCOMPARE(root.find("d").asDouble(), std::optional(150.0));
        QCOMPARE(root.find("t").asBool(), std::optional(true));
        QCOMPARE(root.find("f").asBool(), std::optional(false));
        QVERIFY(root.find("n").isNull());
        QCOMPARE(root.find("a").size(), 3U);
        QCOMPARE(root.find("a").at(0).raw(), QByteArrayView("1"));
        QCOMPARE(root.find("a").at(1).raw(), QByteArrayView("[]"));
        QVERIFY(!root.find("a").at(3).exists());
        QCOMPARE(root.find("o").raw(), QByteArrayView(R"({"k":"v"})"));
        QCOMPARE(root.raw(), QByteArrayView(text).trimmed());
    }

    void aMissingValueAnswersEveryQuestionWithNothing()
    {
        const json::Value missing;
        QCOMPARE(missing.kind(), Kind::Missing);
        QVERIFY(!missing.find("a").find("b").at(3).exists());
        QCOMPARE(missing.raw(), QByteArrayView());
        QVERIFY(!missing.span().isValid());
        QVERIFY(!missing.asInt64() && !missing.asDouble() && !missing.asBool());
        QVERIFY(missing.asUtf8().isEmpty() && missing.asString().isEmpty());
        QVERIFY(!missing.equals("") && !missing.isCaseVariantOf(""));
        QCOMPARE(missing.size(), 0U);
        for (const json::Member& member : missing.members()) {
            QFAIL(member.key.asUtf8().constData());
        }
    }

    void membersAndElementsComeInTheOrderOfTheText()
    {
        Document document;
        QVERIFY(document.parse(R"({"z":[1,{"y":2},3],"a":{"q":[[]]},"m":0})"));
        QByteArray keys;
        for (const json::Member& member : document.root().members()) {
            keys += member.key.asUtf8() + '=' + member.value.raw().toByteArray() + ';';
            QVERIFY(document.text().sliced(member.span().begin, member.span().length).startsWith('"'));
        }
        QCOMPARE(keys, QByteArray(R"(z=[1,{"y":2},3];a={"q":[[]]};m=0;)"));
        QByteArray elements;
        for (const json::Value& element : document.root().find("z").elements()) {
            elements += element.raw().toByteArray() + ';';
        }
        QCOMPARE(elements, QByteArray(R"(1;{"y":2};3;)"));
    }

    void numbersStayAsTheyWereWritten()
    {
        const QByteArray text =
            R"([123456789012345678901234567890,1e400,-0,0.10,9223372036854775807,9223372036854775808,1.0,1E+2])";
        Document document;
        QVERIFY(document.parse(text));
        const json::Value root = document.root();
        QCOMPARE(root.at(0).raw(), QByteArrayView("123456789012345678901234567890"));
        QVERIFY(root.at(0).isInteger() && !root.at(0).asInt64());
        QVERIFY(!root.at(1).asDouble());
        QCOMPARE(root.at(3).raw(), QByteArrayView("0.10"));
        QCOMPARE(root.at(4).asInt64(), std::optional(std::numeric_limits<std::int64_t>::max()));
        QVERIFY(!root.at(5).asInt64());
        QVERIFY(!root.at(6).isInteger() && !root.at(6).asInt64());
        QCOMPARE(root.at(7).asDouble(), std::optional(100.0));
    }

    void brokenTextIsReportedWithItsOffsetAndWhatWasExpected_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("offset");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, QByteArray text, int offset, const char* expected) {
            QTest::newRow(name) << std::move(text) << offset << QByteArray(expected);
        };
        row("empty", "", 0, "a value");
        row("only space", " \n", 2, "a value");
        row("cut object", "{\"a\":1", 6, "',' or '}'");
        row("cut array", "[1", 2, "',' or ']'");
        row("wrong bracket", "[1}", 2, "',' or ']'");
        row("closing at the root", "]", 0, "a value");
        row("no colon", "{\"a\" 1}", 5, "':'");
        row("no value", "{\"a\":}", 5, "a value");
        row("bracket for a value", "{\"a\":]", 5, "a value");
        row("bare key", "{a:1}", 1, "a key in quotes or '}'");
        row("comma before brace", "{\"a\":1,}", 7, "a key in quotes");
        row("comma before bracket", "[1,]", 3, "a value");
        row("two commas", "[1,,2]", 3, "a value");
        row("comment", "/*x*/1", 0, "a value");
        row("two values", "1 2", 2, "the end");
        row("open string", "[\"abc", 1, "a closing quote");
        row("newline in a string", "\"a\nb\"", 2, "an escape");
        row("nul in a string", QByteArray("\"a\0b\"", 5), 2, "an escape");
        row("bad escape", "\"a\\x\"", 2, "one of");
        row("escape at the end", "\"\\", 1, "one of");
        row("three digits", "\"\\u12g4\"", 1, "four hexadecimal");
        row("lone high surrogate", "\"\\ud83d\"", 1, "both halves");
        row("lone low surrogate", "\"\\ude00\"", 1, "both halves");
        row("two high surrogates", "\"\\ud83d\\ud83d\"", 1, "both halves");
        row("overlong", "\"\xC0\xAF\"", 1, "not valid UTF-8");
        row("overlong three", "\"\xE0\x80\xAF\"", 1, "not valid UTF-8");
        row("encoded surrogate", "\"\xED\xA0\x80\"", 1, "not valid UTF-8");
        row("above the last plane", "\"\xF4\x90\x80\x80\"", 1, "not valid UTF-8");
        row("cut sequence", "\"ab\xE2\x82\"", 3, "not valid UTF-8");
        row("lone continuation", "\"\x80\"", 1, "not valid UTF-8");
        row("leading zero", "01", 1, "the end");
        row("plus", "+1", 0, "a value");
        row("only minus", "-", 1, "a digit");
        row("no integer part", ".5", 0, "a value");
        row("no fraction", "1.", 2, "a digit after");
        row("no exponent", "1e", 2, "a digit of the exponent");
        row("signed nothing", "1e+", 3, "a digit of the exponent");
        row("hex", "0x10", 1, "the end");
        row("NaN", "NaN", 0, "a value");
        row("cut literal", "tru", 0, "a value");
        row("long literal", "[nullx]", 5, "',' or ']'");
        row("upper-case literal", "True", 0, "a value");
        row("byte order mark", "\xEF\xBB\xBF{}", 0, "a value");
        row("single quotes", "{'a':1}", 1, "a key in quotes");
        row("trailing nul", QByteArray("1\0", 2), 1, "the end");
        row("vertical tab", "[\v1]", 1, "a value");
    }
    void brokenTextIsReportedWithItsOffsetAndWhatWasExpected()
    {
        QFETCH(QByteArray, text);
        QFETCH(int, offset);
        QFETCH(QByteArray, expected);
        const auto error = errorOf(text);
        QVERIFY(error);
        QCOMPARE(int(error->offset), offset);
        QVERIFY2(QByteArray(error->expected).startsWith(expected), error->expected);
    }

    void linesAndColumnsCountFromOneAndInCodePoints()
    {
        const auto error = errorOf("{\n  \"\xC3\xA9\": tru\n}");
        QVERIFY(error);
        QCOMPARE(error->line, 2U);
        QCOMPARE(error->column, 8U);
        QVERIFY(error->toString().startsWith(QStringLiteral("line 2, column 8: expected a value")));
        const Error asError = error->toError(QStringLiteral("oriel.json"));
        QCOMPARE(asError.code, ErrorCode::Parse);
        QCOMPARE(asError.context, QStringLiteral("oriel.json"));
    }

    void aFailedParseLeavesTheDocumentEmptyAndReusable()
    {
        Document document;
        QVERIFY(!document.parse("[1,"));
        QVERIFY(!document.root().exists());
        QVERIFY(document.parse("[1]"));
        QCOMPARE(document.root().size(), 1U);
    }

    void duplicateKeysAreRefusedAtEveryLevel_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("root") << QByteArray(R"({"a":1,"a":2})");
        QTest::newRow("nested") << QByteArray(R"({"x":[{"y":{"id":1,"z":2,"id":3}}]})");
        QTest::newRow("by escape") << QByteArray(R"({"id":1,"\u0069d":2})");
        QTest::newRow("both escaped") << QByteArray(R"({"\u0069d":1,"i\u0064":2})");
        QTest::newRow("slash") << QByteArray(R"({"a/b":1,"a\/b":2})");
        QTest::newRow("empty") << QByteArray(R"({"":1,"":2})");
        QTest::newRow("astral") << QByteArray("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}");
        QTest::newRow("longer than eight bytes") << QByteArray(R"({"abcdefghij":1,"abcdefghik":2,"abcdefghij":3})");
        for (const int count : {17, 40, 5000}) {
            QByteArray text = "{";
            for (int i = 0; i < count; ++i) {
                text += "\"key" + QByteArray::number(i) + "\":" + QByteArray::number(i) + ',';
            }
            QTest::addRow("one of %d", count) << text + "\"key7\":0}";
            QTest::addRow("one of %d, escaped", count) << text + "\"k\\u0065y7\":0}";
        }
    }
    void duplicateKeysAreRefusedAtEveryLevel()
    {
        QFETCH(QByteArray, text);
        const auto error = errorOf(text);
        QVERIFY(error);
        QCOMPARE(error->reason, ParseError::Reason::DuplicateKey);
        QCOMPARE(text.at(error->offset), '"');
    }

    void keysThatOnlyLookAlikeAreKept()
    {
        QByteArray many = "{";
        for (int i = 0; i < 300; ++i) {
            many += "\"abcdefgh" + QByteArray::number(i) + "\":{\"a\":0,\"A\":0,\"\\u0061a\":0,\"aa \":0},";
        }
        QVERIFY(!errorOf(many + "\"\\u0061\":0}"));
        QVERIFY(!errorOf(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"));
        // Equal as C strings up to a NUL that an escape brings in.
        QVERIFY(!errorOf(R"({"a":1,"a\u0000":2})"));
        // Equal heads, different lengths and tails.
        QVERIFY(!errorOf(R"({"abcdefgh":1,"abcdefghx":2,"abcdefghy":3,"":4,"a":5})"));
    }

    void manyKeysThatDifferOnlyAtTheirEndsAreToldApart()
    {
        QByteArray text = "{";
        for (int i = 0; i < 20000; ++i) {
            text += '"' + QByteArray(24, 'x') + QByteArray::number(i) + "\":0,";
        }
        QVERIFY(!errorOf(text + "\"end\":0}"));
        const auto error = errorOf(text + '"' + QByteArray(24, 'x') + "19999\":0}");
        QVERIFY(error);
        QCOMPARE(error->reason, ParseError::Reason::DuplicateKey);
    }

    void nestingIsLimited()
    {
        ParseOptions options;
        options.maxDepth = 3;
        QVERIFY(!errorOf("[[[1]],{\"a\":{}}]", options));
        const auto error = errorOf("[[[[1]]]]", options);
        QVERIFY(error);
        QCOMPARE(error->reason, ParseError::Reason::Depth);
        QCOMPARE(error->offset, 3U);
        QCOMPARE(error->toError().code, ErrorCode::TooLarge);
        QVERIFY(!errorOf(QByteArray(128, '[') + QByteArray(128, ']')));
        QVERIFY(errorOf(QByteArray(129, '[') + QByteArray(129, ']')));
        options.maxDepth = 1'000'000;
        QVERIFY(!errorOf(QByteArray(500'000, '[') + QByteArray(500'000, ']'), options));
    }

    void lengthIsLimited()
    {
        ParseOptions options;
        options.maxBytes = 4;
        QVERIFY(!errorOf("[12]", options));
        const auto error = errorOf("[123]", options);
        QVERIFY(error);
        QCOMPARE(error->reason, ParseError::Reason::Size);
    }

    void loneSurrogatesAreReadAsReplacementsWhereAllowed()
    {
        ParseOptions options;
        options.allowLoneSurrogates = true;
        Document document;
        QVERIFY(document.parse(R"({"a":"x\ud83d","b":"\ude00y","c":"\ud83d\ud83d\ude00"})", options));
        QCOMPARE(document.root().find("a").asUtf8(), QByteArray("x\xEF\xBF\xBD"));
        QCOMPARE(document.root().find("b").asUtf8(), QByteArray("\xEF\xBF\xBDy"));
        QCOMPARE(document.root().find("c").asUtf8(), QByteArray("\xEF\xBF\xBD\xF0\x9F\x98\x80"));
        QVERIFY(errorOf(R"({"\ud83d":1})", options));
    }

    void configurationMayHoldCommentsAndTrailingCommas()
    {
        const QByteArray text = "\xEF\xBB\xBF// head \xC3\xA9\n{ /* one */ \"a\" /**/ : [1, 2, /* last */ ], // tail\n \"b\": "
                                "{\"c\": 1,},\n}\n// end";
        Document document;
        QVERIFY(document.parse(text, withComments()));
        QCOMPARE(document.root().find("a").size(), 2U);
        QCOMPARE(document.root().find("b").find("c").asInt64(), std::optional<std::int64_t>(1));
        QVERIFY(errorOf(text));
    }

    void brokenCommentsAndLonelyCommasAreRefused_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const char* text :
             {"/* open", "/", "[1 / 2]", "[,]", "{,}", "[1,,]", "{\"a\":1,,}", "/* \x80 */ 1", "// \xFF\n1", "1 // a\n2", ","}) {
            QTest::newRow(text) << QByteArray(text);
        }
    }
    void brokenCommentsAndLonelyCommasAreRefused()
    {
        QFETCH(QByteArray, text);
        QVERIFY(errorOf(text, withComments()));
    }

    void stringsCompareByContentWithoutUnescaping()
    {
        Document document;
        QVERIFY(document.parse("[\"abc\",\"\\u0061bc\",\"a\\\\b\",\"ab\",\"\",\"\\\"\\/\"]"));
        const json::Value root = document.root();
        QVERIFY(root.at(0).equals("abc") && root.at(1).equals("abc"));
        QVERIFY(root.at(2).equals("a\\b") && !root.at(2).equals("a\\\\b"));
        QVERIFY(!root.at(3).equals("abc") && root.at(4).equals("") && root.at(5).equals("\"/"));
        QByteArray scratch;
        QCOMPARE(root.at(0).utf8(scratch), QByteArrayView("abc"));
        QVERIFY(scratch.isEmpty());
        QCOMPARE(root.at(5).utf8(scratch), QByteArrayView("\"/"));
    }

    void caseVariantsAreSeenThroughUnicodeFoldsAndEscapes()
    {
        Document document;
        QVERIFY(document.parse("[\"Method\",\"METHOD\",\"method\",\"param\xC5\xBF\",\"to\xE2\x84\xAA"
                               "en\",\"param\\u017F\",\"\xC4\xB0"
                               "d\",\"\xC4\xB1"
                               "d\",\"methods\",\"metho\",\"\\u006Dethod\",\"\"]"));
        const json::Value root = document.root();
        QVERIFY(root.at(0).isCaseVariantOf("method") && root.at(1).isCaseVariantOf("method"));
        QVERIFY(!root.at(2).isCaseVariantOf("method"));
        QVERIFY(root.at(3).isCaseVariantOf("params"));
        QVERIFY(root.at(4).isCaseVariantOf("token"));
        QVERIFY(root.at(5).isCaseVariantOf("params"));
        QVERIFY(root.at(6).isCaseVariantOf("id") && root.at(7).isCaseVariantOf("id"));
        QVERIFY(!root.at(8).isCaseVariantOf("method") && !root.at(9).isCaseVariantOf("method"));
        QVERIFY(!root.at(10).isCaseVariantOf("method"));
        QVERIFY(!root.at(11).isCaseVariantOf("method"));
    }

    void aPathSaysWhereAValueStands()
    {
        Document document;
        QVERIFY(document.parse(R"({"gateway":{"port":1},"servers":{"web":{"args":["a","b",{"c":null}]}}})"));
        const json::Value root = document.root();
        QCOMPARE(json::pathOf(document, root), QStringLiteral("(root)"));
        QCOMPARE(json::pathOf(document, root.find("gateway").find("port")), QStringLiteral("gateway.port"));
        QCOMPARE(json::pathOf(document, root.find("gateway").findKey("port")), QStringLiteral("gateway.port"));
        QCOMPARE(json::pathOf(document, root.find("servers").find("web").find("args").at(2).find("c")),
                 QStringLiteral("servers.web.args[2].c"));
    }

    void aStringIsScannedTheSameAtEveryAlignmentAndLength()
    {
        // The vector loop and its tail meet at every position.
        for (int length = 0; length < 70; ++length) {
            for (int at = 0; at < length; ++at) {
                QByteArray content(length, 'x');
                Document document;
                const QByteArray good = '"' + content + '"';
                QVERIFY(document.parse(good));
                QCOMPARE(document.root().asUtf8(), content);
                content[at] = '\x01';
                const auto error = errorOf('"' + content + '"');
                QVERIFY(error);
                QCOMPARE(int(error->offset), at + 1);
                content[at] = '\x7F';
                QVERIFY(!errorOf('"' + content + '"'));
                content[at] = '\x80';
                QCOMPARE(int(errorOf('"' + content + '"')->offset), at + 1);
            }
        }
    }

    void aHugeDocumentDoesNotKeepItsMemoryForSmallOnes()
    {
        Document document;
        QByteArray huge = "[";
        for (int i = 0; i < 400'000; ++i) {
            huge += "1,";
        }
        huge += "1]";
        QVERIFY(document.parse(huge));
        QCOMPARE(document.root().size(), 400'001U);
        QVERIFY(document.parse("[1]"));
        QCOMPARE(document.root().size(), 1U);
    }
};

QTEST_GUILESS_MAIN(JsonTest)
#include "tst_json.moc"
