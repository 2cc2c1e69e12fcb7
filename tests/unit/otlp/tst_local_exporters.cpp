// SPDX-License-Identifier: GPL-3.0-or-later
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/exporters/local_exporters.h"
#ifdef Q_OS_UNIX
#include "file_size_limit.h"
#endif

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>

#ifdef Q_OS_UNIX
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

using namespace oriel;
using namespace oriel::otlp;
using Kind = ExportOutcome::Kind;

class LocalExportersTest : public QObject {
    Q_OBJECT

    static std::optional<ExportOutcome> send(Exporter& exporter, Signal signal, const QByteArray& body)
    {
        std::optional<ExportOutcome> outcome;
        exporter.exportBatch(signal, body, [&outcome](const ExportOutcome& result) { outcome = result; });
        return QTest::qWaitFor([&] { return outcome.has_value(); }) ? outcome : std::nullopt;
    }
    static QByteArray contentOf(const QString& path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static config::Destination fileDestination(const QString& path)
    {
        config::Destination destination;
        destination.name = QStringLiteral("file");
        destination.protocol = config::ExportProtocol::File;
        destination.endpoint = path;
        return destination;
    }

private Q_SLOTS:
    void eachSignalHasItsFileOfLinesThatAreWholeMessages()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("new/telemetry.jsonl"));
        const auto exporter = FileExporter::create(fileDestination(path));
        QVERIFY(exporter.has_value());
        QCOMPARE((*exporter)->encoding(), Encoding::Json);
        const telemetry::SpanData span = full::span();
        const telemetry::LogRecord log = full::log();
        for (int i = 0; i < 2; ++i)
            QCOMPARE(send(**exporter, Signal::Traces, encodeTraces({&span, 1}, Encoding::Json))->kind, Kind::Success);
        QCOMPARE(send(**exporter, Signal::Logs, encodeLogs({&log, 1}, Encoding::Json))->kind, Kind::Success);
        const QByteArrayList lines = contentOf(folder.filePath(QStringLiteral("new/telemetry-traces.jsonl"))).split('\n');
        QCOMPARE(lines.size(), 3);
        QVERIFY(lines[2].isEmpty());
        QCOMPARE(decodeTraces(lines[1], Encoding::Json)->spans.size(), std::size_t(1));
        QVERIFY(contentOf(folder.filePath(QStringLiteral("new/telemetry-logs.jsonl"))).startsWith("{\"resourceLogs\""));
        QVERIFY(!QFile::exists(folder.filePath(QStringLiteral("new/telemetry-metrics.jsonl"))));
    }

    void aFileThatIsFullIsPutAsideOnce()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t.jsonl"));
        const auto exporter = FileExporter::create(fileDestination(path), 100);
        for (char c = 'a'; c <= 'f'; ++c)
            QCOMPARE(send(**exporter, Signal::Traces, QByteArray(40, c))->kind, Kind::Success);
        const QString current = FileExporter::pathFor(path, Signal::Traces);
        QCOMPARE(contentOf(current), QByteArray(40, 'e') + '\n' + QByteArray(40, 'f') + '\n');
        QCOMPARE(contentOf(current + QStringLiteral(".1")), QByteArray(40, 'c') + '\n' + QByteArray(40, 'd') + '\n');
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 2);
    }

    void aFileIsContinuedAfterARestart()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t"));
        for (const char* line : {"one", "two"}) {
            const auto exporter = FileExporter::create(fileDestination(path));
            QCOMPARE(send(**exporter, Signal::Metrics, line)->kind, Kind::Success);
        }
        QCOMPARE(contentOf(folder.filePath(QStringLiteral("t-metrics.jsonl"))), QByteArray("one\ntwo\n"));
    }

    void aFileThatCannotBeWrittenIsTriedAgain()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t.jsonl"));
        const auto exporter = FileExporter::create(fileDestination(path));
        // A folder stands where the file should be.
        QVERIFY(QDir().mkpath(FileExporter::pathFor(path, Signal::Traces)));
        const auto outcome = send(**exporter, Signal::Traces, "line");
        QCOMPARE(outcome->kind, Kind::Retryable);
        QVERIFY(outcome->message.contains(QStringLiteral("t-traces.jsonl")));
        QVERIFY(QDir().rmdir(FileExporter::pathFor(path, Signal::Traces)));
        QCOMPARE(send(**exporter, Signal::Traces, "line")->kind, Kind::Success);
    }

#ifdef Q_OS_UNIX
    void whatAFullDiskTookOfALineIsCutOff()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t.jsonl"));
        const QString current = FileExporter::pathFor(path, Signal::Traces);
        const auto exporter = FileExporter::create(fileDestination(path));
        const QByteArray first(1'000, 'a');
        const QByteArray second(5'000, 'b');
        QCOMPARE(send(**exporter, Signal::Traces, first)->kind, Kind::Success);
        {
            const FileSizeLimit full(4'096);
            for (int attempt = 0; attempt < 2; ++attempt) {
                const auto outcome = send(**exporter, Signal::Traces, second);
                QCOMPARE(outcome->kind, Kind::Retryable);
                QVERIFY2(outcome->message.contains(QStringLiteral("cannot be written")), qPrintable(outcome->message));
                QCOMPARE(contentOf(current), first + '\n');
            }
        }
        QCOMPARE(send(**exporter, Signal::Traces, second)->kind, Kind::Success);
        QCOMPARE(contentOf(current), first + '\n' + second + '\n');
    }

    void aFileThatSomebodyElsePutAsideIsBegunAnew()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t.jsonl"));
        const QString current = FileExporter::pathFor(path, Signal::Traces);
        const QString aside = folder.filePath(QStringLiteral("aside.jsonl"));
        const auto exporter = FileExporter::create(fileDestination(path));
        QCOMPARE(send(**exporter, Signal::Traces, "removed")->kind, Kind::Success);
        QVERIFY(QFile::remove(current));
        QCOMPARE(send(**exporter, Signal::Traces, "renamed")->kind, Kind::Success);
        QCOMPARE(contentOf(current), QByteArray("renamed\n"));
        QVERIFY(QFile::rename(current, aside));
        QCOMPARE(send(**exporter, Signal::Traces, "replaced")->kind, Kind::Success);
        QCOMPARE(contentOf(aside), QByteArray("renamed\n"));
        QCOMPARE(contentOf(current), QByteArray("replaced\n"));
        // Another file of the name, as after a rotation that makes the new one itself.
        QVERIFY(QFile::remove(aside) && QFile::rename(current, aside));
        QFile made(current);
        QVERIFY(made.open(QIODevice::WriteOnly) && made.write("made\n") == 5);
        made.close();
        QCOMPARE(send(**exporter, Signal::Traces, "more")->kind, Kind::Success);
        QCOMPARE(contentOf(aside), QByteArray("replaced\n"));
        QCOMPARE(contentOf(current), QByteArray("made\nmore\n"));
    }

    void aWriteThatIsStuckHoldsUpNobodyAndIsNotWaitedFor()
    {
        std::signal(SIGPIPE, SIG_IGN);
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t.jsonl"));
        // A pipe that nobody reads: whoever writes to it waits.
        const QByteArray pipe = QFile::encodeName(FileExporter::pathFor(path, Signal::Traces));
        QCOMPARE(::mkfifo(pipe.constData(), 0600), 0);
        auto exporter = FileExporter::create(fileDestination(path));
        bool called = false;
        (*exporter)->exportBatch(Signal::Traces, "stuck", [&called](const ExportOutcome&) { called = true; });
        const auto other = FileExporter::create(fileDestination(path));
        QCOMPARE(send(**other, Signal::Logs, "line")->kind, Kind::Success);
        exporter->reset();
        QVERIFY(!called);
        const int reader = ::open(pipe.constData(), O_RDONLY | O_NONBLOCK);
        QVERIFY(reader >= 0);
        ::close(reader);
    }
#endif

    void aFileDestinationNeedsAPath()
    {
        QVERIFY(!FileExporter::create(fileDestination({})).has_value());
    }

    void theConsoleGetsOneLineAMessage()
    {
        if (qEnvironmentVariableIsSet("ORIEL_TEST_CONSOLE_CHILD")) {
            ConsoleExporter exporter;
            QCOMPARE(send(exporter, Signal::Traces, "{\"resourceSpans\":[]}")->kind, Kind::Success);
            return;
        }
        QProcess child;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("ORIEL_TEST_CONSOLE_CHILD"), QStringLiteral("1"));
        child.setProcessEnvironment(environment);
        child.start(QCoreApplication::applicationFilePath(),
                    {QStringLiteral("theConsoleGetsOneLineAMessage"), QStringLiteral("-silent")});
        QVERIFY(child.waitForFinished());
        QCOMPARE(child.exitCode(), 0);
        QVERIFY(child.readAllStandardOutput().split('\n').contains("{\"resourceSpans\":[]}"));
    }

    void noneTakesEverything()
    {
        NoneExporter exporter;
        QCOMPARE(send(exporter, Signal::Logs, "x")->kind, Kind::Success);
    }
};

QTEST_GUILESS_MAIN(LocalExportersTest)
#include "tst_local_exporters.moc"
