// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/decode.h"

#include "otlp/codec/decoders.h"

namespace oriel::otlp {

Result<DecodedSpans> decodeTraces(QByteArrayView message, Encoding encoding)
{
    return encoding == Encoding::Json ? json_encoding::decodeTraces(message) : protobuf::decodeTraces(message);
}

Result<DecodedMetrics> decodeMetrics(QByteArrayView message, Encoding encoding)
{
    return encoding == Encoding::Json ? json_encoding::decodeMetrics(message) : protobuf::decodeMetrics(message);
}

Result<DecodedLogs> decodeLogs(QByteArrayView message, Encoding encoding)
{
    return encoding == Encoding::Json ? json_encoding::decodeLogs(message) : protobuf::decodeLogs(message);
}

} // namespace oriel::otlp
