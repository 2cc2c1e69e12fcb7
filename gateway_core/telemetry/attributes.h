// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace oriel::telemetry {

struct AnyValue;
struct Attribute;

/// An array or a key-value list inside an attribute; shared, never changed after it was built.
struct ArrayValue;
struct KeyValueList;

/// Raw bytes, as different from text.
struct BytesValue {
    QByteArray bytes;
    bool operator==(const BytesValue&) const = default;
};

/// The value of an attribute or the body of a log record: OTLP's AnyValue. Text is UTF-8 in a QByteArray.
struct AnyValue {
    std::variant<std::monostate, QByteArray, bool, std::int64_t, double, BytesValue, std::shared_ptr<const ArrayValue>,
                 std::shared_ptr<const KeyValueList>>
        value;

    AnyValue() = default;
    AnyValue(QByteArray text) : value(std::move(text)) {}                          // NOLINT(google-explicit-constructor)
    AnyValue(bool flag) : value(flag) {}                                           // NOLINT(google-explicit-constructor)
    AnyValue(std::int64_t number) : value(number) {}                               // NOLINT(google-explicit-constructor)
    AnyValue(int number) : value(static_cast<std::int64_t>(number)) {}             // NOLINT(google-explicit-constructor)
    AnyValue(double number) : value(number) {}                                     // NOLINT(google-explicit-constructor)
    AnyValue(BytesValue bytes) : value(std::move(bytes)) {}                        // NOLINT(google-explicit-constructor)
    AnyValue(std::shared_ptr<const ArrayValue> array) : value(std::move(array)) {} // NOLINT(google-explicit-constructor)
    AnyValue(std::shared_ptr<const KeyValueList> list) : value(std::move(list)) {} // NOLINT(google-explicit-constructor)
    AnyValue(const char*) = delete;

    [[nodiscard]] const QByteArray* text() const { return std::get_if<QByteArray>(&value); }
    [[nodiscard]] bool isEmpty() const { return std::holds_alternative<std::monostate>(value); }
    bool operator==(const AnyValue&) const;
};

struct Attribute {
    QByteArray key;
    AnyValue value;
    bool operator==(const Attribute&) const = default;
};

/// In the order in which they were set; keys are unique.
using Attributes = std::vector<Attribute>;

struct ArrayValue {
    std::vector<AnyValue> values;
    bool operator==(const ArrayValue&) const = default;
};
struct KeyValueList {
    Attributes values;
    bool operator==(const KeyValueList&) const = default;
};

/// The attribute's value, or null.
const AnyValue* findAttribute(const Attributes& attributes, QByteArrayView key);

/// The value as JSON (text quoted, bytes base64), for viewers and files.
QByteArray toJson(const AnyValue& value);
/// JSON as a value with its structure; integers that no int64 holds stay text. Nothing when it is not JSON, as when it was cut.
std::optional<AnyValue> fromJson(QByteArrayView json);

} // namespace oriel::telemetry
