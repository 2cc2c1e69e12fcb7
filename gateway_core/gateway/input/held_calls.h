// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "downstream/message_handler.h"
#include "mcp/request_id.h"
#include "upstream/server_connection.h"

#include <QHash>

#include <memory>
#include <optional>
#include <vector>

namespace oriel::gateway {

class RequestTrace;

/// What a server asked of a client of 2026-07-28 while it worked on a call: sampling, elicitation or roots.
struct HeldQuestion {
    QByteArray key;          ///< among the inputRequests of one answer
    mcp::RequestId serverId; ///< invalid: the server does not wait for an answer
    QByteArray method;
    QByteArray params;                        ///< JSON text of an object
    std::shared_ptr<RequestTrace> trace = {}; ///< null: it was no request
};

/// A question that a client of 2026-07-28 cannot be asked, until it is known what else its call asks for.
struct RefusedQuestion {
    quint64 cookie = 0; ///< of the call
    QByteArray refusal; ///< what the server gets
    QByteArray missing; ///< `requiredCapabilities` for the client, JSON text of an object
};

/// A call of a legacy server that waits until its client comes back with answers.
struct HeldCall {
    quint64 cookie = 0; ///< of the call, among the active ones
    QByteArray owner;   ///< who may go on with it
    QByteArray method;
    QByteArray target;
    std::int64_t deadlineNs = 0;
    std::vector<HeldQuestion> questions;
    std::optional<upstream::Reply> answer; ///< the server did not wait
    bool wasRefused = false;               ///< the server wants the same call again (-32042); there is no active one
};

/// Calls between an InputRequiredResult and its retry (2026-07-28 basic/patterns/mrtr). A `requestState` is a random word that
/// names one held call, once, for its owner, method and target: nothing of the call leaves, and nothing that comes back is
/// believed. Before the word stands which Oriel gave it (`oriel1.<instance>.<word>`), for several may stand in a row. Bounded in
/// number and time. Gateway thread only.
class HeldCalls {
public:
    static constexpr qsizetype kMaxHeld = 1024;
    static constexpr std::int64_t kHeldNs = 10LL * 60 * 1'000'000'000;
    static constexpr QByteArrayView kPrefix = "oriel1.";

    /// `instance`: of this Oriel, which another process never has.
    HeldCalls(Random& random, const QByteArray& instance) : m_random(random), m_ours(kPrefix.toByteArray() + instance + '.') {}

    /// True for a state that an Oriel gave: this one, one behind it, or one that runs no more.
    [[nodiscard]] static bool isOfAnOriel(QByteArrayView requestState) { return requestState.startsWith(kPrefix); }
    /// True for a state that this Oriel gave.
    [[nodiscard]] bool isOurs(QByteArrayView requestState) const { return requestState.startsWith(m_ours); }
    /// Keeps a call; gives its requestState. nullopt when too many are held.
    std::optional<QByteArray> hold(HeldCall call);
    /// The call that `requestState` names, if it is this owner's, method's and target's.
    [[nodiscard]] HeldCall* find(QByteArrayView requestState, QByteArrayView owner, QByteArrayView method, QByteArrayView target);
    [[nodiscard]] HeldCall* findByCookie(quint64 cookie);
    HeldCall take(QByteArrayView requestState) { return m_held.take(requestState.toByteArray()); }
    void drop(quint64 cookie);
    void clear() { m_held.clear(); }
    /// The server that works on this call no longer knows what it asked: nothing of it is answered, lest it answers the same id
    /// of another question.
    void forgetQuestions(quint64 cookie);
    /// When the time of the first of them is over; nullopt: none is held.
    [[nodiscard]] std::optional<std::int64_t> nextDeadlineNs() const;
    /// Those whose time is over at `nowNs`, taken out.
    std::vector<HeldCall> takeExpired(std::int64_t nowNs);
    [[nodiscard]] bool isEmpty() const { return m_held.isEmpty(); }
    [[nodiscard]] qsizetype count() const { return m_held.size(); }

private:
    Random& m_random;
    QByteArray m_ours;                  ///< what the states that are given here begin with
    QHash<QByteArray, HeldCall> m_held; ///< by requestState
};

/// Who may come back with the input of a held call: whoever holds the same token on the same route.
[[nodiscard]] inline QByteArray heldOwner(const downstream::Session& session)
{
    return session.client->tokenName + '\n' + session.server;
}
/// The `result` of a call that needs input: questions by key, and the state to come back with.
QByteArray inputRequiredResult(const HeldCall& call, QByteArrayView requestState);

} // namespace oriel::gateway
