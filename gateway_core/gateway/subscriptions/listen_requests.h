// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/subscriptions/listen_streams.h"
#include "gateway/subscriptions/resource_subscriptions.h"
#include "gateway/tasks/task_relay.h"

namespace oriel::gateway {

/// `subscriptions/listen` of clients of 2026-07-28, from the request to its end: each opens a stream that hears of lists,
/// resources and tasks. Gateway thread only.
class ListenRequests {
public:
    static constexpr qsizetype kMaxResources = 1024; ///< that one stream watches; more are not honoured

    ListenRequests(const GatewayContext& context, Answers& answers, ConnectionPool& pool, ListenStreams& streams,
                   ResourceSubscriptions& resources, TaskRelay& tasks)
        : m_context(context),
          m_answers(answers),
          m_pool(pool),
          m_streams(streams),
          m_resources(resources),
          m_tasks(tasks)
    {}

    void serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record);

    void cancel(const downstream::Incoming& notification); ///< `notifications/cancelled` of a client
    void abandon(const downstream::Reply& reply);          ///< the client has hung up
    void endSession(const downstream::Session& session);
    void endAll(); ///< with a result: Oriel is shutting down

private:
    bool wantTasks(downstream::Incoming& incoming, telemetry::CallRecord& record, const json::Value& ids, Listener& listener);
    void wantResources(const std::shared_ptr<downstream::Session>& session, const json::Value& uris, Listener& listener);
    void acknowledge(Listener& listener, const ResourceSubscriptions::Keys& refused);
    template <class Predicate> void endIf(Predicate&& matches, QByteArrayView reason);

    const GatewayContext& m_context;
    Answers& m_answers;
    ConnectionPool& m_pool;
    ListenStreams& m_streams;
    ResourceSubscriptions& m_resources;
    TaskRelay& m_tasks;
    json::Document m_document;
};

} // namespace oriel::gateway
