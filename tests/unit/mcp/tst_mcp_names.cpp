// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/names.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

class McpNamesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void joinedNamesSplitIntoServerAndLocalName()
    {
        const auto names = NameSpace::create({"web", "git", "git__hub"});
        QVERIFY(names);
        for (int server = 0; server < names->servers().size(); ++server) {
            for (const QByteArray local : {"fetch", "a__b", "__x", "x__", "_"}) {
                const QByteArray joined = names->join(server, local);
                const auto split = names->split(joined);
                QVERIFY2(split, joined.constData());
                QCOMPARE(names->servers().at(split->server) + "__" + split->local.toByteArray(), joined);
            }
        }
        QCOMPARE(names->join(0, "fetch"), QByteArray("web__fetch"));
    }

    void theLongestServerNameWins()
    {
        const auto names = NameSpace::create({"git", "git__hub"});
        const auto split = names->split("git__hub__list");
        QVERIFY(split);
        QCOMPARE(split->server, 1);
        QCOMPARE(split->local, QByteArrayView("list"));
        QCOMPARE(names->split("git__hubs__list")->server, 0);
        QCOMPARE(names->split("git__hub__")->local, QByteArrayView("hub__"));
    }

    void namesOfNobodyAreNotSplit()
    {
        const auto names = NameSpace::create({"web"});
        for (const char* name : {"", "web", "web__", "__web", "__", "Web__x", "other__x", "xweb__y"}) {
            QVERIFY2(!names->split(name), name);
        }
        QVERIFY(!NameSpace::create({})->split("a__b"));
    }

    void overlappingSeparatorsAreFoundFromTheRight()
    {
        const auto names = NameSpace::create({"a", "a_"});
        QCOMPARE(names->split("a___x")->server, 1);
        QCOMPARE(names->split("a__x")->server, 0);
        const auto dotted = NameSpace::create({"a"}, ".");
        QCOMPARE(dotted->split("a.b.c")->local, QByteArrayView("b.c"));
    }

    void badServerNamesAndSeparatorsAreRefused()
    {
        QVERIFY(!NameSpace::create({"a", "a"}));
        QVERIFY(!NameSpace::create({""}));
        QVERIFY(!NameSpace::create({"a b"}));
        QVERIFY(!NameSpace::create({"a"}, ""));
        QVERIFY(!NameSpace::create({"a"}, "/"));
        QVERIFY(!NameSpace::create({"caf\xC3\xA9"}));
    }

    void portableNamesFollowTheSpecification()
    {
        QVERIFY(isPortableName("getUser") && isPortableName("DATA_EXPORT_v2") && isPortableName("admin.tools-list"));
        QVERIFY(isPortableName(QByteArray(128, 'a')) && !isPortableName(QByteArray(129, 'a')));
        QVERIFY(!isPortableName("") && !isPortableName("a b") && !isPortableName("a/b") && !isPortableName("\xC3\xA9"));
        QCOMPARE(toPortableName("My Server!"), QByteArray("My_Server_"));
        QVERIFY(isPortableName(toPortableName("")) && isPortableName(toPortableName(QByteArray(500, '?'))));
    }
};

QTEST_GUILESS_MAIN(McpNamesTest)
#include "tst_mcp_names.moc"
