// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings/settings_table.h"

namespace oriel::config {

namespace {

using enum SettingType;

const char* typeName(SettingType type)
{
    switch (type) {
    case Bool:
        return "true or false";
    case Integer:
        return "integer";
    case Number:
        return "number";
    case Text:
        return "text";
    case Choice:
        return "one of";
    case Duration:
        return "duration (ms, or \"30s\")";
    case TextList:
        return "list of texts";
    case TextMap:
        return "object of texts";
    case Headers:
        return "object of texts";
    }
    return "";
}

QByteArray valueText(const SettingValue& value)
{
    return std::visit(
        [](const auto& v) -> QByteArray {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<V, bool>)
                return v ? "true" : "false";
            else if constexpr (std::is_same_v<V, qint64>)
                return v < 0 ? QByteArray() : QByteArray::number(v);
            else if constexpr (std::is_same_v<V, double>)
                return QByteArray::number(v);
            else if constexpr (std::is_same_v<V, QString>)
                return v.toUtf8();
            else if constexpr (std::is_same_v<V, QStringList>)
                return v.join(QStringLiteral(", ")).toUtf8();
            else
                return {};
        },
        value);
}

template <class Subject> void appendRows(QByteArray& out, std::span<const SettingRow<Subject>> rows)
{
    const Subject defaults;
    out += "| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const SettingRow<Subject>& row : rows) {
        QByteArray type = typeName(row.type);
        for (const char* choice : row.choices)
            type += QByteArray(&choice == row.choices.data() && row.type == TextList ? ": `" : " `") + choice + '`';
        const QByteArray standard = valueText(row.read(defaults));
        out += QByteArray("| `") + row.key + "` | " + type + " | " + (standard.isEmpty() ? "" : "`" + standard + "`") + " | " +
               row.description + " |\n";
    }
}

} // namespace

QByteArray settingsReference()
{
    QByteArray out =
        "# Settings\n\nThe configuration file is JSON; comments and trailing commas are allowed. `oriel config path` tells where "
        "it is, and\n"
        "`resources/oriel.schema.json` is its JSON Schema. This page is made from the table of settings in the code.\n\n";
    appendRows(out, settingsTable());
    out += "\n## An entry of `mcpServers`\n\n";
    appendRows(out, serverTable());
    out += "\n## An entry of `telemetry.destinations`\n\n";
    appendRows(out, destinationTable());
    out += "\n## An entry of `limits`\n\n";
    appendRows(out, limitTable());
    out += "\n## Environment variables\n\nThe `OTEL_*` variables win over the file: [environment.md](environment.md).\n";
    return out;
}

} // namespace oriel::config
