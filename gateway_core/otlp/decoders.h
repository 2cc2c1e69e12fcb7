// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/decode.h"

#include <QString>

/// The two bodies behind decode.h, and what both need.
namespace oriel::otlp {

/// How deep an attribute's value may nest; what is deeper becomes empty.
inline constexpr int kMaxValueDepth = 64;

/// The text itself when it is UTF-8, else with U+FFFD where it is not.
inline QByteArray validText(const char* data, qsizetype size)
{
    QByteArray text(data, size);
    return text.isValidUtf8() ? text : QString::fromUtf8(text).toUtf8();
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
