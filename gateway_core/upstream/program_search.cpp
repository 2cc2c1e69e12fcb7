// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/program_search.h"

#include <QDir>
#include <QFileInfo>
#include <QProcessEnvironment>

#include <array>

namespace oriel::upstream {

namespace {

#ifdef Q_OS_WIN
constexpr std::array kAllowedVariables{
    "APPDATA",     "HOMEDRIVE",  "HOMEPATH", "LOCALAPPDATA", "PATH",       "PATHEXT", "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE", "SYSTEMROOT", "TEMP",     "USERNAME",     "USERPROFILE"};
#else
constexpr std::array kAllowedVariables{"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"};
#endif

QStringList candidateNames(const QString& command, const QString& pathExt)
{
    if (pathExt.isEmpty()) {
        return {command};
    }
    QStringList names;
    const QStringList endings = pathExt.split(QLatin1Char(';'), Qt::SkipEmptyParts);
    for (const QString& ending : endings) {
        if (command.endsWith(ending, Qt::CaseInsensitive)) {
            return {command};
        }
        names.append(command + ending.toLower());
    }
    return names;
}

/// True when the search is over: a file that may be run stands there.
bool tryFile(const QString& path, ProgramSearch& search)
{
    const QFileInfo file(path);
    if (!file.isFile()) {
        return false;
    }
    if (!file.isExecutable()) {
        if (search.notExecutable.isEmpty()) {
            search.notExecutable = file.absoluteFilePath();
        }
        return false;
    }
    search.program = QDir::cleanPath(file.absoluteFilePath());
    return true;
}

bool needsQuotes(const QString& word)
{
    if (word.isEmpty()) {
        return true;
    }
    for (const QChar c : word) {
        if (!(c.isLetterOrNumber() || QStringLiteral("@%+=:,./-_\\~").contains(c))) {
            return true;
        }
    }
    return false;
}

} // namespace

ProgramSearch findProgram(const QString& command, const QString& workingDirectory, const QString& path, const QString& pathExt)
{
    ProgramSearch search;
    if (command.isEmpty()) {
        return search;
    }
    const QStringList names = candidateNames(command, pathExt);
    const bool hasFolder = command.contains(QLatin1Char('/')) || QDir::isAbsolutePath(command) ||
                           (!pathExt.isEmpty() && command.contains(QLatin1Char('\\')));
    if (hasFolder) {
        const QDir base(workingDirectory.isEmpty() ? QDir::currentPath() : workingDirectory);
        for (const QString& name : names) {
            if (tryFile(base.absoluteFilePath(name), search)) {
                break;
            }
        }
        return search;
    }
    const QStringList folders = path.split(QDir::listSeparator(), Qt::SkipEmptyParts);
    for (const QString& folder : folders) {
        if (!QDir::isAbsolutePath(folder) || search.searchedFolders.contains(folder)) {
            continue; // a relative entry would let whatever folder we happen to stand in decide what runs
        }
        search.searchedFolders.append(folder);
        for (const QString& name : names) {
            if (tryFile(folder + QLatin1Char('/') + name, search)) {
                return search;
            }
        }
    }
    return search;
}

QMap<QString, QString> allowedEnvironment()
{
    QMap<QString, QString> allowed;
    const QProcessEnvironment ours = QProcessEnvironment::systemEnvironment();
    for (const char* name : kAllowedVariables) {
        const QString key = QString::fromLatin1(name);
        if (!ours.contains(key)) {
            continue;
        }
        const QString value = ours.value(key);
        if (!value.startsWith(QLatin1String("()"))) {
            allowed.insert(key, value);
        }
    }
    return allowed;
}

Status checkBatchArguments(const QString& program, const QStringList& arguments)
{
    if (!program.endsWith(QLatin1String(".cmd"), Qt::CaseInsensitive) &&
        !program.endsWith(QLatin1String(".bat"), Qt::CaseInsensitive)) {
        return {};
    }
    for (const QString& argument : arguments) {
        for (const QChar c : argument) {
            if (QStringLiteral("\"%!&|<>^\r\n").contains(c)) {
                return fail(
                    ErrorCode::InvalidArgument,
                    QStringLiteral("The argument %1 holds a character that cmd.exe would interpret.").arg(argument), program,
                    QStringLiteral(
                        "Start the program behind the batch file directly, for example node.exe with the script's path."));
            }
        }
    }
    return {};
}

QString readableCommandLine(const QString& program, const QStringList& arguments)
{
    QStringList words;
    for (const QString& word : QStringList(program) + arguments) {
        if (needsQuotes(word)) {
            QString quoted = word;
            quoted.replace(QLatin1Char('\''), QLatin1String("'\\''"));
            words.append(QLatin1Char('\'') + quoted + QLatin1Char('\''));
        } else {
            words.append(word);
        }
    }
    return words.join(QLatin1Char(' '));
}

} // namespace oriel::upstream
