// SPDX-License-Identifier: GPL-3.0-or-later
// How the era of an HTTP server is found.
#include "http/client.h"
#include "scripted_server.h"
#include "upstream/era_cache.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

namespace {

class MemoryEraCache final : public EraCache {
public:
    std::optional<EraVerdict> find(const QByteArray& key) const override
    {
        return verdicts.contains(key) ? std::optional(verdicts.value(key)) : std::nullopt;
    }
    void store(const QByteArray& key, const EraVerdict& verdict) override { verdicts.insert(key, verdict); }
    void remove(const QByteArray& key) override { verdicts.remove(key); }

    QHash<QByteArray, EraVerdict> verdicts;
};

constexpr std::int64_t kDayNs = 24LL * 3'600 * 1'000'000'000;

} // namespace

class TestEraHttp : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<ScriptedServer> m_server;
    std::unique_ptr<ServerConnection> m_connection;
    MemoryEraCache m_cache;
    std::chrono::milliseconds m_connectivity{5'000};

    [[nodiscard]] config::Server configured(config::Era era = config::Era::Auto) const
    {
        config::Server server;
        server.name = QStringLiteral("web");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_server->url();
        server.era = era;
        server.maxRestarts = 1;
        return server;
    }

    ServerConnection& open(config::Era era = config::Era::Auto)
    {
        ConnectionContext context = quickContext(m_recorder);
        context.httpClient = m_client.get();
        context.timeouts.connectivity = m_connectivity;
        context.eraCache = &m_cache;
        m_connection = std::make_unique<ServerConnection>(configured(era), context, m_handler);
        m_connection->start();
        return *m_connection;
    }

    /// Answers server/discover; true when it was one.
    void refuseDiscover(int status, const QByteArray& body, const QByteArray& type = "application/json")
    {
        m_server->script = [=](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ServerDiscover) {
                return false;
            }
            QByteArray text = body;
            text.replace("ID", message.rawOf(mcp::Field::Id).toByteArray());
            http::Response response = http::Response::text(status, text);
            response.headers.set("Content-Type", type);
            exchange.respond(response);
            return true;
        };
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
        m_cache.verdicts.clear();
        m_connectivity = std::chrono::milliseconds(5'000);
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        m_server = std::make_unique<ScriptedServer>();
    }
    void cleanup()
    {
        if (m_connection)
            QCOMPARE(heldAfterStop(*m_connection), QByteArray());
        m_connection.reset();
        m_server.reset();
        m_client.reset();
    }

    void aServerThatAnswersDiscoverIsModern()
    {
        m_server->modern = true;
        ServerConnection& connection = open();
        QCOMPARE(connection.revision(), mcp::NewestLegacy);
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(connection.isModern());
        QCOMPARE(connection.revision(), mcp::Revision::V2026_07_28);
        QCOMPARE(connection.initializeResult().serverInfo.name, QByteArray("m"));
        QCOMPARE(connection.initializeResult().instructions, QByteArray("be kind"));
        QVERIFY(connection.initializeResult().capabilities.toolsListChanged);
        QCOMPARE(connection.context()->protocolVersion, QByteArray("2026-07-28"));
        QCOMPARE(connection.status().era, config::Era::Modern);
        QCOMPARE(connection.status().eraFoundBy, QStringLiteral("its answer to server/discover"));
        QVERIFY(connection.status().eraCheckedUnixNs > 0);
        QVERIFY(!m_server->seenMethods().contains("initialize"));
        QCOMPARE(m_cache.verdicts.size(), 1);
        QVERIFY(m_cache.verdicts.begin()->modern);
        QCOMPARE(m_cache.verdicts.begin()->serverVersion, QByteArray("m 5"));
        connection.stop();
        QTRY_COMPARE(connection.state(), ServerState::Stopped);
        for (const ScriptedServer::Seen& seen : m_server->seen) {
            QCOMPARE(seen.method, QByteArray("POST")); // no GET stream, no DELETE
            QVERIFY(!seen.headers.contains("Mcp-Session-Id"));
            QCOMPARE(seen.headers.value("MCP-Protocol-Version").toByteArray(), QByteArray("2026-07-28"));
        }
    }

    void aRefusalThatIsNotModernLeadsToTheHandshake_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::newRow("400 without a body") << 400 << QByteArray();
        QTest::newRow("400 of an older SDK")
            << 400 << QByteArray("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"Not initialized\"},\"id\":null}");
        QTest::newRow("404 without a body") << 404 << QByteArray();
        QTest::newRow("404 unknown method")
            << 404 << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32601,\"message\":\"?\"}}");
        QTest::newRow("405") << 405 << QByteArray();
        QTest::newRow("200 unknown method")
            << 200 << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32601,\"message\":\"?\"}}");
        QTest::newRow("200 with another result") << 200 << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{}}");
        QTest::newRow("200 with a duplicate key")
            << 200 << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"a\":1,\"a\":2}}");
        QTest::newRow("only older versions")
            << 200 << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"supportedVersions\":[\"2025-06-18\"]}}");
        QTest::newRow("version refused, older ones named")
            << 400
            << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32022,\"message\":\"?\",\"data\":"
                          "{\"supported\":[\"2025-06-18\"],\"requested\":\"2026-07-28\"}}}");
    }
    void aRefusalThatIsNotModernLeadsToTheHandshake()
    {
        QFETCH(const int, status);
        QFETCH(const QByteArray, body);
        refuseDiscover(status, body);
        ServerConnection& connection = open();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(!connection.isModern());
        QCOMPARE(connection.revision(), mcp::Revision::V2025_06_18);
        QCOMPARE(connection.status().era, config::Era::Legacy);
        QCOMPARE(m_server->seenMethods().first(2), (QList<QByteArray>{"server/discover", "initialize"}));
        QVERIFY(!m_cache.verdicts.begin()->modern);
    }

    void credentialsAndOutagesTellNothingOfTheEra_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<DiagnosisCode>("code");
        QTest::newRow("401") << 401 << DiagnosisCode::AuthenticationRequired;
        QTest::newRow("403") << 403 << DiagnosisCode::Forbidden;
        QTest::newRow("503") << 503 << DiagnosisCode::ServerError;
    }
    void credentialsAndOutagesTellNothingOfTheEra()
    {
        QFETCH(const int, status);
        QFETCH(const DiagnosisCode, code);
        refuseDiscover(status, "no");
        ServerConnection& connection = open();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(connection.status().diagnosis.code, code);
        QVERIFY(!m_server->seenMethods().contains("initialize"));
        QVERIFY(m_cache.verdicts.isEmpty());
        QCOMPARE(connection.status().era, config::Era::Auto);
    }

    void aSilentServerIsOutNotOld()
    {
        m_connectivity = std::chrono::milliseconds(100);
        std::vector<http::Exchange> held;
        m_server->script = [&held](const http::Request&, const mcp::Message&, http::Exchange& exchange) {
            held.push_back(exchange);
            return true;
        };
        ServerConnection& connection = open();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QVERIFY(!m_server->seenMethods().contains("initialize"));
        QVERIFY(m_cache.verdicts.isEmpty());
    }

    void aServerThatRefusesARevisionItNamesIsAskedOnceMore()
    {
        m_server->modern = true;
        int refusals = 0;
        m_server->script = [&refusals](const http::Request&, const mcp::Message& message, http::Exchange& exchange) {
            if (message.methodId != mcp::MethodId::ServerDiscover || refusals > 0) {
                return false;
            }
            ++refusals;
            exchange.respond(http::Response::json(
                400, mcp::makeErrorResponse(message.id(), -32022, "not that one", "{\"supported\":[\"2026-07-28\"]}")));
            return true;
        };
        ServerConnection& connection = open();
        QTRY_COMPARE(connection.state(), ServerState::Ready);
        QVERIFY(connection.isModern());
        QCOMPARE(m_server->seenMethods().count("server/discover"), 2);
    }

    void aServerThatGoesOnRefusingItIsNotAskedForEver()
    {
        refuseDiscover(400, "{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32022,\"message\":\"?\",\"data\":"
                            "{\"supported\":[\"2026-07-28\"]}}}");
        ServerConnection& connection = open();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QCOMPARE(m_server->seenMethods().count("server/discover"), 2);
        QVERIFY(!m_server->seenMethods().contains("initialize"));
    }

    void aModernRefusalIsNeverAnsweredByTheHandshake_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::newRow("no common version") << QByteArray(
            "{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32022,\"message\":\"?\",\"data\":"
            "{\"supported\":[\"2099-01-01\"]}}}");
        QTest::newRow("headers, without an id")
            << QByteArray("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32020,\"message\":\"?\"}}");
    }
    void aModernRefusalIsNeverAnsweredByTheHandshake()
    {
        QFETCH(const QByteArray, body);
        refuseDiscover(400, body);
        ServerConnection& connection = open();
        QTRY_COMPARE(connection.state(), ServerState::Failed);
        QVERIFY(!m_server->seenMethods().contains("initialize"));
        QVERIFY(!connection.status().diagnosis.isEmpty());
    }

    void aVerdictSavesTheQuestionUntilItIsAWeekOld()
    {
        const QByteArray key = eraKeyOf(configured());
        const std::int64_t now = systemClock().unixNs();
        m_cache.verdicts.insert(key, {false, "h 3", QStringLiteral("the past"), now - kDayNs});
        open();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(!m_server->seenMethods().contains("server/discover"));
        QCOMPARE(m_connection->status().eraFoundBy, QStringLiteral("the past"));
        QCOMPARE(m_cache.verdicts.value(key).checkedUnixNs, now - kDayNs);

        m_cache.verdicts.insert(key, {false, "h 3", QStringLiteral("the past"), now - 8 * kDayNs});
        open();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(m_server->seenMethods().contains("server/discover"));
        QVERIFY(m_cache.verdicts.value(key).checkedUnixNs >= now);
    }

    void anotherVersionOfTheServerIsAskedAgain()
    {
        const QByteArray key = eraKeyOf(configured());
        m_cache.verdicts.insert(key, {false, "h 2", QStringLiteral("the past"), systemClock().unixNs()});
        open();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(!m_cache.verdicts.contains(key));
        open();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(m_server->seenMethods().contains("server/discover"));
    }

    void aVerdictThatBecameWrongIsMended()
    {
        const QByteArray key = eraKeyOf(configured());
        m_server->modern = true;
        m_cache.verdicts.insert(key, {false, "m 5", QStringLiteral("the past"), systemClock().unixNs()});
        open();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(m_connection->isModern());
        QVERIFY(m_cache.verdicts.value(key).modern);
        m_server->modern = false;
        refuseDiscover(404, {});
        open();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(!m_connection->isModern());
        QVERIFY(!m_cache.verdicts.value(key).modern);
    }

    void theSettingIsNotQuestioned()
    {
        open(config::Era::Legacy);
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(!m_server->seenMethods().contains("server/discover"));
        QCOMPARE(m_connection->status().eraFoundBy, QStringLiteral("the setting"));

        m_server->modern = true;
        refuseDiscover(404, "{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{\"code\":-32601,\"message\":\"?\"}}");
        m_server->seen.clear();
        open(config::Era::Modern);
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(m_connection->isModern());
        QVERIFY(!m_server->seenMethods().contains("initialize"));
        QCOMPARE(m_connection->items(mcp::ListKind::Tools).size(), std::size_t{1});
        QVERIFY(m_cache.verdicts.isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestEraHttp)
#include "tst_era_http.moc"
