// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Decoders that remember where each decoded byte came from, so that a find in the decoded text can be masked in the encoded one.
// Internal to privacy/.
namespace oriel::privacy {

struct Decoded {
    std::string text;
    std::vector<std::uint32_t> from; ///< offset in the encoded text of each decoded byte, and one more for the end
};

/// JSON string escapes. Tolerant: an escape that is broken or cut off stays as it is.
[[nodiscard]] Decoded decodeJsonEscapes(std::string_view text);
/// `%XX`; what is no escape stays.
[[nodiscard]] Decoded decodePercent(std::string_view text);
/// A run of base64 (either alphabet, line breaks allowed) whose first character starts a group of four after `skip` characters.
[[nodiscard]] std::string decodeBase64(std::string_view run, std::size_t skip);

/// The characters of the base64 form of any bytes that hold `text` at position `shift` (0, 1, 2) of a group of three, as far as
/// they depend on `text` alone.
[[nodiscard]] std::string base64Form(std::string_view text, std::size_t shift);

} // namespace oriel::privacy
