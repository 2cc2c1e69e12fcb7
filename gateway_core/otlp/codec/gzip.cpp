// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/gzip.h"

#include <algorithm>
#include <limits>
#include <zlib.h>

namespace oriel::otlp {

namespace {

constexpr int kGzipWindow = 15 + 16;

/// Ends the stream with its scope.
struct Inflater {
    z_stream stream{};
    bool ready = inflateInit2(&stream, kGzipWindow) == Z_OK;

    Inflater() = default;
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater()
    {
        if (ready)
            inflateEnd(&stream);
    }
};

} // namespace

QByteArray gzip(QByteArrayView data)
{
    constexpr int kMemoryLevel = 8;
    z_stream stream{};
    // Fast: telemetry is repetitive and the exporter must not eat the core that the gateway needs.
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
        return {};
    QByteArray out(static_cast<qsizetype>(deflateBound(&stream, static_cast<uLong>(data.size()))), Qt::Uninitialized);
    // zlib does not write to its input.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(result == Z_STREAM_END ? static_cast<qsizetype>(stream.total_out) : 0);
    deflateEnd(&stream);
    return out;
}

Result<QByteArray> gunzip(QByteArrayView data, qsizetype maxBytes)
{
    constexpr qsizetype kFirstRoom = 64 * 1024;
    Inflater inflater;
    z_stream& stream = inflater.stream;
    if (!inflater.ready || data.size() > std::numeric_limits<uInt>::max())
        return fail(ErrorCode::TooLarge, QStringLiteral("the compressed data cannot be unpacked"));
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    QByteArray out;
    qsizetype used = 0;
    for (;;) {
        if (used == out.size()) {
            // One byte beyond the limit tells that there is more.
            if (used > maxBytes)
                return fail(ErrorCode::TooLarge, QStringLiteral("the data unpacks to more than %1 bytes").arg(maxBytes));
            out.resize(std::min(std::max({used * 2, data.size() * 4, kFirstRoom}), maxBytes + 1));
        }
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
        stream.avail_out = static_cast<uInt>(std::min<qsizetype>(out.size() - used, std::numeric_limits<uInt>::max()));
        const uInt room = stream.avail_out;
        const int result = inflate(&stream, Z_NO_FLUSH);
        used += static_cast<qsizetype>(room - stream.avail_out);
        if (used > maxBytes)
            return fail(ErrorCode::TooLarge, QStringLiteral("the data unpacks to more than %1 bytes").arg(maxBytes));
        if (result == Z_STREAM_END) {
            if (stream.avail_in == 0)
                break;
            if (inflateReset(&stream) != Z_OK)
                return fail(ErrorCode::Internal, QStringLiteral("the next part cannot be unpacked"));
        } else if (result != Z_OK && !(result == Z_BUF_ERROR && stream.avail_out == 0)) {
            return fail(ErrorCode::Parse, result == Z_BUF_ERROR ? QStringLiteral("the gzip data is cut short")
                                                                : QStringLiteral("the data is not valid gzip"));
        } else if (stream.avail_in == 0 && stream.avail_out != 0) {
            return fail(ErrorCode::Parse, QStringLiteral("the gzip data is cut short"));
        }
    }
    out.resize(used);
    return out;
}

} // namespace oriel::otlp
