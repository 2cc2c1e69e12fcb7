// SPDX-License-Identifier: GPL-3.0-or-later
// What exists only in 2026-07-28: discovery, listening, and clients that hang up to cancel.
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/clients/extensions.h"
#include "gateway/clients/offer.h"
#include "gateway/gateway.h"
#include "mcp/errors.h"
#include "mcp/headers.h"
#include "mcp/initialize.h"
#include "mcp/rewrite.h"

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;

void Gateway::listen(downstream::Incoming&& incoming, telemetry::CallRecord&& record)
{
    (void)mcp::parsedAgain(incoming.message.raw, m_document);
    const json::Value filter = m_document.root().find("params").find("notifications");
    const mcp::ServerCapabilities offered = capabilitiesFor(m_pool, *incoming.session);
    auto listener = std::make_unique<Listener>();
    if (filter.find("taskIds").exists() && !listenToTasks(incoming, record, filter.find("taskIds"), *listener))
        return;
    const auto asks = [&filter](QByteArrayView member) { return filter.find(member).asBool().value_or(false); };
    listener->tools = offered.toolsListChanged && asks("toolsListChanged");
    listener->prompts = offered.promptsListChanged && asks("promptsListChanged");
    listener->resources = offered.resourcesListChanged && asks("resourcesListChanged");
    const int view = m_pool.viewOf(*incoming.session);
    for (const json::Value& entry : filter.find("resourceSubscriptions").elements()) {
        const QByteArray uri = entry.asUtf8();
        const auto owner = m_pool.catalogueOf(*incoming.session).findResource(uri, view);
        if (!owner || listener->honoured.size() >= kMaxWatchedResources)
            continue;
        const auto used = m_pool.use(incoming.session, owner->server);
        if (!used)
            continue;
        upstream::ServerConnection& connection = **used;
        if (!connection.initializeResult().protocolVersion.isEmpty() &&
            !connection.initializeResult().capabilities.resourcesSubscribe)
            continue;
        listener->honoured.append(uri);
        listener->watched.insert({m_pool.keyOf(connection), owner->local});
    }
    listener->incoming = std::move(incoming);
    listener->record = std::move(record);
    Listener& kept = m_streams.add(std::move(listener));
    m_resources.subscribe(&kept, kept.watched,
                          [this, &kept](const ResourceSubscriptions::Keys& refused) { acknowledge(kept, refused); });
    if (!kept.tasks.isEmpty())
        m_tasks.listensAnew();
}

/// False when the client may not, and was told so.
bool Gateway::listenToTasks(downstream::Incoming& incoming, telemetry::CallRecord& record, const json::Value& ids,
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

bool Gateway::refuseToolHeaders(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    if (m_pool.toolHeaders().isEmpty() || record.targetKind != telemetry::TargetKind::Tool || !incoming.reply->isHttp() ||
        mcp::isLegacy(incoming.session->revision))
        return false;
    const auto found = route(incoming, record);
    if (!found)
        return false;
    const auto mismatch = m_pool.toolHeaders().mismatch(found->server, found->local, incoming.paramHeaders,
                                                        incoming.message.rawOf(mcp::Field::ParamsArguments), m_document);
    if (!mismatch)
        return false;
    m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::HeaderMismatch, *mismatch);
    return true;
}

void Gateway::endListener(std::unique_ptr<Listener> listener, Outcome outcome, QByteArrayView reason)
{
    m_resources.removeSubscriber(listener.get());
    if (outcome == Outcome::Ok) {
        m_answers.sendResult(listener->incoming, listener->record, "{}");
        return;
    }
    recordError(listener->record, outcome, QByteArrayLiteral("cancelled"), 0, reason.toByteArray());
    m_answers.endRecord(listener->record, listener->incoming);
}

void Gateway::replyAbandoned(const downstream::Reply& reply)
{
    for (auto& listener : m_streams.takeIf([&](const Listener& one) { return one.incoming.reply.get() == &reply; }))
        endListener(std::move(listener), Outcome::Cancelled, "the client closed the stream");
    m_lists.drop(reply);
    quint64 cookie = 0;
    m_calls.forEach([&](quint64 candidate, const ActiveCall& call) {
        if (call.incoming.reply.get() == &reply)
            cookie = candidate;
    });
    if (std::unique_ptr<ActiveCall> call = m_calls.end(cookie))
        cancelCall(std::move(call), "the client closed the stream");
}

bool Gateway::isBusy(const downstream::Session& session) const
{
    bool isBusy = std::any_of(m_streams.all().cbegin(), m_streams.all().cend(),
                              [&](const auto& listener) { return listener->incoming.session.get() == &session; });
    m_calls.forEach([&](quint64, const ActiveCall& call) { isBusy = isBusy || call.incoming.session.get() == &session; });
    return isBusy;
}

void Gateway::acknowledge(Listener& listener, const ResourceSubscriptions::Keys& refused)
{
    for (const auto& [server, uri] : refused) {
        m_resources.forget({server, uri}, &listener);
        listener.watched.remove({server, uri});
        listener.honoured.removeAll(uri);
    }
    m_streams.acknowledge(listener);
}

} // namespace oriel::gateway
