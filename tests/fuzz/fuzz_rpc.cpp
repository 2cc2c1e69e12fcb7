// SPDX-License-Identifier: GPL-3.0-or-later
// JSON-RPC framing: a message means the same alone and in a batch, every field lies where it is said to, and what is refused is
// refused with an answer that can be read.
#include "fuzz_support.h"
#include "mcp/message.h"

using namespace oriel;
using namespace oriel::mcp;
using fuzz::require;

namespace {

void checkRefusal(const FrameError& error)
{
    json::Document document;
    const auto answer = readMessage(error.toResponse(), document);
    require(answer.has_value() && answer->kind == Message::Kind::Error && answer->errorCode == error.code);
    require(answer->id() == error.id);
    require(!error.toError().toString().isEmpty());
}

void checkMessage(const Message& message)
{
    require(message.kind != Message::Kind::Invalid);
    require(message.isRequest() == (message.has(Field::Method) && message.has(Field::Id)));
    require(message.isAnswer() == !message.has(Field::Method));
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const auto field = static_cast<Field>(i);
        const json::Span at = message.span(field);
        require(at.end() <= static_cast<std::size_t>(message.raw.size()));
        if (at.isValid()) {
            json::Document one;
            json::ParseOptions options;
            options.allowLoneSurrogates = true;
            require(one.parse(message.rawOf(field), options).has_value());
        }
    }
    const RequestId id = message.id();
    require(RequestId::fromJson(id.toJson()) == id);
    require(!message.isRequest() || id.isValid());
}

bool same(const MessageResult& a, const MessageResult& b)
{
    if (a.has_value() != b.has_value()) {
        return false;
    }
    if (!a) {
        return a.error().code == b.error().code && a.error().id == b.error().id && a.error().answerable == b.error().answerable;
    }
    for (std::size_t i = 0; i < FieldCount; ++i) {
        if (a->span(static_cast<Field>(i)) != b->span(static_cast<Field>(i))) {
            return false;
        }
    }
    return a->kind == b->kind && a->methodId == b->methodId && a->errorCode == b->errorCode && a->raw == b->raw;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArray raw(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    ReadOptions options;
    options.allowBatch = true;
    options.maxBatch = 16;
    json::Document document;
    const auto frame = readFrame(raw, document, options);
    json::Document single;
    const MessageResult alone = readMessage(raw, single, options);
    if (!frame) {
        checkRefusal(frame.error());
        require(!alone.has_value());
        return 0;
    }
    require(!frame->messages.empty() && frame->messages.size() <= options.maxBatch);
    if (!frame->isBatch) {
        require(frame->messages.size() == 1 && same(frame->messages.front(), alone));
    } else {
        require(!alone.has_value());
    }
    QByteArray again = "[";
    for (const MessageResult& message : frame->messages) {
        if (!message) {
            checkRefusal(message.error());
            continue;
        }
        checkMessage(*message);
        json::Document own;
        require(same(readMessage(message->raw, own, options), message));
        again += (again.size() > 1 ? "," : "") + message->raw;
    }
    if (again.size() > 1) {
        json::Document gathered;
        require(readFrame(again + ']', gathered, options).has_value());
    }
    return 0;
}
