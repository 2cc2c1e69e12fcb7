// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/message_parser.h"
#include "http/server.h"
#include "http/stream_socket.h"
#include "http/write_queue.h"

namespace oriel::http {

struct ResponseFraming;

/// One accepted connection: reads requests one after another, lets each be answered through its Exchange, and closes in good
/// order. Owned by Server::Impl; outlives it only while one of its own calls is running. Only on the server's thread.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
public:
    ServerConnection(Server::Impl& server, std::uint64_t id);
    ~ServerConnection();
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;

    /// Takes over the descriptor. False when the system refuses it.
    bool open(qintptr descriptor);
    /// Answers an error without having read a request, then closes.
    void refuse(int status, const QByteArray& message);

    [[nodiscard]] std::uint64_t id() const { return m_id; }
    /// Monotonic nanoseconds at which expire() is due; the largest value when nothing is.
    [[nodiscard]] std::int64_t deadlineNs() const { return m_deadlineNs; }
    void expire(std::int64_t nowNs);
    /// Deferred work: flushing, reading what waited behind an answer, tearing down.
    void wake();
    /// Closes now if nothing is going on, else as soon as the running answer is complete.
    void closeWhenIdle();
    /// Closes at once; an unfinished exchange learns of it through onClosed, unless `silent`.
    void closeNow(bool silent);

    /// The calls of Exchange, for the exchange numbered `serial`.
    [[nodiscard]] bool isCurrent(std::uint64_t serial) const;
    void respond(const Response& response);
    void startStream(int status, const Headers& headers);
    bool write(const QByteArray& chunk);
    void endStream();
    void abort();
    [[nodiscard]] qint64 bytesQueued() const;
    void setDrained(std::function<void()> callback) { m_drained = std::move(callback); }
    void setClosed(std::function<void()> callback) { m_closed = std::move(callback); }

private:
    enum class Phase : quint8 {
        Reading,   ///< between requests or in the middle of one
        Handling,  ///< the request is the handler's
        Streaming, ///< a streamed answer is being written
        Flushing,  ///< the last answer is leaving
        Lingering, ///< our side is closed; what still comes is thrown away, so that the peer can read our answer
        Closed,
    };

    void onReadable();
    void onWritable();
    void endAfterPeer();
    /// True when the read gave bytes; notes the end of the stream.
    bool received(StreamSocket::ReadState state);
    /// Reads `count` bytes of a large body to where they belong; true when there may be more.
    bool readBody(qsizetype* count);
    void consume(QByteArrayView input);
    void parse(QByteArrayView& input);
    /// True when so much waits for the peer, and the kernel takes no more of it, that no further request is taken.
    bool isBackedUp();
    /// False when the request was refused.
    bool takeHead();
    /// Counts what the body has grown by. False when the request was refused because the server's connections hold too much.
    bool countBody();
    void uncountBody();
    void dispatch();
    void reject(int status, const QByteArray& message);
    void rejectWith(Response response);
    void finishExchange(bool keepAlive);
    void writeHead(int status, const Headers& headers, const ResponseFraming& framing);
    void flush();
    void schedule();
    void breakOff(); ///< the connection is of no more use; torn down after the running event
    void setDeadline();
    void beginLinger();
    [[nodiscard]] bool mustClose() const;

    Server::Impl* m_server;
    const std::uint64_t m_id;
    std::unique_ptr<StreamSocket> m_socket;
    MessageParser m_parser;
    WriteQueue m_out;
    QByteArray m_in; ///< received and not parsed yet
    Request m_request;
    qsizetype m_bodyCounted = 0; ///< of its body, in the server's sum
    std::uint64_t m_serial = 0;
    std::function<void()> m_drained;
    std::function<void()> m_closed;
    std::int64_t m_deadlineNs = 0;
    std::int64_t m_nowNs = 0; ///< of the last event; spares clock readings
    std::int64_t m_headBeganNs = 0;
    std::int64_t m_writeProgressNs = 0;
    qint64 m_streamLeft = -1; ///< of a stream with a Content-Length
    qint64 m_lingered = 0;
    Phase m_phase = Phase::Reading;
    bool m_headRequest = false;
    bool m_http11 = true;
    bool m_keepAlive = true;
    bool m_chunked = false;
    bool m_bodyDropped = false; ///< the answer to a HEAD, or a status without body
    bool m_corked = false;      ///< output gathers until the running event is over
    bool m_scheduled = false;
    bool m_broken = false;    ///< the socket has failed; torn down in wake()
    bool m_closing = false;   ///< no further request
    bool m_peerEnded = false; ///< the peer has closed its sending side
    bool m_paused = false;    ///< the peer has sent too much ahead
    bool m_backedUp = false;  ///< what m_in holds is taken when the peer has read more of its answers
    bool m_blocked = false;   ///< the kernel takes no more just now
    bool m_wasHigh = false;
};

} // namespace oriel::http
