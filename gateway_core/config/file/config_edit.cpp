// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "config/file/config_file.h"
#include "config/file/text_editor.h"
#include "config/settings/settings_table.h"

#include <algorithm>
#include <numeric>

namespace oriel::config {

namespace {

QByteArray valueJson(const SettingValue& value)
{
    json::Writer writer;
    const auto writePairs = [&writer](const HeaderList& pairs) {
        writer.beginObject();
        for (const auto& [name, text] : pairs)
            writer.key(QStringView(name)).value(text);
        writer.endObject();
    };
    std::visit(
        [&](const auto& v) {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<V, QStringList>) {
                writer.beginArray();
                for (const QString& text : v)
                    writer.value(text);
                writer.endArray();
            } else if constexpr (std::is_same_v<V, QMap<QString, QString>>) {
                HeaderList pairs;
                for (auto it = v.cbegin(); it != v.cend(); ++it)
                    pairs.append({it.key(), it.value()});
                writePairs(pairs);
            } else if constexpr (std::is_same_v<V, HeaderList>) {
                writePairs(v);
            } else {
                writer.value(v);
            }
        },
        value);
    return writer.take();
}

/// Only limits that may be absent are ever below zero.
bool isUnset(const SettingValue& value)
{
    return std::holds_alternative<qint64>(value) && std::get<qint64>(value) < 0;
}

template <class Subject> QStringList pathOf(const SettingRow<Subject>& row)
{
    return QString::fromLatin1(row.key).split(QLatin1Char('.'));
}

/// All that differs from the defaults, as one object.
template <class Subject>
Result<QByteArray> objectJson(std::span<const SettingRow<Subject>> rows, const Subject& subject, const QStringList& always = {})
{
    const Subject defaults;
    TextEditor editor(QByteArrayLiteral("{}"));
    for (const SettingRow<Subject>& row : rows) {
        const SettingValue value = row.read(subject);
        if (isUnset(value) || (value == row.read(defaults) && !always.contains(QLatin1String(row.key))))
            continue;
        if (const Status added = editor.set(pathOf(row), valueJson(value)); !added)
            return fail(added.error());
    }
    return editor.text();
}

/// The pairs of a map or a list of headers, or nothing for every other kind.
std::optional<HeaderList> pairsOf(const SettingValue& value)
{
    if (const auto* headers = std::get_if<HeaderList>(&value))
        return *headers;
    const auto* map = std::get_if<QMap<QString, QString>>(&value);
    if (map == nullptr)
        return std::nullopt;
    HeaderList pairs;
    for (auto it = map->cbegin(); it != map->cend(); ++it)
        pairs.append({it.key(), it.value()});
    return pairs;
}

bool contains(const HeaderList& pairs, const QString& name)
{
    return std::any_of(pairs.cbegin(), pairs.cend(), [&](const auto& pair) { return pair.first == name; });
}

/// A change of single names keeps what the file says about the others. False when the order of headers changed: then they are
/// written anew.
bool canEditPairs(const HeaderList& before, const HeaderList& after, bool ordered)
{
    if (!ordered)
        return true;
    QStringList kept;
    QStringList wanted;
    for (const auto& [name, text] : before) {
        if (contains(after, name))
            kept.append(name);
    }
    for (const auto& [name, text] : after)
        wanted.append(name);
    return wanted.first(kept.size()) == kept;
}

Status editPairs(TextEditor& editor, const QStringList& path, const HeaderList& before, const HeaderList& after)
{
    for (const auto& [name, text] : before) {
        if (contains(after, name))
            continue;
        if (const Status removed = editor.remove(path + QStringList(name)); !removed)
            return removed;
    }
    for (const auto& pair : after) {
        if (before.contains(pair))
            continue;
        if (const Status changed = editor.set(path + QStringList(pair.first), json::quote(QStringView(pair.second))); !changed)
            return changed;
    }
    return {};
}

Status editValue(TextEditor& editor, const QStringList& path, const SettingValue& before, const SettingValue& after)
{
    if (isUnset(after))
        return editor.remove(path);
    const auto pairsBefore = pairsOf(before);
    const auto pairsAfter = pairsOf(after);
    const bool ordered = std::holds_alternative<HeaderList>(after);
    if (pairsBefore && pairsAfter && !pairsBefore->isEmpty() && !pairsAfter->isEmpty() &&
        canEditPairs(*pairsBefore, *pairsAfter, ordered))
        return editPairs(editor, path, *pairsBefore, *pairsAfter);
    return editor.set(path, valueJson(after));
}

template <class Subject>
Status editRows(TextEditor& editor, std::span<const SettingRow<Subject>> rows, const Subject& before, const Subject& after,
                const QStringList& prefix)
{
    for (const SettingRow<Subject>& row : rows) {
        const SettingValue value = row.read(after);
        if (value == row.read(before))
            continue;
        const QStringList path = prefix + pathOf(row);
        // A choice that was not made has no word for it.
        const auto* text = std::get_if<QString>(&value);
        const bool unmade = row.type == SettingType::Choice && text != nullptr && text->isEmpty();
        if (const Status changed = unmade ? editor.remove(path) : editValue(editor, path, row.read(before), value); !changed)
            return changed;
    }
    return {};
}

template <class Entry> qsizetype indexOf(const QList<Entry>& list, const QString& name)
{
    const auto found = std::find_if(list.cbegin(), list.cend(), [&](const Entry& entry) { return entry.name == name; });
    return found == list.cend() ? -1 : found - list.cbegin();
}

/// Which entry of `before` an entry of `after` was: the one of its name or, where one entry was renamed in its place, the one
/// there.
template <class Entry> qsizetype originOf(const QList<Entry>& before, const QList<Entry>& after, qsizetype index)
{
    if (const qsizetype same = indexOf(before, after[index].name); same >= 0)
        return same;
    const bool renamed = before.size() == after.size() && indexOf(after, before[index].name) < 0;
    return renamed ? index : -1;
}

template <class Entry> QList<qsizetype> origins(const QList<Entry>& before, const QList<Entry>& after)
{
    QList<qsizetype> all;
    for (qsizetype i = 0; i < after.size(); ++i)
        all.append(originOf(before, after, i));
    return all;
}

Status editServers(TextEditor& editor, const QList<Server>& before, const QList<Server>& after, const QString& section)
{
    const QList<qsizetype> from = origins(before, after);
    for (qsizetype i = 0; i < before.size(); ++i) {
        if (from.contains(i))
            continue;
        if (const Status removed = editor.remove({section, before[i].name}); !removed)
            return removed;
    }
    for (qsizetype i = 0; i < after.size(); ++i) {
        const Server& server = after[i];
        const QStringList path{section, server.name};
        Status changed;
        if (from[i] < 0) {
            const auto json =
                objectJson(serverTable(), server,
                           server.transport == ServerTransport::Stdio ? QStringList() : QStringList{QStringLiteral("type")});
            changed = json ? editor.set(path, *json) : fail(json.error());
        } else {
            const Server& old = before[from[i]];
            if (old.name != server.name)
                changed = editor.rename({section, old.name}, server.name);
            if (changed)
                changed = editRows(editor, serverTable(), old, server, path);
            // With a command beside its url the type is no longer guessed right.
            if (changed && old.command != server.command && server.transport == old.transport &&
                server.transport != ServerTransport::Stdio)
                changed = editor.set(path + QStringList(QStringLiteral("type")), valueJson(serverTable().front().read(server)));
        }
        if (!changed)
            return changed;
    }
    return {};
}

/// The list holds those that stayed, in their old order, and behind them the new ones.
Status orderDestinations(TextEditor& editor, const QStringList& list, const QList<qsizetype>& from)
{
    QList<qsizetype> there(from.size());
    std::iota(there.begin(), there.end(), 0);
    std::stable_sort(there.begin(), there.end(),
                     [&](qsizetype a, qsizetype b) { return from[a] >= 0 && (from[b] < 0 || from[a] < from[b]); });
    QList<qsizetype> order(from.size());
    for (qsizetype place = 0; place < there.size(); ++place)
        order[there[place]] = place;
    return std::is_sorted(order.cbegin(), order.cend()) ? Status() : editor.reorder(list, order);
}

Status editDestinations(TextEditor& editor, const QList<Destination>& before, const QList<Destination>& after)
{
    const QStringList list{QStringLiteral("telemetry"), QStringLiteral("destinations")};
    const QList<qsizetype> from = origins(before, after);
    for (qsizetype i = 0; i < after.size(); ++i) {
        if (from[i] < 0)
            continue;
        const QStringList path = list + QStringList(QString::number(from[i]));
        if (const Status changed = editRows(editor, destinationTable(), before[from[i]], after[i], path); !changed)
            return changed;
    }
    for (qsizetype i = before.size() - 1; i >= 0; --i) {
        if (from.contains(i))
            continue;
        if (const Status removed = editor.remove(list + QStringList(QString::number(i))); !removed)
            return removed;
    }
    for (qsizetype i = 0; i < after.size(); ++i) {
        if (from[i] >= 0)
            continue;
        const auto json = objectJson(destinationTable(), after[i], {QStringLiteral("name"), QStringLiteral("protocol")});
        if (!json)
            return fail(json.error());
        if (const Status added = editor.append(list, *json); !added)
            return added;
    }
    return orderDestinations(editor, list, from);
}

/// Limits have no names of their own to be found by: a change writes the list anew.
Status editLimits(TextEditor& editor, const QList<Limit>& before, const QList<Limit>& after)
{
    const QStringList list{QStringLiteral("limits")};
    if (before == after)
        return {};
    if (after.isEmpty())
        return editor.remove(list);
    json::Writer writer;
    writer.beginArray();
    for (const Limit& limit : after) {
        const auto json = objectJson(limitTable(), limit, {QStringLiteral("for"), QStringLiteral("name")});
        if (!json)
            return fail(json.error());
        writer.raw(*json);
    }
    writer.endArray();
    return editor.set(list, writer.take());
}

/// What the environment defines is not the file's.
QList<Destination> ofTheFile(const QList<Destination>& destinations)
{
    QList<Destination> own = destinations;
    own.removeIf([](const Destination& destination) { return destination.fromEnvironment; });
    return own;
}

} // namespace

Result<QByteArray> editConfig(QByteArrayView text, const Config& before, const Config& after)
{
    TextEditor editor(text.toByteArray());
    json::Document document;
    if (const Status parsed = document.parseOrError(editor.text(), TextEditor::parseOptions()); !parsed)
        return fail(parsed.error());
    const bool vsCode = !document.root().find("mcpServers").exists() && document.root().find("servers").exists();
    const QString section = vsCode ? QStringLiteral("servers") : QStringLiteral("mcpServers");
    Status edited = editRows(editor, settingsTable(), before, after, {});
    if (edited)
        edited = editServers(editor, before.servers, after.servers, section);
    if (edited)
        edited = editDestinations(editor, ofTheFile(before.telemetry.destinations), ofTheFile(after.telemetry.destinations));
    if (edited)
        edited = editLimits(editor, before.limits, after.limits);
    if (!edited)
        return fail(edited.error());
    // Values that the reader would refuse next time must not reach the file.
    if (const auto reread = parseConfig(editor.text(), {}); !reread) {
        const Problem& first = reread.error().first();
        return fail(ErrorCode::InvalidArgument,
                    first.key.isEmpty() ? first.message : first.key + QStringLiteral(": ") + first.message);
    }
    return editor.text();
}

} // namespace oriel::config
