// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/capabilities.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

template <class Capabilities> Capabilities read(const QByteArray& text)
{
    json::Document document;
    if (!document.parse(text)) {
        qFatal("broken test data");
    }
    return Capabilities::parse(document.root());
}

} // namespace

class McpCapabilitiesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aServersCapabilitiesSurvivePrinting()
    {
        const QByteArray text =
            R"({"completions":{},"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},)"
            R"("tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}},"tools":{"listChanged":true},)"
            R"("experimental":{"x":{"a":1}},"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":[]}},"future":{"n":1.0}})";
        const auto capabilities = read<ServerCapabilities>(text);
        QVERIFY(capabilities.tools && capabilities.toolsListChanged && capabilities.resourcesSubscribe &&
                capabilities.tasksToolsCall);
        QCOMPARE(capabilities.extensions.value("io.modelcontextprotocol/ui"), QByteArray(R"({"mimeTypes":[]})"));
        QCOMPARE(capabilities.other.value("future"), QByteArray(R"({"n":1.0})"));
        QCOMPARE(capabilities.toJson(), text);
        QCOMPARE(read<ServerCapabilities>(capabilities.toJson()), capabilities);
    }

    void anythingButAnObjectIsNoCapability()
    {
        const auto capabilities = read<ServerCapabilities>(R"({"tools":true,"prompts":null,"logging":{},"experimental":7})");
        QVERIFY(!capabilities.tools && !capabilities.prompts && capabilities.logging && capabilities.experimental.isEmpty());
        QCOMPARE(read<ServerCapabilities>("[]"), ServerCapabilities());
        QCOMPARE(ServerCapabilities().toJson(), QByteArray("{}"));
    }

    void theAggregateOfServersIsTheirUnion()
    {
        auto all = read<ServerCapabilities>(R"({"tools":{},"extensions":{"a":1},"new":{"first":true}})");
        all.merge(read<ServerCapabilities>(
            R"({"tools":{"listChanged":true},"resources":{"subscribe":true},"extensions":{"a":2,"b":3},"new":{}})"));
        QVERIFY(all.toolsListChanged && all.resources && all.resourcesSubscribe && !all.prompts);
        QCOMPARE(
            all.toJson(),
            QByteArray(
                R"({"resources":{"subscribe":true},"tools":{"listChanged":true},"extensions":{"a":1,"b":3},"new":{"first":true}})"));
    }

    void aClientsCapabilitiesSurvivePrinting()
    {
        const QByteArray text =
            R"({"elicitation":{"form":{},"url":{}},"roots":{"listChanged":true},"sampling":{"context":{},"tools":{}},)"
            R"("tasks":{"list":{},"cancel":{},"requests":{"sampling":{"createMessage":{}},"elicitation":{"create":{}}}},"extensions":{"e":{}}})";
        const auto capabilities = read<ClientCapabilities>(text);
        QVERIFY(capabilities.elicitationForm && capabilities.elicitationUrl && capabilities.samplingTools &&
                capabilities.tasksElicitation);
        QCOMPARE(capabilities.toJson(), text);
    }

    void anEmptyElicitationMeansForms()
    {
        const auto old = read<ClientCapabilities>(R"({"elicitation":{}})");
        QVERIFY(old.elicitation && old.elicitationForm && !old.elicitationUrl);
        QCOMPARE(old.toJson(), QByteArray(R"({"elicitation":{}})"));
        const auto urlOnly = read<ClientCapabilities>(R"({"elicitation":{"url":{}}})");
        QVERIFY(!urlOnly.elicitationForm && urlOnly.elicitationUrl);
        QCOMPARE(urlOnly.toJson(), QByteArray(R"({"elicitation":{"url":{}}})"));
        auto both = old;
        both.merge(urlOnly);
        QCOMPARE(both.toJson(), QByteArray(R"({"elicitation":{"form":{},"url":{}}})"));
    }
};

QTEST_GUILESS_MAIN(McpCapabilitiesTest)
#include "tst_mcp_capabilities.moc"
