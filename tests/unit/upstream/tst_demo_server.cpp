// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client.h"
#include "upstream_fixture.h"

#include <QProcess>
#include <QRegularExpression>
#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

/// The bundled server on Streamable HTTP, through our own client side; on stdio it is the peer of the other tests.
class TestDemoServer : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    std::unique_ptr<http::Client> m_client;
    QProcess m_process;
    std::unique_ptr<ServerConnection> m_connection;

    const Reply& call(const QByteArray& tool, const QByteArray& arguments = "{}", const CallOptions& options = {})
    {
        const std::size_t before = m_replies.size();
        m_connection->call(clientCall(tool, arguments), options, m_replies);
        static const Reply none;
        if (!QTest::qWaitFor([&] { return m_replies.size() > before; }, 20'000)) {
            return none;
        }
        return m_replies.replies.back().reply;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_process.start(builtProgram(QStringLiteral("oriel-demo-server")),
                        {QStringLiteral("--http"), QStringLiteral("0"), QStringLiteral("--seed"), QStringLiteral("1")});
        QVERIFY(m_process.waitForStarted());
        QTRY_VERIFY(m_process.canReadLine());
        const QString line = QString::fromUtf8(m_process.readLine()).trimmed();
        const auto match = QRegularExpression(QStringLiteral("^listening on (http://127\\.0\\.0\\.1:\\d+/mcp)$")).match(line);
        QVERIFY2(match.hasMatch(), qPrintable(line));
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        config::Server server;
        server.name = QStringLiteral("demo");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = match.captured(1);
        ConnectionContext context = quickContext(m_recorder);
        context.httpClient = m_client.get();
        context.clientCapabilities.sampling = true;
        m_connection = std::make_unique<ServerConnection>(server, context, m_handler);
        m_connection->start();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
    }
    void cleanupTestCase()
    {
        m_connection.reset();
        m_process.kill();
        QVERIFY(m_process.waitForFinished());
    }

    void everythingItOffersIsListed()
    {
        QCOMPARE(m_connection->items(mcp::ListKind::Tools).size(), std::size_t{9});
        QCOMPARE(m_connection->items(mcp::ListKind::Prompts).size(), std::size_t{2});
        QCOMPARE(m_connection->items(mcp::ListKind::Resources).size(), std::size_t{3});
        QCOMPARE(m_connection->items(mcp::ListKind::ResourceTemplates).size(), std::size_t{1});
    }

    void plainToolsAnswerAsJson()
    {
        QVERIFY(call("quick_echo", "{\"text\":\"hello\"}").message.raw.contains("\"text\":\"hello\""));
        QCOMPARE(call("no_such_tool").message.errorCode, -32602);
        QVERIFY(call("big_document", "{\"kilobytes\":2048}").message.raw.size() > 2048 * 1024);
        QVERIFY(call("slow_report", "{\"seconds\":0.05}").message.raw.contains("Report"));
    }

    void progressAndQuestionsComeOnAStreamBeforeTheAnswer()
    {
        CallOptions options;
        options.wantsProgress = true;
        QCOMPARE(call("progress_job", "{\"steps\":4,\"stepMilliseconds\":1}", options).kind, Reply::Kind::Response);
        QCOMPARE(m_replies.progress.size(), std::size_t{4});
        m_handler.answerRequestsWith =
            QByteArrayLiteral("{\"role\":\"assistant\",\"model\":\"m\",\"content\":{\"type\":\"text\",\"text\":\"yes\"}}");
        QVERIFY(call("ask_model").message.raw.contains("m said: yes"));
        QVERIFY(call("ask_user").message.resultIsError); // elicitation was not declared
    }

    void theFlakyToolFailsInBothWays()
    {
        int toolErrors = 0;
        int rpcErrors = 0;
        int successes = 0;
        for (int i = 0; i < 200; ++i) {
            const Reply& reply = call("flaky_lookup");
            rpcErrors += reply.message.kind == mcp::Message::Kind::Error ? 1 : 0;
            toolErrors += reply.message.resultIsError ? 1 : 0;
            successes += reply.message.kind == mcp::Message::Kind::Response && !reply.message.resultIsError ? 1 : 0;
        }
        QCOMPARE(toolErrors + rpcErrors + successes, 200);
        QVERIFY2(toolErrors >= 8 && rpcErrors >= 8 && successes >= 110,
                 qPrintable(QStringLiteral("%1 %2 %3").arg(toolErrors).arg(rpcErrors).arg(successes)));
    }

    void theLeakyToolLeaksSeveralForms()
    {
        const QByteArray raw = call("leaky_config").message.raw;
        for (const char* pattern :
             {"AKIA[A-Z2-7]{16}\\b", "ghp_[A-Za-z0-9]{36}\\b", "xoxb-\\d{10,13}-\\d{10,13}-", "eyJ[\\w-]+\\.eyJ[\\w-]+\\.[\\w-]+",
              "BEGIN PRIVATE KEY", "postgres://demo:[^@]+@", "4111 1111 1111 1111"}) {
            QVERIFY2(QRegularExpression(QString::fromLatin1(pattern)).match(QString::fromUtf8(raw)).hasMatch(), pattern);
        }
    }

    void promptsResourcesAndCompletionAnswer()
    {
        const auto ask = [this](const char* method, const char* params) {
            const std::size_t before = m_replies.size();
            m_connection->call(method, params, {}, m_replies);
            if (!QTest::qWaitFor([&] { return m_replies.size() > before; }, 10'000)) {
                return QByteArray();
            }
            return m_replies.replies.back().reply.message.raw;
        };
        QVERIFY(ask("prompts/get", "{\"name\":\"explain_topic\",\"arguments\":{\"topic\":\"tracing\"}}")
                    .contains("story of one request"));
        QVERIFY(ask("resources/read", "{\"uri\":\"demo://notes/metrics\"}").contains("histogram"));
        QVERIFY(ask("resources/read", "{\"uri\":\"demo://pixel\"}").contains("\"blob\""));
        QVERIFY(ask("resources/read", "{\"uri\":\"demo://none\"}").contains("-32002"));
        QVERIFY(ask("completion/complete",
                    "{\"ref\":{\"type\":\"ref/"
                    "prompt\",\"name\":\"explain_topic\"},\"argument\":{\"name\":\"style\",\"value\":\"de\"}}")
                    .contains("[\"detailed\"]"));
    }
};

QTEST_GUILESS_MAIN(TestDemoServer)
#include "tst_demo_server.moc"
