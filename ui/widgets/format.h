// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>

namespace oriel::ui {

/// How the console writes numbers and times. Pure functions; local time is the process's time zone.

/// Three significant digits with a unit: "850 ns", "9 µs", "4.20 ms", "1.31 s", "2 min 05 s", "1 h 02 min". Negative durations
/// keep their sign.
[[nodiscard]] QString formatDuration(std::int64_t ns);
/// As formatDuration but without trailing zeros, for axes: "2 s", "200 ms", "0".
[[nodiscard]] QString formatDurationTick(std::int64_t ns);
/// Thousands parted by a thin space: "1 284".
[[nodiscard]] QString formatCount(std::int64_t count);
/// Short form for tight places: "999", "18.4 k", "2.1 M".
[[nodiscard]] QString formatCompact(std::int64_t count);
/// "12.4/s", "0.05/s", "1 200/s".
[[nodiscard]] QString formatRate(double perSecond);
/// A share of 1: "98.6 %", "100 %" only when it is exactly one; "–" for not-a-number.
[[nodiscard]] QString formatPercent(double share);
/// Powers of 1024: "512 B", "41.2 MiB", "64 MiB".
[[nodiscard]] QString formatBytes(std::uint64_t bytes);
/// Three significant digits without unit: "0.05", "12.4", "1 280".
[[nodiscard]] QString formatNumber(double value);

/// Local wall-clock time with milliseconds, "10:41:58.112".
[[nodiscard]] QString formatTime(std::int64_t unixNs);
/// "10:41:58".
[[nodiscard]] QString formatClock(std::int64_t unixNs);
/// "2026-11-20 10:41:58.112".
[[nodiscard]] QString formatDateTime(std::int64_t unixNs);
/// "just now", "12 s ago", "3 min ago", "2 h ago", "5 d ago".
/// The largest unit of a time that has passed: "3 min".
[[nodiscard]] QString formatElapsed(std::int64_t ns);
[[nodiscard]] QString formatAge(std::int64_t ns);

/// The first characters of an identifier; the whole when it is shorter.
[[nodiscard]] QString shortId(const QString& id, int characters = 8);

} // namespace oriel::ui
