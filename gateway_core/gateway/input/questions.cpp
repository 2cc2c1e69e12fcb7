// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/questions.h"

#include "base/json_splice.h"
#include "base/json_writer.h"

#include <vector>

namespace oriel::gateway {

namespace {

struct Naming {
    json::Span message;
    QByteArray named;
};

/// The JSON string `message` with the server's name before it; what it says stays as it was written.
QByteArray named(QByteArrayView server, QByteArrayView message)
{
    const QByteArray prefix = json::quote(QByteArrayView(server.toByteArray() + ": "));
    return prefix.chopped(1).append(message.sliced(1));
}

void name(std::vector<Naming>& namings, const json::Value& params, QByteArrayView server)
{
    const json::Value message = params.find("message");
    if (message.isString())
        namings.push_back({message.span(), named(server, message.raw())});
}

QByteArray spliced(QByteArrayView text, const std::vector<Naming>& namings)
{
    json::Splicer splicer(text);
    for (const Naming& naming : namings)
        splicer.replace(naming.message, naming.named);
    return splicer.apply();
}

} // namespace

QByteArray namedQuestion(QByteArrayView params, QByteArrayView server)
{
    json::Document document;
    std::vector<Naming> namings;
    if (mcp::parsedAgain(params, document).exists())
        name(namings, document.root(), server);
    return spliced(params, namings);
}

QByteArray withNamedQuestions(const QByteArray& object, QByteArrayView server)
{
    json::Document document;
    std::vector<Naming> namings;
    if (mcp::parsedAgain(object, document).exists()) {
        for (const json::Member& request : document.root().find("inputRequests").members()) {
            if (request.value.find("method").equals("elicitation/create"))
                name(namings, request.value.find("params"), server);
        }
    }
    return namings.empty() ? object : spliced(object, namings);
}

QByteArray namedInputRequests(const mcp::Message& answer, QByteArrayView server)
{
    const QByteArray requests = answer.rawOf(mcp::Field::ResultInputRequests).toByteArray();
    json::Document document;
    std::vector<Naming> namings;
    if (mcp::parsedAgain(requests, document).exists()) {
        for (const json::Member& request : document.root().members()) {
            if (request.value.find("method").equals("elicitation/create"))
                name(namings, request.value.find("params"), server);
        }
    }
    return spliced(requests, namings);
}

QByteArray withNamedElicitations(const QByteArray& data, QByteArrayView server)
{
    json::Document document;
    std::vector<Naming> namings;
    if (mcp::parsedAgain(data, document).exists()) {
        for (const json::Value& elicitation : document.root().find("elicitations").elements())
            name(namings, elicitation, server);
    }
    return namings.empty() ? data : spliced(data, namings);
}

QByteArray questionParams(const mcp::Message& request)
{
    if (request.kindOf(mcp::Field::Params) != json::Kind::Object)
        return {};
    const QByteArray params = request.rawOf(mcp::Field::Params).toByteArray();
    json::Document document;
    if (!mcp::parsedAgain(params, document).exists())
        return {};
    json::Splicer splicer(params);
    for (const json::Member& member : document.root().members()) {
        if (member.key.equals("_meta") || member.key.equals("elicitationId") || member.key.equals("task"))
            splicer.removeMember(document.root(), member);
    }
    return splicer.apply();
}

bool asksByUrl(const mcp::Message& request)
{
    json::Document document;
    return request.methodId == mcp::MethodId::ElicitationCreate &&
           mcp::parsedAgain(request.rawOf(mcp::Field::Params), document).exists() && document.root().find("mode").equals("url");
}

mcp::Message questionFor(const downstream::Session& session, const upstream::ServerConnection& connection,
                         const mcp::Message& request)
{
    if (!session.server.isEmpty() || request.methodId != mcp::MethodId::ElicitationCreate || !request.has(mcp::Field::Params))
        return request;
    const QByteArray params = namedQuestion(request.rawOf(mcp::Field::Params), connection.name());
    json::Splicer splicer(request.raw);
    splicer.replace(request.span(mcp::Field::Params), params);
    json::Document document;
    auto named = mcp::readMessage(splicer.apply(), document);
    return named ? std::move(*named) : request;
}

} // namespace oriel::gateway
