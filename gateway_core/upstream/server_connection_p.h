// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/param_headers.h"
#include "mcp/rewrite.h"
#include "upstream/call_table.h"
#include "upstream/era_cache.h"
#include "upstream/era_probe.h"
#include "upstream/fair_queue.h"
#include "upstream/lifecycle_trace.h"
#include "upstream/list_reader.h"
#include "upstream/server_connection.h"
#include "upstream/token_source.h"
#include "upstream/transport.h"

#include <QFileSystemWatcher>
#include <QTimer>

namespace oriel::upstream {

/// One transport from its start to its end with the trace of that start. A retired link only waits for its transport's end.
class ServerConnection::Private final : public ReplyHandler {
public:
    class Link final : public TransportHandler {
    public:
        Link(Private& connection, LifecycleTrace startTrace) : owner(connection), trace(std::move(startTrace)) {}
        void onStarted() override;
        void onFrame(QByteArray frame, const FrameOrigin& origin) override;
        void onSendFailed(std::int64_t requestId, const SendFailure& failure) override;
        void onStreamPaused(std::int64_t requestId, std::chrono::milliseconds retry) override;
        void onStrayOutput(QByteArray line, std::int64_t suppressed) override;
        void onOversizedFrame(QByteArray head, QByteArray tail, qint64 bytes) override;
        void onStderr(QByteArray line, std::int64_t suppressed) override;
        bool isAwaited(std::int64_t requestId) override;
        void onClosed(const CloseReason& reason) override;

        Private& owner;
        LifecycleTrace trace;
        StartStage stage = StartStage::Resolve;
        bool retired = false;
        bool closed = false;
        std::int64_t closingUnixNs = 0; ///< when its end began
        std::int64_t readyNs = 0;       ///< monotonic, of the handshake's end
        bool triedInitialize = false;
        bool triedDiscover = false;
        bool triedVersionAgain = false;       ///< it refused a revision that it names as its own
        std::optional<StartFacts> refusal;    ///< of the handshake, when server/discover is the second try
        std::unique_ptr<Transport> transport; ///< last: ends before the rest
    };

    Private(ServerConnection& connection, config::Server configured, ConnectionContext shared, ServerConnectionHandler& observer);
    ~Private() override;

    // lifecycle (server_lifecycle.cpp)
    void start();
    void stop();
    void restart(const QString& reason);
    void launch();
    void transportStarted();
    void beginLists();
    void listDone(mcp::ListKind kind, Result<std::vector<mcp::ListEntry>> entries);
    void becomeReady();
    void listChanged(mcp::ListKind kind);
    void sessionLost();
    void sessionLost(const SendFailure& failure);
    void tokenLost(const Error& error);
    void linkClosed(Link& link, const CloseReason& reason);
    void fail(const StartFacts& facts);
    void scheduleRestart();
    void retireLink();
    void afterRetired();
    void setState(ServerState next);
    [[nodiscard]] StartFacts currentFacts() const;
    void updateContext();
    [[nodiscard]] bool canSend() const { return state == ServerState::Listing || state == ServerState::Ready; }
    [[nodiscard]] bool mayCall() const { return canSend() && !awaitsTools; }

    // era and handshake (server_handshake.cpp)
    void handshake();
    void initialize(mcp::Revision requested);
    void discover();
    void probe();
    void takeInitialize(Reply& reply);
    void refuseInitialize(const StartFacts& facts, bool mayBeModern);
    void takeDiscover(Reply& reply);
    void takeDiscovered(const mcp::Message& answer);
    void takeVersions(const QList<QByteArray>& supported, StartFacts facts);
    void notModern(StartFacts facts);
    void becomeModern(mcp::Revision spoken, mcp::InitializeResult result);
    void handshakeDone(bool modern);
    [[nodiscard]] bool isThisOriel(const QByteArray& instance) const;
    void keepVerdict(bool modern);
    void forgetVerdict();
    [[nodiscard]] std::optional<EraVerdict> knownVerdict() const;

    // what 2026-07-28 needs besides (server_modern.cpp)
    [[nodiscard]] bool isModern() const { return mcp::isModern(revision); }
    [[nodiscard]] bool isHttp() const { return server.transport != config::ServerTransport::Stdio; }
    void setModernMeta(mcp::Rewrite& rewrite, const QByteArray& clientCapabilities, const QByteArray& logLevel) const;
    static void removeModernMeta(mcp::Rewrite& rewrite);
    [[nodiscard]] QByteArray modernRequest(std::int64_t id, QByteArrayView method, QByteArrayView members = {}) const;
    void addModernHeaders(SendOptions& options, const mcp::Message& message, QByteArrayView target);
    void addDiscoverHeaders(SendOptions& options) const;
    void reframe(PendingCall& call);
    void keepParamHeaders(std::vector<mcp::ListEntry>& tools);
    [[nodiscard]] bool takeModernAnswer(std::int64_t id, PendingCall& call, const mcp::Message& message);
    [[nodiscard]] bool mayNotify(const QByteArray& frame);
    [[nodiscard]] bool sendAgain(std::int64_t id, PendingCall& call);
    [[nodiscard]] bool takeModernError(std::int64_t id, PendingCall& call, const mcp::Message& message);
    void rejectAnswer(std::int64_t id, const QString& why);
    void takeModernNotification(const mcp::Message& message, CallToken related);

    // subscriptions/listen (server_listen.cpp)
    [[nodiscard]] QByteArray listenFilter() const;
    void listen();
    void listenAgain();
    void stopListening(bool tellServer);
    void endListening(std::int64_t id, bool tellServer);
    [[nodiscard]] bool isListenId(const mcp::RequestId& id) const;
    void listenEnded(const QByteArray& why);
    void listenAnswered(const mcp::Message& message, const FrameOrigin& origin);
    void listenAcknowledged(const mcp::Message& message);
    [[nodiscard]] bool isCoveredByListen(mcp::ListKind kind) const;

    // transports (server_link.cpp)
    [[nodiscard]] Result<StdioSettings> stdioSettings(const QByteArray& traceparent) const;
    [[nodiscard]] Result<std::unique_ptr<Transport>> makeTransport(Link& to);
    [[nodiscard]] Result<std::unique_ptr<Transport>> makeStdio(Link& to);
    [[nodiscard]] Result<std::unique_ptr<Transport>> makeHttp(Link& to);
    [[nodiscard]] std::unique_ptr<TokenSource> makeTokenSource() const;
    void watchFiles();

    // calls (server_calls.cpp)
    CallToken accept(QByteArray frame, QByteArray method, std::int64_t id, const CallOptions& options, ReplyHandler& handler,
                     quint64 cookie, bool internal, const mcp::Message* source = nullptr);
    CallToken callInternal(QByteArrayView method, QByteArrayView params, OperationType operation, ReplyHandler& handler);
    void sendCall(std::int64_t id, PendingCall& call);
    void sendQueued();
    [[nodiscard]] bool isWorthWaiting() const;
    [[nodiscard]] bool mayCallNow() const { return mayCall() && (server.concurrency <= 0 || inFlight < server.concurrency); }
    void endLater(std::int64_t id, Reply&& reply);
    void endCall(std::int64_t id, Reply&& reply, OperationMetrics::End how);
    void failCalls(const Error& error, bool alsoInternal);
    bool cancelCall(std::int64_t id, QByteArrayView reason, bool tellServer);
    void checkDeadlines();
    [[nodiscard]] std::chrono::milliseconds timeoutOf(OperationType type) const;
    void rejectWith(std::int64_t id, Reply::Kind kind, Error error);

    // requests and notifications of the gateway's own (server_operations.cpp)
    [[nodiscard]] const telemetry::ContextPolicy& policy() const;
    [[nodiscard]] telemetry::McpOperation newOperation(telemetry::SpanKind kind, QByteArray method, QByteArray rpcId) const;
    void placeOwn(telemetry::McpOperation& operation) const;
    CallToken acceptOwn(QByteArray frame, QByteArray method, std::int64_t id, const CallOptions& options, ReplyHandler& handler,
                        quint64 cookie, bool internal, const mcp::Message* source);
    [[nodiscard]] static telemetry::OperationEnd operationEndOf(const Reply& reply);
    void recordOwn(telemetry::McpOperation operation, telemetry::OperationEnd end, const CallTimings& timings);
    Status sendNotification(telemetry::McpOperation operation, QByteArrayView params, SendOptions options,
                            const telemetry::WireCall& of);
    [[nodiscard]] Status sendInitialized();
    void sendCancelled(const PendingCall& call, QByteArrayView params);
    void answerPing(const mcp::Message& message, CallToken related);
    /// The headers of a context; HTTP only.
    static void addTraceContext(SendOptions& to, const telemetry::TraceContext& context, const QByteArray& traceState,
                                telemetry::Propagators propagators);

    // frames (server_frames.cpp)
    void takeFrame(Link& link, const QByteArray& frame, const FrameOrigin& origin);
    void takeMessage(Link& link, mcp::Message&& message, const FrameOrigin& origin);
    void takeBroken(const mcp::FrameError& error, const QByteArray& frame);
    void takeAnswer(mcp::Message&& message, const FrameOrigin& origin);
    void takeNotification(const mcp::Message& message, CallToken related);
    void deliverNotification(const mcp::Message& message, CallToken related);
    void takeRequest(const mcp::Message& message, CallToken related);
    void takeOversized(const QByteArray& head, const QByteArray& tail, qint64 bytes);
    void takeSendFailure(std::int64_t id, const SendFailure& failure);
    [[nodiscard]] Status sendRaw(const QByteArray& frame, const SendOptions& options, const telemetry::WireCall& call = {});
    void recordLog(telemetry::Severity severity, QByteArray body, QByteArrayView stream);

    // what the wire log hears (server_wire.cpp)
    using WireHeaders = QList<std::pair<QByteArray, QByteArray>>;
    [[nodiscard]] telemetry::WireEra wireEra() const;
    [[nodiscard]] telemetry::WireCall wireCallOf(const mcp::Message& message, CallToken related);
    void recordWire(telemetry::WireDirection direction, telemetry::WireKind kind, QByteArray method, QByteArray rpcId,
                    QByteArray payload, const telemetry::WireCall& call = {}, const FrameOrigin* origin = nullptr,
                    const WireHeaders& headers = {});
    void recordProbe(bool sent, const QByteArray& payload);
    void recordLifecycle(const QString& text);

    void onReply(CallToken token, quint64 cookie, Reply& reply) override; ///< of initialize and server/discover

    ServerConnection& q;
    config::Server server;
    QByteArray name;
    ConnectionContext context;
    ServerConnectionHandler& handler;
    OperationMetrics metrics;
    std::unique_ptr<TokenSource> tokens; ///< null: none

    ServerState state = ServerState::Stopped;
    std::int64_t stateSinceUnixNs = 0;
    std::unique_ptr<Link> link;
    std::vector<std::unique_ptr<Link>> retired;
    bool startWhenClosed = false; ///< start again once the ending transport is gone
    int sessionsLost = 0;         ///< since it was last ready
    int failures = 0;             ///< in a row
    int restarts = 0;
    std::int64_t nextStartUnixNs = 0;
    std::int64_t failedNs = 0;
    Diagnosis diagnosis;
    TraceId lifecycleTraceId; ///< of the last start, also when its link is gone
    QString commandLine;
    QByteArrayList stderrTail;
    std::int64_t strayLines = 0;
    std::int64_t strayAnswers = 0;
    std::int64_t droppedNotifications = 0;
    std::int64_t suppressedStderr = 0;

    mcp::InitializeResult initializeResult;
    mcp::Revision revision = mcp::NewestLegacy;
    CallToken initializeToken; ///< or of server/discover
    bool discovering = false;  ///< which of the two
    QByteArray clientInfo;     ///< JSON
    QByteArray ownCapabilities;
    QByteArray eraKey;
    std::optional<EraVerdict> verdict; ///< of this connection's starts; the cache's counts when there is none
    QString eraFoundBy;
    bool probedOnce = false;
    std::unique_ptr<EraProbe> prober;
    std::shared_ptr<const telemetry::ServerContext> serverContext;

    struct List {
        std::vector<mcp::ListEntry> entries;
        bool listed = false;
        bool changed = false;     ///< the server said so; read again when listTimer fires
        std::int64_t staleNs = 0; ///< monotonic, by ttlMs
        std::unique_ptr<ListReader> reader;
    };
    std::array<List, 4> lists;
    bool awaitsTools = false;                                      ///< calls wait for the list that says which headers they need
    QHash<QByteArray, std::vector<mcp::ParamHeader>> paramHeaders; ///< by tool

    struct Listening {
        std::int64_t id = 0;       ///< of the request under way
        std::int64_t previous = 0; ///< the one before it, which tells until it is acknowledged
        bool acknowledged = false;
        bool refused = false; ///< this server has no subscriptions/listen
        bool before = false;  ///< an earlier one was acknowledged since the start
        int fruitless = 0;    ///< ends in a row that came at once
        std::int64_t beganNs = 0;
        std::array<bool, 3> granted{}; ///< list_changed of tools, prompts and resources
        QList<QByteArray> uris = {};
        QList<QByteArray> grantedUris = {};
    } listening;

    std::int64_t lastId = 0;
    CallTable calls;
    FairQueue queue;
    int inFlight = 0;                                  ///< of calls that are not internal
    std::vector<std::pair<std::int64_t, Reply>> ended; ///< to be told from the event loop

    json::Document document;
    QTimer tick; ///< runs only while calls wait
    QTimer restartTimer;
    QTimer healthyTimer;
    QTimer watchTimer;
    QTimer endedTimer;
    QTimer listTimer;
    QTimer listenTimer;
    std::unique_ptr<QFileSystemWatcher> watcher;
};

} // namespace oriel::upstream
