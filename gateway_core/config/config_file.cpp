// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/config_file.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "config/config_reader.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>

namespace oriel::config {

namespace {

constexpr qint64 kMaxFileBytes = 4 * 1024 * 1024;

json::ParseOptions fileOptions()
{
    json::ParseOptions options;
    options.allowComments = true;
    return options;
}

QByteArray valueJson(const SettingValue& value)
{
    json::Writer writer;
    std::visit([&writer](const auto& v) {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, QStringList>) {
            writer.beginArray();
            for (const QString& text : v)
                writer.value(text);
            writer.endArray();
        } else if constexpr (std::is_same_v<V, QMap<QString, QString>>) {
            writer.beginObject();
            for (auto it = v.cbegin(); it != v.cend(); ++it)
                writer.key(QStringView(it.key())).value(it.value());
            writer.endObject();
        } else if constexpr (std::is_same_v<V, HeaderList>) {
            writer.beginObject();
            for (const auto& [name, text] : v)
                writer.key(QStringView(name)).value(text);
            writer.endObject();
        } else {
            writer.value(v);
        }
    }, value);
    return writer.take();
}

/// All that differs from the defaults, as the members of one object; nested keys become nested objects.
template <class Subject> QByteArray objectJson(std::span<const SettingRow<Subject>> rows, const Subject& subject, int indent, const QStringList& always = {})
{
    const Subject defaults;
    QMap<QString, QMap<QString, QByteArray>> groups; // two levels are enough for entries
    QList<std::pair<QString, QByteArray>> members;
    for (const SettingRow<Subject>& row : rows) {
        const QString key = QLatin1String(row.key);
        if (row.read(subject) == row.read(defaults) && !always.contains(key))
            continue;
        const qsizetype dot = key.indexOf(QLatin1Char('.'));
        if (dot < 0)
            members.append({key, valueJson(row.read(subject))});
        else if (const SettingValue value = row.read(subject); !(std::holds_alternative<qint64>(value) && std::get<qint64>(value) < 0))
            groups[key.left(dot)].insert(key.mid(dot + 1), valueJson(value));
    }
    for (auto it = groups.cbegin(); it != groups.cend(); ++it) {
        QByteArray object;
        for (auto inner = it->cbegin(); inner != it->cend(); ++inner)
            object += (object.isEmpty() ? "{" : ", ") + json::quote(QStringView(inner.key())) + ": " + inner.value();
        members.append({it.key(), object + '}'});
    }
    const QByteArray pad(indent, ' ');
    QByteArray out = "{";
    for (const auto& [key, json] : members)
        out += (out.size() > 1 ? ",\n" : "\n") + pad + "  " + json::quote(QStringView(key)) + ": " + json;
    return out + (members.isEmpty() ? "}" : "\n" + pad + "}");
}

/// One change of the text at a time: parsed, spliced, and parsed again for the next. Files are small and edits few.
class TextEditor {
public:
    explicit TextEditor(QByteArray text) : m_text(text.trimmed().isEmpty() ? QByteArrayLiteral("{\n}\n") : std::move(text)) {}

    Status set(const QStringList& path, const QByteArray& json) { return change(path, &json); }
    Status remove(const QStringList& path) { return change(path, nullptr); }
    [[nodiscard]] const QByteArray& text() const { return m_text; }

private:
    Status change(const QStringList& path, const QByteArray* json)
    {
        json::Document document;
        if (const Status parsed = document.parseOrError(m_text, fileOptions()); !parsed)
            return parsed;
        json::Value object = document.root();
        qsizetype depth = 0;
        while (depth + 1 < path.size() && object.find(path[depth].toUtf8()).isObject())
            object = object.find(path[depth++].toUtf8());
        const QByteArray key = path[depth].toUtf8();
        json::Splicer splicer(m_text);
        QByteArray value;
        QByteArray quoted;
        if (json == nullptr) {
            for (const json::Member& member : object.members()) {
                if (depth + 1 == path.size() && member.key.equals(key))
                    splicer.removeMember(object, member);
            }
        } else {
            value = *json;
            for (qsizetype i = path.size() - 1; i > depth; --i)
                value = "{" + json::quote(QStringView(path[i])) + ": " + value + "}";
            if (const json::Value existing = object.find(key); existing.exists()) {
                splicer.replace(existing, value);
            } else {
                quoted = "\n" + QByteArray(2 * (depth + 1), ' ') + json::quote(QByteArrayView(key));
                splicer.insertMember(object, quoted, value);
            }
        }
        m_text = splicer.apply();
        return {};
    }

    QByteArray m_text;
};

template <class Subject>
Status editRows(TextEditor& editor, std::span<const SettingRow<Subject>> rows, const Subject& before, const Subject& after, const QStringList& prefix)
{
    const Subject defaults;
    for (const SettingRow<Subject>& row : rows) {
        const SettingValue value = row.read(after);
        if (value == row.read(before))
            continue;
        const QStringList path = prefix + QString::fromLatin1(row.key).split(QLatin1Char('.'));
        const bool unset = value == row.read(defaults) && std::holds_alternative<qint64>(value) && std::get<qint64>(value) < 0;
        if (const Status changed = unset ? editor.remove(path) : editor.set(path, valueJson(value)); !changed)
            return changed;
    }
    return {};
}

Status editServers(TextEditor& editor, const Config& before, const Config& after, const QString& section)
{
    for (const Server& server : before.servers) {
        if (findServer(after, server.name) == nullptr) {
            if (Status removed = editor.remove({section, server.name}); !removed)
                return removed;
        }
    }
    for (const Server& server : after.servers) {
        const Server* old = findServer(before, server.name);
        Status changed;
        if (old == nullptr)
            changed = editor.set({section, server.name}, objectJson(serverTable(), server, 4,
                                                                     server.transport == ServerTransport::Stdio ? QStringList() : QStringList{QStringLiteral("type")}));
        else if (!(*old == server))
            changed = editRows(editor, serverTable(), *old, server, {section, server.name});
        if (!changed)
            return changed;
    }
    return {};
}

Status editDestinations(TextEditor& editor, const Config& before, const Config& after)
{
    if (before.telemetry.destinations == after.telemetry.destinations)
        return {};
    QByteArray list = "[";
    for (const Destination& destination : after.telemetry.destinations) {
        if (destination.fromEnvironment)
            continue;
        list += (list.size() > 1 ? ",\n      " : "\n      ") + objectJson(destinationTable(), destination, 6, {QStringLiteral("name"), QStringLiteral("protocol")});
    }
    return editor.set({QStringLiteral("telemetry"), QStringLiteral("destinations")}, list + (list.size() > 1 ? "\n    ]" : "]"));
}

} // namespace

tl::expected<Loaded, QList<Problem>> parseConfig(QByteArrayView text, const QString& path)
{
    if (text.trimmed().isEmpty())
        return Loaded{};
    json::Document document;
    if (const auto parsed = document.parse(text, fileOptions()); !parsed) {
        const json::ParseError& e = parsed.error();
        return tl::unexpected(QList<Problem>{{Problem::Severity::Error, path, e.line, e.column, {}, QStringLiteral("expected %1").arg(QLatin1String(e.expected))}});
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
    const auto broken = [&](const QString& message) { return tl::unexpected(QList<Problem>{{Problem::Severity::Error, path, 0, 0, {}, message}}); };
    if (!file.open(QIODevice::ReadOnly))
        return broken(QStringLiteral("cannot be read: %1").arg(file.errorString()));
    if (file.size() > kMaxFileBytes)
        return broken(QStringLiteral("is larger than 4 MiB"));
    return parseConfig(file.readAll(), path);
}

Result<QByteArray> editConfig(QByteArrayView text, const Config& before, const Config& after)
{
    TextEditor editor(text.toByteArray());
    json::Document document;
    if (const Status parsed = document.parseOrError(editor.text(), fileOptions()); !parsed)
        return fail(parsed.error());
    const bool vsCode = !document.root().find("mcpServers").exists() && document.root().find("servers").exists();
    for (const Status& step : {editRows(editor, settingsTable(), before, after, {}),
                               editServers(editor, before, after, vsCode ? QStringLiteral("servers") : QStringLiteral("mcpServers")),
                               editDestinations(editor, before, after)}) {
        if (!step)
            return fail(step.error());
    }
    return editor.text();
}

Status saveConfig(const QString& path, const Config& after)
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
        return fail(ErrorCode::Parse, before.error().first().toString(), path, QStringLiteral("Mend the file first; nothing was changed."));
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
