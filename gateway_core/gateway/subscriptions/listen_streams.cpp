// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/subscriptions/listen_streams.h"

#include "base/json_writer.h"
#include "mcp/headers.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

using mcp::MethodId;

namespace {

QByteArray acknowledgementOf(const Listener& listener)
{
    json::Writer params;
    params.beginObject().key("_meta").beginObject();
    params.rawMember(mcp::meta_key::SubscriptionId, listener.incoming.message.rawOf(mcp::Field::Id)).endObject();
    params.key("notifications").beginObject();
    if (listener.tools)
        params.member("toolsListChanged", true);
    if (listener.prompts)
        params.member("promptsListChanged", true);
    if (listener.resources)
        params.member("resourcesListChanged", true);
    if (!listener.honoured.isEmpty()) {
        params.key("resourceSubscriptions").beginArray();
        for (const QByteArray& uri : listener.honoured)
            params.value(uri);
        params.endArray();
    }
    if (!listener.tasks.isEmpty()) {
        params.key("taskIds").beginArray();
        for (const QByteArray& id : listener.tasks)
            params.value(id);
        params.endArray();
    }
    params.endObject().endObject();
    return mcp::makeNotification(mcp::methodName(MethodId::NotificationSubscriptionsAcknowledged), params.view());
}

} // namespace

void ListenStreams::acknowledge(Listener& listener)
{
    listener.isAcknowledged = true;
    tell(listener, acknowledgementOf(listener));
    for (const QByteArray& frame : std::exchange(listener.early, {}))
        tell(listener, frame);
}

void ListenStreams::tell(Listener& listener, const QByteArray& frame)
{
    if (!listener.isAcknowledged) {
        if (listener.early.size() < Listener::kMaxEarly)
            listener.early.append(frame);
        return;
    }
    listener.incoming.session->lastSeenUnixNs = m_context.clock.unixNs();
    listener.incoming.reply->notify(frame);
    m_wire.recordSent(*listener.incoming.session, frame, wireCallOf(listener.record), listener.incoming.reply.get());
}

void ListenStreams::tellList(mcp::ListKind kind, QByteArrayView method, const upstream::ServerConnection* of)
{
    for (const auto& listener : m_listeners.all()) {
        if (!listener->wants(kind) || (of != nullptr && !m_pool.sees(*listener->incoming.session, *of)))
            continue;
        json::Writer params;
        params.beginObject().key("_meta").beginObject();
        params.rawMember(mcp::meta_key::SubscriptionId, listener->incoming.message.rawOf(mcp::Field::Id)).endObject().endObject();
        tell(*listener, mcp::makeNotification(method, params.view()));
    }
}

void ListenStreams::tellUpdated(const void* subscriber, const mcp::Message& updated)
{
    for (const auto& listener : m_listeners.all()) {
        if (listener.get() == subscriber)
            tell(*listener, mcp::Rewrite(updated)
                                .setMetaRaw(mcp::Field::MetaSubscriptionId, listener->incoming.message.rawOf(mcp::Field::Id))
                                .apply());
    }
}

bool ListenStreams::hearsOfTask(const QByteArray& id) const
{
    return std::any_of(all().cbegin(), all().cend(), [&id](const auto& listener) { return listener->tasks.contains(id); });
}

} // namespace oriel::gateway
