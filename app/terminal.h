// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

#include <QByteArrayView>
#include <QString>

namespace oriel::app {

/// Text for people on stdout or stderr, with a line feed.
void printLine(const QString& text);
void printError(const QString& text);
/// "oriel: message", then where and what to do, each on a line of its own. Gives `exitCode`.
int reportError(const Error& error, int exitCode = 1);
/// Raw bytes for stdout, kept until flushOut() or the end where stdout is no terminal; false when nobody reads any more.
bool writeOut(QByteArrayView bytes);
bool flushOut();

} // namespace oriel::app
