// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/zstd.h"

#include <zstd.h>

namespace oriel::otlp {

QByteArray zstd(QByteArrayView data)
{
    constexpr int kLevel = 1;
    const auto size = static_cast<std::size_t>(data.size());
    QByteArray out(static_cast<qsizetype>(ZSTD_compressBound(size)), Qt::Uninitialized);
    const std::size_t written = ZSTD_compress(out.data(), static_cast<std::size_t>(out.size()), data.data(), size, kLevel);
    out.resize(ZSTD_isError(written) != 0 ? 0 : static_cast<qsizetype>(written));
    return out;
}

} // namespace oriel::otlp
