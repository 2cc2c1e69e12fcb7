// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/headers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

Message messageOf(const QByteArray& raw)
{
    json::Document document;
    auto message = readMessage(raw, document);
    if (!message) {
        qFatal("%s", message.error().message.constData());
    }
    return *message;
}

Message modernCall(const QByteArray& name)
{
    return messageOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + name +
                     R"(","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})");
}

} // namespace

class McpHeadersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainValuesStayAndOthersAreEncoded()
    {
        QCOMPARE(encodeHeaderValue("web__fetch"), QByteArray("web__fetch"));
        QCOMPARE(encodeHeaderValue("two words\tx"), QByteArray("two words\tx"));
        QCOMPARE(encodeHeaderValue("caf\xC3\xA9"), QByteArray("=?base64?Y2Fmw6k=?="));
        for (const QByteArray value : {"", " lead", "trail ", "line\nbreak", "=?base64?eA==?=", "\x7F", "plain", "caf\xC3\xA9"}) {
            const QByteArray encoded = encodeHeaderValue(value);
            QVERIFY2(value == "plain" || encoded.startsWith("=?base64?"), encoded.constData());
            const auto decoded = decodeHeaderValue(encoded);
            QVERIFY(decoded);
            QCOMPARE(*decoded, value);
        }
    }

    void brokenEncodingsAreRefused()
    {
        for (const char* value : {"", "=?base64?!!?=", "=?base64?/w==?=", "=?base64?SGVsbG8?=", "caf\xC3\xA9", " x", "a\nb"}) {
            QVERIFY2(!decodeHeaderValue(value), value);
        }
        // Without its end it is an ordinary value.
        QCOMPARE(decodeHeaderValue("=?base64?eA==").value(), QByteArray("=?base64?eA=="));
    }

    void theNameHeaderRepeatsTheTarget()
    {
        QCOMPARE(nameHeaderFor(modernCall("t")), std::optional<QByteArray>("t"));
        QCOMPARE(nameHeaderFor(messageOf(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"u:x"}})")),
                 std::optional<QByteArray>("u:x"));
        QVERIFY(!nameHeaderFor(messageOf(R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"u:x"}})")));
        QVERIFY(!nameHeaderFor(messageOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})")));
    }

    void headersThatContradictTheBodyAreNamed()
    {
        const Message call = modernCall("t");
        QVERIFY(checkModernHeaders(call, "2026-07-28", "tools/call", "t"));
        QVERIFY(checkModernHeaders(call, "2026-07-28", "tools/call", "=?base64?dA==?="));
        for (const auto& [version, methodHeader, name, named] :
             {std::tuple<QByteArray, QByteArray, QByteArray, QByteArray>{"", "tools/call", "t", "MCP-Protocol-Version"},
              {"2025-11-25", "tools/call", "t", "MCP-Protocol-Version"},
              {"2026-07-28", "", "t", "Mcp-Method"},
              {"2026-07-28", "Tools/Call", "t", "Mcp-Method"},
              {"2026-07-28", "tools/call", "", "Mcp-Name"},
              {"2026-07-28", "tools/call", "T", "Mcp-Name"},
              {"2026-07-28", "tools/call", "=?base64?!?=", "Mcp-Name"}}) {
            const Status checked = checkModernHeaders(call, version, methodHeader, name);
            QVERIFY(!checked);
            QVERIFY(checked.error().message.contains(QString::fromUtf8(named)));
        }
    }

    void sessionIdsAreVisibleAscii()
    {
        QVERIFY(isValidSessionId("1868a90c-3f2e~!"));
        for (const char* bad : {"", "a b", "a\n", "\xC3\xA9", "\x7F"}) {
            QVERIFY2(!isValidSessionId(bad), bad);
        }
    }
};

QTEST_GUILESS_MAIN(McpHeadersTest)
#include "tst_mcp_headers.moc"
