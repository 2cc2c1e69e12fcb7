// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QMap>
#include <QString>
#include <QStringList>

namespace oriel::upstream {

/// Where a command was looked for and what was found.
struct ProgramSearch {
    QString program;             ///< absolute path of a file that may be run; empty: none
    QStringList searchedFolders; ///< in the order of the PATH; empty for a command with a slash
    QString notExecutable;       ///< the first file of that name that may not be run
};

/// Resolves a command as execvp would, once, so that the path can be shown and run without a shell (S4). A command with a slash
/// is taken relative to `workingDirectory`. On Windows the endings of `pathExt` are tried. Reads the file system.
ProgramSearch findProgram(const QString& command, const QString& workingDirectory, const QString& path,
                          const QString& pathExt = {});

/// The variables of ours that a child may see: the platform's allow-list, without exported shell functions (S4).
QMap<QString, QString> allowedEnvironment();

/// Windows starts .cmd and .bat files through cmd.exe, whose quoting is not safe: InvalidArgument when an argument holds a
/// character that it would interpret. Always fine for other programs.
Status checkBatchArguments(const QString& program, const QStringList& arguments);

/// Program and arguments as one line for reading: quoted where a shell would need it.
QString readableCommandLine(const QString& program, const QStringList& arguments);

} // namespace oriel::upstream
