// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"

#include <QRandomGenerator>

namespace oriel {

namespace {

std::uint64_t splitMix64(std::uint64_t& state)
{
    std::uint64_t z = (state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

} // namespace

std::uint64_t SystemRandom::next64()
{
    thread_local std::uint64_t state = QRandomGenerator::system()->generate64();
    return splitMix64(state);
}

QByteArray SystemRandom::secureBytes(int count)
{
    QByteArray bytes(count, Qt::Uninitialized);
    for (int i = 0; i < count; i += 8) {
        const quint64 word = QRandomGenerator::system()->generate64();
        memcpy(bytes.data() + i, &word, static_cast<std::size_t>(std::min(8, count - i)));
    }
    return bytes;
}

std::uint64_t SeededRandom::next64()
{
    return splitMix64(m_state);
}

QByteArray SeededRandom::secureBytes(int count)
{
    QByteArray bytes(count, Qt::Uninitialized);
    for (char& byte : bytes)
        byte = static_cast<char>(next64() & 0xFFU);
    return bytes;
}

} // namespace oriel
