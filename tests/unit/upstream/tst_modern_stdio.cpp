// SPDX-License-Identifier: GPL-3.0-or-later
// The probe, and traffic with a stdio server of revision 2026-07-28.
#include "stdio_scripts.h"
#include "upstream/era_cache.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

class TestModernStdio : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FileEraCache> m_cache;
    std::unique_ptr<ServerConnection> m_connection;
    std::chrono::milliseconds m_probeTimeout{};

    ServerConnection& open(config::Server server, bool cached = true)
    {
        server.env.insert(QStringLiteral("state"), m_folder->path());
        ConnectionContext context = quickContext(m_recorder);
        context.eraCache = cached ? m_cache.get() : nullptr;
        context.probeTimeout = m_probeTimeout;
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
        m_probeTimeout = std::chrono::milliseconds(10'000);
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
        m_folder = std::make_unique<QTemporaryDir>();
        m_cache = std::make_unique<FileEraCache>(m_folder->filePath(QStringLiteral("eras.json")));
    }
    void cleanup()
    {
        if (m_connection)
            QCOMPARE(heldAfterStop(*m_connection), QByteArray());
        m_connection.reset();
        m_cache.reset();
        m_folder.reset();
    }

    void aModernServerIsFoundByAProcessOfItsOwnThatIsEnded()
    {
        ServerConnection& connection = ready(modernScript());
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
        ready(modernScript()); // the verdict is known: one process
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
        QTest::newRow("it ends") << QStringLiteral("exit 1");
        QTest::newRow("it says nothing") << QStringLiteral("while read -r line; do :; done");
        QTest::newRow("it answers something else") << QStringLiteral("answer \"$line\" '{\"a\":1}'");
    }
    void aServerThatDoesNotBearTheProbeIsLegacyAndAskedOnce()
    {
        QFETCH(const QString, reaction);
        m_probeTimeout = std::chrono::milliseconds(300); // runs out for one of them
        ServerConnection& connection = ready(legacyScript(reaction));
        QVERIFY(!connection.isModern());
        QCOMPARE(connection.status().restarts, 0);
        QTRY_COMPARE(starts().size(), 2);
        ready(legacyScript(reaction));
        QCOMPARE(sent("server/discover").size(), 1);
        QCOMPARE(starts().size(), 3);
    }

    void theSettingSkipsTheProbe()
    {
        config::Server modern = modernScript();
        modern.era = config::Era::Modern;
        QVERIFY(ready(modern).isModern());
        QCOMPARE(starts().size(), 1);
        config::Server legacy = legacyScript(QStringLiteral("exit 1"));
        legacy.era = config::Era::Legacy;
        QVERIFY(!ready(legacy).isModern());
        QCOMPARE(starts().size(), 2);
    }

    void withoutACacheTheHandshakeComesFirst()
    {
        ServerConnection& connection = ready(modernScript(), false);
        QVERIFY(connection.isModern());
        QCOMPARE(starts().size(), 1);
        QCOMPARE(sent("initialize").size(), 1);
        QCOMPARE(sent("server/discover").size(), 1);
    }

    void aCallBeforeTheStartIsWrittenForTheEraThatIsFound()
    {
        ServerConnection& connection = open(modernScript());
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
        ServerConnection& connection = ready(modernScript());
        const CallToken token = connection.call(clientCall("slow"), {}, m_replies);
        QVERIFY(connection.cancel(token, "enough"));
        QCOMPARE(sent("notifications/cancelled").size(), 1);
        QCOMPARE(sent("notifications/cancelled")[0].rawOf(mcp::Field::ParamsRequestId).toByteArray(),
                 QByteArray::number(token.id));
    }

    void theSubscriptionIsMadeAgainAfterARestart()
    {
        ServerConnection& connection = ready(modernScript());
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{1});
        QCOMPARE(m_handler.notifications[0].text(mcp::Field::ParamsUri), QByteArray("a:b"));
        QVERIFY(!m_handler.notifications[0].raw.contains("subscriptionId"));
        connection.setListenFilter({"a:b"});
        QVERIFY(sent("notifications/cancelled").isEmpty());
        QTRY_COMPARE(m_handler.notifications.size(), std::size_t{2});
        QCOMPARE(sent("notifications/cancelled").size(), 1);
        QVERIFY(sent("subscriptions/listen").last().raw.contains("\"resourceSubscriptions\":[\"a:b\"]"));
        connection.call(clientCall("exit"), {}, m_replies);
        QTRY_COMPARE_WITH_TIMEOUT(m_handler.notifications.size(), std::size_t{3}, 15'000);
        QVERIFY(sent("subscriptions/listen").last().raw.contains("\"resourceSubscriptions\":[\"a:b\"]"));
        QCOMPARE(sent("subscriptions/listen").size(), 3);
        QVERIFY(connection.isModern());
    }

    void requestsOfAModernServerAreDropped()
    {
        ServerConnection& connection = ready(modernScript());
        const std::int64_t strays = connection.status().strayAnswers;
        connection.call(clientCall("ask"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(connection.status().strayAnswers, strays + 1);
        QVERIFY(m_handler.requests.empty());
    }
};

QTEST_GUILESS_MAIN(TestModernStdio)
#include "tst_modern_stdio.moc"
