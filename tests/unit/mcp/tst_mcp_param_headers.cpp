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

    void headersOfACallHaveToSayWhatItsArgumentsSay_data()
    {
        using Fields = QList<std::pair<QByteArray, QByteArray>>;
        QTest::addColumn<QByteArray>("arguments");
        QTest::addColumn<Fields>("fields");
        QTest::addColumn<QByteArray>("problem");
        const QByteArray both = "{\"region\":\"eu\",\"place\":{\"floor\":42}}";
        QTest::newRow("the same") << both << Fields{{"mcp-param-REGION", "eu"}, {"Mcp-Param-Floor", "42"}} << QByteArray();
        QTest::newRow("numbers by value") << both << Fields{{"Mcp-Param-Region", "eu"}, {"Mcp-Param-Floor", "42.0"}}
                                          << QByteArray();
        QTest::newRow("encoded") << QByteArray("{\"region\":\"caf\\u00e9\"}")
                                 << Fields{{"Mcp-Param-Region", "=?base64?Y2Fmw6k=?="}} << QByteArray();
        QTest::newRow("empty") << QByteArray("{\"region\":\"\"}") << Fields{{"Mcp-Param-Region", ""}} << QByteArray();
        QTest::newRow("unknown fields") << QByteArray("{}") << Fields{{"Mcp-Param-Other", "x"}} << QByteArray();
        QTest::newRow("null") << QByteArray("{\"region\":null}") << Fields{} << QByteArray();
        QTest::newRow("beyond what clients count")
            << QByteArray("{\"place\":{\"floor\":9007199254740993}}") << Fields{} << QByteArray();
        QTest::newRow("true") << QByteArray("{\"loud\":true}") << Fields{{"Mcp-Param-Loud", "true"}} << QByteArray();
        QTest::newRow("missing") << both << Fields{{"Mcp-Param-Region", "eu"}} << QByteArray("Mcp-Param-Floor is missing");
        QTest::newRow("other value") << QByteArray("{\"region\":\"eu\"}") << Fields{{"Mcp-Param-Region", "EU"}}
                                     << QByteArray("is not what the argument region says");
        QTest::newRow("other number") << both << Fields{{"Mcp-Param-Region", "eu"}, {"Mcp-Param-Floor", "42.5"}}
                                      << QByteArray("is not what the argument place.floor says");
        QTest::newRow("no number") << both << Fields{{"Mcp-Param-Region", "eu"}, {"Mcp-Param-Floor", "forty"}}
                                   << QByteArray("is not what the argument place.floor says");
        QTest::newRow("no boolean") << QByteArray("{\"loud\":true}") << Fields{{"Mcp-Param-Loud", "1"}}
                                    << QByteArray("is not what the argument loud says");
        QTest::newRow("superfluous") << QByteArray("{\"region\":null}") << Fields{{"Mcp-Param-Region", "eu"}}
                                     << QByteArray("is given, but the argument region is not");
        QTest::newRow("no arguments") << QByteArray() << Fields{{"Mcp-Param-Region", "eu"}} << QByteArray("is given, but");
        QTest::newRow("twice") << QByteArray("{\"region\":\"eu\"}")
                               << Fields{{"Mcp-Param-Region", "eu"}, {"MCP-PARAM-REGION", "eu"}} << QByteArray("more than once");
        QTest::newRow("padding") << QByteArray("{\"region\":\"Hello\"}") << Fields{{"Mcp-Param-Region", "=?base64?SGVsbG8?="}}
                                 << QByteArray("cannot be read");
        QTest::newRow("alphabet") << QByteArray("{\"region\":\"Hello\"}")
                                  << Fields{{"Mcp-Param-Region", "=?base64?SGVs!!!bG8=?="}} << QByteArray("cannot be read");
    }
    void headersOfACallHaveToSayWhatItsArgumentsSay()
    {
        using Fields = QList<std::pair<QByteArray, QByteArray>>;
        const auto headers =
            read("{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"},"
                 "\"place\":{\"type\":\"object\",\"properties\":{\"floor\":{\"type\":\"integer\",\"x-mcp-header\":\"Floor\"}}},"
                 "\"loud\":{\"type\":\"boolean\",\"x-mcp-header\":\"Loud\"}}}");
        QVERIFY(headers);
        QFETCH(const QByteArray, arguments);
        QFETCH(const Fields, fields);
        QFETCH(const QByteArray, problem);
        json::Document document;
        const bool parsed = !arguments.isEmpty() && document.parse(arguments);
        const std::vector<std::pair<QByteArray, QByteArray>> given(fields.cbegin(), fields.cend());
        const Status checked = checkParamHeaders(*headers, parsed ? document.root() : json::Value(), given);
        QCOMPARE(checked.has_value(), problem.isEmpty());
        QVERIFY2(checked || checked.error().message.toUtf8().contains(problem), checked ? "" : checked.error().message.toUtf8());
    }

    void aSchemaWithoutAnnotationsNeedsNoHeaders()
    {
        const auto headers = read("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}}}");
        QVERIFY(headers && headers->empty());
    }
};

QTEST_GUILESS_MAIN(TestMcpParamHeaders)
#include "tst_mcp_param_headers.moc"
