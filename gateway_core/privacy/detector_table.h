// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <span>
#include <string_view>

namespace oriel::privacy {

enum class DetectorCategory : std::uint8_t { Secret, Pii };

/// What a match of the pattern must also satisfy before it counts.
enum class Validator : std::uint8_t {
    None,
    Entropy,          ///< Shannon entropy of the match of at least 3.0 bits a character, and at least one digit or capital
    PaymentCard,      ///< digits of a known network's prefix and length whose Luhn sum is right
    BasicCredentials, ///< base64 of printable text with a colon
    Iban,             ///< ISO 7064 mod 97 and the country's length
    SocialSecurity    ///< not 000/666/9xx, no zero group, not one digit repeated, not a specimen number
};

/// How a rule is searched once one of its keywords was seen.
enum class SearchMode : std::uint8_t {
    AtKeyword, ///< the pattern begins with the keyword and has a bounded length; the match then extends over `tail` characters
    Anywhere,  ///< the pattern is searched in the whole string
    Digits     ///< no keyword; candidates are runs of digits with single blanks or hyphens between them
};

/// Which characters still belong to a token after its pattern matched, so that a token longer than its rule leaves no rest
/// behind.
enum class Tail : std::uint8_t {
    None,
    Alnum,
    Word /* alnum _ - */,
    Base64 /* alnum + / = _ - */,
    Dotted /* Word and inner dots */
};

/// One row of the detector table: the only place where a token format is written down. Documentation, settings and tests are made
/// from it. `keywords` (separated by blanks) feed the prefilter: a rule whose keywords are all absent is never searched.
struct DetectorRule {
    std::string_view id{}; ///< the RULE of `[masked:RULE]`
    std::string_view title{};
    std::string_view keywords{};
    std::string_view pattern{}; ///< RE2, bytes; if it has a group, the group is what is masked
    SearchMode mode = SearchMode::AtKeyword;
    Tail tail = Tail::None;
    bool leftBoundary = false; ///< the character before the match must not be a letter or digit
    bool caseSensitive = true; ///< keywords must also match in case
    Validator validator = Validator::None;
    DetectorCategory category = DetectorCategory::Secret;
    std::string_view piiType{}; ///< label `pii_type` of pii_redactions_total; empty for secrets
    bool onByDefault = true;
    std::string_view example{};        ///< a fake value that must be masked
    std::string_view counterExample{}; ///< a near miss that must not be masked by this rule
};

/// All built-in rules in order of precedence: where two matches overlap the earlier rule names the mask. Thread-safe, static
/// storage.
[[nodiscard]] std::span<const DetectorRule> detectorTable();

/// The row with that id, or null.
[[nodiscard]] const DetectorRule* findDetector(QByteArrayView id);

/// The rule id of values masked because of the name they stand under.
inline constexpr std::string_view kKeyNameRule = "key-name";
/// The rule id of values that are stored in the vault.
inline constexpr std::string_view kVaultValueRule = "vault-value";

/// "[masked:RULE]", the form of masked text everywhere.
[[nodiscard]] QByteArray maskedText(QByteArrayView rule);

/// True when a value of `text`'s characters passes `validator`. Pure.
[[nodiscard]] bool passesValidator(Validator validator, std::string_view text);

} // namespace oriel::privacy
