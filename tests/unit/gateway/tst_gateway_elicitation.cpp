// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_peers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kUrl = "{\"elicitation\":{\"url\":{}}}";

/// A server of 2025-11-25 that refuses the first call until the user has been to a page, and tells of it with the second.
config::Server signInServer(const char* name)
{
    return named(
        scriptServer(QStringLiteral(
            "initialized='{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},\"prompts\":{}},\"serverInfo\":{"
            "\"name\":\"s\",\"version\":\"1\"}}'\n"
            "handshake\n"
            "while read -r line; do\n"
            "  id=$(printf '%s\\n' \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/')\n"
            "  case \"$line\" in\n"
            "    *tools/list*) answer \"$line\" \"$tools\";;\n"
            "    *prompts/list*) answer \"$line\" '{\"prompts\":[{\"name\":\"p\"}]}';;\n"
            "    *tools/call*|*prompts/get*)\n"
            "      if [ -z \"$asked\" ]; then\n"
            "        asked=1\n"
            "        printf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32042,\"message\":\"sign in "
            "first\",\"data\":{\"elicitations\":[{\"mode\":\"url\",\"elicitationId\":\"e-1\",\"url\":\"https://example.com/"
            "in\",\"message\":\"Please sign in\"}],\"more\":1}}}\\n' \"$id\"\n"
            "      else\n"
            "        echo "
            "'{\"jsonrpc\":\"2.0\",\"method\":\"notifications/elicitation/complete\",\"params\":{\"elicitationId\":\"e-1\"}}'\n"
            "        answer \"$line\" '{\"content\":[{\"type\":\"text\",\"text\":\"signed in\"}]}'\n"
            "      fi;;\n"
            "    *) echo \"$line\" >&2;;\n"
            "  esac\n"
            "done")),
        name);
}

} // namespace

/// Questions to the user through the gateway: who asks, and pages across the revisions.
class GatewayElicitationTest : public QObject, private GatewayHarness {
    Q_OBJECT

    static QByteArray call(const QByteArray& tool, const QByteArray& more = {})
    {
        return "{\"name\":\"" + tool + "\",\"arguments\":{\"message\":\"How are you?\"}" + more + '}';
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(stop(), m_held.constData()); }

    void aRefusalUntilAPageWasSeenIsRelayedAndItsEndToldToItsClientAlone()
    {
        openReady({signInServer("s")});
        Peer peer(*m_gateway, "2025-11-25", kUrl, "s");
        Peer stranger(*m_gateway, "2025-11-25", kUrl, "s");
        const auto refused = peer.ask("tools/call", call("one"));
        QTRY_VERIFY(refused->isAnswered());
        const QJsonObject intact =
            object("{\"code\":-32042,\"message\":\"sign in first\",\"data\":{\"elicitations\":[{\"mode\":\"url\","
                   "\"elicitationId\":\"e-1\",\"url\":\"https://example.com/in\",\"message\":\"Please sign in\"}],\"more\":1}}");
        QCOMPARE(refused->error(), intact);
        QCOMPARE(m_gateway->holdings().count("opened pages"), 1);
        const auto again = peer.ask("tools/call", call("one"));
        QTRY_VERIFY(again->isAnswered());
        QCOMPARE(peer.session->sent.size(), 1);
        QCOMPARE(peer.session->sent.first().value("params"_L1).toObject(), object("{\"elicitationId\":\"e-1\"}"));
        QVERIFY(stranger.session->sent.isEmpty());
        QCOMPARE(m_gateway->holdings().count("opened pages"), 0);
    }
    void clientsOfAllServersSeeWhoSendsThemToAPage()
    {
        openReady({signInServer("s")});
        Peer peer(*m_gateway, "2025-11-25", kUrl);
        const auto refused = peer.ask("tools/call", call("s__one"));
        QTRY_VERIFY(refused->isAnswered());
        QCOMPARE(refused->code(), -32042);
        const QJsonObject data = refused->error().value("data"_L1).toObject();
        QCOMPARE(data.value("more"_L1).toInt(), 1);
        const QJsonObject page = data.value("elicitations"_L1).toArray().first().toObject();
        QCOMPARE(page.value("message"_L1).toString(), u"s: Please sign in"_s);
        QCOMPARE(page.value("elicitationId"_L1).toString(), u"e-1"_s);
        peer.close();
        QCOMPARE(m_gateway->holdings().count("opened pages"), 0);
    }
    void aClientThatOpensNoPagesIsToldSo()
    {
        openReady({signInServer("s"), signInServer("t"), signInServer("u")});
        Peer forms(*m_gateway, "2025-11-25", "{\"elicitation\":{}}");
        const auto legacy = forms.ask("tools/call", call("s__one"));
        QTRY_VERIFY(legacy->isAnswered());
        QCOMPARE(legacy->code(), -32000);
        QVERIFY(legacy->error().value("message"_L1).toString().startsWith(u"s: the server wants the user to open a page"_s));
        Peer older(*m_gateway, "2025-06-18", kUrl);
        const auto old = older.ask("tools/call", call("t__one"));
        QTRY_VERIFY(old->isAnswered());
        QCOMPARE(old->code(), -32000);
        Peer modern(*m_gateway, "2026-07-28", "{\"elicitation\":{}}");
        const auto refused = modern.ask("tools/call", call("u__one"));
        QTRY_VERIFY(refused->isAnswered());
        QCOMPARE(refused->code(), -32021);
        QCOMPARE(refused->error().value("data"_L1).toObject(),
                 object("{\"requiredCapabilities\":{\"elicitation\":{\"url\":{}}}}"));
    }
    void aClientOf20260728IsAskedAndItsCallIsMadeAgain()
    {
        openReady({signInServer("s")});
        Peer peer(*m_gateway, "2026-07-28", kUrl);
        const auto asked = peer.ask("tools/call", call("s__one"));
        QTRY_VERIFY(asked->isAnswered());
        QCOMPARE(asked->result().value("resultType"_L1).toString(), u"input_required"_s);
        const QJsonObject questions =
            object("{\"url1\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"url\",\"url\":\"https://example.com/in\","
                   "\"message\":\"s: Please sign in\"}}}");
        QCOMPARE(asked->result().value("inputRequests"_L1).toObject(), questions);
        const QByteArray state = asked->result().value("requestState"_L1).toString().toUtf8();
        const QByteArray back = ",\"requestState\":\"" + state + "\",\"inputResponses\":";
        QCOMPARE(peer.ask("tools/call", call("s__one", back + "{}"))->result().value("requestState"_L1).toString().toUtf8(),
                 state);
        Peer stranger(*m_gateway, "2026-07-28", kUrl, "s");
        QCOMPARE(stranger.ask("tools/call", call("one", back + "{\"url1\":{\"action\":\"accept\"}}"))->code(), -32602);
        const auto done = peer.ask("tools/call", call("s__one", back + "{\"url1\":{\"action\":\"accept\"}}"));
        QTRY_VERIFY(done->isAnswered());
        QCOMPARE(textOf(done->result()), u"signed in"_s);
        QCOMPARE(peer.ask("tools/call", call("s__one", back + "{\"url1\":{\"action\":\"accept\"}}"))->code(), -32602);
        for (const auto& frame : m_recorder.wire) {
            if (frame.direction == telemetry::WireDirection::GatewayToServer)
                QVERIFY2(!frame.payload.contains("requestState"), frame.payload.constData());
        }
    }
    void aUserWhoDeclinesEndsTheCall()
    {
        openReady({signInServer("s"), signInServer("t")});
        Peer peer(*m_gateway, "2026-07-28", kUrl);
        const auto declined = [&](const QByteArray& method, const QByteArray& name) {
            const auto asked = peer.ask(method, "{\"name\":\"" + name + "\"}");
            if (!QTest::qWaitFor([&] { return asked->isAnswered(); }))
                return asked;
            return peer.ask(method, "{\"name\":\"" + name + "\",\"requestState\":\"" +
                                        asked->result().value("requestState"_L1).toString().toUtf8() +
                                        "\",\"inputResponses\":{\"url1\":{\"action\":\"decline\"}}}");
        };
        const auto tool = declined("tools/call", "s__one");
        QVERIFY(tool->result().value("isError"_L1).toBool());
        QVERIFY(textOf(tool->result()).contains(u"did not open the page"_s));
        QCOMPARE(declined("prompts/get", "t__p")->code(), -32600);
    }
    void aServerOf20260728SendsAnOlderClientToAPageWithAnId()
    {
        openReady({conformanceServer("new", "2026-07-28"), conformanceServer("other", "2026-07-28")});
        Peer peer(*m_gateway, "2025-11-25", kUrl);
        const auto asked = peer.ask("tools/call", call("new__test_url_elicitation_required"));
        QTRY_COMPARE(asked->notified.size(), 1);
        const QJsonObject params = asked->notified.first().value("params"_L1).toObject();
        QCOMPARE(params.value("mode"_L1).toString(), u"url"_s);
        QVERIFY(params.value("message"_L1).toString().startsWith(u"new: "_s));
        const QString id = params.value("elicitationId"_L1).toString();
        QVERIFY(!id.isEmpty());
        peer.answer(asked->notified.first(), "{\"action\":\"accept\"}");
        QTRY_VERIFY(asked->isAnswered());
        QCOMPARE(asked->notified.size(), 2);
        QCOMPARE(asked->notified.last().value("method"_L1).toString(), u"notifications/elicitation/complete"_s);
        QCOMPARE(asked->notified.last().value("params"_L1).toObject(), (QJsonObject{{u"elicitationId"_s, id}}));
    }
    void aPageIsForClientsThatDeclaredPages()
    {
        openReady({conformanceServer("old", "2025-11-25"), conformanceServer("other", "2025-11-25")});
        Peer forms(*m_gateway, "2025-11-25", "{\"elicitation\":{}}");
        const auto refused = forms.ask("tools/call", call("old__test_elicitation_url"));
        QTRY_VERIFY(refused->isAnswered());
        QVERIFY(refused->notified.isEmpty());
        QVERIFY2(textOf(refused->result()).contains(u"by URL"_s), qPrintable(textOf(refused->result())));
        Peer modern(*m_gateway, "2026-07-28", "{\"elicitation\":{}}");
        const auto needed = modern.ask("tools/call", call("old__test_elicitation_url"));
        QTRY_VERIFY(needed->isAnswered());
        QCOMPARE(needed->code(), -32021);
        QCOMPARE(needed->error().value("data"_L1).toObject(),
                 object("{\"requiredCapabilities\":{\"elicitation\":{\"url\":{}}}}"));
        Peer pages(*m_gateway, "2025-11-25", kUrl);
        const auto asked = pages.ask("tools/call", call("old__test_elicitation_url"));
        QTRY_COMPARE(asked->notified.size(), 1);
        pages.answer(asked->notified.first(), "{\"action\":\"accept\"}");
        QTRY_VERIFY(asked->isAnswered());
        QCOMPARE(textOf(asked->result()), u"URL elicitation: action=accept"_s);
        QCOMPARE(pages.session->sent.size(), 1);
        QCOMPARE(pages.session->sent.first().value("params"_L1).toObject().value("elicitationId"_L1),
                 asked->notified.first().value("params"_L1).toObject().value("elicitationId"_L1));
        QVERIFY(forms.session->sent.isEmpty());
        forms.close(); // which would be asked in the place of a client that has no forms
        const auto form = pages.ask("tools/call", call("old__test_elicitation"));
        QTRY_VERIFY(form->isAnswered());
        QVERIFY2(form->notified.isEmpty(), "forms were not declared");
    }
    void aFormSaysWhoAsks_data()
    {
        QTest::addColumn<QByteArray>("client");
        QTest::addColumn<QByteArray>("server");
        for (const char* client : {"2025-11-25", "2026-07-28"}) {
            for (const char* server : {"2025-11-25", "2026-07-28"})
                QTest::addRow("%s, %s", client, server) << QByteArray(client) << QByteArray(server);
        }
    }
    void aFormSaysWhoAsks()
    {
        QFETCH(QByteArray, client);
        QFETCH(QByteArray, server);
        openReady({conformanceServer("s", server.constData()), conformanceServer("t", server.constData())});
        const auto shown = [&](const QByteArray& view, const QByteArray& tool) {
            Peer peer(*m_gateway, client, "{\"elicitation\":{}}", view);
            const auto asked = peer.ask("tools/call", call(tool));
            if (!QTest::qWaitFor([&] { return asked->isAnswered() || !asked->notified.isEmpty(); }))
                return QString();
            const QJsonObject request = client == "2026-07-28"
                                            ? asked->result().value("inputRequests"_L1).toObject().begin().value().toObject()
                                            : asked->notified.first();
            return request.value("params"_L1).toObject().value("message"_L1).toString();
        };
        QCOMPARE(shown({}, "t__test_elicitation"), u"t: How are you?"_s);
        QCOMPARE(shown("t", "test_elicitation"), u"How are you?"_s);
    }
};

QTEST_GUILESS_MAIN(GatewayElicitationTest)
#include "tst_gateway_elicitation.moc"
