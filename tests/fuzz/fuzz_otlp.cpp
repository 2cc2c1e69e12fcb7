// SPDX-License-Identifier: GPL-3.0-or-later
// The decoders of OTLP in both encodings and all signals, and gunzip before them: whatever comes is taken or refused within a
// bounded memory, and what was taken is a fixed point, since decode → encode → decode → encode gives the same bytes.
#include "fuzz_support.h"
#include "otlp/codec/decode.h"
#include "otlp/codec/gzip.h"
#include "otlp/codec/response.h"

using namespace oriel;
using namespace oriel::otlp;
using oriel::fuzz::require;

namespace {

template <class Decode, class Encode> void checkFixedPoint(QByteArrayView text, Encoding from, Decode decode, Encode encode)
{
    const auto first = decode(text, from);
    if (!first)
        return;
    for (const Encoding encoding : {Encoding::Protobuf, Encoding::Json}) {
        const QByteArray once = encode(*first, encoding);
        const auto second = decode(once, encoding);
        require(second.has_value());
        const QByteArray twice = encode(*second, encoding);
        require(once == twice);
    }
}

void checkSignals(QByteArrayView text, Encoding encoding)
{
    checkFixedPoint(text, encoding, decodeTraces,
                    [](const DecodedSpans& decoded, Encoding to) { return encodeTraces(decoded.spans, to); });
    checkFixedPoint(text, encoding, decodeLogs,
                    [](const DecodedLogs& decoded, Encoding to) { return encodeLogs(decoded.logs, to); });
    checkFixedPoint(text, encoding, decodeMetrics,
                    [](const DecodedMetrics& decoded, Encoding to) { return encodeMetrics(decoded.metrics, to); });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArrayView text(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    const Encoding encoding = text.startsWith("{") ? Encoding::Json : Encoding::Protobuf;
    checkSignals(text, encoding);
    (void)decodeExportResponse(text, encoding);
    (void)decodeRpcStatus(text, encoding);

    constexpr qsizetype kLimit = 64 * 1024;
    if (const auto unpacked = gunzip(text, kLimit))
        require(unpacked->size() <= kLimit);
    const auto back = gunzip(gzip(text), text.size());
    require(back && *back == text);
    return 0;
}
