// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"

#include <span>
#include <variant>

namespace oriel::config {

enum class SettingType : quint8 { Bool, Integer, Number, Text, Choice, Duration, TextList, TextMap, Headers };

using HeaderList = QList<std::pair<QString, QString>>;
/// A duration is kept in milliseconds as an integer.
using SettingValue = std::variant<bool, qint64, double, QString, QStringList, QMap<QString, QString>, HeaderList>;

/// One setting of a `Subject` (Config, Server, Destination or Limit): the one truth for parsing, editing, the schema and the
/// reference.
template <class Subject> struct SettingRow {
    const char* key; ///< "gateway.port": objects within objects
    SettingType type;
    const char* description;
    SettingValue (*read)(const Subject&);
    void (*write)(Subject&, const SettingValue&);
    double minimum = 0;                        ///< Integer, Number, Duration
    double maximum = 0;                        ///< equal to minimum: no bounds
    std::span<const char* const> choices = {}; ///< Choice, and the elements that a TextList may have; empty: any
};

std::span<const SettingRow<Config>> settingsTable();
std::span<const SettingRow<Server>> serverTable();           ///< of an entry of `mcpServers`
std::span<const SettingRow<Destination>> destinationTable(); ///< of an entry of `telemetry.destinations`
std::span<const SettingRow<Limit>> limitTable();             ///< of an entry of `limits`

/// Writes a setting by its key; false when the table has none of that name.
bool setSetting(Config& configuration, const char* key, const SettingValue& value);
/// What the setting of this key may be set to; empty when the table has none of that name or it may be anything.
QStringList settingChoices(const char* key);
/// Writes `protocol` of a destination; false when it is none of the choices.
bool setProtocol(Destination& destination, const QString& protocol);

/// The reference page, in Markdown.
QByteArray settingsReference();

} // namespace oriel::config
