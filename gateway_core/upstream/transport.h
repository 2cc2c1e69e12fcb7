// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"
#include "upstream/diagnosis.h"

#include <QByteArray>
#include <QList>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace oriel::upstream {

/// What goes along with a frame. Only HTTP has use for the headers; stdio carries its context in `params._meta`.
struct SendOptions {
    std::int64_t requestId = 0; ///< our id of a request; 0 for a notification or an answer
    bool initialize = false;    ///< the handshake's request: the answer may open a session
    bool initialized = false;   ///< notifications/initialized: afterwards the server may be listened to
    bool discover = false;      ///< server/discover in place of a handshake: its answer decides about the start
    bool modern = false;        ///< 2026-07-28: no session, no resumption; a broken stream is a lost request
    QList<std::pair<QByteArray, QByteArray>> headers; ///< HTTP: Mcp-Method and the like; the session's come by themselves
    QByteArray traceParent;
    QByteArray traceState;
    QByteArray baggage;
    std::vector<std::pair<QByteArray, QByteArray>> b3; ///< headers

    /// Sets the headers of the trace context and the baggage.
    void addContextTo(http::Headers& request) const
    {
        if (!traceParent.isEmpty()) {
            request.set("traceparent", traceParent);
            if (!traceState.isEmpty()) {
                request.set("tracestate", traceState);
            }
        }
        if (!baggage.isEmpty()) {
            request.set("baggage", baggage);
        }
        for (const auto& [name, value] : b3) {
            request.set(name, value);
        }
    }
};

/// Where a frame came from.
struct FrameOrigin {
    std::int64_t requestId = 0;    ///< the request on whose HTTP response it came; 0 for stdio and for the server's own stream
    std::int64_t firstByteNs = 0;  ///< monotonic time of its first byte, as far as the transport can tell
    bool isEvent = false;          ///< it came as a server-sent event
    QByteArray eventId = {};       ///< of that event; empty when it has none
    bool isOfEndedSession = false; ///< its session is over: an answer still counts, but what it asks nobody can answer any more
};

/// Why one request got no answer although the transport goes on.
struct SendFailure {
    Error error;
    int httpStatus = 0;            ///< 0: there was no response
    bool sessionLost = false;      ///< 404 to a request of a session: not processed, a new handshake is needed
    bool isOfEndedSession = false; ///< with sessionLost: of a session before the present one, or before the handshake under way
    bool maybeProcessed = false;   ///< the server may have acted on the request
    QByteArray authenticate;       ///< WWW-Authenticate of a 401 or 403
    bool noToken = false;          ///< a 401 or 403, and no other token could be had; `error` tells why
};

/// Why a transport ended, for good.
struct CloseReason {
    enum class Kind : quint8 {
        Requested,   ///< close() was called
        StartFailed, ///< it never ran; facts() tell why
        ProcessExit, ///< the child ended by itself; facts() hold exit code and signal
        Connection,  ///< HTTP: the server cannot be reached any more
        OutputEnded, ///< the child closed its stdout and had to be ended
    };
    Kind kind = Kind::Requested;
    Error error;
};

/// Receives what a transport hears. Called on the transport's thread, never from within start() or send(). A handler may call
/// send() and close(); it must not destroy the transport from within a callback.
class TransportHandler {
public:
    virtual ~TransportHandler() = default;
    /// Frames can be sent: the process runs, or the URL is understood.
    virtual void onStarted() = 0;
    /// One JSON-RPC message (or, with revision 2025-03-26, one batch) that begins with `{` or `[`. Its grammar is not checked
    /// yet.
    virtual void onFrame(QByteArray frame, const FrameOrigin& origin) = 0;
    /// A request was refused or lost on its way. Never for stdio.
    virtual void onSendFailed(std::int64_t requestId, const SendFailure& failure) = 0;
    /// The server has closed the stream of a request that it goes on with; the transport comes back for the rest after `retry`.
    virtual void onStreamPaused(std::int64_t requestId, std::chrono::milliseconds retry)
    {
        Q_UNUSED(requestId);
        Q_UNUSED(retry);
    }
    /// A line on stdout that is no JSON object or array; cut to 4 KiB. `suppressed` such lines before it came too fast and were
    /// dropped.
    virtual void onStrayOutput(QByteArray line, std::int64_t suppressed) = 0;
    /// A frame beyond the limit was dropped; of its bytes the first and last 4 KiB are there.
    virtual void onOversizedFrame(QByteArray head, QByteArray tail, qint64 bytes) = 0;
    /// A line of stderr, cut to 8 KiB; `suppressed` lines before it were dropped because they came too fast.
    virtual void onStderr(QByteArray line, std::int64_t suppressed) = 0;
    /// True while someone waits for the answer to this request.
    [[nodiscard]] virtual bool isAwaited(std::int64_t requestId) = 0;
    /// Called once, last.
    virtual void onClosed(const CloseReason& reason) = 0;
};

/// One way to talk to one server: raw frames in both directions. Lives on the gateway thread with an event loop and never blocks.
/// Owned by a ServerConnection. Destroying it ends everything at once, without callbacks.
class Transport {
public:
    virtual ~Transport() = default;
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// Once. Answers with onStarted or onClosed, later.
    virtual void start() = 0;
    /// Sends one frame without a line end. ResourceExhausted when the peer does not read and the buffer is full, Unavailable when
    /// the transport has not started or has ended.
    [[nodiscard]] virtual Status send(const QByteArray& frame, const SendOptions& options) = 0;
    /// Nobody waits for this request any more: an HTTP response still open for it is dropped.
    virtual void forget(std::int64_t requestId) { Q_UNUSED(requestId); }
    /// The request is over, wherever its answer came: a response that the server does not end is dropped after a while.
    virtual void answered(std::int64_t requestId) { Q_UNUSED(requestId); }
    /// After the handshake: the revision that was agreed on and that following requests have to name.
    virtual void setProtocolVersion(const QByteArray& version) { Q_UNUSED(version); }
    /// Begins the orderly end; onClosed follows.
    virtual void close() = 0;

    /// What is known of this start, for the diagnosis and the status.
    [[nodiscard]] virtual const StartFacts& facts() const = 0;
    [[nodiscard]] virtual qint64 processId() const { return 0; }
    [[nodiscard]] virtual QByteArray sessionId() const { return {}; }
    /// Requests whose answer is still open in the transport itself; always 0 where answers come on one stream.
    [[nodiscard]] virtual qsizetype openRequests() const { return 0; }
};

} // namespace oriel::upstream
