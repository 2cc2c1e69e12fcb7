// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "mcp/message.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QHash>
#include <QList>

#include <deque>
#include <optional>
#include <vector>

namespace oriel::downstream {

/// What `oriel bridge` knows of its client, so that an Oriel that went away and came back (or another one) goes on where the
/// first ended: what is to be said to it again, and what has to be said to the client meanwhile. Only frames: the caller has the
/// pipes. One client, one thread.
///
/// In 2025-11-25 and before, `initialize`, the log level and subscriptions are repeated with the client's own parameters;
/// requests under way end with an error, questions to the client are withdrawn, and list changes are announced afterwards. In
/// 2026-07-28 listening goes on under the client's own ids. What the client asks meanwhile waits, for a time.
class BridgeSession {
public:
    static constexpr std::int64_t kWaitNs = 15LL * 1'000'000'000; ///< of a request while no Oriel is there
    static constexpr std::size_t kMaxWaiting = 1024;
    static constexpr qsizetype kMaxWaitingBytes = 64 * 1024 * 1024;

    /// Frames to pass on, in their order.
    struct Output {
        QByteArrayList toClient;
        QByteArrayList toOriel;
        QByteArray failure; ///< the session cannot go on: the bridge says this and ends
    };

    explicit BridgeSession(const Clock& clock) : m_clock(clock) {}

    [[nodiscard]] Output fromClient(const QByteArray& line);
    [[nodiscard]] Output fromOriel(const QByteArray& line);
    /// There is an Oriel (again).
    [[nodiscard]] Output connected();
    /// It has gone.
    [[nodiscard]] Output lost();
    /// One request could not be delivered, or its answer was lost, while the rest goes on (HTTP).
    [[nodiscard]] Output failed(const mcp::RequestId& id, const QByteArray& why);
    /// The endpoint has not looked at the request `id` (HTTP: it cannot be reached, or knows the session no more): the request is
    /// sent again with the next connected().
    [[nodiscard]] Output notLookedAt(const mcp::RequestId& id);
    [[nodiscard]] bool isAway() const { return m_state == State::Away; }
    /// Ends what has waited too long.
    [[nodiscard]] Output expire();
    /// Ends everything that waits, because nothing will come.
    [[nodiscard]] Output giveUp(const QByteArray& why);
    /// Monotonic; nullopt while nothing waits.
    [[nodiscard]] std::optional<std::int64_t> nextDeadlineNs() const;

private:
    enum class State : quint8 { Away, Opening, Open };
    /// A request of the client that was sent and not answered yet.
    struct Pending {
        std::uint64_t order = 0;
        QByteArray frame;            ///< some can be sent again, and all that were not looked at
        std::int64_t deadlineNs = 0; ///< once it has waited
        mcp::MethodId method = mcp::MethodId::Unknown;
        bool isAcknowledged = false; ///< of subscriptions/listen
        bool isRepeated = false;     ///< the acknowledgement that comes is not the first one
        QByteArray honoured;         ///< JSON of what the acknowledgement granted
    };
    struct Waiting {
        QByteArray line;
        QList<mcp::RequestId> ids;
        std::int64_t deadlineNs = 0;
    };

    void takeRequest(const mcp::Message& message);
    [[nodiscard]] bool takeNotification(const mcp::Message& message);
    void takeLine(const QByteArray& line, const mcp::Frame& frame, Output& output);
    void queue(const QByteArray& line, QList<mcp::RequestId> ids, Output& output);
    void fail(const mcp::RequestId& id, QByteArrayView why, Output& output);
    void takeAnswer(const mcp::Message& answer);
    bool takeOwnAnswer(const mcp::Message& answer, Output& output);
    void takeQuestion(const mcp::Message& question, Output& output);
    bool takeAcknowledgement(const mcp::Message& message, Output& output);
    void sessionOpened(Output& output);
    void sendWaiting(Output& output);
    void announceChanges(Output& output) const;
    void rememberInitialized(const mcp::Message& answer);
    [[nodiscard]] bool isWaiting(const mcp::RequestId& id) const;
    [[nodiscard]] QByteArray exposedQuestion(const mcp::Message& message, mcp::Field field) const;
    [[nodiscard]] std::optional<QByteArray> answerForOriel(const mcp::Message& answer);

    const Clock& m_clock;
    State m_state = State::Away;
    int m_generation = 0; ///< how many Oriels there have been before
    json::Document m_document;
    QHash<mcp::RequestId, Pending> m_pending;
    std::uint64_t m_order = 0;
    std::deque<Waiting> m_waiting;
    qsizetype m_waitingBytes = 0;
    QHash<mcp::RequestId, mcp::RequestId> m_questions; ///< as the client knows them, as Oriel does
    // The session of the handshake revisions:
    QByteArray m_initialize; ///< the client's own request, answered once; empty: there is no such session
    QByteArray m_version;
    bool m_initialized = false;
    bool m_toolsChange = false;
    bool m_promptsChange = false;
    bool m_resourcesChange = false;
    QByteArray m_level;                                    ///< the client's last logging/setLevel
    QList<std::pair<QByteArray, QByteArray>> m_subscribed; ///< URI, the client's request
};

} // namespace oriel::downstream
