// SPDX-License-Identifier: GPL-3.0-or-later
// The probe, and traffic with a stdio server of revision 2026-07-28.
#include "upstream/era_cache.h"
#include "upstream_fixture.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

namespace {

/// Serves 2026-07-28; $state is the folder for its notes: one line a start in `starts`.
const QString kModern = QStringLiteral(R"sh(
echo $$ >> "$state/starts"
complete='"resultType":"complete"'
capabilities='{"tools":{"listChanged":true},"resources":{"subscribe":true}}'
while read -r line; do
  id=$(printf '%s\n' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *server/discover*) answer "$line" "{$complete,\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":$capabilities,\"ttlMs\":0,\"cacheScope\":\"public\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"m\",\"version\":\"1\"}}}";;
    *subscriptions/listen*)
      printf '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:b"]}}}\n' "$id"
      printf '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"other"},"uri":"a:x"}}\n'
      printf '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"uri":"a:b"}}\n' "$id";;
    *tools/list*) answer "$line" "{$complete,\"ttlMs\":0,\"cacheScope\":\"private\",\"tools\":[{\"name\":\"one\",\"inputSchema\":{}}]}";;
    *resources/*list*) answer "$line" "{$complete,\"ttlMs\":0,\"cacheScope\":\"private\",\"resources\":[],\"resourceTemplates\":[]}";;
    *'"slow"'*) ;;
    *'"exit"'*) exit 3;;
    *'"ask"'*) printf '{"jsonrpc":"2.0","id":1,"method":"ping"}\n'; answer "$line" "{$complete,\"content\":[]}";;
    *tools/call*) answer "$line" "{$complete,\"content\":[]}";;
    *notifications/*) ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"?"}}\n' "$id";;
  esac
done
)sh");

/// Serves the handshake; what it does with another first message comes first.
const QString kLegacy = QStringLiteral(R"sh(
echo $$ >> "$state/starts"
read -r line
case "$line" in
  *'"initialize"'*) answer "$line" "$initialized"; read -r line; serve;;
  *) )sh");

} // namespace

class TestModernStdio : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FileEraCache> m_cache;
    std::unique_ptr<ServerConnection> m_connection;

    ServerConnection& open(config::Server server, bool cached = true)
    {
        server.env.insert(QStringLiteral("state"), m_folder->path());
        ConnectionContext context = quickContext(m_recorder);
        context.eraCache = cached ? m_cache.get() : nullptr;
        context.probeTimeout = std::chrono::milliseconds(300);
        m_connection = std::make_unique<ServerConnection>(server, context, m_handler);
        return *m_connection;
    }
    ServerConnection& ready(const config::Server& server, bool cached = true)
    {
        open(server, cached).start();
        [&] { QTRY_COMPARE_WITH_TIMEOUT(m_connection->state(), ServerState::Ready, 15'000); }();
        return *m_connection;
    }
    [[nodiscard]] QList<qint64> starts() const
    {
        QFile file(m_folder->filePath(QStringLiteral("starts")));
        QList<qint64> pids;
        if (file.open(QIODevice::ReadOnly)) {
            for (const QByteArray& line : file.readAll().split('\n')) {
                if (!line.isEmpty()) {
                    pids.append(line.toLongLong());
                }
            }
        }
        return pids;
    }
    /// What went to the server with this method, the probe's included.
    [[nodiscard]] QList<mcp::Message> sent(QByteArrayView method) const
    {
        QList<mcp::Message> messages;
        for (const telemetry::WireFrame& frame : m_recorder.wire) {
            json::Document document;
            const auto message = mcp::readMessage(frame.payload, document);
            if (frame.direction == telemetry::WireDirection::GatewayToServer && message &&
                QByteArrayView(message->text(mcp::Field::Method)) == method) {
                messages.append(*message);
            }
        }
        return messages;
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
        m_folder = std::make_unique<QTemporaryDir>();
        m_cache = std::make_unique<FileEraCache>(m_folder->filePath(QStringLiteral("eras.json")));
    }
    void cleanup()
    {
        m_connection.reset();
        m_cache.reset();
        m_folder.reset();
    }

    void aModernServerIsFoundByAProcessOfItsOwnThatIsEnded()
    {
        ServerConnection& connection = ready(scriptServer(kModern));
        QVERIFY(connection.isModern());
        QCOMPARE(connection.initializeResult().serverInfo.name, QByteArray("m"));
        QCOMPARE(connection.context()->protocolVersion, QByteArray("2026-07-28"));
        QVERIFY(sent("initialize").isEmpty());
        QCOMPARE(sent("server/discover").size(), 2); // the probe's and the connection's
        QTRY_COMPARE(starts().size(), 2);
        for (const qint64 pid : starts()) {
            if (pid != connection.status().pid) {
                QTRY_VERIFY(::kill(static_cast<pid_t>(pid), 0) != 0);
            }
        }
        QVERIFY(m_cache->find(eraKeyOf(connection.server()))->modern);
        ready(scriptServer(kModern)); // the verdict is known: one process
        QCOMPARE(starts().size(), 3);
    }

    void aServerThatDoesNotKnowTheMethodIsLegacy()
    {
        const config::Server server = programServer(builtProgram(QStringLiteral("oriel-echo-server")));
        ServerConnection& connection = ready(server);
        QVERIFY(!connection.isModern());
        QCOMPARE(connection.status().eraFoundBy, QStringLiteral("it answered server/discover with error -32601"));
        QCOMPARE(sent("server/discover").size(), 1);
        ready(server);
        QCOMPARE(sent("server/discover").size(), 1);
    }

    void anEchoServerOfTheModernEraAnswersCalls()
    {
        ServerConnection& connection =
            ready(programServer(builtProgram(QStringLiteral("oriel-echo-server")), {QStringLiteral("--modern")}));
        QVERIFY(connection.isModern());
        connection.call(clientCall("echo", "{\"text\":\"hi\"}"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QVERIFY(m_replies.replies[0].reply.message.raw.contains("\"hi\""));
    }

    void aServerThatDoesNotBearTheProbeIsLegacyAndAskedOnce_data()
    {
        QTest::addColumn<QString>("reaction");
        QTest::newRow("it ends") << QStringLiteral("exit 1;; esac");
        QTest::newRow("it says nothing") << QStringLiteral("while read -r line; do :; done;; esac");
        QTest::newRow("it answers something else") << QStringLiteral("answer \"$line\" '{\"a\":1}';; esac");
    }
    void aServerThatDoesNotBearTheProbeIsLegacyAndAskedOnce()
    {
        QFETCH(const QString, reaction);
        ServerConnection& connection = ready(scriptServer(kLegacy + reaction));
        QVERIFY(!connection.isModern());
        QCOMPARE(connection.status().restarts, 0);
        QTRY_COMPARE(starts().size(), 2);
        ready(scriptServer(kLegacy + reaction));
        QCOMPARE(sent("server/discover").size(), 1);
        QCOMPARE(starts().size(), 3);
    }

    void theSettingSkipsTheProbe()
    {
        config::Server modern = scriptServer(kModern);
        modern.era = config::Era::Modern;
        QVERIFY(ready(modern).isModern());
        QCOMPARE(starts().size(), 1);
        config::Server legacy = scriptServer(kLegacy + QStringLiteral("exit 1;; esac"));
        legacy.era = config::Era::Legacy;
        QVERIFY(!ready(legacy).isModern());
        QCOMPARE(starts().size(), 2);
    }

    void withoutACacheTheHandshakeComesFirst()
    {
        ServerConnection& connection = ready(scriptServer(kModern), false);
        QVERIFY(connection.isModern());
        QCOMPARE(starts().size(), 1);
        QCOMPARE(sent("initialize").size(), 1);
        QCOMPARE(sent("server/discover").size(), 1);
    }

    void aCallBeforeTheStartIsWrittenForTheEraThatIsFound()
    {
        ServerConnection& connection = open(scriptServer(kModern));
        CallOptions options;
        options.clientCapabilities = "{\"roots\":{}}";
        connection.call(clientCall("one"), options, m_replies);
        QTRY_COMPARE_WITH_TIMEOUT(m_replies.size(), std::size_t{1}, 15'000);
        QCOMPARE(sent("tools/call").size(), 1);
        QCOMPARE(sent("tools/call")[0].text(mcp::Field::MetaProtocolVersion), QByteArray("2026-07-28"));
        QCOMPARE(sent("tools/call")[0].rawOf(mcp::Field::MetaClientCapabilities).toByteArray(), QByteArray("{\"roots\":{}}"));
    }

    void aLegacyServerNeverSeesTheModernMeta()
    {
        ServerConnection& connection = ready(programServer(builtProgram(QStringLiteral("oriel-echo-server"))));
        CallOptions options;
        options.clientCapabilities = "{\"roots\":{}}";
        options.logLevel = "debug";
        connection.call(clientCall("echo", "{}",
                                   "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"mine\":1,"
                                   "\"io.modelcontextprotocol/clientCapabilities\":{}}"),
                        options, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(sent("tools/call").size(), 1);
        QVERIFY(!sent("tools/call")[0].raw.contains("io.modelcontextprotocol"));
        QVERIFY(sent("tools/call")[0].raw.contains("\"mine\":1"));
    }

    void cancellingIsANotification()
    {
        ServerConnection& connection = ready(scriptServer(kModern));
        const CallToken token = connection.call(clientCall("slow"), {}, m_replies);
        QVERIFY(connection.cancel(token, "enough"));
        QCOMPARE(sent("notifications/cancelled").size(), 1);
        QCOMPARE(sent("notifications/cancelled")[0].rawOf(mcp::Field::ParamsRequestId).toByteArray(),
                 QByteArray::number(token.id));
    }

    void theSubscriptionIsMadeAgainAfterARestart()
    {
        ServerConnection& connection = ready(scriptServer(kModern));
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});
        QCOMPARE(m_handler.notifications[0].text(mcp::Field::ParamsUri), QByteArray("a:b"));
        QVERIFY(!m_handler.notifications[0].raw.contains("subscriptionId"));
        connection.setListenFilter({"a:b"});
        QCOMPARE(sent("notifications/cancelled").size(), 1);
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{2});
        QVERIFY(sent("subscriptions/listen").last().raw.contains("\"resourceSubscriptions\":[\"a:b\"]"));
        connection.call(clientCall("exit"), {}, m_replies);
        QTRY_COMPARE_WITH_TIMEOUT(m_handler.notifications.size(), std::size_t{3}, 15'000);
        QVERIFY(sent("subscriptions/listen").last().raw.contains("\"resourceSubscriptions\":[\"a:b\"]"));
        QCOMPARE(sent("subscriptions/listen").size(), 3);
        QVERIFY(connection.isModern());
    }

    void requestsOfAModernServerAreDropped()
    {
        ServerConnection& connection = ready(scriptServer(kModern));
        const std::int64_t strays = connection.status().strayAnswers;
        connection.call(clientCall("ask"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(connection.status().strayAnswers, strays + 1);
        QVERIFY(m_handler.requests.empty());
    }
};

QTEST_GUILESS_MAIN(TestModernStdio)
#include "tst_modern_stdio.moc"
