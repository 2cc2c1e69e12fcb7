// SPDX-License-Identifier: GPL-3.0-or-later
// The codec of the handshake revisions: a frame that was rewritten for the other side is the same everywhere else, and what is
// read of a handshake or a list reads the same when it is printed.
#include "fuzz_support.h"
#include "mcp/initialize.h"
#include "mcp/lists.h"
#include "mcp/names.h"
#include "mcp/rewrite.h"

using namespace oriel;
using namespace oriel::mcp;
using fuzz::require;

namespace {

const QByteArray kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

void checkRewrite(const Message& message, const json::Value& before)
{
    const bool carriesMeta = message.isRequest() || message.isNotification();
    Rewrite rewrite(message);
    rewrite.setId(RequestId(424242)).setTarget("te\"st");
    if (carriesMeta) {
        rewrite.setMeta(Field::MetaTraceparent, kParent).removeMeta(Field::MetaBaggage).setProgressToken(RequestId(7));
    }
    const QByteArray out = rewrite.apply();
    json::Document document;
    const auto again = readMessage(out, document);
    require(again.has_value() && again->kind == message.kind && again->methodId == message.methodId);
    require(!message.has(Field::Id) || again->id() == RequestId(424242));
    QList<QByteArray> changed{"id", fieldPath(Field::MetaTraceparent), fieldPath(Field::MetaBaggage),
                              fieldPath(Field::MetaProgressToken), fieldPath(Field::ParamsProgressToken)};
    if (const auto target = message.targetField()) {
        require(again->text(*target) == "te\"st");
        changed.append(fieldPath(*target));
    }
    if (carriesMeta) {
        require(again->text(Field::MetaTraceparent) == kParent && !again->has(Field::MetaBaggage));
        // `_meta` that is no object gives way.
        if (before.find("params").find("_meta").exists() && !before.find("params").find("_meta").isObject()) {
            changed.append(fieldPath(Field::ParamsMeta));
        }
    }
    require(fuzz::sameElsewhere(before, document.root(), changed));
}

template <class Body> void printsTheSame(const json::Value& object)
{
    const auto body = Body::parse(object);
    if (!body) {
        return;
    }
    const QByteArray text = body->toJson();
    json::Document document;
    const auto again = Body::parse(parsedAgain(text, document));
    require(again.has_value() && again->capabilities == body->capabilities && again->toJson() == text);
    auto merged = body->capabilities;
    merged.merge(body->capabilities);
    require(merged == body->capabilities);
}

void checkList(ListKind kind, const json::Value& result)
{
    const auto page = parseListPage(kind, result);
    if (!page) {
        return;
    }
    std::vector<QByteArray> entries;
    json::ParseOptions options;
    options.allowLoneSurrogates = true;
    for (const ListEntry& entry : page->entries) {
        json::Document before;
        json::Document after;
        const QByteArray renamed = withIdentity(entry, "a__b");
        require(before.parse(entry.raw, options).has_value() && after.parse(renamed, options).has_value());
        const QByteArray identity = identityKey(kind).toByteArray();
        require(before.root().find(identity).asUtf8() == entry.identity && after.root().find(identity).equals("a__b"));
        require(fuzz::sameElsewhere(before.root(), after.root(), {identity}));
        entries.push_back(renamed);
    }
    ListResultOptions shape;
    shape.nextCursor = page->nextCursor;
    const QByteArray printed = makeListResult(kind, entries, shape);
    json::Document document;
    require(document.parse(printed, options).has_value());
    const auto again = parseListPage(kind, document.root());
    require(again.has_value() && again->entries.size() == entries.size() && again->nextCursor == page->nextCursor);
}

void checkNames(const QByteArray& name)
{
    const auto names = NameSpace::create({"a", "a__b", "web"});
    require(names.has_value());
    if (const auto split = names->split(name)) {
        require(names->join(split->server, split->local) == name && !split->local.isEmpty());
    }
    const QByteArray portable = toPortableName(name);
    require(portable.isEmpty() || isPortableName(portable));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArray raw(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    for (const ListKind kind : {ListKind::Tools, ListKind::Resources}) {
        if (const auto cursor = decodeCursor(kind, raw)) {
            require(decodeCursor(kind, encodeCursor(*cursor)) == *cursor);
        }
    }
    json::Document document;
    const auto message = readMessage(raw, document);
    if (!message) {
        return 0;
    }
    const json::Value root = document.root();
    checkRewrite(*message, root);
    printsTheSame<InitializeParams>(root.find("params"));
    printsTheSame<InitializeResult>(root.find("result"));
    for (const ListKind kind : {ListKind::Tools, ListKind::Prompts, ListKind::Resources, ListKind::ResourceTemplates}) {
        checkList(kind, root.find("result"));
    }
    if (const auto target = message->targetField()) {
        checkNames(message->text(*target));
    }
    return 0;
}
