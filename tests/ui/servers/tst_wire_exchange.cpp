// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/servers/exchange_model.h"
#include "ui/servers/exchange_text.h"
#include "ui/servers/wire_filter.h"
#include "ui/servers/wire_text.h"

#include <QAbstractItemModelTester>

using namespace oriel;
using namespace oriel::ui;
using telemetry::Transport;
using telemetry::WireCarrier;
using telemetry::WireDirection;
using telemetry::WireEra;
using telemetry::WireKind;

namespace {

constexpr auto FromClient = WireDirection::ClientToGateway;
constexpr auto ToClient = WireDirection::GatewayToClient;
constexpr auto ToServer = WireDirection::GatewayToServer;
constexpr auto FromServer = WireDirection::ServerToGateway;

/// A client of `client`'s era over HTTP, a server of `server`'s era on stdio.
struct Story {
    WireEra client = WireEra::Legacy;
    WireEra server = WireEra::Legacy;
    std::vector<store::WireEntry> frames;

    void add(WireDirection direction, WireKind kind, const QByteArray& method, const QByteArray& id,
             const QByteArray& payload = "{}")
    {
        const bool atClient = isClientSide(direction);
        store::WireEntry entry;
        entry.id = frames.size() + 1;
        entry.frame.direction = direction;
        entry.frame.kind = kind;
        entry.frame.method = method;
        entry.frame.rpcId = id;
        entry.frame.payload = payload;
        entry.frame.era = atClient ? client : server;
        entry.frame.client = atClient ? "cursor" : "";
        entry.frame.server = atClient ? "" : "notes";
        entry.transport = atClient ? Transport::Http : Transport::Stdio;
        entry.revision = entry.frame.era == WireEra::Modern ? "2026-07-28" : "2025-11-25";
        entry.payloadBytes = payload.size();
        frames.push_back(entry);
    }
    [[nodiscard]] WireExchange told() const { return pairFrames(frames); }
};

/// The steps as pairs of frame ids; 0: none.
QList<std::pair<int, int>> pairsOf(const WireExchange& exchange)
{
    QList<std::pair<int, int>> pairs;
    for (std::size_t i = 0; i < exchange.steps.size(); ++i) {
        const store::WireEntry* client = exchange.clientOf(i);
        const store::WireEntry* server = exchange.serverOf(i);
        pairs.append({client != nullptr ? int(client->id) : 0, server != nullptr ? int(server->id) : 0});
    }
    return pairs;
}

using Pairs = QList<std::pair<int, int>>;

Story plainCall()
{
    Story story;
    story.add(FromClient, WireKind::Request, "tools/call", "7", R"({"id":7,"params":{"name":"notes__add"}})");
    story.add(ToServer, WireKind::Request, "tools/call", "12", R"({"id":12,"params":{"name":"add"}})");
    story.add(FromServer, WireKind::Notification, "notifications/progress", "");
    story.add(ToClient, WireKind::Notification, "notifications/progress", "");
    story.add(FromServer, WireKind::Response, "", "12", R"({"id":12,"result":{}})");
    story.add(ToClient, WireKind::Response, "tools/call", "7", R"({"id":7,"result":{}})");
    return story;
}

} // namespace

class TestWireExchange : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void aCallItsProgressAndItsAnswerStandBesideEachOther()
    {
        QCOMPARE(pairsOf(plainCall().told()), (Pairs{{1, 2}, {4, 3}, {6, 5}}));
        QCOMPARE(plainCall().told().stepOf(5), std::optional<std::size_t>(2));
        QCOMPARE(plainCall().told().stepOf(99), std::optional<std::size_t>());
    }

    void anAnswerThatRequiresInputBecomesARequestOfALegacyClientAndItsAnswerARetry()
    {
        Story story{WireEra::Legacy, WireEra::Modern, {}};
        story.add(FromClient, WireKind::Request, "tools/call", "7");
        story.add(ToServer, WireKind::Request, "tools/call", "12");
        story.add(FromServer, WireKind::Response, "", "12", R"({"result":{"resultType":"input_required"}})");
        story.add(ToClient, WireKind::Request, "elicitation/create", "1");
        story.add(FromClient, WireKind::Response, "", "1");
        story.add(ToServer, WireKind::Request, "tools/call", "13", R"({"params":{"inputResponses":{}}})");
        story.add(FromServer, WireKind::Response, "", "13");
        story.add(ToClient, WireKind::Response, "tools/call", "7");
        const WireExchange exchange = story.told();
        QCOMPARE(pairsOf(exchange), (Pairs{{1, 2}, {4, 3}, {5, 6}, {8, 7}}));
        QVERIFY(whyChanged("result", exchange, 1).contains(QStringLiteral("input required")));
    }

    void aQuestionOfALegacyServerBecomesAnAnswerThatRequiresInput()
    {
        Story story{WireEra::Modern, WireEra::Legacy, {}};
        story.add(FromClient, WireKind::Request, "tools/call", "7");
        story.add(ToServer, WireKind::Request, "tools/call", "12");
        story.add(FromServer, WireKind::Request, "sampling/createMessage", "1");
        story.add(ToClient, WireKind::Response, "tools/call", "7", R"({"result":{"resultType":"input_required"}})");
        QCOMPARE(pairsOf(story.told()), (Pairs{{1, 2}, {4, 3}}));
        // The retry is a request of its own, and what the server says from then on belongs to it.
        Story retry{WireEra::Modern, WireEra::Legacy, {}};
        retry.add(FromClient, WireKind::Request, "tools/call", "8", R"({"params":{"inputResponses":{}}})");
        retry.add(ToServer, WireKind::Response, "", "1");
        retry.add(FromServer, WireKind::Response, "", "12");
        retry.add(ToClient, WireKind::Response, "tools/call", "8");
        QCOMPARE(pairsOf(retry.told()), (Pairs{{1, 2}, {4, 3}}));
    }

    void twoQuestionsOfOneAnswerAreBothToldOf()
    {
        Story story{WireEra::Legacy, WireEra::Modern, {}};
        story.add(FromServer, WireKind::Response, "", "12", R"({"result":{"resultType":"input_required"}})");
        story.add(ToClient, WireKind::Request, "elicitation/create", "1");
        story.add(ToClient, WireKind::Request, "elicitation/create", "2");
        story.add(FromClient, WireKind::Response, "", "1");
        story.add(FromClient, WireKind::Response, "", "2");
        story.add(ToServer, WireKind::Request, "tools/call", "13", R"({"params":{"inputResponses":{}}})");
        const WireExchange exchange = story.told();
        QCOMPARE(pairsOf(exchange), (Pairs{{2, 1}, {3, 0}, {4, 6}, {5, 0}}));
        QVERIFY(aloneBecause(exchange, 1).contains(QStringLiteral("question")));
        QVERIFY(aloneBecause(exchange, 3).contains(QStringLiteral("retry")));
        QCOMPARE(aloneBecause(exchange, 0), QString());
    }

    void aSideWithoutAFrameAlwaysSaysWhy()
    {
        struct Case {
            WireDirection direction;
            WireKind kind;
            const char* method;
        };
        for (const Case& one :
             {Case{FromClient, WireKind::Request, "initialize"}, Case{FromClient, WireKind::Request, "tools/list"},
              Case{FromClient, WireKind::Request, "resources/subscribe"},
              Case{FromClient, WireKind::Request, "subscriptions/listen"}, Case{FromClient, WireKind::Request, "tools/call"},
              Case{ToClient, WireKind::Error, "tools/call"}, Case{FromClient, WireKind::Notification, "notifications/cancelled"},
              Case{ToServer, WireKind::Request, "subscriptions/listen"}, Case{ToServer, WireKind::Request, "server/discover"},
              Case{FromServer, WireKind::Response, ""},
              Case{FromServer, WireKind::Notification, "notifications/tools/list_changed"},
              Case{FromServer, WireKind::Notification, "notifications/of/tomorrow"},
              Case{ToClient, WireKind::Notification, "notifications/message"}}) {
            Story story;
            story.add(one.direction, one.kind, one.method, "1");
            const QString words = aloneBecause(story.told(), 0);
            QVERIFY2(words.endsWith(QLatin1Char('.')), one.method);
        }
        Story alone;
        alone.add(FromClient, WireKind::Request, "resources/subscribe", "1");
        QVERIFY(aloneBecause(alone.told(), 0).contains(QStringLiteral("subscriptions/listen")));
    }

    void nothingIsPairedWithNothing()
    {
        QVERIFY(pairFrames({}).steps.empty());
        QCOMPARE(exchangeAsText(pairFrames({})), QString());
    }

    void theModelTellsBothSidesAndWhatChanged()
    {
        ExchangeModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setExchange(plainCall().told());
        const auto cell = [&model](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(cell(0, ExchangeModel::Client), QStringLiteral("→ tools/call id 7"));
        QCOMPARE(cell(0, ExchangeModel::Server), QStringLiteral("→ tools/call id 12"));
        QCOMPARE(cell(0, ExchangeModel::Changed), QStringLiteral("id, name"));
        QCOMPARE(cell(1, ExchangeModel::Changed), QStringLiteral("nothing"));
        QCOMPARE(cell(2, ExchangeModel::Client), QStringLiteral("← result id 7"));
        QVERIFY(model.diffOf(7) == nullptr);
        Story longer = plainCall();
        longer.frames[0].cut = true;
        model.setExchange(longer.told());
        QVERIFY(model.diffOf(0)->state == JsonDiff::State::TooLong);
    }

    void theChangesOfAStepCarryHeadersSignsAndReasons()
    {
        Story story = plainCall();
        story.server = WireEra::Modern;
        story.frames[1].transport = Transport::Http;
        story.frames[1].frame.era = WireEra::Modern;
        story.frames[1].revision = "2026-07-28";
        story.frames[1].frame.headers = {{"Mcp-Method", "tools/call"}, {"Mcp-Name", "add"}};
        ExchangeModel steps;
        steps.setExchange(story.told());
        ChangeModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRows(changeRows(steps.exchange(), 0, *steps.diffOf(0), false));
        const auto rowOf = [&model](const QString& member) {
            for (int row = 0; row < model.rowCount(); ++row) {
                if (model.index(row, ChangeModel::Member).data().toString() == member)
                    return row;
            }
            return -1;
        };
        const int name = rowOf(QStringLiteral("Mcp-Name"));
        QVERIFY(name >= 0);
        QCOMPARE(model.index(name, ChangeModel::Sign).data().toString(), QStringLiteral("+"));
        QCOMPARE(model.index(name, ChangeModel::Server).data().toString(), QStringLiteral("add"));
        const int version = rowOf(QStringLiteral("MCP-Protocol-Version"));
        QCOMPARE(model.index(version, ChangeModel::Sign).data().toString(), QStringLiteral("≠"));
        const int id = rowOf(QStringLiteral("id"));
        QVERIFY(!model.index(id, ChangeModel::Why).data().toString().isEmpty());
        // An answer goes the other way: what the server alone had was taken out.
        story.frames[4].frame.payload = R"({"id":12,"result":{"resultType":"complete"}})";
        steps.setExchange(story.told());
        model.setRows(changeRows(steps.exchange(), 2, *steps.diffOf(2), false));
        QCOMPARE(model.index(rowOf(QStringLiteral("result.resultType")), ChangeModel::Sign).data().toString(),
                 QStringLiteral("−"));
    }

    void aSessionIsNeverToldWholeAndAnEventTellsItsId()
    {
        Story story = plainCall();
        story.frames[0].session = "0af76519…";
        story.frames[3].frame.carrier = WireCarrier::AnswerEvent;
        story.frames[3].frame.eventId = "2-1";
        QVERIFY(mcpFields(story.frames[0]).contains(QStringLiteral("Mcp-Session-Id: 0af76519…")));
        QVERIFY(mcpFields(story.frames[3]).contains(QStringLiteral("event id: 2-1")));
        QCOMPARE(carrierText(story.frames[3]), QStringLiteral("event 2-1"));
        QCOMPARE(carrierText(story.frames[0]), QStringLiteral("POST"));
        QCOMPARE(carrierText(story.frames[1]), QStringLiteral("line"));
        QCOMPARE(carrierText(story.frames[5]), QStringLiteral("answer"));
        QCOMPARE(peerBadge(story.frames[1]), QStringLiteral("notes · 2025-11-25 · legacy · stdio"));
    }

    void theWholeExchangeCanBeCopiedAsText()
    {
        const QString text = exchangeAsText(plainCall().told());
        QCOMPARE(text.count(QStringLiteral("notes__add")), 1);
        QVERIFY(text.indexOf(QStringLiteral("notes__add")) < text.indexOf(QStringLiteral("\"name\":\"add\"")));
    }

    void aFilterIsWordsAndConditions()
    {
        const WireFilter filter =
            parseWireFilter(QStringLiteral("era=modern client=\"Claude Code\" method=tools/call id=7 lost ship"));
        QVERIFY(filter.problem.isEmpty());
        QVERIFY(filter.query.era == WireEra::Modern);
        QCOMPARE(filter.query.client, QByteArray("Claude Code"));
        QCOMPARE(filter.query.method, QByteArray("tools/call"));
        QCOMPARE(filter.query.rpcId, QByteArray("7"));
        QCOMPARE(filter.query.text, QByteArray("lost ship"));
        QVERIFY(parseWireFilter(QStringLiteral("server=*")).allServers);
        QCOMPARE(parseWireFilter(QStringLiteral("server=notes")).query.server, QByteArray("notes"));
        const auto trace = TraceId::fromHex(QByteArrayLiteral("0af7651916cd43dd8448eb211c80319c"));
        QVERIFY(parseWireFilter(traceCondition(*trace)).query.traceId == trace);
        QCOMPARE(parseWireFilter(QStringLiteral("a=b \"id=7\"")).query.text, QByteArray("a=b id=7"));
    }

    void aConditionThatMakesNoSenseSaysWhatItTakes()
    {
        QVERIFY(parseWireFilter(QStringLiteral("era=stone")).problem.contains(QStringLiteral("modern")));
        QVERIFY(parseWireFilter(QStringLiteral("trace=12")).problem.contains(QStringLiteral("32")));
        QCOMPARE(parseWireFilter(QStringLiteral("  ")).query.text, QByteArray());
        QCOMPARE(parseWireFilter(QStringLiteral("=x \"")).query.text, QByteArray("=x"));
    }
};

QTEST_MAIN(TestWireExchange)
#include "tst_wire_exchange.moc"
