// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QSet>
#include <QString>
#include <QStringList>

namespace oriel::structure {

/// One file of the project: its path below the project's folder, with slashes, and its bytes.
struct SourceFile {
    QString path;
    QByteArray text;
};

/// Every rule returns one "path:line: what is wrong" for each breach, or nothing.

/// The floor of a room (docs/architecture.md), or -1 when the name is none. `ui` and `app` stand above all of gateway_core.
int floorOf(QStringView room);
/// The room that a file of gateway_core belongs to, "ui", "app", or empty for files that may include anything (tests).
QString roomOf(QStringView path);

/// A room includes only itself and rooms of lower floors.
QStringList higherFloors(const SourceFile& file);
/// gateway_core works without a screen: no header of QtGui, QtWidgets, QtCharts or QtSvg. `screenHeaders` are those modules'
/// header names.
QStringList screenHeadersInCore(const SourceFile& file, const QSet<QString>& screenHeaders);
/// Differences between Qt releases are settled in ui/compat.
QStringList versionChecksOutsideCompat(const SourceFile& file);
/// The licence is on the first line, or on the second after a `#!` line.
QStringList missingLicence(const SourceFile& file);
/// Work that is put off belongs in an issue, not in a comment.
QStringList unfinishedMarks(const SourceFile& file);
/// Folders of one machine and hosts of package registries.
QStringList machinePaths(const SourceFile& file);
/// A header is guarded by `#pragma once`.
QStringList missingPragmaOnce(const SourceFile& file);

} // namespace oriel::structure
