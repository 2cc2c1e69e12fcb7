// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/connections/connection_pool.h"

#include <QTimer>

#include <memory>
#include <vector>

namespace oriel::gateway {

/// Clients' requests for lists, answered from the catalogue that each sees. They wait for servers that are still starting, 15 s
/// at most, since a client that lists right after `initialize` would otherwise see nothing. Gateway thread only.
class ListRequests {
public:
    ListRequests(const GatewayContext& context, Answers& answers, ConnectionPool& pool);
    ~ListRequests();

    void serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record, mcp::ListKind kind);
    /// There is a configuration; until then nobody is told that there is nothing.
    void configure() { m_isConfigured = true; }
    /// Answers those that need not wait any longer: to be called when a server's state or list has changed.
    void answerReady() { answer(false); }
    void answerAll() { answer(true); }

    void endSession(const downstream::Session& session); ///< with an answer that nobody reads
    void drop(const downstream::Reply& reply);           ///< its client has hung up
    [[nodiscard]] bool isWaiting(const downstream::Session& session) const;
    [[nodiscard]] qsizetype count() const { return static_cast<qsizetype>(m_waiting.size()); }

private:
    struct Waiting;
    void answer(bool overdue);
    void answerOne(Waiting& waiting);
    [[nodiscard]] bool isReady(const Waiting& waiting) const;
    [[nodiscard]] bool isComing(const Waiting& waiting, int server) const;

    const GatewayContext& m_context;
    Answers& m_answers;
    ConnectionPool& m_pool;
    std::vector<std::unique_ptr<Waiting>> m_waiting;
    QTimer m_deadline;
    bool m_isConfigured = false;
};

} // namespace oriel::gateway
