// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/holdings.h"
#include "base/ids.h"
#include "base/random.h"
#include "config/model.h"
#include "mcp/initialize.h"
#include "mcp/lists.h"
#include "mcp/message.h"
#include "telemetry/context_policy.h"
#include "telemetry/recorder.h"
#include "upstream/server_status.h"

#include <QMap>
#include <QObject>

#include <functional>
#include <memory>

namespace oriel::http {
class Client;
}

namespace oriel::upstream {

class EraCache;
class ServerConnection;
class TokenSource;

/// G8's operation types.
enum class OperationType : quint8 { Connectivity, Discovery, ToolCall, Guardrail, Auth };
QByteArrayView operationTypeName(OperationType type); ///< "connectivity", "discovery", "tool_call", "guardrail", "auth"

/// Names one call of one connection: the JSON-RPC id used upstream, never reused within a connection. 0 is none.
struct CallToken {
    std::int64_t id = 0;
    [[nodiscard]] bool isValid() const { return id != 0; }
    bool operator==(const CallToken&) const = default;
};

/// What the connection changes and adds on the way to the server. Byte arrays are shared, not copied.
struct CallOptions {
    OperationType operation = OperationType::ToolCall;
    std::chrono::milliseconds timeout{0}; ///< 0: the server's or the gateway's of that operation type
    QByteArray target;          ///< replaces the method's target (params.name, params.uri, params.ref.name …); empty: as it is
    bool wantsProgress = false; ///< asks for progress under our own token; else a client's token is taken out
    /// The CLIENT span, written into `_meta.traceparent` and the HTTP header. Invalid: the request is the gateway's own, and the
    /// connection makes a span of it.
    TraceId traceId;
    SpanId spanId;
    SpanId callSpanId; ///< the SERVER span of the client's request, for the wire log
    std::uint8_t traceFlags = 1;
    QByteArray traceState;
    telemetry::TraceContext cause; ///< of a request of the gateway's own: the span that it is made for; invalid: none
    bool parentSampled = true;     ///< what the context of the client's call said
    QByteArray baggage;            ///< passed on when not empty
    telemetry::Propagators propagators = telemetry::kDefaultPropagators; ///< how the context is written
    QByteArray client;                                                   ///< clients whose calls wait take turns
    QByteArray via;                                                      ///< `_meta["oriel/via"]`; empty: as it is
    /// Modern servers only: what the client behind this call can do, as JSON text of an object; empty: the gateway's own.
    QByteArray clientCapabilities;
    /// Modern servers only: "debug" …; empty: the call asks for no log messages.
    QByteArray logLevel;
};

/// Monotonic nanoseconds; 0: it did not come to that.
struct CallTimings {
    std::int64_t acceptedNs = 0;
    std::int64_t sentNs = 0;
    std::int64_t firstByteNs = 0;
    std::int64_t doneNs = 0;
    bool queued = false; ///< it waited for a start or for the concurrency limit between acceptedNs and sentNs
};

/// The end of a call: the server's response (result or JSON-RPC error), or an error of ours.
struct Reply {
    enum class Kind : quint8 { Response, Timeout, Unavailable, Overloaded, Cancelled, Rejected };
    Kind kind = Kind::Response;
    mcp::Message message;     ///< Response only: a Response or an Error, with the frame as it came; may be moved from
    Error error;              ///< every other kind
    int httpStatus = 0;       ///< of a refusal over HTTP
    bool unprocessed = false; ///< the server provably has not seen the request
    CallTimings timings;

    [[nodiscard]] QByteArray errorType() const; ///< of the CLIENT span (OTel MCP conventions); empty: no error
};

/// Who waits for calls. Called on the gateway thread, never from within call(). Must live until the reply or cancel().
class ReplyHandler {
public:
    virtual ~ReplyHandler() = default;
    /// Exactly once for each call that was not cancelled, last.
    virtual void onReply(CallToken token, quint64 cookie, Reply& reply) = 0;
    /// notifications/progress for this call; it carries our token.
    virtual void onProgress(CallToken token, quint64 cookie, const mcp::Message& message)
    {
        Q_UNUSED(token);
        Q_UNUSED(cookie);
        Q_UNUSED(message);
    }
    /// The server has closed its event stream and wants to be asked again for the answer after `retry` (2025-11-25).
    virtual void onPaused(CallToken token, quint64 cookie, std::chrono::milliseconds retry)
    {
        Q_UNUSED(token);
        Q_UNUSED(cookie);
        Q_UNUSED(retry);
    }
    /// 80 % of the timeout have passed (G8).
    virtual void onTimeoutWarning(CallToken token, quint64 cookie)
    {
        Q_UNUSED(token);
        Q_UNUSED(cookie);
    }
};

/// Who looks after a connection: the gateway. Called on the gateway thread; may call back into the connection, must not destroy
/// it.
class ServerConnectionHandler {
public:
    virtual ~ServerConnectionHandler() = default;
    /// Every notification except progress of a call that is under way and list_changed. `related`: the call on whose HTTP stream
    /// it came, if known.
    virtual void onNotification(ServerConnection& connection, const mcp::Message& message, CallToken related) = 0;
    /// A request of the server (sampling/createMessage, elicitation/create, roots/list, tasks/…); ping is answered here. Answer
    /// with reply(), with the id exactly as it came.
    virtual void onRequest(ServerConnection& connection, const mcp::Message& message, CallToken related) = 0;
    /// The client's call that this request is a part of, for the wire log; asked before onRequest.
    [[nodiscard]] virtual telemetry::WireCall callOf(const ServerConnection& connection, const mcp::Message& message,
                                                     CallToken related) const
    {
        Q_UNUSED(connection);
        Q_UNUSED(message);
        Q_UNUSED(related);
        return {};
    }
    virtual void onStateChanged(ServerConnection& connection) = 0;
    /// items(kind) is new: after a start, and after the server said so.
    virtual void onListChanged(ServerConnection& connection, mcp::ListKind kind) = 0;
    /// Modern servers: isListening() may have become true.
    virtual void onListening(ServerConnection& connection) { Q_UNUSED(connection); }
};

/// What every connection needs and shares; all of it outlives the connection.
struct ConnectionContext {
    const Clock* clock = nullptr;
    Random* random = nullptr;
    telemetry::Recorder* recorder = nullptr;
    http::Client* httpClient = nullptr; ///< HTTP transports only
    /// Puts values in place of ${vault:name} and ${VAR}; null: texts are used as they are.
    std::function<Result<QString>(const QString& text)> expand;
    QMap<QString, QString> inheritedEnvironment; ///< what children may see of ours; empty: the allow-list of this platform
    /// What a child's environment gets beside that, such as OTEL_EXPORTER_OTLP_ENDPOINT; asked at each start, with the context of
    /// the spawn as a traceparent. The server's own env wins. Null: nothing.
    std::function<QMap<QString, QString>(const config::Server& server, const QByteArray& traceparent)> childEnvironment;
    const telemetry::ContextPolicy* contextPolicy = nullptr; ///< of what is no client's call; null: the defaults
    config::Timeouts timeouts;                               ///< for servers without their own
    QByteArray clientName = QByteArrayLiteral("oriel");
    QByteArray clientTitle; ///< for whom, where a connection is one client's
    QByteArray clientVersion;
    mcp::ClientCapabilities clientCapabilities; ///< of the gateway, for initialize
    QByteArray orielInstance;                   ///< of this Oriel: a server that answers with the same is itself, and is not used
    /// Keeps what was found out about servers with `era` auto. Null: stdio servers get the handshake first and are asked for
    /// server/discover only when they refuse it; HTTP servers are asked once a connection.
    EraCache* eraCache = nullptr;
    /// Makes the source of a server's access tokens; null, or a null source: there are none. Not asked for servers on stdio, nor
    /// for those whose headers have an Authorization of their own.
    std::function<std::unique_ptr<TokenSource>(const config::Server& server)> tokenSource;
    std::chrono::milliseconds probeTimeout{3'000}; ///< for a stdio server that does not answer the probe
    std::chrono::milliseconds firstBackoff{1'000};
    std::chrono::milliseconds maxBackoff{60'000};
    std::chrono::milliseconds healthyAfter{60'000}; ///< running so long resets the count of restarts
    std::chrono::milliseconds closeGrace{2'000};    ///< after stdin's end, and again after SIGTERM
    std::chrono::milliseconds watchDebounce{300};
    std::chrono::milliseconds listDebounce{100}; ///< a list that changes all the time is read again only so often
    qsizetype maxLineBytes = 64 * 1024 * 1024;
    qsizetype maxQueued = 1024;      ///< calls that wait for a start or for the concurrency limit
    qsizetype maxListItems = 20'000; ///< of one list, over all pages
    int maxListPages = 1'000;
};

/// One configured server of either era: process or session, handshake or discovery, lists, calls, restarts; each start is a trace
/// of its own and every frame goes to the wire log (G2, G6, G6b, G8). It records the metrics of operations and sessions; the log
/// records of notifications/message and the gauges of servers are the handler's. Owned by the gateway; lives on the gateway
/// thread with an event loop, and nothing in it blocks.
///
/// Stopped → Starting → Handshaking → Listing → Ready; a failure leads to Backoff and a new start, or to Failed when the restarts
/// are used up or another try cannot help. Calls are sent from Listing on; earlier ones wait, and fail with the diagnosis if that
/// start fails.
class ServerConnection final : public QObject {
    Q_OBJECT
public:
    ServerConnection(config::Server server, ConnectionContext context, ServerConnectionHandler& handler,
                     QObject* parent = nullptr);
    /// Ends a child at once; stop() first for an orderly end.
    ~ServerConnection() override;

    [[nodiscard]] const config::Server& server() const;
    [[nodiscard]] const QByteArray& name() const; ///< UTF-8
    [[nodiscard]] ServerState state() const;
    [[nodiscard]] ServerStatus status() const;
    /// What is kept for callers and for requests on their way: empty while nothing is under way and no resource is watched.
    [[nodiscard]] Holdings holdings() const;
    /// Replaced with every handshake; never null.
    [[nodiscard]] std::shared_ptr<const telemetry::ServerContext> context() const;
    /// The revision that is spoken; of the last start while the server is away, NewestLegacy before the first.
    [[nodiscard]] mcp::Revision revision() const;
    [[nodiscard]] bool isModern() const { return mcp::isModern(revision()); }
    /// The answer to initialize, or what a modern server's DiscoverResult says in its place; empty before the first handshake,
    /// kept while the server is away.
    [[nodiscard]] const mcp::InitializeResult& initializeResult() const;
    /// The entries of one list in the server's order, over all pages; kept while the server is away.
    [[nodiscard]] const std::vector<mcp::ListEntry>& items(mcp::ListKind kind) const;
    /// True when the list was read since the last handshake (also when the server has no such list, which reads as an empty one).
    [[nodiscard]] bool isListed(mcp::ListKind kind) const;

    /// False while a call would be refused at once, because the server is down for longer than is worth waiting.
    [[nodiscard]] bool isWorthWaiting() const;

    /// Starts it if it is not running; forgets earlier failures.
    void start();
    /// Orderly end; the state becomes Stopped.
    void stop();
    void restart(const QString& reason);
    /// Forgets what was found out about its era and starts it again, which asks anew. Only with `era` auto.
    void checkEraAgain();
    /// Reads one list again; onListChanged follows when it succeeded.
    void refresh(mcp::ListKind kind);
    /// Reads one list again if a modern server neither tells of its changes nor said that it holds so long (ttlMs).
    void refreshStale(mcp::ListKind kind);
    /// The resources whose updates a modern server shall tell of (onNotification), in place of resources/subscribe. Changes of
    /// lists are listened to anyway. Kept over restarts.
    void setListenFilter(const QList<QByteArray>& resourceUris);
    /// False while the server has yet to acknowledge the last filter; what changes meanwhile it need not tell.
    [[nodiscard]] bool isListening() const;
    /// True when the server has acknowledged the last filter without this resource.
    [[nodiscard]] bool refusesUpdatesOf(const QByteArray& uri) const;

    /// Sends a client's request: id, target, progress token and trace context are spliced in, and the protocol's own members of
    /// `_meta` are the connection's (2026-07-28) or go (before); everything else stays byte for byte. A stopped server is
    /// started. Never fails at once: the reply tells. An InputRequiredResult is a Response like any other; its retry is a new
    /// call.
    CallToken call(const mcp::Message& message, const CallOptions& options, ReplyHandler& handler, quint64 cookie = 0);
    /// The same for a request of the gateway's own; `params` is a JSON object or empty.
    CallToken call(QByteArrayView method, QByteArrayView params, const CallOptions& options, ReplyHandler& handler,
                   quint64 cookie = 0);
    /// Tells the server that nobody waits any more; no callback follows. False if the call is over already.
    bool cancel(CallToken token, QByteArrayView reason = {});
    /// Sends a notification as it is; dropped (and counted) when the server is not there, or is modern and has no such
    /// notification from clients.
    void notify(const QByteArray& frame);
    /// Answers a request of the server.
    void reply(const QByteArray& frame, const telemetry::WireCall& of = {});
    /// What follows of a call belongs to another request of the client: it came back with the input that the server asked for.
    void continueCall(CallToken token, const telemetry::WireCall& of);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace oriel::upstream
