// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/connections/federation.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;

namespace {

std::vector<mcp::ListEntry> tools(const QByteArray& entries)
{
    json::Document document;
    const QByteArray list = "{\"tools\":[" + entries + "]}";
    const auto parsed = document.parse(list);
    Q_ASSERT(parsed.has_value());
    return mcp::parseListPage(mcp::ListKind::Tools, document.root())->entries;
}

mcp::Message notification(const QByteArray& params)
{
    json::Document document;
    const auto read =
        mcp::readMessage("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":" + params + '}', document);
    Q_ASSERT(read);
    return *read;
}

} // namespace

/// The way that messages and entries take through several Oriels.
class FederationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anIdIsFoundAsAWholeOnly()
    {
        QVERIFY(federation::contains("a1,b2,c3", "a1"));
        QVERIFY(federation::contains("a1,b2,c3", "c3"));
        QVERIFY(!federation::contains("a1,b2,c3", "b"));
        QVERIFY(!federation::contains("a1,b2", "a1,b2"));
        QVERIFY(!federation::contains("", "a1"));
        QCOMPARE(federation::hops(""), 0);
        QCOMPARE(federation::hops("a1"), 1);
        QCOMPARE(federation::extended("", "a1"), QByteArray("a1"));
        QCOMPARE(federation::extended("a1", "b2"), QByteArray("a1,b2"));
    }
    void aRequestThatComesBackIsRefusedAndOneThatIsNewIsNot()
    {
        QVERIFY(federation::refusal("", "a1").isEmpty());
        QVERIFY(federation::refusal("b2,c3", "a1").isEmpty());
        QVERIFY(federation::refusal("a1,c3", "a1").contains("come back"));
        QByteArray way;
        for (int i = 0; i < federation::kMaxHops; ++i) {
            QVERIFY(federation::refusal(way, "self").isEmpty());
            way = federation::extended(way, QByteArray::number(i));
        }
        QVERIFY(federation::refusal(way, "self").contains("no more than 8"));
    }
    void listedEntriesCarryTheirWayAndThoseThatHaveBeenHereAreLeftOut()
    {
        const auto entries = tools(R"({"name":"own","inputSchema":{}},)"
                                   R"({"name":"far","inputSchema":{},"_meta":{"x":1,"oriel/via":"c3"}},)"
                                   R"({"_meta":{"oriel/via":"a1,c3"},"name":"back","inputSchema":{}})");
        const auto admitted = federation::admitted(mcp::ListKind::Tools, entries, "b2", "a1");
        QCOMPARE(admitted.size(), std::size_t(2));
        QCOMPARE(admitted[0].identity, QByteArray("own"));
        QVERIFY2(admitted[0].raw.contains(R"("oriel/via":"b2")"), admitted[0].raw.constData());
        QVERIFY2(admitted[1].raw.contains(R"("oriel/via":"c3,b2")") && admitted[1].raw.contains(R"("x":1)"),
                 admitted[1].raw.constData());
        // Names are still replaced where they stand.
        QVERIFY(mcp::withIdentity(admitted[0], "b__own").contains(R"("name":"b__own")"));
        QVERIFY(mcp::withIdentity(admitted[1], "b__far").contains(R"("name":"b__far")"));
    }
    void entriesFromTooFarAreLeftOut()
    {
        QByteArray way = "0";
        for (int i = 1; i < federation::kMaxHops; ++i)
            way = federation::extended(way, QByteArray::number(i));
        const auto entries = tools("{\"name\":\"far\",\"inputSchema\":{},\"_meta\":{\"oriel/via\":\"" + way + "\"}}");
        QVERIFY(federation::admitted(mcp::ListKind::Tools, entries, "peer", "self").empty());
    }
    void aRelayedNotificationCarriesItsWayAndEndsWhereItBegan()
    {
        const auto first = federation::passedOn(notification(R"({"level":"info","data":"x"})"), "b2", "a1");
        QVERIFY(first.has_value());
        QCOMPARE(first->text(mcp::Field::MetaOrielVia), QByteArray("b2,a1"));
        const auto second = federation::passedOn(*first, "a1", "c3");
        QVERIFY(second.has_value());
        QCOMPARE(second->text(mcp::Field::MetaOrielVia), QByteArray("b2,a1,c3"));
        QVERIFY(!federation::passedOn(*second, "c3", "b2").has_value());
        QVERIFY(!federation::passedOn(*second, "c3", "a1").has_value());
    }
};

QTEST_APPLESS_MAIN(FederationTest)
#include "tst_federation.moc"
