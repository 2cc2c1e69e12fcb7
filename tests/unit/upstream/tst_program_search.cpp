// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/program_search.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel::upstream;

class TestProgramSearch : public QObject {
    Q_OBJECT

    static QString makeFile(const QString& path, bool executable)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly)) {
            qFatal("cannot write %s", qPrintable(path));
        }
        file.write("#!/bin/sh\n");
        file.close();
        file.setPermissions(executable ? QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner
                                       : QFile::ReadOwner | QFile::WriteOwner);
        return path;
    }

private Q_SLOTS:
    void theFirstFolderOfThePathThatHasItWins()
    {
        QTemporaryDir a;
        QTemporaryDir b;
        makeFile(b.filePath(QStringLiteral("tool")), true);
        const ProgramSearch search =
            findProgram(QStringLiteral("tool"), {}, a.path() + QLatin1Char(':') + b.path() + QStringLiteral(":/elsewhere"));
        QCOMPARE(search.program, b.filePath(QStringLiteral("tool")));
        QCOMPARE(search.searchedFolders, (QStringList{a.path(), b.path()}));
    }

    void everyFolderIsListedWhenNothingIsFound()
    {
        const ProgramSearch search = findProgram(QStringLiteral("no-such-tool"), {}, QStringLiteral("/a:/b:relative:/a"));
        QVERIFY(search.program.isEmpty());
        QCOMPARE(search.searchedFolders, (QStringList{QStringLiteral("/a"), QStringLiteral("/b")}));
    }

    void aFileThatMayNotBeRunIsPassedOverAndNamed()
    {
        QTemporaryDir a;
        QTemporaryDir b;
        makeFile(a.filePath(QStringLiteral("tool")), false);
        makeFile(b.filePath(QStringLiteral("tool")), true);
        const ProgramSearch found = findProgram(QStringLiteral("tool"), {}, a.path() + QLatin1Char(':') + b.path());
        QCOMPARE(found.program, b.filePath(QStringLiteral("tool")));
        QCOMPARE(found.notExecutable, a.filePath(QStringLiteral("tool")));
        QVERIFY(findProgram(QStringLiteral("tool"), {}, a.path()).program.isEmpty());
    }

    void aCommandWithASlashIsTakenFromTheWorkingDirectory()
    {
        QTemporaryDir folder;
        makeFile(folder.filePath(QStringLiteral("server.sh")), true);
        const ProgramSearch search = findProgram(QStringLiteral("./server.sh"), folder.path(), QStringLiteral("/usr/bin"));
        QCOMPARE(search.program, folder.filePath(QStringLiteral("server.sh")));
        QVERIFY(search.searchedFolders.isEmpty());
    }

    void aFolderIsNoProgram()
    {
        QTemporaryDir folder;
        QVERIFY(findProgram(folder.path(), {}, {}).program.isEmpty());
    }

    void windowsEndingsAreTriedInTheirOrder()
    {
        QTemporaryDir folder;
        makeFile(folder.filePath(QStringLiteral("npx.cmd")), true);
        const ProgramSearch search = findProgram(QStringLiteral("npx"), {}, folder.path(), QStringLiteral(".EXE;.CMD"));
        QCOMPARE(search.program, folder.filePath(QStringLiteral("npx.cmd")));
    }

    void batchFilesRefuseArgumentsThatTheShellWouldRead()
    {
        QVERIFY(checkBatchArguments(QStringLiteral("C:/x/npx.CMD"), {QStringLiteral("-y"), QStringLiteral("@scope/server")})
                    .has_value());
        QVERIFY(!checkBatchArguments(QStringLiteral("C:/x/npx.CMD"), {QStringLiteral("\"&calc")}).has_value());
        QVERIFY(checkBatchArguments(QStringLiteral("/usr/bin/node"), {QStringLiteral("a&b")}).has_value());
    }

    void onlyTheAllowListOfOurEnvironmentIsPassedOn()
    {
        qputenv("ORIEL_TEST_SECRET", "do-not-pass");
        qputenv("TERM", "() { ignored; }");
        const QMap<QString, QString> allowed = allowedEnvironment();
        QVERIFY(allowed.contains(QStringLiteral("PATH")));
        QVERIFY(!allowed.contains(QStringLiteral("ORIEL_TEST_SECRET")));
        QVERIFY(!allowed.contains(QStringLiteral("TERM")));
    }

    void aCommandLineIsQuotedWhereAShellWouldNeedIt()
    {
        QCOMPARE(readableCommandLine(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("echo 'hi'"), QString()}),
                 QStringLiteral("/bin/sh -c 'echo '\\''hi'\\''' ''"));
    }
};

QTEST_GUILESS_MAIN(TestProgramSearch)
#include "tst_program_search.moc"
