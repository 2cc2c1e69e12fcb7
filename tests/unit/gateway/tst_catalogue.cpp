// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/lists/catalogue.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using mcp::ListKind;

namespace {

std::vector<mcp::ListEntry> entries(ListKind kind, const QList<QByteArray>& identities)
{
    QByteArray text = "{\"" + mcp::listKey(kind).toByteArray() + "\":[";
    for (const QByteArray& identity : identities)
        text += (text.endsWith('[') ? "{\"" : ",{\"") + mcp::identityKey(kind).toByteArray() + "\":\"" + identity +
                "\",\"x\":12345678901234567890}";
    text += "]}";
    json::Document document;
    (void)document.parse(text);
    return mcp::parseListPage(kind, document.root()).value_or(mcp::ListPage()).entries;
}

QList<QByteArray> listed(const Catalogue& catalogue, ListKind kind, int view = -1)
{
    QList<QByteArray> names;
    std::optional<QByteArray> cursor;
    do {
        const auto page = catalogue.list(kind, view, cursor);
        if (!page)
            return {};
        json::Document document;
        (void)document.parse(*page);
        for (const json::Value& entry : document.root().find(mcp::listKey(kind)).elements())
            names.append(entry.find(mcp::identityKey(kind)).asUtf8());
        const json::Value next = document.root().find("nextCursor");
        cursor = next.isString() ? std::optional<QByteArray>(next.asUtf8()) : std::nullopt;
    } while (cursor);
    return names;
}

Catalogue twoServers(const QByteArray& separator = "__")
{
    Catalogue catalogue;
    (void)catalogue.reset({{"alpha", {}}, {"beta", {}}}, separator, true);
    catalogue.update(1, ListKind::Tools, entries(ListKind::Tools, {"zeta", "echo"}));
    catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"echo", "add"}));
    return catalogue;
}

} // namespace

class CatalogueTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesCarryTheirServerInTheOrderOfTheConfiguration()
    {
        const Catalogue catalogue = twoServers();
        QCOMPARE(listed(catalogue, ListKind::Tools),
                 (QList<QByteArray>{"alpha__echo", "alpha__add", "beta__zeta", "beta__echo"}));
        QCOMPARE(catalogue.exposedName(1, "echo"), QByteArray("beta__echo"));
    }
    void theOrderDoesNotDependOnWhoAnsweredFirst()
    {
        Catalogue catalogue = twoServers();
        const auto before = catalogue.list(ListKind::Tools, -1, {});
        catalogue.update(1, ListKind::Tools, entries(ListKind::Tools, {"zeta", "echo"}));
        QCOMPARE(*catalogue.list(ListKind::Tools, -1, {}), *before);
    }
    void theSeparatorIsConfigurable()
    {
        const Catalogue catalogue = twoServers(".");
        QCOMPARE(listed(catalogue, ListKind::Tools).first(), QByteArray("alpha.echo"));
        QCOMPARE(catalogue.find(ListKind::Tools, "beta.echo", -1)->server, 1);
        QVERIFY(!catalogue.find(ListKind::Tools, "beta__echo", -1));
    }
    void everythingButTheNameIsTheServersOwnBytes()
    {
        const Catalogue catalogue = twoServers();
        QVERIFY(catalogue.list(ListKind::Tools, -1, {})->contains("{\"name\":\"alpha__echo\",\"x\":12345678901234567890}"));
    }
    void oneServerMayGoWithoutPrefix()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"alpha", {}}}, "__", false));
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"echo"}));
        QCOMPARE(listed(catalogue, ListKind::Tools), QList<QByteArray>{"echo"});
        QCOMPARE(catalogue.find(ListKind::Tools, "echo", -1)->local, QByteArray("echo"));
        QCOMPARE(catalogue.exposedName(0, "echo"), QByteArray("echo"));
    }
    void oneServerHasAPrefixIfSoSet()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"alpha", {}}}, "__", true));
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"echo"}));
        QCOMPARE(listed(catalogue, ListKind::Tools), QList<QByteArray>{"alpha__echo"});
        QVERIFY(!catalogue.find(ListKind::Tools, "echo", -1));
    }
    void twoServersHavePrefixesWhateverIsSet()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"a", {}}, {"b", {}}}, "__", false));
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"echo"}));
        QCOMPARE(listed(catalogue, ListKind::Tools), QList<QByteArray>{"a__echo"});
    }
    void aClientOfOneServerSeesItsOwnNames()
    {
        const Catalogue catalogue = twoServers();
        QCOMPARE(listed(catalogue, ListKind::Tools, 1), (QList<QByteArray>{"zeta", "echo"}));
        QCOMPARE(catalogue.find(ListKind::Tools, "echo", 1)->server, 1);
    }
    void aDisabledToolIsNeitherListedNorFound()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"alpha", {"secret"}}, {"beta", {}}}, "__", true));
        QVERIFY(!catalogue.find(ListKind::Tools, "alpha__secret", -1)); // also before the server has listed
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"echo", "secret"}));
        catalogue.update(1, ListKind::Tools, entries(ListKind::Tools, {"secret"}));
        QCOMPARE(listed(catalogue, ListKind::Tools), (QList<QByteArray>{"alpha__echo", "beta__secret"}));
        QVERIFY(!catalogue.find(ListKind::Tools, "alpha__secret", -1));
        QVERIFY(!catalogue.find(ListKind::Tools, "secret", 0));
        QVERIFY(catalogue.find(ListKind::Tools, "beta__secret", -1));
    }
    void anUnknownToolIsNotFound()
    {
        const Catalogue catalogue = twoServers();
        for (const QByteArray& name : {QByteArray(), QByteArray("echo"), QByteArray("gamma__echo"), QByteArray("alpha__none"),
                                       QByteArray("alpha__"), QByteArray("__echo"), QByteArray("ALPHA__echo")})
            QVERIFY2(!catalogue.find(ListKind::Tools, name, -1), name.constData());
    }
    void aServerThatHasNotListedIsAskedByItsPrefix()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"alpha", {}}, {"beta", {}}}, "__", true));
        const auto route = catalogue.find(ListKind::Tools, "beta__anything", -1);
        QVERIFY(route);
        QCOMPARE(route->server, 1);
        QCOMPARE(route->local, QByteArray("anything"));
    }
    void whereTwoExposedNamesAreOneTheFirstServerHasIt()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"git", {}}, {"git__hub", {}}}, "__", true));
        catalogue.update(1, ListKind::Tools, entries(ListKind::Tools, {"list"}));
        QCOMPARE(catalogue.find(ListKind::Tools, "git__hub__list", -1)->server, 1);
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"hub__list"}));
        QCOMPARE(catalogue.find(ListKind::Tools, "git__hub__list", -1)->server, 0);
        QCOMPARE(catalogue.find(ListKind::Tools, "list", 1)->server, 1);
    }
    void aNameIsListedOnce()
    {
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"git", {}}, {"git__hub", {}}}, "__", true));
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, {"hub__list"}));
        catalogue.update(1, ListKind::Tools, entries(ListKind::Tools, {"list", "other"}));
        QCOMPARE(listed(catalogue, ListKind::Tools), (QList<QByteArray>{"git__hub__list", "git__hub__other"}));
    }
    void namesThatClashOrAreNotPortableAreRefused()
    {
        Catalogue catalogue;
        QVERIFY(!catalogue.reset({{"a", {}}, {"a", {}}}, "__", true));
        QVERIFY(!catalogue.reset({{"a b", {}}}, "__", true));
        QVERIFY(!catalogue.reset({{"a", {}}}, "", true));
        QVERIFY(!catalogue.reset({{"a", {}}}, "/", true));
    }
    void resourcesAreFoundByListThenTemplateThenTheOnlyServer()
    {
        Catalogue catalogue = twoServers();
        catalogue.update(0, ListKind::ResourceTemplates,
                         entries(ListKind::ResourceTemplates, {"file:///{path}", "memo://{id}/x"}));
        catalogue.update(1, ListKind::Resources, entries(ListKind::Resources, {"file:///b", "memo://1"}));
        QCOMPARE(catalogue.findResource("file:///b", -1)->server, 1);
        QCOMPARE(catalogue.findResource("file:///c", -1)->server, 0);
        QCOMPARE(catalogue.findResource("memo://7/x", -1)->server, 0);
        QVERIFY(!catalogue.findResource("memo://7/y", -1));
        QCOMPARE(catalogue.findResource("anything", 1)->server, 1);
        QCOMPARE(listed(catalogue, ListKind::Resources), (QList<QByteArray>{"file:///b", "memo://1"}));
        Catalogue single;
        QVERIFY(single.reset({{"only", {}}}, "__", true));
        QCOMPARE(single.findResource("x://y", -1)->server, 0);
    }
    void templatesMatchByTheirLiteralParts_data()
    {
        QTest::addColumn<QByteArray>("uri");
        QTest::addColumn<QByteArray>("pattern");
        QTest::addColumn<bool>("matches");
        QTest::newRow("whole") << QByteArray("a://b") << QByteArray("a://b") << true;
        QTest::newRow("other") << QByteArray("a://bc") << QByteArray("a://b") << false;
        QTest::newRow("tail") << QByteArray("a://b/c") << QByteArray("a://{+path}") << true;
        QTest::newRow("middle") << QByteArray("a://1/x") << QByteArray("a://{id}/x") << true;
        QTest::newRow("middle, twice the tail") << QByteArray("a://1/x/x") << QByteArray("a://{id}/x") << true;
        QTest::newRow("two") << QByteArray("a://1/2") << QByteArray("a://{x}/{y}") << true;
        QTest::newRow("wrong begin") << QByteArray("za://1") << QByteArray("a://{x}") << false;
        QTest::newRow("wrong end") << QByteArray("a://1/y") << QByteArray("a://{id}/x") << false;
        QTest::newRow("never closed") << QByteArray("a://1") << QByteArray("a://{id") << false;
        QTest::newRow("nothing but a name") << QByteArray("a://1") << QByteArray("{+uri}") << true;
    }
    void templatesMatchByTheirLiteralParts()
    {
        QFETCH(QByteArray, uri);
        QFETCH(QByteArray, pattern);
        QFETCH(bool, matches);
        QCOMPARE(matchesTemplate(uri, pattern), matches);
    }
    void longListsComeInPages()
    {
        QList<QByteArray> names;
        for (std::size_t i = 0; i < 2 * Catalogue::kPageSize + 1; ++i)
            names.append("tool" + QByteArray::number(qint64(i)));
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"a", {}}, {"b", {}}}, "__", true));
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, names));
        const QList<QByteArray> all = listed(catalogue, ListKind::Tools);
        QCOMPARE(all.size(), names.size());
        QCOMPARE(all.last(), "a__" + names.last());
        QCOMPARE(catalogue.list(ListKind::Tools, -1, {})->count("\"name\""), static_cast<qsizetype>(Catalogue::kPageSize));
    }
    void aCursorIsOfOneListAndOneState()
    {
        QList<QByteArray> names;
        for (std::size_t i = 0; i <= Catalogue::kPageSize; ++i)
            names.append("tool" + QByteArray::number(qint64(i)));
        Catalogue catalogue;
        QVERIFY(catalogue.reset({{"a", {}}}, "__", true));
        catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, names));
        json::Document document;
        const QByteArray page = *catalogue.list(ListKind::Tools, -1, {});
        QVERIFY(document.parse(page));
        const QByteArray cursor = document.root().find("nextCursor").asUtf8();
        QVERIFY(catalogue.list(ListKind::Tools, -1, cursor));
        QCOMPARE(catalogue.list(ListKind::Prompts, -1, cursor).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(catalogue.list(ListKind::Tools, -1, QByteArray("mine")).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(catalogue.list(ListKind::Tools, -1, QByteArray()).error().code, ErrorCode::InvalidArgument);
        // The same entries again are no other state.
        QVERIFY(!catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, names)));
        QVERIFY(catalogue.list(ListKind::Tools, -1, cursor));
        names.removeFirst();
        QVERIFY(catalogue.update(0, ListKind::Tools, entries(ListKind::Tools, names)));
        QCOMPARE(catalogue.list(ListKind::Tools, -1, cursor).error().code, ErrorCode::InvalidArgument);
    }
};

QTEST_GUILESS_MAIN(CatalogueTest)
#include "tst_catalogue.moc"
