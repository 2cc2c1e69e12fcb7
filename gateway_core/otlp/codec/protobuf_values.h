// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/fields.h"
#include "otlp/codec/protobuf_reader.h"

/// What the protobuf decoders of all signals share. Everything here throws protozero's exceptions at broken input.
namespace oriel::otlp::protobuf {

telemetry::AnyValue readValue(Reader reader, int depth);
void readAttribute(Reader reader, telemetry::Attributes& out, int depth);
void readResource(Reader reader, telemetry::Resource& resource);
void readScope(Reader reader, telemetry::Scope& scope);

using SharedResource = std::shared_ptr<const telemetry::Resource>;
using SharedScope = std::shared_ptr<const telemetry::Scope>;

/// Walks resource groups and scope groups; `item(reader, resource, scope)` reads one span, record or metric. The schema URLs come
/// after the items on the wire, so resource and scope are made first and completed before anybody reads them.
template <class ItemReader> void walkRequest(Reader request, ItemReader readOne)
{
    while (request.next()) {
        if (request.tag_and_type() != bytes(fields::request::kResourceGroup)) {
            request.skip();
            continue;
        }
        const Reader group = request.get_message();
        auto resource = std::make_shared<telemetry::Resource>();
        for (Reader pass = group; pass.next();) {
            switch (pass.tag_and_type()) {
            case bytes(fields::resource_group::kResource):
                readResource(pass.get_message(), *resource);
                break;
            case bytes(fields::resource_group::kSchemaUrl):
                resource->schemaUrl = textOf(pass);
                break;
            default:
                pass.skip();
            }
        }
        for (Reader pass = group; pass.next();) {
            if (pass.tag_and_type() != bytes(fields::resource_group::kScopeGroup)) {
                pass.skip();
                continue;
            }
            const Reader scopeGroup = pass.get_message();
            auto scope = std::make_shared<telemetry::Scope>();
            for (Reader metadata = scopeGroup; metadata.next();) {
                switch (metadata.tag_and_type()) {
                case bytes(fields::scope_group::kScope):
                    readScope(metadata.get_message(), *scope);
                    break;
                case bytes(fields::scope_group::kSchemaUrl):
                    scope->schemaUrl = textOf(metadata);
                    break;
                default:
                    metadata.skip();
                }
            }
            for (Reader items = scopeGroup; items.next();) {
                if (items.tag_and_type() == bytes(fields::scope_group::kItem))
                    readOne(items.get_item(), resource, scope);
                else
                    items.skip();
            }
        }
    }
}

} // namespace oriel::otlp::protobuf
