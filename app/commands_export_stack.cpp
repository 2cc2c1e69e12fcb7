// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "commands.h"
#include "config/file/config_file.h"
#include "service/control/local_control.h"
#include "service/export/export_stack.h"
#include "terminal.h"

#include <QDir>

namespace oriel::app {

int exportStack(const Options& options)
{
    const auto loaded = config::loadConfig(options.configPath);
    if (!loaded) {
        for (const config::Problem& problem : loaded.error())
            printError(problem.toString());
        return Failure;
    }
    quint16 port = options.port.value_or(0);
    if (port == 0 && loaded->config.gateway.port == 0) {
        if (const auto running = service::readRuntime(options.dataDir))
            port = running->port;
    }
    SystemRandom random;
    const service::StackSettings settings = service::stackSettings(loaded->config, port);
    const QString directory = QDir::current().absoluteFilePath(options.output);
    const auto done = service::writeStack(directory, service::stackFiles(settings, random), options.force);
    if (!done)
        return reportError(done.error());
    for (const QString& path : done->written)
        printLine(QStringLiteral("%1/%2").arg(directory, path));
    for (const QString& path : done->kept)
        printError(QStringLiteral("%1/%2 was there and stays as it is").arg(directory, path));
    printError(QStringLiteral("%1 files written. %2/README.md tells what to run and which destination to add.")
                   .arg(done->written.size())
                   .arg(directory));
    return Success;
}

} // namespace oriel::app
