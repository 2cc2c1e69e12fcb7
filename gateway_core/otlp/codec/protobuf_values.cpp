// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/protobuf_values.h"

namespace oriel::otlp::protobuf {

using namespace telemetry;

void readAttribute(Reader reader, Attributes& out, int depth)
{
    Attribute& attribute = out.emplace_back();
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::key_value::kKey):
            attribute.key = textOf(reader);
            break;
        case bytes(fields::key_value::kValue):
            attribute.value = readValue(reader.get_message(), depth);
            break;
        default:
            reader.skip();
        }
    }
}

namespace {

AnyValue readArray(Reader reader, int depth)
{
    auto array = std::make_shared<ArrayValue>();
    while (reader.next()) {
        if (reader.tag_and_type() == bytes(fields::list::kValues))
            array->values.push_back(readValue(reader.get_message(), depth));
        else
            reader.skip();
    }
    return std::shared_ptr<const ArrayValue>(std::move(array));
}

AnyValue readList(Reader reader, int depth)
{
    auto list = std::make_shared<KeyValueList>();
    while (reader.next()) {
        if (reader.tag_and_type() == bytes(fields::list::kValues))
            readAttribute(reader.get_message(), list->values, depth);
        else
            reader.skip();
    }
    return std::shared_ptr<const KeyValueList>(std::move(list));
}

} // namespace

AnyValue readValue(Reader reader, int depth)
{
    namespace f = fields::any_value;
    AnyValue value;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kString):
            value = textOf(reader);
            break;
        case varint(f::kBool):
            value = reader.get_uint64() != 0;
            break;
        case varint(f::kInt):
            value = reader.get_int64();
            break;
        case fixed64(f::kDouble):
            value = reader.get_double();
            break;
        case bytes(f::kArray):
            if (depth < kMaxValueDepth)
                value = readArray(reader.get_message(), depth + 1);
            else
                reader.skip();
            break;
        case bytes(f::kList):
            if (depth < kMaxValueDepth)
                value = readList(reader.get_message(), depth + 1);
            else
                reader.skip();
            break;
        case bytes(f::kBytes): {
            const protozero::data_view view = reader.get_view();
            value = BytesValue{QByteArray(view.data(), static_cast<qsizetype>(view.size()))};
            break;
        }
        default:
            reader.skip();
        }
    }
    return value;
}

namespace {

EntityRef readEntityRef(Reader reader)
{
    namespace f = fields::entity_ref;
    EntityRef ref;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kSchemaUrl):
            ref.schemaUrl = textOf(reader);
            break;
        case bytes(f::kType):
            ref.type = textOf(reader);
            break;
        case bytes(f::kIdKeys):
            ref.idKeys.push_back(textOf(reader));
            break;
        case bytes(f::kDescriptionKeys):
            ref.descriptionKeys.push_back(textOf(reader));
            break;
        default:
            reader.skip();
        }
    }
    return ref;
}

} // namespace

void readResource(Reader reader, Resource& resource)
{
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::resource::kAttributes):
            readAttribute(reader.get_message(), resource.attributes, 0);
            break;
        case varint(fields::resource::kDroppedAttributes):
            resource.droppedAttributes = reader.get_uint32();
            break;
        case bytes(fields::resource::kEntityRefs):
            resource.entityRefs.push_back(readEntityRef(reader.get_message()));
            break;
        default:
            reader.skip();
        }
    }
}

void readScope(Reader reader, Scope& scope)
{
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::scope::kName):
            scope.name = textOf(reader);
            break;
        case bytes(fields::scope::kVersion):
            scope.version = textOf(reader);
            break;
        case bytes(fields::scope::kAttributes):
            readAttribute(reader.get_message(), scope.attributes, 0);
            break;
        case varint(fields::scope::kDroppedAttributes):
            scope.droppedAttributes = reader.get_uint32();
            break;
        default:
            reader.skip();
        }
    }
}

} // namespace oriel::otlp::protobuf
