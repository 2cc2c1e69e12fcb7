// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "privacy/detector_table.h"

#include <cstddef>
#include <string_view>

// Classes of ASCII characters, independent of the locale. Internal to privacy/.
namespace oriel::privacy {

[[nodiscard]] constexpr bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool isUpper(char c)
{
    return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool isAlpha(char c)
{
    return isUpper(c) || (c >= 'a' && c <= 'z');
}
[[nodiscard]] constexpr bool isAlnum(char c)
{
    return isDigit(c) || isAlpha(c);
}
[[nodiscard]] constexpr bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
[[nodiscard]] constexpr bool isBase64(char c)
{
    return isAlnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
}
[[nodiscard]] constexpr bool isNameChar(char c)
{
    return isAlnum(c) || c == '_' || c == '-' || c == '.';
}
[[nodiscard]] constexpr char toLower(char c)
{
    return isUpper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr int hexValue(char c)
{
    if (isDigit(c))
        return c - '0';
    const char lower = toLower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The end of the token whose first characters end at `from`, by the characters its rule allows.
[[nodiscard]] constexpr std::size_t tailEnd(std::string_view text, std::size_t from, Tail tail)
{
    const auto belongs = [tail](char c) {
        switch (tail) {
        case Tail::None:
            return false;
        case Tail::Alnum:
            return isAlnum(c);
        case Tail::Word:
        case Tail::Dotted:
            return isAlnum(c) || c == '_' || c == '-';
        case Tail::Base64:
            return isBase64(c) || c == '=';
        }
        return false;
    };
    const auto innerDot = [&](std::size_t at) {
        return tail == Tail::Dotted && text[at] == '.' && at + 1 < text.size() && belongs(text[at + 1]);
    };
    std::size_t end = from;
    while (end < text.size() && (belongs(text[end]) || innerDot(end)))
        ++end;
    return end;
}

} // namespace oriel::privacy
