// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/tool_headers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;

namespace {

std::vector<mcp::ListEntry> tools(const QByteArray& properties)
{
    const QByteArray page = "{\"tools\":[{\"name\":\"move\",\"inputSchema\":{\"type\":\"object\",\"properties\":{" + properties +
                            "}}},{\"name\":\"plain\",\"inputSchema\":{\"type\":\"object\"}}]}";
    json::Document document;
    if (!document.parse(page))
        return {};
    auto read = mcp::parseListPage(mcp::ListKind::Tools, document.root());
    return read ? std::move(read->entries) : std::vector<mcp::ListEntry>();
}

} // namespace

class ToolHeadersTest : public QObject {
    Q_OBJECT
    json::Document m_document;
private Q_SLOTS:
    void onlyToolsThatAskForItAreChecked()
    {
        ToolHeaders headers;
        QVERIFY(headers.isEmpty());
        headers.update(2, tools("\"to\":{\"type\":\"string\",\"x-mcp-header\":\"To\"}"));
        QVERIFY(!headers.isEmpty());
        const QByteArray arguments = "{\"to\":\"here\"}";
        QVERIFY(!headers.mismatch(2, "move", {{"Mcp-Param-To", "here"}}, arguments, m_document));
        QVERIFY(headers.mismatch(2, "move", {}, arguments, m_document).value_or(QByteArray()).contains("Mcp-Param-To"));
        QVERIFY(headers.mismatch(2, "move", {{"Mcp-Param-To", "there"}}, arguments, m_document));
        QVERIFY(headers.mismatch(2, "move", {{"Mcp-Param-To", "here"}}, {}, m_document));
        QVERIFY(!headers.mismatch(2, "plain", {}, arguments, m_document));
        QVERIFY(!headers.mismatch(1, "move", {}, arguments, m_document));
    }
    void whatAServerListsAnewTakesThePlaceOfWhatItHad()
    {
        ToolHeaders headers;
        headers.update(0, tools("\"to\":{\"type\":\"string\",\"x-mcp-header\":\"To\"}"));
        headers.update(0, tools("\"to\":{\"type\":\"string\"}"));
        QVERIFY(headers.isEmpty());
    }
    void aToolWhoseAnnotationsBreakTheRulesCannotBeChecked()
    {
        ToolHeaders headers;
        headers.update(0, tools("\"to\":{\"type\":\"number\",\"x-mcp-header\":\"To\"}"));
        QVERIFY(headers.isEmpty());
    }
};

QTEST_GUILESS_MAIN(ToolHeadersTest)
#include "tst_tool_headers.moc"
