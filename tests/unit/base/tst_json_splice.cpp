// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "base/random.h"

#include <QTest>

using namespace oriel;
using json::Splicer;

namespace {

QByteArray without(const QByteArray& text, const QList<QByteArray>& keys, const QList<QByteArray>& added = {})
{
    json::Document document;
    if (!document.parse(text)) {
        return "broken input";
    }
    Splicer splicer(text);
    for (const json::Member& member : document.root().members()) {
        if (keys.contains(member.key.asUtf8())) {
            splicer.removeMember(document.root(), member);
        }
    }
    for (const QByteArray& key : added) {
        splicer.setMember(document.root(), key, "9");
    }
    return splicer.apply();
}

} // namespace

class JsonSpliceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void onlyTheNamedValuesChange()
    {
        const QByteArray text = "{ \"a\" : 1.50 ,\"b\":[ 1,\n2 ], \"c\":\"x\"}";
        json::Document document;
        QVERIFY(document.parse(text));
        Splicer splicer(text);
        splicer.replace(document.root().find("c"), "{\"y\":null}");
        splicer.replace(document.root().find("b").at(1), "\"two\"");
        QCOMPARE(splicer.apply(), QByteArray("{ \"a\" : 1.50 ,\"b\":[ 1,\n\"two\" ], \"c\":{\"y\":null}}"));
    }

    void nothingToDoGivesTheSameText()
    {
        const QByteArray text = " [1] ";
        const Splicer splicer(text);
        QVERIFY(splicer.isEmpty());
        QCOMPARE(splicer.apply(), text);
    }

    void membersAreInsertedIntoFullAndEmptyObjects()
    {
        for (const auto& [text, expected] : {std::pair<QByteArray, QByteArray>{"{}", "{\"k\":1,\"l\":2}"},
                                             {"{ }", "{\"k\":1,\"l\":2 }"},
                                             {"{\"a\":0}", "{\"k\":1,\"l\":2,\"a\":0}"}}) {
            json::Document document;
            QVERIFY(document.parse(text));
            Splicer splicer(text);
            splicer.insertMember(document.root(), "\"k\"", "1");
            splicer.insertMember(document.root(), "\"l\"", "2");
            QCOMPARE(splicer.apply(), expected);
        }
    }

    void setMemberReplacesOrInserts()
    {
        QCOMPARE(without(R"({"a":1,"b":2})", {}, {"b", "c"}), QByteArray(R"({"c":9,"a":1,"b":9})"));
    }

    void removedMembersTakeTheirCommaWithThem()
    {
        const QByteArray text = R"({"a":1,"b":2,"c":3})";
        QCOMPARE(without(text, {"a"}), QByteArray(R"({"b":2,"c":3})"));
        QCOMPARE(without(text, {"b"}), QByteArray(R"({"a":1,"c":3})"));
        QCOMPARE(without(text, {"c"}), QByteArray(R"({"a":1,"b":2})"));
        QCOMPARE(without(text, {"a", "b"}), QByteArray(R"({"c":3})"));
        QCOMPARE(without(text, {"b", "c"}), QByteArray(R"({"a":1})"));
        QCOMPARE(without(text, {"a", "c"}), QByteArray(R"({"b":2})"));
        QCOMPARE(without(text, {"a", "b", "c"}), QByteArray("{}"));
        QCOMPARE(without(text, {"a", "b", "c"}, {"d", "e"}), QByteArray(R"({"d":9,"e":9})"));
    }

    void nestedObjectsAreEditedTogether()
    {
        const QByteArray text = R"({"p":{"x":1,"y":2},"q":{"x":1},"r":{}})";
        json::Document document;
        QVERIFY(document.parse(text));
        Splicer splicer(text);
        for (const json::Member& object : document.root().members()) {
            for (const json::Member& member : object.value.members()) {
                if (member.key.equals("x")) {
                    splicer.removeMember(object.value, member);
                }
            }
            splicer.insertMember(object.value, "\"z\"", "3");
        }
        QCOMPARE(splicer.apply(), QByteArray(R"({"p":{"z":3,"y":2},"q":{"z":3},"r":{"z":3}})"));
    }

    void everyMixOfRemovalsAndInsertionsStaysValid()
    {
        SeededRandom random(11);
        for (int round = 0; round < 3000; ++round) {
            QByteArray text = " {";
            QByteArray expected;
            QList<QByteArray> gone;
            QList<QByteArray> added;
            const auto mark = random.next64();
            const int count = static_cast<int>(random.next64() % 6);
            for (int i = 0; i < count; ++i) {
                const QByteArray key(1, static_cast<char>('a' + i));
                const QByteArray gap((random.next64() % 2) != 0 ? " " : "");
                text += (i > 0 ? "," : "") + gap + '"' + key + "\"" + gap + ":" + gap + "[{},\"}, ,\"]" + gap;
                if ((mark >> i & 1U) != 0) {
                    gone.append(key);
                } else {
                    expected += key;
                }
            }
            text += "} ";
            for (int i = 0; i < static_cast<int>(random.next64() % 3); ++i) {
                added.append(QByteArray(1, static_cast<char>('x' + i)));
            }
            const QByteArray result = without(text, gone, added);
            json::Document document;
            QVERIFY2(document.parse(result), (text + " -> " + result).constData());
            QByteArray keys;
            for (const json::Member& member : document.root().members()) {
                keys += member.key.asUtf8();
            }
            QCOMPARE(keys, added.join() + expected);
        }
    }

    void manyReplacementsInAnyOrderAreApplied()
    {
        QByteArray text = "[";
        QByteArray expected = "[";
        for (int i = 0; i < 1000; ++i) {
            text += (i > 0 ? "," : "") + QByteArray::number(i);
            expected += (i > 0 ? ",\"" : "\"") + QByteArray::number(i) + '"';
        }
        text += ']';
        expected += ']';
        json::Document document;
        QVERIFY(document.parse(text));
        QList<QByteArray> quoted;
        QList<json::Value> values;
        for (const json::Value& element : document.root().elements()) {
            quoted.prepend(json::quote(element.raw()));
            values.prepend(element);
        }
        Splicer splicer(text);
        for (int i = 0; i < values.size(); ++i) {
            splicer.replace(values[i], quoted[i]);
        }
        QCOMPARE(splicer.apply(), expected);
    }
};

QTEST_GUILESS_MAIN(JsonSpliceTest)
#include "tst_json_splice.moc"
