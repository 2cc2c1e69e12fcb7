// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace oriel::bench {

/// How the clients speak: with a handshake (2025-11-25), or as 2026-07-28 wants it, where each request says everything itself.
enum class Era { Legacy, Modern };

/// A request's tail with the `_meta` that 2026-07-28 asks of it. Its `params` must be an object and stand last, or not be there.
[[nodiscard]] std::string modernTail(std::string_view tail);
/// The head fields that 2026-07-28 asks of the same request over HTTP, each with its line end.
[[nodiscard]] std::string modernFields(std::string_view tail);

} // namespace oriel::bench
