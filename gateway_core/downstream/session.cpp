// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/session.h"

#include <array>

namespace oriel::downstream {

namespace {

constexpr std::array<QByteArrayView, 8> kNames{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

} // namespace

QByteArrayView logLevelName(LogLevel level)
{
    return kNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> logLevelFromText(QByteArrayView text)
{
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (text == kNames[i])
            return static_cast<LogLevel>(i);
    }
    return std::nullopt;
}

} // namespace oriel::downstream
