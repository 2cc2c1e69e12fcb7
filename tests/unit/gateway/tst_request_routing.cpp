// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/request_routing.h"
#include "gateway_harness.h"

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;

namespace {

mcp::Message serverRequest(const QByteArray& method, const QByteArray& params = "{}")
{
    json::Document document;
    const auto read =
        mcp::readMessage("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":" + params + '}', document);
    Q_ASSERT(read);
    return *read;
}

mcp::ClientCapabilities capabilities(const QByteArray& text)
{
    json::Document document;
    const auto parsed = document.parse(text);
    Q_ASSERT(parsed.has_value());
    return mcp::ClientCapabilities::parse(document.root());
}

/// One server for all; its tool "ask" asks `request` and waits, "late" answers and then asks; every other is answered.
config::Server shared(const QByteArray& request)
{
    config::Server server = scriptServer(
        QStringLiteral("many='{\"tools\":[{\"name\":\"one\",\"inputSchema\":{}},{\"name\":\"ask\",\"inputSchema\":{}},"
                       "{\"name\":\"late\",\"inputSchema\":{}}]}'\nhandshake\nwhile read -r line; do\ncase \"$line\" "
                       "in\n*tools/list*) answer \"$line\" \"$many\";;\n"
                       "*list_changed*) echo \"$line\" >&2; echo '%1';;\n"
                       "*'\"name\":\"late\"'*) answer \"$line\" '{\"content\":[]}'; echo '%1';;\n"
                       "*'\"name\":\"ask\"'*) echo '%1';;\n"
                       "*tools/call*) answer \"$line\" '{\"content\":[]}';;\n*) echo \"$line\" >&2;;\nesac\ndone")
            .arg(QString::fromUtf8(request)));
    server.name = QStringLiteral("s");
    return server;
}

constexpr const char* kRootsRequest = "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}";
const QByteArray kRoots = "{\"roots\":{\"listChanged\":true}}";

QList<QByteArray> containing(const QList<QByteArray>& frames, const char* text)
{
    QList<QByteArray> found;
    std::copy_if(frames.cbegin(), frames.cend(), std::back_inserter(found),
                 [text](const QByteArray& frame) { return frame.contains(text); });
    return found;
}

qsizetype asked(const GatewayHarness::Session& session, const GatewayHarness::Reply& reply = nullptr)
{
    const char* question = "roots/list\"";
    return containing(session->sent, question).size() + (reply ? containing(reply->notified, question).size() : 0);
}

} // namespace

/// Whom a server's request goes to.
class RequestRoutingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aClientIsAskedOnlyForWhatItDeclared_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("params");
        QTest::addColumn<QByteArray>("declared");
        QTest::addColumn<QByteArray>("missing");
        const auto row = [](const char* name, const char* method, const char* params, const char* declared, const char* missing) {
            QTest::newRow(name) << QByteArray(method) << QByteArray(params) << QByteArray(declared) << QByteArray(missing);
        };
        row("roots", "roots/list", "{}", "{\"roots\":{}}", "");
        row("no roots", "roots/list", "{}", "{\"sampling\":{}}", "{\"roots\":{}}");
        row("sampling", "sampling/createMessage", "{}", "{\"sampling\":{}}", "");
        row("sampling with tools", "sampling/createMessage", "{\"tools\":[]}", "{\"sampling\":{}}",
            "{\"sampling\":{\"tools\":{}}}");
        row("tools declared", "sampling/createMessage", "{\"tools\":[]}", "{\"sampling\":{\"tools\":{}}}", "");
        row("form", "elicitation/create", "{\"message\":\"?\"}", "{\"elicitation\":{}}", "");
        row("url undeclared", "elicitation/create", "{\"mode\":\"url\"}", "{\"elicitation\":{}}",
            "{\"elicitation\":{\"url\":{}}}");
        row("url", "elicitation/create", "{\"mode\":\"url\"}", "{\"elicitation\":{\"url\":{}}}", "");
        row("form undeclared", "elicitation/create", "{\"mode\":\"form\"}", "{\"elicitation\":{\"url\":{}}}",
            "{\"elicitation\":{}}");
        row("nothing declared", "elicitation/create", "{}", "{}", "{\"elicitation\":{}}");
        row("other", "tools/call", "{\"name\":\"x\"}", "{\"sampling\":{}}", "");
    }
    void aClientIsAskedOnlyForWhatItDeclared()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, params);
        QFETCH(QByteArray, declared);
        QFETCH(QByteArray, missing);
        const mcp::Message request = serverRequest(method, params);
        QCOMPARE(missingCapability(capabilities(declared), request), missing);
        QCOMPARE(canAnswer(capabilities(declared), request), missing.isEmpty() && method != "tools/call");
    }
    void whateverTheCandidatesNobodyIsAskedWhoCannotBeTheOne()
    {
        SeededRandom random(20261129);
        const auto below = [&random](std::uint64_t bound) { return static_cast<int>(random.next64() % bound); };
        std::array<KeptSession, 4> clients;
        for (int round = 0; round < 20'000; ++round) {
            std::vector<RequestCandidate> candidates;
            const int calls = below(5);
            const int related = below(3) == 0 && calls > 0 ? below(static_cast<std::uint64_t>(calls)) : -1;
            std::array<bool, 4> able{};
            for (bool& one : able)
                one = below(2) == 0;
            for (int i = 0; i < calls; ++i) {
                const auto client = static_cast<std::size_t>(below(4));
                candidates.push_back({&clients[client], quint64(i + 1), i == related, false, able[client], below(100)});
            }
            for (std::size_t client = 0; client < clients.size(); ++client)
                candidates.push_back({&clients[client], 0, false, below(5) == 0, able[client], 0});
            for (std::size_t i = candidates.size(); i > 1; --i)
                std::swap(candidates[i - 1], candidates[static_cast<std::size_t>(below(i))]);

            const RequestChoice choice = chooseClient(candidates);
            QCOMPARE(choice.chosen == nullptr, !choice.refusal.isEmpty());
            const auto isAble = [](const RequestCandidate& one) { return one.canAnswer; };
            const auto hasCall = [](const RequestCandidate& one) { return one.cookie != 0; };
            if (choice.chosen == nullptr) {
                // Refused: the one whose call it is cannot, or no caller can, or without calls none or several can.
                const auto count = std::count_if(candidates.cbegin(), candidates.cend(), [&](const RequestCandidate& one) {
                    return isAble(one) && (related >= 0 ? one.isRelated : calls > 0 ? hasCall(one) : true);
                });
                QVERIFY(calls > 0 ? count == 0 : count != 1);
                continue;
            }
            QVERIFY(choice.chosen->canAnswer);
            if (related >= 0)
                QVERIFY(choice.chosen->isRelated);
            else if (calls > 0)
                QVERIFY(hasCall(*choice.chosen));
            else if (!choice.chosen->isPreferred)
                QCOMPARE(std::count_if(candidates.cbegin(), candidates.cend(), isAble), 1);
        }
    }
    void onASharedPipeOnlyAClientWithACallIsAsked()
    {
        GatewayHarness fixture({shared(kRootsRequest)});
        const auto caller = fixture.openSession({.capabilities = kRoots});
        const auto bystander = fixture.openSession({.capabilities = kRoots});
        bystander->lastSeenUnixNs = upstream::test::systemClock().unixNs() + 1'000'000'000; // seen later than the caller
        const auto call = fixture.call(caller, "s__ask");
        QTRY_COMPARE(asked(caller, call), 1);
        QCOMPARE(asked(bystander), 0);
    }
    void aCallerThatCannotAnswerIsNotReplacedByOneThatCan()
    {
        GatewayHarness fixture({shared(kRootsRequest)});
        const auto caller = fixture.openSession();
        const auto able = fixture.openSession({.capabilities = kRoots});
        fixture.call(caller, "s__ask");
        QTRY_COMPARE(fixture.recorder().logLines("-32601").size(), 1);
        QVERIFY(fixture.recorder().logLines("-32601").first().contains("The client whose call this belongs to"));
        QCOMPARE(asked(able), 0);
    }
    void withoutACallTheOnlyClientIsAskedAndOfSeveralNone()
    {
        GatewayHarness fixture({shared(kRootsRequest)});
        QTRY_VERIFY(fixture.isReady(QStringLiteral("s")));
        const auto first = fixture.openSession({.capabilities = kRoots});
        fixture.notify(first, "notifications/roots/list_changed");
        QTRY_COMPARE(asked(first), 1);
        fixture.answer(first, containing(first->sent, "roots/list\"").first(), "{\"roots\":[\"of the first\"]}");
        QTRY_COMPARE(fixture.recorder().logLines("of the first").size(), 1);
        // The server has the first one's roots; that another's change does not concern it.
        const auto second = fixture.openSession({.capabilities = kRoots});
        fixture.notify(second, "notifications/roots/list_changed");
        const auto settled = fixture.call(second, "s__one");
        QTRY_COMPARE(settled->finished.size(), 1);
        QCOMPARE(fixture.recorder().logLines("roots/list_changed").size(), 1);
        QCOMPARE(asked(second), 0);
        fixture.notify(first, "notifications/roots/list_changed");
        QTRY_COMPARE(asked(first), 2);
        QCOMPARE(asked(second), 0);
        // When the first has left, the next one's roots may take their place.
        fixture.leave(first);
        fixture.notify(second, "notifications/roots/list_changed");
        QTRY_COMPARE(asked(second), 1);
    }
    void whoseRequestItIsOfTwoIdleClientsIsNotGuessed()
    {
        GatewayHarness fixture({shared(kRootsRequest)});
        QTRY_VERIFY(fixture.isReady(QStringLiteral("s")));
        const auto first = fixture.openSession({.capabilities = "{\"roots\":{}}"});
        const auto second = fixture.openSession({.capabilities = "{\"roots\":{}}"});
        const auto call = fixture.call(first, "s__late");
        QTRY_COMPARE(fixture.recorder().logLines("-32601").size(), 1);
        QVERIFY(fixture.recorder().logLines("-32601").first().contains("Several clients share this server"));
        QCOMPARE(asked(first, call) + asked(second), 0);
    }
    void randomClientsOnASharedServerNeverGetAnothersRequest()
    {
        SeededRandom random(7);
        GatewayHarness fixture({shared(kRootsRequest)});
        QTRY_VERIFY(fixture.isReady(QStringLiteral("s")));
        QList<GatewayHarness::Session> clients;
        for (int i = 0; i < 4; ++i)
            clients.append(fixture.openSession({.capabilities = i % 2 == 0 ? kRoots : QByteArray("{}")}));
        for (int round = 0; round < 60; ++round) {
            const auto caller = static_cast<int>(random.next64() % 4);
            const qsizetype refusals = fixture.recorder().logLines("-32601").size();
            const QByteArray id = QByteArray::number(round);
            const auto call = fixture.call(clients[caller], "s__ask", id);
            if (caller % 2 == 0)
                QTRY_COMPARE(asked(clients[caller], call), 1);
            else
                QTRY_COMPARE(fixture.recorder().logLines("-32601").size(), refusals + 1);
            for (const auto& client : clients) {
                QCOMPARE(asked(client), 0);
                client->sent.clear();
            }
            fixture.ask(clients[caller],
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" + id + "}}");
        }
    }
};

QTEST_GUILESS_MAIN(RequestRoutingTest)
#include "tst_request_routing.moc"
