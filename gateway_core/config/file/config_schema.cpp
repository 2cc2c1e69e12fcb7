// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "config/file/config_file.h"
#include "config/file/text_editor.h"
#include "config/settings/settings_table.h"

#include <map>

namespace oriel::config {

namespace {

template <class Subject> QByteArray rowSchema(const SettingRow<Subject>& row)
{
    json::Writer writer;
    writer.beginObject();
    const auto bounds = [&] {
        if (row.minimum != row.maximum)
            writer.rawMember("minimum", QByteArray::number(row.minimum, 'f', row.type == SettingType::Number ? 1 : 0))
                .rawMember("maximum", QByteArray::number(row.maximum, 'f', row.type == SettingType::Number ? 1 : 0));
    };
    const auto choices = [&] {
        if (row.choices.empty())
            return;
        writer.key("enum").beginArray();
        for (const char* choice : row.choices)
            writer.value(choice);
        writer.endArray();
    };
    switch (row.type) {
    case SettingType::Bool:
        writer.member("type", "boolean");
        break;
    case SettingType::Integer:
        writer.member("type", "integer");
        bounds();
        break;
    case SettingType::Number:
        writer.member("type", "number");
        bounds();
        break;
    case SettingType::Text:
        writer.member("type", "string");
        break;
    case SettingType::Choice:
        choices();
        break;
    case SettingType::Duration:
        writer.rawMember("type", R"(["integer","string"])").member("pattern", "^[0-9.]+ *(ms|s|m|min|h)$");
        break;
    case SettingType::TextList:
        writer.member("type", "array").key("items").beginObject().member("type", "string");
        choices();
        writer.endObject();
        break;
    case SettingType::TextMap:
    case SettingType::Headers:
        writer.member("type", "object").rawMember("additionalProperties", R"({"type":["string","number","null"]})");
        break;
    }
    writer.member("description", row.description);
    return writer.endObject().take();
}

struct Level {
    std::map<QByteArray, QByteArray> leaves;
    std::map<QByteArray, Level> groups;
};

void writeLevel(json::Writer& writer, const Level& level)
{
    writer.member("type", "object").key("properties").beginObject();
    for (const auto& [key, schema] : level.leaves)
        writer.rawMember(key, schema);
    for (const auto& [key, group] : level.groups) {
        writer.key(QByteArrayView(key)).beginObject();
        writeLevel(writer, group);
        writer.endObject();
    }
    writer.endObject();
}

template <class Subject> Level levelsOf(std::span<const SettingRow<Subject>> rows)
{
    Level root;
    for (const SettingRow<Subject>& row : rows) {
        Level* level = &root;
        QList<QByteArray> parts = QByteArray(row.key).split('.');
        const QByteArray leaf = parts.takeLast();
        for (const QByteArray& part : std::as_const(parts))
            level = &level->groups[part];
        level->leaves.emplace(leaf, rowSchema(row));
    }
    return root;
}

} // namespace

QByteArray configSchema()
{
    Level root = levelsOf(settingsTable());
    json::Writer destination;
    destination.beginObject();
    writeLevel(destination, levelsOf(destinationTable()));
    destination.rawMember("required", R"(["name"])").endObject();
    root.groups["telemetry"].leaves.emplace("destinations", "{\"type\":\"array\",\"items\":" + destination.take() + "}");
    json::Writer limit;
    limit.beginObject();
    writeLevel(limit, levelsOf(limitTable()));
    limit.rawMember("required", R"(["for"])").endObject();
    root.leaves.emplace("limits", R"({"type":"array","description":"Rates and quotas.","items":)" + limit.take() + "}");
    json::Writer server;
    server.beginObject();
    writeLevel(server, levelsOf(serverTable()));
    server.endObject();
    root.leaves.emplace("mcpServers",
                        R"({"type":"object","description":"The servers behind the gateway, by name.","additionalProperties":)" +
                            server.take() + "}");
    json::Writer properties;
    properties.beginObject();
    writeLevel(properties, root);
    // The editor lays it out for people.
    const QByteArray text = properties.endObject().take();
    json::Document document;
    TextEditor editor({});
    Status written = document.parseOrError(text);
    if (written)
        written =
            editor.set({QStringLiteral("$schema")}, json::quote(QByteArrayView("https://json-schema.org/draft/2020-12/schema")));
    if (written)
        written = editor.set({QStringLiteral("title")}, json::quote(QByteArrayView("Oriel configuration")));
    for (const json::Member& member : document.root().members()) {
        if (written)
            written = editor.set({member.key.asString()}, member.value.raw());
    }
    Q_ASSERT(written);
    return editor.text();
}

} // namespace oriel::config
