// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/attribute_codec.h"

#include "store/trace_codec_tags.h"

namespace oriel::store {

using namespace telemetry;
using codec::kMaxDepth;
using codec::Tag;

namespace {

struct Encoder {
    ByteWriter& out;
    int depth;
    void tag(Tag t) const { out.byte(static_cast<std::uint8_t>(t)); }
    void operator()(std::monostate) const { tag(Tag::Empty); }
    void operator()(const QByteArray& text) const
    {
        tag(Tag::Text);
        out.text(text);
    }
    void operator()(bool flag) const { tag(flag ? Tag::True : Tag::False); }
    void operator()(std::int64_t number) const
    {
        tag(Tag::Integer);
        out.zigzag(number);
    }
    void operator()(double number) const
    {
        tag(Tag::Real);
        out.real(number);
    }
    void operator()(const BytesValue& bytes) const
    {
        tag(Tag::Bytes);
        out.text(bytes.bytes);
    }
    void operator()(const std::shared_ptr<const ArrayValue>& array) const
    {
        const bool isThere = array && depth < kMaxDepth;
        tag(Tag::Array);
        out.varint(isThere ? array->values.size() : 0);
        if (isThere)
            for (const AnyValue& value : array->values)
                putPlainValue(out, value, depth + 1);
    }
    void operator()(const std::shared_ptr<const KeyValueList>& list) const
    {
        tag(Tag::Map);
        putPlainAttributes(out, list && depth < kMaxDepth ? list->values : Attributes(), depth + 1);
    }
};

} // namespace

void putPlainValue(ByteWriter& out, const AnyValue& value, int depth)
{
    std::visit(Encoder{out, depth}, value.value);
}

void putPlainAttributes(ByteWriter& out, const Attributes& attributes, int depth)
{
    out.varint(attributes.size());
    for (const Attribute& attribute : attributes) {
        out.text(attribute.key);
        putPlainValue(out, attribute.value, depth);
    }
}

AnyValue getPlainValue(ByteReader& in, int depth)
{
    switch (static_cast<Tag>(in.byte())) {
    case Tag::Text:
        return AnyValue(in.text().toByteArray());
    case Tag::False:
        return AnyValue(false);
    case Tag::True:
        return AnyValue(true);
    case Tag::Integer:
        return AnyValue(in.zigzag());
    case Tag::Real:
        return AnyValue(in.real());
    case Tag::Bytes:
        return AnyValue(BytesValue{in.text().toByteArray()});
    case Tag::Array: {
        auto array = std::make_shared<ArrayValue>();
        for (std::size_t left = in.count(); left > 0 && !in.failed() && depth < kMaxDepth + 1; --left)
            array->values.push_back(getPlainValue(in, depth + 1));
        return AnyValue(std::shared_ptr<const ArrayValue>(std::move(array)));
    }
    case Tag::Map: {
        auto list = std::make_shared<KeyValueList>();
        if (depth < kMaxDepth + 1)
            list->values = getPlainAttributes(in, depth + 1);
        return AnyValue(std::shared_ptr<const KeyValueList>(std::move(list)));
    }
    case Tag::Empty:
        break;
    }
    return {};
}

Attributes getPlainAttributes(ByteReader& in, int depth)
{
    Attributes out;
    const std::size_t count = in.count(2);
    out.reserve(count);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) {
        QByteArray key = in.text().toByteArray();
        out.push_back({std::move(key), getPlainValue(in, depth)});
    }
    return out;
}

void putEntityRefs(ByteWriter& out, const std::vector<EntityRef>& refs)
{
    out.varint(refs.size());
    for (const EntityRef& ref : refs) {
        out.text(ref.schemaUrl);
        out.text(ref.type);
        for (const std::vector<QByteArray>* keys : {&ref.idKeys, &ref.descriptionKeys}) {
            out.varint(keys->size());
            for (const QByteArray& key : *keys)
                out.text(key);
        }
    }
}

std::vector<EntityRef> getEntityRefs(ByteReader& in)
{
    constexpr std::size_t kLeastBytes = 4;
    std::vector<EntityRef> refs;
    for (std::size_t left = in.count(kLeastBytes); left > 0 && !in.failed(); --left) {
        EntityRef& ref = refs.emplace_back();
        ref.schemaUrl = in.text().toByteArray();
        ref.type = in.text().toByteArray();
        for (std::vector<QByteArray>* keys : {&ref.idKeys, &ref.descriptionKeys}) {
            for (std::size_t key = in.count(); key > 0 && !in.failed(); --key)
                keys->push_back(in.text().toByteArray());
        }
    }
    return refs;
}

} // namespace oriel::store
