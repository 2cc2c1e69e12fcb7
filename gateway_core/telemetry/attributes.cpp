// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/attributes.h"

#include "base/json.h"
#include "base/json_writer.h"

namespace oriel::telemetry {

namespace {

void writeJson(json::Writer& writer, const AnyValue& value, int depth);

struct JsonVisitor {
    json::Writer& writer;
    int depth;

    void operator()(std::monostate) const { writer.value(nullptr); }
    void operator()(const QByteArray& text) const { writer.value(QByteArrayView(text)); }
    void operator()(bool flag) const { writer.value(flag); }
    void operator()(std::int64_t number) const { writer.value(number); }
    void operator()(double number) const { writer.value(number); }
    void operator()(const BytesValue& bytes) const { writer.value(QByteArrayView(bytes.bytes.toBase64())); }
    void operator()(const std::shared_ptr<const ArrayValue>& array) const
    {
        writer.beginArray();
        for (const AnyValue& element : array->values)
            writeJson(writer, element, depth + 1);
        writer.endArray();
    }
    void operator()(const std::shared_ptr<const KeyValueList>& list) const
    {
        writer.beginObject();
        for (const Attribute& entry : list->values) {
            writer.key(QByteArrayView(entry.key));
            writeJson(writer, entry.value, depth + 1);
        }
        writer.endObject();
    }
};

void writeJson(json::Writer& writer, const AnyValue& value, int depth)
{
    // Received values are cut to a sane depth when they are decoded; this bound only keeps a hand-made one from using up the
    // stack.
    constexpr int kMaxDepth = 256;
    if (depth > kMaxDepth) {
        writer.value(nullptr);
        return;
    }
    std::visit(JsonVisitor{writer, depth}, value.value);
}

// The scanner bounds the depth.
AnyValue valueOf(const json::Value& value)
{
    switch (value.kind()) {
    case json::Kind::Bool:
        return *value.asBool();
    case json::Kind::Number:
        if (const auto integer = value.asInt64())
            return *integer;
        if (const auto number = value.asDouble(); number && !value.isInteger())
            return *number;
        return value.raw().toByteArray();
    case json::Kind::String:
        return value.asUtf8();
    case json::Kind::Array: {
        auto array = std::make_shared<ArrayValue>();
        array->values.reserve(value.size());
        for (const json::Value& element : value.elements())
            array->values.push_back(valueOf(element));
        return std::shared_ptr<const ArrayValue>(std::move(array));
    }
    case json::Kind::Object: {
        auto list = std::make_shared<KeyValueList>();
        list->values.reserve(value.size());
        for (const json::Member& member : value.members())
            list->values.push_back({member.key.asUtf8(), valueOf(member.value)});
        return std::shared_ptr<const KeyValueList>(std::move(list));
    }
    case json::Kind::Null:
    case json::Kind::Missing:
        break;
    }
    return {};
}

} // namespace

bool AnyValue::operator==(const AnyValue& other) const
{
    if (value.index() != other.value.index())
        return false;
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value)) {
        const auto& theirs = std::get<std::shared_ptr<const ArrayValue>>(other.value);
        return *array == theirs || (*array && theirs && **array == *theirs);
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value)) {
        const auto& theirs = std::get<std::shared_ptr<const KeyValueList>>(other.value);
        return *list == theirs || (*list && theirs && **list == *theirs);
    }
    return value == other.value;
}

const AnyValue* findAttribute(const Attributes& attributes, QByteArrayView key)
{
    for (const Attribute& attribute : attributes) {
        if (attribute.key == key)
            return &attribute.value;
    }
    return nullptr;
}

std::optional<AnyValue> fromJson(QByteArrayView json)
{
    json::Document document;
    if (!document.parse(json))
        return std::nullopt;
    return valueOf(document.root());
}

QByteArray toJson(const AnyValue& value)
{
    json::Writer writer;
    writeJson(writer, value, 0);
    return writer.take();
}

} // namespace oriel::telemetry
