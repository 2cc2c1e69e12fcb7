// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "mcp/lists.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

Result<ListPage> read(ListKind kind, const QByteArray& text)
{
    json::Document document;
    if (!document.parse(text)) {
        qFatal("broken test data");
    }
    return parseListPage(kind, document.root());
}

} // namespace

class McpListsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void toolsAreReadWithTheirHintsAndTheirOwnJson()
    {
        const auto page = read(
            ListKind::Tools,
            R"({"tools":[{"description":"d","name":"a\u0062","title":"T","inputSchema":{"type":"object","name":"no"},"outputSchema":{},)"
            R"("annotations":{"title":"old","readOnlyHint":true,"destructiveHint":false},"execution":{"taskSupport":"required"}},)"
            R"( {"name":"plain","annotations":{"title":"from annotations"}} ,{"title":"nameless"},7],"nextCursor":"","ttlMs":5,"cacheScope":"public"})");
        QVERIFY(page);
        QCOMPARE(page->entries.size(), std::size_t{2});
        QCOMPARE(page->skipped, 2U);
        QCOMPARE(page->nextCursor, std::optional<QByteArray>(""));
        QCOMPARE(page->ttlMs, std::optional<std::int64_t>(5));
        QCOMPARE(page->isPublic, std::optional(true));
        const ListEntry& tool = page->entries[0];
        QCOMPARE(tool.name, QByteArray("ab"));
        QCOMPARE(tool.title, QByteArray("T"));
        QVERIFY(tool.readOnlyHint && !tool.destructiveHint && tool.openWorldHint && tool.hasOutputSchema);
        QCOMPARE(tool.taskSupport, ListEntry::TaskSupport::Required);
        QCOMPARE(page->entries[1].title, QByteArray("from annotations"));
        QVERIFY(page->entries[1].destructiveHint);
        QCOMPARE(withIdentity(tool, "srv__ab"), QByteArray(tool.raw).replace(R"("a\u0062")", "\"srv__ab\""));
    }

    void everyKindHasItsKeyAndIdentity()
    {
        for (const ListKind kind : {ListKind::Tools, ListKind::Prompts, ListKind::Resources, ListKind::ResourceTemplates}) {
            QCOMPARE(listKindOf(listMethod(kind)), std::optional(kind));
            const QByteArray entry =
                "{\"name\":\"n\",\"" + identityKey(kind).toByteArray() + "2\":0,\"uri\":\"u:1\",\"uriTemplate\":\"u:{x}\"}";
            const auto page = read(kind, "{\"" + listKey(kind).toByteArray() + "\":[" + entry + "]}");
            QVERIFY(page);
            QCOMPARE(page->entries.at(0).raw, entry);
            QVERIFY(!page->nextCursor);
        }
        QVERIFY(!listKindOf(MethodId::TasksList) && !listKindOf(MethodId::Unknown));
        QCOMPARE(read(ListKind::Resources, R"({"resources":[{"uri":"u:1","name":"n"}]})")->entries.at(0).identity,
                 QByteArray("u:1"));
    }

    void brokenPagesAreErrors()
    {
        QVERIFY(!read(ListKind::Tools, "{}"));
        QVERIFY(!read(ListKind::Tools, R"({"tools":{}})"));
        QVERIFY(!read(ListKind::Tools, R"({"tools":[],"nextCursor":5})"));
        QVERIFY(!read(ListKind::Tools, R"({"prompts":[]})"));
        QVERIFY(!read(ListKind::Tools, R"({"tools":[],"nextCursor":null})")->nextCursor);
    }

    void mergedListsAreResultsOfTheirEra()
    {
        const std::vector<QByteArray> entries{R"({"name":"a"})", R"({"name":"b"})"};
        QCOMPARE(makeListResult(ListKind::Tools, entries), QByteArray(R"({"tools":[{"name":"a"},{"name":"b"}]})"));
        ListResultOptions options;
        options.nextCursor = "c";
        options.modern = true;
        QCOMPARE(
            makeListResult(ListKind::ResourceTemplates, {}, options),
            QByteArray(R"({"resultType":"complete","resourceTemplates":[],"nextCursor":"c","ttlMs":0,"cacheScope":"private"})"));
    }

    void cursorsComeBackAsTheyWereMade()
    {
        SeededRandom random(3);
        for (int round = 0; round < 500; ++round) {
            const Cursor cursor{static_cast<ListKind>(random.next64() % 4), random.next64(),
                                static_cast<std::uint32_t>(random.next64())};
            const QByteArray text = encodeCursor(cursor);
            const auto back = decodeCursor(cursor.kind, text);
            QVERIFY(back);
            QCOMPARE(*back, cursor);
            const auto other = static_cast<ListKind>((static_cast<int>(cursor.kind) + 1) % 4);
            QVERIFY(!decodeCursor(other, text));
        }
    }

    void foreignAndDamagedCursorsAreRefused()
    {
        const QByteArray good = encodeCursor({ListKind::Tools, 12, 40});
        for (qsizetype i = 0; i < good.size(); ++i) {
            QByteArray damaged = good;
            damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
            QVERIFY2(!decodeCursor(ListKind::Tools, damaged), damaged.constData());
            QVERIFY(!decodeCursor(ListKind::Tools, good.first(i)));
        }
        for (const char* foreign : {"", "x", "!!!", "MC4xLjIuMw", "page2"}) {
            const auto cursor = decodeCursor(ListKind::Tools, foreign);
            QVERIFY(!cursor);
            QCOMPARE(cursor.error().code, ErrorCode::InvalidArgument);
        }
        QVERIFY(!decodeCursor(ListKind::Tools, good + '='));
        QVERIFY(!decodeCursor(ListKind::Tools, QByteArray(100'000, 'A')));
    }
};

QTEST_GUILESS_MAIN(McpListsTest)
#include "tst_mcp_lists.moc"
