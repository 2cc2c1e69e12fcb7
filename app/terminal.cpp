// SPDX-License-Identifier: GPL-3.0-or-later
#include "terminal.h"

#include <cstdio>

namespace oriel::app {

namespace {

void print(FILE* to, const QString& text)
{
    const QByteArray bytes = text.toLocal8Bit() + '\n';
    (void)std::fwrite(bytes.constData(), 1, static_cast<std::size_t>(bytes.size()), to);
    (void)std::fflush(to);
}

} // namespace

void printLine(const QString& text)
{
    print(stdout, text);
}

void printError(const QString& text)
{
    print(stderr, text);
}

int reportError(const Error& error, int exitCode)
{
    printError(QStringLiteral("oriel: ") + error.message);
    if (!error.context.isEmpty())
        printError(QStringLiteral("  at: ") + error.context);
    if (!error.remedy.isEmpty())
        printError(QStringLiteral("  try: ") + error.remedy);
    return exitCode;
}

bool writeOut(QByteArrayView bytes)
{
    return std::fwrite(bytes.data(), 1, static_cast<std::size_t>(bytes.size()), stdout) == static_cast<std::size_t>(bytes.size());
}

bool flushOut()
{
    return std::fflush(stdout) == 0;
}

} // namespace oriel::app
