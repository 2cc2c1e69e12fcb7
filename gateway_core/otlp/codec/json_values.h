// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "otlp/codec/decoders.h"

#include <span>

namespace oriel::otlp::json_encoding {

/// Names of an enum's numbers, from 0 on.
using EnumNames = std::span<const char* const>;
EnumNames spanKindNames();
EnumNames statusCodeNames();
EnumNames severityNames();
EnumNames temporalityNames();

/// Reads the values of one OTLP JSON message by the rules of proto3 JSON and those that OTLP has instead (specification,
/// §JSON Protobuf Encoding): 64-bit integers as decimal strings or numbers, enums as numbers or names, ids in hexadecimal,
/// bytes in either base64 alphabet with or without padding. What is missing or null has its default. The first value that
/// cannot be read is kept; reading goes on with defaults. For one message on one thread.
class ValueReader {
public:
    std::int64_t integer(const json::Value& value);
    double real(const json::Value& value);
    std::uint32_t count(const json::Value& value);
    std::int32_t smallInteger(const json::Value& value);
    TraceId traceId(const json::Value& value);
    SpanId spanId(const json::Value& value);
    /// 0 for a number without a name.
    template <class Enum> Enum enumeration(const json::Value& value, EnumNames names)
    {
        return static_cast<Enum>(enumNumber(value, names));
    }
    telemetry::Attributes attributes(const json::Value& array, int depth = 0);
    telemetry::AnyValue anyValue(const json::Value& value, int depth = 0);

    /// The first value that cannot be read: ErrorCode::Parse with its path as context.
    [[nodiscard]] Status status(const json::Document& document) const;

private:
    std::size_t enumNumber(const json::Value& value, EnumNames names);
    QByteArray idBytes(const json::Value& value, qsizetype size);
    QByteArray bytes(const json::Value& value);
    telemetry::AnyValue arrayValue(const json::Value& content, int depth);
    telemetry::AnyValue listValue(const json::Value& content, int depth);
    void refuse(const json::Value& value, const QString& expected);

    json::Value m_refused;
    QString m_expected;
};

} // namespace oriel::otlp::json_encoding
