// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"
#include "downstream/message_handler.h"
#include "gateway/input/held_calls.h"
#include "mcp/task_messages.h"
#include "upstream/server_connection.h"

#include <QHash>
#include <QSet>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace oriel::gateway {

/// One task that a server works on for a client, or for a call that waits in the client's place.
struct Task {
    quint64 serial = 0;
    QByteArray id;        ///< ours, the only one that the client sees: random
    mcp::TaskState state; ///< as last heard; its id is the server's
    upstream::ServerConnection* connection = nullptr;
    QByteArray owner; ///< who may use it (taskOwner)
    std::weak_ptr<downstream::Session> session;
    bool clientIsModern = false;
    bool isAwaited = false;      ///< no client knows of it: a plain call waits for its end
    bool isSettled = false;      ///< what the client was told stands, whatever the server says: cancelled, or never the server's
    QByteArray result;           ///< of a call that ended at once although a task was asked for; JSON text
    std::int64_t deadlineNs = 0; ///< monotonic, when it is forgotten

    telemetry::TraceContext cause;       ///< SERVER span of the call that began it
    std::int64_t callId = 0;             ///< upstream id of the call that began it, which is its progress token there
    mcp::RequestId progressToken;        ///< the client's
    std::vector<HeldQuestion> questions; ///< of a server of 2025-11-25 to a client of 2026-07-28, unanswered
    int questionsAsked = 0;
    upstream::CallToken resultCall; ///< our own tasks/result, which carries those questions
    QSet<QByteArray> askedKeys;     ///< inputRequests of a server of 2026-07-28 that went to a client of 2025-11-25

    std::vector<quint64> waiters; ///< calls that are answered with its end
    upstream::CallToken poll;     ///< our own tasks/get
    std::int64_t nextPollNs = 0;
    int failedPolls = 0;
    QByteArray told; ///< what listeners heard last

    /// How long to wait before asking again: what the server wishes, within reason.
    [[nodiscard]] std::int64_t pollNs() const
    {
        return std::clamp<std::int64_t>(state.pollIntervalMs.value_or(1'000), 50, 60'000) * 1'000'000;
    }
    /// What is new to a listener since it was told last.
    [[nodiscard]] QByteArray shape() const
    {
        return mcp::toText(state.status).toByteArray() + ' ' + state.lastUpdatedAt + ' ' + QByteArray::number(questionsAsked) +
               ' ' + QByteArray::number(qsizetype(questions.size()));
    }
    /// The listeners know how it is.
    [[nodiscard]] bool isTold() const { return told == shape(); }
    [[nodiscard]] mcp::TaskForm serverForm() const
    {
        return connection->isModern() ? mcp::TaskForm::Extension : mcp::TaskForm::Core;
    }
    /// What the server says of the task in `object`, for this client: 2025-11-25 counts a tool's own error as the task's failure,
    /// the extension does not.
    [[nodiscard]] std::optional<mcp::TaskState> heard(const json::Value& object) const
    {
        auto said = mcp::TaskState::parse(object, serverForm());
        if (said && !clientIsModern && said->status == mcp::TaskStatus::Completed &&
            object.find("result").find("isError").asBool().value_or(false))
            said->status = mcp::TaskStatus::Failed;
        return said;
    }
};

/// Who may use a task: in 2025-11-25 the session that began it, in 2026-07-28 whoever holds the same token on the same route.
[[nodiscard]] QByteArray taskOwner(const downstream::Session& session);

/// The tasks that are known, by our ids. Bounded altogether and per owner; each is forgotten with its ttl, its server or its
/// client's session. Gateway thread only.
class Tasks {
public:
    static constexpr std::size_t kMaxTasks = 4096;
    static constexpr int kMaxOfOwner = 256;
    static constexpr std::int64_t kLongestNs = 24LL * 3600 * 1'000'000'000; ///< also for a task without limit
    static constexpr int kPageSize = 50;                                    ///< of tasks/list

    explicit Tasks(Random& random) : m_random(random) {}

    /// Keeps a task; its id, serial and deadline are set here. Null when there are too many.
    Task* add(std::unique_ptr<Task> task, std::int64_t nowNs);
    /// False when `owner` has as many as it may have.
    [[nodiscard]] bool hasRoomFor(const QByteArray& owner) const;
    [[nodiscard]] Task* find(quint64 serial) const;
    /// The client's task of this id, if it is this owner's.
    [[nodiscard]] Task* find(QByteArrayView id, QByteArrayView owner) const;
    [[nodiscard]] Task* findByServer(const upstream::ServerConnection& connection, QByteArrayView serverId) const;
    /// The task that the call with this upstream id began.
    [[nodiscard]] Task* findByCall(const upstream::ServerConnection& connection, std::int64_t callId) const;
    /// What was heard of the task: state and ttl.
    void update(Task& task, mcp::TaskState&& state, std::int64_t nowNs);
    void drop(quint64 serial);

    /// Serials of those for which `matches` is true.
    template <class Predicate> [[nodiscard]] std::vector<quint64> select(Predicate&& matches) const
    {
        std::vector<quint64> serials;
        for (const auto& [serial, task] : m_tasks) {
            if (matches(std::as_const(*task)))
                serials.push_back(serial);
        }
        return serials;
    }
    /// One page of an owner's tasks in the order of their beginning. InvalidArgument for a cursor that is not ours.
    struct Page {
        std::vector<quint64> serials;
        QByteArray nextCursor; ///< empty: that was all
    };
    [[nodiscard]] Result<Page> page(QByteArrayView owner, const std::optional<QByteArray>& cursor) const;

    [[nodiscard]] std::size_t count() const { return m_tasks.size(); }
    [[nodiscard]] bool isEmpty() const { return m_tasks.empty(); }

    /// Cookies of the gateway's own calls about a task; never those of a client's call.
    enum class Errand : quint8 { Poll, Result };
    [[nodiscard]] static quint64 cookie(const Task& task, Errand errand)
    {
        return kErrandBit | (errand == Errand::Result ? kResultBit : 0) | task.serial;
    }
    [[nodiscard]] static bool isCookie(quint64 cookie) { return (cookie & kErrandBit) != 0; }
    [[nodiscard]] static Errand errandOf(quint64 cookie) { return (cookie & kResultBit) != 0 ? Errand::Result : Errand::Poll; }
    [[nodiscard]] static quint64 serialOf(quint64 cookie) { return cookie & ~(kErrandBit | kResultBit); }

private:
    static constexpr quint64 kErrandBit = quint64(1) << 63U;
    static constexpr quint64 kResultBit = quint64(1) << 62U;
    using ServerKey = std::pair<const upstream::ServerConnection*, QByteArray>;
    void setDeadline(Task& task, std::int64_t nowNs);

    Random& m_random;
    std::map<quint64, std::unique_ptr<Task>> m_tasks; ///< by serial: the order of their beginning
    QHash<QByteArray, quint64> m_byId;
    QHash<ServerKey, quint64> m_byServer;
    QHash<QByteArray, int> m_ofOwner;
    quint64 m_lastSerial = 0;
};

} // namespace oriel::gateway
