// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/encode.h"

#include <cmath>
#include <limits>

namespace oriel::otlp {

/// The nearest integer of the wire; a metric's value is kept as a double, which may lie just outside.
inline std::int64_t toWireInteger(double value)
{
    constexpr double kLimit = 9.2233720368547748e18; // the largest double below 2^63
    if (std::isnan(value))
        return 0;
    if (value > kLimit)
        return std::numeric_limits<std::int64_t>::max();
    return value < -kLimit ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(value);
}

/// What a number or exemplar that is an integer is on the wire.
template <class Number> std::int64_t integerOf(const Number& number)
{
    return number.exact.value_or(toWireInteger(number.value));
}

/// Whether there is a number to write: a point that says that there is none has neither member of the oneof.
inline bool hasNumber(const telemetry::NumberPoint& point)
{
    return (point.flags & telemetry::kNoRecordedValue) == 0 || point.isInteger || point.value != 0;
}

} // namespace oriel::otlp

/// The two bodies behind encode.h.
namespace oriel::otlp::protobuf {
QByteArray encode(std::span<const telemetry::SpanData> spans);
QByteArray encode(std::span<const ScopedMetrics> metrics);
QByteArray encode(std::span<const telemetry::LogRecord> logs);
} // namespace oriel::otlp::protobuf

namespace oriel::otlp::json_encoding {
QByteArray encode(std::span<const telemetry::SpanData> spans);
QByteArray encode(std::span<const ScopedMetrics> metrics);
QByteArray encode(std::span<const telemetry::LogRecord> logs);
} // namespace oriel::otlp::json_encoding
