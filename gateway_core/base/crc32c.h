// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <cstdint>

namespace oriel {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, going on from `crc`.
std::uint32_t crc32c(QByteArrayView bytes, std::uint32_t crc = 0);

} // namespace oriel
