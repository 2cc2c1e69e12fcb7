// SPDX-License-Identifier: GPL-3.0-or-later
#include "header_checks.h"

#include <algorithm>

namespace oriel::conformance {

namespace {

RpcError mismatch(const QString& what)
{
    return {error_code::HeaderMismatch, u"Header mismatch: "_s + what, QJsonValue::Undefined, 400};
}

/// The text that a value of Mcp-Name or Mcp-Param-* stands for; nothing if it is malformed.
std::optional<QString> decoded(QByteArrayView value)
{
    const bool isSafe = std::all_of(value.begin(), value.end(), [](char c) { return (c >= 0x20 && c <= 0x7e) || c == '\t'; });
    if (!isSafe) {
        return std::nullopt;
    }
    const QByteArrayView prefix("=?base64?");
    const QByteArrayView suffix("?=");
    if (value.size() < prefix.size() + suffix.size() || !value.startsWith(prefix) || !value.endsWith(suffix)) {
        return QString::fromLatin1(value);
    }
    const QByteArray encoded = value.sliced(prefix.size()).chopped(suffix.size()).toByteArray();
    const auto result = QByteArray::fromBase64Encoding(encoded, QByteArray::AbortOnBase64DecodingErrors);
    // Qt forgives missing padding; what encodes to other text was not well-formed.
    if (!result || result.decoded.toBase64() != encoded) {
        return std::nullopt;
    }
    return QString::fromUtf8(result.decoded);
}

bool matches(const QJsonValue& value, const QString& text)
{
    if (value.isBool()) {
        return text == (value.toBool() ? "true"_L1 : "false"_L1);
    }
    if (value.isDouble()) {
        bool isNumber = false;
        const double number = text.toDouble(&isNumber);
        return isNumber && number == value.toDouble();
    }
    return value.isString() && value.toString() == text;
}

} // namespace

std::optional<RpcError> versionHeaderProblem(const http::Headers& headers, const QJsonObject& request)
{
    if (headers.count("MCP-Protocol-Version") != 1) {
        return mismatch(u"MCP-Protocol-Version is required"_s);
    }
    const QJsonObject metadata = request.value("params"_L1).toObject().value("_meta"_L1).toObject();
    const QJsonValue version = metadata.value(meta::ProtocolVersion);
    if (version.isString() && version.toString() != QString::fromUtf8(headers.value("MCP-Protocol-Version"))) {
        return mismatch(u"MCP-Protocol-Version is not the version in the body"_s);
    }
    return std::nullopt;
}

std::optional<RpcError> routingHeaderProblem(const http::Headers& headers, const QJsonObject& request)
{
    const QString method = request.value("method"_L1).toString();
    if (headers.count("Mcp-Method") != 1 || QString::fromUtf8(headers.value("Mcp-Method")) != method) {
        return mismatch(u"Mcp-Method must be %1"_s.arg(method));
    }
    const QJsonObject params = request.value("params"_L1).toObject();
    QString member;
    if (method == "tools/call"_L1 || method == "prompts/get"_L1) {
        member = u"name"_s;
    } else if (method == "resources/read"_L1) {
        member = u"uri"_s;
    } else if (method == "tasks/get"_L1 || method == "tasks/update"_L1 || method == "tasks/cancel"_L1) {
        member = u"taskId"_s;
    }
    // A value that the body lacks is the request's own error.
    if (member.isEmpty() || !params.value(member).isString()) {
        return std::nullopt;
    }
    if (headers.count("Mcp-Name") != 1 || decoded(headers.value("Mcp-Name")) != params.value(member).toString()) {
        return mismatch(u"Mcp-Name must be params.%1"_s.arg(member));
    }
    return std::nullopt;
}

std::optional<RpcError> paramHeaderProblem(const http::Headers& headers, const QJsonObject& inputSchema,
                                           const QJsonObject& arguments)
{
    const QJsonObject properties = inputSchema.value("properties"_L1).toObject();
    for (const QString& name : properties.keys()) {
        const QJsonObject property = properties.value(name).toObject();
        if (const auto inner = paramHeaderProblem(headers, property, arguments.value(name).toObject())) {
            return inner;
        }
        if (!property.contains("x-mcp-header"_L1)) {
            continue;
        }
        const QByteArray header = "Mcp-Param-" + property.value("x-mcp-header"_L1).toString().toLatin1();
        const QJsonValue value = arguments.value(name);
        if (value.isUndefined() || value.isNull()) {
            if (headers.contains(header)) {
                return mismatch(QString::fromLatin1(header) + u" has no value in the body"_s);
            }
            continue;
        }
        const std::optional<QString> text = headers.count(header) == 1 ? decoded(headers.value(header)) : std::nullopt;
        if (!text || !matches(value, *text)) {
            return mismatch(QString::fromLatin1(header) + u" is not the value in the body"_s);
        }
    }
    return std::nullopt;
}

} // namespace oriel::conformance
