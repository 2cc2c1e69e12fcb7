// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QLatin1StringView>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace oriel::http {

/// True if `a` and `b` are the same but for the case of ASCII letters.
[[nodiscard]] bool equalsIgnoringCase(QByteArrayView a, QByteArrayView b);
/// True for a non-empty `token` of RFC 9110 §5.6.2: method and field names.
[[nodiscard]] bool isToken(QByteArrayView text);
/// True for a field value that can be sent: no control character but tab.
[[nodiscard]] bool isFieldValue(QByteArrayView text);
/// True if the comma-separated list `value` holds `element`, ignoring case and parameters behind `;`.
[[nodiscard]] bool listHas(QByteArrayView value, QByteArrayView element);

/// The fields of a message in their order, duplicates kept. Names compare without case. All text stands in one block, so a
/// message of any number of fields costs two allocations; views stay valid until the next non-const call. A value type; not
/// thread-safe.
class Headers {
public:
    struct Field {
        QByteArrayView name;
        QByteArrayView value;
    };

    Headers() = default;
    Headers(std::initializer_list<std::pair<QByteArrayView, QByteArrayView>> fields);

    /// Appends a field. False, and nothing happens, when the name is no token or the value holds a control character (a CR or LF
    /// in it would start a field of the sender's choice).
    bool add(QByteArrayView name, QByteArrayView value);
    /// Replaces every field of that name by one; the same refusal.
    bool set(QByteArrayView name, QByteArrayView value);
    void remove(QByteArrayView name);
    void clear();

    /// The first value of that name; a null view when there is none (an empty value is empty, not null).
    [[nodiscard]] QByteArrayView value(QByteArrayView name) const;
    /// All values of that name in their order, with "," between them; for fields that are lists (RFC 9110 §5.3).
    [[nodiscard]] QByteArray joined(QByteArrayView name) const;
    [[nodiscard]] bool contains(QByteArrayView name) const { return find(name) >= 0; }
    [[nodiscard]] qsizetype count(QByteArrayView name) const;

    [[nodiscard]] qsizetype size() const { return static_cast<qsizetype>(m_entries.size()); }
    [[nodiscard]] bool isEmpty() const { return m_entries.empty(); }
    [[nodiscard]] Field at(qsizetype index) const;

    /// Appends "Name: value\r\n" for each field.
    void appendTo(QByteArray& out) const;
    /// At least what appendTo would append.
    [[nodiscard]] qsizetype serializedSize() const
    {
        return static_cast<qsizetype>(m_text.size()) + 4 * static_cast<qsizetype>(m_entries.size());
    }

    /// Room for a message of about `bytes` of text and `fields` fields.
    void reserve(qsizetype bytes, qsizetype fields);
    /// Like add for text that a parser has already validated.
    void addValidated(QByteArrayView name, QByteArrayView value);

    class const_iterator {
    public:
        const_iterator(const Headers* headers, qsizetype index) : m_headers(headers), m_index(index) {}
        Field operator*() const { return m_headers->at(m_index); }
        const_iterator& operator++()
        {
            ++m_index;
            return *this;
        }
        bool operator==(const const_iterator&) const = default;

    private:
        const Headers* m_headers;
        qsizetype m_index;
    };
    [[nodiscard]] const_iterator begin() const { return {this, 0}; }
    [[nodiscard]] const_iterator end() const { return {this, size()}; }

private:
    struct Entry {
        std::uint32_t nameAt;
        std::uint32_t nameSize;
        std::uint32_t valueAt;
        std::uint32_t valueSize;
    };
    [[nodiscard]] qsizetype find(QByteArrayView name) const;

    std::string m_text; ///< appends in place; QByteArray's append does not
    std::vector<Entry> m_entries;
};

} // namespace oriel::http
