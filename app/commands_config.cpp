// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "commands.h"
#include "config/client_configs.h"
#include "config/config_file.h"
#include "service/local_control.h"
#include "terminal.h"

#include <QDir>

namespace oriel::app {

int configCheck(const Options& options)
{
    const QString path = options.file.isEmpty() ? options.configPath : QDir::current().absoluteFilePath(options.file);
    const auto loaded = config::loadConfig(path);
    if (!loaded) {
        for (const config::Problem& problem : loaded.error())
            printError(problem.toString());
        return Failure;
    }
    for (const config::Problem& warning : loaded->warnings)
        printError(QStringLiteral("warning: ") + warning.toString());
    printLine(QStringLiteral("%1: valid; %2 servers, %3 destinations")
                  .arg(path)
                  .arg(loaded->config.servers.size())
                  .arg(loaded->config.telemetry.destinations.size()));
    return Success;
}

int configPath(const Options& options)
{
    printLine(QStringLiteral("configuration: ") + options.configPath);
    printLine(QStringLiteral("data:          ") + options.dataDir);
    return Success;
}

int configSchema(const Options& /*options*/)
{
    writeOut(config::configSchema());
    return Success;
}

namespace {

QString describe(const config::Server& server)
{
    if (server.transport != config::ServerTransport::Stdio)
        return server.url;
    QStringList words{server.command};
    for (const QString& argument : server.args)
        words.append(argument.contains(QLatin1Char(' ')) ? QLatin1Char('"') + argument + QLatin1Char('"') : argument);
    return words.join(QLatin1Char(' '));
}

Status keepSecrets(const Options& options, const QMap<QString, QByteArray>& secrets)
{
    for (auto it = secrets.cbegin(); it != secrets.cend(); ++it) {
        json::Writer arguments;
        arguments.beginObject().member("name", it.key()).member("value", it.value()).endObject();
        if (const auto kept = service::sendCommand(options.dataDir, "secret.set", arguments.take()); !kept)
            return fail(kept.error().code,
                        QStringLiteral("the secret %1 could not be put into the vault: %2").arg(it.key(), kept.error().message),
                        {}, QStringLiteral("Start Oriel first ('oriel --headless'); nothing was changed."));
    }
    return {};
}

} // namespace

int configImport(const Options& options)
{
    config::ImportScan scan;
    if (options.file.isEmpty()) {
        scan = config::scanClients(config::ClientPlaces::ofThisUser(QDir::currentPath()));
    } else {
        auto one = config::scanFile(QDir::current().absoluteFilePath(options.file));
        if (!one)
            return reportError(one.error());
        scan = std::move(*one);
    }
    for (const QString& problem : std::as_const(scan.problems))
        printError(QStringLiteral("warning: ") + problem);
    auto loaded = config::loadConfig(options.configPath);
    if (!loaded)
        return reportError(
            {ErrorCode::Parse, loaded.error().first().toString(), options.configPath, QStringLiteral("Mend the file first.")});

    QMap<QString, QByteArray> secrets;
    int added = 0;
    for (config::FoundServer& found : scan.servers) {
        const bool taken = config::findServer(loaded->config, found.server.name) != nullptr;
        printLine(QStringLiteral("%1 %2  %3")
                      .arg(taken ? QStringLiteral("=") : QStringLiteral("+"), found.server.name, describe(found.server)));
        printLine(QStringLiteral("    from %1 (%2)%3")
                      .arg(found.path, QLatin1String(config::clientTable()[static_cast<std::size_t>(found.client)].name),
                           taken ? QStringLiteral("; there is a server of this name already") : QString()));
        for (const QString& field : std::as_const(found.secretFields))
            printLine(QStringLiteral("    secret: %1%2")
                          .arg(field, options.moveSecrets ? QStringLiteral(" goes to the vault")
                                                          : QStringLiteral(" (move it with --move-secrets)")));
        for (const QString& warning : std::as_const(found.warnings))
            printLine(QStringLiteral("    note: ") + warning);
        if (taken)
            continue;
        if (options.moveSecrets)
            secrets.insert(config::extractSecrets(found));
        loaded->config.servers.append(found.server);
        ++added;
    }
    if (scan.servers.isEmpty()) {
        printLine(QStringLiteral("no server was found in the files of Claude Desktop, Claude Code, Cursor and VS Code"));
        return Success;
    }
    if (!options.apply) {
        printLine(
            QStringLiteral("%1 would be added to %2; 'oriel config import --apply' does it").arg(added).arg(options.configPath));
        return Success;
    }
    if (const Status kept = keepSecrets(options, secrets); !kept)
        return reportError(kept.error());
    if (const Status saved = config::saveConfig(options.configPath, loaded->config); !saved)
        return reportError(saved.error());
    printLine(QStringLiteral("%1 added to %2").arg(added).arg(options.configPath));
    return Success;
}

} // namespace oriel::app
