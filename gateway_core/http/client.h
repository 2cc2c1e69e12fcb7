// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "http/headers.h"

#include <QHostAddress>
#include <QNetworkProxy>
#include <QObject>
#include <QSslConfiguration>
#include <QUrl>

#include <chrono>
#include <functional>
#include <memory>

namespace oriel::http {

/// Where a request goes, taken apart once so that a call costs no URL parsing. A value.
struct Endpoint {
    bool tls = false;
    QString host; ///< ASCII name or address, without brackets
    quint16 port = 0;
    QByteArray hostHeader; ///< "host[:port]", the port left out where it is the scheme's own
    QByteArray target;     ///< "/path?query", percent-coded
    QString originText;    ///< see origin(); part of what fromUrl computes

    /// InvalidArgument for anything but an http or https URL with a host; user information in the URL is refused.
    static Result<Endpoint> fromUrl(const QUrl& url);
    /// The endpoint of the same origin with another target.
    [[nodiscard]] Endpoint withTarget(QByteArray newTarget) const;
    /// "https://host:port", the port always given.
    [[nodiscard]] const QString& origin() const { return originText; }
};

/// Zero means no limit of that kind.
struct ClientTimeouts {
    std::chrono::milliseconds connect{10'000}; ///< name look-up, TCP, proxy and TLS together
    std::chrono::milliseconds head{0};         ///< from the request's last byte handed to the kernel to the response's head
    std::chrono::milliseconds idle{0};         ///< between two pieces of the response's body
};

struct ClientRequest {
    QByteArray method;
    Endpoint endpoint;
    Headers headers; ///< Host, Content-Length and Connection are the client's to write
    QByteArray body;
    bool idempotent = false; ///< may be sent a second time if a kept connection turns out to be dead
    ClientTimeouts timeouts;
    qsizetype maxBodyBytes = 64 * 1024 * 1024; ///< of a collected body; TooLarge beyond it
};

/// Monotonic nanoseconds (Clock); zero where a step did not take place, as for a kept connection.
struct ClientTimings {
    std::int64_t queuedNs = 0;    ///< send() was called
    std::int64_t connectNs = 0;   ///< connecting began (name look-up included)
    std::int64_t resolvedNs = 0;  ///< the name was resolved
    std::int64_t connectedNs = 0; ///< TCP (and proxy) stood
    std::int64_t securedNs = 0;   ///< TLS stood
    std::int64_t sentNs = 0;      ///< the request was handed to the kernel
    std::int64_t firstByteNs = 0; ///< of the response
    bool reused = false;          ///< a kept connection served it
    bool retried = false;         ///< a dead kept connection was replaced
};

struct ResponseHead {
    int status = 0;
    QByteArray reason;
    Headers headers;
    QHostAddress peer;
    ClientTimings timings;
};

struct ResponseEnd {
    QByteArray body; ///< empty when the body was streamed
    ClientTimings timings;
};

struct ClientError {
    /// How far the request had come.
    enum class Phase : quint8 { Queue, Resolve, Connect, Tls, Send, Head, Body };
    Error error;
    Phase phase = Phase::Connect;
    bool maybeProcessed = false; ///< bytes of the request had left: the peer may have acted on it
    ClientTimings timings;
};

enum class BodyMode : quint8 { Collect, Stream };

/// What becomes of a response. For each request exactly one of onEnd and onError is called, last, unless it was cancelled.
/// Callbacks run on the client's thread, never from within send(); they may send, cancel, or destroy the client.
struct ResponseHandler {
    std::function<BodyMode(const ResponseHead&)> onHead; ///< optional; without it bodies are collected. 1xx are not shown
    std::function<void(QByteArrayView)> onData;          ///< pieces of a streamed body; the view is valid during the call
    std::function<void(ResponseEnd&&)> onEnd;
    std::function<void(const ClientError&)> onError;
};

class ClientTask;

/// Names a running request; keeps nothing alive, and dropping it cancels nothing.
class RequestHandle {
public:
    RequestHandle() = default;
    [[nodiscard]] bool isActive() const;
    /// No callback follows. Closes the connection if the request has begun to leave.
    void cancel();
    /// Stops reading from the peer until resume(): backpressure for streamed bodies.
    void pause();
    void resume();

private:
    friend class Client;
    explicit RequestHandle(std::weak_ptr<ClientTask> task) : m_task(std::move(task)) {}
    std::weak_ptr<ClientTask> m_task;
};

struct ClientSettings {
    enum class Proxy : quint8 { System, None, Fixed };
    qsizetype maxConnectionsPerOrigin = 0; ///< further requests wait; 0 is no limit
    qsizetype maxIdlePerOrigin = 32;
    std::chrono::milliseconds keepIdle{
        60'000}; ///< how long an unused connection is kept; a shorter `Keep-Alive: timeout=` of the peer wins
    qsizetype maxHeaderBytes = 64 * 1024;
    qsizetype maxHeaderCount = 200;
    Proxy proxy = Proxy::System; ///< never used for loopback hosts
    QNetworkProxy fixedProxy;
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration(); ///< the system's certificate authorities unless changed
    /// Asked with the address connected to, before a byte is sent; false refuses (PermissionDenied): against requests to internal
    /// hosts. Not asked behind a proxy, which resolves names itself.
    std::function<bool(const QHostAddress&)> allowPeer;
};

/// An HTTP/1.1 client for long-lived and parallel requests: a pool of kept connections per origin, as many at once as asked for,
/// TLS through QSslSocket. Redirects, cookies, authentication and content codings are the caller's: responses come as they are.
/// A kept connection that turns out dead before any byte of a response is replaced once, if the request is idempotent or nothing
/// of it had been written.
///
/// Lives on one thread with an event loop. Destroying it cancels everything silently.
class Client : public QObject {
    Q_OBJECT
public:
    Client(ClientSettings settings, const Clock& clock, QObject* parent = nullptr);
    ~Client() override;

    RequestHandle send(ClientRequest request, ResponseHandler handler);

    /// Closes kept connections that serve nothing now.
    void closeIdle();
    [[nodiscard]] qsizetype activeCount() const;
    [[nodiscard]] qsizetype idleCount() const;

    struct Impl;

private:
    std::shared_ptr<Impl> m_impl;
};

} // namespace oriel::http
