// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "downstream/message_handler.h"
#include "gateway/active_calls.h"
#include "gateway/call_recording.h"
#include "gateway/catalogue.h"
#include "gateway/held_answers.h"
#include "gateway/held_calls.h"
#include "gateway/listeners.h"
#include "gateway/server_requests.h"
#include "gateway/subscriptions.h"
#include "gateway/tool_headers.h"
#include "upstream/server_connection.h"

#include <QHash>
#include <QObject>
#include <QTimer>

#include <functional>
#include <memory>

namespace oriel::gateway {

/// All configured servers behind one endpoint: sessions come in from the transports, requests are routed to servers or answered
/// here, and one record of each goes to the telemetry thread. Lives on the gateway thread with its connections; nothing in it
/// blocks.
class Gateway final : public QObject,
                      public downstream::MessageHandler,
                      public upstream::ReplyHandler,
                      public upstream::ServerConnectionHandler {
    Q_OBJECT
public:
    struct Dependencies {
        const Clock& clock;
        Random& random;
        telemetry::Recorder& recorder;
        upstream::ConnectionContext connections; ///< what every connection gets; handler and timeouts are set here
    };

    explicit Gateway(Dependencies dependencies, QObject* parent = nullptr);
    ~Gateway() override;

    /// Puts a configuration in force: new servers are started, removed ones stopped, changed ones restarted; all others go on
    /// undisturbed.
    Status apply(const config::Config& configuration);
    /// Orderly end of everything: waiting requests are answered with an error, servers stopped; `stopped` follows.
    void shutDown();

    void restartServer(const QByteArray& name);
    [[nodiscard]] QList<upstream::ServerStatus> serverStatuses() const;
    struct ExposedTool {
        QByteArray server;
        mcp::ListEntry entry;
        QByteArray exposedName;
    };
    [[nodiscard]] std::vector<ExposedTool> tools() const; ///< of all servers, the disabled ones too
    [[nodiscard]] QList<std::shared_ptr<downstream::Session>> sessions() const { return m_sessions.values(); }

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
    void onStateChanged(upstream::ServerConnection& connection) override;
    void onListChanged(upstream::ServerConnection& connection, mcp::ListKind kind) override;

Q_SIGNALS:
    void serversChanged();
    void sessionsChanged();
    void stopped();

private:
    struct WaitingList; ///< a list request that waits for servers that are still starting

    // gateway_requests.cpp: what clients ask
    void handleRequest(downstream::Incoming&& incoming);
    void handleNotification(const downstream::Incoming& incoming);
    void initialize(downstream::Incoming& incoming, telemetry::CallRecord& record);
    void setLevel(downstream::Incoming& incoming, telemetry::CallRecord& record);
    void list(downstream::Incoming&& incoming, telemetry::CallRecord&& record, mcp::ListKind kind);
    void answerList(WaitingList& waiting);
    void answerLists(bool overdue);
    void forward(downstream::Incoming&& incoming, telemetry::CallRecord&& record);
    [[nodiscard]] std::optional<Catalogue::Route> route(const downstream::Incoming& incoming,
                                                        telemetry::CallRecord& record) const;
    bool refuseToolHeaders(downstream::Incoming& incoming, telemetry::CallRecord& record);
    bool answerSubscription(downstream::Incoming& incoming, telemetry::CallRecord& record, const Catalogue::Route& route);
    void cancelByClient(const downstream::Incoming& incoming);
    void cancelCall(std::unique_ptr<ActiveCall> call, const QByteArray& reason);
    [[nodiscard]] mcp::ServerCapabilities capabilitiesFor(const downstream::Session& session) const;
    [[nodiscard]] QByteArray instructionsFor(const downstream::Session& session) const;
    [[nodiscard]] int viewOf(const downstream::Session& session) const;

    // gateway_stateless.cpp: what exists only in 2026-07-28
    static constexpr qsizetype kMaxWatchedResources = 1024; ///< of one listener
    void discover(downstream::Incoming& incoming, telemetry::CallRecord& record);
    void listen(downstream::Incoming&& incoming, telemetry::CallRecord&& record);
    void tell(Listener& listener, const QByteArray& frame);
    void tellListeners(mcp::ListKind kind, const QByteArray& method, const upstream::ServerConnection* of);
    void tellListener(const void* subscriber, const mcp::Message& updated);
    void endListener(std::unique_ptr<Listener> listener, telemetry::Outcome outcome, QByteArrayView reason);

    // gateway_input.cpp: questions of servers across the eras
    static constexpr int kMaxInputRounds = 16;
    static constexpr int kGatherMs = 10; ///< for what a server asks at the same time
    void holdForInput(const mcp::Message& request, ActiveCall& call, quint64 cookie);
    void askGathered();
    void refuseForCapability(upstream::ServerConnection& connection, const mcp::Message& request, upstream::CallToken related);
    bool askForInput(ActiveCall& call, HeldCall&& held);
    bool resumeHeld(downstream::Incoming& incoming, telemetry::CallRecord& record);
    void expireHeld();
    bool askClient(std::unique_ptr<ActiveCall>& call, const mcp::Message& answer);
    void takeInput(quint64 cookie, const QByteArray& key, const mcp::Message* given);
    void retryWithInput(quint64 cookie);

    // gateway_answers.cpp: what goes back
    void answerResult(downstream::Incoming& incoming, telemetry::CallRecord& record, QByteArrayView result);
    void answerError(downstream::Incoming& incoming, telemetry::CallRecord& record, telemetry::Outcome outcome,
                     QByteArray errorType, int code, QByteArray message, QByteArrayView data = {});
    void deliver(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& frame,
                 telemetry::WireKind kind);
    void finish(telemetry::CallRecord& record, const downstream::Incoming& incoming, telemetry::Durable durable = {});
    void recordClientFrame(const downstream::Session& session, telemetry::WireDirection direction, telemetry::WireKind kind,
                           const mcp::Message* message, const QByteArray& frame, const telemetry::CallRecord* record);

    // gateway_servers.cpp: what servers say
    [[nodiscard]] std::shared_ptr<downstream::Session> sessionForRequest(const upstream::ServerConnection& connection,
                                                                         const mcp::Message& message, upstream::CallToken related,
                                                                         quint64* cookie) const;
    void relayLogMessage(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related);
    void announceList(mcp::ListKind kind, const upstream::ServerConnection* of = nullptr);
    void callForResource(upstream::ServerConnection& connection, mcp::MethodId method, const QByteArray& uri);
    void setSubscribed(const QByteArray& server, const QByteArray& uri, bool subscribed); ///< tells the server
    void abandonSubscription(const ActiveCall& call); ///< a resources/subscribe ended without an answer
    void sendLevelUpstream(upstream::ServerConnection& connection);
    void resubscribe(upstream::ServerConnection& connection);
    [[nodiscard]] int indexOf(const upstream::ServerConnection& connection) const;
    [[nodiscard]] bool sees(const downstream::Session& session, const upstream::ServerConnection& connection) const;
    std::unique_ptr<upstream::ServerConnection> makeConnection(const config::Server& server);
    void retire(std::unique_ptr<upstream::ServerConnection> connection);
    void countSessions(const downstream::Session& session, int delta);
    void reportStopped(); ///< once everything is down

    [[nodiscard]] mcp::Implementation ownInfo() const;
    [[nodiscard]] std::int64_t now() const { return m_deps.clock.monotonicNs(); }

    Dependencies m_deps;
    config::Config m_config;
    ContextPolicy m_policy;
    Catalogue m_catalogue;
    ToolHeaders m_toolHeaders;
    std::vector<std::unique_ptr<upstream::ServerConnection>> m_connections; ///< in the catalogue's order
    std::vector<std::unique_ptr<upstream::ServerConnection>> m_retired;     ///< stopping; destroyed when stopped
    QHash<const downstream::Session*, std::shared_ptr<downstream::Session>> m_sessions;
    QHash<QByteArray, int> m_users;                  ///< sessions by user
    QSet<const upstream::ServerConnection*> m_ready; ///< those counted in active_connections
    ActiveCalls m_calls;
    HeldAnswers m_held;
    HeldCalls m_heldCalls;
    std::vector<HeldCall> m_gathering; ///< calls whose first question came just now
    Listeners m_listeners;
    ServerRequests m_serverRequests;
    Subscriptions m_subscriptions;
    std::vector<std::unique_ptr<WaitingList>> m_waitingLists;
    QTimer m_listDeadline;
    QTimer m_heldDeadline;
    QTimer m_gather;
    json::Document m_document;
    bool m_shuttingDown = false;
    bool m_configFresh = true;
};

} // namespace oriel::gateway
