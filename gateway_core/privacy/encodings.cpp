// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/encodings.h"

#include "privacy/text_chars.h"

#include <algorithm>
#include <array>
#include <optional>

namespace oriel::privacy {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::uint32_t> hex4(std::string_view text, std::size_t at)
{
    if (at + 4 > text.size())
        return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        const int digit = hexValue(text[i]);
        if (digit < 0)
            return std::nullopt;
        value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return value;
}

void appendUtf8(std::string& out, std::uint32_t code)
{
    const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xC0U | (code >> 6U));
        byte(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        byte(0xE0U | (code >> 12U));
        byte(0x80U | ((code >> 6U) & 0x3FU));
        byte(0x80U | (code & 0x3FU));
    } else {
        byte(0xF0U | (code >> 18U));
        byte(0x80U | ((code >> 12U) & 0x3FU));
        byte(0x80U | ((code >> 6U) & 0x3FU));
        byte(0x80U | (code & 0x3FU));
    }
}

char simpleEscape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case '"':
    case '\\':
    case '/':
        return c;
    default:
        return '\0';
    }
}

// Appends what the escape at `at` means and returns its length; 0 when it is none.
std::size_t decodeEscape(std::string_view text, std::size_t at, std::string& out)
{
    if (at + 1 >= text.size())
        return 0;
    if (text[at + 1] != 'u') {
        const char c = simpleEscape(text[at + 1]);
        if (c == '\0')
            return 0;
        out += c;
        return 2;
    }
    const auto unit = hex4(text, at + 2);
    if (!unit)
        return 0;
    if (*unit >= 0xD800 && *unit < 0xDC00 && text.substr(at + 6, 2) == "\\u") {
        const auto low = hex4(text, at + 8);
        if (low && *low >= 0xDC00 && *low < 0xE000) {
            appendUtf8(out, 0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00));
            return 12;
        }
    }
    appendUtf8(out, *unit >= 0xD800 && *unit < 0xE000 ? 0xFFFD : *unit);
    return 6;
}

template <class DecodeAt> Decoded decodeMarked(std::string_view text, char mark, DecodeAt decodeAt)
{
    Decoded decoded;
    decoded.text.reserve(text.size());
    decoded.from.reserve(text.size() + 1);
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t length = text[i] == mark ? decodeAt(text, i, decoded.text) : 0;
        if (length == 0)
            decoded.text += text[i];
        while (decoded.from.size() < decoded.text.size())
            decoded.from.push_back(static_cast<std::uint32_t>(i));
        i += length == 0 ? 1 : length;
    }
    decoded.from.push_back(static_cast<std::uint32_t>(text.size()));
    return decoded;
}

std::array<int, 256> base64Values()
{
    std::array<int, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 64; ++i)
        values[static_cast<unsigned char>(kAlphabet[i])] = i;
    values['-'] = 62;
    values['_'] = 63;
    return values;
}

} // namespace

Decoded decodeJsonEscapes(std::string_view text)
{
    return decodeMarked(text, '\\', decodeEscape);
}

Decoded decodePercent(std::string_view text)
{
    return decodeMarked(text, '%', [](std::string_view encoded, std::size_t at, std::string& out) -> std::size_t {
        const int high = at + 2 < encoded.size() ? hexValue(encoded[at + 1]) : -1;
        const int low = at + 2 < encoded.size() ? hexValue(encoded[at + 2]) : -1;
        if (high < 0 || low < 0)
            return 0;
        out += static_cast<char>(high * 16 + low);
        return 3;
    });
}

std::string decodeBase64(std::string_view run, std::size_t skip)
{
    static const std::array<int, 256> values = base64Values();
    std::string out;
    out.reserve(run.size() / 4 * 3 + 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : run.substr(std::min(skip, run.size()))) {
        const int value = values[static_cast<unsigned char>(c)];
        if (value < 0)
            continue; // a line break
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        if (++count == 4) {
            out += static_cast<char>(bits >> 16U);
            out += static_cast<char>(bits >> 8U);
            out += static_cast<char>(bits);
            bits = 0;
            count = 0;
        }
    }
    if (count >= 2) {
        bits <<= 6U * static_cast<unsigned>(4 - count);
        out += static_cast<char>(bits >> 16U);
        if (count == 3)
            out += static_cast<char>(bits >> 8U);
    }
    return out;
}

std::string base64Form(std::string_view text, std::size_t shift)
{
    const std::size_t firstBit = shift * 8;
    const std::size_t lastBit = firstBit + text.size() * 8;
    std::string form;
    for (std::size_t bit = (firstBit + 5) / 6 * 6; bit + 6 <= lastBit; bit += 6) {
        unsigned value = 0;
        for (std::size_t i = bit - firstBit; i < bit - firstBit + 6; ++i)
            value = value * 2 + ((static_cast<unsigned char>(text[i / 8]) >> (7 - i % 8)) & 1U);
        form += kAlphabet[value];
    }
    return form;
}

} // namespace oriel::privacy
