// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/key_names.h"

#include "privacy/text_chars.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace oriel::privacy {

namespace {

constexpr std::size_t kLongestName = 128;

// Words that make a name a secret wherever they stand in it.
constexpr std::string_view kStrictWords[] = {"password", "passwords", "passwd", "passphrase", "passcode", "pwd",
                                             "passwort", "pin",       "otp",    "totp",       "cvv",      "cvc"};
/// A bit for each letter with which a strict word begins.
constexpr std::uint32_t kStrictInitials = [] {
    std::uint32_t initials = 0;
    for (const std::string_view word : kStrictWords)
        initials |= 1U << static_cast<unsigned>(word.front() - 'a');
    return initials;
}();
constexpr std::string_view kSecretWords[] = {"secret",      "secrets", "credential", "credentials", "authorization", "cookie",
                                             "cookies",     "dsn",     "apikey",     "apikeys",     "apitoken",      "authtoken",
                                             "accesstoken", "bearer",  "jwt",        "pat",         "privatekey",    "accesskey",
                                             "secretkey",   "authkey", "sshkey",     "signingkey",  "masterkey"};
// Pairs of neighbouring words.
constexpr std::pair<std::string_view, std::string_view> kSecretPairs[] = {
    {"api", "key"},       {"api", "keys"},         {"private", "key"},        {"access", "key"},
    {"secret", "key"},    {"signing", "key"},      {"encryption", "key"},     {"master", "key"},
    {"client", "secret"}, {"shared", "key"},       {"connection", "string"},  {"auth", "key"},
    {"account", "key"},   {"ingestion", "key"},    {"license", "key"},        {"storage", "key"},
    {"ssh", "key"},       {"service", "key"},      {"admin", "key"},          {"write", "key"},
    {"session", "key"},   {"subscription", "key"}, {"functions", "key"},      {"honeycomb", "team"},
    {"pass", "phrase"},   {"pass", "word"},        {"instrumentation", "key"}};
// Whole names (words joined) that are secrets although their parts are not.
constexpr std::string_view kSecretNames[] = {"pass",     "xauth",      "authtoken", "npmauth",  "pgpass",
                                             "userpass", "dbpass",     "mysqlpass", "smtppass", "connectionstring",
                                             "connstr",  "jsessionid", "phpsessid"};
// Fragments for names written without any separator, as `mydbpassword`.
constexpr std::string_view kJoinedFragments[] = {"password",   "passwd",     "apikey",           "clientsecret", "secretkey",
                                                 "privatekey", "accesskey",  "accesstoken",      "authtoken",    "refreshtoken",
                                                 "apitoken",   "passphrase", "connectionstring", "credential"};

// What a name is about when it ends so: a property of a secret, not the secret.
constexpr std::string_view kPropertyEndings[] = {
    "id",          "ids",        "name",        "names",    "type",     "types",     "count",      "counts",   "limit",
    "limits",      "length",     "len",         "size",     "expiry",   "expires",   "expiration", "ttl",      "at",
    "on",          "in",         "url",         "uri",      "endpoint", "path",      "file",       "hint",     "policy",
    "algorithm",   "alg",        "format",      "usage",    "used",     "budget",    "enabled",    "required", "version",
    "label",       "title",      "description", "status",   "state",    "ref",       "reference",  "field",    "fields",
    "prefix",      "position",   "index",       "rotation", "strength", "rules",     "min",        "max",      "store",
    "provider",    "manager",    "issuer",      "audience", "scope",    "scopes",    "age",        "date",     "time",
    "timeout",     "env",        "header",      "method",   "domain",   "samesite",  "consent",    "cost",     "rate",
    "server",      "servers",    "supported",   "details",  "methods",  "endpoints", "urls",       "uris",     "configured",
    "present",     "exists",     "set",         "valid",    "verified", "arn",       "kind",       "source",   "mode",
    "placeholder", "fingerprint"};
constexpr std::string_view kPropertyBeginnings[] = {
    "is",      "has",      "have",   "use",  "uses",  "show",   "require", "requires", "required",
    "allow",   "allows",   "num",    "max",  "min",   "total",  "count",   "needs",    "with",
    "no",      "disable",  "enable", "hide", "per",   "avg",    "public",  "primary",  "foreign",
    "expires", "supports", "should", "can",  "reset", "change", "forgot",  "invalid",  "missing"};
// Tokens that are positions in a list, parts of text or protocol handles.
constexpr std::string_view kHarmlessTokens[] = {
    "page",   "next",    "prev",  "previous", "continuation", "progress",   "sync",         "cursor",     "start",     "end",
    "stop",   "eos",     "bos",   "pad",      "unk",          "mask",       "sep",          "cls",        "special",   "first",
    "last",   "current", "input", "output",   "prompt",       "completion", "resume",       "pagination", "skip",      "delta",
    "change", "design",  "lexer", "syntax",   "keyword",      "per",        "cancellation", "cancel",     "reasoning", "cached"};

template <std::size_t N> bool contains(const std::string_view (&list)[N], std::string_view word)
{
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// "X-APIKeyValue_2" becomes x, api, key, value.
std::vector<std::string> wordsOf(std::string_view name)
{
    std::vector<std::string> words;
    std::string word;
    const auto finish = [&] {
        if (!word.empty())
            words.push_back(std::move(word));
        word.clear();
    };
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!isAlpha(c)) {
            finish();
            continue;
        }
        const bool afterLower = i > 0 && isAlpha(name[i - 1]) && !isUpper(name[i - 1]);
        const bool endsAcronym =
            i > 0 && isUpper(name[i - 1]) && i + 1 < name.size() && isAlpha(name[i + 1]) && !isUpper(name[i + 1]);
        if (isUpper(c) && (afterLower || endsAcronym))
            finish();
        word += toLower(c);
    }
    finish();
    return words;
}

KeyVerdict judgeToken(const std::vector<std::string>& words)
{
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] != "token" && words[i] != "tokens")
            continue;
        if (i > 0 && contains(kHarmlessTokens, words[i - 1]))
            return KeyVerdict::Plain;
        if (words[i] == "tokens") {
            // "accessTokens" holds tokens, "tokens" alone mostly counts them or lists words.
            const bool credentials = i > 0 && (words[i - 1] == "access" || words[i - 1] == "refresh" || words[i - 1] == "auth" ||
                                               words[i - 1] == "api");
            return credentials ? KeyVerdict::Secret : KeyVerdict::Plain;
        }
        return KeyVerdict::Secret;
    }
    return KeyVerdict::Plain;
}

KeyVerdict judgeWords(const std::vector<std::string>& words, std::string_view joined)
{
    for (const std::string& word : words) {
        if (contains(kStrictWords, word))
            return KeyVerdict::StrictSecret;
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (contains(kSecretWords, words[i]))
            return KeyVerdict::Secret;
        const bool pair = i + 1 < words.size() &&
                          std::any_of(std::begin(kSecretPairs), std::end(kSecretPairs),
                                      [&](const auto& known) { return known.first == words[i] && known.second == words[i + 1]; });
        if (pair)
            return KeyVerdict::Secret;
    }
    if (contains(kSecretNames, joined))
        return KeyVerdict::Secret;
    const KeyVerdict token = judgeToken(words);
    if (token != KeyVerdict::Plain)
        return token;
    for (const std::string_view fragment : kJoinedFragments) {
        if (joined.find(fragment) != std::string_view::npos)
            return fragment.starts_with("pass") ? KeyVerdict::StrictSecret : KeyVerdict::Secret;
    }
    if (std::find(words.begin(), words.end(), "session") != words.end() || joined == "auth" || joined == "csrf" ||
        joined == "xsrf")
        return KeyVerdict::TokenLike;
    return KeyVerdict::Plain;
}

} // namespace

KeyVerdict judgeKeyName(std::string_view name)
{
    if (name.empty() || name.size() > kLongestName)
        return KeyVerdict::Plain;
    const std::vector<std::string> words = wordsOf(name);
    if (words.empty())
        return KeyVerdict::Plain;
    std::string joined;
    for (const std::string& word : words)
        joined += word;
    // PHPSESSID and "sessionId" are session credentials although they end in "id".
    const bool sessionId = words.size() == 2 && words[0] == "session" && words[1] == "id";
    if (sessionId)
        return KeyVerdict::TokenLike;
    if (words.size() > 1 && (contains(kPropertyEndings, words.back()) || contains(kPropertyBeginnings, words.front())))
        return KeyVerdict::Plain;
    return judgeWords(words, joined);
}

bool mayBeStrictName(std::string_view name)
{
    if (name.size() > kLongestName)
        return false;
    // As judgeKeyName() joins the words, so that no separator hides one.
    std::array<char, kLongestName> letters{};
    std::size_t count = 0;
    for (const char c : name) {
        if (isAlpha(c))
            letters[count++] = toLower(c);
    }
    const std::string_view joined(letters.data(), count);
    for (std::size_t i = 0; i < joined.size(); ++i) {
        if (((kStrictInitials >> static_cast<unsigned>(joined[i] - 'a')) & 1U) == 0)
            continue;
        const std::string_view rest = joined.substr(i);
        if (std::any_of(std::begin(kStrictWords), std::end(kStrictWords),
                        [rest](std::string_view word) { return rest.starts_with(word); }))
            return true;
    }
    return false;
}

bool isPropertyName(std::string_view name)
{
    if (name.empty() || name.size() > kLongestName)
        return false;
    const std::vector<std::string> words = wordsOf(name);
    if (words.empty())
        return false;
    return contains(kPropertyEndings, words.back()) || (words.size() > 1 && contains(kPropertyBeginnings, words.front()));
}

std::vector<std::string> keyNameFragments()
{
    // Short words are common inside other words; as names they are followed by one of these.
    constexpr std::string_view shortWords[] = {"pin", "pat", "otp", "auth"};
    constexpr std::string_view followers[] = {"\"", "\\", "=", ":", " ", "_", "-", "."};
    constexpr std::string_view joints[] = {"", "_", "-", ".", " "};
    std::vector<std::string> fragments = {"token", "session", "csrf", "xsrf"};
    const auto add = [&](std::string_view word) {
        if (!contains(shortWords, word))
            fragments.emplace_back(word);
    };
    for (const std::string_view word : kStrictWords)
        add(word);
    for (const std::string_view word : kSecretWords)
        add(word);
    for (const std::string_view word : kSecretNames)
        add(word);
    for (const std::string_view word : kJoinedFragments)
        add(word);
    for (const auto& [first, second] : kSecretPairs) {
        for (const std::string_view joint : joints)
            fragments.push_back(std::string(first).append(joint).append(second));
    }
    for (const std::string_view word : shortWords) {
        for (const std::string_view follower : followers)
            fragments.push_back(std::string(word).append(follower));
    }
    // A fragment that holds another one adds nothing to the prefilter.
    std::sort(fragments.begin(), fragments.end(), [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    std::vector<std::string> shortest;
    for (std::string& fragment : fragments) {
        const bool covered = std::any_of(shortest.begin(), shortest.end(),
                                         [&](const std::string& known) { return fragment.find(known) != std::string::npos; });
        if (!covered)
            shortest.push_back(std::move(fragment));
    }
    return shortest;
}

bool isMaskedText(std::string_view value)
{
    if (!value.starts_with("[masked:"))
        return false;
    const std::string_view rule = value.substr(8, value.size() - 8 - (value.ends_with(']') ? 1 : 0));
    return std::all_of(rule.begin(), rule.end(), isNameChar);
}

bool isPlaceholderValue(std::string_view value)
{
    if (value.empty() || isMaskedText(value))
        return true;
    const auto wrapped = [value](std::string_view open, std::string_view close) {
        if (value.size() <= open.size() + close.size() || !value.starts_with(open) || !value.ends_with(close))
            return false;
        const std::string_view inside = value.substr(open.size(), value.size() - open.size() - close.size());
        return inside.size() <= 100 && std::all_of(inside.begin(), inside.end(),
                                                   [](char c) { return isNameChar(c) || c == ':' || c == ' ' || c == '/'; });
    };
    if (wrapped("${", "}") || wrapped("{{", "}}") || (value.size() <= 40 && wrapped("<", ">")))
        return true;
    if (value.find_first_not_of('*') == std::string_view::npos)
        return true;
    constexpr std::string_view words[] = {"string", "number", "integer", "boolean", "object",   "array",
                                          "null",   "true",   "false",   "none",    "required", "optional"};
    return contains(words, value);
}

} // namespace oriel::privacy
