// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/doctor.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "config/client_configs.h"
#include "config/file/config_file.h"

#include <QDateTime>
#include <QFileInfo>
#include <QStandardPaths>
#include <QStorageInfo>

namespace oriel::service {

namespace {

using Verdict = DoctorCheck::Verdict;

constexpr qint64 kLowDiskBytes = 512LL * 1024 * 1024;

void checkConfiguration(const DoctorInput& input, QList<DoctorCheck>& checks)
{
    const QString area = QStringLiteral("configuration");
    const auto loaded = config::loadConfig(input.configPath);
    QStringList warnings;
    for (const config::Problem& warning : loaded ? loaded->warnings : QList<config::Problem>())
        warnings.append(warning.toString());
    for (const QString& warning : input.configWarnings) {
        if (!warnings.contains(warning))
            warnings.append(warning);
    }
    for (const QString& warning : std::as_const(warnings))
        checks.append({area, Verdict::Warning, warning, {}});
    if (!loaded) {
        for (const config::Problem& problem : loaded.error())
            checks.append({area, Verdict::Failure, problem.toString(),
                           QStringLiteral("Mend the line; Oriel reads the file again by itself.")});
        return;
    }
    const QString found =
        QFileInfo::exists(input.configPath)
            ? QStringLiteral("%1 is valid, with %2 servers").arg(input.configPath).arg(loaded->config.servers.size())
            : QStringLiteral("%1 does not exist; defaults are in force").arg(input.configPath);
    checks.append({area, loaded->config.servers.isEmpty() ? Verdict::Warning : Verdict::Ok, found,
                   loaded->config.servers.isEmpty()
                       ? QStringLiteral("Add a server, or import those of a client with 'oriel config import'.")
                       : QString()});
    if (!input.running) {
        for (const config::Server& server : loaded->config.servers) {
            if (server.transport != config::ServerTransport::Stdio || !server.enabled)
                continue;
            const bool there = QFileInfo(server.command).isAbsolute() ? QFileInfo(server.command).isExecutable()
                                                                      : !QStandardPaths::findExecutable(server.command).isEmpty();
            checks.append({QStringLiteral("server %1").arg(server.name), there ? Verdict::Ok : Verdict::Failure,
                           there ? QStringLiteral("'%1' is there").arg(server.command)
                                 : QStringLiteral("'%1' was not found in PATH").arg(server.command),
                           there ? QString() : QStringLiteral("Install it, or write its absolute path as the command.")});
        }
    }
}

void checkDataDirectory(const DoctorInput& input, QList<DoctorCheck>& checks)
{
    const QString area = QStringLiteral("data directory");
    const QFileInfo directory(input.dataDir);
    if (directory.exists() && !directory.isWritable()) {
        checks.append({area, Verdict::Failure, QStringLiteral("%1 cannot be written").arg(input.dataDir),
                       QStringLiteral("Change its permissions, or choose another one with --data-dir.")});
        return;
    }
    const QStorageInfo storage(directory.exists() ? input.dataDir : directory.absolutePath());
    const bool low = storage.isValid() && storage.bytesAvailable() < kLowDiskBytes;
    checks.append({area, low ? Verdict::Warning : Verdict::Ok,
                   QStringLiteral("%1, %2 MiB free")
                       .arg(input.dataDir)
                       .arg(storage.isValid() ? storage.bytesAvailable() / (1024 * 1024) : 0),
                   low ? QStringLiteral("Free some space: a full disk stops the audit log.") : QString()});
}

/// "speaks 2025-11-25 (legacy, by its refusal of server/discover, checked 2026-11-29 16:20)".
QString eraText(const ServerSnapshot& server)
{
    if (server.era == config::Era::Auto)
        return {};
    QStringList words{server.era == config::Era::Modern ? QStringLiteral("modern") : QStringLiteral("legacy"),
                      QStringLiteral("by %1").arg(server.eraFoundBy)};
    if (server.eraCheckedUnixNs != 0)
        words.append(QStringLiteral("checked %1")
                         .arg(QDateTime::fromMSecsSinceEpoch(server.eraCheckedUnixNs / 1'000'000)
                                  .toString(QStringLiteral("yyyy-MM-dd HH:mm"))));
    return QStringLiteral("speaks %1 (%2)").arg(server.protocolVersion, words.join(QStringLiteral(", ")));
}

void checkRunning(const DoctorInput& input, QList<DoctorCheck>& checks)
{
    const GatewayStatus& status = input.status;
    checks.append({QStringLiteral("port"), status.listening ? Verdict::Ok : Verdict::Failure,
                   status.listening ? QStringLiteral("listening at %1").arg(status.endpoint) : status.listenError,
                   status.listening ? QString() : QStringLiteral("Stop the program that holds the port, or set gateway.port.")});
    if (status.authDisabled)
        checks.append({QStringLiteral("port"), Verdict::Warning,
                       QStringLiteral("authentication is off: every program of this machine may call the servers"),
                       QStringLiteral("Start without --no-auth.")});
    const ReceiverSnapshot& receiver = status.receiver;
    checks.append({QStringLiteral("receiver"), receiver.error.isEmpty() ? Verdict::Ok : Verdict::Warning,
                   !receiver.enabled          ? QStringLiteral("switched off")
                   : receiver.error.isEmpty() ? QStringLiteral("OTLP at %1").arg(receiver.text)
                   : receiver.text.isEmpty()  ? receiver.error
                                              : QStringLiteral("OTLP at %1; %2").arg(receiver.text, receiver.error),
                   receiver.error.isEmpty()
                       ? QString()
                       : QStringLiteral("End the program that holds the port, or set receiver.grpcPort or receiver.httpPort.")});
    checks.append({QStringLiteral("keychain"), status.vaultDegraded ? Verdict::Warning : Verdict::Ok, status.vaultState,
                   status.vaultDegraded
                       ? QStringLiteral("Unlock the system's keychain, or give a passphrase with --passphrase-file.")
                       : QString()});
    if (!status.auditError.isEmpty())
        checks.append({QStringLiteral("audit log"), Verdict::Failure, status.auditError,
                       QStringLiteral("Free disk space; waiting rows are written then.")});
    for (const ServerSnapshot& server : input.servers) {
        const QString spoken = eraText(server);
        const bool broken = server.state == ServerState::Failed || server.state == ServerState::Backoff;
        const bool moreAccess = !broken && server.signIn == SignInState::Needed;
        if (moreAccess) {
            checks.append({QStringLiteral("server %1").arg(server.config.name), Verdict::Warning,
                           server.stateText + QStringLiteral(": ") + server.signInText,
                           QStringLiteral("Run 'oriel sign-in %1'.").arg(server.config.name)});
            continue;
        }
        checks.append({QStringLiteral("server %1").arg(server.config.name), broken ? Verdict::Failure : Verdict::Ok,
                       broken && !server.diagnosis.isEmpty()
                           ? server.diagnosis.headline + QStringLiteral(". ") + server.diagnosis.cause
                       : spoken.isEmpty() ? server.stateText
                                          : server.stateText + QStringLiteral("; ") + spoken,
                       broken ? server.diagnosis.remedy : QString()});
    }
    for (const DestinationSnapshot& destination : input.destinations) {
        const bool isWrong = destination.health == DestinationHealth::Waiting || destination.health == DestinationHealth::Broken;
        checks.append({QStringLiteral("destination %1").arg(destination.config.name), isWrong ? Verdict::Warning : Verdict::Ok,
                       destination.stateText, destination.remedy});
    }
    for (const QString& sentence : input.spool.damage)
        checks.append({QStringLiteral("export spool"), Verdict::Warning, sentence,
                       QStringLiteral("This is of the last run; what is recorded now is not affected.")});
}

void checkClients(QList<DoctorCheck>& checks)
{
    const config::ImportScan scan = config::scanClients(config::ClientPlaces::ofThisUser());
    for (const QString& problem : scan.problems)
        checks.append({QStringLiteral("clients"), Verdict::Warning, problem,
                       QStringLiteral("The client itself will not read this file either.")});
    if (!scan.servers.isEmpty())
        checks.append({QStringLiteral("clients"), Verdict::Ok,
                       QStringLiteral("%1 servers stand in clients' own files").arg(scan.servers.size()),
                       QStringLiteral("'oriel config import' shows what can be moved behind Oriel.")});
}

} // namespace

QList<DoctorCheck> runDoctor(const DoctorInput& input)
{
    QList<DoctorCheck> checks;
    checkConfiguration(input, checks);
    checkDataDirectory(input, checks);
    if (input.running)
        checkRunning(input, checks);
    checkClients(checks);
    return checks;
}

QByteArray doctorJson(const QList<DoctorCheck>& checks)
{
    json::Writer writer;
    writer.beginArray();
    for (const DoctorCheck& check : checks) {
        writer.beginObject()
            .member("area", check.area)
            .member("verdict", static_cast<int>(check.verdict))
            .member("finding", check.finding)
            .member("remedy", check.remedy)
            .endObject();
    }
    return writer.endArray().take();
}

QList<DoctorCheck> doctorFromJson(const QByteArray& json)
{
    QList<DoctorCheck> checks;
    json::Document document;
    if (!document.parse(json))
        return checks;
    for (const json::Value& entry : document.root().elements()) {
        const auto verdict = entry.find("verdict").asInt64().value_or(2);
        checks.append({entry.find("area").asString(), static_cast<Verdict>(std::clamp<std::int64_t>(verdict, 0, 2)),
                       entry.find("finding").asString(), entry.find("remedy").asString()});
    }
    return checks;
}

QString doctorText(const QList<DoctorCheck>& checks)
{
    QString text;
    for (const DoctorCheck& check : checks) {
        const QString mark = check.verdict == Verdict::Ok        ? QStringLiteral("ok     ")
                             : check.verdict == Verdict::Warning ? QStringLiteral("warning")
                                                                 : QStringLiteral("problem");
        text += QStringLiteral("%1  %2: %3\n").arg(mark, check.area, check.finding);
        if (!check.remedy.isEmpty())
            text += QStringLiteral("         %1\n").arg(check.remedy);
    }
    return text;
}

} // namespace oriel::service
