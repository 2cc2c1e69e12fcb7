// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oriel::privacy {

/// How far a name says that its value is a secret.
enum class KeyVerdict : std::uint8_t {
    Plain,       ///< nothing said
    TokenLike,   ///< masked when the value has the shape of an identifier of at least 16 characters (`session`, `nonce`)
    Secret,      ///< strings masked; numbers left, because `token: 7` counts something
    StrictSecret ///< strings and numbers masked (`password`, `pin`)
};

/// Judges a JSON key, header name, environment variable, query parameter or field name: `apiKey`, `API_KEY`, `x-api-key` and
/// `apikey` are one name. Counts, limits, cursors and descriptions of secrets (`max_tokens`, `nextPageToken`, `progressToken`,
/// `token_count`, `key_id`, `password_policy`, `has_secret`) are Plain. Pure, thread-safe.
[[nodiscard]] KeyVerdict judgeKeyName(std::string_view name);

/// False only for names that judgeKeyName() does not call StrictSecret, and true for few others. Takes no memory. Pure,
/// thread-safe.
[[nodiscard]] bool mayBeStrictName(std::string_view name);

/// True for what, under a secret's name, describes the secret and is none: `type`, `expires_at`, `is_valid`. Pure, thread-safe.
[[nodiscard]] bool isPropertyName(std::string_view name);

/// Lower-case fragments for a prefilter: in JSON and in `name=value` text at least one of them occurs in, or together with the
/// character after, every name that judgeKeyName() does not call Plain.
[[nodiscard]] std::vector<std::string> keyNameFragments();

/// True for `[masked:RULE]` and nothing else; the closing bracket may be cut off.
[[nodiscard]] bool isMaskedText(std::string_view value);

/// True for values that are no secret under whatever name: empty, a reference such as `${vault:x}` or `{{x}}`, already masked,
/// asterisks only.
[[nodiscard]] bool isPlaceholderValue(std::string_view value);

} // namespace oriel::privacy
