// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"

#include <QTest>

#include <limits>

using namespace oriel;
using json::Writer;

class JsonWriterTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void commasAndEscapesAreTheWritersBusiness()
    {
        Writer writer;
        writer.beginObject()
            .member("a", 1)
            .member("b\"", "x\ny")
            .key("c")
            .beginArray()
            .value(true)
            .value(nullptr)
            .beginObject()
            .endObject();
        writer.beginArray()
            .endArray()
            .value(2.5)
            .endArray()
            .member("d", QStringLiteral("\u00e9"))
            .rawMember("e", "[1, 2]")
            .endObject();
        QCOMPARE(writer.take(),
                 QByteArray("{\"a\":1,\"b\\\"\":\"x\\ny\",\"c\":[true,null,{},[],2.5],\"d\":\"\xC3\xA9\",\"e\":[1, 2]}"));
        QVERIFY(writer.view().isEmpty());
    }

    void numbersReadBackEqual()
    {
        for (const double number : {0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.125, -0.0, 100.0}) {
            Writer writer;
            writer.value(number);
            const QByteArray text = writer.take();
            json::Document document;
            QVERIFY2(document.parse(text), text.constData());
            QCOMPARE(document.root().asDouble(), std::optional(number));
        }
        Writer writer;
        writer.beginArray().value(std::numeric_limits<qint64>::min()).value(std::numeric_limits<quint64>::max());
        writer.value(std::numeric_limits<double>::infinity()).value(std::numeric_limits<double>::quiet_NaN()).endArray();
        QCOMPARE(writer.take(), QByteArray("[-9223372036854775808,18446744073709551615,null,null]"));
    }

    void everyByteStringBecomesValidJson()
    {
        QByteArray hostile;
        for (int c = 0; c < 256; ++c) {
            hostile += static_cast<char>(c);
            hostile += "\xE2\x82";
        }
        const QByteArray quoted = json::quote(hostile);
        json::Document document;
        QVERIFY(document.parse(quoted));
        QVERIFY(document.root().asUtf8().contains("\xEF\xBF\xBD"));
        QVERIFY(!json::needsNoEscape(hostile));
    }

    void validTextComesBackByteForByte()
    {
        const char bytes[] = "tab\t quote\" back\\ nul\0 bell\x07 \xC3\xA9 \xF0\x9F\x98\x80 /";
        const QByteArray text(bytes, sizeof bytes - 1);
        const QByteArray quoted = json::quote(text);
        QCOMPARE(json::unquote(quoted), text);
        QCOMPARE('"' + json::escape(text) + '"', quoted);
        QCOMPARE(json::quote(QStringLiteral("a\"b")), QByteArray("\"a\\\"b\""));
        QVERIFY(json::needsNoEscape("plain \xC3\xA9 text"));
        QVERIFY(!json::needsNoEscape("quote\""));
        QVERIFY(json::needsNoEscape(""));
    }
};

QTEST_GUILESS_MAIN(JsonWriterTest)
#include "tst_json_writer.moc"
