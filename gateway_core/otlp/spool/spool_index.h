// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/signal.h"

#include <cstddef>
#include <cstdint>

namespace oriel::otlp {

/// The bit of a slot in a record's audience.
constexpr std::uint64_t bitOf(int slot)
{
    return std::uint64_t(1) << static_cast<unsigned>(slot);
}
constexpr std::size_t indexOf(int slot)
{
    return static_cast<std::size_t>(slot);
}
constexpr std::size_t indexOf(Signal signal)
{
    return static_cast<std::size_t>(signal);
}

} // namespace oriel::otlp
