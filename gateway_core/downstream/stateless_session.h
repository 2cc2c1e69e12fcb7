// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "downstream/message_handler.h"
#include "downstream/reply.h"
#include "downstream/session.h"
#include "http/exchange.h"

#include <QHash>
#include <QObject>
#include <QTimer>

namespace oriel::downstream {

/// Takes who a client says it is from the `_meta` of one of its requests (2026-07-28 basic/index, "_meta"): revision, names,
/// capabilities, log level. InvalidArgument (answer with -32602) when a required member is missing or of the wrong kind.
Status describeFromMeta(Session& session, const mcp::Message& message);

/// A client of 2026-07-28 over HTTP. The protocol has no session; one object stands for all requests that say the same of
/// themselves, so that clients can be counted and shown. Nothing reaches it but the answers to its requests.
class StatelessSession final : public Session {
public:
    void send(const QByteArray& /*frame*/) override {}
    [[nodiscard]] bool isReachable() const override { return false; }
    void close() override {}
};

/// The clients of 2026-07-28 that were seen lately. Owned by HttpEndpoint; gateway thread only.
class StatelessSessions : public QObject {
    Q_OBJECT
public:
    static constexpr int kMaxSessions = 1024;
    static constexpr int kIdleMs = 5 * 60 * 1000; ///< after which one that waits for nothing is forgotten

    StatelessSessions(const Clock& clock, MessageHandler& handler);

    /// The session of a request: a known one, or a new one made by `make` from what the transport knows. `identity` is the token
    /// and the view; the rest of the key is the request's own `_meta`. ResourceExhausted when too many clients are at work.
    Result<std::shared_ptr<Session>> of(const mcp::Message& message, QByteArrayView identity,
                                        const std::function<std::shared_ptr<const telemetry::ClientContext>()>& client,
                                        const QByteArray& server);
    [[nodiscard]] QList<std::shared_ptr<Session>> sessions() const { return m_sessions.values(); }
    /// Forgets those of `token`, all for an empty name.
    void forget(const QByteArray& token = {});

private:
    void forgetIdle(std::int64_t idleNs);

    const Clock& m_clock;
    MessageHandler& m_handler;
    QHash<QByteArray, std::shared_ptr<Session>> m_sessions;
    QTimer m_idle;
};

/// The answer to one POST of 2026-07-28: plain JSON; an event stream without event ids once something precedes the answer, and
/// for results of clients that prefer one.
class StatelessReply final : public Reply {
public:
    StatelessReply(http::Exchange exchange, QByteArray requestId, bool prefersEventStream)
        : m_exchange(std::move(exchange)),
          m_requestId(std::move(requestId)),
          m_prefersEventStream(prefersEventStream)
    {}
    void notify(const QByteArray& frame) override;
    void finish(const QByteArray& frame, int httpStatus) override;
    [[nodiscard]] bool isOpen() const override { return m_exchange.isOpen(); }
    [[nodiscard]] bool isHttp() const override { return true; }
    [[nodiscard]] bool isStream() const override { return m_streams; }

private:
    http::Exchange m_exchange;
    QByteArray m_requestId;
    bool m_prefersEventStream;
    bool m_streams = false;
};

} // namespace oriel::downstream
