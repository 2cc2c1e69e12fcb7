// SPDX-License-Identifier: GPL-3.0-or-later
#include "answers.h"

#include "base/json_writer.h"

namespace oriel::conformance {

namespace {

QByteArrayView sampleOf(const json::Value& schema)
{
    const json::Value type = schema.find("type");
    if (type.equals("boolean"))
        return "true";
    if (type.equals("integer") || type.equals("number"))
        return "1";
    if (type.equals("array"))
        return "[]";
    return type.equals("object") ? QByteArrayView("{}") : QByteArrayView("\"text\"");
}

QByteArray elicited(const json::Value& schema)
{
    json::Writer content;
    content.beginObject();
    for (const json::Member& property : schema.find("properties").members()) {
        const json::Value standard = property.value.find("default");
        content.rawMember(property.key.asUtf8(), standard.exists() ? standard.raw() : sampleOf(property.value));
    }
    return "{\"action\":\"accept\",\"content\":" + content.endObject().take() + '}';
}

} // namespace

QByteArray argumentsFor(const json::Value& inputSchema)
{
    json::Writer writer;
    writer.beginObject();
    for (const json::Value& name : inputSchema.find("required").elements())
        writer.rawMember(name.asUtf8(), sampleOf(inputSchema.find("properties").find(name.asUtf8())));
    return writer.endObject().take();
}

QByteArray answerTo(QByteArrayView method, const json::Value& params)
{
    if (method == "elicitation/create")
        return elicited(params.find("requestedSchema"));
    if (method == "sampling/createMessage")
        return "{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"yes\"},\"model\":\"none\",\"stopReason\":"
               "\"endTurn\"}";
    if (method == "roots/list")
        return "{\"roots\":[]}";
    return {};
}

QByteArray retryParams(const json::Value& params, const json::Value& result)
{
    json::Writer writer;
    writer.beginObject();
    for (const json::Member& member : params.members())
        writer.rawMember(member.key.asUtf8(), member.value.raw());
    json::Writer responses;
    responses.beginObject();
    for (const json::Member& request : result.find("inputRequests").members())
        responses.rawMember(request.key.asUtf8(), answerTo(request.value.find("method").asUtf8(), request.value.find("params")));
    writer.rawMember("inputResponses", responses.endObject().take());
    if (const json::Value state = result.find("requestState"); state.exists())
        writer.rawMember("requestState", state.raw());
    return writer.endObject().take();
}

} // namespace oriel::conformance
