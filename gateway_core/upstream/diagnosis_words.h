// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayList>
#include <QString>

namespace oriel::upstream {

/// A server's words for a window or a log line: no terminal colours or control characters, at most `limit` characters.
QString cleanText(QByteArrayView bytes, qsizetype limit = 300);
/// The line that says most: the last that names an error, else the last that is not empty.
QString tellingLine(const QByteArrayList& lines);
/// What helps against known last words; empty when they are not known.
QString hintFor(const QByteArrayList& lines);
/// "SIGSEGV, a memory fault".
QString signalName(int signal);
/// What to do about a command that is not on the PATH.
QString missingCommandRemedy(const QString& command);

} // namespace oriel::upstream
