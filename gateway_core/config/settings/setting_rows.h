// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings/settings_table.h"

#include <array>

/// What the rows of the settings tables are written with. For the files of the tables alone.
namespace oriel::config {

inline constexpr double kDay = 24.0 * 3600 * 1000; ///< in milliseconds
inline constexpr double kMaxBytes = 1024.0 * 1024 * 1024 * 1024;
inline constexpr double kMaxSamplerArg = 1e6;

inline constexpr std::array kSamplers{"always_on",
                                      "always_off",
                                      "traceidratio",
                                      "parentbased_always_on",
                                      "parentbased_always_off",
                                      "parentbased_traceidratio",
                                      "rate_limited",
                                      "adaptive",
                                      "keep_errors_and_slow"};
inline constexpr std::array kChildTelemetry{"default", "all", "endpoint", "context", "none"};

/// The name of an enumerator; the names stand in the enumeration's order, from its value `first` on. Empty for what is before.
template <class Enum> QString choiceOf(Enum value, std::span<const char* const> choices, std::size_t first = 0)
{
    const auto index = static_cast<std::size_t>(value);
    return index < first || index - first >= choices.size() ? QString() : QString::fromLatin1(choices[index - first]);
}

/// The enumerator of a name; the first one for a name that is none.
template <class Enum> Enum enumOf(const SettingValue& name, std::span<const char* const> choices, std::size_t first = 0)
{
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (std::get<QString>(name) == QLatin1String(choices[i]))
            return static_cast<Enum>(i + first);
    }
    return Enum{};
}

} // namespace oriel::config

// Reading and writing one field, which is named by an expression on the subject.
#define ORIEL_FIELD(Subject, Stored, expression)                                                                                 \
    [](const Subject& s) -> SettingValue { return SettingValue(static_cast<Stored>(s.expression)); },                            \
        [](Subject& s, const SettingValue& v) { s.expression = static_cast<decltype(s.expression)>(std::get<Stored>(v)); }
#define ORIEL_DURATION(Subject, expression)                                                                                      \
    [](const Subject& s) -> SettingValue { return SettingValue(static_cast<qint64>((s.expression).count())); },                  \
        [](Subject& s, const SettingValue& v) { s.expression = milliseconds(std::get<qint64>(v)); }
#define ORIEL_TIMEOUT(member)                                                                                                    \
    [](const Server& s) -> SettingValue { return s.timeouts.member ? qint64(s.timeouts.member->count()) : qint64(-1); },         \
        [](Server& s, const SettingValue& v) { s.timeouts.member = milliseconds(std::get<qint64>(v)); }
// An enumeration whose names are `choices`.
#define ORIEL_CHOICE_FROM(Subject, expression, choices, first)                                                                   \
    [](const Subject& s) { return SettingValue(choiceOf(s.expression, choices, first)); },                                       \
        [](Subject& s, const SettingValue& v) { s.expression = enumOf<decltype(s.expression)>(v, choices, first); }, 0, 0,       \
        choices
#define ORIEL_CHOICE(Subject, expression, choices) ORIEL_CHOICE_FROM(Subject, expression, choices, 0)
// The same; the enumeration's first value means "not said".
#define ORIEL_OPTIONAL_CHOICE(Subject, expression, choices) ORIEL_CHOICE_FROM(Subject, expression, choices, 1)
