// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "call.h"

#include <QHash>

namespace oriel::conformance {

class ChangeFeed;

/// What a job reports to: the call that waits for it, or a task.
class Work {
public:
    virtual ~Work() = default;
    virtual void complete(const QJsonObject& result) = 0;
    virtual void fail(const RpcError& error) = 0;
    virtual void gather(const QJsonObject& requests, Call::Gathered gathered) = 0;
    /// Unless it has ended by then.
    virtual void after(std::chrono::milliseconds delay, std::function<void()> step) = 0;
};
using Job = std::function<void(const std::shared_ptr<Work>&)>;

enum class TaskSupport { Forbidden, Optional, Required };

class Task;

/// The tasks of 2025-11-25 (core, begun at the client's wish) and of the extension io.modelcontextprotocol/tasks for 2026-07-28
/// (begun at the server's). Both are one machine that is shown in two forms. A task is forgotten when its ttl is over.
class TaskStore {
public:
    TaskStore(ChangeFeed& changes, const Clock& clock, Random& random);
    ~TaskStore();

    /// Serves a tools/call by `job`: as a task where the client and the revision have them, else while the call waits.
    void begin(const std::shared_ptr<Call>& call, TaskSupport support, const Job& job);

    /// The tasks/ methods of the extension; false if the method is none of them.
    bool serveModern(const std::shared_ptr<Call>& call);
    /// The tasks/ methods of 2025-11-25; the same.
    bool serveLegacy(const std::shared_ptr<Call>& call);
    [[nodiscard]] QStringList known(const QJsonArray& taskIds) const;
    /// The tasks that the session began end as cancelled.
    void forgetSession(const Session& session);

private:
    std::shared_ptr<Task> create(const std::shared_ptr<Call>& call);

    ChangeFeed& m_changes;
    const Clock& m_clock;
    Random& m_random;
    QHash<QString, std::shared_ptr<Task>> m_tasks;
};

} // namespace oriel::conformance
