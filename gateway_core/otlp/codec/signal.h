// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <array>
#include <cstdint>

namespace oriel::otlp {

enum class Signal : std::uint8_t { Traces, Metrics, Logs };
inline constexpr std::size_t kSignalCount = 3;
inline constexpr std::array kSignals{Signal::Traces, Signal::Metrics, Signal::Logs};

/// "traces", "metrics", "logs": as in paths, configuration and file names.
constexpr const char* signalName(Signal signal)
{
    switch (signal) {
    case Signal::Traces:
        return "traces";
    case Signal::Metrics:
        return "metrics";
    case Signal::Logs:
        return "logs";
    }
    return "traces";
}

/// The two encodings of OTLP messages. A request is the same message as one line of an OTLP JSON file.
enum class Encoding : std::uint8_t { Protobuf, Json };

constexpr const char* contentType(Encoding encoding)
{
    return encoding == Encoding::Json ? "application/json" : "application/x-protobuf";
}

} // namespace oriel::otlp
