// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/log_level.h"

#include <array>

namespace oriel::config {

std::optional<QString> ownLogLevel(const QString& severity)
{
    struct Row {
        const char* severity;
        const char* level;
    };
    static constexpr std::array kRows{Row{"trace", "debug"},  Row{"debug", "debug"},     Row{"info", "info"},
                                      Row{"warn", "warning"}, Row{"warning", "warning"}, Row{"error", "error"},
                                      Row{"fatal", "error"}};
    QString name = severity.toLower();
    // Severities have four degrees: warn, warn2, warn3, warn4.
    if (!name.isEmpty() && name.back() >= QLatin1Char('2') && name.back() <= QLatin1Char('4'))
        name.chop(1);
    for (const Row& row : kRows) {
        if (name == QLatin1String(row.severity))
            return QString::fromLatin1(row.level);
    }
    return std::nullopt;
}

} // namespace oriel::config
