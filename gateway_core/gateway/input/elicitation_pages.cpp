// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/elicitation_pages.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/input/questions.h"

namespace oriel::gateway {

using mcp::Field;
using mcp::MethodId;

void ElicitationPages::remember(const upstream::ServerConnection& connection, const mcp::Message& request,
                                const std::shared_ptr<downstream::Session>& session)
{
    if (!asksByUrl(request))
        return;
    json::Document document;
    (void)mcp::parsedAgain(request.rawOf(Field::Params), document);
    remember(connection, document.root(), session);
}

void ElicitationPages::remember(const upstream::ServerConnection& connection, const json::Value& params,
                                const std::shared_ptr<downstream::Session>& session)
{
    const QByteArray id = params.find("elicitationId").asUtf8();
    if (!id.isEmpty())
        m_opened.remember(connection, id, session, m_context.now());
}

void ElicitationPages::relayComplete(const upstream::ServerConnection& connection, const mcp::Message& message)
{
    json::Document document;
    (void)mcp::parsedAgain(message.rawOf(Field::Params), document);
    const auto session = m_opened.take(connection, document.root().find("elicitationId").asUtf8());
    if (session == nullptr)
        return;
    m_wire.passOn(*session, message);
}

mcp::Message ElicitationPages::withId(const mcp::Message& request, ActiveCall& call) const
{
    if (!asksByUrl(request))
        return request;
    json::Document document;
    (void)mcp::parsedAgain(request.raw, document);
    const json::Value params = document.root().find("params");
    if (params.find("elicitationId").exists())
        return request;
    const QByteArray id = m_context.random.secureBytes(16).toHex();
    const QByteArray quoted = json::quote(QByteArrayView(id));
    json::Splicer splicer(request.raw);
    splicer.insertMember(params, "\"elicitationId\"", quoted);
    json::Document scratch;
    auto with = mcp::readMessage(splicer.apply(), scratch);
    if (!with)
        return request;
    call.elicitationIds.append(id);
    return std::move(*with);
}

void ElicitationPages::tellDone(ActiveCall& call)
{
    for (const QByteArray& id : std::exchange(call.elicitationIds, {})) {
        json::Writer params;
        params.beginObject().member("elicitationId", id).endObject();
        const QByteArray frame = mcp::makeNotification(mcp::methodName(MethodId::NotificationElicitationComplete), params.view());
        if (call.incoming.reply == nullptr)
            continue;
        call.incoming.reply->notify(frame);
        m_wire.recordSent(*call.incoming.session, frame, wireCallOf(call.record), call.incoming.reply.get());
    }
}

} // namespace oriel::gateway
