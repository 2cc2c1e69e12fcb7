// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <chrono>
#include <cstdint>
#include <optional>

namespace oriel::ui {

/// Lengths of time and amounts of bytes as people write them into a field. Pure.

/// "30", "30 s", "500ms", "1.5 min", "2h"; a number alone is seconds. Nothing for what is not such a text, negative, or beyond a
/// year.
[[nodiscard]] std::optional<std::chrono::milliseconds> parseDuration(const QString& text);
/// The shortest text that parseDuration() reads as the same: "30 s", "500 ms", "5 min".
[[nodiscard]] QString durationText(std::chrono::milliseconds duration);

/// "64", "64 MB", "64MiB", "1.5 G": powers of 1024 in either spelling; a number alone is bytes. Nothing for what is not such a
/// text.
[[nodiscard]] std::optional<std::int64_t> parseBytes(const QString& text);
/// "512 MiB", "1 GiB"; bytes where no unit fits evenly.
[[nodiscard]] QString bytesText(std::int64_t bytes);

} // namespace oriel::ui
