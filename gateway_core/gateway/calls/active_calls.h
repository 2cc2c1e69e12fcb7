// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/message_handler.h"
#include "gateway/admission/call_limits.h"
#include "gateway/admission/server_circuits.h"
#include "telemetry/call_record.h"
#include "upstream/server_connection.h"

#include <memory>
#include <vector>

namespace oriel::gateway {

/// What a call has to do with a task (tasks/task_relay.h).
enum class TaskStep : quint8 {
    None,
    Relay,    ///< tools/call: its task is its client's
    Await,    ///< tools/call: its client knows no tasks, so the gateway is to wait for the end
    Awaiting, ///< such a call once the task is there
    Get,
    Fetch, ///< the second half of a tasks/get: the result of a task that has ended
    Result,
    ResultByPolling, ///< tasks/result of a task whose server has no such method
    Cancel,
};

/// One client request that a server is working on.
struct ActiveCall {
    downstream::Incoming incoming;
    telemetry::CallRecord record;
    upstream::ServerConnection* connection = nullptr;
    upstream::CallToken token;
    mcp::RequestId clientId;
    mcp::RequestId progressToken; ///< the client's, if it asked for progress
    std::int64_t forwardedNs = 0; ///< monotonic, when it was handed to the connection
    CircuitPass circuit;
    CallTicket limits;
    quint16 attempt = 0;         ///< 0 for the first try
    std::int64_t deadlineNs = 0; ///< monotonic, of all tries together; set with the first retry
    bool waitsForRetry = false;  ///< the connection knows nothing of it
    // A modern server that asks a client of the handshake revisions:
    upstream::CallOptions options;
    QByteArray requestState; ///< JSON text
    QList<std::pair<QByteArray, QByteArray>> inputResponses;
    int openQuestions = 0;            ///< more than 0 while it waits for its client
    std::int64_t inputDeadlineNs = 0; ///< monotonic, for the answers to those
    int inputRounds = 0;
    QList<QByteArray> elicitationIds; ///< of pages that the client was sent to
    TaskStep taskStep = TaskStep::None;
    quint64 task = 0; ///< serial of its task, once there is one

    /// Takes out the hop that has no answer; those of earlier tries stay.
    void dropOpenHop()
    {
        if (!waitsForRetry && !record.hops.isEmpty())
            record.hops.removeLast();
    }
};

/// The requests in flight, by a cookie that is never used twice. Gateway thread only.
class ActiveCalls {
public:
    quint64 add(std::unique_ptr<ActiveCall> call);
    [[nodiscard]] ActiveCall* find(quint64 cookie) const;
    std::unique_ptr<ActiveCall> take(quint64 cookie);

    [[nodiscard]] std::size_t count() const { return m_count; }
    /// Calls `visit(cookie, call)` for each; the visitor may take the call it is given.
    template <class Visitor> void forEach(Visitor&& visit) const
    {
        for (std::size_t i = 0; i < m_slots.size(); ++i) {
            if (m_slots[i].call != nullptr)
                visit(cookieOf(i), *m_slots[i].call);
        }
    }
    /// Cookie of the one for which `matches(call)` is true, the last of several; 0: none.
    template <class Predicate> [[nodiscard]] quint64 cookieIf(Predicate&& matches) const
    {
        quint64 found = 0;
        forEach([&](quint64 cookie, const ActiveCall& call) {
            if (matches(call))
                found = cookie;
        });
        return found;
    }
    /// Cookies of those for which `matches(call)` is true, to be taken afterwards.
    template <class Predicate> [[nodiscard]] std::vector<quint64> select(Predicate&& matches) const
    {
        std::vector<quint64> cookies;
        forEach([&](quint64 cookie, const ActiveCall& call) {
            if (matches(call))
                cookies.push_back(cookie);
        });
        return cookies;
    }
    /// Cookie of the one call that can have caused what `connection` says: that of `related` if it is valid, else its only one; 0
    /// where there is none or several.
    [[nodiscard]] quint64 causeOf(const upstream::ServerConnection& connection, upstream::CallToken related) const;
    /// The newest call of `connection`, of `session` if that is given; null: none.
    [[nodiscard]] ActiveCall* newestOf(const upstream::ServerConnection& connection,
                                       const downstream::Session* session = nullptr) const;

private:
    struct Slot {
        std::unique_ptr<ActiveCall> call;
        quint32 generation = 1;
    };
    [[nodiscard]] quint64 cookieOf(std::size_t slot) const { return (quint64(m_slots[slot].generation) << 32U) | quint64(slot); }

    std::vector<Slot> m_slots;
    std::vector<quint32> m_free;
    std::size_t m_count = 0;
};

} // namespace oriel::gateway
