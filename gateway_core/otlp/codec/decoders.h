// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/decode.h"

#include <QString>

/// The two bodies behind decode.h, and what both need.
namespace oriel::otlp {

/// How deep an attribute's value may nest; what is deeper becomes empty.
inline constexpr int kMaxValueDepth = 64;

/// Parts of a message (submessages of protobuf, values of JSON) at most: a part of two bytes becomes a hundred or more in memory.
inline constexpr std::uint32_t kMaxParts = 6'000'000;
/// What a span, log record or point counts as.
inline constexpr std::uint32_t kPartsAnItem = 4;

/// The text itself when it is UTF-8, else with U+FFFD where it is not.
inline QByteArray validText(const char* data, qsizetype size)
{
    QByteArray text(data, size);
    return text.isValidUtf8() ? text : QString::fromUtf8(text).toUtf8();
}

/// What a number or an exemplar that came as an integer is.
template <class Value> void setInteger(Value& to, std::int64_t number)
{
    to.value = static_cast<double>(number);
    to.isInteger = true;
    // Beyond 2^63 the way back would not be defined.
    constexpr double kLimit = 9.2e18;
    const bool fits = to.value > -kLimit && to.value < kLimit && static_cast<std::int64_t>(to.value) == number;
    to.exact = fits ? std::nullopt : std::optional(number);
}

inline bool hasPoints(const telemetry::MetricData& metric)
{
    return !metric.numbers.empty() || !metric.histograms.empty() || !metric.exponentials.empty() || !metric.summaries.empty();
}

inline void clearPoints(telemetry::MetricData& metric)
{
    metric.numbers.clear();
    metric.histograms.clear();
    metric.exponentials.clear();
    metric.summaries.clear();
}

/// Nothing in it says anything.
inline bool isEmpty(const telemetry::LogRecord& log)
{
    return log.timeUnixNs == 0 && log.observedUnixNs == 0 && log.severity == telemetry::Severity::Unspecified &&
           log.severityText.isEmpty() && log.body.isEmpty() && log.attributes.empty() && log.eventName.isEmpty() &&
           !log.traceId.isValid() && !log.spanId.isValid();
}

namespace protobuf {
Result<DecodedSpans> decodeTraces(QByteArrayView message);
Result<DecodedMetrics> decodeMetrics(QByteArrayView message);
Result<DecodedLogs> decodeLogs(QByteArrayView message);
} // namespace protobuf

namespace json_encoding {
Result<DecodedSpans> decodeTraces(QByteArrayView message);
Result<DecodedMetrics> decodeMetrics(QByteArrayView message);
Result<DecodedLogs> decodeLogs(QByteArrayView message);
} // namespace json_encoding

} // namespace oriel::otlp
