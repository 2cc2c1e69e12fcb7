// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/export/export_stack.h"

#include "base/random.h"
#include "telemetry/prometheus_names.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QTemporaryDir>

#include <algorithm>

namespace oriel::service {

namespace {

constexpr quint16 kDefaultGatewayPort = 7420;
/// Of the Collector on this computer; 4317 and 4318 are those of Oriel's own receiver.
constexpr quint16 kCollectorGrpcPort = 14317;
constexpr quint16 kCollectorHttpPort = 14318;
constexpr int kHoursADay = 24;

const QString kTemplates = QStringLiteral(":/oriel/stack/");

QByteArray filled(QByteArray text, const QList<std::pair<QByteArray, QByteArray>>& values)
{
    for (const auto& [name, value] : values)
        text.replace('@' + name + '@', value);
    return text;
}

Status unwritable(const QString& path, const QString& why)
{
    return fail(ErrorCode::Io, QStringLiteral("cannot be written: ") + why, path,
                QStringLiteral("Choose a folder that you may write to and that has room."));
}

Status writeFile(const QString& path, const StackFile& file)
{
    const QString folder = QFileInfo(path).path();
    if (!QDir().mkpath(folder))
        return unwritable(folder, QStringLiteral("the folder cannot be made"));
    constexpr auto kOwner = QFileDevice::ReadOwner | QFileDevice::WriteOwner;
    if (file.isSecret && !QFile::setPermissions(folder, kOwner | QFileDevice::ExeOwner))
        return unwritable(folder, QStringLiteral("its mode cannot be changed"));
    QSaveFile target(path);
    if (!target.open(QIODevice::WriteOnly))
        return unwritable(path, target.errorString());
    // Before the content is in it. Containers run as users of their own and have to read the others.
    if (!target.setPermissions(file.isSecret ? kOwner : kOwner | QFileDevice::ReadGroup | QFileDevice::ReadOther))
        return unwritable(path, target.errorString());
    if (target.write(file.content) != file.content.size() || !target.commit())
        return unwritable(path, target.errorString());
    return {};
}

/// All files in a folder of its own beside `directory`, which then takes its name.
Status writeNew(const QString& directory, const QList<StackFile>& files)
{
    const QString parent = QFileInfo(directory).path();
    if (!QDir().mkpath(parent))
        return unwritable(parent, QStringLiteral("the folder cannot be made"));
    QTemporaryDir staging(directory + QStringLiteral(".XXXXXX"));
    if (!staging.isValid())
        return unwritable(parent, staging.errorString());
    for (const StackFile& file : files) {
        if (Status written = writeFile(staging.filePath(file.path), file); !written)
            return written;
    }
    constexpr auto kFolderMode = QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner |
                                 QFileDevice::ReadGroup | QFileDevice::ExeGroup | QFileDevice::ReadOther | QFileDevice::ExeOther;
    if (!QFile::setPermissions(staging.path(), kFolderMode) || !QDir().rename(staging.path(), directory))
        return unwritable(directory, QStringLiteral("the folder cannot be put in its place"));
    staging.setAutoRemove(false);
    return {};
}

} // namespace

StackSettings stackSettings(const config::Config& configuration, quint16 port)
{
    StackSettings settings;
    if (!configuration.metrics.nameSpace.isEmpty())
        settings.metricPrefix = telemetry::prometheusName(configuration.metrics.nameSpace.toUtf8() + '_', {}, false);
    settings.gatewayPort = port != 0 ? port : configuration.gateway.port;
    if (settings.gatewayPort == 0)
        settings.gatewayPort = kDefaultGatewayPort;
    settings.metricDays = std::max(configuration.retention.metricDays, 1);
    settings.logDays = std::max(configuration.retention.logDays, 1);
    settings.traceDays = std::max(configuration.retention.traceDays, 1);
    return settings;
}

QList<StackFile> stackFiles(const StackSettings& settings, Random& random)
{
    const QList<std::pair<QByteArray, QByteArray>> values = {
        {"ns", settings.metricPrefix},
        {"gateway_port", QByteArray::number(settings.gatewayPort)},
        {"collector_grpc_port", QByteArray::number(kCollectorGrpcPort)},
        {"collector_http_port", QByteArray::number(kCollectorHttpPort)},
        {"metric_days", QByteArray::number(settings.metricDays)},
        {"log_hours", QByteArray::number(settings.logDays * kHoursADay)},
        {"trace_hours", QByteArray::number(settings.traceDays * kHoursADay)},
    };
    QList<StackFile> files;
    QDirIterator entries(kTemplates, QDir::Files, QDirIterator::Subdirectories);
    while (entries.hasNext()) {
        QFile file(entries.next());
        if (file.open(QIODevice::ReadOnly))
            files.append({entries.filePath().mid(kTemplates.size()), filled(file.readAll(), values), false});
    }
    std::sort(files.begin(), files.end(), [](const StackFile& a, const StackFile& b) { return a.path < b.path; });
    constexpr int kPasswordBytes = 18;
    files.append({QStringLiteral("secrets/grafana-admin-password"),
                  random.secureBytes(kPasswordBytes).toBase64(QByteArray::Base64UrlEncoding), true});
    // Empty until the user puts a token there; Prometheus wants the file to exist.
    files.append({QStringLiteral("secrets/oriel-scrape-token"), {}, true});
    return files;
}

Result<StackWritten> writeStack(const QString& directory, const QList<StackFile>& files, bool force)
{
    StackWritten done;
    const QFileInfo place(directory);
    if (place.exists() && !place.isDir())
        return fail(ErrorCode::AlreadyExists, QStringLiteral("is a file"), directory, QStringLiteral("Name a folder."));
    if (!place.exists()) {
        if (Status written = writeNew(QDir::cleanPath(directory), files); !written)
            return fail(written.error());
        for (const StackFile& file : files)
            done.written.append(file.path);
        return done;
    }
    const QDir folder(directory);
    const auto present = std::find_if(files.begin(), files.end(),
                                      [&folder](const StackFile& file) { return QFileInfo::exists(folder.filePath(file.path)); });
    if (present != files.end() && !force)
        return fail(ErrorCode::AlreadyExists, QStringLiteral("is there already; nothing was written"),
                    folder.filePath(present->path),
                    QStringLiteral("Name another folder, or say --force to replace the files of the kit."));
    for (const StackFile& file : files) {
        const QString path = folder.filePath(file.path);
        if (file.isSecret && QFileInfo::exists(path)) {
            done.kept.append(file.path);
            continue;
        }
        if (Status written = writeFile(path, file); !written)
            return fail(written.error());
        done.written.append(file.path);
    }
    return done;
}

} // namespace oriel::service
