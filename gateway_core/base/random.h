// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <cstdint>

namespace oriel {

/// Randomness, injected. Implementations are thread-safe.
class Random {
public:
    virtual ~Random() = default;
    /// Fast, well distributed, not for secrets: span and trace ids, jitter.
    virtual std::uint64_t next64() = 0;
    /// From the operating system's CSPRNG: tokens, session ids, keys, nonces.
    virtual QByteArray secureBytes(int count) = 0;
};

class SystemRandom final : public Random {
public:
    std::uint64_t next64() override;
    QByteArray secureBytes(int count) override;
};

/// The same sequence for the same seed; for tests whose schedules must be repeatable.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : m_state(seed) {}
    std::uint64_t next64() override;
    QByteArray secureBytes(int count) override;

private:
    std::uint64_t m_state;
};

} // namespace oriel
