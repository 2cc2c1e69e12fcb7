// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/lists.h"

#include "base/json_splice.h"
#include "base/json_writer.h"

#include <QList>

#include <array>
#include <charconv>

namespace oriel::mcp {

namespace {

ListEntry entryOf(const json::Value& object, const json::Value& identity)
{
    ListEntry entry;
    entry.raw = object.raw().toByteArray();
    entry.identity = identity.asUtf8();
    entry.identitySpan = identity.span();
    entry.identitySpan.begin -= object.span().begin;
    entry.name = object.find("name").asUtf8();
    entry.title = object.find("title").asUtf8();
    entry.description = object.find("description").asUtf8();
    return entry;
}

void readToolMembers(ListEntry& entry, const json::Value& tool)
{
    entry.hasOutputSchema = tool.find("outputSchema").isObject();
    const json::Value support = tool.find("execution").find("taskSupport");
    if (support.equals("required")) {
        entry.taskSupport = ListEntry::TaskSupport::Required;
    } else if (support.equals("optional")) {
        entry.taskSupport = ListEntry::TaskSupport::Optional;
    }
    const json::Value annotations = tool.find("annotations");
    if (entry.title.isEmpty()) {
        // Before 2025-06-18 a tool's title stood among its annotations.
        entry.title = annotations.find("title").asUtf8();
    }
    entry.readOnlyHint = annotations.find("readOnlyHint").asBool().value_or(entry.readOnlyHint);
    entry.destructiveHint = annotations.find("destructiveHint").asBool().value_or(entry.destructiveHint);
    entry.idempotentHint = annotations.find("idempotentHint").asBool().value_or(entry.idempotentHint);
    entry.openWorldHint = annotations.find("openWorldHint").asBool().value_or(entry.openWorldHint);
}

std::uint32_t checksum(QByteArrayView text)
{
    std::uint32_t hash = 0x811C9DC5U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
    }
    return hash;
}

QByteArray cursorBody(const Cursor& cursor)
{
    return QByteArray::number(static_cast<int>(cursor.kind)) + '.' +
           QByteArray::number(static_cast<qulonglong>(cursor.generation), 36) + '.' + QByteArray::number(cursor.offset, 36);
}

template <class T> bool readNumber(QByteArrayView text, int base, T& number)
{
    const auto [end, error] = std::from_chars(text.begin(), text.end(), number, base);
    return error == std::errc() && end == text.end();
}

constexpr std::array<ListKind, 4> Kinds{ListKind::Tools, ListKind::Prompts, ListKind::Resources, ListKind::ResourceTemplates};

} // namespace

std::optional<ListKind> listKindOf(MethodId id)
{
    for (const ListKind kind : Kinds) {
        if (listMethod(kind) == id) {
            return kind;
        }
    }
    return std::nullopt;
}

MethodId listMethod(ListKind kind)
{
    switch (kind) {
    case ListKind::Tools:
        return MethodId::ToolsList;
    case ListKind::Prompts:
        return MethodId::PromptsList;
    case ListKind::Resources:
        return MethodId::ResourcesList;
    case ListKind::ResourceTemplates:
        return MethodId::ResourcesTemplatesList;
    }
    return MethodId::Unknown;
}

QByteArrayView listKey(ListKind kind)
{
    return method(listMethod(kind)).listKey;
}

QByteArrayView identityKey(ListKind kind)
{
    switch (kind) {
    case ListKind::Tools:
    case ListKind::Prompts:
        return "name";
    case ListKind::Resources:
        return "uri";
    case ListKind::ResourceTemplates:
        return "uriTemplate";
    }
    return {};
}

Result<ListPage> parseListPage(ListKind kind, const json::Value& result)
{
    const json::Value entries = result.find(listKey(kind));
    if (!entries.isArray()) {
        return fail(ErrorCode::Parse, QStringLiteral("result.%1 must be an array").arg(QString::fromUtf8(listKey(kind))));
    }
    const json::Value cursor = result.find("nextCursor");
    if (cursor.exists() && !cursor.isString() && !cursor.isNull()) {
        return fail(ErrorCode::Parse, QStringLiteral("result.nextCursor must be a string"));
    }
    ListPage page;
    page.entries.reserve(entries.size());
    for (const json::Value& element : entries.elements()) {
        const json::Value identity = element.find(identityKey(kind));
        if (!identity.isString()) {
            ++page.skipped;
            continue;
        }
        page.entries.push_back(entryOf(element, identity));
        if (kind == ListKind::Tools) {
            readToolMembers(page.entries.back(), element);
        }
    }
    if (cursor.isString()) {
        page.nextCursor = cursor.asUtf8();
    }
    page.ttlMs = result.find("ttlMs").asInt64();
    if (const json::Value scope = result.find("cacheScope"); scope.isString()) {
        page.isPublic = scope.equals("public");
    }
    return page;
}

QByteArray withIdentity(const ListEntry& entry, QByteArrayView identity)
{
    const QByteArray quoted = json::quote(identity);
    json::Splicer splicer(entry.raw);
    splicer.replace(entry.identitySpan, quoted);
    return splicer.apply();
}

QByteArray makeListResult(ListKind kind, std::span<const QByteArray> entries, const ListResultOptions& options)
{
    qsizetype size = 128 + (options.nextCursor ? options.nextCursor->size() : 0);
    for (const QByteArray& entry : entries) {
        size += entry.size() + 1;
    }
    json::Writer writer(size);
    writer.beginObject();
    if (options.modern) {
        writer.member("resultType", "complete");
    }
    writer.key(listKey(kind)).beginArray();
    for (const QByteArray& entry : entries) {
        writer.raw(entry);
    }
    writer.endArray();
    if (options.nextCursor) {
        writer.member("nextCursor", *options.nextCursor);
    }
    if (options.modern) {
        writer.member("ttlMs", options.ttlMs)
            .member("cacheScope", options.isPublic ? QByteArrayView("public") : QByteArrayView("private"));
    }
    writer.endObject();
    return writer.take();
}

QByteArray encodeCursor(const Cursor& cursor)
{
    const QByteArray body = cursorBody(cursor);
    return (body + '.' + QByteArray::number(checksum(body), 36))
        .toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

Result<Cursor> decodeCursor(ListKind kind, QByteArrayView text)
{
    const auto bad = [] {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("This cursor is not one of ours or is too old"));
    };
    constexpr qsizetype LongestCursor = 128;
    if (text.size() > LongestCursor) {
        return bad();
    }
    const auto decoded =
        QByteArray::fromBase64Encoding(text.toByteArray(), QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals |
                                                               QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded) {
        return bad();
    }
    const QList<QByteArray> parts = (*decoded).split('.');
    Cursor cursor{kind, 0, 0};
    if (parts.size() != 4 || !readNumber(parts[1], 36, cursor.generation) || !readNumber(parts[2], 36, cursor.offset)) {
        return bad();
    }
    // Printing it again catches another list's cursor, a broken checksum and every second spelling of the same numbers.
    return encodeCursor(cursor) == text ? Result<Cursor>(cursor) : Result<Cursor>(bad());
}

} // namespace oriel::mcp
