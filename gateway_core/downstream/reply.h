// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <chrono>
#include <memory>

namespace oriel::downstream {

/// The way back to one waiting client request. Kept by whoever works on the request; safe to use after the client has gone (then
/// frames are kept for resumption where the transport has that, else dropped). Gateway thread only.
class Reply {
public:
    virtual ~Reply() = default;
    /// A notification or a server's request that belongs to this request, before its answer. Over HTTP the answer becomes an
    /// event stream.
    virtual void notify(const QByteArray& frame) = 0;
    /// The answer; once. `httpStatus` counts only where the answer is still a plain HTTP response.
    virtual void finish(const QByteArray& frame, int httpStatus = 200) = 0;
    /// The server that works on the request has closed its own stream for a while: where ours can be resumed it is closed too,
    /// and the client told to come back after `retry`.
    virtual void pause(std::chrono::milliseconds /*retry*/) {}
    /// False once the client can no longer be reached through this reply (its connection broke and nothing can resume it).
    [[nodiscard]] virtual bool isOpen() const = 0;
    [[nodiscard]] virtual bool isHttp() const = 0;
    /// True once the answer is an event stream.
    [[nodiscard]] virtual bool isStream() const { return false; }
    /// The id of the event that was sent last; empty where events have none.
    [[nodiscard]] virtual QByteArray lastEventId() const { return {}; }
};

/// Gathers the answers of the requests of one JSON-RPC batch (2025-03-26) and sends them as one array when all are there.
class BatchReply : public std::enable_shared_from_this<BatchReply> {
public:
    BatchReply(std::shared_ptr<Reply> reply, int requests) : m_reply(std::move(reply)), m_pending(requests) {}
    /// The reply of one request of the batch.
    std::shared_ptr<Reply> part();
    /// An answer that is known at once, such as an error for a broken message. Counts as one of the batch's requests.
    void add(const QByteArray& frame);
    /// One of the batch's requests gets no answer: its client has cancelled it. The others' are sent without it.
    void leaveOut();

private:
    friend class BatchPart;
    void sendWhenComplete();

    std::shared_ptr<Reply> m_reply;
    QByteArray m_answers;
    int m_pending;
};

} // namespace oriel::downstream
