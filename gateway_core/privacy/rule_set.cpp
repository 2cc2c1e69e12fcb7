// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/rule_set.h"

#include "privacy/encodings.h"
#include "privacy/text_chars.h"

#include <QCryptographicHash>

#include <algorithm>

namespace oriel::privacy {

namespace {

constexpr int kMaxUserPatterns = 100;
constexpr int kMaxPatternLength = 1000;
constexpr std::size_t kShortestKnownValue = 8;
constexpr std::size_t kKnownValuePrefix = 16; // enough of it for the automaton; the rest is compared

QByteArray bytesOf(std::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

QByteArray lowered(std::string_view text)
{
    return bytesOf(text).toLower();
}

std::vector<std::string> wordsOf(std::string_view list)
{
    std::vector<std::string> words;
    std::size_t begin = 0;
    while (begin < list.size()) {
        const std::size_t end = std::min(list.find(' ', begin), list.size());
        if (end > begin)
            words.emplace_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

RE2::Options quietOptions(bool utf8)
{
    RE2::Options options;
    options.set_encoding(utf8 ? RE2::Options::EncodingUTF8 : RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t{16} << 20);
    return options;
}

bool isRuleId(const QString& id)
{
    return !id.isEmpty() && id.size() <= 40 && std::all_of(id.begin(), id.end(), [](QChar c) {
        return c == QLatin1Char('-') || (c.unicode() < 128 && isAlnum(static_cast<char>(c.unicode())));
    });
}

// Whether the authority behind "://" has user info: an @ before the authority ends.
bool hasUserInfo(std::string_view text, std::size_t from)
{
    const std::size_t end = std::min(text.size(), from + 2048);
    for (std::size_t i = from; i < end; ++i) {
        const char c = text[i];
        if (c == '@')
            return true;
        if (c == '/' || c == '?' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' || isSpace(c))
            return false;
    }
    return false;
}

// Whether an encoded character can be part of a token, a name or a URL's user info; an encoded blank or bracket hides nothing.
bool canHide(int code)
{
    const char c = static_cast<char>(code);
    return isBase64(c) || c == '.' || c == ':' || c == '=' || c == '@' || c == '%';
}

} // namespace

KeyVerdict Masker::Private::judge(std::string_view name) const
{
    if (!keyNames)
        return KeyVerdict::Plain;
    if (!plainNames.isEmpty() && plainNames.contains(lowered(name)))
        return KeyVerdict::Plain;
    if (!secretNames.isEmpty() && secretNames.contains(lowered(name)))
        return KeyVerdict::StrictSecret;
    return judgeKeyName(name);
}

bool Masker::Private::plausible(const Keyword& keyword, std::string_view text, std::size_t end) const
{
    const std::size_t begin = end - keyword.text.size();
    if (keyword.exactCase && text.compare(begin, keyword.text.size(), keyword.text) != 0)
        return false;
    if (keyword.leftBoundary && begin > 0 && isAlnum(text[begin - 1]))
        return false;
    if (keyword.authority)
        return hasUserInfo(text, end);
    if (keyword.kind == KeywordKind::Percent)
        return end < text.size() && hexValue(text[end]) >= 0 && canHide(hexValue(text[end - 1]) * 16 + hexValue(text[end]));
    if (keyword.kind == KeywordKind::JsonEscape && text[end - 1] == '0')
        return end + 1 < text.size() && hexValue(text[end]) >= 2 && hexValue(text[end]) < 8;
    if (keyword.kind == KeywordKind::KnownValue) {
        const std::string& value = knownValues[keyword.index];
        return text.compare(begin, value.size(), value) == 0;
    }
    return true;
}

bool Masker::Private::isExceptedValue(std::string_view value) const
{
    if (notSecretHashes.isEmpty())
        return false;
    const QByteArrayView view(value.data(), static_cast<qsizetype>(value.size()));
    return notSecretHashes.contains(Masker::notSecretHash(view).toLatin1());
}

bool Masker::Private::isExceptedPath(QByteArrayView path) const
{
    if (notSecretPaths.empty() || path.isEmpty())
        return false;
    const PathPattern steps = splitPath(std::string_view(path.data(), static_cast<std::size_t>(path.size())));
    return std::any_of(notSecretPaths.begin(), notSecretPaths.end(), [&steps](const PathPattern& pattern) {
        return std::equal(pattern.begin(), pattern.end(), steps.begin(), steps.end(),
                          [](const std::string& wanted, const std::string& step) { return wanted == "*" || wanted == step; });
    });
}

void Masker::Private::addKeyword(Keyword keyword)
{
    automaton.add(keyword.text, static_cast<std::uint32_t>(keywords.size()));
    keywords.push_back(std::move(keyword));
}

void Masker::Private::addBase64Forms(std::string_view text, std::uint32_t index)
{
    // Where in a group of four the certain characters begin, for a text at byte 0, 1 or 2 of a group of three.
    constexpr std::uint8_t phases[] = {0, 2, 3};
    for (std::size_t shift = 0; shift < 3; ++shift) {
        std::string form = base64Form(text, shift);
        if (form.size() >= 4)
            addKeyword({.kind = KeywordKind::Base64,
                        .phase = phases[shift],
                        .exactCase = true,
                        .index = index,
                        .text = std::move(form)});
    }
}

Status Masker::Private::addBuiltIn(const DetectorRule& rule)
{
    const auto index = static_cast<std::uint32_t>(rules.size());
    CompiledRule compiled;
    compiled.id = bytesOf(rule.id);
    compiled.piiType = bytesOf(rule.piiType);
    compiled.replacement = maskedText(compiled.id);
    compiled.mode = rule.mode;
    compiled.tail = rule.tail;
    compiled.validator = rule.validator;
    if (!rule.pattern.empty()) {
        std::string pattern(rule.pattern);
        // In a search the boundary is part of the pattern, so that a refused match is not tried again a byte further on.
        const bool wrapped = rule.leftBoundary && rule.mode == SearchMode::Anywhere;
        if (wrapped)
            pattern = "(?:^|[^A-Za-z0-9])(" + pattern + ")";
        compiled.pattern = std::make_unique<RE2>(pattern, quietOptions(false));
        if (!compiled.pattern->ok())
            return fail(ErrorCode::Internal,
                        QStringLiteral("The pattern of rule %1 is not valid.").arg(QString::fromLatin1(compiled.id)));
        compiled.group = compiled.pattern->NumberOfCapturingGroups() > 0;
    }
    if (rule.mode == SearchMode::Digits)
        digitsRule = static_cast<int>(index);
    else if (rule.keywords.empty())
        alwaysSearched.push_back(index);
    for (const std::string& word : wordsOf(rule.keywords)) {
        addKeyword({.kind = KeywordKind::Rule,
                    .exactCase = rule.caseSensitive,
                    .leftBoundary = rule.leftBoundary && rule.mode == SearchMode::AtKeyword,
                    .authority = word == "://",
                    .index = index,
                    .text = word});
        if (rule.category == DetectorCategory::Secret && rule.mode != SearchMode::Digits)
            addBase64Forms(word, index);
    }
    rules.push_back(std::move(compiled));
    return {};
}

Status Masker::Private::addUserPattern(const UserPattern& pattern)
{
    const auto refuse = [&pattern](const QString& why) {
        return fail(ErrorCode::InvalidArgument, why, QStringLiteral("masking pattern \"%1\"").arg(pattern.id));
    };
    if (!isRuleId(pattern.id))
        return refuse(QStringLiteral("The id must be 1 to 40 letters, digits and hyphens."));
    const QByteArray id = pattern.id.toLatin1();
    if (std::any_of(rules.begin(), rules.end(), [&id](const CompiledRule& rule) { return rule.id == id; }) ||
        findDetector(id) != nullptr)
        return refuse(QStringLiteral("Another rule has this id."));
    if (pattern.pattern.isEmpty() || pattern.pattern.size() > kMaxPatternLength)
        return refuse(QStringLiteral("The pattern must have 1 to %1 characters.").arg(kMaxPatternLength));
    const auto index = static_cast<std::uint32_t>(rules.size());
    CompiledRule compiled;
    compiled.id = id;
    compiled.replacement = maskedText(id);
    compiled.mode = SearchMode::Anywhere;
    compiled.pattern = std::make_unique<RE2>(pattern.pattern.toStdString(), quietOptions(true));
    if (!compiled.pattern->ok())
        return refuse(
            QStringLiteral("The pattern is not valid RE2 syntax: %1.").arg(QString::fromStdString(compiled.pattern->error())));
    if (RE2::FullMatch("", *compiled.pattern))
        return refuse(QStringLiteral("The pattern matches empty text."));
    compiled.group = compiled.pattern->NumberOfCapturingGroups() > 0;
    for (const QString& word : pattern.keywords) {
        if (word.toUtf8().size() < 3)
            return refuse(QStringLiteral("The keyword \"%1\" is shorter than three characters.").arg(word));
        addKeyword({.kind = KeywordKind::Rule, .index = index, .text = word.toUtf8().toStdString()});
    }
    if (pattern.keywords.isEmpty())
        alwaysSearched.push_back(index);
    rules.push_back(std::move(compiled));
    return {};
}

void Masker::Private::addNames(const MaskingOptions& options)
{
    for (const QString& name : options.plainKeyNames)
        plainNames.insert(name.toUtf8().toLower());
    for (const QString& name : options.secretKeyNames) {
        if (name.isEmpty())
            continue;
        secretNames.insert(name.toUtf8().toLower());
        addKeyword({.kind = KeywordKind::KeyName, .text = name.toUtf8().toStdString()});
    }
    if (!keyNames)
        return;
    for (const std::string& fragment : keyNameFragments())
        addKeyword({.kind = KeywordKind::KeyName, .text = fragment});
    for (const std::string_view word : {"password", "secret", "api_key", "apiKey", "access_token", "Authorization"})
        addBase64Forms(word, keyNameRule);
}

void Masker::Private::addKnownSecrets(const std::vector<KnownSecret>& secrets)
{
    for (const KnownSecret& secret : secrets) {
        std::string value = secret.value.toStdString();
        if (value.size() < kShortestKnownValue)
            continue;
        const auto index = static_cast<std::uint32_t>(knownValues.size());
        const std::string prefix = value.substr(0, kKnownValuePrefix);
        addKeyword({.kind = KeywordKind::KnownValue, .exactCase = true, .index = index, .text = prefix});
        addBase64Forms(prefix, knownValueRule);
        knownValues.push_back(std::move(value));
    }
}

void Masker::Private::addMarkers()
{
    addKeyword({.kind = KeywordKind::JsonEscape, .text = "\\u00"});
    addKeyword({.kind = KeywordKind::JsonEscape, .text = ":\\/\\/"});
    for (const char digit : {'2', '3', '4', '5', '6', '7'})
        addKeyword({.kind = KeywordKind::Percent, .text = std::string("%") + digit});
}

Status Masker::Private::compile(const MaskingOptions& options)
{
    enabled = options.enabled;
    const auto named = [](const QStringList& list, std::string_view id) {
        return list.contains(QLatin1StringView(id.data(), static_cast<qsizetype>(id.size())));
    };
    for (const QStringList& list : {options.enabledRules, options.disabledRules}) {
        for (const QString& id : list) {
            const bool special = id == QLatin1StringView("key-name") || id == QLatin1StringView("vault-value");
            if (!special && findDetector(id.toUtf8()) == nullptr)
                return fail(ErrorCode::InvalidArgument, QStringLiteral("There is no masking rule \"%1\".").arg(id),
                            QStringLiteral("masking"));
        }
    }
    keyNames = options.keyNames && !named(options.disabledRules, kKeyNameRule);
    for (const DetectorRule& rule : detectorTable()) {
        const bool on = (rule.onByDefault || named(options.enabledRules, rule.id)) && !named(options.disabledRules, rule.id);
        if (!on)
            continue;
        if (Status status = addBuiltIn(rule); !status)
            return status;
    }
    if (options.patterns.size() > kMaxUserPatterns)
        return fail(ErrorCode::TooLarge, QStringLiteral("There are more than %1 masking patterns.").arg(kMaxUserPatterns));
    for (const UserPattern& pattern : options.patterns) {
        if (Status status = addUserPattern(pattern); !status)
            return status;
    }
    for (const std::string_view id : {kKeyNameRule, kVaultValueRule}) {
        CompiledRule rule;
        rule.id = bytesOf(id);
        rule.replacement = maskedText(rule.id);
        (id == kKeyNameRule ? keyNameRule : knownValueRule) = static_cast<std::uint32_t>(rules.size());
        rules.push_back(std::move(rule));
    }
    addNames(options);
    if (!named(options.disabledRules, kVaultValueRule))
        addKnownSecrets(options.knownSecrets);
    addMarkers();
    automaton.build();
    for (const QString& hash : options.notSecretHashes)
        notSecretHashes.insert(hash.toLatin1().toLower());
    for (const QString& path : options.notSecretPaths)
        notSecretPaths.push_back(splitPath(path.toStdString()));
    return {};
}

PathPattern splitPath(std::string_view path)
{
    PathPattern steps;
    std::size_t i = path.starts_with('$') ? 1 : 0;
    while (i < path.size()) {
        if (path[i] == '.') {
            ++i;
            continue;
        }
        if (path[i] == '[') {
            const bool quoted = i + 1 < path.size() && path[i + 1] == '"';
            const std::size_t begin = i + (quoted ? 2 : 1);
            const std::size_t end = std::min(quoted ? path.find("\"]", begin) : path.find(']', begin), path.size());
            steps.emplace_back(path.substr(begin, end - begin));
            i = end + (quoted ? 2 : 1);
            continue;
        }
        const std::size_t end = std::min(path.find_first_of(".[", i), path.size());
        steps.emplace_back(path.substr(i, end - i));
        i = end;
    }
    return steps;
}

QString Masker::notSecretHash(QByteArrayView value)
{
    return QString::fromLatin1(QCryptographicHash::hash(value.toByteArray(), QCryptographicHash::Sha256).toHex());
}

} // namespace oriel::privacy
