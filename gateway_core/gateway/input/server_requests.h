// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/session.h"
#include "gateway/input/request_trace.h"
#include "mcp/message.h"
#include "upstream/server_connection.h"

#include <QHash>

#include <functional>
#include <memory>

namespace oriel::gateway {

/// Requests that servers made of clients (sampling, elicitation, roots) and that wait for the client's answer. Ids are ours on
/// the client's side, so two servers may use the same. Each entry ends with the answer, or with either peer. Gateway thread only.
class ServerRequests {
public:
    struct Pending {
        upstream::ServerConnection* connection = nullptr;
        mcp::RequestId serverId;
        mcp::RequestId progressToken; ///< the server's, if it asked for progress
        std::weak_ptr<downstream::Session> session;
        mcp::MethodId method = mcp::MethodId::Unknown;
        std::function<void(const mcp::Message*)> taken; ///< in place of a connection: the answer, or null when there is none
        QByteArray serverTask;                          ///< the server's id of the task that it asks for; empty: none
        quint64 call = 0;                               ///< the call that it was asked for, where that is known
        telemetry::WireCall wireCall;                   ///< that it is a part of, for the wire log
        std::shared_ptr<RequestTrace> trace;
    };

    explicit ServerRequests(const GatewayContext& context) : m_context(context) {}

    /// Registers a server's request; gives the frame for the client. `serverTask`: the server's id of the task that it asks for,
    /// which the answer will name; `call`: the client's call that it asks for.
    QByteArray forward(upstream::ServerConnection& connection, const mcp::Message& request,
                       const std::shared_ptr<downstream::Session>& session, const CallParent& call,
                       const QByteArray& serverTask = {});
    /// A question that a modern server asked in its answer: gives the frame for the client; `taken` hears of the client's answer
    /// once, of null when the client is gone.
    QByteArray ask(const std::shared_ptr<downstream::Session>& session, QByteArrayView method, QByteArrayView params,
                   const CallParent& call, std::function<void(const mcp::Message*)> taken);
    /// The newest request was asked for this call, and ends with it.
    void bindNewest(quint64 call);
    /// The newest request is a part of this call, for the wire log.
    void noteCall(const telemetry::WireCall& call);
    /// The client's call that an answer of the client is a part of.
    [[nodiscard]] telemetry::WireCall callOf(const downstream::Session& session, const mcp::Message& answer) const;
    /// A call is over: nobody waits for the answers to what was asked for it any more. Both peers are told.
    void withdraw(quint64 call);
    /// A client's answer: relays it to the server. False when it answers nothing that this session was asked.
    bool answer(const downstream::Session& session, const mcp::Message& answer);
    /// The server gave up: tells the client. False when that request is not pending.
    bool cancelledByServer(const upstream::ServerConnection& connection, const mcp::Message& notification);
    /// The client reports progress on a server's request.
    bool progress(const downstream::Session& session, const mcp::Message& notification);
    /// The client is gone: every server that waits for it gets an error.
    void sessionClosed(const downstream::Session& session);
    /// The server is gone: every client that was asked is told to stop.
    void connectionLost(const upstream::ServerConnection& connection);

    /// Whose roots the server was given last, or was told to ask for; null: nobody's.
    [[nodiscard]] std::shared_ptr<downstream::Session> rootsOwner(const upstream::ServerConnection& connection) const;
    void setRootsOwner(const upstream::ServerConnection& connection, const std::shared_ptr<downstream::Session>& session);

    [[nodiscard]] qsizetype count() const { return m_pending.size(); }
    [[nodiscard]] qsizetype rootsCount() const { return m_roots.size(); }

private:
    const GatewayContext& m_context;
    QHash<std::int64_t, Pending> m_pending;
    std::int64_t m_lastId = 0;
    QHash<const upstream::ServerConnection*, std::weak_ptr<downstream::Session>> m_roots;
};

} // namespace oriel::gateway
