// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/diagnosis.h"
#include "upstream_fixture.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

/// Each case starts a real child that fails in its own way.
class TestStartDiagnosis : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;

    /// Starts the server and gives the diagnosis of the first failure.
    Diagnosis firstFailure(const config::Server& server,
                           std::chrono::milliseconds connectivity = std::chrono::milliseconds(5'000))
    {
        m_recorder = RecordingRecorder();
        RecordingHandler handler;
        ConnectionContext context = quickContext(m_recorder);
        context.timeouts.connectivity = connectivity;
        context.firstBackoff = std::chrono::milliseconds(60'000);
        context.maxBackoff = std::chrono::milliseconds(60'000);
        ServerConnection connection(server, context, handler);
        connection.start();
        if (!QTest::qWaitFor(
                [&] { return connection.state() == ServerState::Failed || connection.state() == ServerState::Backoff; },
                10'000)) {
            return {};
        }
        return connection.status().diagnosis;
    }

private Q_SLOTS:
    void aCommandThatIsNowhereNamesTheFoldersSearched()
    {
        config::Server server = programServer(QStringLiteral("uvx"), {QStringLiteral("some-server")});
        server.env.insert(QStringLiteral("PATH"), QStringLiteral("/empty/one:/empty/two"));
        const Diagnosis diagnosis = firstFailure(server);
        QCOMPARE(diagnosis.code, DiagnosisCode::CommandNotFound);
        QCOMPARE(diagnosis.headline, QStringLiteral("program did not start: uvx was not found"));
        QCOMPARE(diagnosis.cause, QStringLiteral("uvx is in none of the 2 folders of the PATH."));
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("Install uv")));
        QVERIFY(diagnosis.details.contains(QStringLiteral("Searched: /empty/two")));
    }

    void aWholeCommandLineInCommandIsExplained()
    {
        const Diagnosis diagnosis = firstFailure(programServer(QStringLiteral("npx -y some-server")));
        QCOMPARE(diagnosis.code, DiagnosisCode::CommandNotFound);
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("args")));
    }

    void aFileThatMayNotBeRunIsTold()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("server")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.close();
        const Diagnosis diagnosis = firstFailure(programServer(file.fileName()));
        QCOMPARE(diagnosis.code, DiagnosisCode::NotExecutable);
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("chmod")));
    }

    void aScriptWhoseInterpreterIsMissingIsTold()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("server")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("#!/no/such/interpreter\n");
        file.close();
        file.setPermissions(QFile::ReadOwner | QFile::ExeOwner);
        const Diagnosis diagnosis = firstFailure(programServer(file.fileName()));
        QCOMPARE(diagnosis.code, DiagnosisCode::NotExecutable);
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("interpreter")));
    }

    void aMissingWorkingDirectoryIsTold()
    {
        config::Server server = scriptServer(QStringLiteral("serve"));
        server.cwd = QStringLiteral("/no/such/folder");
        const Diagnosis diagnosis = firstFailure(server);
        QCOMPARE(diagnosis.code, DiagnosisCode::WorkingDirectoryMissing);
        QVERIFY(diagnosis.cause.contains(QStringLiteral("/no/such/folder")));
    }

    void anImmediateExitQuotesTheTellingLineOfStderr()
    {
        const Diagnosis diagnosis = firstFailure(scriptServer(QStringLiteral(
            "echo \"Error: Cannot find module 'express'\" >&2; echo '    at Module._load (node:internal)' >&2; exit 1")));
        QCOMPARE(diagnosis.code, DiagnosisCode::ExitedAtOnce);
        QVERIFY2(diagnosis.cause.contains(QStringLiteral("exited with code 1")) &&
                     diagnosis.cause.contains(QStringLiteral("Cannot find module")),
                 qPrintable(diagnosis.cause));
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("npm install")));
        QVERIFY(diagnosis.details.filter(QStringLiteral("stderr: ")).size() == 2);
    }

    void pythonAndUvFailuresHaveTheirRemedies_data()
    {
        QTest::addColumn<QString>("words");
        QTest::addColumn<QString>("remedy");
        QTest::newRow("module") << QStringLiteral("ModuleNotFoundError: No module named 'mcp'")
                                << QStringLiteral("Python package");
        QTest::newRow("uv") << QStringLiteral("  x No solution found when resolving tool dependencies")
                            << QStringLiteral("uv cannot satisfy");
        QTest::newRow("npm") << QStringLiteral("npm error 404 Not Found - GET some-server") << QStringLiteral("spelling");
        QTest::newRow("key") << QStringLiteral("BRAVE_API_KEY environment variable is required") << QStringLiteral("env");
        QTest::newRow("port") << QStringLiteral("Error: listen EADDRINUSE: address already in use :::3000")
                              << QStringLiteral("port");
        QTest::newRow("script") << QStringLiteral("python3: can't open file 'x.py': [Errno 2] No such file or directory")
                                << QStringLiteral("script's path");
    }
    void pythonAndUvFailuresHaveTheirRemedies()
    {
        QFETCH(QString, words);
        QFETCH(QString, remedy);
        config::Server server = scriptServer(QStringLiteral("printf '%s\\n' \"$WORDS\" >&2; exit 1"));
        server.env.insert(QStringLiteral("WORDS"), words);
        const Diagnosis diagnosis = firstFailure(server);
        QCOMPARE(diagnosis.code, DiagnosisCode::ExitedAtOnce);
        QVERIFY2(diagnosis.remedy.contains(remedy), qPrintable(diagnosis.remedy));
    }

    void aBannerWithoutAnAnswerIsTold()
    {
        const Diagnosis diagnosis =
            firstFailure(scriptServer(QStringLiteral("printf '\\033[32mMy server 1.0\\033[0m listening\\n'; exec sleep 100")),
                         std::chrono::milliseconds(3'000));
        QCOMPARE(diagnosis.code, DiagnosisCode::BannerOnStdout);
        QVERIFY2(diagnosis.cause.contains(QStringLiteral("\"My server 1.0 listening\"")), qPrintable(diagnosis.cause));
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("stderr")));
    }

    void aServerThatHangsIsTold()
    {
        const Diagnosis diagnosis = firstFailure(scriptServer(QStringLiteral("exec sleep 100")), std::chrono::milliseconds(300));
        QCOMPARE(diagnosis.code, DiagnosisCode::NoAnswer);
        QVERIFY2(diagnosis.cause.contains(QStringLiteral("within 0.3 s")), qPrintable(diagnosis.cause));
    }

    void aCrashNamesItsSignal()
    {
        const Diagnosis diagnosis = firstFailure(scriptServer(QStringLiteral("kill -SEGV $$")));
        QCOMPARE(diagnosis.code, DiagnosisCode::Crashed);
        QVERIFY2(diagnosis.cause.contains(QStringLiteral("SIGSEGV")), qPrintable(diagnosis.cause));
        QCOMPARE(m_recorder.span("server.exit")->status, telemetry::StatusCode::Error);
    }

    void anExitDuringTheHandshakeIsTold()
    {
        const Diagnosis diagnosis = firstFailure(scriptServer(
            QStringLiteral("echo '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}'; exit 4")));
        QCOMPARE(diagnosis.code, DiagnosisCode::ExitedDuringHandshake);
    }

    void aServerThatLeavesItsPipesIsTold()
    {
        const Diagnosis diagnosis = firstFailure(scriptServer(QStringLiteral("exec 0<&- 1>&-; exec sleep 100")));
        QCOMPARE(diagnosis.code, DiagnosisCode::ClosedPipe);
        QVERIFY(diagnosis.remedy.contains(QStringLiteral("background")));
    }

    void anUnknownRevisionIsTold()
    {
        const Diagnosis diagnosis =
            firstFailure(scriptServer(QStringLiteral("read -r l; answer \"$l\" "
                                                     "'{\"protocolVersion\":\"1999-01-01\",\"capabilities\":{},\"serverInfo\":{"
                                                     "\"name\":\"x\",\"version\":\"1\"}}'; cat")));
        QCOMPARE(diagnosis.code, DiagnosisCode::VersionRefused);
        QVERIFY(diagnosis.cause.contains(QStringLiteral("1999-01-01")));
    }

    void aRefusedHandshakeQuotesTheServersError()
    {
        const Diagnosis diagnosis = firstFailure(scriptServer(QStringLiteral(
            "read -r l; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":\"no licence\"}}'; cat")));
        QCOMPARE(diagnosis.code, DiagnosisCode::HandshakeRefused);
        QVERIFY(diagnosis.cause.contains(QStringLiteral("no licence")));
    }

    void everyCaseHasAHeadlineACauseAndARemedy()
    {
        for (int code = 1; code <= static_cast<int>(DiagnosisCode::Unknown); ++code) {
            QVERIFY(!diagnosisName(static_cast<DiagnosisCode>(code)).isEmpty());
        }
        StartFacts facts;
        facts.server = QStringLiteral("s");
        facts.transport = config::ServerTransport::StreamableHttp;
        facts.url = QStringLiteral("https://example.test/mcp");
        facts.stage = StartStage::Handshake;
        const QMap<int, DiagnosisCode> byStatus{
            {200, DiagnosisCode::NotMcp},           {301, DiagnosisCode::Redirected},
            {400, DiagnosisCode::HandshakeRefused}, {401, DiagnosisCode::AuthenticationRequired},
            {403, DiagnosisCode::Forbidden},        {404, DiagnosisCode::NotFound},
            {405, DiagnosisCode::NotFound},         {503, DiagnosisCode::ServerError}};
        for (auto it = byStatus.cbegin(); it != byStatus.cend(); ++it) {
            facts.httpStatus = it.key();
            const Diagnosis diagnosis = diagnose(facts);
            QCOMPARE(diagnosis.code, it.value());
            QVERIFY(!diagnosis.headline.isEmpty() && !diagnosis.cause.isEmpty() && !diagnosis.remedy.isEmpty());
        }
    }
};

QTEST_GUILESS_MAIN(TestStartDiagnosis)
#include "tst_start_diagnosis.moc"
