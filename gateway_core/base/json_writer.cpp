// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"

#include "base/json_text.h"

#include <QLocale>
#include <QString>

#include <charconv>
#include <cmath>
#include <utility>

namespace oriel::json {

namespace {

constexpr QByteArrayView ReplacementCharacter = "\xEF\xBF\xBD";

void appendEscape(QByteArray& out, unsigned char c)
{
    constexpr QByteArrayView Hex = "0123456789abcdef";
    switch (c) {
    case '"':
        out.append("\\\"");
        return;
    case '\\':
        out.append("\\\\");
        return;
    case '\n':
        out.append("\\n");
        return;
    case '\r':
        out.append("\\r");
        return;
    case '\t':
        out.append("\\t");
        return;
    default:
        out.append("\\u00");
        out.append(Hex[c >> 4U]);
        out.append(Hex[c & 0xFU]);
    }
}

} // namespace

void appendEscaped(QByteArray& out, QByteArrayView utf8)
{
    const auto* at = reinterpret_cast<const unsigned char*>(utf8.data());
    const auto* const end = at + utf8.size();
    const auto* kept = at;
    const auto flush = [&out, &kept](const unsigned char* until) {
        out.append(QByteArrayView(reinterpret_cast<const char*>(kept), until - kept));
    };
    while (at != end) {
        at = text::skipPlain(at, end);
        if (at == end) {
            break;
        }
        const int length = text::utf8Length(at, end);
        if (length > 1) {
            at += length;
            continue;
        }
        flush(at);
        if (length == 0) {
            out.append(ReplacementCharacter);
        } else {
            appendEscape(out, *at);
        }
        kept = ++at;
    }
    flush(end);
}

QByteArray escape(QByteArrayView utf8)
{
    QByteArray out;
    out.reserve(utf8.size() + 8);
    appendEscaped(out, utf8);
    return out;
}

QByteArray quote(QByteArrayView utf8)
{
    QByteArray out;
    out.reserve(utf8.size() + 8);
    out.append('"');
    appendEscaped(out, utf8);
    out.append('"');
    return out;
}

QByteArray quote(QStringView text)
{
    return quote(text.toUtf8());
}

bool needsNoEscape(QByteArrayView utf8)
{
    const auto* at = reinterpret_cast<const unsigned char*>(utf8.data());
    const auto* const end = at + utf8.size();
    while ((at = text::skipPlain(at, end)) != end) {
        const int length = text::utf8Length(at, end);
        if (length <= 1) {
            return false;
        }
        at += length;
    }
    return true;
}

void Writer::separate()
{
    if (m_needsComma) {
        m_out.append(',');
    }
    m_needsComma = true;
}

Writer& Writer::open(char bracket)
{
    separate();
    m_out.append(bracket);
    m_needsComma = false;
    ++m_depth;
    return *this;
}

Writer& Writer::close(char bracket)
{
    m_out.append(bracket);
    m_needsComma = true;
    --m_depth;
    return *this;
}

Writer& Writer::key(QByteArrayView utf8)
{
    value(utf8);
    m_out.append(':');
    m_needsComma = false;
    return *this;
}

Writer& Writer::key(QStringView text)
{
    return key(QByteArrayView(text.toUtf8()));
}

Writer& Writer::value(QByteArrayView utf8)
{
    separate();
    m_out.append('"');
    appendEscaped(m_out, utf8);
    m_out.append('"');
    return *this;
}

Writer& Writer::value(QStringView text)
{
    return value(QByteArrayView(text.toUtf8()));
}

Writer& Writer::value(double number)
{
    if (!std::isfinite(number)) {
        return raw("null");
    }
    return raw(QByteArray::number(number, 'g', QLocale::FloatingPointShortest));
}

Writer& Writer::integer(qint64 number)
{
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    Q_ASSERT(error == std::errc());
    return raw(QByteArrayView(digits, end - digits));
}

Writer& Writer::natural(quint64 number)
{
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    Q_ASSERT(error == std::errc());
    return raw(QByteArrayView(digits, end - digits));
}

Writer& Writer::raw(QByteArrayView json)
{
    separate();
    m_out.append(json);
    return *this;
}

QByteArray Writer::take()
{
    Q_ASSERT(m_depth == 0);
    m_needsComma = false;
    return std::exchange(m_out, {});
}

} // namespace oriel::json
