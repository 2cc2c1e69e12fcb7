// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/json_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace oriel::otlp::json_encoding {

using namespace telemetry;
using json::Value;

EnumNames spanKindNames()
{
    static constexpr std::array kNames{"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                       "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
    return kNames;
}

EnumNames statusCodeNames()
{
    static constexpr std::array kNames{"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"};
    return kNames;
}

EnumNames severityNames()
{
    static constexpr std::array kNames{
        "SEVERITY_NUMBER_UNSPECIFIED", "SEVERITY_NUMBER_TRACE", "SEVERITY_NUMBER_TRACE2", "SEVERITY_NUMBER_TRACE3",
        "SEVERITY_NUMBER_TRACE4",      "SEVERITY_NUMBER_DEBUG", "SEVERITY_NUMBER_DEBUG2", "SEVERITY_NUMBER_DEBUG3",
        "SEVERITY_NUMBER_DEBUG4",      "SEVERITY_NUMBER_INFO",  "SEVERITY_NUMBER_INFO2",  "SEVERITY_NUMBER_INFO3",
        "SEVERITY_NUMBER_INFO4",       "SEVERITY_NUMBER_WARN",  "SEVERITY_NUMBER_WARN2",  "SEVERITY_NUMBER_WARN3",
        "SEVERITY_NUMBER_WARN4",       "SEVERITY_NUMBER_ERROR", "SEVERITY_NUMBER_ERROR2", "SEVERITY_NUMBER_ERROR3",
        "SEVERITY_NUMBER_ERROR4",      "SEVERITY_NUMBER_FATAL", "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3",
        "SEVERITY_NUMBER_FATAL4"};
    return kNames;
}

EnumNames temporalityNames()
{
    static constexpr std::array kNames{"AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA",
                                       "AGGREGATION_TEMPORALITY_CUMULATIVE"};
    return kNames;
}

Status ValueReader::status(const json::Document& document) const
{
    if (!m_refused.exists())
        return {};
    return fail(ErrorCode::Parse, QStringLiteral("expected ") + m_expected, json::pathOf(document, m_refused));
}

void ValueReader::refuse(const Value& value, const QString& expected)
{
    if (m_refused.exists())
        return;
    m_refused = value;
    m_expected = expected;
}

std::int64_t ValueReader::integer(const Value& value)
{
    if (const auto number = value.asInt64())
        return *number;
    if (!value.exists() || value.isNull())
        return 0;
    const QByteArray text = value.isString() ? value.asUtf8() : value.isInteger() ? value.raw().toByteArray() : QByteArray();
    if (!text.isEmpty()) {
        bool ok = false;
        if (const qlonglong number = text.toLongLong(&ok); ok)
            return number;
        // Counts and times are unsigned on the wire and may use the 64th bit.
        if (const qulonglong number = text.toULongLong(&ok); ok)
            return static_cast<std::int64_t>(number);
    }
    const auto real = value.asDouble();
    constexpr double kLimit = 9.2e18;
    if (real && std::abs(*real) < kLimit)
        return static_cast<std::int64_t>(*real);
    refuse(value, QStringLiteral("an integer, as a number or a string"));
    return 0;
}

double ValueReader::real(const Value& value)
{
    if (const auto number = value.asDouble())
        return *number;
    if (!value.exists() || value.isNull())
        return 0;
    const QByteArray text = value.asUtf8();
    if (text == "NaN")
        return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity")
        return std::numeric_limits<double>::infinity();
    if (text == "-Infinity")
        return -std::numeric_limits<double>::infinity();
    bool ok = false;
    const double number = text.toDouble(&ok);
    if (!ok)
        refuse(value, QStringLiteral("a number, \"NaN\", \"Infinity\" or \"-Infinity\""));
    return ok ? number : 0;
}

std::uint32_t ValueReader::count(const Value& value)
{
    const std::int64_t number = integer(value);
    return number > 0 && number <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(number) : 0;
}

std::int32_t ValueReader::smallInteger(const Value& value)
{
    const std::int64_t number = integer(value);
    return number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max()
               ? static_cast<std::int32_t>(number)
               : 0;
}

std::size_t ValueReader::enumNumber(const Value& value, EnumNames names)
{
    const auto named =
        std::find_if(names.begin(), names.end(), [&value](const char* name) { return value.equals(QByteArrayView(name)); });
    if (named != names.end())
        return static_cast<std::size_t>(named - names.begin());
    if (value.isString()) {
        bool ok = false;
        (void)value.asUtf8().toLongLong(&ok);
        if (!ok) {
            refuse(value, QStringLiteral("a number or a name such as %1").arg(QLatin1String(names.back())));
            return 0;
        }
    }
    const std::int64_t number = integer(value);
    return number >= 0 && number < static_cast<std::int64_t>(names.size()) ? static_cast<std::size_t>(number) : 0;
}

QByteArray ValueReader::idBytes(const Value& value, qsizetype size)
{
    if (!value.exists() || value.isNull())
        return {};
    QByteArray scratch;
    const QByteArrayView digits = value.utf8(scratch);
    if (value.isString() && digits.isEmpty())
        return {};
    const auto isDigit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    if (digits.size() != 2 * size || !std::all_of(digits.begin(), digits.end(), isDigit)) {
        refuse(value, QStringLiteral("%1 hexadecimal digits").arg(2 * size));
        return {};
    }
    return QByteArray::fromHex(QByteArray::fromRawData(digits.data(), digits.size()));
}

TraceId ValueReader::traceId(const Value& value)
{
    const QByteArray id = idBytes(value, 16);
    return id.isEmpty() ? TraceId{} : TraceId::fromBytes(reinterpret_cast<const unsigned char*>(id.constData()));
}

SpanId ValueReader::spanId(const Value& value)
{
    const QByteArray id = idBytes(value, 8);
    return id.isEmpty() ? SpanId{} : SpanId::fromBytes(reinterpret_cast<const unsigned char*>(id.constData()));
}

QByteArray ValueReader::bytes(const Value& value)
{
    QByteArray text = value.asUtf8();
    text.replace('-', '+').replace('_', '/');
    qsizetype size = text.size();
    while (size > 0 && text.size() - size < 2 && text.at(size - 1) == '=')
        --size;
    const bool isWhole = size % 4 != 1 && (size == text.size() || text.size() % 4 == 0);
    text.truncate(size);
    const auto decoded =
        QByteArray::fromBase64Encoding(text, QByteArray::Base64Encoding | QByteArray::AbortOnBase64DecodingErrors);
    if (!value.isString() || !isWhole || !decoded) {
        refuse(value, QStringLiteral("base64"));
        return {};
    }
    return *decoded;
}

Attributes ValueReader::attributes(const Value& array, int depth)
{
    Attributes attributes;
    attributes.reserve(array.size());
    for (const Value& entry : array.elements()) {
        if (entry.isObject())
            attributes.push_back({entry.find("key").asUtf8(), anyValue(entry.find("value"), depth)});
    }
    return attributes;
}

AnyValue ValueReader::arrayValue(const Value& content, int depth)
{
    auto array = std::make_shared<ArrayValue>();
    for (const Value& element : content.find("values").elements())
        array->values.push_back(anyValue(element, depth));
    return std::shared_ptr<const ArrayValue>(std::move(array));
}

AnyValue ValueReader::listValue(const Value& content, int depth)
{
    auto list = std::make_shared<KeyValueList>();
    list->values = attributes(content.find("values"), depth);
    return std::shared_ptr<const KeyValueList>(std::move(list));
}

AnyValue ValueReader::anyValue(const Value& value, int depth)
{
    for (const json::Member& member : value.members()) {
        const Value& content = member.value;
        if (content.isNull())
            continue;
        if (member.key.equals("stringValue"))
            return content.asUtf8();
        if (member.key.equals("boolValue"))
            return content.asBool().value_or(false);
        if (member.key.equals("intValue"))
            return integer(content);
        if (member.key.equals("doubleValue"))
            return real(content);
        if (member.key.equals("bytesValue"))
            return BytesValue{bytes(content)};
        if (member.key.equals("arrayValue"))
            return depth < kMaxValueDepth ? arrayValue(content, depth + 1) : AnyValue();
        if (member.key.equals("kvlistValue"))
            return depth < kMaxValueDepth ? listValue(content, depth + 1) : AnyValue();
    }
    return {};
}

} // namespace oriel::otlp::json_encoding
