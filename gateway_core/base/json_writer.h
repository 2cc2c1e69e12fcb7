// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QString>
#include <QStringView>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace oriel::json {

/// Appends `utf8` as the inside of a JSON string: quotes, backslashes and control characters escaped, invalid UTF-8 replaced by
/// U+FFFD.
void appendEscaped(QByteArray& out, QByteArrayView utf8);
[[nodiscard]] QByteArray escape(QByteArrayView utf8);
/// The same with the quotes around it.
[[nodiscard]] QByteArray quote(QByteArrayView utf8);
[[nodiscard]] QByteArray quote(QStringView text);
/// True when `utf8` can stand between quotes as it is.
[[nodiscard]] bool needsNoEscape(QByteArrayView utf8);

/// Builds one JSON text front to back; commas and escapes are its business, balance is the caller's (asserted in take()).
/// Not shared between threads.
class Writer {
public:
    Writer() = default;
    explicit Writer(qsizetype reserve) { m_out.reserve(reserve); }

    Writer& beginObject() { return open('{'); }
    Writer& endObject() { return close('}'); }
    Writer& beginArray() { return open('['); }
    Writer& endArray() { return close(']'); }
    Writer& key(QByteArrayView utf8);
    Writer& key(QStringView text);

    Writer& value(QByteArrayView utf8);
    Writer& value(const QByteArray& utf8) { return value(QByteArrayView(utf8)); }
    Writer& value(const char* utf8) { return value(QByteArrayView(utf8)); }
    Writer& value(QStringView text);
    Writer& value(const QString& text) { return value(QStringView(text)); }
    Writer& value(bool flag) { return raw(flag ? QByteArrayView("true") : QByteArrayView("false")); }
    Writer& value(std::nullptr_t) { return raw("null"); }
    Writer& value(double number); ///< the shortest text that reads back equal; null when not finite
    template <std::integral T>
    requires(!std::same_as<T, bool>) Writer& value(T number)
    {
        if constexpr (std::is_signed_v<T>) {
            return integer(static_cast<qint64>(number));
        } else {
            return natural(static_cast<quint64>(number));
        }
    }
    /// Text that already is one JSON value.
    Writer& raw(QByteArrayView json);

    template <class T> Writer& member(QByteArrayView name, const T& content)
    {
        key(name);
        return value(content);
    }
    Writer& rawMember(QByteArrayView name, QByteArrayView json)
    {
        key(name);
        return raw(json);
    }

    [[nodiscard]] QByteArrayView view() const { return m_out; }
    [[nodiscard]] QByteArray take();

private:
    Writer& open(char bracket);
    Writer& close(char bracket);
    Writer& integer(qint64 number);
    Writer& natural(quint64 number);
    void separate();

    QByteArray m_out;
    int m_depth = 0;
    bool m_needsComma = false;
};

} // namespace oriel::json
