// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_peers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kTool = R"({"name":"chart","inputSchema":{"type":"object"},"_meta":{"ui":{"resourceUri":"ui://chart/view",)"
                         R"("visibility":["model","app"]},"x":12345678901234567890}})";
const QByteArray kPage = R"({"contents":[{"uri":"ui://chart/view","mimeType":"text/html;profile=mcp-app","text":"<b>é</b>",)"
                         R"("_meta":{"ui":{"csp":{"connectDomains":["https://example.com"]},"prefersBorder":true}}}]})";

/// A server with MCP Apps, an extension of somebody's, and one that is about signing in.
config::Server appServer(const char* name)
{
    return named(scriptServer(uR"sh(
initialized='{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{},"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]},"com.example/x":{"a":[1,2]},"io.modelcontextprotocol/oauth-client-credentials":{}}},"serverInfo":{"name":"s","version":"1"}}'
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" '{"tools":[)sh"_s +
                              QString::fromUtf8(kTool) + u"]}';;\n    *resources/read*) answer \"$line\" '"_s +
                              QString::fromUtf8(kPage) + uR"sh(';;
    *templates/list*) answer "$line" '{"resourceTemplates":[]}';;
    *resources/list*) answer "$line" '{"resources":[]}';;
    *) echo "$line" >&2;;
  esac
done)sh"_s),
                 name);
}

} // namespace

/// Extensions through the gateway: offered where both ends have them, and untouched on the way.
class GatewayExtensionsTest : public QObject, private GatewayHarness {
    Q_OBJECT

    void openApps() { openReady({named(programServer(builtProgram(u"oriel-echo-server"_s)), "echo"), appServer("apps")}); }
    /// The last frame to a server with this method.
    [[nodiscard]] QJsonObject sentToServer(QByteArrayView method) const
    {
        for (auto it = m_recorder.wire.crbegin(); it != m_recorder.wire.crend(); ++it) {
            if (it->direction == telemetry::WireDirection::GatewayToServer && QByteArrayView(it->method) == method)
                return parsed(it->payload);
        }
        return {};
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(stop(), m_held.constData()); }

    void whatServersOfferIsOfferedExceptSigningIn()
    {
        openApps();
        const QJsonObject offered = object(R"({"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]},
            "com.example/x":{"a":[1,2]}})");
        const auto extensionsOf = [](const QJsonObject& result) {
            return result.value("capabilities"_L1).toObject().value("extensions"_L1).toObject();
        };
        QCOMPARE(extensionsOf(Peer(*m_gateway, "2025-11-25").initialized), offered);
        QCOMPARE(extensionsOf(Peer(*m_gateway, "2026-07-28").ask("server/discover")->result()), offered);
        QVERIFY(extensionsOf(Peer(*m_gateway, "2025-11-25", "{}", "echo").initialized).isEmpty());
    }
    void aHandshakeDeclaresWhatCanBeRelayed()
    {
        openApps();
        const QJsonObject declared = sentToServer("initialize").value("params"_L1).toObject().value("capabilities"_L1).toObject();
        QCOMPARE(declared.value("extensions"_L1).toObject(),
                 object(R"({"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}})"));
        QCOMPARE(declared.value("elicitation"_L1).toObject(), object(R"({"form":{},"url":{}})"));
    }
    void aRequestOf20260728DeclaresWhatItsClientDeclared()
    {
        openReady({conformanceServer("new", "2026-07-28")});
        Peer peer(
            *m_gateway, "2026-07-28",
            R"({"sampling":{},"extensions":{"com.example/x":{"b":1.50},"io.modelcontextprotocol/enterprise-managed-authorization":{}}})");
        const auto call = peer.ask("tools/call", "{\"name\":\"new__greet\",\"arguments\":{\"name\":\"x\"}}");
        QTRY_VERIFY(call->isAnswered());
        const QJsonObject meta = sentToServer("tools/call").value("params"_L1).toObject().value("_meta"_L1).toObject();
        QCOMPARE(meta.value("io.modelcontextprotocol/clientCapabilities"_L1).toObject(),
                 object(R"({"sampling":{},"extensions":{"com.example/x":{"b":1.50}}})"));
    }
    void anAppsToolAndItsPageAreUntouched()
    {
        openApps();
        Peer peer(*m_gateway, "2025-11-25");
        const auto tools = peer.ask("tools/list");
        QTRY_VERIFY(tools->isAnswered());
        const QByteArray exposed = QByteArray(kTool).replace("\"chart\"", "\"apps__chart\"");
        QVERIFY(std::any_of(m_recorder.wire.cbegin(), m_recorder.wire.cend(), [&](const auto& frame) {
            return frame.direction == telemetry::WireDirection::GatewayToClient && frame.payload.contains(exposed);
        }));
        // No list names the page; the tool does.
        const auto page = peer.ask("resources/read", "{\"uri\":\"ui://chart/view\"}");
        QTRY_VERIFY(page->isAnswered());
        QVERIFY(m_recorder.wire.back().payload.contains(kPage));
        QCOMPARE(peer.ask("resources/read", "{\"uri\":\"ui://chart/other\"}")->code(), -32002);
    }
};

QTEST_GUILESS_MAIN(GatewayExtensionsTest)
#include "tst_gateway_extensions.moc"
