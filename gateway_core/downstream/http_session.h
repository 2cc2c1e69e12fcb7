// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/event_stream.h"
#include "downstream/reply.h"
#include "downstream/session.h"
#include "downstream/slow_replies.h"
#include "http/exchange.h"

#include <functional>
#include <map>

namespace oriel::downstream {

/// A Streamable HTTP session: the GET stream and the streams of its POSTs. Owned by HttpEndpoint.
class HttpSession final : public Session {
public:
    static constexpr std::size_t kMaxStreams = 64;                  ///< finished ones are forgotten first
    static constexpr qsizetype kMaxFinishedBytes = 4 * 1024 * 1024; ///< of the events of finished streams

    /// `onClose` takes the session out of its endpoint.
    explicit HttpSession(std::function<void(const QByteArray& id)> onClose);

    void send(const QByteArray& frame) override { m_unrelated->send(frame); }
    [[nodiscard]] QByteArray lastEventId() const override { return m_unrelated->lastId(); }
    [[nodiscard]] bool isReachable() const override { return m_unrelated->isAttached(); }
    void close() override;

    /// A stream for the answer of one POST.
    std::shared_ptr<EventStream> openStream();
    /// Serves a GET: resumes the stream of `lastEventId`, or is the stream for what belongs to no request.
    /// False when the id is none of this session's.
    bool attach(http::Exchange exchange, QByteArrayView lastEventId, const http::Headers& headers);
    /// Ends what is still streaming.
    void endStreams();
    /// Streams of POSTs whose answer has not come.
    [[nodiscard]] qsizetype openStreams() const;

    /// Streams begin with an event that has an id and nothing else, so that they can be resumed before anything was said
    /// (2025-11-25).
    [[nodiscard]] bool primes() const { return revision >= mcp::Revision::V2025_11_25; }

private:
    void forgetFinished();

    std::function<void(const QByteArray&)> m_onClose;
    std::shared_ptr<EventStream> m_unrelated;
    std::map<std::uint32_t, std::shared_ptr<EventStream>> m_streams;
    std::uint32_t m_lastStream = 0;
};

/// The answer of one POST: plain JSON; an event stream once something precedes the answer or it is slow, and for clients that
/// prefer one.
class HttpReply final : public Reply, public SlowReplies::Entry {
public:
    enum class Prefers : quint8 { Json, EventStream };
    HttpReply(std::shared_ptr<HttpSession> session, http::Exchange exchange, QByteArray requestId, bool announcesSession,
              Prefers prefers)
        : m_session(std::move(session)),
          m_exchange(std::move(exchange)),
          m_requestId(std::move(requestId)),
          m_announcesSession(announcesSession),
          m_prefers(prefers)
    {}
    void notify(const QByteArray& frame) override;
    void finish(const QByteArray& frame, int httpStatus) override;
    void pause(std::chrono::milliseconds retry) override;
    /// True while nothing has been sent and a stream could be resumed from its first event.
    [[nodiscard]] bool mayBecomeStream() const { return !m_isFinished && m_stream == nullptr && m_session->primes(); }
    [[nodiscard]] bool isOpen() const override { return m_stream != nullptr || m_exchange.isOpen(); }
    [[nodiscard]] bool isHttp() const override { return true; }
    [[nodiscard]] bool isStream() const override { return m_stream != nullptr; }
    [[nodiscard]] QByteArray lastEventId() const override { return m_stream != nullptr ? m_stream->lastId() : QByteArray(); }

private:
    void becomeSlow() override { beginStream(); }
    void beginStream();
    [[nodiscard]] http::Headers headers(QByteArrayView contentType) const;

    std::shared_ptr<HttpSession> m_session;
    http::Exchange m_exchange;
    QByteArray m_requestId;
    bool m_announcesSession;
    Prefers m_prefers;
    bool m_isFinished = false;
    std::shared_ptr<EventStream> m_stream;
};

/// The fields every event stream answer carries.
http::Headers eventStreamHeaders(QByteArrayView requestId);

} // namespace oriel::downstream
