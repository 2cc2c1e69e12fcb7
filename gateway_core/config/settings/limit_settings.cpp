// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings/setting_rows.h"

#include <array>

namespace oriel::config {

namespace {

using enum SettingType;

constexpr std::array kLimitScopeNames{"client", "project", "tenant", "server", "tool"};

constexpr double kMaxCount = 1e15;

const std::array kLimit{
    SettingRow<Limit>{"for", Choice, "Whose calls it counts.", ORIEL_CHOICE(Limit, scope, kLimitScopeNames)},
    SettingRow<Limit>{"name", Text,
                      "The token of a client, the project, tenant or server, or a tool under the name that clients see; *: each "
                      "one that has no entry of its own, counted by itself.",
                      ORIEL_FIELD(Limit, QString, name)},
    SettingRow<Limit>{"callsPerSecond", Number, "Calls a second on average; 0: no limit.",
                      ORIEL_FIELD(Limit, double, callsPerSecond), 0, 1'000'000},
    SettingRow<Limit>{"burst", Integer, "Calls at once after a pause; 0: what callsPerSecond gives in a second.",
                      ORIEL_FIELD(Limit, qint64, burst), 0, 1'000'000},
    SettingRow<Limit>{"concurrency", Integer, "Calls in flight; 0: no limit.", ORIEL_FIELD(Limit, qint64, concurrency), 0,
                      100'000},
    SettingRow<Limit>{"callsPerHour", Integer, "Calls within an hour of the local clock; 0: no limit.",
                      ORIEL_FIELD(Limit, qint64, callsPerHour), 0, kMaxCount},
    SettingRow<Limit>{"callsPerDay", Integer, "Calls within a day of the local clock; 0: no limit.",
                      ORIEL_FIELD(Limit, qint64, callsPerDay), 0, kMaxCount},
    SettingRow<Limit>{"tokensPerHour", Integer,
                      "Tokens that arguments and results come to, estimated as a quarter of their bytes, within an hour; 0: no "
                      "limit.",
                      ORIEL_FIELD(Limit, qint64, tokensPerHour), 0, kMaxCount},
    SettingRow<Limit>{"tokensPerDay", Integer, "The same within a day; 0: no limit.", ORIEL_FIELD(Limit, qint64, tokensPerDay), 0,
                      kMaxCount},
};

} // namespace

std::span<const SettingRow<Limit>> limitTable()
{
    return kLimit;
}

} // namespace oriel::config
