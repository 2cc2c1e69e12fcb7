// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "privacy/key_names.h"
#include "privacy/keyword_automaton.h"
#include "privacy/masker.h"

#include <QSet>

#include <memory>
#include <re2/re2.h>
#include <string>
#include <string_view>
#include <vector>

// What a Masker is made of: compiled rules and the prefilter that leads to them. Internal to privacy/; immutable after
// construction.
namespace oriel::privacy {

struct CompiledRule {
    QByteArray id;
    QByteArray piiType;
    QByteArray replacement;       ///< [masked:id]
    std::unique_ptr<RE2> pattern; ///< null for Digits and for the two rules without a pattern
    SearchMode mode = SearchMode::AtKeyword;
    Tail tail = Tail::None;
    Validator validator = Validator::None;
    bool group = false; ///< group 1 is what is masked
};

enum class KeywordKind : std::uint8_t { Rule, KeyName, JsonEscape, Percent, Base64, KnownValue };

/// What a keyword of the automaton stands for.
struct Keyword {
    KeywordKind kind = KeywordKind::Rule;
    std::uint8_t phase = 0; ///< Base64: position of its first character in a group of four
    bool exactCase = false;
    bool leftBoundary = false;
    bool authority = false;  ///< "://": counts only before user info
    std::uint32_t index = 0; ///< of the rule or the known value
    std::string text;
};

/// A path exception, one entry a step; "*" stands for any.
using PathPattern = std::vector<std::string>;

struct Masker::Private {
    std::vector<CompiledRule> rules; ///< in order of precedence
    std::vector<Keyword> keywords;
    KeywordAutomaton automaton;
    std::vector<std::uint32_t> alwaysSearched; ///< rules without keywords
    std::vector<std::string> knownValues;
    std::uint32_t keyNameRule = 0;
    std::uint32_t knownValueRule = 0;
    int digitsRule = -1;
    bool enabled = true;
    bool keyNames = true;
    QSet<QByteArray> secretNames;
    QSet<QByteArray> plainNames;
    QSet<QByteArray> notSecretHashes;
    std::vector<PathPattern> notSecretPaths;

    [[nodiscard]] KeyVerdict judge(std::string_view name) const;
    /// False for an occurrence that cannot lead to a match: wrong case, inside a word, a URL without user info.
    [[nodiscard]] bool plausible(const Keyword& keyword, std::string_view text, std::size_t end) const;
    [[nodiscard]] bool isExceptedValue(std::string_view value) const;
    [[nodiscard]] bool isExceptedPath(QByteArrayView path) const;

    /// Fills the set from the detector table and the user's options.
    Status compile(const MaskingOptions& options);

private:
    Status addBuiltIn(const DetectorRule& rule);
    Status addUserPattern(const UserPattern& pattern);
    void addNames(const MaskingOptions& options);
    void addKnownSecrets(const std::vector<KnownSecret>& secrets);
    void addMarkers();
    void addKeyword(Keyword keyword);
    void addBase64Forms(std::string_view text, std::uint32_t index);
};

/// Splits `$.a["b c"][0]` into a, b c, 0.
[[nodiscard]] PathPattern splitPath(std::string_view path);

} // namespace oriel::privacy
