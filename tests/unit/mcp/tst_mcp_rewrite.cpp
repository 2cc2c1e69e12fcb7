// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "base/random.h"
#include "mcp/rewrite.h"

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

} // namespace

class McpRewriteTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void idNameAndContextAreReplacedInPlace()
    {
        const Message message = messageOf(
            R"({"jsonrpc":"2.0", "id": "r-1","method":"tools/call","params":{"name":"web__fetch","arguments":{"n":1.0e0,"x":"\u0041"},)"
            R"("_meta":{"progressToken":7,"traceparent":"old","keep":[ ]}}})");
        const QByteArray out = Rewrite(message)
                                   .setId(RequestId(41))
                                   .setTarget("fetch")
                                   .setMeta(Field::MetaTraceparent, "new")
                                   .setProgressToken(RequestId(41))
                                   .apply();
        QCOMPARE(
            out,
            QByteArray(
                R"({"jsonrpc":"2.0", "id": 41,"method":"tools/call","params":{"name":"fetch","arguments":{"n":1.0e0,"x":"\u0041"},)"
                R"("_meta":{"progressToken":41,"traceparent":"new","keep":[ ]}}})"));
    }

    void metaIsCreatedWhereItIsAbsent()
    {
        const QByteArray parent = "00-1";
        const auto traced = [&](const char* raw) {
            const Message message = messageOf(raw);
            return Rewrite(message).setMeta(Field::MetaTraceparent, parent).setMeta(Field::MetaTracestate, "a=b").apply();
        };
        QCOMPARE(
            traced(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})"),
            QByteArray(
                R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"traceparent":"00-1","tracestate":"a=b"},"name":"t"}})"));
        QCOMPARE(
            traced(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}})"),
            QByteArray(
                R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"00-1","tracestate":"a=b"}}})"));
        QCOMPARE(
            traced(R"( {"jsonrpc":"2.0","id":1,"method":"tools/list"} )"),
            QByteArray(
                R"( {"params":{"_meta":{"traceparent":"00-1","tracestate":"a=b"}},"jsonrpc":"2.0","id":1,"method":"tools/list"} )"));
        QCOMPARE(
            traced(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":null})"),
            QByteArray(
                R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"00-1","tracestate":"a=b"}}})"));
        QCOMPARE(
            traced(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":null}})"),
            QByteArray(
                R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"00-1","tracestate":"a=b"}}})"));
        QCOMPARE(
            traced(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{ }}})"),
            QByteArray(
                R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"00-1","tracestate":"a=b" }}})"));
    }

    void protocolKeysOfTheClientAreTakenOut()
    {
        const Message message = messageOf(
            R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
            R"("io.modelcontextprotocol/clientInfo":{"name":"c"},"mine":1,"baggage":"b"}}})");
        const QByteArray out = Rewrite(message)
                                   .removeMeta(Field::MetaProtocolVersion)
                                   .removeMeta(Field::MetaClientInfo)
                                   .removeMeta(Field::MetaBaggage)
                                   .removeMeta(Field::MetaTracestate)
                                   .setMeta(Field::MetaTraceparent, "p")
                                   .apply();
        QCOMPARE(out,
                 QByteArray(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"p","mine":1}}})"));
    }

    void answersGetTheirIdBack()
    {
        const Message result = messageOf(R"({"id":41,"jsonrpc":"2.0","result":{"id":41,"content":[]}})");
        QCOMPARE(Rewrite(result).setId(RequestId::fromText("a\"b")).apply(),
                 QByteArray("{\"id\":\"a\\\"b\",\"jsonrpc\":\"2.0\",\"result\":{\"id\":41,\"content\":[]}}"));
        QCOMPARE(Rewrite(result).setMeta(Field::MetaTraceparent, "p").apply(), result.raw);
        const Message error = messageOf(R"({"jsonrpc":"2.0","id":41,"error":{"code":1,"message":"m"}})");
        QCOMPARE(Rewrite(error).setId(RequestId(-3)).apply(),
                 QByteArray(R"({"jsonrpc":"2.0","id":-3,"error":{"code":1,"message":"m"}})"));
    }

    void notificationsAreTranslated()
    {
        const Message progress =
            messageOf(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":9,"progress":0.5}})");
        QCOMPARE(
            Rewrite(progress).setProgressToken(RequestId::fromText("t")).apply(),
            QByteArray(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":0.5}})"));
        const Message cancelled =
            messageOf(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x","reason":"r"}})");
        QCOMPARE(Rewrite(cancelled).setRaw(Field::ParamsRequestId, "12").apply(),
                 QByteArray(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12,"reason":"r"}})"));
    }

    void namesThatNeedEscapesGetThem()
    {
        const Message message = messageOf(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"s:\u0022x\\"}})");
        const QByteArray out = Rewrite(message).setTarget("a\"\\\n\xC3\xA9").apply();
        QCOMPARE(messageOf(out).text(Field::ParamsUri), QByteArray("a\"\\\n\xC3\xA9"));
        QCOMPARE(Rewrite(message).setText(Field::ParamsName, "x").apply(), message.raw);
    }

    void theLaterChangeOfAFieldWins()
    {
        const Message message = messageOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})");
        const QByteArray out =
            Rewrite(message).setId(RequestId(5)).setTarget("first").setTarget("second").setId(RequestId::fromText("x")).apply();
        QCOMPARE(out, QByteArray(R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"second"}})"));
    }

    void longContextStaysWhole()
    {
        const Message message = messageOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})");
        const QByteArray longState(5000, 's');
        const QByteArray longBaggage(8000, 'b');
        const QByteArray out = Rewrite(message)
                                   .setMeta(Field::MetaTracestate, longState)
                                   .setMeta(Field::MetaBaggage, longBaggage)
                                   .setTarget("u")
                                   .apply();
        const Message again = messageOf(out);
        QCOMPARE(again.text(Field::MetaTracestate), longState);
        QCOMPARE(again.text(Field::MetaBaggage), longBaggage);
        QCOMPARE(again.text(Field::ParamsName), QByteArray("u"));
    }

    void rewritingAndReadingAgainGivesWhatWasSet()
    {
        SeededRandom random(5);
        constexpr std::array Metas{Field::MetaProgressToken,   Field::MetaTraceparent, Field::MetaTracestate, Field::MetaBaggage,
                                   Field::MetaProtocolVersion, Field::MetaClientInfo,  Field::MetaLogLevel};
        for (int round = 0; round < 3000; ++round) {
            json::Writer writer;
            writer.beginObject()
                .member("jsonrpc", "2.0")
                .member("method", "tools/call")
                .member("id", round)
                .key("params")
                .beginObject();
            writer.member("name", "tool").rawMember("arguments", "{\"deep\":[{\"_meta\":{}}]}");
            const bool hasMeta = random.next64() % 4 != 0;
            int extra = 0;
            if (hasMeta) {
                writer.key("_meta").beginObject();
                for (const Field field : Metas) {
                    if (random.next64() % 2 == 0) {
                        writer.rawMember(quotedKey(field).sliced(1).chopped(1), "\"old\"");
                    }
                    if (random.next64() % 5 == 0) {
                        writer.member(QByteArray("x" + QByteArray::number(extra++)), 1);
                    }
                }
                writer.endObject();
            }
            const Message message = messageOf(writer.endObject().endObject().take());
            Rewrite rewrite(message);
            std::array<int, Metas.size()> wanted{}; // 0 kept, 1 set, 2 removed
            for (std::size_t i = 0; i < Metas.size(); ++i) {
                wanted[i] = static_cast<int>(random.next64() % 3);
                if (wanted[i] == 1) {
                    rewrite.setMeta(Metas[i], "new\n");
                } else if (wanted[i] == 2) {
                    rewrite.removeMeta(Metas[i]);
                }
            }
            const Message again = messageOf(rewrite.setTarget("other").apply());
            QCOMPARE(again.text(Field::ParamsName), QByteArray("other"));
            QCOMPARE(again.id(), message.id());
            QCOMPARE(again.rawOf(Field::ParamsArguments), message.rawOf(Field::ParamsArguments));
            for (std::size_t i = 0; i < Metas.size(); ++i) {
                const QByteArray expected = wanted[i] == 1   ? QByteArray("new\n")
                                            : wanted[i] == 2 ? QByteArray()
                                                             : message.text(Metas[i]);
                QCOMPARE(again.text(Metas[i]), expected);
            }
            json::Document document;
            QVERIFY(document.parse(again.raw));
            int kept = 0;
            for (const json::Member& member : document.root().find("params").find("_meta").members()) {
                kept += member.key.asUtf8().startsWith('x') ? 1 : 0;
            }
            QCOMPARE(kept, extra);
        }
    }

    void aResultOfAnOlderServerIsCompletedWithWhatItLacks_data()
    {
        QTest::addColumn<QByteArray>("result");
        QTest::addColumn<QByteArray>("completed");
        QTest::newRow("nothing") << QByteArray(R"({"a":1})")
                                 << QByteArray(R"({"resultType":"complete","ttlMs":0,"cacheScope":"private","a":1})");
        QTest::newRow("a scope alone") << QByteArray(R"({"cacheScope":"public"})")
                                       << QByteArray(R"({"resultType":"complete","ttlMs":0,"cacheScope":"public"})");
        QTest::newRow("the words deeper in") << QByteArray(R"({"a":{"ttlMs":1,"cacheScope":2}})")
                                             << QByteArray(R"({"resultType":"complete","ttlMs":0,"cacheScope":"private",)"
                                                           R"("a":{"ttlMs":1,"cacheScope":2}})");
        QTest::newRow("escaped") << QByteArray(R"({"\u0074tlMs":5})")
                                 << QByteArray(R"({"resultType":"complete","cacheScope":"private","\u0074tlMs":5})");
        QTest::newRow("complete already") << QByteArray(R"({"resultType":"input_required"})")
                                          << QByteArray(R"({"resultType":"input_required"})");
    }
    void aResultOfAnOlderServerIsCompletedWithWhatItLacks()
    {
        QFETCH(QByteArray, result);
        const Message message = messageOf(R"({"jsonrpc":"2.0","id":1,"result":)" + result + '}');
        const QByteArray out = Rewrite(message).completeResult(true).apply();
        QTEST(messageOf(out).rawOf(Field::Result).toByteArray(), "completed");
    }
};

QTEST_GUILESS_MAIN(McpRewriteTest)
#include "tst_mcp_rewrite.moc"
