// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/connections/connection_pool.h"

#include <optional>

namespace oriel::gateway {

/// Finds the server of a client's request by the tool, prompt or resource that it names, and the connection that this client uses
/// to it. What has no way is refused and answered here. Gateway thread only.
class CallRouter {
public:
    CallRouter(const GatewayContext& context, Answers& answers, ConnectionPool& pool)
        : m_context(context),
          m_answers(answers),
          m_pool(pool)
    {}

    /// 2026-07-28 over HTTP: True when the request's `Mcp-Param-*` headers say what its arguments say.
    [[nodiscard]] bool checkHeaders(downstream::Incoming& incoming, telemetry::CallRecord& record);

    struct Way {
        Catalogue::Route found;
        upstream::ServerConnection& connection;
    };
    /// Writes into the record where it goes. nullopt: answered.
    [[nodiscard]] std::optional<Way> route(downstream::Incoming& incoming, telemetry::CallRecord& record);
    /// A completion/complete for a server without completions has an empty answer. True: given.
    bool completeEmpty(downstream::Incoming& incoming, telemetry::CallRecord& record,
                       const upstream::ServerConnection& connection);

private:
    [[nodiscard]] std::optional<Catalogue::Route> find(const downstream::Incoming& incoming,
                                                       const telemetry::CallRecord& record) const;
    void refuseUnknown(downstream::Incoming& incoming, telemetry::CallRecord& record);
    bool isLoop(downstream::Incoming& incoming, telemetry::CallRecord& record);

    const GatewayContext& m_context;
    Answers& m_answers;
    ConnectionPool& m_pool;
    json::Document m_document;
};

} // namespace oriel::gateway
