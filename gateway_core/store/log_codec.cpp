// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/log_codec.h"

#include "store/attribute_codec.h"

#include <algorithm>
#include <map>

namespace oriel::store {

using namespace telemetry;

namespace {

std::int64_t costOf(const Attributes& attributes);

std::int64_t costOf(const AnyValue& value)
{
    std::int64_t cost = static_cast<std::int64_t>(sizeof(AnyValue));
    if (const QByteArray* text = value.text())
        cost += 24 + text->size();
    else if (const auto* bytes = std::get_if<BytesValue>(&value.value))
        cost += 24 + bytes->bytes.size();
    else if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value); array != nullptr && *array)
        for (const AnyValue& item : (*array)->values)
            cost += costOf(item);
    else if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value); list != nullptr && *list)
        cost += costOf((*list)->values);
    return cost;
}

std::int64_t costOf(const Attributes& attributes)
{
    std::int64_t cost = 0;
    for (const Attribute& attribute : attributes)
        cost += 48 + attribute.key.size() + costOf(attribute.value);
    return cost;
}

std::int64_t costOf(const Resource& resource)
{
    std::int64_t cost =
        static_cast<std::int64_t>(sizeof(Resource)) + 32 + resource.schemaUrl.size() + costOf(resource.attributes);
    for (const EntityRef& entity : resource.entityRefs) {
        cost += static_cast<std::int64_t>(sizeof(EntityRef)) + entity.schemaUrl.size() + entity.type.size();
        for (const std::vector<QByteArray>* keys : {&entity.idKeys, &entity.descriptionKeys})
            for (const QByteArray& key : *keys)
                cost += 48 + key.size();
    }
    return cost;
}

std::int64_t costOf(const Scope& scope)
{
    return static_cast<std::int64_t>(sizeof(Scope)) + 32 + scope.name.size() + scope.version.size() + scope.schemaUrl.size() +
           costOf(scope.attributes);
}

/// Numbers shared objects from 1 in the order in which they are first seen.
template <class T> class Numbering {
public:
    std::uint64_t of(const std::shared_ptr<const T>& object)
    {
        if (!object)
            return 0;
        const auto [known, isNew] = m_numbers.try_emplace(object.get(), m_objects.size() + 1);
        if (isNew)
            m_objects.push_back(object.get());
        return known->second;
    }
    [[nodiscard]] const std::vector<const T*>& objects() const { return m_objects; }

private:
    std::map<const T*, std::uint64_t> m_numbers;
    std::vector<const T*> m_objects;
};

template <class T> std::shared_ptr<const T> pick(const std::vector<std::shared_ptr<const T>>& objects, std::uint64_t number)
{
    return number == 0 || number > objects.size() ? nullptr : objects[number - 1];
}

} // namespace

std::int64_t costOfLog(const LogRecord& record)
{
    return static_cast<std::int64_t>(sizeof(LogRecord)) + 64 + record.severityText.size() + record.eventName.size() +
           record.source.size() + costOf(record.body) + costOf(record.attributes);
}

std::int64_t costOfShared(const LogRecord& record, const LogRecord* before)
{
    std::int64_t cost = 0;
    if (record.resource && (before == nullptr || before->resource != record.resource))
        cost += costOf(*record.resource);
    if (record.scope && (before == nullptr || before->scope != record.scope))
        cost += costOf(*record.scope);
    return cost;
}

void encodeLogFrame(ByteWriter& out, const std::vector<LogPointer>& records)
{
    Numbering<Resource> resources;
    Numbering<Scope> scopes;
    ByteWriter body;
    for (const LogPointer& record : records) {
        body.fixed64(static_cast<std::uint64_t>(record->timeUnixNs));
        body.fixed64(static_cast<std::uint64_t>(record->observedUnixNs));
        body.byte(static_cast<std::uint8_t>(record->severity));
        body.text(record->severityText);
        putPlainValue(body, record->body);
        putPlainAttributes(body, record->attributes);
        body.fixed64(record->traceId.high);
        body.fixed64(record->traceId.low);
        body.fixed64(record->spanId.value);
        body.varint(record->flags);
        body.varint(record->droppedAttributes);
        body.text(record->eventName);
        body.text(record->source);
        body.varint(resources.of(record->resource));
        body.varint(scopes.of(record->scope));
    }
    out.varint(resources.objects().size());
    for (const Resource* resource : resources.objects()) {
        out.text(resource->schemaUrl);
        out.varint(resource->droppedAttributes);
        putPlainAttributes(out, resource->attributes);
    }
    out.varint(scopes.objects().size());
    for (const Scope* scope : scopes.objects()) {
        out.text(scope->name);
        out.text(scope->version);
        out.text(scope->schemaUrl);
        out.varint(scope->droppedAttributes);
        putPlainAttributes(out, scope->attributes);
    }
    out.varint(records.size());
    out.raw(body.view());
    const auto hasEntities = [](const Resource* resource) { return !resource->entityRefs.empty(); };
    if (std::none_of(resources.objects().begin(), resources.objects().end(), hasEntities))
        return;
    for (const Resource* resource : resources.objects())
        putEntityRefs(out, resource->entityRefs);
}

std::uint64_t decodeLogFrame(QByteArrayView payload, std::vector<LogPointer>& out)
{
    ByteReader in(payload);
    std::vector<std::shared_ptr<Resource>> made;
    std::vector<std::shared_ptr<const Resource>> resources;
    for (std::size_t left = in.count(3); left > 0 && !in.failed(); --left) {
        auto resource = std::make_shared<Resource>();
        resource->schemaUrl = in.text().toByteArray();
        resource->droppedAttributes = static_cast<std::uint32_t>(in.varint());
        resource->attributes = getPlainAttributes(in);
        made.push_back(resource);
        resources.push_back(std::move(resource));
    }
    std::vector<std::shared_ptr<const Scope>> scopes;
    for (std::size_t left = in.count(5); left > 0 && !in.failed(); --left) {
        auto scope = std::make_shared<Scope>();
        scope->name = in.text().toByteArray();
        scope->version = in.text().toByteArray();
        scope->schemaUrl = in.text().toByteArray();
        scope->droppedAttributes = static_cast<std::uint32_t>(in.varint());
        scope->attributes = getPlainAttributes(in);
        scopes.push_back(std::move(scope));
    }
    const std::size_t count = in.count(48);
    for (std::size_t i = 0; i < count; ++i) {
        auto record = std::make_shared<LogRecord>();
        record->timeUnixNs = static_cast<std::int64_t>(in.fixed64());
        record->observedUnixNs = static_cast<std::int64_t>(in.fixed64());
        record->severity = static_cast<Severity>(in.byte());
        record->severityText = in.text().toByteArray();
        record->body = getPlainValue(in);
        record->attributes = getPlainAttributes(in);
        record->traceId.high = in.fixed64();
        record->traceId.low = in.fixed64();
        record->spanId.value = in.fixed64();
        record->flags = static_cast<std::uint32_t>(in.varint());
        record->droppedAttributes = static_cast<std::uint32_t>(in.varint());
        record->eventName = in.text().toByteArray();
        record->source = in.text().toByteArray();
        record->resource = pick(resources, in.varint());
        record->scope = pick(scopes, in.varint());
        if (in.failed())
            return count - i;
        out.push_back(std::move(record));
    }
    for (std::size_t i = 0; i < made.size() && !in.atEnd(); ++i)
        made[i]->entityRefs = getEntityRefs(in);
    return in.failed() ? 1 : 0;
}

} // namespace oriel::store
