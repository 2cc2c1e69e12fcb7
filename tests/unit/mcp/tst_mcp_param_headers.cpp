// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/param_headers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

class TestMcpParamHeaders : public QObject {
    Q_OBJECT

    json::Document m_schema;

    [[nodiscard]] Result<std::vector<ParamHeader>> read(const QByteArray& schema)
    {
        m_text = schema;
        if (!m_schema.parse(m_text)) {
            return fail(ErrorCode::Parse, QStringLiteral("the test's schema is broken"));
        }
        return readParamHeaders(m_schema.root());
    }
    QByteArray m_text;

private Q_SLOTS:
    void annotationsAreFoundThroughChainsOfProperties()
    {
        const auto headers =
            read("{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"},"
                 "\"place\":{\"type\":\"object\",\"properties\":{\"floor\":{\"type\":\"integer\",\"x-mcp-header\":\"Floor\"}}},"
                 "\"loud\":{\"type\":\"boolean\",\"x-mcp-header\":\"Loud\"},\"query\":{\"type\":\"string\"}}}");
        QVERIFY(headers);
        QCOMPARE(headers->size(), std::size_t{3});
        QCOMPARE((*headers)[0], (ParamHeader{"Mcp-Param-Region", {"region"}}));
        QCOMPARE((*headers)[1], (ParamHeader{"Mcp-Param-Floor", {"place", "floor"}}));

        const QByteArray arguments = "{\"region\":\"caf\\u00e9\",\"place\":{\"floor\":-3},\"loud\":null,\"query\":\"q\"}";
        json::Document document;
        QVERIFY(document.parse(arguments));
        const auto values = paramHeaderValues(*headers, document.root());
        QCOMPARE(values.size(), 2);
        QCOMPARE(values[0].second, QByteArray("=?base64?Y2Fmw6k=?="));
        QCOMPARE(values[1].second, QByteArray("-3"));
    }

    void anAnnotationMayBeWrittenWithEscapes()
    {
        const auto headers = read(R"({"properties":{"a":{"type":"string","\u0078-mcp-header":"A"}}})");
        QVERIFY(headers);
        QCOMPARE(headers->size(), std::size_t{1});
        QCOMPARE(headers->front(), (ParamHeader{"Mcp-Param-A", {"a"}}));
    }

    void whatTheSpecificationForbidsIsRefused_data()
    {
        QTest::addColumn<QByteArray>("properties");
        QTest::newRow("empty name") << QByteArray("\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}");
        QTest::newRow("no token") << QByteArray("\"a\":{\"type\":\"string\",\"x-mcp-header\":\"My Region\"}");
        QTest::newRow("line end") << QByteArray("\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\\r\\nX\"}");
        QTest::newRow("no string") << QByteArray("\"a\":{\"type\":\"string\",\"x-mcp-header\":7}");
        QTest::newRow("number") << QByteArray("\"a\":{\"type\":\"number\",\"x-mcp-header\":\"A\"}");
        QTest::newRow("object") << QByteArray("\"a\":{\"type\":\"object\",\"x-mcp-header\":\"A\"}");
        QTest::newRow("twice") << QByteArray("\"a\":{\"type\":\"string\",\"x-mcp-header\":\"My\"},"
                                             "\"b\":{\"type\":\"string\",\"x-mcp-header\":\"mY\"}");
        QTest::newRow("items") << QByteArray("\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}");
        QTest::newRow("oneOf") << QByteArray(
            "\"a\":{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}]}");
    }
    void whatTheSpecificationForbidsIsRefused()
    {
        QFETCH(const QByteArray, properties);
        QVERIFY(!read("{\"type\":\"object\",\"properties\":{" + properties + "}}"));
    }

    void aSchemaWithoutAnnotationsNeedsNoHeaders()
    {
        const auto headers = read("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}}}");
        QVERIFY(headers && headers->empty());
    }
};

QTEST_GUILESS_MAIN(TestMcpParamHeaders)
#include "tst_mcp_param_headers.moc"
