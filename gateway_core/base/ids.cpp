// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ids.h"

#include "base/random.h"

#include <QtEndian>

namespace oriel {

namespace {

constexpr char kHex[] = "0123456789abcdef";

void appendHex(QByteArray& out, std::uint64_t word)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        out.append(kHex[(word >> static_cast<unsigned>(shift)) & 0xFU]);
}

std::optional<std::uint64_t> parseWord(QByteArrayView hex)
{
    std::uint64_t word = 0;
    for (const char c : hex) {
        unsigned digit = 0;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10U;
        else
            return std::nullopt;
        word = (word << 4U) | digit;
    }
    return word;
}

} // namespace

QByteArray TraceId::toHex() const
{
    QByteArray out;
    out.reserve(32);
    appendHex(out, high);
    appendHex(out, low);
    return out;
}

std::array<unsigned char, 16> TraceId::bytes() const
{
    std::array<unsigned char, 16> out{};
    qToBigEndian(static_cast<quint64>(high), out.data());
    qToBigEndian(static_cast<quint64>(low), out.data() + 8);
    return out;
}

std::optional<TraceId> TraceId::fromHex(QByteArrayView hex)
{
    if (hex.size() != 32)
        return std::nullopt;
    const auto high = parseWord(hex.first(16));
    const auto low = parseWord(hex.last(16));
    if (!high || !low || (*high | *low) == 0)
        return std::nullopt;
    return TraceId{*high, *low};
}

TraceId TraceId::fromBytes(const unsigned char* data)
{
    return {qFromBigEndian<quint64>(data), qFromBigEndian<quint64>(data + 8)};
}

TraceId TraceId::generate(Random& random)
{
    TraceId id;
    do {
        id = {random.next64(), random.next64()};
    } while (!id.isValid());
    return id;
}

QByteArray SpanId::toHex() const
{
    QByteArray out;
    out.reserve(16);
    appendHex(out, value);
    return out;
}

std::array<unsigned char, 8> SpanId::bytes() const
{
    std::array<unsigned char, 8> out{};
    qToBigEndian(static_cast<quint64>(value), out.data());
    return out;
}

std::optional<SpanId> SpanId::fromHex(QByteArrayView hex)
{
    if (hex.size() != 16)
        return std::nullopt;
    const auto word = parseWord(hex);
    if (!word || *word == 0)
        return std::nullopt;
    return SpanId{*word};
}

SpanId SpanId::fromBytes(const unsigned char* data)
{
    return {qFromBigEndian<quint64>(data)};
}

SpanId SpanId::generate(Random& random)
{
    SpanId id;
    do {
        id.value = random.next64();
    } while (!id.isValid());
    return id;
}

QByteArray makeUlid(std::int64_t unixNs, Random& random)
{
    static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    QByteArray out(26, Qt::Uninitialized);
    auto millis = static_cast<std::uint64_t>(unixNs / 1'000'000);
    for (int i = 9; i >= 0; --i) {
        out[i] = kAlphabet[millis & 31U];
        millis >>= 5U;
    }
    std::uint64_t bits = random.next64();
    for (int i = 10; i < 26; ++i) {
        if (i == 18)
            bits = random.next64();
        out[i] = kAlphabet[bits & 31U];
        bits >>= 5U;
    }
    return out;
}

} // namespace oriel
