// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "commands.h"
#include "config/client_configs.h"
#include "config/environment/environment.h"
#include "config/file/config_file.h"
#include "config/imports/telemetry_import.h"
#include "service/control/local_control.h"
#include "terminal.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace oriel::app {

int configCheck(const Options& options)
{
    const QString path = options.file.isEmpty() ? options.configPath : QDir::current().absoluteFilePath(options.file);
    auto loaded = config::loadConfig(path);
    if (!loaded) {
        for (const config::Problem& problem : loaded.error())
            printError(problem.toString());
        return Failure;
    }
    const qsizetype ofTheFile = loaded->config.telemetry.destinations.size();
    const QList<config::Problem> problems =
        loaded->warnings + config::applyEnvironment(loaded->config, config::processEnvironment());
    bool isUsable = true;
    for (const config::Problem& problem : problems) {
        isUsable = isUsable && problem.severity != config::Problem::Severity::Error;
        printError(problem.toLine());
    }
    if (!isUsable)
        return Failure;
    const QList<config::Destination>& destinations = loaded->config.telemetry.destinations;
    printLine(
        QStringLiteral("%1: valid; %2 servers, %3 destinations").arg(path).arg(loaded->config.servers.size()).arg(ofTheFile));
    for (const config::Destination& destination : destinations) {
        if (destination.fromEnvironment)
            printLine(QStringLiteral("from the environment: destination \"%1\"%2")
                          .arg(destination.name, destination.sourceFile.isEmpty()
                                                     ? QString()
                                                     : QStringLiteral(", defined by ") + destination.sourceFile));
    }
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

namespace {

/// Everything that an import brings, before anything is written.
struct Import {
    config::ImportScan scan;
    config::ForeignTelemetry foreign;
    config::Config after;
    QMap<QString, QByteArray> secrets;
    int added = 0;
};

constexpr qint64 kMaxImportBytes = 16LL * 1024 * 1024;

/// The servers and, of another gateway's file, the telemetry.
Status scan(const Options& options, Import& import)
{
    if (options.file.isEmpty()) {
        import.scan = config::scanClients(config::ClientPlaces::ofThisUser(QDir::currentPath()));
        return {};
    }
    const QString path = QDir::current().absoluteFilePath(options.file);
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, QStringLiteral("cannot be read: ") + file.errorString(), path);
    const QByteArray text = file.read(kMaxImportBytes + 1);
    if (text.size() > kMaxImportBytes)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("is larger than 16 MiB"), path);
    auto foreign = config::importTelemetry(text, path, config::processEnvironment(), import.after);
    if (!foreign)
        return fail(foreign.error());
    import.foreign = std::move(*foreign);
    import.secrets = import.foreign.secrets;
    if (import.foreign.format == QLatin1String("observability.yaml"))
        return {};
    auto servers = config::scanFile(path);
    if (!servers)
        return fail(servers.error());
    import.scan = std::move(*servers);
    return {};
}

/// Shows one server and adds it to what will be written, unless its name is taken.
void takeServer(const Options& options, config::FoundServer& found, Import& import)
{
    const bool taken = config::findServer(import.after, found.server.name) != nullptr;
    const QString source = import.foreign.format.isEmpty()
                               ? QLatin1String(config::clientTable()[static_cast<std::size_t>(found.client)].name)
                               : import.foreign.format;
    printLine(QStringLiteral("%1 %2  %3")
                  .arg(taken ? QStringLiteral("=") : QStringLiteral("+"), found.server.name, describe(found.server)));
    printLine(QStringLiteral("    from %1 (%2)%3")
                  .arg(found.path, source, taken ? QStringLiteral("; there is a server of this name already") : QString()));
    for (const QString& field : std::as_const(found.secretFields))
        printLine(QStringLiteral("    secret: %1%2")
                      .arg(field, options.moveSecrets ? QStringLiteral(" goes to the vault")
                                                      : QStringLiteral(" (move it with --move-secrets)")));
    for (const QString& warning : std::as_const(found.warnings))
        printLine(QStringLiteral("    note: ") + warning);
    if (taken)
        return;
    if (options.moveSecrets)
        import.secrets.insert(config::extractSecrets(found));
    import.after.servers.append(found.server);
    ++import.added;
}

void showTelemetry(const config::ForeignTelemetry& foreign)
{
    for (const QString& line : foreign.taken)
        printLine(QStringLiteral("+ ") + line);
    for (auto it = foreign.secrets.cbegin(); it != foreign.secrets.cend(); ++it)
        printLine(QStringLiteral("    secret: %1 goes to the vault").arg(it.key()));
    for (const QString& line : foreign.left)
        printLine(QStringLiteral("- ") + line);
}

/// The file as it was, beside the one that takes its place.
Status keepPrevious(const QString& path)
{
    if (!QFile::exists(path))
        return {};
    const QString kept = path + QStringLiteral(".before-import");
    QFile::remove(kept);
    if (!QFile::copy(path, kept))
        return fail(ErrorCode::Io, QStringLiteral("the previous configuration cannot be kept as %1").arg(kept), path,
                    QStringLiteral("Nothing was changed."));
    printLine(QStringLiteral("the previous file is kept as %1; put it back to undo this").arg(kept));
    return {};
}

Status write(const Options& options, const Import& import)
{
    if (const Status kept = keepSecrets(options, import.secrets); !kept)
        return kept;
    if (const Status kept = keepPrevious(options.configPath); !kept)
        return kept;
    return config::saveConfig(options.configPath, import.after);
}

} // namespace

int configImport(const Options& options)
{
    const auto loaded = config::loadConfig(options.configPath);
    if (!loaded)
        return reportError(
            {ErrorCode::Parse, loaded.error().first().toString(), options.configPath, QStringLiteral("Mend the file first.")});
    Import import;
    import.after = loaded->config;
    if (const Status scanned = scan(options, import); !scanned)
        return reportError(scanned.error());
    for (const QString& problem : std::as_const(import.scan.problems))
        printError(QStringLiteral("warning: ") + problem);
    showTelemetry(import.foreign);
    for (config::FoundServer& found : import.scan.servers)
        takeServer(options, found, import);
    if (import.scan.servers.isEmpty() && import.foreign.format.isEmpty()) {
        printLine(QStringLiteral("no server was found in the files of Claude Desktop, Claude Code, Cursor and VS Code"));
        return Success;
    }
    const QString what = import.foreign.taken.isEmpty() ? QString::number(import.added)
                                                        : QStringLiteral("%1 and the telemetry settings").arg(import.added);
    if (!options.apply) {
        printLine(QStringLiteral("%1 would be added to %2; 'oriel config import --apply' does it").arg(what, options.configPath));
        return Success;
    }
    if (import.after == loaded->config) {
        printLine(QStringLiteral("nothing changes in %1").arg(options.configPath));
        return Success;
    }
    if (const Status written = write(options, import); !written)
        return reportError(written.error());
    printLine(QStringLiteral("%1 added to %2").arg(what, options.configPath));
    return Success;
}

} // namespace oriel::app
