// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

/// Private to trace_encoder.cpp and trace_decoder.cpp: what stands in bodies. Changing a value makes older files unreadable.
namespace oriel::store::codec {

enum class Tag : std::uint8_t { Empty, Text, False, True, Integer, Real, Bytes, Array, Map };

inline constexpr int kMaxDepth = 64;

inline constexpr unsigned kHasParent = 1U << 5U; ///< after three bits of kind and two of status
inline constexpr unsigned kHasMore = 1U << 6U;
inline constexpr unsigned kHasOddEnd = 1U << 7U;

inline constexpr unsigned kCallHasParent = 1;
inline constexpr unsigned kCallSampled = 2;
inline constexpr unsigned kCallOverHttp = 4;
inline constexpr unsigned kCallReplay = 8;
inline constexpr unsigned kCallFailed = 16;
inline constexpr unsigned kCallHasMore = 32;
inline constexpr unsigned kCallHasLink = 64;

} // namespace oriel::store::codec
