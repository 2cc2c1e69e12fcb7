// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

#include <chrono>

#if defined(__linux__) || defined(__APPLE__)
#include <ctime>
#endif

namespace oriel {

std::int64_t SystemClock::monotonicNs() const
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::bootTimeNs() const
{
    // Elsewhere the steady clock goes on in sleep.
#if defined(__linux__) || defined(__APPLE__)
#ifdef __linux__
    constexpr clockid_t kClock = CLOCK_BOOTTIME;
#else
    constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
    timespec now{};
    if (::clock_gettime(kClock, &now) == 0)
        return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
#endif
    return monotonicNs();
}

std::int64_t SystemClock::unixNs() const
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace oriel
