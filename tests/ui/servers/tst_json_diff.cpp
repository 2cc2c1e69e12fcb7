// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/json_diff.h"

#include <QTest>

using namespace oriel::ui;
using Kind = JsonChange::Kind;

class TestJsonDiff : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void membersThatDifferAreNamedByTheirPath()
    {
        const JsonDiff diff = diffJson(R"({"id":7,"params":{"name":"notes__add","arguments":{"a":1}}})",
                                       R"({"id":12,"params":{"name":"add","arguments":{"a":1},"_meta":{"progressToken":12}}})");
        QVERIFY(diff.state == JsonDiff::State::Compared);
        QCOMPARE(diff.differences(), std::size_t(3));
        QCOMPARE(diff.changes.size(), std::size_t(4));
        QCOMPARE(diff.changes[0], (JsonChange{Kind::Changed, "id", "7", "12"}));
        QCOMPARE(diff.changes[1], (JsonChange{Kind::Changed, "params.name", "\"notes__add\"", "\"add\""}));
        QCOMPARE(diff.changes[2], (JsonChange{Kind::Same, "params.arguments", "{\"a\":1}", "{\"a\":1}"}));
        QCOMPARE(diff.changes[3], (JsonChange{Kind::Added, "params._meta", "", "{\"progressToken\":12}"}));
    }

    void theOrderOfMembersDoesNotCountAndThatOfElementsDoes()
    {
        QCOMPARE(diffJson(R"({"a":1,"b":2})", R"({"b":2,"a":1})").differences(), std::size_t(0));
        const JsonDiff lists = diffJson(R"({"a":[1,2,3]})", R"({"a":[1,3]})");
        QCOMPARE(lists.differences(), std::size_t(2));
        QCOMPARE(lists.changes[1].path, QByteArray("a[1]"));
        QCOMPARE(lists.changes[2], (JsonChange{Kind::Removed, "a[2]", "3", ""}));
    }

    void anotherKindOfValueIsOneChange()
    {
        const JsonDiff diff = diffJson(R"({"a":{"b":1}})", R"({"a":[1]})");
        QCOMPARE(diff.changes.size(), std::size_t(1));
        QCOMPARE(diff.changes[0], (JsonChange{Kind::Changed, "a", "{\"b\":1}", "[1]"}));
    }

    void whatCannotBeComparedSaysSo()
    {
        QVERIFY(diffJson("listening on 3000", "{}").state == JsonDiff::State::NotJson);
        QVERIFY(diffJson("", "{}").state == JsonDiff::State::NotJson);
        const QByteArray big = "\"" + QByteArray(64 * 1024, 'x') + "\"";
        QVERIFY(diffJson(big, "{}").state == JsonDiff::State::TooLong);
        JsonDiffLimits more;
        more.textBytes = 1024 * 1024;
        const JsonDiff whole = diffJson(big, "{}", more);
        QVERIFY(whole.state == JsonDiff::State::Compared);
        QVERIFY(whole.changes[0].left.size() < 450); // a value is cut
    }

    void manyMembersAreCutAtTheLimit()
    {
        QByteArray left = "[0";
        QByteArray right = "[1";
        for (int i = 1; i < 100; ++i) {
            left += "," + QByteArray::number(i);
            right += "," + QByteArray::number(i + 1);
        }
        JsonDiffLimits few;
        few.rows = 10;
        const JsonDiff diff = diffJson(left + ']', right + ']', few);
        QCOMPARE(diff.changes.size(), std::size_t(10));
        QVERIFY(diff.cut);
    }
};

QTEST_GUILESS_MAIN(TestJsonDiff)
#include "tst_json_diff.moc"
