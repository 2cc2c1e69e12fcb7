// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/request_id.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/json_writer.h"

#include <charconv>

namespace oriel::mcp {

RequestId RequestId::fromJson(QByteArrayView json)
{
    switch (json::kindOf(json)) {
    case json::Kind::String:
        return fromText(json::unquote(json));
    case json::Kind::Number: {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(json.begin(), json.end(), number);
        return error == std::errc() && end == json.end() ? RequestId(number) : RequestId();
    }
    default:
        return {};
    }
}

RequestId RequestId::fromText(QByteArrayView utf8)
{
    RequestId id;
    id.m_type = Type::String;
    id.m_text = utf8.toByteArray();
    return id;
}

QByteArray RequestId::toJson() const
{
    switch (m_type) {
    case Type::Integer:
        return decimal(m_number);
    case Type::String:
        return json::quote(m_text);
    case Type::None:
        break;
    }
    return QByteArrayLiteral("null");
}

QByteArray RequestId::toText() const
{
    return m_type == Type::String ? m_text : m_type == Type::Integer ? toJson() : QByteArray();
}

} // namespace oriel::mcp
