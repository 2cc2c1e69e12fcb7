// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QHashFunctions>

#include <cstdint>
#include <functional>

namespace oriel::mcp {

/// A JSON-RPC id or a progress token: a string or an integer, and it stays what it was. "1" and 1 are different ids.
/// Integer ids allocate nothing. A value type.
class RequestId {
public:
    enum class Type : std::uint8_t { None, Integer, String };

    RequestId() = default;
    explicit RequestId(std::int64_t number) : m_type(Type::Integer), m_number(number) {}
    /// `json` is one validated JSON value; anything but an integer that fits 64 bits or a string gives None.
    [[nodiscard]] static RequestId fromJson(QByteArrayView json);
    /// A string id with this content.
    [[nodiscard]] static RequestId fromText(QByteArrayView utf8);

    [[nodiscard]] Type type() const { return m_type; }
    [[nodiscard]] bool isValid() const { return m_type != Type::None; }
    [[nodiscard]] bool isInteger() const { return m_type == Type::Integer; }
    [[nodiscard]] std::int64_t number() const { return m_number; }
    /// As JSON: `17`, `"abc"`, `null` for None.
    [[nodiscard]] QByteArray toJson() const;
    /// For people and span attributes: 17, abc.
    [[nodiscard]] QByteArray toText() const;

    /// String ids are equal when their content is, however it was escaped.
    friend bool operator==(const RequestId& a, const RequestId& b)
    {
        return a.m_type == b.m_type && a.m_number == b.m_number && a.m_text == b.m_text;
    }
    friend std::size_t qHash(const RequestId& id, std::size_t seed = 0) noexcept
    {
        return id.m_type == Type::String ? ::qHash(id.m_text, seed) : ::qHash(id.m_number, seed);
    }

private:
    Type m_type = Type::None;
    std::int64_t m_number = 0;
    QByteArray m_text; ///< unescaped
};

} // namespace oriel::mcp

template <> struct std::hash<oriel::mcp::RequestId> {
    std::size_t operator()(const oriel::mcp::RequestId& id) const noexcept { return qHash(id); }
};
