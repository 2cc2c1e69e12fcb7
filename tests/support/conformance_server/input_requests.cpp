// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_requests.h"

namespace oriel::conformance {

QJsonObject formElicitation(const QString& message, const QJsonObject& properties, const QStringList& required)
{
    QJsonObject schema{{u"type"_s, u"object"_s}, {u"properties"_s, properties}};
    if (!required.isEmpty()) {
        schema.insert("required"_L1, QJsonArray::fromStringList(required));
    }
    return {{u"method"_s, u"elicitation/create"_s},
            {u"params"_s, QJsonObject{{u"message"_s, message}, {u"requestedSchema"_s, schema}}}};
}

QJsonObject urlElicitation(const QString& message, const QString& url, const QString& elicitationId)
{
    QJsonObject params{{u"mode"_s, u"url"_s}, {u"message"_s, message}, {u"url"_s, url}};
    if (!elicitationId.isEmpty()) {
        params.insert("elicitationId"_L1, elicitationId);
    }
    return {{u"method"_s, u"elicitation/create"_s}, {u"params"_s, params}};
}

QJsonObject samplingRequest(const QString& prompt, int maxTokens)
{
    const QJsonObject message{{u"role"_s, u"user"_s}, {u"content"_s, textContent(prompt)}};
    return {{u"method"_s, u"sampling/createMessage"_s},
            {u"params"_s, QJsonObject{{u"messages"_s, QJsonArray{message}}, {u"maxTokens"_s, maxTokens}}}};
}

QJsonObject rootsRequest()
{
    return {{u"method"_s, u"roots/list"_s}, {u"params"_s, QJsonObject{}}};
}

QJsonObject undeclaredCapabilities(const QJsonObject& requests, const QJsonObject& declared)
{
    QJsonObject missing;
    for (const QJsonValue& value : requests) {
        const QString method = value.toObject().value("method"_L1).toString();
        if (method != "elicitation/create"_L1) {
            const QString name = method == "roots/list"_L1 ? u"roots"_s : u"sampling"_s;
            if (!declared.value(name).isObject()) {
                missing.insert(name, QJsonObject{});
            }
            continue;
        }
        const bool isUrl = value.toObject().value("params"_L1).toObject().value("mode"_L1) == "url"_L1;
        const QJsonValue elicitation = declared.value("elicitation"_L1);
        const QJsonObject modes = elicitation.toObject();
        // An empty object means forms: the only mode there was before 2025-11-25.
        const bool has =
            elicitation.isObject() && (isUrl ? modes.contains("url"_L1) : modes.isEmpty() || modes.contains("form"_L1));
        if (!has) {
            QJsonObject needed = missing.value("elicitation"_L1).toObject();
            needed.insert(isUrl ? u"url"_s : u"form"_s, QJsonObject{});
            missing.insert("elicitation"_L1, needed);
        }
    }
    return missing;
}

QString responseProblem(const QJsonObject& request, const QJsonValue& response)
{
    if (!response.isObject()) {
        return u"not an object"_s;
    }
    const QJsonObject object = response.toObject();
    const QString method = request.value("method"_L1).toString();
    if (method == "roots/list"_L1) {
        return object.value("roots"_L1).isArray() ? QString() : u"roots is missing"_s;
    }
    if (method == "sampling/createMessage"_L1) {
        const QJsonValue content = object.value("content"_L1);
        const bool isMessage = object.value("role"_L1).isString() && object.value("model"_L1).isString() &&
                               (content.isObject() || content.isArray());
        return isMessage ? QString() : u"not a CreateMessageResult"_s;
    }
    const QString action = object.value("action"_L1).toString();
    if (action != "accept"_L1) {
        return action == "decline"_L1 || action == "cancel"_L1 ? QString() : u"action is unknown"_s;
    }
    const QJsonObject content = object.value("content"_L1).toObject();
    const QJsonObject schema = request.value("params"_L1).toObject().value("requestedSchema"_L1).toObject();
    for (const QJsonValue& name : schema.value("required"_L1).toArray()) {
        if (!content.contains(name.toString())) {
            return u"content.%1 is missing"_s.arg(name.toString());
        }
    }
    return {};
}

} // namespace oriel::conformance
