// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/headers.h"

#include "base/json_writer.h"

#include <QStringDecoder>

#include <algorithm>

namespace oriel::mcp {

namespace {

constexpr QByteArrayView EncodedPrefix = "=?base64?";
constexpr QByteArrayView EncodedSuffix = "?=";

bool isVisible(char c)
{
    return c >= 0x21 && c <= 0x7E;
}

bool looksEncoded(QByteArrayView value)
{
    return value.size() >= EncodedPrefix.size() + EncodedSuffix.size() && value.startsWith(EncodedPrefix) &&
           value.endsWith(EncodedSuffix);
}

bool isPlainHeaderText(QByteArrayView text)
{
    return !text.isEmpty() && isVisible(text.front()) && isVisible(text.back()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return isVisible(c) || c == ' ' || c == '\t'; });
}

tl::unexpected<Error> mismatch(QByteArrayView headerName, QByteArrayView value, QByteArrayView wanted)
{
    const QString shown = QString::fromUtf8(headerName);
    if (value.isEmpty()) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The header %1 is missing").arg(shown));
    }
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The header %1 is \"%2\", the message says \"%3\"")
                                                .arg(shown, QString::fromUtf8(value), QString::fromUtf8(wanted)));
}

} // namespace

QByteArray encodeHeaderValue(QByteArrayView utf8)
{
    if (isPlainHeaderText(utf8) && !looksEncoded(utf8)) {
        return utf8.toByteArray();
    }
    return EncodedPrefix.toByteArray().append(utf8.toByteArray().toBase64()).append(EncodedSuffix);
}

Result<QByteArray> decodeHeaderValue(QByteArrayView value)
{
    if (!looksEncoded(value)) {
        if (!isPlainHeaderText(value)) {
            return fail(ErrorCode::Parse, QStringLiteral("A header value of visible ASCII is expected"));
        }
        return value.toByteArray();
    }
    const QByteArray base64 =
        value.sliced(EncodedPrefix.size(), value.size() - EncodedPrefix.size() - EncodedSuffix.size()).toByteArray();
    auto decoded = QByteArray::fromBase64Encoding(base64, QByteArray::Base64Encoding | QByteArray::AbortOnBase64DecodingErrors);
    // Qt forgives padding that is missing; what would be encoded otherwise was not well-formed.
    if (!decoded || decoded.decoded.toBase64() != base64) {
        return fail(ErrorCode::Parse, QStringLiteral("A header value with broken base64"));
    }
    QStringDecoder utf8(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString text = utf8(*decoded);
    if (utf8.hasError()) {
        return fail(ErrorCode::Parse, QStringLiteral("A header value that is not UTF-8"));
    }
    return *decoded;
}

bool isValidSessionId(QByteArrayView id)
{
    return !id.isEmpty() && std::all_of(id.begin(), id.end(), isVisible);
}

std::optional<QByteArray> nameHeaderFor(const Message& message)
{
    const std::optional<Field> target = message.targetField();
    if (!target || !method(message.methodId).targetNamesHeader) {
        return std::nullopt;
    }
    return encodeHeaderValue(message.text(*target));
}

Status checkModernHeaders(const Message& message, QByteArrayView version, QByteArrayView methodHeader, QByteArrayView name)
{
    const QByteArray bodyVersion = message.text(Field::MetaProtocolVersion);
    if (version.isEmpty() || version != bodyVersion) {
        return mismatch(header::ProtocolVersion, version, bodyVersion);
    }
    const QByteArray bodyMethod = message.text(Field::Method);
    if (methodHeader.isEmpty() || methodHeader != bodyMethod) {
        return mismatch(header::Method, methodHeader, bodyMethod);
    }
    if (!method(message.methodId).targetNamesHeader) {
        return {};
    }
    const QByteArray bodyName = message.text(*message.targetField());
    if (name.isEmpty()) {
        return mismatch(header::Name, name, bodyName);
    }
    const Result<QByteArray> decoded = decodeHeaderValue(name);
    if (!decoded || *decoded != bodyName) {
        return mismatch(header::Name, name, bodyName);
    }
    return {};
}

} // namespace oriel::mcp
