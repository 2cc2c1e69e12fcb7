// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace oriel {

class Random;

/// A W3C trace id: 16 bytes as two big-endian words; all zero is "none".
struct TraceId {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    [[nodiscard]] bool isValid() const { return (high | low) != 0; }
    [[nodiscard]] QByteArray toHex() const;                    ///< 32 lower-case digits
    [[nodiscard]] std::array<unsigned char, 16> bytes() const; ///< network order
    static std::optional<TraceId> fromHex(QByteArrayView hex); ///< 32 lower-case digits, not all zero
    static TraceId fromBytes(const unsigned char* data);       ///< 16 bytes, network order
    static TraceId generate(Random& random);
    auto operator<=>(const TraceId&) const = default;
};

/// A W3C span id: 8 bytes as one big-endian word; zero is "none".
struct SpanId {
    std::uint64_t value = 0;

    [[nodiscard]] bool isValid() const { return value != 0; }
    [[nodiscard]] QByteArray toHex() const; ///< 16 lower-case digits
    [[nodiscard]] std::array<unsigned char, 8> bytes() const;
    static std::optional<SpanId> fromHex(QByteArrayView hex);
    static SpanId fromBytes(const unsigned char* data);
    static SpanId generate(Random& random);
    auto operator<=>(const SpanId&) const = default;
};

/// A time-ordered unique id of 26 Crockford base-32 characters (ULID): audit rows, requests.
QByteArray makeUlid(std::int64_t unixNs, Random& random);

inline std::size_t qHash(const TraceId& id, std::size_t seed = 0) noexcept
{
    return static_cast<std::size_t>(id.low ^ id.high) ^ seed;
}
inline std::size_t qHash(const SpanId& id, std::size_t seed = 0) noexcept
{
    return static_cast<std::size_t>(id.value) ^ seed;
}

} // namespace oriel

template <> struct std::hash<oriel::TraceId> {
    std::size_t operator()(const oriel::TraceId& id) const noexcept { return oriel::qHash(id); }
};
template <> struct std::hash<oriel::SpanId> {
    std::size_t operator()(const oriel::SpanId& id) const noexcept { return oriel::qHash(id); }
};
