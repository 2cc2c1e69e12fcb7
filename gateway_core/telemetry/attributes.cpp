// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/attributes.h"

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

QByteArray toJson(const AnyValue& value)
{
    json::Writer writer;
    writeJson(writer, value, 0);
    return writer.take();
}

} // namespace oriel::telemetry
