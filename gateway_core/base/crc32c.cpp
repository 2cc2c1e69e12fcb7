// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/crc32c.h"

#include <array>
#include <cstring>

namespace oriel {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78U;
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables makeTables()
{
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
        tables[0][i] = crc;
    }
    for (std::size_t t = 1; t < tables.size(); ++t)
        for (std::size_t i = 0; i < 256; ++i)
            tables[t][i] = (tables[t - 1][i] >> 8U) ^ tables[0][tables[t - 1][i] & 0xFFU];
    return tables;
}

constexpr Tables kTables = makeTables();

} // namespace

std::uint32_t crc32c(QByteArrayView bytes, std::uint32_t crc)
{
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    auto left = static_cast<std::size_t>(bytes.size());
    crc = ~crc;
    while (left >= 8) { // eight tables at a time: one load instead of eight dependent ones
        const std::uint32_t low = crc ^ (static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8U |
                                         static_cast<std::uint32_t>(at[2]) << 16U | static_cast<std::uint32_t>(at[3]) << 24U);
        crc = kTables[7][low & 0xFFU] ^ kTables[6][(low >> 8U) & 0xFFU] ^ kTables[5][(low >> 16U) & 0xFFU] ^
              kTables[4][low >> 24U] ^ kTables[3][at[4]] ^ kTables[2][at[5]] ^ kTables[1][at[6]] ^ kTables[0][at[7]];
        at += 8;
        left -= 8;
    }
    for (; left > 0; --left)
        crc = (crc >> 8U) ^ kTables[0][(crc ^ *at++) & 0xFFU];
    return ~crc;
}

} // namespace oriel
