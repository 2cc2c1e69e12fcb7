// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/encode.h"

#include "otlp/codec/encoders.h"

namespace oriel::otlp {

QByteArray encodeTraces(std::span<const telemetry::SpanData> spans, Encoding encoding)
{
    return encoding == Encoding::Json ? json_encoding::encode(spans) : protobuf::encode(spans);
}

QByteArray encodeMetrics(std::span<const ScopedMetrics> metrics, Encoding encoding)
{
    return encoding == Encoding::Json ? json_encoding::encode(metrics) : protobuf::encode(metrics);
}

QByteArray encodeLogs(std::span<const telemetry::LogRecord> logs, Encoding encoding)
{
    return encoding == Encoding::Json ? json_encoding::encode(logs) : protobuf::encode(logs);
}

} // namespace oriel::otlp
