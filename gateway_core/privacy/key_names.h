// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace oriel::privacy {

/// How far a name says that its value is a secret.
enum class KeyVerdict : std::uint8_t {
    Plain,      ///< nothing said
    TokenLike,  ///< masked when the value has the shape of an identifier of at least 16 characters (`session`, `nonce`)
    Secret,     ///< strings masked; numbers left, because `token: 7` counts something
    StrictSecret ///< strings and numbers masked (`password`, `pin`)
};

/// Judges a JSON key, header name, environment variable, query parameter or field name: `apiKey`, `API_KEY`, `x-api-key` and `apikey` are one
/// name. Counts, limits, cursors and descriptions of secrets (`max_tokens`, `nextPageToken`, `progressToken`, `token_count`, `key_id`,
/// `password_policy`, `has_secret`) are Plain. Pure, thread-safe.
[[nodiscard]] KeyVerdict judgeKeyName(std::string_view name);

/// Lower-case fragments of which at least one occurs in every name that judgeKeyName() does not call Plain (for the prefilter).
[[nodiscard]] std::span<const std::string_view> keyNameFragments();

/// True for values that are no secret under whatever name: empty, a reference such as `${vault:x}` or `{{x}}`, already masked, asterisks only.
[[nodiscard]] bool isPlaceholderValue(std::string_view value);

} // namespace oriel::privacy
