// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/holdings.h"
#include "downstream/message_handler.h"
#include "gateway/answers/answers.h"
#include "gateway/calls/answer_relay.h"
#include "gateway/calls/call_cancellation.h"
#include "gateway/calls/call_dispatch.h"
#include "gateway/calls/call_router.h"
#include "gateway/clients/client_sessions.h"
#include "gateway/clients/handshake.h"
#include "gateway/clients/log_relay.h"
#include "gateway/connections/connection_pool.h"
#include "gateway/input/input_rounds.h"
#include "gateway/input/request_relay.h"
#include "gateway/lists/list_changes.h"
#include "gateway/lists/list_requests.h"
#include "gateway/subscriptions/listen_requests.h"
#include "gateway/tasks/task_relay.h"

#include <QObject>

#include <memory>

namespace oriel::gateway {

/// All configured servers behind one endpoint: sessions come in from the transports, requests are routed to servers or answered
/// here, and one record of each goes to the telemetry thread. Lives on the gateway thread with its connections; nothing in it
/// blocks.
///
/// It composes the parts, each of which looks after one concern with its own maps and timers, and shows the order in which a
/// message passes them: forward() on the way to the server, onReply() on the way back.
class Gateway final : public QObject,
                      public downstream::MessageHandler,
                      public upstream::ReplyHandler,
                      public upstream::ServerConnectionHandler,
                      public ConnectionUsers {
    Q_OBJECT
public:
    struct Dependencies {
        const Clock& clock;
        Random& random;
        telemetry::Recorder& recorder;
        upstream::ConnectionContext connections;     ///< what every connection gets; handler and timeouts are set here
        std::int64_t heldForNs = HeldCalls::kHeldNs; ///< how long a call waits for its client's input
    };

    explicit Gateway(Dependencies dependencies, QObject* parent = nullptr);
    ~Gateway() override;

    /// Puts a configuration in force: new servers are started, removed ones stopped, changed ones restarted; all others go on
    /// undisturbed.
    Status apply(const config::Config& configuration);
    /// Orderly end of everything: waiting requests are answered with an error, servers stopped; `stopped` follows.
    void shutDown();

    void restartServer(const QByteArray& name); ///< with the connections that clients have for themselves
    /// Forgets what was found out about its era, and starts it again.
    void checkEraAgain(const QByteArray& name) { m_pool.checkEraAgain(name); }
    [[nodiscard]] QList<upstream::ServerStatus> serverStatuses() const;
    [[nodiscard]] std::vector<LimitUse> limitUse() { return m_admission.limitUse(); }
    [[nodiscard]] QList<QuotaUse> quotas() { return m_admission.quotas(); }
    void restoreQuotas(const QList<QuotaUse>& quotas) { m_admission.restore(quotas); } ///< before the first apply()
    using ExposedTool = ConnectionPool::ExposedTool;
    [[nodiscard]] std::vector<ExposedTool> tools() const { return m_pool.tools(); } ///< of all servers, the disabled ones too
    [[nodiscard]] QList<std::shared_ptr<downstream::Session>> sessions() const { return m_sessions.all().values(); }

    /// What is kept for clients and servers that wait: empty once no client is there and nothing is under way.
    [[nodiscard]] Holdings holdings() const;

    // downstream::MessageHandler
    void handleMessage(downstream::Incoming&& incoming) override;
    void messageRefused(const downstream::Incoming& incoming, const downstream::Refusal& refusal) override;
    void sessionOpened(const std::shared_ptr<downstream::Session>& session) override;
    void sessionClosed(const std::shared_ptr<downstream::Session>& session) override;
    [[nodiscard]] bool servesAlone(QByteArrayView server) const override;
    void replyAbandoned(const downstream::Reply& reply) override;
    [[nodiscard]] bool isBusy(const downstream::Session& session) const override;

    // upstream::ReplyHandler
    void onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply) override;
    void onProgress(upstream::CallToken token, quint64 cookie, const mcp::Message& message) override;
    void onTimeoutWarning(upstream::CallToken token, quint64 cookie) override;
    void onPaused(upstream::CallToken token, quint64 cookie, std::chrono::milliseconds retry) override;

    // upstream::ServerConnectionHandler
    void onNotification(upstream::ServerConnection& connection, const mcp::Message& message,
                        upstream::CallToken related) override;
    void onRequest(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related) override;
    [[nodiscard]] telemetry::WireCall callOf(const upstream::ServerConnection& connection, const mcp::Message& message,
                                             upstream::CallToken related) const override
    {
        return m_requests.callOf(connection, message, related);
    }
    void onStateChanged(upstream::ServerConnection& connection) override;
    void onListChanged(upstream::ServerConnection& connection, mcp::ListKind kind) override;
    void onListening(upstream::ServerConnection& connection) override { m_resources.onListening(connection); }

    // ConnectionUsers
    [[nodiscard]] bool isInUse(const ClientConnections::Client& client, const ClientConnections::Own& own) const override;
    void onRetiring(upstream::ServerConnection& connection) override;

Q_SIGNALS:
    void serversChanged();
    void sessionsChanged();
    void limitsChanged(); ///< calls were counted; at most once a second
    void stopped();

private:
    // what clients send
    void handleRequest(downstream::Incoming&& incoming);
    void answerOwn(downstream::Incoming&& incoming, telemetry::CallRecord&& record);
    void forward(downstream::Incoming&& incoming, telemetry::CallRecord&& record);
    void handleNotification(const downstream::Incoming& incoming);

    // what servers send
    void relayNotification(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related);
    void relayUpdate(const upstream::ServerConnection& connection, const mcp::Message& message);
    void broadcast(const upstream::ServerConnection& connection, const mcp::Message& message);

    void reportStopped(); ///< once everything is down

    // The parts. Each knows some of those above it and none below.
    GatewayContext m_context;
    ClientWire m_wire;
    Answers m_answers;
    ConnectionPool m_pool;
    ClientSessions m_sessions;
    Handshake m_handshake;
    // calls
    OpenCalls m_calls;
    Admission m_admission;
    CallRouter m_router;
    CallDispatch m_dispatch;
    AnswerRelay m_replies;
    LogRelay m_logs;
    // what servers ask
    ElicitationPages m_pages;
    HeldInput m_heldInput;
    InputRounds m_rounds;
    RequestRelay m_requests;
    // what clients wait and listen for
    ListenStreams m_streams;
    ResourceSubscriptions m_resources;
    ListRequests m_lists;
    ListChanges m_listChanges;
    TaskRelay m_tasks;
    ListenRequests m_listening;
    CallCancellation m_cancellation;
};

} // namespace oriel::gateway
