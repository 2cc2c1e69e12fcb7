// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a frame, rewriting it as the gateway does and reading it again: what was set is there, what was not is byte for byte
// the same.
#include "mcp/headers.h"
#include "mcp/initialize.h"
#include "mcp/lists.h"
#include "mcp/rewrite.h"

#include <array>
#include <cstdlib>

using namespace oriel;
using namespace oriel::mcp;

namespace {

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

void checkSpans(const Message& message)
{
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const json::Span at = message.span(static_cast<Field>(i));
        require(at.end() <= static_cast<std::size_t>(message.raw.size()));
        require(!at.isValid() || message.raw.at(at.begin - 1) != '\\');
    }
}

void checkRewrite(const Message& message)
{
    const QByteArray parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const bool carriesMeta = message.isRequest() || message.isNotification();
    Rewrite rewrite(message);
    rewrite.setId(RequestId(424242)).setTarget("te\"st");
    if (carriesMeta) {
        rewrite.setMeta(Field::MetaTraceparent, parent).removeMeta(Field::MetaBaggage).removeMeta(Field::MetaClientInfo);
    }
    const QByteArray out = rewrite.apply();
    json::Document document;
    const auto again = readMessage(out, document);
    require(again.has_value());
    require(again->kind == message.kind && again->methodId == message.methodId);
    require(!message.has(Field::Id) || again->id() == RequestId(424242));
    require(again->rawOf(Field::ParamsArguments) == message.rawOf(Field::ParamsArguments));
    require(again->rawOf(Field::Result) == message.rawOf(Field::Result));
    require(again->rawOf(Field::Error) == message.rawOf(Field::Error));
    require(again->rawOf(Field::MetaProgressToken) == message.rawOf(Field::MetaProgressToken));
    if (const auto target = message.targetField()) {
        require(again->text(*target) == "te\"st");
    }
    if (carriesMeta) {
        require(again->text(Field::MetaTraceparent) == parent);
        require(!again->has(Field::MetaBaggage) && !again->has(Field::MetaClientInfo));
    }
}

void readBodies(const Message& message, const json::Value& root)
{
    const json::Value params = root.find("params");
    const json::Value result = root.find("result");
    if (const auto initialize = InitializeParams::parse(params)) {
        json::Document document;
        const QByteArray text = initialize->toJson();
        require(document.parse(text).has_value());
        require(InitializeParams::parse(document.root())->capabilities == initialize->capabilities);
    }
    if (const auto answer = InitializeResult::parse(result)) {
        json::Document document;
        const QByteArray text = answer->toJson();
        require(document.parse(text).has_value());
        require(InitializeResult::parse(document.root())->capabilities == answer->capabilities);
    }
    if (const auto page = parseListPage(ListKind::Tools, result)) {
        for (const ListEntry& entry : page->entries) {
            json::Document document;
            const QByteArray renamed = withIdentity(entry, "a__b");
            json::ParseOptions options;
            options.allowLoneSurrogates = true;
            require(document.parse(renamed, options).has_value());
            require(document.root().find("name").equals("a__b"));
        }
    }
    if (const auto name = nameHeaderFor(message)) {
        const auto decoded = decodeHeaderValue(*name);
        require(decoded.has_value() && *decoded == message.text(*message.targetField()));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArray raw(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    json::Document document;
    ReadOptions options;
    options.allowBatch = true;
    (void)decodeCursor(ListKind::Tools, raw);
    const auto frame = readFrame(raw, document, options);
    if (!frame) {
        json::Document answer;
        require(readMessage(frame.error().toResponse(), answer).has_value());
        return 0;
    }
    require(!frame->messages.empty());
    for (const MessageResult& message : frame->messages) {
        if (!message) {
            json::Document answer;
            require(readMessage(message.error().toResponse(), answer).has_value());
            continue;
        }
        checkSpans(*message);
        checkRewrite(*message);
        json::Document single;
        require(readMessage(message->raw, single, options).has_value());
        readBodies(*message, single.root());
    }
    return 0;
}
