// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_text.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define ORIEL_JSON_SSE2 1
#endif

namespace oriel::json::text {

namespace {

constexpr char32_t Replacement = 0xFFFD;

constexpr std::array<bool, 256> plainTable()
{
    std::array<bool, 256> table{};
    for (unsigned c = 0x20; c < 0x80; ++c) {
        table[c] = c != '"' && c != '\\';
    }
    return table;
}
constexpr auto Plain = plainTable();

bool isContinuation(unsigned char byte)
{
    return (byte & 0xC0U) == 0x80U;
}

bool isHighSurrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

bool isLowSurrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

} // namespace

int utf8Length(const unsigned char* at, const unsigned char* end)
{
    const auto left = end - at;
    const unsigned char lead = left > 0 ? *at : 0xFF;
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    if (lead < 0xE0) {
        return left >= 2 && isContinuation(at[1]) ? 2 : 0;
    }
    if (lead < 0xF0) {
        if (left < 3 || !isContinuation(at[1]) || !isContinuation(at[2])) {
            return 0;
        }
        const bool overlong = lead == 0xE0 && at[1] < 0xA0;
        const bool surrogate = lead == 0xED && at[1] > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (left < 4 || !isContinuation(at[1]) || !isContinuation(at[2]) || !isContinuation(at[3])) {
        return 0;
    }
    const bool overlong = lead == 0xF0 && at[1] < 0x90;
    const bool tooHigh = lead == 0xF4 && at[1] > 0x8F;
    return overlong || tooHigh ? 0 : 4;
}

const unsigned char* skipPlain(const unsigned char* at, const unsigned char* end)
{
#ifdef ORIEL_JSON_SSE2
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);
    while (end - at >= 16) {
        __m128i block;
        std::memcpy(&block, at, sizeof block);
        // Bytes from 0x80 are negative here, so one signed comparison finds them and the control characters.
        const __m128i special = _mm_or_si128(_mm_cmplt_epi8(block, space),
                                             _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
        if (mask != 0) {
            return at + std::countr_zero(mask);
        }
        at += 16;
    }
#else
    constexpr std::uint64_t Ones = 0x0101010101010101ULL;
    constexpr std::uint64_t Highs = 0x8080808080808080ULL;
    while (end - at >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        const std::uint64_t quotes = word ^ (Ones * '"');
        const std::uint64_t backslashes = word ^ (Ones * '\\');
        const std::uint64_t special =
            (word | (word - Ones * 0x20) | ((quotes - Ones) & ~quotes) | ((backslashes - Ones) & ~backslashes)) & Highs;
        if (special != 0) {
            break;
        }
        at += 8;
    }
#endif
    while (at != end && Plain[*at]) {
        ++at;
    }
    return at;
}

int hex4(const unsigned char* at, const unsigned char* end)
{
    if (end - at < 4) {
        return -1;
    }
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const unsigned char c = at[i];
        int digit = 0;
        if (c >= '0' && c <= '9') {
            digit = c - '0';
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (c | 0x20) - 'a' + 10;
        } else {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

void appendCodePoint(QByteArray& out, char32_t codePoint)
{
    const auto byte = [&out](char32_t value) { out.append(static_cast<char>(static_cast<unsigned char>(value))); };
    if (codePoint < 0x80) {
        byte(codePoint);
    } else if (codePoint < 0x800) {
        byte(0xC0 | (codePoint >> 6));
        byte(0x80 | (codePoint & 0x3F));
    } else if (codePoint < 0x10000) {
        byte(0xE0 | (codePoint >> 12));
        byte(0x80 | ((codePoint >> 6) & 0x3F));
        byte(0x80 | (codePoint & 0x3F));
    } else {
        byte(0xF0 | (codePoint >> 18));
        byte(0x80 | ((codePoint >> 12) & 0x3F));
        byte(0x80 | ((codePoint >> 6) & 0x3F));
        byte(0x80 | (codePoint & 0x3F));
    }
}

char32_t Unescaper::next()
{
    return *m_at == '\\' ? escape() : nextPlain();
}

char32_t Unescaper::nextPlain()
{
    const unsigned char lead = *m_at;
    const int length = utf8Length(m_at, m_end);
    if (length <= 1) {
        ++m_at;
        return length == 1 ? lead : Replacement;
    }
    char32_t codePoint = lead & (0xFFU >> (length + 1));
    for (int i = 1; i < length; ++i) {
        codePoint = (codePoint << 6) | (m_at[i] & 0x3FU);
    }
    m_at += length;
    return codePoint;
}

char32_t Unescaper::escape()
{
    ++m_at;
    if (m_at == m_end) {
        return Replacement;
    }
    const unsigned char what = *m_at++;
    switch (what) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        break;
    default:
        return what;
    }
    const int unit = hex4(m_at, m_end);
    if (unit < 0) {
        return Replacement;
    }
    m_at += 4;
    if (isHighSurrogate(unit) && m_end - m_at >= 6 && m_at[0] == '\\' && m_at[1] == 'u') {
        const int low = hex4(m_at + 2, m_end);
        if (isLowSurrogate(low)) {
            m_at += 6;
            return 0x10000U + ((static_cast<char32_t>(unit) - 0xD800U) << 10U) + (static_cast<char32_t>(low) - 0xDC00U);
        }
    }
    return isHighSurrogate(unit) || isLowSurrogate(unit) ? Replacement : static_cast<char32_t>(unit);
}

void appendUnescaped(QByteArray& out, QByteArrayView content)
{
    while (!content.isEmpty()) {
        const qsizetype backslash = content.indexOf('\\');
        if (backslash < 0) {
            out.append(content);
            return;
        }
        out.append(content.first(backslash));
        content = content.sliced(backslash);
        // Long enough for a surrogate pair, so that the escape at the front is seen whole.
        Unescaper head(content.first(qMin<qsizetype>(content.size(), 12)));
        const bool isUnicode = content.size() > 1 && content[1] == 'u';
        const char32_t codePoint = head.next();
        appendCodePoint(out, codePoint);
        const qsizetype consumed = !isUnicode ? 2 : codePoint >= 0x10000 ? 12 : 6;
        content = content.sliced(qMin(consumed, content.size()));
    }
}

} // namespace oriel::json::text
