// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace oriel::gateway {

/// Lets through `rate` calls a second on average and `burst` at once. Times are monotonic nanoseconds. Not thread-safe.
class TokenBucket {
public:
    /// `burst` 0: what comes in one second, at least one. Begins full; later changes keep what is in it.
    void configure(double rate, int burst, std::int64_t nowNs)
    {
        const double size = burst > 0 ? burst : std::max(1.0, std::ceil(rate));
        if (m_size == 0)
            m_level = size;
        else
            refill(nowNs);
        m_rate = rate;
        m_size = size;
        m_level = std::min(m_level, size);
        m_filledNs = nowNs;
    }

    [[nodiscard]] bool hasOne(std::int64_t nowNs)
    {
        refill(nowNs);
        return m_level >= 1 - kRounding;
    }
    void takeOne() { m_level = std::max(0.0, m_level - 1); }
    /// After hasOne() was false: until it will be true.
    [[nodiscard]] std::int64_t untilOneNs() const { return static_cast<std::int64_t>(std::ceil((1 - m_level) / m_rate * 1e9)); }

    [[nodiscard]] double size() const { return m_size; }
    [[nodiscard]] double used(std::int64_t nowNs)
    {
        refill(nowNs);
        return m_size - m_level;
    }

private:
    static constexpr double kRounding = 1e-9;
    void refill(std::int64_t nowNs)
    {
        m_level = std::min(m_size, m_level + static_cast<double>(std::max<std::int64_t>(0, nowNs - m_filledNs)) * 1e-9 * m_rate);
        m_filledNs = nowNs;
    }

    double m_rate = 0;
    double m_size = 0;
    double m_level = 0;
    std::int64_t m_filledNs = 0;
};

} // namespace oriel::gateway
