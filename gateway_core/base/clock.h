// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>

namespace oriel {

/// Time as everything in Oriel reads it; injected so that tests can move it. Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    /// Nanoseconds since an arbitrary start; never goes back, for durations and deadlines.
    [[nodiscard]] virtual std::int64_t monotonicNs() const = 0;
    /// The same, but it goes on while the machine sleeps: for ages and lifetimes.
    [[nodiscard]] virtual std::int64_t bootTimeNs() const { return monotonicNs(); }
    /// Nanoseconds since 1970-01-01T00:00:00Z; may jump when the system's clock is set.
    [[nodiscard]] virtual std::int64_t unixNs() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::int64_t monotonicNs() const override;
    [[nodiscard]] std::int64_t bootTimeNs() const override;
    [[nodiscard]] std::int64_t unixNs() const override;
};

/// A clock that stands still until it is advanced.
class ManualClock final : public Clock {
public:
    explicit ManualClock(std::int64_t unixNs = 1'700'000'000'000'000'000) : m_unixNs(unixNs) {}
    [[nodiscard]] std::int64_t monotonicNs() const override { return m_monotonicNs; }
    [[nodiscard]] std::int64_t bootTimeNs() const override { return m_monotonicNs + m_asleepNs; }
    [[nodiscard]] std::int64_t unixNs() const override { return m_unixNs; }
    void advanceNs(std::int64_t ns)
    {
        m_monotonicNs += ns;
        m_unixNs += ns;
    }
    /// The machine sleeps for so long.
    void sleepNs(std::int64_t ns)
    {
        m_asleepNs += ns;
        m_unixNs += ns;
    }
    /// A jump of the wall clock only, as when the system's time is set.
    void setUnixNs(std::int64_t ns) { m_unixNs = ns; }

private:
    std::atomic<std::int64_t> m_monotonicNs{1'000'000'000};
    std::atomic<std::int64_t> m_asleepNs{0};
    std::atomic<std::int64_t> m_unixNs;
};

} // namespace oriel
