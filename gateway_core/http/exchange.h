// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/message.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace oriel::http {

class ServerConnection;

/// The right to answer one request, now or later: a small copyable handle that keeps nothing alive. Every call is safe after the
/// peer has gone or the server was destroyed, and then does nothing. Only on the server's thread.
///
/// Either `respond` once, or `startStream`, any number of `write`, then `end`. Answers of pipelined requests leave in the order
/// of the requests: the next request of a connection is handed over only after the answer to the one before is complete.
class Exchange {
public:
    Exchange() = default;

    /// True while an answer can still be begun or continued.
    [[nodiscard]] bool isOpen() const;

    /// The whole answer. Sent with one system call where the kernel takes it.
    void respond(const Response& response);

    /// Begins an answer of unknown length: chunked for HTTP/1.1, ended by closing for HTTP/1.0; with a Content-Length in
    /// `headers` as is. What is written until control returns to the event loop leaves together.
    void startStream(int status, const Headers& headers);
    /// False when the peer has gone, or does not read and more than Limits::maxQueuedBytes wait (the connection is then closed).
    bool write(const QByteArray& chunk);
    /// Completes the stream; the connection serves the next request.
    void end();
    /// Closes the connection at once: the peer sees a broken answer. For a stream that cannot be completed.
    void abort();

    /// Bytes of this connection that the kernel has not taken yet.
    [[nodiscard]] qint64 bytesQueued() const;
    /// Called when the queue, having been above Limits::highWater, has fallen below a quarter of it. Replaces the one before.
    void onDrained(std::function<void()> callback);
    /// Called once if the connection goes away before the answer is complete; never after `respond` or `end`, and never from
    /// within a call of this class. A peer that closes its sending side only counts as gone. Replaces the one before.
    void onClosed(std::function<void()> callback);

private:
    friend class ServerConnection;
    Exchange(std::weak_ptr<ServerConnection> connection, std::uint64_t serial)
        : m_connection(std::move(connection)),
          m_serial(serial)
    {}
    [[nodiscard]] std::shared_ptr<ServerConnection> live() const;

    std::weak_ptr<ServerConnection> m_connection;
    std::uint64_t m_serial = 0;
};

} // namespace oriel::http
