// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol.h"

#include <QJsonDocument>

#include <algorithm>
#include <cmath>

namespace oriel::conformance {

RpcError invalidParams(const QString& message, const QJsonValue& data)
{
    return {error_code::InvalidParams, message, data, 200};
}

RpcError missingCapability(const QJsonObject& capabilities)
{
    return {error_code::MissingClientCapability, u"Missing required client capability"_s,
            QJsonObject{{u"requiredCapabilities"_s, capabilities}}, 400};
}

std::optional<Eras> Eras::fromText(const QString& text)
{
    if (text == "dual"_L1) {
        return Eras(std::nullopt);
    }
    const std::optional<Revision> revision = mcp::revisionFromText(text.toLatin1());
    return revision ? std::optional(Eras(revision)) : std::nullopt;
}

QStringList Eras::modernVersions() const
{
    return hasModern() ? QStringList{versionText(mcp::NewestModern)} : QStringList{};
}

QStringList Eras::versions() const
{
    QStringList all;
    for (auto it = mcp::AllRevisions.rbegin(); it != mcp::AllRevisions.rend(); ++it) {
        if (has(*it)) {
            all.append(versionText(*it));
        }
    }
    return all;
}

Revision Eras::negotiated(const QString& requested) const
{
    const std::optional<Revision> revision = mcp::revisionFromText(requested.toLatin1());
    if (revision && mcp::isLegacy(*revision) && has(*revision)) {
        return *revision;
    }
    return m_only.value_or(mcp::NewestLegacy);
}

QString versionText(Revision revision)
{
    return QString::fromLatin1(mcp::toText(revision));
}

QJsonObject json(const char* text)
{
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(text, &error);
    if (!document.isObject()) {
        qFatal("not an object: %s: %s", qPrintable(error.errorString()), text);
    }
    return document.object();
}

QByteArray compact(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

QString compactText(const QJsonObject& object)
{
    return QString::fromUtf8(compact(object));
}

QJsonObject resultMessage(const QJsonValue& id, const QJsonObject& result)
{
    return {{u"jsonrpc"_s, u"2.0"_s}, {u"id"_s, id}, {u"result"_s, result}};
}

QJsonObject errorMessage(const QJsonValue& id, const RpcError& error)
{
    QJsonObject body{{u"code"_s, error.code}, {u"message"_s, error.message}};
    if (!error.data.isUndefined()) {
        body.insert("data"_L1, error.data);
    }
    QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"error"_s, body}};
    if (!id.isUndefined()) {
        message.insert("id"_L1, id);
    }
    return message;
}

QJsonObject requestMessage(const QJsonValue& id, const QString& method, const QJsonObject& params)
{
    return {{u"jsonrpc"_s, u"2.0"_s}, {u"id"_s, id}, {u"method"_s, method}, {u"params"_s, params}};
}

QJsonObject notificationMessage(const QString& method, const QJsonObject& params)
{
    QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, method}};
    if (!params.isEmpty()) {
        message.insert("params"_L1, params);
    }
    return message;
}

QJsonValue unknownId(Revision revision)
{
    return revision >= Revision::V2025_11_25 ? QJsonValue(QJsonValue::Undefined) : QJsonValue(QJsonValue::Null);
}

MessageKind kindOf(const QJsonValue& message)
{
    const QJsonObject object = message.toObject();
    if (!message.isObject() || object.value("jsonrpc"_L1) != "2.0"_L1) {
        return MessageKind::Invalid;
    }
    const QJsonValue id = object.value("id"_L1);
    const QJsonValue params = object.value("params"_L1);
    const bool isId = id.isString() || (id.isDouble() && id.toDouble() == std::trunc(id.toDouble()));
    if (object.contains("method"_L1)) {
        if (!object.value("method"_L1).isString() || !(params.isUndefined() || params.isObject()) ||
            object.contains("result"_L1) || object.contains("error"_L1)) {
            return MessageKind::Invalid;
        }
        return id.isUndefined() ? MessageKind::Notification : isId ? MessageKind::Request : MessageKind::Invalid;
    }
    const bool hasResult = object.value("result"_L1).isObject();
    const bool hasError = object.value("error"_L1).isObject();
    return isId && hasResult != hasError ? MessageKind::Response : MessageKind::Invalid;
}

QString idKey(const QJsonValue& id)
{
    return id.isString() ? u"s:"_s + id.toString() : u"n:"_s + QString::number(id.toInteger());
}

QJsonObject textContent(const QString& text)
{
    return {{u"type"_s, u"text"_s}, {u"text"_s, text}};
}

QJsonObject textResult(const QString& text, bool isError)
{
    QJsonObject result{{u"content"_s, QJsonArray{textContent(text)}}};
    if (isError) {
        result.insert("isError"_L1, true);
    }
    return result;
}

} // namespace oriel::conformance
