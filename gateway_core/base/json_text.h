// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>

/// Byte-level pieces that the scanner, the values and the writer share. Private to base/json*.
namespace oriel::json::text {

/// Length (1 to 4) of the well-formed UTF-8 sequence at `at`, or 0 (RFC 3629: no overlong forms, no surrogates, nothing above
/// U+10FFFF).
[[nodiscard]] int utf8Length(const unsigned char* at, const unsigned char* end);

/// First byte at or after `at` that is a quote, a backslash, a control character or not ASCII; `end` if there is none.
[[nodiscard]] const unsigned char* skipPlain(const unsigned char* at, const unsigned char* end);

/// The value of four hexadecimal digits, or -1.
[[nodiscard]] int hex4(const unsigned char* at, const unsigned char* end);

void appendCodePoint(QByteArray& out, char32_t codePoint);

/// Walks the content of a validated JSON string code point by code point without copying; lone surrogates read as U+FFFD.
class Unescaper {
public:
    /// `content` excludes the quotes.
    explicit Unescaper(QByteArrayView content)
        : m_at(reinterpret_cast<const unsigned char*>(content.data())),
          m_end(m_at + content.size())
    {}
    [[nodiscard]] bool atEnd() const { return m_at == m_end; }
    char32_t next();
    /// The next code point with no escapes resolved.
    char32_t nextPlain();

private:
    char32_t escape();

    const unsigned char* m_at;
    const unsigned char* m_end;
};

/// The content with its escapes resolved, appended to `out`.
void appendUnescaped(QByteArray& out, QByteArrayView content);

} // namespace oriel::json::text
