// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/subscriptions/listen_requests.h"

#include "gateway/clients/extensions.h"
#include "gateway/clients/offer.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using telemetry::Outcome;

void ListenRequests::serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    (void)mcp::parsedAgain(incoming.message.raw, m_document);
    const json::Value filter = m_document.root().find("params").find("notifications");
    const mcp::ServerCapabilities offered = capabilitiesFor(m_pool, *incoming.session);
    auto listener = std::make_unique<Listener>();
    if (filter.find("taskIds").exists() && !wantTasks(incoming, record, filter.find("taskIds"), *listener))
        return;
    const auto asks = [&filter](QByteArrayView member) { return filter.find(member).asBool().value_or(false); };
    listener->tools = offered.toolsListChanged && asks("toolsListChanged");
    listener->prompts = offered.promptsListChanged && asks("promptsListChanged");
    listener->resources = offered.resourcesListChanged && asks("resourcesListChanged");
    wantResources(incoming.session, filter.find("resourceSubscriptions"), *listener);
    listener->incoming = std::move(incoming);
    listener->record = std::move(record);
    Listener& kept = m_streams.add(std::move(listener));
    m_resources.subscribe(&kept, kept.watched,
                          [this, &kept](const ResourceSubscriptions::Keys& refused) { acknowledge(kept, refused); });
    if (!kept.tasks.isEmpty())
        m_tasks.listensAnew();
}

/// False when the client may not, and was told so.
bool ListenRequests::wantTasks(downstream::Incoming& incoming, telemetry::CallRecord& record, const json::Value& ids,
                               Listener& listener)
{
    if (!incoming.session->capabilities.extensions.contains(mcp::TasksExtension.toByteArray())) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::MissingClientCapability,
                            QByteArrayLiteral("Missing required client capability"), tasksRequired());
        return false;
    }
    listener.tasks = m_tasks.heardBy(*incoming.session, ids);
    return true;
}

void ListenRequests::wantResources(const std::shared_ptr<downstream::Session>& session, const json::Value& uris,
                                   Listener& listener)
{
    const int view = m_pool.viewOf(*session);
    for (const json::Value& entry : uris.elements()) {
        const QByteArray uri = entry.asUtf8();
        const auto owner = m_pool.catalogueOf(*session).findResource(uri, view);
        if (!owner || listener.honoured.size() >= kMaxResources)
            continue;
        const auto used = m_pool.use(session, owner->server);
        if (!used)
            continue;
        const upstream::ServerConnection& connection = **used;
        const mcp::InitializeResult& said = connection.initializeResult();
        if (!said.protocolVersion.isEmpty() && !said.capabilities.resourcesSubscribe)
            continue;
        listener.honoured.append(uri);
        listener.watched.insert({m_pool.keyOf(connection), owner->local});
    }
}

void ListenRequests::acknowledge(Listener& listener, const ResourceSubscriptions::Keys& refused)
{
    for (const auto& [server, uri] : refused) {
        m_resources.forget({server, uri}, &listener);
        listener.watched.remove({server, uri});
        listener.honoured.removeAll(uri);
    }
    m_streams.acknowledge(listener);
}

template <class Predicate> void ListenRequests::endIf(Predicate&& matches, QByteArrayView reason)
{
    for (const auto& listener : m_streams.takeIf(std::forward<Predicate>(matches))) {
        m_resources.removeSubscriber(listener.get());
        recordError(listener->record, Outcome::Cancelled, QByteArrayLiteral("cancelled"), 0, reason.toByteArray());
        m_answers.endRecord(listener->record, listener->incoming);
    }
}

void ListenRequests::cancel(const downstream::Incoming& notification)
{
    const auto id = mcp::RequestId::fromJson(notification.message.rawOf(mcp::Field::ParamsRequestId));
    endIf([&](const Listener& one) { return one.incoming.session == notification.session && one.incoming.message.id() == id; },
          "cancelled by the client");
}

void ListenRequests::abandon(const downstream::Reply& reply)
{
    endIf([&](const Listener& one) { return one.incoming.reply.get() == &reply; }, "the client closed the stream");
}

void ListenRequests::endSession(const downstream::Session& session)
{
    endIf([&](const Listener& one) { return one.incoming.session.get() == &session; }, "the client disconnected");
}

void ListenRequests::endAll()
{
    for (const auto& listener : m_streams.takeIf([](const Listener&) { return true; })) {
        m_resources.removeSubscriber(listener.get());
        m_answers.sendResult(listener->incoming, listener->record, "{}");
    }
}

} // namespace oriel::gateway
