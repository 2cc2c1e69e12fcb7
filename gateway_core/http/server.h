// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "http/exchange.h"
#include "http/message.h"

#include <QHostAddress>
#include <QObject>

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

namespace oriel::http {

/// What one peer may cost. A request over a limit is answered with the status named here and the connection closed.
struct ServerLimits {
    qsizetype maxHeaderBytes = 32 * 1024;      ///< request line and fields; 431
    qsizetype maxHeaderCount = 100;            ///< 431
    qsizetype maxTargetBytes = 8 * 1024;       ///< 414
    qsizetype maxBodyBytes = 64 * 1024 * 1024; ///< 413
    /// Of bodies that are still being read, over all connections; the request whose bytes go beyond it gets 503.
    qsizetype maxPartialBodyBytes = std::numeric_limits<qsizetype>::max();
    qsizetype maxConnections = 512;          ///< 503 and closed
    qsizetype maxPipelinedBytes = 64 * 1024; ///< of requests behind the one being answered; reading pauses there
    /// Of answers that the peer has not read: beyond it no further request of its is taken. See also Exchange::onDrained.
    qsizetype highWater = 256 * 1024;
    qsizetype maxQueuedBytes = 128 * 1024 * 1024;      ///< of an answer that the peer does not read; the connection is closed
    std::chrono::milliseconds headTimeout{10'000};     ///< from the first byte of a request to the end of its head; 408
    std::chrono::milliseconds bodyTimeout{30'000};     ///< without a further byte of the body; 408
    std::chrono::milliseconds requestTimeout{600'000}; ///< from the first byte of a request to the end of its body; 408
    std::chrono::milliseconds idleTimeout{120'000};    ///< between requests; closed without a word
    std::chrono::milliseconds writeTimeout{60'000};    ///< without the peer reading anything of what waits; closed
};

/// An HTTP/1.1 server (RFC 9110, 9112) for loopback addresses: keep-alive, pipelining, chunked bodies, `Expect: 100-continue`,
/// HEAD, streamed answers. It refuses what could be read in two ways (both or repeated lengths, folded fields, bare line feeds,
/// other transfer codings) and closes the connection after any such error. Methods, paths and authentication are the handler's.
///
/// Lives on one thread with an event loop; everything, handlers included, runs on that thread. Without connections no timer runs.
class Server : public QObject {
    Q_OBJECT
public:
    /// Gets every complete request, and the right to answer it.
    using Handler = std::function<void(Request&&, Exchange)>;
    /// Sees a request's head before its body is read; an answer refuses it, and the body is never read.
    using HeadCheck = std::function<std::optional<Response>(const Request& head)>;

    /// Gets every answer that the server gives by itself (408, 411, 413, 503 …), before it leaves, to add fields to it. Of the
    /// head is there what had been read.
    using OnRefusal = std::function<void(const Request& head, Response& answer)>;

    struct Counters {
        quint64 accepted = 0;      ///< connections
        quint64 refused = 0;       ///< connections over maxConnections
        quint64 requests = 0;      ///< handed to the handler
        quint64 rejected = 0;      ///< requests answered by the server itself with an error
        qsizetype connections = 0; ///< open now
    };

    Server(ServerLimits limits, const Clock& clock, QObject* parent = nullptr);
    ~Server() override;

    /// Listens on a loopback address; `port` 0 picks a free one. Gives the port.
    /// InvalidArgument: not a loopback address. AlreadyExists: the port is taken; the context names the program that holds it
    /// where the system tells. Io: anything else.
    Result<quint16> listen(const QHostAddress& address, quint16 port);
    /// After listen(): the same port at a further loopback address, until stop(). Errors as above.
    Status listenAlso(const QHostAddress& address);
    [[nodiscard]] bool isListening() const;
    [[nodiscard]] quint16 port() const;
    [[nodiscard]] QHostAddress address() const;

    /// Before listen(). A handler may stop the server but not destroy it.
    void setHandler(Handler handler);
    void setHeadCheck(HeadCheck check);
    void setOnRefusal(OnRefusal onRefusal);

    [[nodiscard]] const ServerLimits& limits() const;
    /// Holds for requests that begin from now on, on open connections too.
    void setMaxBodyBytes(qsizetype bytes);
    [[nodiscard]] Counters counters() const;

    /// Stops accepting, closes idle connections, lets running answers finish for `grace`, then closes what is left. `stopped`
    /// follows, also when there was nothing to wait for; calling again shortens the grace. Zero closes everything now.
    void stop(std::chrono::milliseconds grace);

Q_SIGNALS:
    void stopped();

private:
    friend class ServerConnection;
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace oriel::http
