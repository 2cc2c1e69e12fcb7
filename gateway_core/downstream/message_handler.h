// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/refusal.h"
#include "downstream/reply.h"
#include "downstream/session.h"
#include "mcp/message.h"
#include "telemetry/call_record.h"

namespace oriel::downstream {

/// One message of a client with everything that its transport knows of it.
struct Incoming {
    std::shared_ptr<Session> session;
    mcp::Message message;
    std::shared_ptr<Reply> reply; ///< null for notifications and answers
    QByteArray requestId;         ///< X-Request-ID; made here when the client sent none
    QByteArray traceparent;       ///< of the HTTP headers
    QByteArray tracestate;
    QByteArray baggage;
    QByteArray b3;            ///< the single form; made of the X-B3 headers where there is only them
    std::int64_t startNs = 0; ///< monotonic, when the first byte arrived
    std::int64_t startUnixNs = 0;
    telemetry::StageTiming authenticate;
    telemetry::StageTiming sessionGet;
    telemetry::StageTiming sessionInit;
    /// 2026-07-28 over HTTP, tools/call: the request's `Mcp-Param-*` fields as they came, to be checked against the tool.
    std::vector<std::pair<QByteArray, QByteArray>> paramHeaders;
};

/// What the transports hand their messages to; implemented by the gateway. Gateway thread only.
class MessageHandler {
public:
    virtual ~MessageHandler() = default;
    virtual void handleMessage(Incoming&& incoming) = 0;
    /// The transport has answered `incoming` with `refusal`; to be recorded. Of the message is there what could be read, its raw
    /// bytes at least; the session may be one that nobody else knows.
    virtual void messageRefused(const Incoming& incoming, const Refusal& refusal) = 0;
    /// A new session stands before its `initialize` is handled.
    virtual void sessionOpened(const std::shared_ptr<Session>& session) = 0;
    virtual void sessionClosed(const std::shared_ptr<Session>& session) = 0;
    /// The client closed the connection on which it waited for `reply` (2026-07-28: that cancels the request).
    virtual void replyAbandoned(const Reply& reply) = 0;
    /// True while a request of the session is being worked on.
    [[nodiscard]] virtual bool isBusy(const Session& session) const = 0;
    /// True for the name of an enabled server: `/mcp/<name>` exists.
    [[nodiscard]] virtual bool servesAlone(QByteArrayView server) const = 0;
};

} // namespace oriel::downstream
