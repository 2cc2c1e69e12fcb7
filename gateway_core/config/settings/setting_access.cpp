// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings/settings_table.h"

#include <algorithm>

namespace oriel::config {

bool setSetting(Config& configuration, const char* key, const SettingValue& value)
{
    const auto settings = settingsTable();
    const auto row =
        std::find_if(settings.begin(), settings.end(), [&](const SettingRow<Config>& one) { return qstrcmp(one.key, key) == 0; });
    if (row == settings.end())
        return false;
    row->write(configuration, value);
    return true;
}

bool setProtocol(Destination& destination, const QString& protocol)
{
    const auto settings = destinationTable();
    const auto row = std::find_if(settings.begin(), settings.end(),
                                  [](const SettingRow<Destination>& one) { return qstrcmp(one.key, "protocol") == 0; });
    const bool known = row != settings.end() && std::any_of(row->choices.begin(), row->choices.end(), [&](const char* choice) {
                           return protocol == QLatin1String(choice);
                       });
    if (known)
        row->write(destination, SettingValue(protocol));
    return known;
}

QStringList settingChoices(const char* key)
{
    QStringList choices;
    for (const SettingRow<Config>& row : settingsTable()) {
        if (qstrcmp(row.key, key) != 0)
            continue;
        for (const char* choice : row.choices)
            choices.append(QLatin1String(choice));
    }
    return choices;
}

} // namespace oriel::config
