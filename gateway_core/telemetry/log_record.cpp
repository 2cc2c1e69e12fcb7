// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/log_record.h"

#include <array>

namespace oriel::telemetry {

QByteArray severityName(Severity severity)
{
    static constexpr std::array kRanges{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    const auto number = static_cast<unsigned>(severity);
    if (number == 0 || number > 4 * kRanges.size())
        return {};
    const QByteArray range = kRanges[(number - 1) / 4];
    const unsigned step = (number - 1) % 4;
    return step == 0 ? range : range + static_cast<char>('1' + step);
}

} // namespace oriel::telemetry
