// SPDX-License-Identifier: GPL-3.0-or-later
#include "source_rules.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTest>

#include <functional>

using namespace oriel::structure;

namespace {

const QDir& projectFolder()
{
    static const QDir folder(QStringLiteral(ORIEL_SOURCE_DIR));
    return folder;
}

/// The project's text files: everything below its own folders, not what a build or an installation put there.
QList<SourceFile> projectFiles()
{
    const QStringList suffixes = {QStringLiteral("h"),   QStringLiteral("cpp"),
                                  QStringLiteral("txt"), QStringLiteral("cmake"),
                                  QStringLiteral("sh"),  QStringLiteral("json"),
                                  QStringLiteral("mjs"), QStringLiteral("js"),
                                  QStringLiteral("py"),  QStringLiteral("ps1"),
                                  QStringLiteral("in"),  QStringLiteral("md"),
                                  QStringLiteral("yml"), QString()};
    QList<SourceFile> files;
    for (const char* name : {"app", "cmake", "docs", "gateway_core", "installer", "resources", "tests", "ui"}) {
        QDirIterator entries(projectFolder().filePath(QLatin1StringView(name)), QDir::Files, QDirIterator::Subdirectories);
        while (entries.hasNext()) {
            entries.next();
            const QString path = projectFolder().relativeFilePath(entries.filePath());
            if (!suffixes.contains(entries.fileInfo().suffix()) || path.contains(QLatin1StringView("node_modules/")) ||
                path.startsWith(QLatin1StringView("tests/fuzz/corpus/")))
                continue;
            QFile file(entries.filePath());
            if (file.open(QIODevice::ReadOnly))
                files.append({path, file.readAll()});
        }
    }
    for (const QString& path :
         {QStringLiteral("CMakeLists.txt"), QStringLiteral("CMakePresets.json"), QStringLiteral("README.md"),
          QStringLiteral("CONTRIBUTING.md"), QStringLiteral("run"), QStringLiteral("test"), QStringLiteral(".ci/run")}) {
        QFile file(projectFolder().filePath(path));
        if (file.open(QIODevice::ReadOnly))
            files.append({path, file.readAll()});
    }
    return files;
}

QSet<QString> screenHeaders()
{
    QSet<QString> names;
    for (const QString& folder : QStringLiteral(ORIEL_QT_INCLUDE_DIRS).split(u'|')) {
        for (const char* module : {"QtGui", "QtWidgets", "QtCharts", "QtSvg"}) {
            const QDir headers(folder + u'/' + QLatin1StringView(module));
            const QStringList entries = headers.entryList(QDir::Files);
            names.unite(QSet<QString>(entries.begin(), entries.end()));
        }
    }
    return names;
}

SourceFile source(const char* path, const char* text)
{
    return {QLatin1StringView(path), QByteArray(text)};
}

} // namespace

class StructureTest : public QObject {
    Q_OBJECT

private:
    QList<SourceFile> m_files;

    void expectNone(const std::function<QStringList(const SourceFile&)>& rule)
    {
        QStringList found;
        for (const SourceFile& file : m_files)
            found.append(rule(file));
        QVERIFY2(found.isEmpty(), qPrintable(QStringLiteral("\n") + found.join(u'\n')));
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_files = projectFiles();
        QVERIFY(m_files.size() > 20);
    }

    void aHigherFloorIsNoticedAndALowerOneIsNot()
    {
        QCOMPARE(higherFloors(source("gateway_core/http/a.cpp", "#include \"http/a.h\"\n#include \"base/result.h\"\n")),
                 QStringList());
        QCOMPARE(higherFloors(source("gateway_core/http/a.cpp", "#include <vector>\n#include <sys/types.h>\n")), QStringList());
        QCOMPARE(higherFloors(source("gateway_core/http/a.cpp", "\n  #  include \"gateway/b.h\"\n")).size(), 1);
        QCOMPARE(higherFloors(source("gateway_core/http/a.h", "#include \"telemetry/span.h\"\n")).size(), 1);
        QCOMPARE(higherFloors(source("gateway_core/service/a.h", "#include \"ui/bridge/b.h\"\n")).size(), 1);
        QCOMPARE(higherFloors(source("tests/unit/http/tst_a.cpp", "#include \"gateway/b.h\"\n")), QStringList());
    }
    void everyFolderOfTheCoreHasAFloor()
    {
        const QDir core(projectFolder().filePath(QStringLiteral("gateway_core")));
        for (const QString& room : core.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            QVERIFY2(floorOf(room) >= 0, qPrintable(room));
    }
    void aRoomIncludesOnlyLowerFloors() { expectNone(higherFloors); }

    void aScreenHeaderInTheCoreIsNoticed()
    {
        const QSet<QString> headers = {QStringLiteral("QImage")};
        QCOMPARE(screenHeadersInCore(source("gateway_core/http/a.h", "#include <QImage>\n"), headers).size(), 1);
        QCOMPARE(screenHeadersInCore(source("gateway_core/http/a.h", "#include <QtWidgets/QLabel>\n"), headers).size(), 1);
        QCOMPARE(screenHeadersInCore(source("gateway_core/http/a.h", "#include <QString>\n"), headers), QStringList());
        QCOMPARE(screenHeadersInCore(source("ui/shell/a.h", "#include <QImage>\n"), headers), QStringList());
    }
    void theCoreWorksWithoutAScreen()
    {
        const QSet<QString> headers = screenHeaders();
#ifdef ORIEL_HAS_SCREEN_HEADERS
        QVERIFY(headers.contains(QStringLiteral("QImage")));
        QVERIFY(headers.contains(QStringLiteral("QWidget")));
#endif
        expectNone([&headers](const SourceFile& file) { return screenHeadersInCore(file, headers); });
    }

    void aVersionCheckIsNoticedOutsideCompat()
    {
        const char* const text = "#if QT_VERSION >= QT_VERSION_"
                                 "CHECK(6, 5, 0)\n";
        QCOMPARE(versionChecksOutsideCompat(source("ui/shell/a.cpp", text)).size(), 1);
        QCOMPARE(versionChecksOutsideCompat(source("ui/compat/a.cpp", text)), QStringList());
    }
    void differencesBetweenQtReleasesAreInOnePlace()
    {
        expectNone(versionChecksOutsideCompat);
    }

    void aMissingLicenceIsNoticed()
    {
        QCOMPARE(missingLicence(source("ui/a.cpp", "#include <QString>\n")).size(), 1);
        QCOMPARE(missingLicence(source("ui/a.cpp", "// SPDX-License-Identifier: GPL-3.0-or-later\n")), QStringList());
        QCOMPARE(missingLicence(source("a.sh", "#!/bin/sh\n# SPDX-License-Identifier: GPL-3.0-or-later\n")), QStringList());
    }
    void everySourceFileNamesItsLicence()
    {
        expectNone(missingLicence);
    }

    void anUnfinishedMarkIsNoticed()
    {
        QCOMPARE(unfinishedMarks(source("a.cpp", "// TO"
                                                 "DO later\n"))
                     .size(),
                 1);
        QCOMPARE(unfinishedMarks(source("a.cpp", "int TO"
                                                 "DOS;\n")),
                 QStringList());
    }
    void nothingIsPutOffInAComment()
    {
        expectNone(unfinishedMarks);
    }

    void aMachinePathIsNoticed()
    {
        QCOMPARE(machinePaths(source("a.txt", "cd /work/"
                                              "main\n"))
                     .size(),
                 1);
        QCOMPARE(machinePaths(source("a.txt", "\"reso"
                                              "lved\": \"https://…\"\n"))
                     .size(),
                 1);
        QCOMPARE(machinePaths(source("a.txt", "\"integrity\": \"sha512\"\n")), QStringList());
    }
    void noFileNamesOneMachine()
    {
        expectNone(machinePaths);
    }

    void aHeaderWithoutPragmaOnceIsNoticed()
    {
        QCOMPARE(missingPragmaOnce(source("a.h", "// licence\n#ifndef A\n")).size(), 1);
        QCOMPARE(missingPragmaOnce(source("a.h", "// licence\n#pragma once\n\n")), QStringList());
    }
    void everyHeaderIsGuarded()
    {
        expectNone(missingPragmaOnce);
    }
};

QTEST_GUILESS_MAIN(StructureTest)
#include "tst_structure.moc"
