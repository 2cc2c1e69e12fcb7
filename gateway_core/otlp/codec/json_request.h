// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/json_values.h"

namespace oriel::otlp::json_encoding {

std::vector<telemetry::EntityRef> readEntityRefs(const json::Value& array);

using SharedResource = std::shared_ptr<const telemetry::Resource>;
using SharedScope = std::shared_ptr<const telemetry::Scope>;

/// Members of a request that hold the groups and the items in them.
struct GroupNames {
    const char* resources;
    const char* scopes;
    const char* items;
};

/// Walks resource groups and scope groups; `readOne(reader, item, out, resource, scope)` reads one span, record or metric. Gives
/// the error of the first value that cannot be read.
template <class T, class ReadOne> Result<T> walkRequest(QByteArrayView message, const GroupNames& names, ReadOne readOne)
{
    json::ParseOptions options;
    options.maxDepth = 4 * kMaxValueDepth;
    options.allowLoneSurrogates = true;
    options.maxValues = kMaxParts;
    json::Document document;
    if (const Status parsed = document.parseOrError(message, options); !parsed)
        return fail(parsed.error());
    if (!document.root().isObject())
        return fail(ErrorCode::Parse, QStringLiteral("an OTLP JSON message is an object"));
    T out;
    ValueReader read;
    for (const json::Value& group : document.root().find(names.resources).elements()) {
        auto resource = std::make_shared<telemetry::Resource>();
        resource->attributes = read.attributes(group.find("resource").find("attributes"));
        resource->droppedAttributes = read.count(group.find("resource").find("droppedAttributesCount"));
        resource->entityRefs = readEntityRefs(group.find("resource").find("entityRefs"));
        resource->schemaUrl = group.find("schemaUrl").asUtf8();
        for (const json::Value& scopeGroup : group.find(names.scopes).elements()) {
            const json::Value named = scopeGroup.find("scope");
            auto scope = std::make_shared<telemetry::Scope>();
            scope->name = named.find("name").asUtf8();
            scope->version = named.find("version").asUtf8();
            scope->attributes = read.attributes(named.find("attributes"));
            scope->droppedAttributes = read.count(named.find("droppedAttributesCount"));
            scope->schemaUrl = scopeGroup.find("schemaUrl").asUtf8();
            for (const json::Value& item : scopeGroup.find(names.items).elements())
                readOne(read, item, out, SharedResource(resource), SharedScope(scope));
        }
    }
    if (const Status readable = read.status(document); !readable)
        return fail(readable.error());
    return out;
}

} // namespace oriel::otlp::json_encoding
