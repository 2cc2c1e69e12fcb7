// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/file/config_file.h"

#include "config/file/config_reader.h"
#include "config/file/text_editor.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>

namespace oriel::config {

namespace {

constexpr qint64 kMaxFileBytes = 4 * 1024 * 1024;

/// What was expected and, where a token was, what stands there instead.
QString problemText(const json::ParseError& error, QByteArrayView text)
{
    const QString rule = QLatin1String(error.expected);
    if (error.reason != json::ParseError::Reason::Syntax)
        return rule;
    if (error.offset >= static_cast<std::size_t>(text.size()))
        return QStringLiteral("expected %1, found the end of the file").arg(rule);
    const qsizetype length = std::min<qsizetype>(20, text.size() - error.offset);
    const QString rest = QString::fromUtf8(text.sliced(error.offset, length));
    const qsizetype lineEnd = rest.indexOf(QLatin1Char('\n'));
    const QString found = (lineEnd < 0 ? rest : rest.left(lineEnd)).trimmed();
    return found.isEmpty() ? QStringLiteral("expected %1, found the end of the line").arg(rule)
                           : QStringLiteral("expected %1, found %2").arg(rule, found);
}

} // namespace

tl::expected<Loaded, QList<Problem>> parseConfig(QByteArrayView text, const QString& path)
{
    if (text.trimmed().isEmpty())
        return Loaded{};
    json::Document document;
    if (const auto parsed = document.parse(text, TextEditor::parseOptions()); !parsed) {
        const json::ParseError& e = parsed.error();
        return tl::unexpected(QList<Problem>{{Problem::Severity::Error, path, e.line, e.column, {}, problemText(e, text)}});
    }
    ConfigReader reader(document, path);
    Loaded loaded{reader.readRoot(), {}};
    if (reader.hasErrors())
        return tl::unexpected(reader.problems());
    loaded.warnings = reader.problems();
    return loaded;
}

tl::expected<Loaded, QList<Problem>> loadConfig(const QString& path)
{
    QFile file(path);
    if (!file.exists())
        return Loaded{};
    const auto broken = [&](const QString& message) {
        return tl::unexpected(QList<Problem>{{Problem::Severity::Error, path, 0, 0, {}, message}});
    };
    if (!file.open(QIODevice::ReadOnly))
        return broken(QStringLiteral("cannot be read: %1").arg(file.errorString()));
    if (file.size() > kMaxFileBytes)
        return broken(QStringLiteral("is larger than 4 MiB"));
    return parseConfig(file.readAll(), path);
}

Status saveConfig(const QString& path, const Config& after)
{
    return changeConfig(path, [&after](Config& config) -> Status {
        config = after;
        return {};
    });
}

Status changeConfig(const QString& path, const std::function<Status(Config&)>& change)
{
    QFile existing(path);
    QByteArray text;
    const bool existed = existing.exists();
    if (existed) {
        if (!existing.open(QIODevice::ReadOnly))
            return fail(ErrorCode::Io, QStringLiteral("cannot be read: %1").arg(existing.errorString()), path);
        text = existing.readAll();
    }
    const auto before = parseConfig(text, path);
    if (!before)
        return fail(ErrorCode::Parse, before.error().first().toString(), path,
                    QStringLiteral("Mend the file first; nothing was changed."));
    Config after = before->config;
    if (const Status changed = change(after); !changed)
        return changed;
    const auto edited = editConfig(text, before->config, after);
    if (!edited)
        return fail(edited.error());
    if (!QDir().mkpath(QFileInfo(path).absolutePath()))
        return fail(ErrorCode::Io, QStringLiteral("its folder cannot be made"), path);
    QSaveFile file(path);
    const QFileDevice::Permissions mode = existed ? existing.permissions() : QFileDevice::ReadOwner | QFileDevice::WriteOwner;
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(mode) || file.write(*edited) != edited->size() || !file.commit())
        return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), path);
    return {};
}

QString defaultConfigPath()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + QStringLiteral("/oriel/config.json");
}

QString defaultDataDirectory()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/oriel");
}

} // namespace oriel::config
