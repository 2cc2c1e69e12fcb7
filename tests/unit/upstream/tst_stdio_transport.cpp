// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/stdio_transport.h"
#include "upstream_fixture.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <unistd.h>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

class TestStdioTransport : public QObject {
    Q_OBJECT

    static StdioSettings shell(const QString& script)
    {
        StdioSettings settings;
        settings.server = QStringLiteral("test");
        settings.command = QStringLiteral("/bin/sh");
        settings.arguments = {QStringLiteral("-c"), script};
        settings.environment = {{QStringLiteral("PATH"), QStringLiteral("/usr/bin:/bin")}};
        settings.closeGrace = std::chrono::milliseconds(200);
        return settings;
    }

    static bool isAlive(qint64 pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0; }

private Q_SLOTS:
    void framesGoBothWaysLineByLine()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("cat")), systemClock(), handler);
        transport.start();
        QVERIFY(!handler.started);
        QTRY_VERIFY(handler.started);
        QVERIFY(transport.processId() > 0);
        QVERIFY(transport.send("{\"a\":1}", {}).has_value());
        QVERIFY(transport.send("[{\"b\":2}]", {}).has_value());
        QTRY_COMPARE(handler.frames.size(), std::size_t{2});
        QCOMPARE(handler.frames[0], QByteArray("{\"a\":1}"));
        QCOMPARE(handler.frames[1], QByteArray("[{\"b\":2}]"));
        QVERIFY(handler.origins[0].firstByteNs > 0);
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(handler.closed.kind, CloseReason::Kind::Requested);
        QVERIFY(transport.facts().exited);
        QCOMPARE(transport.facts().exitCode, 0);
    }

    void tenMegabytesInOneLineCrossBothPipes()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("cat")), systemClock(), handler);
        transport.start();
        QTRY_VERIFY(handler.started);
        const QByteArray frame = "{\"text\":\"" + QByteArray(10 * 1024 * 1024, 'x') + "\"}";
        QVERIFY(transport.send(frame, {}).has_value());
        QVERIFY(transport.send("{\"after\":1}", {}).has_value());
        QTRY_COMPARE_WITH_TIMEOUT(handler.frames.size(), std::size_t{2}, 20'000);
        QVERIFY(handler.frames[0] == frame);
        QCOMPARE(handler.frames[1], QByteArray("{\"after\":1}"));
    }

    void aReaderThatDoesNotReadIsAnErrorAndNotAWait()
    {
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QStringLiteral("exec sleep 100"));
        settings.maxPendingBytes = 4 * 1024 * 1024;
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_VERIFY(handler.started);
        const QByteArray frame = "{\"text\":\"" + QByteArray(1024 * 1024, 'x') + "\"}";
        Status status;
        for (int i = 0; i < 10 && status; ++i) {
            status = transport.send(frame, {});
        }
        QVERIFY(!status);
        QCOMPARE(status.error().code, ErrorCode::ResourceExhausted);
    }

    void aBannerAndOtherTextAreStrayOutput()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(
            shell(QStringLiteral("echo 'Server v2 ready!'; echo; echo '{\"ok\":true}'; printf '\\377\\376\\n'; cat")),
            systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.stray.size(), std::size_t{2});
        QCOMPARE(handler.stray[0], QByteArray("Server v2 ready!"));
        QCOMPARE(handler.stray[1], QByteArray("\xff\xfe"));
        QCOMPARE(handler.frames.size(), std::size_t{1});
        QCOMPARE(transport.facts().strayCount, 2);
        QVERIFY(transport.facts().sawFrame);
    }

    void halfALineAtTheEndIsDelivered()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("printf '{\"half\":'; printf 'last words' >&2; exit 3")), systemClock(),
                                 handler);
        transport.start();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(handler.frames.size(), std::size_t{1});
        QCOMPARE(handler.frames[0], QByteArray("{\"half\":"));
        QCOMPARE(handler.errors.size(), std::size_t{1});
        QCOMPARE(handler.errors[0], QByteArray("last words"));
        QCOMPARE(handler.closed.kind, CloseReason::Kind::ProcessExit);
        QCOMPARE(transport.facts().exitCode, 3);
    }

    void aLineBeyondTheLimitIsReportedAndTheNextIsRead()
    {
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QStringLiteral("head -c 200000 /dev/zero | tr '\\0' 'x'; echo; echo '{\"next\":1}'; cat"));
        settings.maxLineBytes = 100'000;
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.frames.size(), std::size_t{1});
        QCOMPARE(handler.oversized.size(), std::size_t{1});
        QCOMPARE(handler.oversized[0], 200'000);
        QCOMPARE(handler.oversizedHead.size(), 4096);
    }

    void aFloodOnStderrIsCountedAndNothingStalls()
    {
        RecordingTransportHandler handler;
        StdioSettings settings = shell(
            QStringLiteral("i=0; while [ $i -lt 20000 ]; do echo \"noise $i\" >&2; i=$((i+1)); done; echo '{\"done\":1}'; cat"));
        settings.lineBurst = 50;
        settings.linesPerSecond = 1;
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE_WITH_TIMEOUT(handler.frames.size(), std::size_t{1}, 20'000);
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QVERIFY(handler.errors.size() < 200);
        QCOMPARE(static_cast<std::int64_t>(handler.errors.size()) + handler.suppressed, std::int64_t{20000});
        QCOMPARE(transport.facts().stderrTail.last(), QByteArray("noise 19999"));
    }

    void aFloodOfStrayOutputIsCountedToo()
    {
        RecordingTransportHandler handler;
        StdioSettings settings =
            shell(QStringLiteral("i=0; while [ $i -lt 5000 ]; do echo \"noise $i\"; i=$((i+1)); done; echo '{\"done\":1}'; cat"));
        settings.lineBurst = 50;
        settings.linesPerSecond = 1;
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE_WITH_TIMEOUT(handler.frames.size(), std::size_t{1}, 20'000);
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QVERIFY(handler.stray.size() < 200);
        QCOMPARE(static_cast<std::int64_t>(handler.stray.size()) + handler.suppressedStray, std::int64_t{5000});
        QCOMPARE(handler.stray.back(), QByteArray("noise 4999"));
    }

    void aLineOfStderrIsCut()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(
            shell(QStringLiteral("head -c 100000 /dev/zero | tr '\\0' 'e' >&2; echo >&2; echo short >&2; cat")), systemClock(),
            handler);
        transport.start();
        QTRY_COMPARE(handler.errors.size(), std::size_t{2});
        QCOMPARE(handler.errors[0].size(), 8 * 1024);
        QCOMPARE(handler.errors[1], QByteArray("short"));
    }

    void theEnvironmentIsExactlyWhatWasGiven()
    {
        qputenv("ORIEL_TEST_SECRET", "do-not-pass");
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QStringLiteral("env >&2; cat"));
        settings.environment.insert(QStringLiteral("MINE"), QStringLiteral("a b=c"));
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_VERIFY(handler.started && handler.errors.size() >= 2);
        QTRY_VERIFY(std::find(handler.errors.begin(), handler.errors.end(), QByteArray("MINE=a b=c")) != handler.errors.end());
        for (const QByteArray& line : handler.errors) {
            QVERIFY2(!line.contains("ORIEL_TEST_SECRET"), line.constData());
        }
    }

    void argumentsReachTheProgramWithoutAShell()
    {
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QString());
        settings.command = QStringLiteral("printf");
        settings.arguments = {QStringLiteral("[%s]\\n"), QStringLiteral("$HOME; `id`"), QStringLiteral("\"quoted\" *")};
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(handler.frames.size(), std::size_t{2});
        QCOMPARE(handler.frames[0], QByteArray("[$HOME; `id`]"));
        QCOMPARE(handler.frames[1], QByteArray("[\"quoted\" *]"));
    }

    void noDescriptorOfOursIsInherited()
    {
        if (!QFile::exists(QStringLiteral("/proc/self/fd"))) {
            QSKIP("needs /proc");
        }
        QFile open(QStringLiteral("/dev/null"));
        QVERIFY(open.open(QIODevice::ReadOnly));
        const int leaking = ::dup(open.handle()); // without close-on-exec
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QString());
        settings.command = QStringLiteral("ls");
        settings.arguments = {QStringLiteral("/proc/self/fd")};
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.closedCount, 1);
        ::close(leaking);
        // 0, 1, 2 and the one that ls reads the folder with.
        QCOMPARE(handler.stray.size(), std::size_t{4});
    }

    void theWorkingDirectoryIsTheConfiguredOne()
    {
        QTemporaryDir folder;
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QStringLiteral("pwd -P; cat"));
        settings.workingDirectory = folder.path();
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.stray.size(), std::size_t{1});
        QCOMPARE(QString::fromUtf8(handler.stray[0]), QFileInfo(folder.path()).canonicalFilePath());
    }

    void aChildThatIgnoresItsEndIsTerminatedAndThenKilled()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("trap '' TERM; echo '{\"up\":1}'; while :; do sleep 100; done")),
                                 systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.frames.size(), std::size_t{1});
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(handler.closed.kind, CloseReason::Kind::Requested);
        QCOMPARE(transport.facts().exitSignal, SIGKILL);
    }

    void aChildEndsByItsStdinOrBySigterm()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("echo '{\"up\":1}'; exec sleep 1000")), systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.frames.size(), std::size_t{1});
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(transport.facts().exitSignal, SIGTERM);
    }

    void grandchildrenEndWithTheChild()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("sleep 1000 & echo $! ; wait")), systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.stray.size(), std::size_t{1});
        const qint64 grandchild = handler.stray[0].toLongLong();
        QVERIFY(isAlive(grandchild));
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QTRY_VERIFY(!isAlive(grandchild) || QFile::exists(QStringLiteral("/proc/%1/status").arg(grandchild)));
        QTRY_VERIFY([grandchild] {
            QFile status(QStringLiteral("/proc/%1/status").arg(grandchild));
            return !status.open(QIODevice::ReadOnly) || status.readAll().contains("State:\tZ");
        }());
    }

    void destroyingTheTransportEndsTheChildAtOnce()
    {
        RecordingTransportHandler handler;
        qint64 pid = 0;
        {
            StdioTransport transport(shell(QStringLiteral("trap '' TERM; echo '{\"up\":1}'; while :; do sleep 100; done")),
                                     systemClock(), handler);
            transport.start();
            QTRY_COMPARE(handler.frames.size(), std::size_t{1});
            pid = transport.processId();
        }
        QVERIFY(!isAlive(pid));
        QCOMPARE(handler.closedCount, 0);
    }

    void aChildThatClosesItsStdoutIsEnded()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("exec 1>&-; exec sleep 1000")), systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(handler.closed.kind, CloseReason::Kind::OutputEnded);
    }

    void closingBeforeTheStartIsAnEndToo()
    {
        RecordingTransportHandler handler;
        StdioTransport transport(shell(QStringLiteral("cat")), systemClock(), handler);
        transport.start();
        transport.close();
        QTRY_COMPARE(handler.closedCount, 1);
        QVERIFY(!handler.started);
        QVERIFY(!transport.send("{}", {}).has_value());
    }

    void aMissingCommandIsAClosedTransportWithTheFoldersThatWereSearched()
    {
        RecordingTransportHandler handler;
        StdioSettings settings = shell(QString());
        settings.command = QStringLiteral("no-such-program");
        StdioTransport transport(settings, systemClock(), handler);
        transport.start();
        QTRY_COMPARE(handler.closedCount, 1);
        QCOMPARE(handler.closed.kind, CloseReason::Kind::StartFailed);
        QCOMPARE(transport.facts().searchedFolders, (QStringList{QStringLiteral("/usr/bin"), QStringLiteral("/bin")}));
    }
};

QTEST_GUILESS_MAIN(TestStdioTransport)
#include "tst_stdio_transport.moc"
