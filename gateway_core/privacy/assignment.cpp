// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/mask_scan.h"
#include "privacy/text_chars.h"

#include <algorithm>

namespace oriel::privacy {

namespace {

constexpr std::size_t kLongestName = 128;

bool isQuote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}
bool isBlank(char c)
{
    return c == ' ' || c == '\t';
}

std::size_t skipBlanks(std::string_view text, std::size_t at)
{
    while (at < text.size() && isBlank(text[at]))
        ++at;
    return at;
}

// Behind an optional closing quote of the name, escaped or not.
std::size_t skipClosingQuote(std::string_view text, std::size_t at)
{
    std::size_t quote = at;
    while (quote < text.size() && text[quote] == '\\')
        ++quote;
    if (quote >= text.size() || !isQuote(text[quote]))
        return at;
    ++quote;
    return quote < text.size() && text[quote] == ']' ? quote + 1 : quote;
}

struct Separator {
    std::size_t valueBegin = 0; // 0: there is none
    bool equals = false;
};

Separator separatorAt(std::string_view text, std::size_t at, bool option)
{
    const std::size_t sign = skipBlanks(text, at);
    if (sign < text.size() && (text[sign] == '=' || text[sign] == ':')) {
        const bool equals = text[sign] == '=';
        std::size_t behind = sign + 1;
        if (behind < text.size() && text[behind] == '=') {
            if (equals)
                return {}; // a comparison
            ++behind;
        } else if (equals && behind < text.size() && text[behind] == '>') {
            ++behind;
        }
        return {skipBlanks(text, behind), equals || text[behind - 1] == '='};
    }
    if (option && sign > at && sign < text.size() && text[sign] != '-')
        return {sign, true};
    return {};
}

// The end of a quoted value that begins behind `escapes` backslashes and a quote.
std::size_t quotedEnd(std::string_view text, std::size_t begin, char quote, std::size_t escapes)
{
    std::size_t backslashes = 0;
    for (std::size_t i = begin; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++backslashes;
            continue;
        }
        if (text[i] == quote && (escapes == 0 ? backslashes % 2 == 0 : backslashes <= escapes))
            return i - (escapes == 0 ? 0 : backslashes);
        backslashes = 0;
    }
    return text.size();
}

std::size_t bareEnd(std::string_view text, std::size_t begin)
{
    const std::size_t end = text.find_first_of(" \t\r\n,;&\"'`<>)}]|\\", begin);
    return end == std::string_view::npos ? text.size() : end;
}

std::size_t lineEnd(std::string_view text, std::size_t begin)
{
    const std::size_t end = text.find_first_of("\r\n\"'", begin);
    return end == std::string_view::npos ? text.size() : end;
}

bool hasDigit(std::string_view value)
{
    return std::any_of(value.begin(), value.end(), isDigit);
}
bool hasBlank(std::string_view value)
{
    return std::any_of(value.begin(), value.end(), isSpace);
}
bool allDigits(std::string_view value)
{
    return std::all_of(value.begin(), value.end(), isDigit);
}

bool startsLine(std::string_view text, std::size_t nameBegin)
{
    while (nameBegin > 0 && isBlank(text[nameBegin - 1]))
        --nameBegin;
    return nameBegin == 0 || text[nameBegin - 1] == '\n' || text[nameBegin - 1] == '\r';
}

// `password: hunter2` is a pair, `password: required` in a sentence is not.
bool worthMasking(KeyVerdict verdict, std::string_view value, bool marked, bool lineStart)
{
    if (isPlaceholderValue(value))
        return false;
    if (verdict == KeyVerdict::TokenLike)
        return value.size() >= 16 && hasDigit(value) && !hasBlank(value);
    if (verdict == KeyVerdict::Secret && allDigits(value))
        return false;
    if (marked)
        return verdict == KeyVerdict::StrictSecret || value.size() >= 3;
    if (verdict == KeyVerdict::StrictSecret && lineStart)
        return value.size() >= 4;
    return (value.size() >= 6 && hasDigit(value)) || value.size() >= 20;
}

bool takesWholeLine(std::string_view name)
{
    std::string folded(name);
    std::transform(folded.begin(), folded.end(), folded.begin(), toLower);
    return folded.ends_with("authorization") || folded.ends_with("cookie");
}

} // namespace

Assignment findAssignment(const Masker::Private& set, std::string_view text, std::size_t hitBegin, std::size_t hitEnd)
{
    std::size_t nameBegin = hitBegin;
    while (nameBegin > 0 && isNameChar(text[nameBegin - 1]) && hitBegin - nameBegin <= kLongestName)
        --nameBegin;
    std::size_t nameEnd = hitBegin;
    while (nameEnd < text.size() && nameEnd - hitBegin <= kLongestName &&
           (isNameChar(text[nameEnd]) || (text[nameEnd] == ' ' && nameEnd + 1 < hitEnd)))
        ++nameEnd;
    Assignment found{.nameEnd = std::max(nameEnd, hitEnd), .begin = 0, .end = 0};
    if (nameEnd - nameBegin > kLongestName)
        return found;
    const bool option = text.substr(nameBegin, 2) == "--";
    while (nameBegin < nameEnd && (text[nameBegin] == '-' || text[nameBegin] == '.'))
        ++nameBegin;
    const std::string_view name = text.substr(nameBegin, nameEnd - nameBegin);
    const Separator separator = separatorAt(text, skipClosingQuote(text, nameEnd), option);
    if (separator.valueBegin == 0 || separator.valueBegin >= text.size())
        return found;
    const KeyVerdict verdict = set.judge(name);
    if (verdict == KeyVerdict::Plain)
        return found;

    std::size_t begin = separator.valueBegin;
    std::size_t escapes = 0;
    while (begin + escapes < text.size() && text[begin + escapes] == '\\')
        ++escapes;
    const bool quoted = begin + escapes < text.size() && isQuote(text[begin + escapes]);
    const bool wholeLine = !quoted && takesWholeLine(name);
    std::size_t end = 0;
    if (quoted) {
        begin += escapes + 1;
        end = quotedEnd(text, begin, text[begin - 1], escapes);
    } else {
        end = wholeLine ? lineEnd(text, begin) : bareEnd(text, begin);
    }
    const bool marked = quoted || separator.equals || (wholeLine && hasBlank(text.substr(begin, end - begin)));
    if (end > begin && worthMasking(verdict, text.substr(begin, end - begin), marked, startsLine(text, nameBegin))) {
        found.begin = begin;
        found.end = end;
    }
    return found;
}

void eachDigitRunImpl(std::string_view text, void (*found)(void*, std::size_t, std::size_t), void* context)
{
    const auto separates = [text](std::size_t at) {
        return (text[at] == ' ' || text[at] == '-') && at > 0 && at + 1 < text.size() && isDigit(text[at - 1]) &&
               isDigit(text[at + 1]);
    };
    const std::size_t size = text.size();
    // No gap in such a run is wider than one byte, so looking at two neighbours in every eight misses none of 13 digits.
    for (std::size_t i = 0; i + 1 < size; i += 8) {
        if (!isDigit(text[i]) && !isDigit(text[i + 1]))
            continue;
        std::size_t begin = isDigit(text[i]) ? i : i + 1;
        std::size_t end = begin + 1;
        while (begin > 0 && (isDigit(text[begin - 1]) || separates(begin - 1)))
            --begin;
        while (end < size && (isDigit(text[end]) || separates(end)))
            ++end;
        if (end - begin >= 13)
            found(context, begin, end);
        i = std::max(i, end > 8 ? end - 8 : 0);
    }
}

} // namespace oriel::privacy
